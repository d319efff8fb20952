#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is done to the picture besides painting it: turned and mirrored, mixed with the camera's own, faded from style to style."""
import time

import harness
import y4m

FAST = ('--set', 'capture.pace=fast')
NARROW = ('--width', '0.25', '--threads', '1', '--set', 'decoder.calm=off')
WIDTH, HEIGHT, N_FRAMES = 64, 48, 5
RATE = 30


def turn_plane(plane, width, height, quarters, flip):
    """A plane's bytes, turned clockwise and then flipped as it is seen."""
    rows = [plane[y * width:(y + 1) * width] for y in range(height)]
    for _ in range(quarters):
        rows = [bytes(column) for column in zip(*reversed(rows))]
    if flip == 'horizontal':
        rows = [row[::-1] for row in rows]
    if flip == 'vertical':
        rows.reverse()
    return b''.join(rows)


def turn_frame(frame, quarters, flip):
    luma, chroma = WIDTH * HEIGHT, WIDTH * HEIGHT // 4
    planes = (frame[:luma], WIDTH, HEIGHT), (frame[luma:luma + chroma], WIDTH // 2, HEIGHT // 2), \
             (frame[luma + chroma:], WIDTH // 2, HEIGHT // 2)
    return b''.join(turn_plane(*plane, quarters, flip) for plane in planes)


class Picture(harness.Case):
    def setUp(self):
        super().setUp()
        self.before = y4m.make_clip(self.folder / 'in.y4m', N_FRAMES, WIDTH, HEIGHT)

    def show(self, *settings, name='out.y4m'):
        """Every picture of the clip, as it is shown."""
        options = [word for setting in settings for word in ('--set', setting)]
        self.run_well('--source', 'file:in.y4m', *FAST, '--display', f'file:{name}', *NARROW, *options)
        return y4m.read(self.folder / name)


class Orientation(Picture):
    def test_every_way(self):
        """Without a brush stroke, what is shown must be the clip's own bytes, each in its place."""
        for quarters in range(4):
            for flip in ('none', 'horizontal', 'vertical'):
                with self.subTest(rotate=90 * quarters, flip=flip):
                    clip = self.show('network.strength=0', f'capture.rotate={90 * quarters}', f'capture.flip={flip}')
                    size = (HEIGHT, WIDTH) if quarters % 2 else (WIDTH, HEIGHT)
                    self.assertEqual((clip.width, clip.height), size)
                    self.assertEqual(clip.frames, [turn_frame(frame, quarters, flip) for frame in self.before])

    def test_the_painter_sees_the_turned_picture(self):
        turned = self.show('capture.rotate=270', name='turned.y4m')
        y4m.write(self.folder / 'in.y4m', [turn_frame(frame, 3, 'none') for frame in self.before], HEIGHT, WIDTH)
        self.assertEqual(turned.frames, self.show().frames)

    def test_status_tells_the_turned_size(self):
        with self.daemon('--source', f'pattern:{WIDTH}x{HEIGHT}', '--display', 'null', *NARROW, '--set',
                         'capture.rotate=90') as daemon:
            status = daemon.wait_painted(3)
            self.assertEqual((status['width_px'], status['height_px']), (HEIGHT, WIDTH))
            self.assertTrue(status['display'].startswith(f'null {HEIGHT}x{WIDTH}'), status['display'])
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)

    def test_what_is_no_orientation(self):
        for setting, right in (('capture.rotate=45', '0|90|180|270'), ('capture.flip=both', 'none|horizontal|vertical')):
            finished = self.run_daemon('--set', setting)
            self.assertEqual(finished.code, 64, finished)
            self.assert_words([setting.split('=')[0], right], finished.err)


class Strength(Picture):
    def test_none_is_the_camera_bit_for_bit(self):
        self.assertEqual(self.show('network.strength=0').frames, self.before)

    def test_whole_is_the_painting(self):
        self.assertEqual(self.show('network.strength=1').frames, self.show(name='again.y4m').frames)

    def test_half_is_the_mean(self):
        whole, half = (self.show(f'network.strength={value}', name=f'{value}.y4m') for value in ('1', '0.5'))
        for camera, painted, mixed in zip(self.before, whole.frames, half.frames, strict=True):
            self.assertEqual(mixed, bytes((a + b + 1) // 2 for a, b in zip(camera, painted)))

    def test_what_is_no_strength(self):
        for value in ('-0.1', '1.5', 'strong'):
            finished = self.run_daemon('--set', f'network.strength={value}')
            self.assertEqual(finished.code, 64, finished)
            self.assert_words(['network.strength', value, '0..1'], finished.err)


class Live(harness.Case):
    """A picture that stands still, so that all that changes is what is done to it."""

    def setUp(self):
        super().setUp()
        self.still = y4m.make_frames(1, WIDTH, HEIGHT)[0]
        y4m.write(self.folder / 'in.y4m', [self.still] * RATE, WIDTH, HEIGHT, RATE)

    def record(self, changes, *options):
        """Shows the picture for some frames, makes the changes with some more after each, and returns all that was shown."""
        with self.daemon('--source', 'file:in.y4m', '--set', 'capture.loop=yes', '--display', 'file:out.y4m', *NARROW,
                         *options) as daemon:
            daemon.wait_painted(10)
            for change in changes:
                reply = daemon.ctl(*change)
                self.assertEqual(reply.code, 0, reply)
                daemon.wait_painted(RATE)
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)
        return y4m.read(self.folder / 'out.y4m').frames

    def test_strength(self):
        frames = self.record([('set', 'network.strength=0'), ('set', 'network.strength=1')])
        from_camera = [frame == self.still for frame in frames]
        first = from_camera.index(True)
        last = len(frames) - 1 - from_camera[::-1].index(True)
        self.assertGreater(first, 5)
        self.assertTrue(all(from_camera[first:last + 1]))
        self.assertGreater(len(frames), last + 5)

    def distances(self, frames):
        """Of each picture from the first style's last settled one, 0, to the second's, 1."""
        start, end = frames[8], frames[-1]
        whole = y4m.difference(start, end)
        self.assertGreater(whole, 3, 'two styles paint the same')
        return [y4m.difference(frame, start) / whole for frame in frames[8:]]

    def test_fade(self):
        shares = self.distances(self.record([('style', 'great_wave')], '--set', 'network.fade=500ms'))
        between = [share for share in shares if 0.08 < share < 0.92]
        # Half a second has 15 pictures, of which the curve's ends hardly differ from the styles themselves.
        self.assertGreaterEqual(len(between), 6, shares)
        self.assertLessEqual(len(between), 15, shares)
        self.assertEqual(between, sorted(between))
        self.assertLess(max(two - one for one, two in zip(shares, shares[1:])), 0.35, shares)

    def test_fade_off(self):
        shares = self.distances(self.record([('style', 'great_wave')], '--set', 'network.fade=off'))
        self.assertGreater(max(two - one for one, two in zip(shares, shares[1:])), 0.8, shares)

    def test_nothing_fades_where_nothing_is_painted(self):
        frames = self.record([('style', 'great_wave')], '--set', 'network.strength=0', '--set', 'network.fade=1s')
        self.assertTrue(all(frame == self.still for frame in frames))

    def test_a_fade_fits_the_budget(self):
        """Many changes, one in the middle of the other's fade: no frame of them is late that would not be without."""
        if harness.SANITIZE != 'none' or harness.EMULATED:
            self.skipTest('A SANITIZER OR EMULATOR HAS TIMES OF ITS OWN')
        with self.daemon('--source', f'pattern:{WIDTH}x{HEIGHT}@30', '--display', 'null', '--threads', '1', '--budget',
                         '25ms', '--set', 'network.fade=400ms', '--set', 'network.strength=0.7') as daemon:
            daemon.wait_painted(20)
            before = daemon.status()
            for style in ('great_wave', 'scream', 'udnie', 'starry_night') * 2:
                self.assertEqual(daemon.ctl('style', style).code, 0)
                time.sleep(0.25)
            after = daemon.wait_painted(20)
            self.assertLessEqual(after['missed'] - before['missed'], 0.1 * (after['painted'] - before['painted']))
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)


if __name__ == '__main__':
    harness.main()
