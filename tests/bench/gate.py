#!/usr/bin/python3
"""The gate on the hot path: instructions an event, counted by callgrind, against instructions.json.

usage: gate.py --hotpath PROGRAM [--write]

Instructions repeat exactly for one compiler and one C library; between patch levels of them they
differ by a few per cent, so that TOLERANCE is what a change may cost without a word. A change that
costs more fails; it has to write the counts anew (--write) and say why in its commit. One that saves
more should write them too, so that what was won is held. Exit 77
(skipped): there is no valgrind, or the program was built with another compiler, a sanitizer, or
without optimisation."""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = HERE / 'instructions.json'
TOLERANCE = 0.15
EVENTS = 10000
COUNTED_WITH = 'GNU RelWithDebInfo'
STAGES = {
    'decode': ['--stage', 'decode'],
    'decode and facts': [],
    'decode, facts and 200 rules': ['--rules', 'RULES'],
    'decode, facts and 200 rules, 100 a message': ['--rules', 'RULES', '--per', '100'],
    'every report twice': ['--again', '2'],
}


def count(program, rules, args):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(['valgrind', '--tool=callgrind', '--collect-atstart=no', f'--callgrind-out-file={folder}/out',
                              program, str(EVENTS), '--countries', '40'] + [rules if a == 'RULES' else a for a in args],
                             capture_output=True, text=True)
    found = re.search(r'Collected : (\d+)', run.stderr)
    if run.returncode or not found or int(found.group(1)) == 0:
        sys.exit(f'gate.py: {program} {args} counted nothing (exit {run.returncode}):\n{run.stdout}{run.stderr}')
    return round(int(found.group(1)) / EVENTS)


def compare(counts, known):
    bad = 0
    for stage, now in counts.items():
        was = known.get(stage)
        change = now / was - 1 if was else None
        wrong = change is None or change > TOLERANCE
        bad += wrong
        shown = 'not in instructions.json' if change is None else f'{change:+.1%} of {was}'
        print(f'{"FAIL" if wrong else "less" if change < -TOLERANCE else "ok":4s} {stage:45s} {now:7d} instructions an event, {shown}')
    return bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--hotpath', required=True)
    parser.add_argument('--build', default=COUNTED_WITH, help='compiler, build type, sanitizer of the program')
    parser.add_argument('--write', action='store_true')
    options = parser.parse_args()
    if not shutil.which('valgrind'):
        print('skipped: there is no valgrind')
        return 77
    if options.build.strip() != COUNTED_WITH:
        print(f'skipped: built as "{options.build.strip()}", counted as "{COUNTED_WITH}"')
        return 77
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as rules:
        rules.write(subprocess.run([sys.executable, str(HERE / 'ruleset.py'), 'world', '200', '40'], check=True,
                                   capture_output=True, text=True).stdout)
        rules.flush()
        counts = {stage: count(options.hotpath, rules.name, args) for stage, args in STAGES.items()}
    if options.write:
        COUNTS.write_text(json.dumps(counts, indent=1) + '\n')
        print(f'{COUNTS} written')
        return 0
    bad = compare(counts, json.loads(COUNTS.read_text()))
    if bad:
        print(f'more than {TOLERANCE:.0%} above what was counted: find out why, or write the counts anew with --write')
    return 1 if bad else 0


sys.exit(main())
