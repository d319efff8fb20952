# SPDX-License-Identifier: MIT
"""A minimal writer and reader of safetensors files: float32 tensors as numpy arrays."""
import json
import os
import struct

import numpy as np

_LENGTH = struct.Struct('<Q')
_ALIGNMENT_B = 8
_F32 = np.dtype('<f4')


def save(path, tensors, metadata):
    """Writes tensors in the order given, without gaps, and replaces `path` in one step.

    The header is padded with spaces so that the data starts at a multiple of 8 bytes.
    """
    arrays = {name: np.ascontiguousarray(value, _F32) for name, value in tensors.items()}
    part = f'{path}.part'
    try:
        with open(part, 'wb') as file:
            file.write(_header(arrays, metadata))
            for array in arrays.values():
                file.write(array.tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        if os.path.exists(part):
            os.unlink(part)
        raise


def load(path):
    """Gives the tensors by name, and the metadata."""
    with open(path, 'rb') as file:
        content = file.read()
    if len(content) < _LENGTH.size:
        raise ValueError(f'{path}: {len(content)} bytes are no safetensors file')
    (length_b,) = _LENGTH.unpack_from(content)
    start = _LENGTH.size + length_b
    if start > len(content):
        raise ValueError(f'{path}: the header is longer than the file')
    header = json.loads(content[_LENGTH.size:start])
    metadata = header.pop('__metadata__', {})
    data = content[start:]
    return {name: _array(path, name, entry, data) for name, entry in header.items()}, metadata


def _header(arrays, metadata):
    entries = {'__metadata__': metadata}
    end = 0
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f'tensor {name}: a value is not finite')
        begin, end = end, end + array.nbytes
        entries[name] = {'dtype': 'F32', 'shape': list(array.shape), 'data_offsets': [begin, end]}
    text = json.dumps(entries, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % _ALIGNMENT_B)
    return _LENGTH.pack(len(text)) + text


def _array(path, name, entry, data):
    if entry['dtype'] != 'F32':
        raise ValueError(f'{path}: tensor {name}: type {entry["dtype"]}, only F32 is read')
    begin, end = entry['data_offsets']
    return np.frombuffer(data[begin:end], _F32).reshape(entry['shape']).copy()
