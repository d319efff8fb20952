# SPDX-License-Identifier: MIT
"""Styles cheap enough for an emulated machine, which paints hundreds of times slower than a real one.

`plain` leaves the picture as it is: two layers of one tap a pixel. Whatever comes out of the pipeline must be the
camera's picture to the last bit. `slim` is a shipped style at its narrowest width, with no other left to calibrate.
"""
import json
import pathlib
import struct

N_PLANES = 6
VALUE_B = 4
PLAIN_LAYERS = (('keep', 'planes', 0), ('show', 'keep', 1))


def write_file(path, metadata, architecture, tensors):
    """tensors: by name, the shape and the bytes."""
    entries, data = {'__metadata__': {**metadata, 'architecture': json.dumps(architecture)}}, b''
    for name, (shape, content) in tensors.items():
        entries[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(entries).encode()
    text += b' ' * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack('<Q', len(text)) + text + data)


def read_file(path):
    content = pathlib.Path(path).read_bytes()
    length, = struct.unpack_from('<Q', content)
    entries = json.loads(content[8:8 + length])
    metadata = entries.pop('__metadata__')
    data = content[8 + length:]
    tensors = {name: (entry['shape'], data[slice(*entry['data_offsets'])]) for name, entry in entries.items()}
    return metadata, json.loads(metadata['architecture']), tensors


def write_plain(path):
    architecture = {
        'planes': 'yuv420', 'offset': [0.5] * N_PLANES, 'gain': 1.0, 'border': 'replicate', 'instance_rate': 0.15,
        'widths': [1.0],
        'layers': [{'name': name, 'op': 'depthwise', 'input': source, 'segment': segment, 'channels': [N_PLANES]}
                   for name, source, segment in PLAIN_LAYERS]}
    macs = len(PLAIN_LAYERS) * N_PLANES * 9 * 320 * 180
    metadata = {'format': 'ar-daemon-style', 'version': '1', 'macs_640x360': json.dumps([macs]), 'style': 'plain',
                'title': 'Plain', 'artist': 'nobody', 'year': '2026', 'licence': 'MIT', 'trainer': 'none'}
    middle = struct.pack('<9f', 0, 0, 0, 0, 1, 0, 0, 0, 0)
    tensors = {}
    for name, _, _ in PLAIN_LAYERS:
        tensors[f'{name}.dw'] = [N_PLANES, 3, 3], middle * N_PLANES
        tensors[f'{name}.bias'] = [1, N_PLANES], bytes(VALUE_B * N_PLANES)
    write_file(path, metadata, architecture, tensors)


def cut(tensor, limits):
    """The first entries of each dimension: of the others, all."""
    shape, content = tensor
    if not limits:
        return tensor
    step = len(content) // shape[0]
    parts = [cut((shape[1:], content[i * step:(i + 1) * step]), limits[1:]) for i in range(limits[0])]
    return [limits[0], *(parts[0][0] if parts else shape[1:])], b''.join(part for _, part in parts)


def write_slim(path, style):
    """Every width is a prefix of the weights, and has its own row of scales (doc/MODEL-FORMAT.md)."""
    metadata, architecture, tensors = read_file(style)
    n_channels = {'planes': N_PLANES, **{layer['name']: layer['channels'][0] for layer in architecture['layers']}}
    kept = {}
    for layer in architecture['layers']:
        n_out, n_in = n_channels[layer['name']], n_channels[layer['input']]
        limits = {'dw': [n_in], 'weight': [n_out, n_in], 'scale': [1, n_out], 'bias': [1, n_out]}
        for suffix, limit in limits.items():
            name = f'{layer["name"]}.{suffix}'
            if name in tensors:
                kept[name] = cut(tensors[name], limit)
        layer['channels'] = layer['channels'][:1]
    architecture['widths'] = [1.0]
    metadata.update(style='slim', macs_640x360=json.dumps(json.loads(metadata['macs_640x360'])[:1]))
    write_file(path, metadata, architecture, kept)
