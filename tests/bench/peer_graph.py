# SPDX-License-Identifier: MIT
"""A network as other engines want it: a list of plain steps, read from an exported ONNX graph.

Three variants of one network:
  exact   as exported: borders repeat the edge, instance norm by a frame's own statistics
  folded  instance norm as constants inside the convolutions before it, those of a given picture
  lean    that, and borders of zeros inside the convolutions
Only `exact` paints what the style paints. The others cost a peer less.
"""
import dataclasses
from dataclasses import dataclass

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

VARIANTS = ('exact', 'folded', 'lean')
INPUT = 'planes'
OPSET = 13
IR_VERSION = 7


class Unsupported(ValueError):
    """A network with an operation that the comparison does not know."""


@dataclass(frozen=True, eq=False)
class Step:
    """One operation: `kind` is pad, conv, norm, relu, double (nearest x2) or add."""

    kind: str
    output: str
    inputs: tuple
    weight: np.ndarray = None  # conv: [co, ci / groups, k, k]; norm: [c]
    bias: np.ndarray = None
    stride: int = 1
    groups: int = 1
    border_px: int = 0  # pad: of the edge's own pixels; conv: of zeros
    relu: bool = False  # conv and norm
    epsilon: float = 0.0


@dataclass(frozen=True)
class Graph:
    """Steps in the order of execution, the shape of the planes, and of all results by name."""

    steps: tuple
    shapes: dict  # (channels, height, width)
    variant: str

    @property
    def output(self):
        """Name of the painted planes."""
        return self.steps[-1].output

    def readers(self, name):
        """The steps that read a result."""
        return [step for step in self.steps if name in step.inputs]

    @property
    def macs(self):
        """Multiply-accumulates of a frame."""
        return sum(step.weight[0].size * int(np.prod(self.shapes[step.output]))
                   for step in self.steps if step.kind == 'conv')


def read(path):
    """The exact variant, from a file that models/train/export.py wrote."""
    graph = onnx.load(path).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    steps = [_step(node, constants) for node in graph.node]
    shape = tuple(d.dim_value for d in graph.input[0].type.tensor_type.shape.dim[1:])
    return _graph(_with_relus(steps), shape, 'exact')


def fold(graph, planes):
    """The folded variant, with the statistics of a picture."""
    values = evaluate(graph, planes)
    steps = []
    for step in graph.steps:
        if step.kind == 'norm':
            before = steps.pop()
            if before.kind != 'conv' or before.output != step.inputs[0] or before.relu:
                raise Unsupported(f'{step.output}: no convolution before an instance norm')
            x = values[step.inputs[0]].astype(np.float64)
            scale = step.weight / np.sqrt(x.var((1, 2)) + step.epsilon)
            bias = step.bias - x.mean((1, 2)) * scale
            step = dataclasses.replace(
                before, output=step.output, relu=step.relu,
                weight=(before.weight * scale[:, None, None, None]).astype(np.float32),
                bias=(before.bias * scale + bias).astype(np.float32))
        steps.append(step)
    return _graph(steps, graph.shapes[INPUT], 'folded')


def lean(graph):
    """The lean variant of a folded one."""
    borders = {step.output: step for step in graph.steps if step.kind == 'pad'}
    steps = []
    for step in graph.steps:
        if step.kind == 'conv' and step.inputs[0] in borders:
            pad = borders[step.inputs[0]]
            step = dataclasses.replace(step, inputs=pad.inputs, border_px=pad.border_px)
        if step.kind != 'pad':
            steps.append(step)
    return _graph(steps, graph.shapes[INPUT], 'lean')


def with_sums_doubled(steps):
    """Steps where doubling and adding to another result is one: a double with two inputs."""
    readers = [name for step in steps for name in step.inputs]
    doubles = {step.output: step for step in steps
               if step.kind == 'double' and readers.count(step.output) == 1}
    joined = []
    for step in steps:
        small = doubles.get(step.inputs[0]) if step.kind == 'add' else None
        if small:
            joined.remove(small)
            step = Step('double', step.output, (small.inputs[0], step.inputs[1]))
        joined.append(step)
    return joined


@torch.no_grad()
def evaluate(graph, planes):
    """Every result by name, by PyTorch; planes and results are [channels, height, width]."""
    values = {INPUT: torch.from_numpy(planes)[None]}
    for step in graph.steps:
        x = values[step.inputs[0]]
        if step.kind == 'conv':
            x = F.conv2d(x, torch.from_numpy(step.weight), torch.from_numpy(step.bias),
                         stride=step.stride, padding=step.border_px, groups=step.groups)
        elif step.kind == 'norm':
            x = F.instance_norm(x, weight=torch.from_numpy(step.weight),
                                bias=torch.from_numpy(step.bias), eps=step.epsilon)
        elif step.kind == 'pad':
            x = F.pad(x, (step.border_px,) * 4, mode='replicate')
        elif step.kind == 'double':
            x = F.interpolate(x, scale_factor=2, mode='nearest')
        else:
            x = x + values[step.inputs[1]]
        values[step.output] = F.relu(x) if step.relu else x
    return {name: value[0].numpy() for name, value in values.items()}


def to_onnx(graph):
    """An ONNX model of a graph."""
    nodes, weights = [], []

    def constant(name, value):
        weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    for step in graph.steps:
        last = f'{step.output}.sum' if step.relu else step.output
        names = list(step.inputs)
        if step.kind in ('conv', 'norm'):
            names += [constant(f'{step.output}.weight', step.weight),
                      constant(f'{step.output}.bias', step.bias)]
        if step.kind == 'conv':
            node = helper.make_node('Conv', names, [last], group=step.groups,
                                    kernel_shape=step.weight.shape[2:],
                                    strides=[step.stride] * 2, pads=[step.border_px] * 4)
        elif step.kind == 'norm':
            node = helper.make_node('InstanceNormalization', names, [last], epsilon=step.epsilon)
        elif step.kind == 'pad':
            widths = np.array([0, 0, step.border_px, step.border_px] * 2, np.int64)
            node = helper.make_node('Pad', names + [constant(f'{step.output}.widths', widths)],
                                    [last], mode='edge')
        elif step.kind == 'double':
            scales = constant(f'{step.output}.scales', np.float32([1, 1, 2, 2]))
            node = helper.make_node('Resize', [*names, '', scales], [last], mode='nearest',
                                    nearest_mode='floor',
                                    coordinate_transformation_mode='asymmetric')
        else:
            node = helper.make_node('Add', names, [last])
        nodes.append(node)
        if step.relu:
            nodes.append(helper.make_node('Relu', [last], [step.output]))
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, *graph.shapes[name]))
            for name in (INPUT, graph.output)]
    model = helper.make_model(helper.make_graph(nodes, graph.variant, ends[:1], ends[1:], weights),
                              opset_imports=[helper.make_opsetid('', OPSET)])
    model.ir_version = IR_VERSION
    return model


def _attributes(node):
    return {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}


def _step(node, constants):
    """One node as a step."""
    options = _attributes(node)
    inputs = tuple(name for name in node.input if name and name not in constants)
    given = [constants[name] for name in node.input if name in constants]
    make = {'Pad': _pad, 'Conv': _conv, 'Relu': _plain('relu'), 'Add': _plain('add'),
            'Resize': _double, 'InstanceNormalization': _norm}.get(node.op_type)
    if make is None:
        raise Unsupported(f'{node.output[0]}: the comparison does not know {node.op_type}')
    return make(node.output[0], inputs, given, options)


def _plain(kind):
    def make(output, inputs, given, _):
        if given:
            raise Unsupported(f'{output}: {kind} of a constant')
        return Step(kind, output, inputs)
    return make


def _pad(output, inputs, given, options):
    px = int(given[0][2])
    if options.get('mode') != b'edge' or list(given[0]) != [0, 0, px, px] * 2:
        raise Unsupported(f'{output}: a border that is not of the edge\'s own pixels')
    return Step('pad', output, inputs, border_px=px)


def _conv(output, inputs, given, options):
    bias = given[1] if len(given) > 1 else np.zeros(len(given[0]), np.float32)
    stride = options.get('strides', [1])[0]
    if any(options.get('pads', [])):
        raise Unsupported(f'{output}: a border of zeros')
    return Step('conv', output, inputs, given[0], bias, stride, options.get('group', 1))


def _norm(output, inputs, given, options):
    return Step('norm', output, inputs, given[0], given[1], epsilon=options['epsilon'])


def _double(output, inputs, given, _):
    if list(given[0]) != [1, 1, 2, 2]:
        raise Unsupported(f'{output}: resized by {list(given[0])}')
    return Step('double', output, inputs)


def _with_relus(steps):
    """ReLUs as part of the convolution or norm before them."""
    joined = []
    for step in steps:
        if step.kind == 'relu':
            before = joined.pop()
            if before.output != step.inputs[0] or before.kind not in ('conv', 'norm'):
                raise Unsupported(f'{step.output}: ReLU of another step than the one before')
            step = dataclasses.replace(before, output=step.output, relu=True)
        joined.append(step)
    return joined


def _graph(steps, shape, variant):
    shapes = {INPUT: tuple(shape)}
    for step in steps:
        channels, height, width = shapes[step.inputs[0]]
        if step.kind == 'conv':
            channels = len(step.weight)
            taps = step.weight.shape[-1]
            height, width = ((n + 2 * step.border_px - taps) // step.stride + 1
                             for n in (height, width))
        elif step.kind == 'pad':
            height, width = (n + 2 * step.border_px for n in (height, width))
        elif step.kind == 'double':
            height, width = 2 * height, 2 * width
        shapes[step.output] = channels, height, width
    return Graph(tuple(steps), shapes, variant)
