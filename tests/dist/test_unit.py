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
        text = unit.read_text()
        for setting, program in (('ExecStart', harness.DAEMON), ('ExecReload', harness.CTL)):
            text = re.sub(rf'(?m)^{setting}=\S+', f'{setting}={program}', text)
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

    def test_reload(self):
        """`systemctl reload` asks the daemon that it started: the command is the unit's own, the rest is as there."""
        configuration = self.folder / 'test.conf'
        for unit in (UNIT, USER_UNIT):
            with self.subTest(unit=unit):
                command = re.search(r'(?m)^ExecReload=\S+/ar-ctl (.*)$', unit.read_text())[1]
                runtime = self.folder / 'ar-daemon'
                configuration.write_text('[budget]\nframe = 20ms\n')
                with self.daemon('--config', configuration, '--source', 'pattern:32x32@60', '--display', 'null', '--width',
                                 '0.25', '--set', 'daemon.socket=', socket_path=runtime / 'control.sock',
                                 env={'RUNTIME_DIRECTORY': str(runtime)}) as daemon:
                    daemon.wait_painted(1)
                    arguments = command.replace('%t', str(self.folder)).split()
                    configuration.write_text('[budget]\nframe = 33ms\n')
                    reply = harness.run_program(harness.CTL, *arguments, folder=self.folder)
                    self.assertEqual((reply.code, reply.out, reply.err), (0, 'budget.frame = 33ms\n', ''))
                    daemon.wait_until(lambda status: status['budget_us'] == 33000, 'the budget of the file')
                    configuration.write_text('[budget]\nframe = 33\n')
                    reply = harness.run_program(harness.CTL, *arguments, folder=self.folder)
                    self.assertNotEqual(reply.code, 0)
                    self.assertIn(f'{configuration}:2', reply.err)
                    self.assertEqual(daemon.status()['budget_us'], 33000)

    def test_limit(self):
        """A camera that is away must not end it: tries as far apart as RestartSec stay below the limit."""
        text = UNIT.read_text()
        pause_s = int(re.search(r'(?m)^RestartSec=(\d+)s$', text)[1])
        burst = int(re.search(r'(?m)^StartLimitBurst=(\d+)$', text)[1])
        self.assertIn('\nStartLimitIntervalSec=1min\n', text)
        self.assertGreater(burst, 60 / pause_s)


if __name__ == '__main__':
    harness.main()
