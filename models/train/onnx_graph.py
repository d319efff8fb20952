# SPDX-License-Identifier: MIT
"""A style's network at one plan of widths and one size of picture, as an ONNX model.

It paints a frame that stands alone: planes in, painted planes out (doc/MODEL-FORMAT.md), with the
frame's own statistics. Made for a fair comparison: batch norm is folded into weights and bias, no
weight of another width is left, and all sizes are fixed.
"""
import numpy as np
import onnx
import onnx.checker
from onnx import TensorProto, helper, numpy_helper

from architecture import PLANES, check_tensors, macs, scaled

OPSET = 13  # the oldest whose Pad takes its widths as a tensor, as all that follow do
IR_VERSION = 7  # that of the same release, so that old runtimes read it
INSTANCE_EPSILON = 1e-5
PAD_MODES = {'replicate': 'edge', 'reflect': 'reflect'}


def build(architecture, tensors, rungs, size_px):
    """The model of a network whose segment s runs at rungs[s], on pictures of (width, height)."""
    check_tensors(architecture, {name: value.shape for name, value in tensors.items()})
    graph = _Graph(architecture, tensors, rungs, size_px)
    for layer in architecture.layers:
        graph.add(layer)
    last = architecture.layers[-1].name
    model = helper.make_model(
        helper.make_graph(graph.nodes, 'style', [graph.info(PLANES)], [graph.info(last)],
                          graph.weights),
        producer_name='ar-daemon', opset_imports=[helper.make_opsetid('', OPSET)])
    model.ir_version = IR_VERSION
    helper.set_model_props(model, {
        'widths': ' '.join(f'{architecture.widths[rung]:g}' for rung in rungs),
        'size': f'{size_px[0]}x{size_px[1]}',
        'macs': str(macs(architecture, *size_px, rungs)),
    })
    onnx.checker.check_model(model, full_check=True)
    return model


class _Graph:
    """The nodes and weights of the layers so far; each layer's result has the layer's name."""

    def __init__(self, architecture, tensors, rungs, size_px):
        self.architecture = architecture
        self.tensors = tensors
        self.rungs = rungs
        self.size_px = size_px
        self.nodes = []
        self.weights = []
        self.padded = {}  # by input and width of the border: some layers share it

    def info(self, name):
        """Type and shape of the planes or of a layer's result."""
        width, height = self._size_px(self.architecture.shift(name))
        shape = (1, self._channels(name), height, width)
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def add(self, layer):
        """Appends a layer."""
        run = {'conv': self._conv, 'separable': self._separable, 'pointwise': self._pointwise,
               'depthwise': self._depthwise, 'shuffle': self._shuffle}[layer.op]
        x = run(layer, layer.input)
        if layer.norm == 'instance':
            co = self._channels(layer.name)
            affine = [self._weight(layer, key, self._tensor(layer, key)[0, :co])
                      for key in ('scale', 'bias')]
            x = self._node(layer, 'InstanceNormalization', x, *affine, epsilon=INSTANCE_EPSILON)
        if layer.relu:
            x = self._node(layer, 'Relu', x)
        if layer.upsample:
            scales = self._weight(layer, 'scales', np.float32([1, 1, 2, 2]))
            x = self._node(layer, 'Resize', x, '', scales, mode='nearest', nearest_mode='floor',
                           coordinate_transformation_mode='asymmetric')
        x = self._crop(layer, x)
        if layer.add:
            self._add_common(layer, x)
        self.nodes[-1].output[0] = layer.name

    def _channels(self, name):
        return self.architecture.channels(name, self.rungs)

    def _size_px(self, shift):
        return tuple(scaled(n, shift) for n in self.size_px)

    def _tensor(self, layer, key):
        return self.tensors[f'{layer.name}.{key}'].astype(np.float64)

    def _node(self, layer, op, *inputs, **attributes):
        """Appends a node and gives its result's name."""
        output = f'{layer.name}.{len(self.nodes)}'
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def _weight(self, layer, key, value):
        """Adds a constant and gives its name; integers are for Pad and Slice."""
        name = f'{layer.name}.{key}'
        kind = np.int64 if value.dtype.kind == 'i' else np.float32
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value, kind), name))
        return name

    def _factor(self, layer):
        """What batch norm multiplies each output channel by."""
        co = self._channels(layer.name)
        if layer.norm != 'batch':
            return np.ones(co)
        return self._tensor(layer, 'scale')[self.rungs[layer.segment], :co]

    def _bias(self, layer):
        """The bias as a list of inputs: none where an instance norm follows, which has its own."""
        if layer.norm == 'instance':
            return []
        row = self.rungs[layer.segment] if layer.norm == 'batch' else 0
        bias = self._tensor(layer, 'bias')[row, :self._channels(layer.name)]
        return [self._weight(layer, 'bias', bias)]

    def _filter(self, layer, x, key, weight, bias=(), **attributes):
        """A convolution; a border of the picture's own pixels needs a node of its own."""
        kernel = weight.shape[-1]
        if kernel > 1:
            x = self._pad(layer, x, kernel // 2)
        return self._node(layer, 'Conv', x, self._weight(layer, key, weight), *bias,
                          kernel_shape=[kernel, kernel], **attributes)

    def _pad(self, layer, x, border_px):
        if (x, border_px) not in self.padded:
            pads = np.array([0, 0, border_px, border_px] * 2)
            widths = self._weight(layer, f'border{border_px}', pads)
            self.padded[x, border_px] = self._node(
                layer, 'Pad', x, widths, mode=PAD_MODES[self.architecture.border])
        return self.padded[x, border_px]

    def _filter_each(self, layer, x, key, factor=1.0, bias=()):
        ci = self._channels(layer.input)
        weight = self._tensor(layer, key)[:ci] * np.reshape(factor, (-1, 1, 1))
        return self._filter(layer, x, key, weight[:, None], bias, group=ci,
                            strides=[layer.stride] * 2)

    def _product(self, layer, x, key, bias=()):
        weight = self._tensor(layer, key)[:self._channels(layer.name),
                                          :self._channels(layer.input)]
        weight = weight * self._factor(layer)[:, None]
        return self._filter(layer, x, key, weight[:, :, None, None], bias)

    def _conv(self, layer, x):
        weight = self._tensor(layer, 'weight')[:self._channels(layer.name),
                                               :self._channels(layer.input)]
        weight = weight * self._factor(layer)[:, None, None, None]
        return self._filter(layer, x, 'weight', weight, self._bias(layer),
                            strides=[layer.stride] * 2)

    def _pointwise(self, layer, x):
        return self._product(layer, x, 'weight', self._bias(layer))

    def _depthwise(self, layer, x):
        return self._filter_each(layer, x, 'dw', self._factor(layer), self._bias(layer))

    def _shuffle(self, layer, x):
        return self._node(layer, 'DepthToSpace', x, blocksize=2, mode='CRD')

    def _separable(self, layer, x):
        filtered = self._filter_each(layer, x, 'dw')
        if layer.gate:
            filtered = self._node(layer, 'Mul', filtered, self._gate(layer, filtered))
        y = self._product(layer, filtered, 'weight', self._bias(layer))
        if layer.kernel2:
            second = self._product(layer, self._filter_each(layer, x, 'dw2'), 'weight2')
            y = self._node(layer, 'Add', y, second)
        return y

    def _gate(self, layer, x):
        """Also a gate of the previous frame: where there is none, it is the frame's own."""
        ci = self._channels(layer.input)
        x = self._node(layer, 'GlobalAveragePool', x)
        first = self._tensor(layer, 'gate1')[:, :ci, None, None]
        second = self._tensor(layer, 'gate2')[:ci, :, None, None]
        biases = self._tensor(layer, 'gate1_bias'), self._tensor(layer, 'gate2_bias')[:ci]
        x = self._filter(layer, x, 'gate1', first, [self._weight(layer, 'gate1_bias', biases[0])])
        x = self._node(layer, 'Relu', x)
        x = self._filter(layer, x, 'gate2', second, [self._weight(layer, 'gate2_bias', biases[1])])
        return self._node(layer, 'Sigmoid', x)

    def _crop(self, layer, x):
        """Twice a size that was rounded up may be one too many."""
        size = self._size_px(self.architecture.shift(layer.name))
        made = self._size_px(self.architecture.filter_shift(layer))
        if layer.upsample or layer.op == 'shuffle':
            made = tuple(2 * n for n in made)
        return x if made == size else self._slice(layer, x, 'size', size[::-1], (2, 3))

    def _slice(self, layer, x, key, ends, axes):
        bounds = [np.zeros(len(ends), int), np.array(ends), np.array(axes)]
        names = [self._weight(layer, f'{key}_{part}', values)
                 for part, values in zip(('starts', 'ends', 'axes'), bounds)]
        return self._node(layer, 'Slice', x, *names)

    def _add_common(self, layer, x):
        """A sum has the layer's channels: what the other has more is dropped, less counts as 0."""
        other = layer.add
        missing = self._channels(layer.name) - self._channels(other)
        if missing < 0:
            other = self._slice(layer, other, 'common', [self._channels(layer.name)], [1])
        elif missing > 0:
            pads = self._weight(layer, 'missing', np.array([0, 0, 0, 0, 0, missing, 0, 0]))
            other = self._node(layer, 'Pad', other, pads, mode='constant')
        self._node(layer, 'Add', x, other)
