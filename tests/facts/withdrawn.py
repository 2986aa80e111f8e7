#!/usr/bin/python3
"""Many reports of one happening are taken back, or told again, together: a source that was wrong is withdrawn as a
whole. What is left is what would be without them. (That it costs in proportion: `one_name_withdrawn` and others of
tests/bench/facts/scaling.py.)

    withdrawn.py --driver FACTS_DRIVER
"""

import argparse
import json

import driver

COUNTS = 2, 160, 1280  # taken back; the last as many as the driver can look at
LEFT = 3

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


def given(batches):
    return {"case": 0, "now": "2026-01-01", "batches": batches, "ask": []}


def case(count, like, corrects=back):
    """Of `count` and LEFT more, `count` are taken back or told again, from the first on."""
    events = [told(n, like) for n in range(count + LEFT)]
    return given([events, [corrects(e) for e in events[:count]]])


def check(program, like, count):
    """What is not as it should be, of `count` reports taken back and told again."""
    left = [told(n, like) for n in range(count, count + LEFT)]
    back_all, again_all, alone = driver.run(program, [case(count, like), case(count, like, again), given([left])])
    wrong = []
    if facts(back_all) != facts(alone):
        wrong.append(f"{count} taken back: {json.dumps(facts(back_all))[:600]} and not {json.dumps(facts(alone))[:600]}")
    (one,) = facts(again_all)["release"]
    if len(one["reports"]) != count + LEFT:
        wrong.append(f"{count} told again: {json.dumps(one)[:600]}")
    return wrong


def on_one(name, day, who, ids=(), kind="release"):
    return {"id": name, "kind": kind, "country": "BY", "source": name, "occurred_at": day, "reported_at": day, "count": 1,
            "persons": [{"name": who, "ids": list(ids)}]}


def check_spelled(program):
    """Who was detained in between is spelled otherwise and known by an id that one report on the name bears. Another
    report on that name is taken back: the id stays known of it, and the releases stay two."""
    first, then = on_one("a", "2025-03-01", "Ales B", ["w:1"]), on_one("b", "2025-03-20", "Ales B")
    detained, gone = on_one("d", "2025-03-10", "Bales A", ["w:1"], "detention"), on_one("c", "2025-03-02", "Ales B")
    orders = ([first, then, detained], [gone], [back(gone)]), ([first, detained, gone], [back(gone)], [then]), \
             ([first, gone], [back(gone)], [detained], [then])
    alone, *answers = driver.run(program, [given([[first, then, detained]]), *map(given, orders)])
    assert len(facts(alone)["release"]) == 2, facts(alone)
    return [f"{json.dumps(facts(answer))[:600]} and not {json.dumps(facts(alone))[:600]}"
            for answer in answers if facts(answer) != facts(alone)]


def facts(answer):
    """But feeds: who takes back has been heard of later."""
    return {kind: all_of_them for kind, all_of_them in answer["facts"].items() if kind != "feed"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    args = parser.parse_args()
    wrong = [f"{name}: {what}" for name, like in ALIKE.items() for count in COUNTS for what in check(args.driver, like, count)]
    wrong += [f"spelled otherwise: {what}" for what in check_spelled(args.driver)]
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    main()
