#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the ONNX export; needs onnx, PyTorch, and ONNX Runtime or onnx 1.13's own evaluator."""
import argparse
import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

SKIPPED = 77  # Meson's "skipped"

try:
    import numpy as np
    import onnx
    import torch
except ImportError as error:
    print(f'SKIPPED: the ONNX export is not tested: {error}')
    sys.exit(SKIPPED)

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / 'models'
sys.path.insert(0, str(MODELS / 'train'))

import export  # noqa: E402
import onnx_graph  # noqa: E402
import style_file  # noqa: E402
from architecture import Architecture, macs  # noqa: E402
from network import Network  # noqa: E402

STYLES = sorted(MODELS.glob('*.safetensors'))
# All ops between them, at sizes whose maps are odd from one, two or three halvings on.
FIXTURES = [(HERE / 'fixture.safetensors', ((26, 18), (34, 22), (48, 32))),
            (HERE / 'fixture_rgb.safetensors', ((18, 16), (26, 22)))]
SHIPPED_PX = (50, 38)
# Runtimes sum in an order of their own, so their float32 is as far from float64 as PyTorch's
# is, but not in the same places: of all plans and sizes here, and the styles of the first
# release, 2.4 times as far at most. A wrong tap, row or rung is off 10,000 times as far.
ERROR_RATIO = 8


def onnx_runtime(model, planes):
    """The result by ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=['CPUExecutionProvider'])
    return session.run(None, {'planes': planes})[0]


def onnx_reference(model, planes):
    """The result by the evaluator that is part of onnx."""
    return ReferenceEvaluator(model).run(None, {'planes': planes})[0]


RUNNERS = []
try:
    import onnxruntime
    RUNNERS.append(onnx_runtime)
except ImportError as error:
    print(f'SKIPPED: ONNX Runtime: {error}')
try:
    from onnx.reference import ReferenceEvaluator
    RUNNERS.append(onnx_reference)
except ImportError as error:
    print(f'SKIPPED: the evaluator of onnx: {error}')
if not RUNNERS:
    print('SKIPPED: the ONNX export is not tested: nothing runs its graphs')
    sys.exit(SKIPPED)


def plans(architecture):
    """Every segment at the narrowest, a middle and the widest rung, and mixtures of these."""
    n_segments, widest = architecture.n_segments, architecture.n_rungs - 1
    for rung in (0, widest // 2, widest):
        yield architecture.equal_rungs(rung)
    yield [widest] + [0] * (n_segments - 1)
    yield [0] + [widest] * (n_segments - 1)
    yield [(0, widest, widest // 2, 0)[segment % 4] for segment in range(n_segments)]


def seeded_planes(architecture, size_px):
    """Planes of noise, one picture."""
    shift = architecture.shift('planes')
    shape = (1, architecture.n_planes, size_px[1] >> shift, size_px[0] >> shift)
    return np.random.default_rng(1).normal(0, 1, shape).astype(np.float32)


def painted(architecture, tensors, planes, rungs, precision):
    """The result by PyTorch."""
    network = Network(architecture, tensors).to(precision)
    with torch.no_grad():
        return network(torch.from_numpy(planes).to(precision), rungs).numpy()


class ResultTest(unittest.TestCase):
    """Graphs give what the network gives."""

    def assert_paints_alike(self, path, rungs, size_px):
        architecture, tensors, _ = style_file.load(path)
        planes = seeded_planes(architecture, size_px)
        exact = painted(architecture, tensors, planes, rungs, torch.float64)
        rounded = painted(architecture, tensors, planes, rungs, torch.float32)
        limit = ERROR_RATIO * np.abs(rounded - exact).max()
        self.assertLess(limit, 1e-3)
        model = onnx_graph.build(architecture, tensors, rungs, size_px)
        for run in RUNNERS:
            with self.subTest(f'{run.__name__}: {path.name} {rungs} {size_px}'):
                result = run(model, planes)
                self.assertEqual(result.shape, exact.shape)
                self.assertLess(np.abs(result - exact).max(), limit)

    def test_fixtures(self):
        for path, sizes_px in FIXTURES:
            for size_px in sizes_px:
                for rungs in plans(style_file.load(path)[0]):
                    self.assert_paints_alike(path, rungs, size_px)

    def test_shipped_styles(self):
        for path in STYLES:
            for rungs in plans(style_file.load(path)[0]):
                self.assert_paints_alike(path, rungs, SHIPPED_PX)

    def test_the_limit_tells_rungs_apart(self):
        architecture, tensors, _ = style_file.load(FIXTURES[0][0])
        planes = seeded_planes(architecture, (26, 18))
        one, other = (painted(architecture, tensors, planes, rungs, torch.float64)
                      for rungs in ([2, 2, 2, 2], [2, 2, 2, 1]))
        self.assertGreater(np.abs(one - other).max(), 0.1)


class GraphTest(unittest.TestCase):
    """What makes a comparison fair."""

    def setUp(self):
        self.architecture, self.tensors, _ = style_file.load(FIXTURES[0][0])

    def build(self, rungs):
        return onnx_graph.build(self.architecture, self.tensors, rungs, (26, 18))

    def test_batch_norm_is_folded(self):
        operations = {node.op_type for node in self.build([1, 1, 1, 1]).graph.node}
        self.assertEqual(operations, {
            'Pad', 'Conv', 'Relu', 'Add', 'InstanceNormalization', 'Resize', 'Slice',
            'GlobalAveragePool', 'Sigmoid', 'Mul'})

    def test_weights_are_those_of_the_widths(self):
        weights = {tensor.name: list(tensor.dims)
                   for tensor in self.build([0, 2, 1, 0]).graph.initializer}
        self.assertEqual(weights['stem.weight'], [8, 6, 3, 3])
        self.assertEqual(weights['res_a.dw'], [16, 1, 3, 3])
        self.assertEqual(weights['res_a.weight'], [32, 16, 1, 1])
        self.assertEqual(weights['up_quarter.weight'], [16, 32, 1, 1])

    def test_layers_that_filter_the_same_share_a_border(self):
        description = json.loads(style_file.load(FIXTURES[0][0])[2]['architecture'])
        next(layer for layer in description['layers'] if layer['name'] == 'draw')['kernel'] = 3
        architecture = Architecture(description)
        tensors = {**self.tensors, 'draw.dw': self.tensors['draw.dw'][:, 1:4, 1:4]}
        model = onnx_graph.build(architecture, tensors, [2, 2, 2, 2], (26, 18))
        borders = [node.input[0] for node in model.graph.node if node.op_type == 'Pad']
        self.assertEqual(borders.count('up_half'), 1)

    def test_old_runtimes_read_it(self):
        model = self.build([2, 2, 2, 2])
        self.assertEqual((model.ir_version, model.opset_import[0].version), (7, 13))


class CommandLineTest(unittest.TestCase):
    """Files, and words to the user."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / 'style.onnx'

    def run_main(self, *arguments, style=FIXTURES[0][0]):
        with mock.patch('sys.argv', ['export.py', *arguments, str(style), str(self.path)]), \
                contextlib.redirect_stdout(io.StringIO()) as out:
            export.main()
        return out.getvalue()

    def assert_refused(self, words, *arguments, **options):
        with self.assertRaisesRegex(SystemExit, words):
            self.run_main(*arguments, **options)
        self.assertFalse(list(self.path.parent.iterdir()))

    def test_file(self):
        words = self.run_main('--onnx', '0.5', '--decoder-width', '1', '--size', '34x22')
        self.assertRegex(words, r'style\.onnx: \d+ MMAC, \d+ nodes, opset 13')
        model = onnx.load(self.path)
        counted = str(macs(style_file.load(FIXTURES[0][0])[0], 34, 22, [1, 2, 2, 2]))
        self.assertEqual({entry.key: entry.value for entry in model.metadata_props},
                         {'widths': '0.5 1 1 1', 'size': '34x22', 'macs': counted})
        self.assertEqual([file.name for file in self.path.parent.iterdir()], [self.path.name])

    def test_width(self):
        words = 'fixture.safetensors: not trained at width 0.3, but at 0.25, 0.5, 1$'
        self.assert_refused(words, '--onnx', '0.3')
        self.assert_refused(words, '--onnx', '1', '--decoder-width', '0.3')

    def test_size(self):
        self.assertEqual(export.read_size('640x360'), (640, 360))
        for text in ('640', '641x360', '640x14', '0x0', '-640x360'):
            with self.assertRaisesRegex(argparse.ArgumentTypeError, 'as in 640x360'):
                export.read_size(text)

    def test_not_a_style(self):
        self.assert_refused('README.md: not a style file', '--onnx', '1',
                            style=MODELS / 'README.md')
        self.assert_refused('none: No such file', '--onnx', '1', style=self.path / 'none')

    def test_missing_package(self):
        with mock.patch.object(export, 'MISSING', 'onnx'):
            self.assert_refused(r'install python3-onnx \(Debian\) or onnx \(PyPI\)', '--onnx', '1')


if __name__ == '__main__':
    unittest.main()
