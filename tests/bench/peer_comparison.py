# SPDX-License-Identifier: MIT
"""Makes the engines that are to be compared, checks what they compute, and lets them take turns.

Each engine runs without being measured and then four times more, then the next does. Engines
with a Python package run inside this process; this engine and XNNPACK are programs that wait
between their turns. So no start is measured, and whatever drifts meets all alike.
"""
import importlib
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import numpy as np
import torch

import peer_engine
import peer_graph
import peer_ours
import peer_picture
import style_file
from network import Network

EXPORT = pathlib.Path(style_file.__file__).with_name('export.py')
OURS = peer_ours.Engine.NAME
RUNS_A_TURN = 4
PAUSE_S = 0.03  # until threads that wait for more work sleep: ncnn's look out for it for 20 ms
N_CALIBRATION = 4  # pictures

# Off PyTorch's float32, in levels of 255. In float32 rounding alone may differ, and what this
# engine paints is read as bytes, which are half a level off. In int8 the mean counts: a wrong
# scale, tap or border is off by tens of levels.
MOST_F32_LEVELS = 0.1
MOST_F32_BYTES = 1.0
MEAN_INT8_LEVELS = 4.0


@dataclass
class Contest:
    """What is compared with each other."""

    precision: str
    width: float
    variant: str
    mmac: float
    engines: dict = field(default_factory=dict)  # by column
    spent_ns: dict = field(default_factory=dict)

    def __str__(self):
        return f'{self.precision}, width {self.width:g}, {self.variant}'


@dataclass(frozen=True)
class Difference:
    """Of an engine's result from PyTorch's, in levels of 255."""

    column: str
    precision: str
    largest: float
    mean: float

    def passes(self, most_f32):
        """Whether rounding explains it."""
        if self.precision == 'f32':
            return self.largest <= most_f32
        return self.mean <= MEAN_INT8_LEVELS


class Comparison:
    """All contests of a command line."""

    def __init__(self, options):
        self.options = options
        self.architecture, self.tensors, _ = style_file.load(options.style)
        self.contests = []
        self.names = {}  # of engines, with versions, by column
        self.missing = []  # engines that do not run, and why
        self.differences = []

    def open(self):
        """Makes all engines and compares their results with PyTorch's."""
        for precision in self.options.precision:
            for width in self.options.widths:
                self._open(precision, width)

    def measure(self):
        """Lets all engines of all contests take turns."""
        n_frames = self.options.frames
        turns = [(contest, column) for contest in self.contests for column in contest.engines]
        for done in range(0, n_frames, RUNS_A_TURN):
            for contest, column in turns:
                time.sleep(PAUSE_S)
                spent_ns = contest.engines[column].turn(min(RUNS_A_TURN, n_frames - done))
                contest.spent_ns.setdefault(column, []).extend(spent_ns)

    def close(self):
        """Ends all engines."""
        engines = {id(engine): engine for contest in self.contests
                   for engine in contest.engines.values()}
        for engine in engines.values():
            engine.close()

    def _open(self, precision, width):
        """The contests at one width: one for each variant."""
        ours, pictures = self._open_ours(precision, width)
        exact = self._exported(width, pictures[0])
        folded = peer_graph.fold(exact, pictures[0])
        graphs = {'exact': exact, 'folded': folded, 'lean': peer_graph.lean(folded)}
        if ours and not self._paints_right(ours, exact, pictures, precision):
            ours = None
        for variant in self.options.variants:
            contest = Contest(precision, width, variant, exact.macs / 1e6)
            self.contests.append(contest)
            if ours:
                contest.engines[OURS] = ours
            for peer in self.options.peers:
                self._open_peer(contest, importlib.import_module(f'peer_{peer}').Engine,
                                graphs[variant], pictures)

    def _open_ours(self, precision, width):
        """This engine, None where it cannot run; and the planes that all engines are shown."""
        options = self.options

        def make(of_precision):
            return peer_ours.Engine(options.build / 'ar-bench', options.style, width,
                                    of_precision, options.threads, options.size)
        try:
            ours = shown = make(precision)
        except peer_engine.Unavailable as reason:
            self.missing.append(f'{OURS}: {precision}, width {width:g}: {reason}')
            ours, shown = None, make('f32')
            shown.close()
        return ours, [peer_picture.planes(self.architecture, picture, *options.size)
                      for picture in shown.pictures]

    def _exported(self, width, planes):
        """The network as export.py writes it, checked against models/train/network.py."""
        with tempfile.TemporaryDirectory(prefix='ar-peers-') as folder:
            path = f'{folder}/style.onnx'
            subprocess.run([sys.executable, EXPORT, '--onnx', f'{width:g}', '--size',
                            '{}x{}'.format(*self.options.size), self.options.style, path],
                           check=True, stdout=subprocess.DEVNULL)
            graph = peer_graph.read(path)
        rungs = self.architecture.equal_rungs(self.architecture.widths.index(width))
        with torch.no_grad():
            wanted = Network(self.architecture, self.tensors)(torch.from_numpy(planes)[None],
                                                              rungs)[0].numpy()
        found = peer_graph.evaluate(graph, planes)[graph.output]
        if self._levels_off(found, wanted).max() > MOST_F32_LEVELS:
            raise peer_graph.Unsupported('the exported graph is not the style\'s network')
        return graph

    def _levels_off(self, found, wanted):
        return np.abs(peer_picture.levels(self.architecture, found)
                      - peer_picture.levels(self.architecture, wanted))

    def _paints_right(self, ours, exact, pictures, precision):
        """Compares what this engine paints of all pictures."""
        off = []
        for planes, painting in zip(pictures, ours.paintings):
            wanted = peer_graph.evaluate(exact, planes)[exact.output]
            wanted = peer_picture.levels(self.architecture, wanted).clip(0, peer_picture.LEVELS)
            found = peer_picture.planes(self.architecture, painting, *self.options.size)
            off.append(np.abs(peer_picture.levels(self.architecture, found) - wanted))
        difference = Difference(OURS, precision, max(x.max() for x in off),
                                statistics.fmean(x.mean() for x in off))
        return self._accept(ours, difference, MOST_F32_BYTES, precision)

    def _open_peer(self, contest, kind, graph, pictures):
        shown = pictures[:N_CALIBRATION]
        spans = peer_engine.ranges(graph, shown) if contest.precision == 'int8' else None
        try:
            engine = kind(graph, shown, spans, self.options.threads)
            painted = engine.paint(shown[0])
        except peer_engine.Unavailable as reason:
            self.missing.append(f'{kind.NAME}: {contest}: {reason}')
            return
        off = self._levels_off(painted, peer_graph.evaluate(graph, shown[0])[graph.output])
        difference = Difference(kind.NAME, contest.precision, off.max(), off.mean())
        if self._accept(engine, difference, MOST_F32_LEVELS, contest):
            contest.engines[kind.NAME] = engine

    def _accept(self, engine, difference, most_f32, where):
        """Notes a difference; an engine that computes something else is closed, and named."""
        self.names[difference.column] = engine.name
        self.differences.append(difference)
        if difference.passes(most_f32):
            return True
        self.missing.append(f'{difference.column}: {where}: its result is off by '
                            f'{difference.largest:.2f} levels of 255 at most, '
                            f'{difference.mean:.2f} on average')
        engine.close()
        return False
