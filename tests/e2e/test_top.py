#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ar-ctl top on a terminal of its own (a pty), and what it does where there is none."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import harness

PATTERN = ('--source', 'pattern:32x32@60', '--display', 'null', '--width', '0.25', '--threads', '1', '--budget', '20ms')
ENTER, LEAVE = b'\x1b[?1049h\x1b[?25l', b'\x1b[0m\x1b[?25h\x1b[?1049l'
HOME = b'\x1b[H'


def set_size(descriptor, columns, rows):
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


class Terminal:
    """ar-ctl top on a pty: what it has written, as the pictures that it drew."""

    def __init__(self, daemon, columns=100, rows=30, env=None):
        self.master, self.slave = pty.openpty()
        set_size(self.master, columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.written = b''
        env = {'TERM': 'xterm', 'LC_ALL': 'C.UTF-8', **(env or {})}
        self.process = subprocess.Popen([*harness.WRAPPER, harness.CTL, '--socket', str(daemon.socket_path), 'top'],
                                        stdin=self.slave, stdout=self.slave, stderr=subprocess.PIPE,
                                        env=harness.environment(daemon.folder, env), start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        os.close(self.master)
        os.close(self.slave)

    def read(self, seconds):
        """Takes what comes in that time; True when something did."""
        readable, _, _ = select.select([self.master], [], [], seconds)
        if readable:
            self.written += os.read(self.master, 65536)
        return bool(readable)

    def picture(self):
        """The last whole picture's lines without their colours."""
        pictures = self.written.split(HOME)[1:-1]
        if not pictures:
            return []
        text = re.sub(rb'\x1b\[[0-9;?]*[A-Za-z]', b'', pictures[-1]).decode()
        return [line.rstrip('\r') for line in text.split('\n')]  # the terminal's driver adds one

    def wait_for(self, condition, what):
        end = time.monotonic() + harness.START_S
        while time.monotonic() < end:
            self.read(0.1)
            lines = self.picture()
            if lines and condition(lines):
                return lines
        raise AssertionError(f'{what}: not in\n' + '\n'.join(self.picture()))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """Its exit code once it has ended, everything that it wrote having been read."""
        end = time.monotonic() + harness.REPLY_S
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        while self.read(0):
            pass
        return self.process.wait(0.1)


class Top(harness.Case):
    def check_restored(self, terminal):
        self.assertEqual(terminal.written.count(ENTER), terminal.written.count(LEAVE))
        self.assertTrue(terminal.written.endswith(LEAVE), terminal.written[-80:])
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_what_it_shows(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(30)
            with Terminal(daemon) as terminal:
                lines = terminal.wait_for(lambda lines: '▂▂▂▂▂' in '\n'.join(lines), 'a second of widths')
                self.assertEqual(len(lines), 30)
                self.assertTrue(all(len(line) <= 100 for line in lines), lines)
                self.assert_words(['starry_night', 'running', 'of 60 fps', 'ar-daemon'], lines[0])
                text = '\n'.join(lines)
                self.assert_words(['budget    20.0 ms', 'paint', 'latency', 'misses', 'pattern 32x32 at 60 fps', 'null 32x32',
                                   'q quit'], text)
                paint = next(line for line in lines if line.strip().startswith('paint'))
                now_ms, p50_ms, p99_ms = (float(word) for word in paint.split()[-3:])
                self.assertTrue(0 < now_ms < 1000 and 0 < p50_ms <= p99_ms, paint)
                fps = float(re.search(r'([\d.]+) of 60', lines[0]).group(1))
                self.assertTrue(0 < fps < 90, lines[0])
                print('\n'.join(lines), flush=True)

    def test_keys(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            with Terminal(daemon) as terminal:
                terminal.wait_for(lambda lines: 'starry_night' in lines[0], 'the first style')
                terminal.press('n')
                terminal.wait_for(lambda lines: 'udnie' in lines[0], 'the next style')
                terminal.press('b')
                terminal.wait_for(lambda lines: 'starry_night' in lines[0], 'the style before')
                terminal.press('p')
                terminal.wait_for(lambda lines: 'paused' in lines[0], 'a pause')
                terminal.press('p')
                terminal.wait_for(lambda lines: 'running' in lines[0], 'no pause any more')
                terminal.press('++')
                terminal.wait_for(lambda lines: 'budget    22.0 ms' in '\n'.join(lines), 'two milliseconds more')
                terminal.press('-')
                terminal.wait_for(lambda lines: 'budget    21.0 ms' in '\n'.join(lines), 'one less')
                self.assertEqual(daemon.status()['budget_us'], 21000)
                self.assertEqual(daemon.ctl('record', 'start', self.folder / 'out.y4m').code, 0)
                terminal.wait_for(lambda lines: 'out.y4m: recording' in '\n'.join(lines), 'a recording')
                daemon.wait_until(lambda status: status['recording']['pictures'] > 0, 'a picture of it')
                self.assertEqual(daemon.ctl('record', 'stop').code, 0)
                terminal.press('xyz\x1b[A')  # no keys of ours
                terminal.press('q')
                self.assertEqual(terminal.end(), 0)
                self.check_restored(terminal)

    def test_a_small_screen(self):
        """The last line has the keys and the messages, however few there are; nothing is written beyond it."""
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            for rows in (10, 4, 2, 1):
                with self.subTest(rows=rows), Terminal(daemon, columns=50, rows=rows) as terminal:
                    lines = terminal.wait_for(lambda lines: 'starry_night' in lines[0], 'a picture')
                    self.assertEqual(len(lines), rows)
                    self.assertTrue(all(len(line) <= 50 for line in lines), lines)
                    if rows > 1:
                        self.assertIn('q quit', lines[-1])
                    terminal.press('q')
                    self.assertEqual(terminal.end(), 0)
                    self.check_restored(terminal)

    def test_a_refused_key_says_why(self):
        with self.daemon(*PATTERN[:-1], '1ms') as daemon:
            daemon.wait_painted(5)
            with Terminal(daemon) as terminal:
                terminal.press('-')
                terminal.wait_for(lambda lines: '1ms..1s' in lines[-1], 'the reason')

    def test_sizes(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            with Terminal(daemon) as terminal:
                for columns, rows in ((60, 12), (20, 3), (1, 1), (300, 80), (80, 24)):
                    set_size(terminal.master, columns, rows)  # the kernel sends SIGWINCH
                    lines = terminal.wait_for(lambda lines: len(lines) == rows, f'{columns}x{rows}')
                    lines = terminal.wait_for(lambda lines: all(len(line) <= columns for line in lines), 'the width')
                    self.assertEqual(len(lines), rows)
                terminal.press('q')
                self.assertEqual(terminal.end(), 0)

    def test_restored_on_any_signal(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
                with self.subTest(number=number), Terminal(daemon) as terminal:
                    terminal.wait_for(lambda lines: True, 'a picture')
                    terminal.process.send_signal(number)
                    self.assertEqual(terminal.end(), 0)
                    self.check_restored(terminal)

    def test_stopped_and_continued(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            with Terminal(daemon) as terminal:
                terminal.wait_for(lambda lines: True, 'a picture')
                terminal.process.send_signal(signal.SIGTSTP)
                _, status = os.waitpid(terminal.process.pid, os.WUNTRACED)
                self.assertTrue(os.WIFSTOPPED(status))
                while terminal.read(0):
                    pass
                self.check_restored(terminal)
                terminal.written = b''
                terminal.process.send_signal(signal.SIGCONT)
                terminal.wait_for(lambda lines: 'running' in lines[0], 'the screen again')
                terminal.press('q')
                self.assertEqual(terminal.end(), 0)

    def test_daemon_goes_and_comes(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            with Terminal(daemon) as terminal:
                terminal.wait_for(lambda lines: 'running' in lines[0], 'a picture')
                self.assertEqual(daemon.ctl('stop').code, 0)
                self.assertEqual(daemon.wait(), 0)
                terminal.wait_for(lambda lines: 'no ar-daemon answers' in lines[-1], 'why there is nothing')
                with self.daemon(*PATTERN) as another:
                    another.wait_painted(5)
                    terminal.wait_for(lambda lines: 'running' in lines[0] and 'q quit' in lines[-1], 'it again')

    def test_ascii_and_no_color(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            with Terminal(daemon, env={'LC_ALL': 'C', 'NO_COLOR': '1'}) as terminal:
                terminal.wait_for(lambda lines: '----' in '\n'.join(lines) or '....' in '\n'.join(lines), 'widths')
                self.assertTrue(terminal.written.isascii())
                self.assertNotIn(b'\x1b[0;32m', terminal.written)

    def test_without_a_terminal(self):
        """A line a second for a log, as on a terminal that can do nothing."""
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            ctl = subprocess.Popen([*harness.WRAPPER, harness.CTL, '--socket', str(daemon.socket_path), 'top'],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                   env=harness.environment(self.folder, {'TERM': 'xterm'}))
            for _ in range(2):
                line = ctl.stdout.readline()
                self.assertRegex(line, r'^starry_night: running, \d+ frames, [\d.]+ fps, width 0.25, [\d.]+ of 20.0 ms, '
                                       r'\d+ missed, \d+ dropped\n$')
            with Terminal(daemon, env={'TERM': 'dumb'}) as terminal:
                end = time.monotonic() + harness.REPLY_S
                while b'missed' not in terminal.written and time.monotonic() < end:
                    terminal.read(0.1)
                self.assertNotIn(b'\x1b', terminal.written)
                self.assertIn(b'missed', terminal.written)
            self.assertEqual(daemon.ctl('stop').code, 0)
            ctl.communicate(timeout=harness.FINISH_S)
            self.assertEqual(ctl.returncode, os.EX_UNAVAILABLE)

    def test_nobody_there(self):
        reply = harness.run_program(harness.CTL, '--socket', 'none.sock', 'top', folder=self.folder)
        self.assertEqual(reply.code, os.EX_UNAVAILABLE)
        self.assertIn('is it running?', reply.err)

    def test_status_again_and_again(self):
        with self.daemon(*PATTERN) as daemon:
            daemon.wait_painted(5)
            ctl = subprocess.Popen([*harness.WRAPPER, harness.CTL, '--socket', str(daemon.socket_path), 'status', '--watch',
                                    '--json'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                   text=True, env=harness.environment(self.folder))
            lines = [ctl.stdout.readline() for _ in range(2)]
            ctl.kill()
            ctl.communicate()
        self.assertTrue(all(line.startswith('{') and '"painted":' in line for line in lines), lines)


if __name__ == '__main__':
    harness.main()
