#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The man pages: no warnings from whoever formats them, and everything in them that the programs take."""
import os
import re

import harness
import tools

PAGES = {page.rpartition('/')[2]: page for page in os.environ['AR_PAGES'].split(':')}


class Man(harness.Case):
    def text(self, page):
        return tools.run('man', '--no-hyphenation', '--no-justification', '-l', PAGES[page], 
                         env={'PATH': os.environ['PATH'], 'MANWIDTH': '200', 'LC_ALL': 'C.UTF-8'})

    @tools.needs('mandoc')
    def test_mandoc(self):
        for page in PAGES.values():
            self.assertEqual(tools.run('mandoc', '-Tlint', '-Wwarning', page), '')

    @tools.needs('groff')
    def test_groff(self):
        for page in PAGES.values():
            for device in ('utf8', 'ascii'):
                words = tools.run('groff', '-ww', '-b', '-z', '-man', f'-T{device}', page)
                self.assertEqual(words, '')

    @tools.needs('man')
    def test_options_of_ar_daemon(self):
        text = self.text('ar-daemon.8')
        options = re.findall(r'(?m)^  (--[a-z-]+)', self.run_well('--help').out)
        self.assertGreater(len(options), 10)
        for option in options:
            self.assertRegex(text, rf'(?m)^ +{option}\b')

    @tools.needs('man')
    def test_keys(self):
        text = self.text('ar-daemon.conf.5')
        section = None
        n_keys = 0
        for line in self.run_well('--print-config').out.splitlines():
            if line.startswith('['):
                section = text.partition(line)[2].partition('\n   [')[0]
            elif match := re.match(r'#(\w+) = ?(.*)', line):
                self.assertRegex(section, rf'(?m)^ +{match[1]} = \S')
                self.assertIn(match[2], section)
                n_keys += 1
        self.assertGreater(n_keys, 10)

    @tools.needs('man')
    def test_commands_of_ar_ctl(self):
        text = self.text('ar-ctl.1')
        words = re.findall(r'(?m)^  (\S+)', harness.run_program(harness.CTL, '--help', folder=self.folder).out)
        self.assertGreater(len(words), 5)
        for word in words:
            self.assertRegex(text, rf'(?m)^ +{word}\b')

    @tools.needs('man')
    def test_examples(self):
        """Each line that an example of ar-daemon(8) gives is one that it understands."""
        found = re.findall(r'(?m)^ +ar-daemon (--.*)$', self.text('ar-daemon.8').partition('EXAMPLES')[2])
        self.assertGreater(len(found), 3)
        for line in found:
            finished = self.run_daemon(*line.split(), '--check-config')
            self.assertEqual(finished.code, 0, finished)


if __name__ == '__main__':
    harness.main()
