"""libthaw's publisher, and what its subscriber says where it is denied; the rest of it: test_subscribers.py."""

import subprocess
import unittest

import harness
from following import PRODUCER, Follower
from harness import event, pack, zmq


class LibthawIsDenied(unittest.TestCase):
    def test_the_sentence_is_told(self):
        with harness.Daemon(start=False) as d, Follower(d) as f:
            service = d.context.socket(zmq.ROUTER)
            service.bind(d.address("service"))
            route, _, request, _ = harness.receive(service)
            service.send_multipart([route, b"ERR", request, pack({"code": "denied", "message": "for publishing only"})])
            f.process.wait(harness.PATIENCE)
            self.assertEqual((f.process.returncode, f.process.stderr.read()),
                             (1, "follower: Permission denied: for publishing only\n"))
            service.close(0)


class LibthawPublishes(unittest.TestCase):
    def produce(self, d, *words):
        return subprocess.Popen([PRODUCER, d.address("service"), *map(str, words)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def test_what_is_not_acknowledged_is_sent_again(self):
        """Over crashes and restarts of thawd; each event counts once."""
        with harness.Daemon() as d:
            p = self.produce(d, "again", 3000, 10, 8)
            for n in range(1, 5):
                harness.wait_for(lambda: p.poll() is not None or d.status()["journal_seq"] >= 300 * n, "progress")
                d.kill() if n % 2 else d.stop()
                d.start()
            out, err = p.communicate(timeout=harness.PATIENCE)
            self.assertEqual(p.returncode, 0, err)
            words = out.split()
            self.assertEqual(int(words[1]) + int(words[3]), 3000, out)
            self.assertEqual((words[5], words[7]), ("0", "0"))
            self.assertEqual(d.status()["journal_seq"], 3000)

    def test_before_thawd_is_there(self):
        with harness.Daemon(start=False) as d:
            p = self.produce(d, "early", 100, 1, 16)
            d.start()
            out, err = p.communicate(timeout=harness.PATIENCE)
            self.assertEqual((p.returncode, out), (0, "accepted 100 duplicates 0 rejected 0 refused 0\n"), err)

    def test_nobody_there_is_told(self):
        with harness.Daemon(start=False) as d:
            p = self.produce(d, "never", 3, 1, 16, 300)
            out, err = p.communicate(timeout=harness.PATIENCE)
            self.assertEqual(p.returncode, 1)
            self.assertIn("timed out; 3 without an answer", err)

    def test_a_code_of_tomorrow_is_a_refusal(self):
        """Only what says that it cannot be answered now is sent again."""
        with harness.Daemon(start=False) as d, d.context.socket(zmq.ROUTER) as service:
            service.bind(d.address("service"))
            p = self.produce(d, "refused", 1, 1, 1)
            for code in ("unavailable", "of-tomorrow"):
                route, _, request, _ = harness.receive(service)
                service.send_multipart([route, b"ERR", request, pack({"code": code, "message": "no"})])
            out, err = p.communicate(timeout=harness.PATIENCE)
            self.assertEqual((p.returncode, out), (0, "accepted 0 duplicates 0 rejected 0 refused 1\n"), err)

    def test_each_event_that_was_refused_is_named(self):
        with harness.Daemon() as d:
            d.publish(event(3, source="twice"), event(5, source="twice"))
            p = self.produce(d, "twice", 6, 4, 2)
            out, err = p.communicate(timeout=harness.PATIENCE)
            self.assertEqual(p.returncode, 0, err)
            *rejected, last = out.splitlines()
            self.assertEqual([line.split()[:5] for line in rejected],
                             [["rejected", "0", "3", "e3", "conflict"], ["rejected", "4", "1", "e5", "conflict"]])
            for line in rejected:
                self.assertGreater(len(line.split()), 8, "a sentence")
            self.assertEqual(last, "accepted 4 duplicates 0 rejected 2 refused 0")


if __name__ == "__main__":
    harness.main()
