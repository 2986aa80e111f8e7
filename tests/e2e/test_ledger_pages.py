"""Answers that do not fit into one: the lists of a country, incidents, and the reports of one, in pages, which come to the whole."""

import json
import re
import subprocess
import tempfile
import threading
import unittest

import harness
from harness import event

LISTS = ("open", "measures", "talks", "persons", "possible", "disagreements", "tallies", "sources", "feeds")
SMALL = {"limits": {"reply": "64KiB"}}


def day(n):
    return f"20{10 + n % 15}-{1 + n % 12:02}-{1 + n % 28:02}"


def reports(count):
    """Of everything that the lists hold, some hundreds; many persons of one name."""
    for n in range(count):
        yield event(5 * n, source=f"outlet-{n % 300}", occurred_at=day(n), count=1 + n % 7, kind="detention")
        yield event(5 * n + 1, source=f"wire-{n % 7}", occurred_at=day(n), count=2 + n % 5, kind="detention", status="rumoured")
        yield event(5 * n + 2, source="list", kind="detention", occurred_at=day(n + 3),
                    persons=[{"name": f"Ahmad Khalil {chr(97 + n % 3)}", "ids": [f"list:{n}"]}, {"name": f"Person {n:05}" + "é" * (n % 200)}], count=2)
        yield event(5 * n + 3, source="gazette", kind="sanction", authority=("US", "EU")[n % 2], action="imposed", count=None,
                    targets=[{"name": f"Party {n}", "ids": [f"party:{n}"], "type": "person"}], program=f"P{n % 3}", occurred_at=day(n))
        yield event(5 * n + 4, source=f"counter-{n}", kind="tally", of="detained", count=100 + n, occurred_at=None, date=day(n), since="2010")


def pages_of(d, first, **asked):
    """All that is behind the lists of an answer, put together as a client would."""
    whole = dict(first)
    for name, rest in first["more"].items():
        rows = list(first[name])
        while "next" in rest:
            page = d.ok("state", {"country": "BY", "after": rest["next"], **asked})
            assert set(page) == {"country", name, "more"} and page["country"] == "BY", page.keys()
            assert len(page[name]) > 0
            rows += page[name]
            left = page["more"].get(name, {})
            assert left.get("count", 0) == rest["count"] - len(page[name])
            rest = left
        whole[name] = rows
    return whole


class LedgerPages(unittest.TestCase):
    def test_pages_come_to_the_whole(self):
        with harness.Daemon() as d:
            many = list(reports(400))
            for first in range(0, len(many), 1000):
                self.assertEqual(d.publish(*many[first:first + 1000])["rejected"], [])
            questions = ({}, {"since": "2015"}, {"at": "2025-12", "since": "2012"})
            expected = [d.ok("state", {"country": "BY", **q}) for q in questions]
            self.assertEqual(expected[0]["more"], {"possible": {}})
            self.assertTrue(all(len(expected[0][name]) > 10 for name in LISTS if name not in ("talks", "feeds")),
                            {name: len(expected[0][name]) for name in LISTS})
            d.stop()
            d.configure(SMALL)
            d.start()
            for question, whole in zip(questions, expected):
                reply = d.ok("state", {"country": "BY", **question})
                self.assertGreater(len(reply["more"]), 4)
                for name, rest in reply["more"].items():
                    self.assertEqual(rest["count"], len(whole[name]) - len(reply[name]))
                got = pages_of(d, reply, **question)
                for name in LISTS:
                    self.assertEqual(got[name], whole[name], name)
                self.assertEqual({k: v for k, v in got.items() if k not in ("more", "as_of")},
                                 {k: v for k, v in whole.items() if k not in ("more", "as_of")})
                words = [word for key, value in question.items() for word in (f"--{key}", value)]
                shown = json.loads(d.thaw("state", "BY", "--json", *words).stdout)
                self.assertEqual({name: len(shown[name]) for name in LISTS}, {name: len(whole[name]) for name in LISTS})
                self.assertEqual([p["ids"] for p in shown["persons"]], [p["ids"] for p in whole["persons"]])
                self.assertEqual(shown["more"], {"possible": {}})
            text = d.thaw("state", "BY").stdout
            for line in ("  ... and others: thawd tells the first by name\n", f"  ... and {len(expected[0]['persons']) - 40} more (--json shows all)\n"):
                self.assertTrue(line in text, line)

    def test_what_comes_meanwhile_moves_nothing_else(self):
        with harness.Daemon(config=SMALL) as d:
            def person(n, name):
                return event(n, kind="detention", persons=[{"name": name, "ids": [f"i:{n}"]}])
            names = [f"Name {n:04} {'x' * 80}" for n in range(600)]
            d.publish(*[person(n, name) for n, name in enumerate(names)])
            reply = d.ok("state", {"country": "BY"})
            rows, number = list(reply["persons"]), 1000
            while "persons" in reply["more"]:
                d.publish(*[person(number + n, f"Name {n * 50:04} more {number}") for n in range(12)])  # before and behind
                d.publish(event(number + 12, kind="retraction", retracts=f"e{number // 1000}", count=None, occurred_at=None))
                number += 1000
                reply = d.ok("state", {"country": "BY", "after": reply["more"]["persons"]["next"]})
                rows += reply["persons"]
            shown = [row["person"] for row in rows if "more" not in row["person"]]
            self.assertEqual(shown, sorted(set(shown)))
            self.assertGreaterEqual(set(shown), set(names[number // 1000:]))

    def rows_across(self, d, name, change):
        """Rows of a list whose pages are asked for with changes between them."""
        reply = d.ok("state", {"country": "BY"})
        rows, pages = list(reply[name]), 0
        while name in reply["more"]:
            change(pages)
            pages += 1
            reply = d.ok("state", {"country": "BY", "after": reply["more"][name]["next"]})
            rows += reply[name]
        self.assertGreater(pages, 2)
        return rows

    def test_one_source_that_states_much(self):
        """What it states anew meanwhile moves none of what else it states."""
        def stated(n, number, count):
            return event(number, kind="tally", of="detained", category=f"c-{n:03}", count=count, since="2010", occurred_at="2025-01-01")
        with harness.Daemon(config=SMALL) as d:
            d.publish(*[stated(n, n, 100 + n) for n in range(600)])
            rows = self.rows_across(d, "tallies", lambda page: d.publish(stated(3 * page, 1000 + page, 50000)))
            self.assertEqual([row["category"] for row in rows], [f"c-{n:03}" for n in range(600)])

    def test_persons_of_one_name(self):
        """Told apart by their ids, or by the reports that name them: what becomes of one moves no other."""
        for ids in True, False:
            def person(n):
                return {"name": "Ahmad Khalil", **({"ids": [f"i:{n:03}"]} if ids else {})}
            def change(page):
                if ids:
                    return d.publish(event(1000 + page, kind="release", persons=[person(3 * page)], count=1, occurred_at="2025-06-01"))
                return d.publish(event(1000 + page, kind="retraction", retracts=f"e{3 * page:03}", count=None, occurred_at=None))
            with harness.Daemon(config=SMALL) as d:
                d.publish(*[event(n, id=f"e{n:03}", kind="detention", persons=[person(n)], count=1) for n in range(600)])
                rows = self.rows_across(d, "persons", change)
            self.assertEqual([row["history"][0]["id"] for row in rows], [f"e{n:03}" for n in range(600)])

    def test_incidents_from_the_latest_back(self):
        with harness.Daemon() as d:
            many = [event(n, source=f"source-{n % 60:03}" + "s" * 90, kind=("release", "detention")[n % 2],
                          occurred_at=None if n % 80 > 77 else f"{1990 + n % 30}-{1 + n % 12:02}-{1 + n % 28:02}") for n in range(4000)]
            d.publish(*many[:2000])
            d.publish(*many[2000:])
            self.assertLess(200, len(d.ok("incidents", {"limit": 10000})["incidents"]))
            whole = d.ok("incidents", {"limit": 10000})
            self.assertEqual((whole["more"], "next" in whole), (False, False))
            for question in ({"limit": 7}, {"limit": 50, "kind": "release"}, {"limit": 30, "since": "2005"}, {}):
                expected = [i for i in whole["incidents"] if i["kind"] == question.get("kind", i["kind"]) and
                            (i["occurred_at"] or "") >= question.get("since", "")]
                got, page = [], {"next": None}
                while "next" in page:
                    page = d.ok("incidents", {"country": "BY", **question, "after": page["next"]})
                    self.assertEqual(page["more"], "next" in page)
                    got = page["incidents"] + got
                    self.assertLessEqual(len(page["incidents"]), question.get("limit", 1000))
                self.assertEqual(got, expected)
            d.stop()
            d.configure(SMALL)  # pages end by their bytes
            d.start()
            page = d.ok("incidents", {"limit": 10000})
            self.assertTrue(page["more"])
            self.assertEqual(page["incidents"], whole["incidents"][-len(page["incidents"]):])
            shown = d.thaw("incidents", "BY", "--json", "--limit", "100000")
            self.assertEqual([json.loads(line)["id"] for line in shown.stdout.splitlines()], [i["id"] for i in whole["incidents"]])
            self.assertEqual(shown.stderr, "")
            some = d.thaw("incidents", "BY", "--json", "--limit", "100")
            self.assertEqual([json.loads(line)["id"] for line in some.stdout.splitlines()], [i["id"] for i in whole["incidents"][-100:]])
            self.assertIn("these are the latest 100, there are earlier ones; --limit N shows more", some.stderr)

    def test_reports_of_an_incident(self):
        with harness.Daemon() as d:
            many = [event(n, source=f"source-{n % 500:03}", count=3 + n % 4, reported_at=f"2025-06-21T12:{n // 60 % 60:02}:{n % 60:02}Z")
                    for n in range(1200)]
            d.publish(*many)
            (incident,) = d.ok("incidents")["incidents"]
            whole = d.ok("explain", {"incident": incident["id"]})
            self.assertEqual((len(whole["reports"]), "more" in whole, "next" in whole), (1200, False, False))
            d.stop()
            d.configure({"limits": {"reply": "256KiB"}})  # it fits once, and not with each report's why
            d.start()
            page = d.ok("explain", {"incident": incident["id"]})
            self.assertEqual({k: v for k, v in page.items() if k not in ("reports", "more", "next")},
                             {k: v for k, v in whole.items() if k != "reports"})
            got = page["reports"]
            while "next" in page:
                self.assertEqual(page["more"], 1200 - len(got))
                page = d.ok("explain", {"incident": incident["id"], "after": page["next"]})
                self.assertLessEqual(set(page), {"reports", "more", "next"})
                got += page["reports"]
            self.assertEqual(got, whole["reports"])
            shown = d.thaw("explain", incident["id"])
            self.assertIn("not all facts or reports are shown", shown.stderr)
            self.assertIn("\n1200 reports\n", shown.stdout)
            shown = d.thaw("explain", incident["id"], "--all")
            self.assertEqual((shown.stderr, len(re.findall(r"source-\d+/e", shown.stdout))), ("", 1200))
            rows = [row for line in d.thaw("explain", incident["id"], "--all", "--json").stdout.splitlines()
                    for row in json.loads(line)["reports"]]
            self.assertEqual([row["id"] for row in rows], [row["id"] for row in whole["reports"]])
            for after in ("x", "1", "1 ", "1 0 0", "1 " + "0" * 60, "1 00", "-1 " + "0" * 16, "1  " + "0" * 16):
                status, reply = d.ask("explain", {"incident": incident["id"], "after": after})
                self.assertEqual((status, reply["code"], reply["message"][:7]), ("ERR", "invalid", "after: "), after)

    def test_rows_that_fit_into_an_answer_only_by_themselves(self):
        """Incidents of very many reports, about whose numbers they differ: each is in two lists."""
        with harness.Daemon(config=SMALL) as d:
            for which in range(4):
                d.publish(*[event(1000 * which + n, source=f"outlet-{n:03}-{'s' * 40}", occurred_at=f"2025-0{1 + 2 * which}-10", count=9 + n % 2)
                            for n in range(60 if which == 2 else 240)])
            reply = d.ok("state", {"country": "BY"})
            whole = pages_of(d, reply)
            got, page = [], {"next": None}
            while "next" in page:
                page = d.ok("incidents", {"country": "BY", "after": page["next"]})
                got = page["incidents"] + got
            self.assertEqual([len(i["reports"]) for i in got], [240, 240, 60, 240])
            for name in ("open", "disagreements"):
                self.assertEqual((whole[name], reply[name], reply["more"][name]["count"]), (got, [], 4))
            self.assertEqual(len(json.loads(d.thaw("state", "BY", "--json").stdout)["open"]), 4)

    def test_answers_that_no_thawd_gives(self):
        """They are refused: they pass for nothing that is known, and nothing is asked for without end."""
        def answered(words, reply):
            with tempfile.TemporaryDirectory() as folder, harness.zmq.Context() as context:
                sock, done = context.socket(harness.zmq.ROUTER), threading.Event()
                sock.bind(f"ipc://{folder}/service")
                def serve():
                    while not done.is_set():
                        frames = harness.receive(sock, 0.1)
                        if frames:
                            sock.send_multipart([*frames[:-3], b"OK", frames[-2], harness.pack(reply)])
                    sock.close(0)
                server = threading.Thread(target=serve)
                server.start()
                try:
                    return subprocess.run([harness.THAW, *words, "--service", f"ipc://{folder}/service"], stdin=subprocess.DEVNULL,
                                          capture_output=True, text=True, timeout=harness.PATIENCE)
                finally:
                    done.set()
                    server.join()
        going = {"country": "BY", "persons": [{"person": "A"}], "more": {"persons": {"count": 5, "next": "persons 1 41"}}}
        for words in ["state", "BY"], ["state", "BY", "--json"]:
            for reply in None, [1, 2], going:
                done = answered(words, reply)
                self.assertEqual((done.returncode, done.stdout, done.stderr[:12]), (3, "", "thaw: state:"), reply)
        for reply in None, {}, {"incidents": [{"id": "a"}], "more": True, "next": "1 1"}:
            done = answered(["incidents", "--json", "--limit", "1000"], reply)
            self.assertEqual((done.returncode, done.stdout, done.stderr[:16]), (3, "", "thaw: incidents:"), reply)
        done = answered(["explain", "release-BY-0", "--all", "--json"], {"reports": [{"id": "a"}], "more": 1, "next": "1 00"})
        self.assertEqual((done.returncode, done.stdout.count("\n"), done.stderr[:14]), (3, 2, "thaw: explain:"))
        done = answered(["incidents", "--json"], {"incidents": [{"id": "a"}], "more": True})  # one before `next` was there
        self.assertEqual((done.returncode, done.stdout), (0, '{"id":"a"}\n'))
        self.assertIn("there are earlier ones", done.stderr)

    def test_what_is_no_place(self):
        with harness.Daemon() as d:
            d.publish(event(1))
            for after in ("persons", "persons ", "persons x ", "persons 1", "persons 1 0", "persons 1 zz", "people 1 00", "persons 1 " + "00" * 401,
                          "persons 9999999999 00", "x"):
                status, reply = d.ask("state", {"country": "BY", "after": after})
                self.assertEqual((status, reply["code"], reply["message"][:7]), ("ERR", "invalid", "after: "), after)
            for after in ("x", "1", "1 ", "1 0x ", "9 9 9", "1 " + "0" * 60, "0 00", " 0 " + "0" * 16, "+1 " + "0" * 16):
                status, reply = d.ask("incidents", {"after": after})
                self.assertEqual((status, reply["code"], reply["message"][:7]), ("ERR", "invalid", "after: "), after)
            status, reply = d.ask("state", {"after": "persons 0 "})
            self.assertEqual((status, reply["code"]), ("ERR", "invalid"))
            self.assertIn("country", reply["message"])
            self.assertEqual(d.ask("state", {"country": "UA", "after": "persons 0 "})[1]["code"], "not-found")
            self.assertEqual(d.ok("state", {"country": "BY", "after": "persons 4 ffff"})["persons"], [])


if __name__ == "__main__":
    harness.main()
