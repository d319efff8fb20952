#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the trainer; needs PyTorch and Pillow, but no data: what it learns on is made here."""
import argparse
import dataclasses
import json
import math
import pathlib
import random
import sys
import tempfile
import unittest
from unittest import mock

try:
    import numpy as np
    import torch
    from PIL import Image
except ImportError as error:
    print(f'SKIPPED: the trainer is not tested: {error}')
    sys.exit(77)  # Meson's "skipped"

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import evaluate  # noqa: E402
import features  # noqa: E402
import layout  # noqa: E402
import photos  # noqa: E402
import style_file  # noqa: E402
import train  # noqa: E402
import verify  # noqa: E402
from architecture import Architecture, layer_macs, macs, range_shapes  # noqa: E402
from int8 import Int8Network, MeasuringNetwork  # noqa: E402
from journal import COLUMNS, Checkpoint, Log, ResumeError, TICK_STEPS  # noqa: E402
from losses import MEAN_SHARE, Judge, Patterns, grid, statistics  # noqa: E402
from motion import Motion  # noqa: E402
from network import Network  # noqa: E402
from planes import Planes  # noqa: E402
from trainee import GatheringNetwork, Plans, Trainee, initial_tensors  # noqa: E402

COUNTED_PX = (640, 360)
SMALL_SIZES = {'widths': [0.25, 0.5, 1.0], 'stem': 16, 'quarter': 16, 'eighth': 32, 'head': 16,
               'residuals': 2}
SMALL = layout.describe(**SMALL_SIZES)
TRUNK = features.Trunk(title='a tiny one', stages=((4, 1), (6, 2)), weight='w{}{}', bias='b{}{}',
                       border='reflect', entry=(), style=((1, 1), (2, 1)), content=(2, 2),
                       faithful=0.3, checksum='')


def tiny_features(half=False):
    """A feature network of random values."""
    generator = np.random.default_rng(5)
    return features.Features(TRUNK, {name: generator.normal(0, 0.1, shape).astype('f4')
                                     for name, shape in TRUNK.shapes().items()}, half)


class Folder(unittest.TestCase):
    """A test that writes files."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write_photos(self, count, size=(260, 256)):
        """Pictures of noise."""
        generator = np.random.default_rng(1)
        (self.folder / 'photos').mkdir()
        for i in range(count):
            pixels = generator.integers(0, 256, (size[1], size[0], 3), np.uint8)
            Image.fromarray(pixels).save(self.folder / 'photos' / f'{i:03}.png')
        return self.folder / 'photos'


class LayoutTest(unittest.TestCase):
    """The network that ships: what the governor needs of it."""

    def setUp(self):
        self.net = Architecture(layout.describe())
        self.counts = [macs(self.net, *COUNTED_PX, self.net.equal_rungs(rung))
                       for rung in range(self.net.n_rungs)]

    def test_every_rung_is_dearer_than_the_one_below(self):
        self.assertEqual(len(self.counts), 13)
        self.assertTrue(all(a < b for a, b in zip(self.counts, self.counts[1:])))

    def test_limits(self):
        self.assertLessEqual(self.counts[-1], 900e6)
        self.assertLessEqual(self.counts[0], 110e6)
        self.assertLessEqual(4 * self.counts[0], self.counts[-1])

    def test_encoder_leaves_something_to_decide(self):
        for rung, most in [(self.net.n_rungs - 1, 0.4), *((i, 0.45) for i in range(12))]:
            rungs = self.net.equal_rungs(rung)
            encoder = sum(layer_macs(self.net, layer, *COUNTED_PX, rungs)
                          for layer in self.net.layers if layer.segment == 0)
            self.assertLessEqual(encoder, most * self.counts[rung])

    def test_halves_are_rounded_up(self):
        self.assertEqual(layout.slim(96, [0.25, 0.375, 1]), [24, 40, 96])
        self.assertEqual(layout.slim(8, [0.25, 1]), [8, 8])


class PlanesTest(unittest.TestCase):
    """RGB to planes and back."""

    def setUp(self):
        self.planes = Planes(Architecture(SMALL))

    def test_order(self):
        rgb = torch.zeros(1, 3, 2, 2)
        rgb[0, :, 0, 1] = 1
        luma = self.planes.of_rgb(rgb)[0, :4, 0, 0] / 4 + 0.45
        np.testing.assert_allclose(luma, [0, 1, 0, 0], atol=1e-6)

    def test_chroma_of_red(self):
        rgb = torch.tensor([1.0, 0, 0])[None, :, None, None].expand(1, 3, 2, 2)
        u, v = self.planes.of_rgb(rgb)[0, 4:, 0, 0]
        self.assertAlmostEqual(float(u), -4 * 0.168736, 5)
        self.assertAlmostEqual(float(v), 4 * 0.5, 5)

    def test_round_trip_keeps_flat_colours(self):
        rgb = torch.rand(2, 3, 1, 1).expand(2, 3, 8, 6)
        np.testing.assert_allclose(self.planes.to_rgb(self.planes.of_rgb(rgb)), rgb, atol=1e-5)


class FlickerTest(unittest.TestCase):
    """What evaluate.py says of films."""

    @staticmethod
    def film(level, noise, generator):
        pictures = level + noise * torch.randn(24, 3, 32, 48, generator=generator)
        return pictures.clamp(0, 1)

    def test_calmed_is_calmer(self):
        generator = torch.Generator().manual_seed(1)
        frames = self.film(0.5, 0.004, generator)
        painted = [evaluate.to_bytes(picture) for picture in self.film(0.5, 0.03, generator)]
        shown = evaluate.calmed(frames, painted, 0.7)
        raw = evaluate.flicker(frames[12:], painted[12:])
        self.assertAlmostEqual(evaluate.flicker(frames[12:], shown[12:]) / raw, 0.23, delta=0.03)

    def test_motion_is_followed(self):
        before = torch.rand(3, 96, 128, generator=torch.Generator().manual_seed(1))
        after = before.roll((3, -5), (1, 2))
        moves, found = evaluate.follow(before, after)
        self.assertTrue(bool(found[1:-1, 1:-1].all()))
        self.assertEqual(moves[:, 2, 3].tolist(), [3, -5])
        frames = torch.stack((before, after))
        moved, still = ([evaluate.to_bytes(a), evaluate.to_bytes(b)]
                        for a, b in ((before, after), (before, before)))
        self.assertLess(evaluate.clip_error(frames, moved), 1e-3)
        self.assertGreater(evaluate.clip_error(frames, still), 20)


class PhotosTest(Folder):
    """Pictures that cannot be used are refused by name."""

    def refused(self, words, function, *arguments):
        with self.assertRaisesRegex(photos.PictureError, words):
            function(*arguments)

    def test_too_few(self):
        folder = self.write_photos(49)
        Image.new('RGB', (900, 255)).save(folder / 'small.png')
        (folder / 'broken.jpg').write_bytes(b'\xff\xd8')
        self.refused(r'photos: 49 photographs of 256 pixels .* \(2 smaller or unreadable ones\)',
                     photos.list_photos, folder)

    def test_no_folder(self):
        self.refused('nowhere: not a folder', photos.list_photos, self.folder / 'nowhere')

    def test_every_tenth_is_held_back(self):
        learned, held_back = photos.list_photos(self.write_photos(51))
        self.assertEqual([path.stem for path in held_back], ['009', '019', '029', '039', '049'])
        self.assertEqual(len(learned), 46)
        self.assertFalse(set(learned) & set(held_back))

    def test_bad_paintings(self):
        path = self.folder / 'painting.jpg'
        self.refused('painting.jpg: not a picture', photos.read_style, path, 320)
        path.write_bytes(b'\xff\xd8 no more')
        self.refused('painting.jpg: not a picture', photos.read_style, path, 320)
        Image.new('RGB', (900, 127)).save(path)
        self.refused('900x127 pixels, 128', photos.read_style, path, 320)

    def test_truncated_painting(self):
        path = self.folder / 'painting.png'
        Image.effect_noise((300, 300), 50).save(path)
        path.write_bytes(path.read_bytes()[:2000])
        self.refused('painting.png: not a picture', photos.read_style, path, 320)

    def test_broken_photographs_are_left_out(self):
        paths = sorted(self.write_photos(2).iterdir())
        paths[0].write_bytes(paths[0].read_bytes()[:5000])
        crops = photos.Crops(paths, 32)
        with mock.patch.object(sys, 'stderr'):
            self.assertEqual(crops.draw(random.Random(0), 8).shape[0], 8)
            self.assertEqual(crops.broken, {paths[0]})
            paths[1].write_bytes(paths[1].read_bytes()[:5000])
            with self.assertRaisesRegex(photos.PictureError, 'not a picture that can be read'):
                photos.Crops(paths, 32).draw(random.Random(0), 8)

    def test_crops_follow_the_generator(self):
        crops = photos.Crops(photos.list_photos(self.write_photos(50))[0], 32)
        first, again, other = (crops.draw(random.Random(seed), 2) for seed in (1, 1, 2))
        self.assertTrue(torch.equal(first, again))
        self.assertFalse(torch.equal(first, other))
        self.assertEqual(first.shape, (2, 3, 32, 32))

    def test_crops_reach_from_enlarged_details_to_the_whole(self):
        path = self.folder / 'ramp.png'
        Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 1))).save(path)
        drawn = photos.Crops([path], 128).draw(random.Random(0), 100)
        sides = 255 * (drawn.amax((1, 2, 3)) - drawn.amin((1, 2, 3)))
        self.assertLess(sides.min(), 72)
        self.assertGreater(sides.min(), 60)
        self.assertGreater(sides.max(), 220)


class FeaturesTest(Folder):
    """Only a network that the trainer knows is taken."""

    def setUp(self):
        super().setUp()
        self.path = self.folder / 'features.npz'
        self.tensors = {name: np.zeros(shape, 'f4') for name, shape in
                        features.TRUNKS[0].shapes().items()}

    def refused(self, words):
        np.savez(self.path, **self.tensors)
        with self.assertRaisesRegex(features.FeaturesError, words):
            features.Features.read(self.path)

    def test_checksum(self):
        self.refused('features.npz: the values are not those of')

    def test_shape(self):
        self.tensors['conv21_weight'] = np.zeros((32, 8, 3, 3), 'f4')
        self.refused(r'tensor conv21_weight: shape \(32, 8, 3, 3\), \(32, 16, 3, 3\) is right')

    def test_another_network(self):
        del self.tensors['conv21_weight']
        self.refused('none of the networks that the trainer knows')

    def test_not_a_container(self):
        self.path.write_bytes(b'features')
        with self.assertRaisesRegex(features.FeaturesError, 'not an .npz file'):
            features.Features.read(self.path)

    def test_right_values_are_taken(self):
        right = {**self.tensors, 'conv0_bias': np.ones(3, 'f4')}
        known = dataclasses.replace(features.TRUNKS[0], checksum=features.checksum(right))
        np.savez(self.path, **right)
        with mock.patch.object(features, 'TRUNKS', (known,)):
            taken = features.Features.read(self.path)
        self.assertEqual(taken(torch.rand(1, 3, 16, 16), ((3, 1),))[3, 1].shape, (1, 64, 4, 4))


class JudgeTest(unittest.TestCase):
    """The relative errors."""

    def test_the_painting_itself_has_its_style(self):
        painting = torch.rand(1, 3, 32, 32)
        judge = Judge(tiny_features(), painting)
        for error in judge.errors(painting, judge.content_of(painting)):
            self.assertAlmostEqual(float(error), 0, 6)
        self.assertGreater(float(judge.errors(0.2 * painting, judge.content_of(painting))[0]), 0.1)

    def test_paint_at_the_border_counts_for_nothing_in_the_style(self):
        judge = Judge(tiny_features(), torch.rand(1, 3, 64, 64), margin_px=16)
        painted = torch.rand(1, 3, 64, 64)
        combed = painted.clone()
        combed[:, :, ::2, -8:] = 0
        content = judge.content_of(painted)
        plain, other = (judge.errors(picture, content) for picture in (painted, combed))
        self.assertAlmostEqual(float(plain[0]), float(other[0]), 6)
        self.assertGreater(float(other[1]), 0.001)
        combed[:, :, ::2, 24:40] = 0
        self.assertGreater(float((judge.errors(combed, content)[0] - plain[0]).abs()), 0.001)

    def test_content_is_relative_to_each_photograph(self):
        judge = Judge(tiny_features(), torch.rand(1, 3, 32, 32))
        pictures = torch.cat((torch.rand(1, 3, 32, 32), 0.3 * torch.rand(1, 3, 32, 32)))
        painted = pictures + 0.1 * torch.rand_like(pictures)
        content = judge.content_of(pictures)
        alone = [float(judge.errors(painted[i:i + 1], content[i:i + 1])[1]) for i in (0, 1)]
        self.assertGreater(alone[1], 2 * alone[0])
        self.assertAlmostEqual(float(judge.errors(painted, content)[1]), sum(alone) / 2, 5)

    def test_paint_heaps_where_it_is_fuller_than_the_painting(self):
        painting = torch.rand(1, 3, 96, 96)
        painting[:, :, :, :48] = 0.5
        judge = Judge(tiny_features(), painting)
        lighter, fuller = painting.clone(), painting.clone()
        for picture, scale in ((lighter, 0.8), (fuller, 2)):
            picture[:, :, 16:, 48:] = 0.5 + scale * (picture[:, :, 16:, 48:] - 0.5)
        errors = [judge.errors(picture, judge.content_of(picture)) for picture in (lighter, fuller)]
        self.assertLess(float(errors[0][2]), 0.03)
        self.assertGreater(float(errors[1][2]), 0.1)

    def test_paint_heaps_where_much_more_is_changed_than_elsewhere(self):
        photo = torch.rand(1, 3, 96, 96)
        judge = Judge(tiny_features(), photo)
        evenly, heaped = 0.5 * photo + 0.25, photo.clone()
        heaped[:, :, 32:64, 32:64] = 0.5
        errors = [judge.errors(picture, judge.content_of(photo)) for picture in (evenly, heaped)]
        self.assertLess(float(errors[0][2]), 0.01)
        self.assertGreater(float(errors[1][2]), 0.05)

    def test_content_of_nothing_is_finite(self):
        judge = Judge(tiny_features(), torch.rand(1, 3, 32, 32))
        nothing = torch.zeros_like(judge.content_of(torch.rand(1, 3, 32, 32)))
        error = float(judge.errors(torch.rand(1, 3, 32, 32), nothing)[1])
        self.assertTrue(1 < error < math.inf)


class StatisticsTest(unittest.TestCase):
    """Style of a layer, and its gradient, written the plain way."""

    @staticmethod
    def plain(activations):
        values = activations.flatten(2)
        mean = values.mean(2, keepdim=True)
        covariance = (values - mean) @ (values - mean).transpose(1, 2) / values.shape[2]
        return torch.cat((covariance, MEAN_SHARE * mean @ mean.transpose(1, 2)), 2)

    def test_values_and_gradient(self):
        generator = torch.Generator().manual_seed(7)
        leaf = torch.rand(2, 5, 6, 4, generator=generator, requires_grad=True)
        weights = torch.randn(2, 5, 10, generator=generator)
        results, gradients = [], []
        for function in (self.plain, statistics):
            result = function(leaf * 2)
            gradients.append(torch.autograd.grad((result * weights).sum(), leaf)[0])
            results.append(result.detach())
        np.testing.assert_allclose(results[1], results[0], atol=1e-5)
        np.testing.assert_allclose(gradients[1], gradients[0], atol=1e-5)


class GridTest(unittest.TestCase):
    """Lines of one pixel."""

    def test_lines_count_and_strokes_do_not(self):
        flat = torch.full((1, 3, 32, 32), 0.5)
        lines, strokes = flat.clone(), flat.clone()
        lines[..., ::2] += 0.1
        strokes[:, :, 8:12] += 0.1
        self.assertAlmostEqual(float(grid(flat)), 0, 6)
        self.assertAlmostEqual(float(grid(lines)), 0.05, 5)
        self.assertAlmostEqual(float(grid(lines.transpose(2, 3))), 0.05, 5)
        self.assertAlmostEqual(float(grid(strokes)), 0, 6)


class PatternsTest(unittest.TestCase):
    """Lattices and ruled lines."""

    def setUp(self):
        generator = torch.Generator().manual_seed(1)
        self.rough = 0.5 + 0.1 * torch.randn(1, 3, 128, 192, generator=generator)
        self.flat = torch.full_like(self.rough, 0.5)
        self.patterns = Patterns(self.rough)

    def excess(self, painted, photo=None):
        """Of a picture after a flat photograph."""
        return float(self.patterns.excess(painted, self.flat if photo is None else photo))

    def test_lattices_and_lines_of_any_period_count(self):
        across = torch.arange(192.0)
        for period in (4, 7, 12, 18):
            wave = 0.1 * torch.sin(2 * math.pi * across / period)
            lattice = self.flat + wave[:128, None] * wave * 10
            lines = self.flat + wave[:128, None]
            for picture in (lattice, lines, lines + 0.01 * (self.rough - 0.5)):
                self.assertGreater(self.excess(picture), 0.02)
                self.assertAlmostEqual(self.excess(picture, picture), 0, 6)

    def test_roughness_and_flats_do_not(self):
        self.assertAlmostEqual(self.excess(self.flat), 0, 6)
        self.assertLess(self.excess(self.rough), 0.01)

    def test_gradient_takes_the_pattern_out(self):
        wave = torch.sin(2 * math.pi * torch.arange(192.0) / 8)
        painted = (self.flat + 0.1 * wave).requires_grad_()
        self.patterns.excess(painted, self.flat).backward()
        self.assertGreater(float((painted.grad * wave).sum()), 0)


class MotionTest(unittest.TestCase):
    """The second frame."""

    def test_moves_by_what_it_says(self):
        rgb = torch.rand(1, 3, 24, 24)
        motion = Motion(random.Random(0), rgb.shape)
        motion.grid = torch.nn.functional.affine_grid(
            torch.tensor([[[1, 0, 2 / 12], [0, 1, 0]]]), rgb.shape, align_corners=False)
        np.testing.assert_allclose(motion.move(rgb)[..., :-2], rgb[..., 2:], atol=1e-5)

    def test_light_and_noise_are_small(self):
        rgb = torch.full((2, 3, 24, 24), 0.5)
        for seed in range(20):
            second = Motion(random.Random(seed), rgb.shape).second(rgb)
            self.assertLess(float((second.mean((2, 3)) - 0.5).abs().max()), 0.035)
            self.assertFalse(torch.equal(second, rgb))


class TraineeTest(unittest.TestCase):
    """The first stage's network and what becomes of it."""

    def setUp(self):
        self.net = Architecture(SMALL)
        self.planes = torch.randn(3, 6, 16, 24, generator=torch.Generator().manual_seed(2))

    def test_plans_reach_all_corners_and_cover_all_rungs(self):
        plans, rng = Plans(self.net), random.Random(0)
        drawn = {(plan[0], plan[-1]) for plan in (plans.draw(rng) for _ in range(200))}
        self.assertEqual(drawn, {(a, b) for a in range(3) for b in range(3)})
        for rungs in zip(*plans.cover(rng)):
            self.assertEqual(sorted(rungs), [0, 1, 2])

    def test_narrower_is_one_rung(self):
        plans, rng = Plans(self.net), random.Random(0)
        for plan, throughout, behind in (([2, 2, 1], (1, 1, 0), (2, 1, 0)),
                                         ([1, 0, 2], (0, 0, 1), (1, 0, 1)),
                                         ([0, 0, 0], (0, 0, 0), (0, 0, 0))):
            drawn = {tuple(plans.narrower(plan, rng)) for _ in range(50)}
            self.assertEqual(drawn, {throughout, behind})

    def test_folding_keeps_what_the_batch_gave(self):
        trainee = Trainee(self.net, initial_tensors(self.net, seed=3))
        network = Network(self.net, trainee.folded([self.planes], random.Random(0)))
        for plan in Plans(self.net).equal():
            with torch.no_grad():
                np.testing.assert_allclose(network(self.planes, plan),
                                           trainee(self.planes, plan), atol=2e-4)

    def test_unfolding_undoes_folding(self):
        tensors = initial_tensors(self.net, seed=3)
        trainee = Trainee(self.net, tensors)
        folded = trainee.folded([self.planes], random.Random(0))
        again = GatheringNetwork(self.net, folded).unfolded([self.planes])
        for name, value in trainee.tensors().items():
            known = value[-1:] if name.endswith(('scale', 'bias')) else value
            np.testing.assert_allclose(again[name][-len(known):], known, atol=1e-4, err_msg=name)

    def test_start_is_a_paler_picture(self):
        trainee = Trainee(self.net, initial_tensors(self.net, seed=3))
        with torch.no_grad():
            painted = trainee(self.planes, [2] * 4)
        both = torch.stack((painted.flatten(), self.planes.flatten()))
        self.assertGreater(float(torch.corrcoef(both)[0, 1]), 0.5)


class Int8Test(unittest.TestCase):
    """Measured ranges, and the network rounded to them."""

    description = SMALL

    def setUp(self):
        self.net = Architecture(self.description)
        trainee = Trainee(self.net, initial_tensors(self.net, seed=3))
        self.planes = torch.randn(3, 6, 16, 24, generator=torch.Generator().manual_seed(2))
        self.tensors = trainee.folded([self.planes], random.Random(0))
        measuring = MeasuringNetwork(self.net, self.tensors)
        self.ranges = measuring.ranges([self.planes, self.planes], random.Random(0))

    def paint(self, ranges, plan):
        with torch.no_grad():
            return (Int8Network(self.net, self.tensors, ranges)(self.planes, plan),
                    Network(self.net, self.tensors)(self.planes, plan))

    def test_ranges_hold_all_but_the_rarest(self):
        self.assertEqual(set(self.ranges), {f'{layer.name}.{what}' for layer in self.net.layers
                                            for what in range_shapes(self.net, layer)})
        with torch.no_grad():
            stem = Network(self.net, self.tensors).trace(self.planes, [2] * 4)['stem']
        self.assertAlmostEqual(float(self.ranges['stem.range'][2]), float(stem.max()), 1)

    def test_rounding_is_small_and_there(self):
        for plan in ([2] * 4, [0, 2, 1, 0]):
            rounded, exact = self.paint(self.ranges, plan)
            error = float((rounded - exact).square().mean() / exact.square().mean())
            self.assertLess(error, 2e-3)  # 27 dB below the signal, of random weights
            self.assertGreater(error, 1e-7)

    def test_ranges_matter(self):
        narrow = {name: value / 16 for name, value in self.ranges.items()}
        rounded, exact = self.paint(narrow, [2] * 4)
        self.assertGreater(float((rounded - exact).square().mean() / exact.square().mean()), 2e-2)


class Int8GatesTest(Int8Test):
    """The same with gates, whose factors are in the depthwise ranges."""

    description = layout.describe(**SMALL_SIZES, gate=4)


class Int8BranchesTest(Int8Test):
    """The same with second branches, whose steps are others than those of the first."""

    description = layout.describe(**SMALL_SIZES, kernel2=5)

    def test_unequal_steps_lose_nothing(self):
        plan = [1] * 4
        rounded, exact = self.paint(self.ranges, plan)
        for layer in (layer for layer in self.net.layers if layer.kernel2):
            self.tensors[f'{layer.name}.dw2'] /= 64
            self.tensors[f'{layer.name}.weight2'] *= 64
            self.ranges[f'{layer.name}.dw2_range'] /= 64
        again, exact_again = self.paint(self.ranges, plan)
        torch.testing.assert_close(exact_again, exact)
        torch.testing.assert_close(again, rounded, rtol=0, atol=1e-3)


class TrainerTest(Folder):
    """Whole steps, resumed, and the file at the end."""

    def setUp(self):
        super().setUp()
        for what in ('CALIBRATION', 'UNFOLDING', 'RANGE'):
            fewer = mock.patch.object(train, f'{what}_BATCHES', 4)
            fewer.start()
            self.addCleanup(fewer.stop)

    def trainer(self, steps=(4, 2, 1)):
        learned = sorted(self.write_once().iterdir())
        options = argparse.Namespace(seed=4, strength=1.0)
        preset = train.Preset(train.stages(*steps), crop_px=64, batch=2)
        painting = torch.rand(1, 3, 64, 72, generator=torch.Generator().manual_seed(9))
        judges = [Judge(tiny_features(half), painting)
                  for half in (False, features.knows_bfloat16())]
        return train.Trainer(Architecture(SMALL), preset, painting, judges,
                             photos.Crops(learned, 64), options)

    def write_once(self):
        folder = self.folder / 'photos'
        return folder if folder.exists() else self.write_photos(6)

    def test_resumed_is_bitwise_what_uninterrupted_is(self):
        straight = self.trainer()
        for _ in range(7):
            straight.step()
        self.assertIsNone(straight.stage)
        for stopped_after in (2, 4, 5, 6):
            checkpoint = Checkpoint(self.folder / 'checkpoint.pt', {'seed': 4})
            before, after = self.trainer(), self.trainer()
            for _ in range(stopped_after):
                before.step()
            checkpoint.save(before.state())
            after.restore(checkpoint.load())
            self.assertEqual(after.n_done, stopped_after)
            for _ in range(7 - stopped_after):
                after.step()
            for name, value in straight.tensors().items():
                self.assertTrue(torch.equal(value, after.tensors()[name]), name)

    def test_result_passes_the_independent_check(self):
        trainer = self.trainer()
        while trainer.stage:
            trainer.step()
        path = self.folder / 'tiny.safetensors'
        card = dict.fromkeys(('title', 'artist', 'year', 'licence', 'trainer'), 'x')
        style_file.save(path, SMALL, {name: value.numpy() for name, value in
                                      trainer.tensors().items()}, {'style': 'tiny', **card},
                        trainer.ranges())
        self.assertEqual(verify.StyleFile(path).widths, [0.25, 0.5, 1.0])
        self.assertTrue(verify.StyleFile(path).has_int8_ranges)

    def test_start_paints_what_the_style_paints(self):
        trainer = self.trainer()
        while trainer.stage:
            trainer.step()
        started, rgb = self.trainer(), trainer.crops.draw(random.Random(0), 8)
        plan = Plans(trainer.architecture).widest
        with torch.no_grad():
            before = started.paint(rgb, plan)
            started.start_from(trainer.tensors())
            errors = [float((painted - trainer.paint(rgb, plan)).abs().mean())
                      for painted in (started.paint(rgb, plan), before)]
        self.assertLess(errors[0], 0.02)
        self.assertGreater(errors[1], 2 * errors[0])

    def test_start_is_trained_on_as_it_is(self):
        tensors = {name: value + 0.01 for name, value in
                   initial_tensors(Architecture(SMALL), seed=3).items()}
        started = self.trainer(steps=(0, 0, 1))
        started.start_from(tensors)
        self.assertEqual((started.stage.name, started.n_done), ('finish', 0))
        for name, value in started.tensors().items():
            self.assertTrue(torch.equal(value, tensors[name]), name)
        with mock.patch.object(Plans, 'draw', lambda plans, rng: [1] * plans.n_segments):
            losses = dict(zip(COLUMNS[2:], started.step()))
        self.assertGreater(losses['stepped'], 0)
        self.assertIsNone(started.stage)
        for name in ('stem.scale', 'stem.weight'):
            self.assertFalse(torch.equal(started.tensors()[name], tensors[name]), name)

    def test_each_plan_has_a_content_weight_of_its_own(self):
        trainer = self.trainer(steps=(0, 0, 1))
        held = trainer.judges[True].features.trunk.faithful
        before = dict(trainer.weights)
        losses = {'content': held, 'narrow_content': 2 * held, 'mixed_content': held / 2}
        trainer._steer(trainer.stage, [losses.get(key, 1) for key in COLUMNS[2:]])
        turns = [trainer.weights[key] / before[key] for key in losses]
        self.assertAlmostEqual(turns[0], 1, 6)
        self.assertGreater(turns[1], 1.01)
        self.assertLess(turns[2], 0.99)

    def test_start_has_the_same_network(self):
        path = self.folder / 'tiny.safetensors'
        net = Architecture(SMALL)
        card = dict.fromkeys(('style', 'title', 'artist', 'year', 'licence', 'trainer'), 'x')
        tensors = initial_tensors(net, seed=3)
        style_file.save(path, SMALL, tensors, card)
        taken = train.read_start(path, net)
        self.assertEqual(set(taken), set(tensors))
        with self.assertRaisesRegex(ValueError, 'tiny.safetensors: its network is another one'):
            train.read_start(path, Architecture(layout.describe()))

    def test_other_settings_are_refused(self):
        path = self.folder / 'checkpoint.pt'
        Checkpoint(path, {'seed': 4}).save({})
        with self.assertRaisesRegex(ResumeError, 'begun with seed 4, now it is 5; --restart'):
            Checkpoint(path, {'seed': 5}).load()

    def test_log_takes_means(self):
        log = Log(self.folder)
        for i in range(2 * TICK_STEPS):
            log.add('paint', i, (i,) * (len(COLUMNS) - 2))
        log.write()
        self.assertEqual([row[2] for row in log.rows], [9.5, 29.5])
        self.assertEqual(json.loads(log.summary())['calm'], 29.5)
        self.assertTrue((self.folder / 'losses.png').exists())
        self.assertEqual(len((self.folder / 'losses.csv').read_text().splitlines()), 3)


class CommandLineTest(Folder):
    """Words to the user."""

    def options(self, **given):
        return argparse.Namespace(**{'out': pathlib.Path('a.safetensors'), 'preset': 'quick',
                                     'steps': None, 'start': None, **given})

    def test_names(self):
        path = pathlib.Path('x/My-Style.safetensors')
        self.assertEqual(train.style_name(self.options(out=path)), 'my_style')
        for bad in ('a.pt', 'ä.safetensors', f'{"a" * 32}.safetensors'):
            with self.assertRaisesRegex(ValueError, 'NAME.safetensors is right'):
                train.style_name(self.options(out=pathlib.Path(bad)))

    def test_photographs_and_features_may_be_named_once(self):
        required = ['train.py', '--style', 'a.jpg', '--out', 'a.safetensors']
        usual = {'AR_TRAIN_CONTENT': 'photos', 'AR_TRAIN_FEATURES': 'net.npz'}
        with mock.patch.object(sys, 'argv', required), mock.patch.dict(train.os.environ, usual):
            options = train.parse()
        self.assertEqual((str(options.content), str(options.features)), ('photos', 'net.npz'))
        with (mock.patch.object(sys, 'argv', required), mock.patch.object(sys, 'stderr'),
              mock.patch.dict(train.os.environ, clear=True), self.assertRaises(SystemExit)):
            train.parse()

    def test_steps(self):
        preset = train.choose_preset(self.options(steps='30,20,10'))
        self.assertEqual([stage.steps for stage in preset.stages], [30, 20, 10])
        for bad in ('30', '30,20,x', '30,-1,10'):
            with self.assertRaisesRegex(ValueError, f'--steps {bad}: three counts'):
                train.choose_preset(self.options(steps=bad))
        started = self.options(steps='0,0,10', start=pathlib.Path('a.safetensors'))
        self.assertEqual([stage.steps for stage in train.choose_preset(started).stages], [0, 0, 10])
        for bad, start in (('0,20,10', None), ('0,0,0', started.start)):
            with self.assertRaisesRegex(ValueError, f'--steps {bad}: the first stage'):
                train.choose_preset(self.options(steps=bad, start=start))

    def test_architecture(self):
        path = self.folder / 'net.json'
        path.write_text(json.dumps(SMALL))
        self.assertEqual(train.read_architecture(path), SMALL)
        path.write_text('{')
        with self.assertRaisesRegex(ValueError, 'net.json: not JSON'):
            train.read_architecture(path)


if __name__ == '__main__':
    unittest.main()
