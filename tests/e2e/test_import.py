"""thaw import into a running thawd: the measures that come of it, crashes between, broken lists."""
import json
import os
import unittest

import harness

NULL = "-0- "


def line(number, name, program):
    return f'{number},"{name}",-0- ,"{program}",' + ",".join([NULL] * 8) + "\r\n"


def csv(*records):
    return "".join(line(*r) for r in records) + "\x1a"


A = (36, "EXAMPLE AIRLINES", "ZIMBABWE")
B = (37, "EXAMPLE POTASH", "BELARUS-EO")
C = (38, "EXAMPLE BANK", "ZIMBABWE")
MANY = [(n, f"EXAMPLE {n}", "CUBA") for n in range(100, 130)]


class Import(unittest.TestCase):
    def setUp(self):
        self.daemon = harness.Daemon()
        self.addCleanup(self.daemon.close)

    def list_of(self, day, *records, data=None):
        path = self.daemon.path(f"sdn-{day}.csv")
        with open(path, "w", newline="", encoding="ascii") as file:
            file.write(csv(*records) if data is None else data)
        return path

    def take(self, path, *options, code=0, service=None, kind="ofac"):
        words = ["import", *options, "--state", self.daemon.path("lists"), kind, path]
        if service:
            words += ["--service", service, "--timeout", "1"]
        result = self.daemon.thaw(*words, check=False)
        self.assertEqual(result.returncode, code, (result.stdout, result.stderr))
        return result

    def events(self, kind="sanction"):
        return [e["event"] for e in self.daemon.ok("events", {"kind": kind, "limit": 1000})["events"]]

    def measures(self, country):
        """Authority and state by party."""
        held = {}
        for m in self.daemon.ok("state", {"country": country}).get("measures", []):
            held[m["party"]] = (m["authority"], m["state"])
        return held

    def test_measures(self):
        self.take(self.list_of("2024-01-01", A, B, C), "--initial")
        self.assertEqual(self.measures("ZW"), {
            "EXAMPLE AIRLINES": ("US", "in_force"),
            "EXAMPLE BANK": ("US", "in_force")})
        # one leaves, one moves to a program without a country, one program is renamed
        self.take(self.list_of("2024-03-04", (38, "EXAMPLE BANK", "GLOMAG"),
                               (37, "EXAMPLE POTASH", "BELARUS-EO14038")))
        zw = self.measures("ZW")
        self.assertEqual(zw["EXAMPLE AIRLINES"], ("US", "delisted"))
        self.assertEqual(zw["EXAMPLE BANK"], ("US", "in_force"))
        self.assertEqual(self.measures("BY"), {"EXAMPLE POTASH": ("US", "in_force")})
        self.assertEqual(sorted((e["action"], e["country"], e["program"]) for e in self.events()
                                if e["reported_at"] == "2024-03-04"),
                         [("amended", "BY", "BELARUS-EO14038"), ("amended", "ZW", "GLOMAG"),
                          ("delisted", "ZW", "ZIMBABWE")])

    def test_a_list_that_is_remembered_is_not_told_whole_and_that_is_said(self):
        first = self.list_of("2024-01-01", A, B)
        self.assertEqual(self.take(first).stderr, "")
        said = self.take(first, "--initial").stderr
        self.assertIn("--initial: a list is remembered", said)
        self.assertEqual(self.events(), [])

    def test_a_program_of_another_country_is_a_measure_from_that_day(self):
        self.take(self.list_of("2024-01-01", A, B), "--initial")
        self.take(self.list_of("2024-03-04", A, (37, "EXAMPLE POTASH", "BELARUS-EO] [RUSSIA-EO14024")))
        since = {}
        for country in "BY", "RU":
            for m in self.daemon.ok("state", {"country": country})["measures"]:
                day = m["since"] and m["since"].to_datetime().date().isoformat()
                since.setdefault(country, []).append((m["state"], day))
        self.assertEqual(since, {"BY": [("in_force", "2024-01-01")], "RU": [("in_force", "2024-03-04")]})

    def test_who_is_back_on_the_list_is_not_delisted(self):
        def entry(name, number):
            return (f"<INDIVIDUAL><DATAID>{number}</DATAID><VERSIONNUM>1</VERSIONNUM><FIRST_NAME>{name}"
                    "</FIRST_NAME><UN_LIST_TYPE>DRC</UN_LIST_TYPE><REFERENCE_NUMBER>CDi."
                    f"{number}</REFERENCE_NUMBER><LISTED_ON>2012-12-31</LISTED_ON></INDIVIDUAL>")

        for day, names, state in (("2026-02-01", ("Ann", "Bob"), "in_force"),
                                  ("2026-02-02", ("Ann",), "delisted"),
                                  ("2026-02-04", ("Ann", "Bob"), "in_force")):
            path = self.daemon.path(f"un-{day}.xml")
            with open(path, "w", encoding="ascii") as file:
                file.write(f'<CONSOLIDATED_LIST dateGenerated="{day}T00:00:09.5Z"><INDIVIDUALS>' +
                           "".join(entry(n, len(n) + ord(n[0])) for n in names) +
                           "</INDIVIDUALS></CONSOLIDATED_LIST>")
            self.take(path, "--initial", kind="un")
            self.assertEqual(self.measures("CD")["Bob"], ("UN", state), day)

    def test_who_was_one_with_another_for_a_time_stays_listed(self):
        """Two entries of OpenSanctions are merged, and parted again; then one of them leaves."""
        def entity(number, *merged):
            return {"id": f"N{number}", "caption": f"Example {number}", "schema": "Person",
                    "referents": list(merged), "datasets": ["eu_fsf"], "properties": {"topics": ["sanction"]}}

        def sanction(number, of):
            return {"id": f"s{number}", "caption": "s", "schema": "Sanction", "datasets": ["eu_fsf"],
                    "properties": {"entity": [of], "programId": ["EU-BLR"], "startDate": ["2022-03-01"]}}

        one, two = [entity(1), sanction(1, "N1")], [entity(2), sanction(2, "N2")]
        merged = [entity(1, "N2"), sanction(1, "N1"), sanction(2, "N1")]
        for day, listed, states in ((1, one + two, {"in_force"}), (2, merged, {"in_force"}),
                                    (3, one + two, {"in_force"}), (4, two, {"in_force"}),
                                    (5, one + two, {"in_force"}), (6, one, {"in_force"}),
                                    (7, [entity(3), sanction(3, "N3")], {"in_force", "delisted"}),
                                    (8, [entity(3), sanction(3, "N3")] + two, {"in_force"})):
            path = self.daemon.path(f"2024-06-0{day}.ftm.json")
            with open(path, "w", encoding="ascii") as file:
                file.write("\n".join(json.dumps(e) for e in listed))
            self.take(path, "--initial", "--shrink", "100", kind="opensanctions")
            self.assertEqual({state for _, state in self.measures("BY").values()}, states, day)

    def test_several_acts_are_one_feed_and_one_measure(self):
        head = "celex,recordId,programKey,annex,measure,startDate,schema,name\n"

        def act(celex, day, *names, code=0, end="\n"):
            path = self.daemon.path(f"eu-{celex}-{day}.csv")
            with open(path, "w", encoding="ascii") as file:
                file.write(head + "\n".join(f"{celex},,EU-BLR,I,Asset freeze,2.12.2021,Person,{n}"
                                            for n in names) + end)
            self.take(path, "--initial", kind="eu", code=code)
            return [f["broken"] for f in self.daemon.ok("state", {"country": "ZZ"})["feeds"]]

        def states():
            return {party: state for party, (_, state) in self.measures("BY").items()}

        one, two = "32006R0765", "32024R9999"
        act(one, "2024-01-01", "Ann", "Bob", "Eve")
        self.assertEqual(act(two, "2024-01-01", "Bob", "Carl"), [False])
        # it leaves one of two, then the other; or goes over from one to the other
        self.assertEqual(act(one, "2024-01-02", "Ann", "Eve"), [False])
        self.assertEqual(states()["Bob"], "in_force")
        self.assertEqual(act(two, "2024-01-03", "Carl"), [False])
        self.assertEqual(states()["Bob"], "delisted")
        act(one, "2024-01-04", "Ann")
        self.assertEqual(states()["Eve"], "delisted")
        act(two, "2024-01-04", "Carl", "Eve")
        self.assertEqual(states()["Eve"], "in_force")
        act(two, "2024-01-05", "Ann", "Carl", "Eve")
        act(one, "2024-01-05", "Dora")
        self.assertEqual(states(), {"Ann": "in_force", "Bob": "delisted", "Carl": "in_force",
                                    "Dora": "in_force", "Eve": "in_force"})
        # the feed is broken until the act is whole
        self.assertEqual(act(one, "2024-01-06", "Dora", code=1, end=""), [True])
        self.assertEqual(act(two, "2024-01-06", "Ann", "Carl", "Eve"), [True])
        self.assertEqual(act(one, "2024-01-06", "Dora"), [False])

    def test_telling_again_is_a_duplicate(self):
        self.take(self.list_of("2024-01-01", A))
        first = self.list_of("2024-01-02", A, B, C)
        before = self.daemon.path("lists", "ofac.list")
        with open(before, "rb") as file:
            kept = file.read()
        self.take(first)
        count = len(self.events())
        self.assertEqual(count, 2)
        with open(before, "wb") as file:
            file.write(kept)
        self.assertIn("0 accepted, 3 known already", self.take(first).stdout)
        self.assertEqual(len(self.events()), count)

    def test_what_was_not_told_is_told_by_the_next_run(self):
        self.take(self.list_of("2024-01-01", A))
        second = self.list_of("2024-01-02", A, B)
        nobody = "ipc://" + self.daemon.path("nobody")
        said = self.take(second, code=3, service=nobody).stderr
        self.assertIn(f"no connection to {nobody}: No such file or directory; is thawd running?", said)
        self.assertIn("not everything was acknowledged; the next run tells it again", said)
        self.assertTrue(os.path.exists(self.daemon.path("lists", "ofac.next")))
        self.assertEqual(self.events(), [])
        # The next list has come meanwhile: both differences are told, each with its own day.
        self.take(self.list_of("2024-01-03", A, B, C))
        self.assertEqual(sorted((e["targets"][0]["name"], e["occurred_at"]) for e in self.events()),
                         [("EXAMPLE BANK", "2024-01-03"), ("EXAMPLE POTASH", "2024-01-02")])
        self.assertFalse(os.path.exists(self.daemon.path("lists", "ofac.next")))

    def test_what_thawd_keeps_no_more_is_said(self):
        self.daemon.stop()
        self.daemon.configure({"retain": {"age": "60d"}})
        self.daemon.start()
        self.take(self.list_of("2024-01-01", A))
        for month in range(1, 7):
            for day in range(1, 29):
                date = f"2024-{month:02}-{day:02}"
                self.daemon.publish(harness.event(date, count=day, occurred_at=date, reported_at=date))
        harness.wait_for(lambda: self.daemon.counters()["dropped"] > 50, "reports were dropped")
        result = self.take(self.list_of("2024-01-02", A, B, C))
        self.assertIn("0 accepted, 0 known already", result.stdout)
        self.assertIn("thawd refused 3 events", result.stderr)
        self.assertEqual(self.measures("BY"), {})

    def test_a_broken_list(self):
        self.take(self.list_of("2024-01-01", *MANY))
        nobody = "ipc://" + self.daemon.path("nobody")
        said = self.take(self.list_of("2024-01-02", data=""), code=1, service=nobody).stderr
        self.assertIn(f"no connection to {nobody}", said)
        self.assertIn("thawd was not told that the list is broken", said)
        for data in "", csv(*MANY)[:-1], csv(*MANY[:9]), "<html>":
            self.take(self.list_of("2024-01-02", data=data), code=1)
        self.assertEqual(self.events(), [])
        self.assertEqual({e["state"] for e in self.events("feed")}, {"ok", "broken"})
        self.take(self.list_of("2024-01-03", *MANY))
        feeds = sorted(self.events("feed"), key=lambda e: e["reported_at"])
        self.assertEqual(feeds[-1]["state"], "ok")

    def test_the_last_word_is_that_of_the_last_file(self):
        """Whatever the times of the files: a fetcher leaves a list the time of its publication, and an
        error page has its own; and whatever is told again."""
        def word(name, time, data, code):
            path = self.daemon.path(name)
            with open(path, "w", newline="", encoding="ascii") as file:
                file.write(data)
            os.utime(path, (time, time))
            self.take(path, code=code)
            return [f for f in self.daemon.ok("state", {"country": "ZZ"})["feeds"] if f["source"] == "ofac-sdn"]

        day, noon = 1709251200, 43200  # 2024-03-01
        good, cut = csv(A, B, C, *MANY), csv(A, B, C, *MANY)[:300]
        for name, time, data, code in (
                ("sdn.csv", day, good, 0), ("sdn.csv", day + noon, "<html>", 1),
                ("sdn.csv", day, good, 0), ("sdn.csv", day, good, 0), ("sdn.csv", day, cut, 1),
                ("sdn.csv", day, good, 0), ("sdn-2024-03-02.csv", day, good, 0),
                ("sdn-2024-03-02.csv", day, cut, 1), ("sdn-2024-03-02.csv", day, good, 0)):
            feeds = word(name, time, data, code)
            self.assertEqual([f["broken"] for f in feeds], [code == 1], (name, time, data[:20]))


if __name__ == "__main__":
    harness.main()
