# SPDX-License-Identifier: MIT
"""Y4M clips for the end-to-end tests: written, read back strictly, and measured. 8 bit 4:2:0, even sizes."""
import pathlib
import statistics

MAGIC = b'YUV4MPEG2 '
FRAME_MARK = b'FRAME\n'


class Clip:
    """The pictures of a Y4M file, each as its bytes: luma, then the two chroma planes."""

    def __init__(self, parameters, frames):
        self.parameters = parameters  # by letter: {'W': '96', ...}; of X the last one
        self.frames = frames
        self.width = int(parameters['W'])
        self.height = int(parameters['H'])

    def luma(self, index):
        return self.frames[index][:self.width * self.height]

    def chroma(self, index):
        return self.frames[index][self.width * self.height:]


def write(path, frames, width, height, rate=30):
    header = f'YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n'.encode()
    pathlib.Path(path).write_bytes(header + b''.join(FRAME_MARK + frame for frame in frames))


def parse(data):
    """Reads a whole Y4M file; ValueError where a byte is missing or too much."""
    header, _, rest = data.partition(b'\n')
    if not header.startswith(MAGIC):
        raise ValueError(f'no Y4M header: {header[:40]!r}')
    parameters = {word[0]: word[1:] for word in header.decode().split()[1:]}
    width, height = int(parameters['W']), int(parameters['H'])
    step = len(FRAME_MARK) + width * height * 3 // 2
    if len(rest) % step:
        raise ValueError(f'{len(rest)} bytes of pictures, {step} each: {len(rest) % step} too many')
    frames = []
    for start in range(0, len(rest), step):
        if not rest.startswith(FRAME_MARK, start):
            raise ValueError(f'no frame header at byte {len(header) + 1 + start}')
        frames.append(rest[start + len(FRAME_MARK):start + step])
    return Clip(parameters, frames)


def read(path):
    return parse(pathlib.Path(path).read_bytes())


def make_frames(n_frames, width=64, height=48):
    """A diagonal gradient under a bright square that moves: every picture is another one."""
    frames = []
    for index in range(n_frames):
        left, top = 3 * index % (width - 12), 2 * index % (height - 12)
        luma = bytearray()
        for y in range(height):
            row = bytearray(30 + (2 * x + 3 * y + index) % 150 for x in range(width))
            if top <= y < top + 12:
                row[left:left + 12] = bytes([220]) * 12
            luma += row
        chroma = bytes(100 + x % 50 for x in range(width // 2)) * (height // 2)
        frames.append(bytes(luma) + chroma + chroma[::-1])
    return frames


def make_clip(path, n_frames, width=64, height=48, rate=30):
    """Writes such a clip and returns its pictures."""
    frames = make_frames(n_frames, width, height)
    write(path, frames, width, height, rate)
    return frames


def difference(a, b):
    """Mean absolute difference of two pictures' bytes."""
    return sum(abs(x - y) for x, y in zip(a, b, strict=True)) / len(a)


def deviation(plane):
    return statistics.pstdev(plane)
