#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A screen that refreshes: flips keep its pace, and budgets end at its refreshes."""
import itertools
import statistics

import machine

LEAD_US = 1500     # a flip is asked for so long before its refresh
NEAR_US = 700      # what the grid may move by while it is found, in a guest whose time is counted in instructions
LEAST_SHARE = 0.5  # of the frames once the grid is known; the others had no refresh left before their budget's end


class VBlank(machine.Case):
    def check_fast(self, found):
        """At least half of the flips follow the one before at the next refresh, and all are on the grid."""
        self.assertEqual(found['code'], 0)
        period_us = 1e9 / found['status']['refresh_millihz']
        frames = found['frames']
        steps_us = [after['shown_us'] - before['shown_us'] for before, after in itertools.pairwise(frames)]
        off_us = [abs((step_us + period_us / 2) % period_us - period_us / 2) for step_us in steps_us]
        n_next = sum(step_us < 1.5 * period_us for step_us in steps_us)
        print(f'{len(steps_us) + 1} flips: {n_next} at the very next refresh, median {statistics.median(steps_us) / 1e3:.2f} ms,'
              f' {1e3 / statistics.median(steps_us) * 1e3:.1f} Hz; screen at {1e6 / period_us:.2f} Hz;'
              f' off the grid by {max(off_us):.0f} us at most; latency {found["status"]["stages"]["latency"]}', flush=True)
        self.assertIn('vkms', found['status']['display'])
        self.assertIn('640x480', found['status']['display'])
        self.assertLess(max(off_us), NEAR_US)
        self.assertLess(statistics.median(steps_us), 1.1 * period_us)
        self.check_waits(frames, period_us)

    def check_waits(self, frames, period_us):
        """One that is painted before the flip before it has come is drawn after that: soon enough for the next refresh, so that a
        third buffer, into which it could be drawn meanwhile, would not have it on the screen any earlier.
        """
        waited = [(before, after) for before, after in itertools.pairwise(frames) if after['end_us'] < before['shown_us']]
        late = [after for before, after in waited if after['shown_us'] - before['shown_us'] > 1.5 * period_us]
        self.assertGreater(len(waited), 0)
        waits_us = [before['shown_us'] - after['end_us'] for before, after in waited]
        print(f'{len(waited)} pictures waited for the flip before, {statistics.median(waits_us) / 1e3:.1f} ms (median);'
              f' {len(late)} of them missed the next refresh', flush=True)
        self.assertEqual(late, [])

    def check_deadlines(self, found):
        self.assertEqual(found['code'], 0)
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

    def test_vblank(self):
        _, found = self.run_guest('vblank', 400, nanoseconds_shift=0)
        self.check_fast(found['fast'])
        self.check_deadlines(found['refreshes'])


if __name__ == '__main__':
    machine.main(needs_vkms=True)
