#!/usr/bin/python3
"""Hand-worked expectations for the model: small cases whose answer follows from the design."""

import itertools
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import model  # noqa: E402

NOW = "2025-12-31"


def day(text):
    return model.interval(text)[0]


class Build:
    """Numbers the reports of one case: release(3, "2025-05-01", source="a")."""

    def __init__(self):
        self.numbers = itertools.count(1)

    def event(self, kind, **keys):
        event = {"id": "%02d" % next(self.numbers), "kind": kind, "country": "BY", "source": "a"}
        event.update({key: value for key, value in keys.items() if value is not None})
        return event

    def release(self, count, occurred, **keys):
        return self.event("release", count=count, occurred_at=occurred, **keys)

    def detention(self, count, occurred, **keys):
        return self.event("detention", count=count, occurred_at=occurred, **keys)

    def sanction(self, action, occurred, authority="US", **keys):
        return self.event("sanction", action=action, occurred_at=occurred, authority=authority, **keys)


def people(*ids):
    return [{"name": i.upper(), "ids": [i]} for i in ids]


class Model(unittest.TestCase):
    def setUp(self):
        self.b = Build()

    def facts(self, kind, *events, now=NOW):
        found = model.facts(list(events), now)[kind]
        again = model.facts(list(reversed(events)), now)[kind]
        self.assertEqual(sorted(map(repr, map(sorted, map(dict.items, found)))),
                         sorted(map(repr, map(sorted, map(dict.items, again)))))
        return sorted(found, key=lambda f: (f.get("occurred_at", f.get("since", 0)), f.get("reports", [])))

    def one(self, kind, *events, **keys):
        found = self.facts(kind, *events, **keys)
        self.assertEqual(len(found), 1, found)
        return found[0]

    def party_step(self, action, at, **keys):
        return self.b.sanction(action, at, targets=people("x"), **keys)

    def party_state(self, *events, now=NOW):
        fact = self.one("measure", *events, now=now)
        return fact["state"], fact["since"]

    def expect(self, fact, **fields):
        self.assertEqual({name: fact.get(name) for name in fields}, fields)

    # ---- dates

    def test_dates(self):
        self.assertEqual(model.interval("2025-05-10"), (day("2025-05-10"), day("2025-05-11")))
        self.assertEqual(model.interval("2025-05-10~"), (day("2025-04-26"), day("2025-05-25")))
        self.assertEqual(model.interval("2025-01"), (day("2025-01-01"), day("2025-02-01")))
        self.assertEqual(model.interval("2025-12~"), (day("2025-11-01"), day("2026-02-01")))
        self.assertEqual(model.interval("2024~"), (day("2023-01-01"), day("2026-01-01")))
        self.assertEqual(model.interval("1970-01-01T01:00:00.5+01:00"), (500000000, 500000001))

    # ---- counts

    def test_majority_of_voices(self):
        b = self.b
        fact = self.one("release", b.release(52, "2025-09-11", source="a"),
                        b.release(52, "2025-09-11", source="b"), b.release(51, "2025-09-11", source="c"))
        self.expect(fact, count=52, low=51, high=52, spread=1, disagrees=True)

    def test_first_reported_wins_among_equals(self):
        b = self.b
        fact = self.one("release", b.release(52, "2025-09-11", source="a", reported_at="2025-09-12"),
                        b.release(51, "2025-09-11", source="b", reported_at="2025-09-11"))
        self.expect(fact, count=51, low=51, high=52, disagrees=True, days_disagree=False)

    def test_unknown_reported_loses_among_equals(self):
        b = self.b
        fact = self.one("release", b.release(52, "2025-09-11", source="a"),
                        b.release(51, "2025-09-11", source="b", reported_at="2025-09-11"))
        self.expect(fact, count=51)

    def test_name_order_last(self):
        b = self.b
        self.expect(self.one("release", b.release(52, "2025-09-11", source="b"),
                             b.release(51, "2025-09-11", source="c")), count=52)

    def test_five_outlets_one_voice(self):
        b = self.b
        carried = [b.release(52, "2025-09-11", source=s, attributed_to="press") for s in "abcde"]
        fact = self.one("release", *carried, b.release(50, "2025-09-11", source="f", reported_at="2025-09-11"))
        self.expect(fact, count=50, low=50, high=52, voices=["f", "press"])

    def test_status_before_number(self):
        b = self.b
        fact = self.one("release", b.release(5, "2025-09-11", source="a"), b.release(5, "2025-09-11", source="b"),
                        b.release(4, "2025-09-11", source="c", status="confirmed"))
        self.expect(fact, count=4, low=4, high=5, status="confirmed")

    def test_about_only_without_exact(self):
        b = self.b
        about = b.release(50, "2025-09-11", source="a", count_is="about")
        self.expect(self.one("release", about), count=50, low=50, high=50, disagrees=False)
        self.expect(self.one("release", about, b.release(48, "2025-09-11", source="b")),
                    count=48, low=48, high=48, disagrees=False)

    def test_parts_add_up(self):
        b = self.b
        fact = self.one("release",
                        b.release(114, "2025-12-13", covers="part", part="destination=UA", source="a"),
                        b.release(9, "2025-12-13", covers="part", part="destination=LT", source="b"),
                        b.release(5, "2025-12-13", covers="part", part="category=foreign", source="b"))
        self.expect(fact, count=123, low=123, high=123, disagrees=False)

    def test_whole_and_parts(self):
        b = self.b
        parts = [b.release(114, "2025-12-13", covers="part", part="destination=UA", source="a"),
                 b.release(9, "2025-12-13", covers="part", part="destination=LT", source="b")]
        self.expect(self.one("release", *parts, b.release(123, "2025-12-13", source="c")), count=123, low=123)
        self.expect(self.one("release", *parts, b.release(114, "2025-12-13", source="c")),
                    count=123, low=114, high=114, disagrees=False)

    def test_part_disagrees(self):
        b = self.b
        fact = self.one("release",
                        b.release(8, "2025-12-13", covers="part", part="destination=LT", source="a"),
                        b.release(9, "2025-12-13", covers="part", part="destination=LT", source="b"),
                        b.release(20, "2025-12-13", source="c"))
        self.expect(fact, count=20, low=20, high=20, disagrees=True)

    def test_at_least_is_no_disagreement(self):
        b = self.b
        fact = self.one("release", *(b.release(n, "2024-07-03", source="viasna", count_is="at_least",
                                               reported_at="2024-07-%02d" % (3 + i))
                                     for i, n in enumerate((7, 10, 18))))
        self.expect(fact, count=18, low=18, high=18, disagrees=False)
        fact = self.one("release", *(b.release(n, "2024-07-03", source=s, count_is="at_least")
                                     for s, n in zip("abc", (7, 10, 18))))
        self.expect(fact, count=18, low=18, high=18, disagrees=False)

    def test_at_least_raises_the_winner(self):
        b = self.b
        fact = self.one("release", b.release(14, "2025-06-21", source="a"),
                        b.release(16, "2025-06-21", source="b", count_is="at_least"))
        self.expect(fact, count=16, low=14, high=14, disagrees=False)

    def test_a_rumoured_vote_decides_nothing_that_is_known(self):
        b = self.b
        known = (b.release(10, "2025-06-21", source="a", count_is="at_least"),
                 b.release(10, "2025-06-21", source="a", status="confirmed"))
        rumour = dict(source="b", status="rumoured")
        for count_is, high in (("exact", 500), ("at_least", 10), ("about", 10)):
            for sure in known:
                fact = self.one("release", sure, b.release(500, "2025-06-21", count_is=count_is, **rumour))
                self.expect(fact, count=10, low=10, high=high, disagrees=high != 10)
        part = b.release(500, "2025-06-21", covers="part", part="destination=UA", **rumour)
        self.expect(self.one("release", known[1], part), count=500, low=10, high=10)
        self.expect(self.one("release", part, b.release(None, "2025-06-21", source="a", status="confirmed")), count=500)

    def test_named_vote_is_a_part(self):
        b = self.b
        named = b.release(2, "2025-06-21", source="a", persons=people("p", "q"))
        self.expect(self.one("release", named), count=2, low=2, high=2)
        self.expect(self.one("release", named, b.release(14, "2025-06-21", source="b")),
                    count=14, low=14, high=14, disagrees=False)
        self.expect(self.one("release", named, b.release(1, "2025-06-21", source="b")),
                    count=2, low=1, high=1, disagrees=False)

    def test_wider_never_enters(self):
        b = self.b
        wider = b.release(26, "2024-08-01", covers="wider", source="b")
        own = b.release(1, "2024-08-01", source="a")
        self.assertEqual(self.facts("release", wider), [])
        self.expect(self.one("release", wider, own), count=1, low=1, high=1, sources=["a", "b"], voices=["a"],
                    reports=["a/02", "b/01"])

    def test_latest_of_a_voice(self):
        b = self.b
        fact = self.one("release", b.release(30, "2025-06-21", reported_at="2025-06-21"),
                        b.release(14, "2025-06-21", reported_at="2025-06-22"))
        self.expect(fact, count=14, low=14, high=14)

    def test_no_count(self):
        self.expect(self.one("release", self.b.release(None, "2025-06-21")), count=None, low=None, spread=None,
                    disagrees=False, largest=False)

    # ---- incidents

    def test_tolerance(self):
        b = self.b
        first = b.release(3, "2025-05-01", source="a")
        near = b.release(3, "2025-05-02", source="b")
        self.expect(self.one("release", first, near), occurred_at=day("2025-05-01"), days_disagree=True)
        self.assertEqual(len(self.facts("release", first, b.release(3, "2025-05-03", source="c"))), 2)
        at_bound = b.release(3, "2025-05-02T12:00:00Z", source="c")
        self.assertEqual(len(self.facts("release", first, at_bound)), 2)
        before = b.release(3, "2025-05-02T11:59:59.999999999Z", source="c")
        self.assertEqual(len(self.facts("release", first, before)), 1)

    def test_no_chain_beyond_the_first(self):
        b = self.b
        days = [b.release(1, "2025-05-0%d" % n, source=s) for n, s in ((1, "a"), (2, "b"), (3, "c"), (4, "d"))]
        found = self.facts("release", *days)
        self.assertEqual([f["reports"] for f in found], [["a/01", "b/02"], ["c/03", "d/04"]])

    def test_names_keep_apart(self):
        b = self.b
        found = self.facts("release", b.release(1, "2025-05-01", incident="x"), b.release(2, "2025-05-01", incident="y"))
        self.assertEqual(len(found), 2)
        found = self.facts("release", b.release(1, "2025-05-01", incident="x"),
                           b.release(2, "2025-05-01", incident="y", source="b"))
        self.assertEqual(len(found), 1)

    def test_names_hold_together(self):
        b = self.b
        named = [b.release(1, "2025-05-01", incident="x"), b.release(2, "2025-07-01", incident="x")]
        self.assertEqual(len(self.facts("release", *named)), 1)
        other = [b.release(1, "2025-05-01", incident="x"), b.release(2, "2025-07-01", incident="x", source="b")]
        self.assertEqual(len(self.facts("release", *other)), 2)
        shared = [dict(e, incident="shared:x") for e in other]
        self.assertEqual(len(self.facts("release", *shared)), 1)

    def test_grace_and_sentence_served(self):
        b = self.b
        self.assertEqual(len(self.facts("release", b.release(1, "2025-05-01"),
                                        b.release(1, "2025-05-01", form="sentence_served"))), 2)

    def test_vague_joins_by_count(self):
        b = self.b
        sharp = b.release(30, "2025-07-04")
        self.assertEqual(len(self.facts("release", sharp, b.release(30, "2025-07", source="b"))), 1)
        self.assertEqual(len(self.facts("release", sharp, b.release(None, "2025-07", source="b"))), 1)
        self.assertEqual(len(self.facts("release", sharp, b.release(29, "2025-07", source="b"))), 2)
        self.assertEqual(len(self.facts("release", sharp, b.release(29, "2025-07", source="b", count_is="at_least"))), 1)
        self.assertEqual(len(self.facts("release", sharp, b.release(31, "2025-07", source="b", count_is="at_least"))), 2)
        self.assertEqual(len(self.facts("release", sharp, b.release(30, "2025-08", source="b"))), 2)

    def test_vague_joins_the_earliest(self):
        b = self.b
        found = self.facts("release", b.release(30, "2025-07-04"), b.release(30, "2025-07-20"),
                           b.release(30, "2025-07", source="b"))
        self.assertEqual([f["reports"] for f in found], [["a/01", "b/03"], ["a/02"]])

    def test_vague_among_themselves(self):
        b = self.b
        found = self.facts("release", b.release(30, "2025-07", source="a"), b.release(30, "2025-07-20~", source="b"),
                           b.release(31, "2025-07", source="c"))
        self.assertEqual(sorted(f["reports"] for f in found), [["a/01", "b/02"], ["c/03"]])

    def test_undated_stands_alone(self):
        b = self.b
        undated = b.release(3, None, source="b")
        self.assertEqual(len(self.facts("release", b.release(3, "2025-05-01"), undated, b.release(3, None, source="c"))), 3)
        self.expect(self.one("release", b.release(3, None, reported_at="2025-05-02")), occurred_at=day("2025-05-02"))

    def test_undated_goes_with_its_people(self):
        b = self.b
        found = self.facts("release", b.release(1, "2025-05-01", persons=people("p")),
                           b.release(1, "2025-08-01", persons=people("p")),
                           b.release(1, None, persons=people("p"), source="b"))
        self.assertEqual([f["reports"] for f in found], [["a/01", "b/03"], ["a/02"]])

    def test_same_people_within_sixty_days(self):
        b = self.b
        one = b.release(1, "2024-07-30", persons=people("k"))
        self.assertEqual(len(self.facts("release", one, b.release(1, "2024-09-28", persons=people("k")))), 1)
        self.assertEqual(len(self.facts("release", one, b.release(1, "2024-09-29", persons=people("k")))), 2)
        self.assertEqual(len(self.facts("release", one, b.release(2, "2024-08-30", persons=people("k")))), 2)

    def test_redetention_keeps_releases_apart(self):
        """Released, taken again at the border, released again weeks later: two releases."""
        b = self.b
        events = [b.release(1, "2025-09-11", persons=people("s")),
                  b.detention(1, "2025-09-12", persons=people("s"), status="confirmed"),
                  b.release(1, "2025-10-20", persons=people("s"))]
        self.assertEqual(len(self.facts("release", *events)), 2)
        self.assertEqual(len(self.facts("release", events[0], events[2])), 1)
        person = self.one("person", *events)
        self.expect(person, status="released", since=day("2025-10-20"), releases=2, detentions=1, contradiction=False)
        self.expect(self.one("person", *events[:2]), status="re-detained", since=day("2025-09-12"))

    def test_arrests_with_a_release_between(self):
        b = self.b
        arrests = [b.detention(1, "2025-05-01", persons=people("s")), b.detention(1, "2025-05-20", persons=people("s"))]
        self.assertEqual(len(self.facts("detention", *arrests)), 1)
        free = b.release(1, "2025-05-10", persons=people("s"))
        self.assertEqual(len(self.facts("detention", *arrests, free)), 2)
        self.assertEqual(len(self.facts("detention", *arrests, dict(free, country="RU"))), 1)

    def test_same_names_without_ids(self):
        b = self.b
        named = [{"name": "A"}, {"name": "B"}]
        one = b.release(2, "2025-05-01", persons=named)
        self.assertEqual(len(self.facts("release", one, b.release(2, "2025-05-20", persons=named[::-1]))), 1)
        self.assertEqual(len(self.facts("release", one, b.release(1, "2025-05-20", persons=named[:1]))), 2)

    def test_date_of_most_voices(self):
        b = self.b
        fact = self.one("release", b.release(3, "2025-05-01", source="a"), b.release(3, "2025-05-02", source="b"),
                        b.release(3, "2025-05-02", source="c"))
        self.expect(fact, occurred_at=day("2025-05-02"))
        fact = self.one("release", b.release(3, "2025-05-01", source="a"),
                        b.release(3, "2025-05-01T10:00:00Z", source="b"))
        self.expect(fact, occurred_at=day("2025-05-01") + 10 * model.HOUR)

    def test_late_and_largest(self):
        b = self.b
        found = self.facts("release", b.release(5, "2025-05-01", reported_at="2025-06-02"),
                           b.release(5, "2025-06-01", reported_at="2025-06-01"),
                           b.release(6, "2025-07-01", reported_at="2025-07-01"))
        self.assertEqual([(f["late"], f["largest"]) for f in found], [(True, True), (False, False), (False, True)])

    # ---- revisions and retractions

    def test_revision(self):
        b = self.b
        old, new = b.release(30, "2025-06-21"), b.release(14, "2025-06-21", revises="01")
        self.expect(self.one("release", old, new), count=14, reports=["a/02"])
        gone = b.event("retraction", retracts="02")
        self.assertEqual(self.facts("release", old, new, gone), [])
        other = dict(new, source="b")
        self.expect(self.one("release", old, other), reports=["a/01", "b/02"])

    def test_retractions(self):
        b = self.b
        one, gone = b.release(30, "2025-06-21"), b.event("retraction", retracts="01")
        self.assertEqual(self.facts("release", one, gone), [])
        self.assertEqual(len(self.facts("release", one, dict(gone, source="b"))), 1)
        self.assertEqual(self.facts("release", one, gone, b.event("retraction", retracts="02")), [])
        self.assertEqual(len(self.facts("release", b.release(1, "2025-06-21", revises="04"))), 1)

    def test_cycle_of_revisions(self):
        b = self.b
        self.assertEqual(self.facts("release", b.release(1, "2025-06-21", revises="02"),
                                    b.release(2, "2025-06-21", revises="01")), [])

    # ---- sanctions

    def test_step_of_many_parties(self):
        b = self.b
        steps = [b.sanction("imposed", "2024-08-0%d" % n, targets=people(i), program="P")
                 for n, i in ((5, "x"), (6, "y"), (7, "z"))]
        self.expect(self.one("sanction", *steps), count=3, low=3, effect="tightening", action="imposed",
                    parties=["X", "Y", "Z", "x", "y", "z"], programs=["P"], announced=False)

    def test_effects_are_steps_apart(self):
        b = self.b
        found = self.facts("sanction", *(b.sanction(a, "2025-01-01", targets=people("x"))
                                         for a in ("imposed", "licensed", "delisted", "maintained")))
        self.assertEqual(len(found), 4)

    def test_announcement_closed_by_an_act(self):
        b = self.b
        eased = b.sanction("eased", "2025-09-11", sector="potash", program="P")
        self.expect(self.one("sanction", eased), announced=True, acted_at=None)
        steps = self.facts("sanction", eased, b.sanction("licensed", "2025-12-15", sector="potash"))
        self.expect(steps[0], announced=False, acted_at=day("2025-12-15"))
        steps = self.facts("sanction", eased, b.sanction("licensed", "2025-12-15", sector="aviation"))
        self.expect(steps[0], announced=True, acted_at=None)
        steps = self.facts("sanction", eased, b.sanction("licensed", "2025-12-15", sector="potash", authority="EU"))
        self.expect(self.facts("sanction", eased)[0], announced=True)

    def test_act_before_announcement_does_not_close(self):
        b = self.b
        steps = self.facts("sanction", b.sanction("licensed", "2025-01-01", targets=people("x")),
                           b.sanction("eased", "2025-09-11", targets=people("x")))
        self.expect(steps[1], announced=True, acted_at=None)

    def test_named_vote_of_targets(self):
        b = self.b
        whole = b.sanction("imposed", "2024-08-09", count=33, source="b")
        named = b.sanction("imposed", "2024-08-09", count=2, targets=people("x", "y"))
        self.expect(self.one("sanction", whole, named), count=33, low=33, high=33, disagrees=False)

    def test_a_bare_name_is_no_other_party(self):
        b = self.b
        listed = b.sanction("imposed", "2024-08-09", targets=people("x", "y"))
        told = b.sanction("imposed", "2024-08-09", source="b", count=2, targets=[{"name": "X"}, {"name": "Y"}])
        more = b.sanction("imposed", "2024-08-10", source="c", targets=[{"name": "X"}, {"name": "Z"}])
        sector = b.sanction("imposed", "2024-08-10", source="d", targets=[{"name": "X", "type": "sector"}])
        self.expect(self.one("sanction", listed, told), count=2, low=2, high=2)
        self.expect(self.one("sanction", listed, told, more), count=3, low=3, high=3)
        self.expect(self.one("sanction", listed, told, sector), count=3)

    # ---- measures

    def test_licence_runs_out(self):
        b = self.b
        events = [b.sanction("imposed", "2023-01-01", targets=people("x")),
                  b.sanction("licensed", "2025-02-01", targets=people("x"), expires_at="2025-03-01")]
        self.expect(self.one("measure", *events, now="2025-02-15"), state="licensed", since=day("2025-02-01"),
                    expires_at=day("2025-03-02"))
        self.expect(self.one("measure", *events, now="2025-03-01T23:59:59Z"), state="licensed")
        self.expect(self.one("measure", *events, now="2025-03-02"), state="in_force", since=day("2025-03-02"))

    def test_measure_expires(self):
        b = self.b
        events = [b.sanction("imposed", "2024-03-01", program="P", expires_at="2025-02-28")]
        self.expect(self.one("measure", *events, now="2025-02-28"), state="in_force", program="P")
        self.expect(self.one("measure", *events, now="2025-03-01"), state="expired", since=day("2025-03-01"))
        events.append(b.sanction("extended", "2025-02-20", program="P", expires_at="2026-02-28"))
        self.expect(self.one("measure", *events), state="in_force", since=day("2024-03-01"))

    def test_move(self):
        b = self.b
        events = [b.sanction("imposed", "2020-01-01", targets=people("x"), program="P"),
                  b.sanction("imposed", "2024-03-04", targets=people("x"), program="Q"),
                  b.sanction("delisted", "2024-03-04", targets=people("x"), program="P")]
        self.expect(self.one("measure", *events), state="in_force", since=day("2020-01-01"))
        later = dict(events[1], occurred_at="2024-03-05")
        self.expect(self.one("measure", events[0], later, events[2]), state="in_force", since=day("2024-03-05"))

    def test_licence_is_no_delisting(self):
        b = self.b
        events = [b.sanction("imposed", "2020-01-01", targets=people("x")),
                  b.sanction("delisted", "2024-03-04", targets=people("x")),
                  b.sanction("licensed", "2024-04-04", targets=people("x"))]
        self.expect(self.one("measure", *events), state="delisted", since=day("2024-03-04"))
        eased = b.sanction("eased", "2024-03-04", sector="potash")
        self.expect(self.one("measure", eased), state="in_force", since=None)
        self.expect(self.one("measure", eased, b.sanction("licensed", "2024-05-04", sector="potash")), state="licensed",
                    since=day("2024-05-04"))
        self.expect(self.one("measure", events[0], b.sanction("proposed", "2024-01-01", targets=people("x"))),
                    state="in_force")

    def test_extension_under_a_licence(self):
        b = self.b
        events = [b.sanction("imposed", "2024-01-01", targets=people("x"), expires_at="2025-02-28"),
                  b.sanction("licensed", "2025-01-01", targets=people("x"), expires_at="2025-06-30"),
                  b.sanction("extended", "2025-02-20", targets=people("x"), expires_at="2026-02-28")]
        self.expect(self.one("measure", *events, now="2025-05-01"), state="licensed", since=day("2025-01-01"),
                    expires_at=day("2025-07-01"))
        self.expect(self.one("measure", *events, now="2025-08-01"), state="in_force", since=day("2025-07-01"),
                    expires_at=day("2026-03-01"))
        self.expect(self.one("measure", *events[:2], now="2025-05-01"), state="expired", since=day("2025-03-01"))
        rumour = b.sanction("delisted", "2025-04-01", targets=people("x"), status="rumoured")
        self.expect(self.one("measure", *events, rumour, now="2025-05-01"), state="licensed")

    def test_objects(self):
        b = self.b
        self.assertEqual(len(self.facts("measure", b.sanction("imposed", "2024-01-01", sector="potash,aviation"))), 2)
        linked = [b.sanction("imposed", "2024-01-01", targets=[{"name": "X", "ids": ["x", "y"]}]),
                  b.sanction("delisted", "2024-02-01", targets=people("y"))]
        self.expect(self.one("measure", *linked), state="delisted")
        named = [b.sanction("imposed", "2024-01-01", targets=[{"name": "X"}]),
                 b.sanction("delisted", "2024-02-01", targets=[{"name": "X"}])]
        self.expect(self.one("measure", *named), state="delisted")

    def test_program_ends(self):
        b = self.b
        events = [b.sanction("imposed", "2020-01-01", targets=people("x"), program="P"),
                  b.sanction("imposed", "2020-01-01", targets=people("y"), program="Q"),
                  b.sanction("lifted", "2024-03-04", program="P")]
        states = sorted((f["state"], f.get("program", "")) for f in self.facts("measure", *events))
        self.assertEqual([s for s, _ in states], ["in_force", "lifted", "lifted"])

    def test_a_party_outlives_its_program(self):
        b = self.b
        listed = b.sanction("imposed", "2020-01-01", targets=people("x"), program="P")
        end = b.sanction("lifted", "2024-03-04", program="P")

        def state(*events):
            (fact,) = [f for f in self.facts("measure", *events) if "party" in f]
            return fact["state"], fact["since"]
        self.assertEqual(state(listed, end), ("lifted", day("2024-03-04")))
        for at in ("2024-03-04", "2024-03-06"):
            for action in ("amended", "extended", "maintained"):
                kept = b.sanction(action, at, targets=people("x"), program="Q")
                self.assertEqual(state(listed, end, kept), ("in_force", day("2020-01-01")))
                again = b.sanction("lifted", "2025-03-04", program="P")
                self.assertEqual(state(listed, end, kept, again), ("in_force", day("2020-01-01")))
                last = b.sanction("lifted", "2025-03-04", program="Q")
                self.assertEqual(state(listed, end, kept, last), ("lifted", day("2025-03-04")))
            removed = b.sanction("delisted", "2024-03-04", targets=people("x"))
            self.assertEqual(state(listed, end, removed, kept), ("delisted", day("2024-03-04")))
            licence = b.sanction("licensed", "2021-01-01", targets=people("x"), expires_at="2024-03-31")
            self.assertEqual(state(listed, licence, end, kept), ("in_force", day("2024-04-01")))

    def test_a_program_that_is_extended(self):
        b = self.b
        listed = b.sanction("imposed", "2018-03-01", targets=people("x"), program="P", expires_at="2020-12-31")
        until = b.sanction("extended", "2020-12-10", program="P", expires_at="2021-12-31")
        open_ended = b.sanction("extended", "2020-12-10", program="P")

        def state(*events, now=NOW):
            (fact,) = [f for f in self.facts("measure", *events, now=now) if "party" in f]
            return fact["state"], fact["since"], fact.get("expires_at")
        since = day("2018-03-01")
        self.assertEqual(state(listed, until), ("expired", day("2022-01-01"), None))
        self.assertEqual(state(listed, until, now="2021-06-01"), ("in_force", since, day("2022-01-01")))
        self.assertEqual(state(listed, open_ended), ("in_force", since, None))
        # the same told again by another, who does not say until when
        again = b.sanction("extended", "2020-12-12", program="P", source="b")
        self.assertEqual(state(listed, until, again), ("expired", day("2022-01-01"), None))
        self.assertEqual(state(listed, open_ended, dict(until, occurred_at="2020-12-12")), ("expired", day("2022-01-01"), None))
        # another program; one under which it is listed no more; one to which it was renamed
        self.assertEqual(state(listed, dict(until, program="Q")), ("expired", day("2021-01-01"), None))
        renamed = b.sanction("amended", "2019-01-01", targets=people("x"), program="Q")
        self.assertEqual(state(listed, renamed, until), ("expired", day("2021-01-01"), None))
        self.assertEqual(state(listed, renamed, dict(until, program="Q")), ("expired", day("2022-01-01"), None))
        # an extension brings no end nearer, gives none where there is none, and brings nothing back
        second = b.sanction("imposed", "2019-01-01", targets=people("x"), program="Q", expires_at="2023-12-31")
        self.assertEqual(state(listed, second, until), ("expired", day("2024-01-01"), None))
        endless = {k: v for k, v in listed.items() if k != "expires_at"}
        self.assertEqual(state(endless, until), ("in_force", since, None))
        self.assertEqual(state(listed, dict(until, occurred_at="2021-02-01")), ("expired", day("2021-01-01"), None))
        delisted = b.sanction("delisted", "2020-01-01", targets=people("x"), program="P")
        self.assertEqual(state(listed, delisted, until), ("delisted", day("2020-01-01"), None))
        # its own licence goes on, and so does the measure behind it
        licence = b.sanction("licensed", "2020-11-01", targets=people("x"), expires_at="2021-02-01")
        self.assertEqual(state(listed, licence, until, now="2021-06-01"), ("in_force", day("2021-02-02"), day("2022-01-01")))
        for other in (dict(until, sector="potash"), dict(until, status="rumoured"), dict(until, authority="EU")):
            self.assertEqual(state(listed, other), ("expired", day("2021-01-01"), None))

    def test_a_source_still_lists_a_party_by_other_ids(self):
        b = self.b

        def step(action, at, *ids, **keys):
            return b.sanction(action, at, targets=[{"ids": list(ids)}] if ids else None, **{"source": "s", **keys})

        def state(*events, now=NOW):
            (fact,) = [f for f in self.facts("measure", *events, now=now) if f["authority"] == "US" and "party" in f]
            return fact["state"], fact["since"]
        one, two = step("imposed", "2020-01-01", "x:1"), step("imposed", "2021-01-01", "x:2")
        gone, tie = step("delisted", "2022-01-01", "x:1"), step("maintained", "2019-01-01", "x:1", "x:2", source="t", authority="EU")
        listed, delisted = ("in_force", day("2020-01-01")), ("delisted", day("2022-01-01"))
        self.assertEqual(state(one, two, gone, tie), listed)
        self.assertEqual(state(one, two, dict(gone, action="lifted"), tie), listed)
        # it takes back the last of them, at once or later; all in one report; or has tied them itself, under whatever authority
        self.assertEqual(state(one, two, gone, tie, step("delisted", "2023-01-01", "x:2")), ("delisted", day("2023-01-01")))
        self.assertEqual(state(one, two, gone, tie, step("delisted", "2022-01-01", "x:2")), delisted)
        both = dict(gone, targets=[{"ids": ["x:1"]}, {"ids": ["x:2"]}])
        self.assertEqual(state(one, two, both, tie), delisted)
        self.assertEqual(state(one, two, gone, dict(tie, source="s")), delisted)
        self.assertEqual(state(one, two, gone, step("amended", "2021-06-01", "x:1", "x:2")), delisted)
        self.assertEqual(state(one, step("imposed", "2021-01-01", "x:2", "x:3"), gone, tie,
                               step("maintained", "2018-01-01", "x:3", "x:1", authority="EU")), delisted)
        # another source's removal by another id; of a party that this source did not list, or lists no more
        self.assertEqual(state(one, step("delisted", "2022-01-01", "x:2", source="u"), tie), delisted)
        self.assertEqual(state(one, dict(two, source="u"), gone, tie), delisted)
        self.assertEqual(state(one, dict(two, status="rumoured"), gone, tie), delisted)
        self.assertEqual(state(one, dict(two, authority="EU"), gone, tie), delisted)
        self.assertEqual(state(one, dict(two, expires_at="2021-06-30"), gone, tie), delisted)
        self.assertEqual(state(one, dict(two, program="P"), step("lifted", "2021-06-01", program="P", source="u"), gone, tie), delisted)
        # by ids that it never listed it means the party; and told again it is the same
        self.assertEqual(state(one, step("delisted", "2022-01-01", "x:2"), tie), delisted)
        self.assertEqual(state(one, two, gone, dict(gone, id="98", occurred_at="2022-03-01"), tie), listed)
        # another says that it was removed: two who say so, one of whom still lists it
        self.assertEqual(state(one, two, gone, dict(gone, source="u", id="99"), tie), delisted)
        # what is listed that day by another id is a move; what is listed later is listed then
        self.assertEqual(state(one, dict(two, occurred_at="2022-01-01"), gone, tie), listed)
        self.assertEqual(state(one, dict(two, occurred_at="2022-02-01"), gone, tie), ("in_force", day("2022-02-01")))
        # a licence, and names without ids
        licence = step("licensed", "2021-06-01", "x:2", expires_at="2021-09-30")
        self.assertEqual(state(one, two, licence, gone, tie, now="2023-01-01"), ("in_force", day("2021-10-01")))
        named = [b.sanction(a, at, targets=[{"name": "X"}], source="s") for a, at in (("imposed", "2020-01-01"), ("delisted", "2022-01-01"))]
        self.assertEqual(state(*named), delisted)

    def test_what_is_vague_follows_the_listing_within_its_date(self):
        step, state = self.party_step, self.party_state
        listed = step("imposed", "2024-03-05")
        for action, becomes in (("delisted", "delisted"), ("lifted", "lifted"), ("licensed", "licensed"), ("suspended", "suspended")):
            for at in ("2024-03", "2024", "2024-03~", "2024-03-01~", "2024-02-20~"):
                self.assertEqual(state(listed, step(action, at)), (becomes, day("2024-03-05")), (action, at))
            self.assertEqual(state(listed, step(action, "2024-03-10~")), (becomes, day("2024-03-10")))
            self.assertEqual(state(listed, step(action, "2024-02")),
                             ("in_force", day("2024-03-05")))
        # where something stood before, the start says when; a removal and a listing of one day are a move, as ever
        self.assertEqual(state(step("imposed", "2020-01-01"), step("delisted", "2024-03"), listed), ("in_force", day("2024-03-05")))
        self.assertEqual(state(step("delisted", "2024-03-05"), listed), ("in_force", day("2024-03-05")))
        self.assertEqual(state(step("imposed", "2020-01-01"), step("delisted", "2024-03-10~"), step("imposed", "2024-03-01")),
                         ("delisted", day("2024-03-10")))
        # what is imposed again was removed before, where nobody says when it was listed
        self.assertEqual(state(step("delisted", "2024-03"), step("reimposed", "2024-03-05")), ("in_force", day("2024-03-05")))
        self.assertEqual(state(step("delisted", "2024-03"), step("lifted", "2024-03"), step("reimposed", "2024-03-05")),
                         ("in_force", day("2024-03-05")))
        self.assertEqual(state(step("licensed", "2024-03"), step("reimposed", "2024-03-05")), ("licensed", day("2024-03-05")))
        self.assertEqual(state(step("imposed", "2020-01-01"), step("delisted", "2021-01-01"), step("delisted", "2024-03"),
                               step("reimposed", "2024-03-05")), ("delisted", day("2024-03-05")))
        # what is listed again, told by several, and removed again
        again = step("imposed", "2024-03-08", source="b")
        vague, sharp = step("delisted", "2024-03"), step("delisted", "2024-03-12")
        self.assertEqual(state(listed, vague, again), ("delisted", day("2024-03-08")))
        self.assertEqual(state(listed, again, vague, sharp), ("delisted", day("2024-03-12")))
        after = step("reimposed", "2024-03-20")
        self.assertEqual(state(listed, again, vague, sharp, after), ("in_force", day("2024-03-20")))
        self.assertEqual(state(listed, vague, dict(after, occurred_at="2024-04-20")), ("in_force", day("2024-04-20")))
        year = step("delisted", "2024", source="c")
        self.assertEqual(state(listed, vague, year, dict(after, occurred_at="2024-04-20")), ("in_force", day("2024-04-20")))
        self.assertEqual(state(step("imposed", "2020-01-01"), step("delisted", "2021-01-01"), listed, vague),
                         ("delisted", day("2024-03-05")))
        self.assertEqual(state(step("proposed", "2024-01-01"), listed, vague), ("delisted", day("2024-03-05")))
        # a licence that ran out before the listing; one that ends after it
        self.assertEqual(state(listed, step("licensed", "2024-03", expires_at="2024-03-02")), ("in_force", day("2024-03-03")))
        self.assertEqual(state(listed, step("licensed", "2024-03", expires_at="2024-03-31"), now="2024-03-20"),
                         ("licensed", day("2024-03-05")))

    def test_a_vague_removal_told_again_removes_nothing_that_was_listed_anew(self):
        b = self.b

        def step(action, at, **keys):
            return b.sanction(action, at, targets=people("x"), **keys)

        def state(*events):
            fact = self.one("measure", *events)
            return fact["state"], fact["since"]
        listed, gone, again = step("imposed", "2024-02-01"), step("delisted", "2025-01-01"), step("imposed", "2025-04-05")
        anew = ("in_force", day("2025-04-05"))
        for told in ("2025", "2025-01", "2025~", "2025-02~", "2025-01-10~", "2024-12~"):
            self.assertEqual(state(listed, gone, again, step("delisted", told, source="b")), anew, told)
        # two that are vague, of which one began earlier or begins with the other
        for one, other in (("2025-01", "2025"), ("2024-12~", "2025"), ("2024-12", "2025-01~")):
            vague = [step("delisted", one), step("lifted", other, source="b")]
            self.assertEqual(state(listed, again, *vague), anew, (one, other))
        # of an approximate date that is stated after the listing
        self.assertEqual(state(listed, gone, step("imposed", "2025-01-05"), step("delisted", "2025-01-12~", source="b")),
                         ("in_force", day("2025-01-05")))
        # one of a day before the listing, whether or not it removed anything
        self.assertEqual(state(listed, step("delisted", "2024-12-20"), step("delisted", "2025-01-12"), again, step("lifted", "2025")), anew)
        self.assertEqual(state(step("delisted", "2025-01-12"), again, step("delisted", "2025")), anew)
        # what overlaps with none is another removal, and so is the one that both tell of what was never removed before
        self.assertEqual(state(listed, gone, again, step("delisted", "2025-04")), ("delisted", day("2025-04-05")))
        self.assertEqual(state(again, step("delisted", "2025"), step("delisted", "2025-04", source="b")),
                         ("delisted", day("2025-04-05")))

    def test_what_is_told_with_a_longer_date_changes_nothing(self):
        b, step, state = self.b, self.party_step, self.party_state
        listed = step("imposed", "2024-01-01", program="P")
        self.assertEqual(state(listed, step("delisted", "2024-09-10"), step("delisted", "2024")), ("delisted", day("2024-09-10")))
        licence = step("licensed", "2024-03-01", expires_at="2024-05-01")
        for told in ("2024-03", "2024-03-10~", "2024"):
            self.assertEqual(state(listed, licence, step("licensed", told)), ("in_force", day("2024-05-02")), told)
        # of another kind, of another time, or with an end of its own it says something else
        self.assertEqual(state(listed, licence, step("suspended", "2024-03-10~")), ("suspended", day("2024-03-10")))
        self.assertEqual(state(listed, licence, step("licensed", "2024-04")), ("licensed", day("2024-03-01")))
        self.assertEqual(state(listed, licence, step("licensed", "2024-03-10~", expires_at="2026-05-01")),
                         ("licensed", day("2024-03-01")))
        # a listing is not to be missed
        self.assertEqual(state(listed, step("delisted", "2024-02-01"), step("imposed", "2024-02-10~")), ("in_force", day("2024-02-10")))
        # a renaming told again is none of what was listed later; another program is another renaming
        renamed = step("amended", "2024-04-10", program="Q")
        end = b.sanction("lifted", "2024-08-01", program="Q")
        again = [step("imposed", "2024-01-05", program="P"), step("amended", "2024", program="Q")]
        for told, becomes in ((again, "lifted"), ([*again, step("amended", "2024-05", program="R")], "in_force")):
            states = [f["state"] for f in self.facts("measure", listed, renamed, end, *told) if f.get("party")]
            self.assertEqual(states, [becomes])

    def test_a_vague_end_of_a_program(self):
        b = self.b
        listed = b.sanction("imposed", "2024-03-05", targets=people("x"), program="P")
        end = b.sanction("lifted", "2024-03", program="P")
        states = {f.get("party"): (f["state"], f["since"]) for f in self.facts("measure", listed, end)}
        self.assertEqual(states["X"], ("lifted", day("2024-03-05")))
        # told again, it is not of the party that was listed anew
        before = b.sanction("imposed", "2024-01-01", targets=people("x"), program="P")
        sharp = b.sanction("lifted", "2024-03-01", program="P", source="b")
        states = {f.get("party"): (f["state"], f["since"]) for f in self.facts("measure", before, sharp, listed, end)}
        self.assertEqual(states["X"], ("in_force", day("2024-03-05")))

    def test_end_of_one_of_two_programs(self):
        b = self.b
        listed = [b.sanction("imposed", "2020-01-01", targets=people("x"), program="P"),
                  b.sanction("imposed", "2022-01-01", targets=people("x"), program="Q")]

        def states(*events):
            return [f["state"] for f in self.facts("measure", *events) if "party" in f]
        for first, second in (("P", "Q"), ("Q", "P")):
            ends = [b.sanction("lifted", "2024-03-04", program=first), b.sanction("lifted", "2025-03-04", program=second)]
            self.assertEqual(states(*listed, ends[0]), ["in_force"])
            self.assertEqual(states(*listed, *ends), ["lifted"])
        renamed = [listed[0], b.sanction("amended", "2023-01-01", targets=people("x"), program="R")]
        self.assertEqual(states(*renamed, b.sanction("lifted", "2024-01-01", program="P")), ["in_force"])
        self.assertEqual(states(*renamed, b.sanction("lifted", "2024-01-01", program="R")), ["lifted"])

    # ---- persons

    def test_persons_by_ids(self):
        b = self.b
        one, two = b.release(1, "2025-05-01", persons=people("p")), b.release(1, "2025-05-01", persons=people("q"), source="b")
        link = b.event("talks", stage="reported", persons=[{"name": "P", "ids": ["p", "q"]}], occurred_at="2025-04-01")
        self.assertEqual(len(self.facts("person", one, two)), 2)
        self.expect(self.one("person", one, two, link), ids=["p", "q"], status="released", releases=1)
        self.assertEqual(len(self.facts("person", one, two, link, b.event("retraction", retracts="03"))), 2)

    def test_person_status(self):
        b = self.b
        held = b.detention(1, "2025-01-01", persons=people("p"))
        free = b.release(1, "2025-01-01", persons=people("p"), source="b")
        self.expect(self.one("person", held), status="detained", since=day("2025-01-01"))
        self.expect(self.one("person", free), status="released")
        self.expect(self.one("person", free, held), status="detained", contradiction=True)
        same_day = b.event("tally", of="detained", count=1, persons=people("p"), occurred_at="2025-01-01")
        self.expect(self.one("person", free, same_day), status="detained", contradiction=True)
        day_before = b.event("tally", of="detained", count=1, persons=people("p"), occurred_at="2024-12-31")
        self.expect(self.one("person", free, day_before), status="released", contradiction=False)
        self.expect(self.one("person", free, held, dict(free, source="c")), status="released", contradiction=True)
        self.expect(self.one("person", dict(free, destination="LT")), status="deported")
        self.expect(self.one("person", dict(free, destination="BY")), status="released")
        self.expect(self.one("person", dict(free, status="rumoured")), status=None, releases=0)

    def test_person_held(self):
        b = self.b
        free = b.release(1, "2025-01-01", persons=people("p"))
        held = b.event("tally", of="detained", count=1, persons=people("p"), occurred_at="2025-02-01")
        self.expect(self.one("person", free, held), status="detained", contradiction=True)
        again = b.detention(1, "2025-01-15", persons=people("p"))
        self.expect(self.one("person", free, again, held), status="re-detained", since=day("2025-01-15"),
                    contradiction=False)

    # ---- talks, tallies, feeds

    def test_talks(self):
        b = self.b
        keys = {"stage": "promised", "occurred_at": "2025-05-01"}
        fact = self.one("talks", b.event("talks", expected_count=10, reported_at="2025-05-01", parties=["US"], **keys),
                        b.event("talks", expected_count=20, expected_by="2025-08", reported_at="2025-05-02", **keys))
        self.expect(fact, expected_count=20, expected_by=day("2025-08-31"), parties=["US"], stage="promised")

    def tally(self, count, **keys):
        b = self.b
        releases = [b.release(5, "2025-05-01"), b.release(7, "2025-06-01"), b.release(6, "2025-06-01", source="b"),
                    b.release(100, "2025-06-20", status="rumoured")]
        keys = {"of": "released", "since": "2025-05", "occurred_at": "2025-07-01", **keys}
        return self.one("tally", *releases, b.event("tally", count=count, **keys))["state"]

    def test_tally(self):
        self.assertEqual(self.tally(12), "agrees")
        self.assertEqual(self.tally(11), "agrees")
        self.assertEqual(self.tally(10), "differs")
        self.assertEqual(self.tally(5), "stale")
        self.assertEqual(self.tally(10, count_is="at_least"), "agrees")
        self.assertEqual(self.tally(13, count_is="about"), "agrees")
        self.assertEqual(self.tally(14, count_is="about"), "differs")
        self.assertEqual(self.tally(7, since="2025-06-01"), "agrees")
        self.assertEqual(self.tally(5, since="2025-05", occurred_at="2025-05-30"), "agrees")
        self.assertEqual(self.tally(12, since=None), "not-comparable")
        self.assertEqual(self.tally(3, form="pardon"), "agrees")
        self.assertEqual(self.tally(6, since="2025-05~"), "agrees")

    def test_feed(self):
        b = self.b
        numbered = [b.release(1, "2025-05-01", reported_at="2025-05-%02d" % n, producer="p", producer_seq=n)
                    for n in (3, 4, 7)]
        word = b.event("feed", state="broken", reported_at="2025-05-08", producer="p", producer_seq=8)
        fact = self.one("feed", *numbered, word)
        self.expect(fact, source="a", holes=2, last_at=day("2025-05-08"), broken=True)
        well = b.event("feed", state="ok", reported_at="2025-05-09")
        self.expect(self.one("feed", *numbered, word, well), broken=False)
        gone = b.event("retraction", retracts="04", reported_at="2025-05-20")
        self.expect(self.one("feed", *numbered, word, gone), broken=False, last_at=day("2025-05-20"), holes=2)


if __name__ == "__main__":
    unittest.main()
