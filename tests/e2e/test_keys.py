"""CURVE: who is let in over tcp, at every endpoint, by every client; and who is not."""

import json
import os
import subprocess
import sys
import unittest

import harness
from following import HERE, Watched
from harness import Client, Feed, Subscriber, event, zmq
from test_asking import Asker
from test_examples import example, run

DENIED = zmq.EVENT_HANDSHAKE_FAILED_AUTH
# An address that is not loopback's, where the test has a network of its own.
NETWORK = "10.87.0.1" if os.environ.get("THAW_TEST_NETWORK") else None
KEYS = ("curve_publickey", "curve_secretkey", "curve_serverkey")


class Context:
    """A context of which every socket is a CURVE client."""

    def __init__(self, d, pair):
        self.context, self.values = d.context, (*pair, d.server)

    def socket(self, kind):
        sock = self.context.socket(kind)
        for name, value in zip(KEYS, self.values):
            setattr(sock, name, value)
        return sock


class Locked(harness.Daemon):
    """A thawd with keys, which lets `known` in and by a folder whoever is put there."""

    def __init__(self, **options):
        self.server, secret = zmq.curve_keypair()
        self.known = zmq.curve_keypair()
        self.other = zmq.curve_keypair()
        super().__init__([harness.ANY_RELEASE], tcp=True, start=False, **options)
        os.mkdir(self.path("keys"))
        with open(os.open(self.path("secret"), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as f:
            f.write(secret)
        self.admit("known", self.known)
        self.configure({"curve": {"server": self.path("secret"), "clients": [self.path("keys")]}})
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def admit(self, name, pair):
        with open(self.path("keys", name + ".public"), "wb") as f:
            f.write(pair[0])

    def keyed_env(self, pair):
        secret = self.path("own.secret")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as f:
            f.write(pair[1])
        places = {f"THAW_{name.upper()}": address for name, address in self.tcp_addresses.items()}
        return dict(self.env, THAW_SERVER_KEY=self.server.decode(), THAW_KEY=secret,
                    THAW_SECRET_KEY=pair[1].decode(), **places)


def is_denied(socket, address):
    """Connects, and waits for what the handshake comes to."""
    seen = zmq.EVENT_HANDSHAKE_SUCCEEDED | DENIED | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    monitor = socket.get_monitor_socket(seen | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED)
    socket.linger = 0
    socket.connect(address)
    frames = harness.receive(monitor)
    socket.disable_monitor()
    monitor.close(0)
    socket.close()
    if frames is None:
        raise AssertionError("no handshake came to an end")
    return int.from_bytes(frames[0][:2], sys.byteorder) != zmq.EVENT_HANDSHAKE_SUCCEEDED


@unittest.skipUnless(zmq.has("curve"), "libzmq without CURVE")
class Keys(unittest.TestCase):
    def test_who_is_known_may_all(self):
        with Locked() as d:
            known = Context(d, d.known)
            with Subscriber(known, d.tcp_addresses["alerts"]) as s, Client(known, d.tcp_addresses["service"]) as c, \
                    Feed(known, d.tcp_addresses["events"]) as f:
                self.assertEqual(c.ask("publish", event(1))[0], "OK")
                self.assertEqual(s.alert()[1]["id"], "any-release:BY:1")
                f.publish(event(2))
                harness.wait_for(lambda: d.counters()["accepted"] == 2, "what came over events")
            self.assertEqual(d.counters()["denied"], 0)

    def test_who_is_not_known_may_nothing(self):
        kinds = {"service": zmq.DEALER, "alerts": zmq.SUB, "events": zmq.PUB}
        with Locked() as d:
            for n, (name, kind) in enumerate(kinds.items(), 1):
                address = d.tcp_addresses[name]
                self.assertFalse(is_denied(Context(d, d.known).socket(kind), address), name)
                self.assertTrue(is_denied(Context(d, d.other).socket(kind), address), name)
                self.assertEqual(d.counters()["denied"], n)
                self.assertIn(d.other[0].decode(), d.log())
                self.assertTrue(is_denied(d.context.socket(kind), address), name + " without CURVE")
                plain = d.context.socket(kind)
                plain.plain_username, plain.plain_password = b"known", b"known"
                self.assertTrue(is_denied(plain, address), name + " with PLAIN")

    def test_a_key_that_is_not_the_servers(self):
        with Locked() as d:
            context = Context(d, d.known)
            context.values = (*d.known, d.other[0])
            self.assertTrue(is_denied(context.socket(zmq.DEALER), d.tcp_addresses["service"]))

    def test_admitted_and_revoked_by_a_reload(self):
        with Locked() as d:
            service, other = d.tcp_addresses["service"], Context(d, d.other)
            with Client(Context(d, d.known), service) as before:
                self.assertEqual(before.ask("status")[0], "OK")
                d.admit("other", d.other)
                os.unlink(d.path("keys", "known.public"))
                self.assertTrue(is_denied(other.socket(zmq.DEALER), service))
                self.assertEqual(before.ask("reload")[0], "OK")
                self.assertFalse(is_denied(other.socket(zmq.DEALER), service))
                self.assertTrue(is_denied(Context(d, d.known).socket(zmq.DEALER), service))
                self.assertEqual(before.ask("status")[0], "OK")  # a connection lasts until it ends

    def test_upstream(self):
        if not NETWORK:
            done = subprocess.run(["unshare", "--net", sys.executable, "-B", __file__, self.id().split(".", 1)[1]],
                                  env=dict(os.environ, THAW_TEST_NETWORK="1"), capture_output=True, text=True,
                                  check=False)
            if "unshare failed" in done.stderr:
                self.skipTest("a network of its own: " + done.stderr)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return
        for words in ("link set lo up", f"addr add {NETWORK}/32 dev lo"):
            subprocess.run(["ip", *words.split()], check=True)
        public, secret = zmq.curve_keypair()
        with zmq.Context() as context, context.socket(zmq.XPUB) as own:
            own.curve_server, own.curve_secretkey, own.linger = True, secret, 0
            port = own.bind_to_random_port(f"tcp://{NETWORK}")
            upstream = {"events": {"connect": [f"tcp://{NETWORK}:{port}"]}, "curve": {"upstream": public.decode()}}
            with Locked(config=upstream) as d:
                self.assertEqual(harness.receive(own), [b"\x01"])
                own.send_multipart([b"release.BY", harness.pack(event(1))])
                harness.wait_for(lambda: d.counters()["accepted"] == 1, "what the publisher sent")

    def test_the_clients(self):
        with Locked() as d:
            env = d.keyed_env(d.known)
            d.client_env = lambda: env
            self.assertIn('"accepted":0', d.thaw("status", "--json").stdout)
            line = json.dumps(event(1))
            self.assertEqual(d.thaw("pub", "--quiet", stdin=line + "\n").returncode, 0)
            self.assertIn("any-release:BY:1", d.thaw("tail", "--count", "1", "--json").stdout)
            for program in ([os.path.join(HERE, "example_publish")], [sys.executable, "-B", example("publish.py")]):
                done = run(d, *program)
                self.assertEqual((done.returncode, done.stdout[:3]), (0, "OK "), done.stderr)
            for program in ([os.path.join(HERE, "example_subscribe")], [sys.executable, "-B", example("subscribe.py")]):
                with Watched(program, env) as s:
                    s.wait_for(lambda s: s.lines, "the active alert")
                    self.assertIn("any-release:BY:1", s.lines[0])

    def test_a_publisher_that_is_admitted_later_gets_through(self):
        with Locked() as d, Watched([os.path.join(HERE, "example_publish")], d.keyed_env(d.other)) as p:
            harness.wait_for(lambda: d.counters()["denied"] > 0, "the refusal")
            d.admit("other", d.other)
            d.ok("reload")
            harness.wait_for(lambda: d.counters()["accepted"] == 1, "its report")
            self.assertEqual(p.process.wait(harness.PATIENCE), 0)
            harness.wait_for(lambda: p.lines == ["OK accepted 1, duplicates 0"], "its acknowledgement")

    def test_who_is_refused_is_told(self):
        with Locked() as d:
            done = subprocess.run([os.path.join(HERE, "example_publish")], env=d.keyed_env(d.other), check=False,
                                  capture_output=True, text=True, timeout=harness.PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (1, "not acknowledged: Permission denied\n"))
            with Asker(d.tcp_addresses["service"], d.server.decode()) as a:
                self.assertEqual(a.ask("status", 1000), "EACCES")
                self.assertEqual(a.ask("status", 1), "EACCES")
            with Asker(d.tcp_addresses["service"]) as a:
                self.assertIn(a.ask("status", 1000), ("EACCES", "ETIMEDOUT"))


if __name__ == "__main__":
    harness.main()
