# SPDX-License-Identifier: MIT
"""A network in its first stage of training: batch norm by the batch's own statistics.

All widths share one scale and bias per layer, which stand in the widest width's row until
folded() gives each width the row that its own statistics make of them. From there on the network
is the one that will run, and network.Network trains it.
"""
import math

import torch
import torch.nn.functional as F

from architecture import tensor_shapes
from network import Block, Network

BATCH_EPSILON = 1e-5
RESIDUAL_SCALE = 0.5  # what a residual starts with, so that a chain of them does not grow
LAST_GAIN = 0.1  # the picture starts as its own colours, paler, with little drawn on it
MIX_GAIN = 0.25


class Plans:
    """Which rung each segment runs at."""

    def __init__(self, architecture):
        self.n_rungs = architecture.n_rungs
        self.n_segments = architecture.n_segments
        self.narrowest = architecture.equal_rungs(0)
        self.widest = architecture.equal_rungs(self.n_rungs - 1)

    def draw(self, rng):
        """A random one: equal rungs, the two mixed corners, encoder against decoder, or any."""
        kind = rng.randrange(4)
        encoder, decoder = rng.randrange(self.n_rungs), rng.randrange(self.n_rungs)
        if kind == 0:
            decoder = encoder
        elif kind == 1:
            encoder = rng.choice((0, self.n_rungs - 1))
            decoder = self.n_rungs - 1 - encoder
        elif kind == 2:
            return [rng.randrange(self.n_rungs) for _ in range(self.n_segments)]
        return [encoder] + [decoder] * (self.n_segments - 1)

    def narrower(self, rungs, rng):
        """The same plan one rung narrower, where it can be: throughout, or behind the encoder."""
        narrow = [max(0, rung - 1) for rung in rungs]
        return rungs[:1] + narrow[1:] if rng.random() < 0.5 else narrow

    def cover(self, rng):
        """Plans in which every segment runs at every rung once, mixed at random."""
        orders = [rng.sample(range(self.n_rungs), self.n_rungs) for _ in range(self.n_segments)]
        return [list(plan) for plan in zip(*orders)]

    def equal(self):
        """The plans with one rung for all segments."""
        return [[rung] * self.n_segments for rung in range(self.n_rungs)]

    def runs(self, batches, rng):
        """(planes, plan): each batch at every rung, half of them equal, half mixed at random."""
        for i, planes in enumerate(batches):
            for rungs in self.cover(rng) if i % 2 else self.equal():
                yield planes, rungs


class GatheringBlock(Block):
    """A layer that gathers the statistics of what enters its batch norm, when told to."""

    def __init__(self, architecture, layer, tensors):
        super().__init__(architecture, layer, tensors)
        self.gathered = None  # while gathering: by rung, how often, and sums of mean and square

    def _normalise(self, x, rung, state):
        self._gather(x, rung)
        return super()._normalise(x, rung, state)

    def _gather(self, x, rung):
        if self.gathered is not None:
            mean = x.mean((0, 2, 3))
            own = torch.stack((torch.ones_like(mean), mean, x.square().mean((0, 2, 3))))
            self.gathered[rung] = self.gathered.get(rung, 0) + own

    def _statistics(self):
        """By rung: mean and deviation of each channel."""
        for rung, sums in self.gathered.items():
            mean, square = sums[1:] / sums[0]
            yield rung, mean, (square - mean.square()).clamp(min=0).add(BATCH_EPSILON).sqrt()

    def unfolded(self):
        """The one scale and bias, in the widest width's row, that folding would make these of."""
        scale, bias = torch.zeros_like(self.scale), torch.zeros_like(self.bias)
        for rung, mean, deviation in self._statistics():
            scale[rung] = self.scale[rung] * deviation
            bias[rung] = self.bias[rung] + self.scale[rung] * mean
        return {'scale': scale.detach(), 'bias': bias.detach()}


class SharedNormBlock(GatheringBlock):
    """A layer whose batch norm, if it has one, uses the batch's own statistics."""

    def _normalise(self, x, rung, state):
        if self.layer.norm != 'batch':
            return super()._normalise(x, rung, state)
        self._gather(x, rung)
        channels = x.shape[1]
        return F.batch_norm(x, None, None, self.scale[-1, :channels], self.bias[-1, :channels],
                            training=True, eps=BATCH_EPSILON)

    def folded(self):
        """Scale and bias by rung, as the format wants them, from the statistics gathered."""
        scale, bias = torch.zeros_like(self.scale), torch.zeros_like(self.bias)
        for rung, mean, deviation in self._statistics():
            n = len(mean)
            scale[rung, :n] = self.scale[-1, :n] / deviation
            bias[rung, :n] = self.bias[-1, :n] - mean * scale[rung, :n]
        return {'scale': scale.detach(), 'bias': bias.detach()}


class GatheringNetwork(Network):
    """A network that can tell the statistics of what enters its batch norms."""

    block_type = GatheringBlock

    @torch.no_grad()
    def gather(self, runs):
        """Runs (planes, rungs) one after the other; gives the blocks that gathered."""
        normed = [block for block in self.blocks if block.layer.norm == 'batch']
        for block in normed:
            block.gathered = {}
        for planes, rungs in runs:
            self(planes, rungs)
        return normed

    def replaced(self, blocks, function):
        """The tensors, with those that function(block) gives in place of the blocks' own."""
        tensors = self.tensors()
        for block in blocks:
            tensors.update({f'{block.layer.name}.{key}': value
                            for key, value in function(block).items()})
            block.gathered = None
        return tensors

    def unfolded(self, batches):
        """Of a folded network: tensors of a Trainee that paints what this paints at its widest."""
        widest = Plans(self.architecture).widest
        return self.replaced(self.gather((planes, widest) for planes in batches),
                             self.block_type.unfolded)


class Trainee(GatheringNetwork):
    """A network whose batch norm is not yet folded."""

    block_type = SharedNormBlock

    def folded(self, batches, rng):
        """The tensors of the network that will run.

        Statistics of every rung come from batches of planes, half of them with all segments at
        one rung, half with rungs mixed, as it will meet both.
        """
        runs = Plans(self.architecture).runs(batches, rng)
        return self.replaced(self.gather(runs), self.block_type.folded)


def initial_tensors(architecture, seed):
    """Random tensors to begin with."""
    generator = torch.Generator().manual_seed(seed)
    last = architecture.layers[-1]
    tensors = {}
    for layer in architecture.layers:
        for key, shape in tensor_shapes(architecture, layer).items():
            value = _initial(key, shape, generator)
            if layer is last and key == 'weight':
                value *= LAST_GAIN
            if key == 'scale' and layer.add and not layer.relu:
                value *= RESIDUAL_SCALE
            tensors[f'{layer.name}.{key}'] = value
        if layer.input == 'planes' and layer.name == last.add:
            tensors[f'{layer.name}.weight'] = MIX_GAIN * torch.eye(layer.max_channels)
    return tensors


def _initial(key, shape, generator):
    if key == 'scale':
        return torch.ones(shape)
    if key.endswith('bias'):
        return torch.zeros(shape)
    rectified = key.startswith('weight')
    fan_in = math.prod(shape[1:])
    spread = math.sqrt((2 if rectified else 1) / fan_in)
    return torch.randn(shape, generator=generator) * spread
