#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures styles on photographs held back from training, and on a clip: tables in Markdown.

Judge with another feature network than the one that the style was trained with.
"""
import argparse
import math
import pathlib
import random
import subprocess
import sys

import numpy as np
import torch

import style_file
from features import Features
from journal import save_sheet
from losses import Judge, distance
from motion import Motion
from network import FrameState, Network
from photos import PictureError, list_photos, read_scene, read_style
from planes import Planes

SCENE_PX = (480, 360)
CLIP_PX = (640, 360)
WIDTHS = (1.0, 0.75, 0.5, 0.25)
STILL_LEVELS = 6 / 255  # a pixel that changes less is one that did not move
MARGIN_PX = 16
N_PAIRS = 8


class Painter:
    """A style that paints RGB pictures."""

    def __init__(self, path):
        self.architecture, tensors, self.card = style_file.load(path)
        self.network = Network(self.architecture, tensors).eval()
        self.planes = Planes(self.architecture)
        self.widest = self.architecture.n_rungs - 1

    def rung(self, width):
        """The rung whose width is nearest."""
        return self.architecture.nearest_rung(width)

    def plan(self, encoder, decoder):
        """The encoder at one rung, all of the decoder at another."""
        return [encoder] + [decoder] * (self.architecture.n_segments - 1)

    @torch.no_grad()
    def paint(self, rgb, plan, state=None):
        """Painted pictures as they are shown."""
        return self.planes.to_rgb(self.network(self.planes.of_rgb(rgb), plan, state)).clamp(0, 1)


def read_clip(path, n_frames):
    """The first frames of a video, at CLIP_PX."""
    width, height = CLIP_PX
    scale = f'scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}'
    command = ['ffmpeg', '-v', 'error', '-i', str(path), '-vf', scale, '-frames:v', str(n_frames),
               '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-']
    content = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    frames = np.frombuffer(content, np.uint8).reshape(-1, height, width, 3)
    if len(frames) < 2:
        raise PictureError(f'{path}: {len(frames)} frames, at least 2 are needed')
    return torch.from_numpy(frames.copy()).permute(0, 3, 1, 2).float() / 255


def psnr_db(a, b):
    """Peak signal to noise ratio of two pictures."""
    return -10 * math.log10(max(1e-10, float((a - b).square().mean())))


def style_and_content(painter, judge, scenes, plan):
    """Means over the scenes."""
    errors = []
    with torch.no_grad():
        for scene in scenes:
            errors.append([float(error) for error in
                           judge.errors(painter.paint(scene, plan), judge.content_of(scene))])
    return np.mean(errors, 0)


def flicker(painter, frames, plan):
    """On pixels that stand still: change of the output over change of the input."""
    state = FrameState()
    shown = [painter.paint(frame[None], plan, state) for frame in frames]
    changes = []
    for before, after, old, new in zip(frames, frames[1:], shown, shown[1:]):
        change = (after - before).abs().mean(0)
        still = change < STILL_LEVELS
        changes.append((float((new - old).abs()[0].mean(0)[still].mean()),
                        float(change[still].mean())))
    out, into = np.mean(changes, 0)
    return out / into


def warp_error(painter, scenes, plan):
    """Second frame against the first one's painting, moved, of 255; see motion.py."""
    errors = []
    for i, scene in enumerate(scenes[:N_PAIRS]):
        motion = Motion(random.Random(i), scene.shape)
        first = painter.paint(motion.camera(scene), plan)
        second = painter.paint(motion.second(scene), plan)
        errors.append(float(distance(second, motion.move(first), MARGIN_PX)))
    return 255 * np.mean(errors)


def width_rows(painter, judge, scenes, frames):
    """One row per width."""
    full = [painter.paint(scene, painter.plan(painter.widest, painter.widest))
            for scene in scenes]
    for width in WIDTHS:
        plan = painter.plan(painter.rung(width), painter.rung(width))
        style, content = style_and_content(painter, judge, scenes, plan)
        apart = 255 * np.mean([float(distance(painter.paint(scene, plan), wide))
                               for scene, wide in zip(scenes, full)])
        calm = f'{flicker(painter, frames, plan):.1f}' if frames is not None else '-'
        yield (f'| {painter.card["style"]} | {painter.architecture.widths[plan[0]]:g} '
               f'| {style:.3f} | {content:.3f} | {calm} '
               f'| {warp_error(painter, scenes, plan):.1f} | {apart:.1f} |')


def step_row(painter, scenes):
    """What a change of width does: neighbours, and encoder and decoder at the two ends."""
    ends = (0, painter.widest)
    worst, mixed = [], {pair: [] for pair in ((ends[1], ends[0]), ends, (ends[0],) * 2)}
    for scene in scenes:
        painted = [painter.paint(scene, painter.plan(rung, rung))
                   for rung in range(painter.widest + 1)]
        worst.append([float(distance(a, b)) for a, b in zip(painted, painted[1:])])
        for pair, values in mixed.items():
            values.append(psnr_db(painter.paint(scene, painter.plan(*pair)), painted[-1]))
    steps = 255 * np.mean(worst, 0)
    cells = ' | '.join(f'{np.mean(values):.1f} ({min(values):.1f})' for values in mixed.values())
    return f'| {painter.card["style"]} | {steps.mean():.1f} | {steps.max():.1f} | {cells} |'


def sheet(painter, scenes):
    """Rows of pictures: as taken, widths 1, 1/2, 1/4, and the two mixtures of the ends."""
    ends = [(painter.rung(a), painter.rung(b))
            for a, b in ((1, 1), (0.5, 0.5), (0.25, 0.25), (1, 0.25), (0.25, 1))]
    return [[scene] + [painter.paint(scene, painter.plan(*pair)) for pair in ends]
            for scene in scenes]


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    path = pathlib.Path
    parser.add_argument('--style', type=path, required=True, help='the painting')
    parser.add_argument('--content', type=path, required=True,
                        help='the folder of photographs given to train.py')
    parser.add_argument('--features', type=path, required=True, help='feature network to judge')
    parser.add_argument('--clip', type=path, help='video of a camera that stands still')
    parser.add_argument('--photos', type=int, default=8, help='how many photographs (8)')
    parser.add_argument('--frames', type=int, default=10, help='how many frames (10)')
    parser.add_argument('--stroke', type=int, default=320, help='as given to train.py (320)')
    parser.add_argument('--sheet', type=path, help='folder for a sheet of pictures per style')
    parser.add_argument('files', type=path, nargs='+', help='style files after the painting')
    return parser.parse_args()


def measure(options):
    """Prints the tables."""
    judge = Judge(Features.read(options.features), read_style(options.style, options.stroke))
    _, held_back = list_photos(options.content)
    chosen = held_back[::max(1, len(held_back) // options.photos)][:options.photos]
    scenes = [read_scene(path, *SCENE_PX) for path in chosen]
    frames = read_clip(options.clip, options.frames) if options.clip else None
    painters = [Painter(path) for path in options.files]
    print('| style | width | style error | content error | flicker x | warp error /255 '
          '| from width 1, /255 |\n|---|---|---|---|---|---|---|')
    for painter in painters:
        for row in width_rows(painter, judge, scenes, frames):
            print(row, flush=True)
    print('\n| style | rung to rung, /255 | worst rung | PSNR 1 then 0.25 (least), dB '
          '| 0.25 then 1 | 0.25 |\n|---|---|---|---|---|---|')
    for painter, path in zip(painters, options.files):
        print(step_row(painter, scenes), flush=True)
        if options.sheet:
            save_sheet(options.sheet / f'{path.stem}.png', sheet(painter, scenes))


def main():
    """Command line."""
    try:
        measure(parse())
    except OSError as error:
        sys.exit(f'evaluate: {error.filename}: {error.strerror}')
    except (KeyError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f'evaluate: {error}')


if __name__ == '__main__':
    main()
