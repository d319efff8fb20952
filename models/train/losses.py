# SPDX-License-Identifier: MIT
"""What a painted picture is judged by: style, content, and the plain faults."""
import math

import torch
import torch.nn.functional as F

N_PARTS = 8  # of a picture whose products are summed in float32, whatever the activations' type
MEAN_SHARE = 0.1  # of the means' outer product beside the covariance
LEAST_CONTENT = 0.1  # of the painting's: what a photograph without any counts as having
WINDOW_PX = 32  # where paint heaps up
EVEN = 2.5  # times a picture's content error that a window may have: more hides what is there
FULL = 5  # weight of what is fuller than the painting, beside what is uneven


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


def _power(activations):
    """Mean square of each picture's activations."""
    return activations.float().square().mean((1, 2, 3))


def _window_powers(activations, layer):
    """Mean square of each window of WINDOW_PX; windows overlap by half."""
    size = WINDOW_PX >> (layer[0] - 1)
    squares = activations.square().mean(1, keepdim=True, dtype=torch.float32)
    return F.avg_pool2d(squares, size, size // 2)


class Judge:
    """Style and content errors, both relative: 0 is equal, 1 as far as nothing at all; and heaps.

    Content is relative to each photograph's own: paint that is lost in leaves hides a face.
    Smooth skies give a network nothing to draw strokes from, and the style's statistics, which know
    no places, are as pleased with twice the strokes on the mouth of a face. So paint heaps where
    windows hold more than the painting's fullest, or where their content error exceeds EVEN times
    the whole picture's; by how much, that is counted.
    """

    def __init__(self, features, style_rgb, margin_px=0):
        """Paint within `margin_px` of the border counts for nothing in the style."""
        self.features = features
        self.margin_px = margin_px
        self.style_layers = features.trunk.style
        self.content_layer = features.trunk.content
        self.layers = tuple(dict.fromkeys(self.style_layers + (self.content_layer,)))
        with torch.no_grad():
            found = features(style_rgb, self.layers)
            self.style = {layer: statistics(found[layer]) for layer in self.style_layers}
            self.fullest = {layer: _window_powers(found[layer], layer).max()
                            for layer in self.style_layers}
            self.least = LEAST_CONTENT * _power(found[self.content_layer])

    @torch.no_grad()
    def content_of(self, rgb):
        """What errors() takes as the content of pictures."""
        return self.features(rgb, (self.content_layer,))[self.content_layer]

    def errors(self, painted_rgb, content):
        """(style, content, heaps) of painted pictures, means over them."""
        found = self.features(painted_rgb, self.layers)
        styles = [self._style_error(layer, found[layer]) for layer in self.style_layers]
        fuller = [self._fuller(layer, found[layer]) for layer in self.style_layers]
        difference = found[self.content_layer] - content
        relative = _power(difference) / _power(content).clamp(min=self.least)
        heaps = FULL * sum(fuller) / len(fuller) + self._uneven(difference)
        return sum(styles) / len(styles), relative.mean(), heaps

    def _fuller(self, layer, activations):
        return F.relu(_window_powers(activations, layer) / self.fullest[layer] - 1).mean()

    def _uneven(self, difference):
        windows = _window_powers(difference, self.content_layer)
        whole = windows.detach().mean((1, 2, 3), keepdim=True).clamp(min=self.least)
        return F.relu(windows / whole - EVEN).mean()

    def _style_error(self, layer, activations):
        wanted = self.style[layer]
        margin = self.margin_px >> (layer[0] - 1)
        inner = slice(margin, -margin or None)
        squares = (statistics(activations[:, :, inner, inner]) - wanted).square().sum((1, 2))
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


class Patterns:
    """Finds lattices and ruled lines: what repeats more regularly than paint or photograph do.

    A lattice has its power in few waves. How few: the sum of squares over the square of the sum,
    times the number of waves, 1 where all are as strong, in windows of 64 x 64 pixels, for periods
    of 2.5 to 24 pixels. Power falls with the third power of the frequency in pictures; that is taken
    out first.
    """

    WINDOW_PX, STEP_PX = 64, 32
    PERIODS_PX = (2.5, 24)

    def __init__(self, painting_rgb):
        """What is usual in the painting is no fault."""
        size = self.WINDOW_PX
        window = torch.hann_window(size, device=painting_rgb.device)
        frequency = torch.hypot(torch.fft.fftfreq(size)[:, None], torch.fft.rfftfreq(size))
        frequency = frequency.to(painting_rgb.device)
        self.window = window * window[:, None]
        self.heard = ((frequency * self.PERIODS_PX[0] < 1) & (frequency * self.PERIODS_PX[1] > 1))
        self.flattening = frequency[self.heard].pow(3)
        self.usual = self._measure(painting_rgb)[0].median()

    def excess(self, painted_rgb, photo_rgb):
        """How far painted windows are above the photograph's and the painting's, by their contrast."""
        with torch.no_grad():
            allowed = self._measure(photo_rgb)[0].clamp(min=self.usual)
        few, contrast = self._measure(painted_rgb)
        return (F.relu((few / allowed).log()) * contrast).mean()

    def _measure(self, rgb):
        """How few waves hold the power, and its root; both [pictures, rows, columns]."""
        windows = rgb.mean(1).unfold(1, self.WINDOW_PX, self.STEP_PX)
        windows = windows.unfold(2, self.WINDOW_PX, self.STEP_PX)
        windows = (windows - windows.mean((-1, -2), keepdim=True)) * self.window
        waves = torch.fft.rfft2(windows, norm='ortho')[..., self.heard]
        power = (waves.real.square() + waves.imag.square()) * self.flattening + 1e-9
        total = power.sum(-1)
        return power.square().sum(-1) / total.square() * power.shape[-1], total.sqrt()


def excess(rgb):
    """Mean square of what lies outside [0, 1]."""
    return (rgb - rgb.clamp(0, 1)).square().mean()


def distance(a, b, margin_px=0):
    """Mean absolute difference, without a margin at the border."""
    inner = slice(margin_px, -margin_px or None)
    return (a - b)[:, :, inner, inner].abs().mean()
