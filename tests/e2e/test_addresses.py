"""Addresses that mean more than one thing: names that have IPv4 and IPv6, addresses of both kinds side by side."""

import os
import subprocess
import sys
import unittest

import harness
from following import HERE
from harness import zmq
from test_examples import run

HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"  # as Debian has it


def free_port(context, host):
    with context.socket(zmq.REP) as sock:
        sock.ipv6, sock.linger = host[0] == "[", 0
        return sock.bind_to_random_port(f"tcp://{host}")


def has_ipv6():
    with zmq.Context() as context:
        try:
            return free_port(context, "[::1]") > 0
        except zmq.ZMQError:
            return False


def where_localhost_has_both(test):
    """Runs the test again where localhost is 127.0.0.1 and ::1; true: this is it."""
    if os.environ.get("THAW_TEST_HOSTS"):
        subprocess.run(["mount", "--bind", os.environ["THAW_TEST_HOSTS"], "/etc/hosts"], check=True)
        return True
    with harness.Daemon(start=False) as d:
        with open(d.path("hosts"), "w", encoding="utf-8") as f:
            f.write(HOSTS)
        done = subprocess.run(["unshare", "--mount", sys.executable, "-B", __file__, test.id().split(".", 1)[1]],
                              env=dict(os.environ, THAW_TEST_HOSTS=d.path("hosts")), capture_output=True, text=True,
                              check=False)
    if "unshare failed" in done.stderr:
        test.skipTest("mounts of its own: " + done.stderr)
    test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    return False


@unittest.skipUnless(has_ipv6(), "no IPv6 on the loopback")
class Addresses(unittest.TestCase):
    def test_a_name_that_has_both_is_found_where_thawd_listens(self):
        if not where_localhost_has_both(self):
            return
        with harness.Daemon(tcp=True) as d:
            ports = {name: address.rsplit(":", 1)[1] for name, address in d.tcp_addresses.items()}
            d.env.update({f"THAW_{name.upper()}": f"tcp://localhost:{port}" for name, port in ports.items()})
            d.client_env = lambda: d.env
            self.assertEqual(d.thaw("status", "--timeout", "20").returncode, 0)
            self.assertEqual(d.thaw("tail", "--no-follow", "--timeout", "20").returncode, 0)
            done = run(d, os.path.join(HERE, "example_publish"))
            self.assertEqual((done.returncode, done.stdout[:3]), (0, "OK "), done.stderr)

    def test_both_kinds_side_by_side(self):
        """In whatever order: each is what was written."""
        with zmq.Context() as context:
            both = [f"tcp://{host}:{free_port(context, host)}" for host in ("[::1]", "127.0.0.1")]
        for addresses in (both, both[::-1]):
            with harness.Daemon(config={"alerts": {"bind": addresses}}) as d:
                self.assertEqual(d.status()["endpoints"]["alerts"], addresses)


if __name__ == "__main__":
    harness.main()
