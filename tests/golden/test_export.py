#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the shipped styles, of the golden files and of the tools that make them.

Plain python3 and numpy do for all but NetworkTest, which needs PyTorch: without it
`test_export.py NetworkTest` ends with 77, Meson's "skipped".
"""
import importlib.util
import json
import pathlib
import struct
import sys
import tempfile
import unittest

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / 'models'
sys.path[:0] = [str(HERE), str(MODELS / 'train')]

import layout  # noqa: E402
import reference  # noqa: E402
import safetensors_io  # noqa: E402
import style_file  # noqa: E402
import verify  # noqa: E402
from architecture import Architecture, ArchitectureError, layer_macs, macs  # noqa: E402

SKIPPED = 77
HAVE_TORCH = importlib.util.find_spec('torch') is not None
STYLES = sorted(MODELS.glob('*.safetensors'))
FIXTURES = [HERE / 'fixture.safetensors', HERE / 'fixture_rgb.safetensors']
GOLDEN_TOLERANCE = 2e-6  # relative to the largest value: golden values are rounded to float32


def golden(path):
    """A fixture's golden tensors, plans, frame count and picture size."""
    tensors, metadata = safetensors_io.load(path.with_stem(path.stem + '_golden'))
    size_px = int(metadata['width']), int(metadata['height'])
    return tensors, json.loads(metadata['plans']), int(metadata['frames']), size_px


class StyleTest(unittest.TestCase):
    """The styles that are installed."""

    def test_each_passes_the_independent_check(self):
        self.assertGreaterEqual(len(STYLES), 2)
        for path in STYLES + FIXTURES:
            with self.subTest(path.name):
                self.assertEqual(verify.StyleFile(path).metadata['style'], path.stem)

    def test_trainer_counts_as_the_check_does(self):
        for path in STYLES + FIXTURES:
            with self.subTest(path.name):
                architecture, _, _ = style_file.load(path)
                checked = verify.StyleFile(path)
                for size_px in ((640, 360), (322, 182), (16, 16)):
                    for rung in range(architecture.n_rungs):
                        rungs = architecture.equal_rungs(rung)
                        self.assertEqual(macs(architecture, *size_px, rungs),
                                         sum(checked.segment_macs(rung, size_px)))

    def test_encoder_leaves_most_of_the_work_to_decide_on(self):
        for path in STYLES:
            checked = verify.StyleFile(path)
            for rung in range(len(checked.widths)):
                encoder, *decoder = checked.segment_macs(rung)
                self.assertLess(encoder, 0.45 * (encoder + sum(decoder)))

    def test_all_are_one_network_so_that_switching_is_a_pointer(self):
        network = layout.describe()
        self.assertGreaterEqual(len(STYLES), 8)
        for path in STYLES:
            with self.subTest(path.name):
                self.assertEqual(verify.StyleFile(path).network, network)

    def test_size_and_int8(self):
        for path in STYLES:
            with self.subTest(path.name):
                self.assertLessEqual(path.stat().st_size, 1.5e6)
                self.assertTrue(verify.StyleFile(path).has_int8_ranges)


class CountTest(unittest.TestCase):
    """Multiply-accumulates of single layers against sums written out here."""

    def setUp(self):
        self.architecture, _, _ = style_file.load(FIXTURES[0])
        self.layers = {layer.name: layer for layer in self.architecture.layers}

    def count(self, name, rungs):
        return layer_macs(self.architecture, self.layers[name], 26, 18, rungs)

    def test_layers(self):
        narrow_encoder = [0, 2, 1, 1]
        self.assertEqual(self.count('stem', narrow_encoder), 7 * 5 * 9 * 6 * 8)
        self.assertEqual(self.count('twin', narrow_encoder), 7 * 5 * (9 * 8 + 25 * 8 + 2 * 8 * 8))
        self.assertEqual(self.count('excite', narrow_encoder),
                         7 * 5 * (25 * 8 + 8 * 8) + 2 * 4 * 8)
        self.assertEqual(self.count('down', narrow_encoder), 4 * 3 * (25 * 8 + 8 * 16))
        self.assertEqual(self.count('res_a', narrow_encoder), 4 * 3 * (9 * 16 + 16 * 32))
        self.assertEqual(self.count('each', narrow_encoder), 4 * 3 * 9 * 32)
        self.assertEqual(self.count('up_quarter', narrow_encoder), 4 * 3 * 32 * 16)
        self.assertEqual(self.count('up_half', narrow_encoder), 7 * 5 * 16 * 8)
        self.assertEqual(self.count('detail', narrow_encoder), 13 * 9 * 25 * 6)


class GoldenTest(unittest.TestCase):
    """The golden files against the format's second implementation, in numpy."""

    def test_names_and_shapes(self):
        for path in FIXTURES:
            style = verify.StyleFile(path)
            tensors, plans, n_frames, size_px = golden(path)
            wanted = {}
            for f in range(n_frames):
                wanted[f'frame{f}.planes'] = self.shape(style, 'planes', 0, size_px)
                for p, rungs in enumerate(plans):
                    for layer in style.layers:
                        wanted[f'plan{p}.frame{f}.{layer["name"]}'] = self.shape(
                            style, layer['name'], rungs[layer['segment']], size_px)
            self.assertEqual({name: value.shape for name, value in tensors.items()}, wanted)

    @staticmethod
    def shape(style, name, rung, size_px):
        width, height = (-(-n // 2 ** style.shifts[name]) for n in size_px)
        return style.channels[name][rung], height, width

    def test_values(self):
        for path in FIXTURES:
            style = verify.StyleFile(path)
            tensors, plans, n_frames, _ = golden(path)
            for p, rungs in enumerate(plans):
                sequence = reference.Sequence(style, rungs)
                for f in range(n_frames):
                    results = sequence.run(tensors[f'frame{f}.planes'])
                    for layer in style.layers:
                        name = f'plan{p}.frame{f}.{layer["name"]}'
                        with self.subTest(path.name, tensor=name):
                            self.assert_close(tensors[name], results[layer['name']])

    def assert_close(self, got, want):
        error = np.abs(got - want).max() / max(1, np.abs(want).max())
        self.assertLess(error, GOLDEN_TOLERANCE)

    def test_fixtures_use_everything(self):
        layers = [layer for path in FIXTURES for layer in verify.StyleFile(path).layers]
        for key, values in {
                'op': {'conv', 'separable', 'pointwise', 'depthwise', 'shuffle'},
                'norm': {'none', 'batch', 'instance'}, 'kernel': {1, 3, 5}, 'kernel2': {0, 3, 5},
                'stride': {1, 2}, 'relu': {False, True}, 'upsample': {False, True},
                'gate_previous': {False, True}}.items():
            self.assertEqual({layer[key] for layer in layers}, values, key)
        self.assertTrue(any(layer['upsample'] and not layer['add'] for layer in layers))
        self.assertTrue(any(layer['upsample'] and layer['add'] for layer in layers))


class RefusalTest(unittest.TestCase):
    """Broken files must be refused, by name of what is broken."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / 'broken.safetensors'
        self.tensors, self.metadata = safetensors_io.load(FIXTURES[0])
        self.network = json.loads(self.metadata['architecture'])

    def tearDown(self):
        self.folder.cleanup()

    def refused(self, words):
        with self.assertRaisesRegex(verify.Broken, words):
            verify.StyleFile(self.path)

    def write(self):
        self.metadata['architecture'] = json.dumps(self.network)
        safetensors_io.save(self.path, self.tensors, self.metadata)

    def layer(self, name):
        return next(layer for layer in self.network['layers'] if layer['name'] == name)

    def test_unchanged_is_accepted(self):
        self.write()
        verify.StyleFile(self.path)

    def test_truncated(self):
        self.path.write_bytes(FIXTURES[0].read_bytes()[:-4])
        self.refused('tensor out.range: ends at')

    def test_longer_than_its_tensors(self):
        self.path.write_bytes(FIXTURES[0].read_bytes() + b'1234')
        self.refused('4 bytes belong to no tensor')

    def test_header_longer_than_the_file(self):
        self.path.write_bytes(struct.pack('<Q', 1 << 40) + b'{}')
        self.refused('header of')

    def test_gap(self):
        entry = {'dtype': 'F32', 'shape': [1], 'data_offsets': [4, 8]}
        header = json.dumps({'__metadata__': {}, 'late': entry}).encode()
        header += b' ' * (-len(header) % 8)
        self.path.write_bytes(struct.pack('<Q', len(header)) + header + bytes(8))
        self.refused('tensor late: starts at 4')

    def test_not_finite(self):
        content = bytearray(FIXTURES[0].read_bytes())
        content[-4:] = struct.pack('<f', float('nan'))
        self.path.write_bytes(content)
        self.refused('tensor out.range: a value is not finite')

    def test_missing_tensor(self):
        del self.tensors['twin.dw2']
        self.write()
        self.refused('tensor twin.dw2: missing')

    def test_stranger(self):
        self.tensors['twin.dw3'] = np.zeros(3)
        self.write()
        self.refused('tensor twin.dw3: a stranger')

    def test_shape(self):
        self.tensors['res_b.gate1'] = self.tensors['res_b.gate1'].T
        self.write()
        self.refused('tensor res_b.gate1: shape')

    def test_missing_range(self):
        del self.tensors['twin.dw2_range']
        self.write()
        self.refused('tensor twin.dw2_range: missing')

    def test_range_of_no_depthwise_result(self):
        self.tensors['stem.dw_range'] = np.ones(3)
        self.write()
        self.refused('tensor stem.dw_range: a stranger')

    def test_shape_of_a_range(self):
        self.tensors['down.range'] = np.ones(1)
        self.write()
        self.refused('tensor down.range: shape')

    def test_range_not_above_0(self):
        for value in (0, -1):
            self.tensors['down.dw_range'][1] = value
            self.write()
            self.refused('tensor down.dw_range: a range is not above 0')

    def test_batch_norm_past_a_width(self):
        self.tensors['fuse.bias'][0, -1] = 1
        self.write()
        self.refused('tensor fuse.bias: not 0')

    def test_count(self):
        self.metadata['macs_640x360'] = '[1, 2, 3]'
        self.write()
        self.refused('macs_640x360')

    def test_forward_reference(self):
        self.layer('down')['input'] = 'fuse'
        self.write()
        self.refused('layer down: input "fuse"')

    def test_sizes_of_a_sum(self):
        self.layer('up_quarter')['add'] = 'planes'
        self.write()
        self.refused('layer up_quarter: its size')

    def test_odd_channels(self):
        self.layer('twin')['channels'] = [8, 12, 24]
        self.write()
        self.refused('layer twin: .* multiples of 8')


class ArchitectureTest(unittest.TestCase):
    """The trainer's own reader refuses what it cannot run."""

    def refused(self, words, victim, **fields):
        _, metadata = safetensors_io.load(FIXTURES[0])
        network = json.loads(metadata['architecture'])
        next(layer for layer in network['layers'] if layer['name'] == victim).update(fields)
        with self.assertRaisesRegex(ArchitectureError, words):
            Architecture(network)

    def test_layers(self):
        self.refused('layer stem: op "dense"', 'stem', op='dense')
        self.refused('layer stem: .*colour', 'stem', colour='red')
        self.refused('layer twin: the name is taken', 'excite', name='twin')
        self.refused('layer twin: kernel2 and gate exclude', 'twin', gate=4)
        self.refused('layer each: op depthwise cannot cross', 'each', segment=2)
        self.refused('layer each: op depthwise on', 'each', channels=[8, 16, 24])
        self.refused('layer up_half: add "stem" has another size', 'up_half', add='stem')
        self.refused('segments: must ascend', 'out', segment=5)
        self.refused('layer out: the last one', 'out', stride=2, add=None)


class RangeTest(unittest.TestCase):
    """Int8 ranges in the trainer's files."""

    def setUp(self):
        self.architecture, self.tensors, metadata = style_file.load(FIXTURES[0])
        self.ranges = style_file.load_ranges(FIXTURES[0])
        self.description = json.loads(metadata['architecture'])
        self.card = {key: metadata[key] for key in ('style', 'title', 'artist', 'year', 'licence',
                                                    'trainer')}
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name) / 'x.safetensors'

    def tearDown(self):
        self.folder.cleanup()

    def save(self, ranges):
        style_file.save(self.path, self.description, self.tensors, self.card, ranges)

    def refused(self, words, **changes):
        with self.assertRaisesRegex(ValueError, words):
            self.save({**self.ranges, **changes})

    def test_those_of_every_layer(self):
        names = {f'{layer.name}.range' for layer in self.architecture.layers}
        names |= {f'{name}.dw_range' for name in ('twin', 'excite', 'down', 'res_a', 'res_b',
                                                  'fuse', 'draw')}
        self.assertEqual(set(self.ranges), names | {'twin.dw2_range', 'draw.dw2_range'})
        self.assertFalse(set(self.ranges) & set(self.tensors))
        self.assertEqual(style_file.load_ranges(FIXTURES[1]), {})

    def test_round_trip(self):
        self.save(dict(reversed(self.ranges.items())))
        self.assertEqual(self.path.read_bytes(), FIXTURES[0].read_bytes())

    def test_a_style_may_have_none(self):
        self.save({})
        self.assertEqual(style_file.load_ranges(self.path), {})
        self.assertEqual(list(style_file.load(self.path)[1]), list(self.tensors))

    def test_independent_check_tells(self):
        for path, words in zip(FIXTURES, ('yes', 'no')):
            self.assertIn(f'  int8 ranges: {words}', list(verify.summary(verify.StyleFile(path))))

    def test_refused(self):
        self.refused('tensor down.range: shape', **{'down.range': np.ones(2)})
        self.refused('tensor stem.dw_range belongs', **{'stem.dw_range': np.ones(3)})
        for value in (0, -1, np.nan):
            self.refused('tensor out.range: a range is not above 0',
                         **{'out.range': np.float32([1, value, 1])})
        self.refused('tensor out.range: .* not finite', **{'out.range': np.float32([1, 1, np.inf])})
        del self.ranges['twin.dw2_range']
        self.refused('tensor twin.dw2_range is missing')

    def test_some_are_not_read(self):
        tensors, metadata = safetensors_io.load(FIXTURES[0])
        del tensors['down.dw_range']
        safetensors_io.save(self.path, tensors, metadata)
        for load in (style_file.load, style_file.load_ranges):
            with self.assertRaisesRegex(ArchitectureError, 'tensor down.dw_range is missing'):
                load(self.path)


class ContainerTest(unittest.TestCase):
    """The safetensors writer."""

    def test_round_trip(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'x.safetensors'
            tensors = {'a': np.arange(6).reshape(2, 3), 'b': np.float32([0.5])}
            safetensors_io.save(path, tensors, {'key': 'a "value"'})
            got, metadata = safetensors_io.load(path)
            self.assertEqual(struct.unpack('<Q', path.read_bytes()[:8])[0] % 8, 0)
        self.assertEqual(metadata, {'key': 'a "value"'})
        self.assertEqual(list(got), ['a', 'b'])
        for name, value in tensors.items():
            np.testing.assert_array_equal(got[name], value)

    def test_a_failure_leaves_the_old_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'x.safetensors'
            path.write_text('old')
            with self.assertRaisesRegex(ValueError, 'tensor a: a value is not finite'):
                safetensors_io.save(path, {'a': np.float32([np.inf])}, {})
            self.assertEqual([file.name for file in path.parent.iterdir()], [path.name])
            self.assertEqual(path.read_text(), 'old')


@unittest.skipUnless(HAVE_TORCH, 'PyTorch is not installed')
class NetworkTest(unittest.TestCase):
    """What needs PyTorch: the trainer's network."""

    def test_network_gives_the_golden_values(self):
        import fixture
        from network import Network
        for path in FIXTURES:
            architecture, tensors, _ = style_file.load(path)
            wanted, plans, n_frames, _ = golden(path)
            frames = [wanted[f'frame{f}.planes'] for f in range(n_frames)]
            got = fixture.golden_tensors(Network(architecture, tensors).double(), frames, plans)
            for name, value in wanted.items():
                np.testing.assert_allclose(got[name], value, rtol=1e-6, atol=1e-6, err_msg=name)


def main():
    """All tests, or those named on the command line."""
    if not HAVE_TORCH:
        print('PyTorch is not installed: NetworkTest is SKIPPED', file=sys.stderr)
        if sys.argv[1:] == ['NetworkTest']:
            sys.exit(SKIPPED)
    unittest.main()


if __name__ == '__main__':
    main()
