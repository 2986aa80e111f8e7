"""Timelines of other countries than Belarus, with the library of rules: what is known and what was told, worked out by hand.

Venezuela: a licence that is issued, revoked, wound down and issued anew, releases of which the government and
two lists give rival counts, a man held again. Cuba: 553 promised, told wave by wave, halted and resumed; a list
that names one of a wave months later. Syria: a program that ends, a party that moves under another and one
that five lists take off at different times. Georgia: people who are held, freed, held again and taken out of the country,
one freed by mistake, two who were taken for one, and a rumour of five hundred. The happenings are real ones in outline; sources and people are made up.

Of each, further: any order, batch and kill -9 ends in the same; what was known at a moment is what a daemon
knows that has heard no more; a report that is withdrawn leaves what is there where it never came.
"""

import json
import os
import random
import unittest

import harness

RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "daemon", "rules")
# A common end of time, so that the clocks of all orders agree.
LAST = {"id": "last", "kind": "feed", "country": "ZZ", "source": "clock", "state": "ok", "reported_at": "2026-02-01T00:00:00Z"}


def party(name, *ids):
    return {"name": name, "ids": list(ids)}


class Timeline:
    def __init__(self, country):
        self.country = country
        self.events = []

    def said(self, kind, number, source, occurred, reported, **keys):
        event = {"id": number, "kind": kind, "country": self.country, "source": source, "status": "confirmed",
                 "occurred_at": occurred, "reported_at": reported + ":00Z", **keys}
        for key in ("status", "occurred_at") if kind == "retraction" else ():
            del event[key]
        self.events.append(event)

    def sanction(self, number, source, occurred, reported, authority, action, **keys):
        self.said("sanction", number, source, occurred, reported, authority=authority, action=action, **keys)


def venezuela():
    t = Timeline("VE")
    mine, official, activist = party("Mine", "us:10"), party("Official C", "us:77"), party("Activist N", "p:9")
    t.sanction("v01", "us-list", "2018-05-18", "2018-05-18T20:00", "US", "imposed", targets=[official])
    t.sanction("v02", "us-list", "2019-01-28", "2019-01-28T20:00", "US", "imposed", sector="oil")
    t.sanction("v03", "us-list", "2019-03-19", "2019-03-19T20:00", "US", "imposed", targets=[mine])
    t.said("talks", "v04", "agency-a", "2023-10-17", "2023-10-17T22:00", stage="agreed")
    t.sanction("v05", "us-list", "2023-10-18", "2023-10-18T23:00", "US", "licensed", sector="oil", expires_at="2024-04-18")
    t.sanction("v06", "us-list", "2023-10-18", "2023-10-18T23:00", "US", "licensed", targets=[mine])
    t.sanction("v07", "agency-a", "2023-10-18", "2023-10-19T01:00", "US", "licensed", sector="oil", attributed_to="us-treasury",
               expires_at="2024-04-18", status="announced")
    t.said("release", "v08", "agency-a", "2023-12-20", "2023-12-20T18:00", count=10, covers="part", part="destination=US",
           destination="US", form="exchange")
    t.said("release", "v09", "ngo-a", "2023-12-20", "2023-12-20T20:00", count=21, covers="part", part="category=political")
    t.said("release", "v10", "agency-b", "2023-12-20", "2023-12-20T21:00", count=31, attributed_to="mediator")
    t.said("release", "v11", "agency-c", "2023-12-20", "2023-12-21T09:00", count=30, count_is="at_least", status="announced")
    t.sanction("v12", "us-list", "2024-01-29", "2024-01-29T20:00", "US", "reimposed", targets=[mine])
    t.sanction("v13", "us-list", "2024-01-29", "2024-01-29T20:00", "US", "licensed", targets=[mine], expires_at="2024-02-13")
    t.sanction("v14", "us-list", "2024-02-02", "2024-02-02T20:00", "US", "delisted", targets=[party("OFFICIAL C.", "us:77", "us:78")])
    t.sanction("v15", "us-list", "2024-04-17", "2024-04-17T20:00", "US", "reimposed", sector="oil")
    t.sanction("v16", "us-list", "2024-04-17", "2024-04-17T20:00", "US", "licensed", sector="oil", expires_at="2024-05-31")
    t.said("detention", "v17", "ngo-a", "2024-08-02", "2024-08-03T09:00", count=1, persons=[activist])
    t.said("release", "v18", "prosecutor", "2024-11-16", "2024-11-16T15:00", count=225, status="announced")
    t.said("release", "v19", "ngo-a", "2024-11-16", "2024-11-16T20:00", count=70)
    t.said("release", "v20", "ngo-b", "2024-11-16", "2024-11-17T20:00", count=131)
    t.said("release", "v21", "ngo-a", "2024-11-16", "2024-11-18T10:00", count=107, revises="v19", persons=[activist])
    t.said("release", "v22", "prosecutor", "2024-12-16", "2024-12-16T15:00", count=103, status="announced")
    t.said("release", "v23", "agency-b", "2024-12-16", "2024-12-16T17:00", count=103, attributed_to="prosecutor", status="announced")
    for number, source, count in (("v24", "prosecutor", 328), ("v25", "agency-c", 131), ("v26", "ngo-a", 90)):
        t.said("tally", number, source, "2024-12-18", "2024-12-18T10:00", of="released", count=count, since="2024-11-16")
    t.said("detention", "v27", "ngo-a", "2025-01-07", "2025-01-08T09:00", count=1, persons=[party("N. Activist", "p:9")])
    t.said("release", "v28", "agency-b", "2025-07-18", "2025-07-18T21:00", count=342, covers="wider", status="announced")
    t.said("release", "v29", "ngo-a", "2025-07-18", "2025-07-18T22:00", count=80, covers="part", part="category=political",
           persons=[activist])
    t.sanction("v30", "us-list", "2025-07-24", "2025-07-24T20:00", "US", "licensed", sector="oil", status="rumoured")
    t.sanction("v31", "us-list", "2025-07-30", "2025-07-30T20:00", "US", "licensed", sector="oil", revises="v30")
    return t


def cuba():
    t = Timeline("CU")
    dissident, other = party("Dissident J", "p:1"), party("Dissident F", "p:2")
    t.sanction("c01", "us-state", "2021-01-12", "2021-01-12T20:00", "US", "imposed", program="SST")
    t.said("talks", "c02", "mediator", "2025-01-14", "2025-01-14T18:00", stage="promised", expected_count=553)
    t.said("talks", "c03", "ministry", "2025-01-14", "2025-01-14T19:00", stage="promised", expected_count=553,
           expected_by="2025-01-31")
    t.sanction("c04", "us-state", "2025-01-14", "2025-01-14T21:00", "US", "lifted", program="SST")
    t.said("release", "c05", "ngo", "2025-01-15", "2025-01-15T22:00", count=14, incident="first", form="parole")
    t.said("release", "c06", "ngo", "2025-01-16", "2025-01-16T22:00", count=22, incident="second", form="parole")
    t.said("tally", "c07", "court", "2025-01-17", "2025-01-17T12:00", of="released", count=127, since="2025-01-14")
    t.said("release", "c08", "ngo", "2025-01-18", "2025-01-18T22:00", count=91, incident="third", form="parole")
    t.sanction("c09", "us-state", "2025-01-20", "2025-01-20T23:00", "US", "reimposed", program="SST")
    t.said("talks", "c10", "agency-b", "2025-01-21", "2025-01-21T15:00", stage="collapsed", status="announced")
    t.said("release", "c11", "ngo", "2025-02-18", "2025-02-18T15:00", count=40, incident="fourth", form="parole")
    t.said("release", "c12", "ngo", "2025-02-18", "2025-02-19T15:00", count=43, incident="fourth", form="parole", revises="c11")
    t.said("release", "c13", "ngo", "2025-03-09", "2025-03-09T22:00", count=41, incident="fifth", form="parole")
    t.said("release", "c14", "court", "2025-03-10", "2025-03-10T18:00", count=553, covers="wider")
    for number, source, count in (("c15", "court", 553), ("c16", "ngo", 211)):
        t.said("tally", number, source, "2025-03-10", "2025-03-11T18:05", of="released", count=count, since="2025-01-14")
    t.said("release", "c17", "paper", "2025-01-15", "2025-03-15T10:00", count=127, status="rumoured")    # a total, taken for a day
    t.said("retraction", "c18", "paper", None, "2025-03-16T10:00", retracts="c17")
    t.said("detention", "c19", "ngo", "2025-04-29", "2025-04-29T15:00", count=2, persons=[dissident, other])
    t.said("release", "c20", "ngo", "2025-01-16", "2025-04-29T15:10", count=1, incident="second", form="parole", persons=[dissident])
    return t


def syria():
    t = Timeline("SY")
    wings, bank, holding = party("Wings", "us:1"), party("Bank", "us:2"), party("Holding", "us:3")
    t.sanction("s01", "us-list", "2004-05-11", "2004-05-11T20:00", "US", "imposed", program="SYRIA")
    t.sanction("s02", "eu-journal", "2011-09-02", "2011-09-02T12:00", "EU", "imposed", sector="oil,gas,banking")
    t.sanction("s03", "us-list", "2013-05-16", "2013-05-16T20:00", "US", "imposed", targets=[party("Leader", "us:9", "un:317")])
    t.sanction("s04", "un-list", "2013-07-24", "2013-07-24T20:00", "UN", "imposed", targets=[party("LEADER", "un:317")])
    t.sanction("s05", "uk-list", "2013-07-24", "2013-07-25T20:00", "UK", "imposed", targets=[party("Leader J", "uk:77", "un:317")])
    t.sanction("s06", "eu-journal", "2013-07-26", "2013-07-26T20:00", "EU", "imposed", targets=[party("Leader Jay", "eu:4", "uk:77")])
    t.sanction("s07", "us-list", "2016-12-23", "2016-12-23T20:00", "US", "imposed", program="SYRIA", targets=[wings, bank, holding])
    t.sanction("s08", "us-list", "2025-01-06", "2025-01-06T20:00", "US", "licensed", program="SYRIA", expires_at="2025-07-07")
    t.sanction("s09", "eu-journal", "2025-02-24", "2025-02-24T12:00", "EU", "suspended", sector="oil,gas")
    for number, source, hour in (("s10", "agency-a", 16), ("s11", "agency-b", 17)):
        t.sanction(number, source, "2025-05-13", f"2025-05-13T{hour}:00", "US", "eased", program="SYRIA",
                   attributed_to="us-president", status="announced")
    t.sanction("s12", "eu-journal", "2025-05-28", "2025-05-28T12:00", "EU", "lifted", sector="oil,gas,banking")
    t.sanction("s13", "us-list", "2025-06-30", "2025-06-30T20:00", "US", "lifted", program="SYRIA")
    t.sanction("s14", "us-list", "2025-06-30", "2025-06-30T20:00", "US", "delisted", count=518, targets=[wings, bank, holding])
    t.sanction("s15", "us-list", "2025-06-30", "2025-06-30T21:00", "US", "imposed", program="OTHER", targets=[holding])
    t.sanction("s16", "agency-b", "2025-06-30", "2025-07-01T08:00", "US", "delisted", attributed_to="us-treasury", count=1,
               targets=[wings], status="announced")
    t.sanction("s17", "un-list", "2025-11-06", "2025-11-06T22:00", "UN", "delisted", targets=[party("LEADER", "un:317")])
    t.sanction("s18", "us-list", "2025-11-07", "2025-11-07T20:00", "US", "delisted", targets=[party("Leader", "us:9")])
    t.sanction("s19", "uk-list", "2025-11-07", "2025-11-07T21:00", "UK", "delisted", targets=[party("Leader J", "uk:77")])
    return t


def georgia():
    t = Timeline("GE")
    one, two, three = party("P One", "p:1"), party("P Two", "p:2"), party("P Three", "p:3")
    t.said("detention", "g01", "ngo", "2025-01-10", "2025-01-11T09:00", count=3, persons=[one, two, three])
    t.said("release", "g02", "ngo", "2025-02-01", "2025-02-01T20:00", count=1, persons=[one])
    t.said("detention", "g03", "ngo", "2025-02-20", "2025-02-21T09:00", count=1, persons=[one])
    t.said("release", "g04", "agency", "2025-03-05", "2025-03-05T18:00", count=1, persons=[one], form="deportation",
           destination="LT", status="announced")
    t.said("release", "g05", "agency", "2025-03-10", "2025-03-10T12:00", count=1, persons=[two])    # it was somebody else
    t.said("retraction", "g06", "agency", None, "2025-03-11T12:00", retracts="g05")
    t.said("release", "g07", "ngo", "2025-04-01", "2025-04-01T15:00", count=2, persons=[two, three], form="exchange", destination="DE")
    t.said("release", "g08", "agency", "2025-04-01T10:00:00+03:00", "2025-04-01T16:00", count=4, covers="wider", form="exchange")
    t.said("release", "g09", "channel", "2025-04-01", "2025-04-01T17:00", count=500, count_is="at_least", status="rumoured")
    t.said("detention", "g10", "ngo", "2025-05-03", "2025-05-04T09:00", count=1, persons=[party("Nino K", "p:9")])
    t.said("detention", "g11", "ngo-b", "2025-05-20", "2025-05-21T09:00", count=1, persons=[party("Nino Kh", "b:7")])
    t.said("tally", "g12", "ngo-c", "2025-06-01", "2025-06-01T09:00", of="detained", count=2, persons=[party("Nino K", "p:9", "b:7")])
    t.said("release", "g13", "ngo-b", "2025-06-10", "2025-06-10T10:00", count=1, persons=[party("Nino Kh", "b:7")])
    t.said("retraction", "g14", "ngo-c", None, "2025-06-15T10:00", retracts="g12")
    return t


def day(value):
    return value and value.to_datetime().strftime("%Y-%m-%d")


class Countries(unittest.TestCase):
    maxDiff = None

    def daemon(self):
        return harness.Daemon(config={"rules": [RULES]})

    def heard(self, timeline):
        """A daemon that has heard it, one report after another."""
        daemon = self.daemon()
        self.addCleanup(daemon.close)
        for event in timeline.events:
            self.assertEqual(daemon.publish(event)["accepted"], 1)
        return daemon

    def releases(self, daemon, country):
        return [(i["occurred_at"], i["count"], i["low"], i["high"], len(i["reports"]))
                for i in daemon.ok("incidents", {"country": country, "kind": "release"})["incidents"]]

    def measures(self, daemon, country, at=None):
        state = daemon.ok("state", {"country": country, **({"at": at} if at else {})})
        return {f'{m["authority"]} {m["party"] or m["sector"] or m["program"]}': f'{m["state"]} {day(m["since"])}'
                for m in state["measures"]}

    def since(self, daemon, country, since, at):
        line = daemon.ok("state", {"country": country, "since": since, "at": at})["released"]["since"]
        return line["count"], line["low"], line["high"]

    def told(self, daemon):
        """The alerts as published, without what only brought them up to date."""
        return [" ".join([day(a["at"]), a["rule"], *(v for k, v in a["group"].items() if k not in ("country", "id")), a["state"],
                          *(b["id"] for b in a.get("because") or [])])
                for a in daemon.ok("replay", {"limit": 10000})["alerts"] if a["state"] != "firing" or a["rev"] == 1]

    def test_venezuela(self):
        daemon = self.heard(venezuela())
        self.assertEqual(self.releases(daemon, "VE"), [
            ("2023-12-20", 31, 31, 31, 4),       # 10 to one country, 21 of one kind: parts of two dimensions
            ("2024-11-16", 131, 107, 225, 3),    # of the confirmed ones the first; 70 was revised
            ("2024-12-16", 103, 103, 103, 2),    # one voice
            ("2025-07-18", 80, 80, 80, 2)])      # never 342
        state = daemon.ok("state", {"country": "VE"})
        self.assertEqual({t["source"]: t["state"] for t in state["tallies"]},
                         {"prosecutor": "agrees", "agency-c": "stale", "ngo-a": "differs"})
        self.assertEqual([(p["status"], day(p["since"]), p["releases"], p["detentions"]) for p in state["persons"]],
                         [("released", "2025-07-18", 2, 2)])
        self.assertEqual(self.measures(daemon, "VE"), {
            "US Mine": "in_force 2024-02-14", "US Official C": "delisted 2024-02-02", "US oil": "licensed 2025-07-30"})
        for at, mine, oil in (("2024-02-10", "licensed 2024-01-29", "licensed 2023-10-18"),
                              ("2024-04-18", "in_force 2024-02-14", "licensed 2024-04-17"),
                              ("2024-06-01", "in_force 2024-02-14", "in_force 2024-06-01")):
            known = self.measures(daemon, "VE", at)
            self.assertEqual((known["US Mine"], known["US oil"]), (mine, oil), at)
        for at, known in (("2024-11-16T19:00:00Z", (225, 225, 225)), ("2024-11-16T21:00:00Z", (70, 70, 225)),
                          ("2024-11-18T12:00:00Z", (131, 107, 225))):
            self.assertEqual(self.since(daemon, "VE", "2024-11-01", at), known, at)
        self.assertEqual(self.told(daemon), [
            "2023-11-16 promise-without-release firing", "2023-12-20 promise-without-release resolved",
            "2024-01-29 licence-expires US firing", "2024-02-14 licence-expires US resolved",    # wound down: in force again
            "2024-03-20 licence-expires US firing", "2024-04-17 licence-expires US resolved",    # revoked
            "2024-05-02 licence-expires US firing", "2024-06-01 licence-expires US resolved",
            "2024-11-16 largest-release firing", "2024-11-16 mass-release firing", "2024-11-16 mass-release-large firing",
            "2024-11-16 mass-release-large resolved",                                            # 70 are confirmed, 225 announced
            "2024-11-17 conflicting-counts firing", "2024-11-17 conflicting-counts resolved",    # for twelve hours nothing new
            "2024-11-18 conflicting-counts firing", "2024-11-18 conflicting-counts withdrawn v21",
            "2024-11-18 mass-release-large firing", "2024-11-18 conflicting-counts withdrawn v21", "2024-11-18 conflicting-counts firing",
            "2024-11-30 largest-release resolved", "2024-11-30 mass-release resolved", "2024-11-30 mass-release-large resolved",
            "2024-12-16 mass-release firing", "2024-12-16 mass-release-large firing", "2024-12-18 stale-tally agency-c firing",
            "2024-12-30 mass-release resolved", "2024-12-30 mass-release-large resolved", "2025-01-01 stale-tally agency-c resolved",
            "2025-01-08 re-detention Activist N firing", "2025-01-17 conflicting-counts resolved",
            "2025-02-06 re-detention Activist N resolved", "2025-07-18 mass-release firing", "2025-07-30 easing-after-release firing"])

    def test_cuba(self):
        daemon = self.heard(cuba())
        self.assertEqual(self.releases(daemon, "CU"), [
            ("2025-01-15", 14, 14, 14, 1), ("2025-01-16", 22, 22, 22, 2), ("2025-01-18", 91, 91, 91, 1),
            ("2025-02-18", 43, 43, 43, 1), ("2025-03-09", 41, 41, 41, 2)])
        state = daemon.ok("state", {"country": "CU"})
        self.assertEqual([(t["source"], t["state"], t["ledger"]) for t in state["tallies"]],
                         [("court", "differs", 211), ("ngo", "agrees", 211)])
        self.assertEqual([(t["stage"], t["expected_count"], t["came"]) for t in state["talks"]],
                         [("promised", 553, 127), ("collapsed", None, 84)])
        self.assertEqual({p["person"]: p["status"] for p in state["persons"]},
                         {"Dissident J": "re-detained", "Dissident F": "detained"})
        self.assertEqual(self.measures(daemon, "CU"), {"US SST": "in_force 2025-01-20"})
        self.assertEqual(self.measures(daemon, "CU", "2025-01-17"), {"US SST": "lifted 2025-01-14"})
        self.assertEqual(self.since(daemon, "CU", "2025-01", "2025-03-15"), (211, 211, 324))    # the rumour widens the range
        self.assertEqual(self.since(daemon, "CU", "2025-01", "2025-03-16"), (211, 211, 211))
        self.assertEqual(self.told(daemon), [
            "2025-01-16 largest-release firing", "2025-01-18 mass-release firing", "2025-01-18 mass-release-large firing",
            "2025-01-30 mass-release-large resolved", "2025-02-01 largest-release resolved", "2025-02-01 mass-release resolved",
            "2025-02-01 promise-overdue firing", "2025-03-15 conflicting-counts firing",
            "2025-03-16 conflicting-counts withdrawn c18", "2025-04-01 promise-overdue resolved",
            "2025-04-29 re-detention Dissident J firing"])

    def test_syria(self):
        daemon = self.heard(syria())
        steps = daemon.ok("incidents", {"country": "SY"})["incidents"]
        self.assertEqual([(i["authority"], i["action"], i["count"], i["low"], i["disagrees"]) for i in steps if len(i["reports"]) > 1],
                         [("US", "eased", None, None, False), ("US", "delisted", 518, 518, False)])
        self.assertEqual([day(i["acted_at"]) for i in steps if i["action"] == "eased"], ["2025-06-30"])
        self.assertEqual(self.measures(daemon, "SY"), {
            "EU oil": "lifted 2025-05-28", "EU gas": "lifted 2025-05-28", "EU banking": "lifted 2025-05-28",
            "US SYRIA": "lifted 2025-06-30", "US Wings": "delisted 2025-06-30", "US Bank": "delisted 2025-06-30",
            "US Holding": "in_force 2016-12-23",    # a move
            "UN Leader": "delisted 2025-11-06", "US Leader": "delisted 2025-11-07", "UK Leader": "delisted 2025-11-07",
            "EU Leader": "in_force 2013-07-26"})
        known = self.measures(daemon, "SY", "2025-03-01")
        self.assertEqual((known["EU gas"], known["EU banking"]), ("suspended 2025-02-24", "in_force 2011-09-02"))
        self.assertEqual(self.told(daemon), [
            "2025-01-06 us-eased-eu-did-not firing", "2025-02-05 us-eased-eu-did-not resolved",
            "2025-02-24 eu-eased-us-did-not firing", "2025-03-26 eu-eased-us-did-not resolved",
            "2025-05-13 us-eased-eu-did-not firing", "2025-05-27 easing-announced-no-act US firing",
            "2025-05-28 us-eased-eu-did-not resolved", "2025-06-08 licence-expires US firing",
            "2025-06-12 eu-eased-us-did-not firing", "2025-06-27 eu-eased-us-did-not resolved",
            "2025-06-30 easing-announced-no-act US resolved", "2025-06-30 licence-expires US resolved",
            "2025-06-30 us-eased-eu-did-not firing", "2025-07-30 us-eased-eu-did-not resolved",
            "2025-11-06 party-eased-by-one-only Leader firing", "2025-11-07 us-eased-eu-did-not firing"])

    def test_georgia(self):
        daemon = self.heard(georgia())
        self.assertEqual(self.releases(daemon, "GE"), [
            ("2025-02-01", 1, 1, 1, 1), ("2025-03-05", 1, 1, 1, 1),
            ("2025-04-01", 2, 2, 2, 3),    # neither the four of all sides nor a channel's five hundred
            ("2025-06-10", 1, 1, 1, 1)])
        persons = {p["ids"][0]: (p["status"], day(p["since"]), p["releases"], p["detentions"])
                   for p in daemon.ok("state", {"country": "GE"})["persons"]}
        self.assertEqual(persons, {
            "p:1": ("deported", "2025-03-05", 2, 2), "p:2": ("deported", "2025-04-01", 1, 1),
            "p:3": ("deported", "2025-04-01", 1, 1), "p:9": ("detained", "2025-05-03", 0, 1), "b:7": ("released", "2025-06-10", 1, 1)})
        for at, who in (("2025-03-10", ("p:2", "released")), ("2025-03-11", ("p:2", "detained")),
                        ("2025-06-12", ("p:9", "released")), ("2025-06-15", ("p:9", "detained"))):
            known = daemon.ok("state", {"country": "GE", "at": at})["persons"]
            self.assertIn(who, [(i, p["status"]) for p in known for i in p["ids"]], at)
        self.assertEqual(self.since(daemon, "GE", "2025-03-01", "2025-04-02"), (3, 3, 3))
        self.assertEqual(self.told(daemon), [
            "2025-02-21 re-detention P One firing", "2025-03-05 re-detention P One resolved",
            "2025-04-01 rumour-confirmed firing", "2025-05-01 rumour-confirmed resolved"])    # of a release, not of its number

    # ---- whatever the timeline ------------------------------------------------------------------

    def ledger(self, daemon, country, **at):
        """Without the hour, and the feeds: these count what came, whatever became of it."""
        state = daemon.ok("state", {"country": country, **at})
        return {key: value for key, value in state.items() if key not in ("as_of", "feeds")}

    def active(self, daemon):
        return sorted(json.dumps([a["rule"], a["group"], a["state"], a["values"], a["facts"]], default=str)
                      for a in daemon.ok("snapshot")["alerts"])

    def ends_in(self, country, events, sizes, killed=0.0):
        """What is known at the end; sizes: of the batches, to choose from."""
        chance = random.Random(len(events))
        with self.daemon() as daemon:
            at = 0
            while at < len(events):
                size = chance.choice(sizes)
                self.assertEqual(daemon.publish(*events[at:at + size])["rejected"], [])
                at += size
                if chance.random() < killed:
                    daemon.kill()
                    daemon.start()
            daemon.publish(LAST)
            incidents = daemon.ok("incidents", {"country": country})
            return json.dumps([self.ledger(daemon, country), incidents], default=str), self.active(daemon)

    def test_any_order_ends_in_the_same(self):
        for timeline in (venezuela(), cuba(), syria(), georgia()):
            events = timeline.events
            first = self.ends_in(timeline.country, events, [1])
            shuffled = random.Random(3).sample(events, len(events))
            for told, sizes, killed in ((events[::-1], [1], 0), (events, [len(events)], 0), (shuffled * 2, [1, 2, 7], 0),
                                        (shuffled, [1, 3], 0.2)):
                self.assertEqual(self.ends_in(timeline.country, told, sizes, killed), first, timeline.country)

    def test_known_at_a_moment(self):
        for timeline in (venezuela(), cuba(), syria(), georgia()):
            events, known = sorted(timeline.events, key=lambda e: e["reported_at"]), {}
            with self.daemon() as daemon:
                for event in events:
                    daemon.publish(event)
                    known[event["reported_at"]] = self.ledger(daemon, timeline.country)
                for at, ledger in known.items():    # what came since changes nothing of it
                    self.assertEqual(self.ledger(daemon, timeline.country, at=at), ledger, at)

    def test_withdrawn_is_as_if_it_had_not_come(self):
        for timeline in (venezuela(), cuba(), syria(), georgia()):
            for event in timeline.events[::5]:
                if event["kind"] == "retraction" or "revises" in event:
                    continue    # what was revised stays replaced
                others = [e for e in timeline.events if e is not event]
                back = {"id": "back", "kind": "retraction", "country": event["country"], "source": event["source"],
                        "retracts": event["id"], "reported_at": event["reported_at"]}
                self.assertEqual(self.ends_in(timeline.country, timeline.events + [back], [1, 9]),
                                 self.ends_in(timeline.country, others, [len(others)]), event["id"])


if __name__ == "__main__":
    harness.main()
