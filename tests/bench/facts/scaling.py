#!/usr/bin/python3
"""What a report costs where thousands of one sort meet: same names, same month, same measure, in the wrong order.

    scaling.py [--driver build/release/tests/facts_driver] [--reports N] [--batch N] [--at-most TIMES] [--instructions]
               [STREAM...]

Each stream is given to the facts in batches of 20 (--batch), once with N reports and once with four times as many, and the
processor time of the whole driver is printed for each report. A cost that grows like the number of reports beside
it shows as 4; where the facts themselves change that much (a chain of days that is cut anew, a measure that says
its whole history, a group that is counted anew) it cannot be less. With --at-most it ends with 1 where a report of
a stream costs more than so many times as much: no one who sends little may make the daemon work for minutes.
With --instructions these are counted by callgrind, which says the same on every machine; it ends with 77 without valgrind.
"""
import argparse
import datetime
import json
import random
import re
import resource
import shutil
import subprocess
import sys

FIRST_DAY = datetime.date(2005, 1, 1)
DAYS = 7000
STREAMS = {}


def stream(function):
    STREAMS[function.__name__] = function
    return function


def day(i):
    return (FIRST_DAY + datetime.timedelta(days=i % DAYS)).isoformat()


def report(kind, i, **more):
    return {"kind": kind, "country": "BY", "source": "s%d" % (i % 7), "id": "%s-%d" % (kind, i), "status": "confirmed",
            "reported_at": day(i), **more}


def release(i, **more):
    return report("release", i, **{"count": i % 9, "occurred_at": day(i), **more})


def sanction(i, action, **more):
    return report("sanction", i, action=action, authority="A", **{"occurred_at": day(i), **more})


def retraction(of):
    return {"kind": "retraction", "country": "BY", "source": of["source"], "id": "gone-" + of["id"],
            "retracts": of["id"]}


def party(i):
    return [{"ids": ["x:%d" % i]}]


@stream
def listed_then_delisted(n):
    half = n // 2
    return [sanction(i, "imposed" if i < half else "delisted", targets=party(i % half)) for i in range(n)]


@stream
def announced_never_done(n):
    return [sanction(i, "eased", targets=party(i)) for i in range(n)]


@stream
def announced_and_done(n):
    return [sanction(i, "eased" if i % 2 else "lifted", targets=party(i // 2)) for i in range(n)]


@stream
def listed_on_one_day(n):
    return [sanction(i, "imposed", targets=party(i), occurred_at="2020-01-01") for i in range(n)]


@stream
def one_measure(n):
    return [sanction(i, "amended", targets=party(1)) for i in range(n)]


@stream
def one_party_to_and_fro(n):
    return [sanction(i, ("imposed", "licensed", "delisted", "reimposed")[i % 4], targets=party(1)) for i in range(n)]


@stream
def one_party_by_many(n):
    """Forty sources tell of each day's listing and licence."""
    named = [{"name": "Works", "ids": ["x:1"]}]
    return [sanction(i, ("imposed", "licensed")[i // 40 % 2], targets=named, source="s%d" % (i % 40),
                     occurred_at=day(i // 80)) for i in range(n)]


@stream
def program_ends(n):
    return [sanction(i, "imposed", program="P", targets=party(i)) for i in range(n)] + [
        sanction(n, "lifted", program="P", occurred_at=day(DAYS - 1))]


@stream
def steps_of_one_program(n):
    """Half list a party under it until a day, half extend the program."""
    half = n // 2
    return [sanction(i, "imposed", program="P", targets=party(i), occurred_at="2004-01-01",
                     expires_at="2005-06-01") for i in range(half)] + [
        sanction(n + i, "extended", program="P", occurred_at=day(i), expires_at=day(i + 100)) for i in range(half)]


@stream
def one_person_freed_and_held(n):
    return [report("release" if i % 2 else "detention", i, count=1, persons=party(1), occurred_at=day(i))
            for i in range(n)]


@stream
def one_person_half_undated(n):
    dated = [report("release", i, count=1, persons=party(1), occurred_at=day(i)) for i in range(n)]
    for one in dated[1::2]:
        del one["occurred_at"], one["reported_at"]
    return dated


@stream
def one_name(n):
    return [release(i, count=1, persons=[{"name": "One Name"}]) for i in range(n)]


@stream
def one_name_many_ids(n):
    return [release(i, count=1, persons=[{"name": "One Name", "ids": ["x:%d" % i]}]) for i in range(n)]


@stream
def chain_of_ids(n):
    return [release(i, count=1, persons=[{"ids": ["x:%d" % i, "x:%d" % (i + 1)]}]) for i in range(n)]


def withdrawn(told):
    return told + [retraction(of) for of in told]


@stream
def chain_of_ids_withdrawn(n):
    return withdrawn(chain_of_ids(n // 2))


@stream
def chain_of_a_party(n):
    return [sanction(i, "imposed", targets=[{"ids": ["x:%d" % i, "x:%d" % (i + 1)]}]) for i in range(n)]


@stream
def chain_of_a_party_withdrawn(n):
    return withdrawn(chain_of_a_party(n // 2))


@stream
def one_month(n):
    return [release(i, occurred_at="2010-05") for i in range(n)]


@stream
def one_month_many_names(n):
    return [release(i, occurred_at="2010-05", incident="n%d" % i) for i in range(n)]


@stream
def one_day_many_names(n):
    return [release(i, occurred_at="2010-05-03", incident="n%d" % i) for i in range(n)]


@stream
def one_day_many_names_backwards(n):
    return [release(i, occurred_at="2010-05-03T%02d:%02d:%02dZ" % (s // 3600, s // 60 % 60, s % 60), incident="n%d" % i)
            for i in range(n) for s in [86399 - i % 86400]]


@stream
def one_incident_name(n):
    return [release(i, incident="n") for i in range(n)]


@stream
def one_incident_name_many_dates(n):
    return [release(i, incident="shared:n", source="s%d" % i) for i in range(n)]


@stream
def one_person_many_dates(n):
    return [release(i, count=1, persons=party(1), source="s%d" % i, occurred_at=day(i * 37)) for i in range(n)]


@stream
def one_person_many_ids_withdrawn(n):
    """A tenth of the reports, with 60 ids each, and withdrawals of as many."""
    told = [release(i, count=1, persons=[{"ids": ["x"] + ["x:%d:%d" % (i, j) for j in range(60)]}])
            for i in range(n // 20)]
    return withdrawn(told)


@stream
def long_lists_of_names(n):
    """In ten reports as many persons as there are to be."""
    persons = [{"name": "Name %d" % i, "ids": ["x:%d" % i]} for i in range(n // 10)]
    return [release(i, count=len(persons), persons=persons, occurred_at=day(i)) for i in range(10)]


def a_hundred(i, name, ids):
    """A report of a hundred persons, freed and held in turns."""
    persons = [{"name": name(j), "ids": ids(j)} for j in range(100)]
    return report("release" if i % 2 else "detention", i, occurred_at=day(i), count=100, persons=persons)


@stream
def a_hundred_freed_and_held(n):
    return [a_hundred(i, lambda j: "N%d" % j, lambda j: ["p:%d" % j]) for i in range(n // 20)]


@stream
def a_hundred_names_ever_other_ids(n):
    return withdrawn([a_hundred(i, lambda j: "N%d" % j, lambda j, i=i: ["p:%d-%d" % (i, j)]) for i in range(n // 20)])


@stream
def a_hundred_tied_to_the_next(n):
    return withdrawn([a_hundred(i, lambda j: "N", lambda j, i=i: ["p:%d" % (99 * i + j), "p:%d" % (99 * i + j + 1)])
                      for i in range(n // 20)])


@stream
def a_hundred_parties_tied_to_the_next(n):
    return withdrawn([sanction(i, "imposed", targets=[{"ids": ["x:%d" % (99 * i + j), "x:%d" % (99 * i + j + 1)]}
                                                      for j in range(100)]) for i in range(n // 20)])


@stream
def vague_of_many_counts(n):
    return [release(i, count=i, source="s%d" % i, occurred_at="%d~" % (1950 + i % 70)) for i in range(n)]


@stream
def one_day_many_parts(n):
    return [release(i, occurred_at="2010-05-03", covers="part", part="destination=%d" % i) for i in range(n)]


@stream
def one_day_many_voices(n):
    return [release(i, occurred_at="2010-05-03", attributed_to="v%d" % i) for i in range(n)]


@stream
def totals(n):
    return [release(i, count=3) if i % 2 else report("tally", i, source="t%d" % i, count=i, of="released",
                                                     since="2005-01-01") for i in range(n)]


@stream
def totals_of_categories(n):
    """Each incident counts a category of its own, and each total asks for another one."""
    return [release(i, count=3, covers="part", part="category=c%d" % i) if i % 2 else
            report("tally", i, source="t%d" % i, count=i, of="released", since="2005-01-01",
                   category="c%d" % (i - 1 if i % 4 else i + 1)) for i in range(n)]


@stream
def a_hole_at_every_number(n):
    return [release(i, source="s%d" % i, producer="p", producer_seq=2 * i) for i in range(n)]


@stream
def steps_backwards(n):
    """Twenty hours apart."""
    start = datetime.datetime(2020, 1, 1)
    return [sanction(i, "amended", targets=party(1),
                     occurred_at=(start - datetime.timedelta(hours=20 * i)).isoformat() + "Z")
            for i in range(n)]


@stream
def a_bridge_set_and_withdrawn(n):
    """Two persons of many reports, and reports that make them one for a while."""
    sides = [release(i, count=1, persons=party(i % 2)) for i in range(n * 3 // 4)]
    for i in range(n // 8):
        bridge = release(n + i, count=1, persons=[{"ids": ["x:0", "x:1"]}], occurred_at=day(n // 3))
        sides += [bridge, retraction(bridge)]
    return sides


@stream
def all_withdrawn(n):
    return withdrawn([release(i) for i in range(n // 2)])


@stream
def one_incident_withdrawn(n):
    return withdrawn([release(i, occurred_at="2010-05-03") for i in range(n // 2)])


def one_day_one_name(n):
    return [release(i, occurred_at="2010-05-03", incident="shared:n") for i in range(n)]


@stream
def one_name_withdrawn(n):
    return withdrawn(one_day_one_name(n // 2))


@stream
def one_name_told_again(n):
    told = one_day_one_name(n // 2)
    return told + [dict(of, id="again-" + of["id"], revises=of["id"]) for of in told]


@stream
def one_name_withdrawn_and_new(n):
    """In turns: one goes, another comes."""
    told = one_day_one_name(n // 3)
    return told + [one for of in told for one in (retraction(of), dict(of, id="new-" + of["id"]))]


@stream
def days_in_order(n):
    return [release(i, occurred_at=day(i // 2)) for i in range(n)]


@stream
def days_backwards(n):
    return days_in_order(n)[::-1]


@stream
def days_shuffled(n):
    all_of_them = days_in_order(n)
    random.Random(1).shuffle(all_of_them)
    return all_of_them


@stream
def ever_larger(n):
    return [release(i, count=i, occurred_at=day(i * 3)) for i in range(n)]


@stream
def largest_comes_and_goes(n):
    out = [release(i, count=1, occurred_at=day(i * 3)) for i in range(n // 2)]
    for i in range(n // 4):
        large = release(n + i, source="large", count=1000, occurred_at="2004-01-01")
        out += [large, retraction(large)]
    return out


def cost(command, events, batch):
    """Of one of the events, in microseconds; in thousands of instructions where the command counts them."""
    case = {"case": 1, "batches": [events[i:i + batch] for i in range(0, len(events), batch)], "now": "2026-01-01",
            "quiet": True}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=json.dumps(case) + "\n", capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answer = json.loads(done.stdout)
    assert answer["accepted"] == len(events) and not answer["problems"], answer["problems"][:3]
    counted = re.search(r"Collected : (\d+)", done.stderr)
    return int(counted.group(1)) / len(events) / 1e3 if counted else used / len(events) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", default="build/release/tests/facts_driver")
    parser.add_argument("--reports", type=int, default=2000, metavar="N")
    parser.add_argument("--batch", type=int, default=20, metavar="N")
    parser.add_argument("--at-most", type=float, metavar="TIMES")
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("streams", nargs="*", metavar="STREAM")
    options = parser.parse_args()
    if options.instructions and not shutil.which("valgrind"):
        print("skipped: there is no valgrind")
        sys.exit(77)
    counter = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"] if options.instructions else []
    unit = "ki" if options.instructions else "us"
    beyond = []
    for name in options.streams or STREAMS:
        few, many = (cost(counter + [options.driver], STREAMS[name](n), options.batch) for n in (options.reports, 4 * options.reports))
        print("%-28s %8.1f %s with %d, %8.1f %s with %d: %.1f times" %
              (name, few, unit, options.reports, many, unit, 4 * options.reports, many / max(few, 0.1)), flush=True)
        if options.at_most and many > few * options.at_most:
            beyond.append(name)
    if beyond:
        sys.exit("too dear: " + ", ".join(beyond))


if __name__ == "__main__":
    main()
