# SPDX-License-Identifier: MIT
"""The model format in numpy, written from doc/MODEL-FORMAT.md alone: the second opinion on the
golden files. Slow and plain; one picture, channels x height x width.
"""
import numpy as np

PAD_MODES = {'replicate': 'edge', 'reflect': 'reflect'}


class Sequence:
    """A network that runs frame after frame at one plan, having forgotten what was before."""

    def __init__(self, style, rungs):
        self.style = style
        self.rungs = rungs
        self.running = {}  # mean and variance by layer
        self.squeezed = {}  # the last frame's mean of a gate's layer

    def run(self, planes):
        """Every layer's result for one frame."""
        results = {'planes': planes.astype(np.float64)}
        size_px = [n << self.style.shifts['planes'] for n in planes.shape[1:]]
        for layer in self.style.layers:
            rung = self.rungs[layer['segment']]
            y = self._filter(layer, results[layer['input']], layer['channels'][rung])
            y = self._normalise(layer, y, rung)
            y = np.maximum(y, 0) if layer['relu'] else y
            y = y.repeat(2, 1).repeat(2, 2) if layer['upsample'] else y
            height, width = (-(-n // 2 ** self.style.shifts[layer['name']]) for n in size_px)
            y = y[:, :height, :width]
            if layer['add']:
                other = results[layer['add']]
                n_common = min(len(y), len(other))
                y = np.concatenate((y[:n_common] + other[:n_common], y[n_common:]))
            results[layer['name']] = y
        return results

    def _tensor(self, layer, key):
        return self.style.tensors[f'{layer["name"]}.{key}'].astype(np.float64)

    def _filter(self, layer, x, channels):
        if layer['op'] == 'shuffle':
            return shuffle(x)
        if layer['op'] == 'depthwise':
            return self._depthwise(layer, x, 'dw')
        if layer['op'] == 'separable':
            return self._separable(layer, x, channels)
        weight = self._tensor(layer, 'weight')[:channels, :len(x)]
        if layer['op'] == 'pointwise':
            return np.einsum('oi,iyx->oyx', weight, x)
        taps = self._taps(layer, x, weight.shape[-1])
        return sum(np.einsum('oi,iyx->oyx', weight[:, :, i, j], tap) for i, j, tap in taps)

    def _separable(self, layer, x, channels):
        y = self._depthwise(layer, x, 'dw')
        if layer['gate']:
            y = y * self._gate(layer, y)[:, None, None]
        weight = self._tensor(layer, 'weight')[:channels, :len(x)]
        result = np.einsum('oi,iyx->oyx', weight, y)
        if layer['kernel2']:
            weight = self._tensor(layer, 'weight2')[:channels, :len(x)]
            result += np.einsum('oi,iyx->oyx', weight, self._depthwise(layer, x, 'dw2'))
        return result

    def _depthwise(self, layer, x, key):
        weight = self._tensor(layer, key)[:len(x)]
        taps = self._taps(layer, x, weight.shape[-1])
        return sum(weight[:, i, j, None, None] * tap for i, j, tap in taps)

    def _taps(self, layer, x, kernel):
        """The input as each tap of a k x k filter sees it."""
        border = PAD_MODES[self.style.network['border']]
        stride, pad = layer['stride'], kernel // 2
        height, width = x.shape[1:]
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)), mode=border)
        for i in range(kernel):
            for j in range(kernel):
                yield i, j, padded[:, i:i + height:stride, j:j + width:stride]

    def _gate(self, layer, x):
        mean = x.mean((1, 2))
        if layer['gate_previous']:
            name = layer['name']
            mean, self.squeezed[name] = self.squeezed.get(name, mean), mean
        first = self._tensor(layer, 'gate1')[:, :len(x)] @ mean + self._tensor(layer, 'gate1_bias')
        second = self._tensor(layer, 'gate2')[:len(x)] @ np.maximum(first, 0)
        return 1 / (1 + np.exp(-second - self._tensor(layer, 'gate2_bias')[:len(x)]))

    def _normalise(self, layer, x, rung):
        if layer['op'] == 'shuffle':
            return x
        row = rung if layer['norm'] == 'batch' else 0
        bias = self._tensor(layer, 'bias')[row, :len(x), None, None]
        if layer['norm'] == 'none':
            return x + bias
        if layer['norm'] == 'instance':
            x = self._standardise(layer['name'], x)
        return x * self._tensor(layer, 'scale')[row, :len(x), None, None] + bias

    def _standardise(self, name, x):
        own = np.array((x.mean((1, 2)), x.var((1, 2))))
        used = self.running.get(name, own)
        left = (own[1] + (own[0] - used[0]) ** 2 + 1e-5) / (used[1] + 1e-5)
        if not 0.5 <= left.mean() <= 2:
            used = own
        mean, variance = used
        self.running[name] = used + self.style.network['instance_rate'] * (own - used)
        return (x - mean[:, None, None]) / np.sqrt(variance[:, None, None] + 1e-5)


def shuffle(x):
    """Four channels to one of twice the size, in (row, column) order."""
    channels, height, width = x.shape
    blocks = x.reshape(channels // 4, 2, 2, height, width).transpose(0, 3, 1, 4, 2)
    return blocks.reshape(channels // 4, 2 * height, 2 * width)
