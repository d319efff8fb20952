#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Memory, descriptors and threads stay what they are, however long it paints and whatever it paints in."""
import os
import pathlib
import re

import harness

KIB = 1024
# A tenth of a picture lost with each frame, or a tenth of a painter with each style, is above these.
RUNNING_SLACK_B = 256 * KIB
SWITCHING_SLACK_B = 2048 * KIB
N_WARM_SWITCHES = 30  # until the allocator has room for two painters wherever it puts them
N_SWITCHES = 40
N_FRAMES = 500 if harness.SLOW < 2 else 150


class Use:
    """What a process holds."""

    def __init__(self, pid):
        text = pathlib.Path(f'/proc/{pid}/status').read_text()
        self.resident_b = int(re.search(r'^VmRSS:\s+(\d+) kB', text, re.MULTILINE).group(1)) * KIB
        self.n_threads = int(re.search(r'^Threads:\s+(\d+)', text, re.MULTILINE).group(1))
        self.n_descriptors = len(os.listdir(f'/proc/{pid}/fd'))

    def __str__(self):
        return f'{self.resident_b // KIB} KiB, {self.n_threads} threads, {self.n_descriptors} descriptors'


class Flat(harness.Case):
    def test_over_time_and_styles(self):
        with self.daemon('--source', 'pattern:64x48@120', '--display', 'null', '--width', '0.25', '--threads',
                         '2') as daemon:
            daemon.wait_painted(50)
            begin = Use(daemon.pid)
            daemon.wait_until(lambda status: status['painted'] >= 50 + N_FRAMES // 2, 'frames', harness.FINISH_S)
            later = Use(daemon.pid)
            self.switch_styles(daemon, N_WARM_SWITCHES)
            switched = Use(daemon.pid)
            self.switch_styles(daemon, N_SWITCHES)
            daemon.wait_painted(N_FRAMES // 2)
            end = Use(daemon.pid)
            print(f'begin: {begin}\nlater: {later}\nswitched: {switched}\nend: {end}')
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        for use in (later, switched, end):
            self.assertEqual(use.n_threads, begin.n_threads)
            # One more may be the connection of the ar-ctl that has just asked.
            self.assertLessEqual(use.n_descriptors, begin.n_descriptors + 1)
        if harness.SANITIZE != 'none' or harness.EMULATED:
            print('SKIPPED: resident memory says nothing under a sanitizer or emulator')
            return
        self.assertLess(later.resident_b, begin.resident_b + RUNNING_SLACK_B, 'grows while it paints')
        self.assertLess(end.resident_b, switched.resident_b + SWITCHING_SLACK_B, 'grows with each style')

    def switch_styles(self, daemon, n_times):
        for index in range(n_times):
            style = ('great_wave', 'starry_night')[index % 2]
            self.assertEqual(daemon.ctl('style', style).code, 0)
            daemon.wait_until(lambda status, name=style: status['style'] == name, style)


if __name__ == '__main__':
    harness.main()
