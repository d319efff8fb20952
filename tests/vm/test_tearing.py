#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No refresh of the screen shows a part of one picture and a part of another.

The driver vkms tells a checksum of what it shows at each refresh. A clip shows each of some pictures for a while, so that their
checksums are known, and then one after the other, faster than the screen refreshes: the next picture is drawn while
the driver reads the one on the screen. For that to overlap in truth, the machine has two processors.
"""
import itertools

import machine

SIZE = (320, 240)
SCREEN_HZ = 30  # slow enough for the driver, which computes its checksums under emulation
CLIP_HZ = 40
LEVELS = (40, 120, 200)  # of luma: no mixture of two has the checksum of a whole one
N_HELD, N_CHANGING = 24, 160
HELD_REFRESHES = 8       # of one picture in a row: more than one that changes ever is there
LEAST_CHANGES = 80


class Tearing(machine.Case):
    def test_tearing(self):
        mode = f'{SIZE[0]}x{SIZE[1]}'
        clip = {'size': SIZE, 'clip_hz': CLIP_HZ, 'levels': LEVELS, 'n_held': N_HELD, 'n_changing': N_CHANGING}
        _, found = self.run_guest('tearing', 300, clip, nanoseconds_shift=0, n_processors=2,
                                  boot=f'video=Virtual-1:{mode}@{SCREEN_HZ}')
        self.assertEqual(found['code'], 0)
        self.assertIn(mode, found['display'])
        sums = found['refreshes']
        runs = [(checksum, len(list(same))) for checksum, same in itertools.groupby(sums)]
        whole = [checksum for checksum, n in runs if n >= HELD_REFRESHES][:len(LEVELS)]
        while sums and sums[-1] not in whole:  # the console's, after the end
            sums.pop()
        n_torn = sum(checksum not in whole for checksum in sums)
        print(f'{len(sums)} refreshes, {len(runs)} pictures after each other, {n_torn} that show parts of two;'
              f' {found["display"]}', flush=True)
        self.assertEqual(len(set(whole)), len(LEVELS))
        self.assertGreater(len(runs), LEAST_CHANGES)
        self.assertEqual(n_torn, 0)


if __name__ == '__main__':
    machine.main(needs_vkms=True)
