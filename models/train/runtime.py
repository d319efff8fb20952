# SPDX-License-Identifier: MIT
"""Runs ar-daemon from clip to clip. Clips are Y4M, 8 bit 4:2:0, even sizes."""
import os
import pathlib
import re
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np

FRAME_MARK = b'FRAME\n'
CHROMA_CENTRE = 128  # the byte of no colour, in either range
RUN_S = 600  # longer than any run takes, so that one that hangs ends


class RuntimeFailed(ValueError):
    """ar-daemon could not be run, or did not end well; the words are its own."""


@dataclass(frozen=True)
class Range:
    """What bytes mean: the luma of black, steps to white, steps and limits of chroma."""

    name: str
    black: int
    luma_steps: int
    chroma_steps: int
    chroma_limits: tuple

    def widen(self, picture):
        """A picture's bytes as full-range values."""
        luma, *chroma = (plane.astype(np.float64) for plane in picture)
        return ((luma - self.black) * 255 / self.luma_steps,
                *((plane - CHROMA_CENTRE) * 255 / self.chroma_steps + CHROMA_CENTRE
                  for plane in chroma))

    def narrow(self, values):
        """The bytes of full-range values: the nearest ones, halves up."""
        luma, *chroma = values
        limits = self.black, self.black + self.luma_steps
        return (nearest_bytes(luma * self.luma_steps / 255 + self.black, limits),
                *(nearest_bytes((plane - CHROMA_CENTRE) * self.chroma_steps / 255 + CHROMA_CENTRE,
                                self.chroma_limits) for plane in chroma))


FULL = Range('FULL', 0, 255, 255, (0, 255))
LIMITED = Range('LIMITED', 16, 219, 224, (16, 240))


@dataclass
class Clip:
    """Pictures as (luma, u, v), arrays of bytes, and what these mean."""

    pictures: list
    range: Range

    def write(self, path):
        """Writes a Y4M file."""
        height, width = self.pictures[0][0].shape
        header = (f'YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg '
                  f'XCOLORRANGE={self.range.name}\n')
        with open(path, 'wb') as file:
            file.write(header.encode())
            for picture in self.pictures:
                file.write(FRAME_MARK + b''.join(plane.tobytes() for plane in picture))

    @classmethod
    def read(cls, path):
        """Reads a Y4M file as ar-daemon writes them."""
        header, _, rest = pathlib.Path(path).read_bytes().partition(b'\n')
        words = header.decode('ascii', 'replace').split()
        width, height = (int(next(word[1:] for word in words if word[0] == letter))
                         for letter in 'WH')
        size_b = len(FRAME_MARK) + width * height * 3 // 2
        frames = np.frombuffer(rest, np.uint8).reshape(-1, size_b)[:, len(FRAME_MARK):]
        return cls([_planes(frame, width, height) for frame in frames],
                   FULL if 'XCOLORRANGE=FULL' in words else LIMITED)


class Runtime:
    """An ar-daemon that takes no part in the machine's own: no control socket, no settings."""

    def __init__(self, program):
        self.program = os.path.abspath(program)

    def knows(self, key):
        """Whether this build has an option, such as `budget.width`."""
        return re.search(rf'^  {re.escape(key)} ', self._run('--help'), re.MULTILINE) is not None

    def paint(self, source, style, width, *arguments):
        """Paints every frame of a source at one width; gives the clip."""
        with tempfile.TemporaryDirectory(prefix='ar-paint-') as folder:
            path = os.path.join(folder, 'out.y4m')
            self._run('--config', os.devnull, '--set', 'daemon.socket=none', '--source', source,
                      '--set', 'capture.pace=fast', '--display', f'file:{path}',
                      '--set', 'network.precision=f32', '--style', os.path.abspath(style), '--width', f'{width:g}', *arguments)
            return Clip.read(path)

    def paint_clip(self, clip, style, width, *arguments):
        """The same for a clip at hand."""
        with tempfile.TemporaryDirectory(prefix='ar-clip-') as folder:
            path = os.path.join(folder, 'in.y4m')
            clip.write(path)
            return self.paint(f'file:{path}', style, width, *arguments)

    def _run(self, *arguments):
        command = [self.program, *map(str, arguments)]
        try:
            finished = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                                      text=True, timeout=RUN_S, check=False)
        except OSError as error:
            raise RuntimeFailed(f'{self.program}: {error.strerror}') from error
        except subprocess.TimeoutExpired as error:
            raise RuntimeFailed(f'{self.program}: still running after {RUN_S} s') from error
        if finished.returncode != 0:
            last = finished.stderr.strip().rpartition('\n')[2]
            raise RuntimeFailed(f'{self.program}: exit code {finished.returncode}: {last}')
        return finished.stdout


def nearest_bytes(values, limits):
    """Values as bytes within limits."""
    return np.floor(np.clip(values + 0.5, *limits)).astype(np.uint8)


def _planes(frame, width, height):
    luma_b = width * height
    chroma = frame[luma_b:].reshape(2, height // 2, width // 2)
    return frame[:luma_b].reshape(height, width), chroma[0], chroma[1]
