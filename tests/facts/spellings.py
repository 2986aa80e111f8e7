#!/usr/bin/python3
"""Names in many spellings: offered as possibly one person, and never merged.

    spellings.py --driver FACTS_DRIVER [--show]

Every spelling of clients/demo/belarus/spellings.tsv is reported as a person of its own, with its own id or
with none. All must stay apart. Of the pairs of people's spellings, those of one person should be offered
as possible matches (recall), and of what is offered nearly all should be of one (precision).
"""

import argparse
import collections
import itertools
import os
import re
import sys

import driver

FILE = os.path.join(driver.ROOT, "clients", "demo", "belarus", "spellings.tsv")
LEAST_RECALL, LEAST_PRECISION = 0.9, 0.95


def spellings(wanted):
    """[(entity, spelling)] of that kind; remarks in brackets at the end left out."""
    found = []
    with open(FILE, encoding="utf-8") as file:
        for line in list(file)[1:]:
            entity, kind, seen = line.rstrip("\n").split("\t")
            for spelling in seen.split("; ") if kind == wanted else []:
                spelling = re.sub(r" \((machine translation|typesetting error[^)]*|OFAC [^)]*|EU [^)]*)\)$", "", spelling)
                found.append((entity, spelling))
    return found


def report(number, spelling, with_id):
    person = {"name": spelling, **({"ids": ["n:%d" % number]} if with_id else {})}
    return {"id": str(number), "kind": "detention", "country": "BY", "source": "s", "occurred_at": "2025-01-01",
            "count": 1, "persons": [person]}


def offered(program, names, with_id):
    """Pairs of spellings offered, and how many persons there are."""
    case = {"case": 1, "now": "2026-01-01", "batches": [[report(n, s, with_id) for n, s in enumerate(names)]],
            "ask": [{"state": "BY"}]}
    state = driver.run(program, [case])[0]["answers"][0]
    return {frozenset((p["person"], p["maybe"])) for p in state["possible"]}, len(state["persons"])


def measure(found, entities, show):
    """(recall, precision) over all pairs of spellings; one word alone is no name to compare."""
    right = wrong = missed = 0
    for (entity, one), (other_entity, other) in itertools.combinations(entities, 2):
        pair = frozenset((one, other)) in found
        if entity == other_entity and len(one.split()) > 1 and len(other.split()) > 1:
            right, missed = right + pair, missed + (not pair)
            if show and not pair:
                print("missed: %s / %s" % (one, other))
        elif pair and entity != other_entity:
            wrong += 1
            print("offered, and two people: %s / %s" % (one, other))
    return right / (right + missed), right / (right + wrong), right, missed, wrong


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--driver", required=True)
    options.add_argument("--show", action="store_true", help="the pairs that are missed")
    options = options.parse_args()
    entities = spellings("person")
    names = [spelling for _, spelling in entities]
    wrong = 0
    for with_id in (True, False):
        found, persons = offered(options.driver, names, with_id)
        if persons != len(names):
            wrong += 1
            print("%d names, %d persons: names merged people" % (len(names), persons))
        recall, precision, right, missed, false = measure(found, entities, options.show and with_id)
        print("%s ids: %d pairs of one person offered, %d missed (recall %.3f); %d pairs of two people offered "
              "(precision %.3f)" % ("with" if with_id else "without", right, missed, recall, false, precision))
        wrong += recall < LEAST_RECALL or precision < LEAST_PRECISION
    print("wrong" if wrong else "all well; %d spellings of %d people" % (
        len(names), len(collections.Counter(entity for entity, _ in entities))))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
