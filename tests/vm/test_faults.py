#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every error that the camera's driver can be made to give is survived: the pictures go on, in the same process."""
import machine

# From the error to the next picture. Looking for a camera that is gone is allowed a second.
LIMIT_S = 1
CORRUPT = 'a picture with errors'
LOST = 'every second picture lost'


def table(rows):
    lines = [f'{"fault":36}{"states":24}{"longest gap s":>14}{"painted":>8}{"corrupt":>9}{"lost":>6}']
    for name, row in rows.items():
        states = ', '.join(row['states'])
        lines.append(f'{name:36}{states:24}{row["longest_s"]:14.3f}{row["painted"]:8}{row["corrupt"]:9}{row["lost"]:6}')
    return '\n'.join(lines) + '\n'


class Faults(machine.Case):
    def test_faults(self):
        vm, found = self.run_guest('faults', 400)
        (vm.out / 'faults.txt').write_text(table(found['rows']))
        print(table(found['rows']), flush=True)
        self.assertEqual(found['code'], 0)
        for name, row in found['rows'].items():
            with self.subTest(fault=name):
                self.assertEqual(row['pid'], found['pid'])
                self.assertLess(row['longest_s'], LIMIT_S * machine.SLOW)
                self.assertLessEqual(set(row['states']), {'flowing', 'lost', 'failing'})
        self.assertEqual(found['rows'][CORRUPT]['corrupt'], 1)
        self.assertEqual(found['rows'][CORRUPT]['states'], ['flowing'])
        self.assertGreater(found['rows'][LOST]['lost'], 0)


if __name__ == '__main__':
    machine.main()
