#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions that a frame of a style's network takes on arm64, under emulation, and those that ONNX
Runtime takes for the same network.

A plugin (qemu_count.c) counts; what more frames take than few is the frame's share, so that no start is in it.
Both run on one thread. ONNX Runtime is the aarch64 wheel of PyPI with Debian's Python, in a folder that
--ort names and that --prepare fills (mmdebstrap, pip). In float32 the network is exported to it as
models/train/export.py does it, borders and instance norm included; in int8 it gets the graph that costs it least, as
peers.py has it (lean), quantised by its own tools, which wants PyTorch, onnx and ONNX Runtime here too.

usage: meson compile -C build-arm64 net_frames && tests/bench/arm_instructions.py
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field

TREE = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
EXPORT = TREE / 'models' / 'train' / 'export.py'
QEMU = 'qemu-aarch64'  # not the static one, which has no plugins
FEW, MANY = 3, 5  # frames; the first of a sequence measures more than later ones
INPUT_ONLY = 'fill'  # net_frames' own: planes, which are no part of the network

PYTHON = 'usr/bin/python3.11'
PYTHON_PACKAGES = ('python3.11-minimal', 'libpython3.11-stdlib', 'libstdc++6', 'libgcc-s1', 'libc6',
                   'zlib1g', 'libexpat1', 'libssl3', 'libffi8', 'libbz2-1.0', 'liblzma5')
WHEELS = ('onnxruntime', 'numpy')
PLATFORMS = ('manylinux2014_aarch64', 'manylinux_2_27_aarch64', 'manylinux_2_28_aarch64')
PARTS = {'cortex-a72': ('0xd08', ''), 'cortex-a76': ('0xd0b', ' asimdhp asimddp')}
ORT = '''
import sys
import numpy
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
entry = session.get_inputs()[0]
planes = numpy.linspace(-1, 1, int(numpy.prod(entry.shape)), dtype=numpy.float32)
for _ in range(int(sys.argv[2])):
    session.run(None, {entry.name: planes.reshape(entry.shape)})
'''


@dataclass
class Counts:
    """Of a frame, by function: [instructions, multiply-adds]."""

    functions: dict = field(default_factory=dict)

    def add(self, path, factor):
        """Takes what the plugin wrote."""
        for line in pathlib.Path(path).read_text(encoding='utf-8').splitlines():
            instructions, multiply_adds, name = line.split(' ', 2)
            entry = self.functions.setdefault(name, [0.0, 0.0])
            entry[0] += factor * int(instructions)
            entry[1] += factor * int(multiply_adds)

    def total(self, index):
        """Over all functions."""
        return sum(entry[index] for entry in self.functions.values())


class Emulator:
    """qemu-aarch64 with the plugin."""

    def __init__(self, cpu):
        self.cpu = cpu
        self.folder = tempfile.mkdtemp(prefix='ar-count-')
        self.plugin = f'{self.folder}/qemu_count.so'
        subprocess.run(['cc', '-O2', '-shared', '-fPIC', '-fvisibility=hidden', '-o', self.plugin,
                        HERE / 'qemu_count.c'], check=True)

    def close(self):
        """Removes its files."""
        shutil.rmtree(self.folder)

    def frame(self, root, *command, environment=()):
        """Counts of one frame; the command's last argument is how many to run."""
        counts = Counts()
        for n_frames, sign in ((FEW, -1), (MANY, 1)):
            out = f'{self.folder}/counts'
            settings = [word for entry in environment for word in ('-E', entry)]
            subprocess.run([QEMU, '-cpu', self.cpu, '-L', root, *settings, '-plugin',
                            f'{self.plugin},out={out}', *map(str, command), str(n_frames)],
                           check=True)
            counts.add(out, sign / (MANY - FEW))
        return counts


def engine_frame(emulator, options, width, precision='f32'):
    """Counts of this engine."""
    counts = emulator.frame(options.sysroot, options.build / 'tests' / 'bench' / 'net_frames',
                            options.style, precision, f'{width:g}', *options.size)
    counts.functions.pop(INPUT_ONLY, None)
    return counts


def engine_frame_int8(emulator, options, width):
    """The same, in int8."""
    return engine_frame(emulator, options, width, 'int8')


def prepare(folder):
    """Fills a folder with Python, ONNX Runtime and numpy for arm64."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [path for path in pathlib.Path('/etc/apt').glob('sources.list*/*')
               if path.suffix in ('.list', '.sources') and path.stat().st_size > 0]
    listed = pathlib.Path('/etc/apt/sources.list')
    sources += [listed] if listed.is_file() and listed.stat().st_size > 0 else []
    subprocess.run(['mmdebstrap', '--quiet', '--architectures=arm64', '--variant=extract',
                    f'--include={",".join(PYTHON_PACKAGES)}', 'bookworm', folder / 'root', *sources],
                   check=True)
    platforms = [word for name in PLATFORMS for word in ('--platform', name)]
    subprocess.run([sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', *platforms,
                    '--only-binary=:all:', '--python-version', '311', '--dest', folder / 'wheels',
                    *WHEELS], check=True)
    for wheel in (folder / 'wheels').glob('*.whl'):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / 'packages')


def describe_cpu(root, cpu):
    """What ONNX Runtime reads of the machine, which the emulator would show as the host's."""
    (root / 'proc').mkdir(exist_ok=True)
    part, features = PARTS.get(cpu, PARTS['cortex-a76'])
    (root / 'proc' / 'cpuinfo').write_text(
        f'processor\t: 0\nFeatures\t: fp asimd crc32{features}\nCPU implementer\t: 0x41\n'
        f'CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part}\n'
        'CPU revision\t: 3\n', encoding='ascii')
    processors = root / 'sys' / 'devices' / 'system' / 'cpu'
    processors.mkdir(parents=True, exist_ok=True)
    for name in ('possible', 'present', 'online'):
        (processors / name).write_text('0\n', encoding='ascii')


def ort_frame(emulator, options, width, convert=None):
    """Counts of ONNX Runtime; `convert` gets the path of the network, to make another one of it."""
    model, program = (f'{emulator.folder}/{name}' for name in ('network.onnx', 'run.py'))
    pathlib.Path(program).write_text(ORT, encoding='ascii')
    subprocess.run([sys.executable, EXPORT, '--onnx', f'{width:g}', '--size',
                    '{}x{}'.format(*options.size), options.style, model],
                   check=True, stdout=subprocess.DEVNULL)
    if convert:
        convert(model)
    root = options.ort / 'root'
    describe_cpu(root, options.cpu)
    return emulator.frame(root, root / PYTHON, program, model,
                          environment=(f'PYTHONPATH={options.ort / "packages"}',
                                       f'HOME={emulator.folder}'))


def quantise(path):
    """Makes the lean int8 network of an exported one. Counts do not depend on the picture that it is fitted to."""
    import numpy
    import onnx
    import peer_graph
    import peer_ort
    graph = peer_graph.read(path)
    planes = numpy.random.default_rng(1).uniform(-1, 1, graph.shapes[peer_graph.INPUT]).astype(numpy.float32)
    lean = peer_graph.lean(peer_graph.fold(graph, planes))
    onnx.save(peer_ort.quantised(peer_graph.to_onnx(lean), [planes]), path)


def ort_frame_int8(emulator, options, width):
    """The same, in int8."""
    return ort_frame(emulator, options, width, quantise)


def ort_version(folder):
    """Of the wheel."""
    return next((folder / 'packages').glob('onnxruntime-*.dist-info')).name.split('-')[1][:-5]


def print_functions(counts):
    """Those that take the most."""
    total = counts.total(0)
    for name, (instructions, _) in sorted(counts.functions.items(), key=lambda item: -item[1][0]):
        if instructions > total / 1000:
            print(f'  {instructions / 1e6:9.3f} M {100 * instructions / total:5.1f} %  {name}')


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n\n')[0])
    path = pathlib.Path
    parser.add_argument('--build', type=path, default=TREE / 'build-arm64')
    parser.add_argument('--sysroot', type=path, default=TREE / 'build-arm64-sysroot')
    parser.add_argument('--style', type=path, default=TREE / 'models' / 'scream.safetensors')
    parser.add_argument('--widths', type=lambda text: list(map(float, text.split(','))),
                        default=[1.0, 0.25], help='1,0.25')
    parser.add_argument('--size', type=lambda text: text.split('x'), default=['640', '360'],
                        help='640x360')
    parser.add_argument('--cpu', default='cortex-a72', help='cortex-a72, cortex-a76, max')
    parser.add_argument('--ort', type=path, help='folder of ONNX Runtime for arm64')
    parser.add_argument('--prepare', action='store_true', help='fill that folder first')
    parser.add_argument('--functions', action='store_true', help="also this engine's functions")
    return parser.parse_args()


def main():
    """Prints a table."""
    options = parse()
    if not shutil.which(QEMU):
        sys.exit(f'{QEMU} is not installed: Debian has it in qemu-user')
    if options.ort and options.prepare:
        prepare(options.ort)
    emulator = Emulator(options.cpu)
    os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
    engines = {'ar-daemon f32': engine_frame, 'ar-daemon int8': engine_frame_int8}
    if options.ort:
        engines[f'ONNX Runtime {ort_version(options.ort)} f32'] = ort_frame
        engines[f'ONNX Runtime {ort_version(options.ort)} int8'] = ort_frame_int8
    try:
        print('| width | engine | instructions, M | multiply-adds, M | instructions a multiply-add |')
        print('|---|---|---|---|---|')
        for width in options.widths:
            for name, frame in engines.items():
                counts = frame(emulator, options, width)
                instructions, multiply_adds = (counts.total(i) / 1e6 for i in range(2))
                print(f'| {width:g} | {name} | {instructions:.1f} | {multiply_adds:.1f} '
                      f'| {instructions / multiply_adds:.2f} |', flush=True)
                if options.functions and name.startswith('ar-daemon'):
                    print_functions(counts)
    finally:
        emulator.close()


if __name__ == '__main__':
    main()
