#!/usr/bin/python3
"""Writes the rules of a benchmark as YAML.

usage: ruleset.py world COUNT COUNTRIES    five rules a country, for as many countries as it takes
       ruleset.py ten COUNT                ten rules that every release can match, and COUNT - 10
                                           on other countries, which cannot match
       ruleset.py each                     an alert for each report of a release
       ruleset.py sums COUNT               people released within two weeks by country, with thresholds:
                                           what the other rule engines are given too (peers/)

`mass-*` fires once for each mass release of the stream (stream.h): that is what is checked."""
import sys

WORLD = [
    ('mass-{c}-{n}', '[id]', {'mass': ('release', 'country == "{C}" && count >= 100', '')}, 'mass.count > 0',
     '{C}: {{mass.sum}} people released'),
    ('wave-{c}-{n}', '[country]', {'freed': ('release', 'country == "{C}" && status != "rumoured"', '14d')},
     'freed.sum >= 50', '{C}: {{freed.sum}} people released within two weeks'),
    ('eased-{c}-{n}', '[country]', {'freed': ('release', 'country == "{C}"', '14d'),
                                    'eased': ('sanction', 'country == "{C}" && effect in ["relief", "removal"]', '14d')},
     'freed.count > 0 && eased.count > 0 && eased.last >= freed.first', '{C}: easing follows a release'),
    ('disputed-{c}-{n}', '[country]', {'odd': ('release', 'country == "{C}" && disagrees', '')},
     'odd.count > 1000000', '{C}: {{odd.count}} releases are disputed'),
    ('arrests-{c}-{n}', '[country]', {'held': ('detention', 'country == "{C}"', '')},
     'held.sum > 1000000000', '{C}: {{held.sum}} people detained'),
]


def code(i):
    return chr(65 + i // 26) + chr(65 + i % 26)


def write(out, rule, by, select, when, title):
    out.append(f'  - rule: {rule}\n    by: {by}\n    select:')
    for name, (kind, where, within) in select.items():
        out.append(f'      {name}:\n        kind: {kind}\n        where: {where}')
        if within:
            out.append(f'        within: {within}')
    out.append(f'    when: {when}\n    title: "{title}"')


def world(count, countries):
    out = ['rules:']
    for j in range(count):
        rule, by, select, when, title = WORLD[j % len(WORLD)]
        c, n = code(j // len(WORLD) % countries), j // len(WORLD) // countries
        fill = lambda text: text.format(C=c, c=c.lower(), n=n)
        write(out, fill(rule), by, {k: (kind, fill(where), within) for k, (kind, where, within) in select.items()},
              when, fill(title))
    return out


def ten(count):
    out = ['rules:']
    for j in range(count):
        c = '' if j < 10 else f'country == "Z{chr(65 + j % 26)}" && '
        write(out, f'r{j}', '[country]', {'freed': ('release', f'{c}count >= {j % 50}', '')},
              f'freed.sum > {10 ** 9 + j}', '{country}: {freed.sum} people released')
    return out


def sums(count):
    out = ['rules:']
    for k in range(count):
        c = code(k % 200)
        write(out, f'sum-{c.lower()}-{k // 200}', '[country]',
              {'freed': ('report', f'kind == "release" && country == "{c}"', '14d')},
              f'freed.sum >= {700 + 200 * (k // 200)}', '{country}: many people released within two weeks')
    return out


def main():
    kind, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    if kind == 'each':
        out = ['rules:']
        write(out, 'each', '[id]', {'one': ('report', 'kind == "release"', '')}, 'one.count > 0', '{id}')
        print('\n'.join(out))
        return
    print('\n'.join(world(count, int(sys.argv[3])) if kind == 'world' else sums(count) if kind == 'sums' else ten(count)))


main()
