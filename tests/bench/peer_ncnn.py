# SPDX-License-Identifier: MIT
"""ncnn, by its own model files written from the graph."""
import os
import tempfile

import numpy as np

import peer_engine
import peer_graph

try:
    import ncnn
    MISSING = None
except ImportError as error:
    MISSING = error.name

MAGIC = 7767517
FLOATS = np.uint32(0).tobytes()  # how weights are stored
NEAREST, REPLICATE, ADD = 1, 1, 0
SCALED, RESCALED = 1, 101  # int8 in; int8 in and out


class Files:
    """The two files: layers as text, weights as bytes."""

    def __init__(self, graph, ranges):
        self.graph = graph
        self.ranges = ranges
        self.lines = []
        self.blobs = 0
        self.weights = []
        self.handed = {}  # of a result with many readers: how many have had theirs
        channels, height, width = graph.shapes[peer_graph.INPUT]
        self._add('Input', peer_graph.INPUT, (), {0: width, 1: height, 2: channels})
        for step in graph.steps:
            self.WRITERS[step.kind](self, step)

    def write(self, folder):
        """Writes them and gives their paths."""
        paths = [os.path.join(folder, name) for name in ('net.param', 'net.bin')]
        with open(paths[0], 'w', encoding='ascii') as file:
            print(MAGIC, f'{len(self.lines)} {self.blobs}', *self.lines, sep='\n', file=file)
        with open(paths[1], 'wb') as file:
            file.write(b''.join(self.weights))
        return paths

    def _add(self, kind, name, inputs, options):
        inputs = [self._hand(x) for x in inputs]
        self._line(kind, name, inputs, [name], options)
        n_readers = len(self.graph.readers(name))
        if n_readers > 1:
            self._line('Split', f'{name}.split', [name],
                       [f'{name}.{i}' for i in range(n_readers)], {})

    def _line(self, kind, name, inputs, outputs, options):
        self.blobs += len(outputs)
        self.lines.append(' '.join(
            [kind, name, str(len(inputs)), str(len(outputs)), *inputs, *outputs,
             *(f'{key}={value}' for key, value in options.items())]))

    def _hand(self, name):
        """The name of a reader's own copy."""
        if len(self.graph.readers(name)) < 2:
            return name
        turn = self.handed[name] = self.handed.get(name, -1) + 1
        return f'{name}.{turn}'

    def _conv(self, step):
        co, _, kernel, _ = step.weight.shape
        options = {0: co, 1: kernel, 3: step.stride, 4: step.border_px, 5: 1,
                   6: step.weight.size, 9: int(step.relu)}
        if step.groups > 1:
            options[7] = step.groups
        self.weights += [FLOATS, step.weight.astype('<f4').tobytes(),
                         step.bias.astype('<f4').tobytes()]
        if self.ranges is not None:
            options[8] = self._scales(step)
        self._add('ConvolutionDepthWise' if step.groups > 1 else 'Convolution', step.output,
                  step.inputs, options)

    def _scales(self, step):
        """Adds a convolution's scales; its result stays int8 where only a convolution reads it."""
        scales = [1 / peer_engine.weight_steps(step.weight)[1],
                  [self._steps_of(step.inputs[0])]]
        readers = self.graph.readers(step.output)
        stays = [reader.kind for reader in readers] == ['conv']
        if stays:
            scales.append([self._steps_of(step.output)])
        self.weights += [np.array(values, '<f4').tobytes() for values in scales]
        return RESCALED if stays else SCALED

    def _steps_of(self, name):
        return 127 / max(abs(end) for end in self.ranges[name])

    def _norm(self, step):
        self.weights += [step.weight.astype('<f4').tobytes(), step.bias.astype('<f4').tobytes()]
        name = f'{step.output}.unit' if step.relu else step.output
        options = {0: len(step.weight), 1: f'{step.epsilon:e}', 2: 1}
        if not step.relu:
            self._add('InstanceNorm', name, step.inputs, options)
            return
        self._line('InstanceNorm', name, [self._hand(x) for x in step.inputs], [name], options)
        self._add('ReLU', step.output, [name], {})

    def _pad(self, step):
        self._add('Padding', step.output, step.inputs,
                  {**{side: step.border_px for side in range(4)}, 4: REPLICATE})

    def _double(self, step):
        self._add('Interp', step.output, step.inputs, {0: NEAREST, 1: '2.0', 2: '2.0'})

    def _sum(self, step):
        self._add('BinaryOp', step.output, step.inputs, {0: ADD})

    WRITERS = {'conv': _conv, 'norm': _norm, 'pad': _pad, 'double': _double, 'add': _sum}


class Engine:
    """A net."""

    NAME = 'ncnn'

    def __init__(self, graph, pictures, ranges, n_threads):
        if MISSING:
            raise peer_engine.Unavailable(f'no Python package {MISSING}')
        self.name = f'{self.NAME} {ncnn.__version__}'
        self.output = graph.output
        self.net = ncnn.Net()
        self.net.opt.num_threads = n_threads
        for half in ('fp16_packed', 'fp16_storage', 'fp16_arithmetic', 'bf16_storage'):
            setattr(self.net.opt, f'use_{half}', False)
        with tempfile.TemporaryDirectory(prefix='ar-ncnn-') as folder:
            param, weights = Files(graph, ranges).write(folder)
            if self.net.load_param(param) != 0 or self.net.load_model(weights) != 0:
                raise peer_engine.Unavailable('does not load the files written for it')
        self.planes = ncnn.Mat(pictures[0]).clone()

    def _run(self, planes):
        extractor = self.net.create_extractor()
        extractor.input(peer_graph.INPUT, planes)
        return extractor.extract(self.output)[1]

    def paint(self, planes):
        """See peer_engine."""
        return np.array(self._run(ncnn.Mat(planes).clone()))

    def turn(self, n_runs):
        """See peer_engine."""
        return peer_engine.timed(lambda: self._run(self.planes), n_runs)

    def close(self):
        """See peer_engine."""
        self.net.clear()
