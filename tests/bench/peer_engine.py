# SPDX-License-Identifier: MIT
"""What all engines of the comparison have in common, and the scales that int8 needs.

An engine is a class with a NAME, made as Engine(graph, pictures, ranges, n_threads): `pictures`
are planes, the first of which is what it is timed on; `ranges` is None for float32. It has
  paint(planes)  the painted planes of a picture, both [channels, height, width]
  turn(n)        nanoseconds of n runs, after some that are not measured
  close()
"""
import time
from dataclasses import dataclass

import numpy as np

import peer_graph

WARM_NS = 10_000_000  # as in serve.c
QUANTILE = 1e-4  # of the values lie outside a range, at each end
MAX_SAMPLE = 1 << 18


class Unavailable(Exception):
    """An engine that is not here, or cannot run this; the words say why."""


@dataclass(frozen=True)
class Affine:
    """An int8 q stands for (q - zero) * scale."""

    scale: float
    zero: int

    def steps(self, values):
        """Values as int8."""
        return np.clip(np.round(values / self.scale) + self.zero, -128, 127).astype(np.int8)


def ranges(graph, pictures):
    """Least and largest value of every result, but for the rarest, over some pictures."""
    found = {}
    for planes in pictures:
        for name, value in peer_graph.evaluate(graph, planes).items():
            flat = value.ravel()
            flat = flat[::len(flat) // MAX_SAMPLE + 1]
            found.setdefault(name, []).append(np.quantile(flat, [QUANTILE, 1 - QUANTILE]))
    return {name: (min(0.0, *(low for low, _ in ends)), max(1e-6, *(high for _, high in ends)))
            for name, ends in found.items()}


def affine(span):
    """The scale and zero of a range."""
    scale = (span[1] - span[0]) / 255
    return Affine(float(scale), int(np.clip(round(-128 - span[0] / scale), -128, 127)))


def weight_steps(weight):
    """Weights as int8 with a scale for each output channel: (int8, scales)."""
    scales = np.maximum(np.abs(weight).reshape(len(weight), -1).max(1), 1e-12) / 127
    steps = np.round(weight / scales.reshape(-1, *[1] * (weight.ndim - 1)))
    return steps.astype(np.int8), scales.astype(np.float32)


def timed(run, n_runs):
    """turn() of an engine in this process."""
    start_ns = time.perf_counter_ns()
    while time.perf_counter_ns() - start_ns < WARM_NS:
        run()
    spent_ns = []
    for _ in range(n_runs):
        start_ns = time.perf_counter_ns()
        run()
        spent_ns.append(time.perf_counter_ns() - start_ns)
    return spent_ns
