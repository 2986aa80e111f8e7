#!/usr/bin/python3
"""A story told in pieces comes to what it comes to told at once.

    repeats.py --driver FACTS_DRIVER [--cases N] [--seed N]

The engine does not count anew where a report only repeats what its incident says already. Whether it does is
decided by what the reports of one day say, so each case is one story of few voices that say nearly the same:
counts and dates that differ by one, lower bounds, people named, parts, wider counts, votes taken back by a later
report of the same voice. Facts and explanations must be the same.
"""

import argparse
import json
import random

import driver

KINDS = [{"kind": "release"}] * 4 + [{"kind": "detention"}] + [
    {"kind": "sanction", "authority": "US", "action": "imposed"}] * 3 + [{"kind": "talks", "stage": "reported"}]

# What may be otherwise in a story; each story has some of it, now and then.
OTHERWISE = ["count", "no count", "at_least", "about", "date", "month", "persons", "targets", "status", "voice", "part",
             "wider", "late"]


def report(r, kind, number, otherwise):
    people = kind["kind"] in ("release", "detention")
    event = dict(kind, id="%02d" % number, country="BY", source=r.choice("abcd"), occurred_at="2025-05-01", count=2,
                 reported_at="2025-05-03T%02d:00:00Z" % number)
    for what in otherwise:
        if r.random() < 0.6:
            continue
        if what == "count":
            event["count"] = r.choice([1, 3])
        elif what == "no count":
            event.pop("count", None)
            event.pop("count_is", None)
        elif what in ("at_least", "about"):
            event.update(count=r.choice([1, 2, 3]), count_is=what)
        elif what == "date":
            event["occurred_at"] = r.choice(["2025-05-02", "2025-05-01T00:00:00Z"])
        elif what == "month":
            event["occurred_at"] = "2025-05"
        elif what == "persons" and people:
            event["persons"] = [{"name": n, "ids": ["x:" + n]} for n in r.sample("PQR", r.randint(1, 3))]
        elif what == "targets" and kind["kind"] == "sanction":
            event["targets"] = [{"ids": r.sample(["x:1", "x:2", "x:3"], r.randint(1, 2))} for _ in range(r.randint(1, 3))]
            event["action"] = r.choice(["imposed", "imposed", "lifted"])
        elif what == "status":
            event["status"] = r.choice(["rumoured", "confirmed"])
        elif what == "voice":
            event["attributed_to"] = r.choice("vw")
        elif what == "part":
            event.update(covers="part", part=r.choice(["destination=LT", "destination=UA"]))
        elif what == "wider":
            event["covers"] = "wider"
            event.pop("part", None)
        elif what == "late":
            event["reported_at"] = "2025-05-03T%02d:30:00Z" % r.randint(0, number)
    return event


def linked():
    """Two parties turn out to be one in the batch in which somebody repeats the step that named them."""
    step = {"kind": "sanction", "country": "BY", "authority": "US", "occurred_at": "2025-05-01"}
    events = [dict(step, id="1", source="a", action="imposed", targets=[{"ids": ["x:1"]}, {"ids": ["x:2"]}]),
              dict(step, id="2", source="b", action="lifted", targets=[{"ids": ["x:1", "x:2"]}]),
              dict(step, id="3", source="c", action="imposed", reported_at="2025-05-03")]
    case = {"case": -1, "now": "2026-01-01", "digest": 0, "ask": [{"state": "BY"}]}
    return [dict(case, batches=batches) for batches in ([events], [[e] for e in events], [events[:1], events[1:]])]


def taken_back():
    """Somebody names two of three freed, and tells the three later as a rumour: then two are known. Told the other way
    round the earlier report repeats the number, but no rumour decides any more."""
    story = {"kind": "release", "country": "BY", "source": "a", "occurred_at": "2025-05-01", "count": 3}
    events = [dict(story, id="1", status="rumoured", reported_at="2025-05-03"),
              dict(story, id="2", persons=[{"name": "P"}, {"name": "Q"}], reported_at="2025-05-02")]
    case = {"case": -2, "now": "2026-01-01", "digest": 0, "ask": [{"state": "BY"}]}
    return [dict(case, batches=batches) for batches in ([events], [[e] for e in events], [[e] for e in reversed(events)])]


def cases(count, seed):
    r = random.Random(seed)
    yield linked()
    yield taken_back()
    for number in range(count):
        kind, otherwise = r.choice(KINDS), r.sample(OTHERWISE, r.randint(1, 3))
        events = [report(r, kind, n, otherwise) for n in range(r.randint(3, 6))]
        ask = [{"state": "BY"}]
        case = {"case": number, "now": "2026-01-01", "digest": r.choice([0, 2, 4]), "ask": ask}
        cut = r.randint(1, len(events) - 1)
        yield [dict(case, batches=batches) for batches in ([events], [[e] for e in events], [events[:cut], events[cut:]])]


def explained(case, answer):
    """The case with a question about each incident that its answer knows."""
    ids = [fact["id"] for kind in ("release", "detention", "sanction", "talks") for fact in answer["facts"].get(kind, [])]
    return dict(case, ask=[{"state": "BY"}] + [{"explain": id_} for id_ in ids])


def told(answer):
    """What an answer says, without how much memory it took."""
    return json.dumps({key: value for key, value in answer.items() if key not in ("bytes", "most")}, sort_keys=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    stories = list(cases(args.cases, args.seed))
    first = driver.run(args.driver, [ways[0] for ways in stories])
    stories = [[explained(case, answer) for case in ways] for ways, answer in zip(stories, first)]
    whole, *pieces = [driver.run(args.driver, list(cases)) for cases in zip(*stories)]
    differ = [(ways, *answers) for ways, *answers in zip(stories, whole, *pieces) if len(set(map(told, answers))) > 1]
    for ways, *answers in differ[:1]:
        print("this story differs:", *ways[0]["batches"][0], *map(told, answers), sep="\n    ")
    assert not differ, "%d of %d stories differ" % (len(differ), len(stories))
    print("%d stories, %d explanations" % (len(stories), sum(len(ways[0]["ask"]) - 1 for ways in stories)))


if __name__ == "__main__":
    main()
