#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a newcomer without a screen gets: a clip and its contact sheet, and a progress line on a terminal."""
import glob
import os
import pty
import struct
import threading

import harness
import y4m

# The sheet's two columns and three gaps are wider than 1000 px from 488 px on.
SOURCE = 'pattern' if harness.SLOW < 2 else 'pattern:496x32'
N_FRAMES = 24 if harness.SLOW < 2 else 8
CLIP = 'ar-daemon-demo.mp4' if harness.HAVE_LIBAV else 'ar-daemon-demo.y4m'
SHEET = 'ar-daemon-demo.jpg'
ERASE = b'\r\x1b[K'


def jpeg_size(data):
    """Width and height from the frame header (ITU-T T.81, B.2.2)."""
    if not (data.startswith(b'\xff\xd8') and data.endswith(b'\xff\xd9')):
        raise ValueError('no JPEG: start or end of image is missing')
    at = 2
    while at + 4 <= len(data):
        marker, length = struct.unpack_from('>HH', data, at)
        if 0xffc0 <= marker <= 0xffcf and marker not in (0xffc4, 0xffc8, 0xffcc):
            height, width = struct.unpack_from('>HH', data, at + 5)
            return width, height
        if marker >> 8 != 0xff or marker == 0xffda:
            break
        at += 2 + length
    raise ValueError('no JPEG: no frame header')


class Demo(harness.Case):
    def setUp(self):
        if glob.glob('/dev/dri/card*'):
            self.skipTest('this machine has a screen: auto would take it')
        super().setUp()

    def files(self):
        return sorted(path.name for path in self.folder.glob('ar-daemon-demo*'))

    def test_clip_and_sheet(self):
        finished = self.run_well('--source', SOURCE, '--frames', N_FRAMES)
        self.assertEqual(self.files(), sorted([CLIP, SHEET]))
        self.assertNotIn('\r', finished.err, 'a progress line, but stderr is no terminal')
        self.assertIn('no screen: ', finished.err)
        self.assertIn(CLIP, finished.err)
        self.check_clip()
        self.check_sheet()

    def check_clip(self):
        path = self.folder / CLIP
        if harness.HAVE_LIBAV:
            self.assertEqual(path.read_bytes()[4:8], b'ftyp')
            self.run_well('--source', f'file:{path}', '--set', 'capture.pace=fast', '--display', 'file:again.y4m',
                          '--set', 'capture.size=64x48')
            path = self.folder / 'again.y4m'
        self.assertEqual(len(y4m.read(path).frames), N_FRAMES)

    def check_sheet(self):
        width, height = jpeg_size((self.folder / SHEET).read_bytes())
        self.assertGreater(width, 1000)
        self.assertGreater(height, 4 * 32)

    def test_a_service_paints_for_nobody(self):
        finished = self.run_well('--source', 'pattern:64x48', '--frames', '3', env={'INVOCATION_ID': '1'})
        self.assertIn('painting for nobody', finished.err)
        self.assertEqual(self.files(), [])

    def run_on_a_terminal(self, *args):
        """Exit code and everything that was written to the terminal."""
        leader, follower = pty.openpty()
        pieces = []

        def read():
            try:
                while piece := os.read(leader, 4096):
                    pieces.append(piece)
            except OSError:  # EIO: the last writer has closed
                pass

        with self.daemon(*args, stderr=follower) as daemon:
            os.close(follower)
            reader = threading.Thread(target=read)
            reader.start()
            try:
                code = daemon.wait()
            finally:
                daemon.kill()
                reader.join()
                os.close(leader)
        return code, b''.join(pieces)

    def test_progress_line(self):
        code, text = self.run_on_a_terminal('--source', 'pattern:64x48@30', '--display', 'null', '--frames', '40')
        self.assertEqual(code, 0, text)
        progress = [piece for piece in text.split(ERASE)[1:] if b'frames,' in piece.split(b'\r')[0]]
        self.assertGreaterEqual(len(progress), 2, text)
        for line in progress[:-1]:
            self.assertNotIn(b'\n', line, 'a progress line was not overwritten')
        self.assertRegex(progress[-1], rb'^starry_night: \d+/40 frames, [0-9.]+ fps, width [0-9.]+, ')
        after = text.rpartition(ERASE)[2]
        self.assertIn(b'painted', after, 'the progress line was not removed before the summary')


if __name__ == '__main__':
    harness.main()
