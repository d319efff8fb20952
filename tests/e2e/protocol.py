# SPDX-License-Identifier: MIT
"""What doc/PROTOCOL.md promises: its tables of commands, of the status and of events."""
import re

import harness

DOCUMENT = harness.TREE / 'doc/PROTOCOL.md'


def rows(title):
    """The rows of a section's table, in cells."""
    section = DOCUMENT.read_text().partition(f'\n## {title}\n')[2].partition('\n## ')[0]
    lines = [line for line in section.splitlines() if line.startswith('|')]
    assert len(lines) > 3, f'{DOCUMENT}: no table in "{title}"'
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines[2:]]


def names(cell):
    """What stands in code: a set of fields."""
    return set(re.findall(r'`([^`]+)`', cell))


class Fields:
    """Those that are always there, and those that are there at times."""

    def __init__(self, cell):
        self.all = names(cell)
        self.always = names(re.sub(r'\[`.*?`\]', '', cell))

    def fit(self, found):
        return self.always <= set(found) <= self.all


def commands():
    """For each command the kinds of results that it has; none for `status`, which has a table of its own."""
    found = {}
    for command, _, result, _ in rows('Commands'):
        kinds = found.setdefault(command.strip('`'), [])
        if result != 'as below':
            kinds.append(Fields(result))
    return found


def status():
    return set().union(*(names(cells[0]) for cells in rows('Status')))


def events():
    return {name: Fields(fields) for cell, fields, _ in rows('Events') for name in names(cell)}


def states():
    """Of the daemon, as the event has them."""
    return next(names(when) for cell, _, when in rows('Events') if cell == '`state`')
