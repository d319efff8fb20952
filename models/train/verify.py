#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads style files back, checks them against doc/MODEL-FORMAT.md and prints what they hold.

Shares no code with the trainer on purpose; needs numpy. With --daemon, also compares what that
ar-daemon paints with what PyTorch paints, which is compare.py's work.
"""
import argparse
import json
import pathlib
import re
import struct
import sys

import numpy as np

COUNTED_PX = (640, 360)
NAME = re.compile(r'[a-z0-9_]{1,31}')
KEYS = {'format', 'version', 'architecture', 'macs_640x360', 'style', 'title', 'artist', 'year',
        'licence', 'trainer'}
OPTIONAL_KEYS = {'data', 'losses'}
DEFAULTS = {'kernel2': 0, 'stride': 1, 'norm': 'none', 'relu': False,
            'upsample': False, 'add': None, 'gate': 0, 'gate_previous': False}
REQUIRED = {'name', 'op', 'input', 'segment', 'channels', 'kernel'}
PLANES = {'yuv420': (6, 1), 'rgb': (3, 0)}  # how many, and log2 of their downscale


class Broken(Exception):
    """A rule that the file breaks."""


def demand(holds, words):
    """Raises Broken unless the rule holds."""
    if not holds:
        raise Broken(words)


class StyleFile:
    """A style file that has passed every check."""

    def __init__(self, path):
        self.tensors, self.metadata, self.size_b = read_container(path)
        demand(set(self.metadata) - OPTIONAL_KEYS == KEYS,
               f'metadata: keys {sorted(self.metadata)}')
        demand(self.metadata['format'] == 'ar-daemon-style', 'metadata: format')
        demand(self.metadata['version'] == '1', 'metadata: version')
        demand(NAME.fullmatch(self.metadata['style']), f'style: "{self.metadata["style"]}"')
        self.network = json.loads(self.metadata['architecture'], object_pairs_hook=unique)
        self.widths = self.network['widths']
        self.layers = [with_defaults(layer) for layer in self.network['layers']]
        check_picture(self.network)
        n_planes, shift = PLANES[self.network['planes']]
        self.channels = {'planes': [n_planes] * len(self.widths)}
        self.shifts = {'planes': shift}
        self.segments = {'planes': None}
        for layer in self.layers:
            self._enter(layer)
        self._check_tensors()
        self._check_end()
        self._check_counts()

    def _enter(self, layer):
        """Checks a layer against those before it and learns its result."""
        check_layer(layer, self.channels, len(self.widths))
        name, op = layer['name'], layer['op']
        shift = self.shifts[layer['input']] + (layer['stride'] == 2) - layer['upsample']
        self.shifts[name] = shift - (op == 'shuffle')
        self.channels[name] = layer['channels']
        self.segments[name] = layer['segment']
        demand(self.shifts[name] >= 0, f'layer {name}: larger than the picture')
        demand(layer['add'] is None or self.shifts[layer['add']] == self.shifts[name],
               f'layer {name}: its size differs from that of "{layer["add"]}"')
        if op in ('depthwise', 'shuffle'):
            made = self.channels[layer['input']]
            ratio = 4 if op == 'shuffle' else 1
            demand(made == [ratio * n for n in layer['channels']],
                   f'layer {name}: {made} channels in, {layer["channels"]} out')
            demand(len(set(made)) == 1 or self.segments[layer['input']] == layer['segment'],
                   f'layer {name}: op {op} across segments')

    def _check_tensors(self):
        wanted, ranges = {}, {}
        for layer in self.layers:
            ci = self.channels[layer['input']][-1]
            wanted.update(expected_shapes(layer, ci, len(self.widths)))
            ranges.update(expected_ranges(layer, len(self.widths)))
        self.has_int8_ranges = any(name in self.tensors for name in ranges)
        if self.has_int8_ranges:
            wanted.update(ranges)
        for name in sorted(set(wanted) ^ set(self.tensors)):
            raise Broken(f'tensor {name}: {"missing" if name in wanted else "a stranger"}')
        for name, shape in wanted.items():
            demand(self.tensors[name].shape == shape,
                   f'tensor {name}: shape {self.tensors[name].shape}, {shape} is right')
        for name in ranges if self.has_int8_ranges else ():
            demand((self.tensors[name] > 0).all(), f'tensor {name}: a range is not above 0')
        for layer in self.layers:
            if layer['norm'] == 'batch':
                self._check_batch(layer)

    def _check_batch(self, layer):
        for key in ('scale', 'bias'):
            name = f'{layer["name"]}.{key}'
            for row, channels in zip(self.tensors[name], layer['channels']):
                demand(not row[channels:].any(), f'tensor {name}: not 0 past a width\'s channels')

    def _check_end(self):
        last = self.layers[-1]
        demand(last['channels'] == self.channels['planes'],
               f'layer {last["name"]}: {last["channels"]} channels are not the planes')
        demand(self.shifts[last['name']] == self.shifts['planes'],
               f'layer {last["name"]}: its size is not that of the planes')
        order = [layer['segment'] for layer in self.layers]
        demand(order == sorted(order) and sorted(set(order)) == list(range(order[-1] + 1)),
               f'segments: {order} do not ascend from 0')
        demand(order[-1] >= 1, 'segments: no decoder')
        self._check_multiples()

    def _check_multiples(self):
        """What is, or is shuffled or added into, the planes may have any count of channels."""
        exempt = {self.layers[-1]['name']}
        for layer in reversed(self.layers):
            if layer['name'] in exempt:
                exempt |= {layer['add'], layer['input'] if layer['op'] == 'shuffle' else None}
            demand(layer['name'] in exempt or all(n % 8 == 0 for n in layer['channels']),
                   f'layer {layer["name"]}: {layer["channels"]} are not multiples of 8')

    def _check_counts(self):
        claimed = json.loads(self.metadata['macs_640x360'])
        counted = [sum(self.segment_macs(rung)) for rung in range(len(self.widths))]
        demand(claimed == counted, f'macs_640x360: {claimed} claimed, {counted} counted')

    def segment_macs(self, rung, size_px=COUNTED_PX):
        """Multiply-accumulates of each segment, with all segments at one rung.

        Each weight of a filter is used once per pixel that the filter gives, each weight of a
        gate once a frame.
        """
        totals = [0] * (self.layers[-1]['segment'] + 1)
        for layer in self.layers:
            n_pixels = 1
            for length_px in size_px:
                halvings = self.shifts[layer['input']] + (layer['stride'] == 2)
                n_pixels *= -(-length_px // 2 ** halvings)
            co, ci = layer['channels'][rung], self.channels[layer['input']][rung]
            filters, gates = self._weights(layer['name'], co, ci)
            totals[layer['segment']] += n_pixels * filters + gates
        return totals

    def _weights(self, name, co, ci):
        """Weights that a layer uses on ci inputs for co outputs: of filters, and of gates."""
        used = {'dw': np.s_[:ci], 'dw2': np.s_[:ci], 'weight': np.s_[:co, :ci],
                'weight2': np.s_[:co, :ci], 'gate1': np.s_[:, :ci], 'gate2': np.s_[:ci]}
        sizes = {key: self.tensors[f'{name}.{key}'][part].size
                 for key, part in used.items() if f'{name}.{key}' in self.tensors}
        gates = sizes.pop('gate1', 0) + sizes.pop('gate2', 0)
        return sum(sizes.values()), gates


def read_container(path):
    """The file as a safetensors container: tensors, metadata, size."""
    content = pathlib.Path(path).read_bytes()
    demand(len(content) >= 8, f'{len(content)} bytes: no header')
    length_b = struct.unpack('<Q', content[:8])[0]
    demand(length_b <= len(content) - 8, f'header of {length_b} bytes in {len(content)}')
    demand(length_b % 8 == 0, f'header of {length_b} bytes leaves the data unaligned')
    header = json.loads(content[8:8 + length_b], object_pairs_hook=unique)
    metadata = header.pop('__metadata__')
    data = content[8 + length_b:]
    tensors = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]['data_offsets']):
        begin, next_end = entry['data_offsets']
        demand(begin == end, f'tensor {name}: starts at {begin}, the one before ends at {end}')
        demand(next_end <= len(data), f'tensor {name}: ends at {next_end} of {len(data)} bytes')
        tensors[name] = read_tensor(name, entry, data[begin:next_end])
        end = next_end
    demand(end == len(data), f'{len(data) - end} bytes belong to no tensor')
    return tensors, metadata, len(content)


def read_tensor(name, entry, data):
    """One tensor's values."""
    demand(entry['dtype'] == 'F32', f'tensor {name}: type {entry["dtype"]}')
    demand(len(data) == 4 * np.prod(entry['shape'], dtype=np.int64),
           f'tensor {name}: {len(data)} bytes for shape {entry["shape"]}')
    values = np.frombuffer(data, '<f4').reshape(entry['shape'])
    demand(np.isfinite(values).all(), f'tensor {name}: a value is not finite')
    return values


def unique(pairs):
    """A JSON object, refused when a key comes twice."""
    result = dict(pairs)
    demand(len(result) == len(pairs), f'a key comes twice in {[key for key, _ in pairs]}')
    return result


def with_defaults(layer):
    """A layer's fields, those too that its file leaves out."""
    kernel = 1 if layer['op'] in ('pointwise', 'shuffle') else 3
    return {'kernel': kernel, **DEFAULTS, **layer}


def check_picture(network):
    """What the architecture says besides its layers."""
    demand(network['planes'] in PLANES, f'planes: "{network["planes"]}"')
    demand(network['border'] in ('replicate', 'reflect'), f'border: "{network["border"]}"')
    demand(len(network['offset']) == PLANES[network['planes']][0], 'offset: one number per plane')
    demand(network['gain'] > 0, f'gain: {network["gain"]}')
    demand(0 < network['instance_rate'] <= 1, f'instance_rate: {network["instance_rate"]}')
    widths = network['widths']
    demand(1 <= len(widths) <= 32 and widths == sorted(set(widths)), f'widths: {widths}')
    demand(1 <= len(network['layers']) <= 64, f'layers: {len(network["layers"])}')


def check_layer(layer, known, n_rungs):
    """A layer's own fields; `known` are the results before it."""
    demand(set(layer) == REQUIRED | set(DEFAULTS), f'layer {layer.get("name")}: {sorted(layer)}')
    here = f'layer {layer["name"]}: '
    op, channels = layer['op'], layer['channels']
    kernels = {'conv': (3, 5), 'separable': (3, 5), 'depthwise': (3, 5), 'pointwise': (1,),
               'shuffle': (1,)}
    demand(NAME.fullmatch(layer['name']) and layer['name'] not in known, f'{here}bad name')
    demand(op in kernels, f'{here}op "{op}"')
    demand(layer['kernel'] in kernels[op], f'{here}kernel {layer["kernel"]} for op {op}')
    demand(layer['stride'] in (1, 2) and (layer['stride'] == 1 or layer['kernel'] > 1),
           f'{here}stride {layer["stride"]}')
    demand(layer['kernel2'] in (0, 3, 5), f'{here}kernel2 {layer["kernel2"]}')
    demand(op == 'separable' or not (layer['kernel2'] or layer['gate']),
           f'{here}kernel2 or gate for op {op}')
    demand(layer['norm'] in ('none', 'batch', 'instance'), f'{here}norm "{layer["norm"]}"')
    demand(layer['input'] in known, f'{here}input "{layer["input"]}" comes from nowhere')
    demand(layer['add'] is None or layer['add'] in known,
           f'{here}add "{layer["add"]}" comes from nowhere')
    demand(len(channels) == n_rungs and channels == sorted(channels) and channels[0] > 0,
           f'{here}channels {channels}')


def expected_shapes(layer, ci, n_rungs):
    """Shapes of a layer's tensors by their names in the file."""
    co, k, k2, gate = (layer[key] for key in ('channels', 'kernel', 'kernel2', 'gate'))
    co, op, shapes = co[-1], layer['op'], {}
    if op in ('separable', 'depthwise'):
        shapes['dw'] = (ci, k, k)
    if op in ('separable', 'pointwise'):
        shapes['weight'] = (co, ci)
    if op == 'conv':
        shapes['weight'] = (co, ci, k, k)
    if k2:
        shapes.update(dw2=(ci, k2, k2), weight2=(co, ci))
    if gate:
        shapes.update(gate1=(gate, ci), gate1_bias=(gate,), gate2=(ci, gate), gate2_bias=(ci,))
    if op != 'shuffle':
        affine = (n_rungs if layer['norm'] == 'batch' else 1, co)
        shapes.update(bias=affine, **({} if layer['norm'] == 'none' else {'scale': affine}))
    return {f'{layer["name"]}.{key}': shape for key, shape in shapes.items()}


def expected_ranges(layer, n_rungs):
    """The same of its int8 ranges, of which a file has all or none."""
    parts = {'range': True, 'dw_range': layer['op'] == 'separable', 'dw2_range': layer['kernel2']}
    return {f'{layer["name"]}.{key}': (n_rungs,) for key, there in parts.items() if there}


def summary(style):
    """Lines for a person."""
    card = style.metadata
    n_values = sum(tensor.size for tensor in style.tensors.values())
    yield f'{card["style"]}: {card["title"]}, {card["artist"]}, {card["year"]} ({card["licence"]})'
    yield (f'  {style.network["planes"]} planes, {len(style.layers)} layers, '
           f'{n_values} values, {style.size_b} bytes; trainer: {card["trainer"]}')
    yield f'  int8 ranges: {"yes" if style.has_int8_ranges else "no"}'
    yield '  width  MMAC at 640x360, of which encoder and decoder segments'
    for rung, width in enumerate(style.widths):
        parts = style.segment_macs(rung)
        shares = '  '.join(f'{part / 1e6:6.1f} ({part / sum(parts):3.0%})' for part in parts)
        yield f'  {width:5.3g}  {sum(parts) / 1e6:6.1f} = {shares}'


def check(path):
    """Prints what a style holds, or ends with what is wrong with it."""
    try:
        print('\n'.join(summary(StyleFile(path))))
    except (OSError, Broken) as error:
        sys.exit(f'verify: {path}: {error}')
    except (KeyError, TypeError, ValueError) as error:
        sys.exit(f'verify: {path}: not of the format: {error!r}')


def paints_as_pytorch(program, path):
    """Prints how far a runtime is from PyTorch, and gives whether that is rounding."""
    try:
        import compare  # only here: the rest of this file stands alone
    except ImportError as error:
        sys.exit(f'verify: --daemon needs PyTorch (Debian: python3-torch): {error}')
    try:
        return compare.report(program, path)
    except ValueError as error:
        sys.exit(f'verify: {path}: {error}')


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--daemon', metavar='AR-DAEMON',
                        help='compare this program\'s pictures with PyTorch\'s, too')
    parser.add_argument('files', nargs='+', help='style files')
    options = parser.parse_args()
    differing = []
    for path in options.files:
        check(path)
        if options.daemon and not paints_as_pytorch(options.daemon, path):
            differing.append(path)
    if differing:
        sys.exit(f'verify: ar-daemon and PyTorch paint differently: {", ".join(differing)}')


if __name__ == '__main__':
    main()
