# SPDX-License-Identifier: MIT
"""A USB camera made of words: uvc.py's webcam, spoken to the kernel's virtual host controller (vhci_hcd) over USB/IP.

To the driver uvcvideo it is a camera like any other, that can be pulled out, hang, and send what it should not. It is served
by a thread of its own.
"""
import contextlib
import os
import pathlib
import select
import socket
import struct
import sys
import threading
import time

import guest
import uvc

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import block_picture  # pylint: disable=wrong-import-position

CONTROLLER = pathlib.Path('/sys/devices/platform/vhci_hcd.0')
NODES = pathlib.Path('/sys/class/video4linux')
DEVICE_ID = 0x10002
HIGH_SPEED = 3

HEADER_B = 48
SUBMIT, UNLINK, SUBMITTED, UNLINKED = 1, 2, 3, 4
STALLED, CANCELLED = -32, -104  # -EPIPE, -ECONNRESET

CLASS_REQUEST, OF_ENDPOINT = 0x20, 0x02
GET_STATUS, CLEAR_FEATURE, SET_FEATURE, SET_ADDRESS, GET_DESCRIPTOR = 0, 1, 3, 5, 6
GET_CONFIGURATION, SET_CONFIGURATION, GET_INTERFACE, SET_INTERFACE = 8, 9, 10, 11

LOOK_S = 0.05

MODES = {'MJPG': [(640, 360), (320, 180)]}
ENCODERS = {'MJPG': block_picture.jpeg, 'YUYV': block_picture.yuyv}


class UsbCamera:
    def __init__(self, modes=None):
        self.modes = modes or MODES
        self.frozen = False   # no pictures, though it answers
        self.deaf = False     # no answers
        self.spoil = None     # makes other bytes of a payload's flags and a picture's, for n_spoilt pictures
        self.n_spoilt = 0
        self.n_pictures = 0   # sent since it was made
        self.brightness = []  # all that it was set to
        self.connection = None

    # ---- for the case

    def plug(self, port=0):
        """Gives the node that the kernel made of it."""
        ours, theirs = socket.socketpair()
        self.connection, self.streaming, self.payload, self.toggle = ours, False, None, 0
        self.asked, self.ignored = [], set()
        self.wish = uvc.settle(self.modes, bytes(uvc.PROBE_FIELDS.size))
        before = self.nodes()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        with theirs:
            os.write(self.attach(), f'{port} {theirs.fileno()} {DEVICE_ID} {HIGH_SPEED}'.encode())
        new, = guest.wait_until(lambda: self.nodes() - before, 'a node for the USB camera')
        return new

    def unplug(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        guest.wait_until(lambda: not self.nodes(), "the USB camera's node is gone")

    def spoil_next(self, spoil, n_pictures=1):
        self.spoil, self.n_spoilt = spoil, n_pictures

    @staticmethod
    def nodes():
        """Its picture nodes; there is one for metadata as well."""
        found = set()
        for node in NODES.glob('video*'):
            with contextlib.suppress(OSError):  # it may go while we look
                if (node / 'name').read_text().strip() == uvc.STRINGS[1] and (node / 'index').read_text().strip() == '0':
                    found.add(f'/dev/{node.name}')
        return found

    @staticmethod
    def attach():
        return os.open(CONTROLLER / 'attach', os.O_WRONLY | os.O_CLOEXEC)

    # ---- the thread

    def serve(self):
        with self.connection, contextlib.suppress(OSError, EOFError):
            while True:
                if select.select([self.connection], [], [], self.wait_s())[0]:
                    self.answer()
                self.expose()
                self.deliver()

    def wait_s(self):
        """Until the next picture may be due. What the case changes is seen soon."""
        if not self.streaming or self.payload is not None or not self.asked or self.frozen or self.deaf:
            return LOOK_S
        return min(LOOK_S, max(0, self.due_s - time.monotonic()))

    def receive(self, n_bytes):
        data = b''
        while len(data) < n_bytes:
            piece = self.connection.recv(n_bytes - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def send(self, kind, number, status, n_bytes=0, data=b''):
        self.connection.sendall(struct.pack('>5Iii', kind, number, 0, 0, 0, status, n_bytes).ljust(HEADER_B, b'\0') + data)

    def answer(self):
        header = self.receive(HEADER_B)
        kind, number, _, to_host, endpoint, first, length, setup = struct.unpack('>6Ii12x8s', header)
        if kind == UNLINK:
            self.cancel(number, first)
            return
        data = b'' if to_host else self.receive(length)
        if endpoint != 0:
            self.asked.append((number, length))
        elif self.deaf:
            self.ignored.add(number)
        else:
            self.control(number, to_host, length, struct.unpack('<BBHHH', setup), data)

    def cancel(self, number, cancelled):
        waits = [asked for asked in self.asked if asked[0] == cancelled]
        self.asked = [asked for asked in self.asked if asked[0] != cancelled]
        self.send(UNLINKED, number, CANCELLED if waits or cancelled in self.ignored else 0)

    def control(self, number, to_host, length, setup, data):
        reply = self.class_request(setup, data) if setup[0] & CLASS_REQUEST else self.standard_request(setup)
        if reply is None:
            self.send(SUBMITTED, number, STALLED)
        elif to_host:
            self.send(SUBMITTED, number, 0, len(reply[:length]), reply[:length])
        else:
            self.send(SUBMITTED, number, 0, length)

    def standard_request(self, setup):
        kind, request, value, _, _ = setup
        if request == GET_DESCRIPTOR:
            return self.describe(value >> 8, value & 0xff)
        if request == CLEAR_FEATURE and kind & 0x1f == OF_ENDPOINT:  # so the driver ends a stream that comes in bulk
            self.streaming, self.payload = False, None
        return {GET_STATUS: b'\0\0', GET_CONFIGURATION: b'\1', GET_INTERFACE: b'\0', CLEAR_FEATURE: b'', SET_FEATURE: b'',
                SET_ADDRESS: b'', SET_CONFIGURATION: b'', SET_INTERFACE: b''}.get(request)

    def describe(self, kind, index):
        if kind == uvc.STRING:
            return uvc.string(index) if index <= len(uvc.STRINGS) else None
        return {uvc.DEVICE: uvc.device(), uvc.CONFIGURATION: uvc.configuration(self.modes),
                uvc.QUALIFIER: uvc.qualifier()}.get(kind)

    def class_request(self, setup, data):
        _, request, value, index, _ = setup
        selector = value >> 8
        if index & 0xff == uvc.STREAMING_INTERFACE and selector in (uvc.PROBE, uvc.COMMIT):
            return self.negotiate(request, selector, data)
        if index >> 8 == uvc.PROCESSING_UNIT and selector == uvc.BRIGHTNESS:
            return self.set_brightness(request, data)
        return None

    def negotiate(self, request, selector, data):
        if request == uvc.GET_LEN:
            return uvc.le16(uvc.PROBE_FIELDS.size)
        if request == uvc.GET_INFO:
            return bytes([uvc.MAY_GET_AND_SET])
        if request != uvc.SET_CUR:
            return self.wish[-1]
        self.wish = uvc.settle(self.modes, data)
        if selector == uvc.COMMIT and not self.streaming:
            self.streaming, self.due_s = True, time.monotonic()
        return b''

    def set_brightness(self, request, data):
        if request == uvc.SET_CUR:
            self.brightness.append(int.from_bytes(data, 'little'))
            return b''
        if request == uvc.GET_INFO:
            return bytes([uvc.MAY_GET_AND_SET])
        current = self.brightness[-1] if self.brightness else 128
        return {uvc.GET_CUR: uvc.le16(current), uvc.GET_MIN: uvc.le16(0), uvc.GET_MAX: uvc.le16(255), uvc.GET_RES: uvc.le16(1),
                uvc.GET_LEN: uvc.le16(2), uvc.GET_DEF: uvc.le16(128)}.get(request)

    def expose(self):
        """The next picture, once its time has come and the driver waits for one."""
        now_s = time.monotonic()
        if not self.streaming or self.frozen or self.deaf or self.payload is not None or not self.asked or now_s < self.due_s:
            return
        name, size, rate, _ = self.wish
        self.due_s = max(self.due_s + 1 / rate, now_s)
        self.toggle ^= uvc.NEXT
        flags, data = uvc.ALWAYS | uvc.END | self.toggle, ENCODERS[name](*size, self.n_pictures)
        if self.n_spoilt > 0:
            self.n_spoilt -= 1
            flags, data = self.spoil(flags, data)
        self.payload = bytes([uvc.HEADER_B, flags]) + data
        self.n_pictures += 1

    def deliver(self):
        """A payload ends with a transfer that is not full."""
        while self.payload is not None and self.asked:
            number, length = self.asked.pop(0)
            part, self.payload = self.payload[:length], self.payload[length:]
            self.send(SUBMITTED, number, 0, len(part), part)
            if len(part) < length:
                self.payload = None
