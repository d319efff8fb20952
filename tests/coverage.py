#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Which lines the tests have run, folder by folder, in a build with -Db_coverage=true (doc/HACKING.md).
usage: coverage.py SOURCE-ROOT BUILD-FOLDER [--lines]

--lines: also each file's lines that were not run.
"""
import collections
import json
import subprocess
import sys

from layers import MAY_SEE


def files_of(root, build):
    # Counters of threads may disagree, and a source is compiled for more than one instruction set.
    text = subprocess.run(['gcovr', '--root', root, '--json', '-', '--gcov-ignore-parse-errors',
                           *(word for folder in MAY_SEE for word in ('--filter', f'{folder}/')), build],
                          check=True, text=True, stdout=subprocess.PIPE).stdout
    for file in json.loads(text)['files']:
        lines = [line for line in file['lines'] if not line['gcovr/noncode']]
        yield file['file'], len(lines), [line['line_number'] for line in lines if line['count'] == 0]


def ranges(numbers):
    """1-3, 7: neighbours as one."""
    text, first = [], None
    for number, following in zip(numbers, numbers[1:] + [None]):
        first = first or number
        if following != number + 1:
            text.append(str(first) if first == number else f'{first}-{number}')
            first = None
    return ', '.join(text)


def row(name, n_lines, n_missed):
    print(f'{name:24} {n_lines:6} {n_missed:6} {100 * (n_lines - n_missed) / n_lines:6.1f} %')


def main():
    folders = collections.defaultdict(lambda: [0, 0])
    for path, n_lines, missed in files_of(*sys.argv[1:3]):
        for name in (path.partition('/')[0], 'all'):
            folders[name][0] += n_lines
            folders[name][1] += len(missed)
        if '--lines' in sys.argv and missed:
            row(path, n_lines, len(missed))
            print('    ' + ranges(missed))
    print(f'{"folder":24} {"lines":>6} {"not run":>6}')
    for name in [*sorted(MAY_SEE), 'all']:
        if name in folders:
            row(name, *folders[name])
    return 0


if __name__ == '__main__':
    sys.exit(main())
