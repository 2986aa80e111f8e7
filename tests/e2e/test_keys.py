"""CURVE: who is let in over tcp, at every endpoint, by every client; and who is not."""

import json
import os
import signal
import subprocess
import sys
import unittest

import harness
from following import HERE, Watched
from harness import Client, Feed, Subscriber, event, zmq
from test_addresses import has_ipv6
from test_asking import Asker
from test_examples import example, run
from zmq.utils import z85

DENIED = zmq.EVENT_HANDSHAKE_FAILED_AUTH
# An address of the network that a test has for itself.
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

    def __init__(self, clients=("keys",), name="known.public", start=True, **options):
        self.server, secret = zmq.curve_keypair()
        self.known = zmq.curve_keypair()
        self.other = zmq.curve_keypair()
        super().__init__([harness.ANY_RELEASE], tcp=True, start=False, **options)
        os.mkdir(self.path("keys"))
        with open(os.open(self.path("secret"), os.O_CREAT | os.O_WRONLY, 0o600), "wb") as f:
            f.write(secret)
        self.admit(name, self.known)
        self.configure({"curve": {"server": self.path("secret"), "clients": list(clients)}})
        try:
            if start:
                self.start()
        except BaseException:
            self.close()
            raise

    def admit(self, name, pair):
        with open(self.path("keys", name), "wb") as f:
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


def in_a_network(test):
    """Runs the test again in a network of its own, in which an address is not loopback's; true: this is it."""
    if NETWORK:
        for words in ("link set lo up", f"addr add {NETWORK}/32 dev lo"):
            subprocess.run(["ip", *words.split()], check=True)
        return True
    done = subprocess.run(["unshare", "--net", sys.executable, "-B", __file__, test.id().split(".", 1)[1]],
                          env=dict(os.environ, THAW_TEST_NETWORK="1"), capture_output=True, text=True, check=False)
    if "unshare failed" in done.stderr:
        test.skipTest("a network of its own: " + done.stderr)
    test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    return False


def publisher(context, secret, port=None):
    """An XPUB with keys at that port, or at one that it returns."""
    own = context.socket(zmq.XPUB)
    own.curve_server, own.curve_secretkey, own.linger = True, secret, 0
    if port:  # libzmq's thread may still hold that of a socket that was closed
        harness.wait_for(lambda: is_bound(own, f"tcp://{NETWORK}:{port}"), "a port that is free")
    return own, port or own.bind_to_random_port(f"tcp://{NETWORK}")


def is_bound(socket, address):
    try:
        socket.bind(address)
    except zmq.ZMQError as error:
        if error.errno != zmq.EADDRINUSE:
            raise
        return False
    return True


def upstreams(d):
    status = d.status()
    return status["upstreams"], status["upstreams_connected"]


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
                d.admit("other.public", d.other)
                os.unlink(d.path("keys", "known.public"))
                self.assertTrue(is_denied(other.socket(zmq.DEALER), service))
                self.assertEqual(before.ask("reload")[0], "OK")
                self.assertFalse(is_denied(other.socket(zmq.DEALER), service))
                self.assertTrue(is_denied(Context(d, d.known).socket(zmq.DEALER), service))
                status, body = before.ask("status")  # a connection lasts until it ends, but for nothing
                self.assertEqual((status, body.get("code")), ("ERR", "denied"))

    def test_who_is_revoked_publishes_no_more(self):
        """Over the connection that it has, too, at both endpoints; and again once it is admitted again."""
        with Locked(clients=["keys", "more.public"], start=False) as d:
            d.admit(os.path.join("..", "more.public"), d.other)
            d.start()
            known = Context(d, d.known)
            with Client(known, d.tcp_addresses["service"]) as c, Feed(known, d.tcp_addresses["events"]) as f, \
                    Client(Context(d, d.other), d.tcp_addresses["service"]) as other:
                self.assertEqual(c.ask("publish", event(1))[0], "OK")
                f.publish(event(2))
                harness.wait_for(lambda: d.counters()["accepted"] == 2, "what came over events")
                os.unlink(d.path("keys", "known.public"))
                d.ok("reload")
                status, body = c.ask("publish", event(3))
                self.assertEqual((status, body["code"]), ("ERR", "denied"))
                f.publish(event(4))
                harness.wait_for(lambda: d.counters()["denied"] == 2, "that it is refused")
                self.assertIn(d.known[0].decode() + " is no longer among curve.clients", d.log())
                self.assertEqual(other.ask("publish", event(5))[0], "OK")
                self.assertEqual(d.counters()["accepted"], 3)
                d.admit("again.public", d.known)
                d.ok("reload")
                self.assertEqual(c.ask("publish", event(3))[0], "OK")
                f.publish(event(4))
                harness.wait_for(lambda: d.counters()["accepted"] == 5, "what came over events")

    def test_the_list_of_clients_is_read_again(self):
        """curve.clients itself, not only the files that it names; the rest of the file waits for the next start."""
        with Locked() as d:
            service, other = d.tcp_addresses["service"], Context(d, d.other)
            d.configure({"curve": {"clients": [d.other[0].decode()]}, "beat": "1h"})
            d.ok("reload", {"dry": True})
            self.assertTrue(is_denied(other.socket(zmq.DEALER), service))
            d.ok("reload")
            self.assertFalse(is_denied(other.socket(zmq.DEALER), service))
            self.assertTrue(is_denied(Context(d, d.known).socket(zmq.DEALER), service))
            d.configure({"curve": {"clients": []}})
            status, body = d.ask("reload")
            self.assertEqual((status, body["code"]), ("ERR", "invalid"))
            self.assertIn("curve.server without curve.clients", body["message"])
            self.assertFalse(is_denied(other.socket(zmq.DEALER), service))

    def test_a_reload_with_a_key_that_cannot_be_read(self):
        """Whatever is wrong with it, thawd runs on with the keys that it has, and says so; a dry one sees it too."""
        def link(path):
            os.symlink("nowhere", path)

        for make, said in ((os.mkdir, "found a folder"), (link, "No such file or directory"),
                           (lambda path: open(path, "w", encoding="utf-8").close(), "found no key")):
            with Locked() as d:
                make(d.path("keys", "other.public"))
                for body in ({}, {"dry": True}):
                    status, body = d.ask("reload", body)
                    self.assertEqual((status, body.get("code")), ("ERR", "invalid"), said)
                    self.assertIn(said, body["message"])
                d.send_signal(signal.SIGHUP)
                harness.wait_for(lambda: d.log().count("the old rules and keys stay: ") == 2, "the refusal")
                self.assertEqual(d.counters()["reload_failures"], 2)
                self.assertFalse(is_denied(Context(d, d.known).socket(zmq.DEALER), d.tcp_addresses["service"]))

    def test_a_key_in_place_of_a_file(self):
        """Z85 has slashes and dollars; and a file may have a name like a key."""
        def pair(fits):
            return next(p for p in iter(zmq.curve_keypair, None) if fits(p[0]))

        for own in (pair(lambda key: b"/" in key[1:] and b"$" in key), pair(lambda key: key[:1] == b"/")):
            with Locked(clients=[own[0].decode()]) as d, \
                    Client(Context(d, own), d.tcp_addresses["service"]) as c:
                self.assertEqual(c.ask("status")[0], "OK", own)
        with Locked(clients=["keys/" + "k" * 35], name="k" * 35) as d, \
                Client(Context(d, d.known), d.tcp_addresses["service"]) as c:
            self.assertEqual(c.ask("status")[0], "OK")
            os.rename(d.path("keys"), d.path("other"))
            d.ok("reload")  # no such file: now it is a key, which is nobody's
            self.assertEqual(c.ask("status")[1]["code"], "denied")

    def start_with(self, d, **variables):
        """thawd --check with the same key, and a start; their exit statuses, and what the start said."""
        words = [harness.THAWD, "--config", d.path("thawd.yaml")]
        checked, started = (subprocess.run(words + more, env=dict(d.env, **variables), capture_output=True, text=True,
                                           timeout=harness.PATIENCE, check=False) for more in (["--check"], []))
        return checked.returncode, started.returncode, started.stderr

    def test_a_secret_key_that_others_may_read(self):
        """A credential of systemd from 254 on looks as if a group might read it: that is the mask of its ACL."""
        with Locked() as d:
            for mode in (0o640, 0o604, 0o660):
                os.chmod(d.path("secret"), mode)
                checked, started, said = self.start_with(d)
                self.assertEqual((checked, started), (78, 1), said)  # the state folder is in use
            os.chmod(d.path("secret"), 0o440)
            d.stop()
            d.env["CREDENTIALS_DIRECTORY"] = d.folder
            d.start()
            os.chmod(d.path("secret"), 0o444)
            self.assertEqual(self.start_with(d)[0], 78)

    def test_a_key_that_is_not_there(self):
        """A wrong configuration: not one that heals by trying again."""
        with Locked() as d:
            d.stop()
            for key, value in (("server", "nowhere"), ("server", "keys"), ("clients", ["nowhere"]), ("upstream", "nowhere")):
                before = d.config["curve"].get(key, d.server.decode())
                d.configure({"curve": {key: value}})
                checked, started, said = self.start_with(d)
                self.assertEqual((checked, started), (78, 78), said)
                d.configure({"curve": {key: before}})
            os.chmod(d.path("secret"), 0o644)
            self.assertEqual(self.start_with(d)[:2], (78, 77))
            os.chmod(d.path("secret"), 0o600)
            d.start()

    def test_upstream(self):
        if not in_a_network(self):
            return
        public, secret = zmq.curve_keypair()
        with zmq.Context() as context:
            own, port = publisher(context, secret)
            with Locked(config={"events": {"connect": [f"tcp://{NETWORK}:{port}"]},
                                "curve": {"upstream": public.decode()}}) as d:
                self.assertEqual(harness.receive(own), [b"\x01"])
                own.send_multipart([b"release.BY", harness.pack(event(1))])
                harness.wait_for(lambda: d.counters()["accepted"] == 1, "what the publisher sent")
                self.assertEqual(upstreams(d), (1, 1))
                own.close()
                harness.wait_for(lambda: upstreams(d) == (1, 0), "that it is seen to be gone")
                self.assertIn(f"the connection to the publisher tcp://{NETWORK}:{port} is lost", d.log())
                stranger, _ = publisher(context, d.other[1], port)
                harness.wait_for(lambda: f"no connection to the publisher tcp://{NETWORK}:{port}" in d.log(),
                                 "that its key is not the one")
                self.assertEqual(upstreams(d), (1, 0))
                stranger.close()
                again, _ = publisher(context, secret, port)
                self.assertEqual(harness.receive(again), [b"\x01"])
                again.send_multipart([b"release.BY", harness.pack(event(2))])
                harness.wait_for(lambda: d.counters()["accepted"] == 2, "what it sent then")
                self.assertEqual(upstreams(d), (1, 1))
                again.close()

    def test_upstream_that_admits_thawd_later(self):
        if not in_a_network(self):
            return
        public, secret = zmq.curve_keypair()
        with zmq.Context() as context, context.socket(zmq.REP) as zap:
            zap.bind("inproc://zeromq.zap.01")
            own, port = publisher(context, secret)
            with Locked(config={"events": {"connect": [f"tcp://{NETWORK}:{port}"]},
                                "curve": {"upstream": public.decode()}}) as d:
                for code in (b"400", b"400", b"200"):
                    question = harness.receive(zap)
                    self.assertEqual(question[5:], [b"CURVE", z85.decode(d.server)])
                    zap.send_multipart([b"1.0", question[1], code, b"", b"", b""])
                self.assertEqual(harness.receive(own), [b"\x01"])
                harness.wait_for(lambda: upstreams(d) == (1, 1), "that it is connected")
                self.assertEqual(d.log().count("no connection to the publisher"), 1)
            own.close()

    def test_upstreams_at_one_port(self):
        """Each is known again, whether it was given by its own numbers or, as 127.2, by something that has to be
        looked up."""
        with zmq.Context() as context:
            first = context.socket(zmq.XPUB)
            port = first.bind_to_random_port("tcp://127.0.0.1")
            first.close(0)
            hosts = {"127.0.0.1": "127.0.0.1", "127.2": "127.0.0.2", "127.3": "127.0.0.3"}
            if has_ipv6():
                hosts["[::1]"] = "[::1]"

            def publish(host):
                own = context.socket(zmq.XPUB)
                own.ipv6, own.linger = host[0] == "[", 0
                harness.wait_for(lambda: is_bound(own, f"tcp://{host}:{port}"), "the port")
                return own

            with harness.Daemon(config={"events": {"connect": [f"tcp://{host}:{port}" for host in hosts]}}) as d:
                for host in hosts:
                    harness.wait_for(lambda: f"the publisher tcp://{host}:{port} is not there" in d.log(), "a word of it")
                for once in range(3):
                    own = [publish(host) for host in hosts.values()]
                    harness.wait_for(lambda: upstreams(d) == (len(own), len(own)), f"all of them, {once}")
                    for host in hosts:
                        self.assertEqual(d.log().count(f"connected to the publisher tcp://{host}:"), once + 1, d.log())
                    own.pop().close()
                    harness.wait_for(lambda: upstreams(d)[1] == len(own), "the one that went")
                    for one in own:
                        one.close()
                    harness.wait_for(lambda: upstreams(d)[1] == 0, "all that went")
                self.assertEqual(d.log().count("is not there"), len(hosts), d.log())

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
            d.admit("other.public", d.other)
            d.ok("reload")
            harness.wait_for(lambda: d.counters()["accepted"] == 1, "its report")
            self.assertEqual(p.process.wait(harness.PATIENCE), 0)
            harness.wait_for(lambda: p.lines == ["OK accepted 1, duplicates 0"], "its acknowledgement")

    def test_thaw_says_that_it_is_refused(self):
        with Locked() as d:
            right, wrong = d.keyed_env(d.known), dict(d.keyed_env(d.other))
            none = {k: v for k, v in right.items() if not k.startswith("THAW_SERVER")}
            for env, said in ((wrong, "is the own key (--key) among the curve.clients"), (none, "it asks for keys")):
                for words in (["status"], ["tail"], ["explain", "x"], ["pub"], ["pub", "--unacknowledged"]):
                    done = subprocess.run([harness.THAW, *words, "--timeout", "1"], env=env, capture_output=True,
                                          text=True, input=json.dumps(event(1)) + "\n", check=False,
                                          timeout=harness.PATIENCE)
                    self.assertEqual(done.returncode, 3, (words, done.stderr))
                    self.assertIn("refuses the connection: ", done.stderr)
                    self.assertIn(said, done.stderr)

    def test_keys_are_for_tcp(self):
        """In the environment they stand beside the addresses that they are for, and those of this machine."""
        with Locked() as d:
            env = d.keyed_env(d.known)
            for name in ("service", "alerts", "events"):
                d.client_env = lambda: dict(env, **{f"THAW_{name.upper()}": d.address(name)})
                self.assertIn('"accepted":', d.thaw("status", "--json", "--timeout", "5").stdout)
                line = json.dumps(event(name, country={"service": "BY", "alerts": "LT", "events": "UA"}[name]))
                how = ["--unacknowledged"] if name == "events" else []
                self.assertEqual(d.thaw("pub", "--quiet", "--timeout", "5", *how, stdin=line + "\n").returncode, 0)
                if name != "events":
                    self.assertIn("any-release:BY:1", d.thaw("tail", "--count", "1", "--json").stdout)
            harness.wait_for(lambda: d.counters()["accepted"] == 3, "all that was published")
            self.assertEqual(d.counters()["denied"], 0)

    def test_a_tail_that_is_admitted_again_goes_on(self):
        with Locked() as d:
            env = d.keyed_env(d.known)
            d.publish(event(1))
            with Watched([harness.THAW, "tail", "--json"], env) as t:
                t.wait_for(lambda t: len(t.lines) == 1, "the active alert")
                d.admit("known.public", d.other)
                d.configure({name: {"bind": d.status()["endpoints"][name]} for name in ("service", "alerts", "events")})
                d.restart()
                harness.wait_for(lambda: d.counters()["denied"] > 0, "that it is refused")
                d.publish(event(2, country="LT"))
                d.admit("known.public", d.known)
                d.ok("reload")
                t.wait_for(lambda t: len(t.lines) == 2, "what came meanwhile")
                self.assertEqual(json.loads(t.lines[1])["id"], "any-release:LT:1")

    def test_who_is_refused_is_told(self):
        with Locked() as d:
            done = subprocess.run([os.path.join(HERE, "example_publish")], env=d.keyed_env(d.other), check=False,
                                  capture_output=True, text=True, timeout=harness.PATIENCE)
            self.assertEqual((done.returncode, done.stderr), (1, "not acknowledged: Permission denied\n"))
            with Asker(d.tcp_addresses["service"], d.server.decode()) as a:
                self.assertEqual(a.ask("status", 1000), "EACCES")
                self.assertEqual(a.ask("status", 1), "EACCES")
            with Asker(d.tcp_addresses["service"]) as a:
                self.assertEqual(a.ask("status", 1000), "EACCES")


if __name__ == "__main__":
    harness.main()
