#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the arm64 kernels, finds their inner loops, and asks llvm-mca how many cycles these take.

The limit is what the multiply-adds alone take: a Cortex-A72 begins one of four floats a cycle, and one of eight
bytes; a Cortex-A76 two of four floats, and two dot products of sixteen bytes. LLVM
schedules for a Cortex-A72 as for its predecessor, and knows the Cortex-A76 by its twin for servers, from version
16 on. It knows no caches: every load is taken to hit the nearest, and to lie within a line of it.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

TREE = pathlib.Path(__file__).resolve().parents[2]
FLAGS = ('-std=gnu11', '-D_GNU_SOURCE', '-O3', '-ffp-contract=off', '-fstack-protector-strong',
         '-fno-schedule-insns')
DOTPROD_FLAGS = ('-march=armv8.2-a+dotprod',)
COMPILERS = ('aarch64-linux-gnu-gcc', 'gcc')
ANALYSERS = (*(f'llvm-mca-{version}' for version in range(30, 13, -1)), 'llvm-mca')

# What multiplies and adds: its lines, its multiply-adds, and one of it.
FLOATS = (r'\tf(mla|mul)\tv\d+\.4s', 4, 'fmla v0.4s, v1.4s, v2.s[0]')
BYTES = (r'\tsm(ull|lal)2?\t', 8, 'smlal v0.8h, v1.8b, v2.8b')
DOTS = (r'\tsdot\t', 16, 'sdot v0.4s, v1.16b, v2.4b[0]')
NONE = (r'\tf(mla|mul)\tv\d+\.4s', 0, None)  # of loops that only convert
CORES = {'Cortex-A72': ('cortex-a72', {FLOATS: 1.0, BYTES: 1.0}),
         'Cortex-A76': ('neoverse-n1', {FLOATS: 0.5, DOTS: 0.5})}
PART = ('ldr s0, [x0]', 'dup v0.4s, v0.s[0]')
ITERATIONS = (100, 300)
MOST_RATIO = 1.15
SKIPPED = 77  # Meson's


@dataclass(frozen=True)
class Name:
    """A loop: the function that it is part of, and its multiply-adds, which tell it from the others there; of several,
    the shortest is the one for what is common."""

    text: str
    source: str
    function: str
    n_multiply_adds: int
    kind: tuple = FLOATS
    most_ratio: float = MOST_RATIO


NAMES = (
    Name('pointwise, 5 vectors x 4 outputs', 'pwconv_neon', 'ar_pwconv_row_neon', 20),
    Name('pointwise, 4 vectors x 4 outputs', 'pwconv_neon', 'ar_pwconv_row_neon', 16),
    Name('pointwise, 4 vectors x 6 planes', 'pwconv_neon', 'ar_pwconv_row_neon', 24),
    Name('depthwise 3x3, stride 1', 'dwconv_neon', 'ar_dwconv3x3_row_s1_neon', 36),
    Name('depthwise 3x3, stride 2', 'dwconv_neon', 'ar_dwconv3x3_row_s2_neon', 36),
    Name('depthwise 5x5, stride 1', 'dwconv_neon', 'ar_dwconv5x5_row_s1_neon', 100),
    Name('depthwise 5x5, stride 2', 'dwconv_neon', 'ar_dwconv5x5_row_s2_neon', 100),
    Name('int8 pointwise, 8 pixels x 4 outputs', 'pwconv8_neon', 'ar_pwconv8_row_neon', 32, BYTES),
    Name('int8 pointwise, 8 pixels x 2 outputs', 'pwconv8_neon', 'ar_pwconv8_row_neon', 16, BYTES),
    Name('int8 depthwise 3x3, stride 1', 'dwconv8_neon', 'ar_dwconv8_3x3_row_s1_neon', 80, BYTES),
    Name('int8 depthwise 3x3, stride 2', 'dwconv8_neon', 'ar_dwconv8_3x3_row_s2_neon', 80, BYTES),
    Name('int8 depthwise 5x5, stride 1', 'dwconv8_neon', 'ar_dwconv8_5x5_row_s1_neon', 208, BYTES),
    Name('int8 depthwise 5x5, stride 2', 'dwconv8_neon', 'ar_dwconv8_5x5_row_s2_neon', 208, BYTES),
    Name('int8 pointwise, 8 pixels x 12 outputs', 'pwconv8_dotprod', 'ar_pwconv8_row_dotprod', 24, DOTS),
    Name('int8 pointwise, 8 pixels x 8 outputs', 'pwconv8_dotprod', 'ar_pwconv8_row_dotprod', 16, DOTS),
    Name('int8 pointwise, 8 pixels x 6 planes', 'pwconv8_dotprod', 'ar_pwconv8_row_dotprod', 12, DOTS, 1.2),
    Name('int8 depthwise 3x3, stride 1', 'dwconv8_dotprod', 'ar_dwconv8_3x3_row_s1_dotprod', 48, DOTS),
    Name('int8 depthwise 3x3, stride 2', 'dwconv8_dotprod', 'ar_dwconv8_3x3_row_s2_dotprod', 48, DOTS),
    Name('int8 depthwise 5x5, stride 1', 'dwconv8_dotprod', 'ar_dwconv8_5x5_row_s1_dotprod', 160, DOTS),
    Name('int8 depthwise 5x5, stride 2', 'dwconv8_dotprod', 'ar_dwconv8_5x5_row_s2_dotprod', 160, DOTS),
    Name('bytes from float32', 'emit_yuv420_neon', 'ar_emit_yuv420_row_nv12_neon', 4, NONE),
)
# By the test: the pointwise products are nine tenths of the network.
JUDGED = tuple(name for name in NAMES if 'pointwise' in name.text)


class Missing(Exception):
    """A program or a loop that is not there; the words say which."""


def find(names, needed_for, accept=lambda path: True):
    """The first of some programs that is installed, and accepted."""
    for name in names:
        path = shutil.which(name)
        if path and accept(path):
            return path
    raise Missing(f'no {needed_for}: looked for {", ".join(names[:2])} and others')


def is_for_arm64(compiler):
    """Whether a compiler makes code for arm64."""
    return 'aarch64' in subprocess.run([compiler, '-dumpmachine'], capture_output=True, text=True,
                                       check=False).stdout


@dataclass(frozen=True)
class Loop:
    """An innermost loop as the compiler made it."""

    lines: tuple

    def count(self, pattern):
        """Instructions that match."""
        return sum(bool(re.match(pattern, line)) for line in self.lines)

    @property
    def n_loads(self):
        """Of vectors."""
        return self.count(r'\tldu?r\tq') + 2 * self.count(r'\tldp\tq')

    @property
    def n_spills(self):
        """Of vectors, to the stack and back."""
        return self.count(r'\t(ld|st)(u?r|p)\tq.*\[(sp|x29)')


def loops(assembly):
    """(function, loop) of all loops without another one, or a target of its own branches, inside."""
    function, labels, branches, lines = None, {}, {}, []
    for line in assembly.splitlines():
        name = re.match(r'([\w.$]+):', line)
        if name and not name[1].startswith('.'):
            function, labels, branches, lines = name[1], {}, {}, []
        elif name:
            labels[name[1]] = len(lines)
        elif re.match(r'\t[a-z]', line):
            lines.append(line)
            target = re.match(r'\t(?:b(?:\.?\w+)?|cbn?z|tbn?z)\t(?:.*, )?(\.L\w+)$', line)
            if target and target[1] in labels:
                start = labels[target[1]]
                if all(branches.get(label, -1) < start for label, at in labels.items() if at > start):
                    yield function, Loop(tuple(lines[start:]))
                labels = {}  # those before would have this loop inside
            elif target:
                branches[target[1]] = len(lines) - 1


def compile_loops(compiler=None, sysroot=None):
    """The loops of NAMES."""
    compiler = compiler or find(COMPILERS, 'compiler for arm64', is_for_arm64)
    root = [f'--sysroot={sysroot}'] if sysroot else []
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for source in sorted({name.source for name in NAMES}):
            path = f'{folder}/{source}.s'
            flags = DOTPROD_FLAGS if source.endswith('_dotprod') else ()
            subprocess.run([compiler, *root, *FLAGS, *flags, f'-I{TREE}', '-S', '-o', path,
                            TREE / 'nn' / 'arm' / f'{source}.c'], check=True)
            text = pathlib.Path(path).read_text(encoding='utf-8')
            for name in (name for name in NAMES if name.source == source):
                for function, loop in loops(text):
                    if (function, loop.count(name.kind[0])) == (name.function, name.n_multiply_adds):
                        found[name] = min(loop, found.get(name, loop), key=lambda loop: len(loop.lines))
    missing = [name.text for name in NAMES if name not in found]
    if missing:
        raise Missing(f'not found in what {compiler} makes: {"; ".join(missing)}')
    return {name: found[name] for name in NAMES}


class Analyser:
    """llvm-mca, for one core."""

    def __init__(self, program, core):
        self.program = program
        self.core = core
        self.model, limits = CORES[core]
        self.limits = dict(limits)
        for (_, _, probe), limit in self.limits.items():
            if abs(self.cycles((probe,))[1] - limit) > 0.01:
                raise Missing(f'{program} does not know the {core}: version 17 and later do')
        # Older versions let the load of a part of a register wait for the rest, as the loops of bytes have it.
        if self.cycles(PART)[0] > 2 and self.limits.pop(BYTES, None):
            print(f'SKIPPED: {program}, int8 on the {core}: version 17 and later are right')

    def cycles(self, lines):
        """Of an iteration in the long run, and of its fullest pipe."""
        totals = [self._run(lines, n) for n in ITERATIONS]
        (first, _), (last, bound) = totals
        return (last - first) / (ITERATIONS[1] - ITERATIONS[0]), bound

    def _run(self, lines, n):
        done = subprocess.run([self.program, '-mtriple=aarch64', f'-mcpu={self.model}',
                               '-mattr=+dotprod', f'-iterations={n}'], input='\n'.join(lines) + '\n', text=True,
                              capture_output=True, check=True).stdout
        return (int(re.search(r'Total Cycles:\s+(\d+)', done)[1]),
                float(re.search(r'Block RThroughput:\s+([\d.]+)', done)[1]))


@dataclass(frozen=True)
class Result:
    """What a loop takes on a core."""

    core: str
    name: Name
    loop: Loop
    cycles: float
    bound: float  # of the fullest pipe
    limit: float  # of the multiply-adds

    @property
    def ratio(self):
        """Cycles by those that the multiply-adds alone take; 0 where it has none."""
        return self.cycles / self.limit if self.limit else 0.0

    @property
    def cycles_per_multiply_add(self):
        """Of a vector."""
        return self.cycles / self.name.n_multiply_adds

    def row(self):
        """Its line of the table."""
        return (self.core, self.name.text, len(self.loop.lines), self.name.n_multiply_adds,
                self.loop.n_loads, self.loop.n_spills, f'{self.cycles:.1f}', f'{self.bound:.1f}',
                f'{self.cycles_per_multiply_add:.2f}', f'{self.limit:.1f}', f'{self.ratio:.2f}')


HEADING = ('core', 'loop', 'instructions', 'multiply-adds', 'loads', 'spills', 'cycles', 'fullest pipe',
           'cycles a multiply-add', 'limit', 'ratio')


def analysers(program=None):
    """One for each core that an installed llvm-mca knows; and words for each that none does."""
    known, missing = [], []
    programs = [program] if program else [path for path in map(shutil.which, ANALYSERS) if path]
    if not programs:
        raise Missing('llvm-mca is not installed')
    for core in CORES:
        for path in programs:
            try:
                known.append(Analyser(path, core))
                break
            except Missing as problem:
                words = str(problem)
        else:
            missing.append(words)
    return known, missing


def analyse(found, analyser):
    """Results of the loops that run on the core."""
    for name, loop in found.items():
        if name.kind in analyser.limits or name.kind is NONE:
            limit = name.n_multiply_adds * analyser.limits.get(name.kind, 0.0)
            cycles, bound = analyser.cycles(loop.lines)
            yield Result(analyser.core, name, loop, cycles, bound, limit)


def print_table(rows):
    """As Markdown."""
    for i, row in enumerate(rows):
        print('|', ' | '.join(map(str, row)), '|')
        if i == 0:
            print('|' + '---|' * len(row))


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--cc', help='compiler for arm64 (the first that is installed)')
    parser.add_argument('--mca', help='llvm-mca (the newest that is installed)')
    parser.add_argument('--sysroot', help='folder of the arm64 development files')
    parser.add_argument('--check', action='store_true',
                        help=f'fail if a pointwise loop takes more than {MOST_RATIO:g} times its '
                             'limit, or spills')
    return parser.parse_args()


def main():
    """Prints the table; exit code."""
    options = parse()
    try:
        found = compile_loops(options.cc, options.sysroot)
        known, missing = analysers(options.mca)
    except Missing as problem:
        print(f'SKIPPED: {problem}' if options.check else problem)
        return SKIPPED if options.check else 1
    results = [result for analyser in known for result in analyse(found, analyser)]
    print_table([HEADING, *(result.row() for result in results)])
    for words in missing:
        print(f'SKIPPED: {words}')
    if not options.check:
        return 0
    if not results:
        return SKIPPED
    bad = [result for result in results if result.name in JUDGED
           and (result.ratio > result.name.most_ratio or result.loop.n_spills > 0)]
    for result in bad:
        print(f'{result.core}, {result.name.text}: {result.cycles:.1f} cycles, at most '
              f'{result.name.most_ratio * result.limit:.1f} are right; {result.loop.n_spills} spills')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
