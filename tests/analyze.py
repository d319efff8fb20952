#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Shows each source that is compiled to a program that looks for mistakes: gcc -fanalyzer, but for the tests, or clang-tidy.
usage: analyze.py SOURCE-ROOT BUILD-FOLDER gcc|clang-tidy
"""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

from headers import compiled_sources
from layers import MAY_SEE

# Kernels own no memory, and loops that the compiler has unrolled are what it understands least; tests/kernels runs them
# between pages that must not be touched.
KERNELS = ('nn/x86/', 'nn/arm/')


def is_for_gcc(path):
    return path.parts[0] in MAY_SEE and not str(path).startswith(KERNELS)


def gcc(build, source, directory, command):
    """What it finds. Other warnings, which come and go with the optimisation, are the build's."""
    # An array that one loop fills and another reads, counting in another type, is uninitialised to it; clang-tidy knows better.
    done = subprocess.run([*command, '-fanalyzer', '-Wno-analyzer-use-of-uninitialized-value', '-S', '-o', os.devnull,
                           str(source)], cwd=directory, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout if done.returncode != 0 or '[-Wanalyzer-' in done.stdout else ''


def clang_tidy(build, source, directory, command):
    # What it has on standard error is how many findings in system headers it does not show.
    done = subprocess.run(['clang-tidy', '-p', build, '--quiet', str(source)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    return done.stdout or 'clang-tidy failed' if done.returncode != 0 else ''


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    look = {'gcc': gcc, 'clang-tidy': clang_tidy}[sys.argv[3]]
    sources = [(source, *how) for source, how in sorted(compiled_sources(root, build).items())
               if look is not gcc or is_for_gcc(source.relative_to(root))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda source: look(build, *source), sources))
    bad = [text for text in results if text]
    print(*bad, f'{len(results)} sources looked at, {len(bad)} with findings', sep='\n')
    return 1 if bad or not results else 0


if __name__ == '__main__':
    sys.exit(main())
