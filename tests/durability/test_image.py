"""A start from the image of the engine gives what a start from the whole journal gives, and an image
that cannot be used is as if there were none."""

import os
import shutil
import time
import unittest

import harness

RULES = [
    {"rule": "lately", "by": ["country"], "select": {"freed": {"kind": "release", "within": "10d"}},
     "when": "freed.sum >= 40", "severity": "info", "title": "{country}: {freed.sum}"},
    {"rule": "held", "by": ["country"], "for": "2d", "keep_for": "3d",
     "select": {"held": {"kind": "person", "where": 'status == "detained"'}},
     "when": "held.count >= 2", "severity": "info", "title": "{held.count} held"},
    {"rule": "measures", "by": ["country"], "select": {"m": {"kind": "measure", "where": 'state == "in_force"'}},
     "when": "m.count >= 1", "severity": "info", "title": "{m.count} in force"},
]


def day(n):
    return f"{2023 + n // 336}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"


def report(n):
    """One of a course that is a function of n: releases, people, measures, corrections."""
    at = {"id": f"r{n}", "source": f"s{n % 4}", "country": ("BY", "IR")[n // 7 % 2],
          "reported_at": day(n) + "T12:00:00Z", "occurred_at": day(n - n % 2)}
    if n % 11 == 10:
        return {"kind": "retraction", "id": f"r{n}", "source": at["source"], "country": at["country"],
                "reported_at": at["reported_at"], "retracts": f"r{n - 8}"}
    if n % 5 == 0:
        return dict(at, kind="detention", count=1, persons=[{"name": f"Name {n % 9}", "ids": [f"x:{n % 9}"]}])
    if n % 7 == 3:
        return dict(at, kind="sanction", authority="EU", action=("imposed", "delisted")[n % 3 == 0],
                    targets=[{"name": f"Works {n % 4}", "ids": [f"w:{n % 4}"]}])
    return dict(at, kind="release", count=n % 30, form="pardon")


def view(d):
    """All that can be asked for; none of it may change over a restart."""
    state = [d.ok("state", {"country": c}) for c in ("BY", "IR")]
    status = d.status()
    engine = {k: v for k, v in status["engine"].items() if k not in ("duplicates", "conflicts", "memory_bytes", "text_bytes")}
    incidents = d.ok("incidents", {})
    explained = [d.ok("explain", {"incident": i["id"]}) for i in incidents["incidents"][:20]]
    return (state, incidents, explained, d.ok("snapshot"), d.ask("replay", {"from": 0}), status["epoch"], status["seq"],
            status["journal_seq"], engine, [e["journal_seq"] for e in d.ok("events")["events"]])


def image(d):
    return d.path("state", "image")


def said(d, text):
    return d.log().count(text)


USED, IGNORED = "from an image at report", "is not used"


class Image(unittest.TestCase):
    def course(self, d, first, last):
        d.publish(*(report(n) for n in range(first, last)))

    def check_same(self, d, before):
        self.assertEqual(view(d), before)

    def test_stopped_and_started(self):
        with harness.Daemon(RULES) as d:
            self.course(d, 0, 150)
            before = view(d)
            self.assertGreater(before[6], 10)  # alert changes
            d.restart()
            self.assertEqual(said(d, USED), 1)
            self.check_same(d, before)
            self.course(d, 150, 300)
            before = view(d)
            d.restart()
            self.check_same(d, before)
            d.stop()
            os.unlink(image(d))
            d.start()  # the same from the journal alone
            self.assertEqual(said(d, USED), 2)
            self.check_same(d, before)

    def test_before_the_clock_of_reports_began(self):
        with harness.Daemon(RULES) as d:
            undated = dict(report(1), reported_at=None)
            d.publish({k: v for k, v in undated.items() if v is not None})
            d.restart()  # no rule was evaluated: nothing to write, and nothing amiss
            self.assertEqual(said(d, USED), 0)
            self.assertEqual(said(d, "no image could be saved"), 0)
            self.course(d, 2, 20)
            before = view(d)
            d.restart()
            self.assertEqual(said(d, USED), 1)
            self.check_same(d, before)

    def test_killed_with_a_tail_behind_it(self):
        with harness.Daemon(RULES) as d:
            self.course(d, 0, 100)
            d.restart()
            for n in range(100, 200, 5):
                self.course(d, n, n + 5)
            before = view(d)
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 2)
            self.check_same(d, before)
            self.course(d, 200, 260)
            d.kill()
            os.unlink(image(d))
            d.start()
            before = view(d)
            d.restart()
            self.check_same(d, before)

    def test_rules_that_changed_behind_it(self):
        with harness.Daemon(RULES) as d:
            self.course(d, 0, 100)
            d.stop()
            d.write_rules(RULES[:2])
            d.start()
            self.course(d, 100, 130)
            before = view(d)
            d.kill()
            d.start()  # the exchange of rules stands in the tail
            self.assertEqual(said(d, USED), 2)
            self.check_same(d, before)
            d.kill()
            os.unlink(image(d))
            d.start()
            self.check_same(d, before)

    def test_damaged(self):
        with harness.Daemon(RULES) as d:
            self.course(d, 0, 120)
            before = view(d)
            d.stop()
            with open(image(d), "rb") as f:
                whole = f.read()
            size = len(whole)
            flips = [0, 9, 50, 120, 4096, 5000, size // 2, size - 9, size - 1]
            damaged = [whole[:n] for n in (0, 1, 200, 4096, size // 2, size - 1)] + [whole + b"\0"]
            damaged += [whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:] for at in flips]
            for n, what in enumerate(damaged):
                with open(image(d), "wb") as f:
                    f.write(what)
                d.start()
                self.assertEqual((said(d, IGNORED), said(d, USED)), (n + 1, 0), d.log())
                self.assertFalse(os.path.exists(image(d)))
                if n % 4 == 0:
                    self.check_same(d, before)
                d.kill()
            d.start()

    def test_not_of_this_journal(self):
        with harness.Daemon(RULES) as d, harness.Daemon(RULES) as other:
            self.course(d, 0, 60)
            d.stop()
            shutil.copytree(d.path("state", "journal"), d.path("old"))
            d.start()
            self.course(d, 60, 90)
            d.stop()
            shutil.rmtree(d.path("state", "journal"))
            os.rename(d.path("old"), d.path("state", "journal"))
            d.start()
            self.assertEqual(said(d, "it is ahead of the journal"), 1, d.log())
            self.assertEqual(d.status()["journal_seq"], 60)
            d.stop()
            other.stop()
            shutil.copy(image(d), image(other))
            other.start()
            self.assertEqual(said(other, "it is of another journal"), 1, other.log())

    def test_of_a_past_that_was_taken_back(self):
        """Which shows only when what stands behind the image gives other alerts than were published."""
        with harness.Daemon(RULES) as d:
            self.course(d, 0, 60)
            d.stop()
            shutil.copytree(d.path("state", "journal"), d.path("old"))
            d.start()
            self.course(d, 60, 90)
            d.stop()
            shutil.rmtree(d.path("state", "journal"))
            os.rename(d.path("old"), d.path("state", "journal"))
            os.rename(image(d), d.path("taken-back"))
            d.start()
            for n in range(60, 90):  # others, and at the place of the image the same
                d.publish(report(n) if n == 89 else dict(report(n), id=f"other{n}", count=100))
            self.course(d, 90, 120)
            before = view(d)
            d.kill()
            os.rename(d.path("taken-back"), image(d))
            d.start()
            self.check_same(d, before)
            self.assertEqual(said(d, "what follows in the journal does not fit it"), 1, d.log())
            self.assertFalse(os.path.exists(image(d)))

    def course_until(self, d, first, done):
        """Publishes the same 900 days again and again until done(); where it ended. What waits for time rather than
        for reports, as an image after another, is given it."""
        for last in range(first, first + 50000, 50):
            if done():
                return last
            if last > first + 5000:
                time.sleep(0.1)
            d.publish(*(dict(report(n % 900), id=f"r{n}") for n in range(last, last + 50)))
        raise AssertionError("it is not done:\n" + d.log())

    def test_written_while_it_runs(self):
        with harness.Daemon(RULES, {"journal": {"image": "1ms"}}) as d:
            n = self.course_until(d, 0, lambda: d.counters()["images"] >= 3)
            self.course_until(d, n, lambda: d.status()["journal_seq"] >= n + 50)
            before = view(d)
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 1)
            self.check_same(d, before)
            self.course_until(d, n + 50, lambda: d.counters()["images"] >= 1)  # and goes on
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 2)

    def test_written_when_nothing_comes_any_more(self):
        """Less than a start may have to do again otherwise."""
        with harness.Daemon(RULES, {"journal": {"image": "150ms"}}) as d:
            self.course_until(d, 0, lambda: d.status()["journal_seq"] >= 6000)
            harness.wait_for(lambda: d.counters()["images"] >= 1, "an image of what came before the quiet")
            before = view(d)
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 1)
            self.check_same(d, before)

    def test_what_a_start_read_counts_too(self):
        """The tail of one crash is not read again after the next."""
        with harness.Daemon(RULES, {"journal": {"image": "forever"}}) as d:
            self.course_until(d, 0, lambda: d.status()["journal_seq"] >= 3000)
            self.assertEqual(d.counters()["images"], 0)
            d.kill()
            d.configure({"journal": {"image": "1ms"}})
            d.start()
            harness.wait_for(lambda: d.counters()["images"] == 1, "an image of what the start took in")
            before = view(d)
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 1)
            self.check_same(d, before)

    def test_what_a_crash_left_of_one_is_taken_away(self):
        with harness.Daemon(RULES) as d:
            self.course(d, 0, 60)
            d.kill()
            with open(d.path("state", "image.new"), "wb") as f:
                f.write(bytes(1 << 20))
            d.start()
            self.assertFalse(os.path.exists(d.path("state", "image.new")))

    def test_one_that_cannot_be_written_costs_nothing_else(self):
        with harness.Daemon(RULES, {"journal": {"image": "1ms"}}) as d:
            os.mkdir(d.path("state", "image.new"))  # in the way
            self.course_until(d, 0, lambda: said(d, "no image could be saved") > 0)
            self.assertEqual(d.counters()["images"], 0)
            os.rmdir(d.path("state", "image.new"))
            before = view(d)
            d.restart()  # the stop tries again, though nothing came since
            self.assertEqual(said(d, USED), 1)
            self.check_same(d, before)

    def test_one_that_cannot_be_opened_or_put_in_place_is_told_of(self):
        with harness.Daemon(RULES, {"journal": {"image": "forever"}}) as d:
            self.course(d, 0, 60)
            d.stop()
            os.rename(image(d), d.path("elsewhere"))
            os.symlink(d.path("elsewhere"), image(d))  # as for root another's file is none
            d.start()
            self.assertEqual((said(d, IGNORED), said(d, USED)), (1, 0), d.log())
            os.mkdir(image(d))
            self.course(d, 60, 61)
            d.stop()
            self.assertEqual(said(d, "cannot be put in place"), 1, d.log())
            self.assertFalse(os.path.exists(d.path("state", "image.new")))
            os.rmdir(image(d))
            d.start()

    def test_goes_with_a_dropped_past(self):
        with harness.Daemon(RULES, {"retain": {"age": "120d"}}) as d:
            self.course(d, 0, 100)
            d.restart()
            self.assertTrue(os.path.exists(image(d)))
            for n in range(100, 300):
                self.course(d, n, n + 1)  # looks at the past that drop nothing leave it
            harness.wait_for(lambda: d.counters()["retentions"] > 0, "a drop")
            self.assertFalse(os.path.exists(image(d)))
            seq, snapshot = d.status()["seq"], d.ok("snapshot")
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 1)
            self.assertEqual((d.status()["seq"], d.ok("snapshot")), (seq, snapshot))
            d.restart()  # now with an image over the base
            self.assertEqual(said(d, USED), 2)
            self.assertEqual((d.status()["seq"], d.ok("snapshot")), (seq, snapshot))

    def publish_until(self, d, n, done):
        """More of the day of report n, so that no time passes."""
        for more in range(20000):
            if done():
                return
            d.publish(dict(report(n - n % 11), id=f"{n}-{more}"))
        raise AssertionError("it is not done:\n" + d.log())

    def test_images_and_dropped_pasts(self):
        """An image begun while the base of a dropped past is on its way is of that base."""
        with harness.Daemon(RULES, {"retain": {"age": "120d"}, "journal": {"image": "1ms"}}) as d:
            dropped = 0
            for n in range(0, 600, 3):
                self.course(d, n, n + 3)
                counters = d.counters()
                if counters["retentions"] == dropped:
                    continue
                dropped = counters["retentions"]
                wanted = counters["images"] + 1
                self.publish_until(d, n, lambda: d.counters()["images"] >= wanted)
                before, used = view(d), said(d, USED)
                d.kill()
                d.start()
                self.assertEqual((said(d, USED), said(d, IGNORED)), (used + 1, 0), d.log())
                self.check_same(d, before)
                dropped = 0
            self.assertGreater(said(d, USED), 2)


if __name__ == "__main__":
    harness.main()
