# SPDX-License-Identifier: MIT
"""What the cases in a virtual machine share: QEMU, its screen, and the host's half of the talk with the guest.

A case is a program: test_NAME.py AR-DAEMON AR-CTL CACHE ARTEFACTS [unittest's own arguments]. Its guest's half is
guest/NAME.py. What it leaves in ARTEFACTS/NAME: console.log, dmesg.log, daemon.log, screenshots, result.json.
Exit codes: 0 passed, 1 failed, 77 skipped, which is said in capitals.
"""
import contextlib
import json
import os
import pathlib
import select
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import architecture
import picture
import prepare
import toy_styles

if len(sys.argv) < 5:
    sys.exit(f'usage: {sys.argv[0]} AR-DAEMON AR-CTL CACHE ARTEFACTS [unittest arguments]')
DAEMON, CTL, CACHE, ARTEFACTS = (pathlib.Path(argument).resolve() for argument in sys.argv[1:5])
WRAPPER = shlex.split(os.environ.get('MESON_EXE_WRAPPER', ''))  # what runs the program here, where it is built for another machine
TREE = pathlib.Path(__file__).resolve().parents[2]

SLIMMED_STYLE = TREE / 'models/starry_night.safetensors'
SKIPPED_EXIT_CODE = 77
SLOW = float(os.environ.get('AR_SLOW', '1'))  # how many times longer than on an idle machine anything may take
CONNECT_S = 20 * SLOW
HOST_SHARE = 3  # so many times longer it may take a host that is busy: the guest's time is counted in instructions, and does not know


def connect(path, process):
    """QEMU makes its sockets a moment after it starts."""
    end = time.monotonic() + CONNECT_S
    while time.monotonic() < end and process.poll() is None:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(path))
            client.settimeout(CONNECT_S)
            return client
        except OSError:
            client.close()
            time.sleep(0.02)
    raise AssertionError(f'QEMU does not answer at {path.name}')


class Monitor:
    """QEMU's machine protocol."""

    def __init__(self, path, process):
        with connect(path, process) as client:
            self.file = client.makefile('rw')
        self.file.readline()
        self.command('qmp_capabilities')

    def close(self):
        self.file.close()

    def command(self, name, **arguments):
        self.file.write(json.dumps({'execute': name, 'arguments': arguments}) + '\n')
        self.file.flush()
        while True:
            reply = json.loads(self.file.readline())
            if 'error' in reply:
                raise AssertionError(f'{name}: {reply["error"]["desc"]}')
            if 'return' in reply:
                return reply['return']


class Viewer:
    """A VNC client, for what only a viewer can do: give the virtual screen another size, or none."""

    SET_ENCODINGS, UPDATE_REQUEST, SET_DESKTOP_SIZE = 2, 3, 251
    EXTENDED_DESKTOP_SIZE = -308

    def __init__(self, path, process):
        self.client = connect(path, process)
        self.receive(12)
        self.client.sendall(b'RFB 003.008\n')
        self.receive(self.receive(1)[0])
        self.client.sendall(b'\x01')  # no authentication
        if self.receive(4) != bytes(4):
            raise AssertionError('VNC: refused')
        self.client.sendall(b'\x01')  # beside other viewers
        name_length, = struct.unpack('>20xI', self.receive(24))
        self.receive(name_length)
        self.client.sendall(struct.pack('>BxHii', self.SET_ENCODINGS, 2, 0, self.EXTENDED_DESKTOP_SIZE))
        self.client.sendall(struct.pack('>BBHHHH', self.UPDATE_REQUEST, 1, 0, 0, 16, 16))

    def receive(self, n_bytes):
        data = b''
        while len(data) < n_bytes:
            piece = self.client.recv(n_bytes - len(data))
            if not piece:
                raise AssertionError('VNC: QEMU hung up')
            data += piece
        return data

    def close(self):
        self.client.close()

    def resize(self, width, height):
        self.client.sendall(struct.pack('>BxHHBx', self.SET_DESKTOP_SIZE, width, height, 1) +
                            struct.pack('>IHHHHI', 0, 0, 0, width, height, 0))


class Machine:
    """A running QEMU. Use in a `with` block, at whose end it is gone whatever happened."""

    def __init__(self, out, screen=(640, 360), nanoseconds_shift=1, n_processors=1, n_screens=1, boot=''):
        self.kind = architecture.of_program(DAEMON)
        self.out = out
        self.screen = screen
        self.nanoseconds_shift = nanoseconds_shift  # an instruction takes 2 ** so many: the fewer, the faster the guest
        self.n_processors = n_processors
        self.n_screens = n_screens  # of the graphics card's; the first is plugged in
        self.boot = boot  # what the kernel is told besides
        self.screens = {}  # by name, the pictures taken of the screen

    def arguments(self):
        width, height = self.screen
        shares = {'root': '/', **({'packages': CACHE / 'packages'} if (CACHE / 'packages').exists() else {})}
        options = [f'local,path={path},mount_tag={tag},security_model=none,readonly=on,multidevs=remap'
                   for tag, path in shares.items()]
        return [*self.kind.machine, '-accel', 'tcg', '-icount', f'shift={self.nanoseconds_shift}', '-smp', self.n_processors, '-m', '1024', '-nodefaults',
                '-no-user-config', '-no-reboot', '-kernel', CACHE / 'vmlinux', '-initrd', CACHE / 'initrd',
                '-append', f'console={self.kind.console} panic=-1 quiet {self.kind.boot} {self.boot}',
                *(word for option in options for word in ('-virtfs', option)),
                '-virtfs', f'local,path={self.out},mount_tag=out,security_model=none,multidevs=remap',
                '-serial', f'file:{self.out / "console.log"}',
                '-chardev', f'socket,id=talk,path={self.sockets / "talk"},server=on,wait=off', *self.kind.second_line,
                '-qmp', f'unix:{self.sockets / "qmp"},server=on,wait=off',
                '-display', 'none',
                *(word for i in range(self.n_screens) for word in ('-vnc', f'unix:{self.sockets / "vnc"}{i},display=card,head={i}')),
                # Without EDID, which has no words for a small screen, the driver prefers what the viewer asks for.
                '-device', f'virtio-gpu-pci,id=card,max_outputs={self.n_screens},xres={width},yres={height},edid=off']

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix='ar-vm-')  # a socket's path must be short
        self.sockets = pathlib.Path(self.temporary.name)
        with open(self.out / 'qemu.log', 'wb') as log:
            self.process = subprocess.Popen(['nice', '-n', '10', self.kind.qemu, *map(str, self.arguments())],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.closing = contextlib.ExitStack()
        self.closing.callback(self.end)
        try:
            self.talk = self.closing.enter_context(connect(self.sockets / 'talk', self.process))
            self.monitor = self.closing.enter_context(contextlib.closing(Monitor(self.sockets / 'qmp', self.process)))
            self.viewers = [self.closing.enter_context(contextlib.closing(Viewer(self.sockets / f'vnc{i}', self.process)))
                            for i in range(self.n_screens)]
            self.resize(*self.screen)  # QEMU ignores a first size of nothing: that is what it believes there is
        except BaseException:
            self.closing.close()
            raise
        return self

    def __exit__(self, *exception):
        self.closing.close()

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.temporary.cleanup()

    def resize(self, width, height, screen=0):
        self.viewers[screen].resize(width, height)

    def screenshot(self, name, screen=0):
        path = self.out / f'{name}.ppm'
        self.monitor.command('screendump', filename=str(path), device='card', head=screen)
        self.screens[name] = picture.read_ppm(path)
        path.unlink()
        picture.write_png(self.out / f'{name}.png', self.screens[name])

    def answer(self, line):
        """What the guest may ask of the host."""
        request = json.loads(line)
        {'screenshot': self.screenshot, 'resize': self.resize}[request['ask']](*request['arguments'])
        self.talk.sendall(b'done\n')

    def serve(self, timeout_s):
        """Answers the guest until it has switched itself off."""
        end = time.monotonic() + timeout_s
        received = b''
        while time.monotonic() < end:
            if not select.select([self.talk], [], [], 0.2)[0]:
                continue
            piece = self.talk.recv(65536)
            if not piece:
                return
            received += piece
            while b'\n' in received:
                line, received = received.split(b'\n', 1)
                self.answer(line)
        raise AssertionError(f'the guest was not done within {timeout_s} s')


class Case(unittest.TestCase):
    """One boot of a virtual machine, with a folder of its own that stays."""

    maxDiff = None

    def run_guest(self, name, timeout_s, parameters=None, **machine):
        """Runs guest/NAME.py; gives the machine, which is off, and what the guest found."""
        out = ARTEFACTS / name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        (out / 'guest').write_text(str(TREE / f'tests/vm/guest/{name}.py'))
        (out / 'parameters.json').write_text(json.dumps({
            'daemon': str(DAEMON), 'ctl': str(CTL), 'cache': str(CACHE), 'tree': str(TREE),
            'slow': SLOW, 'talk': architecture.of_program(DAEMON).talk, **(parameters or {})}))
        toy_styles.write_plain(out / 'plain.safetensors')
        toy_styles.write_slim(out / 'slim.safetensors', SLIMMED_STYLE)
        print(f'artefacts: {out}', flush=True)
        with Machine(out, **machine) as started:
            started.serve(timeout_s * SLOW * HOST_SHARE)
        path = out / 'result.json'
        self.assertTrue(path.exists(), f'the guest left no result: see {out}/console.log')
        result = json.loads(path.read_text())
        self.assertIsNone(result['error'], result['error'])
        return started, result['found']


def main(needs_vkms=False):
    """Runs the cases of the calling file, and exits."""
    try:
        kind = architecture.of_program(DAEMON)
        with prepare.alone(CACHE):
            prepare.prepare(CACHE, kind)
            if needs_vkms:
                prepare.prepare_vkms(CACHE)
    except prepare.Missing as missing:
        print(f'SKIPPED: no virtual machine: {missing}', flush=True)
        sys.exit(SKIPPED_EXIT_CODE)
    result = unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=2, exit=False).result
    if result.skipped and len(result.skipped) == result.testsRun:
        sys.exit(SKIPPED_EXIT_CODE)
    sys.exit(not result.wasSuccessful())
