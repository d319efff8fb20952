#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a style's network at one of its widths as an ONNX file, to compare other runtimes with."""
import argparse
import os
import pathlib
import re
import sys

from architecture import macs

MISSING = None  # a package, where one is
try:
    import onnx
    import onnx_graph
    import style_file
except ImportError as error:
    MISSING = error.name

MIN_PX = 16
PACKAGES = {'onnx': 'python3-onnx', 'numpy': 'python3-numpy'}


class ExportError(ValueError):
    """What cannot be exported; the words say what would be right."""


def find_rung(architecture, width):
    """The rung of a trained width."""
    if width not in architecture.widths:
        trained = ', '.join(f'{trained:g}' for trained in architecture.widths)
        raise ExportError(f'not trained at width {width:g}, but at {trained}')
    return architecture.widths.index(width)


def plan(architecture, width, decoder_width=None):
    """The rungs of the encoder and of each decoder segment, which are the same by default."""
    decoder = width if decoder_width is None else decoder_width
    n_decoder = architecture.n_segments - 1
    return ([find_rung(architecture, width)]
            + [find_rung(architecture, decoder)] * n_decoder)


def read_size(text):
    """A picture's width and height."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    size_px = tuple(map(int, match.groups())) if match else (0, 0)
    if any(n < MIN_PX or n % 2 for n in size_px):
        raise argparse.ArgumentTypeError(
            f'"{text}": two even numbers of pixels from {MIN_PX} on are right, as in 640x360')
    return size_px


def save(model, path):
    """Replaces `path` in one step."""
    part = f'{path}.part'
    try:
        onnx.save(model, part)
        os.replace(part, path)
    finally:
        pathlib.Path(part).unlink(missing_ok=True)


def export(options):
    """Writes the file and says what is in it."""
    architecture, tensors, _ = style_file.load(options.style)
    rungs = plan(architecture, options.onnx, options.decoder_width)
    model = onnx_graph.build(architecture, tensors, rungs, options.size)
    save(model, options.output)
    n_macs = macs(architecture, *options.size, rungs)
    print(f'{options.output}: {n_macs / 1e6:.0f} MMAC, {len(model.graph.node)} nodes, '
          f'opset {onnx_graph.OPSET}')


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    path = pathlib.Path
    parser.add_argument('--onnx', type=float, metavar='WIDTH', required=True,
                        help='one of the widths that the style is trained at')
    parser.add_argument('--size', type=read_size, default=(640, 360), metavar='WxH',
                        help='size of the picture (640x360)')
    parser.add_argument('--decoder-width', type=float, metavar='W',
                        help='of all segments but the encoder, where it is another one')
    parser.add_argument('style', type=path, help='style file')
    parser.add_argument('output', type=path, help='ONNX file to write')
    return parser.parse_args()


def main():
    """Command line."""
    options = parse()
    if MISSING:
        sys.exit(f'export: the Python package {MISSING} is missing: install '
                 f'{PACKAGES.get(MISSING, MISSING)} (Debian) or {MISSING} (PyPI)')
    try:
        export(options)
    except OSError as error:
        sys.exit(f'export: {error.filename}: {error.strerror}')
    except ExportError as error:
        sys.exit(f'export: {options.style}: {error}')
    except (KeyError, TypeError, ValueError) as error:
        sys.exit(f'export: {options.style}: not a style file: {error!r}')


if __name__ == '__main__':
    main()
