#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the picture of a style's model card: the built-in scene, then painted at widths 1, 0.5
and 0.25 by ar-daemon itself, side by side in one JPEG.
"""
import argparse
import io
import os
import pathlib
import sys
import tempfile

import numpy as np
from PIL import Image

import style_file
from runtime import FULL, Runtime

WIDTHS = (1, 0.5, 0.25)  # or the trained ones that are nearest
SCENE = 'pattern:640x360@30'
FRAME = 45  # of the scene, counted from 0: the walker, the tree and the village are in it
SHRINK = 2  # a panel is so many times smaller than the scene
GAP_PX = 4
MOST_B = 60_000
QUALITIES_PCT = range(90, 45, -5)  # the first that fits is taken
COPY_CHANNELS = 8


def copying_style(path):
    """Writes a style that changes nothing: ar-daemon's own view of the scene."""
    layers = [
        {'name': 'copy', 'op': 'pointwise', 'input': 'planes', 'segment': 0,
         'channels': [COPY_CHANNELS], 'kernel': 1},
        {'name': 'out', 'op': 'pointwise', 'input': 'copy', 'segment': 1, 'channels': [6],
         'kernel': 1},
    ]
    description = {'planes': 'yuv420', 'offset': [0.5] * 6, 'gain': 1.0, 'border': 'replicate',
                   'instance_rate': 1.0, 'widths': [1.0], 'layers': layers}
    tensors = {'copy.weight': np.eye(COPY_CHANNELS, 6), 'copy.bias': np.zeros((1, COPY_CHANNELS)),
               'out.weight': np.eye(6, COPY_CHANNELS), 'out.bias': np.zeros((1, 6))}
    style_file.save(path, description, tensors, {
        'style': 'copy', 'title': 'Copy', 'artist': 'none', 'year': 'none', 'licence': 'MIT',
        'trainer': 'none'})


def panel(runtime, style, width):
    """The frame as it is seen: painted with the statistics of all before it."""
    clip = runtime.paint(SCENE, style, width, '--frames', FRAME + 1)
    planes = [Image.fromarray(plane)
              for plane in FULL.narrow(clip.range.widen(clip.pictures[FRAME]))]
    size = tuple(n // SHRINK for n in planes[0].size)
    return Image.merge('YCbCr', [plane.resize(size, Image.LANCZOS) for plane in planes])


def scene(runtime):
    """The frame unpainted."""
    with tempfile.TemporaryDirectory(prefix='ar-card-') as folder:
        path = os.path.join(folder, 'copy.safetensors')
        copying_style(path)
        return panel(runtime, path, 1)


def panels(runtime, path):
    """The frame at each width."""
    architecture = style_file.load(path)[0]
    return [panel(runtime, path, architecture.widths[architecture.nearest_rung(width)])
            for width in WIDTHS]


def join(pictures):
    """Pictures side by side."""
    width, height = pictures[0].size
    sheet = Image.new('RGB', (len(pictures) * (width + GAP_PX) - GAP_PX, height), 'white')
    for i, picture in enumerate(pictures):
        sheet.paste(picture.convert('RGB'), (i * (width + GAP_PX), 0))
    return sheet


def jpeg(picture):
    """The bytes of the best JPEG of at most MOST_B, or of the last quality."""
    for quality_pct in QUALITIES_PCT:
        file = io.BytesIO()
        picture.save(file, 'JPEG', quality=quality_pct, optimize=True, progressive=True)
        if file.tell() <= MOST_B:
            break
    return file.getvalue()


def make(options):
    """Writes all pictures."""
    runtime = Runtime(options.daemon)
    options.out.mkdir(parents=True, exist_ok=True)
    before = scene(runtime)
    for path in options.files:
        content = jpeg(join([before, *panels(runtime, path)]))
        target = options.out / f'{path.stem}.jpg'
        target.write_bytes(content)
        print(f'{target}: {len(content) / 1000:.0f} kB', flush=True)


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    path = pathlib.Path
    parser.add_argument('--daemon', type=path, required=True, metavar='AR-DAEMON',
                        help='the program that paints, such as build/daemon/ar-daemon')
    parser.add_argument('--out', type=path, required=True, metavar='FOLDER',
                        help='where the pictures go: models/cards')
    parser.add_argument('files', type=path, nargs='+', help='style files')
    return parser.parse_args()


def main():
    """Command line."""
    try:
        make(parse())
    except OSError as error:
        sys.exit(f'card: {error.filename}: {error.strerror}')
    except (KeyError, ValueError) as error:
        sys.exit(f'card: {error}')


if __name__ == '__main__':
    main()
