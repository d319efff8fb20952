#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A camera that comes and goes under a whole ar-daemon: straw_camera.c stands between it and libc, as libcamerify does."""
import os
import pathlib
import time
import unittest

import harness
import y4m

LIBRARY = os.environ['AR_STRAW_CAMERA']
BACK_S = 3.0 * harness.SLOW  # a second on a machine that does nothing else
REFUSED = 1


@unittest.skipIf(harness.SANITIZE != 'none', 'A SANITIZER WANTS TO BE FIRST IN THE LIBRARIES: SKIPPED')
class Camera(harness.Case):
    def setUp(self):
        super().setUp()
        self.plug = self.folder / 'plug'
        self.set_camera('on 64x48')

    def set_camera(self, text):
        """Whole at once: the camera reads it all the time."""
        new = self.folder / 'plug.new'
        new.write_text(text)
        new.rename(self.plug)

    def start(self, *args):
        return self.daemon('--source', 'v4l2:/dev/straw', '--width', '0.25', '--threads', '1', '--budget', '20ms', *args,
                           env={'LD_PRELOAD': LIBRARY, 'STRAW_CAMERA': str(self.plug)})

    def wait_state(self, running, state, timeout_s=None):
        return running.wait_until(lambda status: status['source_state'] == state, state, timeout_s)

    def brightness(self):
        return (self.folder / 'plug.brightness').read_text()

    def stop(self, running):
        self.assertEqual(running.ctl('stop').code, 0)
        self.assertEqual(running.wait(), 0)

    def test_unplugged_and_back(self):
        with self.start('--display', 'null') as running:
            status = running.wait_painted(10)
            self.assertEqual(status['source'], '/dev/straw (Straw Camera) YUYV 64x48 at 30 fps')
            for turn in (1, 2):
                self.set_camera('off')
                lost = self.wait_state(running, 'lost')
                later = running.wait_until(lambda status: status['shown'] > lost['shown'], 'a notice is shown')
                self.assertEqual(later['source_words'], 'camera unplugged')
                self.assertGreater(later['notices'], 0)
                self.assertEqual(later['painted'], lost['painted'], 'a notice is painted')
                self.set_camera('on 64x48')
                start = time.monotonic()
                status = self.wait_state(running, 'flowing')
                self.assertLess(time.monotonic() - start, BACK_S)
                self.assertEqual(status['resumed'], turn)
                running.wait_painted(5)
            log = running.log()
            self.assert_words(['/dev/straw (Straw Camera): camera unplugged; waiting', 'YUYV 64x48 at 30 fps, back after'],
                              log)
            self.assertEqual(log.count('camera unplugged'), 2, log)
            self.assert_words([', came back 2 times'], running.ctl('status').out)
            self.stop(running)

    def test_hung(self):
        with self.start('--display', 'null') as running:
            running.wait_painted(3)
            self.set_camera('hung 64x48')
            self.wait_state(running, 'silent')
            self.assert_words(['now silent'], running.ctl('status').out)
            self.set_camera('on 64x48')
            self.wait_state(running, 'flowing')
            running.wait_painted(3)
            self.stop(running)

    def test_stop_while_it_is_away(self):
        with self.start('--display', 'null') as running:
            running.wait_painted(3)
            self.set_camera('off')
            self.wait_state(running, 'lost')
            self.stop(running)

    def test_another_size(self):
        """The frames stay as they were."""
        with self.start('--display', 'null') as running:
            running.wait_painted(3)
            self.set_camera('off')
            self.wait_state(running, 'lost')
            self.set_camera('on 96x64')
            self.wait_state(running, 'flowing')
            status = running.wait_painted(3)
            self.assertEqual(status['source'], '/dev/straw (Straw Camera) YUYV 96x64 at 30 fps')
            self.assertEqual((status['width_px'], status['height_px']), (64, 48))
            self.stop(running)

    def test_words_are_seen(self):
        """In the picture itself: dark, with light letters, and no painting."""
        with self.start('--display', 'file:out.y4m') as running:
            running.wait_painted(5)
            self.set_camera('off')
            lost = self.wait_state(running, 'lost')
            running.wait_until(lambda status: status['shown'] > lost['shown'], 'a notice is shown')
            self.stop(running)
        clip = y4m.read(self.folder / 'out.y4m')
        notice = clip.luma(len(clip.frames) - 1)
        self.assertEqual(len(set(notice)), 2, 'more than ground and letters')
        ground, letters = min(notice), max(notice)
        self.assertGreater(letters - ground, 100)
        self.assertGreater(notice.count(letters), 50)
        self.assertGreater(notice.count(ground), len(notice) // 2)
        self.assertEqual(set(clip.chroma(len(clip.frames) - 1)), {128})
        self.assertGreater(len(set(clip.luma(0))), 10, 'the first picture is no painting')

    def test_controls(self):
        with self.start('--display', 'null', '--set', 'capture.controls.brightness=20', '--set',
                        'capture.controls.sharpness=1') as running:
            running.wait_painted(3)
            self.assertEqual(self.brightness(), '20')
            self.assert_words(['capture.controls.sharpness: no such control; there are brightness'], running.log())
            self.assertEqual(running.ctl('set', 'capture.controls.brightness=30').out,
                             'capture.controls.brightness = 30\n')
            self.assertEqual(self.brightness(), '30')
            refused = running.ctl('set', 'capture.controls.brightness', '300')
            self.assertEqual((refused.code, refused.err),
                             (REFUSED, 'ar-ctl: capture.controls.brightness: "300" will not do: 0..255\n'))
            self.set_camera('off')
            self.wait_state(running, 'lost')
            (self.folder / 'plug.brightness').unlink()
            self.set_camera('on 64x48')
            self.wait_state(running, 'flowing')
            self.assertEqual(self.brightness(), '30')
            self.stop(running)

    def test_not_there_at_the_start(self):
        self.set_camera('off')
        finished = self.run_daemon('--source', 'v4l2:/dev/straw', '--display', 'null',
                                   env={'LD_PRELOAD': LIBRARY, 'STRAW_CAMERA': str(self.plug)})
        self.assertEqual(finished.code, os.EX_NOINPUT, finished)
        self.assert_words(['/dev/straw', '--list-devices'], finished.err)


if __name__ == '__main__':
    harness.main()
