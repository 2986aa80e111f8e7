"""Programs that follow alerts, watched line by line, and a lossy way between them and thawd."""

import json
import os
import random
import subprocess
import threading
import time

import harness
from harness import PATIENCE, event, zmq

HERE = os.environ.get("THAW_E2E_PROGRAMS", os.path.join(harness.BUILD, "tests"))
FOLLOWER = os.path.join(HERE, "follower")
PRODUCER = os.path.join(HERE, "producer")

# An alert for each source that reports, so that many are easily made.
EACH_SOURCE = {"rule": "each-source", "by": ["source"], "select": {"told": {"kind": "report"}},
               "when": "told.count > 0", "title": "{source}"}
EACH_COUNTRY = {"rule": "each-country", "by": ["country"], "select": {"told": {"kind": "report"}},
                "when": "told.count > 0", "title": "{country}"}


def make_alerts(d, first, count):
    """Raises `count` alerts of EACH_SOURCE, in one request."""
    d.publish([event(n, source=f"source-{n:06}") for n in range(first, first + count)])


class Watched:
    """A program whose lines are collected while it runs."""

    def __init__(self, words, env=None):
        self.lines = []
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=env)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, condition, what, patience=PATIENCE):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.process.stderr.read()}")
            return condition(self)

        harness.wait_for(ready, what, patience)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self.thread.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Follower(Watched):
    """tests/e2e/follower: libthaw's own subscriber."""

    def __init__(self, d, topic="alert.", position=None, alerts=None, service=None):
        words = [FOLLOWER, alerts or d.address("alerts"), service or d.address("service"), topic]
        super().__init__(words + [str(p) for p in position or ()])

    def changes(self):
        """The numbers of the alerts that came as changes, since the last reset."""
        return [int(line.split()[1]) for line in self.since_reset() if line.endswith(" change")]

    def snapshot(self):
        return [int(line.split()[1]) for line in self.since_reset() if line.endswith(" snapshot")]

    def since_reset(self):
        lines = list(self.lines)
        resets = [n for n, line in enumerate(lines) if line == "reset"]
        return lines[resets[-1]:] if resets else lines

    def resets(self):
        return list(self.lines).count("reset")

    def synced(self):
        """(epoch, seq) up to where it said last that nothing is missing."""
        said = [line.split() for line in list(self.lines) if line.startswith("synced")]
        return (said[-1][1], int(said[-1][2])) if said else None


class Tail(Watched):
    """thaw tail --json."""

    def __init__(self, d, *words, alerts=None):
        env = d.client_env()
        if alerts:
            env["THAW_ALERTS"] = alerts
        super().__init__([harness.THAW, "tail", "--json", *words], env)

    def objects(self):
        return [json.loads(line) for line in list(self.lines)]

    def numbers(self):
        return [o["seq"] for o in self.objects() if "reset" not in o]

    def resets(self):
        return [o["reset"] for o in self.objects() if "reset" in o]


class Lossy:
    """Between a thawd and its subscribers: passes beats on, and loses alerts with a probability."""

    def __init__(self, d, loss, seed=1):
        self.address = "ipc://" + d.path("lossy")
        self.loss = loss
        self.lost = 0
        self.random = random.Random(seed)
        self.context = d.context
        self.there = d.address("alerts")
        self.ready, self.ending = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        self.ready.wait(PATIENCE)

    def _run(self):
        come, go = self.context.socket(zmq.SUB), self.context.socket(zmq.PUB)
        for s in (come, go):
            s.setsockopt(zmq.LINGER, 0)
            s.setsockopt(zmq.RCVHWM, 0)
            s.setsockopt(zmq.SNDHWM, 0)
        come.setsockopt(zmq.SUBSCRIBE, b"")
        come.connect(self.there)
        go.bind(self.address)
        self.ready.set()
        while not self.ending.is_set():
            if come.poll(50):
                frames = come.recv_multipart()
                if frames[0] != b"beat" and self.random.random() < self.loss:
                    self.lost += 1
                else:
                    go.send_multipart(frames)
        come.close()
        go.close()

    def close(self):
        self.ending.set()
        self.thread.join(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Answering:
    """A service that gives these answers, one after the other, again and again; .asked: how often."""

    def __init__(self, d, answers):
        self.answers, self.asked, self.end = answers, 0, False
        self.service = d.context.socket(zmq.ROUTER)
        self.service.bind(d.address("service"))
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.end:
            if self.service.poll(20):
                route, _, request, _ = self.service.recv_multipart()
                answer = self.answers[self.asked % len(self.answers)]
                self.service.send_multipart([route, b"OK", request, harness.pack(answer)])
                self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.end = True
        self.thread.join()
        self.service.close(0)


# PROTOCOL.md, 7.2: a page holds those whose id is greater than `after`
PAGES_THAT_LEAD_NOWHERE = {"the same page": ["r:b:1"], "one page and the other": ["r:b:1", "r:a:1"],
                           "an id without bytes": [""], "an id that no question may hold": ["r:" + 1100 * "b"]}


def page(alert_id, epoch="e", more=True):
    """Of a snapshot, with one alert."""
    at = harness.msgpack.Timestamp(1, 0)
    alert = {"epoch": epoch, "seq": 1, "id": alert_id, "rev": 1, "state": "firing", "rule": "r", "rule_version": "1",
             "severity": "info", "title": "t", "labels": {}, "country": "", "group": {}, "values": {}, "since": at,
             "at": at, "facts": [], "reports": [], "sources": []}
    return {"epoch": epoch, "seq": 1, "alerts": [alert], "more": more}


def pause():
    time.sleep(0.05)
