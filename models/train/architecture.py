# SPDX-License-Identifier: MIT
"""The `architecture` object of a style file (doc/MODEL-FORMAT.md) as Python values.

Knows which tensors a network needs and what it costs; needs the standard library only.
"""
import json
from dataclasses import dataclass

PLANES = 'planes'
PLANE_COUNT = {'yuv420': 6, 'rgb': 3}
PLANE_SHIFT = {'yuv420': 1, 'rgb': 0}  # log2 of the planes' downscale against the picture
OPS = ('conv', 'separable', 'pointwise', 'depthwise', 'shuffle')
UNFILTERED = ('pointwise', 'shuffle')  # kernel 1, stride 1
NORMS = ('none', 'batch', 'instance')
BORDERS = ('replicate', 'reflect')


class ArchitectureError(ValueError):
    """A description that breaks a rule of the format; the words name the layer and the rule."""


@dataclass(frozen=True)
class Layer:
    """One layer, with the format's defaults."""

    name: str
    op: str
    input: str
    segment: int
    channels: tuple
    kernel: int
    kernel2: int = 0
    stride: int = 1
    norm: str = 'none'
    relu: bool = False
    upsample: bool = False
    add: str = None
    gate: int = 0
    gate_previous: bool = False

    @property
    def max_channels(self):
        """Output channels at the widest rung."""
        return self.channels[-1]


class Architecture:
    """A checked network description."""

    def __init__(self, description):
        try:
            self.planes = description['planes']
            self.offset = tuple(description['offset'])
            self.gain = description['gain']
            self.border = description['border']
            self.instance_rate = description['instance_rate']
            self.widths = tuple(description['widths'])
            self.layers = tuple(_read_layer(fields) for fields in description['layers'])
        except KeyError as error:
            raise ArchitectureError(f'{error} is missing') from error
        _check_picture(self)
        self._layers = {}
        self._shifts = {PLANES: PLANE_SHIFT[self.planes]}
        for layer in self.layers:
            _check_layer(self, layer)
            self._layers[layer.name] = layer
            self._shifts[layer.name] = self.filter_shift(layer) - _doublings(layer)
            _check_result(self, layer)
        _check_network(self)

    @classmethod
    def parse(cls, text):
        """Reads the metadata's JSON string."""
        return cls(json.loads(text))

    @property
    def n_rungs(self):
        """Number of trained widths."""
        return len(self.widths)

    @property
    def n_segments(self):
        """Number of segments, the encoder (0) included."""
        return self.layers[-1].segment + 1

    @property
    def n_planes(self):
        """Planes of the picture."""
        return PLANE_COUNT[self.planes]

    def nearest_rung(self, width):
        """The rung whose width is nearest."""
        return min(range(self.n_rungs), key=lambda rung: abs(self.widths[rung] - width))

    def knows(self, name):
        """Whether `name` is the planes or a layer checked so far."""
        return name in self._shifts

    def equal_rungs(self, rung):
        """The plan that runs every segment at one rung."""
        return [rung] * self.n_segments

    def channels(self, name, rungs):
        """Channels that a layer, or the planes, gives when segment s runs at rungs[s]."""
        if name == PLANES:
            return self.n_planes
        layer = self._layers[name]
        return layer.channels[rungs[layer.segment]]

    def channel_list(self, name):
        """The same for every rung, as a tuple."""
        return (self.n_planes,) * self.n_rungs if name == PLANES else self._layers[name].channels

    def segment(self, name):
        """Segment of a layer; None for the planes."""
        return None if name == PLANES else self._layers[name].segment

    def shift(self, name):
        """Log2 of a result's downscale against the picture."""
        return self._shifts[name]

    def filter_shift(self, layer):
        """The same for the layer's filter output, before upsampling or shuffling."""
        return self._shifts[layer.input] + (layer.stride == 2)


def scaled(size_px, shift):
    """Picture pixels at a downscale of 2^shift: odd sizes round up."""
    return (size_px + (1 << shift) - 1) >> shift


def tensor_shapes(architecture, layer):
    """Shapes of a layer's tensors by their short name (`weight`, `dw`, ...)."""
    ci = architecture.channel_list(layer.input)[-1]
    co = layer.max_channels
    square = (layer.kernel, layer.kernel)
    shapes = {
        'conv': {'weight': (co, ci) + square},
        'separable': {'dw': (ci,) + square, 'weight': (co, ci)},
        'pointwise': {'weight': (co, ci)},
        'depthwise': {'dw': (ci,) + square},
        'shuffle': {},
    }[layer.op]
    if layer.kernel2:
        shapes.update(dw2=(ci, layer.kernel2, layer.kernel2), weight2=(co, ci))
    if layer.gate:
        shapes.update(gate1=(layer.gate, ci), gate1_bias=(layer.gate,),
                      gate2=(ci, layer.gate), gate2_bias=(ci,))
    if layer.norm != 'none':
        shapes['scale'] = (architecture.n_rungs if layer.norm == 'batch' else 1, co)
    if layer.op != 'shuffle':
        shapes['bias'] = (architecture.n_rungs if layer.norm == 'batch' else 1, co)
    return shapes


def range_shapes(architecture, layer):
    """The same of its int8 ranges, which a style has for every layer or for none."""
    keys = ['range']
    if layer.op == 'separable':
        keys.append('dw_range')
    if layer.kernel2:
        keys.append('dw2_range')
    return dict.fromkeys(keys, (architecture.n_rungs,))


def check_tensors(architecture, shapes, shapes_of=tensor_shapes):
    """Demands that `shapes`, by name, are those that the layers need; gives the file's order.

    With `shapes_of=range_shapes` these are the shapes of the int8 ranges.
    """
    wanted = {f'{layer.name}.{key}': shape for layer in architecture.layers
              for key, shape in shapes_of(architecture, layer).items()}
    for name, shape in wanted.items():
        _demand(name in shapes, f'tensor {name} is missing')
        _demand(tuple(shapes[name]) == shape,
                f'tensor {name}: shape {tuple(shapes[name])}, {shape} is right')
    for name in shapes:
        _demand(name in wanted, f'tensor {name} belongs to no layer')
    return list(wanted)


def layer_macs(architecture, layer, width_px, height_px, rungs):
    """Exact multiply-accumulates of one layer (nn/model.h): filters per output pixel, before
    any upsampling; gates once a frame."""
    ci = architecture.channels(layer.input, rungs)
    co = layer.channels[rungs[layer.segment]]
    depthwise = (layer.kernel ** 2 + layer.kernel2 ** 2) * ci
    branches = 2 if layer.kernel2 else 1
    per_pixel = {
        'conv': layer.kernel ** 2 * ci * co,
        'separable': depthwise + branches * ci * co,
        'pointwise': ci * co,
        'depthwise': depthwise,
        'shuffle': 0,
    }[layer.op]
    shift = architecture.filter_shift(layer)
    n_pixels = scaled(width_px, shift) * scaled(height_px, shift)
    return n_pixels * per_pixel + 2 * layer.gate * ci


def macs(architecture, width_px, height_px, rungs):
    """Exact multiply-accumulates of one frame when segment s runs at rungs[s]."""
    return sum(layer_macs(architecture, layer, width_px, height_px, rungs)
               for layer in architecture.layers)


def _read_layer(fields):
    fields = dict(fields)
    fields.setdefault('kernel', 1 if fields.get('op') in UNFILTERED else 3)
    if 'channels' in fields:
        fields['channels'] = tuple(fields['channels'])
    try:
        return Layer(**fields)
    except TypeError as error:
        name = fields.get('name', 'without a name')
        raise ArchitectureError(f'layer {name}: {error}') from error


def _doublings(layer):
    return layer.upsample + (layer.op == 'shuffle')


def _demand(holds, words):
    if not holds:
        raise ArchitectureError(words)


def _demand_one_of(what, value, allowed):
    words = ', '.join(str(item) for item in allowed)
    _demand(value in allowed, f'{what} "{value}" is not one of {words}')


def _ascending(values):
    return all(a <= b for a, b in zip(values, values[1:]))


def _check_picture(net):
    _demand_one_of('planes', net.planes, PLANE_COUNT)
    _demand_one_of('border', net.border, BORDERS)
    _demand(len(net.offset) == PLANE_COUNT[net.planes], 'offset: needs one number per plane')
    _demand(0 < net.instance_rate <= 1, f'instance_rate: {net.instance_rate} is not in (0, 1]')
    _demand(0 < len(net.widths) <= 32, f'widths: {len(net.widths)} of them, 1 to 32 are allowed')
    _demand(all(a < b for a, b in zip(net.widths, net.widths[1:])), 'widths: not ascending')
    _demand(0 < len(net.layers) <= 64, f'layers: {len(net.layers)} of them, 1 to 64 are allowed')


def _check_layer(net, layer):
    """What can be told of a layer from itself and the layers before it."""
    here = f'layer {layer.name}: '
    unfiltered = layer.op in UNFILTERED
    _demand_one_of(f'{here}op', layer.op, OPS)
    _demand_one_of(f'{here}norm', layer.norm, NORMS)
    _demand(not net.knows(layer.name), f'{here}the name is taken')
    for role, name in (('input', layer.input), ('add', layer.add)):
        _demand(name is None or net.knows(name), f'{here}{role} "{name}" is no earlier layer')
    _demand_one_of(f'{here}kernel', layer.kernel, (1,) if unfiltered else (3, 5))
    _demand_one_of(f'{here}kernel2', layer.kernel2, (0, 3, 5))
    _demand_one_of(f'{here}stride', layer.stride, (1,) if unfiltered else (1, 2))
    _demand(layer.op == 'separable' or not (layer.kernel2 or layer.gate),
            f'{here}kernel2 and gate are for op separable')
    _demand(not (layer.kernel2 and layer.gate), f'{here}kernel2 and gate exclude each other')
    _demand(layer.gate or not layer.gate_previous, f'{here}gate_previous without a gate')
    _demand(layer.op != 'shuffle' or (layer.norm == 'none' and not layer.upsample),
            f'{here}a shuffle has neither norm nor upsample')
    _demand(len(layer.channels) == net.n_rungs, f'{here}channels: needs one count per width')
    _demand(_ascending(layer.channels), f'{here}channels: not ascending')


def _check_result(net, layer):
    """What depends on the layer's place in the network."""
    here = f'layer {layer.name}: '
    made = net.channel_list(layer.input)
    ratio = {'depthwise': 1, 'shuffle': 4}.get(layer.op)
    if ratio:
        _demand(made == tuple(ratio * n for n in layer.channels),
                f'{here}op {layer.op} on {made} channels cannot give {layer.channels}')
        _demand(len(set(made)) == 1 or net.segment(layer.input) == layer.segment,
                f'{here}op {layer.op} cannot cross segments: the widths may differ there')
    _demand(net.shift(layer.name) >= 0, f'{here}larger than the picture')
    _demand(layer.add is None or net.shift(layer.add) == net.shift(layer.name),
            f'{here}add "{layer.add}" has another size')


def _check_network(net):
    segments = [layer.segment for layer in net.layers]
    whole = set(segments) == set(range(segments[-1] + 1)) and segments[-1] > 0
    _demand(_ascending(segments) and whole,
            'segments: must ascend from 0, without gaps, to 1 or more')
    last = net.layers[-1]
    _demand(set(last.channels) == {net.n_planes} and net.shift(last.name) == net.shift(PLANES),
            f'layer {last.name}: the last one must give the picture\'s planes')
