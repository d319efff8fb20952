#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A camera's pictures on a screen, through the real drivers: as they are to the last pixel, and painted."""
import subprocess

import machine
import picture

LOOKS = {
    'plain': {'style': 'plain.safetensors', 'size': (640, 360), 'n_pictures': 10},
    # The painted one's camera, with each plane in memory of its own, as a device's DMA has it.
    'planes': {'style': 'plain.safetensors', 'size': (320, 180), 'n_pictures': 4, 'camera': ['multiplanar=2', 'allocators=1']},
    'painted': {'style': 'slim.safetensors', 'size': (320, 180), 'n_pictures': 4},
}
# What bytes that are rounded once more, and another processor's vectors, may make of a painted picture.
LEAST_PSNR_DB = 35


class Smoke(machine.Case):
    def camera(self, vm, name):
        size = LOOKS[name]['size']
        result = picture.from_yuv420((vm.out / f'{name}_camera.yuv').read_bytes(), *size)
        picture.write_png(vm.out / f'{name}_camera.png', result)
        return result

    def paint_here(self, out):
        """What the same daemon makes of the same picture on the host, after as many pictures."""
        (width, height), n_pictures = LOOKS['painted']['size'], LOOKS['painted']['n_pictures']
        frame = b'FRAME\n' + (out / 'painted_camera.yuv').read_bytes()
        header = f'YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n'.encode()
        (out / 'painted_camera.y4m').write_bytes(header + frame * n_pictures)
        subprocess.run([*machine.WRAPPER, machine.DAEMON, '--source', f'file:{out / "painted_camera.y4m"}', '--set', 'capture.pace=fast',
                        '--display', f'file:{out / "painted_here.y4m"}', '--style', out / 'slim.safetensors',
                        '--set', 'daemon.socket=none'], check=True, timeout=60 * machine.SLOW, stderr=subprocess.DEVNULL)
        painted = (out / 'painted_here.y4m').read_bytes()[-width * height * 3 // 2:]
        result = picture.from_yuv420(painted, width, height)
        picture.write_png(out / 'painted_here.png', result)
        return result

    def check_plain(self, vm, name, recorded):
        width, height = LOOKS[name]['size']
        different = picture.count_different(vm.screens[name], self.camera(vm, recorded))
        print(f'{name}: {different} of {width * height} pixels differ from the camera', flush=True)
        self.assertEqual(different, 0)

    def check_painted(self, vm):
        width, height = LOOKS['painted']['size']
        psnr_db = picture.psnr_db(vm.screens['painted'], self.paint_here(vm.out))
        different = picture.count_different(vm.screens['painted'], self.camera(vm, 'painted'))
        print(f'painted: {psnr_db:.1f} dB from what the host paints, {different} pixels differ from the camera', flush=True)
        self.assertGreater(psnr_db, LEAST_PSNR_DB)
        self.assertGreater(different, width * height // 2)

    def test_smoke(self):
        vm, found = self.run_guest('smoke', 400, {'looks': LOOKS})
        for name, run in found.items():
            width, height = LOOKS[name]['size']
            self.assertEqual(run['code'], 0)
            self.assertIn('YUV420', run['status']['source'])
            self.assertIn(f'kms Virtual-1 {width}x{height}', run['status']['display'])
        self.check_plain(vm, 'plain', 'plain')
        self.check_plain(vm, 'planes', 'painted')
        self.check_painted(vm)


if __name__ == '__main__':
    machine.main()
