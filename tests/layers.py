#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the direction of includes between folders (doc/ARCHITECTURE.md): file and line of each violation."""
import pathlib
import re
import sys

MAY_SEE = {
    'base': set(),
    'nn': {'base'},
    'capture': {'base'},
    'display': {'base'},
    'budget': {'base'},
    'config': {'base'},
    'encoder': {'base', 'nn'},
    'decoder': {'base', 'nn'},
    'daemon': {'base', 'nn', 'capture', 'display', 'budget', 'config', 'encoder', 'decoder'},
}
PRIVATE = {'backend.h', 'loop_backend.h', 'priv.h'}  # own folder and tests only
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def violations(root):
    for folder, seen in MAY_SEE.items():
        for path in sorted((root / folder).rglob('*.[ch]')):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                target = match.group(1)
                other, slash, name = target.partition('/')
                where = f'{path.relative_to(root)}:{number}: '
                if not slash:
                    yield where + f'"{target}" is not written from the root'
                elif other != folder and other not in seen:
                    yield where + f'{folder}/ must not include {other}/'
                elif other != folder and name.rpartition('/')[2] in PRIVATE:
                    yield where + f'{target} is private to {other}/'


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent
    found = list(violations(root))
    print('\n'.join(found), end='\n' if found else '')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
