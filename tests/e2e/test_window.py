#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With a desktop, `auto` opens a window; a desktop that goes away ends the daemon. On an Xvfb of our own."""
import os
import select
import shutil
import subprocess
import time

import harness

SCENE = ('--source', 'pattern:64x48@30', '--width', '0.25', '--threads', '1')


class Desktop:
    """An X server without a screen. Use in a `with` block."""

    def __enter__(self):
        reader, writer = os.pipe()
        try:
            self.process = subprocess.Popen(['Xvfb', '-displayfd', str(writer), '-screen', '0', '640x480x24',
                                             '-nolisten', 'tcp'], pass_fds=[writer], stderr=subprocess.DEVNULL)
            os.close(writer)
            number = b''
            while not number.endswith(b'\n') and select.select([reader], [], [], harness.START_S)[0]:
                piece = os.read(reader, 16)
                if not piece:
                    break
                number += piece
            self.name = ':' + number.decode().strip()
        finally:
            os.close(reader)
        return self

    def __exit__(self, kind, value, traceback):
        self.process.kill()
        self.process.wait()


class Window(harness.Case):
    def setUp(self):
        if not harness.HAVE_SDL:
            self.skipTest('built without SDL')
        if not shutil.which('Xvfb'):
            self.skipTest('Xvfb is not installed')
        if harness.SANITIZE != 'none':
            self.skipTest('what sanitizers say about the X and GL libraries is not ours')
        super().setUp()
        self.desktop = Desktop()
        self.desktop.__enter__()
        self.addCleanup(self.desktop.__exit__, None, None, None)
        self.assertNotEqual(self.desktop.name, ':', 'Xvfb does not start')
        self.env = {'DISPLAY': self.desktop.name, 'LIBGL_ALWAYS_SOFTWARE': '1'}

    def test_auto_takes_the_desktop(self):
        finished = self.run_well(*SCENE, '--frames', '10', env=self.env)
        self.assertRegex(finished.err, r'display: chosen: sdl window 64x\d+ \(x11, ')
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

    def test_desktop_that_goes_away(self):
        with self.daemon(*SCENE, '--display', 'sdl', env=self.env) as daemon:
            daemon.wait_painted(3)
            self.desktop.process.kill()
            self.assertGreater(daemon.wait(), 0, 'killed, or as if nothing had happened')


if __name__ == '__main__':
    harness.main()
