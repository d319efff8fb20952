# SPDX-License-Identifier: MIT
"""A second frame of a photograph, under a motion that is known exactly.

What a camera adds comes with it: noise, and drift of exposure and white balance. A calm network
paints the second frame as it painted the first, moved.
"""
import math

import torch
import torch.nn.functional as F

STILL_SHARE = 0.3  # of pairs: no motion, noise and drift alone
MAX_SHIFT = 0.03  # of half the picture
MAX_TURN_RAD = 0.02
MAX_ZOOM = 0.02
MAX_EXPOSURE = 0.02
MAX_TINT = 0.008
MAX_NOISE = 0.02  # standard deviation; a webcam in a room has about half of it
COARSE_SHARE = 0.5  # of it in spots of 4 x 4 pixels, as video coding leaves it
BLUR_SHARE = 0.2  # of pairs: the second frame is blurred as by a movement of the hand


class Motion:
    """One random motion for each picture of a batch."""

    def __init__(self, rng, shape):
        self.rng = rng
        self.shape = shape
        self.noise = torch.Generator().manual_seed(rng.getrandbits(62))
        still = rng.random() < STILL_SHARE
        moves = [_affine(0, 1, 0, 0) if still else self._draw_affine() for _ in range(shape[0])]
        self.grid = F.affine_grid(torch.tensor(moves), shape, align_corners=False)

    def move(self, rgb):
        """Pictures, moved."""
        return F.grid_sample(rgb, self.grid.to(rgb.device), padding_mode='border',
                             align_corners=False)

    def camera(self, rgb):
        """Pictures as a camera gives them: noisy, the second time under another light."""
        fine, coarse = (self.rng.uniform(0, most)
                        for most in (MAX_NOISE, MAX_NOISE * COARSE_SHARE))
        height, width = rgb.shape[2:]
        spots = torch.randn((*rgb.shape[:2], height // 4 + 1, width // 4 + 1),
                            generator=self.noise)
        spots = F.interpolate(spots, scale_factor=4, mode='bilinear')[:, :, :height, :width]
        noise = fine * torch.randn(rgb.shape, generator=self.noise) + coarse * spots
        return rgb + noise.to(rgb.device)

    def second(self, rgb):
        """The second frame."""
        moved = self.move(rgb)
        if self.rng.random() < BLUR_SHARE:
            moved = F.avg_pool2d(F.pad(moved, (1,) * 4, mode='replicate'), 3, stride=1)
        return self.camera(moved * self._light().to(rgb.device))

    def _light(self):
        gains = []
        for _ in range(self.shape[0]):
            exposure = 1 + self.rng.uniform(-MAX_EXPOSURE, MAX_EXPOSURE)
            gains.append([exposure + self.rng.uniform(-MAX_TINT, MAX_TINT) for _ in range(3)])
        return torch.tensor(gains)[:, :, None, None]

    def _draw_affine(self):
        return _affine(self.rng.uniform(-MAX_TURN_RAD, MAX_TURN_RAD),
                       1 + self.rng.uniform(-MAX_ZOOM, MAX_ZOOM),
                       self.rng.uniform(-MAX_SHIFT, MAX_SHIFT),
                       self.rng.uniform(-MAX_SHIFT, MAX_SHIFT))


def _affine(turn_rad, zoom, right, down):
    cosine, sine = zoom * math.cos(turn_rad), zoom * math.sin(turn_rad)
    return [[cosine, -sine, right], [sine, cosine, down]]
