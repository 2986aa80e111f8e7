"""thaw import ofac on small lists in the form of sdn.csv and SDN.XML."""
import json
import os
import random
import subprocess

from support import THAW, ImportCase, acts, main

NULL = "-0- "


def line(number, name, program, kind=NULL, title=NULL, remarks=NULL):
    def field(text):
        return text if text == NULL else '"' + text.replace('"', '""') + '"'
    fields = [str(number), field(name), field(kind), field(program), field(title)]
    return ",".join(fields + [NULL] * 6 + [field(remarks)]) + "\r\n"


def csv(*lines):
    return "".join(lines) + "\x1a"


A = line(36, "EXAMPLE AIRLINES", "CUBA")
B = line(7489, "EXAMPLE, Constantine", "ZIMBABWE", "individual", "General",
         "DOB 25 Aug 1956; Passport AD000263 (Zimbabwe); National ID No. 63-741411 R50 (Zimbabwe).")
C = line(20290, "EXAMPLE POTASH", "BELARUS-EO", NULL, NULL,
         "Tax ID No. 808000714 (Belarus); Registration Number 26740 (Iran).")
V = line(15000, "EXAMPLE STAR", "NPWMD] [IFSR", "vessel", NULL,
         "Vessel Registration Identification IMO 9074729; MMSI 572469210.")


class Ofac(ImportCase):
    def start(self, *lines):
        self.assertEqual(self.good("2024-01-01.csv", csv(*lines)), [])

    def test_baseline_then_additions(self):
        self.start(A, B)
        events = self.good("2024-01-05.csv", csv(A, B, C, V))
        self.assertEqual(acts(events), [("imposed", "ofac:15000", "IR"),
                                        ("imposed", "ofac:20290", "BY")])
        potash = [e for e in events if e["country"] == "BY"][0]
        self.assertEqual(potash["occurred_at"], "2024-01-05")
        self.assertEqual(potash["authority"], "US")
        self.assertEqual(potash["status"], "confirmed")
        self.assertEqual(potash["program"], "BELARUS-EO")
        # A number that short is no certain one.
        self.assertEqual(potash["targets"], [{"name": "EXAMPLE POTASH", "type": "entity",
                                              "ids": ["ofac:20290", "tax:BY:808000714"]}])
        ship = [e for e in events if e["country"] == "IR"][0]
        self.assertEqual(ship["targets"][0]["ids"], ["ofac:15000", "imo:9074729"])
        self.assertEqual(ship["targets"][0]["type"], "vessel")
        self.assertEqual(ship["program"], "IFSR")

    def test_initial_tells_the_whole_list(self):
        events = self.good("2024-01-01.csv", csv(A, B), "--initial")
        self.assertEqual(acts(events), [("imposed", "ofac:36", "CU"), ("imposed", "ofac:7489", "ZW")])

    def test_a_renamed_program_is_an_amendment(self):
        self.start(A, C)
        events = self.good("2024-01-05.csv", csv(A, C.replace("BELARUS-EO", "BELARUS-EO14038")))
        self.assertEqual(acts(events), [("amended", "ofac:20290", "BY")])
        self.assertEqual(events[0]["note"], "changed: program BELARUS-EO -> BELARUS-EO14038")

    def test_a_record_that_moves_to_a_program_without_country_keeps_its_country(self):
        self.start(A, B)
        moved = B.replace("ZIMBABWE", "GLOMAG").replace("Constantine", "Constantino")
        events = self.good("2024-01-05.csv", csv(A, moved))
        self.assertEqual(acts(events), [("amended", "ofac:7489", "ZW")])
        self.assertEqual(events[0]["program"], "GLOMAG")
        self.assertIn("name EXAMPLE, Constantine -> EXAMPLE, Constantino", events[0]["note"])
        # and when it leaves at last, it leaves there
        events = self.good("2024-01-06.csv", csv(A))
        self.assertEqual(acts(events), [("delisted", "ofac:7489", "ZW")])

    def test_several_countries_are_told_each(self):
        both = line(50, "EXAMPLE BANK", "BELARUS-EO14038] [RUSSIA-EO14024] [CYBER2")
        self.start(A)
        events = self.good("2024-01-05.csv", csv(A, both))
        self.assertEqual(sorted((e["country"], e["program"]) for e in events),
                         [("BY", "BELARUS-EO14038"), ("RU", "RUSSIA-EO14024")])
        # A program that is taken away is no delisting while the record stands.
        events = self.good("2024-01-06.csv", csv(A, line(50, "EXAMPLE BANK", "RUSSIA-EO14024")))
        self.assertEqual(acts(events), [("amended", "ofac:50", "BY"), ("amended", "ofac:50", "RU")])

    def test_a_program_of_another_country_is_a_listing_there(self):
        one = line(50, "EXAMPLE BANK", "NPWMD] [BELARUS-EO14038")
        self.start(A, one)
        events = self.good("2024-01-05.csv", csv(A, one.replace("NPWMD", "NPWMD] [RUSSIA-EO14024")))
        self.assertEqual([(e["action"], e["country"], e["program"], e["occurred_at"], e["title"])
                          for e in sorted(events, key=lambda e: e["country"])], [
            ("amended", "BY", "BELARUS-EO14038", "2024-01-05", "OFAC SDN list: EXAMPLE BANK: entry changed"),
            ("imposed", "RU", "RUSSIA-EO14024", "2024-01-05", "OFAC SDN list: EXAMPLE BANK: listed")])
        self.assertEqual({e["note"] for e in events}, {
            "changed: program NPWMD, BELARUS-EO14038 -> NPWMD, RUSSIA-EO14024, BELARUS-EO14038"})
        # a second program of a country is none, nor one that comes back to where the record stayed
        for day, programs in ("06", "RUSSIA-EO14024] [RUSSIA-EO14039"), ("07", "BELARUS] [RUSSIA-EO14024"):
            events = self.good(f"2024-01-{day}.csv", csv(A, line(50, "EXAMPLE BANK", programs)))
            self.assertEqual(acts(events), [("amended", "ofac:50", "BY"), ("amended", "ofac:50", "RU")])

    def test_countries_of_programs(self):
        expected = {"BELARUS": "BY", "ZIMBABWE": "ZW", "UKRAINE-EO13661": "RU", "DPRK4": "KP",
                    "CAATSA - RUSSIA": "RU", "SOUTH SUDAN": "SS", "SUDAN-EO14098": "SD",
                    "BURMA-EO14014": "MM", "LIBYA3": "LY", "BPI-RUSSIA-EO14024": "RU",
                    "CAR": "CF", "HK-EO13936": "HK", "NS-PLC": "PS", "SDGT": "ZZ", "BALKANS": "ZZ",
                    "AFGHANISTAN-EO1": "AF", "ISA": "IR", "ISAX": "ZZ", "NICARAGUA-NHRAA": "NI"}
        lines = [line(i + 100, f"EXAMPLE {i}", p) for i, p in enumerate(expected)]
        events = self.good("2024-01-01.csv", csv(*lines), "--initial")
        self.assertEqual({e["program"]: e["country"] for e in events}, expected)

    def test_removal_and_renumbering(self):
        self.start(A, B, C)
        again = C.replace("20290", "30000")
        events = self.good("2024-01-05.csv", csv(A, again))
        # It bears an identifier of both: the party is still there.
        self.assertEqual(acts(events), [("delisted", "ofac:7489", "ZW"),
                                        ("imposed", "ofac:30000", "BY"),
                                        ("maintained", "ofac:20290", "BY")])
        new = [e for e in events if e["action"] == "imposed"][0]
        self.assertIn("ofac:20290", new["targets"][0]["ids"])

    def test_who_stays_under_another_number_stays_in_the_country(self):
        # The identifier is in doubt while two bear it, so the first one gets it when it is alone.
        for first in B.replace("7489", "8000").replace("ZIMBABWE", "GLOMAG"), A:
            with self.subTest(first=first):
                self.good("2024-01-01.csv", csv(first.replace("AD000263", "AD000999").replace("63-741411", "63-741999"), B),
                          state=first[:9])
                other = B.replace("7489", "8000").replace("ZIMBABWE", "GLOMAG")
                events = self.good("2024-01-05.csv", csv(other), "--shrink", "100", state=first[:9])
                self.assertIn(("maintained", "ofac:7489", "ZW"), acts(events))
                events = self.good("2024-01-06.csv", csv(A, C), state=first[:9])
                gone = [e for e in events if e["action"] == "delisted"]
                self.assertEqual(acts(gone), [("delisted", "ofac:8000", "ZW"), ("delisted", "ofac:8000", "ZZ")])

    def test_renumbering_by_name_alone(self):
        one = line(50, "EXAMPLE ONE", "BELARUS")
        self.start(A, one)
        events = self.good("2024-01-05.csv", csv(A, one.replace("50", "60", 1)))
        # The new number carries the old one: a move to whoever folds them.
        self.assertEqual([(e["action"], e["targets"][0]["ids"]) for e in events],
                         [("imposed", ["ofac:60", "ofac:50"]), ("delisted", ["ofac:50"])])

    def test_numbers_of_the_world(self):
        """A legal entity identifier has twenty letters and digits; what does not is none."""
        says = ("Legal Entity Number 894500DKUWVBYZLLE651 (Russia); alt. Legal Entity Number "
                "984500E975B997FA5E48; Legal Entity Number 12345; Identification Number IMO 5678901.")
        one = line(1, "EXAMPLE ONE", "CUBA", NULL, NULL, says)
        events = self.good("2024-01-01.csv", csv(one), "--initial")
        ids = ["ofac:1", "lei:894500DKUWVBYZLLE651", "lei:984500E975B997FA5E48", "imo-company:5678901"]
        self.assertEqual([e["targets"][0]["ids"] for e in events], [ids])
        more = "".join(f"<id><uid>5</uid><idType>{kind}</idType><idNumber>{number}</idNumber></id>" for kind, number in (
            ("Legal Entity Number", "894500DKUWVBYZLLE651"), ("Legal Entity Number", "984500E975B997FA5E48"),
            ("Legal Entity Number", "12345"), ("Identification Number", "IMO 5678901")))
        events = self.good("a.xml", xml(entry(1, "EXAMPLE ONE", "CUBA", more=f"<idList>{more}</idList>")),
                           "--initial", state="xml")
        self.assertEqual([e["targets"][0]["ids"] for e in events], [ids])

    def test_an_identifier_of_two_records_is_certain_of_neither(self):
        one = line(1, "EXAMPLE ONE", "CUBA", "individual", NULL, "Passport B1234567 (Cuba).")
        two = line(2, "EXAMPLE TWO", "CUBA", "individual", NULL, "Passport B1234567 (Cuba).")
        events = self.good("2024-01-01.csv", csv(one, two), "--initial")
        self.assertEqual([e["targets"][0]["ids"] for e in events], [["ofac:1"], ["ofac:2"]])

    def test_a_clock_that_ran_ahead_holds_no_later_list_up(self):
        self.start(A)
        for state, data, code in (("ok", csv(A, B), 0), ("broken", csv(A, B, C), 0), ("ok", "<html>", 1)):
            self.write(os.path.join("state", "ofac.word"), f"{state} 2190-01-01T00:00:00Z\n")
            got, events = self.take("2024-01-02.csv", data)
            self.assertEqual((got, events[-1]["kind"], events[-1]["reported_at"]), (code, "feed", "2024-01-02"))

    def test_a_full_disk_is_named(self):
        path = self.write("2024-01-01.csv", csv(A))
        with open("/dev/full", "wb") as full:
            result = subprocess.run([THAW, "import", "ofac", "--json", "--initial", "--state",
                                     self.path("state"), path], stdout=full, stderr=subprocess.PIPE,
                                    timeout=120, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"the events could not be written: No space left on device", result.stderr)

    def test_an_identifier_that_another_entry_had_ties_no_two(self):
        """A number that is corrected goes from one entry to another: who leaves takes nobody along."""
        def entry(number, remarks=NULL):
            return line(number, f"EXAMPLE {number}", "CUBA", "individual", NULL, remarks)
        passport = "Passport AB1234567 (Cuba)."
        self.start(A)
        events = self.good("2024-01-02.csv", csv(A, entry(50, passport)))
        self.assertEqual(events[0]["targets"][0]["ids"], ["ofac:50", "passport:CU:AB1234567"])
        self.good("2024-01-03.csv", csv(A, entry(50)))
        self.assertEqual(self.good("2024-01-04.csv", csv(A, entry(50))), [])
        events = self.good("2024-01-05.csv", csv(A, entry(50), entry(60, passport)))
        self.assertEqual([(e["action"], e["targets"][0]["ids"]) for e in events], [("imposed", ["ofac:60"])])
        events = self.good("2024-01-06.csv", csv(A, entry(60, passport)))
        self.assertEqual([(e["action"], e["targets"][0]["ids"]) for e in events], [("delisted", ["ofac:50"])])

    def test_an_identifier_once_in_doubt_stays_so(self):
        says = "Passport B1234567 (Cuba)."
        one = line(1, "EXAMPLE ONE", "CUBA", "individual", NULL, says)
        two = line(2, "EXAMPLE TWO", "CUBA", "individual", NULL, says)
        self.good("2024-01-01.csv", csv(one), "--initial")
        events = self.good("2024-01-02.csv", csv(one, two))
        self.assertEqual([e["targets"][0]["ids"] for e in events], [["ofac:2"]])
        events = self.good("2024-01-03.csv", csv(two))
        self.assertEqual([(e["action"], e["targets"][0]["ids"]) for e in events],
                         [("delisted", ["ofac:1"])])
        events = self.good("2024-01-04.csv", csv(two.replace(says, says + "; DOB 1970.")))
        self.assertEqual([(e["action"], e["targets"][0]["ids"]) for e in events],
                         [("amended", ["ofac:2"])])

    def test_an_older_file(self):
        self.start(A, B)
        self.broken("2023-12-31.csv", csv(A))
        # of several files the one whose name says a day
        alt = self.write("alt.csv", '7489,1,"aka","EXAMPLE, Con",-0- \r\n\x1a')
        self.broken("2023-12-31.csv", csv(A), alt)

    def test_a_day_to_come(self):
        """thawd refuses it, and a list that is never told would stand before all others."""
        self.start(A, B)
        word = self.broken("2090-01-01.csv", csv(A, B, C))
        self.assertIn("is of 2090-01-01, which lies ahead of this machine's clock", word["note"])
        self.assertLess(word["reported_at"], "2090")
        for more in (), ("--dry-run",):
            result = self.run_thaw("--state", self.path("state"), "--date", "2090-01-01", *more,
                                   self.write("x.csv", csv(A, B, C)))
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertIn(b"--date is '2090-01-01', which lies ahead", result.stderr)
        self.assertEqual(len(self.good("2024-01-05.csv", csv(A, B, C))), 1)

    def test_companions(self):
        alt = '7489,1,"aka","EXAMPLE, Con",-0- \r\n\x1a'
        comments = '7489," Passport ZZ998877 (Zimbabwe)."\r\n'  # real ones end without the mark
        more = [self.write("alt.csv", alt), self.write("comments.csv", comments)]
        self.good("2024-01-01.csv", csv(A, B), *more)
        self.assertEqual(self.good("2024-01-02.csv", csv(A, B), *more), [])
        self.write("alt.csv", alt.replace("Con\"", "Connie\""))
        events = self.good("2024-01-03.csv", csv(A, B), *more)
        self.assertEqual([e["note"] for e in events], ["changed: other names"])
        # Without its companions a list says nothing of what they hold.
        self.assertEqual(self.good("2024-01-04.csv", csv(A, B)), [])

    def test_the_form_of_a_file_is_no_change(self):
        alt = ('7489,1,"aka","EXAMPLE, Con",-0- \r\n', '7489,2,"aka","EXAMPLE, Ann",-0- \r\n')
        add = '7489,1,"Main Street","Harare","Zimbabwe",-0- \r\n'
        both = A.replace("ZIMBABWE", "ZIMBABWE] [GLOMAG")
        self.good("2024-01-01.csv", csv(both, B), self.write("alt.csv", csv(*alt)),
                  self.write("add.csv", csv(add)))
        # parts numbered anew, programs in another order, blanks, a byte order mark
        for data in (csv(both, B), csv(A.replace("ZIMBABWE", "GLOMAG] [ZIMBABWE"), B),
                     "\ufeff" + csv(both.replace("; ", ";  "), B)):
            self.assertEqual(self.good(
                "2024-01-02.csv", data, self.write("alt.csv", "\ufeff" + csv(
                    alt[1].replace(",2,", ",7,"), alt[0].replace(",1,", ",9,"))),
                self.write("add.csv", csv(add.replace(",1,", ",3,").replace("Main ", "Main  ")))), [])
        events = self.good("2024-01-03.csv", csv(both, B), self.write("alt.csv", csv(alt[0])),
                           self.write("add.csv", csv(add.replace("Main", "Other"))))
        self.assertEqual([e["note"] for e in events], ["changed: other names; addresses"])

    def test_the_same_file_twice(self):
        path = self.write("2024-01-02.csv", csv(A, B))
        word = self.broken("2024-01-01.csv", csv(A, B), path)
        self.assertIn("there are two files with 12 columns", word["note"])

    def test_the_same_difference_has_the_same_ids(self):
        runs = []
        for state in "one", "two":
            self.good("2024-01-01.csv", csv(A, B), state=state)
            runs.append(self.good("2024-01-05.csv", csv(B, C, V), state=state))
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(len({e["id"] for e in runs[0]}), len(runs[0]))

    def test_a_list_again_tells_nothing(self):
        self.start(A, B, C)
        lines = [A, B, C]
        for day in range(2, 6):
            random.Random(day).shuffle(lines)
            self.assertEqual(self.good(f"2024-01-0{day}.csv.gz", csv(*lines)), [])

    def test_date_and_stdin(self):
        self.start(A)
        result = self.run_thaw("--json", "--state", self.path("state"), "--date",
                               "2024-02-03T04:05:06Z", "-", stdin=csv(A, B).encode())
        event = json.loads(result.stdout.splitlines()[0])
        self.assertEqual((result.returncode, event["occurred_at"]), (0, "2024-02-03T04:05:06Z"))
        for wrong in "yesterday", "2024-13-01":
            result = self.run_thaw("--date", wrong, "--state", self.path("state"), "-", stdin=b"")
            self.assertEqual(result.returncode, 2)

    def test_dry_run_remembers_nothing(self):
        self.start(A)
        before = self.remembered()
        code, events = self.take("2024-01-05.csv", csv(A, B), "--dry-run")
        self.assertEqual((code, len(events)), (0, 2))
        self.assertEqual(self.remembered(), before)


class Broken(ImportCase):
    def setUp(self):
        super().setUp()
        self.lines = [line(i, f"EXAMPLE {i}", "BELARUS") for i in range(100, 140)]
        self.good("2024-01-01.csv", csv(*self.lines))

    def test_other_things(self):
        for n, data in enumerate([
                "", "\x1a", "\r\n\x1a", "<html><body>busy</body></html>", "<!DOCTYPE html><html>",
                "{}", "a,b,c\r\n\x1a", "\0" * 50, '"' * 51 + "\x1a", "x" * 5000,
                csv(*self.lines)[:-1], csv(*self.lines, "1,2,3\r\n"), csv(*self.lines, self.lines[0]),
                csv(*self.lines[:-1], self.lines[-1].replace("EXAMPLE 139", NULL)),
                csv(*self.lines, line("12x", "EXAMPLE", "CUBA"))]):
            with self.subTest(n=n):
                event = self.broken(f"other-{n}.csv", data)
                self.assertIn(f"other-{n}.csv", event["note"])

    def test_a_zip_archive(self):
        event = self.broken("sdn.zip", b"PK\x03\x04" + csv(*self.lines).encode())
        self.assertIn("sdn.zip: is a ZIP archive; expected the file within it", event["note"])

    def test_the_line_is_named(self):
        event = self.broken("bad.csv", csv(*self.lines[:3], "1,2,3\r\n", *self.lines[3:]))
        self.assertIn("bad.csv:4: has 3 columns, expected 12", event["note"])

    def test_shrunken(self):
        self.broken("2024-01-02.csv", csv(*self.lines[:20]))
        events = self.good("2024-01-03.csv", csv(*self.lines[:20]), "--shrink", "60")
        self.assertEqual({e["action"] for e in events}, {"delisted"})
        self.assertEqual(len(events), 20)

    def test_the_end_of_a_program_is_no_broken_list(self):
        events = self.good("2024-01-02.csv", csv(*self.lines[:-7]))
        self.assertEqual(len(events), 7)

    # tests/unit/test_import.c cuts at every byte; here the whole program is seen to stand it.
    def test_cut(self):
        whole = csv(*self.lines[:4], '140,"A ""QUOTED"" NAME, Ltd",-0- ,"CUBA"' + "," + "-0- ,"
                    * 7 + '"text, more"\r\n').encode()
        self.good("2024-01-01.csv", whole, state="cut")
        for end in range(0, len(whole), 97):
            self.broken("2024-01-02.csv", whole[:end], state="cut")

    def test_cut_gzip(self):
        import gzip
        whole = gzip.compress(csv(*self.lines).encode())
        for end in range(0, len(whole), 149):
            self.broken("2024-01-02.bin", whole[:end])

    def test_a_damaged_memory_is_no_baseline(self):
        path = self.path("state/ofac.list")
        with open(path, "rb") as file:
            good = file.read()
        for bad in b"", good[:-1], good[: len(good) // 2], good.replace(b"EXAMPLE 110", b"EXAMPLE 11X"):
            with open(path, "wb") as file:
                file.write(bad)
            code, events = self.take("2024-01-02.csv", csv(*self.lines[:30]))
            self.assertEqual((code, events), (1, []))
            with open(path, "rb") as file:
                self.assertEqual(file.read(), bad)


class Random(ImportCase):
    """Events applied to one list give the other."""

    def test_random_lists(self):
        for seed in range(4):
            with self.subTest(seed=seed):
                self.one(random.Random(seed))

    def one(self, draw):
        programs = ["BELARUS", "ZIMBABWE", "GLOMAG", "CUBA", "BELARUS] [CUBA", "SDGT] [IRAN"]
        def some(count):
            return {n: (draw.choice("ABCDE") + str(n), draw.choice(programs))
                    for n in draw.sample(range(1, 60), count)}
        def countries(records, number):
            named = {"BELARUS": "BY", "ZIMBABWE": "ZW", "CUBA": "CU", "IRAN": "IR"}
            return {country for name, country in named.items() if name in records.get(number, ("", ""))[1]}
        state = f"state{draw.random()}"
        before = some(draw.randint(1, 40))
        after = {**{n: r for n, r in before.items() if draw.random() < 0.8}, **some(draw.randint(0, 20))}
        after = after or before
        def text(records):
            lines = [line(n, *r) for n, r in records.items()]
            draw.shuffle(lines)
            return csv(*lines)
        self.good("2024-01-01.csv", text(before), state=state)
        events = self.good("2024-01-02.csv", text(after), "--shrink", "100", state=state)
        held = dict(before)
        for e in events:
            number = int(e["targets"][0]["ids"][0].split(":")[1])
            if e["action"] == "delisted":
                held.pop(number, None)
            else:
                new = e["country"] in countries(after, number) - countries(before, number)
                self.assertEqual(e["action"], "imposed" if number not in before or new else "amended")
                held[number] = (e["targets"][0]["name"], after[number][1])
        self.assertEqual(held, after)
        for e in events:
            if e["action"] == "delisted":
                self.assertNotIn(int(e["targets"][0]["ids"][0].split(":")[1]), after)


def entry(uid, name, program, first="", more=""):
    first = f"<firstName>{first}</firstName>" if first else ""
    kind = "Individual" if first else "Entity"
    return (f"<sdnEntry><uid>{uid}</uid>{first}<lastName>{name}</lastName><sdnType>{kind}</sdnType>"
            f"<programList><program>{program}</program></programList>{more}</sdnEntry>")


def xml(*entries, count=None, day="01/05/2024"):
    return ('<?xml version="1.0" standalone="yes"?><sdnList xmlns="http://tempuri.org/sdnList.xsd">'
            f"<publshInformation><Publish_Date>{day}</Publish_Date>"
            f"<Record_Count>{len(entries) if count is None else count}</Record_Count>"
            f"</publshInformation>{''.join(entries)}</sdnList>")


class Xml(ImportCase):
    one = entry(36, "EXAMPLE AIRLINES", "CUBA")
    two = entry(7489, "EXAMPLE", "ZIMBABWE", "Constantine",
                "<idList><id><uid>5</uid><idType>Passport</idType><idNumber>AD000263</idNumber>"
                "<idCountry>Zimbabwe</idCountry></id></idList>")

    def test_difference(self):
        self.good("a.xml", xml(self.one))
        events = self.good("b.xml", xml(self.one.replace("CUBA", "SDGT"), self.two, day="01/06/2024"))
        self.assertEqual(acts(events), [("amended", "ofac:36", "CU"), ("imposed", "ofac:7489", "ZW")])
        self.assertEqual(events[1]["targets"][0],
                         {"name": "EXAMPLE, Constantine", "type": "person",
                          "ids": ["ofac:7489", "passport:ZW:AD000263"]})
        self.assertEqual(events[1]["occurred_at"], "2024-01-06")

    def test_the_csv_after_the_xml_is_the_same_list(self):
        self.good("2024-01-01.xml", xml(self.one, self.two))
        self.assertEqual(self.good("2024-01-06.csv", csv(A, B)), [])

    def test_identifiers_are_those_of_the_csv(self):
        """The country that is said counts, also for a number that mostly comes from one country."""
        numbers = (("NIT #", "1234567-8", "Guatemala"), ("NIT #", "800123456-1", "Colombia"),
                   ("NIT #", "900123456-2", ""), ("R.F.C.", "ABCD010203XY1", "Mexico"), ("Cedula No.", "12345678", "Panama"),
                   ("Passport", "B1234567", "Iran"), ("Unified Social Credit Code (USCC)", "91500118582829838H", "China"))
        ids = ["ofac:1", "tax:GT:12345678", "tax:CO:8001234561", "tax:CO:9001234562", "tax:MX:ABCD010203XY1",
               "national-id:PA:12345678", "passport:IR:B1234567", "registration:CN:91500118582829838H"]
        says = "; ".join(f"{kind} {number}" + (f" ({country})" if country else "") for kind, number, country in numbers)
        events = self.good("2024-01-01.csv", csv(line(1, "EXAMPLE ONE", "CUBA", NULL, NULL, says + ".")), "--initial")
        self.assertEqual([e["targets"][0]["ids"] for e in events], [ids])
        more = "".join(f"<id><uid>5</uid><idType>{kind}</idType><idNumber>{number}</idNumber>"
                       f"<idCountry>{country}</idCountry></id>" for kind, number, country in numbers)
        events = self.good("a.xml", xml(entry(1, "EXAMPLE ONE", "CUBA", more=f"<idList>{more}</idList>")),
                           "--initial", state="xml")
        self.assertEqual([e["targets"][0]["ids"] for e in events], [ids])

    def test_broken(self):
        self.good("a.xml", xml(self.one, self.two))
        whole = xml(self.one, self.two, day="01/06/2024")
        self.broken("b.xml", xml(self.one, self.two, count=3, day="01/06/2024"))
        self.broken("b.xml", xml(self.one, self.two, day="01/04/2024"))  # older
        self.broken("b.xml", whole.replace("Record_Count", "Other"))
        self.broken("b.xml", whole.replace("01/06/2024", "yesterday"))
        self.broken("b.xml", '<!DOCTYPE x [<!ENTITY a "b">]>' + whole)
        for end in range(0, len(whole), 97):
            self.broken("b.xml", whole[:end])


if __name__ == "__main__":
    main()
