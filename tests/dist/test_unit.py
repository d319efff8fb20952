#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The units, by systemd's own judgement; and the user that the service runs as. tests/vm/test_service.py runs it."""
import os
import pathlib
import re

import harness
import tools

UNIT = pathlib.Path(os.environ['AR_UNIT'])
USER_UNIT = pathlib.Path(os.environ['AR_USER_UNIT'])
SYSUSERS = harness.TREE / 'dist/ar-daemon.sysusers'
MOST_EXPOSURE = 1.5


class Unit(harness.Case):
    def copy(self, unit):
        """The unit in a folder of its own, with a program that is there."""
        text = re.sub(r'(?m)^ExecStart=\S+', f'ExecStart={harness.DAEMON}', unit.read_text())
        copy = self.folder / unit.name
        copy.write_text(text)
        return copy

    @tools.needs('systemd-analyze')
    def test_exposure(self):
        words = tools.run('systemd-analyze', 'security', '--offline=true', '--no-pager', self.copy(UNIT))
        found = re.search(r'Overall exposure level for \S+: ([\d.]+) OK', words)
        self.assertIsNotNone(found, words)
        print(found[0], flush=True)
        self.assertLessEqual(float(found[1]), MOST_EXPOSURE, words)

    @tools.needs('systemd-analyze')
    def test_verify(self):
        for scope, unit in (('--system', UNIT), ('--user', USER_UNIT)):
            with self.subTest(scope):
                words = tools.run('systemd-analyze', 'verify', scope, '--man=no', '--recursive-errors=no', self.copy(unit),
                                  env={**os.environ, 'XDG_RUNTIME_DIR': str(self.folder)})
                self.assertNotIn('ar-daemon.service', words)

    @tools.needs('systemd-sysusers')
    def test_user(self):
        root = self.folder / 'root'
        (root / 'etc').mkdir(parents=True)
        (root / 'etc/group').write_text('video:x:44:\n')
        tools.run('systemd-sysusers', f'--root={root}', SYSUSERS)
        name, _, uid, gid, _, home, shell = (root / 'etc/passwd').read_text().strip().split(':')
        self.assertEqual((name, home, uid == '0', 'nologin' in shell), ('ar-daemon', '/var/lib/ar-daemon', False, True))
        groups = (root / 'etc/group').read_text().splitlines()
        self.assertIn('video:x:44:ar-daemon', groups)
        self.assertIn(f'ar-daemon:x:{gid}:', groups)

    def test_limit(self):
        """A camera that is away must not end it: tries as far apart as RestartSec stay below the limit."""
        text = UNIT.read_text()
        pause_s = int(re.search(r'(?m)^RestartSec=(\d+)s$', text)[1])
        burst = int(re.search(r'(?m)^StartLimitBurst=(\d+)$', text)[1])
        self.assertIn('\nStartLimitIntervalSec=1min\n', text)
        self.assertGreater(burst, 60 / pause_s)


if __name__ == '__main__':
    harness.main()
