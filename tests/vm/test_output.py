#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pictures for other programs: what they read of an output device is what the camera sees, and words while it is away."""
import machine
import picture

WIDTH, HEIGHT = 640, 480
READERS = {'v4l2-ctl': 'v4l2_ctl', 'ffmpeg': 'ffmpeg', 'v4l2-ctl again': 'again'}
GROUND = 37  # of a notice, in limited range


def luma(data):
    return data[0::2]


def write_png(path, data):
    """Of YUYV."""
    planes = luma(data) + b''.join(data[y * WIDTH * 2:(y + 1) * WIDTH * 2][first::4]
                                   for first in (1, 3) for y in range(0, HEIGHT, 2))
    picture.write_png(path, picture.from_yuv420(planes, WIDTH, HEIGHT))


class Output(machine.Case):
    def check_device(self, vm, name, found):
        camera = (vm.out / 'camera.yuv').read_bytes()
        for reader, file in READERS.items():
            with self.subTest(device=name, reader=reader):
                data = (vm.out / f'{name}_{file}.yuv').read_bytes()
                write_png(vm.out / f'{name}_{file}.png', data)
                different = sum(a != b for a, b in zip(luma(camera), luma(data), strict=True))
                print(f'{name}: {reader} read {found[reader]:.0f} pictures, {different} of {WIDTH * HEIGHT} '
                      'pixels differ from the camera in luma', flush=True)
                self.assertEqual(different, 0)
        data = (vm.out / f'{name}_away.yuv').read_bytes()
        write_png(vm.out / f'{name}_away.png', data)
        self.assertGreater(luma(data).count(GROUND), WIDTH * HEIGHT // 2)
        self.assertLess(luma(data).count(GROUND), WIDTH * HEIGHT)
        self.assertEqual(found['code'], 0)
        print(f'{name}: {found["status"]["display"]}, {found["status"]["shown"]} shown', flush=True)

    def test_output(self):
        vm, found = self.run_guest('output', 500)
        self.assertIn('vivid', found)
        for name in found:
            self.check_device(vm, name, found[name])
        if 'v4l2loopback' not in found:
            print('SKIPPED: v4l2loopback: DEBIAN BUILDS NO MODULE; doc/HACKING.md SAYS HOW TO MAKE IT', flush=True)


if __name__ == '__main__':
    machine.main()
