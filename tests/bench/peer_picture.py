# SPDX-License-Identifier: MIT
"""I420 pictures, full range, to a network's planes and back (doc/MODEL-FORMAT.md, "Planes")."""
import numpy as np

LEVELS = 255


def size_b(width_px, height_px):
    """Bytes of a picture."""
    return width_px * height_px * 3 // 2


def planes(architecture, picture, width_px, height_px):
    """The planes of a picture's bytes, [6, height / 2, width / 2], float32."""
    values = np.frombuffer(picture, np.uint8).astype(np.float32) / LEVELS
    luma = values[:width_px * height_px].reshape(height_px, width_px)
    chroma = values[width_px * height_px:].reshape(2, height_px // 2, width_px // 2)
    phases = [luma[y::2, x::2] for y in (0, 1) for x in (0, 1)]
    offset = np.float32(architecture.offset)[:, None, None]
    return np.ascontiguousarray((np.stack([*phases, *chroma]) - offset) * architecture.gain)


def levels(architecture, painted):
    """Planes as values on the scale of bytes, neither rounded nor clamped."""
    offset = np.float64(architecture.offset)[:, None, None]
    return (painted / architecture.gain + offset) * LEVELS


def painted_levels(architecture, picture, width_px, height_px):
    """A painted picture's bytes as planes on the scale of bytes."""
    return levels(architecture, planes(architecture, picture, width_px, height_px))
