#!/usr/bin/python3
"""What rules and alerts cost where thousands of one sort meet: one window, one instant, one fact under many alerts.

    scaling.py [--driver build/release/tests/rules_driver] [--size N] [--at-most TIMES] [STREAM...]

Each stream is given to engine and rules once with N of what it is about and once with four times as many. Printed are
the processor time for each of them, over all steps, and the longest step of the larger run: that long the loop of thawd
would stand still. A cost that grows like the number of others beside it shows as 4. With --at-most it ends with 1 where
one of a stream costs more than so many times as much.
"""
import argparse
import json
import subprocess
import sys

S = 1_000_000_000
DAY = 86400
START = 1767225600  # 2026-01-01
STREAMS = {}


def stream(function):
    STREAMS[function.__name__] = function
    return function


def report(kind, i, at, **more):
    return {"kind": kind, "country": "BY", "source": "s%d" % (i % 7), "id": "%s-%d" % (kind, i), "status": "confirmed",
            "occurred_at": at, "reported_at": at, **more}


def release(i, at, **more):
    """A happening of its own."""
    return report("release", i, at, **{"count": 1 + i % 9, "incident": "n%d" % i, "source": "s", **more})


def retraction(of, at):
    return {"kind": "retraction", "country": "BY", "source": of["source"], "id": "gone-" + of["id"],
            "retracts": of["id"], "reported_at": at}


def step(at, *events):
    return {"at": at * S, "events": list(events)}


def rule(name, by, selections, when, **more):
    lines = ["  - rule: " + name, "    by: [%s]" % by, "    select:"]
    lines += ["      %s: {%s}" % one for one in selections.items()]
    lines += ["    when: " + when] + ["    %s: %s" % one for one in more.items()]
    return "\n".join(lines) + "\n"


def rules(*all_of_them):
    return "rules:\n" + "".join(all_of_them)


def case(text, steps, **more):
    return {"case": 1, "quiet": True, "rules": text, "steps": steps, **more}


# ---- windows -----------------------------------------------------------------------------


def leaving(n, when):
    """Happenings that come together and leave the window one after another: after a silence, or a jump of the clock."""
    return case(rules(rule("r", "country", {"a": "kind: release, within: 2d"}, when)),
                [step(START, *[release(i, START - i) for i in range(n)])], until=(START + 3 * DAY) * S)


@stream
def leaving_counted(n):
    return leaving(n, "a.count >= 3")


@stream
def leaving_first(n):
    return leaving(n, "a.count >= 3 && a.first < a.last")


@stream
def leaving_largest(n):
    return leaving(n, "a.max > 8")


@stream
def leaving_sources(n):
    return leaving(n, "a.sources >= 3")


@stream
def leaving_reports(n):
    return leaving(n, "a.reports >= 3")


def people(text, steps_of, n):
    told = [release(i, START - i, count=1, persons=[{"ids": steps_of(i)}]) for i in range(n)]
    return case(text, [step(START, *told)], until=(START + 3 * DAY) * S)


PERSONS = rules(rule("r", "country", {"a": "kind: release, within: 2d"}, "a.persons >= 3"))


@stream
def leaving_people(n):
    return people(PERSONS, lambda i: ["x:%d" % i], n)


@stream
def leaving_people_of_two_ids(n):
    return people(PERSONS, lambda i: ["x:%d" % i, "y:%d" % i], n)


def coming(n, when):
    """One after another, and all stay."""
    return case(rules(rule("r", "country", {"a": "kind: release"}, when)),
                [step(START + i, release(i, START + i)) for i in range(n)])


@stream
def coming_counted(n):
    return coming(n, "a.count >= 3")


@stream
def coming_sources(n):
    return coming(n, "a.sources >= 3")


@stream
def coming_reports(n):
    return coming(n, "a.reports >= 3")


@stream
def alert_over_reports(n):
    """Of an alert over many happenings one after another is told by 120 reports of 50 sources, one by one."""
    told = [report("release", i, START + i // 120 * DAY, source="outlet-%d" % (i % 50), count=1 + i // 120) for i in range(n)]
    return case(rules(rule("r", "country", {"a": "kind: release, within: 365d"}, "a.count >= 1")),
                [step(START + i * (DAY // 120), one) for i, one in enumerate(told)])


@stream
def watched_parties(n):
    """One step of sanctions, told party by party under a watchlist."""
    told = [report("sanction", i, START, authority="US", action="imposed", program="P", source="s",
                   targets=[{"name": "Party %d" % i, "ids": ["x:%d" % i]}]) for i in range(n)]
    return case(rules(rule("r", "country", {"a": "kind: sanction, where: 'parties.exists(p, p in [\"x:-1\", \"x:-2\"])'"},
                           "a.count >= 1")), [step(START + i, one) for i, one in enumerate(told)])


@stream
def corrected_one_by_one(n):
    """Of a group of many one after another is withdrawn, the largest first."""
    told = [release(i, START, count=10 * n - i) for i in range(n)]
    return case(rules(rule("r", "country", {"a": "kind: release"}, "a.max > 3 && a.sources > 1")),
                [step(START, *told)] + [step(START + i, retraction(told[i], START + i)) for i in range(n // 2)])


# ---- one fact under many alerts ----------------------------------------------------------


def crowd(n):
    return [{"ids": ["x:%d" % i]} for i in range(n)]


def by_person(kinds=4, **more):
    return rules(*[rule("r%d" % k, "persons", {"a": "kind: release, within: %dd" % (2 + k % 2)}, "a.count > 0", **more)
                   for k in range(kinds)])


@stream
def crowd_told_again(n):
    """One happening of many people, under rules by person, told by ten sources."""
    told = [report("release", i, START, source="s%d" % i, count=n, persons=crowd(n)) for i in range(10)]
    return case(by_person(), [step(START + i, one) for i, one in enumerate(told)])


@stream
def crowd_withdrawn(n):
    one = report("release", 0, START, count=n, persons=crowd(n))
    return case(by_person(), [step(START, one), step(START + 1, retraction(one, START + 1))])


@stream
def crowd_withdrawn_after_the_end(n):
    """Each ended alert stood on that one fact."""
    one = report("release", 0, START, count=n, persons=crowd(n))
    return case(by_person(), [step(START, one), step(START + 5 * DAY, retraction(one, START + 5 * DAY))])


@stream
def crowd_corrected_after_the_end(n):
    """The report is told again with a person less, and the rules are loaded anew."""
    one = report("release", 0, START, count=n, persons=crowd(n))
    again = report("release", 1, START, source=one["source"], revises=one["id"], count=n - 1, persons=crowd(n - 1))
    return case(by_person(), [step(START, one), step(START + 5 * DAY, again)],
                reload=by_person(severity="critical"))


def told_earlier(n):
    """An earlier report gives the happening another id."""
    one = report("release", 1, START, count=n, persons=crowd(n))
    earlier = report("release", 0, START - 3600, source="s9", count=n, persons=crowd(n))
    return [step(START, one), step(START + 1, earlier)]


@stream
def crowd_under_another_id(n):
    return case(by_person(), told_earlier(n))


@stream
def crowd_by_id_and_person(n):
    text = rules(*[rule("r%d" % k, "id, persons", {"a": "kind: release, within: %dd" % (2 + k)}, "a.count > 0")
                   for k in range(4)])
    return case(text, told_earlier(n))


@stream
def crowd_and_their_reports(n):
    """As many reports as people on one happening under rules by person, in ten steps."""
    told = [report("release", i, START, source="s%d" % i, count=n, incident="shared:n",
                   persons=crowd(n if i == 0 else 1)) for i in range(n)]
    return case(by_person(1), [step(START + i, *told[i * n // 10:(i + 1) * n // 10]) for i in range(10)])


@stream
def crowd_counted(n):
    """Ten reports of many people each, in rules by person that count people."""
    told = [report("release", i, START - i * 5 * DAY, count=n, persons=crowd(n)) for i in range(10)]
    return case(rules(rule("r", "persons", {"a": "kind: release"}, "a.persons > 3")), [step(START, *told)])


# ---- many alerts --------------------------------------------------------------------------


@stream
def alerts_by_id_due_at_once(n):
    """Announcements whose deadlines fall due at one instant."""
    told = [report("sanction", i, START, authority="US", action="eased", targets=[{"ids": ["x:%d" % i]}],
                   incident="n%d" % i) for i in range(n)]
    text = rules(rule("r", "id", {"a": "kind: sanction, where: announced, before: 2d"}, "a.count > 0"))
    return case(text, [step(START, *told)], until=(START + 3 * DAY) * S)


@stream
def alerts_by_place_with_for(n):
    told = [release(i, START, destination="%c%c" % (65 + i % 26, 65 + i // 26 % 26)) for i in range(n)]
    text = rules(rule("r", "id", {"a": "kind: release, within: 3d"}, "a.count > 0", **{"for": "1d", "keep_for": "1d"}))
    return case(text, [step(START, *told)], until=(START + 9 * DAY) * S)


def merged(n, at):
    """What was many happenings becomes one by a revision of each."""
    told = [release(i, START, source="s%d" % i) for i in range(n)]
    again = [dict(one, id="again-" + one["id"], revises=one["id"], incident="shared:one") for one in told]
    text = rules(rule("r", "id", {"a": "kind: release, within: 3d"}, "a.count > 0"),
                 rule("t", "country", {"a": "kind: release, within: 3d"}, "a.count > 2"))
    return case(text, [step(START, *told), step(at, *again)])


@stream
def one_correction_of_all(n):
    return merged(n, START + 1)


@stream
def ended_alerts_merged(n):
    return merged(n, START + 5 * DAY)


@stream
def ended_alerts_on_the_same(n):
    """An alert that comes and goes sixty times over the same happenings, and then corrections of these."""
    told = [release(i, START, source="s%d" % i) for i in range(n)]
    pulses = [step(START + 60 * k, report("detention", k, START + 60 * k, incident="n%d" % k)) for k in range(1, 61)]
    text = rules(rule("r", "country", {"a": "kind: release", "b": "kind: detention, within: 30s"},
                      "a.count > 2 && b.count > 0"))
    return case(text, [step(START, *told)] + pulses +
                [step(START + DAY + k, retraction(told[k], START + DAY)) for k in range(3)])


@stream
def set_changed_over_many(n):
    """Each rule of a set is changed, over as many happenings, and loaded anew."""
    told = [release(i, START, source="s%d" % i) for i in range(n)]
    text = [rules(*[rule("r%d" % k, "country", {"a": "kind: release, within: %dd" % (k + extra)}, "a.count > 2")
                    for k in range(2, 22)]) for extra in (0, 1)]
    return case(text[0], [step(START, *told)], reload=text[1])


def run(driver, made):
    done = subprocess.run([driver], input=json.dumps(made) + "\n", capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert "refusal" not in answer, answer
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", default="build/release/tests/rules_driver")
    parser.add_argument("--size", type=int, default=1000, metavar="N")
    parser.add_argument("--at-most", type=float, metavar="TIMES")
    parser.add_argument("streams", nargs="*", metavar="STREAM")
    options = parser.parse_args()
    beyond = []
    for name in options.streams or STREAMS:
        few, many = (run(options.driver, STREAMS[name](n)) for n in (options.size, 4 * options.size))
        each = [sum(one["us"]) / n for one, n in ((few, options.size), (many, 4 * options.size))]
        print("%-28s %8.1f us with %d, %8.1f us with %d: %4.1f times; longest step %.0f ms, %d changes, %d refused" %
              (name, each[0], options.size, each[1], 4 * options.size, each[1] / max(each[0], 0.1),
               max(many["us"]) / 1000, many["changes"], many["refused"]), flush=True)
        if options.at_most and each[1] > each[0] * options.at_most:
            beyond.append(name)
    if beyond:
        sys.exit("too dear: " + ", ".join(beyond))


if __name__ == "__main__":
    main()
