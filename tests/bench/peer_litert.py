# SPDX-License-Identifier: MIT
"""LiteRT (once TensorFlow Lite), by a model file written from the graph.

It hands convolutions to a current XNNPACK.
"""
import numpy as np

import peer_engine
import peer_graph

try:
    import flatbuffers
    import ai_edge_litert
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.interpreter import Interpreter
    MISSING = None
except ImportError as error:
    MISSING = error.name

VERSION = 3
IDENTIFIER = b'TFL3'


class File:
    """A model under way: maps are height x width x channels."""

    def __init__(self, graph, ranges):
        self.graph = graph
        self.affines = None
        if ranges is not None:
            self.affines = {name: peer_engine.affine(span) for name, span in ranges.items()}
        self.codes = []  # (operator, version)
        self.model = schema.ModelT()
        self.model.version = VERSION
        self.model.buffers = [schema.BufferT()]  # the first one stands for none
        self.subgraph = schema.SubGraphT()
        self.subgraph.tensors, self.subgraph.operators = [], []
        self.indices = {}  # of tensors by name
        self._ends()

    def bytes(self):
        """The file."""
        self.model.operatorCodes = [self._code(*code) for code in self.codes]
        self.model.subgraphs = [self.subgraph]
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())

    def _ends(self):
        """float32 in and out; in int8 with conversions at both."""
        output = self.graph.output
        outside = [name if self.affines is None else f'{name}.f32'
                   for name in (peer_graph.INPUT, output)]
        for name, inner in zip(outside, (peer_graph.INPUT, output)):
            self._tensor(name, self._nhwc(inner), schema.TensorType.FLOAT32)
        self.subgraph.inputs, self.subgraph.outputs = ([self.indices[name]] for name in outside)
        if self.affines is not None:
            self._operator('QUANTIZE', outside[:1], self._map(peer_graph.INPUT), version=1)
        # The faster way to double is another one in each precision.
        steps = self.graph.steps
        if self.affines is None:
            steps = peer_graph.with_sums_doubled(steps)
        for step in steps:
            self.WRITERS[step.kind](self, step)
        if self.affines is not None:
            self._operator('DEQUANTIZE', [output], outside[1], version=2)

    @staticmethod
    def _code(operator, version):
        code = schema.OperatorCodeT()
        code.builtinCode = operator
        code.deprecatedBuiltinCode = min(operator, 127)
        code.version = version
        return code

    def _nhwc(self, name):
        channels, height, width = self.graph.shapes[name]
        return [1, height, width, channels]

    def _tensor(self, name, shape, kind, buffer=0, quantisation=None):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, kind, buffer
        tensor.quantization = quantisation
        self.indices[name] = len(self.subgraph.tensors)
        self.subgraph.tensors.append(tensor)
        return name

    def _map(self, name, like=None, shape=None):
        """A result's tensor; `like`: the result whose scale it has."""
        if name in self.indices:
            return name
        shape = shape or self._nhwc(name)
        if self.affines is None:
            return self._tensor(name, shape, schema.TensorType.FLOAT32)
        affine = self.affines[name] = self.affines[like or name]
        return self._tensor(name, shape, schema.TensorType.INT8,
                            quantisation=_quantisation([affine.scale], [affine.zero]))

    def _constant(self, name, value, quantisation=None):
        kind = {'float32': schema.TensorType.FLOAT32, 'int8': schema.TensorType.INT8,
                'int32': schema.TensorType.INT32}[value.dtype.name]
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(value).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        return self._tensor(name, list(value.shape), kind, len(self.model.buffers) - 1,
                            quantisation)

    def _operator(self, kind, inputs, output, options=None, version=None):
        if version is None:
            version = 1 if self.affines is None else 2
        code = (getattr(schema.BuiltinOperator, kind), version)
        if code not in self.codes:
            self.codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.index(code)
        operator.inputs = [self.indices[name] for name in inputs]
        operator.outputs = [self.indices[output]]
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions,
                                                  type(options).__name__[:-1])
        self.subgraph.operators.append(operator)

    def _conv(self, step):
        each = step.groups > 1
        weight = step.weight.transpose(1, 2, 3, 0) if each else step.weight.transpose(0, 2, 3, 1)
        names = [self._bordered(step),
                 *self._weights(step, weight.astype(np.float32), 3 if each else 0)]
        options = schema.DepthwiseConv2DOptionsT() if each else schema.Conv2DOptionsT()
        if each:
            options.depthMultiplier = 1
        options.strideH = options.strideW = step.stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.padding = (schema.Padding.SAME if step.stride == 1 and step.border_px
                           else schema.Padding.VALID)
        options.fusedActivationFunction = _activation(step)
        version = 1 if self.affines is None else 3
        self._operator('DEPTHWISE_CONV_2D' if each else 'CONV_2D', names, self._map(step.output),
                       options, version)

    def _bordered(self, step):
        """The input, with a border of zeros where SAME would put it on one side only."""
        source = step.inputs[0]
        if step.stride == 1 or not step.border_px:
            return source
        name = f'{step.output}.bordered'
        _, height, width, channels = self._nhwc(source)
        border = 2 * step.border_px
        self._map(name, source, [1, height + border, width + border, channels])
        self._operator('PAD', [source, self._widths(name, step.border_px)], name,
                       schema.PadOptionsT())
        return name

    def _widths(self, name, px):
        return self._constant(f'{name}.widths', np.int32([[0, 0], [px, px], [px, px], [0, 0]]))

    def _weights(self, step, weight, axis):
        """Names of weights and bias."""
        names = f'{step.output}.weight', f'{step.output}.bias'
        if self.affines is None:
            return [self._constant(names[0], weight), self._constant(names[1], step.bias)]
        steps, scales = peer_engine.weight_steps(np.moveaxis(weight, axis, 0))
        sums = scales * np.float32(self.affines[step.inputs[0]].scale)
        zeros = [0] * len(scales)
        return [self._constant(names[0], np.moveaxis(steps, 0, axis),
                               _quantisation(scales, zeros, axis)),
                self._constant(names[1], np.round(step.bias / sums).astype(np.int32),
                               _quantisation(sums, zeros))]

    def _pad(self, step):
        if step.border_px != 1:
            raise peer_engine.Unavailable('repeats an edge once at most')
        options = schema.MirrorPadOptionsT()
        options.mode = schema.MirrorPadMode.SYMMETRIC
        self._operator('MIRROR_PAD', [step.inputs[0], self._widths(step.output, step.border_px)],
                       self._map(step.output, step.inputs[0]), options)

    def _double(self, step):
        if self.affines is None:
            self._double_by_sum(step)
            return
        _, height, width, _ = self._nhwc(step.output)
        size = self._constant(f'{step.output}.size', np.int32([height, width]))
        self._operator('RESIZE_NEAREST_NEIGHBOR', [step.inputs[0], size],
                       self._map(step.output, step.inputs[0]),
                       schema.ResizeNearestNeighborOptionsT())

    def _double_by_sum(self, step):
        """Adds each pixel to a 2 x 2 block: of another result, or of zeros."""
        _, height, width, channels = self._nhwc(step.inputs[0])
        small = self._reshaped(step.inputs[0], f'{step.output}.small',
                               [height, 1, width, 1, channels])
        blocks = [height, 2, width, 2, channels]
        if len(step.inputs) > 1:
            large = self._reshaped(step.inputs[1], f'{step.output}.large', blocks)
        else:
            large = self._constant(f'{step.output}.zeros', np.zeros((1, 2, 1, 2, 1), np.float32))
        total = self._map(f'{step.output}.blocks', step.output, blocks)
        self._operator('ADD', [small, large], total, _no_activation())
        self._reshaped(total, step.output, self._nhwc(step.output))

    def _reshaped(self, source, name, shape):
        options = schema.ReshapeOptionsT()
        options.newShape = shape
        self._map(name, source, shape)
        self._operator('RESHAPE', [source, self._constant(f'{name}.shape', np.int32(shape))],
                       name, options, version=1)
        return name

    def _sum(self, step):
        self._operator('ADD', step.inputs, self._map(step.output), _no_activation())

    def _norm(self, step):
        raise peer_engine.Unavailable('has no instance norm')

    WRITERS = {'conv': _conv, 'norm': _norm, 'pad': _pad, 'double': _double, 'add': _sum}


class Engine:
    """An interpreter."""

    NAME = 'LiteRT'

    def __init__(self, graph, pictures, ranges, n_threads):
        if MISSING:
            raise peer_engine.Unavailable(f'no Python package {MISSING}')
        self.name = f'{self.NAME} {ai_edge_litert.__version__}'
        self.interpreter = Interpreter(model_content=File(graph, ranges).bytes(),
                                       num_threads=n_threads)
        self.interpreter.allocate_tensors()
        self.ends = [details()[0]['index'] for details in
                     (self.interpreter.get_input_details, self.interpreter.get_output_details)]
        self._put(pictures[0])

    def _put(self, planes):
        self.interpreter.set_tensor(self.ends[0],
                                    np.ascontiguousarray(planes.transpose(1, 2, 0)[None]))

    def paint(self, planes):
        """See peer_engine."""
        self._put(planes)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.ends[1])[0].transpose(2, 0, 1)

    def turn(self, n_runs):
        """See peer_engine."""
        return peer_engine.timed(self.interpreter.invoke, n_runs)

    def close(self):
        """See peer_engine."""


def _no_activation():
    options = schema.AddOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.NONE
    return options


def _activation(step):
    kinds = schema.ActivationFunctionType
    return kinds.RELU if step.relu else kinds.NONE


def _quantisation(scales, zeros, axis=0):
    quantisation = schema.QuantizationParametersT()
    quantisation.scale = [float(scale) for scale in scales]
    quantisation.zeroPoint = list(zeros)
    quantisation.quantizedDimension = axis
    return quantisation
