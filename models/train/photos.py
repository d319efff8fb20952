# SPDX-License-Identifier: MIT
"""Pictures from files: the photographs that a network learns on, and the painting."""
import functools
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError

SUFFIXES = {'.jpg', '.jpeg', '.png', '.webp', '.bmp', '.tif', '.tiff'}
MIN_PHOTOS = 50
MIN_PHOTO_PX = 256
HELD_BACK_EVERY = 10
MAX_SIDE_PX = 400  # photographs are reduced to this short side
MIN_STYLE_PX = 128
N_CACHED = 1024  # about half a megabyte each
MAX_ZOOM = 2  # of a crop: a camera's picture is smoother than a photograph reduced to its size


class PictureError(ValueError):
    """A picture or folder that cannot be used; the words name it and say why."""


def list_photos(folder):
    """The photographs of a folder, subfolders included: (to learn on, held back).

    Every tenth in the order of their paths is held back from training, for evaluate.py.
    """
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise PictureError(f'{folder}: not a folder of photographs')
    found = sorted(path for path in folder.rglob('*') if path.suffix.lower() in SUFFIXES)
    paths = [path for path in found if _short_side(path) >= MIN_PHOTO_PX]
    if len(paths) < MIN_PHOTOS:
        raise PictureError(
            f'{folder}: {len(paths)} photographs of {MIN_PHOTO_PX} pixels or more on the short '
            f'side ({len(found) - len(paths)} smaller or unreadable ones), at least '
            f'{MIN_PHOTOS} are needed')
    held_back = paths[HELD_BACK_EVERY - 1::HELD_BACK_EVERY]
    return sorted(set(paths) - set(held_back)), held_back


def _short_side(path):
    """From the header alone; 0 where there is none."""
    try:
        with Image.open(path) as picture:
            return min(picture.size)
    except (OSError, Image.DecompressionBombError):
        return 0


def open_picture(path, least_px=1):
    """An RGB picture of which both sides have at least `least_px`."""
    try:
        with Image.open(path) as picture:
            picture.draft('RGB', (2 * MAX_SIDE_PX, 2 * MAX_SIDE_PX))
            picture = picture.convert('RGB')
    except UnidentifiedImageError as error:
        raise PictureError(f'{path}: not a picture of a known kind') from error
    except (OSError, Image.DecompressionBombError) as error:
        words = getattr(error, 'strerror', None) or error
        raise PictureError(f'{path}: not a picture that can be read: {words}') from error
    if min(picture.size) < least_px:
        raise PictureError(f'{path}: {picture.width}x{picture.height} pixels, '
                           f'{least_px} on the short side are needed')
    return picture


def to_tensor(picture):
    """[1, 3, height, width] in [0, 1]."""
    values = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]
    return values.float() / 255


def read_style(path, long_side_px):
    """The painting, at the size that sets how broad its strokes come out."""
    picture = open_picture(path, MIN_STYLE_PX)
    factor = long_side_px / max(picture.size)
    size = tuple(max(64, round(side * factor)) for side in picture.size)
    return to_tensor(picture.resize(size, Image.LANCZOS))


def read_scene(path, width_px, height_px):
    """A photograph cut to a shape, from its middle."""
    picture = open_picture(path)
    factor = max(width_px / picture.width, height_px / picture.height)
    size = tuple(round(side * factor) for side in picture.size)
    picture = picture.resize(size, Image.LANCZOS)
    left, top = (picture.width - width_px) // 2, (picture.height - height_px) // 2
    return to_tensor(picture.crop((left, top, left + width_px, top + height_px)))


class Crops:
    """Random squares of photographs, from the whole short side to enlarged details.

    The same ones for the same random generator.
    """

    def __init__(self, paths, crop_px):
        self.paths = paths
        self.crop_px = crop_px
        self.broken = set()
        self._read = functools.lru_cache(N_CACHED)(self._reduced)

    def draw(self, rng, count):
        """[count, 3, crop_px, crop_px] in [0, 1]."""
        return torch.cat([self._square(rng) for _ in range(count)])

    def _reduced(self, path):
        """Pixels, or None where a good header is followed by a broken picture."""
        try:
            picture = open_picture(path, self.crop_px)
        except PictureError as error:
            self.broken.add(path)
            if len(self.broken) == len(self.paths):
                raise
            print(f'left out: {error}', file=sys.stderr)
            return None
        factor = MAX_SIDE_PX / min(picture.size)
        if factor < 1:
            picture = picture.resize([round(side * factor) for side in picture.size], Image.BOX)
        return np.array(picture)

    def _square(self, rng):
        pixels = None
        while pixels is None:
            pixels = self._read(rng.choice(self.paths))
        height, width = pixels.shape[:2]
        sides = self.crop_px / MAX_ZOOM, min(height, width)
        side = round(math.exp(rng.uniform(*map(math.log, sides))))
        top, left = rng.randint(0, height - side), rng.randint(0, width - side)
        square = to_tensor(pixels[top:top + side, left:left + side])
        if rng.random() < 0.5:
            square = square.flip(3)
        return F.interpolate(square, size=(self.crop_px,) * 2, mode='bilinear',
                             align_corners=False)
