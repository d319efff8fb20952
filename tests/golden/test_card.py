#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the pictures of model cards.

Usage: test_card.py AR-DAEMON [unittest's own arguments]
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
    from PIL import Image
except ImportError as error:
    print(f'SKIPPED: the pictures of model cards are not tested: {error}')
    sys.exit(77)  # Meson's "skipped"

MODELS = pathlib.Path(__file__).resolve().parents[2] / 'models'
sys.path.insert(0, str(MODELS / 'train'))

import card  # noqa: E402
import verify  # noqa: E402
from runtime import LIMITED, Clip, Runtime  # noqa: E402

DAEMON = sys.argv.pop(1)
STYLES = sorted(MODELS.glob('*.safetensors'))
SMALL_SCENE = 'pattern:96x64@30'


class CardTest(unittest.TestCase):
    """Pictures of a small scene."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_unpainted_scene(self):
        path = self.folder / 'copy.safetensors'
        card.copying_style(path)
        verify.StyleFile(path)
        generator = np.random.default_rng(3)
        picture = (generator.integers(16, 236, (34, 66), np.uint8),
                   *generator.integers(16, 241, (2, 17, 33), np.uint8))
        copied = Runtime(DAEMON).paint_clip(Clip([picture], LIMITED), path, 1)
        for before, after in zip(picture, copied.pictures[0], strict=True):
            np.testing.assert_allclose(after.astype(int), before, atol=1)

    def test_card(self):
        with mock.patch.multiple(card, SCENE=SMALL_SCENE, FRAME=3), \
                mock.patch('sys.argv', ['card.py', '--daemon', DAEMON, '--out',
                                        str(self.folder / 'cards'), str(STYLES[0])]), \
                contextlib.redirect_stdout(io.StringIO()):
            card.main()
        path = self.folder / 'cards' / f'{STYLES[0].stem}.jpg'
        self.assertLess(path.stat().st_size, card.MOST_B)
        with Image.open(path) as picture:
            self.assertEqual(picture.size, (4 * 48 + 3 * card.GAP_PX, 32))
            panels = [np.asarray(picture.crop((x, 0, x + 48, 32)), int)
                      for x in range(0, picture.width, 48 + card.GAP_PX)]
        for one, other in zip(panels, panels[1:]):
            self.assertGreater(np.abs(one - other).mean(), 1)

    def test_quality_gives_way_to_size(self):
        noise = Image.fromarray(np.random.default_rng(2).integers(0, 256, (90, 160, 3), np.uint8))
        most_b = len(card.jpeg(noise)) * 3 // 4
        with mock.patch.object(card, 'MOST_B', most_b):
            self.assertLessEqual(len(card.jpeg(noise)), most_b)


if __name__ == '__main__':
    unittest.main()
