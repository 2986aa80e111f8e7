"""The converter of the demo: what each field of a report becomes, also in reports it never saw."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONVERT = os.path.join(ROOT, "clients", "demo", "convert.py")
REPORTS = os.path.join(ROOT, "clients", "demo", "belarus", "reports.jsonl")
SHARED = os.path.join(ROOT, "..", "shared", "data", "belarus", "reports.jsonl")
THAW = os.path.join(os.environ.get("THAW_BUILD", ""), "clients", "thaw")

spec = importlib.util.spec_from_file_location("convert", CONVERT)
convert = importlib.util.module_from_spec(spec)
spec.loader.exec_module(convert)


def report(**fields):
    """A report as the format has it, of no real happening."""
    whole = {
        "id": "XX-1", "kind": "release", "country": "BY", "occurred_at": "2030-01-02",
        "reported_at": "2030-01-03", "status": "confirmed", "count": 5, "count_op": "eq",
        "scope": None, "authority": "Somebody", "action": "release", "target": "prisoners",
        "sector": "justice", "source": "Paper", "url": "https://example.org/1",
    }
    whole.update(fields)
    return whole


def sanction(**fields):
    whole = report(kind="sanction", action="impose", authority_code="EU", count=None,
                   count_op=None, sector="finance,potash")
    whole.update(fields)
    return whole


def event(**fields):
    return convert.convert(report(**fields))


class Fields(unittest.TestCase):
    def test_what_every_event_carries(self):
        got = event(attributed_to="somebody", note="not for machines")
        self.assertEqual(got, {
            "id": "XX-1", "kind": "release", "country": "BY", "source": "Paper",
            "attributed_to": "somebody", "occurred_at": "2030-01-02", "reported_at": "2030-01-03",
            "status": "confirmed", "title": "prisoners", "url": "https://example.org/1",
            "count": 5, "count_is": "exact"})

    def test_what_is_not_said_is_not_there(self):
        got = event(occurred_at=None, reported_at=None, count=None, count_op=None, target=None)
        for key in ("occurred_at", "reported_at", "count", "count_is", "attributed_to", "title"):
            self.assertNotIn(key, got)

    def test_vague_dates_are_kept(self):
        got = event(occurred_at="2030-01-02~", reported_at="2030-02")
        self.assertEqual((got["occurred_at"], got["reported_at"]), ("2030-01-02~", "2030-02"))

    def test_how_a_count_is_meant(self):
        for word, meaning in (("eq", "exact"), ("ge", "at_least"), ("approx", "about")):
            self.assertEqual(event(count_op=word)["count_is"], meaning)

    def test_statuses(self):
        for status in ("rumoured", "announced", "confirmed"):
            self.assertEqual(event(status=status)["status"], status)

    def test_a_count_of_zero_is_a_count(self):
        self.assertEqual(event(count=0)["count"], 0)


class Releases(unittest.TestCase):
    def test_forms(self):
        for action, form in (("pardon", "pardon"), ("pardon+deportation", "pardon"),
                             ("pardon+handover", "pardon"), ("exchange", "exchange"),
                             ("deportation", "deportation"), ("release", None),
                             ("release_home", None), ("handover", None),
                             ("sentence_served", "sentence_served")):
            self.assertEqual(event(action=action).get("form"), form, action)

    def test_the_end_of_a_sentence(self):
        got = event(scope="completed")
        self.assertEqual(got["form"], "sentence_served")
        self.assertNotIn("covers", got)

    def test_parts(self):
        for scope, part in (("political", "category=political"), ("named-subset", "subset=named"),
                            ("excluding-one", "excluding=one")):
            got = event(scope=scope)
            self.assertEqual((got["covers"], got["part"]), ("part", part))

    def test_people_who_went_somewhere(self):
        got = event(scope="subset-LV", action="handover")
        self.assertEqual((got["part"], got["destination"]), ("destination=LV", "LV"))
        got = event(scope="subset-BY", action="release_home")
        self.assertEqual(got["part"], "destination=BY")
        self.assertNotIn("destination", got)

    def test_people_who_came_from_somewhere(self):
        got = event(scope="subset-LV", action="release")
        self.assertEqual(got["part"], "origin=LV")
        self.assertNotIn("destination", got)

    def test_all_sides_of_an_exchange(self):
        got = event(scope="all-sides", action="exchange")
        self.assertEqual((got["covers"], got["count"]), ("wider", 5))
        self.assertNotIn("part", got)

    def test_persons(self):
        people = [{"name": "A B", "ids": ["thaw:b-a"]}]
        for kind, action in (("release", "pardon"), ("detention", "redetain"),
                             ("talks", "refusal")):
            self.assertEqual(event(kind=kind, action=action, persons=people)["persons"], people)
        self.assertNotIn("persons", event(persons=[]))


class Totals(unittest.TestCase):
    def test_a_running_total_of_releases(self):
        got = event(scope="cumulative", action="cumulative", since="2024-07~", form="pardon",
                    category="political", count_op="ge")
        self.assertEqual({k: got[k] for k in ("kind", "of", "since", "form", "category", "count",
                                              "count_is")},
                         {"kind": "tally", "of": "released", "since": "2024-07~", "form": "pardon",
                          "category": "political", "count": 5, "count_is": "at_least"})
        self.assertNotIn("covers", got)

    def test_people_held(self):
        got = event(kind="detention", scope="stock", action="held",
                    persons=[{"name": "A B", "ids": []}])
        self.assertEqual((got["kind"], got["of"], len(got["persons"])), ("tally", "detained", 1))

    def test_a_running_total_of_detentions(self):
        got = event(kind="detention", scope="cumulative", action="held", since="2020")
        self.assertEqual((got["kind"], got["of"], got["since"]), ("tally", "detained", "2020"))


class Talks(unittest.TestCase):
    def test_stages(self):
        for action, stage in (("promise_release", "promised"), ("demand_release", "demanded"),
                              ("expect_release", "reported"), ("meeting", "reported"),
                              ("refusal", "denied"), ("denial", "denied")):
            got = event(kind="talks", action=action)
            self.assertEqual((got["stage"], got["expected_count"]), (stage, 5))
            self.assertNotIn("count", got)

    def test_what_is_expected_is_no_release(self):
        for scope, stage in (("demanded", "demanded"), ("expected", "reported")):
            got = event(kind="release", scope=scope)
            self.assertEqual((got["kind"], got["stage"]), ("talks", stage))

    def test_a_withdrawal(self):
        got = event(kind="talks", action="retraction", status="retracted",
                    retracts={"id": "XX-0"})
        self.assertEqual((got["kind"], got["retracts"]), ("retraction", "XX-0"))
        for key in ("status", "occurred_at", "stage", "persons", "count"):
            self.assertNotIn(key, got)
        self.assertEqual(event(status="retracted", retracts={"id": "XX-0"})["kind"], "retraction")


class Sanctions(unittest.TestCase):
    def test_actions(self):
        for action, meaning in (("impose", "imposed"), ("extend", "extended"), ("ease", "eased"),
                                ("license", "licensed"), ("delist", "delisted"),
                                ("no_change", "maintained")):
            self.assertEqual(convert.convert(sanction(action=action))["action"], meaning)

    def test_who_decides_and_what_it_meets(self):
        parties = [{"name": "Bank", "ids": ["thaw:bank"], "type": "entity"}]
        got = convert.convert(sanction(targets=parties, expires_at="2031-05-06", count=1,
                                       count_op="eq", scope="listed-parties"))
        self.assertEqual((got["authority"], got["sector"], got["targets"], got["expires_at"],
                          got["count"]), ("EU", "finance,potash", parties, "2031-05-06", 1))
        for key in ("covers", "persons", "form"):
            self.assertNotIn(key, got)


class Files(unittest.TestCase):
    def run_convert(self, *arguments):
        return subprocess.run([sys.executable, "-B", CONVERT, *arguments], capture_output=True,
                              text=True, timeout=60, check=False)

    def test_unknown_words_are_named_and_left_out(self):
        lines = [sanction(action="frobnicate"), report(count_op="maybe"), report(kind="weather"),
                 report(scope="subset"), {"id": "XX-2", "kind": "release", "status": "confirmed"},
                 report(status="retracted"), report(id="XX-9")]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.jsonl")
            with open(path, "w", encoding="utf-8") as out:
                out.write("\n".join(map(json.dumps, lines)) + "\n{broken\n\n")
            done = self.run_convert(path)
        self.assertEqual(done.returncode, 1)
        self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines()], ["XX-9"])
        for number, word in ((1, "frobnicate"), (2, "maybe"), (3, "weather"), (4, "subset"),
                             (5, "country"), (6, "retracts"), (8, "left out")):
            self.assertRegex(done.stderr, f"r.jsonl:{number}: .*{word}")

    def test_a_file_that_is_not_there(self):
        done = self.run_convert("/nowhere/reports.jsonl")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/reports.jsonl", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_the_order_of_appearance(self):
        late = report(id="XX-1", reported_at="2030-05-01")
        undated = report(id="XX-2", reported_at=None, occurred_at=None)
        early = report(id="XX-3", reported_at="2030-04")
        events = [convert.convert(r) for r in (late, undated, early)]
        self.assertEqual([e["id"] for _, e in convert.by_report_date(events)],
                         ["XX-3", "XX-1", "XX-2"])

    def test_months(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.run_convert("--months", folder).returncode, 0)
            count = 0
            for name in sorted(os.listdir(folder)):
                self.assertRegex(name, r"^\d{4}-\d{2}\.jsonl$")
                with open(os.path.join(folder, name), encoding="utf-8") as lines:
                    count += len(list(lines))
        with open(REPORTS, encoding="utf-8") as lines:
            self.assertEqual(count, len(list(lines)))

    def test_every_event_of_the_demo_is_valid(self):
        done = self.run_convert()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        checked = subprocess.run([THAW, "pub", "--check", "--json"], input=done.stdout, text=True,
                                 capture_output=True, timeout=60, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout)
        summary = json.loads(checked.stdout.splitlines()[-1])
        self.assertEqual((summary["valid"], summary["rejected"]),
                         (len(done.stdout.splitlines()), 0))

    def test_the_demo_data_is_the_compilation_without_its_notes(self):
        with open(REPORTS, encoding="utf-8") as lines:
            ours = [json.loads(line) for line in lines]
        self.assertFalse([r["id"] for r in ours if "note" in r])
        if not os.path.exists(SHARED):
            self.skipTest("the compilation is not beside this checkout")
        with open(SHARED, encoding="utf-8") as lines:
            theirs = [json.loads(line) for line in lines]
        for whole in theirs:
            whole.pop("note", None)
        self.assertEqual(ours, theirs)


if __name__ == "__main__":
    unittest.main()
