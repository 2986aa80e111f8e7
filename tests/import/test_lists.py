"""thaw import eu, un, opensanctions and gdelt on small made lists."""
import collections
import csv
import io
import json
import re

from support import ImportCase, acts, main

HEADER = ("celex,recordId,programKey,annex,measure,startDate,reason,schema,name,alias,"
          "registrationNumber,idNumber,address\r\n")


def eu_row(number, annex, measure, start, name, schema="LegalEntity", reason="reason", **more):
    cells = ["32006R0765", number, "EU-BLR", annex, measure, start, reason, schema, name,
             more.get("alias", ""), more.get("registration", ""), more.get("id", ""),
             more.get("address", "")]
    return ",".join('"' + c.replace('"', '""') + '"' if "," in c or '"' in c else c
                    for c in cells) + "\r\n"


class Eu(ImportCase):
    kind = "eu"
    person = eu_row("1", "I.A", "Asset freeze", "2.12.2021", "Example PERSON", "Person",
                    id="3091178A002VF5")
    bank_ix = eu_row("", "IX", "Financial restrictions", "14 June 2022", "Example Bank",
                     registration="100230590", address="1 Street, Minsk, 220114 Belarus")
    bank_xv = eu_row("", "XV", "Financial restrictions", "2022-06-14",
                     "Example Bank (Bank for Examples)")

    def start(self, *rows):
        self.assertEqual(self.good("2024-01-01.csv", HEADER + "".join(rows)), [])

    def test_additions(self):
        self.start(self.person)
        events = self.good("2024-01-02.csv", HEADER + self.person + self.bank_ix + self.bank_xv)
        self.assertEqual([(e["action"], e["country"], e["authority"], e["program"], e["sector"],
                           e["occurred_at"]) for e in events],
                         [("imposed", "BY", "EU", "EU-BLR", "Financial restrictions",
                           "2022-06-14")] * 2)
        self.assertEqual([e["targets"][0]["ids"] for e in events],
                         [["eu:EU-BLR:example-bank", "tax:BY:100230590"],
                          ["eu:EU-BLR:example-bank"]])

    def test_the_printed_number_is_of_the_party(self):
        self.start(self.bank_ix)
        events = self.good("2024-01-02.csv", HEADER + self.bank_ix + self.person)
        self.assertEqual(events[0]["targets"][0]["ids"],
                         ["eu:EU-BLR:example-person", "eu:EU-BLR:example-person#1",
                          "national-id:BY:3091178A002VF5"])

    def test_leaving_one_of_two_annexes_is_no_delisting(self):
        self.start(self.person, self.bank_ix, self.bank_xv)
        events = self.good("2024-01-02.csv", HEADER + self.person + self.bank_xv)
        self.assertEqual(acts(events), [("maintained", "eu:EU-BLR:example-bank", "BY")])
        self.assertIn("Annex IX", events[0]["note"])
        events = self.good("2024-01-03.csv", HEADER + self.person)
        self.assertEqual(acts(events), [("delisted", "eu:EU-BLR:example-bank", "BY")])

    def test_amendments(self):
        self.start(self.person, self.bank_ix)
        events = self.good("2024-01-02.csv", HEADER + self.bank_ix.replace("reason", "another") +
                           self.person.replace("Example PERSON", "Example PERSONNE"))
        self.assertEqual(sorted((e["action"], e["note"]) for e in events)[0],
                         ("amended", "changed: details"))
        renamed = [e for e in events if "PERSONNE" in e["targets"][0]["name"]][0]
        self.assertEqual(renamed["action"], "amended")
        self.assertIn("eu:EU-BLR:example-person", renamed["targets"][0]["ids"])

    def test_a_number_given_anew_is_another_party(self):
        self.start(self.person)
        other = eu_row("1", "I.A", "Asset freeze", "5.1.2024", "Another ONE", "Person")
        events = self.good("2024-01-06.csv", HEADER + other)
        self.assertEqual(sorted(e["action"] for e in events), ["delisted", "imposed"])

    def test_namesakes(self):
        twin = eu_row("2", "I.A", "Asset freeze", "3.8.2023", "Example PERSON", "Person")
        self.start(self.person)
        events = self.good("2024-01-02.csv", HEADER + self.person + twin)
        self.assertEqual([e["action"] for e in events if e["action"] != "amended"], ["imposed"])
        # what both are called is certain of neither, now and when one of them is alone again
        ids = [e["targets"][0]["ids"] for e in events if e["action"] == "imposed"]
        self.assertEqual(ids, [["eu:EU-BLR:example-person#2"]])
        events = self.good("2024-01-03.csv", HEADER + twin)
        gone = [e["targets"][0]["ids"] for e in events if e["action"] == "delisted"]
        self.assertEqual(gone, [["eu:EU-BLR:example-person#1", "national-id:BY:3091178A002VF5"]])
        for e in events:
            self.assertNotIn("eu:EU-BLR:example-person", e["targets"][0]["ids"])

    def test_a_move_to_another_annex_is_of_one_day(self):
        moved = self.bank_ix.replace("IX", "XVI")
        for start in "14 June 2022", "15.1.2024":  # before the old list, and between the two
            with self.subTest(start=start):
                self.assertEqual(self.good("2024-01-01.csv", HEADER + self.person + self.bank_ix, state=start), [])
                events = self.good("2024-02-01.csv", HEADER + self.person +
                                   moved.replace("14 June 2022", start), state=start)
                self.assertEqual([(e["action"], e["occurred_at"]) for e in events],
                                 [("imposed", "2024-02-01"), ("maintained", "2024-02-01")])
                self.assertIn("eu:EU-BLR:example-bank", events[0]["targets"][0]["ids"])

    def test_a_party_renamed_and_moved_is_known_by_its_number(self):
        self.start(self.person, self.bank_ix)
        other = eu_row("", "XVI", "Financial restrictions", "14 June 2022", "Bank of Examples",
                       registration="100230590", address="1 Street, Minsk, 220114 Belarus")
        events = self.good("2024-02-01.csv", HEADER + self.person + other)
        self.assertEqual([(e["action"], e["occurred_at"]) for e in events],
                         [("imposed", "2024-02-01"), ("maintained", "2024-02-01")])
        self.assertIn("eu:EU-BLR:example-bank", events[0]["targets"][0]["ids"])

    def test_who_comes_back_comes_back_after_leaving(self):
        self.start(self.person, self.bank_ix)
        self.assertEqual(len(self.good("2024-01-02.csv", HEADER + self.person)), 1)
        self.assertEqual(self.good("2024-01-03.csv", HEADER + self.person), [])
        events = self.good("2024-01-04.csv", HEADER + self.person + self.bank_ix)
        self.assertEqual([(e["action"], e["occurred_at"], e["note"]) for e in events],
                         [("imposed", "2024-01-04", "listed on 2022-06-14, as the list says")])

    def test_an_older_file(self):
        self.start(self.person, self.bank_ix)
        self.broken("2023-12-31.csv", HEADER + self.person)
        self.broken("x.csv", HEADER + self.person, "--date", "2023-12")
        self.assertEqual(self.good("2024-01-01.csv", HEADER + self.person + self.bank_ix), [])
        self.assertEqual(self.good("2024-01.csv", HEADER + self.person + self.bank_ix), [])

    def test_two_acts_do_not_mix(self):
        self.start(self.person, self.bank_ix)
        other = HEADER + self.person.replace("32006R0765", "32014R0269").replace("EU-BLR", "EU-UKR")
        self.assertEqual(self.good("2024-01-01.csv", other), [])
        self.assertEqual(self.good("2024-01-02.csv", HEADER + self.person + self.bank_ix), [])

    def test_the_form_of_a_file_is_no_change(self):
        rows = [self.person, self.bank_ix.replace("reason", '"of  two\r\nlines"'), self.bank_xv]
        self.start(*rows)
        table = list(csv.reader(io.StringIO(HEADER + "".join(rows), newline="")))

        def written(table, **form):
            out = io.StringIO()
            csv.writer(out, **form).writerows(table)
            return out.getvalue().encode()

        more = [row + ["" if n else "website"] for n, row in enumerate(table)]
        for n, data in enumerate([
                written(table, lineterminator="\n"),
                written([row[::-1] for row in table]), written(more),
                written(table).replace(b"of  two\r\nlines", b"of two\nlines"),
                b"\xef\xbb\xbf" + written(table, quoting=csv.QUOTE_ALL)]):
            with self.subTest(n=n):
                self.assertEqual(self.good("2024-01-02.csv", data), [])
                self.assertEqual(list(self.remembered()), ["eu-32006r0765.list"])

    def test_blanks_are_no_change(self):
        table = list(csv.reader(io.StringIO(HEADER + self.person + self.bank_ix + self.bank_xv, newline="")))
        self.start(self.person, self.bank_ix, self.bank_xv)
        for column in range(len(table[0])):
            for blank in " {} ", "\u00a0{}\u00a0", "\n{}", None:
                rows = [row[:] for row in table]
                for row in rows[1:]:
                    says = row[column]
                    row[column] = blank.format(says) if blank else says.replace(" ", "\u00a0 ")
                out = io.StringIO()
                csv.writer(out).writerows(rows)
                with self.subTest(column=table[0][column], blank=blank):
                    self.assertEqual(self.good("2024-01-02.csv", out.getvalue()), [])
        self.assertEqual(list(self.remembered()), ["eu-32006r0765.list"])

    def test_a_text_that_moves_to_another_column_is_a_change(self):
        self.start(self.person, self.bank_ix)
        events = self.good("2024-01-02.csv", HEADER + self.person + self.bank_ix.replace(
            "reason,LegalEntity,Example Bank,", ",LegalEntity,Example Bank,reason"))
        self.assertEqual([e["note"] for e in events], ["changed: details"])

    def test_another_encoding(self):
        self.start(self.person, self.bank_ix)
        word = self.broken("2024-01-02.csv", (HEADER + self.person + self.bank_ix.replace(
            "Example Bank", "Example B\u00e4nk")).encode("latin-1"))
        self.assertIn(":3: byte 0xE4 is no UTF-8", word["note"])

    def test_which_act_it_is_must_be_said(self):
        self.start(self.person, self.bank_ix)
        whole = HEADER + self.person + self.bank_ix
        for bad in whole.replace("celex,", "x,", 1), HEADER + self.person.replace("32006R0765", "") + self.bank_ix:
            self.broken("2024-01-02.csv", bad)

    def test_a_corrected_name_of_a_person_without_number(self):
        header, row = self.born_header, self.born_row
        same = [row(f"Same {n}", "16.6.1938") for n in range(2)]
        self.assertEqual(self.good("2024-01-01.csv", header + row() + row("Another ONE", "") + "".join(same)), [])
        events = self.good("2024-01-02.csv", header + row("Example PERSONNE") + row("Other ONE", "") + "".join(same))
        # born on a day and all else the same: the same person; without a day of birth nobody knows
        self.assertEqual([(a, i) for a, i, _ in acts(events)], [
            ("amended", "eu:EU-BLR:example-personne"), ("delisted", "eu:EU-BLR:another-one"),
            ("imposed", "eu:EU-BLR:other-one")])
        self.assertIn("eu:EU-BLR:example-person", [i for e in events for i in e["targets"][0]["ids"]])
        # another name and another day is another person
        events = self.good("2024-01-03.csv", header + row("Example PERSON", "17.6.1938") + row("Other ONE", "") + "".join(same))
        self.assertEqual([a for a, _, _ in acts(events)], ["delisted", "imposed"])

    born_header = HEADER[:-2] + ",birthDate\r\n"

    @staticmethod
    def born_row(name="Example PERSON", born="16.6.1937", address="(a) Via Example 2, (b) Syria", **more):
        return eu_row("", "I", "Asset freeze", "", name, "Person", address=address, **more)[:-2] + f",{born}\r\n"

    def test_an_entry_without_number_that_is_printed_twice(self):
        header, row = self.born_header, self.born_row
        other = row("Another ONE", "1.1.1970")
        twice = row() + row(address="(a) Via Example 2 (b) Syria", id="3091178A002VF5")
        self.assertEqual(self.good("2024-01-01.csv", header + other + twice), [])
        # in whatever order, it is one party
        self.assertEqual(self.good("2024-01-02.csv", header + "".join(twice.splitlines(True)[::-1]) + other), [])
        # one of the two left out is an amendment, both are a delisting
        events = self.good("2024-01-03.csv", header + other + row())
        self.assertEqual(acts(events), [("amended", "eu:EU-BLR:example-person", "BY")])
        self.assertIn("national-id:BY:3091178A002VF5", events[0]["targets"][0]["ids"])
        events = self.good("2024-01-04.csv", header + other)
        self.assertEqual(acts(events), [("delisted", "eu:EU-BLR:example-person", "BY")])
        # who was born on another day is another one, and nothing tells which of them stays
        word = self.broken("2024-01-05.csv", header + other + row() + row(born="17.6.1938"))
        self.assertIn("stands in the list twice", word["note"])

    def test_a_number_of_a_person_and_of_a_company_is_of_neither(self):
        person = eu_row("1", "I.A", "Asset freeze", "2.12.2021", "Example PERSON", "Person", registration="1087746152207",
                        id="7704676655", address="1 Street, Moscow, Russia")
        company = eu_row("2", "I.B", "Asset freeze", "2.12.2021", "Example Media", registration="1087746152207",
                         address="1 Street, Moscow, Russia")
        events = self.good("2024-01-01.csv", HEADER + person + company, "--initial")
        self.assertEqual([e["targets"][0]["ids"] for e in events],
                         [["eu:EU-BLR:example-person", "eu:EU-BLR:example-person#1"],
                          ["eu:EU-BLR:example-media", "eu:EU-BLR:example-media#2"]])
        # nor is a company's number the person's where the company stands elsewhere
        events = self.good("2024-01-01.csv", HEADER + person, "--initial", state="alone")
        self.assertEqual(events[0]["targets"][0]["ids"], ["eu:EU-BLR:example-person", "eu:EU-BLR:example-person#1"])

    def test_broken(self):
        rows = [eu_row(str(n), "I.A", "Asset freeze", "2.12.2021", f"Example {n}") for n in range(30)]
        self.start(*rows)
        whole = HEADER + "".join(rows)
        for bad in ("", HEADER, "a,b\r\n1,2\r\n", whole[:-2], whole[:-9], whole + "x,y\r\n",
                    whole.replace("annex", "part"), HEADER + "".join(rows[:20]), "<html>",
                    whole + rows[3], whole.replace("Example 7", "")):
            self.broken("2024-01-02.csv", bad, state="state")


def act_row(celex, number, name, program="EU-BLR", start="2.12.2021", passport=""):
    row = eu_row(number, "I", "Asset freeze", start, name, "Person", id=passport)
    return row.replace("32006R0765", celex).replace("EU-BLR", program)


class Acts(ImportCase):
    """Several acts of the EU, remembered in one folder."""
    kind = "eu"
    one, two, three = "32006R0765", "32014R0269", "32014R0833"

    def act(self, celex, day, *names, code=0, state="ok", lead="", **more):
        """The events of parties that a list of an act makes; what its feed's word must be."""
        rows = HEADER + "".join(act_row(celex, str(sum(map(ord, n))), n, **more) for n in names)
        got, events = self.take(f"{lead}{celex}-{day}.csv", rows)
        self.assertEqual((got, events[-1]["kind"], events[-1]["state"]), (code, "feed", state))
        return events[:-1], events[-1]

    def word(self, name, data):
        code, events = self.take(name, data)
        self.assertEqual((code, events[-1]["state"]), (1, "broken"))

    def test_an_act_that_is_broken_stays_so_until_it_is_whole(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        self.act(self.two, "2024-01-01", "Carl", "Dora")
        whole = HEADER + act_row(self.one, "1", "Ann") + act_row(self.one, "2", "Bob")
        self.word("2024-01-02.csv", whole[:-2])
        word = self.act(self.two, "2024-01-02", "Carl", "Dora", state="broken")[1]
        self.assertIn(self.one.lower(), word["note"])
        self.act(self.two, "2024-01-03", "Carl", "Dora", state="broken")
        self.act(self.one, "2024-01-03", "Ann", "Bob")
        self.act(self.two, "2024-01-04", "Carl", "Dora")

    def test_an_act_that_comes_on_while_another_is_broken_is_told(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        self.act(self.two, "2024-01-01", "Carl", "Dora")
        self.word("2024-01-02.csv", HEADER + act_row(self.one, "1", "Ann")[:-2])
        events, _ = self.act(self.two, "2024-01-02", "Carl", state="broken")
        self.assertEqual(acts(events), [("delisted", "eu:EU-BLR:dora", "BY")])

    def test_a_broken_file_of_an_unknown_act_may_be_of_each(self):
        for celex in self.one, self.two:
            self.act(celex, "2024-01-01", "Ann")
        self.word("2024-01-02.csv", "<html></html>\n")
        self.act(self.two, "2024-01-02", "Ann", state="broken")
        self.act(self.two, "2024-01-03", "Ann", state="broken")
        self.act(self.one, "2024-01-03", "Ann")

    def test_a_first_file_that_is_broken(self):
        self.word("2024-01-01.csv", "<html></html>\n")
        self.act(self.one, "2024-01-02", "Ann")
        self.word("2024-01-03.csv", HEADER + act_row(self.two, "1", "Bob")[:-2])
        self.act(self.one, "2024-01-03", "Ann", state="broken")
        self.act(self.two, "2024-01-04", "Bob")

    def test_an_amendment_is_another_file_and_no_broken_list(self):
        """It bears the name of an act of which no list will ever come."""
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        head = "amendedCelex,amendmentCelex" + HEADER[len("celex"):]
        row = act_row(self.one, "3", "Carl").replace(self.one, f"{self.one},32026R1817")
        path = self.write("32026R1817.csv", head + row)
        said = self.run_thaw("--json", "--state", self.path("state"), path)
        self.assertEqual((said.returncode, said.stdout), (1, b""))
        self.assertIn(b"is an amendment", said.stderr)
        self.act(self.one, "2024-01-02", "Ann", "Bob")

    def test_an_act_without_parties(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        # a file that is named by an act that has none is whole
        self.act(self.two, "2024-01-01")
        self.assertEqual(self.act("02014R0833", "2024-01-01", lead="eu_")[0], [])
        events, _ = self.act(self.two, "2024-01-02", "Carl")
        self.assertEqual(acts(events), [("imposed", "eu:EU-BLR:carl", "BY")])
        # that all are gone must be said
        _, word = self.act(self.two, "2024-01-03", code=1, state="broken")
        self.assertIn("--shrink 100", word["note"])
        self.act(self.one, "2024-01-03", "Ann", "Bob", state="broken")
        code, events = self.take(f"{self.two}-2024-01-04.csv", HEADER, "--shrink", "100")
        self.assertEqual((code, acts(events[:-1])), (0, [("delisted", "eu:EU-BLR:carl", "BY")]))
        self.assertEqual(events[-1]["state"], "ok")
        # and so it stays
        self.assertEqual(self.act(self.two, "2024-01-05")[0], [])

    def test_the_name_of_a_broken_file_says_whose_it_is(self):
        for celex in self.one, self.two:
            self.act(celex, "2024-01-01", "Ann")
        self.word(f"{self.one}-2024-01-02.csv", "<html></html>\n")
        self.act(self.two, "2024-01-02", "Ann", state="broken")
        self.act(self.one, "2024-01-03", "Ann")

    def forget(self, *options, code=0, kind="eu"):
        said = self.run_thaw("--json", "--state", self.path("state"), *options, kind=kind)
        self.assertEqual(said.returncode, code, said.stderr)
        return [json.loads(line) for line in said.stdout.splitlines()], said.stderr.decode()

    def test_an_act_that_is_read_no_more_is_forgotten(self):
        for celex in self.one, self.two:
            self.act(celex, "2024-01-01", "Ann")
        self.word("x.csv", HEADER + act_row(self.two, "1", "Ann")[:-2])
        self.word("y.csv", HEADER + act_row("32099R0001", "1", "Ann")[:-2])
        before = self.remembered()
        for dry in ("--dry-run",), ():
            events, said = self.forget("--forget", "32099R0001", *dry)
            self.assertEqual([(e["kind"], e["state"]) for e in events], [("feed", "broken")])
            self.assertIn(self.two.lower(), said)
            self.assertEqual(self.remembered(), before)
        # nothing is told of its parties, as its list would be gone
        events, _ = self.forget("--forget", self.two)
        self.assertEqual([(e["kind"], e["state"]) for e in events], [("feed", "ok")])
        self.assertEqual(sorted(self.remembered()), [f"eu-{self.one.lower()}.list"])
        events, _ = self.act(self.one, "2024-01-02", "Bob")
        self.assertEqual(acts(events), [("delisted", "eu:EU-BLR:ann", "BY"), ("imposed", "eu:EU-BLR:bob", "BY")])
        # what comes of it after all is a first list
        self.assertEqual(self.act(self.two, "2024-01-03", "Carl")[0], [])
        self.assertIn(self.one.lower(), self.forget("--forget", "32099R0001", code=1)[1])

    def test_what_may_be_of_any_act_is_not_forgotten_with_one(self):
        self.word("x.csv", "<html></html>\n")
        self.word("y.csv", HEADER + act_row(self.two, "1", "Ann")[:-2])
        self.assertEqual(self.forget("--forget", self.two)[0][0]["state"], "broken")
        self.act(self.one, "2024-01-02", "Ann")

    def test_only_acts_are_forgotten(self):
        self.act(self.one, "2024-01-01", "Ann")
        for words in (["--forget", ""], ["--forget", "-"], ["--forget", self.one, "x.csv"], []):
            self.forget(*words, code=2)
        self.forget("--forget", "ofac", kind="ofac", code=2)
        self.assertEqual(len(self.remembered()), 1)

    def test_what_was_not_told_of_an_act_is_told_before_it_is_forgotten(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        for celex in self.one, self.two:
            path = self.write("2024-01-02.csv", HEADER + act_row(celex, "1", "Ann"))
            self.run_thaw("--state", self.path("state"), "--service", "ipc://" + self.path("none"), "--timeout",
                          "200ms", path)
        self.assertEqual(sorted(self.remembered()), [f"eu-{self.one.lower()}.list", f"eu-{self.one.lower()}.next",
                                                     f"eu-{self.two.lower()}.next"])
        self.assertEqual([e["state"] for e in self.forget("--forget", self.two)[0]], ["ok", "ok"])
        events, _ = self.forget("--forget", self.one)
        self.assertEqual(acts([e for e in events if e["kind"] == "sanction"]), [("delisted", "eu:EU-BLR:bob", "BY")])
        self.assertEqual((events[-1]["kind"], events[-1]["state"]), ("feed", "ok"))
        self.assertEqual(self.remembered(), {})

    def test_who_stands_in_another_act_of_the_country_stays(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob", "Eve")
        self.act(self.two, "2024-01-01", "Bob", "Carl")
        self.act(self.three, "2024-01-01", "Eve", program="EU-RUS", passport="3091178A002VF5")
        events, _ = self.act(self.one, "2024-01-02", "Ann", "Eve")
        self.assertEqual(acts(events), [("maintained", "eu:EU-BLR:bob", "BY")])
        self.assertIn(self.two, events[0]["note"])
        # in another country it is no matter
        events, _ = self.act(self.one, "2024-01-03", "Ann")
        self.assertEqual(acts(events), [("delisted", "eu:EU-BLR:eve", "BY")])
        events, _ = self.act(self.two, "2024-01-03", "Carl")
        self.assertEqual(acts(events), [("delisted", "eu:EU-BLR:bob", "BY")])

    def test_who_comes_after_leaving_another_act(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        self.act(self.two, "2024-01-01", "Carl")
        self.act(self.one, "2024-01-02", "Ann")
        events, _ = self.act(self.two, "2024-01-03", "Bob", "Carl")
        self.assertEqual([(e["action"], e["occurred_at"]) for e in events], [("imposed", "2024-01-03")])
        # that it left is of that day and no later amendment
        events, _ = self.act(self.two, "2024-01-04", "Bob", "Carl", start="3.12.2021")
        self.assertEqual([e["action"] for e in events], ["amended"] * 2)

    def test_a_damaged_list_of_another_act(self):
        self.act(self.one, "2024-01-01", "Ann", "Bob")
        self.act(self.two, "2024-01-01", "Bob")
        path = self.path("state/eu-" + self.two.lower() + ".list")
        with open(path, "ab") as file:
            file.write(b"x")
        code, events = self.take("2024-01-02.csv", HEADER + act_row(self.one, "1", "Ann"))
        self.assertEqual((code, events), (1, []))


def un_entry(ref, name, version=1, kind="DRC", listed="2012-12-31", updated="", tag="INDIVIDUAL",
             number=""):
    return (f"<{tag}><DATAID>69{ref[-3:]}</DATAID><VERSIONNUM>{version}</VERSIONNUM>"
            f"<FIRST_NAME>{name}</FIRST_NAME><SECOND_NAME>EXAMPLE</SECOND_NAME>"
            f"<UN_LIST_TYPE>{kind}</UN_LIST_TYPE><REFERENCE_NUMBER>{ref}</REFERENCE_NUMBER>"
            f"<LISTED_ON>{listed}</LISTED_ON><LAST_DAY_UPDATED><VALUE>{updated}</VALUE>"
            f"</LAST_DAY_UPDATED><INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT>"
            f"<NUMBER>{number}</NUMBER><COUNTRY_OF_ISSUE>Rwanda</COUNTRY_OF_ISSUE>"
            f"</INDIVIDUAL_DOCUMENT></{tag}>")


def un(*entries, day="2026-02-27", entities=""):
    return ('<?xml version="1.0" encoding="UTF-8"?><CONSOLIDATED_LIST '
            f'dateGenerated="{day}T00:00:09.554Z"><INDIVIDUALS>{"".join(entries)}</INDIVIDUALS>'
            f"<ENTITIES>{entities}</ENTITIES></CONSOLIDATED_LIST>")


class Un(ImportCase):
    kind = "un"
    one = un_entry("CDi.001", "Ann")
    two = un_entry("QDi.002", "Bob", kind="Al-Qaida", listed="2026-02-20", number="PR123456")

    def test_difference(self):
        self.assertEqual(self.good("a.xml", un(self.one)), [])
        events = self.good("b.xml", un(self.one.replace("NUM>1<", "NUM>2<").replace(
            "<VALUE></VALUE>", "<VALUE>2026-02-28</VALUE>"), self.two, day="2026-03-01"))
        self.assertEqual(acts(events), [("amended", "un:CDi.001", "CD"), ("imposed", "un:QDi.002", "ZZ")])
        self.assertEqual([e["occurred_at"] for e in events], ["2026-02-28", "2026-02-20"])
        self.assertEqual(events[0]["note"], "changed: version 1 -> 2")
        self.assertEqual(events[1]["targets"],
                         [{"name": "Bob EXAMPLE", "type": "person",
                           "ids": ["un:QDi.002", "unsc:69002", "passport:RW:PR123456"]}])
        self.assertEqual(events[1]["program"], "Al-Qaida")
        events = self.good("c.xml", un(self.two, day="2026-03-02"))
        self.assertEqual(acts(events), [("delisted", "un:CDi.001", "CD")])
        self.assertEqual(events[0]["occurred_at"], "2026-03-02T00:00:09.554Z")

    def test_an_entry_without_version(self):
        bare = self.one.replace("<VERSIONNUM>1</VERSIONNUM>", "")
        self.good("a.xml", un(bare, self.two))
        # that it gets one, or loses it, is no change
        self.assertEqual(self.good("b.xml", un(self.one, self.two, day="2026-03-01")), [])
        self.assertEqual(self.good("c.xml", un(bare, self.two, day="2026-03-02")), [])
        events = self.good("d.xml", un(self.two, day="2026-03-03"))
        self.assertEqual(acts(events), [("delisted", "un:CDi.001", "CD")])

    def test_who_comes_back_comes_back_after_leaving(self):
        self.good("a.xml", un(self.one, self.two))
        self.good("b.xml", un(self.two, day="2026-03-01"))
        events = self.good("c.xml", un(self.one, self.two, day="2026-03-02"))
        self.assertEqual([(e["action"], e["occurred_at"]) for e in events],
                         [("imposed", "2026-03-02T00:00:09.554Z")])
        # with a listing of its own, after it left, it is of that day
        self.good("d.xml", un(self.two, day="2026-03-03"))
        again = self.one.replace("2012-12-31", "2026-03-04")
        events = self.good("e.xml", un(again, self.two, day="2026-03-05"))
        self.assertEqual([(e["action"], e["occurred_at"]) for e in events], [("imposed", "2026-03-04")])

    def test_blanks_are_no_change(self):
        self.good("a.xml", un(self.one, self.two))
        for blank in " ", "\n", "\u00a0", "\u00a0 \u2028":
            events = self.good("b.xml", un(*(re.sub("(>)([^<>]+)(<)", f"\\1{blank}\\2{blank}\\3", entry)
                                             for entry in (self.one, self.two))))
            self.assertEqual(events, [], blank)

    def test_another_part_of_the_list_is_a_listing_in_its_country(self):
        self.good("a.xml", un(self.one, self.two))
        events = self.good("b.xml", un(self.one.replace(">DRC<", ">Taliban<"),
                                       self.two.replace(">Al-Qaida<", ">DRC<"), day="2026-03-01"))
        self.assertEqual(acts(events), [("amended", "un:CDi.001", "CD"), ("amended", "un:QDi.002", "ZZ"),
                                        ("imposed", "un:CDi.001", "AF"), ("imposed", "un:QDi.002", "CD")])
        # it goes where it went before: told already
        events = self.good("c.xml", un(self.one, self.two, day="2026-03-02"))
        self.assertEqual({e["action"] for e in events}, {"amended"})

    def test_a_text_without_a_new_version_is_nothing(self):
        self.good("a.xml", un(self.one))
        self.assertEqual(self.good("b.xml", un(self.one.replace("2012-12-31</L", "2012-12-31</L"),
                                               day="2026-03-01")), [])

    def test_broken(self):
        entries = [un_entry(f"CDi.{n:03}", f"Ann{n}") for n in range(30)]
        self.good("a.xml", un(*entries))
        whole = un(*entries, day="2026-03-01")
        for bad in ("", "<html><body/></html>", "<a/>", whole[:-1], whole[: len(whole) // 2],
                    un(day="2026-03-01"), un(*entries[:10], day="2026-03-01"),
                    un(*entries, day="2026-02-20"), whole.replace("dateGenerated", "date"),
                    whole.replace("<VERSIONNUM>1</VERSIONNUM>", "<VERSIONNUM>x</VERSIONNUM>", 1),
                    whole.replace("CDi.003", "CDi.004"), "<!DOCTYPE a>" + whole,
                    whole.replace("2026-03-01", "2090-03-01")):
            self.broken("b.xml", bad)


def party(ident, name="Example", schema="Company", referents=(), datasets=("eu_fsf",),
          topics=("sanction",), **properties):
    return {"id": ident, "caption": name, "schema": schema, "referents": list(referents),
            "datasets": list(datasets), "last_seen": "2024-06-01T10:57:03",
            "properties": {"name": [name], "topics": list(topics), **properties}}


def sanction(ident, of, program="EU-BLR", start="2024-01-05", dataset="eu_fsf", **properties):
    return {"id": ident, "caption": "s", "schema": "Sanction", "datasets": [dataset],
            "properties": {"entity": [of], "programId": [program], "startDate": [start],
                           **properties}}


def lines(*entities):
    return "\n".join(json.dumps(e) for e in entities)


def op(what, entity):
    return {"op": what, "entity": entity}


class OpenSanctions(ImportCase):
    kind = "opensanctions"

    def told(self, events):
        return sorted((e["action"], e["authority"], e["country"], e.get("program"),
                       e["targets"][0]["ids"][0]) for e in events)

    def test_sanctions_point_to_parties(self):
        first = [party("A"), sanction("s1", "A")]
        self.assertEqual(self.good("a.json", lines(*first)), [])
        events = self.good("b.json", lines(
            sanction("s3", "B", "US-BRUS", "2024-02-01", "us_ofac_sdn"), *first,
            party("B", referents=["ofac-77", "x"], country=["ru"]),
            sanction("s2", "B", start="2024-02-03", listingDate=["2024-02-05"]), party("C", topics=["role.pep"])))
        self.assertEqual(self.told(events), [
            ("imposed", "EU", "BY", "EU-BLR", "opensanctions:B"),
            ("imposed", "US", "BY", "US-BRUS", "opensanctions:B")])
        self.assertEqual([e["targets"][0]["ids"][1] for e in events], ["ofac:77"] * 2)
        self.assertEqual({e["authority"]: e["occurred_at"] for e in events},
                         {"EU": "2024-02-03", "US": "2024-02-01"})
        self.assertEqual({e["attributed_to"] for e in events}, {"eu-council", "us-ofac"})
        # one authority lifts, the other does not
        events = self.good("c.json", lines(
            *first, party("B", referents=["ofac-77", "x"], country=["ru"]), sanction("s2", "B",
            start="2024-02-03", listingDate=["2024-02-05"])))
        self.assertEqual(self.told(events), [("delisted", "US", "BY", "US-BRUS", "opensanctions:B")])

    def test_a_name_of_which_nothing_is_seen_is_left_out(self):
        first = [party("A"), sanction("s1", "A")]
        self.good("a.json", lines(*first))
        events = self.good("b.json", lines(*first, party("B", "\u200b", country=["by"]), sanction("s2", "B")))
        self.assertEqual(self.told(events), [("imposed", "EU", "BY", "EU-BLR", "opensanctions:B")])
        self.assertNotIn("name", events[0]["targets"][0])

    def test_a_second_program_is_an_amendment_and_a_listing_in_its_own_country(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A")))
        events = self.good("b.json", lines(party("A"), sanction("s1", "A"),
                                           sanction("s2", "A", "EU-UKR")))
        self.assertEqual([(e["action"], e["country"], e["occurred_at"]) for e in events],
                         [("amended", "BY", "2024-06-01T10:57:03Z"), ("imposed", "RU", "2024-06-01T10:57:03Z")])

    def test_a_merged_id_is_no_delisting(self):
        for way in "list", "delta":
            old = [party("A"), sanction("s1", "A"), party("B"), sanction("s2", "B")]
            self.good("a.json", lines(*old), state=way)
            new = [party("Q1", referents=["A"]), sanction("s1", "Q1")]
            if way == "list":
                events = self.good("b.json", lines(*new, *old[2:]), state=way)
            else:
                events = self.good("20240527194702-wnk.entities.delta.json", lines(
                    op("DEL", {"id": "A"}), op("ADD", new[0]), op("MOD", new[1])), state=way)
            self.assertEqual(self.told(events), [("amended", "EU", "BY", "EU-BLR", "opensanctions:Q1")])
            self.assertIn("opensanctions:A", events[0]["targets"][0]["ids"])
            # and one that is folded into a party that was there
            last = [party("Q1", referents=["A", "B"]), sanction("s1", "Q1"), sanction("s2", "Q1")]
            if way == "list":
                events = self.good("c.json", lines(*last), state=way)
            else:
                events = self.good("20240528194702-wnk.entities.delta.json", lines(
                    op("MOD", last[0]), op("MOD", last[2]), op("DEL", {"id": "B"})), state=way)
            self.assertNotIn("delisted", [e["action"] for e in events])

    def test_an_id_that_is_parted_again_is_no_delisting(self):
        whole = [party("Q1", "Whole", referents=["A", "B", "ofac-7"]), sanction("s1", "Q1"),
                 sanction("s2", "Q1")]
        self.good("a.json", lines(*whole))
        events = self.good("b.json", lines(party("A", "One"), party("B", "Two"),
                                           sanction("s1", "A"), sanction("s2", "B")))
        self.assertEqual([(e["action"], e["targets"][0]["ids"][0]) for e in events],
                         [("amended", "opensanctions:A"), ("imposed", "opensanctions:B")])
        self.assertIn("opensanctions:Q1", events[0]["targets"][0]["ids"])

    def test_an_id_that_is_merged_with_one_that_left_is_no_delisting(self):
        one, two = [party("A"), sanction("s1", "A")], [party("B"), sanction("s2", "B")]
        self.good("a.json", lines(*one, *two))
        events = self.good("2024-06-02.json", lines(*two))
        self.assertEqual([e["action"] for e in events], ["delisted"])
        merged = [party("A", referents=["B"]), sanction("s2", "A")]
        events = self.good("2024-06-03.json", lines(*merged), "--date", "2024-06-03")
        self.assertEqual([(e["action"], e["occurred_at"], e["targets"][0]["ids"]) for e in events],
                         [("reimposed", "2024-06-03", ["opensanctions:A", "opensanctions:B"])])
        self.assertIn("another entry of this party left on", events[0]["note"])
        events = self.good("2024-06-04.json", lines(party("A", "Other", referents=["B"]), merged[1]),
                           "--date", "2024-06-04")
        self.assertEqual([e["action"] for e in events], ["amended"])

    def test_one_of_two_that_were_one_for_a_time_leaves(self):
        """They have been told as one party: a removal of either would be one of both."""
        a, b = [party("A", "One"), sanction("s1", "A")], [party("B", "Two"), sanction("s2", "B")]
        one = [party("A", "One", referents=["B"]), sanction("s1", "A"), sanction("s2", "A")]
        for stays, leaves in (a, b), (b, a):
            state = stays[0]["id"]
            for day, entities in enumerate(([*a, *b], one, [*a, *b]), 1):
                self.good("list.json", lines(*entities), "--date", f"2024-06-0{day}", state=state)
            events = self.good("list.json", lines(*stays), "--date", "2024-06-04", state=state)
            self.assertEqual([(e["action"], e["targets"][0]["ids"][0]) for e in events],
                             [("maintained", "opensanctions:" + leaves[0]["id"])])
            events = self.good("list.json", lines(*stays, *leaves), "--date", "2024-06-05", state=state)
            self.assertEqual([e["action"] for e in events], ["imposed"])
            other = [party("C"), sanction("s3", "C")]
            self.good("list.json", lines(*stays, *other), "--date", "2024-06-06", state=state)
            events = self.good("list.json", lines(*other), "--date", "2024-06-07", state=state)
            self.assertEqual([(e["action"], e["targets"][0]["ids"][0]) for e in events],
                             [("delisted", "opensanctions:" + stays[0]["id"])])
            # who of the two is back first is back after both had left
            events = self.good("list.json", lines(*leaves, *other), "--date", "2024-06-08", state=state)
            self.assertEqual([(e["action"], e["occurred_at"]) for e in events], [("imposed", "2024-06-08")])

    def test_who_is_back_in_one_country_left_in_the_other(self):
        """By a number another entry is the party that left, in its own country; then it is back itself."""
        number = {"registrationNumber": ["808000714"], "country": ["by"]}
        a = [party("A", **number), sanction("s1", "A", start="2022-03-01")]
        b = [party("B", **number), sanction("s2", "B", "EU-UKR", start="2022-03-01")]
        other = [party("C"), sanction("s3", "C")]
        told = []
        for day, entities in enumerate((a, [], b, [*a, *b]), 1):
            events = self.good("list.json", lines(*entities, *other), "--date", f"2024-06-0{day}", "--initial")
            told += [(e["action"], e["country"], e["occurred_at"]) for e in events]
        self.assertEqual(told[2:], [
            ("delisted", "BY", "2024-06-02"), ("imposed", "RU", "2022-03-01"),
            ("imposed", "BY", "2024-06-04")])

    def test_an_id_that_left_is_merged_under_another_authority(self):
        """By that the two are one party for all authorities, and the other one's removal is its last."""
        us = [sanction("u1", "A", "US-BELARUS", dataset="us_ofac_sdn"),
              sanction("u2", "B", "US-BELARUS", dataset="us_ofac_sdn")]
        eu = [sanction("e1", "A"), sanction("e2", "B")]
        two = [party("A"), party("B")]
        self.good("list.json", lines(*two, *us, *eu), "--date", "2024-06-01")
        events = self.good("list.json", lines(*two, *us, eu[0]), "--date", "2024-06-02")
        self.assertEqual(self.told(events), [("delisted", "EU", "BY", "EU-BLR", "opensanctions:B")])
        us[1]["properties"]["entity"] = ["A"]
        events = self.good("list.json", lines(party("A", referents=["B"]), *us, eu[0]),
                           "--date", "2024-06-03")
        self.assertEqual(self.told(events), [
            ("maintained", "US", "BY", "US-BELARUS", "opensanctions:B"),
            ("reimposed", "EU", "BY", "EU-BLR", "opensanctions:A")])
        self.assertEqual([e["note"] for e in events if e["action"] == "reimposed"],
                         ["another entry of this party left on 2024-06-02"])
        self.assertEqual(self.good("list.json", lines(party("A", referents=["B"]), *us, eu[0]),
                                   "--date", "2024-06-04"), [])

    def test_a_party_that_is_gone_for_one_change(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A"), party("B")))
        events = self.good("20240701194702-aaa.entities.delta.json",
                           lines(op("DEL", {"id": "A"}), op("DEL", {"id": "s1"})))
        self.assertEqual([e["action"] for e in events], ["delisted"])
        events = self.good("20240702194702-aaa.entities.delta.json",
                           lines(op("ADD", party("A")), op("ADD", sanction("s1", "A"))))
        self.assertEqual([(e["action"], e["occurred_at"]) for e in events],
                         [("imposed", "2024-07-02T19:47:02Z")])

    def test_an_id_of_another_list(self):
        self.good("a.json", lines(party("A")))
        events = self.good("b.json", lines(party("A"), party("ofac-77", datasets=["us_ofac_sdn"])))
        self.assertEqual(events[0]["targets"][0]["ids"], ["opensanctions:ofac-77", "ofac:77"])

    def test_a_list_that_lacks_one_of_its_sources(self):
        eu = [party(f"P{n}") for n in range(60)]
        uk = [party(f"Q{n}", datasets=["gb_fcdo_sanctions"]) for n in range(8)]
        self.good("a.json", lines(*eu, *uk))
        word = self.broken("b.json", lines(*eu))
        self.assertIn("8 of 8 records of UK are gone", word["note"])
        self.broken("20240701194702-aaa.entities.delta.json", lines(*[op("DEL", e) for e in uk[:6]]))
        self.assertEqual(len(self.good("b.json", lines(*eu, *uk[:3]))), 5)

    def test_an_id_that_is_merged_has_the_end_of_the_other(self):
        ends = {"endDate": ["2024-12-31"]}
        for state, own, action in ("none", {}, "extended"), ("later", {"endDate": ["2025"]}, "maintained"):
            self.good("a.json", lines(party("A"), sanction("s1", "A", **ends), party("B"),
                                      sanction("s2", "B", **own)), state=state)
            events = self.good("2024-06-02.json", lines(party("B", referents=["A"]),
                                                        sanction("s2", "B", **own)), state=state)
            self.assertEqual([(e["action"], e.get("expires_at")) for e in events],
                             [(action, own.get("endDate", [None])[0])])

    def test_an_end_that_is_taken_away(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A", endDate=["2024-12-31"])))
        events = self.good("2024-06-02.json", lines(party("A"), sanction("s1", "A")))
        self.assertEqual([(e["action"], e.get("expires_at"), e["note"]) for e in events],
                         [("extended", None, "changed: end 2024-12-31 -> (none)")])
        events = self.good("2024-06-03.json", lines(party("A"), sanction("s1", "A", endDate=["2025"])))
        self.assertEqual([(e["action"], e.get("expires_at")) for e in events], [("amended", "2025")])

    def test_several_starts(self):
        starts = ["2024-02-01", "2021", "2023-01-01"]
        first = [party("A"), sanction("s1", "A")]
        listing = sanction("s2", "B", startDate=starts)
        self.good("a.json", lines(*first))
        events = self.good("b.json", lines(*first, party("B"), listing))
        self.assertEqual([e["occurred_at"] for e in events], ["2021"])
        for turned in sorted(starts), sorted(starts, reverse=True):
            listing["properties"]["startDate"] = turned
            self.assertEqual(self.good("c.json", lines(*first, party("B"), listing)), [])
        # when it was listed says nothing beside when it went into effect, and stands for it
        listing["properties"]["listingDate"] = ["none", "2024-03-02", "2024-03-01"]
        self.assertEqual(self.good("d.json", lines(*first, party("B"), listing)), [])
        listing["properties"]["startDate"] = ["none"]
        self.assertEqual([e["note"] for e in self.good("e.json", lines(*first, party("B"), listing))],
                         ["changed: listing date 2021 -> 2024-03-01"])

    def test_several_ends(self):
        self.good("a.json", lines(party("A")))
        events = self.good("b.json", lines(
            party("A"), party("B"), sanction("s1", "B", endDate=["2024-06-30"]),
            sanction("s2", "B", "EU-UKR", endDate=["2024"]),
            party("C"), sanction("s3", "C", endDate=["2024-01-31", "2025-01-31"]),
            party("D"), sanction("s4", "D", status=["Expired", "Active"]),
            party("E"), sanction("s5", "E", status=["expired", "Inactive"])))
        self.assertEqual(sorted({(e["targets"][0]["ids"][0], e.get("expires_at")) for e in events}, key=str),
                         [("opensanctions:B", "2024"), ("opensanctions:C", "2025-01-31"),
                          ("opensanctions:D", None)])

    def test_deltas(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A"), party("B")))
        add = "20240527194702-wnk.entities.delta.json"
        events = self.good(add, lines(op("ADD", party("C")), op("ADD", sanction("s3", "C"))))
        self.assertEqual(self.told(events), [("imposed", "EU", "BY", "EU-BLR", "opensanctions:C")])
        self.assertEqual(self.good("20240528014702-pfh.entities.delta.json", ""), [])
        events = self.good("20240528074703-npf.entities.delta.json",
                           lines(op("DEL", {"id": "s1"}), op("DEL", {"id": "NOBODY"}),
                                 op("DEL", {"id": "A"})))
        self.assertEqual(self.told(events), [("delisted", "EU", "BY", "EU-BLR", "opensanctions:A")])
        self.assertEqual(events[0]["occurred_at"], "2024-05-28T07:47:03Z")
        self.broken(add, lines(op("DEL", {"id": "C"})))  # an older change
        self.broken("20240529074703-aaa.entities.delta.json", '{"op":"DEL","entity":{"id":"C"')
        self.broken("20240529074703-aaa.entities.delta.json", lines(op("CUT", {"id": "C"})))

    def test_a_change_that_the_list_holds_already(self):
        whole = lines(party("A"), sanction("s1", "A"), party("B"))
        gone = lines(op("DEL", {"id": "s1"}), op("DEL", {"id": "A"}))
        self.good("20240528014702-pfh.entities.ftm.json", whole)
        word = self.broken("20240527194702-wnk.entities.delta.json", gone)
        self.assertIn("is of 2024-05-27T19:47:02Z, older than 2024-05-28T01:47:02Z, of which the "
                      "remembered list is", word["note"])
        self.assertEqual(len(self.good("20240528074703-npf.entities.delta.json", gone)), 1)
        # a number in the name that is no date says nothing; and a whole list of no known version
        # takes changes of any
        self.assertEqual(self.good("99999999.entities.delta.json", ""), [])
        self.good("a.json", whole, state="other")
        self.assertEqual(len(self.good("20240527194702-wnk.entities.delta.json", gone, state="other")), 1)

    def test_an_older_list_after_a_change_without_a_date(self):
        first = [party("A"), sanction("s1", "A")]
        second = [party("B"), sanction("s2", "B")]
        self.good("a.json", lines(*first, *second))
        self.good("entities.delta.json", lines(op("DEL", {"id": "NOBODY"})))
        self.good("entities.delta.json", "")
        older = lines(*first).replace("2024-06-01", "2024-05-01")
        word = self.broken("b.json", older)
        self.assertIn("is of 2024-05-01T10:57:03Z, older than the remembered list of 2024-06-01T10:57:03Z",
                      word["note"])
        self.assertEqual(len(self.good("c.json", lines(*first).replace("2024-06-01", "2024-06-02"))), 1)

    def test_a_sanction_on_nobody(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A"), party("B", topics=["role.pep"])))
        delta = "20240602194702-wnk.entities.delta.json"
        word = self.broken(delta, lines(op("ADD", sanction("s2", "B"))))
        self.assertIn("sanction s2 is on B, which neither this change nor the remembered list holds",
                      word["note"])
        events = self.good(delta, lines(op("ADD", sanction("s2", "B")), op("MOD", party("B")),
                                        op("ADD", sanction("s3", "C", status=["inactive"]))))
        self.assertEqual(self.told(events), [("imposed", "EU", "BY", "EU-BLR", "opensanctions:B")])
        # whom a change takes away is known by it
        events = self.good("20240603194702-wnk.entities.delta.json",
                           lines(op("MOD", sanction("s2", "B", reason=["x"])), op("DEL", {"id": "B"})))
        self.assertEqual([e["action"] for e in events], ["delisted"])

    def test_a_party_that_is_gone_while_its_sanction_stands(self):
        first = [party("A"), sanction("s1", "A")]
        self.good("a.json", lines(*first, party("B"), sanction("s2", "B")))
        word = self.broken("b.json", lines(*first, sanction("s2", "B")))
        self.assertIn("record B/EU is gone, and a sanction on it is not; the file is cut off, or a part of one",
                      word["note"])
        # over, known by another id, or never known: all that can be said is said
        self.good("c.json", lines(*first, party("Q", referents=["B"]), sanction("s2", "B"), sanction("s4", "C")))
        events = self.good("d.json", lines(*first, sanction("s3", "Q", endDate="2020")), state="other")
        self.assertEqual(events, [])
        events = self.good("e.json", lines(*first, sanction("s2", "B", status=["expired"])))
        self.assertEqual([e["action"] for e in events], ["delisted"])

    def test_nested_entities_are_another_file(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A")))
        word = self.broken("b.json", lines(party("A", sanctions=[sanction("s1", "A")])))
        self.assertIn("entity A has others nested in it (targets.nested.json?); expected "
                      "entities.ftm.json", word["note"])

    def test_a_program_within_the_name_of_another(self):
        self.good("a.json", lines(party("A")))
        events = self.good("b.json", lines(party("A"), party("B"), sanction("s1", "B", "EU-OTHER"),
                                           sanction("s2", "B", "OTHER"), sanction("s3", "B", "OTHER")))
        self.assertEqual({e["program"] for e in events if e["authority"] == "EU"},
                         {"EU-OTHER, OTHER"})

    def test_a_change_without_a_list(self):
        code, events = self.take("20240527194702-wnk.entities.delta.json", "")
        self.assertEqual((code, events), (1, []))

    def test_ended_sanctions(self):
        self.good("a.json", lines(party("A"), sanction("s1", "A", endDate=["2024-12-31"])))
        events = self.good("2025-01-02.json", lines(
            {**party("A"), "last_seen": "2025-01-02T00:00:00"},
            sanction("s1", "A", endDate=["2024-12-31"]), party("B"), sanction("s2", "B")))
        self.assertEqual(sorted(e["action"] for e in events), ["delisted", "imposed"])

    def test_broken(self):
        many = [party(f"P{n}") for n in range(30)]
        self.good("a.json", lines(*many))
        whole = lines(*many)
        for bad in ("", "\n", "<html>", "[]", '{"a":1}', whole[:-1], whole + "\n{", whole + "\n" +
                    json.dumps(many[0]), lines(*many[:20]), whole.replace('"schema"', '"x"', 1),
                    lines(party("A", topics=[]))):
            self.broken("b.json", bad)
        events = self.good("b.json", lines(*reversed(many)))
        self.assertEqual(events, [])


def gdelt_row(number, code, url, actor1=("", "", ""), actor2=("", "", ""), place=("", ""), root=1,
              day="20191024", added="20191024143000", columns=61):
    cells = [""] * columns
    cells[0], cells[1], cells[25], cells[26] = str(number), day, str(root), code
    cells[5:8] = actor1
    cells[15:18] = actor2
    at = 52 if columns == 61 else 50
    cells[at], cells[at + 1] = place
    cells[-2], cells[-1] = added, url
    return "\t".join(cells) + "\n"


MINSK = ("Minsk, Belarus", "BO")
BLR = ("BLRGOV", "BELARUS", "BLR")


class Gdelt(ImportCase):
    kind = "gdelt"

    def test_one_article_gives_one_report_of_a_kind_and_country(self):
        url = "https://www.News.example/a?b=1"
        events = self.good("20191024143000.export.CSV", "".join([
            gdelt_row(11, "0841", url, BLR, place=MINSK, root=0),
            gdelt_row(12, "0841", url, ("GOV", "PRESIDENT", ""), place=MINSK),
            gdelt_row(13, "0841", url, place=("Vilnius, Lithuania", "LH")),
            gdelt_row(14, "0841", "http://other.example:8080/x", place=MINSK),
            gdelt_row(15, "010", url, BLR, place=MINSK)]))
        self.assertEqual(sorted((e["kind"], e["country"], e["source"], e["status"]) for e in events),
                         [("release", "BY", "news.example", "rumoured"),
                          ("release", "BY", "other.example", "rumoured"),
                          ("release", "LT", "news.example", "rumoured")])
        for e in events:
            self.assertNotIn("count", e)
            self.assertEqual(e["occurred_at"], "2019-10-24")
            self.assertEqual(e["reported_at"], "2019-10-24T14:30:00Z")
        self.assertIn("event 12", [e for e in events if e["country"] == "BY" and
                                   e["source"] == "news.example"][0]["note"])

    def test_codes(self):
        usa, eu = ("USAGOV", "UNITED STATES", "USA"), ("IGOEUREEC", "THE EU", "EUR")
        rows = [("173", BLR, ("", "", ""), "detention"), ("0353", BLR, ("", "", ""), "promised"),
                ("1053", usa, BLR, "demanded"), ("1243", BLR, usa, "denied"),
                ("163", usa, BLR, "imposed"), ("085", eu, BLR, "eased"), ("0354", usa, BLR, "eased"),
                ("1312", ("GBR", "BRITAIN", "GBR"), BLR, "proposed"),
                # nothing of ours, or not known against whom
                ("084", BLR, usa, None), ("0842", BLR, usa, None), ("081", BLR, usa, None),
                ("172", BLR, usa, None), ("174", BLR, usa, None), ("163", usa, ("GOV", "X", ""), None),
                ("163", ("BUS", "X", ""), BLR, None), ("163", BLR, BLR, None), ("166", usa, BLR, None)]
        got = collections.defaultdict(list)
        for n, (code, one, two, expected) in enumerate(rows):
            with self.subTest(code=code, n=n):
                events = self.good(f"g{n}.CSV", gdelt_row(n, code, f"http://e.example/{n}", one, two,
                                                          MINSK))
                self.assertEqual(len(events), 0 if expected is None else 1)
                for e in events:
                    self.assertEqual(e.get("action") or e.get("stage") or e["kind"], expected)
                    self.assertEqual(e["country"], "BY")
                    got[e.get("authority")].append(code)
        self.assertEqual({k: sorted(v) for k, v in got.items() if k},
                         {"US": ["0354", "163"], "EU": ["085"], "UK": ["1312"]})

    def test_the_older_form(self):
        row = gdelt_row(1, "0841", "http://e.example/", BLR, place=MINSK, columns=58, added="20131024")
        events = self.good("20131024.export.CSV.gz", row)
        self.assertEqual([(e["country"], e["reported_at"]) for e in events], [("BY", "2013-10-24")])

    def test_the_id_is_of_the_article(self):
        one = self.good("a.CSV", gdelt_row(1, "0841", "http://e.example/", BLR, place=MINSK))
        two = self.good("b.CSV", gdelt_row(9, "0841", "http://e.example/", BLR, place=MINSK,
                                           added="20191024144500"))
        self.assertEqual(one[0]["id"], two[0]["id"])

    def test_a_day_far_ahead_costs_no_other_row(self):
        events = self.good("a.CSV", "".join([
            gdelt_row(1, "0841", "http://e.example/1", BLR, place=MINSK, day="21900214"),
            gdelt_row(2, "0841", "http://e.example/2", BLR, place=MINSK)]))
        self.assertEqual(sorted(e["occurred_at"] for e in events), ["2019-10-24", "2190-02-14"])

    def test_broken(self):
        row = gdelt_row(1, "0841", "http://e.example/", BLR, place=MINSK)
        for bad in ("", "<html>", row[:-1], row[:100], row + row[:100] + "\n", row + "x" + row,
                    row.replace("20191024\t", "yesterday\t"), row.replace("\tBLRGOV", ""),
                    row + gdelt_row(1, "0841", "u", columns=58), row.replace("BELARUS", "BEL\0RUS")):
            self.broken("a.CSV", bad)


if __name__ == "__main__":
    main()
