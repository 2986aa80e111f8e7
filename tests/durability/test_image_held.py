"""A child that writes an image and does not get on is ended, and another one is written."""

import os
import signal
import time
import unittest

import harness
from test_image import RULES, USED, image, report, said, view

HELD = 30  # seconds without a byte, as in daemon/kept/image.c
RETRY = 60


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(child) for child in f.read().split()]


def state(pid):
    """One letter of proc(5); None: there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return None


class ImageHeld(unittest.TestCase):
    def hold_child(self, d):
        """Stops a child of thawd in the midst of its image; its pid."""
        end = time.monotonic() + harness.PATIENCE
        n, seen = 1000, False
        while time.monotonic() < end:
            d.publish(*(dict(report(i % 900), id=f"r{i}") for i in range(n, n + 50)))
            n += 50
            for _ in range(200):
                for pid in children(d.process.pid):
                    seen = True
                    try:
                        os.kill(pid, signal.SIGSTOP)
                    except ProcessLookupError:
                        continue
                    time.sleep(0.05)
                    if state(pid) == "T":
                        return pid
            if not seen and d.counters()["images"] >= 20:
                self.skipTest("no child writes images here")  # so under the sanitizers
        raise AssertionError("no child was stopped in time")

    def test_held(self):
        with harness.Daemon(RULES, {"journal": {"image": "1ms"}}) as d:
            d.publish(*(dict(report(n % 900), id=f"first-{n}") for n in range(3000)))
            pid = self.hold_child(d)
            held = time.monotonic()
            images = d.counters()["images"]
            while time.monotonic() < held + HELD - 5:
                d.publish(dict(report(1), id=f"while-{time.monotonic()}"))  # it costs nothing else
                time.sleep(0.5)
            self.assertEqual(state(pid), "T")
            self.assertEqual(d.counters()["images"], images)
            harness.wait_for(lambda: state(pid) is None, "the end of the child")
            harness.wait_for(lambda: d.counters()["image_failures"] == 1, "its failure")
            self.assertEqual(said(d, f"has written nothing for {HELD} s and is ended"), 1, d.log())
            self.assertEqual(said(d, "no image could be saved"), 0, d.log())
            self.assertFalse(os.path.exists(d.path("state", "image.new")))
            harness.wait_for(lambda: d.counters()["images"] > images, "another image", RETRY + harness.PATIENCE)
            self.assertEqual(d.counters()["image_failures"], 1)
            before = view(d)
            d.kill()
            d.start()
            self.assertEqual(said(d, USED), 1)
            self.assertEqual(view(d), before)

    def test_held_at_the_end(self):
        """A stop does not wait for it."""
        with harness.Daemon(RULES, {"journal": {"image": "1ms"}}) as d:
            d.publish(*(dict(report(n % 900), id=f"first-{n}") for n in range(3000)))
            pid = self.hold_child(d)
            before, began = view(d), time.monotonic()
            d.stop()
            self.assertLess(time.monotonic() - began, HELD / 2)
            self.assertIsNone(state(pid))
            self.assertTrue(os.path.exists(image(d)))
            d.start()
            self.assertEqual(said(d, USED), 1)
            self.assertEqual(view(d), before)


if __name__ == "__main__":
    harness.main()
