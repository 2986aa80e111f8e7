#!/usr/bin/python3
"""Many reports of one happening that are taken back together cost in proportion to how many they are: a source that
was wrong is withdrawn as a whole, and thawd must not stand still over it. What is left is what would be without them.

    withdrawn.py --driver FACTS_DRIVER
"""

import argparse
import json
import resource

import driver

FEW, TIMES = 160, 8  # told and taken back, as many as the driver can look at; in proportion TIMES times as long, else its square
BEARABLE = TIMES * 2

ALIKE = {
    "of one day": {},
    "by one name": {"incident": "amnesty"},
    "by a name of all": {"incident": "shared:amnesty", "many": True},
    "on other people each": {"persons": True},
    "of many sources, by name, on people": {"incident": "shared:amnesty", "persons": True, "many": True},
}


def told(n, like):
    event = {"id": f"e{n}", "kind": "release", "country": "BY", "source": f"s{n}" if like.get("many") else "s",
             "occurred_at": "2025-05-01", "reported_at": "2025-05-02", "count": 1}
    if "incident" in like:
        event["incident"] = like["incident"]
    if "persons" in like:
        event["persons"] = [{"name": f"P{n}", "ids": [f"p{n}"]}]
    return event


def back(event):
    return {"id": "no-" + event["id"], "kind": "retraction", "country": "BY", "source": event["source"], "retracts": event["id"]}


def again(event):
    return dict(event, id="again-" + event["id"], revises=event["id"])


def case(count, like, corrects=back):
    """Of `count` and three more, `count` are taken back or told again, from the first on."""
    events = [told(n, like) for n in range(count + 3)]
    return {"case": 0, "now": "2026-01-01", "batches": [events, [corrects(e) for e in events[:count]]], "ask": []}


def processor_time():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(program, given):
    before = processor_time()
    answer, = driver.run(program, [given])
    return answer, processor_time() - before


def facts(answer):
    return json.dumps(answer["facts"], sort_keys=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    args = parser.parse_args()
    wrong = []
    for name, like in ALIKE.items():
        few, took_few = run(args.driver, case(FEW, like))
        again_few, took_again_few = run(args.driver, case(FEW, like, again))
        again_many, took_again_many = run(args.driver, case(FEW * TIMES, like, again))
        many, took_many = run(args.driver, case(FEW * TIMES, like))
        left = [told(n, like) for n in range(FEW * TIMES, FEW * TIMES + 3)]
        alone, _ = run(args.driver, {"case": 0, "now": "2026-01-01", "batches": [left], "ask": []})
        print(f"{name}: {FEW} in {took_few:.3f} s, {FEW * TIMES} in {took_many:.3f} s")
        if took_many > BEARABLE * max(took_few, 0.01):
            wrong.append(f"{name}: {took_many / took_few:.0f} times as long for {TIMES} times as many")
        if took_again_many > BEARABLE * max(took_again_few, 0.01):
            wrong.append(f"{name}, told again: {took_again_many / took_again_few:.0f} times as long")
        wrong += [f"{name}, told again: {facts(a)[:400]}" for a in (again_few, again_many) if len(a["facts"]["release"]) != 1]
        if [len(few["facts"].get(k, ())) for k in ("release",)] != [1] or \
                many["facts"]["release"][0]["count"] != alone["facts"]["release"][0]["count"]:
            wrong.append(f"{name}: {facts(many)[:400]} and not {facts(alone)[:400]}")
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    main()
