#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
After its first frames no thread on a frame's way allocates or frees anything; the control thread may, for its answers and for
styles. Counted thread by thread by a preloaded library (count_allocations.c) while the real ar-daemon paints.

Not tested, because it does not hold: clips and output that go through libav, and JPEG cameras through libjpeg, allocate inside
these libraries.
"""
import os
import pathlib
import struct

import harness
import y4m

COUNTER = os.environ.get('AR_ALLOCATION_COUNTER')
WARM_FRAMES = 50  # the first frames may fill buffers of the C library
N_FRAMES = 1000
FRAMES_S = 90  # by the scene's clock they take 8.4
COUNT = struct.Struct('=QQ')  # thread_count of count_allocations.c
FRAME_THREADS = {'ar-capture', 'ar-compute', 'ar-work-1', 'ar-display'}
CONTROL = 'ar-daemon'
NARROW = ('--display', 'null', '--threads', '2', '--width', '0.25', '--set', 'network.precision=f32')
SCENE = ('--source', 'pattern:64x48', '--set', 'capture.pace=fast')
SETTINGS = (('style', 'great_wave'), ('set', 'budget.width', '0.5'), ('set', 'decoder.calm', '0.9'),
            ('style', 'starry_night'), ('set', 'budget.width', 'auto'), ('set', 'budget.frame', '5ms'),
            ('style', 'next'), ('set', 'budget.width', '0.25'), ('set', 'decoder.calm', 'off'))


def names_of_threads(pid):
    """By thread: its name."""
    return {int(task.name): (task / 'comm').read_text().strip() for task in pathlib.Path(f'/proc/{pid}/task').iterdir()}


class Allocations(harness.Case):
    def setUp(self):
        super().setUp()
        if harness.SANITIZE != 'none' or harness.EMULATED:
            self.skipTest('the allocator is the sanitizer\'s, or the emulator\'s')
        self.counts = self.folder / 'counts'

    def counting(self, *args):
        env = {'LD_PRELOAD': COUNTER, 'AR_ALLOCATIONS': str(self.counts)}
        return self.daemon(*NARROW, *args, env=env)

    def calls(self, daemon):
        """By name of thread: how often it has allocated or freed since it began."""
        by_thread = dict(COUNT.iter_unpack(self.counts.read_bytes()))
        return {name: by_thread.get(thread, 0) for thread, name in names_of_threads(daemon.pid).items()}

    def check(self, *args, threads=FRAME_THREADS, meanwhile=lambda daemon: None):
        """Frame threads allocate nothing from frame 50 on for 1000 frames, and whatever the others do `meanwhile`."""
        with self.counting(*args) as daemon:
            daemon.wait_painted(WARM_FRAMES)
            before = self.calls(daemon)
            meanwhile(daemon)
            wanted = daemon.status()['painted'] + N_FRAMES
            daemon.wait_until(lambda status: status['painted'] >= wanted, 'frames', FRAMES_S)
            after = self.calls(daemon)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        self.assertEqual(set(after), threads | {CONTROL})
        # These show that it counts: one allocated when it began, the other for its answers to us.
        self.assertGreater(before['ar-compute'], 0)
        self.assertGreater(after[CONTROL], before[CONTROL])
        for name in threads:
            self.assertEqual(after[name] - before[name], 0, f'{name} has allocated or freed')

    def test_scene(self):
        for loop in ('poll', 'auto'):
            with self.subTest(loop=loop):
                self.check(*SCENE, '--set', f'daemon.loop={loop}')

    def test_scene_by_its_clock(self):
        self.check('--source', 'pattern:64x48@120', '--width', 'auto')

    def test_int8(self):
        self.check(*SCENE, '--set', 'network.precision=int8')

    def test_y4m_clip(self):
        y4m.make_clip(self.folder / 'in.y4m', 20)
        self.check('--source', 'file:in.y4m', '--set', 'capture.pace=fast', '--set', 'capture.loop=yes')

    def test_y4m_output(self):
        self.check(*SCENE, '--display', 'file:out.y4m')

    def test_several_displays_with_the_overlay(self):
        self.check(*SCENE, '--display', 'null, file:out.y4m', '--set', 'display.overlay=on',
                   threads=FRAME_THREADS | {'ar-display-2'})

    def test_recording(self):
        """What is written beside the picture is copied into memory that was there before."""
        self.check('--source', 'pattern:64x48@120', meanwhile=self.record)

    def record(self, daemon):
        for setting in (('record', 'start', 'out.y4m'), ('snapshot', 'one.jpg'), ('snapshot', 'two.jpg', '--pair'),
                        ('record', 'stop')):
            reply = daemon.ctl(*setting)
            self.assertEqual(reply.code, 0, reply)
            daemon.wait_painted(60)

    def test_live_switches(self):
        """Styles are made, and freed, by the control thread."""
        self.check(*SCENE, meanwhile=self.switch)

    def switch(self, daemon):
        for setting in SETTINGS * 2:
            reply = daemon.ctl(*setting)
            self.assertEqual(reply.code, 0, reply)
            daemon.wait_painted(20)


if __name__ == '__main__':
    harness.main()
