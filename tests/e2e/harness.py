"""Starts a thawd in a private folder and talks to it by the protocol alone.

    with harness.Daemon(rules=[{...}]) as d:
        reply = d.publish({"id": "1", "kind": "release", ...})
        status, body = d.ask("state", {"country": "BY"})
        with d.subscriber("alert.BY.") as s:
            topic, alert = s.alert()

The programs are found by $THAW_BUILD (the build folder); CTest sets it. Nothing here knows more of
thaw than PROTOCOL.md says: pyzmq and msgpack, and bytes on the wire. Every wait has an end
(PATIENCE), far beyond what a loaded machine needs.

A test is a file of unittest cases that ends with harness.main(). Where pyzmq or msgpack is missing
it ends with 77, which CTest shows as skipped.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import msgpack
    import zmq
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-zmq, python3-msgpack)")
    sys.exit(77)

PATIENCE = 60  # seconds until a wait is given up
BUILD = os.environ.get("THAW_BUILD", "")
THAWD = os.path.join(BUILD, "daemon", "thawd")
THAW = os.path.join(BUILD, "clients", "thaw")


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def unpack(data):
    """A body. msgpack itself refuses trailing bytes; names are texts, never bytes."""
    return msgpack.unpackb(data, raw=False, strict_map_key=True)


def wait_for(condition, what="what was waited for", patience=PATIENCE):
    """The first true value of condition(), asked again and again."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{patience} s have passed without {what}")
        time.sleep(0.02)


def receive(sock, patience=PATIENCE):
    """One message as its frames; None where none came in time."""
    return sock.recv_multipart() if sock.poll(int(patience * 1000)) else None


class Client:
    """A DEALER (or, with req, a REQ) on the service endpoint."""

    def __init__(self, context, address, req=False):
        self.req = req
        self.sock = context.socket(zmq.REQ if req else zmq.DEALER)
        self.sock.setsockopt(zmq.LINGER, 0)
        self.sock.connect(address)
        self.number = 0

    def send(self, *frames):
        """Frames as they are, without the empty one that REQ puts in front by itself."""
        self.sock.send_multipart(frames)

    def receive(self, patience=PATIENCE):
        return receive(self.sock, patience)

    def ask_bytes(self, verb, body, patience=PATIENCE):
        """(status, body) of a request whose body is given in bytes."""
        self.number += 1
        request = b"r%d" % self.number
        self.send(verb.encode() if isinstance(verb, str) else verb, request, body)
        while True:
            frames = self.receive(patience)
            if frames is None:
                raise AssertionError(f"no answer to {verb} within {patience} s")
            if len(frames) != 3 or frames[0] not in (b"OK", b"ERR"):
                raise AssertionError(f"no reply of the protocol: {frames!r}")
            if frames[1] == request:
                return frames[0].decode(), unpack(frames[2])

    def ask_many(self, verb, bodies):
        """Answers to many requests under way at once, in the order of the requests."""
        first = self.number + 1
        for body in bodies:
            self.number += 1
            self.send(verb.encode(), b"r%d" % self.number, body)
        answers = {}
        while len(answers) < len(bodies):
            frames = self.receive()
            if frames is None:
                raise AssertionError(f"{len(answers)} of {len(bodies)} answers came")
            answers[frames[1]] = (frames[0].decode(), unpack(frames[2]))
        return [answers[b"r%d" % n] for n in range(first, self.number + 1)]

    def ask(self, verb, body=None, patience=PATIENCE):
        return self.ask_bytes(verb, pack({} if body is None else body), patience)

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Feed:
    """A publisher on the events endpoint, unacknowledged. It is an XPUB, so that it can wait until
    thawd's subscription has arrived: what a PUB sends before that is lost."""

    def __init__(self, context, address):
        self.sock = context.socket(zmq.XPUB)
        self.sock.setsockopt(zmq.LINGER, PATIENCE * 1000)
        self.sock.setsockopt(zmq.SNDHWM, 1000000)
        self.sock.connect(address)
        if receive(self.sock) is None:
            raise AssertionError("thawd did not subscribe to events")

    def send(self, *frames):
        self.sock.send_multipart(frames)

    def publish(self, event, topic=None):
        first = event[0] if isinstance(event, list) else event
        self.send((topic or f"{first['kind']}.{first['country']}").encode(), pack(event))

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Subscriber:
    """A SUB on the alerts endpoint. When it has been made, its subscriptions are in place: a beat,
    subscribed to last, has come."""

    def __init__(self, context, address, *prefixes, hwm=1000000):
        self.sock = context.socket(zmq.SUB)
        self.sock.setsockopt(zmq.LINGER, 0)
        self.sock.setsockopt(zmq.RCVHWM, hwm)
        for prefix in prefixes or ("alert.",):
            self.sock.setsockopt_string(zmq.SUBSCRIBE, prefix)
        self.sock.setsockopt_string(zmq.SUBSCRIBE, "beat")
        self.sock.connect(address)
        self.first_beat = self.beat()

    def message(self, patience=PATIENCE):
        """(topic, body) of whatever comes next; None where nothing came in time."""
        frames = receive(self.sock, patience)
        if frames is None:
            return None
        if len(frames) != 2:
            raise AssertionError(f"no message of the protocol: {frames!r}")
        return frames[0].decode(), unpack(frames[1])

    def next(self, wanted, patience):
        end = time.monotonic() + patience
        while True:
            message = self.message(max(0, end - time.monotonic()))
            if message is None or wanted(message[0]):
                return message

    def alert(self, patience=PATIENCE):
        """(topic, body) of the next alert; None where none came in time."""
        return self.next(lambda topic: topic != "beat", patience)

    def alerts(self, count, patience=PATIENCE):
        """The bodies of the next `count` alerts."""
        got = []
        while len(got) < count:
            message = self.alert(patience)
            if message is None:
                raise AssertionError(f"{len(got)} alerts came, expected {count}")
            got.append(message[1])
        return got

    def beat(self, patience=PATIENCE):
        message = self.next(lambda topic: topic == "beat", patience)
        if message is None:
            raise AssertionError(f"no beat within {patience} s")
        return message[1]

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def zmq_subscriber(daemon, *prefixes):
    """A bare SUB that waits for nothing."""
    sock = daemon.context.socket(zmq.SUB)
    sock.setsockopt(zmq.LINGER, 0)
    for prefix in prefixes:
        sock.setsockopt_string(zmq.SUBSCRIBE, prefix)
    sock.connect(daemon.address("alerts"))
    return sock


class Daemon:
    """A thawd of one's own.

    rules   list of rules as they stand under `rules:`, or YAML text
    config  configuration over the one made here: {"limits": {"message": "64KiB"}}
    tcp     bind each endpoint to a free loopback port too (tcp_addresses)
    start   False: only make the folder
    """

    def __init__(self, rules=(), config=None, tcp=False, start=True, env=None):
        if not os.path.exists(THAWD):
            raise AssertionError(f"THAW_BUILD={BUILD!r} holds no daemon/thawd")
        self.folder = tempfile.mkdtemp(prefix="thaw-")
        os.mkdir(self.path("rules.d"))
        os.mkdir(self.path("state"))
        self.env = dict(os.environ, **(env or {}))
        self.tcp = tcp
        self.config = {
            "state": self.path("state"),
            "rules": [self.path("rules.d")],
            "clock": "reported",
            "beat": "100ms",
            "journal": {"map": "16MiB"},
        }
        for name in ("events", "service", "alerts"):
            addresses = [self.address(name)] + (["tcp://127.0.0.1:*"] if tcp else [])
            self.config[name] = {"bind": addresses}
        self.configure(config or {})
        self.write_rules(rules)
        self.context = zmq.Context()
        self.context.setsockopt(zmq.MAX_SOCKETS, 10000)
        self.process = None
        self.tcp_addresses = {}
        self._client = None
        if start:
            try:
                self.start()
            except BaseException:
                self.close()
                raise

    # ---- folder and configuration

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def address(self, name):
        return "ipc://" + self.path(name)

    def configure(self, more):
        """Merges `more` into the configuration and writes it (YAML is a superset of JSON)."""

        def merge(into, what):
            for key, value in what.items():
                if isinstance(value, dict) and isinstance(into.get(key), dict):
                    merge(into[key], value)
                else:
                    into[key] = value

        merge(self.config, more)
        with open(self.path("thawd.yaml"), "w", encoding="utf-8") as f:
            json.dump(self.config, f, indent=1)

    def write_rules(self, rules, name="rules.yaml"):
        with open(self.path("rules.d", name), "w", encoding="utf-8") as f:
            f.write(rules if isinstance(rules, str) else json.dumps({"rules": list(rules)}))

    def log(self):
        try:
            with open(self.path("log"), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    # ---- process

    def start(self, before=()):
        """Returns when thawd has said that it is ready. before: words of a command that runs it."""
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        place = self.path("notify")
        if os.path.exists(place):
            os.unlink(place)
        notify.bind(place)
        notify.settimeout(0.1)
        env = dict(self.env, NOTIFY_SOCKET=place)
        for name in ("JOURNAL_STREAM", "WATCHDOG_USEC", "LISTEN_FDS", "STATE_DIRECTORY",
                     "RUNTIME_DIRECTORY"):
            env.pop(name, None)
        with open(self.path("log"), "ab") as log:
            # it ends with the test, however that ends
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *before, THAWD, "--config", self.path("thawd.yaml")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        try:
            self._await_ready(notify)
        finally:
            notify.close()  # a socket that nobody reads would hold thawd up once it is full
        if self.tcp:
            bound = self.status()["endpoints"]
            self.tcp_addresses = {name: [a for a in bound[name] if a.startswith("tcp://")][0]
                                  for name in ("events", "service", "alerts")}

    def _await_ready(self, notify):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"thawd ended with {self.process.returncode}:\n{self.log()}")
            try:
                if b"READY=1" in notify.recv(4096).split(b"\n"):
                    return
            except TimeoutError:
                pass
        raise AssertionError(f"thawd was not ready within {PATIENCE} s:\n{self.log()}")

    def running(self):
        return self.process is not None and self.process.poll() is None

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As a crash: nothing is saved, the ipc sockets stay behind."""
        self.process.kill()
        self.process.wait(PATIENCE)
        self._forget()

    def _forget(self):
        self.process = None
        if self._client is not None:
            self._client.close()
            self._client = None

    def stop(self, number=signal.SIGTERM):
        """Asks it to end and checks that it does so cleanly: exit status 0, no process and no
        socket left."""
        if not self.running():
            raise AssertionError(f"thawd ended by itself:\n{self.log()[-4000:]}")
        self.process.send_signal(number)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"thawd did not end:\n{self.log()[-4000:]}") from None
        self._forget()
        if status != 0:
            raise AssertionError(f"thawd ended with {status}:\n{self.log()[-4000:]}")
        left = [n for n in ("events", "service", "alerts") if os.path.exists(self.path(n))]
        if left:
            raise AssertionError(f"sockets were left behind: {left}")
        for address in self.tcp_addresses.values():
            host, port = address[len("tcp://"):].rsplit(":", 1)
            try:
                socket.create_connection((host, int(port)), 1).close()
            except OSError:
                continue
            raise AssertionError(f"{address} is still open")
        if self._processes():
            raise AssertionError(f"processes were left behind: {self._processes()}")

    def _processes(self):
        """Whose command line names this folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if self.path("thawd.yaml").encode() in words:
                found.append(int(pid))
        return found

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        """Takes everything away; a thawd that still runs is ended the hard way."""
        if self.running():
            self.process.kill()
            self.process.wait(PATIENCE)
        self._forget()
        self.context.destroy(linger=0)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and self.process is not None:
                self.stop()
            elif kind is not None:
                sys.stderr.write(f"---- thawd's log\n{self.log()[-4000:]}----\n")
        finally:
            self.close()

    # ---- talking to it

    def _place(self, name, tcp):
        return self.tcp_addresses[name] if tcp else self.address(name)

    def client(self, tcp=False, req=False):
        return Client(self.context, self._place("service", tcp), req)

    def feed(self, tcp=False):
        return Feed(self.context, self._place("events", tcp))

    def subscriber(self, *prefixes, tcp=False, **options):
        return Subscriber(self.context, self._place("alerts", tcp), *prefixes, **options)

    def ask(self, verb, body=None):
        """(status, body) over a client that is kept."""
        if self._client is None:
            self._client = self.client()
        return self._client.ask(verb, body)

    def ok(self, verb, body=None):
        """The body of an answer that must be OK."""
        status, reply = self.ask(verb, body)
        if status != "OK":
            raise AssertionError(f"{verb} was answered with {reply}")
        return reply

    def publish(self, *events):
        """Publishes, acknowledged; one event as itself, several as an array."""
        return self.ok("publish", events[0] if len(events) == 1 else list(events))

    def status(self):
        return self.ok("status")

    def counters(self):
        return self.status()["counters"]

    def thaw(self, *words, stdin=None, check=True, patience=PATIENCE):
        """Runs `thaw` against this daemon; its CompletedProcess."""
        done = subprocess.run([THAW, *words], input=stdin, capture_output=True, text=True,
                              timeout=patience, env=self.client_env(), check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"thaw {words} ended with {done.returncode}: {done.stderr}")
        return done

    def client_env(self):
        return dict(self.env, THAW_SERVICE=self.address("service"),
                    THAW_ALERTS=self.address("alerts"), THAW_EVENTS=self.address("events"))


def event(number, **keys):
    """A valid release in Belarus; the keys given stand over its own, None takes one away."""
    made = {"id": f"e{number}", "kind": "release", "country": "BY", "source": "outlet",
            "occurred_at": "2025-06-21", "reported_at": "2025-06-21T12:00:00Z", "count": 1}
    made.update(keys)
    return {key: value for key, value in made.items() if value is not None}


# A rule that fires with the first release of a country and is resolved never.
ANY_RELEASE = {"rule": "any-release", "by": ["country"],
               "select": {"freed": {"kind": "release"}},
               "when": "freed.count > 0", "severity": "info",
               "title": "{country}: {freed.sum} freed"}


def main():
    unittest.main(verbosity=2)
