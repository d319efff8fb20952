# SPDX-License-Identifier: MIT
"""The filter that ar-daemon calms painted video with, in numpy: decoder/temporal.c, bit for bit.

What it is and why it does so is in decoder/temporal.h; the names are the same.
"""
import numpy as np

LEVEL = 128
WHOLE = 32768
GAIN_MAX = WHOLE - 1
CHANGE = 32
OPEN_FROM, OPEN_TO = 32 * LEVEL, 96 * LEVEL
CHANGE_LEVEL = 9 * LEVEL // CHANGE
FROM_MIN, FROM_MAX = 2 * CHANGE_LEVEL << 8, 6 * CHANGE_LEVEL << 8
SAMPLES = np.s_[::4, ::8]  # one block of 4 x 8
CELL = 8  # blocks, each way
CELL_FULL = 4  # moving blocks
REACH_MOST = WHOLE * 5 // 8
Y_OF_RGB = (77, 150, 29)  # of 256


def _blocks(pixels):
    """Sums of 2 x 2 pixels."""
    height, width = pixels.shape
    return pixels.astype(np.int32).reshape(height // 2, 2, width // 2, 2).sum((1, 3))


def guide_of_luma(luma):
    """What the filter sees of a camera's picture: luma bytes [height, width], even sizes."""
    return _blocks(luma) * (LEVEL // 4)


def guide_of_rgb(rgb):
    """The same of [height, width, 3] bytes."""
    return (_blocks(rgb.astype(np.int32) @ np.array(Y_OF_RGB, np.int32)) + 4) // (4 * 256 // LEVEL)


def _sums(changes):
    """Each with its eight neighbours."""
    padded = np.pad(changes, 1, mode='edge')
    height, width = changes.shape
    return sum(padded[y:y + height, x:x + width] for y in range(3) for x in range(3))


def _widen(cells, size):
    """Values of cells to each of their blocks, linearly between the cells' centres: along axis 0."""
    place = np.arange(size) + CELL // 2
    padded = np.concatenate((cells[:1], cells, cells[-1:]))
    share = (2 * (place % CELL) + 1) * (WHOLE // (2 * CELL))
    return _step(padded[place // CELL], padded[place // CELL + 1], share[:, None])


def _step(shown, to, gain):
    """Moves towards by the gain, rounded to nearest."""
    return shown + (((to - shown) * gain + WHOLE // 2) >> 15)


class Temporal:
    """Calms the frames of one stream; `calm` as the option decoder.calm, above 0."""

    def __init__(self, calm):
        self.still = GAIN_MAX - int(calm * GAIN_MAX + 0.5)
        self.from_q8 = FROM_MIN
        self.forget()

    def forget(self):
        """The next frame is shown as it is painted: a scene cut, another style."""
        self.fresh = True
        self.copy = 0
        self.shown = None

    def show(self, guide, planes):
        """
        The bytes to show for painted ones: any arrays whose first two sizes are those of the guide times
        1, 2 or any other number, such as Y, U and V, or RGB pixels.
        """
        change = np.minimum((abs(guide - self.copy) + CHANGE // 2) // CHANGE, 255)
        sums = _sums(change)
        start = self.from_q8 >> 8
        span = start * 3 // 2
        moving = change * 9 >= start + span
        still = GAIN_MAX if self.fresh else self._still(moving)
        slope = -(-(GAIN_MAX - still) // span)
        gains = np.minimum(still + np.clip(sums - start, 0, span) * slope, GAIN_MAX)
        gains = np.maximum(gains, self._reach(moving))
        if not self.fresh:
            self._follow(sums, start)
        self.fresh = False
        self.copy = _step(self.copy, guide, gains)
        if self.shown is None:
            self.shown = [np.zeros(plane.shape, np.int32) for plane in planes]
        return [self._calm(i, plane, gains) for i, plane in enumerate(planes)]

    def _still(self, moving):
        """The gain where nothing moves: more in a picture that moves as a whole."""
        span = 3 * moving.size
        above = min(max(10 * int(moving.sum()) - span, 0), span)
        return self.still + (GAIN_MAX - self.still) * above // span

    @staticmethod
    def _reach(moving):
        """The least gain of each block by what moves in the cells around it."""
        height, width = moving.shape
        padded = np.pad(moving, ((0, -height % CELL), (0, -width % CELL)))
        rows, columns = padded.shape[0] // CELL, padded.shape[1] // CELL
        counts = padded.reshape(rows, CELL, columns, CELL).sum((1, 3))
        padded = np.pad(counts, 1)
        most = np.max([padded[y:y + rows, x:x + columns] for y in range(3) for x in range(3)], 0)
        gains = np.minimum(most, CELL_FULL) * (REACH_MOST // CELL_FULL)
        return _widen(_widen(gains.T, width).T, height)

    def _follow(self, sums, start):
        """Learns the noise level."""
        samples = sums[SAMPLES]
        n_below = int((samples * 5 < start * 2).sum())
        followed = self.from_q8 * (33 * samples.size - 4 * n_below) // (32 * samples.size)
        self.from_q8 = min(max(followed, FROM_MIN), FROM_MAX)

    def _calm(self, i, plane, gains):
        """Moves one plane."""
        for axis in (0, 1):
            gains = gains.repeat(plane.shape[axis] // gains.shape[axis], axis)
        gains = gains.reshape(gains.shape + (1,) * (plane.ndim - 2))
        painted = plane.astype(np.int32) * LEVEL
        span = OPEN_TO - OPEN_FROM
        least = np.clip(abs(painted - self.shown[i]) - OPEN_FROM, 0, span - 1) * (WHOLE // span)
        self.shown[i] = _step(self.shown[i], painted, np.maximum(gains, least))
        return ((self.shown[i] + LEVEL // 2) // LEVEL).astype(np.uint8)
