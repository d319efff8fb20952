#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A camera whose driver lets go of it under way, and which comes back: painting goes on by itself."""
import machine

# The promise is ar-daemon's; a machine that is busy elsewhere does not break it three times in a row.
PROMISE_S = 1


class Unplug(machine.Case):
    def test_unplug(self):
        _, found = self.run_guest('unplug', 300)
        print(found['rounds'], flush=True)
        self.assertEqual(found['code'], 0)
        self.assertTrue(all(turn['gone'] for turn in found['rounds']))
        self.assertLess(min(turn['resumed_s'] for turn in found['rounds']), PROMISE_S * machine.SLOW)
        self.assertEqual(found['log'].count('waiting for it to come back'), len(found['rounds']), found['log'])
        self.assertEqual(found['log'].count(', back after '), len(found['rounds']), found['log'])


if __name__ == '__main__':
    machine.main()
