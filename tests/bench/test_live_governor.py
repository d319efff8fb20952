#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of live_governor.py: what it counts, the shape of its results, and that it leaves nothing behind.

usage: test_live_governor.py AR-DAEMON AR-CTL [unittest's own arguments]
No time is judged.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import live_cgroup
import live_governor
import live_phases
import live_trace

SCRIPT = pathlib.Path(__file__).with_name('live_governor.py')
RUN_S = 60
POLL_S = 0.05
GONE_S = 5
WIDTHS = [0.25, 0.5, 1.0]
PERIOD_US = 1000
KEYS = ['phase', 'start_us', 'end_us', 'frames', 'overtaken', 'missed', 'missed_pct', 'given_up',
        'given_up_pct', 'longest_run', 'unanswerable', 'encoder_width', 'width', 'p50_pct',
        'p99_pct']
PROGRAMS = []


def command(*arguments):
    """live_governor.py with a small picture."""
    return [sys.executable, str(SCRIPT), *PROGRAMS, '--source', 'pattern:64x48@30', *arguments]


def run(*arguments, env=None):
    """Runs it to its end."""
    return subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=RUN_S, check=False, env=env)


def frame(number, rungs, end_us, predicted_us=100):
    """A frame that arrived at number * PERIOD_US, has 800 us, and decides each 100 us."""
    arrival_us = number * PERIOD_US
    made = {'frame': number, 'arrival_us': arrival_us, 'deadline_us': arrival_us + 800,
            'segments': [{'rung': rung, 'at_us': arrival_us + 100 * i,
                          'predicted_us': predicted_us} for i, rung in enumerate(rungs)]}
    if end_us is not None:
        made['end_us'] = arrival_us + end_us
    return made


def is_alive(pid):
    """Whether there is such a process, and no zombie."""
    try:
        status = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8')
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(') ')[2][0] not in 'ZX'


class SummaryTest(unittest.TestCase):
    """What is counted of frames."""

    def test_misses(self):
        frames = [frame(1, [2, 2], 800), frame(2, [2, 0], 801, 400), frame(3, [1], None),
                  frame(5, [1, 1], 900, 600), frame(8, [0, 0], 200), frame(9, [0, 0], 1600)]
        found = live_trace.summary(frames, WIDTHS, PERIOD_US)
        self.assertEqual((found['frames'], found['overtaken']), (6, 1 + 2))
        self.assertEqual((found['missed'], found['given_up']), (3, 1))
        self.assertAlmostEqual(found['missed_pct'], 50)
        self.assertAlmostEqual(found['given_up_pct'], 100 / 6)
        self.assertEqual(found['longest_run'], 3)
        self.assertEqual(found['unanswerable'], 2)

    def test_unanswerable(self):
        """701 us from the last decision on: more than 1.5 times 467, not than 1.5 times 468."""
        self.assertTrue(live_trace.is_unanswerable(frame(1, [2, 0], 801, 467)))
        self.assertFalse(live_trace.is_unanswerable(frame(1, [2, 0], 801, 468)))

    def test_widths(self):
        """Of painted frames, each as much as another."""
        frames = [frame(1, [2, 0], 400), frame(2, [1, 1], 400), frame(3, [2], None)]
        found = live_trace.summary(frames, WIDTHS, PERIOD_US)
        self.assertAlmostEqual(found['encoder_width'], 0.75)
        self.assertAlmostEqual(found['width'], (0.625 + 0.5) / 2)

    def test_times(self):
        """Of 100 frames that used 1 to 100 %."""
        frames = [frame(number, [0], 8 * number) for number in range(100, 0, -1)]
        found = live_trace.summary(frames, WIDTHS, PERIOD_US)
        self.assertAlmostEqual(found['p50_pct'], 50)
        self.assertAlmostEqual(found['p99_pct'], 99)

    def test_nothing(self):
        found = live_trace.summary([], WIDTHS, PERIOD_US)
        self.assertEqual((found['frames'], found['longest_run'], found['missed_pct'],
                          found['width'], found['p99_pct']), (0, 0, None, None, None))

    def test_phases_share_no_frame(self):
        frames = [frame(number, [0], 100) for number in range(1, 6)]
        first = live_trace.arrived_between(frames, 1000, 3000)
        second = live_trace.arrived_between(frames, 3000, 5000)
        self.assertEqual([one['frame'] for one in first + second], [1, 2, 3, 4])


class TraceFileTest(unittest.TestCase):
    """Files that are not whole."""

    def read(self, *lines):
        with tempfile.NamedTemporaryFile('w') as file:
            file.writelines(line + '\n' for line in lines)
            file.flush()
            return live_trace.read(file.name)

    def test_read(self):
        frames = [frame(1, [0], 100), frame(2, [0], 100)]
        found = self.read('{"widths": [0.25]}', *map(json.dumps, frames))
        self.assertEqual(found, ([0.25], frames))

    def test_refusals(self):
        for lines in ((), ('{"widths": [0.25]}', '{"frame": 1}', '{"frame": 3}'),
                      ('{"widths": [0.25]}', '{"frame":')):
            with self.assertRaises(live_trace.Broken):
                self.read(*lines)


class CgroupTest(unittest.TestCase):
    """Where a group is looked for."""

    def test_folders(self):
        for path, root, expected in (('/a/b', '/', '/mnt/a/b'), ('/a/b', '/a', '/mnt/b'),
                                     ('/', '/', '/mnt'), ('/a', '/c', '/mnt')):
            self.assertEqual(str(live_cgroup.folder_of(path, root, '/mnt')), expected)

    def test_below_who_hands_down(self):
        with tempfile.TemporaryDirectory() as folder:
            own = pathlib.Path(folder) / 'a' / 'b'
            own.mkdir(parents=True)
            (own / 'cgroup.subtree_control').write_text('memory\n')
            (own.parent / 'cgroup.subtree_control').write_text('memory cpu\n')
            self.assertEqual(live_cgroup.parents(2, own), [own.parent])

    def test_limits(self):
        self.assertEqual(live_cgroup.limits(2, 6000), {'cpu.max': '6000 10000'})
        self.assertEqual(live_cgroup.limits(1, 6000),
                         {'cpu.cfs_period_us': '10000', 'cpu.cfs_quota_us': '6000'})

    def test_limited(self):
        """A real one, where there is one."""
        with subprocess.Popen(['sleep', '60']) as process:
            try:
                own = pathlib.Path(f'/proc/{process.pid}/cgroup')
                before = own.read_text(encoding='utf-8')
                try:
                    with live_cgroup.limited(process.pid, 0.5):
                        self.assertIn(live_cgroup.NAME.format(os.getpid()),
                                      own.read_text(encoding='utf-8'))
                except live_cgroup.Unavailable as why:
                    self.skipTest(f'SKIPPED: a cgroup with a limit: {why}')
                self.assertEqual(own.read_text(encoding='utf-8'), before)
            finally:
                process.kill()


class RunTest(unittest.TestCase):
    """The real thing, for a few seconds."""

    def test_json(self):
        done = run('--json', '--seconds', '2', '--phases', 'pulses,budget')
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = json.loads(done.stdout)
        self.assertEqual([row['phase'] for row in rows], ['pulses', 'budget'])
        for row in rows:
            self.assertEqual(list(row), KEYS)
            self.assertGreaterEqual(row['end_us'] - row['start_us'], 2e6)
            self.assertGreater(row['frames'], 0)
            self.assertGreaterEqual(row['frames'], row['missed'] + row['given_up'])
            self.assertGreaterEqual(row['missed'], row['unanswerable'])

    def test_table_and_a_missing_program(self):
        """Without stress-ng: a folder that has nothing is the only one looked in."""
        with tempfile.TemporaryDirectory() as folder:
            trace = pathlib.Path(folder) / 'trace'
            done = run('--seconds', '0.1', '--phases', 'quiet,cpu20', '--trace', str(trace),
                       env={**os.environ, 'PATH': folder})
            self.assertEqual(done.returncode, 0, done.stderr)
            widths, frames = live_trace.read(trace)
        self.assertGreater(len(frames), 0)
        self.assertEqual(widths, sorted(widths))
        self.assertRegex(done.stdout, r'\n *phase +frames .*\n *quiet +\d+ .*\n *cpu20 +- .*\n')
        self.assertRegex(done.stdout, '\nSKIPPED: cpu20: stress-ng is missing')
        self.assertIn('SKIPPED: cpu20: stress-ng is missing', done.stderr)

    def test_all_skipped(self):
        done = run('--phases', 'stream', env={**os.environ, 'PATH': ''})
        self.assertEqual(done.returncode, live_governor.EX_SKIPPED, done.stderr)

    def test_refusals(self):
        for arguments, words in ((('--phases', 'quiet,rain'), '"rain": known are quiet, '),
                                 (('--seconds', '0'), 'more than 0')):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ''))
            self.assertIn(words, done.stderr)

    def test_daemon_fails(self):
        done = run('--source', 'pattern:1x1@30')
        self.assertEqual((done.returncode, done.stdout), (1, ''))
        self.assertRegex(done.stderr, r'pattern:1x1@30[^$]*live_governor: ar-daemon has ended')


class InterruptTest(unittest.TestCase):
    """Broken off, nothing is left."""

    def children(self, pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            path = pathlib.Path(f'/proc/{pid}/task/{pid}/children')
            for child in map(int, path.read_text(encoding='utf-8').split()):
                yield child
                yield from self.children(child)

    def interrupted(self, number, phase):
        """Sends a signal in the midst of a phase; the processes there were, and the folder."""
        with tempfile.TemporaryDirectory() as folder, \
             subprocess.Popen(command('--phases', phase, '--seconds', '600'), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, 'TMPDIR': folder}) as process:
            try:
                self.assertEqual(process.stderr.readline(), f'{phase}: 600 s\n')
                time.sleep(10 * POLL_S)
                children = list(self.children(process.pid))
                process.send_signal(number)
                out, err = process.communicate(timeout=RUN_S)
            finally:
                process.kill()
            self.assertEqual((process.returncode, out), (128 + number, ''), err)
            self.assertEqual(os.listdir(folder), [])
            return process.pid, children

    def assert_gone(self, pids):
        """Dead is enough: what stress-ng started, somebody else buries."""
        end = time.monotonic() + GONE_S
        while any(map(is_alive, pids)) and time.monotonic() < end:
            time.sleep(POLL_S)
        self.assertEqual([pid for pid in pids if is_alive(pid)], [])

    def test_while_the_daemon_is_stopped(self):
        """It starts with a pulse, and most of the time there is none."""
        for number in (signal.SIGINT, signal.SIGTERM):
            _, children = self.interrupted(number, 'pulses')
            self.assertGreaterEqual(len(children), 1)
            self.assert_gone(children)

    def test_with_a_cgroup(self):
        pid, children = self.interrupted(signal.SIGINT, 'quota')
        self.assert_gone(children)
        for version, own in live_cgroup.hierarchies():
            for parent in live_cgroup.parents(version, own):
                self.assertFalse((parent / live_cgroup.NAME.format(pid)).exists())

    def test_with_a_co_runner(self):
        if shutil.which(live_phases.CO_RUNNER) is None:
            self.skipTest(f'SKIPPED: {live_phases.CO_RUNNER} is missing')
        _, children = self.interrupted(signal.SIGINT, 'cpu20')
        self.assertGreaterEqual(len(children), 3)  # with stress-ng and the one it starts
        self.assert_gone(children)


if __name__ == '__main__':
    if len(sys.argv) < 3:
        sys.exit(f'usage: {sys.argv[0]} AR-DAEMON AR-CTL [unittest arguments]')
    PROGRAMS += [sys.argv.pop(1), sys.argv.pop(1)]
    unittest.main()
