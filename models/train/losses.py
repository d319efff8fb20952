# SPDX-License-Identifier: MIT
"""What a painted picture is judged by: style, content, and the plain faults."""
import math

import torch
import torch.nn.functional as F

N_PARTS = 8  # of a picture whose products are summed in float32, whatever the activations' type
MEAN_SHARE = 0.1  # of the means' outer product beside the covariance


class Moments(torch.autograd.Function):
    """Means [pictures, channels] and mean products [pictures, channels, channels] of activations.

    With a gradient of its own: the ordinary one writes the activations half a dozen times.
    """

    @staticmethod
    def forward(ctx, activations):
        """Activations [pictures, channels, height, width]; results are float32."""
        values = activations.permute(0, 2, 3, 1).flatten(1, 2)  # a view, where channels lie last
        ctx.save_for_backward(values)
        ctx.shape = activations.shape
        parts = values.unflatten(1, (math.gcd(N_PARTS, values.shape[1]), -1))
        products = (parts.transpose(2, 3) @ parts).float().sum(1)
        return values.mean(1, dtype=torch.float32), products / values.shape[1]

    @staticmethod
    def backward(ctx, by_mean, by_products):
        """The gradient, in the activations' own type."""
        values, = ctx.saved_tensors
        n_pixels = values.shape[1]
        by_values = torch.baddbmm((by_mean / n_pixels)[:, None].to(values.dtype), values,
                                  ((by_products + by_products.transpose(1, 2)) / n_pixels
                                   ).to(values.dtype))
        return by_values.unflatten(1, ctx.shape[2:]).permute(0, 3, 1, 2)


def statistics(activations):
    """Style of a layer: covariance of its channels, and beside it the product of their means.

    The plain Gram matrix is the sum of the two, and its means drown the strokes.
    """
    mean, products = Moments.apply(activations)
    outer = mean[:, :, None] * mean[:, None]
    return torch.cat((products - outer, MEAN_SHARE * outer), 2)


class Judge:
    """Style and content errors, both relative: 0 is equal, 1 as far as nothing at all."""

    def __init__(self, features, style_rgb):
        self.features = features
        self.style_layers = features.trunk.style
        self.content_layer = features.trunk.content
        self.layers = tuple(dict.fromkeys(self.style_layers + (self.content_layer,)))
        with torch.no_grad():
            found = features(style_rgb, self.style_layers)
            self.style = {layer: statistics(value) for layer, value in found.items()}

    @torch.no_grad()
    def content_of(self, rgb):
        """What errors() takes as the content of pictures."""
        return self.features(rgb, (self.content_layer,))[self.content_layer]

    def errors(self, painted_rgb, content):
        """(style, content) of painted pictures, means over them."""
        found = self.features(painted_rgb, self.layers)
        style = sum(self._style_error(layer, found[layer]) for layer in self.style_layers)
        difference = (found[self.content_layer] - content).float().square().mean()
        return style / len(self.style_layers), difference / content.float().square().mean()

    def _style_error(self, layer, activations):
        wanted = self.style[layer]
        squares = (statistics(activations) - wanted).square().sum((1, 2))
        return squares.mean() / wanted.square().sum()


def roughness(rgb):
    """Total variation: mean difference of neighbours."""
    return (rgb.diff(dim=2).abs().mean() + rgb.diff(dim=3).abs().mean())


def grid(rgb):
    """How far even and odd columns and rows differ, over areas of 16 x 16 pixels.

    Luma leaves the network as four planes, one per place in a 2x2 block. Where they do not agree
    the picture is hatched by lines of one pixel, which the style's statistics rather like.
    """
    phases = F.pixel_unshuffle(rgb, 2).unflatten(1, (3, 4))
    means = F.avg_pool3d(phases, (1, 8, 8))
    return (means - means.mean(2, keepdim=True)).abs().mean()


def lattice(rgb):
    """Mean square of what repeats every 8 pixels, over areas of 96 x 96, or what there is.

    1/8 of the picture is where the network is widest: what it draws into a flat area tends to
    repeat with that period.
    """
    phases = F.pixel_unshuffle(rgb, 8).unflatten(1, (3, 64))
    means = F.avg_pool3d(phases, (1, *(min(12, n) for n in phases.shape[3:])))
    return (means - means.mean(2, keepdim=True)).square().mean()


def excess(rgb):
    """Mean square of what lies outside [0, 1]."""
    return (rgb - rgb.clamp(0, 1)).square().mean()


def distance(a, b, margin_px=0):
    """Mean absolute difference, without a margin at the border."""
    inner = slice(margin_px, -margin_px or None)
    return (a - b)[:, :, inner, inner].abs().mean()
