"""thaw import ofac on real lists, where they lie beside the checkout."""
import collections
import gzip
import json
import os

from support import ImportCase, main, shared

FOLDER = shared("ofac")


class Real(ImportCase):
    def pair(self, before, after):
        for day in before, after:
            with gzip.open(os.path.join(FOLDER, f"sdn-{day}.csv.gz")) as file:
                data = file.read()
            events = self.good(f"sdn-{day}.csv", data)
        return events

    def counted(self, events):
        return dict(collections.Counter((e["action"], e["country"], e["program"]) for e in events))

    def test_rename(self):
        self.assertEqual(self.counted(self.pair("2021-08-18", "2021-08-20")), {
            ("amended", "BY", "BELARUS-EO14038"): 33, ("amended", "RU", "PEESA-EO"): 2,
            ("amended", "RU", "UKRAINE-EO13685, PEESA-EO"): 1, ("imposed", "RU", "PEESA-EO"): 18,
            ("imposed", "ZZ", "NPWMD"): 8, ("imposed", "RU", "RUSSIA-EO14024"): 3,
            ("imposed", "ZZ", "GLOMAG"): 3})

    def test_expected_difference(self):
        with open(os.path.join(FOLDER, "expected-diff-example.json"), encoding="utf-8") as file:
            expected = json.load(file)["2021-12-01..2021-12-02"]
        events = self.pair("2021-12-01", "2021-12-02")
        numbers = collections.defaultdict(list)
        for e in events:
            numbers[e["action"]].append(e["targets"][0]["ids"][0].split(":")[1])
        self.assertEqual(sorted(numbers["imposed"]), expected["added"])
        self.assertEqual(sorted(numbers["delisted"]), expected["removed"])
        self.assertEqual(sorted(numbers["amended"]), sorted(expected["changed"]))
        self.assertEqual(dict(collections.Counter(e["program"] for e in events)),
                         expected["added_by_program"])

    def test_additions(self):
        self.assertEqual(self.counted(self.pair("2023-08-03", "2023-08-09")), {
            ("imposed", "BY", "BELARUS-EO14038"): 14, ("imposed", "ZZ", "ILLICIT-DRUGS-EO14059"): 3})

    def test_the_end_of_a_program(self):
        self.assertEqual(self.counted(self.pair("2024-02-28", "2024-03-04")), {
            ("delisted", "ZW", "ZIMBABWE"): 86, ("amended", "ZW", "GLOMAG"): 12,
            ("imposed", "ZZ", "GLOMAG"): 2})

    def test_companions(self):
        files = [os.path.join(FOLDER, f"set-2021-07-{name}.csv.gz")
                 for name in ("sdn", "alt", "add", "sdn_comments")]
        for n in range(2):
            result = self.run_thaw("--json", "--state", self.path("s"), *files)
            self.assertEqual((result.returncode, len(result.stdout.splitlines())), (0, 1), n)


if __name__ == "__main__":
    main()
