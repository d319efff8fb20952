#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A budget that ends at the screen's refreshes: they are found from the flips, and deadlines fall on their grid."""
import machine

LEAD_US = 1500     # a flip is asked for so long before its refresh
NEAR_US = 700      # what the grid may move by while it is found, in a guest whose time is counted in instructions
LEAST_SHARE = 0.5  # of the frames once the grid is known; the others had no refresh left before their budget's end


class VBlank(machine.Case):
    def test_vblank(self):
        if not any(machine.CACHE.glob('modules/lib/modules/*/updates/vkms.ko')):
            self.skipTest('NO vkms: DEBIAN BUILDS NONE; doc/HACKING.md SAYS HOW TO MAKE IT')
        _, found = self.run_guest('vblank', 250)
        self.assertEqual(found['code'], 0)
        self.assertIn('vkms', found['status']['display'])
        period_us = 1e6 / float(found['status']['display'].split(' at ')[1].split(' Hz')[0])
        self.assertLess(found['status']['phase_us'], period_us)
        left_us = [frame['deadline_us'] - frame['arrival_us'] for frame in found['frames']]
        self.assertTrue(all(0 < us <= found['budget_us'] for us in left_us), left_us)
        deadlines = [frame['deadline_us'] + LEAD_US for frame, us in zip(found['frames'], left_us)
                     if us != found['budget_us']]
        print(f'{len(deadlines)} of {len(left_us)} deadlines at a refresh; period {period_us:.0f} us', flush=True)
        self.assertGreater(len(deadlines), LEAST_SHARE * 20)
        for one, two in zip(deadlines, deadlines[1:]):
            off_us = (two - one + period_us / 2) % period_us - period_us / 2
            self.assertLess(abs(off_us), NEAR_US, (one, two))


if __name__ == '__main__':
    machine.main()
