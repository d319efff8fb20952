#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory, descriptors and threads stay what they are, however long it paints and whatever it paints in."""
import harness
from use import KIB, Use

# A tenth of a picture lost with each frame, or a tenth of a painter with each style, is above these.
RUNNING_SLACK_B = 256 * KIB
SWITCHING_SLACK_B = 2048 * KIB
N_WARM_SWITCHES = 30  # until the allocator has room for two painters wherever it puts them
N_SWITCHES = 40
N_FRAMES = 1500 if harness.SLOW < 2 else 150
LARGE_PEAK_B = 120_000_000  # at 1280x720, in whatever numbers and at whatever width it paints
N_LARGE_FRAMES = 300
LARGE_S = 240

# Meson has malloc() write into every block, which makes memory resident that nobody would have touched.
UNTOUCHED = {'MALLOC_PERTURB_': '0'}


class Flat(harness.Case):
    def test_over_time_and_styles(self):
        with self.daemon('--source', 'pattern:64x48@120', '--display', 'null', '--width', '0.25', '--threads',
                         '2') as daemon:
            daemon.wait_painted(50)
            begin = Use(daemon.pid)
            daemon.wait_until(lambda status: status['painted'] >= 50 + N_FRAMES // 2, 'frames', harness.FINISH_S)
            later = Use(daemon.pid)
            self.switch_styles(daemon, N_WARM_SWITCHES)
            switched = Use(daemon.pid)
            self.switch_styles(daemon, N_SWITCHES)
            daemon.wait_painted(N_FRAMES // 2)
            end = Use(daemon.pid)
            print(f'begin: {begin}\nlater: {later}\nswitched: {switched}\nend: {end}')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        for use in (later, switched, end):
            self.assertEqual(use.n_threads, begin.n_threads)
            # One more may be the connection of the ar-ctl that has just asked.
            self.assertLessEqual(use.n_descriptors, begin.n_descriptors + 1)
        if harness.SANITIZE != 'none' or harness.EMULATED:
            print('SKIPPED: resident memory says nothing under a sanitizer or emulator')
            return
        self.assertLess(later.resident_b, begin.resident_b + RUNNING_SLACK_B, 'grows while it paints')
        self.assertLess(end.resident_b, switched.resident_b + SWITCHING_SLACK_B, 'grows with each style')

    def switch_styles(self, daemon, n_times):
        for index in range(n_times):
            style = ('great_wave', 'starry_night')[index % 2]
            self.assertEqual(daemon.ctl('style', style).code, 0)
            daemon.wait_until(lambda status, name=style: status['style'] == name, style)

    def test_large_picture(self):
        if harness.SANITIZE != 'none' or harness.EMULATED:
            self.skipTest('resident memory says nothing under a sanitizer or emulator')
        with self.daemon('--source', 'pattern:1280x720', '--set', 'capture.pace=fast', '--display', 'null', '--width',
                         '0.25', '--threads', '2', '--set', 'network.precision=f32', env=UNTOUCHED) as daemon:
            daemon.wait_until(lambda status: status['painted'] >= 50, 'frames', LARGE_S)
            begin = Use(daemon.pid)
            daemon.wait_until(lambda status: status['painted'] >= N_LARGE_FRAMES, 'frames', LARGE_S)
            end = Use(daemon.pid)
            print(f'1280x720 begin: {begin}\n1280x720 end: {end}')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        self.assertLess(end.resident_b, begin.resident_b + RUNNING_SLACK_B, 'grows while it paints')
        self.assertLessEqual(end.peak_b, LARGE_PEAK_B)


if __name__ == '__main__':
    harness.main()
