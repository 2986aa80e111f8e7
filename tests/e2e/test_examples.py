"""The programs of clients/examples do what they say, against a thawd."""

import os
import socket
import subprocess
import sys
import time
import unittest

import harness
from following import EACH_SOURCE, HERE, PAGES_THAT_LEAD_NOWHERE, Answering, Lossy, Watched, make_alerts, page, pause

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "examples")


def example(name):
    return os.path.join(EXAMPLES, name)


def run(d, *words):
    return subprocess.run(words, env=d.client_env(), capture_output=True, text=True, timeout=harness.PATIENCE,
                          check=False)


def free_port(host):
    with socket.socket(socket.AF_INET6) as found:
        found.bind((host, 0))
        return found.getsockname()[1]


class Follow(Watched):
    def __init__(self, d, *words, alerts=None):
        env = d.client_env()
        if alerts:
            env["THAW_ALERTS"] = alerts
        super().__init__(words, env)

    def numbers(self):
        return [int(line.split()[0]) for line in list(self.lines)]


def is_served(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


class Examples:
    """What each language's pair has to do."""

    publish, subscribe = [], []
    ways = 2  # acknowledged, and not

    def test_publish(self):
        with harness.Daemon([harness.ANY_RELEASE], {"clock": "wall"}) as d:
            for n in range(1, 4):
                done = run(d, *self.publish)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout.startswith("OK "), done.stdout)
                harness.wait_for(lambda: d.counters()["accepted"] == self.ways * n, "each way")

    def test_subscribe(self):
        with harness.Daemon([EACH_SOURCE]) as d, Lossy(d, 0.5) as way:
            make_alerts(d, 0, 600)
            with Follow(d, *self.subscribe, alerts=way.address) as s:
                s.wait_for(lambda s: len(s.lines) >= 600, "the snapshot")
                for n in range(20):
                    make_alerts(d, 600 + 5 * n, 5)
                s.wait_for(lambda s: len(s.lines) >= 700, "the changes")
                self.assertEqual(s.numbers()[600:], list(range(601, 701)))
                self.assertEqual(sorted(s.numbers()), list(range(1, 701)))
                d.restart()
                make_alerts(d, 700, 2500)
                s.wait_for(lambda s: len(s.lines) >= 3200, "those after the restart")
                self.assertEqual(s.numbers()[700:], list(range(701, 3201)))


    def test_over_ipv6(self):
        with harness.Daemon([harness.ANY_RELEASE], {"clock": "wall"}, start=False) as d:
            try:
                at = {name: f"tcp://[::1]:{free_port('::1')}" for name in ("events", "service", "alerts")}
            except OSError:
                self.skipTest("no IPv6 on the loopback")
            d.configure({name: {"bind": [d.address(name), address]} for name, address in at.items()})
            d.start()
            d.client_env = lambda: dict(d.env, **{f"THAW_{name.upper()}": address for name, address in at.items()})
            done = run(d, *self.publish)
            self.assertEqual((done.returncode, done.stdout[:3]), (0, "OK "), done.stderr)
            with Follow(d, *self.subscribe) as s:
                s.wait_for(lambda s: len(s.lines) >= 1, "the snapshot")

    def test_a_question_is_lost_with_thawd(self):
        """It is asked again, whatever becomes of the first."""
        with harness.Daemon([EACH_SOURCE], start=False) as d:
            with d.context.socket(harness.zmq.ROUTER) as service:
                service.bind(d.address("service"))
                with Follow(d, *self.subscribe) as s:
                    self.assertEqual(harness.receive(service)[1], b"snapshot")
                    service.close(0)  # by another thread of libzmq
                    harness.wait_for(lambda: not is_served(d.path("service")), "the end of the stand-in")
                    d.start()
                    make_alerts(d, 0, 3)
                    s.wait_for(lambda s: len(s.lines) >= 3, "the snapshot")


class WrittenFromTheProtocol(Examples):
    """Those without libthaw."""

    def asks(self, d, answers, beat=None):
        """How often it asks within two seconds a service that gives these answers, its lines, and how it ends."""
        end = time.monotonic() + 2
        with d.context.socket(harness.zmq.PUB) as alerts, Answering(d, answers) as a, Follow(d, *self.subscribe) as s:
            alerts.bind(d.address("alerts"))
            while time.monotonic() < end and s.process.poll() is None:
                if beat:
                    alerts.send_multipart([b"beat", harness.pack(beat)])
                pause()
            return a.asked, [line.split()[1] for line in s.lines], s.process.poll()

    def test_pages_that_lead_nowhere_are_refused(self):
        with harness.Daemon(start=False) as d:
            for name, ids in PAGES_THAT_LEAD_NOWHERE.items():
                asked, _, ended = self.asks(d, [page(i) for i in ids])
                self.assertEqual((asked < 6, ended), (True, 1), name)
            asked, _, ended = self.asks(d, [{**page("r:a:1"), "alerts": []}])
            self.assertEqual((asked, ended), (1, 1), "no alert, and more")
            told = {**page("r:a:1", more=False), "head": 9, "next": 1}  # the answer to both questions
            asked, _, ended = self.asks(d, [told], {"epoch": "e", "seq": 9})
            self.assertEqual((asked, ended), (2, 1), "a replay that goes no further")

    def test_another_journal_between_the_pages_of_a_snapshot(self):
        pages = [page("r:a:1"), page("r:b:1", "f"), page("r:a:1", "f"), page("r:c:1", "f", False)]
        with harness.Daemon(start=False) as d:
            asked, ids, ended = self.asks(d, pages)
            self.assertEqual((asked, ids, ended), (4, ["r:a:1", "r:a:1", "r:c:1"], None))
            self.assertLess(self.asks(d, pages[:2])[0], 9, "another each time")


class C(Examples, unittest.TestCase):
    publish = [os.path.join(HERE, "example_publish")]
    subscribe = [os.path.join(HERE, "example_subscribe")]
    ways = 1


class Python(WrittenFromTheProtocol, unittest.TestCase):
    publish = [sys.executable, "-B", example("publish.py")]
    subscribe = [sys.executable, "-B", example("subscribe.py")]

    def test_ten_lines(self):
        with open(example("README.md"), encoding="utf-8") as f:
            rule = f.read().split("```yaml\n")[1].split("```")[0]
        with harness.Daemon(rule, {"clock": "wall"}) as d:
            with open(example("ten_lines.py"), encoding="utf-8") as f:
                self.assertLessEqual(len([line for line in f if line.strip() and not line.startswith("#!")]), 10)
            done = run(d, sys.executable, "-B", example("ten_lines.py"))
            self.assertEqual((done.returncode, done.stdout), (0, "b'OK' b'alert.BY.any-release.'\n"), done.stderr)
            self.assertEqual(d.counters()["accepted"], 2)


def node_has_packages():
    try:
        done = subprocess.run(["node", "--input-type=module", "-e", 'import "zeromq"; import "@msgpack/msgpack"'],
                              cwd=EXAMPLES, capture_output=True, check=False, timeout=harness.PATIENCE)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@unittest.skipUnless(node_has_packages(), "node with zeromq and @msgpack/msgpack (npm install in clients/examples)")
class JavaScript(WrittenFromTheProtocol, unittest.TestCase):
    publish = ["node", example("publish.js")]
    subscribe = ["node", example("subscribe.js")]


class Syntax(unittest.TestCase):
    def test_javascript_is_well_formed(self):
        try:
            for name in ("publish.js", "subscribe.js"):
                done = subprocess.run(["node", "--check", example(name)], capture_output=True, text=True, check=False,
                                      timeout=harness.PATIENCE)
                self.assertEqual(done.returncode, 0, done.stderr)
        except FileNotFoundError:
            self.skipTest("node is missing")


if __name__ == "__main__":
    harness.main()
