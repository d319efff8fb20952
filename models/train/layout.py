#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shape of the networks that train.py makes, as an `architecture` (doc/MODEL-FORMAT.md).

On the command line it prints the JSON, with other channel counts where asked:
`layout.py --eighth 128 --residuals 3 > wide.json`, then `train.py --architecture wide.json`.
"""
import argparse
import json

N_WIDTHS = 13
NARROWEST = 0.25
CHANNEL_STEP = 8  # what the engine's kernels take in one piece
PLANES = {
    'yuv420': {'offset': [0.45] * 4 + [128 / 255] * 2, 'gain': 4.0},
    'rgb': {'offset': [0.45] * 3, 'gain': 4.0},
}


def even_widths(n_widths=N_WIDTHS, narrowest=NARROWEST):
    """Widths from the narrowest to 1 in equal steps."""
    step = (1 - narrowest) / max(1, n_widths - 1)
    return [round(1 - step * i, 6) for i in reversed(range(n_widths))]


def slim(channels, widths):
    """Channels per width: multiples of CHANNEL_STEP, halves rounded up."""
    steps = (int(channels * width / CHANNEL_STEP + 0.5) for width in widths)
    return [CHANNEL_STEP * max(1, n) for n in steps]


class Sheet:
    """The list of layers while it is written; each method gives the name of its result."""

    def __init__(self, widths):
        self.widths = widths
        self.layers = []
        self.segment = 0

    def layer(self, name, op, source, channels, **options):
        """One layer, slimmed, in the current segment."""
        self.layers.append({'name': name, 'op': op, 'input': source, 'segment': self.segment,
                            'channels': slim(channels, self.widths), **options})
        return name

    def residual(self, name, source, channels, norm, **options):
        """Two separable layers; the second, without a ReLU, is added to their input.

        Options are those of the first.
        """
        inner = self.layer(f'{name}_a', 'separable', source, channels, norm=norm, relu=True,
                           **options)
        return self.layer(f'{name}_b', 'separable', inner, channels, norm=norm, add=source)

    def fixed(self, name, op, source, channels, **options):
        """A layer that has the same channels at every width."""
        self.layers.append({'name': name, 'op': op, 'input': source, 'segment': self.segment,
                            'channels': [channels] * len(self.widths), **options})
        return name


def describe(widths=None, planes='yuv420', stem=32, quarter=64, eighth=96, head=24, residuals=4,
             norm='batch', eighth_norm='instance', stem_op='conv', head_op='conv',
             fixed_ends=False, gate=0, gate_previous=False, kernel2=0, border='replicate'):
    """The network, from its channels at full width at 1/4, 1/8 and 1/2 of the picture.

    Segment 0, the encoder, ends after the first residual at 1/8. Segment 1 is the rest of them,
    2 comes back to 1/4, 3 to the planes. Gates and second branches are those of the first layer
    of each residual at 1/8.
    """
    sheet = Sheet(widths or even_widths())
    n_planes = len(PLANES[planes]['offset'])
    end = sheet.fixed if fixed_ends else sheet.layer
    result = 'planes'
    if planes == 'rgb':
        result = end('half', 'conv', result, head, stride=2, norm=norm, relu=True)
    if stem_op == 'depthwise':
        result = sheet.fixed('each', 'depthwise', result, n_planes)
    end('stem', 'conv' if result in ('planes', 'each') else 'separable', result, stem, stride=2,
        norm=norm, relu=True)
    sheet.layer('d1', 'separable', 'stem', quarter, norm=norm, relu=True)
    skip = sheet.residual('r4_0', 'd1', quarter, norm)
    result = sheet.layer('d2', 'separable', skip, eighth, stride=2, norm=eighth_norm, relu=True)
    extra = {'gate': gate, 'gate_previous': gate_previous} if gate else {}
    if kernel2:
        extra['kernel2'] = kernel2
    for i in range(residuals):
        sheet.segment = min(i, 1)
        result = sheet.residual(f'r8_{i}', result, eighth, eighth_norm, **extra)
    sheet.segment = 2
    sheet.layer('u1', 'pointwise', result, quarter, upsample=True, add=skip)
    sheet.layer('f1', 'separable', 'u1', quarter, norm=norm, relu=True)
    sheet.segment = 3
    end('u2', 'pointwise', 'f1', head, norm=norm, relu=True, upsample=True)
    end('f2', 'separable', 'u2', head, norm=norm, relu=True)
    sheet.fixed('mix', 'pointwise', 'planes', n_planes)
    if planes == 'rgb':
        sheet.fixed('tiles', head_op, 'f2', 4 * n_planes)
        sheet.fixed('out', 'shuffle', 'tiles', n_planes, add='mix')
    else:
        sheet.fixed('out', head_op, 'f2', n_planes, add='mix')
    return {'planes': planes, **PLANES[planes], 'border': border, 'instance_rate': 0.15,
            'widths': sheet.widths, 'layers': sheet.layers}


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--widths', type=int, default=N_WIDTHS, help='how many (13)')
    parser.add_argument('--stem', type=int, default=32, help='channels at 1/4, first layer (32)')
    parser.add_argument('--quarter', type=int, default=64, help='channels at 1/4 (64)')
    parser.add_argument('--eighth', type=int, default=96, help='channels at 1/8 (96)')
    parser.add_argument('--head', type=int, default=24, help='channels at 1/2 (24)')
    parser.add_argument('--residuals', type=int, default=4, help='residual pairs at 1/8 (4)')
    parser.add_argument('--planes', choices=PLANES, default='yuv420',
                        help='what the network sees and gives (yuv420)')
    parser.add_argument('--norm', choices=('instance', 'batch'), default='batch',
                        help='norm at 1/4 and 1/2 (batch)')
    parser.add_argument('--eighth-norm', choices=('instance', 'batch'), default='instance',
                        help='norm at 1/8 (instance)')
    parser.add_argument('--stem-op', choices=('conv', 'depthwise'), default='conv',
                        help='depthwise: a filter for each plane before the first layer (conv)')
    parser.add_argument('--head-op', choices=('conv', 'separable'), default='conv',
                        help='the last layer (conv)')
    parser.add_argument('--fixed-ends', action='store_true',
                        help='first and last layers as wide at every width')
    parser.add_argument('--gate', type=int, default=0, metavar='UNITS',
                        help='hidden units of squeeze-and-excitation at 1/8 (0: none)')
    parser.add_argument('--gate-previous', action='store_true',
                        help='gates follow the frame before')
    parser.add_argument('--kernel2', type=int, choices=(0, 5), default=0,
                        help='size of a second depthwise branch at 1/8 (0: none)')
    parser.add_argument('--border', choices=('replicate', 'reflect'), default='replicate',
                        help='what filters see outside the picture (replicate)')
    options = vars(parser.parse_args())
    options['widths'] = even_widths(options['widths'])
    print(json.dumps(describe(**options), indent=1))


if __name__ == '__main__':
    main()
