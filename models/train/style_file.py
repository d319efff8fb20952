# SPDX-License-Identifier: MIT
"""Writes and reads style files: a network's tensors and what doc/MODEL-FORMAT.md says of them."""
import json

import numpy as np

import safetensors_io
from architecture import Architecture, check_tensors, macs

WIDTH_PX, HEIGHT_PX = 640, 360  # the picture at which the trainer counts


def save(path, description, tensors, card):
    """Writes a style; `card` has its style, title, artist, year, licence and trainer."""
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
    names = check_tensors(architecture, {name: np.shape(value) for name, value in tensors.items()})
    safetensors_io.save(path, {name: tensors[name] for name in names}, metadata)
    return counts


def load(path):
    """Gives the architecture, the tensors and the metadata."""
    tensors, metadata = safetensors_io.load(path)
    return Architecture.parse(metadata['architecture']), tensors, metadata
