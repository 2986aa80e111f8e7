#!/usr/bin/python3
"""Totals that sources state come to the same whether what they count is told report by report or at once: told one by
one, only those totals are compared anew that a change can reach.

    totals.py --driver FACTS_DRIVER
"""

import argparse
import random

import driver

CASES = 700
DATES = ["2025-04-30", "2025-05-01", "2025-05-02", "2025-05-09", "2025-05-20", "2025-05-01~", "2025-05-20~", "2025-06-03"]


def happening(r, event):
    event |= {"kind": r.choice(["release", "release", "detention"]), "occurred_at": r.choice(DATES), "count": r.randint(1, 4),
              "status": r.choice(["rumoured", "confirmed", "confirmed"])}
    if event["kind"] == "release" and r.random() < 0.6:
        event["form"] = r.choice(["pardon", "sentence_served", "amnesty"])
    if r.random() < 0.3:
        event |= {"covers": "part", "part": r.choice(["category=political", "category=foreign", "destination=LT"])}
    if r.random() < 0.1:
        del event["occurred_at"]


def total(r, event):
    event |= {"kind": "tally", "of": r.choice(["released", "released", "detained"]), "count": r.randint(1, 9),
              "since": r.choice(["2025-04-01", "2025-05-02", "2025-05~"])}
    event |= {"form": r.choice(["pardon", "amnesty"])} if r.random() < 0.3 else {}
    event |= {"category": r.choice(["political", "foreign"])} if r.random() < 0.3 else {}
    event |= {"occurred_at": r.choice(DATES[:-1] + ["2025-05"])} if r.random() < 0.9 else {}


def story(seed):
    """Totals first, and then what they count, some of it revised or withdrawn."""
    r, events = random.Random(seed), []
    for number in range(18):
        event = {"id": str(number), "country": "BY", "source": "s%d" % r.randint(0, 4)}
        (total if r.random() < (0.8 if number < 8 else 0.1) else happening)(r, event)
        own = [e["id"] for e in events if e["source"] == event["source"] and e["kind"] == event["kind"]]
        if own and r.random() < 0.25:
            event["revises"] = r.choice(own)
        elif own and r.random() < 0.1:
            event = {k: event[k] for k in ("id", "country", "source")} | {"kind": "retraction", "retracts": r.choice(own)}
        events.append(event)
    return events


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", required=True)
    driver_ = parser.parse_args().driver
    cases, states = [], set()
    for seed in range(CASES):
        events = story(seed)
        for batches in ([[event] for event in events], [events]):
            cases.append({"case": seed, "now": "2026-01-01", "batches": batches})
    answers = driver.run(driver_, cases)
    for one_by_one, at_once in zip(answers[::2], answers[1::2]):
        totals = [answer["facts"].get("tally", []) for answer in (one_by_one, at_once)]
        assert totals[0] == totals[1], "story %d: %s\nat once: %s" % (one_by_one["case"], *totals)
        states |= {fact["state"] for fact in totals[0]}
    assert states >= {"agrees", "stale", "other-definition", "differs"}, states
    print("%d stories" % CASES)


if __name__ == "__main__":
    main()
