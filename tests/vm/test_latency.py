#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Latency from end to end: the counter that the camera draws into its pictures is read from what the screen shows. When
the camera took that one the kernel tells, and it is the frame that ar-daemon says was there.
"""
import itertools

import machine
import picture

SIZE = (640, 360)
N_SHOTS = 6
RECORDED = 12        # pictures of the camera alone: their counters run from 0, and show every digit
TEXT_X, TEXT_Y = 16, 16
CELL = (8, 16)
CLOCK_COLUMNS = (1, 2, 4, 5, 7, 8, 10, 11, 12)  # " hh:mm:ss:mmm counter"
COUNTER_COLUMN = 14
END_COLUMN = 24
SLACK_US = 5000      # between two programs of the guest, each reading the clock
CLOCK_US = 30000     # what the camera's drawn clock may be off, which it reads when it gets to it


def cell(screen, column):
    left, stride = TEXT_X + CELL[0] * column, screen.width * 3
    return b''.join(screen.data[(TEXT_Y + y) * stride + left * 3:(TEXT_Y + y) * stride + (left + CELL[0]) * 3]
                    for y in range(CELL[1]))


class Font:
    """What the camera writes with, learned from pictures whose counters are known."""

    def __init__(self, pictures):
        self.digits = {cell(shown, COUNTER_COLUMN): str(number) for number, shown in enumerate(pictures[:10])}
        self.known = {cell(shown, column) for shown in pictures for column in range(COUNTER_COLUMN + 1)}
        self.background = pictures[0]
        if len(self.digits) != 10:
            raise AssertionError('the camera writes its counter elsewhere')

    def counter(self, screen):
        cells = (cell(screen, column) for column in range(COUNTER_COLUMN, END_COLUMN))
        return int(''.join(self.digits[one] for one in itertools.takewhile(self.digits.__contains__, cells)))

    def clock_us(self, screen):
        text = ''.join(self.digits[cell(screen, column)] for column in CLOCK_COLUMNS)
        seconds = int(text[0:2]) * 3600 + int(text[2:4]) * 60 + int(text[4:6])
        return seconds * 1000000 + int(text[6:9]) * 1000

    def count_different(self, screen):
        """Pixels that are neither the camera's letters nor its background."""
        n_columns = COUNTER_COLUMN + len(str(self.counter(screen)))
        stride, row_b = screen.width * 3, CELL[0] * n_columns * 3
        data = bytearray(screen.data)
        for y in range(TEXT_Y, TEXT_Y + CELL[1]):
            start = y * stride + TEXT_X * 3
            data[start:start + row_b] = self.background.data[start:start + row_b]
        unknown = sum(cell(screen, column) not in self.known for column in range(n_columns))
        behind = picture.Picture(screen.width, screen.height, bytes(data))
        return unknown * CELL[0] * CELL[1] + picture.count_different(behind, self.background)


def frames_on_screen(shot):
    """Those that were there while the screenshot was taken, if the daemon is right."""
    frames = sorted(shot['frames'], key=lambda frame: frame['shown_us'])
    return [frame for frame, after in itertools.pairwise(frames)
            if frame['shown_us'] <= shot['to_us'] + SLACK_US and after['shown_us'] >= shot['from_us'] - SLACK_US]


class Latency(machine.Case):
    def learn_font(self, out):
        size_b = SIZE[0] * SIZE[1] * 3 // 2
        recording = (out / 'camera.yuv').read_bytes()
        return Font([picture.from_yuv420(recording[i * size_b:(i + 1) * size_b], *SIZE) for i in range(RECORDED)])

    def check_shot(self, shot, screen, font, captured_us):
        """Gives the frame."""
        different = font.count_different(screen)
        self.assertEqual(different, 0)
        frames = [frame for frame in frames_on_screen(shot) if frame['capture_us'] == captured_us]
        self.assertEqual(len(frames), 1, (captured_us, shot))
        latency_us = frames[0]['shown_us'] - captured_us
        self.assertGreaterEqual(latency_us, 0)
        print(f'{shot["name"]}: frame {font.counter(screen)}, the camera\'s clock {font.clock_us(screen) / 1e6:.3f} s,'
              f' latency {latency_us / 1e3:.1f} ms, {different} pixels differ', flush=True)
        return frames[0]

    def test_latency(self):
        vm, found = self.run_guest('latency', 300, {'size': SIZE, 'n_shots': N_SHOTS, 'recorded': RECORDED})
        self.assertEqual(found['code'], 0)
        self.assertEqual(found['guessed'], 0)
        font = self.learn_font(vm.out)
        offsets_us = []
        for shot in found['shots']:
            screen = vm.screens[shot['name']]
            frame = self.check_shot(shot, screen, font, found['captured_us'][str(font.counter(screen))])
            self.assertLessEqual(frame['shown_us'] - frame['capture_us'], found['latency']['max_us'])
            offsets_us.append(frame['capture_us'] - font.clock_us(screen))
        print(f'the camera\'s clock is off by {(max(offsets_us) - min(offsets_us)) / 1e3:.1f} ms at most; latency of all frames:'
              f' {found["latency"]}', flush=True)
        self.assertLess(max(offsets_us) - min(offsets_us), CLOCK_US)


if __name__ == '__main__':
    machine.main()
