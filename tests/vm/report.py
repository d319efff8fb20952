#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what the tests find of faults into doc/RELIABILITY.md.

    tests/vm/report.py build/tests doc/RELIABILITY.md [TABLE ...]

Writes each table, or those that are named, between its two marks in the document, <!-- NAME --> and <!-- /NAME -->: `cameras`
from the result.json of cases in the virtual machine, `process` from what end-to-end tests leave. What has not been run is an
error: half a table would be a lie.
"""
import json
import pathlib
import sys

# By case, what it is done to.
CAMERAS = {'usb': 'a USB camera, driver uvcvideo', 'faults': 'driver vivid', 'unplug': 'driver vivid'}
PROCESS = ('process', 'no_memory', 'style_files', 'record', 'clients', 'control')
HEAD = ('what goes wrong', 'with', 'state', 'on the screen', 'pictures again')


def again(row):
    return f'{row["seconds"]:.2f} s after its end' if row['lasting'] else f'after {row["seconds"]:.2f} s'


def cells(name, row, where):
    states = [state for state in row['states'] if state != 'flowing'] or ['flowing']
    return name, where, ', '.join(states), ', '.join(row['screen']), again(row)


def show(rows):
    """For whoever watches a case."""
    for name, row in rows.items():
        print(f'{name:44}', *cells(name, row, '')[2:], f'corrupt {row["corrupt"]}, lost {row["lost"]}', sep='  ', flush=True)


def table(head, rows):
    return ''.join(f'| {" | ".join(line)} |\n' for line in [head, ['---'] * len(head), *rows])


def cameras(tests):
    rows = []
    for case, where in CAMERAS.items():
        found = json.loads((tests / 'vm' / case / 'result.json').read_text())['found']['rows']
        rows += [cells(name, row, where) for name, row in found.items()]
    return table(HEAD, rows)


def process(tests):
    rows = []
    for name in PROCESS:
        rows += json.loads((tests / 'e2e/results' / f'{name}.json').read_text()).values()
    tried, survived = (sum(row[count] for row in rows) for count in ('tried', 'survived'))
    lines = [(row['name'], str(row['tried']), row['state'] or '', row['picture'] or '',
              '' if row['seconds'] is None else f'{row["seconds"]:.2f} s after its end') for row in rows]
    return table(('what goes wrong', 'times', 'what is told', 'the picture', 'pictures again'), lines) + \
        f'\nFaults survived / tried: {survived} / {tried}.\n'


TABLES = {'cameras': cameras, 'process': process}


def replace(text, name, content):
    begin, end = f'<!-- {name} -->\n', f'<!-- /{name} -->'
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + begin + content + end + after


def main(tests, document, names):
    text = document.read_text()
    for name in names:
        text = replace(text, name, TABLES[name](tests))
    document.write_text(text)


if __name__ == '__main__':
    if len(sys.argv) < 3 or not set(sys.argv[3:]) <= set(TABLES):
        sys.exit(f'usage: {sys.argv[0]} TESTS DOCUMENT [{"|".join(TABLES)} ...]')
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:] or list(TABLES))
