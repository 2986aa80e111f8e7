"""Thousands of wrong messages on every endpoint: thawd goes on, and a good one still counts.

What is sent comes from a fixed seed (THAW_SEED sets another): mutations of valid messages, bytes
of any kind, subscriptions that are none, and bytes over tcp that are not ZMTP at all.
"""

import os
import random
import socket
import unittest

import harness
import vectors
from harness import event, pack

SEED = int(os.environ.get("THAW_SEED", "1"))
ROUNDS = int(os.environ.get("THAW_ROUNDS", "4000"))
VERBS = ["publish", "snapshot", "replay", "events", "state", "incidents", "explain", "rules", "rejects", "status",
         "reload", "", "?"]
QUESTIONS = [{}, {"topic": "alert.BY.", "after": "x"}, {"from": 3, "limit": 2}, {"country": "BY", "at": "2025"},
             {"rule": "any-release", "group": {"country": "BY"}}, {"alert": "any-release:BY:1"}, {"dry": True}]


def mutate(r, data):
    data = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 5))):
        at = r.randrange(len(data) + 1)
        how = r.randrange(6)
        if how == 0:
            data[at:at] = bytes([r.randrange(256)])
        elif how == 1:
            del data[at:at + r.randrange(1, 5)]
        elif how == 2 and data:
            data[at % len(data)] ^= 1 << r.randrange(8)
        elif how == 3 and data:
            data[at % len(data)] = r.choice((0xc1, 0xdb, 0xdd, 0xdf, 0xc9, 0xff, 0x00, 0xd9, 0xcb, 0xc0))
        elif how == 4:
            del data[at:]
        else:
            data += data[at:at + 20]
    return bytes(data)


class Hostile(unittest.TestCase):
    def setUp(self):
        self.r = random.Random(SEED)
        self.seeds = ([v["bytes"] for v in vectors.load("valid.json") if len(v["bytes"]) < 4000] +
                      [v["bytes"] for v in vectors.load("invalid.json")[::7] if len(v["bytes"]) < 4000])
        self.d = harness.Daemon([harness.ANY_RELEASE], tcp=True)
        self.addCleanup(self.d.close)
        self.good = 0

    def still_good(self):
        """A good report is taken, over service and over events, and a new alert reaches subscribers."""
        self.good += 1
        country = "A" + chr(64 + self.good)
        with self.d.subscriber(f"alert.{country}.") as s:
            reply = self.d.publish(event(f"good-{self.good}", source="good", country=country))
            self.assertEqual(reply["accepted"], 1)
            self.assertEqual(s.alerts(1)[0]["country"], country)
        with self.d.feed() as f:
            before = self.d.counters()["accepted"]
            f.publish(event(f"fed-{self.good}", source="good", country=country))
            harness.wait_for(lambda: self.d.counters()["accepted"] == before + 1, "the good event")
        self.assertTrue(self.d.running())

    def body(self):
        kind = self.r.randrange(4)
        if kind == 0:
            return self.r.randbytes(self.r.randrange(200))
        if kind == 1:
            return mutate(self.r, pack(self.r.choice(QUESTIONS)))
        return mutate(self.r, self.r.choice(self.seeds))

    def test_events(self):
        topics = [b"release.BY", b"sanction.BY", b"feed.ZZ", b"", b"beat", b"\xff" * 300]
        with self.d.feed() as f:
            for _ in range(ROUNDS):
                frames = [self.r.choice(topics), self.body()] if self.r.random() < 0.95 else \
                    [self.r.randbytes(self.r.randrange(9)) for _ in range(self.r.randrange(1, 9))]
                f.send(*frames)
            harness.wait_for(lambda: self.d.counters()["messages"] == ROUNDS, "all messages")
        counters = self.d.counters()
        self.assertGreater(counters["rejected"], ROUNDS // 3)
        self.assertEqual(counters["rejected"], sum(counters["rejected_by_code"].values()))
        self.still_good()

    def test_service(self):
        """Each request is answered, once."""
        for tcp in (False, True):
            with self.d.client(tcp=tcp) as c:
                due = 0
                for n in range(ROUNDS // 2):
                    verb = self.r.choice(VERBS).encode()
                    frames = [verb if self.r.random() < 0.9 else mutate(self.r, verb + b"x") or b"x", b"%d" % n]
                    c.send(*frames, *[self.body()] * self.r.choice((1, 1, 1, 1, 1, 0, 2)))
                    due += 1
                    while due == 100 or (due and n + 1 == ROUNDS // 2):
                        got = c.receive()
                        self.assertIsNotNone(got, f"{due} answers are missing")
                        if got[0] == b"":  # an empty verb looks like REQ's empty frame
                            del got[0]
                        self.assertIn(got[0], (b"OK", b"ERR"))
                        harness.unpack(got[2])
                        due -= 1
                self.assertIsNone(c.receive(0.1))
        self.still_good()

    def test_subscriptions(self):
        """An XSUB may send what it likes to the alerts endpoint."""
        for tcp in (False, True):
            sock = self.d.context.socket(harness.zmq.XSUB)
            sock.setsockopt(harness.zmq.LINGER, 1000)
            sock.connect(self.d.tcp_addresses["alerts"] if tcp else self.d.address("alerts"))
            for _ in range(ROUNDS):
                first = self.r.choice((b"\0", b"\1", b"\1alert.", b"\2", b"", b"\xff"))
                sock.send_multipart([first + self.r.randbytes(self.r.choice((0, 1, 30, 245, 250, 1000)))] *
                                    self.r.choice((1, 1, 1, 3)))
            sock.send(b"\1" + b"t" * 100000)  # larger than any topic: ends that connection
            sock.close()
        self.still_good()

    def test_more_connections_than_news_of_them_may_wait(self):
        """libzmq's thread tells of each that comes and goes, and must never have to wait for somebody to listen."""
        with harness.Daemon([harness.ANY_RELEASE], {"beat": "1h"}) as d:
            def knock():
                with socket.socket(socket.AF_UNIX) as s:
                    s.setblocking(False)
                    try:
                        return s.connect(d.path("alerts")) is None
                    except BlockingIOError:
                        return False  # as many as may wait to be let in
            for n in range(4000):
                harness.wait_for(knock, f"connection {n}", patience=20)
            self.assertEqual(d.publish(event(1))["accepted"], 1)
            d.stop()

    def test_bytes_that_are_no_zmtp(self):
        greeting = b"\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL" + bytes(16) + b"\0" + bytes(31)
        for name, address in self.d.tcp_addresses.items():
            host, port = address[len("tcp://"):].rsplit(":", 1)
            for n in range(60):
                how = self.r.randrange(5)
                data = (self.r.randbytes(self.r.randrange(1, 400)), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                        mutate(self.r, greeting), greeting + self.r.randbytes(200),
                        greeting + b"\4\x19\5READY\x0bSocket-Type\0\0\0\4" + self.r.randbytes(60))[how]
                with socket.create_connection((host, int(port)), 10) as s:
                    try:
                        s.sendall(data)
                        if n % 3 == 0:
                            s.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass  # it was thrown out meanwhile
        for name in ("events", "service", "alerts"):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.d.path(name))
                s.sendall(self.r.randbytes(300))
        self.still_good()

    def tearDown(self):
        if self.d.running():
            self.d.stop()


if __name__ == "__main__":
    harness.main()
