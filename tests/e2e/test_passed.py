"""Sockets that systemd holds open: what it may pass, and what is refused before somebody waits at it for ever.

Run with `--pass`, this file is systemd: it opens one of SOCKETS at PLACE, passes it under NAME and becomes thawd.
"""

import os
import socket
import sys
import unittest

import harness
from harness import event

WRONG_CONFIG = 78


def bound(family, kind, place, listen=False):
    sock = socket.socket(family, kind)
    sock.bind(place)
    if listen:
        sock.listen(16)
    return sock


LOOPBACK = ("127.0.0.1", 0)
SOCKETS = {
    "stream": lambda place: bound(socket.AF_UNIX, socket.SOCK_STREAM, place, True),
    "abstract": lambda place: bound(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + place, True),
    "nul": lambda place: bound(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + place + "\0", True),
    "tcp": lambda place: bound(socket.AF_INET, socket.SOCK_STREAM, LOOPBACK, True),
    "udp": lambda place: bound(socket.AF_INET, socket.SOCK_DGRAM, LOOPBACK),
    "datagram": lambda place: bound(socket.AF_UNIX, socket.SOCK_DGRAM, place),
    "sequential": lambda place: bound(socket.AF_UNIX, socket.SOCK_SEQPACKET, place, True),
    "deaf": lambda place: bound(socket.AF_UNIX, socket.SOCK_STREAM, place),
    "accepted": lambda place: socket.socketpair()[0],
    "netlink": lambda place: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "file": lambda place: open(os.devnull, "rb"),
}


def become(kind, name, place, count, *words):
    """thawd as systemd starts it, with that socket `count` times."""
    passed = SOCKETS[kind](place)
    for number in range(3, 3 + int(count)):
        os.dup2(passed.fileno(), number)
        os.set_inheritable(number, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=count, LISTEN_FDNAMES=name)
    os.execv(words[0], words)


class Passed(unittest.TestCase):
    def start(self, d, kind, name="service", count=1):
        d.start(before=(sys.executable, "-B", __file__, "--pass", kind, name, d.path("held"), str(count)))

    def test_beside_those_of_the_configuration(self):
        for kind in ("stream", "abstract", "tcp"):
            with self.subTest(kind=kind), harness.Daemon(start=False) as d:
                self.start(d, kind)
                bound_to = d.status()["endpoints"]["service"]
                self.assertEqual(len(bound_to), 2, bound_to)
                self.assertIn(d.address("service"), bound_to)
                place, = set(bound_to) - {d.address("service")}
                with harness.Client(d.context, place) as c:
                    self.assertEqual(c.ask("publish", event(1))[1]["accepted"], 1)
                d.stop()
                self.assertEqual(os.path.exists(d.path("held")), kind == "stream")  # its file is systemd's

    def refused(self, words, *passed, **options):
        with self.subTest(passed=passed, **options), harness.Daemon(start=False) as d:
            with self.assertRaises(AssertionError):
                self.start(d, *passed, **options)
            self.assertEqual(d.process.returncode, WRONG_CONFIG, d.log())
            self.assertRegex(d.log(), words)
            d._forget()

    def test_at_which_nothing_connects(self):
        """thawd said that it was bound to them, or libzmq ended it."""
        for kind in ("udp", "datagram", "sequential", "deaf", "accepted", "netlink", "file"):
            self.refused(r"error: service: .*ListenStream=", kind)

    def test_without_an_address(self):
        self.refused(r"error: service: .*neither ipc nor tcp", "nul")

    def test_under_a_name_that_is_no_endpoints(self):
        """Whoever connects there would wait for ever. The name that systemd gives by itself is that of the unit."""
        for name in ("thawd-tcp.socket", "service-write", "events-read", "alerts-", "", "Service"):
            self.refused(r"error: .*FileDescriptorName=", "stream", name)

    def test_more_than_there_may_be(self):
        self.refused("more than 32", "abstract", ":".join(["service"] * 33), count=33)
        self.refused("error: .*LISTEN_FDNAMES", "stream", "service:service")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pass"]:
        become(*sys.argv[2:])
    harness.main()
