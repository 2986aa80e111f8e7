#!/usr/bin/python3
"""The engine's rules against the model, over random rules and random events.

Each case is run by the engine, which prints the facts at each instant at which something happened;
the model works the alerts out of these anew. Compared are every change of every alert (when it
fired, and when and how it ended), and at the end the active alerts with values, facts and since.

And: rules without a memory (for, until, keep_for) over the same reports in any order and any
batches end with the same active alerts. And: where reports are withdrawn or revised and nothing else happens, no alert
is resolved; what ends is withdrawn.

    test_rules.py --driver build/tests/rules_driver [--seeds A B] [--seconds N]
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
from datetime import datetime, timezone

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402
import rules_generate  # noqa: E402
import rules_model  # noqa: E402

CHUNK = 100
MANY = 500  # cases in which something of everything happens


def engine(driver, cases):
    # What saves large selections from being counted anew is tried on small ones, too.
    given = "".join(json.dumps({"tally": (1, 2, 4, 256)[case["case"] % 4], **case}) + "\n" for case in cases)
    done = subprocess.run([driver], input=given, capture_output=True, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]
    if done.returncode or len(answers) != len(cases):
        at = cases[min(len(answers), len(cases) - 1)]
        sys.exit(f"the engine died at case {at['case']} ({done.returncode}):\n{done.stderr[-3000:]}\n{at['rules']}")
    return answers


def nanoseconds(text):
    """An RFC 3339 time, exactly."""
    match = re.fullmatch(r"(\d+-\d+-\d+T\d+:\d+:\d+)(?:\.(\d+))?Z", text)
    whole = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return int(whole.timestamp()) * 10 ** 9 + int((match[2] or "0").ljust(9, "0"))


def group_of(rule, alert):
    return tuple(alert["group"][field] for field in rule.by)


def keys_of(rules, answer):
    """id -> (rule, group, number): the group it fired for; by id of the fact it may go over to another."""
    by_name = {rule.name: rule for rule in rules}
    out = {}
    for alert in answer["alerts"]:
        key = alert["rule"], group_of(by_name[alert["rule"]], alert), int(alert["id"].rsplit(":", 1)[1])
        out.setdefault(alert["id"], key)
    return out


# ---- one case ----------------------------------------------------------------------------------


def input_of(seed):
    rules, steps, until = rules_generate.case(seed)
    kinds = sorted({s.kind for rule in rules for s in rule.selections})
    return rules, {"case": seed, "rules": rules_generate.rule_set(rules), "kinds": kinds, "until": until,
                   "steps": [{"at": at, "events": events} for at, events in steps]}


def engine_changes(rules, answer):
    """(at, (rule, group, number), state) without the revisions in between."""
    out, last, keys = [], {}, keys_of(rules, answer)
    for alert in answer["alerts"]:
        key = keys[alert["id"]]
        if last.get(key) != alert["state"]:
            out.append((nanoseconds(alert["at"]), key, alert["state"]))
        last[key] = alert["state"]
    return sorted(out, key=repr)


def engine_active(rules, answer):
    keys = keys_of(rules, answer)
    return {keys[a["id"]]: a for a in answer["active"]["alerts"]}


def compare_active(model, theirs):
    ours = model.active()
    for key in sorted(set(ours) | set(theirs), key=repr):
        if key not in ours or key not in theirs:
            yield f"active {key}: the {'model' if key in ours else 'engine'} alone"
            continue
        since, values, facts = ours[key]
        alert = theirs[key]
        if nanoseconds(alert["since"]) != since:
            yield f"active {key}: since {alert['since']}, the model says {since}"
        for name, value in alert["values"].items():
            expected = None if values[name] is rules_model.ERROR else values[name]
            found = nanoseconds(value) if isinstance(value, str) else value
            if found != expected:
                yield f"active {key}: {name} is {value}, the model says {expected}"
        if sorted(alert["facts"]) != sorted(facts):
            yield f"active {key}: facts {sorted(alert['facts'])}, the model says {sorted(facts)}"


def differences(rules, answer, steps):
    model, batches = rules_model.Model(rules), iter(steps)
    for instant in answer["instants"]:
        events = next(batches)["events"] if instant["batch"] else ()
        for known in sorted(instant["then"], key=int)[-1:]:  # what is known now
            if instant["then"][known] != instant["facts"]:
                yield f"at {instant['at']}: read of all reports, the facts are others"
        model.instant(instant["at"], instant["facts"], instant["changes"], instant["batch"], events,
                      instant["then"])
    ours, theirs = sorted(model.changes, key=repr), engine_changes(rules, answer)
    for change in theirs:
        if change not in ours:
            yield f"the engine alone: {change}"
    for change in ours:
        if change not in theirs:
            yield f"the model alone: {change}"
    yield from compare_active(model, engine_active(rules, answer))


# ---- conditions that were refused because they are never true ------------------------------------


def refused(rules, line):
    """The condition on that line of the rule file, and how to draw values of what it reads."""
    at = 1
    for rule in rules:
        for text in rule.text().splitlines():
            at += 1
            if at != line:
                continue
            if text.startswith("    when:"):
                return rule.when, lambda r: aggregates_drawn(r, rule)
            selection = next(s for s in rule.selections if text.startswith(f"      {s.name}:"))
            return selection.where, lambda r: fields_drawn(r, rules_generate.FIELDS[selection.kind])
    raise AssertionError(f"no rule on line {line}")


def aggregates_drawn(r, rule):
    env = {}
    for s in rule.selections:
        for name in rules_generate.NUMBERS + rules_generate.SUMS:
            env[f"{s.name}.{name}"] = r.randint(0, 14)
        for name in ("first", "last"):
            env[f"{s.name}.{name}"] = r.choice([rules_model.ERROR, r.randint(0, 9) * rules_generate.DAY])
    return env


def fields_drawn(r, fields):
    env = {}
    for name, kind, values in fields:
        if r.random() < 0.1:
            continue
        if kind == "bool":
            env[name] = r.random() < 0.5
        elif kind == "int":
            env[name] = r.randint(0, 12)
        elif kind == "list":
            env[name] = r.sample(values + ["other"], r.randint(0, len(values)))
        elif kind == "str":
            env[name] = r.choice(values + ["other", "e"])
        elif kind == "time":
            env[name] = rules_generate.day(r.choice(values)) + r.choice([-1, 0, 1]) * r.choice([1, rules_generate.DAY])
        else:
            env[name] = r.choice([24, 72, 240]) * rules_generate.HOUR + r.choice([-1, 0, 1])
    return env


def wrongly_refused(seed, rules, answer):
    """Values for which a condition that was said to be never true is true."""
    condition, draw = refused(rules, answer["line"])
    r = random.Random(seed)
    for _ in range(500):
        env = draw(r)
        if condition[1](env) is True:
            yield f"refused ({answer['refusal']}), but true with {env}: {condition[0]}"
            return


# ---- shuffling ---------------------------------------------------------------------------------


def shuffles(seed, given):
    """The same reports in other orders and batches, all known at the end."""
    r = random.Random(seed)
    events = [event for step in given["steps"] for event in step["events"]]
    for clock in ("wall", "reported"):
        for _ in range(3):
            order = r.sample(events, len(events))
            steps, at = [], given["steps"][0]["at"]
            while order:
                count = r.choice([1, 1, 2, 5])
                steps.append({"at": at, "events": order[:count]})
                order = order[count:]
                at += r.choice([0, rules_generate.HOUR, rules_generate.DAY])
            yield clock, {"case": seed, "rules": given["rules"], "clock": clock, "steps": steps,
                          "until": given["until"] + 20 * rules_generate.DAY}


def essence(answer):
    """What must not depend on the order of the reports: the active alerts, without ids, revisions and times."""
    return sorted(json.dumps([a["rule"], a["group"], a["state"], a["values"], sorted(a["facts"])], sort_keys=True)
                  for a in answer["active"]["alerts"])


def without_memory(rules):
    for rule in rules:
        rule.until = rule.for_ = rule.keep_for = None
    return rules


# ---- correcting --------------------------------------------------------------------------------


def corrections(seed, given, revise):
    """All reports at once, and then each that stands withdrawn, or revised to something else, a nanosecond later:
    nothing is news any more."""
    r = random.Random(seed)
    events = [event for step in given["steps"] for event in step["events"] if event["kind"] != "retraction"]
    replaced = {(e["source"], e["revises"]) for e in events if "revises" in e}
    others = [e for e in generate.case(seed + 10 ** 6) if e["kind"] not in ("retraction", "feed")]
    at = given["until"] + 1  # nothing else is due then
    steps = [{"at": at - 1, "events": events}]
    for i, event in enumerate(r.sample(events, len(events))):
        back = {"kind": "retraction", "country": event["country"], "retracts": event["id"]}
        if revise and others and event["kind"] != "feed":
            back = {**others[i % len(others)], "revises": event["id"]}
        if (event["source"], event["id"]) not in replaced:
            steps.append({"at": at, "events": [{**back, "id": f"back-{i}", "source": event["source"]}]})
    return {"case": seed, "rules": given["rules"], "until": at, "steps": steps}


def resolved_by_corrections(rules, given, answer, revise):
    """A source that corrects speaks: a feed that was silent is so no more, and a total is stated anew: that is news."""
    news = {"feed", "tally"} if revise else {"feed"}
    heard = {rule.name for rule in rules if any(s.kind in news for s in rule.selections)}
    for alert in answer["alerts"]:
        if alert["state"] == "resolved" and nanoseconds(alert["at"]) == given["until"] + 1 and alert["rule"] not in heard:
            yield f"{alert['id']} is resolved where reports were corrected and nothing else happened"


# ---- running -----------------------------------------------------------------------------------


def run_model(driver, seeds):
    cases = [input_of(seed) for seed in seeds]
    failures = 0
    counts = {"changes": 0, "withdrawn": 0, "active": 0, "inherited": 0, "refused": 0}
    for (rules, given), answer in zip(cases, engine(driver, [given for _, given in cases])):
        if "refusal" in answer:  # an impossible condition was drawn
            counts["refused"] += 1
            found = wrongly_refused(given["case"], rules, answer)
        else:
            found = differences(rules, answer, given["steps"])
        for text in found:
            print(f"case {given['case']}: {text}")
            failures += 1
        if failures:
            print(given["rules"])
            print("\n".join(json.dumps(step) for step in given["steps"]))
            return failures, counts
        if "refusal" in answer:
            continue
        counts["changes"] += len(answer["alerts"])
        counts["withdrawn"] += sum(a["state"] == "withdrawn" for a in answer["alerts"])
        counts["active"] += len(answer["active"]["alerts"])
        keys, by_name = keys_of(rules, answer), {rule.name: rule for rule in rules}
        counts["inherited"] += sum(group_of(by_name[a["rule"]], a) != keys[a["id"]][1] for a in answer["alerts"])
    return failures, counts


def run_shuffles(driver, seeds):
    for seed in seeds:
        rules, given = input_of(seed)
        given["rules"] = rules_generate.rule_set(without_memory(rules))
        runs = list(shuffles(seed, given))
        answers = engine(driver, [one for _, one in runs])
        if "refusal" in answers[0]:
            continue
        for clock in ("wall", "reported"):
            found = {tuple(essence(a)) for (c, _), a in zip(runs, answers) if c == clock}
            if len(found) > 1:
                print(f"case {seed}, clock {clock}: shuffled reports end in {len(found)} different ways")
                print(given["rules"])
                for one in found:
                    print(one)
                return 1
    return 0


def run_corrections(driver, seeds, revise):
    """The number of failures, and of alerts that were withdrawn."""
    cases = [input_of(seed) for seed in seeds]
    for rules, given in cases:
        given["rules"] = rules_generate.rule_set(without_memory(rules))
    withdrawn = 0
    answers = engine(driver, [corrections(given["case"], given, revise) for _, given in cases])
    for (rules, given), answer in zip(cases, answers):
        if "refusal" in answer:
            continue
        for text in resolved_by_corrections(rules, given, answer, revise):
            print(f"case {given['case']}: {text}\n{given['rules']}")
            return 1, withdrawn
        withdrawn += sum(a["state"] == "withdrawn" for a in answer["alerts"])
    return 0, withdrawn


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--seeds", nargs=2, type=int, default=[0, 3000])
    parser.add_argument("--shuffle-seeds", nargs=2, type=int, default=[0, 300])
    parser.add_argument("--correct-seeds", nargs=2, type=int, default=[0, 1200])
    parser.add_argument("--seconds", type=float, default=float("inf"))
    options = parser.parse_args()
    scale = float(os.environ.get("THAW_TEST_SCALE", "1"))
    for span in (options.seeds, options.shuffle_seeds, options.correct_seeds):
        span[1] = span[0] + max(1, round((span[1] - span[0]) * scale))
    begun, done = time.monotonic(), 0
    sums = {}
    for first in range(options.seeds[0], options.seeds[1], CHUNK):
        seeds = range(first, min(first + CHUNK, options.seeds[1]))
        failures, counts = run_model(options.driver, seeds)
        if failures:
            sys.exit(1)
        sums = {key: sums.get(key, 0) + value for key, value in counts.items()}
        done += len(seeds)
        if time.monotonic() - begun > options.seconds:
            break
    if run_shuffles(options.driver, range(*options.shuffle_seeds)):
        sys.exit(1)
    for name, revise in (("taken back", False), ("revised", True)):
        failures, sums[name] = run_corrections(options.driver, range(*options.correct_seeds), revise)
        if failures:
            sys.exit(1)
    print(f"{done} cases, {sums}, {time.monotonic() - begun:.1f} s")
    if done < MANY:  # cases that were asked for by their seeds
        return
    # A test that sees nothing happen proves nothing.
    assert sums["changes"] > done and sums["withdrawn"] > done // 20 and sums["active"] > done // 4, sums
    assert sums["inherited"] > done // 1000 and done // 100 <= sums["refused"] < done // 10, sums


if __name__ == "__main__":
    main()
