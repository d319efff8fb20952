#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Makes small mistakes in sources, one at a time, and tells which of them no unit test sees.

A mistake is another comparison, another operation, a constant that is off by one (or by a factor of two), a condition
turned round, a statement left out. It is compiled beside the build, which stays as it is, and linked in front of the
library that has the right code. What compiles to the same machine code is no mistake and does not count.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import itertools
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time

OTHERS = {
    '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '==': ['!='], '!=': ['=='],
    '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'], '+=': ['-='], '-=': ['+='], '*=': ['/='], '/=': ['*='],
    '++': ['--'], '--': ['++'], '&&': ['||'], '||': ['&&'], '&': ['|'], '|': ['&'], '<<': ['>>'], '>>': ['<<'],
}
# Strings and comments are taken whole, so that nothing inside them is an operator.
TOKEN = re.compile(r'''
    (?P<skip>/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|^\#\s*(?!define)\w+(?:\\\n|[^\n])*|->|[A-Za-z_]\w*)
  | (?P<float>(?:\d+\.\d*|\.\d+)(?:e[-+]?\d+)?[fF]?|\d+e[-+]?\d+)
  | (?P<integer>0[xX][\da-fA-F]+|\d+)[uUlL]*
  | (?P<operator>\+\+|--|<<=?|>>=?|&&|\|\||[<>=!+*/%&|-]=|[<>+*/%&|-])
''', re.VERBOSE | re.DOTALL | re.MULTILINE)
CONDITION = re.compile(r'\b(?:if|while) (?=\()')
# clang-format puts each statement on lines of its own. A declaration begins with two words.
STATEMENT = re.compile(r'^[ \t]+(?:\*?\w+(?:(?:->|\.)\w+|\[[^;\n]*?\])*(?: [-+*/|&]?= |\+\+;|--;)|\+\+\w|--\w|\w+\()[^;{}]*;|'
                       r'^[ \t]+(?:break|continue);', re.MULTILINE)
KEYWORDS = re.compile(r'\s*(?:if|for|while|switch|return|assert|static_assert|sizeof)\b')
BODY = re.compile(r'^#define\s+\w+')  # of a macro: its name is no place for a mistake

TIMES_LONGER = 10  # than the right program: a loop that does not end


class Mistake:
    def __init__(self, path, text, start, end, replacement, kind):
        self.path = path
        self.kind = kind
        self.text = text[:start] + replacement + text[end:]
        self.line = text.count('\n', 0, start) + 1
        self.before = ' '.join(text[start:end].split())
        self.after = replacement

    def __str__(self):
        line = self.text.splitlines()[self.line - 1].strip()
        return f'{self.path}:{self.line}: {self.kind}: `{self.before}` -> `{self.after}`\n    {line}'


def other_numbers(match):
    if match['float']:
        number = match['float']
        value = float(number.rstrip('fF'))
        suffix = number[len(number.rstrip('fF')):]
        return [repr(other) + suffix for other in ([2 * value, value / 2] if value else [1.0, -1.0])]
    suffix = match[0][len(match['integer']):]
    value = int(match['integer'], 0)
    return [f'{other}{suffix}' for other in (value + 1, value - 1) if other >= 0]


def is_binary(text, match):
    """clang-format puts spaces around those, and none behind what points or negates."""
    return text[match.start() - 1].isspace() and text[match.end()].isspace()


def closing(text, start):
    depth = 0
    for i in range(start, len(text)):
        depth += {'(': 1, ')': -1}.get(text[i], 0)
        if depth == 0:
            return i
    return None


def mistakes_in(path, text):
    for match in TOKEN.finditer(text):
        if match['operator'] and (match[0] in ('++', '--') or is_binary(text, match)):
            for other in OTHERS.get(match[0], []):
                yield Mistake(path, text, *match.span(), other, 'operator')
        elif match['float'] or match['integer']:
            for other in other_numbers(match):
                yield Mistake(path, text, *match.span(), other, 'constant')
    for match in CONDITION.finditer(text):
        end = closing(text, match.end())
        condition = text[match.end() + 1:end]
        yield Mistake(path, text, match.end() + 1, end, f'!({condition})', 'condition')
    for match in STATEMENT.finditer(text):
        if not KEYWORDS.match(match[0]):
            indent = len(match[0]) - len(match[0].lstrip())
            yield Mistake(path, text, match.start() + indent, match.end(), ';', 'statement')


class Build:
    """What Meson and Ninja know."""

    def __init__(self, folder):
        self.folder = folder
        self.commands = {}
        for entry in json.loads((folder / 'compile_commands.json').read_text()):
            source = pathlib.Path(entry['directory'], entry['file']).resolve()
            self.commands.setdefault(source, shlex.split(entry['command']))

    def ask(self, tool, target):
        return subprocess.run(['ninja', '-C', self.folder, '--quiet', '-t', tool, target], text=True, check=True,
                              stdout=subprocess.PIPE).stdout.splitlines()

    def compile(self, source, text_path, object_path):
        command = list(self.commands[source])
        command[command.index('-o') + 1] = object_path
        command[command.index('-c') + 1] = text_path
        for option in ('-MF', '-MQ'):
            at = command.index(option)
            del command[at:at + 2]
        command.remove('-MD')
        if pathlib.Path(command[0]).name == 'ccache':
            del command[0]
        return subprocess.run([*command, '-w'], cwd=self.folder, capture_output=True, check=False).returncode == 0

    def link(self, program, object_path, target):
        command = list(program.command)
        command[command.index('-o') + 1] = target
        command.insert(command.index(target) + 1, object_path)
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Program:
    """A unit test that passes, and how long it takes."""

    def __init__(self, build, path):
        self.name = path.name
        self.command = shlex.split(build.ask('commands', str(path.relative_to(build.folder)))[-1])
        self.sources = {(build.folder / name).resolve() for name in build.ask('inputs', str(path.relative_to(build.folder)))}
        start = time.monotonic()
        subprocess.run([path], cwd=build.folder, check=True, stdout=subprocess.DEVNULL)
        self.timeout_s = TIMES_LONGER * (time.monotonic() - start) + 1


def programs_of(build, pattern):
    found = sorted(path for path in (build.folder / 'tests').glob('*/test_*')
                   if path.is_file() and fnmatch.fnmatch(path.name, f'test_{pattern}'))
    return sorted((Program(build, path) for path in found), key=lambda program: program.timeout_s)


def fails(command, timeout_s):
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            return process.wait(timeout_s) != 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)  # Check runs each test in a process of its own
            return True


def judge(build, programs, right_code, mistake):
    """'seen', 'unseen', or why it does not count."""
    source = mistake.path.resolve()
    with tempfile.TemporaryDirectory(prefix='ar-mutate-') as name:
        folder = pathlib.Path(name)
        code = code_of(build, source, mistake.text, folder)
        if code is None:
            return 'does not compile'
        if code == right_code[mistake.path]:
            return 'the same code'
        for program in programs:
            if source in program.sources:
                build.link(program, str(folder / 'source.o'), str(folder / 'test'))
                if fails([folder / 'test'], program.timeout_s):
                    return 'seen'
        return 'unseen'


def code_of(build, source, text, folder):
    """A hash of the machine code, or None. Lines are those of assert()."""
    path, object_path = folder / 'source.c', folder / 'source.o'
    path.write_text(f'#line 1 "{source.name}"\n{text}')
    if not build.compile(source, str(path), str(object_path)):
        return None
    return hashlib.sha256(object_path.read_bytes()).hexdigest()


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build', type=lambda name: pathlib.Path(name).resolve(), help='a folder that Meson has built, with tests')
    parser.add_argument('--tests', default='*', metavar='PATTERN', help='the test programs to run, as `budget_*`')
    parser.add_argument('--count', type=int, default=200, help='how many mistakes to make (200)')
    parser.add_argument('--seed', type=int, default=1, help='which ones (1)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('sources', nargs='+', type=pathlib.Path, metavar='SOURCE')
    return parser.parse_args()


def main():
    args = options()
    build = Build(args.build)
    programs = programs_of(build, args.tests)
    for path in args.sources:
        if not any(path.resolve() in program.sources for program in programs):
            sys.exit(f'{path}: in none of the test programs')
    with tempfile.TemporaryDirectory(prefix='ar-mutate-') as folder:
        right_code = {path: code_of(build, path.resolve(), path.read_text(), pathlib.Path(folder)) for path in args.sources}
    mistakes = [mistake for path in args.sources for mistake in mistakes_in(path, path.read_text())]
    random.Random(args.seed).shuffle(mistakes)
    counts = dict.fromkeys(('seen', 'unseen', 'the same code', 'does not compile'), 0)
    waiting = iter(mistakes)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        while counts['seen'] + counts['unseen'] < args.count:
            batch = list(itertools.islice(waiting, min(4 * args.jobs, args.count - counts['seen'] - counts['unseen'])))
            if not batch:
                break
            for mistake, verdict in zip(batch, pool.map(lambda one: judge(build, programs, right_code, one), batch)):
                counts[verdict] += 1
                if verdict == 'unseen':
                    print(mistake, flush=True)
    n = counts['seen'] + counts['unseen']
    print(f'{counts["seen"]} of {n} mistakes seen ({100 * counts["seen"] / max(n, 1):.1f} %), of {len(mistakes)} possible; beside them '
          f'{counts["the same code"]} that are none and {counts["does not compile"]} that do not compile')
    return 0 if n else 1


if __name__ == '__main__':
    sys.exit(main())
