#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every error that the camera's driver can be made to give is survived: the pictures go on, in the same process."""
import machine
import report

# From the error to the next picture. Looking for a camera that is gone is allowed a second.
LIMIT_S = 1
CORRUPT = 'a picture with errors'
LOST = 'every second picture lost'
STAMPS = 'time stamps jump and wrap'
NUMBERS = 'picture numbers wrap'
BREAKING = ('flowing', 'lost', 'failing', 'changing')


class Faults(machine.Case):
    def check_run(self, run):
        self.assertEqual(run['code'], 0)
        for name, row in run['rows'].items():
            with self.subTest(fault=name):
                self.assertEqual(row['pid'], run['pid'])
                self.assertLess(row['seconds'], LIMIT_S * machine.SLOW)
                self.assertLessEqual(set(row['states']), set(BREAKING))

    def check_webcam(self, rows):
        self.assertEqual(rows[CORRUPT]['corrupt'], 1)
        self.assertEqual(rows[CORRUPT]['states'], ['flowing'])
        self.assertEqual(rows[CORRUPT]['guessed'], 0)
        self.assertGreater(rows[LOST]['lost'], 0)
        self.assertGreater(rows[STAMPS]['guessed'], 0)
        self.assertLess(rows[NUMBERS]['lost'], rows[NUMBERS]['painted'])

    def check_hdmi(self, run):
        self.assertIn('YUV420 720x480', run['log'])
        self.assertIn('its input changed', run['log'])

    def test_faults(self):
        _, found = self.run_guest('faults', 500)
        report.show(found['rows'])
        for part in ('webcam', 'hdmi'):
            self.check_run(found[part])
        self.check_webcam(found['webcam']['rows'])
        self.check_hdmi(found['hdmi'])


if __name__ == '__main__':
    machine.main()
