# SPDX-License-Identifier: MIT
"""Desktops without a screen for the end-to-end tests: an Xvfb, and a weston. Use each in a `with` block."""
import ctypes
import ctypes.util
import os
import select
import shutil
import struct
import subprocess
import time

import harness

SIZE = (640, 480)


class Xvfb:
    """An X server whose picture can be looked at."""

    MISSING = [name for name in ('Xvfb',) if not shutil.which(name)]

    def __init__(self, folder, size=SIZE):
        self.folder = folder
        self.size = size

    def __enter__(self):
        reader, writer = os.pipe()
        try:
            self.process = subprocess.Popen(
                ['Xvfb', '-displayfd', str(writer), '-screen', '0', f'{self.size[0]}x{self.size[1]}x24', '-nolisten', 'tcp',
                 '-fbdir', str(self.folder)], pass_fds=[writer], stderr=subprocess.DEVNULL)
            os.close(writer)
            number = b''
            while not number.endswith(b'\n') and select.select([reader], [], [], harness.START_S)[0]:
                piece = os.read(reader, 16)
                if not piece:
                    break
                number += piece
        finally:
            os.close(reader)
        if not number:
            raise AssertionError('Xvfb does not start')
        self.name = ':' + number.decode().strip()
        self.env = {'DISPLAY': self.name, 'LIBGL_ALWAYS_SOFTWARE': '1'}
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()

    def picture(self):
        """Rows of pixels, each (red, green, blue), out of the X window dump that the server keeps up to date."""
        data = (self.folder / 'Xvfb_screen0').read_bytes()
        header = struct.unpack('>25I', data[:100])
        start, width, height, stride, n_colours = header[0], header[4], header[5], header[12], header[19]
        start += 12 * n_colours
        rows = (data[start + y * stride:start + y * stride + 4 * width] for y in range(height))
        return [[(row[x + 2], row[x + 1], row[x]) for x in range(0, 4 * width, 4)] for row in rows]


class Manager:
    """A window manager on an X server, without which no window can fill the screen."""

    MISSING = [name for name in ('jwm',) if not shutil.which(name)]
    CONFIG = '<?xml version="1.0"?><JWM><Desktops width="1" height="1"/></JWM>\n'

    def __init__(self, folder, display):
        self.config = folder / 'jwmrc'
        self.env = harness.environment(folder, {'DISPLAY': display})

    def __enter__(self):
        self.config.write_text(self.CONFIG)
        self.process = subprocess.Popen(['jwm', '-f', str(self.config)], env=self.env, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()


class Clicker:
    """What a person at the X server does to the program's window. Use in a `with` block."""

    KEY_PRESS, KEY_RELEASE, CLIENT_MESSAGE = 2, 3, 33
    ATOM_WM_NAME, ATOM_ATOM = 39, 4

    class Event(ctypes.Structure):
        """XKeyEvent and XClientMessageEvent, as far as they are the same, in a union's room."""

        _fields_ = [('type', ctypes.c_int), ('serial', ctypes.c_ulong), ('send_event', ctypes.c_int),
                    ('display', ctypes.c_void_p), ('window', ctypes.c_ulong), ('rest', ctypes.c_ulong * 20)]

    def __init__(self, display):
        self.x = ctypes.CDLL(ctypes.util.find_library('X11'))
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XInternAtom.restype = ctypes.c_ulong
        self.x.XKeysymToKeycode.restype = ctypes.c_ubyte
        self.name = display

    def __enter__(self):
        self.display = ctypes.c_void_p(self.x.XOpenDisplay(self.name.encode()))
        return self

    def __exit__(self, *exception):
        self.x.XCloseDisplay(self.display)

    def children(self, window):
        root, parent = ctypes.c_ulong(), ctypes.c_ulong()
        children, n = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self.x.XQueryTree(self.display, ctypes.c_ulong(window), ctypes.byref(root), ctypes.byref(parent),
                          ctypes.byref(children), ctypes.byref(n))
        return children[:n.value]

    def window(self):
        """The program's own, at any depth: a window manager wraps it."""
        waiting = self.children(self.x.XDefaultRootWindow(self.display))
        while waiting:
            window = waiting.pop()
            name = ctypes.c_char_p()
            if self.x.XFetchName(self.display, ctypes.c_ulong(window), ctypes.byref(name)) and name.value.startswith(
                    b'ar-daemon'):
                return window
            waiting += self.children(window)
        raise AssertionError('the X server has no window of ar-daemon')

    def atom(self, name):
        return self.x.XInternAtom(self.display, name.encode(), 0)

    def send(self, event):
        event.display, event.window = self.display, self.window()
        self.x.XSendEvent(self.display, ctypes.c_ulong(event.window), 0, ctypes.c_long(0), ctypes.byref(event))
        self.x.XSync(self.display, 0)

    def close_window(self):
        """The button of the title bar."""
        event = self.Event(type=self.CLIENT_MESSAGE)
        event.rest[:3] = self.atom('WM_PROTOCOLS'), 32, self.atom('WM_DELETE_WINDOW')
        self.send(event)

    def press(self, keysym):
        """XKeyEvent: root, subwindow, time, x y, x_root y_root, state keycode, same_screen."""
        code = self.x.XKeysymToKeycode(self.display, ctypes.c_ulong(keysym))
        for kind in (self.KEY_PRESS, self.KEY_RELEASE):
            event = self.Event(type=kind)
            event.rest[0] = self.x.XDefaultRootWindow(self.display)
            event.rest[5] = code << 32
            event.rest[6] = 1
            self.send(event)


class Weston:
    """
    A Wayland compositor on an X server of its own, of desktop.SIZE units, each `scale` pixels wide. (Its headless backend has
    no seat, for want of a keyboard: SDL 2.26 crashes there.)
    """

    MISSING = [name for name in ('Xvfb', 'weston') if not shutil.which(name)]
    SOCKET = 'wayland-test'

    def __init__(self, folder, scale=1):
        self.folder = folder
        self.scale = scale
        self.screen = Xvfb(folder, (SIZE[0] * scale + 200, SIZE[1] * scale + 200))  # weston draws a frame around itself

    def __enter__(self):
        self.folder.chmod(0o700)
        self.screen.__enter__()
        with open(self.folder / 'weston.log', 'wb') as log:
            self.process = subprocess.Popen(
                ['weston', '--backend=x11-backend.so', '--use-pixman', f'--socket={self.SOCKET}', '--no-config', '--idle-time=0',
                 f'--width={SIZE[0]}', f'--height={SIZE[1]}', f'--scale={self.scale}'],
                env=harness.environment(self.folder, {'DISPLAY': self.screen.name}), stdout=log, stderr=log)
        end = time.monotonic() + harness.START_S
        while not (self.folder / self.SOCKET).exists():
            if time.monotonic() > end or self.process.poll() is not None:
                self.__exit__()
                raise AssertionError('weston does not start:\n' + (self.folder / 'weston.log').read_text())
            time.sleep(harness.POLL_S)
        self.env = {'WAYLAND_DISPLAY': self.SOCKET, 'LIBGL_ALWAYS_SOFTWARE': '1'}
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.screen.__exit__(*exception)

    def picture(self):
        return self.screen.picture()
