#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shipped unit under a real systemd: ready with the first picture, restarted when it stalls, patient with a camera."""
import re

import machine

UNIT = machine.DAEMON.parent.parent / 'dist/ar-daemon.service'
# The unit's own periods: the watchdog's, then the time to abort.
RESTART_S = 40


class Service(machine.Case):
    def test_service(self):
        program = re.search(r'^ExecStart=(\S+)/bin/ar-daemon$', UNIT.read_text(), re.MULTILINE)
        _, found = self.run_guest('service', 500, {'unit': str(UNIT), 'prefix': program[1]})
        for name, what in found.items():
            print(f'{name}: {what}', flush=True)
        self.check_start(found['start'], found['process'])
        self.check_record(found['record'])
        self.check_reload(found['reload'])
        self.assertEqual(found['stall']['n_restarts'], 1)
        self.assertNotEqual(found['stall']['pid'], found['stall']['pid_before'])
        self.assertLess(found['stall']['seconds'], RESTART_S * machine.SLOW)
        self.assertEqual(found['away']['state'], 'lost')
        self.assertEqual(found['away']['pid'], found['away']['pid_before'])
        self.assertEqual(found['away']['n_restarts'], 1)
        self.assertEqual(found['stop']['active'], 'inactive')
        self.assertEqual(found['stop']['result'], 'success')

    def check_record(self, record):
        self.assertEqual(record['states'], {'recording': 'done', 'snapshot': 'done'})
        self.assertGreater(record['sizes']['recording'], 3 * 640 * 360 * 3 // 2)
        self.assertGreater(record['sizes']['snapshot'], 10000)
        for words in record['elsewhere']:
            self.assertRegex(words, r'^/(home|tmp|srv|var)/\S+\.(y4m|jpg): .*may write into /var/lib/ar-daemon$')

    def check_reload(self, reload):
        self.assertEqual((reload['budget_us'], reload['refused']), (33000, True))
        self.assertEqual((reload['active'], reload['n_restarts']), ('active', 0))

    def check_start(self, start, process):
        self.assertEqual(start['active'], 'active')
        self.assertEqual(start['n_restarts'], 0)
        self.assertGreaterEqual(start['shown'], 1)
        self.assertRegex(start['text'], r'^plain: [\d.]+ fps, width [\d.]+, latency \d+ ms, kms Virtual-1 ')
        self.assertEqual(process, {'user': 'ar-daemon', 'capabilities': 0, 'seccomp': 2, 'no_new_privileges': 1})


if __name__ == '__main__':
    machine.main()
