#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How the programs were built: what an attacker who finds a hole meets. Flags that are lost on the way are seen here."""
import os
import pathlib
import re

import harness
import tools

BUILD = pathlib.Path(harness.DAEMON).parents[1]
ARCHITECTURE = os.environ['AR_CPU_FAMILY']
# What the compiler leaves in each object that checks its branches.
BRANCH_NOTES = {'x86_64': 'x86 feature: IBT, SHSTK', 'aarch64': 'AArch64 feature: BTI, PAC'}


@tools.needs('readelf')
class Hardening(harness.Case):
    def programs(self):
        return {program: tools.run('readelf', '--wide', '--headers', '--dynamic', '--dyn-syms', program)
                for program in (harness.DAEMON, harness.CTL)}

    def test_position_independent(self):
        for program, words in self.programs().items():
            self.assertRegex(words, r'Type: +DYN \(Position-Independent Executable file\)', program)

    def test_read_only_relocations(self):
        for program, words in self.programs().items():
            self.assertIn('GNU_RELRO', words, program)
            self.assertRegex(words, r'\(FLAGS_1\) +Flags:.*\bNOW\b', program)

    def test_no_executable_stack(self):
        for program, words in self.programs().items():
            self.assertRegex(words, r'GNU_STACK(?: +0x0+)+ +RW +0x', program)
            self.assertNotRegex(words, r'LOAD .* RWE ', program)

    def test_stack_protector(self):
        for program, words in self.programs().items():
            self.assertIn('__stack_chk_fail', words, program)

    def test_fortified(self):
        for program, words in self.programs().items():
            self.assertRegex(words, r' __(?:sn|vsn|f)printf_chk@', program)

    def objects(self):
        found = sorted(BUILD.glob('*/*.p/*.o'))
        found = [path for path in found if not path.is_relative_to(BUILD / 'tests')]
        self.assertGreater(len(found), 50)
        return found

    def test_branches(self):
        note = BRANCH_NOTES[ARCHITECTURE]
        for path in self.objects():
            self.assertIn(note, tools.run('readelf', '--wide', '--notes', path), path)

    def test_flags(self):
        """Stack clash protection leaves no mark of its own: the command must have it."""
        commands = (BUILD / 'compile_commands.json').read_text()
        for line in re.findall(r'"command": "(.*)"', commands):
            if 'native' not in line:
                self.assertIn(' -fstack-clash-protection ', line)


if __name__ == '__main__':
    harness.main()
