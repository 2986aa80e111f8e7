"""The machine's clock was ahead, or is behind: what came earlier was received earlier, and it is told."""

import os
import struct
import subprocess
import unittest

import harness

FAULTS = os.environ.get("THAW_FAULTS", "")
DAY = 86400
RULES = [{"rule": "lately", "by": ["country"], "select": {"freed": {"kind": "release", "within": "10d"}},
          "when": "freed.count > 0", "severity": "info", "title": "{freed.count}"}]


def event(name):
    return harness.event(name, reported_at="2025-06-01T12:00:00Z", occurred_at="2025-06-01")


def received(d):
    return [e["received_at"].to_unix_nano() for e in d.ok("events")["events"]]


class Clock(unittest.TestCase):
    def ahead(self, d, seconds):
        d.env["LD_PRELOAD"] = d.path("faults.so")  # a blank in its path would end it there
        if not os.path.lexists(d.env["LD_PRELOAD"]):
            os.symlink(os.path.abspath(FAULTS), d.env["LD_PRELOAD"])
        d.env["THAW_CLOCK"] = str(seconds)

    def test_was_ahead(self):
        with harness.Daemon(RULES, {"clock": "wall"}, start=False) as d:
            self.ahead(d, 20 * DAY)
            d.start()
            d.publish(event("1"))
            self.assertEqual(d.log().count("clock"), 0, d.log())
            for n, end in enumerate((d.stop, d.kill)):
                end()
                self.ahead(d, n)
                d.start()
                self.assertRegex(d.log(), r"the machine's clock is 17279\d\d s behind what the journal ends with")
                self.assertEqual(d.counters()["clock_falls"], 1)
                self.assertIn("clock", d.status()["last_problem"])
                d.publish(event(f"again-{n}"))
            times = received(d)
            self.assertEqual(times, sorted(times))
            d.stop()
            self.ahead(d, 21 * DAY)
            lines = d.log().count("the machine's clock is")
            d.start()  # it has caught up
            self.assertEqual((d.log().count("the machine's clock is"), lines), (2, 2))
            self.assertEqual(d.counters()["clock_falls"], 0)

    def show(self, d, real, monotonic):
        """Seconds that thawd's clocks are ahead, from now on, also while it runs."""
        with open(d.path("clock"), "r+b" if os.path.exists(d.path("clock")) else "wb") as f:
            f.write(struct.pack("@ll", real, monotonic))
        self.ahead(d, d.path("clock"))

    def test_nothing_is_too_old_by_a_wrong_clock(self):
        """What is dropped does not come back: a clock that is years ahead for a while ages nothing, one that stays does."""
        for start in (False, True):  # while it runs, and when the machine starts
            with harness.Daemon(RULES, {"clock": "wall", "retain": {"age": "1000d"}}, start=False) as d:
                self.show(d, 0, 0)
                d.start()
                d.publish(event("1"))
                if start:
                    d.stop()
                self.show(d, 9000 * DAY, 0)
                if start:
                    d.start()
                d.publish(event("ahead"))
                d.status()
                self.show(d, 0, 0)
                self.assertEqual(d.publish(event("after"))["rejected"], [])
                self.show(d, 700, 700)  # it runs evenly, and the engine's time is still years ahead of it
                self.assertEqual(d.publish(event("later"))["rejected"], [])
                d.status()
                self.assertEqual((d.counters()["dropped"], len(d.ok("events")["events"])), (0, 4))
                self.show(d, 9000 * DAY + 700, 700)
                d.status()
                self.show(d, 9000 * DAY + 1400, 1400)
                harness.wait_for(lambda: d.counters()["dropped"] == 4, "the past to be dropped")

    def test_what_is_old_goes_at_once_where_the_clock_goes_on(self):
        """With an empty journal, and where it ends not long ago."""
        for known in (False, True):
            with harness.Daemon(RULES, {"clock": "wall"}, start=False) as d:
                d.start()
                if known:
                    d.publish(harness.event("old", occurred_at="2015-01-01"), event("new"))
                d.stop()
                d.configure({"clock": "wall", "retain": {"age": "1000d"}})
                d.start()
                if not known:
                    d.publish(harness.event("old", occurred_at="2015-01-01"), event("new"))
                harness.wait_for(lambda: len(d.ok("events")["events"]) == 1, "the old one to be gone")

    def test_time_begins_before_the_first_report(self):
        """That nothing comes at all is told as well, from the first start on and over a crash."""
        silent = {"rule": "silent", "select": {"any": {"kind": "release"}}, "when": "any.count == 0", "for": "2h"}
        with harness.Daemon([silent], {"clock": "wall"}, start=False) as d:
            self.show(d, 0, 0)
            d.start()
            begun = d.status()["now"].to_unix_nano()
            d.kill()
            d.start()
            self.assertEqual((d.status()["now"].to_unix_nano(), d.status()["seq"]), (begun, 0))
            d.kill()
            self.show(d, 3 * 3600, 3 * 3600)
            d.start()
            harness.wait_for(lambda: d.status()["seq"] == 1, "the alert of silence")
            alert, = d.ok("replay")["alerts"]
            self.assertEqual((alert["id"], alert["state"]), ("silent:-:1", "firing"))
            self.assertEqual(alert["since"].to_unix_nano(), begun)
            self.assertEqual(alert["at"].to_unix_nano(), begun + 2 * 3600 * 10**9)
            d.publish(event("1"))
            d.kill()
            d.start()
            self.assertEqual([a["state"] for a in d.ok("replay")["alerts"]], ["firing", "resolved"])

    def test_the_way_out(self):
        """What was received ahead of time is published again, as the catalog has it."""
        with harness.Daemon(RULES, {"clock": "wall"}, start=False) as d:
            self.ahead(d, 400 * DAY)
            d.start()
            d.publish(*(event(str(n)) for n in range(5)))
            with open(d.path("reports"), "wb") as f:
                subprocess.run([harness.THAW, "events", "--bare", "--service", d.address("service")], stdout=f, check=True)
            d.stop()
            os.mkdir(d.path("new"))
            d.configure({"state": d.path("new")})
            self.ahead(d, 0)
            d.start()
            subprocess.run([harness.THAW, "pub", "--quiet", "--service", d.address("service"), d.path("reports")], check=True)
            self.assertEqual(d.status()["journal_seq"], 5)
            self.assertEqual(d.counters()["clock_falls"], 0)
            self.assertLess(max(received(d)), d.status()["now"].to_unix_nano() + 1)


if __name__ == "__main__":
    if not os.path.exists(FAULTS):
        print("skipped: the clock cannot be set for this build")
        raise SystemExit(77)
    harness.main()
