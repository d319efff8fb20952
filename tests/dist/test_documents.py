#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents say what is so: lines that they quote are in the source, and the files and tests that they name are there."""
import pathlib
import re
import sys
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ('base', 'nn', 'capture', 'encoder', 'decoder', 'display', 'budget', 'config', 'daemon')
# Tables whose first column quotes lines, with ... for what varies.
QUOTING = ('README.md', 'doc/RASPBERRY-PI.md')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
STRINGS = re.compile(rf'{STRING.pattern}(?:\s*{STRING.pattern})*')
LEAST_FRAGMENT = 4


def texts():
    """Every text in the source, adjacent ones joined."""
    for folder in FOLDERS:
        for path in (TREE / folder).rglob('*.c'):
            for match in STRINGS.finditer(path.read_text()):
                yield ''.join(STRING.findall(match[0])).replace('\\"', '"')


def quotes(document):
    """The code in the first column of each table with the heading `line`."""
    quoting = False
    for line in (TREE / document).read_text().splitlines():
        cells = [cell.strip() for cell in line.split('|')]
        if len(cells) < 4:
            quoting = False
        elif cells[1] == 'line':
            quoting = True
        elif quoting and (match := re.match(r'`(.*)`', cells[1])):
            yield match[1]


def is_in(fragments, text):
    at = 0
    for fragment in fragments:
        at = text.find(fragment, at)
        if at < 0:
            return False
        at += len(fragment)
    return True


class Documents(unittest.TestCase):
    def test_quoted_lines(self):
        known = list(texts())
        for document in QUOTING:
            found = list(quotes(document))
            self.assertGreater(len(found), 3, document)
            for quote in found:
                fragments = [part.strip() for part in quote.split('...')]
                self.assertTrue(any(len(part) >= LEAST_FRAGMENT for part in fragments), quote)
                self.assertTrue(any(is_in(fragments, text) for text in known), f'{document}: nobody prints "{quote}"')

    def test_named_files_and_tests(self):
        text = (TREE / 'SECURITY.md').read_text()
        names = re.findall(r'`((?:tests|dist|nn)/[\w./-]+)`', text)
        self.assertGreater(len(names), 5)
        for name in names:
            self.assertTrue((TREE / name).exists(), name)
        sources = ''.join(path.read_text() for path in (TREE / 'tests').rglob('test_*.*') if path.suffix in ('.c', '.py'))
        for name in re.findall(r'`((?:test|survives|tells|refuses)_\w+)`', text):
            self.assertRegex(sources, rf'\b{name}\b')


if __name__ == '__main__':
    sys.exit(unittest.main())
