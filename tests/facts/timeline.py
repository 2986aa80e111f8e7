#!/usr/bin/python3
"""The Belarus timeline: the same incidents in whatever order, and the totals others published.

    timeline.py --driver FACTS_DRIVER            checks the orders, and TIMELINE.md against what is computed
    timeline.py --driver FACTS_DRIVER --write    computes the tables of TIMELINE.md anew
"""

import argparse
import datetime
import difflib
import json
import os
import random
import sys

import driver

DOCUMENT = os.path.join(driver.ROOT, "daemon", "engine", "facts", "TIMELINE.md")
NOW = "2026-05-01"
BEGIN, END = "<!-- computed: begin -->\n", "<!-- computed: end -->\n"
DAY = 86400 * 10**9


# ---- any order ---------------------------------------------------------------------------------


def orders(events):
    """Ways in which the same reports may come: (name, batches)."""
    yield "in file order", [events]
    yield "one by one", [[event] for event in events]
    yield "reversed", [events[::-1]]
    yield "reversed, one by one", [[event] for event in events[::-1]]
    for seed in range(20):
        r = random.Random(seed)
        shuffled = r.sample(events, len(events))
        if seed % 2:
            shuffled = [event for event in shuffled for _ in range(r.choice([1, 5]))]
        cuts = sorted(r.sample(range(1, len(shuffled)), r.randint(0, 30)))
        yield "shuffled %d" % seed, [shuffled[a:b] for a, b in zip([0] + cuts, cuts + [len(shuffled)])]


def check_orders(program, events):
    named = list(orders(events))
    cases = [{"case": number, "now": NOW, "batches": batches} for number, (_, batches) in enumerate(named)]
    answers = driver.run(program, cases)
    reference = json.dumps(answers[0]["facts"], sort_keys=True)
    different = [name for (name, _), answer in zip(named, answers)
                 if json.dumps(answer["facts"], sort_keys=True) != reference]
    for name in different:
        print("other facts when the reports come %s" % name)
    return len(different)


# ---- the tables --------------------------------------------------------------------------------


def interval_text(low, high):
    return str(low) if low == high else "%d–%d" % (low, high)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def releases_of(answer):
    listed = {i["id"]: i for i in answer["answers"][1]["incidents"]}
    found = [{**fact, "date": listed[fact["id"]]["occurred_at"]} for fact in answer["facts"]["release"]]
    return sorted(found, key=lambda fact: (fact.get("occurred_at", 0), fact["id"]))


def incidents_table(releases):
    rows, total = [], 0
    for fact in releases:
        total += fact.get("count", 0)
        rows.append((fact["date"], fact["count"], interval_text(fact["low"], fact["high"]) if fact["disagrees"] else "",
                     ", ".join(fact.get("forms", [])) or "not stated", fact["status"], len(fact["reports"]),
                     len(fact["voices"]), total))
    return table(("date", "people", "votes differ", "form", "status", "reports", "voices", "running sum"), rows)


def parse_day(text):
    """Start of a stated date, without its `~`, in nanoseconds; and whether it is approximate."""
    parts = [int(part) for part in text.rstrip("~").split("-")] + [1, 1]
    return int(datetime.datetime(*parts[:3], tzinfo=datetime.timezone.utc).timestamp()) * 10**9, text.endswith("~")


def within(releases, tally, wanted=lambda fact: True):
    """The releases of a tally's stretch of time that are of the wanted kind."""
    start = parse_day(tally["since"])[0] if tally["since"] else 0
    end = parse_day(tally["date"])[0] + DAY
    return [fact for fact in releases if "occurred_at" in fact and start <= fact["occurred_at"] < end and wanted(fact)]


def grace(fact):
    return fact.get("forms", []) != ["sentence_served"]


def pardon(fact):
    return "pardon" in fact.get("forms", [])


def of_many(fact):
    return fact["count"] > 1


def readings(releases, tally):
    """What the total would be under narrower definitions."""
    wanted = {"all": lambda fact: True, "acts of grace": grace, "pardon stated": pardon,
              "pardon, not of one alone": lambda fact: pardon(fact) and of_many(fact)}
    return {name: sum(fact["count"] for fact in within(releases, tally, take)) for name, take in wanted.items()}


def reached(releases, tally, stated):
    """The day on which the acts of grace of groups came to the stated total, if ever."""
    total = 0
    for fact in within(releases, {**tally, "date": NOW[:10]}, lambda f: grace(f) and of_many(f)):
        total += fact["count"]
        if total == stated:
            return fact["date"]
    return "–"


def fit_text(tally):
    """The first definition that would fit, in words."""
    if not tally["fits"]:
        return "–"
    fit = tally["fits"][0]
    words = {"stated": "all", "grace": "without sentences served", "with": "%s stated" % fit["form"],
             "only": "%s and no other form" % fit["form"]}
    since = "" if tally["state"] == "other-definition" else ", since " + fit["since"][:10]
    return words[fit["reading"]] + since


def tallies_table(answer, releases):
    rows = []
    for tally in sorted(answer["answers"][0]["tallies"], key=lambda t: (t["date"], t["source"])):
        if tally["of"] != "released":
            continue
        op = {"exact": "", "at_least": "≥ ", "about": "≈ "}[tally["count_is"]]
        terms = [tally["form"], tally["category"]]
        narrow = readings(releases, tally)
        compared = tally["ledger"] is not None
        rows.append((tally["date"], tally["source"], op + str(tally["count"]), tally["since"] or "not stated",
                     ", ".join(t for t in terms if t) or "none",
                     interval_text(tally["ledger_low"], tally["ledger_high"]) if compared else "–", tally["state"],
                     fit_text(tally), narrow["acts of grace"], narrow["pardon stated"], narrow["pardon, not of one alone"],
                     reached(releases, tally, tally["count"])))
    return table(("date", "voice", "states", "since", "terms", "thawd has", "state", "would fit", "acts of grace",
                  "pardon stated", "… of groups", "groups freed by grace reach it"), rows)


def computed(program, events):
    case = {"case": 1, "now": NOW, "batches": [events],
            "ask": [{"state": "BY", "since": "2024-07-01"}, {"incidents": "BY"}]}
    answer = driver.run(program, [case])[0]
    releases = releases_of(answer)
    stocks = [t for t in answer["answers"][0]["tallies"] if t["of"] == "detained"]
    plain = sum(e["count"] for e in events if e["kind"] in ("release", "tally") and e.get("of") != "detained"
                and "count" in e)
    people = answer["answers"][0]["released"]["total"]
    return "\n".join([
        "%d reports; a plain sum of the counts that are on releases gives %d. thawd holds %d releases of %s people.\n"
        % (len(events), plain, people["incidents"], interval_text(people["low"], people["high"])),
        "### Releases\n", incidents_table(releases), "### Published totals of the released\n",
        tallies_table(answer, releases), "### Stated numbers of the held\n",
        table(("date", "voice", "states", "state"),
              [(t["date"], t["source"], t["count"], t["state"])
               for t in sorted(stocks, key=lambda t: (t["date"], t["source"]))])])


def check_document(program, events, write):
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(BEGIN)
    stands, after = rest.split(END)
    ours = "\n" + computed(program, events) + "\n"
    if write:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + ours + END + after)
        return 0
    if stands == ours:
        return 0
    print("TIMELINE.md does not say what is computed (timeline.py --write mends it):")
    sys.stdout.writelines(line + "\n" for line in difflib.unified_diff(stands.splitlines(), ours.splitlines(),
                                                                       "TIMELINE.md", "computed", lineterm=""))
    return 1


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--driver", required=True)
    options.add_argument("--write", action="store_true")
    options = options.parse_args()
    events = driver.belarus()
    wrong = check_orders(options.driver, events) + check_document(options.driver, events, options.write)
    print("%d orders of %d reports; %s" % (len(list(orders(events))), len(events), "wrong" if wrong else "all well"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
