#!/usr/bin/python3
"""Small random cases for the property tests, each a function of its seed.

A case is a handful of reports drawn from so few sources, voices, days, names and persons that
they collide all the time: near the tolerances, over vague dates, through names and people, with
corrections that come first, last, twice and in circles.

    generate.py A B     prints the cases of the seeds A to B - 1, one JSON object a line
"""

import json
import random
import sys

NOW = "2026-01-01"

SOURCES = ["a", "b", "c", "d"]
VOICES = ["v", "w"]
NAMES = ["m", "n", "shared:s", "shared:t"]
IDS = ["p1", "p2", "p3", "p4"]
PRINTED = ["P", "Q", "R"]
PARTIES = ["x1", "x2", "x3"]
PROGRAMS = ["G", "H"]
SECTORS = ["potash", "aviation", "potash,aviation", " , "]
COUNTS = [0, 1, 2, 3, 5, 7, 10]
PARTS = ["destination=LT", "destination=UA", "category=political", "category=foreign"]

# Days around which reports gather: a start, its tolerance (36 h, 7 days), 60 days.
NEAR = ["2025-05-01", "2025-05-02", "2025-05-03", "2025-05-01T00:00:00Z", "2025-05-02T11:59:59Z",
        "2025-05-02T12:00:00Z", "2025-05-01T18:00:00+03:00", "2025-05-07", "2025-05-08", "2025-05-09"]
FAR = ["2025-06-29", "2025-06-30", "2025-07-01", "2025-07-02", "2025-04-01", "2025-10-15"]
VAGUE = ["2025-05", "2025-05~", "2025", "2025-05-02~", "2025-05-20~", "2025-06", "2025-06-25~", "2024~"]


class Case:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.events = []
        r = self.random
        self.kinds = r.choice([
            ["release"], ["release", "release", "detention"], ["release", "detention", "tally"],
            ["detention"], ["sanction"], ["sanction"], ["sanction", "release"], ["talks"],
            ["release", "tally"], ["release", "detention", "sanction", "talks", "tally", "feed"]])
        self.countries = r.choice([["BY"], ["BY"], ["BY"], ["BY", "IR"]])
        self.sources = SOURCES[:r.randint(1, 4)]
        self.dates = r.choice([NEAR, NEAR, NEAR + FAR, NEAR + VAGUE, NEAR + FAR + VAGUE, VAGUE, NEAR[:3] + VAGUE])
        self.people = r.random()
        self.corrections = r.choice([0, 0, 0.15, 0.4])
        self.numbered = r.random() < 0.2
        self.sequence = 0
        self.parts = PARTS
        self.part_chance = 0.25
        self.tally_terms = 0.15
        self.actions = ["proposed", "imposed", "imposed", "extended", "amended", "reimposed", "eased", "eased",
                        "licensed", "licensed", "suspended", "lifted", "delisted", "delisted", "maintained"]
        self.parties = PARTIES
        self.sectors, self.programs = 0.6, 0.5  # how often one is named
        self.ends = 0  # how often a program is lifted or extended as a whole, and not for some
        self.expiring = 0.3  # how often a step says when it runs out
        self.ids = IDS
        self.several_ids = 0.15  # how often a person has two
        self.names = 0.25
        self.length = (3, 14)
        self.counts = COUNTS
        self.told_in_turn = False
        self.voices, self.voiced = VOICES, 0.25
        focus = r.choice([None] * 6 + [self.on_corrections, self.on_people, self.on_one_measure, self.on_totals,
                                       self.on_feeds, self.on_vague_names, self.on_links, self.on_records,
                                       self.on_many, self.on_one_story, self.on_one_story, self.on_programs,
                                       self.on_vague_steps, self.on_two_entries, self.on_spellings,
                                       self.on_spellings, self.on_names, self.on_growing,
                                       self.on_told_late, self.on_aliases, self.on_aliases])
        if focus:
            focus()

    # What happens seldom where everything may happen, each in a focus of its own.

    def on_corrections(self):
        """Chains and circles of revisions, and retractions of revisions, of one or two sources."""
        self.sources = SOURCES[:self.random.randint(1, 2)]
        self.corrections = 1.2

    def on_people(self):
        """The same few people freed and held over months."""
        self.kinds = ["release", "detention", "release", "detention", "tally"]
        self.people, self.ids, self.names = 1, IDS[:2], 0.05
        self.dates = NEAR[:4] + FAR

    def on_spellings(self):
        """Two people freed, held and freed again, some by an id, some by a name, spelled in several ways."""
        r = self.random
        self.kinds, self.countries = ["release", "release", "detention"], ["BY"]
        self.people, self.ids, self.names, self.part_chance = 1, IDS[:r.randint(1, 2)], 0.05, 0
        self.dates = ["2025-05-01", "2025-05-21", "2025-06-10", "2025-07-05", "2025-07-25", "2025-09-20"]
        self.corrections, self.length = r.choice([0, 0.3, 0.8]), (5, 14)

    def on_aliases(self):
        """One or two people freed, held and freed again, of several ids, that some reports give together and others alone."""
        r = self.random
        self.kinds, self.countries = r.choice([["release", "release", "detention"], ["release", "detention", "detention", "tally"]]), ["BY"]
        self.people, self.ids, self.names, self.part_chance = 1, IDS[:r.randint(2, 4)], 0.05, 0
        self.several_ids = r.choice([0.2, 0.5])
        self.dates = ["2025-03-20", "2025-05-01", "2025-05-01", "2025-05-21", "2025-06-10", "2025-07-05", "2025-07-25", "2025-08-20"]
        self.corrections, self.length = r.choice([0, 0.3, 0.8]), (5, 16)

    def on_records(self):
        """Many happenings apart from one another: each may be the largest so far, until one that was is taken back."""
        self.kinds = self.random.choice([["release"], ["release", "detention"]])
        self.dates, self.people, self.names = NEAR[:2] + FAR + VAGUE[:1], 0, 0.4
        self.corrections, self.part_chance, self.length = 0.5, 0.1, (8, 25)

    def on_one_measure(self):
        """One party or sector through licences, expiries, moves and the end of its program."""
        self.kinds, self.parties = ["sanction"], PARTIES[:1]
        self.dates = ["2025-05-01", "2025-05-03", "2025-05-09", "2025-07-15", "2025-08-01", "2025-09-10", "2025-11-15", "2025-08~",
                      "2025-08-01T10:00:00Z", "2025-08-01T15:00:00+01:00"]
        self.actions = ["imposed", "licensed", "licensed", "suspended", "extended", "lifted", "delisted", "reimposed",
                        "maintained", "eased", "proposed"]

    def on_vague_steps(self):
        """One party that is listed and removed on days, and within months and years."""
        r = self.random
        self.kinds, self.countries, self.parties = ["sanction"], ["BY"], PARTIES[:1]
        self.sectors, self.programs, self.ends = 0, r.choice([0, 0.7]), 0.4
        self.dates = ["2025-05-01", "2025-05-03", "2025-05-09", "2025-05-20T10:00:00Z", "2025-06-02", "2025-07-15", "2025-05",
                      "2025-05", "2025", "2025-06", "2025-05~", "2025-05-10~", "2025-05-20~"]
        self.actions = r.choice([["imposed", "imposed", "delisted", "delisted", "licensed", "reimposed", "amended", "lifted"],
                                 ["imposed", "delisted"], ["imposed", "licensed", "suspended", "delisted"]])
        self.corrections, self.length = r.choice([0, 0.15]), (3, 16)

    def on_told_late(self):
        """One party removed, listed anew and licensed within days; some sources tell each a day or two late."""
        r = self.random
        self.kinds, self.countries, self.parties = ["sanction"], ["BY"], PARTIES[:1]
        self.sources, self.sectors, self.ends = SOURCES[:r.randint(2, 4)], 0, 0.1
        self.programs, self.expiring = r.choice([0, 0.3]), r.choice([0, 0.2])
        self.dates = ["2025-04-01", "2025-05-01", "2025-05-02", "2025-05-03", "2025-05-03T10:00:00Z", "2025-05-04", "2025-05-06",
                      "2025-05-08", "2025-05-11"] + r.choice([[], ["2025-05", "2025-04", "2025-05-03~"]])
        self.actions = r.choice([["imposed", "imposed", "reimposed", "delisted", "delisted", "lifted"],
                                 ["imposed", "reimposed", "licensed", "licensed", "suspended"],
                                 ["imposed", "reimposed", "licensed", "suspended", "delisted", "lifted", "extended"]])
        self.corrections, self.length = r.choice([0, 0.15, 0.5]), (4, 14)

    def on_two_entries(self):
        """Lists that have one party by several ids, which somebody ties."""
        r = self.random
        self.kinds, self.countries, self.parties = ["sanction"], ["BY"], PARTIES[:r.choice([2, 3])]
        self.sources, self.sectors = SOURCES[:r.randint(1, 3)], 0
        self.programs, self.ends = r.choice([0, 0.4]), 0.4
        self.dates = ["2025-05-01", "2025-05-03", "2025-05-09", "2025-06-02", "2025-06-02T10:00:00Z", "2025-07-15", "2025-08-01",
                      "2025-06"]
        self.actions = ["imposed", "imposed", "imposed", "delisted", "delisted", "lifted", "amended", "licensed", "maintained"]
        self.corrections, self.length = r.choice([0, 0.15, 0.5]), (4, 18)

    def on_programs(self):
        """Parties under programs that end, are extended and take another's place."""
        r = self.random
        self.kinds, self.countries, self.parties = ["sanction"], ["BY"], PARTIES[:1]
        self.sectors, self.programs, self.ends = 0, 1, 0.8
        self.dates = ["2025-05-01", "2025-05-03", "2025-05-09", "2025-07-15", "2025-08-01", "2025-08-02T10:00:00Z",
                      "2025-11-10", "2025-12-01"]
        self.actions = r.choice([["imposed", "imposed", "lifted", "lifted", "amended", "amended", "maintained", "licensed"],
                                 ["imposed", "imposed", "extended", "extended", "lifted", "amended", "licensed"]])
        self.expiring = r.choice([0.3, 0.7])
        self.corrections, self.length = self.random.choice([0, 0.15]), (8, 25)

    def on_totals(self):
        """Totals over parts and forms that the incidents have."""
        self.kinds = ["release", "release", "detention", "tally", "tally"]
        self.parts, self.part_chance, self.tally_terms = PARTS[2:], 0.5, 0.45
        self.dates = NEAR[:3] + FAR[:3] + ["2025-05"]

    def on_feeds(self):
        self.kinds = ["feed", "feed", "release", "tally"]
        self.numbered = True
        self.corrections = 0.3

    def on_vague_names(self):
        """Names, vague dates and wider counts."""
        self.kinds = self.random.choice([["release"], ["detention"], ["sanction"], ["talks"]])
        self.dates, self.names = NEAR[:4] + VAGUE, 0.6
        self.length = (5, 18)

    def on_names(self):
        """Happenings that their sources name, told on other days and by ever more sources, beside some without a name."""
        r = self.random
        self.kinds, self.countries = [r.choice(["release", "release", "detention", "sanction", "talks"])], ["BY"]
        self.dates = r.choice([NEAR, NEAR[:4], NEAR + FAR, NEAR[:2] * 2 + VAGUE[:1], NEAR[:5] + VAGUE[:2]])
        self.counts, self.people, self.names = r.choice([[2, 3], COUNTS]), r.choice([0, 0.2]), r.choice([0.6, 0.9])
        self.corrections, self.part_chance, self.length = r.choice([0, 0.1]), 0.1, (8, 25)

    def on_growing(self):
        """Groups by name and by person that many voices date otherwise, so that they go from one incident to another and back."""
        r = self.random
        self.kinds, self.countries = r.choice([["release"], ["release"], ["detention"], ["release", "release", "detention"]]), ["BY"]
        self.sources, self.ids = SOURCES[:r.randint(1, 3)], IDS[:r.randint(1, 2)]
        self.voices, self.voiced = ["v%d" % n for n in range(8)], 0.8
        self.dates = r.choice([["2025-05-01", "2025-05-01", "2025-05-02T11:59:59Z", "2025-05"],
                               ["2025-05-01", "2025-05-03", "2025-05-20", "2025-05"],
                               ["2025-05-01", "2025-05-01", "2025-05-02", "2025-05-20", "2025-05-20", "2025-05"]])
        self.counts, self.people, self.names = r.choice([[1], [1, 1, 2]]), r.choice([0, 0.5, 0.8]), r.choice([0, 0.2, 0.5])
        self.corrections, self.part_chance, self.length = r.choice([0, 0, 0.2, 0.6]), r.choice([0, 0.1]), (10, 30)

    def on_links(self):
        """People and parties that only a third report links."""
        self.kinds = ["release", "detention", "sanction", "talks"]
        self.people, self.corrections = 1, 0.6

    def on_many(self):
        """Many reports on people and parties of many ids."""
        self.ids, self.parties = ["p%d" % n for n in range(12)], ["x%d" % n for n in range(12)]
        self.people, self.corrections = 0.5, 0.2
        self.length = (20, 45)

    def on_one_story(self):
        """One happening, told again and again: most say the same, some voices something else before or after."""
        r = self.random
        self.kinds = r.choice([["release"], ["release"], ["detention"], ["sanction"], ["talks"]])
        self.countries, self.sources = ["BY"], SOURCES[:r.randint(2, 4)]
        self.dates = r.choice([NEAR[:1] * 4 + NEAR[1:2], NEAR[:1] * 3 + NEAR[1:2] + VAGUE[:1], NEAR[:2]])
        self.counts = r.choice([[2, 2, 2, 3], [1, 2, 2, 2, 3, 5], [2]])
        self.people, self.part_chance = r.choice([0, 0.2, 0.5]), r.choice([0, 0.1])
        self.corrections, self.names = r.choice([0, 0.1]), r.choice([0, 0.1])
        self.told_in_turn, self.length = True, (4, 16)

    def maybe(self, event, chance, key, values):
        if self.random.random() < chance:
            event[key] = self.random.choice(values)

    def date(self):
        r = self.random
        # Mostly one of few, so that voices agree about some and fall apart about others.
        return r.choice(self.dates) if r.random() < 0.8 else "2025-05-%02d" % r.randint(1, 12)

    def person(self, ids, printed):
        r = self.random
        person = {}
        if r.random() < 0.75:
            person["ids"] = r.sample(ids, 1 if len(ids) == 1 or r.random() >= self.several_ids else 2)
        if "ids" not in person or r.random() < 0.7:
            person["name"] = r.choice(printed)
        return person

    def persons(self, event):
        r = self.random
        if r.random() >= self.people:
            return
        event["persons"] = [self.person(self.ids, PRINTED) for _ in range(r.choice([1, 1, 1, 2, 2, 3]))]
        if event["kind"] != "talks" and r.random() < 0.7:
            event["count"] = len(event["persons"])
            event.pop("count_is", None)

    def counted(self, event, chance=0.85):
        r = self.random
        if r.random() < chance:
            event["count"] = r.choice(self.counts)
            self.maybe(event, 0.3, "count_is", ["exact", "at_least", "at_least", "about"])

    def covering(self, event):
        r = self.random
        drawn = r.random()
        if drawn < self.part_chance:
            event.update(covers="part", part=r.choice(self.parts))
        elif drawn < self.part_chance + 0.1:
            event["covers"] = "wider"
        elif drawn < self.part_chance + 0.15:
            event["covers"] = "event"

    def release(self, event):
        self.counted(event)
        self.covering(event)
        self.persons(event)
        self.maybe(event, 0.4, "form", ["pardon", "amnesty", "sentence_served", "deportation", "exchange"])
        self.maybe(event, 0.2, "destination", ["LT", "UA", "BY", "by", " BY "])

    def detention(self, event):
        self.counted(event)
        self.covering(event)
        self.persons(event)

    def target(self):
        """A party, now and then a sector."""
        r = self.random
        if r.random() < 0.85:
            return self.person(self.parties, PRINTED)
        sector = {"name": r.choice(["potash", "aviation", "P"]), "type": "sector"}
        if r.random() < 0.3:
            sector["ids"] = r.sample(self.parties + ["x4"], r.choice([1, 1, 2]))
        return sector

    def sanction(self, event):
        r = self.random
        event["authority"] = r.choice(["US", "US", "US", "EU"])
        event["action"] = r.choice(self.actions)
        drawn = r.random() if not self.told_in_turn or r.random() < 0.3 else 1
        if event["action"] in ("lifted", "extended") and r.random() < self.ends:
            drawn = 1
        if drawn < 0.6:
            event["targets"] = [self.target() for _ in range(r.choice([1, 1, 1, 2, 3]))]
            if r.random() < 0.3:
                event["count"] = len(event["targets"])
        if drawn > 0.5:
            self.maybe(event, self.sectors, "sector", SECTORS)
        self.maybe(event, self.programs, "program", PROGRAMS)
        if "count" not in event:
            self.counted(event, 0.3)
        self.maybe(event, self.expiring, "expires_at", ["2025-08-01", "2025-12", "2025-12-31T12:00:00Z", "2026-01-01", "2026-03~",
                                              "2027", "2025-11-15"])

    def talks(self, event):
        r = self.random
        event["stage"] = r.choice(["reported", "promised"])
        self.maybe(event, 0.4, "expected_count", [3, 10])
        self.maybe(event, 0.4, "expected_by", ["2025-08", "2025-09-01"])
        if r.random() < 0.3:
            event["parties"] = r.sample(["US", "BY", "VA"], r.randint(1, 2))
        self.persons(event)

    def tally(self, event):
        r = self.random
        self.maybe(event, 0.97, "of", ["released", "released", "detained"])
        event["count"] = r.choice(COUNTS + [12, 15])
        self.maybe(event, 0.3, "count_is", ["exact", "at_least", "about"])
        self.maybe(event, 0.85, "since", ["2025-05-01", "2025-05-02", "2025-04", "2025-04~", "2025-05-02~", "2025"])
        self.maybe(event, self.tally_terms, "category", ["political", "foreign"])
        self.maybe(event, self.tally_terms, "form", ["pardon", "deportation"])
        self.persons(event)
        if r.random() < 0.6:
            event["occurred_at"] = r.choice(["2025-05-02", "2025-05-05", "2025-05", "2025-11-01"])

    def feed(self, event):
        event["state"] = self.random.choice(["ok", "broken"])
        event.pop("occurred_at", None)

    def any_id(self, source):
        """A report of the same source, or any: an earlier, a later, its own or an unknown one."""
        own = [event["id"] for event in self.events if event["source"] == source]
        if own and self.random.random() < 0.7:
            return self.random.choice(own)
        return "%02d" % self.random.randint(1, len(self.events) + 3)

    def retraction(self, source):
        return {"kind": "retraction", "retracts": self.any_id(source)}

    def happening(self, source):
        r = self.random
        event = {"kind": r.choice(self.kinds)}
        if r.random() < 0.92:
            event["occurred_at"] = self.date()
        getattr(self, event["kind"])(event)
        if event["kind"] != "feed":
            self.maybe(event, 0.4, "status", ["rumoured", "announced", "confirmed"])
            if r.random() < self.corrections / 2:
                event["revises"] = self.any_id(source)
            self.maybe(event, self.names, "incident", NAMES)
        return event

    def add(self):
        r = self.random
        source = r.choice(self.sources)
        event = self.retraction(source) if r.random() < self.corrections / 2 else self.happening(source)
        event.update(id="%02d" % (len(self.events) + 1), country=r.choice(self.countries), source=source)
        self.maybe(event, self.voiced, "attributed_to", self.voices)
        if r.random() < 0.85:
            event["reported_at"] = r.choice(
                ["2025-05-01", "2025-05-02", "2025-05-03", "2025-05-04T10:00:00Z", "2025-05", "2025-05-02~",
                 "2025-07-15", "2025-12-01", "2025-06-01"])
        if self.told_in_turn and r.random() < 0.9:
            event["reported_at"] = "2025-05-%02dT%02d:00:00Z" % (3 + len(self.events) // 8, 8 + len(self.events) % 8)
        if self.numbered and r.random() < 0.8:
            self.sequence += r.choice([0, 1, 1, 1, 2, 4])
            event.update(producer=r.choice(["f", "f", "g"]), producer_seq=self.sequence)
        if event["kind"] == "release" and self.events and r.random() < 0.2:
            # The same story once more from another mouth.
            previous = r.choice(self.events)
            if previous["kind"] == "release":
                event = {**previous, **{key: event[key] for key in ("id", "source")}}
        self.events.append(event)


def case(seed):
    """The events of a seed."""
    built = Case(seed)
    for _ in range(built.random.randint(*built.length)):
        built.add()
    return built.events


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        print(json.dumps({"case": number, "now": NOW, "batches": [case(number)]}))
