#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a service manager is told: ready with the first picture that is shown, alive with the pictures after it, how it goes."""
import contextlib
import os
import re
import select
import socket
import subprocess
import time

import harness

SCENE = ('--source', 'pattern:32x32@60', '--width', '0.25', '--threads', '1')
WATCHDOG_S = 0.4 * harness.SLOW  # a sign of life is due four times as often


class Manager:
    """Listens as systemd does."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def environment(self, **more):
        return {'NOTIFY_SOCKET': self.path.replace('\0', '@'), 'WATCHDOG_USEC': str(int(WATCHDOG_S * 1e6)), **more}

    def receive(self, timeout_s=harness.START_S):
        """The next message, or None."""
        if not select.select([self.socket], [], [], timeout_s)[0]:
            return None
        return self.socket.recv(4096).decode()

    def messages(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message:
                yield message


class Notify(harness.Case):
    @contextlib.contextmanager
    def managed(self, *arguments, path=None, env=(), **options):
        with Manager(path or str(self.folder / 'notify')) as manager:
            with self.daemon(*arguments, env=manager.environment(**dict(env)), **options) as daemon:
                yield manager, daemon

    def test_ready_then_alive(self):
        for path in (None, '\0ar-daemon-test-%d' % os.getpid()):
            with self.subTest(path=path), self.managed(*SCENE, '--display', 'null', path=path) as (manager, daemon):
                self.assertEqual(manager.receive(), 'READY=1\nSTATUS=null 32x32 at 60 fps\n')
                self.assertGreaterEqual(daemon.status()['shown'], 1)
                messages = [message for message in manager.messages(2 * WATCHDOG_S)
                            if not message.startswith('STATUS=')]
                self.assertEqual(set(messages), {'WATCHDOG=1\n'})
                self.assertIn(len(messages), range(3, 10))  # eight would be exact

    def test_alive_while_paused(self):
        """Nothing is shown, because nothing was asked for: no reason to be started anew."""
        with self.managed(*SCENE, '--display', 'null') as (manager, daemon):
            self.assertIn('READY=1', manager.receive())
            self.assertEqual(daemon.ctl('pause').code, 0)
            daemon.wait_until(lambda status: status['state'] == 'paused', 'it is paused')
            list(manager.messages(WATCHDOG_S))
            # As it sleeps for half a second at a time, which is often enough for a watchdog of seconds.
            alive = list(manager.messages(max(2.5, 1.5 * WATCHDOG_S))).count('WATCHDOG=1\n')
            self.assertGreaterEqual(alive, 3)
            self.assertIsNone(daemon.process.poll())

    def test_how_it_goes(self):
        with self.managed(*SCENE, '--display', 'null', '--style', 'scream') as (manager, daemon):
            line = next(message for message in manager.messages(harness.START_S)
                        if message.startswith('STATUS=scream'))
            found = re.fullmatch(r'STATUS=scream: ([\d.]+) fps, width 0\.25, latency (\d+) ms, null 32x32 .*\n', line)
            self.assertIsNotNone(found, line)
            self.assertTrue(20 / harness.SLOW < float(found[1]) < 70, line)  # the scene gives 60

    def test_not_ready_without_a_picture(self):
        """The clip is a pipe that nobody writes to."""
        os.mkfifo(self.folder / 'pipe')
        with self.managed('--source', 'file:pipe', '--display', 'null') as (manager, daemon):
            self.assertEqual(list(manager.messages(2 * WATCHDOG_S)), [])

    def test_not_alive_without_a_picture(self):
        """The reader of the painted pictures stops reading: the display stalls, and says nothing more."""
        with self.managed(*SCENE, '--display', 'file:-', stdout=subprocess.PIPE) as (manager, daemon):
            self.assertIn('READY=1', manager.receive())
            end = time.monotonic() + harness.START_S
            while any('WATCHDOG' in message for message in manager.messages(2 * WATCHDOG_S)):
                self.assertLess(time.monotonic(), end, 'alive although nothing is shown')
            self.assertIsNone(daemon.process.poll())

    def test_watchdog_of_another_process(self):
        with self.managed(*SCENE, '--display', 'null', env={'WATCHDOG_PID': '1'}) as (manager, daemon):
            self.assertIn('READY=1', manager.receive())
            self.assertNotIn('WATCHDOG=1\n', manager.messages(2 * WATCHDOG_S))

    def test_nobody_listens(self):
        for path in ('', 'relative', '/' + 'x' * 200, str(self.folder / 'none')):
            with self.subTest(path=path):
                finished = self.run_daemon(*SCENE, '--display', 'null', '--frames', '3', env={'NOTIFY_SOCKET': path})
                self.assertEqual(finished.code, 0, finished)


if __name__ == '__main__':
    harness.main()
