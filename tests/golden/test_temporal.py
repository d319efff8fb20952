#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""models/train/temporal.py and decoder/temporal.c show the same bytes. argv: the program calm_frames."""
import pathlib
import subprocess
import sys
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'models' / 'train'))

from temporal import Temporal, guide_of_luma, guide_of_rgb  # noqa: E402

I420, NV12, YUYV, XRGB = range(4)  # as enum ar_frame_format
N_FRAMES = 40
SIZES = ((98, 66), (40, 30))
CALM_FRAMES = sys.argv.pop(1)


def shapes(out, width, height):
    """Of a painted frame's planes: rows, columns, bytes."""
    half = (height // 2, width // 2)
    return {I420: [(height, width, 1), (*half, 1), (*half, 1)], NV12: [(height, width, 1), (*half, 2)],
            YUYV: [(height, width // 2, 4)], XRGB: [(height, width, 4)]}[out]


def camera(generator, width, height):
    """A scene in light that changes, something that passes, noise of its own in each frame, a pan at the end."""
    y, x = np.mgrid[:height, :width]
    for t in range(N_FRAMES):
        pan = 3 * max(0, t - 30)
        scene = 110 + 50 * np.sin((x + pan) / 3) * np.cos(y / 5) + t / 2
        scene[(x - 3 * t) ** 2 + (y - height // 2) ** 2 < 80] = 230
        yield np.clip(scene + generator.normal(0, 2 if t < 20 else 5, scene.shape), 0, 255).astype(np.uint8)


def packed(luma, kind, generator):
    """Bytes of a camera's frame with this luma, and the guide that the twin makes of it."""
    if kind == XRGB:
        pixels = np.stack((255 - luma, luma, luma // 2 + 90, luma), 2)
        return pixels.tobytes(), guide_of_rgb(pixels[..., 2::-1])
    chroma = generator.integers(0, 256, luma.size, np.uint8)
    if kind == YUYV:
        return np.stack((luma, chroma.reshape(luma.shape)), 2).tobytes(), guide_of_luma(luma)
    return luma.tobytes() + chroma[:luma.size // 2].tobytes(), guide_of_luma(luma)


class SameBytes(unittest.TestCase):
    def compare(self, kinds, size, calm):
        generator = np.random.default_rng(1)
        into, want, n_changed = [], [], 0
        filtered = Temporal(calm)
        levels = [generator.integers(0, 256, shape) for shape in shapes(kinds[1], *size)]
        for luma in camera(generator, *size):
            content, guide = packed(luma, kinds[0], generator)
            painted = [np.clip(level + generator.normal(0, 12, level.shape), 0, 255).astype(np.uint8)
                       for level in levels]
            as_painted = b''.join(plane.tobytes() for plane in painted)
            into.append(content + as_painted)
            want.append(b''.join(plane.tobytes() for plane in filtered.show(guide, painted)))
            n_changed += want[-1] != as_painted
        self.assertGreater(n_changed, N_FRAMES // 2, 'nothing was calmed')
        self.assertGreater(filtered.from_q8, 2 * 36 * 256, 'the noise was not followed')
        run = subprocess.run([CALM_FRAMES, *map(str, (*size, *kinds, calm))], input=b''.join(into),
                             stdout=subprocess.PIPE, check=True)
        self.assertEqual(len(run.stdout), sum(map(len, want)))
        self.assertTrue(run.stdout == b''.join(want), 'other bytes')

    def test_formats(self):
        for kind in range(4):
            for out in range(4):
                with self.subTest(kind=kind, out=out):
                    self.compare((kind, out), SIZES[out % 2], 0.7)

    def test_strengths(self):
        for calm in (0.1, 0.95):
            with self.subTest(calm=calm):
                self.compare((I420, I420), SIZES[0], calm)


if __name__ == '__main__':
    unittest.main()
