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
import torch.nn.functional as F

import style_file
from features import Features
from int8 import Int8Network
from journal import save_sheet
from losses import Judge, distance
from motion import Motion
from network import FrameState, Network
from photos import PictureError, list_photos, read_scene, read_style
from planes import Planes
from temporal import Temporal, guide_of_rgb

SCENE_PX = (480, 360)
CLIP_PX = (640, 360)
WIDTHS = (1.0, 0.75, 0.5, 0.25)
STILL_LEVELS = 6 / 255  # a pixel that changes less is one that did not move
MARGIN_PX = 16
N_PAIRS = 8
BLOCK_PX, SEARCH_PX = 16, 8  # of the motion between a clip's frames
MATCH_LEVELS = 4 / 255  # blocks that match worse are not followed


class Painter:
    """A style that paints RGB pictures."""

    def __init__(self, path):
        self.architecture, tensors, self.card = style_file.load(path)
        self.network = Network(self.architecture, tensors).eval()
        ranges = style_file.load_ranges(path)
        self.int8 = None
        if ranges:
            self.int8 = Int8Network(self.architecture, tensors, ranges).eval()
        self.planes = Planes(self.architecture)
        self.widest = self.architecture.n_rungs - 1

    def rung(self, width):
        """The rung whose width is nearest."""
        return self.architecture.nearest_rung(width)

    def plan(self, encoder, decoder=None):
        """The encoder at one rung, all of the decoder at another."""
        decoder = encoder if decoder is None else decoder
        return [encoder] + [decoder] * (self.architecture.n_segments - 1)

    @torch.no_grad()
    def paint(self, rgb, plan, state=None, network=None):
        """Painted pictures as they are shown."""
        painted = (network or self.network)(self.planes.of_rgb(rgb), plan, state)
        return self.planes.to_rgb(painted).clamp(0, 1)

    def film(self, frames, plan):
        """A clip's frames, one after the other: bytes as they are shown."""
        state = FrameState()
        return [to_bytes(self.paint(frame[None], plan, state)[0]) for frame in frames]


def to_bytes(rgb):
    """[3, height, width] in [0, 1] as [height, width, 3] bytes."""
    return (rgb * 255).round().byte().permute(1, 2, 0).numpy()


def to_levels(picture):
    """The inverse."""
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 255


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


def mean_and_least(values):
    """A cell of a table."""
    return f'{np.mean(values):.1f} ({min(values):.1f})'


def judged(painter, judge, scenes, plan):
    """Judge.errors, means over the scenes; a scene comes with its content."""
    errors = []
    with torch.no_grad():
        for scene, content in scenes:
            errors.append([float(error) for error in
                           judge.errors(painter.paint(scene, plan), content)])
    return np.mean(errors, 0)


def flicker(frames, shown):
    """On pixels that stand still: change of the output over change of the input."""
    changes = []
    for before, after, old, new in zip(frames, frames[1:], shown, shown[1:]):
        change = (after - before).abs().mean(0)
        still = change < STILL_LEVELS
        moved = (to_levels(new) - to_levels(old)).abs().mean(0)
        changes.append((float(moved[still].mean()), float(change[still].mean())))
    out, into = np.mean(changes, 0)
    return out / into


def calmed(frames, painted, calm):
    """The film as ar-daemon shows it, with that decoder.calm."""
    temporal = Temporal(calm)
    return [temporal.show(guide_of_rgb(to_bytes(frame)), [picture])[0]
            for frame, picture in zip(frames, painted)]


def follow(before, after):
    """Motion between frames in whole pixels: for each block of `after`, where it was.

    Gives (down, right) as [2, rows, columns], and the blocks that were found again.
    """
    moves = [(down, right) for down in range(-SEARCH_PX, SEARCH_PX + 1)
             for right in range(-SEARCH_PX, SEARCH_PX + 1)]
    moves.sort(key=lambda move: move[0] ** 2 + move[1] ** 2)  # of equals, the shortest
    errors = torch.stack([F.avg_pool2d((after - before.roll(move, (1, 2))).abs().mean(
        0, keepdim=True), BLOCK_PX)[0] for move in moves])
    best = errors.min(0)
    return torch.tensor(moves).T[:, best.indices], best.values < MATCH_LEVELS


def clip_error(frames, shown):
    """Each frame against the one before, moved as the clip moved; of 255, on blocks found again."""
    errors = []
    for before, after, old, new in zip(frames, frames[1:], shown, shown[1:]):
        moves, found = follow(before, after)
        found[[0, -1]], found[:, [0, -1]] = False, False
        rows, columns = found.nonzero(as_tuple=True)
        old, new = to_levels(old), to_levels(new)
        for row, column in zip(rows.tolist(), columns.tolist()):
            down, right = moves[:, row, column].tolist()
            top, left = row * BLOCK_PX, column * BLOCK_PX
            block = new[:, top:top + BLOCK_PX, left:left + BLOCK_PX]
            source = old[:, top - down:top - down + BLOCK_PX,
                         left - right:left - right + BLOCK_PX]
            errors.append(float((block - source).abs().mean()))
    return 255 * np.mean(errors)


def warp_error(painter, scenes, plan):
    """Second frame against the first one's painting, moved, of 255; see motion.py."""
    errors = []
    for i, (scene, _) in enumerate(scenes[:N_PAIRS]):
        motion = Motion(random.Random(i), scene.shape)
        first = painter.paint(motion.camera(scene), plan)
        second = painter.paint(motion.second(scene), plan)
        errors.append(float(distance(second, motion.move(first), MARGIN_PX)))
    return 255 * np.mean(errors)


def mean_apart(painter, scenes, plan, others):
    """Mean distance of the scenes' pictures from others, of 255."""
    return 255 * np.mean([float(distance(painter.paint(scene, plan), other))
                          for (scene, _), other in zip(scenes, others)])


def int8_psnr_db(painter, scenes, plan):
    """Mean and least PSNR of int8 against float."""
    if painter.int8 is None:
        return '-'
    return mean_and_least([
        psnr_db(painter.paint(scene, plan), painter.paint(scene, plan, None, painter.int8))
        for scene, _ in scenes])


def width_rows(painter, judge, scenes, clips, calm):
    """One row per width."""
    full = [painter.paint(scene, painter.plan(painter.widest)) for scene, _ in scenes]
    for width in WIDTHS:
        plan = painter.plan(painter.rung(width))
        errors = judged(painter, judge, scenes, plan)
        cells = [painter.card['style'], f'{painter.architecture.widths[plan[0]]:g}',
                 *(f'{error:.3f}' for error in errors)]
        if clips:
            films = [(frames, painter.film(frames, plan)) for frames in clips]
            still, shown = films[0]
            cells += [f'{flicker(still, shown):.1f}',
                      f'{flicker(still, calmed(still, shown, calm)):.1f}',
                      f'{np.mean([clip_error(*film) for film in films]):.1f}']
        else:
            cells += ['-'] * 3
        cells += [f'{warp_error(painter, scenes, plan):.1f}',
                  f'{mean_apart(painter, scenes, plan, full):.1f}',
                  int8_psnr_db(painter, scenes, plan)]
        yield f'| {" | ".join(cells)} |'


def steps(painter, scenes):
    """Mean distance of neighbouring rungs, of 255: by rung, throughout and behind the encoder."""
    found = []
    for scene, _ in scenes:
        lower = painter.paint(scene, painter.plan(0))
        for rung in range(1, painter.widest + 1):
            upper = painter.paint(scene, painter.plan(rung))
            mixed = painter.paint(scene, painter.plan(rung, rung - 1))
            found.append([float(distance(lower, upper)), float(distance(mixed, upper))])
            lower = upper
    return 255 * np.reshape(found, (len(scenes), painter.widest, 2)).mean(0)


def step_row(painter, scenes, clips):
    """What a change of width does: between neighbours, and with the ends mixed in one frame."""
    ends = (0, painter.widest)
    cells = [painter.card['style']]
    throughout, behind = steps(painter, scenes).T
    cells += [f'{throughout.mean():.1f}', f'{throughout.max():.1f}', f'{behind.max():.1f}']
    if clips:
        frames = clips[0]
        shown = painter.film(frames, painter.plan(painter.widest))
        ordinary = 255 * np.mean([float(distance(to_levels(a)[None], to_levels(b)[None]))
                                  for a, b in zip(shown, shown[1:])])
        cells.append(f'{ordinary:.1f}')
    else:
        cells.append('-')
    widest = [painter.paint(scene, painter.plan(painter.widest)) for scene, _ in scenes]
    for pair in (ends[::-1], ends, (0, 0)):
        cells.append(mean_and_least([psnr_db(painter.paint(scene, painter.plan(*pair)), wide)
                                     for (scene, _), wide in zip(scenes, widest)]))
    return f'| {" | ".join(cells)} |'


def sheet(painter, scenes):
    """Rows of pictures: as taken, widths 1, 1/2, 1/4, and the two mixtures of the ends."""
    ends = [(painter.rung(a), painter.rung(b))
            for a, b in ((1, 1), (0.5, 0.5), (0.25, 0.25), (1, 0.25), (0.25, 1))]
    return [[scene] + [painter.paint(scene, painter.plan(*pair)) for pair in ends]
            for scene, _ in scenes]


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    path = pathlib.Path
    parser.add_argument('--style', type=path, nargs='+', required=True,
                        help='the paintings, one for each file or one for all')
    parser.add_argument('--content', type=path, required=True,
                        help='the folder of photographs given to train.py')
    parser.add_argument('--features', type=path, required=True, help='feature network to judge')
    parser.add_argument('--clip', type=path, nargs='*', default=(),
                        help='videos; the first one of a camera that stands still')
    parser.add_argument('--photos', type=int, default=8, help='how many photographs (8)')
    parser.add_argument('--frames', type=int, default=10, help='how many frames (10)')
    parser.add_argument('--calm', type=float, default=0.7, help="ar-daemon's decoder.calm (0.7)")
    parser.add_argument('--stroke', type=int, default=320, help='as given to train.py (320)')
    parser.add_argument('--sheet', type=path, help='folder for a sheet of pictures per style')
    parser.add_argument('files', type=path, nargs='+', help='style files')
    return parser.parse_args()


WIDTH_COLUMNS = ('style', 'width', 'style error', 'content error', 'heaps', 'flicker x', 'calmed',
                 'clip error /255', 'warp error /255', 'from width 1 /255', 'int8 dB (least)')
STEP_COLUMNS = ('style', 'rung to rung /255', 'worst', 'worst behind encoder',
                'frame to frame', '1 then 0.25 dB (least)', '0.25 then 1', '0.25')


def heading(columns):
    """Of a Markdown table."""
    return f'| {" | ".join(columns)} |\n{"|---" * len(columns)}|'


def measure(options):
    """Prints the tables."""
    features = Features.read(options.features)
    paintings = options.style * len(options.files) if len(options.style) == 1 else options.style
    if len(paintings) != len(options.files):
        raise ValueError(f'{len(paintings)} paintings for {len(options.files)} styles')
    judges = [Judge(features, read_style(path, options.stroke)) for path in paintings]
    _, held_back = list_photos(options.content)
    chosen = held_back[::max(1, len(held_back) // options.photos)][:options.photos]
    scenes = [read_scene(path, *SCENE_PX) for path in chosen]
    scenes = [(scene, judges[0].content_of(scene)) for scene in scenes]
    clips = [read_clip(path, options.frames) for path in options.clip]
    painters = [Painter(path) for path in options.files]
    print(heading(WIDTH_COLUMNS))
    for painter, judge in zip(painters, judges):
        for row in width_rows(painter, judge, scenes, clips, options.calm):
            print(row, flush=True)
    print(f'\n{heading(STEP_COLUMNS)}')
    for painter, path in zip(painters, options.files):
        print(step_row(painter, scenes, clips), flush=True)
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
