# SPDX-License-Identifier: MIT
"""Compares what ar-daemon paints with what PyTorch paints, byte by byte, over a short sequence.

The sequence is made here: gradients, edges and noise that move slowly, so that running statistics
matter, and one cut to another scene, at which both forget them.
"""
import math
from dataclasses import dataclass

import numpy as np
import torch

import style_file
from network import FrameState, Network
from runtime import CHROMA_CENTRE, LIMITED, Clip, Runtime, nearest_bytes

WIDTHS = (1.0, 0.5, 0.25)  # or the trained ones that are nearest
SIZE_PX = (178, 102)  # maps of 89x51, 45x26 and 23x13: odd ones are cropped
N_FRAMES = 9
CUT_FRAME = 6
PAN_PX = 2  # a frame
LEAST_PSNR_DB = 60
MOST_LEVELS = 2


@dataclass(frozen=True)
class Difference:
    """Between the bytes of two clips, in levels of 255."""

    width: float
    most: int
    mean: float
    psnr_db: float

    @property
    def passes(self):
        """Whether rounding explains it."""
        return self.psnr_db >= LEAST_PSNR_DB and self.most <= MOST_LEVELS

    def __str__(self):
        return f'{self.width:5.3g}  {self.most:4d}  {self.mean:8.6f}  {self.psnr_db:8.1f}'


def report(program, path):
    """Prints the difference at each of the widths; gives whether all pass."""
    print(f'  ar-daemon against PyTorch, levels of 255 (right: at most {MOST_LEVELS}, and '
          f'{LEAST_PSNR_DB} dB)\n  width  most      mean  PSNR, dB')
    passed = True
    for found in compare(program, path):
        passed &= found.passes
        print(f'  {found}', flush=True)
    return passed


def compare(program, path):
    """Yields the difference at each of the widths."""
    runtime = Runtime(program)
    # A filter over time after the network is no part of the format.
    plain = ('--set', 'decoder.calm=0') if runtime.knows('decoder.calm') else ()
    architecture, tensors, _ = style_file.load(path)
    network = Network(architecture, tensors).double().eval()
    clip = Clip(list(make_frames()), LIMITED)
    for rung in dict.fromkeys(map(architecture.nearest_rung, WIDTHS)):
        width = architecture.widths[rung]
        shown = runtime.paint_clip(clip, path, width, *plain)
        meant = paint(network, clip, architecture.equal_rungs(rung), shown.range)
        yield difference(width, shown.pictures, meant)


def make_frames():
    """The sequence, in limited range."""
    width, height = SIZE_PX
    grain = np.random.default_rng(5).normal(0, 10, (height, width + PAN_PX * N_FRAMES))
    for i in range(N_FRAMES):
        y, x = np.mgrid[:height, :width].astype(np.float64)
        x += PAN_PX * i
        dots = ((x - 60) % 83 - 40) ** 2 + ((y + i) % 47 - 23) ** 2 < 15 ** 2
        luma = 50 + 60 * y / height + 40 * (x // 29 % 2) + 60 * dots
        luma += grain[:, PAN_PX * i:PAN_PX * i + width]
        u, v = 40 * np.sin(x / 31 + y / 53), 40 * np.cos(y / 19) * (x // 29 % 2)
        if i >= CUT_FRAME:
            luma, u, v = 290 - luma, v, -u
        chroma = (plane[::2, ::2] + CHROMA_CENTRE for plane in (u, v))
        yield (nearest_bytes(luma, (16, 235)),
               *(nearest_bytes(plane, LIMITED.chroma_limits) for plane in chroma))


@torch.no_grad()
def paint(network, clip, rungs, byte_range):
    """The pictures as PyTorch paints them, with running statistics as the runtime keeps them."""
    architecture = network.architecture
    state = FrameState()
    pictures = []
    for i, picture in enumerate(clip.pictures):
        if i == CUT_FRAME:
            state = FrameState()
        planes = torch.from_numpy(to_planes(architecture, clip.range.widen(picture)))
        painted = network(planes[None], rungs, state)[0].numpy()
        pictures.append(byte_range.narrow(from_planes(architecture, painted)))
    return pictures


def to_planes(architecture, values):
    """Planes of full-range luma, u and v."""
    luma, u, v = values
    if architecture.planes == 'yuv420':
        stacked = np.stack([luma[i::2, j::2] for i in range(2) for j in range(2)] + [u, v])
    else:
        u, v = (plane.repeat(2, 0).repeat(2, 1) - CHROMA_CENTRE for plane in (u, v))
        stacked = np.stack((luma + 1.402 * v, luma - 0.344136 * u - 0.714136 * v,
                            luma + 1.772 * u))
    return (stacked / 255 - _offset(architecture)) * architecture.gain


def from_planes(architecture, planes):
    """Full-range luma, u and v of planes; of colours as a screen would show them."""
    values = (planes / architecture.gain + _offset(architecture)) * 255
    if architecture.planes == 'yuv420':
        luma = np.empty((2 * values.shape[1], 2 * values.shape[2]))
        for i in range(4):
            luma[i // 2::2, i % 2::2] = values[i]
        return luma, values[4], values[5]
    colours = values.clip(0, 255)
    mean = colours.reshape(3, colours.shape[1] // 2, 2, -1, 2).mean((2, 4))
    grey = _luma(mean)
    return (_luma(colours), (mean[2] - grey) / 1.772 + CHROMA_CENTRE,
            (mean[0] - grey) / 1.402 + CHROMA_CENTRE)


def difference(width, pictures, others):
    """Of two lists of pictures, over all their bytes."""
    if len(pictures) != len(others):
        raise ValueError(f'{len(pictures)} frames came of {len(others)}')
    levels = np.concatenate([np.abs(a.astype(int) - b.astype(int)).ravel()
                             for one, other in zip(pictures, others)
                             for a, b in zip(one, other)])
    square = (levels ** 2).mean()
    psnr_db = 10 * math.log10(255 ** 2 / square) if square else math.inf
    return Difference(width, int(levels.max()), float(levels.mean()), psnr_db)


def _offset(architecture):
    return np.array(architecture.offset)[:, None, None]


def _luma(colours):
    return np.tensordot((0.299, 0.587, 0.114), colours, 1)
