#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Other settings for camera and screen while a real driver's pictures are shown: the next picture comes within a second, and
until then the last one stays.
"""
import itertools

import machine
import picture

SCREEN = (640, 360)
LONGEST_S = 1  # without a new picture, in the guest's own time

# In this order, behind a file that is loaded again, with 320x180.
SETTINGS = {
    'size': 'capture.size=640x360',
    'flip': 'capture.flip=horizontal',
    'rotate': 'capture.rotate=90',
    'screen': 'display.size=800x600',
}
NEW_SCREEN = (800, 600)


def mirrored(screen):
    stride = 3 * screen.width
    rows = (screen.data[y * stride:(y + 1) * stride] for y in range(screen.height))
    data = b''.join(row[x:x + 3] for row in rows for x in range(stride - 3, -1, -3))
    return picture.Picture(screen.width, screen.height, data)


def columns_with_picture(screen):
    """Of a picture that fills the height: the first column that is not black, and how many there are."""
    columns = [x for x in range(screen.width) if any(any(screen.data[3 * (y * screen.width + x):][:3]) for y in range(screen.height))]
    return columns[0], len(columns)


class Reload(machine.Case):
    def check_held(self, name, shots):
        """Each is the picture before or the one after, and no way back."""
        before, after = shots[0].data, shots[-1].data
        held = list(itertools.takewhile(lambda shot: shot.data == before, shots))
        different = [shot for shot in shots[len(held):] if shot.data != after]
        print(f'{name}: {len(shots)} looks at the screen, {len(held)} at the picture before, {len(different)} at neither', flush=True)
        self.assertGreater(len(held), 1)
        self.assertEqual(different, [])

    def check_gap(self, name, change):
        gaps_s = [(after - before) / 1e6 for before, after in itertools.pairwise(change['shown_us'])]
        print(f'{name}: {max(gaps_s):.3f} s without a new picture; {change["status"]["source"]}; {change["status"]["display"]}', flush=True)
        self.assertLess(max(gaps_s), LONGEST_S)

    def check_looks(self, last):
        self.assertNotEqual(last['reload'].data, last['size'].data)
        self.assertEqual(last['flip'].data, mirrored(last['size']).data)
        for name, (width, height) in (('rotate', SCREEN), ('screen', NEW_SCREEN)):
            first, n_columns = columns_with_picture(last[name])
            self.assertEqual((last[name].width, last[name].height), (width, height))
            self.assertAlmostEqual(n_columns, height * SCREEN[1] / SCREEN[0], delta=2)
            self.assertAlmostEqual(first, (width - n_columns) / 2, delta=1)

    def test_reload(self):
        vm, found = self.run_guest('reload', 400, {'settings': SETTINGS})
        self.assertEqual(found['code'], 0)
        last = {}
        for name, change in found['changes'].items():
            shots = [vm.screens[shot] for shot in change['shots']]
            last[name] = shots[-1]
            self.assertEqual(change['status']['pid'], found['pid'])
            with self.subTest(name=name):
                self.check_gap(name, change)
                if name != 'screen':  # another mode is another picture
                    self.check_held(name, shots)
        self.check_looks(last)


if __name__ == '__main__':
    machine.main()
