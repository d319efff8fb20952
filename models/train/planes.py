# SPDX-License-Identifier: MIT
"""RGB pictures to the planes that a network takes, and back, differentiably.

RGB is [pictures, 3, height, width] in [0, 1]; sizes are even. What the planes are is in
doc/MODEL-FORMAT.md.
"""
import torch
import torch.nn.functional as F

YUV_OF_RGB = ((0.299, 0.587, 0.114),  # BT.601, full range
              (-0.168736, -0.331264, 0.5),
              (0.5, -0.418688, -0.081312))
CHROMA_ZERO = 128 / 255


class Planes:
    """The conversions of one architecture, on one device."""

    def __init__(self, architecture, device='cpu'):
        self.packed = architecture.planes == 'yuv420'
        self.gain = architecture.gain
        self.offset = torch.tensor(architecture.offset, device=device)[:, None, None]
        self.yuv_of_rgb = torch.tensor(YUV_OF_RGB, device=device)
        self.rgb_of_yuv = torch.inverse(torch.tensor(YUV_OF_RGB)).to(device)

    def of_rgb(self, rgb):
        """The planes of pictures."""
        if self.packed:
            yuv = _mix(self.yuv_of_rgb, rgb)
            chroma = F.avg_pool2d(yuv[:, 1:], 2) + CHROMA_ZERO
            rgb = torch.cat((F.pixel_unshuffle(yuv[:, :1], 2), chroma), 1)
        return (rgb - self.offset) * self.gain

    def to_rgb(self, planes):
        """The pictures of planes; values may lie outside [0, 1]."""
        values = planes / self.gain + self.offset
        if not self.packed:
            return values
        luma = F.pixel_shuffle(values[:, :4], 2)
        chroma = F.interpolate(values[:, 4:] - CHROMA_ZERO, scale_factor=2, mode='bilinear',
                               align_corners=False)
        return _mix(self.rgb_of_yuv, torch.cat((luma, chroma), 1))


def _mix(matrix, pictures):
    return torch.einsum('oc,nchw->nohw', matrix, pictures)
