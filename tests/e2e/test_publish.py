"""What is published: taken, known already, or refused with a code and a sentence, over every way in."""

import json
import time
import unittest

import harness
import vectors
from harness import event, pack, unpack

PLENTY = {"memory": {"reports": "unlimited"}}


def refusal(status, body):
    """(code, message) whether the request was refused or the one event in it."""
    if status == "ERR":
        return body["code"], body["message"]
    if len(body["rejected"]) != 1:
        raise AssertionError(f"nothing was rejected: {body}")
    return body["rejected"][0]["code"], body["rejected"][0]["message"]


class Publish(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = harness.Daemon(config=PLENTY, tcp=True)
        cls.addClassCleanup(cls.d.close)

    @classmethod
    def tearDownClass(cls):
        cls.d.stop()

    def check_refusals(self, client, chosen):
        before = self.d.counters()
        bodies = [vector["bytes"] for vector in chosen]
        answers = ([client.ask_bytes("publish", body) for body in bodies] if client.req
                   else client.ask_many("publish", bodies))
        for vector, (status, body) in zip(chosen, answers):
            with self.subTest(vector["name"]):
                code, message = refusal(status, body)
                self.assertEqual(code, vector["code"], message)
                self.assertTrue(message.startswith(vector["field"]), message)
                self.assertIn(vector["found"], message)
        after = self.d.counters()
        self.assertEqual(after["rejected"] - before["rejected"], len(chosen))
        by_code = {}
        for vector in chosen:
            by_code[vector["code"]] = by_code.get(vector["code"], 0) + 1
        for code, count in by_code.items():
            known = before["rejected_by_code"].get(code, 0)
            self.assertEqual(after["rejected_by_code"][code] - known, count, code)

    def test_every_invalid_vector_over_ipc(self):
        with self.d.client() as c:
            self.check_refusals(c, vectors.load("invalid.json"))

    def test_some_invalid_vectors_over_tcp_and_req(self):
        with self.d.client(tcp=True) as c, self.d.client(tcp=True, req=True) as r:
            self.check_refusals(c, vectors.load("invalid.json")[::5])
            self.check_refusals(r, vectors.load("invalid.json")[::25])

    def test_every_invalid_vector_over_events(self):
        """Kept with code and sentence, counted, and thawd goes on."""
        chosen = vectors.load("invalid.json")
        for tcp in (False, True):
            part = chosen if not tcp else chosen[::10]
            before = self.d.counters()
            with self.d.feed(tcp=tcp) as f:
                for vector in part:
                    f.send(b"release.BY", vector["bytes"])
                harness.wait_for(lambda: self.d.counters()["rejected"] ==
                                 before["rejected"] + len(part), "all of them")
            kept = self.d.ok("rejects", {"limit": len(part)})["rejects"]
            self.assertEqual(len(kept), len(part))
            for reject, vector in zip(reversed(kept), part):
                with self.subTest(vector["name"]):
                    self.assertEqual(reject["code"], vector["code"])
                    self.assertEqual(reject["endpoint"], "events")
                    self.assertTrue(reject["message"].startswith(vector["field"]))
                    self.assertIn(vector["found"], reject["message"])
                    self.assertIn(reject["bytes"][:100], vector["bytes"])

    def test_every_valid_vector(self):
        chosen = vectors.load("valid.json")
        # ids repeat from vector to vector: a source of its own for each
        bodies = [v["bytes"].replace(b"\xa6source\xa1s", b"\xa6source\xa4s" + b"%03d" % n)
                  for n, v in enumerate(chosen)]
        with self.d.client() as c:
            answers = c.ask_many("publish", bodies)
        for vector, (status, reply) in zip(chosen, answers):
            with self.subTest(vector["name"]):
                self.assertEqual(status, "OK", reply)
                self.assertEqual(reply["accepted"], len(vector["events"]))
                self.assertEqual(reply["rejected"], [])

    def ask_ok(self, data):
        with self.d.client() as c:
            status, body = c.ask_bytes("publish", data)
        self.assertEqual(status, "OK", body)
        return body

    def test_an_array_rejected_in_part(self):
        good = [event(f"part{n}", source="partial") for n in range(3)]
        bad = [event("x", source="partial", count=-1), event("y", source="partial", kind="riot"),
               {"id": "z"}, 7, event("w", source="partial", id="w" * 129)]
        reply = self.d.publish(bad[0], good[0], bad[1], bad[2], good[1], bad[3], bad[4], good[2])
        self.assertEqual(reply["accepted"], 3)
        self.assertEqual([(r["index"], r["id"], r["code"]) for r in reply["rejected"]],
                         [(0, "ex", "invalid"), (2, "ey", "invalid"), (3, "z", "invalid"),
                          (5, "", "malformed"), (6, "", "too-large")])
        for rejected in reply["rejected"]:
            self.assertEqual(set(rejected), {"index", "id", "code", "message"})
        self.assertIn("count: found -1", reply["rejected"][0]["message"])
        self.assertIn('kind: found "riot"', reply["rejected"][1]["message"])

    def test_duplicates_and_conflicts(self):
        one = event("d1", source="twice")
        first = self.d.publish(one)
        again = self.d.publish(one)
        self.assertEqual((again["accepted"], again["duplicates"]), (0, 1))
        self.assertEqual(again["journal_seq"], first["journal_seq"])
        # the same content in another order and other widths is the same
        turned = vectors.Pairs(reversed([(k, vectors.Raw(b"\xcf" + (1).to_bytes(8, "big"))
                                          if k == "count" else v) for k, v in one.items()]))
        reply = self.ask_ok(vectors.pack(turned))
        self.assertEqual((reply["accepted"], reply["duplicates"]), (0, 1))
        reply = self.d.publish(dict(one, count=2))
        self.assertEqual(reply["rejected"][0]["code"], "conflict")
        self.assertEqual(reply["rejected"][0]["id"], "ed1")
        # within one request, and of another source
        reply = self.d.publish(event("d2", source="twice"), event("d2", source="twice"),
                               event("d2", source="twice", count=9), event("d2", source="other"))
        self.assertEqual((reply["accepted"], reply["duplicates"]), (2, 1))
        self.assertEqual([(r["index"], r["code"]) for r in reply["rejected"]], [(2, "conflict")])

    def test_the_future_is_measured_by_the_machines_clock(self):
        now = time.time()
        for key in ("occurred_at", "reported_at"):
            soon, late = now + 86400 - 600, now + 86400 + 600
            reply = self.d.publish(event(f"soon-{key}", source="seer", **{key: int(soon)}),
                                   event(f"late-{key}", source="seer", **{key: int(late)}))
            self.assertEqual(reply["accepted"], 1)
            self.assertEqual([r["code"] for r in reply["rejected"]], ["future"])
            self.assertIn(key, reply["rejected"][0]["message"])
        # other dates may well lie ahead
        reply = self.d.publish(event("ahead", source="seer", kind="sanction", authority="US",
                                     action="licensed", expires_at="2100-01-01"))
        self.assertEqual(reply["accepted"], 1)

    def test_sizes(self):
        with self.d.client() as c:
            many = [event(f"m{n}", source="bulk") for n in range(10000)]
            self.assertEqual(c.ask("publish", many)[1]["accepted"], 10000)
            self.assertEqual(c.ask("publish", many + many[:1])[1]["code"], "limit")
            # 4 MiB exactly, and one byte more
            room = 4 * 1024 * 1024
            def filled(size, name):
                made = event(name, source="bulk", x="", note="n")
                made["x"] = "x" * (size - len(pack(made)) - 4)  # a str32 head instead of a fixstr
                return pack(made)
            self.assertEqual(len(filled(room, "exact")), room)
            self.assertEqual(c.ask_bytes("publish", filled(room, "exact"))[1]["accepted"], 1)
            status, body = c.ask_bytes("publish", filled(room + 1, "over"))
            self.assertEqual((status, body["code"]), ("ERR", "too-large"))
            self.assertIn(str(room + 1), body["message"])

    def test_topics_on_events(self):
        before = self.d.counters()
        with self.d.feed() as f:
            good = event("t1", source="topics")
            f.publish(good)
            wrong = ["release.LT", "detention.BY", "release", "release.", "release.BY.", "", "RELEASE.BY",
                     "release.BYX", "\x00", "release.BY extra" * 20]
            for topic in wrong:
                f.send(topic.encode(), pack(event("t2", source="topics")))
            f.send(b"retraction.BY", pack(event("t3", source="topics", kind="retraction", retracts="x")))
            # an array: each event is held against the topic
            f.send(b"release.BY", pack([event("t4", source="topics"),
                                        event("t5", source="topics", country="LT")]))
            harness.wait_for(lambda: self.d.counters()["events"] ==
                             before["events"] + len(wrong) + 4, "all of them")
        after = self.d.counters()
        self.assertEqual(after["accepted"] - before["accepted"], 3)
        known = before["rejected_by_code"].get("topic-mismatch", 0)
        self.assertEqual(after["rejected_by_code"]["topic-mismatch"] - known, len(wrong) + 1)
        reject = self.d.ok("rejects", {"limit": 1})["rejects"][0]
        self.assertEqual(reject["code"], "topic-mismatch")
        self.assertIn('"release.LT"', reject["message"])

    def test_frame_counts_on_events(self):
        before = self.d.counters()
        body = pack(event("f1", source="frames"))
        wrong = [(body,), (b"release.BY",), (b"release.BY", body, b""), (b"",),
                 (b"release.BY",) + (b"x",) * 40]
        with self.d.feed() as f:
            for frames in wrong:
                f.send(*frames)
            f.send(b"release.BY", body)
            harness.wait_for(lambda: self.d.counters()["accepted"] > before["accepted"], "the good one")
        after = self.d.counters()
        self.assertEqual(after["rejected"] - before["rejected"], len(wrong))
        reject = self.d.ok("rejects", {"limit": 1})["rejects"][0]
        self.assertEqual(reject["code"], "malformed")
        self.assertIn("found 41 frames, expected 2", reject["message"])

    def test_rejects_are_told_newest_first_with_all_their_keys(self):
        for n in range(5):
            self.d.publish(event(f"r{n}", source="rejects", count=-n - 1))
        kept = self.d.ok("rejects", {"limit": 5})["rejects"]
        self.assertEqual([f"found {-n - 1}," in r["message"] for n, r in zip(range(4, -1, -1), kept)],
                         [True] * 5)
        for reject in kept:
            self.assertEqual(set(reject), {"number", "received_at", "code", "message", "endpoint", "bytes"})
            self.assertEqual(reject["endpoint"], "service")
            self.assertEqual(unpack(reject["bytes"])["source"], "rejects")
            self.assertLess(abs(reject["received_at"].seconds - time.time()), 3600)


    def test_whose_a_rejected_event_is_stands_in_the_log(self):
        """Whatever was wrong with it: an operator looks for what a source sent that was rejected."""
        bad = {"future": {"occurred_at": "2199-01-01"}, "invalid": {"count": -1}, "too-large": {"title": "x" * 5000}}
        with harness.Daemon() as d:
            for n, (code, what) in enumerate(bad.items()):
                first = harness.event(f"first-{n}", source="wire", **what)
                last = dict(what, **harness.event(f"last-{n}", source="wire"))
                last.update(what)
                for event in (first, last):
                    status, reply = d.ask("publish", event)
                    self.assertEqual((status, reply["rejected"][0]["code"]), ("OK", code), reply)
                    self.assertEqual(d.log().count(f'rejected on service as {code}: "{event["id"]}" of "wire"'), 1, d.log())
            event = harness.event("nameless", source="wire", count=-1)
            for source in (7, "", "x" * 200, None):
                event["source"] = source
                self.assertEqual(d.ask("publish", event)[1]["accepted"], 0)
            self.assertEqual(d.log().count(': "enameless" of ""'), 4, d.log())


class Once(unittest.TestCase):
    """One answer to each request, whatever else the same round of the loop does."""

    def answers(self, d, rounds, between):
        with d.client() as c:
            for n in range(rounds):
                c.send(b"publish", b"p%d" % n, pack([event(n, reported_at=time.time()), event(f"bad{n}", count=-1)]))
                between(c, n)
            got = []
            while True:
                frames = c.receive(harness.PATIENCE if len(got) < rounds else 0.3)
                if frames is None:
                    break
                if frames[1].startswith(b"p"):
                    got.append(frames[1])
                    self.assertEqual(unpack(frames[2])["accepted"], 1)
        self.assertEqual(got, [b"p%d" % n for n in range(rounds)])
        self.assertEqual((d.counters()["duplicates"], d.counters()["rejected"]), (0, rounds))

    def test_beside_reloads(self):
        with harness.Daemon([harness.ANY_RELEASE]) as d:
            self.answers(d, 50, lambda c, n: c.send(b"reload", b"r%d" % n, pack({})))

    def test_beside_deadlines(self):
        rule = dict(harness.ANY_RELEASE, select={"freed": {"kind": "report", "within": "1s", "at": "reported_at"}})
        with harness.Daemon([rule], {"clock": "wall"}) as d:
            self.answers(d, 30, lambda c, n: time.sleep(0.05))


class Survives(unittest.TestCase):
    def test_rejects_in_pages(self):
        with harness.Daemon(config={"limits": {"reply": "64KiB"}}) as d:
            d.publish(*[event(n, count=-1, note="n" * (n % 900)) for n in range(700)])
            got, page = [], {"next": 0}
            while "next" in page:
                page = d.ok("rejects", {"from": page["next"], "limit": 300})
                self.assertGreater(len(page["rejects"]), 0)
                got += page["rejects"]
                self.assertEqual(page.get("next", 1), got[-1]["number"])
            self.assertEqual([r["number"] for r in got], list(range(700, 0, -1)))
            self.assertEqual(d.ok("rejects", {"from": 1}), {"rejects": []})
            self.assertEqual([r["number"] for r in d.ok("rejects", {"from": 2**63, "limit": 2})["rejects"]], [700, 699])
            shown = d.thaw("rejects", "--json", "--limit", "650")
            self.assertEqual([json.loads(line)["number"] for line in shown.stdout.splitlines()], list(range(700, 50, -1)))
            self.assertIn("these are the newest 650, there are older ones", shown.stderr)
            self.assertEqual(d.thaw("rejects", "--limit", "700").stderr, "")

    def test_rejects_and_identity_outlive_a_restart(self):
        with harness.Daemon() as d:
            d.publish(event(1))
            d.publish(event(1, count=2))
            d.restart()
            self.assertEqual(d.publish(event(1))["duplicates"], 1)
            self.assertEqual(d.publish(event(1, count=2))["rejected"][0]["code"], "conflict")
            self.assertEqual([r["code"] for r in d.ok("rejects")["rejects"]], ["conflict", "conflict"])

    def test_what_the_facts_hold_counts_for_the_memory(self):
        """Persons and their ids need many times the bytes of the reports that name them."""
        def reports(n):
            return [event(i, source=f"s{i}", persons=[{"name": f"N{i}-{j}", "ids": [f"x:{i}:{j}"]} for j in range(60)])
                    for i in range(20 * n, 20 * n + 20)]

        def held(d):
            engine = d.status()["engine"]
            return engine["memory_bytes"] + engine["text_bytes"]

        with harness.Daemon(config={"memory": {"bytes": "8MiB"}}) as d:
            taken = 0
            while not (reply := d.publish(*reports(taken)))["rejected"]:
                taken += 1
                self.assertLess(held(d), 12 << 20)
            self.assertEqual({one["code"] for one in reply["rejected"]}, {"limit"})
            self.assertGreater(taken, 3)
            d.restart()
            self.assertEqual(d.status()["journal_seq"], 20 * taken)
            self.assertEqual(d.publish(*reports(0))["duplicates"], 20)

    def test_configured_limits(self):
        limits = {"message": "2KiB", "nesting": 4, "events": 3, "persons": 2, "ids": 2, "id": "16B",
                  "text": "32B", "future": "1h"}
        with harness.Daemon(config={"limits": limits}) as d, d.client() as c:
            def code(body):
                return refusal(*c.ask("publish", body))[0]

            self.assertEqual(d.publish(event(0, id="i" * 16, title="t" * 32))["accepted"], 1)
            self.assertEqual(code(event(1, id="i" * 17)), "too-large")
            self.assertEqual(code(event(1, title="t" * 33)), "too-large")
            self.assertEqual(code(event(1, note="n" * 2048)), "too-large")
            self.assertEqual(code([event(n) for n in range(4)]), "limit")
            self.assertEqual(code(event(1, persons=[{"name": "a"}] * 3)), "limit")
            self.assertEqual(code(event(1, persons=[{"ids": ["a", "b", "c"]}])), "limit")
            self.assertEqual(code(event(1, x=[[[[1]]]])), "limit")
            self.assertEqual(code(event(1, occurred_at=int(time.time()) + 7200)), "future")
            self.assertEqual(d.publish(event(2, x=[[[1]]], persons=[{"ids": ["a", "b"]}] * 2))["accepted"], 1)
            shown = d.status()["limits"]
            self.assertEqual((shown["message_bytes"], shown["future_s"]), (2048, 3600))


if __name__ == "__main__":
    harness.main()
