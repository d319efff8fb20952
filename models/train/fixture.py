#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the golden test's files: two small seeded networks that use every op and option of
the format, and every layer's result for some plans, computed in float64.

FIXTURE.safetensors is a style file, the first with int8 ranges. FIXTURE_golden.safetensors holds
`frameF.planes` and `planP.frameF.LAYER`; each plan is a sequence of frames that starts from
forgotten statistics.
"""
import argparse
import json
import pathlib

import numpy as np
import torch

import safetensors_io
import style_file
from architecture import (PLANE_COUNT, PLANE_SHIFT, Architecture, range_shapes, scaled,
                          tensor_shapes)
from network import FrameState, Network

N_FRAMES = 3
LAST_CONTRAST = 0.1  # of the last frame: so flat that running statistics do not fit
WIDTHS = [0.25, 0.5, 1.0]


def layer(name, op, source, segment, channels, **options):
    """A layer's entry, `source` being its input; a plain count is the same at all widths."""
    if isinstance(channels, int):
        channels = [channels] * len(WIDTHS)
    entry = {'name': name, 'op': op, 'input': source, 'segment': segment, 'channels': channels}
    if op in ('pointwise', 'shuffle'):
        entry['kernel'] = 1
    return {**entry, **options}


def picture_yuv420():
    """Four segments on packed YUV planes, borders replicated."""
    return {
        'planes': 'yuv420', 'offset': [0.45] * 4 + [128 / 255] * 2, 'gain': 4.0,
        'border': 'replicate', 'instance_rate': 0.15, 'widths': WIDTHS,
        'layers': [
            layer('stem', 'conv', 'planes', 0, [8, 16, 16], stride=2, norm='batch', relu=True),
            layer('twin', 'separable', 'stem', 0, [8, 16, 24], kernel2=5, relu=True),
            layer('excite', 'separable', 'twin', 0, [8, 16, 24], kernel=5, norm='batch', gate=4,
                  add='twin'),
            layer('down', 'separable', 'excite', 0, [16, 24, 32], kernel=5, stride=2,
                  norm='instance', relu=True),
            layer('res_a', 'separable', 'down', 1, [16, 24, 32], norm='instance', relu=True),
            layer('res_b', 'separable', 'res_a', 1, [16, 24, 32], norm='instance', gate=3,
                  gate_previous=True, add='down'),
            layer('each', 'depthwise', 'res_b', 1, [16, 24, 32], norm='instance', relu=True),
            layer('up_quarter', 'pointwise', 'each', 2, [8, 16, 24], upsample=True, add='excite'),
            layer('fuse', 'separable', 'up_quarter', 2, [8, 16, 24], norm='batch', relu=True),
            layer('up_half', 'pointwise', 'fuse', 3, [8, 8, 16], norm='batch', relu=True,
                  upsample=True),
            layer('draw', 'separable', 'up_half', 3, [8, 8, 16], kernel=5, kernel2=3),
            layer('detail', 'depthwise', 'planes', 3, 6, kernel=5),
            layer('out', 'conv', 'draw', 3, 6, add='detail'),
        ],
    }


def picture_rgb():
    """Three segments on RGB planes with a shuffled head, borders reflected."""
    return {
        'planes': 'rgb', 'offset': [0.485, 0.456, 0.406], 'gain': 4.5,
        'border': 'reflect', 'instance_rate': 0.25, 'widths': WIDTHS,
        'layers': [
            layer('stem', 'conv', 'planes', 0, [8, 8, 16], kernel=5, stride=2, norm='batch',
                  relu=True),
            layer('down', 'separable', 'stem', 0, [8, 16, 24], stride=2, kernel2=5,
                  norm='instance', relu=True),
            layer('each', 'depthwise', 'down', 0, [8, 16, 24], kernel=5, norm='instance'),
            layer('deep', 'depthwise', 'each', 0, [8, 16, 24], stride=2, norm='batch', relu=True),
            layer('widen', 'separable', 'deep', 1, [8, 16, 24], kernel=3, gate=4, upsample=True,
                  add='down'),
            layer('up', 'separable', 'widen', 1, [8, 8, 16], kernel=5, norm='instance',
                  relu=True, upsample=True, add='stem'),
            layer('squeeze', 'pointwise', 'up', 2, [8, 8, 16], norm='instance', relu=True),
            layer('head', 'conv', 'squeeze', 2, 12),
            layer('tint', 'pointwise', 'planes', 2, 3),
            layer('out', 'shuffle', 'head', 2, 3, add='tint'),
        ],
    }


# 26x18 gives maps of 13x9, 7x5 and 4x3; 18x16 gives 9x8, 5x4 and 3x2: odd sizes are cropped.
# With these seeds no instance norm divides by a variance near zero, which would magnify rounding.
FIXTURES = {
    'fixture': {
        'describe': picture_yuv420, 'seed': 12, 'width': 26, 'height': 18,
        'plans': [[2, 2, 2, 2], [0, 2, 1, 0], [1, 0, 2, 1]], 'has_ranges': True,
    },
    'fixture_rgb': {
        'describe': picture_rgb, 'seed': 34, 'width': 18, 'height': 16,
        'plans': [[1, 1, 1], [2, 0, 2]], 'has_ranges': False,
    },
}


def seeded_tensors(architecture, random):
    """Weights that keep results near 1, scales near 1, biases near 0."""
    tensors = {}
    for entry in architecture.layers:
        for key, shape in tensor_shapes(architecture, entry).items():
            value = seeded_tensor(key, shape, random)
            if entry.norm == 'batch' and key in ('scale', 'bias'):
                for rung, channels in enumerate(entry.channels):
                    value[rung, channels:] = 0
            tensors[f'{entry.name}.{key}'] = value.astype(np.float32)
    return tensors


def seeded_tensor(key, shape, random):
    """One tensor by its short name."""
    noise = random.standard_normal(shape)
    if key == 'scale':
        return 1 + 0.2 * noise
    if 'bias' in key:
        return 0.2 * noise
    terms = np.prod(shape[1:])
    return noise * np.sqrt(1.5 / terms)


def seeded_ranges(architecture, random):
    """Int8 ranges for the readers of files: above 0, but not those of the network's results."""
    return {f'{entry.name}.{key}': random.uniform(1, 8, shape).astype(np.float32)
            for entry in architecture.layers
            for key, shape in range_shapes(architecture, entry).items()}


def seeded_planes(architecture, width_px, height_px, random):
    """Frames whose contrast and mean move on, so that running statistics matter; the last jumps."""
    shift = PLANE_SHIFT[architecture.planes]
    shape = (PLANE_COUNT[architecture.planes], scaled(height_px, shift), scaled(width_px, shift))
    offset = np.array(architecture.offset)[:, None, None]
    picture = random.uniform(40, 180, shape)
    for frame in range(N_FRAMES):
        contrast = LAST_CONTRAST if frame == N_FRAMES - 1 else 1 - 0.2 * frame
        noisy = picture * contrast + 30 * frame + 4 * random.standard_normal(shape)
        levels = np.clip(np.rint(noisy), 0, 255)
        yield ((levels / 255 - offset) * architecture.gain).astype(np.float32)


def run_plan(network, frames, rungs):
    """Yields each frame's results by layer, from forgotten statistics on."""
    state = FrameState()
    for planes in frames:
        with torch.no_grad():
            results = network.trace(torch.from_numpy(planes).double()[None], rungs, state)
        yield {name: value[0].numpy() for name, value in results.items()}


def golden_tensors(network, frames, plans):
    """The golden file's tensors."""
    tensors = {f'frame{f}.planes': planes for f, planes in enumerate(frames)}
    for p, rungs in enumerate(plans):
        for f, results in enumerate(run_plan(network, frames, rungs)):
            tensors.update({f'plan{p}.frame{f}.{name}': value for name, value in results.items()})
    return tensors


def make(folder, name, recipe):
    """Writes a fixture and its golden file; gives their size in bytes."""
    random = np.random.RandomState(recipe['seed'])
    description = recipe['describe']()
    architecture = Architecture(description)
    tensors = seeded_tensors(architecture, random)
    frames = list(seeded_planes(architecture, recipe['width'], recipe['height'], random))
    ranges = seeded_ranges(architecture, random) if recipe['has_ranges'] else None
    style, golden = (folder / f'{name}{suffix}.safetensors' for suffix in ('', '_golden'))
    card = {'style': name, 'title': 'Fixture', 'artist': 'seeded noise', 'year': '2024',
            'licence': 'MIT', 'trainer': 'none'}
    style_file.save(style, description, tensors, card, ranges)
    network = Network(architecture, tensors).double()
    metadata = {'plans': json.dumps(recipe['plans']), 'frames': str(N_FRAMES),
                'width': str(recipe['width']), 'height': str(recipe['height'])}
    safetensors_io.save(golden, golden_tensors(network, frames, recipe['plans']), metadata)
    return style.stat().st_size + golden.stat().st_size


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', type=pathlib.Path, help='where the files go: tests/golden')
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    for name, recipe in FIXTURES.items():
        print(f'{folder / name}: {make(folder, name, recipe) / 1000:.0f} kB with its golden file')


if __name__ == '__main__':
    main()
