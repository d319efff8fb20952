#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What only a machine of one's own can have: another date while pictures come, and a kernel with io_uring switched off."""
import machine
import report

LIMIT_S = 1  # without a new picture


class Clock(machine.Case):
    def test_clock(self):
        _, found = self.run_guest('clock', 400)
        report.show(found['rows'])
        self.assertEqual(found['code'], 0)
        for name, row in found['rows'].items():
            with self.subTest(fault=name):
                self.assertEqual((row['pid'], row['states'], row['guessed']), (found['pid'], ['flowing'], 0))
                self.assertLess(row['seconds'], LIMIT_S * machine.SLOW)
        self.check_poll(found['without_io_uring'])

    def check_poll(self, found):
        if found is None:
            print('SKIPPED: the guest\'s kernel cannot switch io_uring off', flush=True)
            return
        self.assertEqual((found['loop'], found['code']), ('poll', 0))
        self.assertEqual(found['log'].count('io_uring is refused (Operation not permitted)'), 1, found['log'])


if __name__ == '__main__':
    machine.main()
