#!/usr/bin/python3
"""One message whose reports each cut the runs of a day anew needs no more memory while it is taken in than the facts that
come of it: what a run was before it was cut again is not kept until the end. (What it costs: `one_day_many_names_backwards`
of tests/bench/facts/scaling.py.)

    crowded.py --driver FACTS_DRIVER
"""

import argparse

import driver

COUNT = 2000


def release(n):
    """Each has a name of its own, and begins before those that came."""
    second = 86399 - n
    return {"id": f"e{n}", "kind": "release", "country": "BY", "source": f"s{n % 7}", "count": 1, "incident": f"n{n}",
            "occurred_at": "2025-05-01T%02d:%02d:%02dZ" % (second // 3600, second // 60 % 60, second % 60)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", required=True)
    options = parser.parse_args()
    events = [release(n) for n in range(COUNT)]
    (crowded,) = driver.run(options.driver, [{"case": 0, "now": "2026-01-01", "batches": [events], "quiet": True}])
    assert crowded["accepted"] == COUNT, crowded
    held = crowded["bytes"][1] - crowded["bytes"][0]
    assert 0 < crowded["most"] < 2 * held, crowded
    print("ok   %d reports of one day" % COUNT)


if __name__ == "__main__":
    main()
