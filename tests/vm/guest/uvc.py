# SPDX-License-Identifier: MIT
"""What a USB camera says of itself, in the words of USB 2.0 and USB Video Class 1.0: a webcam that streams in bulk."""
import struct

STREAMING_INTERFACE = 1
PROCESSING_UNIT = 2
BRIGHTNESS = 2  # the unit's only control
PROBE, COMMIT = 1, 2

DEVICE, CONFIGURATION, STRING, QUALIFIER = 1, 2, 3, 6
STRINGS = ('ar-daemon', 'VM UVC camera', '1')

MAX_PACKET_B = 512
RATES = (30, 15)
CLOCK_HZ = 48000000
YUY2 = b'YUY2\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71'

# Of a class request.
SET_CUR, GET_CUR, GET_MIN, GET_MAX, GET_RES, GET_LEN, GET_INFO, GET_DEF = 0x01, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87
MAY_GET_AND_SET = 3

PROBE_FIELDS = struct.Struct('<HBBI10xII')  # hint, format, frame, interval, ..., the picture's bytes, a payload's bytes

# Of a payload's header.
HEADER_B = 2
NEXT, END, ERROR, ALWAYS = 0x01, 0x02, 0x40, 0x80


def le16(value):
    return struct.pack('<H', value)


def le32(value):
    return struct.pack('<I', value)


def interval(rate):
    """In USB's unit, a tenth of a microsecond."""
    return round(1e7 / rate)


def descriptor(kind, *fields):
    """Fields are bytes, or numbers of one byte each."""
    content = b''.join(field if isinstance(field, bytes) else bytes([field]) for field in fields)
    return bytes([len(content) + 2, kind]) + content


def with_total(header, rest):
    """header(bytes of both) + rest: some descriptors say how long all that belongs to them is."""
    return header(le16(len(header(le16(0))) + len(rest))) + rest


def device():
    return descriptor(1, le16(0x200), 0xef, 2, 1, 64, le16(0x1d6b), le16(0x0102), le16(1), 1, 2, 3, 1)


def qualifier():
    return descriptor(6, le16(0x200), 0xef, 2, 1, 64, 1, 0)


def string(index):
    if index == 0:
        return descriptor(3, le16(0x409))  # there is English
    return descriptor(3, STRINGS[index - 1].encode('utf-16-le'))


def control_interface():
    camera = descriptor(0x24, 2, 1, le16(0x201), 0, 0, le16(0), le16(0), le16(0), 3, 0, 0, 0)
    unit = descriptor(0x24, 5, PROCESSING_UNIT, 1, le16(0), 2, 1, 0, 0)
    terminal = descriptor(0x24, 3, 3, le16(0x101), 0, PROCESSING_UNIT, 0)
    return (descriptor(4, 0, 0, 0, 0x0e, 1, 0, 0) +
            with_total(lambda total: descriptor(0x24, 1, le16(0x100), total, le32(CLOCK_HZ), 1, 1), camera + unit + terminal))


def frame(kind, index, width, height):
    bits = width * height * 16
    intervals = [le32(interval(rate)) for rate in RATES]
    return descriptor(0x24, kind, index, 0, le16(width), le16(height), le32(bits * min(RATES)), le32(bits * max(RATES)),
                      le32(bits // 8), intervals[0], len(intervals), *intervals)


def format_and_frames(index, name, sizes):
    if name == 'MJPG':
        head, kind = descriptor(0x24, 6, index, len(sizes), 1, 1, 0, 0, 0, 0), 7
    else:
        head, kind = descriptor(0x24, 4, index, len(sizes), YUY2, 16, 1, 0, 0, 0, 0), 5
    frames = b''.join(frame(kind, i + 1, *size) for i, size in enumerate(sizes))
    return head + frames + descriptor(0x24, 0x0d, 1, 1, 4)


def streaming_interface(modes):
    parts = b''.join(format_and_frames(i + 1, name, sizes) for i, (name, sizes) in enumerate(modes.items()))
    controls = [0] * len(modes)
    return (descriptor(4, STREAMING_INTERFACE, 0, 1, 0x0e, 2, 0, 0) +
            with_total(lambda total: descriptor(0x24, 1, len(modes), total, 0x81, 0, 3, 0, 0, 0, 1, *controls), parts) +
            descriptor(5, 0x81, 2, le16(MAX_PACKET_B), 0))


def configuration(modes):
    """modes: by a format's name, MJPG or YUYV, its sizes."""
    interfaces = descriptor(0x0b, 0, 2, 0x0e, 3, 0, 0) + control_interface() + streaming_interface(modes)
    return with_total(lambda total: descriptor(2, total, 2, 1, 0, 0x80, 250), interfaces)


def settle(modes, wish):
    """What the camera makes of the stream that the driver asks for: format's name, size, rate, and its own words for it."""
    _, n_format, n_frame, wanted, _, _ = PROBE_FIELDS.unpack(wish)
    names = list(modes)
    n_format = n_format if 1 <= n_format <= len(names) else 1
    sizes = modes[names[n_format - 1]]
    n_frame = n_frame if 1 <= n_frame <= len(sizes) else 1
    width, height = sizes[n_frame - 1]
    rate = min(RATES, key=lambda rate: abs(interval(rate) - wanted))
    picture_b = 2 * width * height
    words = PROBE_FIELDS.pack(1, n_format, n_frame, interval(rate), picture_b, picture_b + HEADER_B + 1024)
    return names[n_format - 1], (width, height), rate, words
