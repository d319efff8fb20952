# SPDX-License-Identifier: MIT
"""The guest's half of tearing: a clip whose pictures come faster than the screen refreshes, and the checksum of each refresh."""
import os
import pathlib
import select
import threading

import guest

DEBUG = pathlib.Path('/sys/kernel/debug')
CLIP = pathlib.Path('/run/clip.y4m')
CHECKSUMS = DEBUG / 'dri/0/crtc-0/crc/data'
LINE_B = 64
LOOK_MS = 100


class Watch(threading.Thread):
    """Reads what the driver shows at each refresh. Use in a `with` block, once there is a picture."""

    def __init__(self):
        super().__init__()
        self.checksums = []
        self.over = threading.Event()

    def __enter__(self):
        self.file = os.open(CHECKSUMS, os.O_RDONLY | os.O_NONBLOCK)
        self.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.join()
        os.close(self.file)

    def run(self):
        poll = select.poll()
        poll.register(self.file, select.POLLIN)
        while not self.over.is_set():
            if poll.poll(LOOK_MS):
                _, checksum = os.read(self.file, LINE_B).rstrip(b'\n\0').split()
                self.checksums.append(checksum.decode())


def write_clip(width, height):
    """Each picture for a while, and then one after the other."""
    n_luma = width * height
    pictures = [bytes([level]) * n_luma + bytes([128]) * (n_luma // 2) for level in guest.PARAMETERS['levels']]
    order = [i for i in range(len(pictures)) for _ in range(guest.PARAMETERS['n_held'])]
    order += [i % len(pictures) for i in range(guest.PARAMETERS['n_changing'])]
    header = f'YUV4MPEG2 W{width} H{height} F{guest.PARAMETERS["clip_hz"]}:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n'.encode()
    CLIP.write_bytes(header + b''.join(b'FRAME\n' + pictures[i] for i in order))


def case(_host):
    width, height = guest.PARAMETERS['size']
    write_clip(width, height)
    guest.load('vkms')
    guest.command('mount', '-t', 'debugfs', 'debugfs', DEBUG)
    guest.wait_until(pathlib.Path('/dev/dri/card0').exists, 'the graphics card')
    with guest.Daemon('--source', f'file:{CLIP}', '--display', 'kms', '--set', f'display.size={width}x{height}',
                      '--set', 'decoder.calm=off', '--style', guest.PLAIN_STYLE) as daemon:
        daemon.wait_shown()
        display = daemon.status()['display']
        with Watch() as watch:
            code = daemon.process.wait(guest.START_S)
    return {'refreshes': watch.checksums, 'display': display, 'code': code}


guest.run(case)
