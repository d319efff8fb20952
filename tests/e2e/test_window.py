#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The window, on an Xvfb and on a weston of our own: `auto` opens it, it shows the picture, and every end is clean."""
import json
import os
import shutil
import subprocess
import sys
import time

import desktop
import harness
import y4m

sys.path.insert(0, str(harness.TREE / 'tests/vm'))
import toy_styles  # noqa: E402

SCENE = ('--source', 'pattern:64x48@30', '--width', '0.25', '--threads', '1')
KEYS = {'quit': 0x71, 'escape': 0xff1b, 'next style': 0x6e, 'full screen': 0x66}
# Luma and chroma of limited range, and what a screen shows of them (BT.601).
COLOURS = (((81, 90, 240), (254, 0, 0)), ((145, 54, 34), (0, 255, 1)), ((210, 128, 128), (226, 226, 226)))
NEAR = 6


class Window:
    """What holds on any desktop."""

    desktop_class = None
    DRIVER = None

    def setUp(self):
        if not harness.HAVE_SDL:
            self.skipTest('built without SDL')
        if self.desktop_class.MISSING:
            self.skipTest(f'NOT INSTALLED: {", ".join(self.desktop_class.MISSING)}')
        if harness.SANITIZE != 'none':
            self.skipTest('what sanitizers say about the X and GL libraries is not ours')
        super().setUp()
        self.open_desktop()

    def open_desktop(self, **options):
        self.desktop = self.desktop_class(self.folder, **options)
        self.desktop.__enter__()
        self.addCleanup(self.desktop.__exit__, None, None, None)
        self.env = self.desktop.env

    def check_full_screen(self):
        with self.daemon(*SCENE, '--display', 'sdl', '--set', 'display.fullscreen=yes', env=self.env) as daemon:
            size = 'x'.join(map(str, desktop.SIZE))
            daemon.wait_until(lambda status: f'sdl window {size}' in status['display'], 'the window fills the screen')
            self.assertGreater(daemon.wait_painted(5)['shown'], 0)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    def test_auto_takes_the_desktop(self):
        finished = self.run_well(*SCENE, '--frames', '10', env=self.env)
        self.assertRegex(finished.err, rf'display: chosen: sdl window 64x\d+ \({self.DRIVER}, ')
        self.assertIn('10 painted', finished.err)
        self.assertEqual(list(self.folder.glob('ar-daemon-demo*')), [])

    def test_status_and_stop(self):
        with self.daemon(*SCENE, '--display', 'sdl', env=self.env) as daemon:
            status = daemon.wait_painted(10)
            self.assertTrue(status['display'].startswith('sdl window '), status['display'])
            self.assertGreater(status['shown'], 0)
            daemon.ctl('style', 'next')
            daemon.wait_painted(5)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    def test_desktop_that_goes_away(self):
        """A window without a desktop may take longer for a picture than it is until the next one."""
        with self.daemon(*SCENE, '--source', 'pattern:64x48@120', '--display', 'sdl', env=self.env) as daemon:
            daemon.wait_painted(3)
            self.desktop.process.kill()
            self.assertGreater(daemon.wait(), 0, 'killed, or as if nothing had happened')

    def test_a_window_and_a_file(self):
        """The window wants other bytes than the file; both have the picture."""
        for outputs in ('sdl, file:second.y4m', 'file:first.y4m, sdl'):
            with self.subTest(outputs=outputs):
                finished = self.run_well(*SCENE, '--display', outputs, '--frames', '10', env=self.env)
                self.assertRegex(finished.err, r'display +sdl window .*: \d+ shown')
        self.assertEqual(len(y4m.read(self.folder / 'first.y4m').frames), 10)
        self.assertGreater(len(y4m.read(self.folder / 'second.y4m').frames), 0)


class X11(Window, harness.Case):
    desktop_class = desktop.Xvfb
    DRIVER = 'x11'

    def near(self, pixel, colour):
        return all(abs(a - b) <= NEAR for a, b in zip(pixel, colour))

    def find(self, colour):
        """The rectangle that has it: left, top, right, bottom."""
        found = [(x, y) for y, row in enumerate(self.desktop.picture()) for x, pixel in enumerate(row)
                 if self.near(pixel, colour)]
        xs, ys = zip(*found) if found else ((0,), (0,))
        return min(xs), min(ys), max(xs) + 1, max(ys) + 1

    def size_once_shown(self, colour, size):
        """That of the colour's rectangle; a painted picture reaches the screen a little later."""
        end = time.monotonic() + harness.REPLY_S
        while True:
            left, top, right, bottom = self.find(colour)
            if (right - left, bottom - top) == size or time.monotonic() > end:
                return right - left, bottom - top
            time.sleep(harness.POLL_S)

    def show_colour(self, yuv, *more):
        """A clip of one colour, painted as it is."""
        toy_styles.write_plain(self.folder / 'plain.safetensors')
        y, u, v = yuv
        y4m.write(self.folder / 'flat.y4m', [bytes([y]) * 6144 + bytes([u]) * 1536 + bytes([v]) * 1536] * 600, 96, 64)
        return self.daemon('--source', 'file:flat.y4m', '--style', 'plain.safetensors', '--display', 'sdl', *more,
                           env=self.env)

    def test_colours_are_right(self):
        for yuv, rgb in COLOURS:
            with self.subTest(yuv=yuv), self.show_colour(yuv) as daemon:
                daemon.wait_painted(3)
                self.assertEqual(self.size_once_shown(rgb, (96, 64)), (96, 64))

    def test_full_screen(self):
        """3 : 2 on 4 : 3: bars above and below; the key gives the window back."""
        if desktop.Manager.MISSING:
            self.skipTest('jwm IS NOT INSTALLED')
        manager = desktop.Manager(self.folder, self.desktop.name)
        manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        yuv, rgb = COLOURS[0]
        width, height = desktop.SIZE
        with self.show_colour(yuv, '--set', 'display.fullscreen=yes') as daemon, desktop.Clicker(self.desktop.name) as hand:
            daemon.wait_painted(3)
            left, top, right, bottom = self.find(rgb)
            self.assertEqual((left, right), (0, width))
            self.assertAlmostEqual(bottom - top, width * 2 / 3, delta=2)
            self.assertAlmostEqual(top, (height - width * 2 / 3) / 2, delta=2)
            self.assertTrue(self.near(self.desktop.picture()[1][1], (0, 0, 0)))
            hand.press(KEYS['full screen'])
            daemon.wait_until(lambda _: (found := self.find(rgb))[2] - found[0] == 96, 'a window again')

    def test_close_button(self):
        with self.daemon(*SCENE, '--display', 'sdl', env=self.env) as daemon, desktop.Clicker(self.desktop.name) as hand:
            daemon.wait_painted(3)
            hand.close_window()
            self.assertEqual(daemon.wait(), 0, daemon.log())
            self.assertNotIn('error', daemon.log())

    def test_keys(self):
        for key in ('quit', 'escape'):
            with self.subTest(key=key), self.daemon(*SCENE, '--display', 'sdl', env=self.env) as daemon, \
                    desktop.Clicker(self.desktop.name) as hand:
                daemon.wait_painted(3)
                before = daemon.status()['style']
                hand.press(KEYS['next style'])
                daemon.wait_until(lambda status: status['style'] != before, 'the next style')
                hand.press(KEYS[key])
                self.assertEqual(daemon.wait(), 0, daemon.log())

    def test_key_for_the_next_style(self):
        """It is a setting like any other: told as such, and saved."""
        configuration = self.folder / 'test.conf'
        configuration.write_text('[network]\nstyle = scream\n')
        with self.daemon('--config', configuration, *SCENE, '--display', 'sdl', env=self.env) as daemon, \
                desktop.Clicker(self.desktop.name) as hand:
            daemon.wait_painted(3)
            names = json.loads(daemon.ctl('style', '--json').out)['styles']
            hand.press(KEYS['next style'])
            after = names[names.index('scream') + 1]
            daemon.wait_until(lambda status: status['style'] == after, 'the next style')
            told, = json.loads(daemon.ctl('get', '--json', 'network.style').out)['keys']
            self.assertEqual((told['value'], told['origin']), (after, 'set while running'))
            self.assertEqual(daemon.ctl('save').code, 0)
            self.assertIn(f'style = {after}\n', (self.folder / 'test.conf.d/saved.conf').read_text())
            self.assertEqual(daemon.ctl('style', 'next').out, f'style {names[names.index("scream") + 2]}\n')

    def xdotool(self, *args):
        return subprocess.run(['xdotool', *args], env={**os.environ, **self.env}, check=True, capture_output=True,
                              text=True, timeout=harness.START_S).stdout.split()

    def test_a_window_that_nobody_sees(self):
        """The source rests, and is back as fast as a pause is over."""
        if not shutil.which('xdotool'):
            self.skipTest('xdotool is not installed')
        with self.daemon(*SCENE, '--display', 'sdl', env=self.env) as daemon:
            daemon.wait_painted(5)
            window = self.xdotool('search', '--name', 'ar-daemon')[-1]
            self.xdotool('windowunmap', window)
            status = daemon.wait_until(lambda status: status['state'] == 'idle', 'it is idle')
            self.assertEqual((status['displays'][0]['screen'], status['source_state']), ('hidden', 'suspended'))
            painted = daemon.status()['painted']
            time.sleep(0.5)
            self.assertLessEqual(daemon.status()['painted'], painted + 1)
            # What is asked for meanwhile is painted all the same.
            reply = daemon.ctl('snapshot', 'unseen.jpg')
            self.assertEqual(reply.code, 0, reply)
            self.assertGreater((self.folder / 'unseen.jpg').stat().st_size, 1000)
            painted = daemon.wait_until(lambda status: status['state'] == 'idle', 'it is idle again')['painted']
            self.xdotool('windowmap', window)
            start = time.monotonic()
            daemon.wait_until(lambda status: status['painted'] > painted + 2, 'it paints')
            self.assertLess(time.monotonic() - start, 1 * harness.SLOW)
            self.assertEqual(daemon.status()['state'], 'running')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)

    def test_desktop_that_does_not_answer(self):
        finished = self.run_daemon(*SCENE, '--display', 'sdl', '--frames', '3', '--set', 'daemon.log=warn',
                                   env={'DISPLAY': ':987'})
        self.assertEqual(finished.code, os.EX_UNAVAILABLE, finished)
        self.assertIn('sdl', finished.err)


class Wayland(Window, harness.Case):
    desktop_class = desktop.Weston
    DRIVER = 'wayland'

    def test_full_screen(self):
        self.check_full_screen()

    def test_fine_pixels(self):
        """A screen of twice as many pixels: the picture is drawn in all of them."""
        self.desktop.__exit__(None, None, None)
        self.open_desktop(scale=2)
        with self.daemon(*SCENE, '--display', 'sdl', env=self.env) as daemon:
            daemon.wait_until(lambda status: '64x64, 128x128 pixels' in status['display'], 'twice as many pixels')
            self.assertGreater(daemon.wait_painted(5)['shown'], 0)


if __name__ == '__main__':
    harness.main()
