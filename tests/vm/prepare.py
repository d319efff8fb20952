# SPDX-License-Identifier: MIT
"""Prepares what a virtual machine boots, once, into a folder: Debian's kernel with the drivers that the cases use.

The guest has no root file system of its own: it reads the host's, so that the programs find the libraries that they
were built with. FOLDER then holds `vmlinux`, `initrd` and `modules`.
"""
import hashlib
import lzma
import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INIT = HERE / 'init'

# What the guest's first program loads; virtio-gpu and the others are loaded by the cases.
FIRST_MODULES = ('virtio_pci', '9pnet_virtio', '9p', 'overlay')
CASE_MODULES = ('vivid', 'virtio-gpu', 'uvcvideo', 'vhci-hcd')

PROGRAMS = ('qemu-system-x86_64', 'busybox', 'cpio', 'apt-get', 'dpkg-deb', 'depmod', 'modprobe', 'v4l2-ctl')
SYSTEM_PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'

DOWNLOAD_S = 240
UNPACK_S = 120


class Missing(Exception):
    """Something that virtual machines need is not to be had here."""


def run(*command, timeout_s=UNPACK_S, **options):
    try:
        return subprocess.run(command, check=True, timeout=timeout_s, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ, 'PATH': SYSTEM_PATH}, **options).stdout
    except subprocess.CalledProcessError as error:
        message = error.stderr.decode(errors='replace').strip()
        raise Missing(f'{command[0]}: {message or error.returncode}') from None
    except subprocess.TimeoutExpired:
        raise Missing(f'{command[0]}: not done within {timeout_s} s') from None


def check_programs():
    if platform.machine() != 'x86_64':
        raise Missing(f'the virtual machine is an x86-64 one, and this machine is {platform.machine()}')
    missing = [name for name in PROGRAMS if not shutil.which(name, path=SYSTEM_PATH)]
    if missing:
        raise Missing(f'not installed: {", ".join(missing)}; the set "vm" of dist/debian-packages has them')


def download_kernel(folder):
    """The kernel's files, unpacked below folder; and its version."""
    depends = run('apt-cache', 'depends', 'linux-image-amd64').decode()
    package = re.search(r'Depends: (linux-image-\S+)', depends)
    if not package:
        raise Missing('apt knows no linux-image-amd64')
    run('apt-get', 'download', package[1], cwd=folder, timeout_s=DOWNLOAD_S)
    archive, = folder.glob('linux-image-*.deb')
    run('dpkg-deb', '-x', archive, folder)
    return package[1].removeprefix('linux-image-')


def write_vmlinux(bzimage, path):
    """Takes the kernel out of its compressed file: under emulation, unpacking would take longer than the boot."""
    data = bzimage.read_bytes()
    setup_sectors = data[0x1f1] or 4
    offset, length = struct.unpack_from('<II', data, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    try:
        path.write_bytes(lzma.LZMADecompressor().decompress(data[start:start + length]))
    except lzma.LZMAError as error:
        raise Missing(f'{bzimage.name}: {error}') from None


def module_files(root, version, names):
    """The files of modules and of what they depend on, in the order of loading."""
    files = []
    for name in names:
        for line in run('modprobe', '-d', root, '-S', version, '--show-depends', name).decode().splitlines():
            kind, path = line.split()[:2]
            if kind == 'insmod' and path not in files:
                files.append(path)
    return [pathlib.Path(path) for path in files]


def keep_modules(unpacked, version, target):
    """A module folder with nothing but what the cases load."""
    run('depmod', '-b', unpacked, version)
    source = unpacked / 'lib/modules' / version
    for path in module_files(unpacked, version, FIRST_MODULES + CASE_MODULES):
        kept = target / 'lib/modules' / version / path.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, kept)
    for name in ('modules.order', 'modules.builtin', 'modules.builtin.modinfo'):
        shutil.copy(source / name, target / 'lib/modules' / version)
    run('depmod', '-b', target, version)


def write_initrd(path, modules_root, version):
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = pathlib.Path(name)
        for child in ('bin', 'modules', 'proc', 'sys', 'dev', 'host', 'memory', 'root'):
            (folder / child).mkdir()
        shutil.copy(shutil.which('busybox', path=SYSTEM_PATH), folder / 'bin/busybox')
        shutil.copy(INIT, folder / 'init')
        (folder / 'init').chmod(0o755)
        files = module_files(modules_root, version, FIRST_MODULES)
        for file in files:
            shutil.copy(file, folder / 'modules')
        (folder / 'modules/order').write_text(''.join(f'{file.name}\n' for file in files))
        names = '\n'.join(str(file.relative_to(folder)) for file in sorted(folder.rglob('*')))
        archive = run('cpio', '-o', '-H', 'newc', '-R', '0:0', '--quiet', cwd=folder, input=names.encode())
        path.write_bytes(archive)


def fingerprint():
    return hashlib.sha256(pathlib.Path(__file__).read_bytes() + INIT.read_bytes()).hexdigest()


def build(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        unpacked = pathlib.Path(name)
        version = download_kernel(unpacked)
        write_vmlinux(unpacked / f'boot/vmlinuz-{version}', folder / 'vmlinux')
        keep_modules(unpacked, version, folder / 'modules')
    write_initrd(folder / 'initrd', folder / 'modules', version)


def prepare(folder):
    """Does nothing where the folder is complete and made by this very program. Missing: it cannot be made here."""
    check_programs()
    complete = folder / 'complete'
    if complete.exists() and complete.read_text() == fingerprint():
        return
    print('preparing the virtual machine', flush=True)
    build(folder)
    complete.write_text(fingerprint())
