"""thaw backtest over a journal: the alerts that thawd raised, raised again from what it wrote."""

import json
import unittest
from datetime import datetime, timedelta, timezone

import harness

RECENT = {"rule": "recent", "by": ["country"], "select": {"freed": {"kind": "release", "within": "1s"}},
          "when": "freed.sum >= 2", "title": "{country}: {freed.sum} freed just now"}


def soon(seconds):
    """Far enough ahead that what is sent now is there before, however busy the machine is."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def told(alerts):
    """What a life of alerts comes to: id -> (state, title, at, because)."""
    return {a["id"]: (a["state"], a["title"], a.get("because")) for a in alerts}


class Backtest(unittest.TestCase):
    def daemon(self, **more):
        d = harness.Daemon(**more)
        self.addCleanup(d.close)
        return d

    def backtest(self, d, *words, env=None):
        d.env.update(env or {})
        done = d.thaw("backtest", "--json", d.path("rules.d"), *words)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def same(self, d, found):
        """The journal's alerts, id by id: how each ended, and the instants of its changes."""
        published = d.ok("replay", {"from": 0})["alerts"]
        self.assertEqual(told(found), told(published))
        for one in found:
            mine = [a for a in published if a["id"] == one["id"]]
            self.assertEqual(one["fired_at"], self.text(mine[0]["at"]), one)
            ended = self.text(mine[-1]["at"]) if mine[-1]["state"] != "firing" else None
            self.assertEqual(one["ended_at"], ended, one)
            self.assertEqual(one["rev"], mine[-1]["rev"], one)
        return published

    def text(self, stamp):
        """A timestamp as `thaw` prints it."""
        at = datetime.fromtimestamp(stamp.seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        return at + (f".{stamp.nanoseconds:09d}".rstrip("0") if stamp.nanoseconds else "") + "Z"

    def test_clock_of_reports(self):
        d = self.daemon(rules=[harness.ANY_RELEASE, dict(RECENT, select={"freed": {"kind": "release", "within": "3d"}})])
        d.publish(harness.event(1, count=2))
        d.publish(harness.event(2, country="LT", count=2, reported_at="2025-06-22"))
        d.publish(harness.event(3, kind="retraction", country="LT", retracts="e2", reported_at="2025-06-23", count=None,
                                occurred_at=None))
        d.publish(harness.event(4, country="AZ", reported_at="2025-07-01", occurred_at="2025-07-01"))
        for running in (True, False):
            found = self.backtest(d, "--from", d.path("state")) if running else again
            published = self.same(d, found)
            self.assertEqual({a["state"] for a in published}, {"firing", "resolved", "withdrawn"})
            again = self.backtest(d, "--from", "journal", env={"STATE_DIRECTORY": d.path("state")})
        self.assertEqual(self.backtest(d, "--from", d.path("state"), "--country", "AZ")[0]["country"], "AZ")

    def test_wall_clock(self):
        d = self.daemon(config={"clock": "wall"}, rules=[harness.ANY_RELEASE, RECENT])
        d.publish(harness.event(1, count=2, occurred_at=soon(5)))
        harness.wait_for(lambda: "resolved" in [a["state"] for a in d.ok("replay", {"from": 0})["alerts"]],
                         "the end of a window of the wall clock")
        d.publish(harness.event(2, country="LT"))
        found = self.backtest(d, "--from", d.path("state"), "--clock", "wall")
        published = self.same(d, found)
        self.assertEqual({a["id"] for a in published}, {"any-release:BY:1", "recent:BY:1", "any-release:LT:1"})
        d.stop()
        self.assertEqual(self.backtest(d, "--from", d.path("state"), "--clock", "wall"), found)

    def test_reports_that_say_no_time(self):
        """With the clock of reports no rule is tried then, which looks as if none fired."""
        d = self.daemon(config={"clock": "wall"}, rules=[harness.ANY_RELEASE])
        d.publish(harness.event(1, reported_at=None))
        with open(d.path("file"), "w", encoding="utf-8") as f:
            f.write(d.thaw("events", "--bare").stdout)
        for words, remark in ((["state"], "--clock wall"), (["state", "--until", "2030"], ""), (["file"], "reported_at"),
                              (["state", "--clock", "wall"], ""), (["state", "--country", "LT"], "")):
            done = d.thaw("backtest", d.path("rules.d"), "--from", d.path(words[0]), *words[1:])
            self.assertEqual("says when it was reported" in done.stderr, bool(remark), (words, done.stderr))
            self.assertIn(remark, done.stderr)

    def test_damaged_and_missing(self):
        d = self.daemon(rules=[harness.ANY_RELEASE])
        d.publish(harness.event(1))
        d.stop()
        done = d.thaw("backtest", d.path("rules.d"), "--from", d.path("nowhere"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("nowhere", done.stderr)
        with open(d.path("garbage"), "w", encoding="utf-8") as f:
            f.write("garbage\n")
        done = d.thaw("backtest", d.path("rules.d"), "--from", d.path("garbage"), check=False)
        self.assertEqual((done.returncode, done.stdout), (1, "0 reports, 0 alerts, 0 firing at the end, "
                                                             "1 report refused\n"), done.stderr)


if __name__ == "__main__":
    harness.main()
