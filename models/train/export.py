#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a trained state dict of the packed-planes network into a style file.

Batch norm is folded into a scale and a bias per width; every channel count is written out.
"""
import argparse
import pathlib
import sys
from pickle import UnpicklingError

import numpy as np
import torch

import style_file
from architecture import ArchitectureError

WIDTHS = (0.25, 0.5, 0.75, 1.0)
N_RESIDUALS = 4  # at 1/8 of the picture
BATCH_EPSILON = 1e-5
CARDS = {
    'starry_night': {'title': 'The Starry Night', 'artist': 'Vincent van Gogh', 'year': '1889'},
    'great_wave': {'title': 'The Great Wave off Kanagawa', 'artist': 'Katsushika Hokusai',
                   'year': '1831'},
}
LICENCE = 'MIT; the painting is in the public domain'
TRAINER = 'starter: 1800 steps for style, 700 for calm, 192 px crops, widths 0.25 to 1'


def slim(channels):
    """Channels per width, in steps of 8, never fewer than 8."""
    return [max(8, round(channels * width / 8) * 8) for width in WIDTHS]


def layer(name, op, source, segment, channels, **options):
    """A layer's entry, `source` being its input."""
    entry = {'name': name, 'op': op, 'input': source, 'segment': segment, 'channels': channels}
    if op == 'pointwise':
        entry['kernel'] = 1
    return {**entry, **options}


def residual(name, source, segment, channels, norm):
    """Two separable layers, the second one added to their input."""
    return [
        layer(f'{name}_a', 'separable', source, segment, channels, norm=norm, relu=True),
        layer(f'{name}_b', 'separable', f'{name}_a', segment, channels, norm=norm, add=source),
    ]


def describe(stem, quarter, eighth, head, n_planes):
    """The network, from its channels at full width.

    The encoder ends after the first residual at 1/8: two fifths of the work, so that what is
    left can still be narrowed when the machine turns out to be slow.
    """
    layers = [
        layer('stem', 'conv', 'planes', 0, slim(stem), stride=2, norm='batch', relu=True),
        layer('d1', 'separable', 'stem', 0, slim(quarter), norm='batch', relu=True),
        *residual('r4_0', 'd1', 0, slim(quarter), 'batch'),
        layer('d2', 'separable', 'r4_0_b', 0, slim(eighth), stride=2, norm='instance', relu=True),
        *residual('r8_0', 'd2', 0, slim(eighth), 'instance'),
    ]
    for i in range(1, N_RESIDUALS):
        layers += residual(f'r8_{i}', f'r8_{i - 1}_b', 1, slim(eighth), 'instance')
    planes = [n_planes] * len(WIDTHS)
    layers += [
        layer('u1', 'pointwise', layers[-1]['name'], 2, slim(quarter), upsample=True,
              add='r4_0_b'),
        layer('f1', 'separable', 'u1', 2, slim(quarter), norm='batch', relu=True),
        layer('u2', 'pointwise', 'f1', 3, slim(head), norm='batch', relu=True, upsample=True),
        layer('f2', 'separable', 'u2', 3, slim(head), norm='batch', relu=True),
        layer('mix', 'pointwise', 'planes', 3, planes),
        layer('out', 'conv', 'f2', 3, planes, add='mix'),
    ]
    return {
        'planes': 'yuv420',
        'offset': [0.45] * 4 + [128 / 255] * 2,
        'gain': 4.0,
        'border': 'replicate',
        'instance_rate': 0.15,
        'widths': list(WIDTHS),
        'layers': layers,
    }


def describe_state(state):
    """The description that fits a state dict's shapes."""
    return describe(stem=len(state['stem.weight']), quarter=len(state['u1.weight']),
                    eighth=len(state['d2.pw.weight']), head=len(state['u2.weight']),
                    n_planes=len(state['mix']))


def source_names():
    """For each layer, the state dict's prefixes of its weights and of its norm (or None)."""
    names = {'stem': ('stem', 'n0'), 'u1': ('u1', None), 'u2': ('u2', 'n2'), 'out': ('out', None)}
    blocks = {name: name for name in ('d1', 'd2', 'f1', 'f2')}
    for half in 'ab':
        blocks[f'r4_0_{half}'] = f'r4.0.{half}'
        blocks.update({f'r8_{i}_{half}': f'r8.{i}.{half}' for i in range(N_RESIDUALS)})
    names.update({name: (block, f'{block}.n') for name, block in blocks.items()})
    return names


def filters(state, entry, prefix):
    """A layer's weights under their short names."""
    if entry['op'] == 'separable':
        return {'dw': state[f'{prefix}.dw.weight'][:, 0],
                'weight': state[f'{prefix}.pw.weight'][:, :, 0, 0]}
    weight = state[f'{prefix}.weight']
    return {'weight': weight[:, :, 0, 0] if entry['op'] == 'pointwise' else weight}


def fold_batch(state, prefix, channels):
    """Scale and bias per width of a set of batch norms; zero past a width's channels."""
    scale, bias = np.zeros((2, len(channels), channels[-1]))
    for rung, n in enumerate(channels):
        norm = {key: np.float64(state[f'{prefix}.m.{rung}.{key}'])
                for key in ('weight', 'bias', 'running_mean', 'running_var')}
        scale[rung, :n] = norm['weight'] / np.sqrt(norm['running_var'] + BATCH_EPSILON)
        bias[rung, :n] = norm['bias'] - norm['running_mean'] * scale[rung, :n]
    return {'scale': scale, 'bias': bias}


def affine(state, entry, prefix, norm_prefix):
    """A layer's scale and bias."""
    channels = entry['channels']
    if norm_prefix is None:
        bias = state.get(f'{prefix}.bias', np.zeros(channels[-1]))
        return {'bias': bias[None]}
    if entry['norm'] == 'batch':
        return fold_batch(state, norm_prefix, channels)
    return {'scale': state[f'{norm_prefix}.g'][None], 'bias': state[f'{norm_prefix}.b'][None]}


def convert(state):
    """Gives the network's description and its tensors."""
    description = describe_state(state)
    prefixes = source_names()
    tensors = {'mix.weight': state['mix'], 'mix.bias': np.zeros((1, len(state['mix'])))}
    for entry in description['layers']:
        if entry['name'] == 'mix':
            continue
        prefix, norm_prefix = prefixes[entry['name']]
        values = {**filters(state, entry, prefix), **affine(state, entry, prefix, norm_prefix)}
        tensors.update({f'{entry["name"]}.{key}': value for key, value in values.items()})
    return description, tensors


def read_state(path):
    """The prototype's tensors as arrays; batch norm's counters are left out."""
    content = torch.load(path, map_location='cpu', weights_only=True)
    return {name: value.numpy() for name, value in content['net'].items()
            if not name.endswith('num_batches_tracked')}


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('style', choices=sorted(CARDS), help='which style it is')
    parser.add_argument('state', type=pathlib.Path, help='state dict, as torch.save() wrote it')
    parser.add_argument('output', type=pathlib.Path, help='style file to write')
    arguments = parser.parse_args()
    try:
        description, tensors = convert(read_state(arguments.state))
        card = {'style': arguments.style, **CARDS[arguments.style],
                'licence': LICENCE, 'trainer': TRAINER}
        counts = style_file.save(arguments.output, description, tensors, card)
    except OSError as error:
        sys.exit(f'export: {error}')
    except UnpicklingError:
        sys.exit(f'export: {arguments.state}: not a state dict of plain tensors')
    except (KeyError, ArchitectureError) as error:
        sys.exit(f'export: {arguments.state}: not a packed-planes network: {error}')
    print(f'{arguments.output}: {", ".join(f"{n / 1e6:.0f}" for n in counts)} MMAC at 640x360')


if __name__ == '__main__':
    main()
