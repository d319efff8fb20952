#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The screen is lost to another console, another program, and with its card, and comes back; consoles stay readable."""
import machine
import picture

BACK_S = 1  # of the guest's own time, which is counted in instructions: a busy host does not change it
RUNNING = ('another console in front', 'another program has the screen', 'card gone')


class Master(machine.Case):
    def check_row(self, name, row):
        print(f'{name}: noticed after {row["noticed_s"]} s, back after {row["back_s"]} s', flush=True)
        self.assertLessEqual(row['unseen_shown'], 1)
        self.assertEqual(row['source_state'], 'suspended')
        self.assertLessEqual(row['back_s'], BACK_S)

    def check_same(self, screens, one, other):
        self.assertEqual(picture.count_different(screens[one], screens[other]), 0, (one, other))

    def test_master(self):
        vm, found = self.run_guest('master', 300)
        self.assertEqual(found['code'], 0)
        for name, row in found['rows'].items():
            with self.subTest(name):
                self.check_row(name, row)
        for n_resumed, name in enumerate(RUNNING, 1):
            self.assertEqual(found['rows'][name]['pid'], found['pid'])
            self.assertEqual(found['rows'][name]['resumed'], n_resumed)
        self.assertGreater(picture.count_different(vm.screens['console_1'], vm.screens['console_2']), 0)
        self.assertGreater(picture.count_different(vm.screens['console_1'], vm.screens['painted']), 1000)
        self.check_same(vm.screens, 'other_console', 'console_2')
        self.check_same(vm.screens, 'console_left', 'painted')
        self.check_same(vm.screens, 'stopped', 'console_1')
        self.check_same(vm.screens, 'killed', 'console_1')


if __name__ == '__main__':
    machine.main()
