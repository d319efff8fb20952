#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs that end by themselves: from the scene or a clip, through the painter, into a file or nowhere."""
import ctypes
import errno
import os
import pathlib
import random
import re

import harness
import y4m

FAST = ('--set', 'capture.pace=fast')
STAGES = ('wait', 'encode', 'decode', 'emit', 'paint', 'present', 'latency')
# No size but the first is divided by the network's strides.
SIZES = ((16, 16), (18, 34), (322, 182) if harness.SLOW < 10 else (98, 54))
SYS_IO_URING_SETUP = 425
IO_URING_PARAMS_B = 120


def n_painted(finished):
    """The number of painted frames in the summary."""
    match = re.search(r'^  frames +(\d+) painted', finished.err, re.MULTILINE)
    return int(match.group(1)) if match else None


def noisy_scenes():
    """Eight pictures that differ in noise only, and eight of their negative."""
    generator = random.Random(1)
    scene = y4m.make_frames(1)[0]
    for index in range(16):
        levels = scene if index < 8 else bytes(250 - level for level in scene)
        yield bytes(min(max(level + generator.randint(-6, 6), 16), 235) for level in levels)


def flicker(frames):
    """Mean change of a byte from picture to picture."""
    return sum(y4m.difference(one, two) for one, two in zip(frames, frames[1:])) / (len(frames) - 1)


class Painting(harness.Case):
    def paint(self, *args, name='out.y4m', n_frames=6, size='96x64'):
        """Paints frames of the scene, none skipped, into a file, and reads it back."""
        path = self.folder / name
        self.run_well('--source', f'pattern:{size}', *FAST, '--display', f'file:{path}', '--frames', n_frames, *args)
        return y4m.read(path)

    def assert_is_a_picture(self, clip, index):
        self.assertTrue(10 < y4m.deviation(clip.luma(index)) < 90, 'luma is flat, or nothing but extremes')
        self.assertTrue(30 < sum(clip.luma(index)) / len(clip.luma(index)) < 225, 'luma is all dark or all bright')
        self.assertGreater(y4m.deviation(clip.chroma(index)), 2, 'chroma is flat')

    def test_scene_to_file(self):
        clips = [self.paint('--width', width, name=f'{width}.y4m', n_frames=8) for width in ('0.25', '1.0')]
        for clip in clips:
            self.assertEqual((clip.width, clip.height, clip.parameters['F'], len(clip.frames)), (96, 64, '30:1', 8))
            for index in range(8):
                self.assert_is_a_picture(clip, index)
            for one, two in zip(clip.frames, clip.frames[1:]):
                self.assertGreater(y4m.difference(one, two), 0.1, 'the picture stands still')
        self.assertGreater(y4m.difference(clips[0].frames[7], clips[1].frames[7]), 0.5,
                           'the narrow and the wide network paint the same')

    def test_a_painting_differs_from_its_clip(self):
        before = y4m.make_clip(self.folder / 'in.y4m', 6, 96, 64)
        self.run_well('--source', 'file:in.y4m', *FAST, '--display', 'file:out.y4m')
        after = y4m.read(self.folder / 'out.y4m')
        self.assertEqual(len(after.frames), len(before))
        for one, two in zip(before, after.frames):
            self.assertGreater(y4m.difference(one, two), 4)

    def test_sizes(self):
        for width, height in SIZES:
            with self.subTest(width=width, height=height):
                clip = self.paint('--width', '0.25', n_frames=2, size=f'{width}x{height}')
                self.assertEqual((clip.width, clip.height, len(clip.frames)), (width, height, 2))
                self.assertGreater(y4m.deviation(clip.luma(1)), 1)

    def test_styles_by_name_and_path(self):
        by_name = self.paint('--width', '0.5', '--style', 'great_wave')
        by_path = self.paint('--width', '0.5', '--style', harness.MODELS / 'great_wave.safetensors')
        other = self.paint('--width', '0.5', '--style', 'starry_night')
        self.assertEqual(by_name.frames, by_path.frames)
        self.assertGreater(y4m.difference(by_name.frames[5], other.frames[5]), 3, 'two styles paint the same')

    def test_styles_of_the_tree_are_found(self):
        if pathlib.Path(harness.DAEMON).parents[2] != harness.TREE:
            self.skipTest('this build folder is not in the source tree')
        finished = self.run_well('--set', 'network.style_path=', '--source', 'pattern:32x32', *FAST, '--display',
                                 'null', '--frames', '2')
        self.assertEqual(n_painted(finished), 2)

    def test_threads_do_not_change_a_bit(self):
        """In either precision; four share two processors at most, so that they are interrupted anywhere."""
        processors = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, processors)
        os.sched_setaffinity(0, sorted(processors)[:2])
        for precision in ('f32', 'int8'):
            options = ('--width', '0.75', '--set', f'network.precision={precision}')
            one = self.paint(*options, '--threads', '1', size='98x66')
            for threads in ('2', '4'):
                with self.subTest(precision=precision, threads=threads):
                    more = self.paint(*options, '--threads', threads, size='98x66')
                    self.assertEqual(one.frames, more.frames)

    def test_precision(self):
        """Int8 paints what float32 does, but for what is below the eye."""
        f32, int8 = (self.paint('--set', f'network.precision={value}', '--width', '0.5', name=f'{value}.y4m')
                     for value in ('f32', 'int8'))
        for one, two in zip(f32.frames, int8.frames):
            self.assertTrue(0 < y4m.difference(one, two) < 6)

    def test_calm(self):
        """Noise is calmed; the first picture and the one after a cut are as the network painted them."""
        y4m.write(self.folder / 'in.y4m', noisy_scenes(), 64, 48)
        raw, calm = (self.paint_clip(f'decoder.calm={value}', f'{value}.y4m') for value in ('off', '0.9'))
        for index, (one, two) in enumerate(zip(raw.frames, calm.frames)):
            self.assertEqual(one == two, index % 8 == 0, f'picture {index}')
        self.assertGreater(flicker(raw.frames[4:8]), 3 * flicker(calm.frames[4:8]))

    def paint_clip(self, setting, name):
        self.run_well('--source', 'file:in.y4m', *FAST, '--display', f'file:{name}', '--width', '0.25', '--set', setting)
        return y4m.read(self.folder / name)

    def test_standard_output(self):
        finished = self.run_well('--source', 'pattern:32x32', *FAST, '--display', 'file:-', '--frames', '3',
                                 binary=True)
        self.assertEqual(len(y4m.parse(finished.out).frames), 3)

    def test_mp4(self):
        if not harness.HAVE_LIBAV:
            self.skipTest('built without libav')
        self.run_well('--source', 'pattern:96x64', *FAST, '--display', 'file:out.mp4', '--frames', '12')
        data = (self.folder / 'out.mp4').read_bytes()
        self.assertEqual(data[4:8], b'ftyp')
        self.assertGreater(len(data), 1000)
        finished = self.run_well('--source', 'file:out.mp4', *FAST, '--display', 'file:again.y4m')
        again = y4m.read(self.folder / 'again.y4m')
        self.assertEqual((again.width, again.height, len(again.frames)), (96, 64, 12), finished)
        self.assert_is_a_picture(again, 11)


class Clips(harness.Case):
    def test_fast_pace_loses_nothing(self):
        y4m.make_clip(self.folder / 'in.y4m', 40)
        finished = self.run_well('--source', 'file:in.y4m', *FAST, '--display', 'null')
        self.assertEqual(n_painted(finished), 40, finished)
        self.assertRegex(finished.err, r'drops +0 overtaken, 0 lost by the source, 0 corrupt')
        self.run_well('--source', 'file:in.y4m', *FAST, '--display', 'file:out.y4m')
        out = y4m.read(self.folder / 'out.y4m')
        self.assertEqual(len(out.frames), 40)
        self.assertEqual(len(set(out.frames)), 40, 'a picture came out twice')

    def test_real_pace_takes_the_clips_time(self):
        y4m.make_clip(self.folder / 'in.y4m', 30, rate=20)
        finished = self.run_well('--source', 'file:in.y4m', '--display', 'null', '--width', '0.25')
        self.assertGreater(finished.seconds, 29 / 20, finished)
        self.assertLess(finished.seconds, 30 / 20 + 4 * harness.SLOW, finished)
        self.assertLessEqual(n_painted(finished), 30)
        self.assertGreater(n_painted(finished), 0)

    def test_a_clip_loops_only_when_told(self):
        y4m.make_clip(self.folder / 'in.y4m', 5)
        once = self.run_well('--source', 'file:in.y4m', *FAST, '--display', 'null', '--frames', '12')
        self.assertEqual(n_painted(once), 5, once)
        looped = self.run_well('--source', 'file:in.y4m', *FAST, '--display', 'null', '--frames', '12', '--set',
                               'capture.loop=yes')
        self.assertEqual(n_painted(looped), 12, looped)


class Loops(harness.Case):
    def run_on(self, kind):
        with self.daemon('--source', 'pattern:64x48@60', '--display', 'null', '--width', '0.25', '--set',
                         f'daemon.loop={kind}') as daemon:
            daemon.wait_painted(5)
            self.assertEqual(daemon.status()['loop'], kind)
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)

    def test_poll(self):
        self.run_on('poll')

    def test_io_uring(self):
        refused = self.refusal_of_io_uring()
        if refused:
            finished = self.run_daemon('--source', 'pattern:64x48', '--display', 'null', '--frames', '2', '--set',
                                       'daemon.loop=io_uring')
            self.assertEqual(finished.code, os.EX_OSERR, finished)
            self.skipTest(f'the kernel refuses io_uring: {refused}; that ar-daemon says so was tested instead')
        self.run_on('io_uring')

    def refusal_of_io_uring(self):
        """Why this kernel, container or emulator has no io_uring for us; None when it has."""
        if harness.EMULATED:
            return 'not emulated'
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.syscall(SYS_IO_URING_SETUP, 4, ctypes.create_string_buffer(IO_URING_PARAMS_B))
        if fd < 0:
            return errno.errorcode[ctypes.get_errno()]
        os.close(fd)
        return None


class Pinning(harness.Case):
    """network.pin: which processors each thread may use."""

    def setUp(self):
        super().setUp()
        if harness.EMULATED:
            self.skipTest('threads of the emulator, not of ar-daemon')
        self.allowed = os.sched_getaffinity(0)
        self.n_threads = min(2, len(self.allowed))

    def processors(self, pin):
        """By name of thread."""
        with self.daemon('--source', 'pattern:64x48@60', '--display', 'null', '--width', '0.25', '--threads',
                         self.n_threads, '--set', f'network.pin={pin}') as daemon:
            daemon.wait_painted(3)
            tasks = pathlib.Path(f'/proc/{daemon.pid}/task').iterdir()
            found = {(task / 'comm').read_text().strip(): os.sched_getaffinity(int(task.name)) for task in tasks}
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)
        return found

    def painting(self):
        return ['ar-compute', *(f'ar-work-{index}' for index in range(1, self.n_threads))]

    def test_no(self):
        for name, processors in self.processors('no').items():
            self.assertEqual(processors, self.allowed, name)

    def test_yes(self):
        found = self.processors('yes')
        taken = [found.pop(name) for name in self.painting()]
        for processors in taken:
            self.assertEqual(len(processors), 1)
            self.assertLessEqual(processors, self.allowed)
        self.assertEqual(len(set.union(*taken)), self.n_threads, 'two threads on one processor')
        for name in ('ar-daemon', 'ar-capture', 'ar-display'):
            self.assertEqual(found[name], self.allowed, name)

    def test_too_few_processors(self):
        finished = self.run_daemon('--source', 'pattern:32x32', '--display', 'null', '--threads', '2', '--set',
                                   'network.pin=yes', preexec_fn=lambda: os.sched_setaffinity(0, {min(self.allowed)}))
        self.assertEqual(finished.code, os.EX_USAGE, finished)
        self.assert_words(['network.pin: 2 threads', 'only 1 may', 'network.threads=1'], finished.err)


class Summary(harness.Case):
    def test_table(self):
        finished = self.run_well('--source', 'pattern:64x48@60', '--display', 'null', '--frames', '20', '--width',
                                 '0.5')
        for pattern in (r'^  style +starry_night$', r'^  source +pattern 64x48 at 60 fps(, measured [0-9.]+)?$', r'^  display +null 64x48',
                        r'^  budget +25\.0 ms, width 0\.50 \(pinned\), mean 0\.50, 0 switches$',
                        r'^  frames +20 painted, ', r'^  drops +\d+ overtaken, 0 lost',
                        r'^  misses +\d+ of the deadline'):
            self.assertRegex(finished.err, re.compile(pattern, re.MULTILINE))
        for stage in STAGES:
            match = re.search(rf'^  {stage} +([0-9.]+) +([0-9.]+) +([0-9.]+)$', finished.err, re.MULTILINE)
            self.assertTrue(match, f'no line for {stage}\n{finished.err}')
            p50, p99, most = map(float, match.groups())
            self.assertTrue(0 <= p50 <= p99 <= most < 60e3, match.group())

    def test_none_without_frames(self):
        finished = self.run_daemon('--source', 'file:missing.y4m', '--display', 'null')
        self.assertNotIn('painted', finished.err)


if __name__ == '__main__':
    harness.main()
