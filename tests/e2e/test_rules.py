"""Rules in a running thawd: why they fire and why they do not, reload by signal and by request, the
fate of each rule and its alerts, and sets with an error that leave the old one in force."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

import harness
import msgpack

MASS = {
    "rule": "mass-release", "by": ["country"],
    "select": {"freed": {"kind": "release", "where": 'status != "rumoured"', "within": "14d"}},
    "when": "freed.sum >= 50", "severity": "warning", "title": "{country}: {freed.sum} people freed",
}
EASED = {
    "rule": "eased-after-release", "by": ["country"],
    "select": {"freed": {"kind": "release", "within": "14d"},
               "eased": {"kind": "sanction", "where": 'effect in ["relief", "removal"]', "within": "14d"}},
    "when": "freed.count > 0 && eased.count > 0 && eased.last >= freed.first",
    "title": "{country}: eased",
}
WAITING = {
    "rule": "waiting", "by": ["country", "count"], "select": {"freed": {"kind": "release"}},
    "when": "freed.count > 0", "for": "3d",
}

NAMED = {"rule": "named", "by": ["country", "source"], "select": {"held": {"kind": "report", "where": 'kind == "detention"'}},
         "when": "held.count > 0"}
ALWAYS = {"rule": "always", "by": [], "select": {"held": {"kind": "detention"}}, "when": "held.count > 5"}


def release(id_, count, day="2025-09-11", **more):
    return {"id": id_, "kind": "release", "country": "BY", "source": "A", "status": "confirmed", "occurred_at": day,
            "reported_at": day, "count": count, **more}


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.d = harness.Daemon(rules=[MASS, EASED, WAITING, NAMED, ALWAYS, dict(MASS, rule="more", when="freed.sum >= 500")])
        cls.addClassCleanup(cls.d.close)
        cls.d.publish([release("r1", 52), release("r2", 30, "2025-09-09", source="B"),
                       release("d1", 1, kind="detention", source="A, B:")])

    def explain(self, body, status="OK"):
        got, answer = self.d.ask("explain", body)
        self.assertEqual(got, status, answer)
        return answer

    def test_an_alert_down_to_reports(self):
        why = self.explain({"alert": "mass-release:BY:1"})
        self.assertEqual((why["rule"], why["state"], why["group"]), ("mass-release", "firing", {"country": "BY"}))
        self.assertEqual(why["alert"]["id"], "mass-release:BY:1")
        self.assertTrue(why["when"]["holds"])
        (selection,) = why["selections"]
        self.assertEqual(selection["values"], {"count": 2, "sum": 82})
        self.assertEqual(selection["window"], "within 14d (occurred_at)")
        reports = [r for fact in selection["facts"] for r in fact["reports"]]
        self.assertCountEqual(reports, [{"source": "A", "id": "r1"}, {"source": "B", "id": "r2"}])
        self.assertTrue(all(fact["leaves"] for fact in selection["facts"]))
        self.assertEqual(why["missing"], [])

    def test_why_a_rule_does_not_fire(self):
        why = self.explain({"rule": "eased-after-release", "group": {"country": "BY"}})
        self.assertEqual(why["state"], "not firing")
        self.assertFalse(why["when"]["holds"])
        parts = {part["text"]: part for part in why["when"]["parts"] if part["kind"] == "condition"}
        self.assertTrue(parts["freed.count > 0"]["holds"])
        self.assertFalse(parts["eased.count > 0"]["holds"])
        self.assertEqual(parts["eased.count > 0"]["values"], {"eased.count": 0})
        self.assertEqual(parts["eased.last >= freed.first"]["error"], "the selection is empty")
        missing = why["missing"][0]
        self.assertEqual(missing["condition"], "eased.count > 0")
        self.assertEqual(missing["of"], ['eased: a sanction where effect in ["relief", "removal"], with occurred_at after 2025-08-28'])
        self.assertNotIn("until", missing)  # nothing is in it that could leave
        # the release of the ninth leaves first
        self.assertEqual(str(why["holds_until"].to_datetime())[:10], "2025-09-23")
        self.assertEqual(str(why["missing"][1]["until"].to_datetime())[:10], "2025-09-23")

    def test_until_when_what_is_there_counts(self):
        (missing,) = self.explain({"rule": "more", "group": "BY"})["missing"]
        self.assertEqual((missing["condition"], missing["values"]), ("freed.sum >= 500", {"freed.sum": 82}))
        self.assertEqual(str(missing["until"].to_datetime())[:10], "2025-09-23")

    def test_a_group_without_facts(self):
        why = self.explain({"rule": "mass-release", "group": {"country": "LT"}})
        self.assertEqual((why["state"], why["when"]["because"]),
                         ("not firing", "no fact is in any selection of this group"))
        self.assertEqual(why["selections"][0]["facts"], [])
        self.assertIsNone(why["alert"])

    def test_a_pending_group_given_as_text(self):
        for count in (52, "52"):
            why = self.explain({"rule": "waiting", "group": {"country": "BY", "count": count}})
            self.assertEqual(why["state"], "pending")
            self.assertEqual(str(why["fires_at"].to_datetime())[:10], "2025-09-14")

    def test_a_group_as_it_stands_in_ids(self):
        for group in ("BY,52", {"country": "BY", "count": 52}):
            self.assertEqual(self.explain({"rule": "waiting", "group": group})["state"], "pending")
        why = self.explain({"rule": "waiting", "group": "BY,7"})  # nobody is in it
        self.assertEqual((why["state"], why["group"]), ("not firing", {"country": "BY", "count": 7}))
        self.assertEqual(self.explain({"rule": "named", "group": "BY,A%2C B%3A"})["state"], "firing")
        self.assertEqual(self.explain({"rule": "always", "group": "-"})["group"], {})
        for group in ("BY", "BY,1,2", "BY,x", "BY,%", "BY,52x", "", 5, ["BY", "52"], "%FF,52"):
            self.explain({"rule": "waiting", "group": group}, "ERR")
        self.assertIn("country and count", self.explain({"rule": "waiting", "group": "BY"}, "ERR")["message"])
        self.assertIn("found none, but the rule groups by country",
                      self.explain({"rule": "mass-release"}, "ERR")["message"])
        self.assertIn("groups by nothing", self.explain({"rule": "always", "group": "BY"}, "ERR")["message"])

    def test_an_alert_that_has_ended(self):
        with harness.Daemon(rules=[MASS]) as d:
            d.publish([release("r1", 52), release("r2", 30, "2025-09-09", source="B")])
            d.publish(release("later", 1, "2025-12-01", country="AZ"))
            why = d.ok("explain", {"alert": "mass-release:BY:1"})
            self.assertEqual((why["state"], why["alert"]["state"], why["alert"]["epoch"]),
                             ("resolved", "resolved", d.status()["epoch"]))
        reports = [r for fact in why["stood_on"] for r in fact["reports"]]
        self.assertEqual(reports, [{"source": "A", "id": "r1"}])  # r2 had left the window
        self.assertIn("ended", why["note"])
        self.assertFalse(why["when"]["holds"])

    def pages(self, d, body, name, list_, more, next_):
        """All facts of one list, page by page, from the whole answer on."""
        first = d.ok("explain", body)
        page = first if list_ == "stood_on" else next(s for s in first["selections"] if s["name"] == name)
        facts, sizes = [], []
        while True:
            facts += page[list_]
            sizes.append(len(page[list_]))
            self.assertEqual(more in page, next_ in page)
            if next_ not in page:
                return facts, sizes
            before = page[more]
            page = d.ok("explain", dict(body, after=page[next_]))
            self.assertEqual(page.get("name"), name)
            self.assertEqual(before, len(page[list_]) + page.get(more, 0))

    def test_thousands_of_facts_in_pages(self):
        many = dict(MASS, rule="many", when="freed.count > 0",
                    select={"freed": {"kind": "report", "where": 'kind == "release"', "within": "90d"},
                            "due": {"kind": "sanction", "ahead": "none", "at": "expires_at"}})
        with harness.Daemon(rules=[many]) as d:
            days = ["2025-%02d-%02d" % (m, day) for m in (8, 9) for day in range(1, 31)]
            ids = ["r%d" % i for i in range(2500)]
            d.publish([release(id_, 1, days[i % len(days)], source=f"S{i % 7}") for i, id_ in enumerate(ids)])
            due = [{"id": f"s{i}", "kind": "sanction", "country": "BY", "source": "O", "authority": "A%d" % i, "action": "licensed",
                    "occurred_at": "2025-09-01", "expires_at": "2027-01-%02d" % (1 + i % 28), "program": "P"} for i in range(1200)]
            d.publish(due)
            facts, sizes = self.pages(d, {"alert": "many:BY:1"}, "freed", "facts", "more", "next")
            self.assertEqual(sizes, [1000, 1000, 500])
            self.assertCountEqual([r["id"] for f in facts for r in f["reports"]], ids)
            times = [f["at"].to_datetime() for f in facts]
            self.assertEqual(times, sorted(times, reverse=True))
            same, _ = self.pages(d, {"rule": "many", "group": "BY"}, "freed", "facts", "more", "next")
            self.assertEqual(same, facts)
            due, sizes = self.pages(d, {"rule": "many", "group": "BY"}, "due", "facts", "more", "next")
            self.assertEqual((sizes, len({f["id"] for f in due})), ([1000, 200], 1200))
            for after in ("x", "facts", "facts none 1 0 0 0", "stood_on 1000", "stood_on x", "facts freed 1 0 0 0 0", "a" * 1000):
                error = d.ask("explain", {"alert": "many:BY:1", "after": after})
                self.assertEqual((error[0], error[1]["code"], error[1]["message"][:6]), ("ERR", "invalid", "after:"), after)
            incident = d.ok("incidents", {"limit": 1})["incidents"][0]["id"]
            self.assertEqual(d.ask("explain", {"incident": incident, "after": "stood_on 1"})[1]["code"], "invalid")
            # The program has them all with --all, and says where it does not.
            short = subprocess.run([harness.THAW, "explain", "--service", d.address("service"), "many", "BY", "--json"],
                                   capture_output=True, text=True)
            self.assertIn("--all", short.stderr)
            self.assertEqual(len(short.stdout.splitlines()), 1)
            whole = subprocess.run([harness.THAW, "explain", "--service", d.address("service"), "many:BY:1", "--json", "--all"],
                                   capture_output=True, text=True, check=True)
            self.assertEqual(whole.stderr, "")
            pages = [json.loads(line) for line in whole.stdout.splitlines()]
            shown = [f["id"] for page in pages for s in page.get("selections", [page]) if s["name"] == "freed" for f in s["facts"]]
            self.assertEqual(shown, [f["id"] for f in facts])
            text = subprocess.run([harness.THAW, "explain", "--service", d.address("service"), "many", "BY", "--all"],
                                  capture_output=True, text=True, check=True)
            for id_ in ids:
                self.assertRegex(text.stdout, r"/%s\b" % id_)
            self.assertNotIn("next", text.stdout)
            # It ends, and stands on what is recorded.
            d.publish(release("later", 1, "2025-12-31", country="AZ"))
            ended, sizes = self.pages(d, {"alert": "many:BY:1"}, None, "stood_on", "more", "next")
            self.assertGreater(len(ended), 1200)
            self.assertEqual(sizes[0], 1000)
            self.assertEqual(len({f["id"] for f in ended}), len(ended))

    def test_facts_that_do_not_fit_into_a_reply(self):
        one = dict(MASS, rule="one", when="freed.count > 0", select={"freed": {"kind": "report"}})
        with harness.Daemon(rules=[one], config={"limits": {"reply": "64KiB"}}) as d:
            ids = ["r%d" % i + "x" * 100 for i in range(900)]
            d.publish([release(id_, 1, source=f"S{i % 7}") for i, id_ in enumerate(ids)])
            facts, sizes = self.pages(d, {"alert": "one:BY:1"}, "freed", "facts", "more", "next")
            self.assertGreater(len(sizes), 3)
            self.assertCountEqual([r["id"] for f in facts for r in f["reports"]], ids)

    def test_an_alert_that_stood_on_more_than_is_recorded(self):
        one = dict(MASS, rule="one", when="freed.count > 10000", select={"freed": {"kind": "report", "within": "14d"}})
        with harness.Daemon(rules=[one]) as d:
            for first in range(0, 10001, 5000):
                d.publish([release("r%d" % i, 1) for i in range(first, min(first + 5000, 10001))])
            d.publish(release("later", 1, "2025-12-31", country="AZ"))
            why = d.ok("explain", {"alert": "one:BY:1"})
            self.assertEqual((why["state"], why["stood_on"]), ("resolved", []))
            self.assertIn("more than 10000 facts, which are not recorded", why["note"])

    def test_a_fact_of_thousands_of_reports(self):
        one = dict(MASS, rule="one", when="freed.count > 0")
        with harness.Daemon(rules=[one]) as d:
            ids = ["r%d" % i for i in range(1500)]
            d.publish([release(id_, 1, source=f"S{i % 7}") for i, id_ in enumerate(ids)])
            (fact,) = d.ok("explain", {"alert": "one:BY:1"})["selections"][0]["facts"]
            self.assertCountEqual([r["id"] for r in fact["reports"]], ids)

    def test_refusals(self):
        self.assertEqual(self.explain({"alert": "mass-release:BY:9"}, "ERR")["code"], "not-found")
        self.assertEqual(self.explain({"rule": "none", "group": {}}, "ERR")["code"], "not-found")
        self.explain({"rule": "mass-release", "group": {"contry": "BY"}}, "ERR")
        self.explain({"rule": "mass-release", "group": {"country": ["BY"]}}, "ERR")
        self.explain({"rule": "mass-release", "group": {}}, "ERR")

    def run_explain(self, *words, code=0):
        done = subprocess.run([harness.THAW, "explain", "--service", self.d.address("service"), *words],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_the_program(self):
        shown = self.run_explain("eased-after-release", "BY")
        self.assertIn("eased.count > 0", shown)
        self.assertIn("not firing", shown)

    def test_the_program_takes_groups_as_ids_have_them(self):
        for words in (("waiting", "BY,52"), ("waiting", "BY", "52"), ("waiting", "country=BY", "count=52"), ("waiting:BY,52",)):
            self.assertRegex(self.run_explain(*words), "fires at  +2025-09-14", words)
        for words in (("always", "-"), ("always:-",), ("always",)):
            self.assertIn("held.count > 5", self.run_explain(*words), words)
        self.assertIn("country and count", self.run_explain("waiting", "BY", code=1))
        self.run_explain("mass-release:BY:7", code=1)
        self.run_explain("waiting", "BY", "count=52")
        self.run_explain("waiting", "=BY", code=2)


class Reload(unittest.TestCase):
    def setUp(self):
        self.d = harness.Daemon(rules=[MASS, EASED])
        self.addCleanup(self.d.close)
        self.d.publish(release("r1", 52))

    def fates(self, dry):
        status, body = self.d.ask("reload", {"dry": dry})
        self.assertEqual(status, "OK", body)
        return {rule["rule"]: (rule["fate"], rule.get("active", 0)) for rule in body["rules"]}

    def active(self):
        _, body = self.d.ask("snapshot")
        return {alert["id"]: alert for alert in body["alerts"]}

    def test_unchanged_kept_recomputed_removed_new(self):
        self.assertEqual(self.fates(True), {"mass-release": ("unchanged", 1), "eased-after-release": ("unchanged", 0)})
        cases = [
            ([dict(MASS, severity="critical"), EASED], "kept", ["mass-release:BY:1"]),
            ([dict(MASS, when="freed.sum >= 40"), EASED], "recomputed", ["mass-release:BY:1"]),
            ([dict(MASS, when="freed.sum >= 60"), EASED], "recomputed", []),
        ]
        for rules, fate, left in cases:
            self.d.write_rules(rules)
            self.assertEqual(self.fates(True)["mass-release"], (fate, 1))
            self.assertEqual(list(self.active()), ["mass-release:BY:1"])  # dry changes nothing
            self.assertEqual(self.fates(False)["mass-release"], (fate, 1))
            self.assertEqual(list(self.active()), left)
        self.d.write_rules([MASS, WAITING])
        fates = self.fates(False)
        self.assertEqual((fates["waiting"][0], fates["eased-after-release"][0]), ("new", "removed"))
        self.assertEqual(list(self.active()), ["mass-release:BY:2"])  # it holds again: the next alert

    def test_removed_rules_end_their_alerts_with_the_reason(self):
        with self.d.subscriber() as s:
            self.d.write_rules([EASED])
            self.assertEqual(self.fates(False)["mass-release"], ("removed", 1))
            (alert,) = s.alerts(1)
        self.assertEqual((alert["id"], alert["state"]), ("mass-release:BY:1", "resolved"))
        self.assertEqual(alert["labels"]["ended"], "the rule was removed")

    def test_an_id_is_given_once_though_the_rule_comes_back(self):
        ends = [(self.d.restart, "image"), (lambda: (self.d.kill(), self.d.start()), "journal"), (lambda: None, "at once")]
        expected = 1
        for away, what in ends:
            for rules in ([EASED], [dict(MASS, by=["status"], title="freed"), EASED]):
                self.d.write_rules(rules)
                self.fates(False)
                away()
                self.d.write_rules([MASS, EASED])
                self.fates(False)
                expected += 1 + (len(rules) > 1)  # the other groups were numbered too
                self.assertEqual(list(self.active()), [f"mass-release:BY:{expected}"], what)
        given = [alert["id"] for alert in self.d.ok("replay")["alerts"] if alert["rev"] == 1]
        self.assertEqual(len(given), len(set(given)), given)

    def test_an_id_is_given_once_though_the_reports_are_dropped(self):
        self.d.configure({"retain": {"age": "30d"}})
        self.d.write_rules([EASED])
        self.d.restart()
        self.d.publish(release("later", 60, "2026-03-01"))
        left = lambda: self.d.ok("incidents", {"kind": "release"})["incidents"]
        self.d.restart()
        harness.wait_for(lambda: len(left()) == 1, "the old release being dropped")
        self.d.kill()  # what stands in the journal's base must do
        self.d.start()
        self.d.write_rules([MASS, EASED])
        self.fates(False)
        self.assertEqual(list(self.active()), ["mass-release:BY:2"])

    def test_a_label_of_the_same_name_gives_way_to_the_reason(self):
        self.d.write_rules([dict(MASS, labels={"desk": "east", "ended": "mine"})])
        with self.d.subscriber() as s:
            self.assertEqual(self.fates(False)["mass-release"], ("kept", 1))
            self.assertEqual(s.alerts(1)[0]["labels"], {"desk": "east", "ended": "mine"})
            self.d.write_rules([EASED])
            self.fates(False)
            topic, body = b"beat", b""
            while topic == b"beat":
                topic, body = harness.receive(s.sock)
        labels = dict(msgpack.unpackb(body, object_pairs_hook=list))["labels"]
        self.assertEqual(labels, [("desk", "east"), ("ended", "the rule was removed")])

    def test_an_error_leaves_the_old_set(self):
        self.d.write_rules([dict(MASS, when="fred.sum >= 50")])
        status, body = self.d.ask("reload", {"dry": True})
        self.assertEqual(status, "ERR")
        self.assertIn("fred", body["message"])
        status, body = self.d.ask("reload", {})
        self.assertEqual(status, "ERR")
        self.assertIn("rules.yaml:", body["message"])
        self.assertEqual(list(self.active()), ["mass-release:BY:1"])

    def test_by_signal(self):
        with self.d.subscriber() as s:
            self.d.write_rules([dict(MASS, title="{country}: now {freed.sum}")])
            self.d.process.send_signal(signal.SIGHUP)
            alerts = s.alerts(1)
        self.assertEqual([a["title"] for a in alerts], ["BY: now 52"])

    def test_by_signal_with_an_error(self):
        self.d.write_rules("rules: [{rule: x}]")
        self.d.process.send_signal(signal.SIGHUP)
        harness.wait_for(lambda: "needs `select`" in self.d.log(), "the error in the log")
        self.assertTrue(self.d.running())
        self.assertEqual(list(self.active()), ["mass-release:BY:1"])
        self.d.write_rules([MASS, EASED])
        self.assertEqual(self.fates(False)["mass-release"], ("unchanged", 1))

    def test_tests_beside_the_rules_are_no_rules(self):
        self.d.write_rules("rules: rules.yaml\ntests: []\n", "rules.test.yaml")
        os.mkdir(self.d.path("rules.d", "more"))
        self.d.write_rules([dict(MASS, rule="deeper")], "more/rules.yaml")
        self.assertEqual(self.fates(False), {"mass-release": ("unchanged", 1), "eased-after-release": ("unchanged", 0),
                                             "deeper": ("new", 0)})
        self.d.publish(release("r2", 1, "2025-09-12", country="AZ"))  # what comes after it is replayed over these rules
        self.d.kill()
        self.d.start()
        self.assertEqual(list(self.active()), ["deeper:BY:1", "mass-release:BY:1"])

    def test_more_files_than_a_process_may_open(self):
        for i in range(300):
            self.d.write_rules([dict(MASS, rule=f"mass-{i}")], f"r{i}.yaml")
        self.assertEqual(len(self.fates(False)), 302)
        self.d.publish(release("r2", 1, "2025-09-12", country="AZ"))
        self.d.kill()
        self.d.start(["prlimit", "--nofile=256"])
        self.assertEqual(sum(active for _, active in self.fates(True).values()), 301)

    def test_the_program(self):
        self.d.write_rules([MASS])
        ask = [harness.THAW, "reload", "--service", self.d.address("service")]
        done = subprocess.run(ask + ["--dry"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("removed", done.stdout)
        self.d.write_rules("rules: [{rule: x}]")
        done = subprocess.run(ask, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stdout)


class LongTexts(unittest.TestCase):
    def test_a_text_that_is_cut_shows_it(self):
        """Of names of several kilobytes a title has no room for all."""
        rule = {"rule": "long", "by": ["persons"], "select": {"freed": {"kind": "release"}}, "when": "freed.count > 0",
                "title": "{persons}", "labels": {"twice": "{persons}{persons}"}}
        names = ["\u00e9" * 2047, "\u00e9" * 2047 + "e", "a" + "\u00e9" * 2047 + "e", "\u00e9" * 1500]
        with harness.Daemon(rules=[rule]) as d:
            d.publish(release("r1", 9, persons=[{"name": name} for name in names]))
            alerts = {a["group"]["persons"]: a for a in d.ok("snapshot")["alerts"]}
            self.assertEqual(len(alerts), 4)
            for name, alert in alerts.items():
                size = len(name.encode())
                for text, whole in ((alert["title"], name), (alert["labels"]["twice"], name * 2)):
                    if len(whole.encode()) <= 4095:
                        self.assertEqual(text, whole)
                        continue
                    self.assertTrue(text.endswith("\u2026"), (size, text[-5:]))
                    self.assertTrue(whole.startswith(text[:-1]))
                    self.assertIn(len(text.encode()), (4094, 4095))


class Retained(unittest.TestCase):
    """A window that reaches beyond what is retained is told of where it is checked, loaded and loaded anew."""

    LONG = dict(MASS, rule="long", select={"freed": {"kind": "release", "within": "400d"}})
    LATE = dict(MASS, rule="late", select={"freed": {"kind": "release", "before": "91d"}})
    FITS = dict(MASS, rule="fits", select={"freed": {"kind": "release", "within": "90d"}})
    EVER = dict(MASS, rule="ever", select={"freed": {"kind": "release"}})
    FEED = dict(MASS, rule="feed", select={"quiet": {"kind": "feed", "within": "400d"}}, when="quiet.count > 0", title="feed")

    def told(self, d):
        return [line for line in d.log().splitlines() if "looks back" in line]

    def test_windows_and_age(self):
        with harness.Daemon(rules=[self.FITS, self.EVER, self.FEED], config={"clock": "reported", "retain": {"age": "90d"}}) as d:
            self.assertEqual(self.told(d), [])
            d.write_rules([self.FITS, self.LONG, self.EVER, self.LATE])
            d.ok("reload", {"dry": True})
            self.assertEqual(self.told(d), [])
            d.ok("reload")
            self.assertEqual(len(self.told(d)), 1)
            for word in ("warning: rule long looks back 400d", "retain.age", "90d", "(1 more too far)"):
                self.assertIn(word, self.told(d)[0])
            self.assertEqual(d.status()["last_problem"], "a rule looks further back than what is retained")
            d.restart()
            self.assertEqual(len(self.told(d)), 2)  # once for each start
            checked = subprocess.run([harness.THAWD, "--config", d.path("thawd.yaml"), "--check"], capture_output=True,
                                     text=True, timeout=harness.PATIENCE, check=True)
            self.assertIn("warning: rule long looks back 400d", checked.stderr)
            d.write_rules([self.FITS, self.LATE])
            d.ok("reload")
            self.assertIn("rule late looks back 91d", self.told(d)[-1])
            self.assertNotIn("more too far", self.told(d)[-1])

    def test_without_an_age(self):
        with harness.Daemon(rules=[self.LONG]) as d:
            self.assertEqual(self.told(d), [])


class ReloadOfMany(unittest.TestCase):
    """A reload is done or refused; where only its answer has no room for all rules, it is done, and the answer says that more came."""

    RULES = [dict(MASS, rule=f"rule-{i:04}-" + "x" * 40) for i in range(1500)]

    def test_more_rules_than_an_answer_holds(self):
        with harness.Daemon(rules=[MASS], config={"limits": {"reply": "64KiB"}}) as d:
            d.write_rules(self.RULES)
            for dry, done in ((True, 0), (False, 1)):
                body = d.ok("reload", {"dry": dry})
                self.assertGreater(len(body["rules"]), 500)
                self.assertEqual({r["fate"] for r in body["rules"]}, {"new"})
                self.assertEqual(len(body["rules"]) + body["left_out"], 1501)
                self.assertEqual((d.counters()["reloads"], d.counters()["reload_failures"]), (done, 0))
            self.assertEqual(d.status()["engine"]["rules"], 1500)
            self.assertIn("left_out ", d.thaw("reload").stdout)
            shown = d.thaw("reload", "--json")
            left = 1500 - len(shown.stdout.splitlines())
            self.assertIn(f"{left} more", shown.stderr)
            d.write_rules([MASS])
            d.ok("reload")
            self.assertNotIn("left_out", d.ok("reload"))


class ReloadGround(unittest.TestCase):
    """What an alert stood on that has ended outlasts an exchange of other rules."""

    RULE = {"rule": "free", "by": ["country"],
            "select": {"freed": {"kind": "release"}, "held": {"kind": "detention"}},
            "when": "freed.max >= 50 && held.count == 0"}

    def test_where_a_part_of_it_was_taken_back(self):
        def take_back(d, what, day):
            d.publish({"id": f"not-{what}", "kind": "retraction", "country": "BY", "source": "A", "retracts": what,
                       "reported_at": day})

        with harness.Daemon(rules=[self.RULE]) as d:
            d.publish([release("r1", 60, "2025-05-01"), release("r2", 70, "2025-05-10")])
            d.publish(release("d", 1, "2025-05-20", kind="detention"))
            take_back(d, "r1", "2025-05-21")
            d.write_rules([self.RULE, MASS])
            fates = {r["rule"]: r["fate"] for r in d.ask("reload")[1]["rules"]}
            self.assertEqual(fates, {"free": "unchanged", "mass-release": "new"})
            take_back(d, "r2", "2025-05-22")
            _, body = d.ask("replay", {"from": 0, "topic": "alert.BY.free."})
            self.assertEqual([(a["id"], a["state"]) for a in body["alerts"]][-2:],
                             [("free:BY:1", "resolved"), ("free:BY:1", "withdrawn")])
            self.assertEqual(body["alerts"][-1]["because"], [{"source": "A", "id": "not-r2"}])

    def test_where_it_is_told_again_before_and_after(self):
        tell = lambda d, number, count: d.publish(dict(release(f"r{number}", count, "2025-05-01"), revises=f"r{number - 1}",
                                                       reported_at=f"2025-06-0{number}"))
        states = lambda d: [a["state"] for a in d.ok("replay", {"from": 0, "topic": "alert.BY.free."})["alerts"]]
        with harness.Daemon(rules=[self.RULE]) as d:
            d.publish(release("r1", 60, "2025-05-01"))
            d.publish(release("d", 1, "2025-05-20", kind="detention"))
            tell(d, 2, 61)
            d.write_rules([self.RULE, MASS])
            d.ok("reload")
            tell(d, 3, 62)
            self.assertEqual(states(d), ["firing", "resolved"])
            tell(d, 4, 40)
            self.assertEqual(states(d), ["firing", "resolved", "withdrawn"])
            self.assertEqual(d.ok("replay")["alerts"][-1]["because"], [{"source": "A", "id": "r4"}])


class Limits(unittest.TestCase):
    """What a rule leaves out for a limit, an alert tells, and so does the log, with the rule's name."""

    @staticmethod
    def listed(i):
        return {"id": f"s{i}", "kind": "sanction", "country": "BY", "source": "OFAC", "authority": "US", "action": "imposed",
                "status": "confirmed", "occurred_at": "2025-09-11", "reported_at": "2025-09-11",
                "targets": [{"name": f"Party {i} {k}", "ids": [f"x:{i}-{k}"]} for k in range(1000)]}

    def told(self, rule, *wanted):
        d = self.d
        alerts = [a for a in d.ok("replay", {"topic": "alert.-.thaw-limit."})["alerts"] if a["group"] == {"rule": rule}]
        self.assertEqual([(a["id"], a["state"]) for a in alerts], [(f"thaw-limit:{rule}:1", "firing")])
        for word in wanted:
            self.assertIn(word, alerts[0]["title"])
        self.assertEqual([line for line in d.log().splitlines() if f"warning: alert {alerts[0]['seq']}: rule {rule} " in line][1:], [])
        self.assertIn(alerts[0]["title"], d.log())
        self.assertEqual(d.status()["last_problem"], "a rule leaves out what is beyond a limit")

    def start(self, rule):
        self.d = harness.Daemon(rules=[rule])
        self.addCleanup(self.d.close)

    def test_a_fact_in_more_groups_than_are_made(self):
        self.start({"rule": "each", "by": ["parties"], "select": {"acts": {"kind": "sanction"}}, "when": "acts.count > 1"})
        for i in range(2):  # each party by its name and by its id
            self.d.publish(self.listed(i))
        self.assertEqual(self.d.ok("snapshot")["alerts"], [])
        self.d.publish(self.listed(2))
        self.told("each", "4096 groups", "reload")
        self.d.publish(self.listed(3))
        self.told("each")
        self.d.write_rules([{"rule": "each", "by": ["party"], "select": {"acts": {"kind": "measure"}}, "when": "acts.count > 1"}])
        self.d.ok("reload")
        self.assertEqual(self.d.ok("snapshot")["alerts"], [])

    def test_a_condition_that_costs_too_much(self):
        dear = {"rule": "dear", "by": ["country"], "when": "acts.count > 0",
                "select": {"acts": {"kind": "sanction", "where": '!parties.exists(p, parties.exists(q, p + q == "nobody"))'}}}
        self.start(dear)
        self.d.publish(dict(self.listed(0), country="RU", targets=[{"name": "One"}, {"name": "Two"}]))
        self.assertEqual([a["id"] for a in self.d.ok("snapshot")["alerts"]], ["dear:RU:1"])
        self.d.publish(self.listed(1))
        self.told("dear", "1000000 steps", "reload")
        self.d.restart()
        self.assertEqual([a["id"] for a in self.d.ok("snapshot")["alerts"]], ["dear:RU:1", "thaw-limit:dear:1"])
        self.d.write_rules([dict(dear, select={"acts": {"kind": "sanction"}})])
        self.d.ok("reload")
        self.assertEqual([a["id"] for a in self.d.ok("snapshot")["alerts"]], ["dear:BY:1", "dear:RU:1"])

    def test_a_when_that_costs_too_much(self):
        many = "[" + ", ".join(f'"{i}"' for i in range(1100)) + "]"
        self.start({"rule": "dear", "by": ["source"], "select": {"said": {"kind": "report"}},
                    "when": f"!{many}.exists(a, {many}.exists(b, a + b == source))"})
        self.d.publish(release("r1", 1))
        self.told("dear", "1000000 steps", "reload")


class ReloadLimit(unittest.TestCase):
    """A reload of the same rules lets a rule that had reached its limit watch what it had left out, also after a crash."""

    RULE = {"rule": "each", "by": ["id"], "select": {"said": {"kind": "report", "where": 'kind == "release"', "at": "reported_at"}},
            "when": "said.last > timestamp('2025-09-12T00:00:00Z')"}
    GROUPS = 100000

    def test_the_same_rules_again(self):
        where = lambda i: {"country": chr(65 + i % 26) + chr(65 + i // 26 % 26)}
        tell = lambda d, first, n, day="2025-09-11": d.publish(
            [release(f"r{i:06}", 1, f"{1950 + i // 676 % 75}-01-01", reported_at=day, **where(i)) for i in range(first, first + n)])
        alerts = lambda d: [(a["id"], a["state"]) for a in d.ok("replay")["alerts"]]
        with harness.Daemon(rules=[self.RULE], config={"journal": {"map": "256MiB", "image": "forever"}}) as d:
            for first in range(0, self.GROUPS, 10000):
                tell(d, first, 10000)
            tell(d, self.GROUPS, 1, "2025-09-13")
            self.assertEqual(alerts(d), [("thaw-limit:each:1", "firing")])
            d.publish({"id": "x", "kind": "retraction", "source": "A", "retracts": "r000005", "reported_at": "2025-09-13", **where(5)})
            d.ok("reload")
            told = alerts(d)
            self.assertEqual(told, [("thaw-limit:each:1", "firing"), ("thaw-limit:each:1", "resolved"), ("each:r100000:1", "firing")])
            d.kill()
            d.start()
            self.assertEqual(alerts(d), told)
            self.assertEqual([a["id"] for a in d.ok("snapshot")["alerts"]], ["each:r100000:1"])


class ReloadTime(unittest.TestCase):
    """With the wall clock, what an exchange of rules ends and begins bears the time of the exchange."""

    OTHER = {"rule": "other", "by": ["country"], "select": {"freed": {"kind": "release"}}, "when": "freed.count > 0"}
    GOES = dict(OTHER, rule="goes")
    ENDS = {"rule": "ends", "by": ["country"], "select": {"freed": {"kind": "release", "within": "3s"}},
            "when": "freed.count > 0"}

    def times(self, d):
        status, body = d.ask("replay", {"from": 0})
        self.assertEqual(status, "OK", body)
        return [(a["id"], a["state"], a["since"].to_unix_nano(), a["at"].to_unix_nano()) for a in body["alerts"]]

    def check(self, exchange):
        with harness.Daemon(rules=[self.GOES, self.ENDS], config={"clock": "wall"}) as d:
            d.publish(release("r", 1, int(time.time())))
            harness.wait_for(lambda: len(self.times(d)) == 3, "the end of the window")
            began = time.time_ns()
            d.write_rules([self.OTHER, self.ENDS])
            exchange(d)
            (goes, *_, ended), (gone, came) = self.times(d)[:3], self.times(d)[3:]
            self.assertEqual(ended[:2], ("ends:BY:1", "resolved"))
            self.assertEqual(gone[:3], ("goes:BY:1", "resolved", goes[2] if goes[0] == "goes:BY:1" else gone[2]))
            self.assertEqual(came[:2], ("other:BY:1", "firing"))
            self.assertTrue(began <= gone[3] == came[2] == came[3] <= time.time_ns(), (began, gone, came))
            before = self.times(d)
            d.kill()
            d.start()
            self.assertEqual(self.times(d), before)

    def test_by_the_verb(self):
        self.check(lambda d: self.assertEqual(d.ask("reload")[0], "OK"))

    def test_at_a_start(self):
        self.check(lambda d: d.restart())


class Missing(unittest.TestCase):
    """A place of rules that is not there is an error, not an empty one: no alert ends because a folder was not mounted."""

    def check(self, rules):
        with tempfile.TemporaryDirectory(prefix="thaw-") as folder:
            place = os.path.join(folder, "thawd.yaml")
            with open(place, "w", encoding="utf-8") as f:
                f.write(f"state: {folder}/state\n{rules}")
            done = subprocess.run([harness.THAWD, "--config", place, "--check"], capture_output=True, text=True,
                                  check=False, timeout=harness.PATIENCE)
            return done.returncode, (done.stdout + done.stderr).replace(folder, "HERE")

    def test_a_place_that_was_named(self):
        self.assertEqual(self.check("rules: [rules.d]\n"), (
            78, "thawd: error: HERE/rules.d: cannot be opened: No such file or directory\n"))

    def test_none_is_asked_for(self):
        self.assertEqual(self.check("rules: []\n"), (0, "HERE/thawd.yaml: configuration and 0 rules are fine\n"))

    @unittest.skipIf(os.path.exists("/etc/thaw/rules.d"), "thaw is installed here")
    def test_the_default(self):
        status, said = self.check("")
        self.assertEqual(status, 78)
        self.assertTrue(said.startswith("thawd: error: /etc/thaw/rules.d: there is no such folder, "), said)
        self.assertIn("make the folder (it may stay empty), or set rules (to [] for none)", said)


if __name__ == "__main__":
    harness.main()
