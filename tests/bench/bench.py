#!/usr/bin/python3
"""Measures thawd beside its baselines and peers; prints a table and writes it as JSON.

usage: bench.py [--build DIR] [--rounds N] [--quick] [--json FILE] [CASE ...]

Contenders take turns within a round; a ratio is taken within a round and the median of the rounds
is shown with its range. Nothing is shown that was not checked: a wrong count ends the case."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import cases
from harness import Place, Wrong

ROOT = pathlib.Path(__file__).resolve().parents[2]


def machine():
    model = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), '?')
    commit = subprocess.run(['git', '-C', str(ROOT), 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True)
    return {'cpu': model, 'cores': os.cpu_count(), 'kernel': os.uname().release, 'commit': commit.stdout.strip(),
            'time': time.strftime('%Y-%m-%d %H:%M'), 'load': os.getloadavg()[0]}


def text(x):
    return f'{x:,.0f}' if abs(x) >= 100 else f'{x:.3g}'


def show(name, rounds, base):
    """One contender: each of its figures over the rounds, and against the baseline's of the same name."""
    out = {}
    for figure in rounds[0]:
        values = [r[figure] for r in rounds if figure in r]
        out[figure] = {'median': statistics.median(values), 'min': min(values), 'max': max(values)}
        line = f'  {name:22s} {figure:28s} {text(out[figure]["median"]):>12s}  [{text(min(values))} .. {text(max(values))}]'
        if base is not None and figure in base[0]:
            ratios = [r[figure] / b[figure] for r, b in zip(rounds, base) if b[figure]]
            if ratios:
                out[figure]['ratio'] = {'median': statistics.median(ratios), 'min': min(ratios), 'max': max(ratios)}
                line += f'   x{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})'
        print(line, flush=True)
    return out


def run_case(name, case, place, rounds, quick):
    print(f'## {name}: {case.what}   (load {os.getloadavg()[0]:.1f})', flush=True)
    results = {c: [] for c in case.contenders}
    for _ in range(min(case.rounds or rounds, rounds)):
        for contender, run in case.contenders.items():
            results[contender].append(run(place, quick))
    base = results[next(iter(results))]
    return {'what': case.what, 'contenders': {
        c: show(c, r, None if r is base else base) for c, r in results.items()}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default=str(ROOT / 'build' / 'release'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--quick', action='store_true', help='a tenth of the events: does everything work?')
    parser.add_argument('--json')
    parser.add_argument('cases', nargs='*')
    options = parser.parse_args()
    known = cases.all_cases()
    for name in options.cases:
        if name not in known:
            sys.exit(f'bench.py: no case {name}; there are {", ".join(known)}')
    report, failed = {'machine': machine(), 'cases': {}}, []
    print(f"# {report['machine']}")
    with Place(options.build) as place:
        for name in options.cases or known:
            try:
                report['cases'][name] = run_case(name, known[name], place, options.rounds, options.quick)
            except (Wrong, OSError, subprocess.SubprocessError) as e:
                print(f'  NOT MEASURED: {e}', flush=True)
                report['cases'][name] = {'failed': str(e)}
                failed.append(name)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1) + '\n')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
