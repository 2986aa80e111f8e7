#!/usr/bin/python3
"""Turns clients/demo/belarus/reports.jsonl, or any file of that format, into thaw/1 events.

One JSON object a line, fit for `thaw pub`. By the fields of each report alone: nothing here knows
a single report. A report that holds a word unknown here is left out and named on stderr; the exit
code is then 1. Only Python's own library is needed.

    convert.py [--order file|reported] [REPORTS.jsonl] > EVENTS.jsonl
    convert.py --months FOLDER [REPORTS.jsonl]       by the day of the report, a file each month
"""
import argparse
import json
import os
import sys

REPORTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "belarus", "reports.jsonl")

COUNT_IS = {"eq": "exact", "ge": "at_least", "approx": "about"}

# An act of grace keeps its form also where it ended in a deportation. Where a report only says
# that people were freed, handed over or let go home, it states no form.
FORM = {
    "pardon": "pardon",
    "pardon+deportation": "pardon",
    "pardon+handover": "pardon",
    "amnesty": "amnesty",
    "exchange": "exchange",
    "deportation": "deportation",
    "sentence_served": "sentence_served",
    "parole": "parole",
    "acquittal": "acquittal",
}
# A part named by a country went there; where nobody moved, it came from there.
MOVES = {"handover", "deportation", "pardon+deportation", "pardon+handover", "release_home"}

# "ease" is what somebody announces; the act that follows has its own word.
ACTION = {
    "impose": "imposed",
    "extend": "extended",
    "ease": "eased",
    "license": "licensed",
    "delist": "delisted",
    "no_change": "maintained",
}

STAGE = {
    "meeting": "reported",
    "expect_release": "reported",
    "demand_release": "demanded",
    "promise_release": "promised",
    "refusal": "denied",
    "denial": "denied",
}
# What somebody asks for or expects has not happened, whatever the kind of the report.
STAGE_OF_SCOPE = {"demanded": "demanded", "expected": "reported"}

TOTALS = ("cumulative", "stock")


class Unknown(Exception):
    """A word of a report that this page has no meaning for."""


def meaning(table, report, field):
    word = report.get(field)
    if word not in table:
        raise Unknown(f"{field} is {json.dumps(word, ensure_ascii=False)}, "
                      f"expected one of {', '.join(map(str, table))}")
    return table[word]


def kind_of(report):
    """The kind of event: what was withdrawn, totals and expectations are no happenings."""
    kind = report.get("kind")
    if report.get("status") == "retracted":
        return "retraction"
    if kind not in ("release", "detention", "sanction", "talks"):
        raise Unknown(f"kind is {kind!r}, expected release, detention, sanction or talks")
    if report.get("scope") in TOTALS:
        if kind not in ("release", "detention"):
            raise Unknown(f"scope {report['scope']} of {kind}: only people have totals")
        return "tally"
    if report.get("scope") in STAGE_OF_SCOPE:
        return "talks"
    return kind


def common(report, kind):
    """What events of every kind carry."""
    event = {
        "id": report["id"],
        "kind": kind,
        "country": report["country"],
        "source": report["source"],
        "attributed_to": report.get("attributed_to"),
        "reported_at": report.get("reported_at"),
        "title": report.get("target"),
        "url": report.get("url"),
    }
    if kind != "retraction":
        event["status"] = report.get("status")
        event["occurred_at"] = report.get("occurred_at")
    return event


def counted(report):
    """The count and how it is meant, where one is given."""
    if report.get("count") is None:
        return {}
    count_is = meaning(COUNT_IS, report, "count_op") if report.get("count_op") else None
    return {"count": report["count"], "count_is": count_is}


def covered(report):
    """What a count of people is the count of."""
    scope = report.get("scope")
    if scope is None or scope == "completed":
        return {}
    if scope == "all-sides":
        return {"covers": "wider"}
    if scope == "political":
        return {"covers": "part", "part": "category=political"}
    # Two dimensions, because the parts are not disjoint and must not be added.
    if scope == "named-subset":
        return {"covers": "part", "part": "subset=named"}
    if scope == "excluding-one":
        return {"covers": "part", "part": "excluding=one"}
    if not scope.startswith("subset-"):
        raise Unknown(f"scope is {scope!r}, which the format does not know")
    country = scope[len("subset-"):]
    if report.get("action") not in MOVES:
        return {"covers": "part", "part": "origin=" + country}
    part = {"covers": "part", "part": "destination=" + country}
    if country != report["country"]:
        part["destination"] = country
    return part


def persons(report):
    return {"persons": report.get("persons")}


def release(report):
    form = FORM.get(report.get("action"))  # an unknown way of being freed is still a release
    if report.get("scope") == "completed":
        form = "sentence_served"
    return {"form": form, **counted(report), **covered(report), **persons(report)}


def detention(report):
    return {**counted(report), **covered(report), **persons(report)}


def tally(report):
    freed = report["kind"] == "release" and report["scope"] == "cumulative"
    return {
        "of": "released" if freed else "detained",
        "since": report.get("since"),
        "form": report.get("form"),
        "category": report.get("category"),
        **counted(report),
        **persons(report),
    }


def sanction(report):
    """The sector stays beside the parties: it says what the step is about, they whom it meets."""
    return {
        "authority": report["authority_code"],
        "action": meaning(ACTION, report, "action"),
        "sector": report.get("sector"),
        "targets": report.get("targets"),
        "expires_at": report.get("expires_at"),
        **counted(report),
    }


def talks(report):
    scope = report.get("scope")
    stage = STAGE_OF_SCOPE[scope] if scope in STAGE_OF_SCOPE else meaning(STAGE, report, "action")
    return {"stage": stage, "expected_count": report.get("count"), **persons(report)}


def retraction(report):
    if not report.get("retracts"):
        raise Unknown("status is retracted, but `retracts` does not say which report")
    return {"retracts": report["retracts"]["id"]}


BODY = {
    "release": release,
    "detention": detention,
    "tally": tally,
    "sanction": sanction,
    "talks": talks,
    "retraction": retraction,
}


def convert(report):
    """One report of the compilation as one event."""
    kind = kind_of(report)
    event = {**common(report, kind), **BODY[kind](report)}
    return {key: value for key, value in event.items() if value not in (None, [])}


def by_report_date(events):
    """(day, event) as they would have come in: by the day of the report; an undated one follows
    its neighbour."""
    keyed = []
    last = ""
    for event in events:
        last = event.get("reported_at") or event.get("occurred_at") or last
        keyed.append((last.rstrip("~"), event))
    return sorted(keyed, key=lambda entry: entry[0])


def write(events, out):
    for event in events:
        out.write(json.dumps(event, ensure_ascii=False) + "\n")


def write_months(events, folder):
    months = {}
    for day, event in by_report_date(events):
        months.setdefault(day[:7] or "undated", []).append(event)
    for month, those in months.items():
        with open(os.path.join(folder, month + ".jsonl"), "w", encoding="utf-8") as out:
            write(those, out)


def read(path):
    """The events of a file, and how many of its lines gave none."""
    events, left_out = [], 0
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                events.append(convert(json.loads(line)))
            except (Unknown, KeyError, TypeError, ValueError) as problem:
                what = f"{problem} is missing" if isinstance(problem, KeyError) else problem
                print(f"{path}:{number}: left out: {what}", file=sys.stderr)
                left_out += 1
    return events, left_out


def main():
    parser = argparse.ArgumentParser(description="Turns the reports of the demo into thaw/1 events.")
    parser.add_argument("--order", choices=("file", "reported"), default="file",
                        help="as they stand in the file, or by the day of the report")
    parser.add_argument("--months", metavar="FOLDER", help="write a file for each month there")
    parser.add_argument("reports", nargs="?", default=REPORTS)
    options = parser.parse_args()
    try:
        events, left_out = read(options.reports)
    except OSError as problem:
        sys.exit(f"convert.py: {options.reports}: {problem.strerror}")
    if options.months:
        write_months(events, options.months)
    elif options.order == "reported":
        write([event for _, event in by_report_date(events)], sys.stdout)
    else:
        write(events, sys.stdout)
    return 1 if left_out else 0


if __name__ == "__main__":
    sys.exit(main())
