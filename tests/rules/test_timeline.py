#!/usr/bin/python3
"""The rule library over the Belarus timeline: the order of the reports does not matter for what is
active at the end, and a report that is withdrawn takes with it exactly what rested on it.

For each report in turn, at two moments (right after it came, and at the end of the timeline): after
its retraction the active alerts are those of a history that never had it; every alert that was active
before and is not now is withdrawn and names the retraction; and an alert that had ended before, and
that the history without the report would not have raised, is withdrawn too.

    test_timeline.py --driver build/tests/rules_driver --source CHECKOUT [--shuffles N]
"""

import argparse
import glob
import json
import os
import random
import subprocess
import sys
from datetime import datetime, timezone

NS = 10 ** 9


def library(source):
    """All rules of the library as one text."""
    parts = []
    for path in sorted(glob.glob(os.path.join(source, "daemon/rules/*/*.yaml"))):
        if not path.endswith(".test.yaml"):
            with open(path, encoding="utf-8") as file:
                parts.append(file.read().split("rules:\n", 1)[1])
    return "rules:\n" + "".join(parts)


def timeline(source):
    done = subprocess.run([sys.executable, os.path.join(source, "clients/demo/convert.py"), "--order", "reported"],
                          check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def instant(text):
    """The start of a date."""
    text = text.rstrip("~")
    form = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d"}[len(text)]
    return int(datetime.strptime(text, form).replace(tzinfo=timezone.utc).timestamp()) * NS


def run(driver, cases):
    """The driver is told all cases at once; it is as many processes as there are cores."""
    given = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([driver], input=given, capture_output=True, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and len(answers) == len(cases), done.stderr
    return answers


def case(rules, events, until):
    return {"case": 0, "rules": rules, "clock": "reported", "until": until,
            "steps": [{"at": 0, "events": [event]} for event in events]}


def essence(answer):
    """What must not depend on the order of the reports: the active alerts, without ids, revisions and times."""
    return sorted(json.dumps([a["rule"], a["group"], a["state"], a["values"], sorted(a["facts"])], sort_keys=True)
                  for a in answer["active"]["alerts"])


def place(alert):
    """Whatever id the fact has that it is about: without one of its reports it may have another."""
    group = {field: value for field, value in alert["group"].items() if field != "id"}
    return alert["rule"], json.dumps(group, sort_keys=True)


def same_fact(alert, other):
    """Of a rule that groups by id: both are about what they share a report of."""
    return "id" not in alert["group"] or any(report in other["reports"] for report in alert["reports"])


def last_states(answer):
    """id -> (its first change, its last change)."""
    out = {}
    for alert in answer["alerts"]:
        out[alert["id"]] = (out.get(alert["id"], (alert,))[0], alert)
    return out


def lives(answer):
    """place -> the times during which an alert of it fired, and as what it ended."""
    out = {}
    for first, last in last_states(answer).values():
        end = last["at"] if last["state"] != "firing" else "9999"
        out.setdefault(place(first), []).append((first["at"], end, last))
    return out


# ---- checks ------------------------------------------------------------------------------------


class Failure(Exception):
    pass


def expect(truth, *what):
    if not truth:
        raise Failure(" ".join(str(part) for part in what))


def check_shuffles(driver, rules, events, count):
    until = max(instant(event["reported_at"]) for event in events if "reported_at" in event)
    r = random.Random(1)
    orders = [events, events[::-1]] + [r.sample(events, len(events)) for _ in range(count)]
    answers = run(driver, [case(rules, order, until) for order in orders])
    first = essence(answers[0])
    expect(len(first) > 3, "hardly anything is active at the end")
    for number, answer in enumerate(answers):
        expect(essence(answer) == first, f"order {number}: active alerts differ\n", "\n".join(essence(answer)),
               "\nbut in the order of publication\n", "\n".join(first))
    return len(answers)


def retraction(event, reported_at):
    return {"id": "retraction-of-" + event["id"], "kind": "retraction", "country": event["country"],
            "source": event["source"], "reported_at": reported_at, "retracts": event["id"]}


def compare(event, before, after, without):
    """before: the history; after: with the retraction; without: as if the report had never been."""
    name = event["id"]
    expect(essence(after) == essence(without), name, "is withdrawn; active:\n", "\n".join(essence(after)),
           "\nwithout it:\n", "\n".join(essence(without)))
    gone, states = 0, last_states(after)
    active = {a["id"] for a in after["active"]["alerts"]}
    because = [{"source": event["source"], "id": "retraction-of-" + name}]
    for id_, (first, last) in last_states(before).items():
        now = states[id_][1]
        if last["state"] == now["state"] and last["seq"] == now["seq"]:
            continue
        if id_ in active:
            continue  # it stands, on less
        expect(now["state"] == "withdrawn", name, "is withdrawn;", id_, "is", now["state"])
        expect(now["because"] == because, name, id_, "is withdrawn because of", now["because"])
        gone += 1
    return gone


def check_ended(event, before, after, without):
    """What had ended, and would never have been without the report, is withdrawn."""
    name, states, theirs = event["id"], last_states(after), lives(without)
    for id_, (first, last) in last_states(before).items():
        if last["state"] != "resolved":
            continue
        stood = (first["at"], last["at"])
        there = any(a <= stood[1] and stood[0] <= b and same_fact(last, other)
                    for a, b, other in theirs.get(place(first), []))
        if not there:
            expect(states[id_][1]["state"] == "withdrawn", name, "is withdrawn;", id_, "rested on it and is",
                   states[id_][1]["state"])


def check_retractions(driver, rules, events):
    cases, which = [], []
    for number, event in enumerate(events):
        if event["kind"] == "retraction":
            continue
        for upto in (number + 1, len(events)):
            known = events[:upto]
            dates = [e["reported_at"] for e in known if "reported_at" in e]
            now = max(dates, key=instant) if dates else event.get("occurred_at", "2024-07-01")
            others = [e for e in known if e is not event]
            until = instant(now)
            cases += [case(rules, known, until), case(rules, known + [retraction(event, now)], until),
                      case(rules, others, until)]
            which.append((event, upto == len(events)))
    gone = 0
    for first in range(0, len(which), 20):
        answers = run(driver, cases[3 * first:3 * (first + 20)])
        for place_, (event, whole) in enumerate(which[first:first + 20]):
            before, after, without = answers[3 * place_:3 * place_ + 3]
            gone += compare(event, before, after, without)
            if whole:
                check_ended(event, before, after, without)
    expect(gone > 30, "only", gone, "alerts were withdrawn in all")
    return len(which) // 2, gone


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--shuffles", type=int, default=100)
    options = parser.parse_args()
    rules, events = library(options.source), timeline(options.source)
    try:
        orders = check_shuffles(options.driver, rules, events, options.shuffles)
        reports, gone = check_retractions(options.driver, rules, events)
    except Failure as failure:
        sys.exit(str(failure))
    print(f"{orders} orders end alike; {reports} reports withdrawn in turn, {gone} alerts with them")


if __name__ == "__main__":
    main()
