#!/usr/bin/python3
"""Totals of thousands of series: each source's totals of one definition are one fact, and of no other.

    series.py --driver FACTS_DRIVER

What tells series apart is small and alike (numbers of sources and countries, forms, years): none may be taken
for another.
"""

import argparse
import itertools

import driver


def tallies():
    """One report for each of many series."""
    told = itertools.product(("BY", "IR", "VE"), range(20), ("released", "detained"),
                             (None, "pardon", "deportation", "exchange"), ("2024", "2025", "2025-05-02"))
    for number, (country, source, of, form, since) in enumerate(told):
        event = {"id": "%d" % number, "kind": "tally", "country": country, "source": "s%d" % source, "of": of,
                 "count": number % 90, "since": since, "occurred_at": "2025-06-01"}
        yield event | ({"form": form} if form else {})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    events = list(tallies())
    case = {"case": 1, "batches": [events], "now": "2026-01-01"}
    facts = driver.run(parser.parse_args().driver, [case])[0]["facts"]["tally"]
    assert sorted(fact["reports"] for fact in facts) == sorted([e["source"] + "/" + e["id"]] for e in events), \
        "%d series told, %d found" % (len(events), len(facts))
    assert len({fact["id"] for fact in facts}) == len(events), "two series have one id"
    print("%d series" % len(facts))


if __name__ == "__main__":
    main()
