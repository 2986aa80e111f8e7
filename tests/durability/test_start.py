"""A start that is told to end while it reads the journal: it does not go on to the end of it first, and nothing is lost."""

import os
import signal
import sys
import unittest

import harness

# becomes the program behind it, to which that signal has been sent before its first step
SIGNALLED = """import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [int(sys.argv[1])])
os.kill(os.getpid(), int(sys.argv[1]))
os.execv(sys.argv[2], sys.argv[2:])"""


def report(n):
    return harness.event(n, source=f"s{n % 3}", occurred_at=f"2025-{1 + n // 28:02}-{1 + n % 28:02}",
                         reported_at=f"2025-{1 + n // 28:02}-{1 + n % 28:02}T12:00:00Z")


def view(d):
    return d.ask("replay"), d.ok("snapshot"), d.ok("incidents"), d.ok("state", {"country": "BY"}), d.ok("events")


class Start(unittest.TestCase):
    def told_to_end(self, d, number):
        with self.assertRaisesRegex(AssertionError, "thawd ended with 0:"):
            d.start(before=(sys.executable, "-c", SIGNALLED, str(int(number))))
        self.assertIn(f"before it has read the journal: signal {number.name}", d.log())
        d._forget()

    def check(self, config, reports, image):
        with harness.Daemon([harness.ANY_RELEASE], config) as d:
            d.publish(*(report(n) for n in range(reports)))
            if "retain" in config:
                harness.wait_for(lambda: d.counters()["dropped"] > 0, "the past to be dropped")
            before, starts = view(d), d.log().count("is ready")
            d.kill() if not image else d.stop()
            if image:  # and reports behind it
                d.start()
                d.publish(report(reports))
                before, starts = view(d), starts + 1
                d.kill()
            for number in (signal.SIGTERM, signal.SIGINT):
                self.told_to_end(d, number)
            self.assertEqual(d.log().count("is ready"), starts)
            self.assertNotIn("cannot be applied", d.log())
            self.assertEqual(os.path.exists(d.path("state", "image")), image)
            d.start()
            self.assertEqual(view(d), before)

    def test_from_the_whole_journal(self):
        self.check({"journal": {"image": "forever"}}, 20, False)

    def test_from_an_image(self):
        self.check({"journal": {"image": "forever"}}, 20, True)

    def test_from_a_dropped_past(self):
        self.check({"journal": {"image": "forever"}, "retain": {"age": "20d"}}, 60, False)


if __name__ == "__main__":
    harness.main()
