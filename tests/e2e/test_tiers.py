#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which kernels ar-daemon takes: the best that the processor has, or what AR_CPU_MASK leaves, and says so."""
import os
import pathlib
import platform
import re
import unittest

import harness

TEST_HOOKS = os.environ.get('AR_TEST_HOOKS') == '1'
# Best last: what each tier wants of the processor, as /proc/cpuinfo names it.
AVX2 = {'avx2', 'fma'}
AVX512 = AVX2 | {'avx512f', 'avx512dq', 'avx512bw', 'avx512vl'}
TIERS = {
    'x86_64': {'scalar': set(), 'avx2': AVX2, 'avx512': AVX512, 'vnni512': AVX512 | {'avx512_vnni', 'avx512vbmi'}},
    'aarch64': {'scalar': set(), 'neon': {'asimd'}},
}
SCENE = ('--source', 'pattern:32x32@60', '--display', 'null', '--width', '0.25')


def processor_has():
    """The tiers of this processor, best last."""
    flags = re.search(r'(?m)^(?:flags|Features)\s*:(.*)$', pathlib.Path('/proc/cpuinfo').read_text())
    flags = set(flags.group(1).split()) if flags else set()
    return [tier for tier, needed in TIERS[platform.machine()].items() if needed <= flags]


class Tiers(harness.Case):
    def setUp(self):
        super().setUp()
        if harness.EMULATED or platform.machine() not in TIERS:
            self.skipTest('what this processor has is not known')
        self.has = processor_has()

    def assert_takes(self, tier, mask=None):
        with self.daemon(*SCENE, env={'AR_CPU_MASK': mask} if mask else None) as daemon:
            daemon.wait_painted(2)
            self.assertEqual(daemon.status()['tier'], tier, f'mask {mask}')
            self.assertIn(f'  engine    {tier}, ', daemon.ctl('status').out)
            self.assertIn(f'kernels: {tier};', daemon.log())
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)

    def test_best(self):
        self.assert_takes(self.has[-1])

    @unittest.skipIf(not TEST_HOOKS, 'built without test hooks')
    def test_forced(self):
        """Each one alone; what the processor lacks stays away however it is asked for."""
        for tier in TIERS[platform.machine()]:
            with self.subTest(tier=tier):
                self.assert_takes(tier if tier in self.has else 'scalar', tier)

    @unittest.skipIf(not TEST_HOOKS, 'built without test hooks')
    def test_masked(self):
        """Every tier but the best."""
        rest = self.has[:-1] or ['scalar']
        self.assert_takes(rest[-1], ','.join(rest))

    @unittest.skipIf(not TEST_HOOKS, 'built without test hooks')
    def test_unknown(self):
        finished = self.run_daemon(*SCENE, env={'AR_CPU_MASK': 'mmx'})
        self.assertNotEqual(finished.code, 0)
        self.assert_words(['AR_CPU_MASK', "'mmx'"], finished.err)

    @unittest.skipIf(TEST_HOOKS, 'built with test hooks')
    def test_no_mask_without_hooks(self):
        self.assert_takes(self.has[-1], 'scalar')


if __name__ == '__main__':
    harness.main()
