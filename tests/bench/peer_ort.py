# SPDX-License-Identifier: MIT
"""ONNX Runtime; in int8 with its own static quantisation."""
import os
import tempfile

import onnx

import peer_engine
import peer_graph

try:
    import onnxruntime
    from onnxruntime import quantization
    MISSING = None
except ImportError as error:
    MISSING = error.name


class Pictures:
    """What its quantisation calibrates on."""

    def __init__(self, pictures):
        self.left = [{peer_graph.INPUT: planes[None]} for planes in pictures]

    def get_next(self):
        """The next one, None after the last."""
        return self.left.pop(0) if self.left else None


class Engine:
    """A session with its input and output bound."""

    NAME = 'ONNX Runtime'

    def __init__(self, graph, pictures, ranges, n_threads):
        if MISSING:
            raise peer_engine.Unavailable(f'no Python package {MISSING}')
        self.name = f'{self.NAME} {onnxruntime.__version__}'
        model = peer_graph.to_onnx(graph)
        if ranges is not None:
            model = quantised(model, pictures)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                                    providers=['CPUExecutionProvider'])
        self.output = graph.output
        self.binding = self.session.io_binding()
        self._bind(pictures[0])

    def _bind(self, planes):
        self.planes = onnxruntime.OrtValue.ortvalue_from_numpy(planes[None])
        self.binding.bind_ortvalue_input(peer_graph.INPUT, self.planes)
        self.binding.bind_output(self.output)

    def paint(self, planes):
        """See peer_engine."""
        return self.session.run([self.output], {peer_graph.INPUT: planes[None]})[0][0]

    def turn(self, n_runs):
        """See peer_engine."""
        return peer_engine.timed(lambda: self.session.run_with_iobinding(self.binding), n_runs)

    def close(self):
        """See peer_engine."""


def quantised(model, pictures):
    """The model in int8: u8 activations, s8 weights by channel."""
    with tempfile.TemporaryDirectory(prefix='ar-ort-') as folder:
        paths = [os.path.join(folder, name) for name in ('f32.onnx', 'int8.onnx')]
        onnx.save(onnx.shape_inference.infer_shapes(model), paths[0])
        quantization.quantize_static(
            *paths, Pictures(pictures), quant_format=quantization.QuantFormat.QDQ,
            per_channel=True, activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8)
        return onnx.load(paths[1])
