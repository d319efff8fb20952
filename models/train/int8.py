# SPDX-License-Identifier: MIT
"""The ranges that int8 needs, measured, and what int8 makes of a style's pictures.

Ranges and their rules are those of doc/MODEL-FORMAT.md. Weights are rounded to 8 bits with a scale
for each output channel, activations with one for each layer and width. The planes enter as they
are, being bytes anyway; what the last layer sums up leaves as it is.
"""
import torch

from architecture import PLANES, range_shapes
from network import Block, Network
from trainee import Plans

QUANTILE = 0.9999  # of the magnitudes: a range that holds the rarest would waste steps on them
MAX_SAMPLE = 1 << 20  # values that a quantile is taken of
LEAST_RANGE = 1e-3  # of a result that is zero throughout


class MeasuringBlock(Block):
    """A layer that notes how large its values get."""

    def __init__(self, architecture, layer, tensors):
        super().__init__(architecture, layer, tensors)
        self.noted = {what: [[] for _ in architecture.widths]
                      for what in range_shapes(architecture, layer)}

    def keep(self, what, x, rung):
        """Notes the magnitude that all but the rarest values stay below."""
        if what in self.noted:
            values = x.flatten().abs()
            values = values[::len(values) // MAX_SAMPLE + 1]
            rank = max(1, round(QUANTILE * len(values)))
            self.noted[what][rung].append(float(values.kthvalue(rank).values))
        return x

    def ranges(self):
        """Means over what was noted, by name and width."""
        return {f'{self.layer.name}.{what}':
                torch.tensor([max(LEAST_RANGE, sum(values) / len(values)) for values in by_rung])
                for what, by_rung in self.noted.items()}


class MeasuringNetwork(Network):
    """A network that finds its int8 ranges."""

    block_type = MeasuringBlock

    @torch.no_grad()
    def ranges(self, batches, rng):
        """Over batches of planes, as Trainee.folded() takes its statistics."""
        for planes, rungs in Plans(self.architecture).runs(batches, rng):
            self(planes, rungs)
        return {name: value for block in self.blocks for name, value in block.ranges().items()}


class Int8Block(Block):
    """A layer whose weights and activations have 8 bits."""

    def __init__(self, architecture, layer, tensors):
        super().__init__(architecture, layer, tensors)
        self.ranges = {}
        self.signed = True
        if layer.input == PLANES and layer.op == 'pointwise':
            return
        for key, value in self.named_parameters():
            if key in ('dw', 'dw2') or key == 'weight' and not layer.kernel2:
                value.data = _rounded(value.data)

    def branch_weights(self, rung):
        """Rounded as one matrix, of inputs that both count in the steps of the larger range."""
        ranges = [float(self.ranges[what][rung]) for what in ('dw_range', 'dw2_range')]
        shares = [value / max(ranges) for value in ranges]
        both = _rounded(torch.cat((self.weight * shares[0], self.weight2 * shares[1]), 1))
        weight, weight2 = both.chunk(2, 1)
        return weight / shares[0], weight2 / shares[1]

    def keep(self, what, x, rung):
        """Rounds to what 8 bits hold."""
        if what not in self.ranges:
            return x
        unsigned = what == 'range' and not self.signed
        steps = 255 if unsigned else 127
        step = self.ranges[what][rung] / steps
        return (x / step).round().clamp(0 if unsigned else -steps, steps) * step


def _rounded(weights):
    """To 8 bits, with a scale for each of the first dimension."""
    step = weights.abs().flatten(1).amax(1).clamp(min=1e-12) / 127
    step = step.view(-1, *[1] * (weights.dim() - 1))
    return (weights / step).round() * step


class Int8Network(Network):
    """A style's network as int8 computes it."""

    block_type = Int8Block

    def __init__(self, architecture, tensors, ranges):
        super().__init__(architecture, tensors)
        picture = {architecture.layers[-1].name, architecture.layers[-1].add}
        unsigned = set()
        for block in self.blocks:
            layer = block.layer
            if layer.relu and (layer.add is None or layer.add in unsigned):
                unsigned.add(layer.name)
            block.signed = layer.name not in unsigned
            block.ranges = {what: ranges[f'{layer.name}.{what}']
                            for what in range_shapes(architecture, layer)
                            if what != 'range' or layer.name not in picture}
