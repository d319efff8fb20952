#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when an object that is no kernel of an instruction set uses its wide registers: it would crash on lesser CPUs."""
import re
import subprocess
import sys

WIDE = re.compile(r'%[yz]mm\d|%xmm(1[6-9]|2\d|3[01])|\tv[a-z0-9]+ .*%xmm')
SYMBOL = re.compile(r'^[0-9a-f]+ <(.+)>:$')


def wide_functions(archive):
    """Names of the functions in an archive that need AVX or more."""
    listing = subprocess.run(['objdump', '--disassemble', '--no-show-raw-insn', archive],
                             check=True, capture_output=True, text=True).stdout
    names, current, n_symbols = {}, '?', 0
    for line in listing.splitlines():
        symbol = SYMBOL.match(line)
        if symbol:
            current, n_symbols = symbol.group(1), n_symbols + 1
        elif WIDE.search(line):
            names.setdefault(current, line.strip())
    return names, n_symbols


def main():
    mode, archives = sys.argv[1], sys.argv[2:]
    bad = []
    for archive in archives:
        names, n_symbols = wide_functions(archive)
        if n_symbols == 0:
            bad.append(f'{archive}: nothing to disassemble')
        if mode == '--none':
            bad += [f'{archive}: {name}: {line}' for name, line in names.items()]
        elif not names:
            bad.append(f'{archive}: no wide instruction, so this test could not see one')
    print('\n'.join(bad) or f'{len(archives)} archives looked at')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
