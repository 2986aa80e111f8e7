"""Many subscribers of which some are stopped and some come and go: the rest miss nothing, and those
that were stopped heal. Floods of producers: memory stays bounded, and who waits loses nothing.

THAW_CROWD sets the number of subscribers (10; 50 in tests/soak): a fifth is stopped with SIGSTOP, a
fifth connects anew all the time."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import unittest

import harness
from following import EACH_SOURCE, PRODUCER, Follower, make_alerts

CROWD = int(os.environ.get("THAW_CROWD", "10"))
ROUNDS = int(os.environ.get("THAW_CROWD_ROUNDS", "30"))
EACH = 100


class Crowd(unittest.TestCase):
    def test_connections_for_which_no_descriptor_is_left(self):
        """They are turned away, and all that are there are served: over ipc, where libzmq ends the process, and tcp."""
        with harness.Daemon([EACH_SOURCE], tcp=True, start=False) as d:
            d.start(before=("prlimit", "--nofile=100:100"))
            host, port = d.tcp_addresses["service"][len("tcp://"):].rsplit(":", 1)
            for family, address in (socket.AF_UNIX, d.path("alerts")), (socket.AF_INET, (host, int(port))):
                before, crowd = d.counters()["turned_away"], []
                for _ in range(150):
                    crowd.append(socket.socket(family))
                    crowd[-1].connect(address)
                harness.wait_for(lambda: d.counters()["turned_away"] > before, "that some are turned away")
                make_alerts(d, int(before), 1)
                if family == socket.AF_UNIX:
                    done = d.thaw("status", "--timeout", "0.5", check=False)
                    self.assertEqual((done.returncode, "LimitNOFILE" in done.stderr), (3, True), done.stderr)
                for one in crowd:
                    one.close()
                with d.subscriber() as s:
                    make_alerts(d, 1000 + int(before), 1)
                    self.assertIsNotNone(s.alert())
            self.assertIn("turned away: no descriptor is left", d.log())

    def test_a_connection_that_cannot_even_be_turned_away(self):
        """Where no descriptor can be had at all it waits, is not counted over and over, and comes in when one can."""
        with harness.Daemon([EACH_SOURCE], start=False) as d:
            d.start(before=("prlimit", "--nofile=100:200"))
            limit = ["prlimit", "--pid", str(d.process.pid)]
            before = d.counters()["turned_away"]
            subprocess.run(limit + ["--nofile=3:200"], check=True)
            with d.client() as late:
                late.send(b"status", b"r1", harness.pack({}))
                self.assertIsNone(late.receive(1))
                self.assertEqual(d.counters()["turned_away"], before)
                subprocess.run(limit + ["--nofile=100:200"], check=True)
                self.assertEqual(late.receive()[0], b"OK")

    def test_stopped_and_restless_subscribers_cost_the_others_nothing(self):
        with harness.Daemon([EACH_SOURCE], {"alerts": {"hwm": 200}}) as d:
            crowd = [Follower(d) for _ in range(CROWD - CROWD // 5)]
            stopped, steady = crowd[:CROWD // 5], crowd[CROWD // 5:]
            try:
                for f in crowd:
                    f.wait_for(lambda f: f.synced() is not None, "its snapshot")
                for f in stopped:
                    f.process.send_signal(signal.SIGSTOP)
                for n in range(ROUNDS):
                    make_alerts(d, n * EACH, EACH)
                    for _ in range(CROWD // 5):
                        harness.zmq_subscriber(d, "alert.", "beat").close()
                for f in steady:
                    f.wait_for(lambda f: len(f.changes()) >= ROUNDS * EACH, "all of them")
                harness.wait_for(lambda: d.status()["subscribers_stalled"] >= 1, "that the stalled are seen")
                self.assertIn("does not read", d.log())
                for f in stopped:
                    f.process.send_signal(signal.SIGCONT)
                for f in crowd:
                    f.wait_for(lambda f: len(f.changes()) >= ROUNDS * EACH, "all of them")
                    self.assertEqual(f.changes(), list(range(1, ROUNDS * EACH + 1)))
                    self.assertEqual(f.resets(), 1)
                harness.wait_for(lambda: d.status()["subscribers_stalled"] == 0, "that they read again")
            finally:
                for f in crowd:
                    f.stop()


class Unread(unittest.TestCase):
    def asked(self, d, verb, body, times):
        """A client that asks and does not read; thawd has taken all of it in."""
        sock = d.context.socket(harness.zmq.DEALER)
        for option, value in (("SNDHWM", 0), ("RCVHWM", 1), ("LINGER", 0)):
            sock.setsockopt(getattr(harness.zmq, option), value)
        sock.connect(d.address("service"))
        before = d.counters()["requests"]
        for n in range(times):
            sock.send_multipart([verb, b"%d" % n, body])
        harness.wait_for(lambda: d.counters()["requests"] >= before + times, "its requests")
        return sock

    def test_answers_that_are_not_read(self):
        """They are bounded by bytes; the others do not wait; who reads in the end has every answer."""
        with harness.Daemon(config={"memory": {"outbox": "1MiB"}}) as d:
            for n in range(0, 1000, 100):
                d.publish([harness.event(n + i, note="n" * 300) for i in range(100)])
            before = d.status()["resident_bytes"]
            asked = [self.asked(d, b"events", harness.pack({"limit": 1000}), 500) for _ in range(2)]
            status = d.status()
            self.assertLess(status["resident_bytes"] - before, 64 << 20)
            self.assertLess(status["unread_bytes"], 8 << 20)
            self.assertGreater(status["counters"]["requests_held"], 800)
            self.assertEqual((status["counters"]["pressure"], status["counters"]["requests_dropped"]), (0, 0))
            asked.pop().close()
            answers = [harness.receive(asked[0])[:2] for _ in range(500)]
            self.assertEqual(sorted(int(number) for _, number in answers), list(range(500)))
            self.assertEqual({status for status, _ in answers}, {b"OK"})
            asked.pop().close()
            harness.wait_for(lambda: d.status()["unread_bytes"] == 0, "that libzmq has let go of all")

    def test_refusals_that_are_not_read(self):
        """A small message of many bad events has a large answer."""
        with harness.Daemon(config={"memory": {"outbox": "4MiB"}}) as d:
            before = d.status()["resident_bytes"]
            sock = self.asked(d, b"publish", harness.pack([None] * 10000), 300)
            self.assertLess(d.status()["resident_bytes"] - before, 400 << 20)
            for _ in range(300):
                self.assertEqual(len(harness.unpack(harness.receive(sock)[2])["rejected"]), 10000)
            sock.close()

    def test_requests_that_find_no_room(self):
        with harness.Daemon(config={"memory": {"outbox": "1MiB"}}) as d:
            for n in range(0, 1000, 100):
                d.publish([harness.event(n + i, note="n" * 300) for i in range(100)])
            self.asked(d, b"events", harness.pack({"limit": 1000}), 8000).close()
            self.assertGreater(d.counters()["requests_dropped"], 0)
            self.assertEqual(d.publish(harness.event(5000))["accepted"], 1)


SMALL = float(os.environ.get("THAW_TEST_SCALE", "1")) < 1  # of an instrumented build


class Turns(unittest.TestCase):
    """One flood leaves the others their turn."""

    def test_no_pass_answers_many_large_questions(self):
        """Each looks through the whole journal. Reports, beats and signals wait for the end of a pass."""
        with harness.Daemon(config={"journal": {"map": "64MiB"}}) as d, d.client() as c:
            for first in range(0, 60000, 10000):
                d.publish(*[harness.event(n, source=f"source-{n % 100}", country="LT") for n in range(first, first + 10000)])
            count = 60 if SMALL else 300
            before = d.counters()["passes"]
            c.ask_many("events", [harness.pack({"from": 0, "limit": 10000, "country": "XX"})] * count)
            self.assertGreater(d.counters()["passes"] - before, count // 20)  # a pass has room for 64

    def slow(self, d):
        """A question that looks through the whole journal."""
        for first in range(0, 60000, 10000):
            d.publish(*[harness.event(n, source=f"source-{n % 100}", country="LT") for n in range(first, first + 10000)])
        return harness.pack({"from": 0, "limit": 10000, "country": "XX"})

    def test_large_questions_hold_up_neither_reports_nor_small_ones(self):
        """All is there before thawd looks at any of it, in one order."""
        with harness.Daemon(config={"journal": {"map": "64MiB"}}) as d, d.client() as c:
            large = self.slow(d)
            d.process.send_signal(signal.SIGSTOP)
            count = 60 if SMALL else 200
            for n in range(count):
                c.send(b"events", b"%d" % n, large)
            c.send(b"publish", b"report", harness.pack(harness.event(99999)))
            c.send(b"status", b"status", harness.pack({}))
            time.sleep(0.5)  # in which libzmq writes it to the connection
            d.process.send_signal(signal.SIGCONT)
            order = [c.receive(60)[1] for _ in range(count + 2)]
            self.assertEqual(len(set(order)), count + 2)
            self.assertLess(max(order.index(b"report"), order.index(b"status")), count * 3 // 4)
            self.assertEqual([n for n in order if n.isdigit()], [b"%d" % n for n in range(count)])

    def test_questions_of_clients_that_have_gone(self):
        """Nobody looks for an answer that nobody can get; one with a name of its own may be back for it."""
        with harness.Daemon(config={"journal": {"map": "64MiB"}}) as d:
            large = self.slow(d)
            own = harness.zmq.Context()
            gone = [harness.Client(own, d.address("service")) for _ in range(50)]
            back = d.context.socket(harness.zmq.DEALER)
            back.setsockopt(harness.zmq.ROUTING_ID, b"back")
            back.connect(d.address("service"))
            back.send_multipart([b"status", b"", harness.pack({})])
            harness.receive(back)
            for c in gone:
                c.ask("status")
            d.process.send_signal(signal.SIGSTOP)
            for c in gone:
                for n in range(10):
                    c.send(b"events", b"%d" % n, large)
                c.sock.setsockopt(harness.zmq.LINGER, -1)
                c.close()
            back.send_multipart([b"events", b"back", large])
            own.term()  # all has been written, and the connections have ended
            d.process.send_signal(signal.SIGCONT)
            self.assertEqual(harness.receive(back)[1], b"back")
            harness.wait_for(lambda: d.counters()["requests_stale"] == 500, "that all of them are seen")
            harness.wait_for(lambda: "could not be delivered: the client had gone" in d.log(), "a word on them")
            back.close()

    def test_a_reload_whose_client_has_gone(self):
        """It is done, as reports are taken in whose sender has gone."""
        with harness.Daemon() as d:
            c = d.client()
            c.ask("status")
            before = d.counters()["reloads"]
            d.process.send_signal(signal.SIGSTOP)
            c.send(b"reload", b"1", harness.pack({}))
            time.sleep(0.5)  # written to the connection, which then ends
            c.close()
            time.sleep(0.5)
            d.process.send_signal(signal.SIGCONT)
            harness.wait_for(lambda: d.counters()["reloads"] > before, "the reload", 10)

    def test_events_do_not_wait_for_a_flood_of_acknowledged_ones(self):
        def producer(d, body, ending):
            with d.client() as c:
                waiting = 0
                while not ending.is_set():
                    while waiting < 40:
                        c.send(b"publish", b"1", body)
                        waiting += 1
                    waiting -= c.receive(1) is not None

        with harness.Daemon() as d, d.feed() as f, flooded(d, producer, 3):
            f.publish(harness.event(0, source="feed"))
            harness.wait_for(lambda: d.counters()["messages"] > 0, "the report")


@contextlib.contextmanager
def flooded(d, source, count):
    """So many of a source, each in a thread, send the same thousand reports until the end: more than thawd can take in."""
    body, ending = harness.pack([harness.event(n, source="flood", note="n" * 300) for n in range(1000)]), threading.Event()
    crowd = [threading.Thread(target=source, args=(d, body, ending)) for _ in range(count)]
    for one in crowd:
        one.start()
    try:
        harness.wait_for(lambda: d.counters()["duplicates"] > 100000, "the flood")
        yield
    finally:
        ending.set()
        for one in crowd:
            one.join()


class NeverIdle(unittest.TestCase):
    """Where there is something to read at every look, beats, signals and the watchdog have their turn."""

    def test_beats_and_signals(self):
        def feed(d, body, ending):
            with d.feed() as f:
                while not ending.is_set():
                    f.send(b"release.BY", body)
                f.sock.setsockopt(harness.zmq.LINGER, 0)

        with harness.Daemon(config={"journal": {"image": "1ms"}}) as d, d.subscriber() as s, flooded(d, feed, 2):
            images = d.counters()["images"]
            harness.wait_for(lambda: d.counters()["images"] > images + 1, "images, which a child writes")
            for _ in range(20):
                s.beat()
            before = d.counters()["beats"]
            harness.wait_for(lambda: d.counters()["beats"] > before + 10, "beats")
            d.send_signal(signal.SIGHUP)
            harness.wait_for(lambda: d.counters()["reloads"] > 0, "the reload")
            d.stop()


class Flood(unittest.TestCase):
    def test_producers_wait_and_memory_stays_bounded(self):
        """A small queue before the disk; acknowledged producers beside a flood without acknowledgement."""
        config = {"journal": {"queue": "1MiB"}, "memory": {"outbox": "1MiB"}}
        with harness.Daemon(config=config) as d:
            producers = [subprocess.Popen([PRODUCER, d.address("service"), f"acked-{n}", "20000", "100", "64"],
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for n in range(3)]
            before, highest = d.status()["resident_bytes"], 0
            with d.feed() as f:
                body = harness.pack([harness.event(n, source="flood", note="n" * 900) for n in range(100)])
                while any(p.poll() is None for p in producers):
                    for _ in range(50):
                        f.send(b"release.BY", body)
                    highest = max(highest, d.status()["resident_bytes"])
                    time.sleep(0.01)
                f.sock.setsockopt(harness.zmq.LINGER, 0)
            for p in producers:
                out, err = p.communicate()
                self.assertEqual((p.returncode, err), (0, ""))
                words = out.split()
                self.assertEqual(int(words[1]) + int(words[3]), 20000, out)
            # what may wait: 1000 messages of 100 KB at events, and what the engine holds of 60000 reports
            self.assertLess(highest - before, 600 << 20)
            self.assertEqual(d.status()["journal_seq"], 60000 + 100)


if __name__ == "__main__":
    harness.main()
