#!/usr/bin/python3
"""Turns clients/demo/belarus/reports.jsonl into thaw/1 events, one JSON object a line.

By the fields of each report alone: nothing here knows a single report. Only Python's own
library is needed.

    convert.py [--order file|reported] [REPORTS.jsonl] > EVENTS.jsonl
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
    "exchange": "exchange",
    "deportation": "deportation",
    "sentence_served": "sentence_served",
}
MOVES = {"handover", "deportation", "pardon+deportation", "pardon+handover", "release_home"}

ACTION = {
    "impose": "imposed",
    "ease": "eased",
    "license": "licensed",
    "delist": "delisted",
    "extend": "extended",
    "no_change": "maintained",
}

STAGE = {
    "promise_release": "promised",
    "expect_release": "reported",
    "demand_release": "demanded",
    "meeting": "reported",
    "refusal": "denied",
    "denial": "denied",
}


def kind_of(report):
    """The kind of event: totals are tallies, never happenings."""
    if report["status"] == "retracted":
        return "retraction"
    if report["scope"] in ("cumulative", "stock"):
        return "tally"
    return report["kind"]


def common(report, kind):
    """What events of every kind carry."""
    event = {
        "id": report["id"],
        "kind": kind,
        "country": report["country"],
        "source": report["source"],
        "attributed_to": report.get("attributed_to"),
        "reported_at": report["reported_at"],
        "title": report["target"],
        "url": report["url"],
    }
    if kind != "retraction":
        event["status"] = report["status"]
        event["occurred_at"] = report["occurred_at"]
    return event


def counted(report):
    """The count and how it is meant, where one is given."""
    if report["count"] is None:
        return {}
    return {"count": report["count"], "count_is": COUNT_IS[report["count_op"]]}


def covered(report):
    """What a count of people is the count of."""
    scope = report["scope"]
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
    if scope.startswith("subset-"):
        country = scope[len("subset-"):]
        if report["action"] not in MOVES:
            return {"covers": "part", "part": "origin=" + country}
        part = {"covers": "part", "part": "destination=" + country}
        if country != report["country"]:
            part["destination"] = country
        return part
    raise ValueError(f"{report['id']}: scope {scope} is not known")


def release(report):
    return {"form": FORM.get(report["action"]), **counted(report), **covered(report)}


def detention(report):
    return {**counted(report), **covered(report)}


def tally(report):
    return {
        "of": "detained" if report["scope"] == "stock" else "released",
        "since": report.get("since"),
        "form": report.get("form"),
        "category": report.get("category"),
        **counted(report),
    }


def sanction(report):
    event = {
        "authority": report["authority_code"],
        "action": ACTION[report["action"]],
        "targets": report.get("targets"),
        "expires_at": report.get("expires_at"),
        **counted(report),
    }
    # The parties say more than the sector that stands beside them.
    if not event["targets"]:
        event["sector"] = report["sector"]
    return event


def talks(report):
    return {"stage": STAGE[report["action"]], "expected_count": report["count"]}


def retraction(report):
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
    if kind not in ("sanction", "retraction"):
        event["persons"] = report.get("persons")
    return {key: value for key, value in event.items() if value not in (None, [])}


def by_report_date(events):
    """As they would have come in: by the day of the report; an undated one follows its neighbour."""
    keyed = []
    last = ""
    for place, event in enumerate(events):
        last = event.get("reported_at") or event.get("occurred_at") or last
        keyed.append((last.rstrip("~"), place, event))
    return [event for _, _, event in sorted(keyed, key=lambda entry: entry[:2])]


def main():
    parser = argparse.ArgumentParser(description="Turns the reports of the demo into thaw/1 events.")
    parser.add_argument("--order", choices=("file", "reported"), default="file")
    parser.add_argument("reports", nargs="?", default=REPORTS)
    options = parser.parse_args()
    with open(options.reports, encoding="utf-8") as lines:
        events = [convert(json.loads(line)) for line in lines if line.strip()]
    if options.order == "reported":
        events = by_report_date(events)
    for event in events:
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
