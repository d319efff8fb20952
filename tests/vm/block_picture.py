# SPDX-License-Identifier: MIT
"""Pictures of coloured blocks with a number in the first row: as a JPEG, as YUYV, and as a screen must show them.

All of a block's pixels have its colour, so that a JPEG keeps nothing of it but its mean, which no decoder rounds.
"""
import functools
import struct

import picture

BLOCK_PX = 16
NUMBER_BITS = 8
DARK, LIGHT = (32, 128, 128), (224, 128, 128)

STEP = 8         # what each coefficient is divided by: the mean is then a whole number of its own
N_CATEGORIES = 12
RESTART = 0xd0


def blocks(width, height, number):
    """Rows of colours: Y, U, V."""
    n_across, n_down = -(-width // BLOCK_PX), -(-height // BLOCK_PX)
    rows = [[(64 + (8 * y + 3 * x) % 128, 96 + 64 * x // n_across, 96 + 64 * y // n_down) for x in range(n_across)]
            for y in range(n_down)]
    rows[0] = [LIGHT if number >> x & 1 else DARK for x in range(NUMBER_BITS)] + rows[0][NUMBER_BITS:]
    return [tuple(row) for row in rows]


def read_number(screen, block_px=BLOCK_PX):
    """Of a picture that was taken of the screen."""
    middle = block_px // 2
    return sum((screen.data[3 * (middle * screen.width + block_px * x + middle)] > 128) << x for x in range(NUMBER_BITS))


def segment(marker, content):
    return struct.pack('>BBH', 0xff, marker, len(content) + 2) + content


def huffman_table(kind, lengths, symbols):
    return segment(0xc4, bytes([kind]) + bytes(lengths) + bytes(symbols))


@functools.cache
def jpeg_head(width, height):
    components = bytes([3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0])
    n_four_bits = [0, 0, 0, N_CATEGORIES] + [0] * 12
    n_one_bit = [1] + [0] * 15
    return (b'\xff\xd8' + segment(0xdb, bytes([0]) + bytes([STEP] * 64)) +
            segment(0xc0, struct.pack('>BHH', 8, height, width) + components) +
            huffman_table(0x00, n_four_bits, range(N_CATEGORIES)) + huffman_table(0x10, n_one_bit, [0]) +
            segment(0xdd, struct.pack('>H', -(-width // BLOCK_PX))) +
            segment(0xda, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])))


def mean_bits(difference):
    """How many bits a difference has, and those bits; a negative one is a positive one's complement."""
    n_bits = abs(difference).bit_length()
    value = difference if difference >= 0 else difference + (1 << n_bits) - 1
    return f'{n_bits:04b}' + (f'{value:0{n_bits}b}' if n_bits else '')


@functools.cache
def jpeg_row(row):
    """One row of blocks, which a restart marker makes independent of the others."""
    text, before = [], [128, 128, 128]
    for colour in row:
        for i, n_same in enumerate((3, 0, 0)):  # four transforms of luma have one mean
            text.append(mean_bits(colour[i] - before[i]) + '0' + '00000' * n_same)
            before[i] = colour[i]
    bits = ''.join(text)
    bits += '1' * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, 'big').replace(b'\xff', b'\xff\x00')


def jpeg(width, height, number):
    rows = [jpeg_row(row) for row in blocks(width, height, number)]
    scan = b''.join(row + bytes([0xff, RESTART + i % 8]) for i, row in enumerate(rows[:-1]))
    return jpeg_head(width, height) + scan + rows[-1] + b'\xff\xd9'


@functools.cache
def yuyv_row(row):
    return b''.join(bytes((y, u, y, v)) * (BLOCK_PX // 2) for y, u, v in row) * BLOCK_PX


def yuyv(width, height, number):
    return b''.join(yuyv_row(row) for row in blocks(width, height, number))[:2 * width * height]


def shown(width, height, number, full_range):
    """What a screen is to show of it."""
    rows = [b''.join(picture.colour(*colour, full_range) * BLOCK_PX for colour in row)[:3 * width] * BLOCK_PX
            for row in blocks(width, height, number)]
    return picture.Picture(width, height, b''.join(rows)[:3 * width * height])
