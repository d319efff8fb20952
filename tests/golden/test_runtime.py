#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares ar-daemon with PyTorch on every style, and tests that the comparison would tell.

Usage: test_runtime.py AR-DAEMON [unittest's own arguments]
"""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

try:
    import numpy as np
    import torch  # noqa: F401
except ImportError as error:
    print(f'SKIPPED: ar-daemon is not compared with PyTorch: {error}')
    sys.exit(77)  # Meson's "skipped"

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / 'models'
sys.path.insert(0, str(MODELS / 'train'))

import compare  # noqa: E402
import style_file  # noqa: E402
import verify  # noqa: E402
from architecture import Architecture  # noqa: E402
from network import FrameState  # noqa: E402
from runtime import FULL, LIMITED, Clip, Runtime, RuntimeFailed  # noqa: E402

DAEMON = sys.argv.pop(1)
STYLES = sorted(MODELS.glob('*.safetensors'))
FIXTURES = [HERE / 'fixture.safetensors', HERE / 'fixture_rgb.safetensors']
SMALL_SCENE = 'pattern:96x64@30'


class ForgetfulState(FrameState):
    """A mistake: every frame by its own statistics."""

    def follow(self, key, value, rate, fits=None):
        return value


class CompareTest(unittest.TestCase):
    """The runtime paints what PyTorch paints, and the comparison would tell if not."""

    def verify(self, *arguments):
        """What verify.py prints."""
        with mock.patch('sys.argv', ['verify.py', *map(str, arguments)]), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            verify.main()
        return out.getvalue()

    def test_runtime_paints_as_pytorch(self):
        for path in FIXTURES + STYLES:
            for found in compare.compare(DAEMON, path):
                with self.subTest(f'{path.name}: {found}'):
                    self.assertTrue(found.passes)

    def assert_told(self):
        with self.assertRaisesRegex(SystemExit, 'paint differently: .*fixture.safetensors'):
            self.verify('--daemon', DAEMON, FIXTURES[0])

    def test_mistakes_are_told(self):
        with mock.patch.object(compare, 'FrameState', ForgetfulState):
            self.assert_told()
        with mock.patch.object(Architecture, 'equal_rungs', lambda net, _: [0] * net.n_segments):
            self.assert_told()

    def test_a_cut_that_is_missed_is_told(self):
        clip = Clip(list(compare.make_frames()), LIMITED)
        with mock.patch.object(compare, 'make_frames', lambda: clip.pictures), \
                mock.patch.object(compare, 'CUT_FRAME', compare.N_FRAMES):
            self.assert_told()

    def test_table(self):
        lines = self.verify('--daemon', DAEMON, FIXTURES[1]).splitlines()
        self.assertEqual([line.split()[0] for line in lines[-3:]], ['1', '0.5', '0.25'])

    def test_a_filter_over_time_is_off(self):
        for known in (False, True):
            with mock.patch.object(Runtime, 'knows', return_value=known) as knows, \
                    mock.patch.object(Runtime, 'paint_clip', side_effect=RuntimeFailed) as paint:
                with self.assertRaises(RuntimeFailed):
                    list(compare.compare(DAEMON, FIXTURES[0]))
            self.assertEqual(knows.call_args.args, ('decoder.calm',))
            self.assertEqual('decoder.calm=0' in paint.call_args.args, known)

    def test_difference(self):
        grey = [np.full((2, 4), 9, np.uint8), *(np.full((1, 2), 9, np.uint8),) * 2]
        self.assertEqual(compare.difference(1, [grey], [grey]).psnr_db, float('inf'))
        found = compare.difference(1, [grey, grey], [grey, [grey[0] + np.uint8(3), *grey[1:]]])
        self.assertEqual((found.most, found.mean, found.passes), (3, 1.0, False))
        self.assertAlmostEqual(found.psnr_db, 43.36, 2)  # 10 log10(255^2 / 3)


class BytesTest(unittest.TestCase):
    """Bytes to values to planes, and back."""

    def setUp(self):
        generator = np.random.default_rng(3)
        self.picture = (generator.integers(16, 236, (6, 8), np.uint8),
                        *generator.integers(16, 241, (2, 3, 4), np.uint8))

    def assert_pictures_equal(self, one, other):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_ranges(self):
        for byte_range in (FULL, LIMITED):
            values = byte_range.widen(self.picture)
            self.assert_pictures_equal(byte_range.narrow(values), self.picture)
        ends = np.uint8([[16, 235]]), np.uint8([[16]]), np.uint8([[240]])
        luma, u, v = LIMITED.widen(ends)
        np.testing.assert_allclose(luma, [[0, 255]])
        np.testing.assert_allclose((u, v), [[[0.5]], [[255.5]]])

    def test_packed_planes(self):
        architecture = style_file.load(FIXTURES[0])[0]
        planes = compare.to_planes(architecture, FULL.widen(self.picture))
        self.assertEqual(planes.shape, (6, 3, 4))
        first = (planes[:, 0, 0] / architecture.gain + architecture.offset) * 255
        luma, u, v = self.picture
        np.testing.assert_allclose(first, [*luma[:2, :2].ravel(), u[0, 0], v[0, 0]])
        back = FULL.narrow(compare.from_planes(architecture, planes))
        self.assert_pictures_equal(back, self.picture)

    def test_planes_of_colours(self):
        architecture = style_file.load(FIXTURES[1])[0]
        colour = np.random.default_rng(4).uniform(0, 1, (3, 1, 1)).repeat(4, 1).repeat(6, 2)
        planes = (colour - np.reshape(architecture.offset, (3, 1, 1))) * architecture.gain
        again = compare.to_planes(architecture, compare.from_planes(architecture, planes))
        np.testing.assert_allclose(again, planes, atol=1e-4)

    def test_clips(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'clip.y4m'
            for byte_range in (FULL, LIMITED):
                Clip([self.picture] * 2, byte_range).write(path)
                clip = Clip.read(path)
                self.assertEqual((len(clip.pictures), clip.range), (2, byte_range))
                self.assert_pictures_equal(clip.pictures[1], self.picture)


class RuntimeTest(unittest.TestCase):
    """The program itself."""

    def test_options(self):
        self.assertTrue(Runtime(DAEMON).knows('budget.width'))
        self.assertFalse(Runtime(DAEMON).knows('budget.wid'))

    def test_failures_say_why(self):
        with self.assertRaisesRegex(RuntimeFailed, 'nowhere: No such file or directory'):
            Runtime('nowhere').knows('x')
        with self.assertRaisesRegex(RuntimeFailed, 'exit code [0-9]+: .*none.safetensors'):
            Runtime(DAEMON).paint(SMALL_SCENE, '/none.safetensors', 1)


if __name__ == '__main__':
    unittest.main()
