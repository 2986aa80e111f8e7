#!/usr/bin/python3
"""A million events (or as many as are named) through `thaw pub`: all acknowledged, all counted.

    THAW_BUILD=build/release tests/soak/million.py [COUNT]
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402


def main():
    harness.PATIENCE = 600  # reading a million reports back takes a while on a busy machine
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    with harness.Daemon((), {"clock": "wall", "journal": {"map": "1GiB"}}) as d:
        path = d.path("events.jsonl")
        with open(path, "w", encoding="utf-8") as f:
            for n in range(count):
                day = f"{2000 + n // 336 % 25}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"
                f.write(json.dumps(harness.event(n, source=f"outlet-{n % 50}", count=1 + n % 60, occurred_at=day,
                                                 reported_at=f"{day}T12:00:00Z")) + "\n")
        start = time.monotonic()
        done = d.thaw("pub", path, patience=3600)
        took = time.monotonic() - start
        status = d.status()
        print(done.stdout.strip(), done.stderr.strip()[-300:], sep="\n")
        print(f"{count} events in {took:.1f} s: {count / took:.0f} a second; resident "
              f"{status['resident_bytes'] >> 20} MiB, journal {status['journal']['used_bytes'] >> 20} MiB")
        assert status["counters"]["accepted"] == count, status["counters"]
        assert status["journal_seq"] == count and status["counters"]["rejected"] == 0
        d.restart()
        assert d.status()["journal_seq"] == count
        print("all counted, also after a restart")


if __name__ == "__main__":
    main()
