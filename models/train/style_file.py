# SPDX-License-Identifier: MIT
"""Writes and reads style files: a network's tensors and what doc/MODEL-FORMAT.md says of them."""
import json

import numpy as np

import safetensors_io
from architecture import Architecture, ArchitectureError, check_tensors, macs, range_shapes

WIDTH_PX, HEIGHT_PX = 640, 360  # the picture at which the trainer counts


def save(path, description, tensors, card, ranges=None):
    """Writes a style; `card` has its style, title, artist, year, licence and trainer.

    `ranges`: its int8 ranges by their names in the file, for all layers; for none if left out.
    """
    architecture = Architecture(description)
    counts = [macs(architecture, WIDTH_PX, HEIGHT_PX, architecture.equal_rungs(rung))
              for rung in range(architecture.n_rungs)]
    metadata = {
        'format': 'ar-daemon-style',
        'version': '1',
        'architecture': json.dumps(description, separators=(',', ':')),
        'macs_640x360': json.dumps(counts),
        **card,
    }
    names = check_tensors(architecture, _shapes(tensors))
    values = {name: tensors[name] for name in names}
    if ranges:
        values.update(_checked(architecture, ranges))
    safetensors_io.save(path, values, metadata)
    return counts


def load(path):
    """Gives the architecture, the tensors without int8 ranges, and the metadata."""
    architecture, tensors, _, metadata = _read(path)
    return architecture, tensors, metadata


def load_ranges(path):
    """Gives the int8 ranges by their names in the file, empty where it has none.

    load() keeps them apart from the tensors: where these change, the ranges must be measured again.
    """
    return _read(path)[2]


def _read(path):
    tensors, metadata = safetensors_io.load(path)
    architecture = Architecture.parse(metadata['architecture'])
    names = [f'{layer.name}.{key}' for layer in architecture.layers
             for key in range_shapes(architecture, layer)]
    ranges = {name: tensors.pop(name) for name in names if name in tensors}
    if ranges:
        ranges = _checked(architecture, ranges)
    return architecture, tensors, ranges, metadata


def _checked(architecture, ranges):
    """The int8 ranges in the file's order."""
    names = check_tensors(architecture, _shapes(ranges), range_shapes)
    for name in names:
        if not (np.float32(ranges[name]) > 0).all():
            raise ArchitectureError(f'tensor {name}: a range is not above 0')
    return {name: ranges[name] for name in names}


def _shapes(tensors):
    return {name: np.shape(value) for name, value in tensors.items()}
