#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A screen is unplugged while ar-daemon paints, and others come in its place: each shows the picture in its own size. One that
is off at the start gets it when it comes.
"""
import machine

SIZES = [(800, 600), (640, 360)]
PICTURE = (640, 360)
BACK_S = 1  # of the guest's own time, from the word to plug it in on


def rows_with_picture(screen):
    stride = screen.width * 3
    rows = [screen.data[y * stride:(y + 1) * stride] for y in range(screen.height)]
    return [y for y, row in enumerate(rows) if any(row)]


class Hotplug(machine.Case):
    def check_screen(self, screen, width, height):
        """The picture fills the width; above and below it is black."""
        self.assertEqual((screen.width, screen.height), (width, height))
        rows = rows_with_picture(screen)
        picture_height = width * PICTURE[1] // PICTURE[0]
        self.assertEqual(len(rows), picture_height)
        self.assertEqual(rows[0], (height - picture_height) // 2)

    def check_exchange(self, vm, found):
        self.assertEqual(found['code'], 0)
        for turn, (width, height) in zip(found['rounds'], SIZES, strict=True):
            with self.subTest(screen=(width, height)):
                self.assertEqual(turn['away']['pid'], found['pid'])
                self.assertEqual(turn['back']['pid'], found['pid'])
                print(f'noticed after {turn["away"]["noticed_s"]} s, back after {turn["back"]["back_s"]} s', flush=True)
                self.assertEqual((turn['away']['state'], turn['away']['source_state']), ('unplugged', 'suspended'))
                self.assertLessEqual(turn['away']['shown'], 1)
                self.assertLessEqual(turn['back']['back_s'], BACK_S)
                self.assertIn(f'kms Virtual-1 {width}x{height}', turn['back']['display'])
                self.check_screen(vm.screens[f'{width}x{height}'], width, height)

    def check_moved(self, vm, found):
        """The same process has it at the other connector, where nothing had been before."""
        moved, (width, height) = found['moved'], SIZES[0]
        print(f'at another connector after {moved["back_s"]} s', flush=True)
        self.assertIn(f'kms Virtual-2 {width}x{height}', moved['display'])
        self.assertEqual(moved['pid'], found['pid'])
        self.assertLessEqual(moved['back_s'], BACK_S)
        self.check_screen(vm.screens['moved'], width, height)

    def check_late(self, vm, output, found):
        """The service has started, says what it waits for, and leaves the camera alone until then."""
        width, height = SIZES[0]
        away, back = found['away'], found['status']
        print(f'{output}: picture {found["back"]["back_s"]} s after the screen came; before: {found["told"]!r}', flush=True)
        self.assertRegex(found['ready'], '^READY=1\n')
        self.assertEqual(found['told'], 'STATUS=no screen is plugged in, or it is off\n')
        self.assertEqual((away['displays'][0]['screen'], away['source_state'], away['shown']), ('unplugged', 'suspended', 0))
        self.assertEqual(away['display'], 'kms unplugged')
        self.assertEqual((back['displays'][0]['screen'], back['source_state'], back['pid']), ('up', 'flowing', away['pid']))
        self.assertLessEqual(found['back']['back_s'], BACK_S)
        self.check_screen(vm.screens[f'{output}_{width}x{height}'], width, height)
        self.assertEqual(found['code'], 0)

    def test_hotplug(self):
        vm, found = self.run_guest('hotplug', 300, {'sizes': SIZES}, n_screens=2)
        self.check_exchange(vm, found['exchange'])
        self.check_moved(vm, found['exchange'])
        for output, late in found['late'].items():
            with self.subTest(output=output):
                self.check_late(vm, output, late)


if __name__ == '__main__':
    machine.main()
