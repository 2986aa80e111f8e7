"""thawd is killed with SIGKILL at random moments under load, again and again: every report that was
acknowledged is in the journal once, a subscriber that follows sees every alert change once, and they
are those that a daemon gives that was never disturbed. It starts now from an image and what came
after it, now from the whole journal.

    THAW_KILLS=500 python3 test_kill.py      more of it; THAW_SEED=n another course
"""

import os
import random
import threading
import time
import unittest

import harness

KILLS = int(os.environ.get("THAW_KILLS", "20"))
SEED = int(os.environ.get("THAW_SEED", "1"))
PROGRESS = 20  # a line of progress after so many kills
PRODUCERS = 3
COUNTRIES = ("BY", "RU", "VE", "IR")

RULES = [
    {"rule": "many", "by": ["country"], "select": {"freed": {"kind": "release"}},
     "when": "freed.count > 0", "severity": "info", "title": "{country}: {freed.sum} in {freed.count}"},
    {"rule": "burst", "by": ["country"], "select": {"freed": {"kind": "release", "within": "4d"}},
     "when": "freed.sum >= 60", "severity": "info", "title": "{freed.sum}"},
]


def report(producer, n):
    day = 1 + n // 4 % 27
    month = 1 + n // 108 % 12
    year = 1930 + n // 1296
    date = f"{year:04d}-{month:02d}-{day:02d}"
    event = {"id": f"p{producer}-{n}", "kind": "release", "source": f"source-{producer}",
             "country": COUNTRIES[(n + producer) % len(COUNTRIES)], "occurred_at": date,
             "reported_at": date + "T12:00:00Z", "count": 1 + n * 7 % 40,
             "producer": f"producer-{producer}", "producer_seq": n + 1}
    if n % 23 == 22:
        return {key: event[key] for key in ("id", "source", "country", "reported_at", "producer", "producer_seq")} | {
            "kind": "retraction", "retracts": f"p{producer}-{n - 4}"}
    return event


class Producer(threading.Thread):
    """Keeps what is not acknowledged, and sends it again to whatever answers."""

    def __init__(self, daemon, number, seed, drops=False):
        super().__init__(daemon=True)
        self.drops = drops  # the past is: what is behind the others' may be too old
        self.d, self.number, self.random = daemon, number, random.Random(seed)
        self.next, self.acknowledged, self.ending, self.failure = 0, set(), False, None

    def run(self):
        try:
            waiting = []
            while not self.ending or waiting:
                if not waiting:
                    count = self.random.choice((1, 3, 20))
                    waiting = [report(self.number, self.next + i) for i in range(count)]
                    self.next += count
                if self.publish(waiting):
                    self.acknowledged.update(e["id"] for e in waiting)
                    waiting = []
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def publish(self, events):
        client = self.d.client()
        try:
            status, reply = client.ask("publish", events, patience=1)
        except AssertionError:
            return False  # no answer: it may have been taken or not
        finally:
            client.close()
        old = [r["id"] for r in reply.get("rejected", ()) if r["code"] == "too-old"] if self.drops else []
        if status != "OK" or reply["accepted"] + reply["duplicates"] + len(old) != len(events):
            raise AssertionError(f"publish was answered with {status} {reply}")
        events[:] = [e for e in events if e["id"] not in old]
        return True


class Follower(threading.Thread):
    """Takes every alert change, and asks for what it missed."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.d, self.last, self.alerts, self.ending, self.failure = daemon, 0, [], False, None
        self.repeats = 0

    def run(self):
        try:
            sub = self.d.context.socket(harness.zmq.SUB)
            sub.setsockopt(harness.zmq.LINGER, 0)
            sub.setsockopt(harness.zmq.RCVHWM, 100000)
            sub.setsockopt(harness.zmq.SUBSCRIBE, b"")
            sub.setsockopt(harness.zmq.RECONNECT_IVL, 20)
            sub.connect(self.d.address("alerts"))
            while not self.ending:
                frames = harness.receive(sub, 0.2)
                if frames is not None:
                    self.take(frames[0], harness.unpack(frames[1]))
            self.heal()
            sub.close()
        except Exception as failure:  # pylint: disable=broad-except
            self.failure = failure

    def take(self, topic, body):
        if topic == b"beat":
            if body["seq"] > self.last:
                self.heal()
        elif body["seq"] == self.last + 1:
            self.keep(body)
        elif body["seq"] > self.last:
            self.heal()
        elif harness.pack(body) != harness.pack(self.alerts[body["seq"] - 1]):
            raise AssertionError(f"alert change {body['seq']} came with two contents")

    def keep(self, alert):
        self.alerts.append(alert)
        self.last += 1

    def heal(self):
        client = self.d.client()
        try:
            while True:
                status, reply = client.ask("replay", {"from": self.last}, patience=1)
                if status != "OK":
                    raise ValueError(f"replay was answered with {reply}")
                for alert in reply["alerts"]:
                    if alert["seq"] != self.last + 1:
                        raise ValueError(f"replay gave {alert['seq']} after {self.last}")
                    self.keep(alert)
                if self.last >= reply["head"] or not reply["alerts"]:
                    return
        except AssertionError:
            pass  # no answer: thawd was killed meanwhile; the next beat asks again
        finally:
            client.close()


def journaled(d):
    """The reports of the journal in order, by pages."""
    found, last = [], 0
    while True:
        reply = d.ok("events", {"from": last, "limit": 1000})
        if not reply["events"]:
            return found
        for e in reply["events"]:
            found.append(e)
        last = found[-1]["journal_seq"]


def batches_of(events):
    """As they were taken in: those of one received_at together."""
    batches = []
    for e in events:
        if batches and batches[-1][0] == e["received_at"]:
            batches[-1][1].append(e["event"])
        else:
            batches.append((e["received_at"], [e["event"]]))
    return [b for _, b in batches]


class Kill(unittest.TestCase):
    def test_killed_under_load(self):
        chance = random.Random(SEED)
        with harness.Daemon(RULES) as d:
            producers = [Producer(d, i, SEED * 100 + i) for i in range(PRODUCERS)]
            follower = Follower(d)
            for thread in producers + [follower]:
                thread.start()
            began = time.monotonic()
            for kill in range(1, KILLS + 1):
                time.sleep(chance.random() * 0.3)
                d.process.kill()
                d.process.wait(harness.PATIENCE)
                images = chance.choice(("1ms", "30ms", "forever"))
                d.configure({"journal": {"image": images}})
                if images == "forever" and os.path.exists(d.path("state", "image")):
                    os.unlink(d.path("state", "image"))
                d.start()
                if kill % PROGRESS == 0:
                    acknowledged = sum(len(p.acknowledged) for p in producers)
                    print(f"{kill} of {KILLS} kills, {time.monotonic() - began:.0f} s, {acknowledged} acknowledged, "
                          f"{follower.last} alert changes", flush=True)
            before = sum(len(p.acknowledged) for p in producers)
            harness.wait_for(lambda: sum(len(p.acknowledged) for p in producers) > before or
                             any(p.failure for p in producers), "an acknowledgement after the last start")
            for p in producers:
                p.ending = True
                p.join(harness.PATIENCE)
                self.assertIsNone(p.failure)
            head = d.status()["seq"]
            harness.wait_for(lambda: follower.last >= head or follower.failure, "the follower")
            follower.ending = True
            follower.join(harness.PATIENCE)
            self.assertIsNone(follower.failure)
            self.assertEqual(follower.last, d.status()["seq"])

            events = journaled(d)
            self.assertEqual([e["journal_seq"] for e in events], list(range(1, len(events) + 1)))
            names = [(e["event"]["source"], e["event"]["id"]) for e in events]
            self.assertEqual(len(names), len(set(names)), "a report is in the journal twice")
            acknowledged = {(f"source-{p.number}", i) for p in producers for i in p.acknowledged}
            self.assertEqual(acknowledged - set(names), set(), "acknowledged, but not in the journal")
            self.assertEqual([a["seq"] for a in follower.alerts], list(range(1, follower.last + 1)))
            for name, p in d.ok("status")["producers"].items():
                self.assertEqual(p["holes"], 0, name)

            # the same alerts as of a daemon that takes the same batches in peace
            print(f"{len(events)} reports are published again, in peace", flush=True)
            with harness.Daemon(RULES) as calm:
                for batch in batches_of(events):
                    calm.publish(*batch)
                given, last = [], 0
                while last < calm.status()["seq"]:
                    given += calm.ok("replay", {"from": last})["alerts"]
                    last = given[-1]["seq"]
                for country in COUNTRIES:
                    self.assertEqual(d.ok("state", {"country": country}), calm.ok("state", {"country": country}))
                self.assertEqual(d.ok("incidents", {"limit": 1000}), calm.ok("incidents", {"limit": 1000}))
            for a in given + follower.alerts:
                a.pop("epoch")
            self.assertEqual(len(given), len(follower.alerts))
            for mine, theirs in zip(follower.alerts, given):
                self.assertEqual(mine, theirs)
            self.assertGreater(d.log().count("from an image at report"), 0)
            print(f"{KILLS} kills: {len(events)} reports, {len(acknowledged)} acknowledged, {len(given)} alert changes")

    def view(self, d):
        return (d.ok("snapshot"), [d.ask("state", {"country": c}) for c in COUNTRIES], d.ok("incidents", {"limit": 1000}),
                d.status()["seq"], d.status()["producers"])

    def test_killed_while_the_past_is_dropped(self):
        """What was acknowledged is known, though its reports are gone; an image and the journal give the same."""
        chance = random.Random(SEED)
        with harness.Daemon(RULES, {"retain": {"age": "60d"}, "journal": {"image": "1ms"}}) as d:
            producers = [Producer(d, i, SEED * 100 + i, drops=True) for i in range(PRODUCERS)]
            for p in producers:
                p.start()
            for _ in range(KILLS):
                time.sleep(chance.random() * 0.3)
                d.process.kill()
                d.process.wait(harness.PATIENCE)
                d.start()
            harness.wait_for(lambda: d.status()["journal"]["kept_below"] > 0 or any(p.failure for p in producers), "a drop")
            for p in producers:
                p.ending = True
                p.join(harness.PATIENCE)
                self.assertIsNone(p.failure)
            for p in producers:
                ids = sorted(p.acknowledged)
                for i in range(0, len(ids), 500):
                    page = [report(p.number, int(name.split("-")[1])) for name in ids[i:i + 500]]
                    self.assertEqual(d.ok("publish", page)["duplicates"], len(page))
            before = self.view(d)
            d.kill()
            if os.path.exists(d.path("state", "image")):
                os.unlink(d.path("state", "image"))
            d.start()
            self.assertEqual(self.view(d), before)
            self.assertEqual(d.log().count("is not used"), 0)


if __name__ == "__main__":
    harness.main()
