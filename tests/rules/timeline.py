#!/usr/bin/python3
"""Writes daemon/rules/TIMELINE.md: every alert that the rule library raises over the Belarus timeline.

    timeline.py --thaw PROGRAM --source CHECKOUT [--check]

With --check it compares instead of writing, and the exit code says whether they are equal.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

HEAD = """\
# The rule library over the Belarus timeline

Every alert that the rules of this folder raise over the 118 reports of
`clients/demo/belarus/reports.jsonl` (releases, sanctions and talks, July 2024 to April 2026), taken in
by the day of their publication, with `clock: reported`: when it fired, when and how it ended, its last
title, and the reports it rested on (at most 64). `firing` alerts stood at the last report.

Written by `tests/rules/timeline.py`, and held by a test. By hand, with the events in a file:

    clients/demo/convert.py --order reported > events.jsonl
    thaw backtest daemon/rules/*/ --from events.jsonl

| fired | ended | state | alert | title | on |
|---|---|---|---|---|---|
"""


def alerts(thaw, source):
    """All alerts of a backtest, in order of firing."""
    convert = os.path.join(source, "clients/demo/convert.py")
    events = subprocess.run([sys.executable, convert, "--order", "reported"], check=True, capture_output=True).stdout
    folders = sorted(glob.glob(os.path.join(source, "daemon/rules/*/")))
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(events)
        file.flush()
        done = subprocess.run([thaw, "backtest", "--json", *folders, "--from", file.name], check=True,
                              capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def moment(text):
    if not text:
        return ""
    return text[:10] if text.endswith("T00:00:00Z") else text[:16].replace("T", " ")


def cell(text):
    return text.replace("|", "\\|")


def table(found):
    rows = []
    for a in found:
        reports = " ".join(report["id"] for report in a["reports"])
        rows.append("| " + " | ".join([moment(a["fired_at"]), moment(a["ended_at"]), a["state"], f"`{a['id']}`",
                                       cell(a["title"]), reports]) + " |\n")
    return "".join(rows)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--thaw", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    path = os.path.join(options.source, "daemon/rules/TIMELINE.md")
    text = HEAD + table(alerts(options.thaw, options.source))
    if not options.check:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    with open(path, encoding="utf-8") as file:
        if file.read() != text:
            sys.exit("daemon/rules/TIMELINE.md is not what the rules say now: run this without --check")


if __name__ == "__main__":
    main()
