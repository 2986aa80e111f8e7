#!/usr/bin/python3
"""Pairs of the OFAC list as measures: what was added, removed, renamed and moved, and nothing else.

    ofac.py --driver FACTS_DRIVER               the excerpts in ofac/
    ofac.py --driver FACTS_DRIVER --whole DIR   the lists in DIR; skipped where there are none

A pair is two lists of one name's beginning. What to expect is worked
out from the rows themselves, and for the whole pairs also from the README beside them.
"""

import argparse
import collections
import csv
import glob
import gzip
import io
import os
import re
import sys

import driver

COUNTRY = "XX"  # the whole list stands under one country here: a move between programs is no new party


# ---- reading -----------------------------------------------------------------------------------


def read_list(path):
    """Rows of a list by their number: (name, type, [program, ...])."""
    opened = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")
    with opened as file:
        text = file.read().rstrip(b"\x1a\r\n").decode("latin-1")
    rows = {}
    for row in csv.reader(io.StringIO(text)):
        if row:
            kind = row[2].strip()
            rows[row[0]] = (row[1], "entity" if kind == "-0-" else kind, row[3].split("] ["))
    return rows


def date_of(path):
    return re.search(r"\d{4}-\d{2}-\d{2}", os.path.basename(path))[0]


def pairs_in(folder, ending):
    lists = sorted(glob.glob(os.path.join(folder, "sdn-*.csv" + ending)))
    return list(zip(lists[::2], lists[1::2]))


# ---- a list and a later one as events ------------------------------------------------------------


class Converter:
    def __init__(self, before, after, dates):
        self.before, self.after, self.dates = before, after, dates
        # A program that no row bore before has another's rows under a new name.
        self.old_programs = {p for _, _, programs in before.values() for p in programs}
        self.events = []

    def put(self, number, row, action, program, date):
        name, kind, _ = row
        self.events.append({
            "id": "%d" % (len(self.events) + 1), "kind": "sanction", "country": COUNTRY, "source": "ofac-sdn",
            "status": "confirmed", "authority": "US", "action": action, "program": program,
            "occurred_at": date, "reported_at": date,
            "targets": [{"name": name, "ids": ["ofac:" + number], "type": kind}]})

    def convert(self):
        for number, row in self.before.items():
            for program in row[2]:
                self.put(number, row, "imposed", program, self.dates[0])
        for number, row in self.after.items():
            old = set(self.before[number][2]) if number in self.before else set()
            for program in sorted(set(row[2]) - old):
                renamed = old and program not in self.old_programs
                self.put(number, row, "amended" if renamed else "imposed", program, self.dates[1])
            gone = old - set(row[2])
            if gone and not all(p not in self.old_programs for p in set(row[2]) - old):
                for program in sorted(gone):
                    self.put(number, self.before[number], "delisted", program, self.dates[1])
        for number, row in self.before.items():
            if number not in self.after:
                self.put(number, row, "delisted", row[2][0], self.dates[1])
        return self.events


def batches(events):
    return [events[at:at + 4000] for at in range(0, len(events), 4000)]


# ---- what the measures must say ------------------------------------------------------------------


def expected(before, after, dates):
    """State and start of the measure on each number."""
    return {number: ("in_force", dates[0] if number in before else dates[1]) if number in after
            else ("delisted", dates[1]) for number in {**before, **after}}


def measures_of(program, events):
    case = {"case": 1, "now": "2026-01-01", "quiet": True, "batches": batches(events), "ask": [{"state": COUNTRY}]}
    measures = driver.run(program, [case])[0]["answers"][0]["measures"]
    found = {}
    for measure in measures:
        for identity in measure["ids"]:
            found[identity.removeprefix("ofac:")] = (measure["state"], measure["since"][:10])
    if len(found) != len(measures):
        raise SystemExit("%d measures bear %d numbers" % (len(measures), len(found)))
    return found


def differences(program, paths):
    before, after = read_list(paths[0]), read_list(paths[1])
    dates = (date_of(paths[0]), date_of(paths[1]))
    events = Converter(before, after, dates).convert()
    wanted = expected(before, after, dates)
    wrong = 0
    for name, order in (("in order", events), ("reversed", events[::-1])):
        found = measures_of(program, order)
        for number in sorted(set(wanted) | set(found)):
            if wanted.get(number) != found.get(number):
                wrong += 1
                print("%s %s, %s: expected %s, found %s" % (dates, number, name, wanted.get(number), found.get(number)))
                if wrong > 10:
                    return wrong, {}
    actions = collections.Counter(event["action"] for event in events if event["occurred_at"] == dates[1])
    added = [n for n in after if n not in before]
    changed = [n for n in after if n in before and set(before[n][2]) != set(after[n][2])]
    facts = {"added": len(added), "removed": len([n for n in before if n not in after]), "changed": len(changed),
             "renamed": actions["amended"], "parties": len(wanted),
             "of Belarus": len([n for n in added if any("BELARUS" in p for p in after[n][2])])}
    print("%s to %s: %s" % (*dates, ", ".join("%d %s" % (count, name) for name, count in facts.items())))
    return wrong, facts


# What the README beside the lists says of each pair, by the day of its second list.
README = {
    "2021-08-20": {"added": 32, "removed": 0, "changed": 36, "renamed": 36},
    "2021-12-02": {"added": 35, "removed": 0, "changed": 0},
    "2023-08-09": {"added": 17, "removed": 0, "of Belarus": 14},
    "2024-03-04": {"added": 2, "removed": 86, "changed": 12, "renamed": 0},
}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--driver", required=True)
    options.add_argument("--whole", metavar="DIR")
    options = options.parse_args()
    wrong = 0
    pairs = pairs_in(options.whole, ".gz") if options.whole else pairs_in(os.path.join(driver.HERE, "ofac"), "")
    if not pairs:
        print("SKIPPED: no lists in %s" % options.whole)
        return 77
    for pair in pairs:
        found, facts = differences(options.driver, pair)
        wrong += found
        for key, count in README.get(date_of(pair[1]), {}).items() if options.whole else ():
            if facts.get(key) != count:
                wrong += 1
                print("%s: %s %s, its README says %d" % (date_of(pair[1]), facts.get(key), key, count))
    print("wrong" if wrong else "all well")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
