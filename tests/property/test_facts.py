#!/usr/bin/python3
"""The engine's facts against the model, over random cases.

For each seed one case is made (generate.py) and its facts are worked out once by the model. The
engine is then given the same reports in many orders, batches and repetitions: each run must give
the same bytes, and these must say what the model says. With everything withdrawn nothing may be
left. A failing case is cut down to the fewest reports and keys that still fail, and printed.

    test_facts.py --driver build/tests/facts_driver [--seeds A B] [--seconds N]
"""

import argparse
import copy
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402
import model  # noqa: E402

CHUNK = 200
KNOWN_THEN, KNOWN_LATER = "asked then", "asked later for then"

# ---- the engine ------------------------------------------------------------------------------


class Crash(Exception):
    pass


def engine(driver, cases):
    """The driver's answers to cases, in order; a Crash names the case at which it died."""
    given = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run([driver], input=given, capture_output=True, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]
    if done.returncode or len(answers) != len(cases):
        raise Crash(len(answers), done.returncode, done.stderr[-3000:])
    return answers


def retraction(event):
    return {"kind": "retraction", "country": event["country"], "source": event["source"],
            "id": "gone-" + event["id"], "retracts": event["id"]}


def splits(events, chance, r):
    batches = [[]]
    for event in events:
        if batches[-1] and r.random() < chance:
            batches.append([])
        batches[-1].append(event)
    return batches


def variants(seed, events):
    """Ways of telling the same: (name, case)."""
    r = random.Random(seed)

    def shuffled(list_):
        return r.sample(list_, len(list_))

    def some_keys_moved(event):
        return {key: event[key] for key in shuffled(list(event))}

    def case(batches, **more):
        # Votes are kept in digests from the second, the fifth report on, or only in large incidents.
        return {"case": seed, "now": generate.NOW, "batches": batches, "digest": r.choice([0, 1, 1, 4]), **more}

    countries = sorted({event["country"] for event in events if event["kind"] != "retraction"})

    def whole(*batches, **more):
        """All of the reports, and the ledger that comes of them."""
        return case(*batches, ask=[{"state": country} for country in countries], **more)

    repeated = [some_keys_moved(event) for event in events for _ in range(r.randint(1, 5))]
    yield "at once", whole([events])
    yield "at once, backwards", whole([events[::-1]])
    yield "one by one", whole([[event] for event in events])
    yield "one by one, backwards", whole([[event] for event in events[::-1]])
    for number in range(3):
        yield "shuffled %d" % number, whole(splits(shuffled(events), (0.2, 0.6, 1)[number], r))
    yield "over images", whole(splits(shuffled(events), r.choice([0.3, 1]), r), image=True)
    yield "repeated", whole(splits(shuffled(repeated), 0.4, r))
    batches = splits(shuffled(events), 0.5, r)
    nows = sorted(r.choice(["2025-05-10", "2025-08-02", "2025-11-20", "2025-12-31"]) for _ in batches)
    yield "with the clock behind", whole(batches, nows=nows, each=seed % 5 == 0)
    until = r.choice(nows)
    then = [batch for batch, now in zip(batches, nows) if now <= until]
    heard = sorted({event["country"] for batch in then for event in batch if event["kind"] != "retraction"})
    yield KNOWN_THEN, case(then, nows=nows[:len(then)], ask=[{"state": country} for country in heard], end=until)
    yield KNOWN_LATER, case(batches, nows=nows, ask=[{"state": country, "at": until} for country in heard])
    gone = [retraction(event) for event in events if event["kind"] != "retraction"]
    yield "and withdrawn", case([events, gone])
    yield "withdrawn in pieces", case(splits(shuffled(events + gone), 0.5, r))


# ---- comparing -------------------------------------------------------------------------------

NOT_MODELLED = {"id"}  # of the key's text, which FACTS.md leaves open


def plain(kind, fact):
    """A fact as both sides can be compared: without what the model cannot know, and no empty lists."""
    if kind == "report":
        return {"id": fact["id"], "source": fact["source"], "country": fact["country"], "kind": fact["kind"]}
    return {key: value for key, value in fact.items()
            if value not in ([], None) and key not in NOT_MODELLED and key not in ("kind", "silent_for", "history")}


def as_texts(facts):
    return {kind: sorted(json.dumps(plain(kind, fact), sort_keys=True) for fact in facts.get(kind, []))
            for kind in generate_kinds()}


def generate_kinds():
    return ("release", "detention", "sanction", "talks", "person", "measure", "tally", "feed", "report")


def compare(theirs, ours):
    """Sentences on where the engine's facts differ from the model's."""
    theirs, ours = as_texts(theirs), as_texts(ours)
    differences = []
    for kind in generate_kinds():
        extra, missing = list(theirs[kind]), []
        for text in ours[kind]:
            if text in extra:
                extra.remove(text)
            else:
                missing.append(text)
        for number in range(max(len(extra), len(missing))):
            engine_says = json.loads(extra[number]) if number < len(extra) else None
            model_says = json.loads(missing[number]) if number < len(missing) else None
            if engine_says and model_says and len(extra) == len(missing) == 1:
                keys = [k for k in sorted({**engine_says, **model_says}) if engine_says.get(k) != model_says.get(k)]
                differences.append("%s %s: %s" % (kind, model_says.get("reports"), "; ".join(
                    "%s: engine %s, model %s" % (k, engine_says.get(k), model_says.get(k)) for k in keys)))
            else:
                differences.append("%s:\n    engine %s\n    model  %s" % (
                    kind, json.dumps(engine_says, sort_keys=True), json.dumps(model_says, sort_keys=True)))
    return differences


def bounds(events, ours):
    """What must hold of every count, whoever worked it out."""
    by_name = {e["source"] + "/" + e["id"]: e for e in events}
    for kind in ("release", "detention", "sanction"):
        for fact in ours[kind]:
            reports = [by_name[name] for name in fact["reports"] if by_name[name].get("covers") != "wider"]
            whole = [r.get("count", 0) for r in reports if r.get("covers", "event") == "event"]
            named = [model.Report(r).named() for r in reports]
            parties = {i for r in reports for t in r.get("targets", []) for i in t.get("ids", []) + [(t.get("type"), t.get("name"))]}
            parts = {}
            for r in reports:
                if r.get("covers") == "part":
                    dimension, value = r["part"].split("=", 1)
                    values = parts.setdefault(dimension, {})
                    values[value] = max(values.get(value, 0), r.get("count", 0), len(r.get("persons", [])))
            ceiling = max(whole + named + [len(parties)] + [sum(p.values()) for p in parts.values()] + [0])
            if fact.get("count", 0) > ceiling:
                yield "%s %s: count %s is above everything that was said (%s)" % (
                    kind, fact["reports"], fact["count"], ceiling)
            floor = max([model.Report(r).named() for r in reports if r.get("covers", "event") == "event"] + [0])
            if kind != "sanction" and fact.get("count", 0) < floor:
                yield "%s %s: count %s is below the %s that one report names" % (
                    kind, fact["reports"], fact.get("count"), floor)


HISTORIES = {"measure": ("measures", ["authority", "party", "sector", "program", "ids"]),
             "person": ("persons", ["person", "ids"])}


def turns_of(answer, key, names):
    """The histories of a list of the ledger: [(what it is of, turns)], in an order of its own."""
    return sorted(json.dumps([[row.get(name) or None for name in names],
                              [[at_ns(t["at"]), t["action"], at_ns(t["expires_at"]), t["program"], t["state"], t["reports"],
                                t["source"], t["id"]] for t in row["history"]]]) for row in answer[key])


def at_ns(value):
    return None if value is None else model.interval(value)[0]


def compare_histories(answers, ours):
    """Sentences on histories that the ledgers give otherwise than the model."""
    for kind, (key, names) in HISTORIES.items():
        theirs = sorted(text for answer in answers for text in turns_of(answer, key, names))
        expected = sorted(json.dumps([[fact.get(name) or None for name in names], fact["history"]])
                          for fact in ours[kind])
        for text in set(theirs) ^ set(expected):
            yield "history: %s, of a %s: %s" % ("engine" if text in theirs else "model", kind, text)


def judge_steps(case, answer):
    """The facts after each batch, at the clock of that batch."""
    told = []
    for number, (batch, now, step) in enumerate(zip(case["batches"], case["nows"], answer["steps"])):
        told += batch
        for text in compare(step, model.facts(told, now)):
            return ["after batch %d at %s the engine differs from the model: %s" % (number + 1, now, text)]
    return []


def judge(events, named, answers):
    """Sentences on what is wrong with the answers to the variants of one case."""
    names = [name for name, _ in named]
    ours = model.facts(events, generate.NOW)
    first = answers[0]
    wrong = ["model: " + text for text in bounds(events, ours)]
    wrong += ["the engine differs from the model: " + text for text in compare(first["facts"], ours)]
    wrong += list(bounds(events, first["facts"]))
    wrong += sorted(compare_histories(first["answers"], ours))
    reference = json.dumps(first["facts"], sort_keys=True)
    for (name, case), answer in zip(named, answers):
        if "steps" in answer and not wrong:
            wrong += ["%s: %s" % (name, text) for text in judge_steps(case, answer)]
        wrong += ["%s: %s" % (name, problem) for problem in answer["problems"]]
        if name in (KNOWN_THEN, KNOWN_LATER):
            continue
        if "withdrawn" in name:
            left = [fact for facts in answer["facts"].values() for fact in facts]
            if left:
                wrong.append("%s: %d facts are left, such as %s" % (name, len(left), left[0]))
            if answer["bytes"][0] != answer["bytes"][1]:
                wrong.append("%s: bytes went from %d to %d" % (name, *answer["bytes"]))
            continue
        if json.dumps(answer["facts"], sort_keys=True) != reference:
            wrong.append("%s: other facts than %s: %s" % (name, names[0], first_difference(first["facts"], answer["facts"])))
        if json.dumps(answer["answers"]) != json.dumps(first["answers"]):
            wrong.append("%s: another ledger than %s" % (name, names[0]))
        if answer["accepted"] != len(events):
            wrong.append("%s: accepted %d of %d" % (name, answer["accepted"], len(events)))
    then, later = (answers[names.index(name)]["answers"] for name in (KNOWN_THEN, KNOWN_LATER))
    for one, other in zip(then, later):
        if one != other:
            wrong.append("%s: another ledger than then: %s" % (KNOWN_LATER, first_difference_of(one, other)))
    ids = [fact["id"] for kind, facts in first["facts"].items() if kind != "report" for fact in facts if "id" in fact]
    if len(ids) != len(set(ids)):
        wrong.append("two facts have one id: %s" % sorted(i for i in ids if ids.count(i) > 1))
    return wrong


def first_difference(one, other):
    for kind in one:
        only_one = [f for f in one[kind] if f not in other.get(kind, [])]
        only_other = [f for f in other.get(kind, []) if f not in one[kind]]
        if only_one or only_other:
            return "%s\n    %s\n    %s" % (kind, only_one[:1], only_other[:1])
    return "in the order of fields"


def first_difference_of(one, other):
    if not one or not other:
        return "%s, %s" % (one, other)
    return next("%s\n    then  %s\n    later %s" % (key, one[key], other.get(key)) for key in one
                if one[key] != other.get(key))


def check(driver, seed, events):
    """What is wrong with one case; an empty list where nothing is."""
    named = list(variants(seed, events))
    try:
        answers = engine(driver, [case for _, case in named])
    except Crash as crash:
        at, code, text = crash.args
        return ["the engine died (%d) at the variant \"%s\": %s" % (code, named[min(at, len(named) - 1)][0], text)]
    return judge(events, named, answers)


# ---- shrinking -------------------------------------------------------------------------------


def class_of(wrong):
    """What kind of failure it is, so that shrinking does not wander off to another one."""
    text = wrong[0]
    before, _, behind = text.partition(":")
    return before + ":" + "".join(behind.split(":")[0].split()[:1])


REQUIRED = {"id", "kind", "country", "source", "authority", "action", "stage", "retracts", "state", "of"}


def smaller(events):
    """The case without one report, one key, one person."""
    for at in range(len(events)):
        yield events[:at] + events[at + 1:]
    for at, event in enumerate(events):
        for key in event:
            if key not in REQUIRED:
                less = {k: v for k, v in event.items() if k != key}
                if key == "count":
                    less.pop("count_is", None)
                if key in ("covers", "part"):
                    less.pop("covers", None)
                    less.pop("part", None)
                yield events[:at] + [less] + events[at + 1:]
        for key in ("persons", "targets"):
            for number in range(len(event.get(key, []))):
                less = copy.deepcopy(event)
                del less[key][number]
                yield events[:at] + [less] + events[at + 1:]


def shrink(driver, seed, events, wrong, seconds=20):
    wanted, until = class_of(wrong), time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < until:
        progress = False
        for less in smaller(events):
            found = check(driver, seed, less) if less else []
            found = [text for text in found if class_of([text]) == wanted]
            if found:
                events, wrong, progress = less, found, True
                break
    return events, wrong


def show(seed, events, wrong):
    print("seed %d fails with:" % seed)
    for event in events:
        print("   ", json.dumps(event))
    for text in wrong[:6]:
        print("  -", text)
    sys.stdout.flush()


# ---- the run -----------------------------------------------------------------------------------


def run_chunk(driver, seeds):
    """The failing ones among the seeds: [(seed, events, wrong)]."""
    cases = []
    for seed in seeds:
        events = generate.case(seed)
        cases.append((seed, events, list(variants(seed, events))))
    try:
        answers = iter(engine(driver, [case for _, _, named in cases for _, case in named]))
    except Crash:
        checked = [(seed, events, check(driver, seed, events)) for seed, events, _ in cases]
        return [failed for failed in checked if failed[2]]
    judged = [(seed, events, judge(events, named, [next(answers) for _ in named]))
              for seed, events, named in cases]
    return [failed for failed in judged if failed[2]]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--driver", required=True)
    options.add_argument("--seeds", nargs=2, type=int, default=[1, 1001], metavar=("A", "B"))
    options.add_argument("--seconds", type=float, default=None, help="stop after so long")
    options.add_argument("--show", type=int, default=3, help="failing cases to cut down and print")
    options = options.parse_args()
    began, failures, done = time.monotonic(), 0, 0
    seed, end = options.seeds
    end = seed + max(1, round((end - seed) * float(os.environ.get("THAW_TEST_SCALE", "1"))))
    while seed < end and (options.seconds is None or time.monotonic() - began < options.seconds):
        seeds = range(seed, min(seed + CHUNK, end))
        for failed in run_chunk(options.driver, seeds):
            failures += 1
            if failures <= options.show:
                show(failed[0], *shrink(options.driver, *failed))
        done += len(seeds)
        seed = seeds.stop
    print("%d cases, %d failed, %.0f s" % (done, failures, time.monotonic() - began))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
