"""The past is dropped by age and by size: what it came to stays, what it was is known, and a restart
gives the same."""

import datetime
import json
import os
import shutil
import subprocess
import unittest

import harness

START = datetime.datetime(2021, 1, 1, tzinfo=datetime.timezone.utc)

RULES = [
    {"rule": "lately", "by": ["country"],
     "select": {"freed": {"kind": "release", "within": "6d"}},
     "when": "freed.sum >= 20", "severity": "info", "title": "{country}: {freed.sum}"},
    {"rule": "measures", "by": ["country"],
     "select": {"m": {"kind": "measure", "where": 'state == "in_force"'}},
     "when": "m.count >= 1", "severity": "info", "title": "{m.count} in force"},
]


def at(day, hour=12):
    """Every other day: what lies a day apart is one happening."""
    return (START + datetime.timedelta(days=2 * day, hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def release(day, n=0, **keys):
    return harness.event(f"{day}-{n}", occurred_at=at(day), reported_at=at(day, 13), count=day % 30 + 1,
                         source=f"s{n}", **keys)


def listing(day):
    return {"id": f"l{day}", "kind": "sanction", "country": "BY", "source": "gazette", "authority": "EU",
            "action": "imposed", "occurred_at": at(day), "reported_at": at(day, 13),
            "targets": [{"name": "Works", "ids": ["x:1"]}]}


def view(d):
    """All that can be asked for and must not change over a restart."""
    state = d.ok("state", {"country": "BY"})
    state.pop("as_of")
    return (state, d.ok("incidents", {"country": "BY"}), d.ok("snapshot"), d.ok("replay", {"from": replay_from(d)}),
            d.status()["epoch"], d.status()["seq"], [e["journal_seq"] for e in d.ok("events")["events"]])


def replay_from(d):
    """The least number that `replay` still answers."""
    low, high = 0, d.status()["seq"]
    while low < high:
        middle = (low + high) // 2
        if d.ask("replay", {"from": middle, "limit": 1})[0] == "OK":
            high = middle
        else:
            low = middle + 1
    return low


def released(d):
    return d.ok("state", {"country": "BY"})["released"]


class Retention(unittest.TestCase):
    def test_by_age(self):
        with harness.Daemon(RULES, {"retain": {"age": "120d"}}) as d:
            d.publish(listing(0))
            total = 0
            for day in range(100):
                d.publish(release(day), release(day, 1))
                total += day % 30 + 1
            harness.wait_for(lambda: d.counters()["dropped"] > 50, "reports were dropped")
            # a publish after the drop, so that the whole was looked at once more
            d.publish(release(100))
            total += 100 % 30 + 1
            self.assertEqual(released(d)["total"]["count"], total)
            self.assertEqual(released(d)["total"]["incidents"], 101)
            self.assertEqual(sum(y["people"]["count"] for y in released(d)["by_year"]), total)
            # of what was dropped nobody knew before it happened
            for day in (0, 9, 40, 99):
                then = d.ok("state", {"country": "BY", "at": at(day, 14)})["released"]["total"]
                self.assertEqual(then["incidents"], day + 1)
                self.assertEqual(then["count"], sum(n % 30 + 1 for n in range(day + 1)))
            events = d.ok("events")["events"]
            self.assertLess(len(events), 160)
            self.assertEqual(events[0]["event"]["id"], "l0")  # the measure stands: it is held
            measures = d.ok("state", {"country": "BY"})["measures"]
            self.assertEqual([(m["state"], m["party"]) for m in measures], [("in_force", "Works")])

            # alert changes go, too; the active alert of the measure does not
            self.assertGreater(replay_from(d), 0)
            status, reply = d.ask("replay", {"from": 0})
            self.assertEqual((status, reply["code"]), ("ERR", "gone"))
            self.assertIn("measures:BY:1", [a["id"] for a in d.ok("snapshot")["alerts"]])

            # refused, known, conflicting
            reply = d.publish(release(3, 7))
            self.assertEqual([r["code"] for r in reply["rejected"]], ["too-old"])
            self.assertRegex(reply["rejected"][0]["message"], "^occurred_at: found " + release(3, 7)["occurred_at"] +
                             ", expected it to start no earlier than 20[-0-9]{8}T[0-9:]{8}Z, the horizon of retention$")
            self.assertEqual(d.publish(release(3))["duplicates"], 1)
            self.assertEqual(d.publish(release(3))["journal_seq"], 8)
            other = dict(release(3), count=99)
            self.assertEqual([r["code"] for r in d.publish(other)["rejected"]], ["conflict"])

            before = view(d)
            d.restart()
            self.assertEqual(view(d), before)
            d.kill()
            d.start()
            self.assertEqual(view(d), before)
            self.assertEqual(d.publish(release(3))["duplicates"], 1)
            self.assertEqual([r["code"] for r in d.publish(release(4, 9))["rejected"]], ["too-old"])
            # and it goes on
            for day in range(101, 180):
                d.publish(release(day))
                total += day % 30 + 1
            harness.wait_for(lambda: d.counters()["retentions"] > 0, "another drop")
            self.assertEqual(released(d)["total"]["count"], total)
            before = view(d)
            d.restart()
            self.assertEqual(view(d), before)

    def test_a_late_word_that_is_withdrawn_leaves_what_stood_before(self):
        """Who was held and listed long ago is so again when a wrong release and delisting are taken back, and what
        ended long ago may be forgotten."""
        def told(day, what, action, **keys):
            if what.startswith("firm"):
                return listing(day) | {"id": f"{what}{day}", "action": action, "targets": [{"name": what, "ids": [what]}]}
            return release(day, what) | {"kind": action, "count": 1, "persons": [{"name": what, "ids": [what]}]}

        def standing(d):
            state = d.ok("state", {"country": "BY"})
            return (sorted((m["party"], m["state"], m["since"]) for m in state["measures"]),
                    sorted((p["person"], p["status"], p["since"]) for p in state["persons"] if p["status"] != "released"))

        with harness.Daemon([], {"retain": {"age": "60d"}}) as drops, harness.Daemon([]) as keeps:
            for d in (drops, keeps):
                for what in ("firm-a", "firm-b", "firm-c"):
                    d.publish(told(0, what, "proposed" if what == "firm-b" else "imposed"))
                d.publish(told(0, "a", "detention"), told(4, "b", "release"), told(8, "b", "detention"))
                for day in range(1, 60):
                    d.publish(release(day))
                late = [told(60, "firm-a", "delisted"), told(60, "firm-b", "imposed"), told(60, "firm-c", "extended"),
                        told(60, "a", "release"), told(60, "b", "release")]
                late[2]["expires_at"] = at(61)
                d.publish(*late, release(62))
            harness.wait_for(lambda: drops.counters()["dropped"] > 20, "reports were dropped")
            seen = drops.counters()["retentions"]
            for day in range(63, 68):
                for d in (drops, keeps):
                    d.publish(release(day))
            harness.wait_for(lambda: drops.counters()["retentions"] > seen, "and once more")
            for d in (drops, keeps):
                d.publish(*[{"id": "no-" + e["id"], "kind": "retraction", "country": "BY", "source": e["source"],
                             "retracts": e["id"]} for e in late])
            self.assertEqual(standing(drops), standing(keeps))
            drops.restart()
            self.assertEqual(standing(drops), standing(keeps))
            self.assertEqual([m[1] for m in standing(keeps)[0]], ["in_force", "proposed", "in_force"])
            self.assertEqual([p[1] for p in standing(keeps)[1]], ["detained", "re-detained"])

    def test_what_was_dropped_leaves_no_holes_in_the_past(self):
        """The numbers of dropped reports were heard; those of reports that came later were not yet."""
        def numbered(day, number):
            return dict(release(day), producer="importer", producer_seq=number)

        with harness.Daemon([], {"retain": {"age": "60d"}}) as d:
            d.publish(dict(listing(0), producer="importer", producer_seq=1))
            for day in range(60):
                d.publish(numbered(day, day + 2 + (day >= 55) + (day >= 57)))
            harness.wait_for(lambda: d.counters()["dropped"] > 20, "reports were dropped")
            d.publish(numbered(50, 56) | {"id": "late", "reported_at": at(59, 15)})  # one number again
            for moment, holes in ((at(54, 14), 0), (at(56, 14), 1), (at(57, 14), 2), (at(59, 14), 2), (None, 2)):
                asked = {"country": "BY"} | ({"at": moment} if moment else {})
                self.assertEqual([(f["source"], f["holes"]) for f in d.ok("state", asked)["feeds"]],
                                 [("gazette", holes), ("s0", holes)], moment)

    def test_alerts_are_those_of_a_daemon_that_keeps_everything(self):
        with harness.Daemon(RULES[:1], {"retain": {"age": "60d"}}) as drops, harness.Daemon(RULES[:1]) as keeps:
            for day in range(0, 120):
                for d in (drops, keeps):
                    d.publish(release(day), release(day, 1))
                if day % 40 == 39:
                    seen = drops.counters()["retentions"]
                    harness.wait_for(lambda: drops.counters()["retentions"] > 0 or seen, "a drop")
                    drops.restart()
            low = replay_from(drops)
            self.assertGreater(low, 0)

            def alerts(d):
                got = d.ok("replay", {"from": low})["alerts"]
                for a in got:
                    a.pop("epoch")
                return got
            self.assertEqual(alerts(drops), alerts(keeps))
            self.assertEqual(released(drops), released(keeps))

    def test_what_links_and_what_closes_stays(self):
        """Two ids that one report links stay one while reports on both are kept, and an act with its announcement."""
        def said(day, kind, **keys):
            return {"id": f"{kind}{day}", "kind": kind, "country": "BY", "source": "gazette", "occurred_at": at(day),
                    "reported_at": at(day, 13), **keys}

        def sanction(day, action, *targets, authority="US", **keys):
            return said(day, "sanction", authority=authority, action=action, **keys,
                        **({"targets": [{"name": name, "ids": ids} for name, *ids in targets]} if targets else {}))

        def told(d):
            state = d.ok("state", {"country": "BY"})
            return (sorted((m["party"] or m["sector"], m["ids"], m["state"]) for m in state["measures"]
                           if m["authority"] == "US"),
                    sorted((p["person"], p["ids"], p["status"]) for p in state["persons"]),
                    [i["id"] for i in state["open"] if i["kind"] == "sanction"])

        people = [{"name": "X", "ids": ["x1"]}, {"name": "Y", "ids": ["y"]}]
        early = [sanction(0, "imposed", ("Works", "o:9"), ("Bank", "o:5"), ("Plant", "o:1"), ("Mill", "o:3")),
                 sanction(12, "delisted", ("Mill", "o:3", "e:3"), authority="EU"), said(1, "detention", count=2, persons=people),
                 sanction(10, "amended", ("Works", "o:9", "w:9")), sanction(15, "amended", ("Plant", "o:1", "w:1")),
                 said(11, "talks", stage="demanded", persons=[{"name": "X", "ids": ["x1", "x2"]}]),
                 sanction(20, "eased", sector="potash"), sanction(30, "delisted", ("Mine", "o:7"), sector="potash")]
        late = [sanction(195, "delisted", ("Works", "w:9"), ("Mill", "e:3")), said(196, "release", count=1, persons=[{"name": "X", "ids": ["x2"]}])]
        with harness.Daemon((), {"retain": {"age": "120d"}}) as d:
            d.publish(*early)
            d.publish(*[release(day, country="RU") for day in range(40)])
            d.publish(*late)
            d.publish(release(200, country="RU"))
            harness.wait_for(lambda: d.counters()["retentions"] > 0, "a drop")
            d.publish(release(201, country="RU"))
            for plant in ("in_force", "delisted"):
                measures, persons, announced = told(d)
                self.assertEqual([m for m in measures if m[0] != "Mine"],
                                 [("Bank", ["o:5"], "in_force"), ("Mill", ["e:3", "o:3"], "delisted"), ("Plant", ["o:1", "w:1"], plant),
                                  ("Works", ["o:9", "w:9"], "delisted"), ("potash", [], "in_force")])
                self.assertEqual(persons, [("X", ["x1", "x2"], "released"), ("Y", ["y"], "detained")])
                self.assertEqual(announced, [])
                d.restart()
                d.publish(sanction(202, "delisted", ("Plant", "w:1")))  # by what was linked long ago

    def test_what_stands_keeps_its_name(self):
        """By what it is shown alerts are grouped: another name would end them and begin others."""
        rule = {"rule": "listed", "by": ["party"], "when": "m.count > 0", "title": "{party}",
                "select": {"m": {"kind": "measure", "where": 'state == "in_force"'}}}

        def said(day, kind, **keys):
            return {"kind": kind, "country": "BY", "source": "gazette", "id": f"{kind}{day}", "occurred_at": at(day),
                    "reported_at": at(day, 13), **keys}

        def step(day, action, name):
            return said(day, "sanction", authority="EU", action=action, targets=[{"name": name, "ids": ["x:1"]}])

        def held(day, kind, name):
            return said(day, kind, count=1, persons=[{"name": name, "ids": ["p:1"]}])

        with harness.Daemon([rule], {"retain": {"age": "60d"}}) as d:
            d.publish(step(0, "imposed", "Works"), step(40, "lifted", "Works"), step(80, "imposed", "OJSC Works"),
                      held(0, "detention", "Ales"), held(40, "release", "Ales"), held(80, "detention", "Aliaksandr"))
            d.publish(said(200, "release", count=1, id="r1"))
            for moment in range(300, 340, 10):
                d.publish(said(moment, "release", count=1, id=f"r{moment}"))
            self.assertGreater(d.counters()["retentions"], 0)
            state = d.ok("state", {"country": "BY"})
            self.assertEqual([(m["party"], m["state"]) for m in state["measures"]], [("Works", "in_force")])
            self.assertEqual([(p["person"], p["status"]) for p in state["persons"]], [("Ales", "re-detained")])
            self.assertEqual([(a["title"], a["rev"]) for a in d.ok("snapshot")["alerts"]], [("Works", 1)])

    def test_by_size(self):
        size = 4 << 20
        with harness.Daemon((), {"retain": {"size": "4MiB"}, "journal": {"map": "1MiB"}}) as d:
            sent = 0
            for round_ in range(60):
                batch = [release(round_ * 10 + i // 20, i, note="x" * 900) for i in range(200)]
                sent += d.publish(*batch)["accepted"]
                if round_ % 5 == 4:
                    harness.wait_for(lambda: d.status()["journal"]["live_bytes"] < size // 2, "the past to be dropped")
            self.assertEqual(sent, 12000)
            self.assertGreater(d.counters()["retentions"], 3)
            self.assertLess(os.path.getsize(d.path("state", "journal", "data.mdb")), size)
            expected = sum(day % 30 + 1 for day in range(600))
            self.assertEqual(released(d)["total"]["count"], expected)
            before = view(d)
            d.kill()
            d.start()
            self.assertEqual(view(d), before)

    def test_by_size_where_more_must_be_held(self):
        """Who is listed stays, however old: that the file grows beyond retain.size is said, once."""
        with harness.Daemon((), {"retain": {"size": "1MiB"}, "journal": {"map": "1MiB"}}) as d:
            for round_ in range(6):
                d.publish(*[dict(listing(round_ * 10), id=f"l{round_}-{i}", note="x" * 900,
                                 targets=[{"name": "Works", "ids": [f"x:{round_}-{i}"]}]) for i in range(200)])
            harness.wait_for(lambda: "retain.size is 1048576 bytes, of which what is held may take 393216; found"
                             in d.log(), "the word that it cannot be kept to")
            self.assertIn("retain.size", d.status()["last_problem"])
            self.assertEqual(d.log().count("retain.size is"), 1)
            measures = d.ok("state", {"country": "BY"})["measures"]
            self.assertEqual([m["state"] for m in measures], ["in_force"] * 1200)

    def test_by_size_with_a_reader_that_was_killed(self):
        """What it read is not kept from being used again: the file would grow with every commit until the next start."""
        size = 4 << 20
        with harness.Daemon((), {"retain": {"size": "4MiB"}, "journal": {"map": "1MiB"}}) as d:
            for round_ in range(40):
                d.publish(*(release(round_ * 10 + i // 20, i, note="x" * 900) for i in range(200)))
                harness.wait_for(lambda: d.status()["journal"]["live_bytes"] < size // 2, "the past to be dropped")
                if round_ != 2:
                    continue
                with subprocess.Popen([harness.THAW, "journal", "export", "/dev/stdout", "--state", d.path("state")],
                                      stdout=subprocess.PIPE) as export:
                    export.stdout.read(100000)  # it reads, and waits for the pipe
                    export.kill()
            self.assertLess(os.path.getsize(d.path("state", "journal", "data.mdb")), size)

    def test_a_journal_numbered_anew_says_what_it_has_no_more(self):
        with harness.Daemon(RULES, config={"retain": {"age": "20d"}}) as d:
            for day in range(30):
                d.publish(release(day))
            before, kept = released(d), len(d.ok("events")["events"])
            d.stop()
            self.assertLess(kept, 30)
            stream = d.path("stream")
            subprocess.run([harness.THAW, "journal", "export", stream, "--state", d.path("state")], check=True,
                           capture_output=True)
            for option, left_out in ((), 0), (("--renumber",), 30 - kept), (("--reports",), 30 - kept):
                state = d.path("state" + "".join(option))
                os.makedirs(state, exist_ok=True)
                shutil.rmtree(os.path.join(state, "journal"), ignore_errors=True)
                done = subprocess.run([harness.THAW, "journal", "import", *option, "--json", "--state", state, stream],
                                      check=True, capture_output=True, text=True)
                self.assertEqual(json.loads(done.stdout)["imported"]["left_out"], left_out, option)
                self.assertEqual(f"{left_out} reports had been dropped" in done.stderr, left_out > 0, done.stderr)
                d.configure({"state": state})
                d.start()
                self.assertEqual(released(d) == before, left_out == 0, option)
                d.stop()

    def test_identities_are_let_go(self):
        with harness.Daemon((), {"retain": {"age": "60d", "ids": "120d"}}) as d:
            for day in range(0, 200, 2):
                d.publish(release(day))
            harness.wait_for(lambda: d.counters()["retentions"] > 0, "a drop")
            d.publish(release(220))
            harness.wait_for(lambda: d.publish(release(0))["rejected"], "the first report to be forgotten")
            self.assertEqual([r["code"] for r in d.publish(release(0))["rejected"]], ["too-old"])
            self.assertEqual(d.publish(release(180))["duplicates"], 1)


if __name__ == "__main__":
    harness.main()
