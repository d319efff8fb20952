# SPDX-License-Identifier: MIT
"""A PyTorch module that executes the `architecture` of a style file (doc/MODEL-FORMAT.md).

It is the meaning of the format: the C runtime is tested against its results, layer by layer.
"""
import torch
import torch.nn.functional as F

from architecture import PLANES, check_tensors, scaled, tensor_shapes

INSTANCE_EPSILON = 1e-5
FIT_MAX = 2  # and its inverse: how far running statistics may be off


def describe_frame(running, own):
    """Whether running (mean, variance) are used: the mean square that they leave is near 1."""
    square = own[1] + (own[0] - running[0]) ** 2 + INSTANCE_EPSILON
    fit = (square / (running[1] + INSTANCE_EPSILON)).mean()
    return bool(1 / FIT_MAX <= fit <= FIT_MAX)


class FrameState:
    """Running values of a sequence of frames; a new object is a network without a past."""

    def __init__(self):
        self._known = {}
        self._seen = {}

    def follow(self, key, value, rate, fits=lambda known, value: True):
        """Gives the running value to use in this frame: the frame's own where none fits.

        The frame's own enters with `rate` at its end; a rate of 1 means "the previous frame's".
        Where the running value does not fit, the frame's own takes its place.
        """
        known = self._known.get(key)
        if known is None or not fits(known, value):
            self._seen[key] = (value.detach(), 1.0)
            return value
        self._seen[key] = (value.detach(), rate)
        return known

    def end_frame(self):
        """Folds the frame's values into the running ones."""
        for key, (value, rate) in self._seen.items():
            known = self._known.get(key, value)
            self._known[key] = known + rate * (value - known)
            if key[0] == 'instance':
                self._follow(key, known, self._known[key])
        self._seen = {}

    def _follow(self, key, old, new):
        """Moves the moments that the layer has at other rungs as this one's went."""
        for other, moments in self._known.items():
            if other[:2] == key[:2] and other != key:
                common = slice(min(moments.shape[-1], new.shape[-1]))
                mean, var = moments[..., common]
                old_mean, old_var = old[..., common]
                new_mean, new_var = new[..., common]
                scale = (var + INSTANCE_EPSILON) / (old_var + INSTANCE_EPSILON)
                mean = mean + (new_mean - old_mean) * scale.sqrt()
                var = (scale * (new_var + INSTANCE_EPSILON) - INSTANCE_EPSILON).clamp(min=0)
                self._known[other] = torch.cat((torch.stack((mean, var)),
                                                moments[..., common.stop:]), -1)


class Block(torch.nn.Module):
    """One layer with its tensors, up to but without `add`."""

    def __init__(self, architecture, layer, tensors):
        super().__init__()
        self.layer = layer
        self.border = architecture.border
        self.instance_rate = architecture.instance_rate
        for key in tensor_shapes(architecture, layer):
            value = torch.as_tensor(tensors[f'{layer.name}.{key}'])
            self.register_parameter(key, torch.nn.Parameter(value.clone()))

    def forward(self, x, rung, size, state):
        """Runs at a rung on any count of input channels; `size`: the result's (height, width)."""
        run = {'conv': self._conv, 'separable': self._separable, 'pointwise': self._pointwise,
               'depthwise': self._depthwise, 'shuffle': self._shuffle}[self.layer.op]
        y = self._normalise(run(x, rung, state), rung, state)
        if self.layer.relu:
            y = F.relu(y)
        if self.layer.upsample:
            y = F.interpolate(y, scale_factor=2, mode='nearest')
        return y[:, :, :size[0], :size[1]]

    def keep(self, what, x, rung):
        """Called with what int8 would store (RANGES): the result, or a depthwise one."""
        return x

    def branch_weights(self, rung):
        """The pointwise weights of both branches; int8 rounds them for each rung."""
        return self.weight, self.weight2

    def _conv(self, x, rung, state):
        return self._filter(x, self.weight[:self.layer.channels[rung], :x.shape[1]], 1)

    def _pointwise(self, x, rung, state):
        return _product(x, self.weight, self.layer.channels[rung])

    def _depthwise(self, x, rung, state):
        return self._filter_each(x, self.dw)

    def _shuffle(self, x, rung, state):
        return F.pixel_shuffle(x, 2)

    def _separable(self, x, rung, state):
        channels = self.layer.channels[rung]
        filtered = self._filter_each(x, self.dw)
        if self.layer.gate:
            filtered = filtered * self._gate(filtered, state)[:, :, None, None]
        filtered = self.keep('dw_range', filtered, rung)
        if not self.layer.kernel2:
            return _product(filtered, self.weight, channels)
        weight, weight2 = self.branch_weights(rung)
        second = self.keep('dw2_range', self._filter_each(x, self.dw2), rung)
        return _product(filtered, weight, channels) + _product(second, weight2, channels)

    def _gate(self, x, state):
        """Squeeze and excitation: a factor in (0, 1) for each channel."""
        channels = x.shape[1]
        mean = x.mean((2, 3))
        if self.layer.gate_previous:
            mean = state.follow(('gate', self.layer.name, channels), mean, 1.0)
        hidden = F.relu(F.linear(mean, self.gate1[:, :channels], self.gate1_bias))
        return torch.sigmoid(F.linear(hidden, self.gate2[:channels], self.gate2_bias[:channels]))

    def _filter_each(self, x, weight):
        channels = x.shape[1]
        return self._filter(x, weight[:channels, None], channels)

    def _filter(self, x, weight, groups):
        pad = weight.shape[-1] // 2
        x = F.pad(x, (pad,) * 4, mode=self.border)
        return F.conv2d(x, weight, stride=self.layer.stride, groups=groups)

    def _normalise(self, x, rung, state):
        if self.layer.op == 'shuffle':
            return x
        row = rung if self.layer.norm == 'batch' else 0
        bias = self.bias[row, :x.shape[1], None, None]
        if self.layer.norm == 'none':
            return x + bias
        scale = self.scale[row, :x.shape[1], None, None]
        if self.layer.norm == 'batch':
            return x * scale + bias
        mean = x.mean((2, 3))
        own = torch.stack((mean, (x - mean[..., None, None]).square().mean((2, 3))))
        mean, var = state.follow(('instance', self.layer.name, rung), own, self.instance_rate,
                                 describe_frame)
        unit = (x - mean[..., None, None]) / torch.sqrt(var[..., None, None] + INSTANCE_EPSILON)
        return unit * scale + bias


class Network(torch.nn.Module):
    """A style's network, from its architecture and a dict of its tensors."""

    block_type = Block

    def __init__(self, architecture, tensors):
        super().__init__()
        check_tensors(architecture, {name: value.shape for name, value in tensors.items()})
        self.architecture = architecture
        self.blocks = torch.nn.ModuleList(
            self.block_type(architecture, layer, tensors) for layer in architecture.layers)

    def tensors(self):
        """The tensors by their names in the file, in the file's order."""
        return {f'{block.layer.name}.{key}': value.detach()
                for block in self.blocks for key, value in block.named_parameters()}

    def trace(self, planes, rungs, state=None):
        """Every layer's result by name, for planes [pictures, planes, height, width].

        Segment s runs at rungs[s]. `state` carries running statistics from frame to frame;
        without it each call stands alone, with exact statistics.
        """
        state = state if state is not None else FrameState()
        results = {PLANES: planes}
        for block in self.blocks:
            layer = block.layer
            size = self._size(planes, layer)
            result = block(results[layer.input], rungs[layer.segment], size, state)
            if layer.add:
                result = _add_common(result, results[layer.add])
            results[layer.name] = block.keep('range', result, rungs[layer.segment])
        state.end_frame()
        del results[PLANES]
        return results

    def forward(self, planes, rungs, state=None):
        """The painted planes; see trace()."""
        return self.trace(planes, rungs, state)[self.architecture.layers[-1].name]

    def _size(self, planes, layer):
        shift = self.architecture.shift(PLANES)
        return tuple(scaled(n << shift, self.architecture.shift(layer.name))
                     for n in planes.shape[2:])


def _product(x, weight, channels):
    return F.conv2d(x, weight[:channels, :x.shape[1], None, None])


def _add_common(x, other):
    """Adds over the channels that both have; the other channels of x keep their value."""
    n_common = min(x.shape[1], other.shape[1])
    return torch.cat((x[:, :n_common] + other[:, :n_common], x[:, n_common:]), 1)
