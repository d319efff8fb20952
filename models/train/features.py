# SPDX-License-Identifier: MIT
"""The feature networks that judge a painting: frozen trunks of VGG19, read from an .npz file.

Which of the known networks a file holds is told from its tensors' names; their shapes and a
checksum over their values are checked, whatever program packed the file.
"""
import hashlib
import pathlib
import zipfile
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

CAFFE_MEAN_BGR = (103.939, 116.779, 123.68)


class FeaturesError(ValueError):
    """A file that holds none of the known networks; the words say what is wrong."""


@dataclass(frozen=True)
class Trunk:
    """One known network: 3x3 convolutions with ReLU, and 2x2 maximum pooling between."""

    title: str
    stages: tuple  # (channels, convolutions) from one pooling to the next
    weight: str  # name of a convolution's weights, from its stage and place
    bias: str
    border: str  # F.pad's name of what filters see outside
    entry: tuple  # names of the 1x1 convolution that takes RGB in [0, 1]; empty: Caffe's BGR
    style: tuple  # (stage, place) whose statistics are the style
    content: tuple  # the one whose values are the content
    faithful: float  # content error of a painting in which a photograph is still well seen
    checksum: str

    def shapes(self):
        """Shapes of all tensors by name."""
        shapes = dict(zip(self.entry, ((3, 3, 1, 1), (3,))))
        n_in = 3
        for stage, place, channels in self.places():
            shapes[self.weight.format(stage, place)] = (channels, n_in, 3, 3)
            shapes[self.bias.format(stage, place)] = (channels,)
            n_in = channels
        return shapes

    def places(self):
        """Every convolution's stage, place and channels, in order."""
        for stage, (channels, count) in enumerate(self.stages, 1):
            for place in range(1, count + 1):
                yield stage, place, channels


TRUNKS = (
    Trunk(title='16 times smaller distilled VGG19 (Collaborative Distillation)',
          stages=((16, 2), (32, 2), (64, 4), (128, 4), (128, 1)),
          weight='conv{}{}_weight', bias='conv{}{}_bias', border='reflect',
          entry=('conv0_weight', 'conv0_bias'), style=((1, 1), (2, 1), (3, 1), (4, 1)),
          content=(3, 1), faithful=0.34,
          checksum='f3463159bc704b1150ed6762064fbed73a80ed670743bc92149ab29076bed5ff'),
    Trunk(title='VGG19 up to conv3_4',
          stages=((64, 2), (128, 2), (256, 4)),
          weight='conv{}_{}_w', bias='conv{}_{}_b', border='constant', entry=(),
          style=((1, 2), (2, 2), (3, 3)), content=(3, 3), faithful=0.46,
          checksum='151a2c74580a9fc3703a873704b4fa6a575e7b2448437bb85b42a8c638732a8a'),
)


def checksum(tensors):
    """SHA-256 over names, shapes and float32 values, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f'{name}{tensors[name].shape}'.encode())
        digest.update(np.ascontiguousarray(tensors[name], '<f4').tobytes())
    return digest.hexdigest()


def read_tensors(path):
    """The arrays of an .npz file by name."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (AttributeError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise FeaturesError(f'{path}: not an .npz file of plain arrays') from error


def recognise(path, tensors):
    """The known network in `tensors`, and its tensors only, as float32."""
    for trunk in TRUNKS:
        shapes = trunk.shapes()
        if not set(shapes) <= set(tensors):
            continue
        for name, shape in shapes.items():
            if tensors[name].shape != shape:
                raise FeaturesError(f'{path}: tensor {name}: shape {tensors[name].shape}, '
                                    f'{shape} is right for {trunk.title}')
        own = {name: tensors[name].astype(np.float32) for name in shapes}
        found = checksum(own)
        if found != trunk.checksum:
            raise FeaturesError(f'{path}: the values are not those of {trunk.title}: '
                                f'checksum {found}, {trunk.checksum} is right')
        return trunk, own
    titles = '; '.join(trunk.title for trunk in TRUNKS)
    raise FeaturesError(f'{path}: none of the networks that the trainer knows ({titles})')


def knows_bfloat16():
    """Whether this PyTorch has all operations in bfloat16 that Features needs (1.13 has not)."""
    try:
        F.pad(torch.zeros(1, 1, 2, 2, dtype=torch.bfloat16), (1,) * 4, mode='reflect')
    except RuntimeError:
        return False
    return True


def fast_bfloat16(device):
    """Whether the device has instructions that multiply matrices of bfloat16."""
    if not knows_bfloat16():
        return False
    if device != 'cpu':
        return torch.cuda.is_bf16_supported()
    try:
        words = pathlib.Path('/proc/cpuinfo').read_text(encoding='ascii').split()
    except OSError:
        return False
    return 'amx_bf16' in words or 'avx512_bf16' in words


class Features(torch.nn.Module):
    """A known network's activations, for RGB in [0, 1].

    `half` computes them in bfloat16: gradients good enough to train by, at a fraction of the time
    where the processor multiplies matrices of that type.
    """

    def __init__(self, trunk, tensors, half=False):
        super().__init__()
        self.trunk = trunk
        self.dtype = torch.bfloat16 if half else torch.float32
        for name, value in tensors.items():
            value = torch.from_numpy(value).to(self.dtype)
            if value.dim() == 4:
                value = value.contiguous(memory_format=torch.channels_last)
            self.register_buffer(name, value)
        if not trunk.entry:
            self.register_buffer('mean', torch.tensor(CAFFE_MEAN_BGR)[:, None, None])

    @classmethod
    def read(cls, path, half=False):
        """From an .npz file."""
        return cls(*recognise(path, read_tensors(path)), half)

    def forward(self, rgb, wanted):
        """Activations after the ReLU by (stage, place)."""
        x = self._enter(rgb)
        found, stage_before = {}, 1
        for stage, place, _ in self.trunk.places():
            if stage != stage_before:
                x = F.max_pool2d(x, 2)
                stage_before = stage
            x = F.relu(self._convolve(x, stage, place))
            if (stage, place) in wanted:
                found[stage, place] = x
            if len(found) == len(wanted):
                return found
        raise KeyError(f'{wanted} are not all layers of {self.trunk.title}')

    def _enter(self, rgb):
        if self.trunk.entry:
            entry = (getattr(self, name).to(rgb.dtype) for name in self.trunk.entry)
            x = F.conv2d(rgb, *entry)
        else:
            x = rgb.flip(1) * 255 - self.mean
        return x.to(self.dtype).contiguous(memory_format=torch.channels_last)

    def _convolve(self, x, stage, place):
        weight = getattr(self, self.trunk.weight.format(stage, place))
        bias = getattr(self, self.trunk.bias.format(stage, place))
        if self.trunk.border == 'constant':
            return F.conv2d(x, weight, bias, padding=1)
        return F.conv2d(F.pad(x, (1,) * 4, mode=self.trunk.border), weight, bias)
