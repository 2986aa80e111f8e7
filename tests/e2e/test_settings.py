"""Each setting of thawd.yaml(5) does what its line says; a setting without a test here or elsewhere fails."""

import os
import re
import stat
import subprocess
import time
import unittest

import harness
from following import EACH_SOURCE, make_alerts
from harness import Feed, Subscriber, event, pack, zmq

HERE = os.path.dirname(os.path.abspath(__file__))
MANUAL = os.path.join(HERE, "..", "..", "daemon", "thawd.yaml.5")
DEFAULT_REPLY = 16 << 20

# Settings whose effect other tests show, which name them.
ELSEWHERE = {
    "events.connect": "e2e/test_keys.py",
    "memory.outbox": "e2e/test_crowd.py",
    "journal.queue": "e2e/test_crowd.py",
    "journal.image": "system/sandbox.sh",
    "retain.age": "durability/test_retention.py",
    "retain.size": "durability/test_retention.py",
    "retain.ids": "durability/test_retention.py",
    "curve.server": "e2e/test_keys.py",
    "curve.clients": "e2e/test_keys.py",
    "curve.upstream": "e2e/test_keys.py",
}


def started(rules=(), **settings):
    """A thawd with settings written with a dot: limits_message="1KiB"."""
    config = {}
    for name, value in settings.items():
        group, _, leaf = name.partition("_")
        if leaf:
            config.setdefault(group, {})[leaf] = value
        else:
            config[group] = value
    return harness.Daemon(rules, config)


def said(d, sent):
    """The code with which an event is rejected, or a message refused; None: it was taken."""
    status, reply = d.ask("publish", sent)
    if status == "ERR":
        return reply["code"]
    return reply["rejected"][0]["code"] if reply["rejected"] else None


def retraction(number, target):
    return event(number, kind="retraction", retracts=target["id"], count=None, occurred_at=None)


def deaf(d):
    """A subscriber of which thawd knows, and that takes next to nothing from it until it is read."""
    sock = d.context.socket(zmq.SUB)
    sock.linger, sock.rcvhwm = 0, 1
    sock.subscribe("")
    sock.connect(d.address("alerts"))
    harness.receive(sock)
    return sock


class Settings(unittest.TestCase):
    def code(self, sent, **settings):
        with started(**settings) as d:
            return said(d, sent)

    def test_none_is_left_out(self):
        with open(MANUAL, encoding="utf-8") as f:
            named = re.findall(r'^\.BR ([a-z]+(?:\.[a-z]+)?) " \(|^\\fB([a-z]+(?:\.[a-z]+)?)\\fR \(', f.read(), re.M)
        names = {a or b for a, b in named}
        self.assertGreater(len(names), 30)
        for name in names - set(ELSEWHERE):
            self.assertTrue(hasattr(self, "test_" + name.replace(".", "_")), f"no test shows what {name} does")
        for name, file in ELSEWHERE.items():
            self.assertIn(name, names)
            with open(os.path.join(HERE, "..", file), encoding="utf-8") as f:
                self.assertRegex(f.read(), r"\b" + name.split(".")[1] + r"\b", file)

    # ---- the basics

    def test_state(self):
        with started() as d:
            folder = d.path("elsewhere")
            os.mkdir(folder)
            d.stop()
            d.configure({"state": folder})
            d.start()
            self.assertTrue(os.path.exists(os.path.join(folder, "journal", "data.mdb")))

    def test_rules(self):
        with started() as d:
            os.mkdir(d.path("other"))
            with open(d.path("other", "one.yaml"), "w", encoding="utf-8") as f:
                f.write(str({"rules": [harness.ANY_RELEASE]}))
            d.stop()
            d.configure({"rules": ["other/one.yaml"]})
            d.start()
            self.assertEqual([rule["rule"] for rule in d.ok("rules")["rules"]], ["any-release"])

    def test_reports_without_a_time_and_the_clock_of_reports(self):
        """No rule is tried then, which looks as if nothing had happened: it is told, once."""
        untimed = [event(n, reported_at=None, occurred_at="2025-09-11") for n in (1, 2)]
        told = lambda d: d.log().count("no report says when it was reported")
        rule = {"rule": "any", "by": ["country"], "select": {"freed": {"kind": "release"}}, "when": "freed.count > 0"}
        with harness.Daemon([rule], {"clock": "reported", "beat": "100ms"}) as d:
            d.publish(event(3, reported_at="2025-09-12", kind="release"))
            time.sleep(0.5)
            self.assertEqual(told(d), 0)
        with harness.Daemon([rule], {"clock": "reported", "beat": "100ms"}) as d:
            time.sleep(0.5)
            self.assertEqual(told(d), 0)
            for one in untimed:
                d.publish(one)
                harness.wait_for(lambda: told(d) == 1, "the warning")
                time.sleep(0.5)
                self.assertEqual(told(d), 1)
            self.assertIsNone(d.status()["now"])
            self.assertEqual(d.status()["last_problem"], "rules are not tried for want of a time")
            self.assertEqual(d.ok("snapshot")["alerts"], [])
            d.publish(event(3, reported_at="2025-09-12"))
            self.assertEqual(len(d.ok("snapshot")["alerts"]), 1)

    def test_clock(self):
        for clock in ("wall", "reported"):
            with started(clock=clock) as d:
                d.publish(event(1))
                self.assertEqual(d.status()["clock"], clock)
                self.assertEqual(d.status()["now"].to_unix() < 1.8e9 if clock == "reported" else True, True)

    def test_beat(self):
        with started(beat="10ms") as d, d.subscriber() as s:
            for _ in range(20):
                s.beat()
        with started(beat="1h") as d:
            sock = d.context.socket(zmq.SUB)
            sock.linger = 0
            sock.subscribe("beat")
            sock.connect(d.address("alerts"))
            beats = [harness.receive(sock, 0.5) for _ in range(3)]
            self.assertLessEqual(len([one for one in beats if one]), 1)  # that of the start
            sock.close()

    def test_linger(self):
        with started([EACH_SOURCE], linger="2s", alerts_hwm=1000000) as d:
            sock = deaf(d)
            make_alerts(d, 0, 5000)
            began = time.monotonic()
            d.stop()
            self.assertGreater(time.monotonic() - began, 1.9)
            sock.close()

    # ---- endpoints

    def test_events_bind(self):
        self.other_address("events", lambda d, address: self.fed(d, address, event(2)))

    def test_service_bind(self):
        def asked(d, address):
            with harness.Client(d.context, address) as c:
                self.assertEqual(c.ask("status")[0], "OK")
        self.other_address("service", asked)

    def test_alerts_bind(self):
        def heard(d, address):
            with Subscriber(d.context, address) as s:
                d.publish(event(2))
                self.assertEqual(s.alert()[1]["rule"], "any-release")
        self.other_address("alerts", heard)

    def other_address(self, name, use):
        with harness.Daemon([harness.ANY_RELEASE], start=False) as d:
            address = "ipc://" + d.path("another")
            d.configure({name: {"bind": [d.address(name), address]}})
            d.start()
            use(d, address)

    def fed(self, d, address, one):
        with Feed(d.context, address) as f:
            f.publish(one)
            harness.wait_for(lambda: d.counters()["accepted"] > 0, "the event")

    def test_events_topics(self):
        with started(events_topics=["release.BY"]) as d, d.feed() as f:
            f.publish(event(1, country="LT"))
            f.publish(event(2))
            harness.wait_for(lambda: d.counters()["accepted"] > 0, "the one that is asked for")
            self.assertEqual([e["event"]["id"] for e in d.ok("events")["events"]], ["e2"])

    def test_events_mode(self):
        self.mode("events")

    def test_service_mode(self):
        self.mode("service")

    def test_alerts_mode(self):
        self.mode("alerts")

    def mode(self, name):
        for mode in (0o600, 0o666):
            with started(**{name + "_mode": f"0{mode:o}"}) as d:
                self.assertEqual(stat.S_IMODE(os.stat(d.path(name)).st_mode), mode)

    def test_service_publish(self):
        self.part_of_the_verbs("publish", {"publish": "OK", "status": "OK", "state": "ERR", "reload": "ERR"})

    def test_service_read(self):
        self.part_of_the_verbs("read", {"publish": "ERR", "status": "OK", "state": "OK", "reload": "ERR"})

    def part_of_the_verbs(self, part, answers):
        with harness.Daemon(start=False) as d:
            d.configure({"service": {part: ["ipc://" + d.path("part")]}})
            d.start()
            with harness.Client(d.context, "ipc://" + d.path("part")) as c:
                for verb, wanted in answers.items():
                    status, reply = c.ask(verb, event(1) if verb == "publish" else None)
                    self.assertEqual((status, reply.get("code")), (wanted, "denied" if wanted == "ERR" else None))

    def test_alerts_hwm(self):
        got = {}
        for hwm in (10, 1000000):
            with started([EACH_SOURCE], alerts_hwm=hwm, linger="0ms") as d:
                sock = deaf(d)
                make_alerts(d, 0, 5000)
                last, got[hwm] = 0, 0
                while last < 5000 and (frames := harness.receive(sock)):
                    body = harness.unpack(frames[1])
                    got[hwm] += frames[0] != b"beat"
                    last = max(last, body["seq"])
                sock.close()
        self.assertLess(got[10], 5000)
        self.assertEqual(got[1000000], 5000)

    def test_service_hwm(self):
        self.bounds("service", "hwm")

    def test_events_hwm(self):
        self.bounds("events", "hwm")

    def bounds(self, group, leaf):
        """What only libzmq sees: it is taken within its bounds, and refused beyond."""
        with harness.Daemon(start=False) as d:
            for value, taken in ((0, False), (1, True), (1000000, True), (1000001, False)):
                d.configure({group: {leaf: value}})
                done = subprocess.run([harness.THAWD, "--config", d.path("thawd.yaml"), "--check"], check=False,
                                      capture_output=True, text=True, timeout=harness.PATIENCE)
                self.assertEqual(done.returncode == 0, taken, (value, done.stderr))

    # ---- what belongs together

    def test_tolerance_release(self):
        self.together("release", {})

    def test_tolerance_detention(self):
        self.together("detention", {"kind": "detention"})

    def test_tolerance_talks(self):
        self.together("talks", {"kind": "talks", "stage": "reported", "count": None})

    def test_tolerance_sanction(self):
        self.together("sanction", {"kind": "sanction", "count": None, "authority": "US", "action": "imposed",
                                   "sector": "potash"})

    def together(self, kind, keys):
        for tolerance, incidents in (("1d", 2), ("10d", 1)):
            with started(**{"tolerance_" + kind: tolerance}) as d:
                reply = d.publish(event(1, occurred_at="2025-06-01", **keys),
                                  event(2, occurred_at="2025-06-09", source="second", **keys))
                self.assertEqual(reply["rejected"], [])
                self.assertEqual(len(d.ok("incidents", {"country": "BY"})["incidents"]), incidents, tolerance)

    # ---- limits

    def test_limits_message(self):
        self.assertIsNone(self.code(event(1, title="a" * 2000)))
        self.assertEqual(self.code(event(1, title="a" * 1500), limits_message="1KiB"), "too-large")

    def test_limits_nesting(self):
        deep = event(1, extra={"a": {"b": {"c": 1}}})
        self.assertIsNone(self.code(deep))
        self.assertEqual(self.code(deep, limits_nesting=3), "limit")

    def test_limits_events(self):
        three = [event(n) for n in range(3)]
        self.assertIsNone(self.code(three, limits_events=3))
        self.assertEqual(self.code(three, limits_events=2), "limit")

    def test_limits_persons(self):
        two = event(1, count=2, persons=[{"ids": ["x:1"]}, {"ids": ["x:2"]}])
        self.assertIsNone(self.code(two, limits_persons=2))
        self.assertEqual(self.code(two, limits_persons=1), "limit")

    def test_limits_ids(self):
        two = event(1, persons=[{"ids": ["x:1", "x:2"]}])
        self.assertIsNone(self.code(two, limits_ids=2))
        self.assertEqual(self.code(two, limits_ids=1), "limit")

    def test_no_more_ids_than_join_persons(self):
        """What is admitted counts: a person is known by the last of its ids, too."""
        ids = [f"x:{i}" for i in range(64)]
        with started(limits_ids=64) as d:
            d.publish(event(1, persons=[{"name": "P", "ids": ids}]), event(2, source="B", persons=[{"name": "Q", "ids": ids[-1:]}]))
            self.assertEqual(len(d.ok("state", {"country": "BY"})["persons"]), 1)

    def test_limits_id(self):
        self.assertIsNone(self.code(event(1, id="12345678"), limits_id="8B"))
        self.assertEqual(self.code(event(1, id="123456789"), limits_id="8B"), "too-large")

    def test_limits_text(self):
        self.assertIsNone(self.code(event(1, note="12345678"), limits_text="8B"))
        self.assertEqual(self.code(event(1, note="123456789"), limits_text="8B"), "too-large")

    def test_limits_future(self):
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86400))
        ahead = event(1, occurred_at=tomorrow, reported_at=None)
        self.assertEqual(self.code(ahead, clock="wall"), "future")
        self.assertIsNone(self.code(ahead, clock="wall", limits_future="10d"))

    def test_limits_reply(self):
        events = [event(n, note="n" * 1000) for n in range(500)]
        sizes = {}
        for most in (64 << 10, DEFAULT_REPLY):
            with started(limits_reply=f"{most}B") as d:
                d.publish(*events)
                got, sizes[most], at = [], 0, 0
                while len(got) < len(events):
                    page = d.ok("events", {"from": at, "limit": 500})
                    sizes[most] = max(sizes[most], len(pack(page)))
                    at = page["next"]
                    got += [one["event"]["id"] for one in page["events"]]
                self.assertEqual(got, [one["id"] for one in events])
        self.assertLessEqual(sizes[64 << 10], 64 << 10)
        self.assertGreater(sizes[DEFAULT_REPLY], 500000)

    def test_limits_request(self):
        question = {"incident": "x" * 1020}
        for most, code in (("1KiB", "too-large"), ("64KiB", "not-found")):
            with started(limits_request=most) as d:
                self.assertEqual(d.ask("explain", question)[1].get("code"), code)
                self.assertIsNone(said(d, event(1, title="t" * 2000)))

    # ---- memory, journal

    def test_memory_reports(self):
        with started(memory_reports=2) as d:
            self.assertEqual([said(d, event(n)) for n in range(3)], [None, None, "limit"])

    def test_memory_full_and_corrections(self):
        """What is wrong can be put right when nothing more is held; how much of it is bounded, too."""
        with started(memory_reports=32) as d:
            self.assertIsNone(said(d, [event(n) for n in range(32)]))
            self.assertEqual(said(d, event(32)), "limit")
            self.assertEqual(said(d, retraction(900, event(32))), "limit")  # of nothing that stands
            self.assertIsNone(said(d, retraction(901, event(0))))
            self.assertEqual(said(d, retraction(902, event(0))), "limit")
            self.assertIsNone(said(d, event(903, revises=event(1)["id"])))
            self.assertIsNone(said(d, retraction(904, event(2))))
            self.assertEqual(said(d, retraction(905, event(3))), "limit")
            d.restart()
            self.assertEqual(said(d, retraction(906, event(4))), "limit")
            self.assertEqual(d.status()["engine"]["reports"], 35)

    def test_memory_bytes(self):
        many = [event(n, note="n" * 2000, occurred_at=f"2025-06-{1 + n % 28:02}") for n in range(1000)]
        self.assertIsNone(self.code(many))
        with started(memory_bytes="1MiB") as d:
            for one in range(0, 1000, 10):
                if said(d, many[one:one + 10]):
                    break
            self.assertEqual(said(d, event(5000)), "limit")
            self.assertGreater(d.counters()["accepted"], 0)

    def test_memory_bytes_beyond_what_there_is(self):
        """One line at the start says it, of the machine and of the limits of the process."""
        with open(harness.THAWD, "rb") as f:
            instrumented = re.search(rb"__[at]san_init", f.read())  # it cannot start within such limits
        said_so = re.compile(r"notice: memory\.bytes is (\S+), and thawd has (\d+)MiB at most")
        for bound, limit, expected in (("unlimited", None, "unlimited"), ("512MiB", None, None), ("2GiB", 1 << 30, "2GiB"),
                                       ("1GiB", 1 << 30, None)):
            if limit and instrumented:
                continue
            with harness.Daemon(config={"memory": {"bytes": bound}}, start=False) as d:
                d.start(before=("prlimit", f"--data={limit}") if limit else ())
                lines = said_so.findall(d.log())
                self.assertEqual([line[0] for line in lines], [expected] if expected else [], d.log())
                self.assertTrue(limit is None or not lines or lines[0][1] == "1024")

    def test_memory_bytes_not_set(self):
        """A share of what there is: reports are refused before memory runs out."""
        with open("/proc/meminfo") as f:
            machine = int(re.search(r"MemTotal: *(\d+) kB", f.read())[1]) << 10
        with open(harness.THAWD, "rb") as f:
            limit = None if re.search(rb"__[at]san_init", f.read()) else 1 << 30  # within it nothing instrumented can start
        for retain, share in (({}, 2), ({"age": "10000d"}, 3), ({"size": "1GiB"}, 3)):
            with harness.Daemon(config={"retain": retain} if retain else {}, start=False) as d:
                d.start(before=("prlimit", f"--data={limit}") if limit else ())
                there = d.status()["limits"]["memory_bytes"] * share
                self.assertTrue(limit is None or there in range(limit - share, limit + 1), there)
                self.assertTrue(0 < there <= machine, there)
                self.assertNotIn("memory.bytes", d.log())

    def test_memory_lowered(self):
        """What was accepted under a wider bound is read again, whole, from an image, from the journal and where the past is
        dropped; only new reports are refused."""
        for bound in ({"reports": 10}, {"bytes": "1MiB"}):
            with started([EACH_SOURCE], memory_bytes="64MiB") as d:
                for first in range(0, 2000, 500):
                    self.assertIsNone(said(d, [event(n, note="n" * 1000, source=f"s{n % 50}", occurred_at=f"{1950 + n % 70}-06-01")
                                               for n in range(first, first + 500)]))
                before = (d.ok("state", {"country": "BY"}), d.ok("incidents"), d.ok("snapshot"))
                for remove_image in (False, True):
                    d.stop()
                    d.configure({"memory": bound})
                    if remove_image:
                        os.unlink(d.path("state", "image"))
                    d.start()
                    self.assertEqual((d.ok("state", {"country": "BY"}), d.ok("incidents"), d.ok("snapshot")), before)
                    self.assertEqual(said(d, event(5000)), "limit")
                d.stop()
                d.configure({"retain": {"age": "10000d"}})
                d.start()
                harness.wait_for(lambda: d.counters()["dropped"] > 0, "the past to be dropped")
                self.assertGreater(d.status()["engine"]["reports"], 100)
                d.stop()
                os.unlink(d.path("state", "image"))
                d.start()
                self.assertEqual(d.ok("state", {"country": "BY"})["released"], before[0]["released"])

    def test_memory_bytes_of_rules(self):
        """Alerts that list what they rest on are held, too."""
        accepted = []
        for rules in ([], [EACH_SOURCE]):
            with started(rules, memory_bytes="8MiB") as d:
                for first in range(0, 20000, 500):
                    if said(d, [event(n, source=f"s{n}") for n in range(first, first + 500)]):
                        break
                accepted.append(d.counters()["accepted"])
                held = d.status()["engine"]["rules_bytes"]
        self.assertGreater(held, 1 << 20)
        self.assertGreater(accepted[1], 500)
        self.assertLess(accepted[1], accepted[0] * 3 // 4)

    def test_journal_map(self):
        """It grows from the least there is, and nothing is refused for it."""
        with started(journal_map="1MiB") as d:
            for n in range(0, 4000, 500):
                d.publish([event(m, note="n" * 1000) for m in range(n, n + 500)])
            self.assertEqual(d.counters()["accepted"], 4000)


if __name__ == "__main__":
    harness.main()
