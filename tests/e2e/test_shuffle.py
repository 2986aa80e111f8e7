"""Random reports of every kind over many countries, through the running daemon: what it knows at
the end does not depend on the order in which they came, survives kill -9 at any point, and is
nothing once every report has been withdrawn.

THAW_SEED and THAW_REPORTS choose another case and its size.
"""

import json
import os
import random
import unittest

import harness

SEED = int(os.environ.get("THAW_SEED", "1"))
REPORTS = int(os.environ.get("THAW_REPORTS", "500"))

COUNTRIES = ["BY", "RU", "IR", "VE", "CU", "KP", "SY", "MM", "ZW", "NI"]
SOURCES = [f"s{i}" for i in range(12)]
# Letters apart from one another or nearly the same: some are offered as possible matches.
NAMES = ["Anna Bera", "Ana Bera", "Olga Timo", "Olha Tima", "Ivan Sora", "Petr Kolo", "Pyotr Kola", "Mira Venda"]
ACTIONS = ("proposed imposed extended amended reimposed eased licensed suspended lifted delisted "
           "maintained").split()
STAGES = "reported demanded offered promised agreed denied collapsed".split()
FORMS = ["pardon", "sentence_served", "deportation", "exchange", "other"]

RULES = """
rules:
  - {rule: sum, by: [country], select: {f: {kind: release, within: 14d}}, when: f.sum > 20, title: "{f.sum}"}
  - {rule: voices, by: [country], select: {f: {kind: release, where: size(voices) > 1}}, when: f.count > 0, title: "{f.max} {f.spread}"}
  - {rule: licence, by: [country, authority], select: {m: {kind: measure, where: state == "licensed", at: expires_at, ahead: 30d}}, when: m.count > 0, for: 2d, title: "{m.first}"}
  - {rule: held-and-free, by: [country, person], select: {p: {kind: person, where: contradiction}}, when: p.count > 0, keep_for: 5d, title: "{person}"}
  - {rule: silent, by: [source], select: {p: {kind: feed, where: silent_for > duration("240h")}}, when: p.count > 0, title: "{source}"}
  - {rule: nothing, by: [], select: {p: {kind: release, within: 3d}}, when: p.count == 0, for: 1d, title: "nothing"}
  - rule: diverge
    by: [country]
    select:
      us: {kind: measure, where: authority == "US" && state in ["licensed", "delisted"]}
      eu: {kind: measure, where: authority == "EU" && state == "in_force"}
    when: us.count > 0 && eu.count > 0
    title: "{us.count}"
  - {rule: stale, by: [country], select: {t: {kind: tally, where: state == "stale"}}, when: t.count > 0, title: "stale"}
  - {rule: announced, by: [country, id], select: {s: {kind: sanction, where: announced}}, when: s.count > 0, for: 10d, title: "{id}"}
  - {rule: largest, by: [country], select: {s: {kind: release, where: largest}}, when: s.count > 0, title: "{s.max}"}
  - {rule: late, by: [country], select: {s: {kind: report, where: late}}, when: s.count > 3, title: "{s.count}"}
  - {rule: older, by: [country], select: {s: {kind: release, before: 30d}, r: {kind: detention, within: 30d}}, when: s.count > r.count && r.count > 0 && r.last > s.first, title: "{s.last}"}
"""


class Generator:
    def __init__(self, seed, count):
        self.random = random.Random(seed)
        self.count = count
        self.ids = {source: ["none"] for source in SOURCES}

    def chance(self, share):
        return self.random.random() < share

    def date(self):
        r = self.random
        year, month, day = r.choice([2023, 2024, 2025]), r.randint(1, 12), r.randint(1, 28)
        return r.choice([f"{year}-{month:02}-{day:02}"] * 6 + [
            f"{year}-{month:02}-{day:02}~", f"{year}-{month:02}", f"{year}",
            f"{year}-{month:02}-{day:02}T{r.randint(0, 23):02}:00:00Z"])

    def parties(self, prefix, most):
        found = []
        for _ in range(self.random.randint(1, most)):
            party = {"name": self.random.choice(NAMES)}
            if self.chance(0.7):
                party["ids"] = self.random.sample([f"{prefix}:{i}" for i in range(12)], self.random.randint(1, 2))
            found.append(party)
        return found

    def other(self, source):
        """A report of the source, known already or not yet."""
        return self.random.choice(self.ids[source] + [f"x{self.random.randrange(self.count)}"])

    def people(self, event):
        r = self.random
        if self.chance(0.8):
            event.update(count=r.randint(0, 30), count_is=r.choice(["exact", "exact", "at_least", "about"]))
        if self.chance(0.2):
            event.update(covers="part", part=r.choice(["destination=LT", "destination=UA", "category=political"]))
        elif self.chance(0.1):
            event["covers"] = "wider"
        if self.chance(0.4):
            event["persons"] = self.parties("p", 4)
            if self.chance(0.5):
                event["count"] = len(event["persons"])
        if event["kind"] == "release" and self.chance(0.5):
            event["form"] = r.choice(FORMS)

    def sanction(self, event):
        event.update(authority=self.random.choice(["US", "EU", "UK"]), action=self.random.choice(ACTIONS))
        for key, share, value in (("targets", 0.6, lambda: self.parties("t", 3)),
                                  ("sector", 0.3, lambda: self.random.choice(["oil", "gas,oil"])),
                                  ("program", 0.3, lambda: self.random.choice(["P1", "P2"])),
                                  ("expires_at", 0.3, self.date),
                                  ("count", 0.2, lambda: self.random.randint(1, 30))):
            if self.chance(share):
                event[key] = value()

    def talks(self, event):
        event["stage"] = self.random.choice(STAGES)
        if self.chance(0.5):
            event.update(expected_count=self.random.randint(1, 60), expected_by=self.date())

    def tally(self, event):
        event.update(of=self.random.choice(["released", "detained"]), count=self.random.randint(0, 200))
        for key, share, value in (("since", 0.6, self.date), ("form", 0.3, lambda: "pardon"),
                                  ("category", 0.3, lambda: "political"),
                                  ("persons", 0.3, lambda: self.parties("p", 3))):
            if self.chance(share):
                event[key] = value()

    def event(self, number):
        r = self.random
        kind = r.choice(["release"] * 5 + ["detention"] * 3 + ["sanction"] * 5 +
                        ["talks", "tally", "feed", "retraction", "retraction"])
        source = r.choice(SOURCES)
        event = {"id": f"x{number}", "kind": kind, "country": r.choice(COUNTRIES), "source": source}
        if self.chance(0.9):
            event["reported_at"] = f"2025-{1 + 11 * number // self.count:02}-{r.randint(1, 28):02}"
        if self.chance(0.3):
            event["attributed_to"] = r.choice(["press", "office"])
        if kind == "retraction":
            event["retracts"] = self.other(source)
        elif self.chance(0.2):
            event["incident"] = r.choice(["shared:a", "shared:b", "q", "w"])
        if kind not in ("retraction", "feed"):
            if self.chance(0.85):
                event["occurred_at"] = self.date()
            if self.chance(0.5):
                event["status"] = r.choice(["rumoured", "announced", "confirmed"])
            if self.chance(0.15):
                event["revises"] = self.other(source)
        if kind == "feed":
            event["state"] = r.choice(["ok", "broken"])
        if self.chance(0.2):
            event.update(producer=f"pr{r.randint(0, 3)}", producer_seq=r.randint(0, 40))
        {"release": self.people, "detention": self.people, "sanction": self.sanction, "talks": self.talks,
         "tally": self.tally}.get(kind, lambda _: None)(event)
        self.ids[source].append(event["id"])
        return event


def everything(daemon):
    """All that can be asked for, as bytes; and the active alerts, as far as they may not differ."""
    known = []
    for country in COUNTRIES:
        known.append(daemon.ask("incidents", {"country": country, "limit": 100000}))
        known.append(daemon.ask("state", {"country": country}))
    known.append(daemon.ask("state"))
    return json.dumps(known, default=str), alerts(daemon)


def alerts(daemon):
    found, after = [], ""
    while True:
        _, page = daemon.ask("snapshot", {"after": after})
        found += page["alerts"]
        if not page["more"]:
            return [(a["rule"], a["group"], a["state"], a["values"], a["facts"]) for a in found]
        after = found[-1]["id"]


def in_order(found):
    return sorted(json.dumps(alert, default=str) for alert in found)


def publish_all(daemon, events, chunks, killed=0):
    """In chunks of random sizes; with kill -9 and a restart between some of them."""
    at = 0
    kills = {chunks.randrange(len(events)) for _ in range(killed)}
    while at < len(events):
        size = chunks.choice([1, 5, 40, 200])
        status, reply = daemon.ask("publish", events[at:at + size])
        if status != "OK" or reply["rejected"]:
            raise AssertionError(f"{status} {reply}")
        if kills & set(range(at, at + size)):
            before = everything(daemon)
            daemon.kill()
            daemon.start()
            if everything(daemon) != before:
                raise AssertionError(f"after kill -9 behind {at + size} reports something else is known")
        at += size


class Shuffle(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        maker = Generator(SEED, REPORTS)
        self.events = [maker.event(i) for i in range(REPORTS)]
        # A common end of time, so that the clocks of all orders agree.
        self.last = {"id": "last", "kind": "feed", "country": "BY", "source": "clock", "state": "ok",
                     "reported_at": "2026-01-01"}
        self.chunks = random.Random(SEED)

    def known_after(self, events, killed=0):
        with harness.Daemon(rules=RULES) as daemon:
            publish_all(daemon, events + [self.last], self.chunks, killed)
            facts, active = everything(daemon)
            return facts, in_order(active)

    def test_any_order_ends_in_the_same(self):
        first = self.known_after(self.events)
        self.assertGreater(len(first[1]), 20)
        for _ in range(2):
            others = self.events + self.chunks.sample(self.events, REPORTS // 5)  # some twice
            self.chunks.shuffle(others)
            facts, active = self.known_after(others)
            self.assertEqual(first[1], active)
            self.assertEqual(first[0], facts)

    def test_killed_at_random_points(self):
        self.assertEqual(self.known_after(self.events), self.known_after(self.events, killed=3))

    def test_all_withdrawn_leaves_nothing(self):
        with harness.Daemon(rules=RULES) as daemon:
            publish_all(daemon, self.events, self.chunks)
            withdrawn = [{"id": "r" + e["id"], "kind": "retraction", "country": e["country"],
                          "source": e["source"], "retracts": e["id"]}
                         for e in self.events if e["kind"] != "retraction"]
            self.chunks.shuffle(withdrawn)
            publish_all(daemon, withdrawn, self.chunks)
            for country in COUNTRIES:
                self.assertEqual(daemon.ask("incidents", {"country": country})[1]["incidents"], [])
                state = daemon.ask("state", {"country": country})[1]
                for key in ("open", "measures", "talks", "persons", "possible", "disagreements", "tallies"):
                    self.assertEqual(state[key], [], key)
            engine = daemon.status()["engine"]
            self.assertEqual([engine[key] for key in ("living", "incidents", "measures", "persons", "tallies")], [0] * 5)
            self.assertEqual([a[0] for a in alerts(daemon) if a[0] not in ("nothing", "silent")], [])


if __name__ == "__main__":
    harness.main()
