"""The rules of meaning over the wire: small streams whose answer was worked out by hand.

Each stream is published as it stands, reversed and one by one in a shuffled order, to a country of
its own each time; what the ledger and the incidents say must be what was expected, and the same.
"""

import datetime
import itertools
import os
import random
import subprocess
import unittest

import harness
import msgpack

COUNTRIES = ("".join(pair) for pair in itertools.product("ABCDEFGHIJKLMNOPQRSTUVWXY", repeat=2))


def day(value):
    """A timestamp of a reply as its day; None stays."""
    return None if value is None else value.to_datetime().strftime("%Y-%m-%d")


class Stream:
    """Reports of one country: said(kind, source, occurred_at, **keys)."""

    def __init__(self):
        self.events = []

    def said(self, kind, source, occurred=None, **keys):
        event = {"id": "%03d" % len(self.events), "kind": kind, "source": source, "reported_at": occurred, **keys}
        if kind not in ("retraction", "feed"):
            event["occurred_at"] = occurred
        self.events.append({key: value for key, value in event.items() if value is not None})
        return event["id"]

    def sanction(self, action, occurred, authority="US", source="gazette", **keys):
        return self.said("sanction", source, occurred, action=action, authority=authority, **keys)


def party(name, *ids, **more):
    return {"name": name, "ids": list(ids), **more}


class Meaning(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        # The clock stands at the end of the last day of a country that nobody looks at.
        cls.daemon = harness.Daemon()
        cls.daemon.publish({"id": "clock", "kind": "feed", "country": "ZZ", "source": "clock", "state": "ok",
                            "reported_at": "2026-01-01T00:00:00Z"})

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def told(self, stream, since=None):
        """(ledger, incidents) of the stream, the same in whatever order it comes."""
        answers = []
        shuffled = random.Random(7).sample(stream.events, len(stream.events))
        for events in (stream.events, stream.events[::-1], shuffled):
            country = next(COUNTRIES)
            events = [self.of_country(event, country) for event in events]
            for batch in [events] if not answers else [[event] for event in events]:
                reply = self.daemon.publish(batch)
                self.assertEqual(reply["accepted"], len(batch), reply)
            status, ledger = self.daemon.ask("state", {"country": country, **({"since": since} if since else {})})
            self.assertEqual(status, "OK")
            status, listed = self.daemon.ask("incidents", {"country": country})
            self.assertEqual(status, "OK")
            answers.append((ledger, listed["incidents"]))
        first = self.without_names(answers[0])
        for answer in answers[1:]:
            self.assertEqual(self.without_names(answer), first)
        return answers[0]

    def of_country(self, event, country):
        """The same with ids of the country's own: a source knows its reports by them, wherever they are of."""
        ids = {key: country + "/" + event[key] for key in ("id", "revises", "retracts") if key in event}
        return {**event, **ids, "country": country}

    def without_names(self, answer):
        """Without the country and the ids that its name goes into; lists in an order that ids do not give."""
        def clean(value):
            if isinstance(value, dict):
                return {k: str(v).split("/")[-1] if k == "id" and "/" in str(v) else clean(v) for k, v in value.items()
                        if k not in ("country", "as_of") and not (k == "id" and "/" not in str(v))}
            if isinstance(value, list):
                return sorted((clean(item) for item in value), key=repr)
            return value
        return clean(list(answer))

    def counts(self, incidents, kind="release"):
        return [(i["count"], i["low"], i["high"], i["disagrees"]) for i in incidents if i["kind"] == kind]

    def measures(self, ledger):
        return {(m["authority"], m["party"] or m["sector"] or m["program"]): (m["state"], day(m["since"]))
                for m in ledger["measures"]}

    def turns(self, row):
        return [(day(t["at"]), t["action"], t["state"], t["reports"], t["id"] and t["id"].split("/")[1])
                for t in row["history"]]

    # ---- counts ---------------------------------------------------------------------------------

    def test_one_happening_of_many_mouths(self):
        s = Stream()
        for outlet in "abcde":
            s.said("release", outlet, "2025-03-01", count=52, attributed_to="press")
        s.said("release", "f", "2025-03-02", count=50)
        s.said("release", "g", "2025-03-01", count=51)
        s.said("release", "h", "2025-03-01", count=51)
        ledger, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(51, 50, 52, True)])  # press is one voice of four
        self.assertEqual(ledger["released"]["total"]["count"], 51)

    def test_lower_bounds_are_no_disagreement(self):
        s = Stream()
        for n in (7, 10, 18):
            s.said("release", "s%d" % n, "2025-03-01", count=n, count_is="at_least")
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(18, 18, 18, False)])

    def test_parts_of_two_dimensions(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=100, count_is="about")
        for part, n in (("destination=LT", 9), ("destination=UA", 114), ("category=political", 60),
                        ("category=foreign", 5)):
            s.said("release", "b" + part, "2025-03-01", count=n, covers="part", part=part)
        s.said("release", "c", "2025-03-01", count=300, covers="wider")
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(123, 123, 123, False)])  # never 188, never 300

    def test_a_part_disagrees(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=20)
        s.said("release", "b", "2025-03-01", count=4, covers="part", part="destination=LT")
        s.said("release", "c", "2025-03-01", count=5, covers="part", part="destination=LT")
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(20, 20, 20, True)])

    def test_about_counts_where_nothing_is_exact(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=40, count_is="about")
        s.said("release", "b", "2025-03-01", count=30, count_is="at_least")
        s.said("release", "c", "2025-06-01", count=40, count_is="about")
        s.said("release", "d", "2025-06-01", count=33)
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(40, 40, 40, False), (33, 33, 33, False)])

    def test_status_outweighs_voices(self):
        s = Stream()
        for n in range(4):
            s.said("release", "r%d" % n, "2025-03-01", count=9, status="rumoured")
        s.said("release", "z", "2025-03-01", count=6, status="confirmed")
        ledger, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(6, 6, 9, True)])
        self.assertEqual(ledger["released"]["rumoured"]["incidents"], 0)

    def test_a_rumoured_vote_decides_nothing_that_is_known(self):
        """Ten are confirmed, in whatever words; five hundred that are rumoured widen the range and free nobody."""
        known = {"exact": {"count": 10}, "least": {"count": 10, "count_is": "at_least"}, "about": {"count": 10, "count_is": "about"},
                 "part": {"count": 10, "covers": "part", "part": "destination=LT"},
                 "named": {"persons": [party("K%d" % n, "k%d" % n) for n in range(10)]}}
        rumoured = {"exact": {"count": 500}, "least": {"count": 500, "count_is": "at_least"},
                    "about": {"count": 500, "count_is": "about"}}
        for many in (1, 30):  # as they are counted anew, and as they are kept added up
            s, ranges = Stream(), []
            for n, sure in enumerate(known.values()):
                for m, (words, rumour) in enumerate(rumoured.items()):
                    on = (datetime.date(2024, 1, 1) + datetime.timedelta(days=9 * n + 3 * m)).isoformat()
                    for outlet in range(many):
                        s.said("release", "sure%d" % outlet, on, **sure)
                        s.said("release", "heard%d" % outlet, on, status="rumoured", **rumour)
                    ranges.append((10, 10, 500 if words == "exact" else 10, words == "exact"))
            ledger, incidents = self.told(s)
            self.assertEqual(self.counts(incidents), ranges)
            total = ledger["released"]["total"]
            self.assertEqual((total["count"], total["low"], total["high"]), (150, 150, 150 + 5 * 490))
        whole = self.daemon.ok("explain", {"incident": incidents[3]["id"]})    # at least ten; five hundred
        self.assertEqual((whole["winner"], whole["lower_bound"]), (None, 10))
        self.assertEqual({r["vote"] for r in whole["reports"]}, {"a lower bound", "is rumoured, where others give a number that is not"})

    def test_a_rumour_alone_is_counted(self):
        """And whoever takes its word back to a rumour says nothing else; parts and names raise whoever tells them."""
        s = Stream()
        s.said("release", "a", "2025-03-01", count=8, status="rumoured")
        s.said("release", "b", "2025-03-01", count=12, count_is="at_least", status="rumoured")
        s.said("release", "c", "2025-03-01", status="confirmed")
        s.said("release", "a", "2025-06-01", count=8)
        s.said("release", "b", "2025-06-01", count=12, count_is="at_least", status="rumoured")
        s.said("release", "c", "2025-06-01", count=8, status="rumoured")
        s.said("release", "a", "2025-06-01", count=8, status="rumoured", reported_at="2025-06-02")
        s.said("release", "a", "2025-09-01", count=1)
        s.said("release", "b", "2025-09-01", status="rumoured", persons=[party("X", "x"), party("Y", "y")])
        s.said("release", "a", "2025-10-01", count=1, covers="part", part="category=women")
        for count_is in ("exact", "at_least"):
            s.said("release", "b", "2025-10-01", status="rumoured", count=5, count_is=count_is, covers="part", part="category=women")
            s.said("release", "b", "2025-10-01", status="rumoured", count=3, covers="part", part="category=men")
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(12, 8, 8, False), (12, 8, 8, False), (2, 1, 1, False), (4, 4, 4, False)])

    def test_named_people_are_a_part(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=14)
        s.said("release", "b", "2025-03-01", count=2, persons=[party("X", "x"), party("Y", "y")])
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(14, 14, 14, False)])

    def test_who_names_some_of_them_later_takes_nothing_back(self):
        """Twenty-two, and weeks later, of the same mouth, the name of one of them: a part, and no new count."""
        s = Stream()
        s.said("release", "ngo", "2025-01-16", count=22)
        s.said("release", "ngo", "2025-01-16", count=1, persons=[party("X", "x")], reported_at="2025-04-29")
        s.said("release", "ngo", "2025-01-16", count=2, persons=[party("X", "x"), party("Y", "y")], reported_at="2025-05-02")
        s.said("release", "ngo", "2025-03-01", count=9, covers="part", part="category=women")
        s.said("release", "ngo", "2025-03-01", count=1, covers="part", part="category=women", persons=[party("Z", "z")],
               reported_at="2025-03-09")
        s.sanction("delisted", "2025-06-30", source="list", count=518)
        s.sanction("delisted", "2025-06-30", source="list", count=1, targets=[party("T", "t")], reported_at="2025-07-01")
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(22, 22, 22, False), (9, 9, 9, False)])
        self.assertEqual(self.counts(incidents, "sanction"), [(518, 518, 518, False)])
        why = self.daemon.ok("explain", {"incident": incidents[0]["id"]})
        self.assertEqual([r["vote"] for r in why["reports"]],
                         ["a vote"] + ["counts the people it names: a part, where others vote for the whole"] * 2)

    def test_who_names_fewer_names_a_part(self):
        """A package told whole by one and party by party by another, two freed of whom an outlet names one: no dispute."""
        s = Stream()
        s.said("release", "a", "2025-03-01", count=2, persons=[party("X", "x"), party("Y", "y")])
        s.said("release", "b", "2025-03-01", count=1, persons=[party("X", "x")], status="confirmed")
        s.said("release", "a", "2025-03-01", count=1, persons=[party("Y", "y")], reported_at="2025-03-05")
        s.said("release", "c", "2025-04-01", count=1, persons=[party("Z", "z")], covers="part", part="category=women")
        s.said("release", "d", "2025-04-01", count=2, persons=[party("Z", "z"), party("V", "v")], covers="part",
               part="category=women")
        firms = [party("Firm %d" % n, "f%d" % n) for n in range(30)]
        s.sanction("imposed", "2025-06-01", source="whole", count=30, targets=firms)
        for firm in firms:
            s.sanction("imposed", "2025-06-01", source="one-by-one", count=1, targets=[firm])
        for firm in firms[:5]:
            s.sanction("imposed", "2025-08-01", source="one-by-one", count=1, targets=[firm])
        ledger, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(2, 2, 2, False), (2, 2, 2, False)])
        self.assertEqual(self.counts(incidents, "sanction"), [(30, 30, 30, False), (5, 5, 5, False)])
        self.assertEqual(ledger["disagreements"], [])
        why = self.daemon.ok("explain", {"incident": incidents[0]["id"]})
        self.assertEqual([(r["source"], r["vote"]) for r in why["reports"]], [
            ("a", "a vote"), ("b", "counts the people it names: a part, where another names more"),
            ("a", "counts the people it names: a part, where another names more")])

    def test_a_list_by_ids_and_a_wire_by_names(self):
        s = Stream()
        firms = ["Firm %d" % n for n in range(30)]
        for number, name in enumerate(firms[:28]):
            s.sanction("imposed", "2025-03-01", source="list", targets=[party(name, "p%d" % number)])
        s.sanction("imposed", "2025-03-02", source="wire", targets=[{"name": name} for name in firms[:28]])
        s.sanction("imposed", "2025-03-02", source="other", targets=[{"name": name} for name in firms[26:]])
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents, "sanction"), [(30, 30, 30, False)])  # not 58: a bare name is nobody new

    def test_one_person_named_twice_is_one(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", persons=[party("Ivan Sora", "x"), party("Iwan Sora", "x", "y"), party("Q")])
        s.said("release", "b", "2025-05-01", count=1, persons=[party("P", "p"), party("Pe", "p")])   # on named people:
        s.said("release", "c", "2025-05-20", count=1, persons=[party("P", "p")])                     # the same
        s.said("release", "d", "2025-07-01", count=9)
        s.said("release", "e", "2025-07-01", count=2, persons=[party("V", "v"), party("W", "w"), party("We", "w")])
        s.sanction("imposed", "2025-01-01", count=1, targets=[party("T", "t"), party("Te", "t")])
        s.sanction("imposed", "2025-01-01", source="b", count=7)
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(2, 2, 2, False), (1, 1, 1, False), (9, 9, 9, False)])
        self.assertEqual(self.counts(incidents, "sanction"), [(7, 7, 7, False)])

    # ---- incidents ------------------------------------------------------------------------------

    def test_tolerance_and_forms(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=3)
        s.said("release", "b", "2025-03-02", count=3)          # 24 h later: the same
        s.said("release", "c", "2025-03-03", count=3)          # 48 h after the first: another
        s.said("release", "d", "2025-03-01", count=20, form="sentence_served")
        s.said("detention", "e", "2025-03-01", count=3)
        _, incidents = self.told(s)
        self.assertEqual(sorted((i["kind"], i["count"], len(i["reports"])) for i in incidents),
                         [("detention", 3, 1), ("release", 3, 1), ("release", 3, 2), ("release", 20, 1)])

    def test_names_part_and_join(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=3, incident="one")
        s.said("release", "a", "2025-03-01", count=5, incident="two")
        s.said("release", "b", "2025-05-01", count=7, incident="shared:x")
        s.said("release", "c", "2025-05-09", count=7, incident="shared:x")
        s.said("release", "d", "2025-07-01", count=1, incident="x")
        s.said("release", "e", "2025-07-09", count=1, incident="x")
        _, incidents = self.told(s)
        self.assertEqual([len(i["reports"]) for i in incidents], [1, 1, 2, 1, 1])

    def test_same_people_over_weeks(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=1, persons=[party("X", "x")])
        s.said("release", "b", "2025-04-20", count=1, persons=[party("Ks", "x")])
        s.said("release", "c", "2025-08-01", count=1, persons=[party("X", "x")])  # more than 60 days
        s.said("release", "d", "2025-03-01", count=1, persons=[party("Q", "q")])
        s.said("detention", "d", "2025-03-20", count=1, persons=[party("Q", "q")])
        s.said("release", "e", "2025-04-10", count=1, persons=[party("Q", "q")])
        ledger, incidents = self.told(s)
        self.assertEqual(sorted(len(i["reports"]) for i in incidents if i["kind"] == "release"), [1, 1, 3])
        people = {p["person"]: p for p in ledger["persons"]}
        self.assertEqual([people["Q"]["releases"], people["Q"]["detentions"], people["Q"]["status"]], [2, 1, "released"])

    def test_vague_dates(self):
        s = Stream()
        s.said("release", "a", "2025-03-10", count=20)
        s.said("release", "b", "2025-03-20", count=30)
        s.said("release", "c", "2025-03", count=30)                             # that of the 20th
        s.said("release", "d", "2025-03", count=8)                              # neither
        s.said("release", "e", "2025-03-30~", count=15, count_is="at_least")    # from the 16th on
        s.said("release", "f", "2025", count=8)                                 # with d
        s.said("release", "g", count=8)                                         # undated: alone
        _, incidents = self.told(s)
        self.assertEqual(sorted(sorted(r["source"] for r in i["reports"]) for i in incidents),
                         [["a"], ["b", "c", "e"], ["d", "f"], ["g"]])

    # ---- corrections ----------------------------------------------------------------------------

    def test_a_detention_between_spells_the_name_otherwise(self):
        """Freed, held and freed again is two releases, whoever spells the name how."""
        for ids, also in ((["k"], []), ([], [("2025-10-21", ["k"])]), (["k"], [("2025-09-12", []), ("2025-10-19", [])])):
            s = Stream()
            someone = {"name": "Mikola Statkevich", **({"ids": ids} if ids else {})}
            s.said("release", "a", "2025-09-11", count=1, persons=[someone])
            for at, theirs in also:
                s.said("release", "d", at, count=1, persons=[{"name": "Mikola Statkevich", **({"ids": theirs} if theirs else {})}])
            between = s.said("detention", "b", "2025-09-20", count=1, persons=[{"name": "Nikolai Statkevich", "ids": ["k"]}])
            s.said("release", "c", "2025-10-20", count=1, persons=[someone])
            _, incidents = self.told(s)
            self.assertEqual([i["kind"] for i in incidents].count("release"), 2, (ids, also))
            s.said("retraction", "b", "2025-11-01", retracts=between)
            _, incidents = self.told(s)
            self.assertEqual([i["kind"] for i in incidents], ["release"], (ids, also))

    def test_a_detention_between_is_known_by_another_id(self):
        """Two releases known by two ids, and between them a detention that tells of one of the two, or of the other."""
        s = Stream()
        both, one, other = party("Ann Lee", "n:1", "r:7"), party("Ann Lee", "n:1"), party("A. Lee", "r:7")
        again = party("Lee Ann", "n:1")
        for year, names in enumerate(((both, one, both), (one, other, both), (both, other, again), (one, other, again)), 2020):
            s.said("release", "a", "%d-05-03" % year, count=1, persons=[names[0]])
            s.said("detention", "b", "%d-05-10" % year, count=9, persons=[names[1]])
            s.said("release", "c", "%d-05-20" % year, count=1, persons=[names[2]])
        tie = s.said("release", "d", "2023-06-15", count=40, persons=[both])     # it is she, says somebody of another happening
        ledger, incidents = self.told(s)
        self.assertEqual([i["occurred_at"] for i in incidents if i["kind"] == "release"], [
            "2020-05-03", "2020-05-20", "2021-05-03", "2021-05-20", "2022-05-03", "2022-05-20", "2023-05-03", "2023-05-20", "2023-06-15"])
        self.assertEqual([(p["releases"], p["detentions"]) for p in ledger["persons"]], [(9, 4)])
        s.said("retraction", "d", "2023-06-16", retracts=tie)
        _, incidents = self.told(s)
        self.assertEqual([i["occurred_at"] for i in incidents if i["kind"] == "release"][-2:], ["2022-05-20", "2023-05-03"])

    def test_who_tells_again_later_moves_no_day(self):
        """A voice may date what it tells again a day off, vaguely or not at all: the day that it stated first stays."""
        again = ("2025-08-21", "2025-08", "2025", "2025-08-20~", None)
        for many in (1, 20):  # as they are counted anew, and as they are kept added up
            for stated in again:
                s = Stream()
                for n in range(many):
                    s.said("release", "wire", "2025-08-20", count=16, attributed_to="office")
                s.said("release", "weekly", stated, count=16, attributed_to="office")
                s.events[-1]["reported_at"] = "2025-08-21T10:00:00Z"
                _, incidents = self.told(s)
                self.assertEqual([(i["occurred_at"], i["days_disagree"]) for i in incidents], [("2025-08-20", False)], (many, stated))
        # what more voices give wins over what one gave first
        s = Stream()
        s.said("release", "a", "2025-08-20", count=16)
        s.said("release", "a", "2025-08-21", count=16)
        s.said("release", "b", "2025-08-21", count=16)
        _, incidents = self.told(s)
        self.assertEqual([i["occurred_at"] for i in incidents], ["2025-08-21"])

    def test_revised_before_it_is_there_and_withdrawn_after(self):
        s = Stream()
        s.events.append({"id": "new", "kind": "release", "source": "a", "occurred_at": "2025-03-05", "count": 7,
                         "revises": "old", "reported_at": "2025-03-06"})
        s.events.append({"id": "old", "kind": "release", "source": "a", "occurred_at": "2025-03-01", "count": 5,
                         "reported_at": "2025-03-01"})
        s.events.append({"id": "old", "kind": "release", "source": "b", "occurred_at": "2025-03-01", "count": 4,
                         "reported_at": "2025-03-01"})  # of another source: not touched
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(4, 4, 4, False), (7, 7, 7, False)])
        s.events.append({"id": "gone", "kind": "retraction", "source": "a", "retracts": "new",
                         "reported_at": "2025-03-07"})
        _, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(4, 4, 4, False)])  # old stays replaced

    def test_all_withdrawn_leaves_nothing(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=1, persons=[party("X", "x", "y")])
        s.said("detention", "a", "2025-05-01", count=1, persons=[party("X", "y")])
        s.sanction("imposed", "2025-01-01", source="a", targets=[party("P", "p"), {"name": "potash", "type": "sector"}])
        s.said("talks", "a", "2025-02-01", stage="promised", expected_count=3)
        s.said("tally", "a", "2025-04-01", of="released", count=1, since="2025")
        for event in list(s.events):
            s.said("retraction", "a", "2025-06-01", retracts=event["id"])
        ledger, incidents = self.told(s)
        self.assertEqual(incidents, [])
        for key in ("open", "measures", "talks", "persons", "possible", "disagreements", "tallies", "sources"):
            self.assertEqual(ledger[key], [], key)

    # ---- measures -------------------------------------------------------------------------------

    def test_licence_expires_and_tells_its_history(self):
        s = Stream()
        one = s.sanction("imposed", "2024-01-10", targets=[party("Potash Co", "p1")], program="B")
        two = s.sanction("licensed", "2025-02-01", targets=[party("OAO Potash", "p1", "p2")], expires_at="2025-03-31")
        again = s.sanction("licensed", "2025-02-01", source="wire", targets=[party("Potash", "p2")], expires_at="2025-03-31")
        self.assertLess(two, again)
        ledger, _ = self.told(s)
        (row,) = ledger["measures"]
        self.assertEqual((row["party"], sorted(row["ids"]), row["state"], day(row["since"]), row["expires_at"]),
                         ("Potash Co", ["p1", "p2"], "in_force", "2025-04-01", None))
        self.assertEqual(self.turns(row), [("2024-01-10", "imposed", "in_force", 1, one),
                                           ("2025-02-01", "licensed", "licensed", 2, two),
                                           ("2025-04-01", None, "in_force", 0, None)])
        self.assertEqual((row["turns"], row["history"][0]["program"], day(row["history"][1]["expires_at"])),
                         (3, "B", "2025-04-01"))

    def test_history_is_bounded(self):
        s = Stream()
        for n in range(40):
            s.sanction("imposed" if n % 2 == 0 else "delisted", "2025-%02d-%02d" % (1 + n // 20, 1 + n % 20),
                       targets=[party("P", "p")])
        ledger, _ = self.told(s)
        (row,) = ledger["measures"]
        self.assertEqual((row["turns"], len(row["history"]), day(row["history"][0]["at"]), row["state"]),
                         (40, 32, "2025-01-09", "delisted"))

    def test_a_sector_is_a_sector_wherever_it_stands(self):
        s = Stream()
        s.sanction("eased", "2025-12-13", sector="potash", targets=[party("potash", "sector-potash", type="sector")])
        s.sanction("licensed", "2025-12-15", sector="potash", count=3)
        s.sanction("licensed", "2025-12-15", sector="potash", targets=[party("Kali", "k", type="entity")])
        s.sanction("eased", "2025-12-13", targets=[party("banks", "b", type="sector")])
        s.sanction("suspended", "2025-12-20", targets=[party("banking", "b", type="sector")])
        ledger, incidents = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "potash"): ("licensed", "2025-12-15"),
                                                 ("US", "Kali"): ("licensed", "2025-12-15"),
                                                 ("US", "banking"): ("suspended", "2025-12-20")})
        self.assertFalse(any(i["announced"] for i in incidents))
        self.assertEqual([m["party"] for m in ledger["measures"] if m["sector"]], [None, None])

    def test_a_list_of_no_sectors_is_none(self):
        s = Stream()
        s.sanction("imposed", "2025-01-01", sector=" , ", program="B")
        s.sanction("lifted", "2025-03-01", sector=",", program="B")
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "B"): ("lifted", "2025-03-01")})

    def test_announcement_and_act(self):
        s = Stream()
        s.sanction("eased", "2025-03-01", targets=[party("A", "a"), party("B", "b")])
        s.sanction("eased", "2025-03-01", authority="EU", targets=[party("A", "a")])
        s.sanction("delisted", "2025-09-01", targets=[party("A", "a")])
        ledger, incidents = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "A"): ("delisted", "2025-09-01"), ("US", "B"): ("in_force", None),
                                                 ("EU", "A"): ("in_force", None)})
        acted = {i["authority"]: (i["announced"], day(i["acted_at"])) for i in incidents if i["action"] == "eased"}
        self.assertEqual(acted, {"US": (False, "2025-09-01"), "EU": (True, None)})
        self.assertEqual([i["authority"] for i in ledger["open"]], ["EU"])

    def test_announced_and_acted_on_in_one_step(self):
        s = Stream()
        s.sanction("eased", "2025-12-13", source="envoy", sector="potash")
        act = s.sanction("licensed", "2025-12-15", sector="potash")
        s.sanction("licensed", "2025-06-01", sector="aviation")     # an act that nothing announced
        _, incidents = self.told(s)
        self.assertEqual([(i["announced"], day(i["acted_at"])) for i in incidents], [(False, None), (False, "2025-12-15")])
        s.said("retraction", "gazette", "2025-12-16", retracts=act)
        _, incidents = self.told(s)
        self.assertEqual([(i["announced"], day(i["acted_at"])) for i in incidents], [(False, None), (True, None)])
        s.sanction("licensed", "2025-12", source="wire", sector="potash")    # some day of that month: not before it was told
        _, incidents = self.told(s)
        self.assertEqual([(i["announced"], day(i["acted_at"])) for i in incidents], [(False, None), (False, "2025-12-13")])

    def test_a_rumour_is_no_act(self):
        s = Stream()
        s.sanction("eased", "2025-03-01", sector="potash")
        s.sanction("licensed", "2025-03-02", sector="potash", source="wire", status="rumoured")
        s.sanction("lifted", "2025-06-01", sector="potash", source="wire", status="rumoured")
        ledger, incidents = self.told(s)
        self.assertEqual([(i["announced"], day(i["acted_at"])) for i in incidents], [(True, None), (False, None)])
        self.assertEqual(self.measures(ledger), {("US", "potash"): ("in_force", None)})
        s.sanction("lifted", "2025-06-02", sector="potash")
        _, incidents = self.told(s)
        self.assertEqual([(i["announced"], day(i["acted_at"])) for i in incidents], [(False, "2025-06-02"), (False, None)])

    def test_a_licence_told_again_ends_when_it_ends(self):
        s = Stream()
        s.sanction("imposed", "2024-01-01", targets=[party("A", "a"), party("B", "b"), party("C", "c")])
        s.sanction("licensed", "2025-05-01", targets=[party("A", "a")], expires_at="2025-10-31")
        s.sanction("licensed", "2025-05-02", source="wire", targets=[party("A", "a")])   # says nothing of its end
        s.sanction("licensed", "2025-05-01", targets=[party("B", "b")], expires_at="2025-10-31")
        s.sanction("licensed", "2025-06-01", targets=[party("B", "b")])                  # another, without end
        s.sanction("suspended", "2025-05-01", targets=[party("C", "c")])
        s.sanction("suspended", "2025-05-03", source="wire", targets=[party("C", "c")], expires_at="2025-06-30")
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "A"): ("in_force", "2025-11-01"), ("US", "B"): ("licensed", "2025-05-01"),
                                                 ("US", "C"): ("in_force", "2025-07-01")})

    def test_a_measure_that_is_extended_does_not_run_out_at_its_old_end(self):
        s = Stream()
        everyone = [party(name, name.lower()) for name in "ABCDE"]
        s.sanction("extended", "2024-02-26", targets=everyone, expires_at="2025-02-28")
        s.sanction("extended", "2025-02-24", targets=everyone[:1])                       # nobody says until when
        s.sanction("amended", "2025-02-24", targets=everyone[1:2])                       # says nothing of the end
        s.sanction("extended", "2025-02-24", targets=everyone[2:3], expires_at="2025-06-30")
        s.sanction("extended", "2025-02-26", source="wire", targets=everyone[2:3])       # the same, told again
        s.sanction("extended", "2025-02-24", source="wire", targets=everyone[3:4])
        s.sanction("extended", "2025-02-26", targets=everyone[3:4], expires_at="2025-07-31")
        s.sanction("imposed", "2025-12-31", targets=[party("Z", "z")])
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {
            ("US", "A"): ("in_force", None), ("US", "B"): ("expired", "2025-03-01"),
            ("US", "C"): ("expired", "2025-07-01"), ("US", "D"): ("expired", "2025-08-01"),
            ("US", "E"): ("expired", "2025-03-01"), ("US", "Z"): ("in_force", "2025-12-31")})

    def test_who_tells_a_day_late_is_judged_by_all_he_told(self):
        """A list moves a party on the 10th, a wire tells of the delisting on the 11th: news if it told the listing, too."""
        def step(name, source, date, action, **keys):
            return {"id": name, "kind": "sanction", "country": "BY", "source": source, "authority": "US", "action": action,
                    "occurred_at": date, "reported_at": "2026-01-01T00:00:00Z", "targets": [party("A", "a")], **keys}

        def back(name, of):
            return {"id": name, "kind": "retraction", "country": "BY", "source": "wire", "retracts": of,
                    "reported_at": "2026-01-02T00:00:00Z"}

        with harness.Daemon() as d:
            def state(*events):
                d.publish(*events)
                (row,) = d.ok("state", {"country": "BY"})["measures"]
                return row["state"]

            listing = ("wire", "2025-03-10", "imposed")
            self.assertEqual(state(step("1", "list", "2025-01-01", "imposed", program="P"),
                                   step("2", "list", "2025-03-10", "delisted", program="P"),
                                   step("3", "list", "2025-03-10", "imposed", program="Q")), "in_force")
            self.assertEqual(state(step("4", "wire", "2025-03-11", "delisted", program="P")), "in_force")
            self.assertEqual(state(step("5", *listing, program="Q")), "delisted")
            self.assertEqual(state(back("6", "5")), "in_force")
            self.assertEqual(state(step("7", *listing, program="R")), "delisted")  # a step of its own
            self.assertEqual(state(back("8", "7")), "in_force")
            self.assertEqual(state(step("9", "list", "2025-03-11", "delisted", program="P")), "delisted")

    def test_a_name_that_comes_late(self):
        """Who was told by ids alone is named by the first report that prints a name, and no longer when that is withdrawn."""
        def step(number, date, **who):
            return {"id": number, "kind": "sanction", "country": "BY", "source": "list", "authority": "US", "action": "imposed",
                    "occurred_at": date, "reported_at": "2026-01-01T00:00:00Z", "targets": [dict(who, ids=["x:1"])]}

        with harness.Daemon() as d:
            def shown(*events):
                d.publish(*events)
                (row,) = d.ok("state", {"country": "BY"})["measures"]
                return row["party"]

            self.assertEqual(shown(step("1", "2025-01-01")), "x:1")
            self.assertEqual(shown(step("2", "2025-02-01")), "x:1")
            self.assertEqual(shown(step("3", "2025-03-01", name="Works")), "Works")
            self.assertEqual(shown(step("4", "2025-02-15", name="OJSC Works")), "OJSC Works")
            self.assertEqual(shown(*[{"id": "gone-" + i, "kind": "retraction", "country": "BY", "source": "list", "retracts": i,
                                      "reported_at": "2026-01-02T00:00:00Z"} for i in "34"]), "x:1")
            self.assertEqual(shown(step("5", "2025-04-01", name="Works")), "Works")

    def test_a_source_still_lists_a_party_by_other_ids(self):
        """A list that has one person twice, and takes one of the two entries off; who ties them is somebody else."""
        s = Stream()
        s.sanction("imposed", "2020-01-01", targets=[party("A", "x:1")])
        s.sanction("imposed", "2021-01-01", targets=[party("A", "x:2"), party("B", "y:1")])
        gone = s.sanction("delisted", "2022-01-01", targets=[party("A", "x:1")])
        s.sanction("maintained", "2019-01-01", authority="EU", source="other", targets=[party("A", "x:1", "x:2"), party("B", "y:1", "y:2")])
        s.sanction("delisted", "2022-01-01", source="wire", targets=[party("B", "y:2")])
        ledger, _ = self.told(s)
        measures = self.measures(ledger)
        self.assertEqual((measures["US", "A"], measures["US", "B"]), (("in_force", "2020-01-01"), ("delisted", "2022-01-01")))
        (row,) = [m for m in ledger["measures"] if (m["authority"], m["party"]) == ("US", "A")]
        self.assertEqual(self.turns(row)[-1], ("2022-01-01", "delisted", "in_force", 1, gone))
        s.sanction("delisted", "2023-01-01", targets=[party("A", "x:2")])
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger)["US", "A"], ("delisted", "2023-01-01"))
        s.said("retraction", "gazette", "2023-01-02", retracts="004")     # of another source: nothing
        s.sanction("amended", "2021-06-01", authority="EU", targets=[party("A", "x:2", "x:1")])    # it says so itself
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger)["US", "A"], ("delisted", "2022-01-01"))

    def test_a_program_that_is_extended_extends_what_is_listed_under_it(self):
        s = Stream()
        for name in "ABC":
            s.sanction("imposed", "2018-03-01", authority="EU", program=name, targets=[party("X" + name, name)], expires_at="2020-12-31")
        moved = s.sanction("extended", "2020-12-10", authority="EU", program="A", expires_at="2024-12-31")
        s.sanction("extended", "2020-12-10", authority="EU", program="B")
        s.sanction("extended", "2020-12-12", authority="EU", source="wire", program="A")             # the same, told again
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {
            ("EU", "XA"): ("expired", "2025-01-01"), ("EU", "XB"): ("in_force", "2018-03-01"), ("EU", "XC"): ("expired", "2021-01-01"),
            ("EU", "A"): ("expired", "2025-01-01"), ("EU", "B"): ("in_force", None)})
        rows = {m["party"] or m["program"]: self.turns(m) for m in ledger["measures"]}
        self.assertEqual(rows["XA"][1:], [("2020-12-10", "extended", "in_force", 1, moved), ("2025-01-01", None, "expired", 0, None)])

    def test_what_is_vague_follows_the_listing_within_its_date(self):
        s = Stream()
        for name, action, at in (("A", "delisted", "2024-03"), ("B", "delisted", "2024-03-10~"), ("C", "lifted", "2024"),
                                 ("D", "licensed", "2024-03"), ("E", "delisted", "2024-02")):
            s.sanction("imposed", "2024-03-05", targets=[party(name, name)])
            s.sanction(action, at, source="wire", targets=[party(name, name)])
        s.sanction("imposed", "2020-01-01", targets=[party("F", "F")])
        s.sanction("delisted", "2024-03", targets=[party("F", "F"), party("G", "G")])
        s.sanction("reimposed", "2024-03-05", targets=[party("G", "G")])
        s.sanction("imposed", "2024-03-05", targets=[party("F", "F")])
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {
            ("US", "A"): ("delisted", "2024-03-05"), ("US", "B"): ("delisted", "2024-03-10"),
            ("US", "C"): ("lifted", "2024-03-05"), ("US", "D"): ("licensed", "2024-03-05"),
            ("US", "E"): ("in_force", "2024-03-05"), ("US", "F"): ("in_force", "2024-03-05"),
            ("US", "G"): ("in_force", "2024-03-05")})
        rows = {m["party"]: self.turns(m) for m in ledger["measures"]}
        self.assertEqual(rows["A"], [("2024-03-05", "imposed", "in_force", 1, "000"), ("2024-03-05", "delisted", "delisted", 1, "001")])

    def test_a_removal_told_again_within_a_longer_date_removes_nothing_listed_anew(self):
        s = Stream()
        for name, sharp, vague in (("A", "2025-01-01", "2025"), ("B", "2025-02-01", "2025-02"), ("C", "2025-01-20", "2025-02~")):
            s.sanction("imposed", "2024-01-01", targets=[party(name, name)])
            s.sanction("delisted", sharp, targets=[party(name, name)])
            s.sanction("imposed", "2025-02-10", targets=[party(name, name)])
            s.sanction("delisted", vague, source="wire", targets=[party(name, name)])
        s.sanction("imposed", "2024-01-01", program="P", targets=[party("D", "D")])
        s.sanction("lifted", "2025-02-01", program="P")
        s.sanction("imposed", "2025-02-10", program="P", targets=[party("D", "D")])
        s.sanction("lifted", "2025-02", source="wire", program="P")
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {**{("US", name): ("in_force", "2025-02-10") for name in "ABCD"},
                                                 ("US", "P"): ("lifted", "2025-02-01")})

    def test_what_is_told_again_a_day_late_undoes_nothing_that_came_since(self):
        s = Stream()
        for name in ("moved", "relisted", "removed twice", "long after", "revoked", "winding down", "without licence"):
            s.sanction("imposed", "2020-01-01", program="OLD", targets=[party(name, name)])
        moved, relisted, twice, after, revoked, down, bare = ([party(name, name)] for name in (
            "moved", "relisted", "removed twice", "long after", "revoked", "winding down", "without licence"))
        s.sanction("delisted", "2024-03-04", targets=moved)
        s.sanction("imposed", "2024-03-04", program="NEW", targets=moved)
        s.sanction("delisted", "2024-03-05", source="wire", targets=moved)
        for targets in (relisted, twice, after):
            s.sanction("delisted", "2024-03-04", targets=targets)
            s.sanction("reimposed", "2024-03-06", targets=targets)
        s.sanction("lifted", "2024-03-07", source="wire", targets=relisted)
        s.sanction("delisted", "2024-03-07", targets=twice)                      # who listed it anew knows what he says
        s.sanction("delisted", "2024-03-11", source="wire", targets=after)       # a week later it is another
        s.sanction("licensed", "2024-03-04", targets=revoked)
        s.sanction("reimposed", "2024-03-06", targets=revoked)
        s.sanction("licensed", "2024-03-07", source="wire", targets=revoked)
        s.sanction("reimposed", "2024-03-04", targets=down)
        s.sanction("licensed", "2024-03-04", targets=down, expires_at="2027-01-01")
        s.sanction("reimposed", "2024-03-05", source="wire", targets=down)
        s.sanction("delisted", "2024-03-04", targets=bare)
        s.sanction("imposed", "2024-03-05", source="wire", targets=bare)         # who is listed anew is not missed
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {
            ("US", "moved"): ("in_force", "2020-01-01"), ("US", "relisted"): ("in_force", "2024-03-06"),
            ("US", "removed twice"): ("delisted", "2024-03-07"), ("US", "long after"): ("delisted", "2024-03-11"),
            ("US", "revoked"): ("in_force", "2024-03-06"), ("US", "winding down"): ("licensed", "2024-03-04"),
            ("US", "without licence"): ("in_force", "2024-03-05")})

    def test_a_listing_is_in_force_since_the_sharper_date(self):
        s = Stream()
        for name, vague, sharp in (("year", "2024", "2024-11-20"), ("month", "2024-03", "2024-03-08"), ("other", "2024-03", "2024-04-08")):
            s.sanction("imposed", vague, source="wire", targets=[party(name, name)])
            s.sanction("amended", sharp, targets=[party(name, name)])
            s.sanction("imposed", sharp, targets=[party(name, name)])
        s.sanction("imposed", "2024", source="wire", targets=[party("licensed", "licensed")])
        s.sanction("licensed", "2024-02-01", targets=[party("licensed", "licensed")])
        s.sanction("imposed", "2024-11-20", targets=[party("licensed", "licensed")])
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {
            ("US", "year"): ("in_force", "2024-11-20"), ("US", "month"): ("in_force", "2024-03-08"),
            ("US", "other"): ("in_force", "2024-03-01"), ("US", "licensed"): ("in_force", "2024-11-20")})

    def test_a_licence_is_no_delisting(self):
        s = Stream()
        s.sanction("imposed", "2025-01-01", targets=[party("A", "a"), party("B", "b")])
        s.sanction("delisted", "2025-02-01", targets=[party("A", "a")])
        s.sanction("licensed", "2025-03-01", targets=[party("A", "a"), party("B", "b")])
        s.sanction("extended", "2025-04-01", targets=[party("B", "b")], expires_at="2027-01-01")
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "A"): ("delisted", "2025-02-01"), ("US", "B"): ("licensed", "2025-03-01")})

    def test_rename_end_of_program_and_move(self):
        s = Stream()
        s.sanction("imposed", "2020-01-01", program="OLD", targets=[party("A", "a"), party("B", "b"), party("C", "c"), party("D", "d")])
        s.sanction("imposed", "2021-01-01", program="OTHER", targets=[party("B", "b")])
        s.sanction("amended", "2022-01-01", program="NEW", targets=[party("C", "c")])
        s.sanction("delisted", "2024-03-04", program="OLD", targets=[party("D", "d")])
        s.sanction("imposed", "2024-03-04", program="GLOMAG", targets=[party("D", "d")])
        end = s.sanction("lifted", "2024-06-01", program="OLD")
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "A"): ("lifted", "2024-06-01"), ("US", "B"): ("in_force", "2020-01-01"),
                                                 ("US", "C"): ("in_force", "2020-01-01"), ("US", "D"): ("in_force", "2020-01-01"),
                                                 ("US", "OLD"): ("lifted", "2024-06-01")})
        rows = {m["party"]: m for m in ledger["measures"]}
        self.assertEqual(self.turns(rows["A"])[-1], ("2024-06-01", "lifted", "lifted", 1, end))
        self.assertEqual(self.turns(rows["B"])[-1], ("2024-06-01", "lifted", "in_force", 1, end))
        self.assertEqual([t[1] for t in self.turns(rows["C"])], ["imposed", "amended"])

    def test_a_sector_goes_with_its_program(self):
        s = Stream()
        s.sanction("imposed", "2004-02-20", program="ARMS", sector="arms", expires_at="2024-02-20")
        s.sanction("imposed", "2004-02-20", program="ARMS", sector="aviation")
        s.sanction("imposed", "2020-01-01", program="OTHER", sector="aviation, potash")
        s.sanction("imposed", "2004-02-20", program="ARMS", targets=[party("dual-use", type="sector"), party("A", "a")])
        extended = s.sanction("extended", "2024-02-01", program="ARMS", expires_at="2026-02-20")
        end = s.sanction("lifted", "2025-03-04", program="ARMS")
        ledger, _ = self.told(s)
        lifted, stands = ("lifted", "2025-03-04"), ("in_force", "2004-02-20")
        self.assertEqual(self.measures(ledger), {
            ("US", "arms"): lifted, ("US", "dual-use"): lifted, ("US", "A"): lifted, ("US", "ARMS"): lifted,
            ("US", "aviation"): stands, ("US", "potash"): ("in_force", "2020-01-01")})
        rows = {m["sector"]: self.turns(m) for m in ledger["measures"]}
        self.assertEqual(rows["arms"][1:], [("2024-02-01", "extended", "in_force", 1, extended),
                                            ("2025-03-04", "lifted", "lifted", 1, end)])
        self.assertEqual(rows["aviation"][-1], ("2025-03-04", "lifted", "in_force", 1, end))

    def test_a_party_outlives_its_program(self):
        """The end of a program of a gazette, and a list in which some of its parties stand on under another."""
        s = Stream()
        s.sanction("imposed", "2003-03-06", program="ZIMBABWE", targets=[party("A", "a"), party("B", "b"), party("C", "c")])
        s.sanction("lifted", "2024-03-04", program="ZIMBABWE")
        kept = s.sanction("amended", "2024-03-04", source="list", program="GLOMAG", targets=[party("A", "a")])
        s.sanction("amended", "2024-03-05", source="list", program="GLOMAG", targets=[party("B", "b")])
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "A"): ("in_force", "2003-03-06"), ("US", "B"): ("in_force", "2003-03-06"),
                                                 ("US", "C"): ("lifted", "2024-03-04"), ("US", "ZIMBABWE"): ("lifted", "2024-03-04")})
        rows = {m["party"]: m for m in ledger["measures"]}
        self.assertEqual(self.turns(rows["A"])[-1], ("2024-03-04", "amended", "in_force", 1, kept))

    def test_a_licence_that_comes_with_the_listing_stands(self):
        s = Stream()
        s.sanction("imposed", "2025-12-02", program="B", targets=[party("A", "a")])
        s.sanction("licensed", "2025-12-02", program="B", targets=[party("A", "a")], expires_at="2026-04-01")
        s.sanction("licensed", "2021-02-18", targets=[party("B", "b")])
        s.sanction("reimposed", "2021-04-19", targets=[party("B", "b")])
        s.sanction("licensed", "2021-04-19", targets=[party("B", "b")], expires_at="2021-06-03")   # a wind-down
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("US", "A"): ("licensed", "2025-12-02"), ("US", "B"): ("in_force", "2021-06-04")})

    def test_a_move_whatever_the_hour(self):
        hours = ("2024-03-04T15:00:00Z", "2024-03-04T15:05:00Z", "2024-03-04")
        s = Stream()
        for name, (removed, listed) in enumerate(itertools.permutations(hours, 2)):
            targets = [party(str(name), "p%d" % name)]
            s.sanction("imposed", "2010-01-01", program="OLD", targets=targets)
            s.sanction("delisted", removed, program="OLD", targets=targets)
            s.sanction("imposed", listed, program="NEW", targets=targets)
        s.sanction("imposed", "2010-01-01", targets=[party("next day", "n")])
        s.sanction("imposed", "2024-03-04T23:59:59Z", targets=[party("next day", "n")])
        s.sanction("delisted", "2024-03-05T00:00:01Z", targets=[party("next day", "n")])
        ledger, _ = self.told(s)
        expected = {("US", str(name)): ("in_force", "2010-01-01") for name in range(6)}
        self.assertEqual(self.measures(ledger), {**expected, ("US", "next day"): ("delisted", "2024-03-05")})

    def test_what_is_maintained_was_there_before(self):
        s = Stream()
        s.sanction("maintained", "2025-02-01", authority="EU", sector="potash")
        s.sanction("extended", "2025-02-01", authority="EU", program="BLR", expires_at="2026-02-28")
        ledger, _ = self.told(s)
        self.assertEqual(self.measures(ledger), {("EU", "potash"): ("in_force", None), ("EU", "BLR"): ("in_force", None)})

    # ---- persons --------------------------------------------------------------------------------

    def test_ids_join_and_part_again(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=1, persons=[party("Ivan Sora", "x")])
        s.said("detention", "b", "2025-06-01", count=1, persons=[party("Iwan Sora", "y")])
        s.said("tally", "c", "2025-07-01", of="detained", count=5, persons=[party("Ivan Sora", "x", "y")])
        ledger, _ = self.told(s)
        self.assertEqual([(p["person"], p["status"]) for p in ledger["persons"]], [("Ivan Sora", "re-detained")])
        self.assertEqual([(t[0], t[2]) for t in self.turns(ledger["persons"][0])],
                         [("2025-03-01", "released"), ("2025-06-01", "re-detained"), ("2025-07-01", "re-detained")])
        s.said("retraction", "c", "2025-08-01", retracts="002")
        ledger, _ = self.told(s)
        self.assertEqual([(p["person"], p["status"]) for p in ledger["persons"]],
                         [("Ivan Sora", "released"), ("Iwan Sora", "detained")])
        self.assertEqual([(p["person"], p["maybe"]) for p in ledger["possible"]], [("Ivan Sora", "Iwan Sora")])

    def test_close_names_of_any_script(self):
        s = Stream()
        close = [("ნიკა მელია", "ნიკა მელია"), ("لجين الهذلول", "لجين الهذلول"), ("نسرین ستوده", "نسرين ستوده"),
                 ("刘晓波", "刘晓波"), ("Ales", "Ales")]
        # however short: the same but for case, marks (composed or not) and the order of words
        close += [("Anna Kim", "KIM, Anna"), ("Jos\u00e9 P\u00e9rez", "Jose\u0301 Pe\u0301rez"), ("Zoe Lee", "Zoë\u00a0Lee"),
                  ("Ян Ёй", "Ян Е\u0308и\u0306"), ("Vũ Hà", "Vu Ha"), ("Άννα", "ΑΝΝΑ"), ("Əli Ay", "ƏLİ AY"), ("Person 1", "PERSON 1")]
        # a first name of one consonant, and words parted in other places
        close += [("Yulia Navalnaya", "Юлия Навальная"), ("Yuri Dmitriev", "Yury Dmitriyev"), ("Anna Petrova", "Анна Петрова"),
                  ("Liu Xiaobo", "LIU Xiao-bo"), ("Abdulhadi al-Khawaja", "Abdul Hadi Al-Khawaja"), ("Alaa Abd El-Fattah", "Alaa Abdelfattah")]
        far = ["Olga Navalnaya", "Anton Dmitriev", "Nguyen Van Dai", "Nguyen Van Hai", "Li Abdulhadi", "ნიკა გვარამია", "سميرة الهذلول", "刘霞", "Aleś Bialiacki", "Anna Kam", "Person 2", "Vo Ha"]
        for number, name in enumerate([name for pair in close for name in pair] + far):
            s.said("detention", "a", "2025-03-01", persons=[party(name, "p%d" % number)])
        ledger, _ = self.told(s)
        self.assertEqual(sorted((p["person"], p["maybe"]) for p in ledger["possible"]), sorted(tuple(sorted(pair)) for pair in close))

    def test_free_and_held_at_once(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=1, persons=[party("X", "x")])
        s.said("tally", "b", "2025-04-01", of="detained", count=9, persons=[party("X", "x")])
        s.said("release", "a", "2025-03", count=1, persons=[party("Y", "y")])
        s.said("release", "c", "2025-03-01", count=1, persons=[party("Y", "y")])
        s.said("detention", "b", "2025-03-20", count=1, persons=[party("Y", "y")])
        s.said("release", "a", "2025-03-01", count=1, destination="LT", persons=[party("Z", "z")])
        s.said("release", "a", "2025-04-01", count=1, persons=[party("V", "v"), party("W", "w")])
        s.said("tally", "b", "2025-04-01", of="detained", count=9, persons=[party("W", "w")])
        ledger, _ = self.told(s)
        self.assertEqual({p["person"]: (p["status"], p["contradiction"]) for p in ledger["persons"]},
                         {"X": ("detained", True), "Y": ("re-detained", True), "Z": ("deported", False),
                          "V": ("released", False), "W": ("detained", True)})

    def test_who_came_home_is_not_deported(self):
        ways = ["b", "LT", "lt", "Lithuania"]
        for home in (lambda c: c, str.lower, str.capitalize, lambda c: c + " ", lambda c: f"  {c.lower()} "):
            country = next(COUNTRIES)
            for number, to in enumerate([home(country), *ways]):
                self.daemon.publish({"id": str(number), "kind": "release", "country": country, "source": country,
                                     "occurred_at": "2025-03-01", "destination": to,
                                     "persons": [party("P%d" % number, "p%d" % number)]})
            ledger = self.daemon.ok("state", {"country": country})
            got = {p["person"]: p["status"] for p in ledger["persons"]}
            self.assertEqual(got.pop("P0"), "released", home(country))
            self.assertEqual(set(got.values()), {"deported"})

    def test_people_without_an_identifier_are_not_one(self):
        """Ann is held and Bob is freed. What stands where there is no identifier would free Ann, and is refused."""
        for nothing in (" ", "\u00a0", "\u200b", "-", "n/a", "nan", "Unknown"):
            country = next(COUNTRIES)
            base = {"country": country, "source": country, "status": "confirmed"}
            told = [dict(base, id="1", kind="detention", occurred_at="2025-03-01", persons=[party("Ann", "p1", nothing)]),
                    dict(base, id="2", kind="release", occurred_at="2025-03-02", persons=[party("Bob", nothing)]),
                    dict(base, id="3", kind="sanction", occurred_at="2025-03-01", authority="US", action="delisted",
                         targets=[party("Acme", nothing)])]
            refused = self.daemon.publish(*told)["rejected"]
            self.assertEqual([(r["index"], r["code"], r["message"].split(":")[0]) for r in refused],
                             [(0, "invalid", "persons[0].ids[1]"), (1, "invalid", "persons[0].ids[0]"),
                              (2, "invalid", "targets[0].ids[0]")], nothing)
            self.daemon.publish(dict(told[0], persons=[party("Ann", "p1")]), dict(told[1], persons=[party("Bob")]))
            ledger = self.daemon.ok("state", {"country": country})
            self.assertEqual({p["person"]: p["status"] for p in ledger["persons"]}, {"Ann": "detained", "Bob": "released"})

    def test_happenings_without_a_name_are_not_one(self):
        """Blanks for a name would make one of two releases, and one voice of two outlets."""
        base = {"country": next(COUNTRIES), "kind": "release", "status": "confirmed"}
        told = [dict(base, id=key + value, source=source, occurred_at=day, count=count, **{key: value})
                for key, value in (("incident", " "), ("incident", "shared:"), ("incident", "shared: "),
                                   ("attributed_to", "\u00a0"), ("destination", " "))
                for source, day, count in (("a", "2025-03-01", 52), ("b", "2025-06-01", 7))]
        refused = self.daemon.publish(*told)["rejected"]
        self.assertEqual([(r["index"], r["code"]) for r in refused], [(n, "invalid") for n in range(len(told))])

    # ---- totals ---------------------------------------------------------------------------------

    def test_totals_that_others_state(self):
        s = Stream()
        s.said("release", "a", "2025-01-10", count=10, form="pardon")
        s.said("release", "a", "2025-02-10", count=20, form="pardon")
        s.said("release", "a", "2025-03-10", count=1, form="exchange")
        s.said("release", "b", "2025-03-10", count=1, form="pardon")
        s.said("release", "a", "2025-04-10", count=5, form="sentence_served")
        s.said("release", "a", "2025-05-10", count=50, form="deportation")
        s.said("release", "a", "2025-05-10", count=40, covers="part", part="category=political")
        s.said("release", "r", "2025-06-10", count=1000, status="rumoured")
        for source, keys in {"agrees": {"count": 86}, "stale": {"count": 36}, "grace": {"count": 81},
                             "pardons": {"count": 30}, "pardon-stated": {"count": 31, "form": "deportation"},
                             "political": {"count": 76}, "differs": {"count": 85}, "plain": {"count": 86, "since": None},
                             "many": {"count": 80, "count_is": "at_least"}, "some": {"count": 90, "count_is": "about"},
                             "before": {"count": 0, "since": "2026"}}.items():
            s.said("tally", source, "2025-12-01", **{"of": "released", "since": "2025", **keys})
        ledger, _ = self.told(s, since="2025-03-01")
        self.assertEqual({t["source"]: t["state"] for t in ledger["tallies"]},
                         {"agrees": "agrees", "stale": "stale", "grace": "other-definition", "pardons": "stale",
                          "pardon-stated": "other-definition", "political": "other-definition", "differs": "differs",
                          "plain": "not-comparable", "many": "agrees", "some": "agrees", "before": "agrees"})
        fits = {t["source"]: [(f["reading"], f["form"], f["category"]) for f in t["fits"]] for t in ledger["tallies"]}
        self.assertEqual(fits["grace"], [("grace", None, None)])
        self.assertEqual(fits["pardon-stated"], [("with", "pardon", None)])
        self.assertEqual(fits["political"], [("stated", None, "political")])
        self.assertEqual((fits["agrees"], fits["stale"], fits["differs"]), ([], [], []))
        self.assertEqual(fits["plain"][0], ("stated", None, None))
        self.assertEqual((ledger["released"]["total"]["count"], ledger["released"]["since"]["count"], ledger["since"],
                          ledger["released"]["rumoured"]["count"]), (86, 56, "2025-03-01", 1000))

    # ---- ledger ---------------------------------------------------------------------------------

    def test_an_approximate_date_counts_where_it_is_stated(self):
        s = Stream()
        for number, date in enumerate(("2021~", "2022-01~", "2023-01-05~", "2024-12-31T23:30:00-05:00")):
            s.said("release", "a", date, count=10 ** number)
        s.said("tally", "n", "2023-06-01", of="released", count=110, since="2022")
        ledger, _ = self.told(s, since="2022")
        self.assertEqual([(y["year"], y["people"]["count"]) for y in ledger["released"]["by_year"]],
                         [(2021, 1), (2022, 10), (2023, 100), (2025, 1000)])
        self.assertEqual(ledger["released"]["since"]["count"], 1110)
        self.assertEqual([t["state"] for t in ledger["tallies"]], ["agrees"])
        since = self.daemon.ok("incidents", {"country": ledger["country"], "since": "2022"})["incidents"]
        self.assertEqual([i["count"] for i in since], [10, 100, 1000])

    def test_an_instant_that_was_stated_is_given_back_in_utc(self):
        stated = "2024-12-31T23:30:00.5-05:00"
        s = Stream()
        s.said("release", "a", stated, count=1, persons=[party("Ales", "W1")])
        s.said("tally", "n", "2025-06-01", of="released", count=1, since=stated)
        s.sanction("imposed", stated, targets=[party("Bela", "X1")])
        ledger, incidents = self.told(s, since=stated)
        for date in ([i["occurred_at"] for i in incidents] + [ledger["since"], ledger["tallies"][0]["since"]] +
                     [ledger[of][0]["history"][0]["date"] for of in ("measures", "persons")]):
            self.assertEqual(date, "2025-01-01T04:30:00.5Z")
        for of in ("measures", "persons"):
            self.assertEqual(ledger[of][0]["since"], msgpack.Timestamp(1735705800, 500000000))

    def test_text_for_people(self):
        s = Stream()
        s.said("release", "a", "2024-03-01", count=5)
        s.said("release", "a", "2025-03-01", count=7)
        s.said("release", "b", "2025-03-01", count=9)
        s.said("release", "c", "2024-06-01", count=4, form="sentence_served")
        s.said("tally", "d", "2025-12-01", of="released", count=12, since="2024")
        s.said("tally", "e", "2025-12-01", of="released", count=99, count_is="at_least", since="2024")
        s.sanction("imposed", "2024-01-10", targets=[party("Pótaš", "p")])
        s.sanction("licensed", "2025-02-01", targets=[party("Pótaš", "p")], expires_at="2027-03-31")
        ledger, _ = self.told(s)
        run = subprocess.run([harness.THAW, "state", ledger["country"], "--since", "2025", "--service",
                              self.daemon.address("service")], capture_output=True, text=True, timeout=harness.PATIENCE,
                             env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        lines = [" ".join(line.split()) for line in run.stdout.splitlines()]
        for line in ("released 16 16 18 3", "in 2024 9 9 9 2", "since 2025 7 7 9 1", "in 2025 7 7 9 1",
                     "2025-12-01 d released 12 2024 other-definition 16 (16-18)", "12 (d) would fit: without sentences served",
                     "2025-12-01 e released >= 99 2024 differs 16 (16-18)",
                     "US Pótaš licensed 2025-02-01 2027-03-31 in_force 2024-01-10"):
            self.assertIn(line, lines)
        self.assertTrue(any(line.startswith("2025-03-01 release 7 (7-9) number 2 ") for line in lines), run.stdout)

    def test_since_and_undated_for_people(self):
        """Without a country, too, what was asked for since a date is told; what is undated is of no year 0."""
        s = Stream()
        s.said("release", "a", "2024-03-01", count=5)
        s.said("release", "a", "2025-03-01", count=7)
        s.said("release", "a", count=2)
        s.said("detention", "a", "2025-03-01", count=3)
        ledger, _ = self.told(s)
        done = self.daemon.thaw("state", ledger["country"])
        self.assertIn("undated 2 2 2 1", [" ".join(line.split()) for line in done.stdout.splitlines()])
        row = {c["country"]: c for c in self.daemon.ok("state", {"since": "2025"})["countries"]}[ledger["country"]]
        self.assertEqual([row[kind]["since"]["count"] for kind in ("released", "detained")], [7, 3])
        lines = [" ".join(line.split()) for line in self.daemon.thaw("state", "--since", "2025").stdout.splitlines()]
        self.assertEqual(lines[0], "country released since range detained since range measures persons")
        self.assertIn("%s 14 7 3 3 0 0" % ledger["country"], lines)

    def test_a_day_that_nobody_stated_is_not_printed(self):
        """A vague date stays vague on the screen, and what was in force already has no first day."""
        s = Stream()
        s.said("release", "a", "2025-01", count=1, persons=[party("Month", "m")])
        s.said("release", "b", "2024-07-30~", count=1, persons=[party("About", "a")])
        s.said("detention", "b", "2024-05", count=1, persons=[party("About", "a")])
        s.sanction("eased", "2025-12-13", sector="potash")
        s.sanction("licensed", "2025-12-15", sector="potash")
        s.sanction("imposed", "2021", targets=[party("Bank", "b")])
        s.sanction("delisted", "2022-03-04T10:00:00Z", targets=[party("Bank", "b")])
        ledger, _ = self.told(s)
        dates = {row.get("person") or row["party"] or row["sector"]: [t["date"] for t in row["history"]]
                 for row in ledger["persons"] + ledger["measures"]}
        self.assertEqual(dates, {"Month": ["2025-01"], "About": ["2024-05", "2024-07-30~"],
                                 "potash": ["2025-12-13", "2025-12-15"], "Bank": ["2021", "2022-03-04T10:00:00Z"]})
        lines = [" ".join(line.split()) for line in self.daemon.thaw("state", ledger["country"]).stdout.splitlines()]
        for line in ("Month released 2025-01 1 0 no", "About released 2024-07-30~ detained 2024-05 1 1 no",
                     "US potash licensed 2025-12-15 in_force", "US Bank delisted 2022-03-04 in_force 2021"):
            self.assertIn(line, lines)

    def test_what_is_cut_says_so(self):
        """A list that leaves out the earlier ones is no whole one: not on a screen, and not in a program."""
        country, first = next(COUNTRIES), datetime.date(2020, 1, 1)
        days = [str(first + datetime.timedelta(days=2 * n)) for n in range(1003)]
        self.daemon.publish([{"id": country + day, "kind": "release", "country": country, "source": "a", "count": 1,
                              "occurred_at": day} for day in days])
        cut = "thaw: incidents: these are the latest 1000, there are earlier ones; --limit N shows more\n"
        for how in ((), ("--json",)):
            done = self.daemon.thaw("incidents", country, *how)
            self.assertEqual((done.stderr, days[2] in done.stdout, days[3] in done.stdout), (cut, False, True))
            done = self.daemon.thaw("incidents", country, "--limit", "2000", *how)
            self.assertEqual((done.stderr, days[0] in done.stdout), ("", True))
        text = self.daemon.thaw("state", country).stdout                            # what is open now is at the end
        self.assertEqual([day in text for day in (days[0], days[962], days[963], days[-1])], [False, False, True, True])
        self.assertIn("  ... and 963 earlier (--json shows all)\n", text)

    def test_explained_to_people(self):
        s = Stream()
        s.said("release", "outlet", "2025-03-01", count=14, attributed_to="press")
        s.said("release", "b", "2025-03-01", count=2, persons=[party("X", "x"), party("Y", "y")])
        s.said("release", "c", "2025-03", count=14, status="rumoured")
        ledger, incidents = self.told(s)
        done = self.daemon.thaw("explain", incidents[0]["id"])
        lines = [line.strip() for line in done.stdout.splitlines()]
        self.assertEqual(lines[0], incidents[0]["id"])
        for line in ("3 reports", "2025-03-01  outlet/%s/000  says press: 14, announced" % ledger["country"],
                     "counts the people it names: a part, where others vote for the whole",
                     "its date is vague, overlaps, and its count agrees"):
            self.assertIn(line, lines)

    def test_why_each_belongs(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=3, incident="one")              # bears a name that no other bears
        s.said("release", "b", "2025-03-01", count=3, incident="shared:x")
        s.said("release", "c", "2025-03-01", count=3, incident="shared:x")
        s.said("release", "d", "2025-03-02", count=1, persons=[party("X", "x")], incident="two")
        s.said("release", "e", "2025-03-30", count=1, persons=[party("X", "x")])   # tied by the person, not by the name
        s.said("release", "f", "2025-07", count=8)
        s.said("release", "g", "2025", count=8)
        _, incidents = self.told(s)
        belongs = {r["source"]: r["belongs"] for i in incidents
                   for r in self.daemon.ok("explain", {"incident": i["id"]})["reports"]}
        self.assertEqual(belongs, {
            "a": "is the earliest: opens the incident",
            "b": "bears the same `incident` name; the group starts within the tolerance after the incident's first report",
            "c": "bears the same `incident` name; the group starts within the tolerance after the incident's first report",
            "d": "is on the same named people; the group starts within the tolerance after the incident's first report",
            "e": "is on the same named people; the group starts within the tolerance after the incident's first report",
            "f": "its date is vague, overlaps the first one's, and its count is the same",
            "g": "its date is vague and fits no other incident: opens this one"})

    def test_why_the_count(self):
        """Each number that the count rests on is there to be read: votes and their ties, parts, people named."""
        s = Stream()
        s.said("release", "a", "2025-03-01", count=52, status="confirmed")
        s.said("release", "b", "2025-03-02", count=51, status="confirmed")
        s.said("release", "c", "2025-03-02", count=51)                              # of a lesser status
        s.said("release", "d", "2025-03-02", count=9, covers="part", part="destination=LT")
        s.said("release", "d", "2025-03-02", count=10, covers="part", part="destination=LT")
        s.events[-1]["reported_at"] = "2025-03-03"
        s.said("release", "e", "2025-03-02", persons=[party("X", "x"), party("Y", "y")])
        s.said("release", "f", "2025-03-02", count=900, covers="wider")
        s.said("release", "a", "2025-06-01", count=5)
        s.said("release", "b", "2025-06-01", count=7)
        s.said("release", "c", "2025-06-01", count=7)
        _, incidents = self.told(s)
        why = [self.daemon.ok("explain", {"incident": i["id"]}) for i in incidents]
        self.assertEqual([(w["winner"], w["why"]) for w in why],
                         [(52, "as many voices give another count: the one first reported of the best status"),
                          (7, "the count that most voices give among the reports of the best status")])
        self.assertEqual(incidents[0]["voices"], ["a", "b", "c", "d", "e"])         # none of what is wider
        self.assertEqual({r["id"][3:]: (r["part"], r["names"], r["vote"]) for r in why[0]["reports"]}, {
            "000": (None, 0, "a vote"), "001": (None, 0, "a vote"), "002": (None, 0, "a vote"),
            "003": ("destination=LT", 0, "a later report of the same voice stands in its place"),
            "004": ("destination=LT", 0, "counts a part: parts of one dimension add up to a lower bound"),
            "005": (None, 2, "names people: a lower bound"), "006": (None, 0, "is of something wider: not counted")})
        lines = [line.strip() for line in self.daemon.thaw("explain", incidents[0]["id"]).stdout.splitlines()]
        for line in ("2025-03-02  d/%s/004: 10 of destination=LT, announced", "2025-03-02  e/%s/005 names 2, announced"):
            self.assertIn(line % incidents[0]["country"], lines)

    def test_what_is_not_there_to_be_explained(self):
        for name in ("release-BY-0123456789abcdef", "no-rule"):
            done = self.daemon.thaw("explain", name, check=False)
            self.assertEqual((done.returncode, done.stderr),
                             (1, "thaw: explain: '%s' is no incident that stands now, and no rule (not-found)\n" % name))

    def test_thousands_of_reports_are_explained(self):
        """What is asked of one incident costs no more than a pass over its reports."""
        country = next(COUNTRIES)
        told = [{"id": "%s%d" % (country, n), "kind": "release", "country": country, "source": "outlet %d" % n,
                 "occurred_at": "2025-03-01", "count": 1, "persons": [party("P", "p%d" % (n % 7))]} for n in range(4000)]
        self.daemon.publish(*told)
        (incident,) = self.daemon.ok("incidents", {"country": country})["incidents"]
        why = self.daemon.ok("explain", {"incident": incident["id"]})
        self.assertEqual((len(why["reports"]), {r["vote"] for r in why["reports"]}), (4000, {"a vote"}))

    def test_thousands_of_reports_bear_one_name(self):
        """One that comes to a group does not take the group apart."""
        country = next(COUNTRIES)
        self.daemon.publish(*[{"id": "%s%d" % (country, n), "kind": "release", "country": country, "source": "outlet %d" % n,
                               "occurred_at": "2025-03-01", "count": 5, "incident": "shared:one"} for n in range(4000)])
        self.assertEqual([len(i["reports"]) for i in self.daemon.ok("incidents", {"country": country})["incidents"]], [4000])

    def test_hundreds_of_totals_over_thousands_of_releases(self):
        """The definitions that would fit are found in a pass over the releases, not in one for each beginning."""
        country = next(COUNTRIES)
        days = ["%d-%02d-%02d" % (year, month, day) for year in range(2010, 2021) for month in range(1, 13) for day in range(1, 29, 2)]
        self.daemon.publish(*[{"id": "%s%d" % (country, n), "kind": "release", "country": country, "source": "list",
                               "occurred_at": on, "incident": on, "count": 10} for n, on in enumerate(days)])
        self.daemon.publish(*[{"id": "%s%d" % (country, n), "kind": "tally", "country": country, "source": "outlet %d" % n,
                               "occurred_at": "2021-01-01", "of": "released", "since": "2010", "count": 10 * len(days) + 1}
                              for n in range(1000)])
        ledger = self.daemon.ok("state", {"country": country})
        self.assertEqual({(t["state"], len(t["fits"])) for t in ledger["tallies"]}, {("differs", 0)})

    def test_sums_stop_at_the_greatest_count(self):
        most = 2**63 - 1
        s = Stream()
        for part in "abc":
            s.said("release", part, "2025-03-01", count=most, covers="part", part="place=" + part)
        s.said("release", "a", "2025-05-01", count=most)
        s.said("detention", "a", "2025-05-01", count=7)
        s.said("tally", "b", "2025-06-01", of="released", since="2025", count=most, count_is="about")
        s.said("talks", "b", "2025-01-01", stage="promised", expected_count=most)
        ledger, incidents = self.told(s)
        self.assertEqual(self.counts(incidents), [(most, most, most, False)] * 2)
        total = ledger["released"]["total"]
        self.assertEqual((total["count"], total["low"], total["high"]), (most, most, most))
        self.assertEqual([(t["state"], t["ledger"]) for t in ledger["tallies"]], [("agrees", most)])
        self.assertEqual([t["came"] for t in ledger["talks"]], [most])

    def test_a_total_of_nobody_knows_whom_fits_nothing(self):
        s = Stream()
        s.said("detention", "a", "2025-03-01", count=10)
        s.said("tally", "b", "2025-06-01", count=10)
        s.said("tally", "c", "2025-06-01", count=10, of="detained")
        ledger, _ = self.told(s)
        self.assertEqual([(t["source"], t["state"], len(t["fits"])) for t in ledger["tallies"]],
                         [("b", "not-comparable", 0), ("c", "not-comparable", 2)])

    def test_a_beginning_is_that_of_a_release_that_counts(self):
        s = Stream()
        s.said("release", "a", "2025-03-01", count=10, form="pardon")
        s.said("release", "a", "2025-04-01", count=3, status="rumoured")
        s.said("release", "a", "2025-05-01", count=5, form="exchange")
        s.said("tally", "b", "2025-06-01", count=5, of="released", since="2025-03-01")
        s.said("tally", "c", "2025-06-01", count=10, of="released", since="2025-04-01")
        ledger, _ = self.told(s)
        fits = {t["source"]: (t["state"], [(day(f["since"]), f["reading"], f["form"]) for f in t["fits"]])
                for t in ledger["tallies"]}
        self.assertEqual(fits["b"], ("other-definition", [("2025-03-01", "with", "exchange")]))
        self.assertEqual(fits["c"], ("differs", [("2025-03-01", "with", "pardon")]))

    def test_a_party_is_one_for_all_authorities(self):
        """Another authority names by both ids whom the US names by one or the other, until it takes that back."""
        s = Stream()
        s.sanction("imposed", "2021-08-09", targets=[party("Works", "o:9")])
        s.sanction("delisted", "2025-11-20", targets=[party("Works", "x:w")])
        linked = s.sanction("imposed", "2022-03-02", "EU", "eu", targets=[party("Works", "x:w", "o:9")])
        ledger, _ = self.told(s)
        self.assertEqual(sorted((m["authority"], m["ids"], m["state"]) for m in ledger["measures"]),
                         [("EU", ["o:9", "x:w"], "in_force"), ("US", ["o:9", "x:w"], "delisted")])
        s.said("retraction", "eu", retracts=linked)
        ledger, _ = self.told(s)
        self.assertEqual(sorted((m["authority"], m["ids"], m["state"]) for m in ledger["measures"]),
                         [("US", ["o:9"], "in_force"), ("US", ["x:w"], "delisted")])

    def test_what_was_promised_and_what_came(self):
        s = Stream()
        s.said("talks", "a", "2025-03-01", stage="promised", expected_count=30, expected_by="2025-04")
        s.said("talks", "b", "2025-03-01", stage="promised", expected_count=90, reported_at="2025-03-02", status="rumoured")
        s.said("talks", "a", stage="promised", expected_count=4)
        s.said("release", "a", "2025-02-01", count=100)
        s.said("release", "a", "2025-03-05", count=12)
        s.said("release", "a", "2025-04-30", count=6)
        s.said("release", "a", "2025-05-05", count=7)
        ledger, _ = self.told(s)
        self.assertEqual([(t["expected_count"], day(t["expected_by"]), t["came"]) for t in ledger["talks"]],
                         [(30, "2025-04-30", 18), (4, None, None)])

    def test_what_came_of_talks_about_a_day(self):
        """As in the totals: what was promised about the 15th is not kept on the 5th."""
        s = Stream()
        s.said("talks", "a", "2025-03-15~", stage="promised", expected_count=30)
        s.said("release", "a", "2025-03-05", count=12)
        s.said("release", "a", "2025-03-20", count=6)
        ledger, _ = self.told(s, since="2025-03-15")
        self.assertEqual([t["came"] for t in ledger["talks"]], [6])
        self.assertEqual(ledger["released"]["since"]["count"], 6)

    def test_about_a_day_is_where_it_is_stated_in_the_life_of_a_person(self):
        """Held on the 1st and freed about the 10th is free, though `~` reaches back before the 1st; the dates overlap."""
        s = Stream()
        for name, first, then in (("Ann", "2025-03-01", "2025-03-10~"), ("Ben", "2024-11-01", "2024-12~")):
            s.said("detention", "a", first, persons=[party(name, name)])
            s.said("release", "b", then, persons=[party(name, name)])
        s.said("release", "a", "2025-03-01", persons=[party("Cid", "Cid")])
        s.said("tally", "b", "2025-03-10~", of="detained", count=1, persons=[party("Cid", "Cid")])
        s.said("detention", "a", "2024-05-01", persons=[party("Dan", "Dan")])
        s.said("release", "b", "2024-05-10~", persons=[party("Dan", "Dan")])
        s.said("detention", "a", "2024-07-01", persons=[party("Dan", "Dan")])
        ledger, _ = self.told(s)
        self.assertEqual([(p["person"], p["status"], day(p["since"]), p["contradiction"],
                           [(h["date"], h["state"]) for h in p["history"]]) for p in ledger["persons"]],
                         [("Ann", "released", "2025-03-10", True,
                           [("2025-03-01", "detained"), ("2025-03-10~", "released")]),
                          ("Ben", "released", "2024-12-01", True,
                           [("2024-11-01", "detained"), ("2024-12~", "released")]),
                          ("Cid", "detained", "2025-03-10", True,
                           [("2025-03-01", "released"), ("2025-03-10~", "detained")]),
                          ("Dan", "re-detained", "2024-07-01", False,
                           [("2024-05-01", "detained"), ("2024-05-10~", "released"), ("2024-07-01", "re-detained")])])

    def test_what_came_by_the_hour(self):
        s = Stream()
        s.said("talks", "a", "2025-03-01", stage="promised", expected_count=3, expected_by="2025-03-10T12:00:00Z")
        s.said("release", "a", "2025-03-10T11:00:00Z", count=1)
        s.said("release", "b", "2025-03-12", count=2)
        ledger, _ = self.told(s)
        self.assertEqual([t["came"] for t in ledger["talks"]], [1])

    def test_sources_that_were_right_early(self):
        s = Stream()
        s.said("release", "early", "2025-03-01", count=5)
        s.events[-1]["reported_at"] = "2025-03-01T00:00:00Z"
        s.said("release", "sure", "2025-03-01", count=5, status="confirmed")
        s.events[-1]["reported_at"] = "2025-03-02T12:00:00Z"
        s.said("release", "early", "2025-06-01", count=5)
        ledger, _ = self.told(s)
        self.assertEqual([(x["source"], x["reports"], x["later_confirmed"], x["lead_hours"]) for x in ledger["sources"]],
                         [("early", 2, 1, 36), ("sure", 1, 0, None)])
        self.assertEqual([i["sources"] for i in ledger["open"]], [["early"]])

    def test_feeds_with_holes(self):
        s = Stream()
        for number in (1, 2, 5, 9):
            s.said("release", "list", "2025-03-0%d" % number, count=1, producer="importer", producer_seq=number)
        s.events.append({"id": "f", "kind": "feed", "source": "list", "state": "broken", "reported_at": "2025-04-01"})
        country = next(COUNTRIES)
        self.daemon.publish([self.of_country(event, country) for event in s.events])
        _, ledger = self.daemon.ask("state", {"country": country})
        self.assertEqual([(f["source"], f["holes"], f["broken"]) for f in ledger["feeds"]], [("list", 5, True)])

    def test_known_at_a_moment_is_corrected_from_another_country(self):
        """A revision may be of another country than what it replaces, a producer numbers over all of them."""
        here, there = next(COUNTRIES), next(COUNTRIES)

        def said(country, number, kind="release", **keys):
            dated = {} if kind == "retraction" else {"occurred_at": "2025-04-0%d" % number, "count": 3}
            return {"id": "%s/%d" % (here, number), "kind": kind, "country": country, "source": "wire", **dated,
                    "reported_at": "2025-04-0%d" % number, "producer": here, "producer_seq": number, **keys}

        self.daemon.publish([said(here, 1), said(there, 2, revises=here + "/1"), said(here, 5),
                             said(there, 3, "retraction", retracts=here + "/5"), said(there, 4), said(here, 6)])
        for country, count in ((here, 3), (there, 6)):
            _, now = self.daemon.ask("state", {"country": country})
            _, then = self.daemon.ask("state", {"country": country, "at": "2026-01-01"})
            self.assertEqual((now["released"]["total"]["count"], [f["holes"] for f in now["feeds"]]), (count, [0]))
            self.assertEqual({**then, "as_of": now["as_of"]}, now)
        _, then = self.daemon.ask("state", {"country": here, "at": "2025-04-01"})
        self.assertEqual(then["released"]["total"]["count"], 3)


if __name__ == "__main__":
    harness.main()
