#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Compiles each header alone, with the flags of a source file beside it: it must include all that it needs.
usage: headers.py SOURCE-ROOT BUILD-FOLDER
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

from layers import MAY_SEE

TAKES_A_VALUE = {'-o', '-MF', '-MQ', '-MT'}
OF_THE_SOURCE_ONLY = {'-c', '-MD', '-MMD'}


def compiled_sources(root, build):
    """For each source of the tree that is compiled where the compiler runs, and its command without files."""
    found = {}
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        source = pathlib.Path(entry['directory'], entry['file']).resolve()
        if not source.is_relative_to(root):
            continue
        words = iter(shlex.split(entry['command']))
        command = []
        for word in words:
            if word in TAKES_A_VALUE:
                next(words)
            elif word not in OF_THE_SOURCE_ONLY and word != entry['file']:
                command.append(word)
        found.setdefault(source, (entry['directory'], command))
    return found


def compile_alone(root, header, directory, command):
    """What the compiler says; nothing when all is well."""
    result = subprocess.run([*command, '-Werror', '-fsyntax-only', '-x', 'c', '-'], cwd=directory, text=True,
                            input=f'#include "{header.relative_to(root)}"\nextern int not_empty;\n',
                            capture_output=True, check=False)
    if result.returncode == 0:
        return ''
    return f'{header.relative_to(root)} does not compile alone:\n{result.stderr}'


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    sources = compiled_sources(root, build)
    flags = {source.parent: how for source, how in reversed(sources.items())}  # of the first in each folder
    headers = [header for folder in MAY_SEE for header in sorted((root / folder).rglob('*.h'))]
    known = [header for header in headers if header.parent in flags and
             (header.with_suffix('.c') in sources or not header.with_suffix('.c').exists())]
    for header in sorted(set(headers) - set(known)):
        print(f'SKIPPED: {header.relative_to(root)}: its source is not compiled here')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [text for text in pool.map(lambda header: compile_alone(root, header, *flags[header.parent]), known)
                    if text]
    print(*problems, f'{len(known)} headers compiled alone, {len(problems)} cannot', sep='\n')
    return 1 if problems or not known else 0


if __name__ == '__main__':
    sys.exit(main())
