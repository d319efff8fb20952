#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What befalls the process itself: it is stopped, starved, killed, short of memory, refused what the kernel has, and its disk takes
nothing. It goes on, says so, or is gone without leaving anything half written.

AR_LONG=1: as long and as often as doc/RELIABILITY.md says; else it is seconds.
"""
import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time
import unittest

import harness
from refusals import Refusals

LONG = os.environ.get('AR_LONG') == '1'
RATE = 30
SCENE = ('--source', f'pattern:64x48@{RATE}', '--display', 'null', '--threads', '2')
STOPPED_S = 10 if LONG else 2
STARVED_S = 10 if LONG else 2
BACK_S = 1.0  # within which pictures are to be painted again
STOP_S = 0.2  # the promise
REFUSER = pathlib.Path(__file__).with_name('refuse_io_uring.py')
MIB = 1 << 20


def seconds_until_painted(daemon):
    """From now to the next painted picture."""
    start = time.monotonic()
    before = daemon.status()['painted']
    daemon.wait_until(lambda status: status['painted'] > before, 'a picture')
    return time.monotonic() - start


class Time(harness.Case):
    def test_stopped(self):
        """The pictures of that time are not caught up on, and the network is as wide as before."""
        with self.daemon(*SCENE) as daemon, self.fault(f'stopped for {STOPPED_S} s (SIGSTOP)') as fault:
            daemon.wait_painted(RATE)
            before = daemon.status()
            daemon.signal(signal.SIGSTOP)
            time.sleep(STOPPED_S)
            daemon.signal(signal.SIGCONT)
            began_s = time.monotonic()
            fault.seconds = seconds_until_painted(daemon)
            time.sleep(1)
            after, runs_s = daemon.status(), time.monotonic() - began_s
            fault.state, fault.picture = after['state'], 'the last picture'
            self.assertEqual((after['state'], after['source_state'], after['pid']), ('running', 'flowing', before['pid']))
            self.assertLess(fault.seconds, BACK_S * harness.SLOW)
            for count in ('painted', 'shown'):
                self.assertLess(after[count] - before[count], (runs_s + 0.7) * RATE, f'a flood of {count}')
            daemon.wait_until(lambda status: status['width'] >= before['width'] * 0.5, 'a width as before')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    @contextlib.contextmanager
    def busy_processors(self):
        """One loop on each, at the usual priority."""
        loops = [subprocess.Popen([sys.executable, '-c', f'import os; os.sched_setaffinity(0, {{{cpu}}})\nwhile True: pass'])
                 for cpu in os.sched_getaffinity(0)]
        try:
            yield
        finally:
            for loop in loops:
                loop.kill()
                loop.wait()

    def threads(self, daemon, prefix):
        tasks = pathlib.Path(f'/proc/{daemon.pid}/task').iterdir()
        return [int(task.name) for task in tasks if (task / 'comm').read_text().startswith(prefix)]

    def schedule(self, daemon, prefix, policy):
        for thread in self.threads(daemon, prefix):
            os.sched_setscheduler(thread, policy, os.sched_param(0))

    def test_a_starved_worker(self):
        """One of the threads that paint gets what others leave, which is next to nothing."""
        with self.daemon(*SCENE, '--budget', '20ms') as daemon, \
                self.fault(f'a thread that paints is starved for {STARVED_S} s, by others on every processor') as fault:
            daemon.wait_painted(RATE)
            before = daemon.status()
            self.schedule(daemon, 'ar-work', os.SCHED_IDLE)
            with self.busy_processors():
                time.sleep(STARVED_S)
                during = daemon.status()
            self.schedule(daemon, 'ar-work', os.SCHED_OTHER)
            fault.seconds = seconds_until_painted(daemon)
            counted = {name: during[name] - before[name] for name in ('painted', 'missed', 'degraded', 'dropped')}
            fault.state = f'{during["state"]}; of {sum(counted.values()) - counted["missed"]} pictures {counted["painted"]} painted, ' \
                          f'{counted["missed"]} of them late, {counted["degraded"]} given up, {counted["dropped"]} overtaken'
            fault.picture = 'slower, narrower'
            self.assertEqual(during['state'], 'running')
            self.assertGreater(counted['painted'] + counted['degraded'] + counted['dropped'], 0)
            self.assertLess(fault.seconds, BACK_S * harness.SLOW)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    def test_a_stop_while_all_are_starved(self):
        fastest_s = float('inf')
        with self.fault('told to end while every processor is taken') as fault:
            for _ in range(5):
                with self.daemon(*SCENE) as daemon, self.busy_processors():
                    daemon.wait_painted(3)
                    start = time.monotonic()
                    daemon.signal()
                    self.assertEqual(daemon.wait(), 0)
                    fastest_s = min(fastest_s, time.monotonic() - start)
                if fastest_s <= STOP_S * harness.SLOW:
                    break
            fault.state, fault.picture = f'ends within {fastest_s * 1000:.0f} ms', 'none any more'
            self.assertLessEqual(fastest_s, STOP_S * harness.SLOW)


class Kernel(harness.Case):
    def test_io_uring_refused(self):
        for error in ('EPERM', 'ENOSYS', 'ENOMEM'):
            with self.subTest(error=error), self.fault(f'io_uring is refused ({error})') as fault, \
                    self.daemon(*SCENE, prefix=(sys.executable, REFUSER, error)) as daemon:
                daemon.wait_painted(3)
                self.assertEqual(daemon.status()['loop'], 'poll')
                daemon.signal()
                self.assertEqual(daemon.wait(), 0)
                told = [line for line in daemon.log().splitlines() if 'io_uring' in line and 'refused' in line]
                self.assertEqual(len(told), 1, daemon.log())
                self.assertIn({'EPERM': 'not permitted', 'ENOSYS': 'not implemented', 'ENOMEM': 'memory'}[error], told[0])
                fault.state, fault.picture = 'running; `loop` is poll, and one line of the log says why', 'as usual'

    def test_io_uring_asked_for_and_refused(self):
        with self.daemon(*SCENE, '--set', 'daemon.loop=io_uring', prefix=(sys.executable, REFUSER, 'EPERM')) as daemon:
            self.assertEqual(daemon.wait(), os.EX_OSERR)
            self.assertIn('not permitted', daemon.log())

    def test_few_descriptors(self):
        """Each number of them that is too few ends with a word; from then on it paints."""
        n = 3
        code = None
        with self.fault('too few descriptors, from 3 on') as fault:
            fault.tried = 0
            while code != 0:
                n += 1
                finished = self.run_daemon(*SCENE, '--frames', '2', preexec_fn=lambda n=n: limit(resource.RLIMIT_NOFILE, n))
                code = finished.code
                fault.tried += 1
                self.assertLess(n, 64, 'never enough')
                if code == 127:  # the loader itself has too few
                    continue
                self.assertIn(code, (0, os.EX_OSERR, os.EX_CANTCREAT, os.EX_NOINPUT, os.EX_UNAVAILABLE), finished)
                if code != 0:
                    self.assertRegex(finished.err, r'ar-daemon: error: .*: Too many open files', f'{n} descriptors')
            fault.state = f'ends and says so, up to {n - 1}'
            fault.picture = 'none'


def limit(what, value):
    resource.setrlimit(what, (value, value))


class Memory(harness.Case):
    def test_a_small_address_space(self):
        """Whatever its size, it ends with a word or paints."""
        if harness.SANITIZE != 'none' or harness.EMULATED:
            self.skipTest('a sanitizer, or an emulator, takes all addresses for itself')
        with self.fault('too small an address space (ulimit -v)') as fault:
            n_ended = 0
            sizes = range(150, 700, 10 if LONG else 50)
            for size in sizes:
                finished = self.run_daemon(*SCENE, '--frames', '2', preexec_fn=lambda size=size: limit(resource.RLIMIT_AS, size * MIB))
                if finished.code == 127:  # the loader has no place for the libraries
                    continue
                n_ended += finished.code != 0
                self.assertIn(finished.code, (0, os.EX_OSERR), f'{size} MiB: {finished}')
                if finished.code != 0:
                    self.assertRegex(finished.err, r'Cannot allocate memory|Resource temporarily unavailable', f'{size} MiB')
            self.assertEqual(finished.code, 0, finished)
            fault.tried = len(sizes)
            fault.state = f'ends with code {os.EX_OSERR} and says for what it had no memory ({n_ended} of {len(sizes)}), or runs'
            fault.picture = 'none, or as usual'

    def test_a_small_group(self):
        """A control group that holds little more than the daemon, and writes files meanwhile: its memory is taken again and again."""
        if harness.SANITIZE != 'none':
            self.skipTest('a sanitizer needs all the memory there is')
        with memory_group() as group, self.daemon(*SCENE) as daemon, \
                self.fault('a control group with no memory to spare, whose pages are wanted for files') as fault:
            daemon.wait_painted(RATE)
            group.add(daemon.pid)
            group.limit(48 * MIB)
            writer = subprocess.Popen(['sh', '-c', 'read go; dd if=/dev/zero of=file bs=1M count=64 2>/dev/null; cat file >/dev/null'],
                                      cwd=self.folder, stdin=subprocess.PIPE)
            group.add(writer.pid)
            before = daemon.status()
            writer.communicate(b'go\n')
            for style in ('scream', 'udnie', 'starry_night'):
                self.assertEqual(daemon.ctl('style', style).code, 0)
                daemon.wait_until(lambda status, style=style: status['style'] == style, style)
            fault.seconds = seconds_until_painted(daemon)
            after = daemon.status()
            fault.state, fault.picture = after['state'], 'as usual'
            self.assertGreater(after['painted'], before['painted'])
            self.assertGreater(group.n_failures(), 0, 'the limit was never reached')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)


class Group:
    """A control group of either version, with a limit of memory."""

    def __init__(self, folder, version):
        self.folder = folder
        self.version = version

    def add(self, pid):
        (self.folder / 'cgroup.procs').write_text(str(pid))

    def limit(self, size_b):
        (self.folder / ('memory.max' if self.version == 2 else 'memory.limit_in_bytes')).write_text(str(size_b))

    def n_failures(self):
        """How often the limit was in the way."""
        if self.version == 1:
            return int((self.folder / 'memory.failcnt').read_text())
        return int(re.search(r'^max (\d+)', (self.folder / 'memory.events').read_text(), re.MULTILINE)[1])


@contextlib.contextmanager
def memory_group():
    for version, parent in ((2, '/sys/fs/cgroup'), (1, '/sys/fs/cgroup/memory')):
        folder = pathlib.Path(parent, f'ar-test-{os.getpid()}')
        try:
            folder.mkdir()
        except OSError:
            continue
        group = Group(folder, version)
        if not (folder / ('memory.max' if version == 2 else 'memory.limit_in_bytes')).exists():
            folder.rmdir()
            continue
        try:
            yield group
        finally:
            end = time.monotonic() + harness.REPLY_S
            while folder.exists() and time.monotonic() < end:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                time.sleep(harness.POLL_S)
        return
    raise unittest.SkipTest('no control group with a limit of memory can be made here')


class Killed(harness.Case):
    """Between any two steps of writing a file: what has its name is whole."""

    def setUp(self):
        super().setUp()
        if harness.EMULATED or 'thread' in harness.SANITIZE:
            self.skipTest('no library can be put before the emulator\'s, or the thread sanitizer\'s')
        self.refusals = Refusals(self.folder / 'refusals')
        (self.folder / 'ar.conf').write_text('[budget]\nframe = 30ms\n')

    def kill_in_each_step(self, fault, args, act, check):
        """Runs the daemon, lets act(daemon, number) have it write, and kills it one step later each time, until it lives."""
        fault.tried = 0
        killed = True
        while killed:
            with self.daemon(*SCENE, *args, env=self.refusals.environment()) as daemon:
                daemon.wait_running()
                self.refusals.kill_after(fault.tried)
                act(daemon, fault.tried)
                killed = daemon.ctl('status').code != 0
                if killed:
                    self.assertEqual(daemon.wait(), -signal.SIGKILL)
            daemon.socket_path.unlink(missing_ok=True)
            check()
            fault.tried += killed

    def test_while_it_saves(self):
        saved = self.folder / 'ar.conf.d/saved.conf'
        saved.parent.mkdir()
        saved.write_text('[decoder]\ncalm = 0.1\n')

        def act(daemon, number):
            for words in (('set', 'decoder.calm', f'0.{number + 20}'), ('save',)):
                daemon.ctl(*words)

        def check():
            self.assertRegex(saved.read_text(), r'\A(# Written by .*\n)?\[decoder\]\ncalm = 0\.\d+\n\Z')
            self.assertLessEqual({path.name for path in saved.parent.iterdir()}, {'saved.conf', 'saved.conf.new'})

        with self.fault('killed between any two steps of `ar-ctl save`') as fault:
            self.kill_in_each_step(fault, ('--config', 'ar.conf'), act, check)
            fault.state, fault.picture = 'what was saved before, or after, whole', 'none any more'
            self.assertGreaterEqual(fault.tried, 4, 'the library counts nothing')

    def test_while_it_calibrates(self):
        """A busy machine's times are not kept: nothing is written then."""
        n_kept = 0

        def act(daemon, _):
            daemon.ctl('calibrate')

        def check():
            nonlocal n_kept
            for path in self.folder.rglob('calibration-*.json'):
                n_kept += 1
                self.assertIn('rungs', json.loads(path.read_text()))

        with self.fault('killed between any two steps of keeping what it has measured') as fault:
            self.kill_in_each_step(fault, (), act, check)
            fault.state, fault.picture = 'times kept whole, or none', 'none any more'
            if n_kept == 0:
                self.skipTest('a machine too busy to keep what it measures')


class Disks(harness.Case):
    """What is written of itself, on a disk that takes nothing. Recordings and snapshots are in test_record."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / 'disk'
        self.disk.mkdir()

    def mount(self, *options):
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', ','.join(('size=64k', *options)), 'tmpfs', self.disk],
                          stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest('only root, and not in every container, can mount')
        self.addCleanup(subprocess.run, ['umount', '--lazy', self.disk], check=True)

    def check_refused(self, daemon, words):
        """Saving is refused and leaves what there was; measured times are not kept; pictures go on."""
        reply = daemon.ctl('set', 'decoder.calm', '0.7')
        self.assertEqual(reply.code, 0, reply)
        reply = daemon.ctl('save')
        self.assertEqual(reply.code, 1, reply)
        self.assert_words(['saved.conf', words], reply.err)
        self.assertEqual(daemon.ctl('calibrate').code, 0)
        daemon.wait_painted(3)

    def run_on(self, fault, fill, words):
        (self.disk / 'ar.conf').write_text('')
        (self.disk / 'ar.conf.d').mkdir()
        saved = self.disk / 'ar.conf.d/saved.conf'
        saved.write_text('[decoder]\ncalm = 0.2\n')
        fill()
        with self.daemon(*SCENE, '--config', self.disk / 'ar.conf', env={'XDG_STATE_HOME': str(self.disk / 'state')}) as daemon:
            daemon.wait_painted(3)
            self.check_refused(daemon, words)
            fault.seconds = seconds_until_painted(daemon)
            fault.state, fault.picture = daemon.status()['state'] + '; `save` is refused with the reason', 'as usual'
            self.assertEqual(saved.read_text(), '[decoder]\ncalm = 0.2\n')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    def test_full(self):
        self.mount()

        def fill():
            with contextlib.suppress(OSError), open(self.disk / 'filler', 'wb', buffering=0) as file:
                while True:
                    file.write(bytes(4096))

        with self.fault('no space left for settings and times') as fault:
            self.run_on(fault, fill, 'No space')

    def test_read_only(self):
        self.mount()
        with self.fault('a read-only disk for settings and times') as fault:
            self.run_on(fault, lambda: subprocess.run(['mount', '-o', 'remount,ro', self.disk], check=True), 'Read-only')

    def test_trace(self):
        with self.fault('no space left for the trace') as fault, self.daemon(*SCENE, '--trace', '/dev/full') as daemon:
            daemon.wait_painted(RATE)
            daemon.wait_until(lambda _: 'cannot be written any further: No space' in daemon.log(), 'it is said')
            fault.seconds = seconds_until_painted(daemon)
            fault.state, fault.picture = daemon.status()['state'] + '; the log says that the trace ends', 'as usual'
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
            self.assertEqual(daemon.log().count('No space'), 1, daemon.log())


if __name__ == '__main__':
    harness.main()
