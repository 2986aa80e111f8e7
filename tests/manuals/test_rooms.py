#!/usr/bin/env python3
"""The rooms of engine/facts/ as daemon/README.md has them against the code: test_rooms.py BUILD SOURCE

The table names every folder there is, each uses those above it in the table and no other, and in a
room no file calls one that calls it, through others or by itself. Who calls whom is what the symbols
of the objects say. Exit status 77 where there is no nm(1)."""
import pathlib
import re
import shutil
import subprocess
import sys

build, source = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
objects = build / "daemon/CMakeFiles/engine.dir/engine/facts"
failures = []


def rooms():
    """The rooms in the order of the table; "" holds the files beside them."""
    text = (source / "daemon/README.md").read_text().split("## The rooms of `engine/facts/`")[1].split("\n## ")[0]
    order = []
    for row in re.findall(r"^\| (`.*?) \|", text, re.M):
        order.append([name.rstrip("/") if name.endswith("/") else "" for name in re.findall(r"`([^`]+)`", row)])
    return {name: place for place, row in enumerate(order) for name in row}


def symbols(path):
    lines = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout.splitlines()
    words = [line.split() for line in lines]
    return {w[2] for w in words if len(w) == 3 and w[1] in "TDBR"}, {w[1] for w in words if len(w) == 2 and w[0] == "U"}


def room_of(path):
    folder = path.parent.relative_to(objects)
    return folder.as_posix().replace(".", "", 1) if folder == pathlib.Path(".") else folder.parts[0]


def reached(calls, start):
    found, left = set(), [start]
    while left:
        for other in calls.get(left.pop(), ()):
            if other not in found:
                found.add(other)
                left.append(other)
    return found


if not shutil.which("nm"):
    print("skipped: no nm")
    sys.exit(77)
order = rooms()
folders = {p.name for p in (source / "daemon/engine/facts").iterdir() if p.is_dir()}
if {name.split("/")[0] for name in order} - {""} != folders:
    failures.append(f"the table has {sorted(order)}, the folder {sorted(folders)}")
of = {path: symbols(path) for path in sorted(objects.rglob("*.o"))
      if (source / "daemon/engine/facts" / path.relative_to(objects).with_suffix("")).exists()}
home = {name: path for path, (defined, _) in of.items() for name in defined}
calls = {}
for path, (_, used) in of.items():
    for name in sorted(used & home.keys()):
        other = home[name]
        if order[room_of(other)] > order[room_of(path)]:
            failures.append(f"{path.stem} calls {name}() of {other.stem}, in a room below it in the table")
        if room_of(other) == room_of(path):
            calls.setdefault(path, set()).add(other)
for path in calls:
    if path in reached(calls, path):
        failures.append(f"{path.stem} calls files of its own room that call it")
if len(of) < 30:
    failures.append(f"only {len(of)} objects were found in {objects}")
print("\n".join(failures) if failures else f"{len(of)} files in {len(folders)} rooms")
sys.exit(1 if failures else 0)
