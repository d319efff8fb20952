#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Predicts the milliseconds of a frame on Raspberry Pis, without one: not measured.

Compute: a style's exact multiply-accumulates, each at the cycles that llvm-mca gives the loop that does them (mca.py).
That is the least: caches that always hit, and nothing beside the loops. What int8 does to a sum before it is stored
is nearly what it does to a float32 that it takes in, and is counted as that; the loop of its depthwise filter
has it inside. Memory: the bytes that ar-bench's column MB
counts, at the rate that one core copies with, added as if nothing overlapped. Threads share both alike.

usage: predict_arm.py models/scream.safetensors
"""
import argparse
import itertools
import pathlib
import sys
from dataclasses import dataclass

import mca

sys.path.insert(0, str(mca.TREE / 'models' / 'train'))
import style_file  # noqa: E402
from architecture import layer_macs  # noqa: E402

SIZE_PX = (640, 360)
WIDTHS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Board:
    """A board's processor; bytes a second are an assumption, from what others publish of them."""

    name: str
    core: str
    hz: float
    bytes_a_second: float


BOARDS = (Board('Raspberry Pi 4', 'Cortex-A72', 1.8e9, 4e9),
          Board('Raspberry Pi 5', 'Cortex-A76', 2.4e9, 9e9))


@dataclass(frozen=True)
class Precision:
    """The names of its loops, by core where these differ."""

    name: str
    value_b: int
    pointwise: dict
    planes: dict
    depthwise: str
    end: str | None = None


PRECISIONS = (
    Precision('f32', 4, dict.fromkeys(('Cortex-A72', 'Cortex-A76'), 'pointwise, 5 vectors x 4 outputs'),
              dict.fromkeys(('Cortex-A72', 'Cortex-A76'), 'pointwise, 4 vectors x 6 planes'),
              'depthwise 3x3, stride '),
    Precision('int8', 1, {'Cortex-A72': 'int8 pointwise, 8 pixels x 4 outputs',
                          'Cortex-A76': 'int8 pointwise, 8 pixels x 12 outputs'},
              {'Cortex-A72': 'int8 pointwise, 8 pixels x 4 outputs',
               'Cortex-A76': 'int8 pointwise, 8 pixels x 6 planes'},
              'int8 depthwise 3x3, stride ', 'bytes from float32'))
DEPTHWISE8_MACS = 16 * 4 * 9  # of an iteration: pixels, channels, taps
END_VALUES = 16  # that an iteration of the loop at a sum's end takes


def per_mac(result):
    """Cycles of one multiply-accumulate in a loop; of a filter's taps, that of the zero beside them is none."""
    if result.name.text.startswith('int8 depthwise'):
        return result.cycles / DEPTHWISE8_MACS
    return result.cycles_per_multiply_add / result.name.kind[1]


def inputs_and_outputs(architecture, layer, rungs):
    """Pixels of a layer's filter, and its channels."""
    shift = architecture.filter_shift(layer)
    n_pixels = -(-SIZE_PX[0] >> shift) * -(-SIZE_PX[1] >> shift)
    return n_pixels, architecture.channels(layer.input, rungs), architecture.channels(layer.name, rungs)


def cycles(architecture, rungs, cost, core, precision):
    """Of one frame on one core; `cost` has the results of its loops by name."""
    total = 0.0
    product = {n_outputs == 6: per_mac(cost[name]) for n_outputs, name in
               ((6, precision.planes[core]), (0, precision.pointwise[core]))}
    for layer in architecture.layers:
        macs = layer_macs(architecture, layer, *SIZE_PX, rungs)
        n_pixels, n_inputs, n_outputs = inputs_and_outputs(architecture, layer, rungs)
        depthwise = 9 * n_pixels * n_inputs if layer.op == 'separable' else 0
        if depthwise:
            total += depthwise * per_mac(cost[f'{precision.depthwise}{layer.stride}'])
        total += (macs - depthwise) * product[n_outputs == 6]
        if precision.end:
            total += n_pixels * n_outputs * cost[precision.end].cycles / END_VALUES
    return total


def traffic_b(architecture, rungs, value_b):
    """What maps move: each is written once and read by each of its readers."""
    total = 0
    for layer in architecture.layers:
        for name in filter(None, (layer.input, layer.add, layer.name)):
            shift = architecture.shift(name)
            n_pixels = -(-SIZE_PX[0] >> shift) * -(-SIZE_PX[1] >> shift)
            total += n_pixels * architecture.channels(name, rungs) * value_b
    return total


def costs(compiler, sysroot):
    """Results by core and loop."""
    found = mca.compile_loops(compiler, sysroot)
    known, missing = mca.analysers(None)
    table = {}
    for analyser in known:
        for result in mca.analyse(found, analyser):
            table.setdefault(result.core, {})[result.name.text] = result
    return table, missing


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n', maxsplit=1)[0])
    parser.add_argument('style', type=pathlib.Path)
    parser.add_argument('--cc')
    parser.add_argument('--sysroot')
    options = parser.parse_args()
    architecture = style_file.load(options.style)[0]
    try:
        table, missing = costs(options.cc, options.sysroot)
    except mca.Missing as problem:
        sys.exit(str(problem))
    for words in missing:
        print(f'SKIPPED: {words}')
    print('| board (prediction) | precision | width | compute, ms | with memory, ms | 3 threads, ms |')
    print('|---|---|---|---|---|---|')
    for board in BOARDS:
        if board.core not in table:
            continue
        for precision, width in itertools.product(PRECISIONS, WIDTHS):
            rungs = architecture.equal_rungs(architecture.nearest_rung(width))
            least = cycles(architecture, rungs, table[board.core], board.core, precision) / board.hz * 1e3
            memory = traffic_b(architecture, rungs, precision.value_b) / board.bytes_a_second * 1e3
            print(f'| {board.name} | {precision.name} | {width:g} | {least:.1f} | {least + memory:.1f} | '
                  f'{least / 3 + memory:.1f} |')


if __name__ == '__main__':
    main()
