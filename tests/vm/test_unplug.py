#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A camera whose driver lets go of it under way, and which comes back: painting goes on by itself."""
import machine
import report

# The promise is ar-daemon's; a machine that is busy elsewhere does not break it three times in a row.
PROMISE_S = 1


class Unplug(machine.Case):
    def test_unplug(self):
        _, found = self.run_guest('unplug', 300)
        rows = found['rows'].values()
        report.show(found['rows'])
        self.assertEqual(found['code'], 0)
        self.assertTrue(all(row['gone'] for row in rows))
        self.assertLess(min(row['seconds'] for row in rows), PROMISE_S * machine.SLOW)
        self.assertEqual(found['log'].count('waiting for it to come back'), len(rows), found['log'])
        self.assertEqual(found['log'].count(', back after '), len(rows), found['log'])


if __name__ == '__main__':
    machine.main()
