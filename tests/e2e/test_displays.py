#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several displays at once: each gets its pictures, and none waits for another or falls with it."""
import os
import subprocess

import harness
import y4m

LIVE = ('--source', 'pattern:64x48@30', '--width', '0.25', '--threads', '1', '--set', 'network.precision=f32')
CLIP = ('--source', 'file:in.y4m', '--set', 'capture.pace=fast', '--width', '0.25', '--threads', '1',
        '--set', 'network.precision=f32', '--set', 'decoder.calm=off')
N_FRAMES = 12


def displays(*outputs):
    return ('--display', ', '.join(outputs))


class All(harness.Case):
    """Where the source waits for us every file has every picture."""

    def setUp(self):
        super().setUp()
        y4m.make_clip(self.folder / 'in.y4m', N_FRAMES)

    def paint(self, *outputs):
        return self.run_well(*CLIP, *displays(*outputs))

    def test_two_files(self):
        self.paint('file:a.y4m', 'file:b.y4m')
        a, b = (y4m.read(self.folder / name) for name in ('a.y4m', 'b.y4m'))
        self.assertEqual(len(a.frames), N_FRAMES)
        self.assertEqual(a.frames, b.frames)

    def test_files_of_two_kinds(self):
        if not harness.HAVE_LIBAV:
            self.skipTest('built without libav')
        finished = self.paint('file:a.mp4', 'file:b.y4m')
        self.assertGreater((self.folder / 'a.mp4').stat().st_size, 1000)
        self.assertEqual(len(y4m.read(self.folder / 'b.y4m').frames), N_FRAMES)
        self.assertRegex(finished.err, r'display +file .*a\.mp4 .*: 12 shown, 0 overtaken')
        self.assertRegex(finished.err, r'display +file .*b\.y4m .*: 12 shown, 0 overtaken')

    def test_another_format_shows_the_same(self):
        """The first display wants full range, the file limited range: it is converted."""
        self.paint('file:alone.y4m')
        self.paint('null', 'file:second.y4m')
        alone, second = (y4m.read(self.folder / name) for name in ('alone.y4m', 'second.y4m'))
        self.assertEqual(len(second.frames), N_FRAMES)
        for one, two in zip(alone.frames, second.frames):
            self.assertLessEqual(max(abs(a - b) for a, b in zip(one, two, strict=True)), 2)

    def test_four(self):
        finished = self.paint('null', 'file:a.y4m', 'file:b.y4m', 'file:c.y4m')
        for name in ('a.y4m', 'b.y4m', 'c.y4m'):
            self.assertEqual(len(y4m.read(self.folder / name).frames), N_FRAMES)
        self.assertIn('null', finished.err)


class Alone(harness.Case):
    """What becomes of one display is not the others' business."""

    def display(self, status, index):
        return status['displays'][index]

    def assert_goes_on(self, daemon, index):
        before = self.display(daemon.status(), index)['shown']
        daemon.wait_until(lambda status: self.display(status, index)['shown'] > before + 5, 'the other display shows')

    def lose_the_reader(self, *outputs, lost):
        """file:- among the outputs loses its reader; the others go on, and the end tells of it."""
        with self.daemon(*LIVE, *displays(*outputs), stdout=subprocess.PIPE) as daemon:
            daemon.wait_painted(3)
            daemon.process.stdout.close()
            status = daemon.wait_until(lambda status: self.display(status, lost)['state'] == 'failed', 'it fails')
            self.assertIn('standard output', self.display(status, lost)['why'])
            self.assertEqual(self.display(status, 1 - lost)['state'], 'open')
            self.assert_goes_on(daemon, 1 - lost)
            status = daemon.status()
            self.assertTrue(status['display'].startswith('null'), status['display'])
            self.assertEqual(status['shown'] >= 6, True)
            self.assertIn('the other displays go on', daemon.log())
            daemon.process.stdout = None
            daemon.signal()
            self.assertEqual(daemon.wait(), os.EX_IOERR, daemon.log())

    def test_the_second_is_lost(self):
        self.lose_the_reader('null', 'file:-', lost=1)

    def test_the_first_is_lost(self):
        """Then the second leads: status and latency are its own."""
        self.lose_the_reader('file:-', 'null', lost=0)

    def test_all_are_lost(self):
        os.mkfifo(self.folder / 'pipe.y4m')
        reader = os.open(self.folder / 'pipe.y4m', os.O_RDONLY | os.O_NONBLOCK)
        with self.daemon(*LIVE, *displays('file:pipe.y4m', 'file:-'), stdout=subprocess.PIPE) as daemon:
            daemon.wait_painted(3)
            os.close(reader)
            daemon.process.stdout.close()
            daemon.process.stdout = None
            self.assertEqual(daemon.wait(), os.EX_IOERR, daemon.log())

    def test_a_slow_one_slows_nobody(self):
        """A pipe that nobody reads is full after a few pictures."""
        os.mkfifo(self.folder / 'slow.y4m')
        reader = os.open(self.folder / 'slow.y4m', os.O_RDONLY | os.O_NONBLOCK)
        try:
            with self.daemon(*LIVE, *displays('null', 'file:slow.y4m')) as daemon:
                status = daemon.wait_until(lambda status: self.display(status, 1)['overtaken'] > 5, 'the pipe is full')
                self.assert_goes_on(daemon, 0)
                later = daemon.wait_until(lambda now: now['painted'] > status['painted'] + 10, 'it paints on')
                self.assertEqual(self.display(later, 1)['shown'], self.display(status, 1)['shown'])
                self.assertEqual(later['dropped'], status['dropped'], 'the painter has no frames left')
                daemon.signal()
                daemon.wait()
        finally:
            os.close(reader)

    def test_one_that_cannot_start_is_named(self):
        finished = self.run_daemon(*LIVE, *displays('null', 'v4l2:/dev/video987'))
        self.assertEqual(finished.code, os.EX_CANTCREAT, finished)
        self.assertIn('/dev/video987: no such device', finished.err)


class Overlay(harness.Case):
    """Of 320x180 pixels: a dark box from 4, 4 with letters from 7, 7; the file has limited range."""

    GROUND, TEXT = 30, 204
    SCENE = ('--source', 'pattern:320x180@30', '--width', '0.25', '--threads', '1')

    def has_overlay(self, clip, index):
        luma = clip.luma(index)
        box = [luma[y * 320 + x] for y in range(4, 34) for x in range(4, 142)]
        row = luma[4 * 320 + 4:4 * 320 + 142]
        return set(row) == {self.GROUND} and box.count(self.TEXT) > 200

    def test_off_by_default_and_live(self):
        with self.daemon(*self.SCENE, '--display', 'file:out.y4m') as daemon:
            for value in ('on', 'off'):
                daemon.wait_painted(5)
                reply = daemon.ctl('set', 'display.overlay', value)
                self.assertEqual(reply.code, 0, reply)
            daemon.wait_painted(5)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        clip = y4m.read(self.folder / 'out.y4m')
        seen = [self.has_overlay(clip, index) for index in range(len(clip.frames))]
        first, last = seen.index(True), len(seen) - 1 - seen[::-1].index(True)
        self.assertGreater(first, 3)
        self.assertLess(last, len(seen) - 3)
        self.assertEqual(seen[first:last + 1], [True] * (last + 1 - first))

    def test_on_all_displays(self):
        self.run_well(*self.SCENE, *displays('file:a.y4m', 'file:b.y4m'), '--set', 'display.overlay=on', '--frames', '6')
        for name in ('a.y4m', 'b.y4m'):
            clip = y4m.read(self.folder / name)
            self.assertTrue(self.has_overlay(clip, len(clip.frames) - 1))


if __name__ == '__main__':
    harness.main()
