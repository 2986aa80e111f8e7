"""Every verb of the service endpoint: its keys, its reply, and what it says to a wrong request."""

import time
import unittest

import harness
import vectors
from harness import event, pack, unpack

RULES = [
    harness.ANY_RELEASE,
    {"rule": "total", "by": [], "select": {"freed": {"kind": "release"}}, "when": "freed.sum > 1000",
     "severity": "warning", "title": "{freed.sum} freed in all", "labels": {"desk": "east"}},
    {"rule": "each-source", "by": ["source"], "select": {"told": {"kind": "report"}},
     "when": "told.count > 0", "title": "{source} reports"},
]

# verb: keys that its body may hold, with a value of the right type for each
KEYS = {
    "snapshot": {"topic": "alert.BY.", "after": "any-release:BY:1"},
    "replay": {"from": 0, "limit": 5, "topic": "alert."},
    "events": {"from": 0, "limit": 5, "country": "BY", "kind": "release"},
    "state": {"country": "BY", "at": "2025-06-21", "since": "2025", "after": "persons 0 "},
    "incidents": {"country": "BY", "kind": "release", "since": "2025", "limit": 5, "after": "0 " + "0" * 16},
    "rules": {},
    "rejects": {"from": 1, "limit": 5},
    "status": {},
    "reload": {"dry": True},
}
WRONG = {  # values that are wrong for a key
    "text": (7, True, ["a"], {"a": 1}, b"a", "a\0b", "x" * 1025),
    "number": ("7", -1, 1.5, True, [1], 2**64 - 1 + 0.0),
    "country": ("by", "B", "BYR", 7, True),
    "kind": ("riot", "", 7),
    "date": ("yesterday", True, [], "2025-13", {}, "1899", 2**33, -2208988801, 7289654400.0),
    "bool": (1, "true", 0.0),
}
TYPES = {"topic": "text", "after": "text", "from": "number", "limit": "number", "country": "country",
         "kind": "kind", "at": "date", "since": "date", "alert": "text", "incident": "text",
         "rule": "text", "dry": "bool"}


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = harness.Daemon(RULES, tcp=True)
        cls.addClassCleanup(cls.d.close)
        cls.d.publish(
            event(1, persons=[{"name": "Ales B", "ids": ["w:1"]}], producer="p", producer_seq=1),
            event(2, source="second", count=3, count_is="at_least", producer="p", producer_seq=5),
            event(3, kind="sanction", count=None, authority="US", action="imposed",
                  targets=[{"name": "Bela", "ids": ["x:1"], "type": "entity"}]),
            event(4, kind="talks", count=None, stage="promised", expected_count=10, expected_by="2025-07"),
            event(5, kind="tally", of="released", since="2024-07", count=5),
            event(6, kind="feed", state="ok", count=None, occurred_at=None),
            event(7, kind="detention", occurred_at="2025-06-11"),
            event(8, country="LT", occurred_at="2025-06-01"))

    @classmethod
    def tearDownClass(cls):
        cls.d.stop()

    def clients(self):
        for tcp in (False, True):
            for req in (False, True):
                with self.subTest(tcp=tcp, req=req), self.d.client(tcp=tcp, req=req) as c:
                    yield c

    def code(self, verb, body):
        status, reply = self.d.ask(verb, body)
        if status == "ERR":
            self.assertEqual(set(reply), {"code", "message"})
            self.assertIsInstance(reply["message"], str)
            self.assertTrue(reply["message"])
        return reply["code"] if status == "ERR" else "OK"

    # ---- frames

    def test_every_verb_answers_every_kind_of_client(self):
        for c in self.clients():
            for verb in list(KEYS) + ["publish", "explain"]:
                body = {"publish": [], "explain": {"rule": "any-release", "group": {"country": "BY"}}}
                status, reply = c.ask(verb, body.get(verb, {}))
                self.assertEqual((verb, status), (verb, "OK"), reply)

    def test_request_ids_and_the_empty_frame_come_back(self):
        with self.d.client() as c:
            for request in (b"", b"\0", b"id", b"\xff" * 64):
                for front in ((), (b"",)):
                    c.send(*front, b"status", request, pack({}))
                    frames = c.receive()
                    self.assertEqual(tuple(frames[:-1]), (*front, b"OK", request))

    def refused(self, c, frames, code, request, words, front=()):
        c.send(*frames)
        got = c.receive()
        self.assertEqual(tuple(got[:-1]), (*front, b"ERR", request))
        body = unpack(got[-1])
        self.assertEqual(body["code"], code)
        self.assertIn(words, body["message"])

    def test_wrong_frames_are_answered(self):
        b = pack({})
        with self.d.client() as c:
            self.refused(c, (b"status", b"x" * 65, b), "too-large", b"", "65 bytes, expected at most 64")
            self.refused(c, (b"status",), "malformed", b"", "found 1 frame")
            self.refused(c, (b"",), "malformed", b"", "found 0 frame", front=(b"",))
            self.refused(c, (b"status", b"id", b, b), "malformed", b"id", "found 4 frames")
            self.refused(c, (b"status", b"id") + (b,) * 50, "malformed", b"id", "found 52 frames")
            self.refused(c, (b"", b"status", b"id", b, b), "malformed", b"id", "found 4", front=(b"",))
            self.refused(c, (b"", b"", b""), "unknown-verb", b"", '""', front=(b"",))
            # the body may be left out
            c.send(b"status", b"id")
            self.assertEqual(c.receive()[:2], [b"OK", b"id"])

    def test_unknown_verbs(self):
        with self.d.client() as c:
            for verb in (b"Status", b"statu", b"statuss", b"\xff\0", b"v" * 5000, b"quit"):
                self.refused(c, (verb, b"7", pack({})), "unknown-verb", b"7", "expected one of publish")
            status, reply = c.ask("dance", {})
            self.assertEqual((status, reply["code"]), ("ERR", "unknown-verb"))
            self.assertIn('"dance"', reply["message"])

    def test_large_questions_are_refused_and_huge_ones_end_only_their_own_connection(self):
        with self.d.client() as c:
            self.refused(c, (b"status", b"1", b"\0" * 65537), "too-large", b"1", "65537")
            self.refused(c, (b"state", b"1", b"\0" * 5000000), "too-large", b"1", "5000000")
            c.send(b"publish", b"1", b"\0" * (9 << 20))  # more than is ever taken in
            self.assertEqual(self.d.ask("status")[0], "OK")
            harness.wait_for(lambda: self.answers(c), "an answer after a new connection")

    def answers(self, c):
        c.send(b"status", b"again", pack({}))
        return (c.receive(1) or [None])[0] == b"OK"

    # ---- bodies

    def test_bodies_that_are_no_map(self):
        for verb in KEYS:
            for body in (b"\xc1", b"\x81", b"\x90", b"\x07", b"\xa1a", pack({}) + b"\0", b"\xdf\xff\xff\xff\xff",
                         b"\x91" * 40 + b"\0", pack(vectors.Pairs([(1, 2)]))):
                with self.d.client() as c:
                    status, reply = c.ask_bytes(verb, body)
                    self.assertEqual((status, reply["code"]), ("ERR", "malformed"), (verb, body, reply))
            with self.d.client() as c:  # an empty body and nil are an empty map
                self.assertEqual([c.ask_bytes(verb, body)[0] for body in (b"", b"\xc0")], ["OK", "OK"])

    def test_keys_of_every_verb(self):
        for verb, keys in KEYS.items():
            self.assertEqual(self.code(verb, keys), "OK")
            for key, value in keys.items():
                with_it = {"country": "BY"} if (verb, key) == ("state", "after") else {}
                self.assertEqual(self.code(verb, {key: value, **with_it}), "OK", (verb, key))
                twice = vectors.Pairs([(key, value), (key, value)])
                with self.d.client() as c:
                    status, reply = c.ask_bytes(verb, vectors.pack(twice))
                self.assertEqual((status, reply["code"]), ("ERR", "malformed"))
                self.assertIn(key, reply["message"])
                for wrong in WRONG[TYPES[key]]:
                    status, reply = self.d.ask(verb, {key: wrong})
                    self.assertEqual((status, reply.get("code")), ("ERR", "invalid"), (verb, key, wrong))
                    self.assertTrue(reply["message"].startswith(f"{key}: found "), reply["message"])
            for key in TYPES:
                if key not in keys:
                    self.assertEqual(self.code(verb, {key: "x"}), "unknown-key", (verb, key))
            nothing = self.code(verb, {key: None for key in keys})  # as if they were not there
            self.assertEqual(nothing, "invalid" if verb == "explain" else "OK", verb)
            status, reply = self.d.ask(verb, {"colour": "red"})
            self.assertEqual((status, reply["code"]), ("ERR", "unknown-key"))
            self.assertIn('"colour"', reply["message"])

    def test_nil_is_as_if_the_key_were_not_there(self):
        self.assertEqual(self.d.ok("incidents", {"country": None, "limit": None}), self.d.ok("incidents"))
        self.assertEqual(self.d.ok("explain", {"rule": "any-release", "group": "BY", "alert": None})["rule"], "any-release")
        with self.d.client() as c:
            twice = vectors.Pairs([("country", None), ("country", "BY")])
            self.assertEqual(c.ask_bytes("state", vectors.pack(twice))[1]["code"], "malformed")

    def test_nil_is_no_key_where_the_verb_does_not_know_it_either(self):
        self.assertEqual(self.d.ok("incidents", {"at": None, "colour": None}), self.d.ok("incidents"))
        self.assertEqual(self.code("status", {"topic": None}), "OK")
        self.assertEqual(self.code("status", {"topic": None, "colour": "red"}), "unknown-key")
        with self.d.client() as c:
            for key in ("colour", "topic"):
                twice = vectors.Pairs([(key, None), (key, None)])
                self.assertEqual(c.ask_bytes("status", vectors.pack(twice))[1]["code"], "malformed", key)

    def test_wrong_values_are_named(self):
        for body, words in (({"limit": "many"}, 'limit: found "many"'), ({"limit": -3}, "limit: found -3"),
                            ({"from": 1.5}, "from: found float 1.5")):
            self.assertIn(words, self.d.ask("replay", body)[1]["message"])
        self.assertIn('country: found "xx"', self.d.ask("state", {"country": "xx"})[1]["message"])

    # ---- replies

    def test_status(self):
        s = self.d.status()
        self.assertLessEqual({"version", "protocol", "epoch", "seq", "journal_seq", "uptime", "pid", "clock",
                              "now", "last_problem", "last_problem_at", "resident_bytes", "outbox_bytes", "subscribers",
                              "subscribers_stalled", "upstreams", "upstreams_connected", "endpoints", "counters", "journal", "limits", "engine",
                              "producers"}, set(s))
        self.assertEqual((s["protocol"], s["journal_seq"], s["clock"]), ("thaw/1", 8, "reported"))
        self.assertEqual(s["pid"], self.d.process.pid)
        self.assertEqual(s["producers"]["p"], {"seq": 5, "holes": 3, "repeats": 0})
        self.assertEqual(set(s["endpoints"]), {"events", "service", "alerts"})
        self.assertEqual(s["limits"]["message_bytes"], 4 << 20)

    def test_status_with_more_producers_than_it_shows(self):
        with harness.Daemon() as d:
            for first in range(0, 12000, 6000):
                d.publish([event(n, producer=f"p{n}", producer_seq=1) for n in range(first, first + 6000)])
            status = d.status()
            self.assertEqual((len(status["producers"]), status["engine"]["producers_left_out"]), (10000, 2000))

    def test_state(self):
        everywhere = self.d.ok("state")["countries"]
        self.assertEqual([line["country"] for line in everywhere], ["BY", "LT"])
        here = self.d.ok("state", {"country": "BY"})
        self.assertEqual(here["country"], "BY")
        self.assertEqual(here["released"]["total"]["count"], 3)
        self.assertEqual(here["detained"]["total"]["count"], 1)
        self.assertLessEqual({"released", "detained", "open", "measures", "talks", "persons", "possible",
                              "disagreements", "tallies", "sources", "feeds", "as_of"}, set(here))
        self.assertEqual(self.d.ok("state", {"country": "BY", "since": "2025"})["released"]["since"]["count"], 3)
        self.assertEqual(self.code("state", {"country": "XX"}), "not-found")

    def test_incidents(self):
        reply = self.d.ok("incidents", {"country": "BY", "kind": "release"})
        self.assertEqual(len(reply["incidents"]), 1)
        incident = reply["incidents"][0]
        self.assertLessEqual({"id", "kind", "country", "occurred_at", "count", "low", "high", "status", "sources",
                              "reports", "disagrees"}, set(incident))
        self.assertEqual((incident["count"], incident["sources"]), (3, ["outlet", "second"]))
        self.assertEqual(sorted(r["id"] for r in incident["reports"]), ["e1", "e2"])
        self.assertEqual(len(self.d.ok("incidents")["incidents"]), 5)
        self.assertEqual(len(self.d.ok("incidents", {"limit": 2})["incidents"]), 2)
        self.assertEqual(self.d.ok("incidents", {"since": "2025-07"})["incidents"], [])
        for kind in ("tally", "feed", "retraction"):
            self.assertEqual(self.code("incidents", {"kind": kind}), "invalid")

    def test_explain(self):
        incident = self.d.ok("incidents", {"country": "BY", "kind": "release"})["incidents"][0]
        why = self.d.ok("explain", {"incident": incident["id"]})
        self.assertEqual(why["incident"]["count"], 3)
        self.assertEqual({r["source"] for r in why["reports"]}, {"outlet", "second"})
        alert = self.d.ok("explain", {"alert": "any-release:BY:1"})
        self.assertEqual((alert["rule"], alert["state"], alert["group"]), ("any-release", "firing", {"country": "BY"}))
        rule = self.d.ok("explain", {"rule": "any-release", "group": {"country": "BY"}})
        self.assertEqual(rule["state"], "firing")
        self.assertEqual(self.d.ok("explain", {"rule": "total"})["rule"], "total")
        self.assertEqual(self.code("explain", {"alert": "any-release:XX:1"}), "not-found")
        self.assertEqual(self.code("explain", {"incident": "release-BY-0000000000000000"}), "not-found")
        self.assertEqual(self.code("explain", {"rule": "no-such-rule", "group": {}}), "not-found")
        for body in ({}, {"alert": "a", "incident": "b"}, {"alert": "a", "group": {}}, {"group": {}},
                     {"rule": "any-release", "group": "BY,US"}):
            self.assertEqual(self.code("explain", body), "invalid", body)
        self.assertEqual(self.code("explain", {"reason": "x"}), "unknown-key")

    def test_rules_and_reload(self):
        rules = self.d.ok("rules")["rules"]
        self.assertEqual({r["rule"] for r in rules}, {"any-release", "total", "each-source"})
        for rule in rules:
            self.assertLessEqual({"rule", "file", "version", "groups", "firing", "evaluations", "time"}, set(rule))
            self.assertEqual(rule["time"] > 0, rule["evaluations"] > 0, rule)
        dry = self.d.ok("reload", {"dry": True})
        self.assertTrue(dry["dry"])
        self.assertEqual({r["rule"]: r["fate"] for r in dry["rules"]},
                         {"any-release": "unchanged", "total": "unchanged", "each-source": "unchanged"})
        self.assertFalse(self.d.ok("reload")["dry"])

    def test_events_in_pages(self):
        seen, start = [], 0
        while True:
            page = self.d.ok("events", {"from": start, "limit": 3})
            self.assertEqual((page["epoch"], page["head"]), (self.d.status()["epoch"], 8))
            if not page["events"]:
                break
            self.assertLessEqual(len(page["events"]), 3)
            seen += page["events"]
            start = page["next"]
        self.assertEqual([e["journal_seq"] for e in seen], list(range(1, 9)))
        self.assertEqual([e["event"]["id"] for e in seen], [f"e{n}" for n in range(1, 9)])
        for one in seen:
            self.assertEqual(set(one), {"journal_seq", "received_at", "key", "event"})
            self.assertRegex(one["key"], "^[0-9a-f]{32}$")
            self.assertLess(abs(one["received_at"].seconds - time.time()), 3600)
        self.assertEqual([e["event"]["id"] for e in self.d.ok("events", {"country": "LT"})["events"]], ["e8"])
        self.assertEqual([e["event"]["id"] for e in self.d.ok("events", {"kind": "talks"})["events"]], ["e4"])
        self.assertEqual(self.d.ok("events", {"from": 10**12})["events"], [])
        self.assertEqual(self.d.ok("events", {"from": 2**64 - 1})["events"], [])

    def test_unknown_keys_of_events_are_kept(self):
        with harness.Daemon() as d:
            sent = event(1, weather={"sky": ["grey", 1.5]})
            d.publish(sent)
            self.assertEqual(d.ok("events")["events"][0]["event"], sent)

    def test_an_answer_shows_what_the_same_client_sent_before(self):
        with harness.Daemon() as d, d.client() as c:
            for n in range(50):
                c.send(b"publish", b"p", pack(event(n)))
                c.send(b"status", b"s", pack({}))
            seen = [c.receive() for _ in range(100)]
            known = [unpack(f[2])["journal_seq"] for f in seen if f[1] == b"s"]
            self.assertEqual(len(known), 50)
            for n, journal_seq in enumerate(known, 1):
                self.assertGreaterEqual(journal_seq, n)


class Snapshots(unittest.TestCase):
    """Paging of what there may be much of."""

    COUNT = 700

    @classmethod
    def setUpClass(cls):
        cls.d = harness.Daemon(RULES)
        cls.addClassCleanup(cls.d.close)
        cls.d.publish(*[event(n, source=f"source-{n:04}", occurred_at="2025-06-21") for n in range(cls.COUNT)])

    @classmethod
    def tearDownClass(cls):
        cls.d.stop()

    def test_snapshot_in_pages_by_id(self):
        for topic in (None, "alert.", "alert.-.each-source."):
            ids, body, pages = [], {} if topic is None else {"topic": topic}, 0
            while True:
                page = self.d.ok("snapshot", body)
                self.assertLessEqual({"epoch", "seq", "alerts", "more"}, set(page))
                ids += [a["id"] for a in page["alerts"]]
                pages += 1
                if not page["more"]:
                    break
                body = dict(body, after=ids[-1])
            self.assertEqual(ids, sorted(set(ids)))
            self.assertEqual(len([i for i in ids if i.startswith("each-source:")]), self.COUNT)
            self.assertGreater(pages, 1)
        only = self.d.ok("snapshot", {"topic": "alert.BY."})
        self.assertEqual([a["id"] for a in only["alerts"]], ["any-release:BY:1"])
        self.assertEqual(self.d.ok("snapshot", {"topic": "alert.XX."})["alerts"], [])

    def test_replay_in_pages_by_number(self):
        head = self.d.status()["seq"]
        seen, start = [], 0
        while start < head:
            page = self.d.ok("replay", {"from": start, "limit": 100})
            self.assertLessEqual({"epoch", "head", "next", "alerts"}, set(page))
            self.assertLessEqual(len(page["alerts"]), 100)
            self.assertGreater(page["next"], start)
            seen += [a["seq"] for a in page["alerts"]]
            start = page["next"]
        self.assertEqual(seen, list(range(1, head + 1)))
        one = self.d.ok("replay", {"from": 0, "topic": "alert.BY."})
        self.assertEqual({a["rule"] for a in one["alerts"]}, {"any-release"})
        self.assertEqual(self.d.ok("replay", {"from": head})["alerts"], [])
        self.assertEqual(self.d.ok("replay", {"from": 2**63})["alerts"], [])


if __name__ == "__main__":
    harness.main()
