#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of what peers.py compares with; needs PyTorch and onnx, and says what it does without.

usage: test_peers.py FOLDER-OF-XNN_NET [unittest's own arguments]
"""
import importlib
import pathlib
import sys
import tempfile
import types
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / 'models' / 'train'))

try:
    import numpy as np
    import onnx
    import torch
except ImportError as error:
    print(f'SKIPPED: the comparison with other engines is not tested: {error}')
    sys.exit(77)  # Meson's "skipped"

import onnx_graph  # noqa: E402
import peer_comparison  # noqa: E402
import peer_engine  # noqa: E402
import peer_graph  # noqa: E402
import peer_ncnn  # noqa: E402
import peer_picture  # noqa: E402
import peer_table  # noqa: E402
import peer_xnnpack  # noqa: E402
import style_file  # noqa: E402
from architecture import macs  # noqa: E402
from network import Network  # noqa: E402

STYLE = TREE / 'models' / 'scream.safetensors'
GATED = TREE / 'tests' / 'golden' / 'fixture.safetensors'
SIZE_PX = (64, 48)
RUNG = 1
MOST_OFF = 1e-4  # of planes, whose values are about 1
MEAN_OFF_INT8 = 0.1
PEERS = ('ort', 'ncnn', 'xnnpack', 'litert')
ARCHITECTURE, TENSORS, _ = style_file.load(STYLE)


def seeded(seed):
    """Planes that change slowly, with some noise."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(0, 1, (1, 6, 4, 5)).astype(np.float32))
    smooth = torch.nn.functional.interpolate(coarse, size=(SIZE_PX[1] // 2, SIZE_PX[0] // 2),
                                             mode='bilinear')[0].numpy()
    return smooth + rng.normal(0, 0.05, smooth.shape).astype(np.float32)


def exact(path=STYLE):
    """A style's exported graph, read."""
    architecture, tensors, _ = style_file.load(path)
    model = onnx_graph.build(architecture, tensors, architecture.equal_rungs(RUNG), SIZE_PX)
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(model, f'{folder}/style.onnx')
        return peer_graph.read(f'{folder}/style.onnx')


def painted(graph, planes):
    """A graph's result."""
    return peer_graph.evaluate(graph, planes)[graph.output]


def off(one, other):
    """The largest difference."""
    return np.abs(one - other).max()


class GraphTest(unittest.TestCase):
    """The variants of a network."""

    def setUp(self):
        self.planes = seeded(1)
        self.exact = exact()
        self.folded = peer_graph.fold(self.exact, self.planes)
        self.lean = peer_graph.lean(self.folded)

    def test_exact_is_the_network(self):
        rungs = ARCHITECTURE.equal_rungs(RUNG)
        with torch.no_grad():
            wanted = Network(ARCHITECTURE, TENSORS)(torch.from_numpy(self.planes)[None], rungs)
        self.assertLess(off(painted(self.exact, self.planes), wanted[0].numpy()), MOST_OFF)
        self.assertEqual(self.exact.macs, macs(ARCHITECTURE, *SIZE_PX, rungs))

    def test_folded_is_exact_for_one_picture(self):
        self.assertFalse([step for step in self.folded.steps if step.kind == 'norm'])
        self.assertLess(off(painted(self.folded, self.planes), painted(self.exact, self.planes)),
                        MOST_OFF)
        other = seeded(2)
        self.assertGreater(off(painted(self.folded, other), painted(self.exact, other)), 0.01)

    def test_lean_differs_by_its_borders_alone(self):
        self.assertEqual({step.kind for step in self.lean.steps}, {'conv', 'double', 'add'})
        self.assertEqual(self.lean.macs, self.exact.macs)
        stem = next(step for step in self.lean.steps if step.stride == 2)
        lean, folded = (peer_graph.evaluate(graph, self.planes)[stem.output]
                        for graph in (self.lean, self.folded))
        self.assertLess(off(lean[:, 1:, 1:], folded[:, 1:, 1:]), MOST_OFF)
        self.assertGreater(off(lean, folded), 0.01)

    def test_shapes(self):
        for graph in (self.exact, self.folded, self.lean):
            for name, value in peer_graph.evaluate(graph, self.planes).items():
                self.assertEqual(graph.shapes[name], value.shape)

    def test_onnx_says_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            for graph in (self.exact, self.folded):
                onnx.save(peer_graph.to_onnx(graph), f'{folder}/again.onnx')
                again = peer_graph.read(f'{folder}/again.onnx')
                self.assertEqual(off(painted(again, self.planes), painted(graph, self.planes)), 0)
        onnx.checker.check_model(peer_graph.to_onnx(self.lean), full_check=True)

    def test_unknown_operations(self):
        with self.assertRaisesRegex(peer_graph.Unsupported, 'GlobalAveragePool'):
            exact(GATED)

    def test_sums_are_doubled(self):
        joined = peer_graph.with_sums_doubled(self.lean.steps)
        doubles = [len(step.inputs) for step in joined if step.kind == 'double']
        self.assertEqual(sorted(doubles), [1, 2])
        self.assertEqual(len(joined), len(self.lean.steps) - 1)


class FileTest(unittest.TestCase):
    """Files that are written for engines."""

    def setUp(self):
        self.planes = seeded(1)
        self.graph = peer_graph.lean(peer_graph.fold(exact(), self.planes))
        self.ranges = peer_engine.ranges(self.graph, [self.planes])

    def test_xnnpack_slots_are_not_shared_while_needed(self):
        for ranges in (None, self.ranges):
            files = peer_xnnpack.Files(self.graph, ranges)
            slots, held = files._slots(), {}
            self.assertLess(max(slots), 6)
            for at, (slot, numbers) in enumerate(zip(slots, files.reads)):
                for number in numbers:
                    self.assertEqual(held[slots[number]], number)
                    self.assertNotEqual(slots[number], slot)
                held[slot] = at

    def test_xnnpack_weights_are_all_there(self):
        n_weights = sum(step.weight.size for step in self.graph.steps if step.kind == 'conv')
        n_outputs = sum(len(step.weight) for step in self.graph.steps if step.kind == 'conv')
        f32 = b''.join(peer_xnnpack.Files(self.graph, None).weights)
        int8 = b''.join(peer_xnnpack.Files(self.graph, self.ranges).weights)
        self.assertEqual(len(f32), 4 * (n_weights + n_outputs))
        self.assertAlmostEqual(len(int8), n_weights + 8 * n_outputs, delta=100)

    def test_ncnn_blobs_have_one_reader(self):
        lines = [line.split() for line in peer_ncnn.Files(self.graph, self.ranges).lines]
        reads, writes = [], []
        for line in lines:
            n_in, n_out = map(int, line[2:4])
            reads += line[4:4 + n_in]
            writes += line[4 + n_in:4 + n_in + n_out]
        self.assertEqual(len(writes), len(set(writes)))
        self.assertEqual(sorted(reads), sorted(set(writes) - {self.graph.output}))
        self.assertEqual(peer_ncnn.Files(self.graph, None).blobs, len(writes))


class ScaleTest(unittest.TestCase):
    """Values in int8."""

    def test_zero_is_exact(self):
        for span in ((-1.0, 3.0), (0.0, 0.7), (-2.0, 1e-6)):
            affine = peer_engine.affine(span)
            self.assertEqual(affine.steps(np.zeros(1))[0], affine.zero)
            ends = (affine.steps(np.array(span)).astype(float) - affine.zero) * affine.scale
            self.assertLess(off(ends, np.array(span)), 1.01 * affine.scale)

    def test_weights(self):
        weight = np.random.default_rng(3).normal(0, 1, (4, 3, 3, 3)).astype(np.float32)
        steps, scales = peer_engine.weight_steps(weight)
        self.assertEqual(np.abs(steps.reshape(4, -1)).max(1).tolist(), [127] * 4)
        self.assertLess(off(steps * scales[:, None, None, None], weight), 0.51 * scales.max())


class PictureTest(unittest.TestCase):
    """Bytes and planes."""

    def test_there_and_back(self):
        picture = np.random.default_rng(4).integers(0, 256, peer_picture.size_b(*SIZE_PX), np.uint8)
        planes = peer_picture.planes(ARCHITECTURE, picture.tobytes(), *SIZE_PX)
        levels = peer_picture.levels(ARCHITECTURE, planes)
        luma = picture[:SIZE_PX[0] * SIZE_PX[1]].reshape(SIZE_PX[::-1])
        self.assertLess(off(levels[1], luma[::2, 1::2]), 1e-3)
        self.assertLess(off(levels[2], luma[1::2, ::2]), 1e-3)
        self.assertLess(off(levels[5].ravel(), picture[-levels[5].size:]), 1e-3)


class EngineTest(unittest.TestCase):
    """Engines that are here compute what the graph says."""

    def test_engines(self):
        planes = seeded(1)
        graph = peer_graph.lean(peer_graph.fold(exact(), planes))
        wanted = painted(graph, planes)
        for peer in PEERS:
            kind = importlib.import_module(f'peer_{peer}').Engine
            for ranges in (None, peer_engine.ranges(graph, [planes])):
                with self.subTest(f'{peer} {"int8" if ranges else "f32"}'):
                    try:
                        engine = kind(graph, [planes], ranges, 1)
                    except peer_engine.Unavailable as reason:
                        print(f'SKIPPED: {kind.NAME}: {reason}')
                        continue
                    found = engine.paint(planes)
                    self.assertEqual(len(engine.turn(3)), 3)
                    engine.close()
                    if ranges is None:
                        self.assertLess(off(found, wanted), MOST_OFF)
                    else:
                        self.assertLess(np.abs(found - wanted).mean(), MEAN_OFF_INT8)


class TableTest(unittest.TestCase):
    """Ratios."""

    def setUp(self):
        self.options = types.SimpleNamespace(threads=1, size=SIZE_PX, frames=3)
        self.contest = peer_comparison.Contest('f32', 0.5, 'lean', 12.3)
        self.contest.spent_ns = {'ncnn': [5e6, 4e6, 9e6], 'LiteRT': [6e6, 6e6, 4.5e6]}

    def test_ratio(self):
        self.contest.spent_ns[peer_table.OURS] = [2e6, 3e6, 2.5e6]
        found = peer_table.row(self.contest, self.options)
        self.assertEqual(found['best_peer'], 'ncnn')
        self.assertAlmostEqual(found['ratio_min'], 4 / 2)
        self.assertAlmostEqual(found['ratio_median'], 5 / 2.5)
        lines = peer_table.table([found], ['ncnn', 'XNNPACK'])
        self.assertRegex(lines[1], r'f32 +0\.5 +12 +lean +4\.00 / 5\.00 +- +ncnn +2\.00 +2\.00')

    def test_without_one_side(self):
        found = peer_table.row(self.contest, self.options)
        self.assertEqual((found['ratio_min'], found['best_peer']), (None, 'ncnn'))
        self.contest.spent_ns = {peer_table.OURS: [2e6]}
        found = peer_table.row(self.contest, self.options)
        self.assertEqual((found['ratio_min'], found['best_peer']), (None, None))


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(f'usage: {sys.argv[0]} FOLDER-OF-XNN_NET [unittest arguments]')
    peer_xnnpack.Engine.folder = sys.argv.pop(1)
    torch.set_num_threads(1)
    unittest.main()
