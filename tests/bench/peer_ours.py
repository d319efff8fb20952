# SPDX-License-Identifier: MIT
"""This engine, by `ar-bench peer`."""
import json

import peer_child
import peer_picture


class Engine:
    """The program, running; it also gives the pictures that all engines are shown."""

    NAME = 'ar-daemon'

    def __init__(self, program, style, width, precision, n_threads, size_px):
        self.child = peer_child.Child(program, 'peer', '--style', style, '--widths', f'{width:g}',
                                      '--precision', precision, '--threads', n_threads,
                                      '--sizes', f'{size_px[0]}x{size_px[1]}')
        self.about = json.loads(self.child.line())
        self.name = f'{self.NAME} ({self.about["tier"]})'
        frames = [[self.child.bytes(peer_picture.size_b(*size_px)) for _ in ('in', 'out')]
                  for _ in range(self.about['n_frames'])]
        self.pictures, self.paintings = zip(*frames)

    def turn(self, n_runs):
        """See peer_engine."""
        return self.child.turn(n_runs)

    def close(self):
        """See peer_engine."""
        self.child.close()
