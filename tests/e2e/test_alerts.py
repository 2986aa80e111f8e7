"""What subscribers get: beats, alerts by topic, numbers without holes, a new epoch."""

import os
import shutil
import unittest

import harness
from harness import event

PER_COUNTRY = {"rule": "per-country", "by": ["country"], "select": {"freed": {"kind": "release"}},
               "when": "freed.count > 0", "severity": "warning", "title": "{country}: {freed.sum}",
               "labels": {"desk": "east"}}
PER_COUNTRY_TOO = dict(PER_COUNTRY, rule="per-country-too")
IN_ALL = {"rule": "in-all", "by": [], "select": {"freed": {"kind": "release"}}, "when": "freed.count > 0",
          "title": "{freed.sum} in all"}
ANNA = {"rule": "anna", "by": ["country"],
        "select": {"freed": {"kind": "release", "where": '"Anna" in persons', "within": "14d"}}, "when": "freed.count > 0"}
HELD = {"rule": "held", "by": ["country"], "select": {"held": {"kind": "person", "where": 'status == "detained"'}},
        "when": "held.count > 0", "title": "{country}: {held.count} held"}
KEYS = {"epoch", "seq", "id", "rev", "state", "rule", "rule_version", "severity", "title", "labels", "country",
        "group", "values", "since", "at", "facts", "reports", "sources"}


class Alerts(unittest.TestCase):
    def test_alerts_with_all_their_keys(self):
        with harness.Daemon([PER_COUNTRY, IN_ALL], tcp=True) as d, d.subscriber(tcp=True) as s:
            d.publish(event(1, count=52), event(2, source="second", count=52))
            got = {}
            for _ in range(2):
                topic, alert = s.alert()
                got[topic] = alert
            self.assertEqual(set(got), {"alert.BY.per-country.", "alert.-.in-all."})
            alert = got["alert.BY.per-country."]
            self.assertEqual(set(alert), KEYS)
            self.assertEqual(alert["id"], "per-country:BY:1")
            self.assertEqual((alert["rev"], alert["state"], alert["severity"]), (1, "firing", "warning"))
            self.assertEqual((alert["country"], alert["group"], alert["labels"]),
                             ("BY", {"country": "BY"}, {"desk": "east"}))
            self.assertEqual(alert["title"], "BY: 52")
            self.assertEqual(sorted(r["id"] for r in alert["reports"]), ["e1", "e2"])
            self.assertEqual(alert["sources"], ["outlet", "second"])
            self.assertEqual(len(alert["facts"]), 1)
            self.assertEqual(got["alert.-.in-all."]["country"], "")
            # taken back: withdrawn, and because of what
            d.publish(event("x1", kind="retraction", retracts="e1", count=None, occurred_at=None),
                      event("x2", kind="retraction", retracts="e2", count=None, occurred_at=None, source="second"))
            topic, alert = next(m for m in iter(s.alert, None) if m[0] == "alert.BY.per-country.")
            self.assertEqual(set(alert), KEYS | {"because"})
            self.assertEqual((alert["state"], alert["rev"]), ("withdrawn", 2))
            because = {(r["source"], r["id"]) for r in alert["because"]}
            self.assertEqual(because, {("outlet", "ex1"), ("second", "ex2")})
            self.assertEqual(d.ok("snapshot")["alerts"], [])

    def test_an_alert_that_has_ended_does_not_rest_on_who_was_named_later(self):
        """Of a release of many reports, whose names are kept as a list."""
        anna, named = [{"name": "Anna"}], {3: [{"name": "Boris"}], 7: [{"name": "Anna"}]}
        with harness.Daemon([ANNA]) as d, d.subscriber() as s:
            d.publish(*(event(n, source=f"s{n}", incident="shared:one", persons=named.get(n), count=None)
                        for n in range(20)))
            d.publish(event(90, country="LT", occurred_at="2025-07-20", reported_at="2025-07-20T00:00:00Z"))
            self.assertEqual([a["state"] for a in s.alerts(2)], ["firing", "resolved"])
            d.publish(event(20, source="s20", incident="shared:one", persons=anna, count=None,
                            reported_at="2025-07-21T00:00:00Z"))
            d.publish(event("x", kind="retraction", source="s7", retracts="e7", count=None, occurred_at=None,
                            reported_at="2025-07-22T00:00:00Z"))
            alert, = s.alerts(1)
            self.assertEqual((alert["id"], alert["state"], [r["id"] for r in alert["because"]]),
                             ("anna:BY:1", "withdrawn", ["ex"]))

    def test_a_correction_of_what_came_later_withdraws_nothing(self):
        """Who was held until a release that is corrected was held; who was held by error was not."""
        someone = [{"name": "A", "ids": ["a"]}]
        with harness.Daemon([HELD]) as d, d.subscriber() as s:
            d.publish(event(1, kind="detention", occurred_at="2025-01-01", persons=someone))
            d.publish(event(2, occurred_at="2025-02-01", persons=someone, source="wire"))
            self.assertEqual([a["state"] for a in s.alerts(2)], ["firing", "resolved"])
            d.publish(event(3, occurred_at="2025-02-02", persons=someone, source="wire", revises="e2"))
            d.kill()  # what was known then is known to the next life too
            d.start()
            with d.subscriber() as later:
                d.publish(event(4, occurred_at="2025-02-03", persons=someone, source="wire", revises="e3"))
                d.publish(event(5, kind="retraction", retracts="e1", count=None, occurred_at=None))
                alert = later.alert()[1]
            self.assertEqual((alert["id"], alert["state"]), ("held:BY:1", "withdrawn"))
            self.assertEqual([r["id"] for r in alert["because"]], ["e5"])

    def test_a_beat_each_interval_and_after_a_burst(self):
        with harness.Daemon([PER_COUNTRY], {"beat": "200ms"}) as d, d.subscriber() as s:
            beats = [s.beat() for _ in range(5)]
            for beat in beats:
                self.assertEqual(set(beat), {"epoch", "seq", "at"})
                self.assertEqual((beat["epoch"], beat["seq"]), (d.status()["epoch"], 0))
            times = [b["at"].to_unix_nano() for b in beats]
            self.assertEqual(times, sorted(times))
        # with an hour between beats, one comes after the last alert of a burst all the same
        with harness.Daemon([PER_COUNTRY], {"beat": "200ms"}) as d:
            d.stop()
            d.configure({"beat": "1h"})
            d.start()
            s = harness.zmq_subscriber(d, "alert.", "beat")
            harness.wait_for(lambda: d.counters()["subscriptions_in"] >= 2, "the subscriptions")
            d.publish(*[event(n, country=f"A{chr(65 + n)}") for n in range(20)])
            topics, last = [], None
            while last != "beat":
                frames = harness.receive(s)
                last = frames[0].decode()
                if last == "beat" and harness.unpack(frames[1])["seq"] == 0:
                    last = None  # the beat of the start, which a subscriber may still be in time for
                    continue
                topics.append(last)
            self.assertEqual(len(topics), 21)
            self.assertEqual(harness.unpack(frames[1])["seq"], 20)
            s.close()

    def test_prefixes_name_a_country_or_one_rule(self):
        with harness.Daemon([PER_COUNTRY, PER_COUNTRY_TOO, IN_ALL]) as d, \
                d.subscriber("alert.BY.") as country, d.subscriber("alert.BY.per-country.") as rule, \
                d.subscriber("alert.-.") as none, d.subscriber("alert.") as every:
            d.publish(event(1), event(2, country="LT"), event(3, country="BE"))
            everything = every.alerts(7)
            self.assertEqual([a["seq"] for a in everything], list(range(1, 8)))
            self.assertEqual({a["rule"] for a in country.alerts(2)}, {"per-country", "per-country-too"})
            self.assertEqual({a["rule"] for a in rule.alerts(1)}, {"per-country"})
            self.assertEqual({a["rule"] for a in none.alerts(1)}, {"in-all"})
            for s in (country, rule, none, every):
                harness.wait_for(lambda: s.beat()["seq"] == 7, "the last number")
                self.assertIsNone(s.alert(0.1))

    def test_numbers_and_epoch_outlive_a_restart_and_end_with_the_journal(self):
        with harness.Daemon([PER_COUNTRY]) as d:
            d.publish(event(1))
            epoch = d.status()["epoch"]
            d.restart()
            with d.subscriber() as s:
                self.assertEqual((s.first_beat["epoch"], s.first_beat["seq"]), (epoch, 1))
                d.publish(event(2, country="LT"))
                self.assertEqual(s.alerts(1)[0]["seq"], 2)
                self.assertEqual([a["seq"] for a in d.ok("replay", {"from": 0})["alerts"]], [1, 2])
            d.stop()
            shutil.rmtree(d.path("state"))
            os.mkdir(d.path("state"))
            d.start()
            with d.subscriber() as s:
                self.assertNotEqual(s.first_beat["epoch"], epoch)
                self.assertEqual(s.first_beat["seq"], 0)
                d.publish(event(3))
                self.assertEqual(s.alerts(1)[0]["seq"], 1)

    def test_what_was_replayed_is_what_was_published(self):
        with harness.Daemon([PER_COUNTRY, IN_ALL]) as d, d.subscriber() as s:
            for n in range(10):
                d.publish(event(n, count=n, country=f"B{chr(65 + n)}"))
            live = s.alerts(d.status()["seq"])
            self.assertEqual(d.ok("replay", {"from": 0})["alerts"], live)
            active = {a["id"]: a for a in d.ok("snapshot")["alerts"]}
            latest = {a["id"]: a for a in live}
            self.assertEqual(active, latest)
            self.assertEqual(len(active), 11)


if __name__ == "__main__":
    harness.main()
