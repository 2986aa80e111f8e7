"""Each write, sync, rename, creation, mapping, fork, thread and many an allocation of a running thawd is made to
fail in turn, once or from then on (faults.c is preloaded into it): whatever it does then, what it acknowledged
is there once after the next start, nothing else than what was sent is, and an image gives what the journal gives.

    THAW_FAULT_ALLOCS=n    so many allocations are tried, spread over all of them (40)
"""

import collections
import itertools
import mmap
import os
import struct
import time
import unittest

import harness

FAULTS = os.environ.get("THAW_FAULTS", "")
ALLOCS = int(os.environ.get("THAW_FAULT_ALLOCS", "40"))
EIO, ENOMEM, ENOSPC = 5, 12, 28
BATCHES = 12
NOT_TRIED_AGAIN = (2, 65, 77, 78)  # exit statuses after which systemd leaves it ended: want of memory may pass
RULES = [
    {"rule": "many", "by": ["country"], "select": {"freed": {"kind": "release"}}, "when": "freed.count > 0",
     "severity": "info", "title": "{country}: {freed.sum} in {freed.count}"},
    {"rule": "lately", "by": ["country"], "select": {"freed": {"kind": "release", "within": "3d"}},
     "when": "freed.sum > 20", "severity": "info", "title": "{freed.sum}", "labels": {"of": "{freed.count}"}},
]
# the second rule is changed, and a third comes
RULES_AFTER = [RULES[0], dict(RULES[1], when="freed.sum > 40"), dict(RULES[0], rule="more", severity="warning")]
QUESTIONS = [("replay", {"from": 0}), ("snapshot", {}), ("state", {}), ("state", {"country": "BY"}), ("incidents", {}),
             ("explain", {"alert": "many:BY:1"}), ("explain", {"rule": "lately", "group": {"country": "IR"}}), ("rules", {}),
             ("status", {}), ("events", {"from": 0}), ("rejects", {}), ("reload", {"dry": True})]


def batch(n):
    return [harness.event(f"{n}-{i}", source=f"s{i}", occurred_at=f"2025-06-{1 + 2 * n:02}", country=("BY", "IR")[i % 2],
                          reported_at=f"2025-06-{1 + 2 * n:02}T12:00:00Z", count=n + 1, note="x" * 2000) for i in range(4 - (n % 5 == 4))] + \
        [{"id": f"{n}-back", "kind": "retraction", "source": "s1", "country": "IR", "retracts": f"{n - 1}-1",
          "reported_at": f"2025-06-{1 + 2 * n:02}T12:00:00Z"}] * (n % 5 == 4)


def view(d):
    return (d.ask("state", {"country": "BY"}), d.ask("state", {"country": "IR"}), d.ok("incidents"), d.ok("snapshot"),
            d.ok("replay", {"from": 0}), [e["event"]["id"] for e in d.ok("events")["events"]])


class Faults(unittest.TestCase):
    def course(self, d):
        """Starts thawd, publishes, exchanges rules, starts it again, as far as it goes; how many batches were acknowledged."""
        acknowledged = 0
        try:
            d.start()
            for n in range(BATCHES):
                with d.client() as c:
                    for _ in range(20):
                        try:
                            status, reply = c.ask("publish", batch(n), patience=0.5)
                            break
                        except AssertionError:
                            if not d.running():
                                return acknowledged
                    else:
                        return acknowledged
                if status == "OK":
                    self.assertEqual((reply["accepted"] + reply["duplicates"], reply["rejected"]), (4, []))
                    self.assertEqual(acknowledged, n)
                    acknowledged = n + 1
                if n == 2:
                    self.ask(d, *QUESTIONS)
                if n == BATCHES // 3:
                    self.reload(d)
                if n == BATCHES * 2 // 3:
                    self.end(d)
                    d.start()
            self.end(d)
        except AssertionError as failure:
            if "thawd ended with" not in str(failure):
                raise
            self.assertNotIn("ended with 0:", str(failure))
        return acknowledged

    def end(self, d):
        d.process.send_signal(15)
        d.process.wait(harness.PATIENCE)

    def ask(self, d, *questions):
        """What is answered is whole (it can be unpacked), or it is not answered."""
        with d.client() as c:
            for verb, body in questions:
                try:
                    c.ask(verb, body, patience=2)
                except AssertionError:
                    return

    def reload(self, d):
        d.write_rules(RULES_AFTER)
        self.ask(d, ("reload", {}))

    def preload(self, d, fault):
        with open(d.path("count"), "wb") as f:
            f.write(bytes(8))
        preloaded = d.path("faults.so")  # a blank in its path would end it there
        if not os.path.lexists(preloaded):
            os.symlink(os.path.abspath(FAULTS), preloaded)
        d.env = dict(d.env, LD_PRELOAD=preloaded, THAW_FAULT=fault, THAW_FAULT_COUNT=d.path("count"))

    def count(self, d):
        with open(d.path("count"), "rb") as f:
            return struct.unpack("@Q", f.read())[0]

    def run_with(self, fault):
        """One course under it and what is found afterwards; how many calls of that kind there were."""
        with harness.Daemon(RULES, {"journal": {"map": "1MiB", "image": "1ms"}}, start=False) as d:
            self.preload(d, fault)
            acknowledged = self.course(d)
            if d.running():
                d.kill()
            d._forget()
            count = self.count(d)
            for name in ("LD_PRELOAD", "THAW_FAULT", "THAW_FAULT_COUNT"):
                d.env.pop(name)
            d.start()
            with_image = view(d)
            ids = with_image[-1]
            self.assertEqual(ids, [e["id"] for n in range(len(ids) // 4) for e in batch(n)])
            self.assertGreaterEqual(len(ids), 4 * acknowledged)
            alerts = [a["seq"] for a in with_image[-2]["alerts"]]
            self.assertEqual(alerts, list(range(1, len(alerts) + 1)))
            d.kill()
            if os.path.exists(d.path("state", "image")):
                os.unlink(d.path("state", "image"))
                d.start()
                self.assertEqual(view(d), with_image)
                d.kill()
        return count, acknowledged

    def each(self, kind, error, onwards="", step=1):
        """Until it is never reached."""
        at, reached = 1, 0
        while at < 1000:
            with self.subTest(fault=f"{kind}:{at}:{error}{onwards}"):
                count, _ = self.run_with(f"{kind}:{at}:{error}{onwards}")
                if count < at:
                    break
                reached += 1
            at += step
        return reached

    def test_nothing_fails(self):
        for kind in ("write", "sync", "rename", "create", "map", "fork", "thread", "alloc"):
            count, acknowledged = self.run_with(f"{kind}:0:{EIO}")
            self.assertEqual(acknowledged, BATCHES)
            self.assertGreater(count, 0, kind)

    def test_each_sync(self):
        self.assertGreater(self.each("sync", EIO), 10)

    def test_each_rename(self):
        self.assertGreater(self.each("rename", EIO), 1)

    def test_each_creation(self):
        self.assertGreater(self.each("create", ENOSPC), 3)

    def test_each_write(self):
        self.assertGreater(self.each("write", EIO, step=4), 5)

    def test_each_write_and_all_after_it(self):
        self.assertGreater(self.each("write", ENOSPC, "+", step=4), 5)

    def test_each_write_cut_short(self):
        self.assertGreater(self.each("write", 0, step=4), 5)

    def test_each_mapping(self):
        self.assertGreater(self.each("map", ENOMEM), 5)

    def test_a_map_that_cannot_grow(self):
        """LMDB gives the old one up first: nothing of it may be touched after that."""
        def course(at):
            """Until that mapping fails: what was said; 0: how many a start makes."""
            with harness.Daemon((), {"journal": {"map": "1MiB", "image": "forever"}}, start=False) as d:
                self.preload(d, f"map:{at}:{ENOMEM}")
                d.start()
                if not at:
                    return self.count(d)
                acknowledged = 0
                with d.client() as c:
                    while d.running():
                        c.send(b"publish", b"%d" % acknowledged, harness.pack(harness.event(acknowledged, note="x" * 3000)))
                        harness.wait_for(lambda: c.sock.poll(1) or not d.running(), "an answer, or the end")
                        acknowledged += c.receive(0) is not None
                self.assertEqual(d.process.wait(harness.PATIENCE), 1)
                d._forget()
                log = d.log()
                d.env.pop("THAW_FAULT")
                d.start()
                self.assertEqual(len(d.ok("events")["events"]), acknowledged)
                return log

        before = course(0)
        for at in range(before + 1, before + 10):  # the engine maps pages, too
            log = course(at)
            if "enlarge the map failed" in log:
                break
        self.assertRegex(log, "enlarge the map failed: Cannot allocate memory.*give it more memory")

    def test_each_child_and_thread(self):
        self.assertGreater(self.each("fork", ENOMEM), 0)
        self.assertGreater(self.each("thread", ENOMEM), 0)

    def test_allocations(self):
        count, _ = self.run_with(f"alloc:0:{ENOMEM}")
        for n in range(ALLOCS):
            at = 1 + count * n // ALLOCS
            with self.subTest(fault=f"alloc:{at}"):
                self.run_with(f"alloc:{at}:{ENOMEM}")

    def test_questions_that_lack_memory(self):
        """Whatever allocation of its answer fails: it is answered, or refused as `unavailable` and answered when it is asked
        again, and thawd goes on. (An allocation of libzmq's that fails ends it: nothing can be done about that.)"""
        questions = QUESTIONS + [("state", {"country": "BY", "at": "2025-06-10"}), ("explain", {"incident": None}),
                                 ("events", {"from": 0, "limit": 2}), ("state", {"country": 5}), ("no-such-verb", {})]
        volatile = ("status", "rules")  # what counts, and what takes time, is another the next time
        outcomes = collections.Counter()
        with harness.Daemon(RULES, {"journal": {"image": "forever"}}, start=False) as d:
            self.preload(d, f"loop:0:{ENOMEM}")
            with open(d.path("count"), "r+b") as f:
                f.truncate(4096)
                plan = mmap.mmap(f.fileno(), 4096)
            d.start()
            for n in range(BATCHES):
                d.publish(batch(n))
            for verb, body in questions:
                if verb == "explain" and "incident" in body:
                    body = {"incident": d.ok("incidents")["incidents"][0]["id"]}
                with self.subTest(verb=verb, body=body), d.client() as c:
                    expected = c.ask(verb, body)
                    if verb not in ("state", "no-such-verb"):
                        self.assertEqual(expected[0], "OK")
                    before = struct.unpack_from("@Q", plan, 0)[0]
                    c.ask(verb, body)
                    made = struct.unpack_from("@Q", plan, 0)[0] - before
                    at = 0
                    while at < made:
                        at += 1 + at // 32
                        struct.pack_into("@QQ", plan, 0, 0, at)
                        try:
                            got = c.ask(verb, body, patience=3)
                        except AssertionError:
                            got = None
                        struct.pack_into("@QQ", plan, 0, 0, 0)
                        if not d.running():
                            log = d.log()[-2000:]
                            self.assertIn("OUT OF MEMORY", log, f"allocation {at} ended it")  # of libzmq, which aborts
                            outcomes["libzmq"] += 1
                            d._forget()
                            d.start()
                            continue
                        outcomes["lost" if got is None else "refused" if got[1].get("code") == "unavailable" else "answered"] += 1
                        if got is not None and got[1].get("code") != "unavailable" and verb not in volatile:
                            self.assertEqual(got, expected, f"allocation {at}")
                        again = c.ask(verb, body)
                        self.assertEqual(again if verb not in volatile else again[0], expected if verb not in volatile else "OK")
            self.assertEqual(d.publish(batch(BATCHES))["rejected"], [])
            last = view(d)
            d.kill()
            for name in ("LD_PRELOAD", "THAW_FAULT", "THAW_FAULT_COUNT"):
                d.env.pop(name)
            d.start()
            self.assertEqual(view(d), last)
        self.assertGreater(outcomes["refused"], 50, outcomes)
        self.assertLess(outcomes["lost"], 20, outcomes)

    def test_a_journal_that_fails_is_told_of(self):
        """Once, and not by exit status 0, wherever the loop is just then: also when it is told to end."""
        def course(at, ends, wait):
            """Syncs of the journal before reports came, and after; the exit status and what was said."""
            with harness.Daemon(RULES, {"journal": {"image": "forever"}}, start=False) as d:
                self.preload(d, f"sync:{at}:{EIO}+")
                try:
                    d.start()
                except AssertionError:  # it synced in other steps, and had failed before its READY was read
                    if d.running() or not at:
                        raise
                    log, d.process = d.log(), None
                    return None, 0, None, log
                before = self.count(d)
                with d.client() as c:
                    def send(n):
                        c.send(b"publish", b"%d" % n, harness.pack([dict(e, id=f"{n}-{e['id']}") for e in batch(0)]))
                        return d.process.poll() is not None

                    for n in range(1 if ends else 200):
                        send(n)
                    time.sleep(wait)
                    if ends:
                        d.process.send_signal(15)
                    elif at:  # after a start with fewer syncs one more commit may be needed
                        more = itertools.count(200)
                        harness.wait_for(lambda: send(next(more)), "the end of thawd")
                    status = None if not at else d.process.wait(harness.PATIENCE)
                after, log = self.count(d), d.log()
                if d.running():
                    d.kill()
                d.process = None
                return before, after, status, log

        # on a loaded machine a start may sync in other steps: what most of them take counts
        before = collections.Counter(course(0, False, 0.1)[0] for _ in range(5)).most_common(1)[0][0]
        for ends in (True, False):
            hits = 0
            for n in range(24):
                began, after, status, log = course(before + 1, ends, n % 8 * 0.001 if ends else 0)
                if began != before or after <= before:  # a start that synced in other steps, or none of the journal's failed
                    continue
                with self.subTest(ends=ends, n=n):
                    self.assertEqual(log.count("cannot be written"), 1, log[-1000:])
                    self.assertEqual(status, 1)
                hits += 1
            self.assertGreater(hits, 0)

    def test_memory_is_out_amid_many_alerts(self):
        """The first that cannot be kept is why thawd ends: systemd tries again, as it does not for a wrong configuration."""
        many = [harness.event(n, source=f"s{n}", incident=f"i{n}", occurred_at=f"{1930 + n // 2}-0{1 + n % 2}-01") for n in range(100)]

        def course(at):
            """Calls before the reports came and after them; what thawd ended with, None if not, and what it said."""
            with harness.Daemon([dict(RULES[0], by=["id"], title="{freed.sum}")], start=False) as d:
                self.preload(d, f"alloc:{at}:{ENOMEM}")
                d.start()
                before = self.count(d)
                with d.client() as c:
                    try:
                        self.assertEqual(c.ask("publish", many, patience=0.5 if at else harness.PATIENCE)[1]["accepted"], len(many))
                        self.assertEqual(d.status()["seq"], len(many))
                    except AssertionError:
                        self.assertGreater(at, 0)
                after, log, status = self.count(d), d.log(), None if d.running() else d.process.returncode
                d.kill()
                d.process = None
                return before, after, status, log

        before, after, _, _ = course(0)
        first, hits = before + (after - before) * 8 // 10, 0
        for at in range(first, after):
            _, _, status, log = course(at)
            with self.subTest(at=at):
                self.assertNotIn(status, NOT_TRIED_AGAIN, log[-2000:])
                self.assertLessEqual(log.count("cannot keep alert"), 1)
            hits += "cannot keep alert" in log
            if hits == 2:
                return
        self.fail("no allocation of an alert was met")


if __name__ == "__main__":
    if not os.path.exists(FAULTS):
        print("skipped: the faults cannot be preloaded into this build")
        raise SystemExit(77)
    harness.main()
