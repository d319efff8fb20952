#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A USB camera on the kernel's own driver: JPEG to the screen, and whatever may become of the camera is survived."""
import block_picture
import machine
import picture
import report

SIZE = (640, 360)
SMALL = (320, 180)
BACK_S = 1        # after the camera is back
HANG, HANG_BACK_S = 'it hangs, and answers nothing', 6  # the kernel still waits for an answer, five seconds at most
IN_PLACE_S = 1.5  # after a camera came where there was none
UNFED_S = 3       # without a picture or words: a camera may be silent for two seconds
STOP = 'ar-daemon is stopped for ten seconds'
NUMBERS = 1 << block_picture.NUMBER_BITS
DELAY_MAX = 8     # pictures from the camera to the screen, under emulation
LEAST_PSNR_DB = 45
# What costs a picture of those that the driver hands out; others it keeps back itself.
CORRUPT = {'a picture cut short', 'a picture damaged inside', 'a picture of another size', 'only pictures cut short',
           'a raw picture cut short', 'a raw picture that the driver calls bad'}


class Usb(machine.Case):
    def check_picture(self, vm, name, size, full_range):
        """Gives the number that the picture carries."""
        screen = vm.screens[name]
        number = block_picture.read_number(screen)
        different = picture.count_different(screen, block_picture.shown(*size, number, full_range))
        print(f'{name}: number {number}, {different} of {size[0] * size[1]} pixels differ from the camera', flush=True)
        self.assertEqual(different, 0, name)
        return number

    def check_scaled(self, vm, name):
        """A small picture in the large frames that were there before: rounded once more, and no pixel elsewhere."""
        screen = vm.screens[name]
        number = block_picture.read_number(screen, 2 * block_picture.BLOCK_PX)
        psnr_db = picture.psnr_db(screen, block_picture.shown(*SMALL, number, False).doubled())
        print(f'{name}: number {number}, {psnr_db:.1f} dB from the camera', flush=True)
        self.assertGreater(psnr_db, LEAST_PSNR_DB)

    def check_words(self, vm, name):
        """Light letters on a dark ground, and nothing else."""
        colours = vm.screens[name].colours()
        self.assertEqual(len(colours), 2, name)
        self.assertTrue(all(r == g == b for r, g, b in colours), colours)

    def check_automatic(self, vm, found):
        self.assertIn('pattern 320x180', found['scene'])
        self.assertIn('MJPG 320x180', found['came'])
        self.assertLess(found['came_s'], IN_PLACE_S * machine.SLOW)
        self.check_picture(vm, 'auto_camera', SMALL, True)
        self.check_words(vm, 'auto_lost')
        self.assertEqual(found['code'], 0)

    def check_stream(self, vm, found):
        self.assertIn('(VM UVC camera) MJPG 640x360 at 30 fps', found['status']['source'])
        number = self.check_picture(vm, 'stream', SIZE, True)
        late = (found['n_before'] - number) % NUMBERS
        print(f'{late} pictures old; {found["status"]["measured_millihz"] / 1000} fps of 30', flush=True)
        self.assertTrue(late <= DELAY_MAX or late >= NUMBERS - (found['n_after'] - found['n_before']), late)
        self.assertEqual(found['brightness'][-1], 200)

    def check_rows(self, found):
        rows = found['rows']
        for name, row in rows.items():
            with self.subTest(fault=name):
                self.assertEqual(row['pid'], found['pid'])
                self.assertEqual(row['resumed'], int(row['states'] != ['flowing']))
                self.assertLess(row['seconds'], (HANG_BACK_S if name == HANG else BACK_S) * machine.SLOW)
                self.assertEqual(row['corrupt'] > 0, name in CORRUPT, row)
                self.assertTrue(name == STOP or row['unfed_s'] < UNFED_S * machine.SLOW, row)
        self.assertIn('/dev/video1 ', found['log'])

    def test_usb(self):
        vm, found = self.run_guest('usb', 500)
        report.show(found['rows'])
        self.check_automatic(vm, found['automatic'])
        self.check_stream(vm, found['stream'])
        self.check_rows(found)
        self.check_words(vm, 'lost')
        self.check_words(vm, 'silent')
        self.check_words(vm, 'damaged')
        self.check_scaled(vm, 'yuyv')
        self.assertEqual(found['code'], 0)


if __name__ == '__main__':
    machine.main()
