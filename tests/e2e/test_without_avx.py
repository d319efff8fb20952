#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
All of ar-daemon on a processor without AVX: Meson runs this through an emulator of one, which ends a program at an instruction
that it does not have.
"""
import harness
import y4m


class WithoutAvx(harness.Case):
    def setUp(self):
        super().setUp()
        self.assertTrue(harness.EMULATED, 'this processor may have AVX')

    def test_paints(self):
        for precision in ('f32', 'int8'):
            with self.subTest(precision=precision):
                finished = self.run_well('--source', 'pattern:32x32', '--set', 'capture.pace=fast', '--display',
                                         'file:out.y4m', '--width', '0.25', '--frames', '3', '--set',
                                         f'network.precision={precision}')
                self.assertIn(f'  engine    scalar, {precision}, ', finished.err)
                clip = y4m.read(self.folder / 'out.y4m')
                self.assertEqual(len(clip.frames), 3)
                self.assertGreater(y4m.deviation(clip.luma(2)), 10, 'luma is flat')

    def test_status(self):
        with self.daemon('--source', 'pattern:32x32@10', '--display', 'null', '--width', '0.25') as daemon:
            daemon.wait_painted(1)
            status = daemon.status()
            self.assertEqual((status['tier'], status['precision']), ('scalar', 'f32'))
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)


if __name__ == '__main__':
    harness.main()
