#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs one style's network on this engine and on others, in turns, and prints how they compare.

doc/BENCHMARKS.md says what is measured, and what the columns mean.
"""
import argparse
import json
import logging
import pathlib
import re
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / 'models' / 'train'))

MISSING = None  # a package that all of it needs, where one is
try:
    import torch
    import peer_comparison
    import peer_engine
    import peer_graph
    import peer_table
    import peer_xnnpack
except ImportError as problem:
    MISSING = problem.name

VARIANTS = ('exact', 'folded', 'lean')
PRECISIONS = ('f32', 'int8')
PEERS = ('ort', 'ncnn', 'xnnpack', 'litert')  # peer_NAME.py each
LEAST_PX, STEP_PX = 16, 8  # maps are half as large three times, without a rest


def read_list(kind, allowed=None):
    """An argparse type for lists with commas."""
    def read(text):
        values = [kind(word) for word in text.split(',')]
        if allowed and not set(values) <= set(allowed):
            raise argparse.ArgumentTypeError(f'"{text}": known are {", ".join(allowed)}')
        return values
    return read


def read_size(text):
    """Width and height."""
    match = re.fullmatch(r'(\d+)x(\d+)', text)
    size_px = tuple(map(int, match.groups())) if match else (0, 0)
    if any(n < LEAST_PX or n % STEP_PX for n in size_px):
        raise argparse.ArgumentTypeError(
            f'"{text}": multiples of {STEP_PX} from {LEAST_PX} on are right, as in 640x360')
    return size_px


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    path = pathlib.Path
    parser.add_argument('--build', type=path, default=TREE / 'build' / 'tests' / 'bench',
                        help='folder of ar-bench and xnn_net (build/tests/bench)')
    parser.add_argument('--style', type=path, default=TREE / 'models' / 'scream.safetensors',
                        help='style file (models/scream.safetensors)')
    parser.add_argument('--widths', type=read_list(float), default=[0.25, 0.5, 0.75, 1.0],
                        metavar='W,...', help='as the style was trained (0.25,0.5,0.75,1)')
    parser.add_argument('--precision', type=read_list(str, PRECISIONS), default=PRECISIONS,
                        metavar='P,...', help='f32, int8 (both)')
    parser.add_argument('--variants', type=read_list(str, VARIANTS), default=['lean'],
                        metavar='V,...', help='what others run: exact, folded, lean (lean)')
    parser.add_argument('--peers', type=read_list(str, PEERS), default=PEERS, metavar='NAME,...',
                        help=f'{", ".join(PEERS)} (all)')
    parser.add_argument('--threads', type=int, default=1, help='of each engine (1)')
    parser.add_argument('--size', type=read_size, default=(640, 360), metavar='WxH',
                        help='of the picture (640x360)')
    parser.add_argument('--frames', type=int, default=40, help='measured of each (40)')
    parser.add_argument('--json', action='store_true', help='results for a program')
    return parser.parse_args()


def main():
    """Command line."""
    options = parse()
    if MISSING:
        sys.exit(f'peers: the Python package {MISSING} is missing')
    logging.getLogger().setLevel(logging.ERROR)
    torch.set_num_threads(1)
    peer_xnnpack.Engine.folder = options.build
    comparison = peer_comparison.Comparison(options)
    try:
        comparison.open()
        comparison.measure()
    except (peer_engine.Unavailable, peer_graph.Unsupported) as error:
        sys.exit(f'peers: {error}')
    finally:
        comparison.close()
    if options.json:
        print(json.dumps(peer_table.results(comparison), indent=1))
    else:
        peer_table.report(comparison)


if __name__ == '__main__':
    main()
