#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Puts what the cases in the virtual machine found into doc/RELIABILITY.md.

    tests/vm/report.py build/tests/vm doc/RELIABILITY.md

Reads the result.json of each case below the first folder, and writes each table between its two marks in the document,
<!-- NAME --> and <!-- /NAME -->. A case that has not been run is an error: half a table would be a lie.
"""
import json
import pathlib
import sys

# By table, its cases and what they are done to.
TABLES = {
    'cameras': {'usb': 'a USB camera, driver uvcvideo', 'faults': 'driver vivid', 'unplug': 'driver vivid'},
}
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


def table(artefacts, cases):
    lines = [HEAD, ['---'] * len(HEAD)]
    for case, where in cases.items():
        rows = json.loads((artefacts / case / 'result.json').read_text())['found']['rows']
        lines += [cells(name, row, where) for name, row in rows.items()]
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


def replace(text, name, content):
    begin, end = f'<!-- {name} -->\n', f'<!-- /{name} -->'
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + begin + content + end + after


def main(artefacts, document):
    text = document.read_text()
    for name, cases in TABLES.items():
        text = replace(text, name, table(artefacts, cases))
    document.write_text(text)


if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(f'usage: {sys.argv[0]} ARTEFACTS DOCUMENT')
    main(*map(pathlib.Path, sys.argv[1:]))
