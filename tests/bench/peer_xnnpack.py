# SPDX-License-Identifier: MIT
"""XNNPACK as the system has it, through xnn_net.c.

Its two files. NETWORK, text: a line with the precision, then one for each step, whose result is
the value with the step's number:
  OP INPUT INPUT KERNEL STRIDE BORDER GROUPS RELU  SLOT HEIGHT WIDTH CHANNELS SCALE ZERO
Inputs are numbers of values, -1 for none; values that are needed at different times share a slot
of memory. The last value is the result. WEIGHTS, binary, in the order of the convolutions,
[co, k, k, ci], or [1, k, k, c] where each channel is filtered alone: in f32 weights and bias as
floats; in int8 weights as bytes, padded to 4; scales as floats; bias as 32-bit integers.
"""
import os
import tempfile

import numpy as np

import peer_child
import peer_engine
import peer_graph

NONE = -1
PROGRAM = 'xnn_net'  # beside ar-bench


class Files:
    """The two files of a graph."""

    def __init__(self, graph, ranges):
        self.graph = graph
        self.affines = ranges and {name: peer_engine.affine(span) for name, span in ranges.items()}
        self.lines = ['int8' if ranges else 'f32']
        self.weights = []
        self.numbers = {}  # of values by name
        self.reads = []  # by step: numbers of the values
        self._line('input', peer_graph.INPUT, f32=True)
        if ranges:
            self._line('quantise', peer_graph.INPUT, (peer_graph.INPUT,))
        for step in peer_graph.with_sums_doubled(graph.steps):
            if step.kind not in ('conv', 'add', 'double'):
                raise peer_engine.Unavailable(f'has no {step.kind}')
            self._line(step.kind, step.output, step.inputs, step)
            if step.kind == 'conv':
                self._weights(step)
        if ranges:
            self._line('dequantise', graph.output, (graph.output,), f32=True)

    def write(self, network, weights):
        """Writes them."""
        slots = self._slots()
        with open(network, 'w', encoding='ascii') as file:
            print(self.lines[0], *(line.format(slot=slot)
                                   for line, slot in zip(self.lines[1:], slots)),
                  sep='\n', file=file)
        with open(weights, 'wb') as file:
            file.write(b''.join(self.weights))

    def _line(self, op, output, inputs=(), step=None, f32=False):
        numbers = [self.numbers[name] for name in inputs]
        kernel = step.weight.shape[-1] if step and step.kind == 'conv' else 0
        options = ([kernel, step.stride, step.border_px, step.groups, int(step.relu)] if step
                   else [0, 1, 0, 1, 0])
        channels, height, width = self.graph.shapes[output]
        affine = self.affines[output] if self.affines and not f32 else peer_engine.Affine(0.0, 0)
        self.lines.append(' '.join(map(str, (
            op, *(numbers + [NONE] * 2)[:2], *options, '{slot}', height, width, channels,
            f'{affine.scale:.9e}', affine.zero))))
        self.numbers[output] = len(self.lines) - 2
        self.reads.append(numbers)

    def _slots(self):
        """A slot for each value; it is free again after the value's last reader."""
        last = {number: at for at, numbers in enumerate(self.reads) for number in numbers}
        taken, slots = {}, []
        for at in range(len(self.reads)):
            taken = {slot: number for slot, number in taken.items() if last.get(number, at) >= at}
            slot = min(set(range(len(taken) + 1)) - set(taken))
            taken[slot] = at
            slots.append(slot)
        return slots

    def _weights(self, step):
        each = step.groups > 1
        order = (1, 2, 3, 0) if each else (0, 2, 3, 1)
        if self.affines is None:
            parts = [step.weight.transpose(order).astype('<f4'), step.bias.astype('<f4')]
        else:
            steps, scales = peer_engine.weight_steps(step.weight)
            sums = scales * np.float32(self.affines[step.inputs[0]].scale)
            parts = [steps.transpose(order), scales.astype('<f4'),
                     np.round(step.bias / sums).astype('<i4')]
        for part in parts:
            content = np.ascontiguousarray(part).tobytes()
            self.weights.append(content + bytes(-len(content) % 4))


class Engine:
    """The program, running."""

    NAME = 'XNNPACK'
    folder = ''  # where the program is

    def __init__(self, graph, pictures, ranges, n_threads):
        self.name = f'{self.NAME} (system)'
        self.shape = graph.shapes[graph.output]
        self.n_threads = n_threads
        self.files = tempfile.TemporaryDirectory(prefix='ar-xnn-')
        self.paths = [os.path.join(self.files.name, name)
                      for name in ('network', 'weights', 'input', 'output')]
        Files(graph, ranges).write(*self.paths[:2])
        self.child = self._start(pictures[0])

    def _start(self, planes):
        np.ascontiguousarray(planes.transpose(1, 2, 0), '<f4').tofile(self.paths[2])
        program = os.path.join(self.folder, PROGRAM)
        if not os.path.exists(program):
            raise peer_engine.Unavailable(f'{program} is not built: needs XNNPACK and pthreadpool')
        child = peer_child.Child(program, *self.paths, self.n_threads)
        child.line()
        return child

    def paint(self, planes):
        """See peer_engine."""
        self._start(planes).close()
        channels, height, width = self.shape
        painted = np.fromfile(self.paths[3], '<f4').reshape(height, width, channels)
        return painted.transpose(2, 0, 1)

    def turn(self, n_runs):
        """See peer_engine."""
        return self.child.turn(n_runs)

    def close(self):
        """See peer_engine."""
        self.child.close()
        self.files.cleanup()
