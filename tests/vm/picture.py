# SPDX-License-Identifier: MIT
"""Pictures of the cases: read from QEMU, made of a camera's bytes, compared, and written for people."""
import math
import pathlib
import struct
import zlib


class Picture:
    """Three bytes a pixel: red, green, blue."""

    def __init__(self, width, height, data):
        self.width = width
        self.height = height
        self.data = data

    def colours(self):
        return {tuple(self.data[i:i + 3]) for i in range(0, len(self.data), 3)}

    def doubled(self):
        """Each pixel as four."""
        stride = 3 * self.width
        rows = [self.data[y * stride:(y + 1) * stride] for y in range(self.height)]
        wide = [b''.join(row[x:x + 3] * 2 for x in range(0, stride, 3)) for row in rows]
        return Picture(2 * self.width, 2 * self.height, b''.join(row * 2 for row in wide))


def read_ppm(path):
    data = pathlib.Path(path).read_bytes()
    kind, width, height, depth = data.split(maxsplit=4)[:4]
    if kind != b'P6' or depth != b'255':
        raise ValueError(f'{path}: not a picture of 8 bits')
    width, height = int(width), int(height)
    return Picture(width, height, data[-width * height * 3:])


def write_png(path, picture):
    def chunk(kind, content):
        body = kind + content
        return struct.pack('>I', len(content)) + body + struct.pack('>I', zlib.crc32(body))

    stride = picture.width * 3
    rows = b''.join(b'\0' + picture.data[y * stride:(y + 1) * stride] for y in range(picture.height))
    header = struct.pack('>IIBBBBB', picture.width, picture.height, 8, 2, 0, 0, 0)
    pathlib.Path(path).write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) +
                                   chunk(b'IDAT', zlib.compress(rows, 1)) + chunk(b'IEND', b''))


def byte(value):
    return min(255, max(0, math.floor(value + 0.5)))


def colour(y, u, v, full_range=False):
    """BT.601, in television range where it is not full."""
    luma, blue, red = y, u - 128, v - 128
    if not full_range:
        luma, blue, red = (luma - 16) * 255 / 219, blue * 255 / 224, red * 255 / 224
    return bytes((byte(luma + 1.402 * red), byte(luma - 0.344136 * blue - 0.714136 * red), byte(luma + 1.772 * blue)))


def from_yuv420(data, width, height):
    """What a screen is to show of a camera's YUV420."""
    if len(data) != width * height * 3 // 2:
        raise ValueError(f'{len(data)} bytes are no YUV420 picture of {width}x{height}')
    luma, chroma = data[:width * height], data[width * height:]
    n_chroma = len(chroma) // 2
    known = {}
    pixels = []
    for y in range(height):
        for x in range(width):
            at = y // 2 * (width // 2) + x // 2
            key = luma[y * width + x], chroma[at], chroma[n_chroma + at]
            if key not in known:
                known[key] = colour(*key)
            pixels.append(known[key])
    return Picture(width, height, b''.join(pixels))


def count_different(a, b):
    """Pixels that differ in any byte."""
    if (a.width, a.height) != (b.width, b.height):
        raise ValueError(f'{a.width}x{a.height} and {b.width}x{b.height}')
    return sum(a.data[i:i + 3] != b.data[i:i + 3] for i in range(0, len(a.data), 3))


def psnr_db(a, b):
    if len(a.data) != len(b.data):
        raise ValueError(f'{a.width}x{a.height} and {b.width}x{b.height}')
    square = sum((x - y) ** 2 for x, y in zip(a.data, b.data)) / len(a.data)
    return math.inf if square == 0 else 10 * math.log10(255 ** 2 / square)
