"""Stories of countries, programs and forms that no other test tells, with what was wrong in them and taken back.

Each is told in four daemons: as it came; backwards, one report after another; shuffled, in batches; and, shuffled,
without the reports that were withdrawn or replaced, as though these had never come. All know the same, down to the
explanation of each incident, and it is what was worked out by hand. The happenings are real ones in outline; what
single sources say of them is made up.
"""

import difflib
import json
import random
import unittest

import harness

LAST = {"id": "last", "kind": "feed", "country": "ZZ", "source": "clock", "state": "ok", "reported_at": "2026-11-01T00:00:00Z"}


def day(value):
    return value and value.to_datetime().strftime("%Y-%m-%d") if not isinstance(value, str) else value


def party(name, *ids, **more):
    return {"name": name, **({"ids": list(ids)} if ids else {}), **more}


class Story:
    """Reports of one country, and what is to be known at the end. A report that is not dated otherwise was told on the
    day that it tells of."""

    def __init__(self, country):
        self.country, self.events = country, []
        self.releases, self.detentions, self.measures, self.people = [], [], {}, {}
        self.steps, self.tallies, self.possible = None, None, None

    def said(self, kind, source, occurred=None, reported=None, **keys):
        event = {"id": f"{self.country}{len(self.events):02}", "kind": kind, "country": self.country, "source": source,
                 "occurred_at": occurred, "reported_at": reported or occurred, **keys}
        self.events.append({key: value for key, value in event.items() if value is not None})
        return event["id"]

    def freed(self, source, occurred, count=None, *persons, **keys):
        return self.said("release", source, occurred, count=count, persons=list(persons) or None, **keys)

    def held(self, source, occurred, count=None, *persons, **keys):
        return self.said("detention", source, occurred, count=count, persons=list(persons) or None, **keys)

    def step(self, authority, action, occurred, *targets, source="gazette", **keys):
        return self.said("sanction", source, occurred, authority=authority, action=action, targets=list(targets) or None, **keys)

    def back(self, source, report, reported):
        """The source withdraws its report."""
        return self.said("retraction", source, None, reported, retracts=report)

    def left(self):
        """The reports that live, as though no other had come."""
        gone = {(e["source"], e[key]) for e in self.events for key in ("retracts", "revises") if key in e}
        return [{k: v for k, v in e.items() if k != "revises"} for e in self.events
                if e["kind"] != "retraction" and (e["source"], e["id"]) not in gone]


STORIES = []


def story(tell):
    STORIES.append(tell)
    return tell


@story
def myanmar():
    """An amnesty that state television counts, part of whom are held again on the same day; single names and titles."""
    s = Story("MM")
    thura, thet = party("Thura", "aapp:1"), party("U Thet Naing", "aapp:2")
    for outlet in ("wire-a", "wire-b", "tv"):
        s.freed(outlet, "2021-10-18", 5636, attributed_to="smc", form="amnesty")
    s.freed("aapp", "2021-10-18", 40, thura, count_is="at_least", covers="part", part="category=political", status="confirmed")
    s.freed("paper", "2021-10-18T08:00:00+06:30", None, party("Ko Thet Naing", "aapp:2"), form="amnesty")
    s.held("aapp", "2021-10-18T15:00:00+06:30", 110, thet, count_is="at_least", status="confirmed")
    s.held("paper", "2021-10-19", 11, thura, count_is="at_least")
    channel = s.freed("channel", "2021-10-18", 9000, status="rumoured")
    s.back("channel", channel, "2021-10-21")
    wrong = s.held("paper", "2021-10-19", 1, party("Daw Ei"))     # she was not held: named by mistake
    s.back("paper", wrong, "2021-10-22")
    s.releases = ["2021-10-18 5636 5636 5636"]
    s.detentions = ["2021-10-18 110 110 110"]    # of two days that a voice each gives the sharper one, an instant
    s.people = {"Thura": "re-detained 2021-10-19 1 1", "Ko Thet Naing": "re-detained 2021-10-18 1 1"}
    return s


@story
def nicaragua():
    """Two hundred taken out of the country; the bishop who would not go is reported free, held, at home and gone."""
    s = Story("NI")
    bishop = party("Monseñor Rolando José Álvarez Lagos", "x:alvarez")
    s.held("paper", "2022-08-19", 1, bishop, status="confirmed")
    s.freed("court", "2023-02-09", 222, form="deportation")
    s.freed("us-state", "2023-02-09", 222, form="deportation", destination="US", status="confirmed")
    s.freed("wire", "2023-02-09", 224, attributed_to="minister")
    radio = s.freed("radio", "2023-02-09", 1, party("Rolando Alvarez", "x:alvarez"), form="deportation", destination="US")
    s.said("tally", "paper", "2023-02-10", of="detained", count=36, persons=[bishop])
    s.back("radio", radio, "2023-02-10")
    house = s.freed("blog", "2023-07-03", 1, party("Obispo Álvarez", "x:alvarez"))    # it was a rumour
    s.back("blog", house, "2023-07-05")
    s.freed("vatican", "2024-01-14", 19, bishop, party("Isidoro del Carmen Mora Ortega", "x:mora"), form="deportation", destination="VA",
            status="confirmed")
    s.freed("wire", "2024-09-05", 130, count_is="at_least")
    s.freed("agency", "2024-09-05", 140, count_is="about", status="confirmed")
    ngo = s.freed("ngo", "2024-09-05", 136, status="confirmed")
    s.freed("ngo", "2024-09-05", 135, reported="2024-09-06", revises=ngo, status="confirmed", form="deportation", destination="GT")
    s.releases = ["2023-02-09 222 222 224 disagree", "2024-01-14 19 19 19", "2024-09-05 135 135 135"]
    s.detentions = ["2022-08-19 1 1 1"]
    s.people = {"Monseñor Rolando José Álvarez Lagos": "deported 2024-01-14 1 1", "Isidoro del Carmen Mora Ortega": "deported 2024-01-14 1 0"}
    return s


@story
def ethiopia():
    """A month, a year and two days; a count that was mistyped, and set right again."""
    s = Story("ET")
    s.freed("attorney", "2018-01-17", 115, form="pardon", status="confirmed")
    s.freed("wire", "2018-01", 115, reported="2018-02-02", count_is="about")
    s.freed("ngo", "2018", 500, reported="2018-12-10", count_is="at_least")
    first = s.freed("attorney", "2018-02-14", 746)
    typo = s.freed("attorney", "2018-02-14", 476, reported="2018-02-15", revises=first)
    s.freed("attorney", "2018-02-14", 746, reported="2018-02-16", revises=typo)
    s.releases = ["2018-01-17 115 115 115", "2018-02-14 746 746 746"]    # the year goes with the one that it may be of
    return s


@story
def ivory_coast():
    """An embargo of the UN prolonged year by year, one that runs out and nobody says so, a US program that ends."""
    s = Story("CI")
    s.step("UN", "imposed", "2004-11-15", sector="arms", expires_at="2005-12-15")
    for year in range(2005, 2015):
        s.step("UN", "extended", f"{year}-12-15", sector="arms", expires_at=f"{year + 1}-12-15")
    s.step("UN", "extended", "2015-04-28", sector="arms", expires_at="2016-04-30")
    s.step("UN", "lifted", "2016-04-28", sector="arms")
    s.step("UN", "imposed", "2005-12-15", sector="diamonds", expires_at="2014-04-30")
    early = s.step("UN", "lifted", "2012-04-26", sector="diamonds", source="wire")     # proposed only
    s.back("wire", early, "2012-04-27")
    s.step("EU", "imposed", "2004-12-13", sector="arms")
    s.step("EU", "lifted", "2016-06-09", sector="arms")
    s.step("CH", "imposed", "2005-01-19", sector="arms")
    a, b = party("Blé Goudé", "us:1", "un:1"), party("Kouadio", "us:2")
    s.step("US", "imposed", "2006-02-07", a, b, program="COTED")
    s.step("UN", "imposed", "2006-02-07", party("BLE GOUDE, Charles", "un:1"))
    s.step("US", "lifted", "2016-09-14", program="COTED")
    s.step("US", "lifted", "2016-09", source="wire", program="COTED", reported="2016-10-02")
    s.measures = {"UN arms": "lifted 2016-04-28", "UN diamonds": "expired 2014-05-01", "EU arms": "lifted 2016-06-09",
                  "CH arms": "in_force 2005-01-19", "US Blé Goudé": "lifted 2016-09-14", "UN Blé Goudé": "in_force 2006-02-07",
                  "US Kouadio": "lifted 2016-09-14", "US COTED": "lifted 2016-09-14"}
    return s


@story
def burundi():
    """One man delisted by three regimes on different days; who ties another two wrongly takes it back."""
    s = Story("BI")
    biz, nda = party("Godefroid Bizimana", "eu:1"), party("Gervais Ndirakobuca alias Ndakugarika", "eu:2")
    niy = party("Mathias Niyonzima", "eu:3")
    s.step("EU", "imposed", "2015-10-02", biz, nda, niy, program="EU-BDI", expires_at="2016-10-02")
    for year in range(2016, 2026):
        s.step("EU", "extended", f"{year}-09-30", program="EU-BDI", expires_at=f"{year + 1}-10-31")
    s.step("US", "imposed", "2015-11-23", party("BIZIMANA, Godefroid", "us:1", "eu:1"), program="BURUNDI")
    s.step("US", "imposed", "2015-11-23", party("NIYONZIMA, Joseph", "us:3"), program="BURUNDI")
    s.step("CH", "imposed", "2015-12-04", party("Bizimana Godefroid", "ch:1", "us:1"), party("Ndirakobuca Gervais", "ch:2", "eu:2"))
    tie = s.step("UK", "maintained", "2020-12-31", party("Joseph Mathias Niyonzima", "eu:3", "us:3", "ch:2"), source="desk")
    s.back("desk", tie, "2021-01-05")
    s.step("US", "lifted", "2021-11-18", program="BURUNDI")
    s.step("EU", "delisted", "2022-10-25", biz)
    s.step("CH", "delisted", "2022-12-02", party("G. Bizimana", "ch:1"))
    s.measures = {"EU Godefroid Bizimana": "delisted 2022-10-25", "US Godefroid Bizimana": "lifted 2021-11-18",
                  "CH Godefroid Bizimana": "delisted 2022-12-02",
                  "EU Gervais Ndirakobuca alias Ndakugarika": "expired 2026-11-01",
                  "CH Gervais Ndirakobuca alias Ndakugarika": "in_force 2015-12-04",
                  "EU Mathias Niyonzima": "expired 2026-11-01", "US NIYONZIMA, Joseph": "lifted 2021-11-18",
                  "US BURUNDI": "lifted 2021-11-18", "EU EU-BDI": "expired 2026-11-01"}
    return s


@story
def sudan():
    """A general licence, the end of the program, a new program on the same party; licences extended, replaced, with a gap,
    and revoked for one sector of two."""
    s = Story("SD")
    corp = party("Military Industry Corporation", "us:5")
    s.step("US", "imposed", "1997-11-03", corp, program="SUDAN")
    s.step("US", "imposed", "1997-11-03", sector="oil,gold", program="SUDAN")
    s.step("US", "licensed", "2017-01-17", program="SUDAN")
    s.step("US", "eased", "2017-01-13", program="SUDAN", source="wire")
    s.step("US", "lifted", "2017-10-12", program="SUDAN")
    s.step("US", "imposed", "2023-06-01", corp, program="SUDAN-EO14098")
    s.step("US", "imposed", "2023-06-01", sector="oil,gold", program="SUDAN-EO14098")
    s.step("US", "licensed", "2023-12-01", sector="oil,gold", expires_at="2024-03-01")
    s.step("US", "licensed", "2024-02-10", sector="oil,gold", expires_at="2024-06-01")      # 1A takes the place of 1
    s.step("US", "reimposed", "2024-04-10", sector="gold")                                 # 1A revoked for gold
    s.step("US", "licensed", "2024-06-20", sector="oil", expires_at="2025-01-31")           # 1B, after a gap
    false = s.step("US", "delisted", "2024-05-02", corp, source="channel", status="announced")
    s.back("channel", false, "2024-05-03")
    wrong = s.step("US", "licensed", "2025-01-25", sector="oil", expires_at="2025-08-31", source="wire")
    s.step("US", "licensed", "2025-01-25", sector="oil", expires_at="2025-07-31", source="wire", reported="2025-01-26", revises=wrong)
    s.measures = {"US Military Industry Corporation": "in_force 2023-06-01", "US oil": "in_force 2025-08-01",
                  "US gold": "in_force 2024-04-10", "US SUDAN": "lifted 2017-10-12"}
    return s


@story
def turkey():
    """Midnight in several zones: less than 36 hours, and just 36."""
    s = Story("TR")
    s.freed("a", "2025-03-26T23:30:00+03:00", 7)                              # 20:30 UTC
    s.freed("b", "2025-03-28T11:29:59+03:00", 7)                              # 35:59:59 later
    s.freed("c", "2025-03-28T08:30:00Z", 9)                                   # 36:00:00 later
    s.freed("d", "2025-03-27", 8)
    s.freed("e", "2025-03-28T22:15:00+13:45", 7)                              # 08:30 UTC: the same instant as c
    s.held("a", "2025-12-31T23:59:59-05:00", 3)                               # 2026 in UTC
    s.held("b", "2026-01-01T05:30:00+05:30", 3)                               # midnight in UTC
    wrong = s.freed("c", "2025-03-29T19:00:00Z", 2)
    s.back("c", wrong, "2025-03-30")
    s.releases = ["2025-03-26 7 7 8 disagree", "2025-03-28 9 7 9 disagree"]
    s.detentions = ["2026-01-01 3 3 3"]
    return s


@story
def china():
    """Four regimes act on the same four people and one body in one day and two; names in either order and in their own script."""
    s = Story("CN")
    names = {"eu": ["ZHU Hailun", "WANG Junzheng", "WANG Mingshan", "CHEN Mingguo", "Xinjiang PSB"],
             "uk": ["Hailun Zhu", "Junzheng Wang", "Mingshan Wang", "Mingguo Chen", "XPCC Public Security Bureau"]}
    eu = [party(n, f"eu:{i}") for i, n in enumerate(names["eu"])]
    uk = [party(n, f"uk:{i}", f"eu:{i}") for i, n in enumerate(names["uk"])]
    s.step("EU", "imposed", "2021-03-22", *eu, expires_at="2021-12-08")
    s.step("UK", "imposed", "2021-03-22", *uk)
    for one in uk[:4]:
        s.step("UK", "imposed", "2021-03-22T15:30:00Z", one, source="wire")
    s.step("UK", "imposed", "2021-03-23", source="paper", count=5)
    s.step("CA", "imposed", "2021-03-21", party("陈明国", "eu:3"), party("朱海仑", "eu:0"))
    s.step("US", "imposed", "2021-03-22", party("CHEN, Mingguo", "us:3", "eu:3"), program="GLOMAG")
    s.step("EU", "extended", "2021-12-06", *eu, expires_at="2022-12-08")
    s.step("EU", "extended", "2022-12-05", *eu[:4], expires_at="2027-12-08")
    s.step("EU", "delisted", "2022-12-05", eu[4])
    wrong = s.step("EU", "delisted", "2022-12-05", eu[2], source="wire", expires_at=None)
    s.step("EU", "delisted", "2022-12-05", eu[4], source="wire", revises=wrong, reported="2022-12-06")
    printed = ["朱海仑", "WANG Junzheng", "WANG Mingshan", "陈明国", "Xinjiang PSB"]      # as the earliest report prints them
    s.measures = {**{f"EU {n}": "in_force 2021-03-22 until 2027-12-09" for n in printed[:4]}, "EU Xinjiang PSB": "delisted 2022-12-05",
                  **{f"UK {n}": "in_force 2021-03-22" for n in printed}, "CA 陈明国": "in_force 2021-03-21", "CA 朱海仑": "in_force 2021-03-21",
                  "US 陈明国": "in_force 2021-03-22"}
    s.steps = ["2021-03-21 CA tightening 2", "2021-03-22 EU tightening 5", "2021-03-22 UK tightening 5", "2021-03-22 US tightening 1",
               "2021-12-06 EU tightening 5", "2022-12-05 EU removal 1", "2022-12-05 EU tightening 4"]
    return s


@story
def egypt():
    """A pardon, and the release two weeks later; three outlets that spell a name without an id; the list that ties them goes."""
    s = Story("EG")
    alaa = party("Alaa Abd El-Fattah", "x:alaa")
    s.freed("gazette", "2025-09-22", 6, alaa, form="pardon")
    s.freed("family", "2025-09-23T01:30:00+03:00", 1, party("علاء عبد الفتاح", "x:alaa"), status="confirmed")
    s.freed("late", "2025-10-05", 1, party("Alaa Abdel Fattah", "x:alaa"))
    for outlet, name in (("a", "Zyad el-Elaimy"), ("b", "Ziad al-Eleimy"), ("c", "زياد العليمي")):
        s.freed(outlet, "2022-10-24", 1, party(name), form="pardon")
    s.freed("d", "2022-10-25", 1, party("Zyad Elelaimy", "x:zyad"), status="confirmed")
    tie = s.said("tally", "register", "2022-11-01", of="detained", count=2, persons=[party("Z. Elelaimy", "x:zyad", "x:alaa")])
    s.back("register", tie, "2022-11-02")
    # A gazette that counts six; the two reports on one of them alone are a group, whose day is the earlier of two days:
    # 22:30 UTC on the 22nd, which is of the same happening as the pardon.
    s.releases = ["2022-10-24 1 1 1", "2025-09-22 6 6 6"]
    s.people = {"Alaa Abd El-Fattah": "released 2025-09-22 1 0", "Zyad el-Elaimy": "released 2022-10-24 1 0",
                "Ziad al-Eleimy": "released 2022-10-24 1 0", "زياد العليمي": "released 2022-10-24 1 0",
                "Zyad Elelaimy": "released 2022-10-25 1 0"}
    s.possible = ["Ziad al-Eleimy, Zyad el-Elaimy", "Zyad Elelaimy, Zyad el-Elaimy"]    # other scripts among themselves
    return s


@story
def eritrea():
    """Delisted and listed again, by one regime; another strikes out and lists anew on the next day."""
    s = Story("ER")
    army, corp = party("Eritrean Defence Forces", "us:1"), party("Red Sea Trading Corporation", "us:2", "eu:9")
    s.step("UN", "imposed", "2009-12-23", sector="arms")
    s.step("UN", "lifted", "2018-11-14", sector="arms")
    s.step("EU", "lifted", "2018-12-10", sector="arms")
    s.step("EU", "imposed", "2010-03-01", sector="arms")
    s.step("US", "imposed", "2021-11-12", army, corp, program="ETHIOPIA-EO14046")
    s.step("US", "delisted", "2023-03-01", corp)
    s.step("US", "reimposed", "2023-09-15", corp, program="ETHIOPIA-EO14046")
    s.step("EU", "imposed", "2021-03-22", party("National Security Office", "eu:7"))
    s.step("EU", "delisted", "2023-05-10", party("National Security Office", "eu:7"), source="court")
    s.step("EU", "reimposed", "2023-05-11", party("NSO", "eu:7"), source="council")
    s.step("EU", "delisted", "2023-05-12", party("National Security Office", "eu:7"), source="wire")    # of the 10th, told late
    early = s.step("US", "lifted", "2022-11-12", program="ETHIOPIA-EO14046", source="wire")
    s.back("wire", early, "2022-11-14")
    s.measures = {"UN arms": "lifted 2018-11-14", "EU arms": "lifted 2018-12-10", "US Eritrean Defence Forces": "in_force 2021-11-12",
                  "US Red Sea Trading Corporation": "in_force 2023-09-15", "EU National Security Office": "in_force 2023-05-11"}
    return s


@story
def libya():
    """Reported as released, and dead in custody: the release is replaced by what it was."""
    s = Story("LY")
    siham, man = party("Siham Sergiwa", "x:1"), party("Abdel Aziz al-Farsi", "x:2")
    s.held("mission", "2024-02-10", 2, siham, man, status="confirmed")
    free = s.freed("channel", "2024-05-01", 1, man, status="confirmed")
    other = s.freed("wire", "2024-05-01", 1, party("Abdelaziz Farsi", "x:2"), attributed_to="ministry")
    s.held("channel", "2024-02-10", 1, man, reported="2024-05-03", revises=free, note="died in custody on 28 April")
    s.back("wire", other, "2024-05-04")
    s.said("tally", "mission", "2024-05-10", of="detained", count=1, persons=[siham])
    s.detentions = ["2024-02-10 2 2 2"]
    s.people = {"Siham Sergiwa": "detained 2024-02-10 0 1", "Abdel Aziz al-Farsi": "detained 2024-02-10 0 1"}
    return s


@story
def vietnam():
    """Sent abroad; house arrest; a name whose marks are told in two encodings; order of names."""
    s = Story("VN")
    dai = party("Nguyễn Văn Đài", "x:dai")
    s.held("paper", "2015-12-16", 1, dai, status="confirmed")
    s.freed("wire", "2018-06-07", 2, party("Nguyen Van Dai", "x:dai"), party("Le Thu Ha", "x:ha"), form="deportation", destination="DE")
    s.freed("paper", "2018-06-08T00:30:00+07:00", 2, destination="DE", status="confirmed")
    house = s.held("blog", "2018-06-20", 1, dai)
    s.back("blog", house, "2018-06-21")
    s.held("paper", "2019-01-04", 1, party("Trần Huỳnh Duy Thức"))
    s.freed("paper", "2024-09-20", 1, party("Trần Huỳnh Duy Thức"), form="amnesty")
    s.freed("wire", "2024-09-20", 1, party("Thuc Tran Huynh Duy"), form="pardon", attributed_to="president")
    s.releases = ["2018-06-07 2 2 2", "2024-09-20 1 1 1"]
    s.detentions = ["2015-12-16 1 1 1", "2019-01-04 1 1 1"]
    return s


@story
def uganda():
    """More than 30, about 50, at least 12 of them women; then an exact number that is less than the parts."""
    s = Story("UG")
    s.freed("a", "2023-04-11", 30, count_is="at_least")
    s.freed("b", "2023-04-11", 50, count_is="about")
    s.freed("c", "2023-04-12", 12, covers="part", part="category=women", count_is="at_least")
    s.freed("c", "2023-04-12", 25, covers="part", part="category=men")
    s.freed("e", "2023-08-01", 50, count_is="about")
    s.freed("f", "2023-08-01", 49, status="rumoured")
    s.freed("c", "2023-08-01", 12, covers="part", part="category=women", count_is="at_least")
    s.freed("c", "2023-08-01", 25, covers="part", part="category=men")
    army = s.freed("army", "2023-08-02", 49)
    s.freed("army", "2023-08-02", 38, revises=army, reported="2023-08-03")
    s.freed("g", "2023-08-02", 38, status="confirmed")
    s.releases = ["2023-04-11 50 50 50", "2023-08-01 38 38 49 disagree"]    # the rumour widens the range, and decides nothing
    return s


@story
def cambodia():
    """A pardon beside sentences that ended on the same day; a bail; reports that name the happening."""
    s = Story("KH")
    s.freed("court", "2018-08-20", 14, form="pardon", attributed_to="king")
    s.freed("wire", "2018-08-20", 14, attributed_to="king")
    s.freed("prison", "2018-08-20", 3, form="sentence_served")
    s.freed("prison", "2018-08-21", 4, form="sentence_served", incident="of the 21st")
    s.freed("paper", "2018-08-21", 1, party("Kem Sokha", "x:sokha"), form="parole")
    early = s.freed("paper", "2018-08-20", 41, form="pardon", incident="shared:pchum")    # a misprint of 14
    s.freed("paper", "2018-08-20", 14, form="pardon", incident="shared:pchum", revises=early, reported="2018-08-22")
    s.freed("radio", "2018-10-09", 3, incident="shared:pchum", reported="2018-10-10")     # it means the pardon
    wrong = s.held("radio", "2018-09-10", 1, party("Kem Sokha", "x:sokha"))
    s.back("radio", wrong, "2018-09-11")
    # 20 August of paper: radio dates it in October; equal voices, equally sharp: the earlier.
    s.releases = ["2018-08-20 14 3 14 disagree", "2018-08-20 4 4 4"]    # of the prison the latest word
    s.people = {"Kem Sokha": "released 2018-08-21 1 0"}
    return s


@story
def mali():
    """Forty-nine soldiers of a neighbour: three women first, then a pardon, a flight; the word of a bloc on the country."""
    s = Story("ML")
    s.held("army", "2022-07-10", 49, status="confirmed")
    s.held("wire", "2022-07-10", 50, count_is="about")
    s.freed("mediator", "2022-09-03", 3, status="confirmed", form="other")
    s.freed("wire", "2022-09-03", 3, attributed_to="mediator", covers="part", part="category=women")
    s.freed("office", "2023-01-06", 49, form="pardon")
    s.freed("paper", "2023-01-06", 46, status="confirmed", form="pardon")
    s.freed("airport", "2023-01-07", 46, destination="CI", status="confirmed")
    gone = s.freed("tv", "2023-01-07", 52, status="confirmed")
    s.back("tv", gone, "2023-01-08")
    s.step("ECOWAS", "imposed", "2022-01-09", sector="trade,finance")
    s.step("ECOWAS", "lifted", "2022-07-03", sector="trade, finance")
    s.step("UN", "imposed", "2017-09-05", sector="travel", expires_at="2018-08-31")
    for on, until in (("2018-08-30", "2019-08-31"), ("2019-08-29", "2020-08-31"), ("2020-08-31", "2021-08-31"), ("2021-08-30", "2022-08-31"),
                      ("2022-08-30", "2023-08-31")):
        s.step("UN", "extended", on, sector="travel", expires_at=until)
    s.said("tally", "paper", "2023-01-08", of="released", since="2022-07-10", count=49)
    s.releases = ["2022-09-03 3 3 3", "2023-01-06 46 46 49 disagree"]
    s.detentions = ["2022-07-10 49 49 49"]
    s.measures = {"ECOWAS trade": "lifted 2022-07-03", "ECOWAS finance": "lifted 2022-07-03",
                  "UN travel": "expired 2023-09-01"}
    s.tallies = ["released 49 agrees"]
    return s


@story
def niger():
    """A president held at home, reported as fled, moved and free; fifty others who are freed by decree."""
    s = Story("NE")
    bazoum = party("Mohamed Bazoum", "x:bazoum")
    s.held("guard", "2023-07-26", 1, bazoum, status="confirmed")
    s.step("ECOWAS", "imposed", "2023-07-30", party("Conseil national", "e:1"), sector="trade")
    s.step("ECOWAS", "lifted", "2024-02-24", sector="trade")
    flight = s.freed("channel", "2023-10-19", 1, party("Président Bazoum", "x:bazoum"), status="rumoured")
    s.freed("channel", "2023-10-19", 1, party("Président Bazoum", "x:bazoum"), revises=flight, reported="2023-10-20", status="rumoured")
    s.said("tally", "lawyers", "2024-06-01", of="detained", count=2, persons=[bazoum, party("Hadiza Bazoum", "x:hadiza")])
    s.freed("tv", "2025-04-02", 50, form="pardon")
    s.freed("wire", "2025-04-01T23:59:00-01:00", 50, attributed_to="tv")
    named = s.freed("tv", "2025-04-02", None, bazoum, reported="2025-04-03")     # he was not among them
    s.back("tv", named, "2025-04-04")
    s.releases = ["2023-10-19 1 1 1", "2025-04-02 50 50 50"]
    s.detentions = ["2023-07-26 1 1 1"]
    s.people = {"Mohamed Bazoum": "detained 2023-07-26 0 1", "Hadiza Bazoum": "detained 2024-06-01 0 0"}
    s.measures = {"ECOWAS Conseil national": "in_force 2023-07-30", "ECOWAS trade": "lifted 2024-02-24"}
    return s


@story
def guinea_bissau():
    """A list of the UN and one of the EU of the same officers; delisted together, and one by one; nobody is listed twice."""
    s = Story("GW")
    officers = ["Antonio Injai", "Mamadu Ture", "Estêvão na Mena", "Ibraima Camará", "Daba Naualna"]
    un = [party(n.upper(), f"un:{i}") for i, n in enumerate(officers)]
    eu = [party(n, f"eu:{i}", f"un:{i}") for i, n in enumerate(officers)]
    s.step("UN", "imposed", "2012-05-18", *un)
    s.step("EU", "imposed", "2012-05-03", *eu)
    s.step("CH", "imposed", "2012-05-30", *[party(n, f"ch:{i}", f"un:{i}") for i, n in enumerate(officers)])
    s.step("EU", "delisted", "2022-03-21", eu[1])
    s.step("UN", "delisted", "2022-03", un[1], source="wire", reported="2022-04-01")
    s.step("CH", "delisted", "2022", party("Mamadu TURE", "ch:1"), reported="2023-01-10")
    s.step("CH", "delisted", "2022-11-14", party("Mamadu TURE", "ch:1"), source="seco")
    no = s.step("UN", "delisted", "2022-06-01", un[0], source="wire")
    s.step("UN", "delisted", "2022-06-01", un[2], source="wire", revises=no, reported="2022-06-02")
    names = dict(enumerate(officers))
    s.measures = {**{f"UN {names[i]}": "in_force 2012-05-18" for i in (0, 3, 4)}, **{f"EU {names[i]}": "in_force 2012-05-03" for i in (0, 2, 3, 4)},
                  **{f"CH {names[i]}": "in_force 2012-05-30" for i in (0, 2, 3, 4)}, "UN Mamadu Ture": "delisted 2022-03-01",
                  "EU Mamadu Ture": "delisted 2022-03-21", "CH Mamadu Ture": "delisted 2022-11-14", "UN Estêvão na Mena": "delisted 2022-06-01"}
    return s


@story
def haiti():
    """Parties by name alone beside a list by ids; a wire that repeats a listing; an exemption that ends by itself."""
    s = Story("HT")
    barb = party("Jimmy CHERIZIER", "un:1")
    s.step("UN", "imposed", "2022-10-21", barb, expires_at="2023-10-21")
    s.step("UN", "extended", "2023-10-19", barb, expires_at="2024-10-19")
    s.step("UN", "extended", "2024-10-18", party("Chérizier dit Barbecue", "un:1"), expires_at="2025-10-19")
    s.step("CA", "imposed", "2022-11-04", party("Youri Latortue"), party("Joseph Lambert"))
    s.step("CA", "imposed", "2022-11-05", party("Youri Latortue"), source="wire")
    s.step("US", "imposed", "2022-11-04", party("Youri Latortue", "us:2"), program="SDNTK")
    s.step("CA", "licensed", "2023-02-01", party("Joseph Lambert"), expires_at="2023-02-28")
    first = s.step("CA", "delisted", "2023-05-09", party("Joseph Lambert"), source="wire")
    s.back("wire", first, "2023-05-10")
    s.steps = ["2022-10-21 UN tightening 1", "2022-11-04 CA tightening 2", "2022-11-04 US tightening 1", "2023-02-01 CA relief 1",
               "2023-10-19 UN tightening 1", "2024-10-18 UN tightening 1"]
    s.measures = {"UN Jimmy CHERIZIER": "expired 2025-10-20", "CA Youri Latortue": "in_force 2022-11-04",
                  "US Youri Latortue": "in_force 2022-11-04", "CA Joseph Lambert": "in_force 2023-03-01"}
    return s


@story
def afghanistan():
    """Travel exemptions that come and run out; an exchange of two against one, and the count of all sides."""
    s = Story("AF")
    stan = party("Abdul Ghani Baradar Abdul Ahmad Turk", "un:24")
    s.step("UN", "imposed", "2001-02-23", stan, sector="travel")
    s.step("UN", "suspended", "2021-09-01", stan, expires_at="2021-12-22")
    s.step("UN", "suspended", "2021-12-20", stan, expires_at="2022-03-22")
    s.step("UN", "licensed", "2022-07-01", stan, expires_at="2022-08-19")
    s.step("UN", "maintained", "2022-08-15", stan)
    s.freed("ministry", "2025-01-21", 2, party("Ryan Corbett", "x:1"), party("William McKenty", "x:2"), form="exchange", destination="US")
    s.freed("wire", "2025-01-21", 3, covers="wider", form="exchange")
    s.freed("paper", "2025-01-20T22:00:00-05:00", 1, party("Ryan Corbett", "x:1"), status="confirmed")
    swap = s.freed("agency", "2025-01-21", 3, form="exchange")     # counts all sides
    s.freed("agency", "2025-01-21", 3, form="exchange", covers="wider", revises=swap, reported="2025-01-22")
    held = s.held("paper", "2025-01-25", 1, party("McKenty", "x:2"))
    s.back("paper", held, "2025-01-26")
    s.held("paper", "2022-08-10", 1, party("Ryan Corbett", "x:1"))
    s.releases = ["2025-01-21 2 2 2"]
    s.detentions = ["2022-08-10 1 1 1"]
    s.people = {"Ryan Corbett": "deported 2025-01-21 1 1", "William McKenty": "deported 2025-01-21 1 0"}
    s.measures = {"UN Abdul Ghani Baradar Abdul Ahmad Turk": "in_force 2022-08-20"}
    return s


@story
def bosnia():
    """A program that is renamed, a man under two of them; one ends, and he stands; delisted, told by three."""
    s = Story("BA")
    dodik, firm = party("DODIK, Milorad", "us:1"), party("Alternativna Televizija", "us:2")
    s.step("US", "imposed", "2017-01-17", dodik, program="BALKANS")
    s.step("US", "imposed", "2022-01-05", dodik, firm, program="BALKANS-EO14033")
    s.step("US", "amended", "2022-02-01", firm, program="BALKANS-EO-14033")      # renamed
    s.step("US", "lifted", "2023-01-01", program="BALKANS")
    s.step("UK", "imposed", "2022-04-11", party("Milorad Dodik", "uk:1", "us:1"))
    s.step("US", "delisted", "2025-10-29", dodik, firm)
    s.step("US", "delisted", "2025-10-29T20:00:00-04:00", dodik, source="wire")    # the 30th in UTC
    s.step("US", "delisted", "2025-10", firm, source="weekly", reported="2025-11-03")
    wrong = s.step("UK", "delisted", "2025-10-30", party("Dodik", "uk:1"), source="wire")
    s.back("wire", wrong, "2025-10-31")
    s.measures = {"US DODIK, Milorad": "delisted 2025-10-29", "US Alternativna Televizija": "delisted 2025-10-29",
                  "UK DODIK, Milorad": "in_force 2022-04-11", "US BALKANS": "lifted 2023-01-01"}
    return s


@story
def north_korea():
    """A sector that is closed, opened and closed again; citizens of another state sent home."""
    s = Story("KP")
    s.step("UN", "imposed", "2017-08-05", sector="coal,seafood")
    s.step("UN", "suspended", "2018-07-01", sector="seafood", expires_at="2018-12-31")
    s.step("UN", "reimposed", "2018-10-01", sector="seafood")
    s.step("US", "imposed", "2016-03-16", sector="coal")
    s.step("US", "lifted", "2018-06-20", sector="coal", source="wire", status="rumoured")
    s.step("KR", "lifted", "2018-11-01", sector="tourism")
    s.step("KR", "imposed", "2010-05-24", sector="tourism")
    s.step("KR", "reimposed", "2020-02-01", sector="tourism")
    false = s.step("UN", "lifted", "2019-02-28", sector="coal,seafood", source="agency")
    s.back("agency", false, "2019-03-01")
    kim = party("Kim Dong Chul", "x:1")
    s.freed("wire", "2018-05-09", 3, kim, party("Tony Kim", "x:2"), party("Kim Hak Song", "x:3"), form="pardon", destination="US")
    s.freed("kcna", "2018-05-10T02:42:00-04:00", 3, party("김동철", "x:1"), status="confirmed")
    s.freed("agency", "2018-05", 3, reported="2018-06-01")
    s.releases = ["2018-05-10 3 3 3"]    # the instant that one of them gives, in UTC
    s.people = {"Kim Dong Chul": "deported 2018-05-09 1 0", "Tony Kim": "deported 2018-05-09 1 0", "Kim Hak Song": "deported 2018-05-09 1 0"}
    s.measures = {"UN coal": "in_force 2017-08-05", "UN seafood": "in_force 2018-10-01", "US coal": "in_force 2016-03-16",
                  "KR tourism": "in_force 2020-02-01"}
    return s


@story
def pakistan():
    """Freed by a court and held again at the gate, four times in two weeks; one of the arrests never was."""
    s = Story("PK")
    man = party("Shah Mahmood Qureshi", "x:smq")
    s.held("police", "2023-05-11T03:00:00+05:00", 1, man)
    s.freed("court", "2023-05-23T17:00:00+05:00", 1, man, form="acquittal")
    s.held("police", "2023-05-23T17:10:00+05:00", 1, party("Makhdoom Qureshi", "x:smq"))
    s.freed("court", "2023-05-26T12:00:00+05:00", 1, man)
    again = s.held("wire", "2023-05-26T12:30:00+05:00", 1, man)
    s.freed("lawyer", "2023-06-06", 1, party("S. M. Qureshi", "x:smq"), status="confirmed")
    s.back("wire", again, "2023-05-27")
    # With no arrest on the 26th, the lawyer's 6 June tells again of the 26 May on which he came free; 23 May stands apart.
    s.releases = ["2023-05-23 1 1 1", "2023-05-26 1 1 1"]
    s.detentions = ["2023-05-10 1 1 1", "2023-05-23 1 1 1"]
    s.people = {"Shah Mahmood Qureshi": "released 2023-05-26 2 2"}
    return s


@story
def saudi_arabia():
    """Women known by an id, by transliterations and in their own script; what is stated later of a sentence that ended."""
    s = Story("SA")
    loujain = party("Loujain al-Hathloul", "x:lh")
    s.held("ngo", "2018-05-15", 11, loujain, party("Aziza al-Yousef", "x:ay"), count_is="at_least")
    s.held("wire", "2018-05", 17, reported="2018-06-03", attributed_to="prosecutor")
    s.freed("prosecutor", "2018-06-03", 8, form="other", reported="2018-06-03")
    s.freed("ngo", "2019-03-28", 3, party("Aziza al-Yousef", "x:ay"), status="confirmed")
    s.freed("family", "2021-02-10", 1, party("لجين الهذلول", "x:lh"), form="sentence_served", status="confirmed")
    s.freed("wire", "2021-02-10", 1, party("Lujain Hathlul"))
    wrong = s.freed("ngo", "2020-12-28", 1, loujain, form="pardon")
    s.back("ngo", wrong, "2020-12-29")
    # "At least 11" on a day is an incident of its own; 17 in the month overlaps and is not its count: another.
    s.releases = ["2018-06-03 8 8 8", "2019-03-28 3 3 3", "2021-02-10 1 1 1", "2021-02-10 1 1 1"]
    s.detentions = ["2018-05-01 17 17 17", "2018-05-15 11 11 11"]
    s.people = {"Loujain al-Hathloul": "released 2021-02-10 1 1", "Aziza al-Yousef": "released 2019-03-28 1 1",
                "Lujain Hathlul": "released 2021-02-10 1 0"}
    s.possible = ["Loujain al-Hathloul, Lujain Hathlul"]
    return s


@story
def chad():
    """Pardoned by decree, and let go in two days; a province counts its own."""
    s = Story("TD")
    s.freed("decree", "2023-03-27", 380, form="pardon", attributed_to="presidency")
    s.freed("wire", "2023-03-27", 380, attributed_to="presidency", form="pardon")
    s.freed("prison", "2023-03-28", 259, status="confirmed")
    s.freed("lawyers", "2023-03-28", 259, status="announced")
    s.freed("prison", "2023-04-05", 6, form="pardon", status="confirmed", incident="women")
    s.freed("prison", "2023-04-06", 67, form="pardon", status="confirmed", incident="men")
    s.freed("lawyers", "2023-04-05", 73, reported="2023-04-08")
    wrong = s.freed("lawyers", "2023-04-05", 6, reported="2023-04-05")
    s.freed("lawyers", "2023-04-05", 7, reported="2023-04-05", revises=wrong)
    # Confirmed 259 outweighs. In April one source tells two happenings apart; the lawyers' go with the first.
    s.releases = ["2023-03-28 259 259 380 disagree", "2023-04-05 6 6 73 disagree", "2023-04-06 67 67 67"]
    return s


@story
def kazakhstan():
    """Patronymics and orders of names; a trial that frees, a parole, a sentence that ended; totals that others state."""
    s = Story("KZ")
    mamay = party("Жанболат Мамай", "x:m")
    s.held("wire", "2022-02-25", 1, mamay)
    s.freed("court", "2022-11-02", 1, party("Mamai Zhanbolat Muratuly", "x:m"), form="other")
    s.freed("ngo", "2022-11-01T23:00:00-05:00", 1, party("Zhanbolat Mamay", "x:m"), status="confirmed")
    s.freed("ngo", "2022-12-16~", 5, form="amnesty", reported="2023-01-05")
    s.freed("court", "2022-12-20", 5, form="amnesty")
    s.freed("court", "2023-09-01", 2, form="sentence_served")
    five = s.freed("ngo", "2023-09-02", 5, form="amnesty")
    s.freed("ngo", "2023-09-02", 4, form="amnesty", revises=five, reported="2023-09-09")
    s.said("tally", "ngo", "2023-12-31", of="released", count=12, since="2022-01-01")
    s.said("tally", "court", "2023-12-31", of="released", count=9, since="2022-01-01", form="amnesty")
    s.said("tally", "paper", "2023-12-31", of="released", count=10, since="2022-01-01", form="amnesty")
    s.releases = ["2022-11-02 1 1 1", "2022-12-20 5 5 5", "2023-09-01 2 2 2", "2023-09-02 4 4 4"]
    s.detentions = ["2022-02-25 1 1 1"]
    s.people = {"Жанболат Мамай": "released 2022-11-02 1 1"}
    s.tallies = ["released 10 other-definition", "released 12 agrees", "released 9 agrees"]
    return s


@story
def sri_lanka():
    """A proscription that is lifted for some and put back; the same body under the names of three authorities."""
    s = Story("LK")
    gtf, ctc = party("Global Tamil Forum", "lk:1"), party("Canadian Tamil Congress", "lk:2")
    s.step("LK", "imposed", "2014-03-21", gtf, ctc, program="REG-1-2012")
    s.step("LK", "delisted", "2015-11-20", gtf, ctc)
    s.step("LK", "reimposed", "2021-02-25", gtf, ctc, program="REG-1-2012")
    s.step("LK", "delisted", "2022-08-01", gtf, ctc)
    s.step("LK", "delisted", "2022-08-14", gtf, source="wire", reported="2022-08-14")    # idle: he is off the list
    s.step("EU", "imposed", "2006-05-29", party("LTTE", "eu:1", "uk:1"))
    s.step("EU", "delisted", "2014-10-16", party("LTTE", "eu:1"), source="court")
    s.step("EU", "maintained", "2014-10-17", party("LTTE", "eu:1"), source="council")     # the effects go on: no removal
    s.step("UK", "imposed", "2001-03-29", party("Liberation Tigers of Tamil Eelam", "uk:1"))
    taken = s.step("UK", "delisted", "2020-10-21", party("Tigers", "uk:1"), source="wire")
    s.back("wire", taken, "2020-10-22")
    # What was delisted stays so when it is maintained.
    s.measures = {"LK Global Tamil Forum": "delisted 2022-08-01", "LK Canadian Tamil Congress": "delisted 2022-08-01",
                  "EU Liberation Tigers of Tamil Eelam": "delisted 2014-10-16", "UK Liberation Tigers of Tamil Eelam": "in_force 2001-03-29"}
    return s


@story
def mozambique():
    """Half-told dates: a month about, a year, none; a vague one that agrees, one that does not, one that is withdrawn."""
    s = Story("MZ")
    s.freed("a", "2024-11-10", 20)
    s.freed("b", "2024-11-20", 31, status="confirmed")
    s.freed("c", "2024-11", 31, reported="2024-12-01")
    s.freed("d", "2024-12~", 20, reported="2025-01-02", status="rumoured")
    s.freed("e", None, 20, reported=None)
    gone = s.freed("f", "2024-11", 27, reported="2024-12-03")
    s.freed("g", "2024", 27, reported="2025-01-10")
    s.back("f", gone, "2024-12-09")
    # c is the 31; d, from November on, the 20; g the year's 27, which is no other's; e stands alone.
    s.releases = ["None 20 20 20", "2024-01-01 27 27 27", "2024-11-10 20 20 20", "2024-11-20 31 31 31"]
    return s


def known(daemon, country):
    """All that is known of a country, but when sources were last heard of: with what they took back they were."""
    state = daemon.ok("state", {"country": country})
    for feed in state["feeds"]:
        del feed["last_at"]
    incidents = daemon.ok("incidents", {"country": country})["incidents"]
    told = [daemon.ok("explain", {"incident": i["id"]}) for i in incidents]
    return state, incidents, told


def people(incidents, kind):
    def start(i):
        at = i["occurred_at"]
        return at if at is None else (at + "-01-01"[len(at) - 4:] if isinstance(at, str) and len(at) < 10 else day(at)[:10])
    return ["%s %s %s %s%s" % (start(i), i["count"], i["low"], i["high"], " disagree" if i["disagrees"] else "")
            for i in incidents if i["kind"] == kind]


def rows(state):
    found = {}
    for m in state["measures"]:
        over = f" until {day(m['expires_at'])}" if m["expires_at"] else ""    # of what has run out nothing more is to come
        found[f"{m['authority']} {m['party'] or m['sector'] or m['program']}"] = f"{m['state']} {day(m['since'])}{over}"
    return found


class Stories(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.told = [tell() for tell in STORIES]
        countries = [s.country for s in cls.told]
        assert len(set(countries)) == len(countries)
        chance = random.Random(11)
        events = [e for s in cls.told for e in s.events]
        left = [e for s in cls.told for e in s.left()]
        shuffled = chance.sample(events, len(events))
        cls.daemons = [cls.heard(told, sizes, chance) for told, sizes in (
            (events, [len(events)]), (events[::-1], [1]), (shuffled, [1, 3, 20]), (chance.sample(left, len(left)), [1, 5, 50]))]
        cls.known = {c: [known(d, c) for d in cls.daemons] for c in countries}

    @classmethod
    def heard(cls, events, sizes, chance):
        daemon = harness.Daemon()
        cls.addClassCleanup(daemon.close)
        at = 0
        while at < len(events):
            batch = events[at:at + chance.choice(sizes)]
            reply = daemon.publish(batch)
            assert reply["accepted"] == len(batch), reply
            at += len(batch)
        daemon.publish(LAST)
        return daemon

    def test_as_worked_out(self):
        for s in self.told:
            state, incidents, _ = self.known[s.country][0]
            with self.subTest(s.country):
                self.assertEqual(people(incidents, "release"), s.releases)
                self.assertEqual(people(incidents, "detention"), s.detentions)
            with self.subTest(s.country + " measures"):
                self.assertEqual(rows(state), s.measures)
            with self.subTest(s.country + " people"):
                found = {p["person"]: "%s %s %s %s%s" % (p["status"], day(p["since"]), p["releases"], p["detentions"],
                                                         " contradiction" if p["contradiction"] else "") for p in state["persons"]}
                if s.people:
                    self.assertEqual(found, s.people)
            with self.subTest(s.country + " more"):
                if s.tallies is not None:
                    self.assertEqual(sorted(f"{t['of']} {t['count']} {t['state']}" for t in state["tallies"]), s.tallies)
                if s.possible is not None:
                    self.assertEqual(sorted(f"{p['person']}, {p['maybe']}" for p in state["possible"]), s.possible)
                if s.steps is not None:
                    effects = {"imposed": "tightening", "extended": "tightening", "delisted": "removal", "licensed": "relief"}
                    self.assertEqual(sorted(f"{day(i['occurred_at'])[:10]} {i['authority']} {effects[i['action']]} {i['count']}"
                                            for i in incidents if i["kind"] == "sanction"), s.steps)

    def test_in_whatever_order_and_as_though_what_was_taken_back_had_not_come(self):
        for s in self.told:
            first, *others = [json.dumps(one, default=str, indent=1).splitlines() for one in self.known[s.country]]
            for other in others:
                with self.subTest(s.country):
                    self.assertEqual([], list(difflib.unified_diff(first, other, n=1)))


if __name__ == "__main__":
    harness.main()
