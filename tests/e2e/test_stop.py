#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A stop is promised within 200 ms, whatever the daemon waits for; and what becomes of its socket."""
import os
import signal
import socket
import subprocess
import time

import harness
import y4m

PROMISE_S = 0.2
# The promise is ar-daemon's; a machine that is busy elsewhere does not break it three times in a row.
TRIES = 3
SIZE = (32, 32)
# Takes seconds to calibrate for.
LARGE = harness.by_speed('pattern:1280x720', 'pattern:640x360', 'pattern:320x180')
SCENE = ('--source', 'pattern:32x32@60', '--width', '0.25', '--threads', '1')


class Within200Ms(harness.Case):
    def stop(self, start, until, stop, check=None):
        """
        Starts a daemon by start(), waits by until(daemon), stops it by stop(daemon): it must end with 0 each
        time, and in one of a few tries within the promise. check(daemon) looks at what it leaves.
        """
        fastest_s = float('inf')
        for _ in range(TRIES):
            with start() as daemon:
                until(daemon)
                asked = time.monotonic()
                stop(daemon)
                code = daemon.wait(harness.START_S)
                fastest_s = min(fastest_s, time.monotonic() - asked)
                self.assertEqual(code, 0, daemon.log())
                self.assertFalse(daemon.socket_path.exists(), 'the socket was left behind')
                if check:
                    check(daemon)
            if fastest_s <= PROMISE_S * harness.SLOW:
                return
        self.fail(f'stopped after {fastest_s * 1000:.0f} ms at best')

    def stop_by_both_signals(self, start, until, check=None):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                self.stop(start, until, lambda daemon, n=number: daemon.signal(n), check)

    def test_running(self):
        self.stop_by_both_signals(lambda: self.daemon(*SCENE, '--display', 'null'),
                                  lambda daemon: daemon.wait_painted(3))

    def test_running_on_poll(self):
        self.stop_by_both_signals(lambda: self.daemon(*SCENE, '--display', 'null', '--set', 'daemon.loop=poll'),
                                  lambda daemon: daemon.wait_painted(3))

    def test_clip_that_waits_for_its_time(self):
        y4m.make_clip(self.folder / 'in.y4m', 3)
        text = (self.folder / 'in.y4m').read_bytes().replace(b'F30:1', b'F1:60', 1)
        (self.folder / 'in.y4m').write_bytes(text)
        self.stop_by_both_signals(lambda: self.daemon('--source', 'file:in.y4m', '--display', 'null'),
                                  lambda daemon: daemon.wait_running())

    def test_clip_that_nobody_writes(self):
        """Reading a pipe would block for ever: it is refused, or waited for in a way that can be stopped."""
        os.mkfifo(self.folder / 'pipe')
        with self.daemon('--source', 'file:pipe', '--display', 'null') as daemon:
            time.sleep(0.3 * harness.SLOW)
            daemon.signal()
            self.assertIn(daemon.wait(harness.START_S), (0, os.EX_NOINPUT, os.EX_DATAERR), daemon.log())

    def test_calibration(self):
        self.stop_by_both_signals(
            lambda: self.daemon('--source', LARGE, '--display', 'null', '--threads', '1'),
            lambda daemon: daemon.wait_until(lambda status: status['state'] == 'calibrating', 'calibration'))

    def test_just_started(self):
        self.stop_by_both_signals(lambda: self.daemon(*SCENE, '--display', 'null'),
                                  lambda daemon: daemon.wait_until(lambda status: True, 'an answer'))

    def test_file_under_way(self):
        def check(daemon):
            clip = y4m.read(self.folder / 'out.y4m')
            self.assertGreaterEqual(len(clip.frames), 5)
            self.assertEqual((clip.width, clip.height), SIZE)
            self.assertEqual(list(self.folder.glob('*.part')), [])

        self.stop_by_both_signals(lambda: self.daemon(*SCENE, '--display', 'file:out.y4m'),
                                  lambda daemon: daemon.wait_painted(6), check)

    def test_mp4_under_way(self):
        if not harness.HAVE_LIBAV:
            self.skipTest('built without libav')

        def check(daemon):
            self.assertEqual((self.folder / 'out.mp4').read_bytes()[4:8], b'ftyp')
            self.assertEqual(list(self.folder.glob('*.part')), [])

        self.stop(lambda: self.daemon(*SCENE, '--display', 'file:out.mp4'), lambda daemon: daemon.wait_painted(6),
                  lambda daemon: daemon.signal(), check)
        self.run_well('--source', 'file:out.mp4', '--set', 'capture.pace=fast', '--display', 'null')

    def test_reader_that_does_not_read(self):
        """The display thread hangs in write(2); the daemon leaves it behind."""
        def until(daemon):
            daemon.wait_running()
            before = -1
            while (painted := daemon.status()['painted']) != before:
                before = painted
                time.sleep(0.2 * harness.SLOW)

        self.stop(lambda: self.daemon(*SCENE, '--display', 'file:-', stdout=subprocess.PIPE), until,
                  lambda daemon: daemon.signal())

    def test_ctl_stop(self):
        self.stop(lambda: self.daemon(*SCENE, '--display', 'null'), lambda daemon: daemon.wait_painted(3),
                  lambda daemon: self.assertEqual(daemon.ctl('stop').code, 0))

    def test_asked_twice(self):
        def stop(daemon):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                daemon.signal(number)

        self.stop(lambda: self.daemon(*SCENE, '--display', 'null'), lambda daemon: daemon.wait_painted(3), stop)


class Socket(harness.Case):
    def test_stale_socket_is_replaced(self):
        with self.daemon(*SCENE, '--display', 'null') as killed:
            killed.wait_running()
            killed.kill()
        self.assertTrue(killed.socket_path.exists())
        with self.daemon(*SCENE, '--display', 'null') as daemon:
            daemon.wait_painted(3)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    def test_second_daemon_is_turned_away(self):
        with self.daemon(*SCENE, '--display', 'null') as first:
            first.wait_painted(3)
            second = self.run_daemon(*SCENE, '--display', 'null', '--set', 'daemon.log=warn')
            self.assertEqual(second.code, os.EX_UNAVAILABLE, second)
            self.assertEqual(len(second.err.splitlines()), 1, second.err)
            self.assert_words([str(first.socket_path), 'another ar-daemon', 'ar-ctl stop', 'daemon.socket=PATH'],
                              second.err)
            first.wait_painted(3)
            first.signal()
            self.assertEqual(first.wait(), 0)

    def test_other_things_are_left_alone(self):
        path = self.folder / 'control.sock'
        path.write_text('a diary')
        finished = self.run_daemon(*SCENE, '--display', 'null', '--set', 'daemon.log=warn')
        self.assertEqual(finished.code, os.EX_CANTCREAT, finished)
        self.assertEqual(len(finished.err.splitlines()), 1, finished.err)
        self.assertEqual(path.read_text(), 'a diary')

    def test_socket_of_another_program_is_left_alone(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.folder / 'control.sock'))
            other.listen(1)
            finished = self.run_daemon(*SCENE, '--display', 'null')
            self.assertEqual(finished.code, os.EX_UNAVAILABLE, finished)
        self.assertTrue((self.folder / 'control.sock').exists())


if __name__ == '__main__':
    harness.main()
