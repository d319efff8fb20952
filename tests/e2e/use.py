# SPDX-License-Identifier: MIT
"""What a process holds: memory, threads, descriptors."""
import os
import pathlib
import re

KIB = 1024


class Use:
    """As of now."""

    def __init__(self, pid):
        text = pathlib.Path(f'/proc/{pid}/status').read_text()
        self.resident_b, self.peak_b = (int(re.search(rf'^{name}:\s+(\d+) kB', text, re.MULTILINE).group(1)) * KIB
                                        for name in ('VmRSS', 'VmHWM'))
        self.n_threads = int(re.search(r'^Threads:\s+(\d+)', text, re.MULTILINE).group(1))
        self.n_descriptors = len(os.listdir(f'/proc/{pid}/fd'))

    def __str__(self):
        return (f'{self.resident_b // KIB} KiB, {self.peak_b // KIB} at most, {self.n_threads} threads, '
                f'{self.n_descriptors} descriptors')
