# SPDX-License-Identifier: MIT
"""Prepares what a virtual machine boots, once, into a folder: Debian's kernel with the drivers that the cases use. One of
them, vkms, Debian does not build: it is built here of Debian's own source, for the case that wants it.

The guest has no root file system of its own: it reads the host's, so that the programs find the libraries that they
were built with. A guest of another kind has packages of its own, which are put over that. FOLDER then holds `vmlinux`, `initrd`,
`modules` and, for such a guest, `packages`.
"""
import contextlib
import fcntl
import hashlib
import lzma
import os
import pathlib
import platform
import re
import shutil
import struct
import subprocess
import tarfile
import tempfile

import architecture

HERE = pathlib.Path(__file__).resolve().parent
INIT = HERE / 'init'
PACKAGE_LIST = HERE.parents[1] / 'dist/debian-packages'

# What the guest's first program loads; virtio-gpu and the others are loaded by the cases.
FIRST_MODULES = ('virtio_pci', '9pnet_virtio', '9p', 'overlay')
CASE_MODULES = ('vivid', 'virtio-gpu', 'uvcvideo', 'vhci-hcd')

PROGRAMS = ('cpio', 'apt-get', 'depmod', 'modprobe')
OWN_PROGRAMS = ('busybox', 'dpkg-deb', 'v4l2-ctl')  # of a guest of the host's kind
SYSTEM_PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'

VKMS_PROGRAMS = ('make', 'gcc')
VKMS_SOURCE = '/drivers/gpu/drm/vkms/'

DOWNLOAD_S = 240
UNPACK_S = 120
BUILD_S = 300


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


def check_programs(names):
    if platform.machine() != 'x86_64':
        raise Missing(f'the cases want an x86-64 machine, and this one is {platform.machine()}')
    missing = [name for name in names if not shutil.which(name, path=SYSTEM_PATH)]
    if missing:
        raise Missing(f'not installed: {", ".join(missing)}; the set "vm" of dist/debian-packages has them')


def packages_of(*sets):
    lines = [line.split() for line in PACKAGE_LIST.read_text().splitlines()]
    return [words[1] for words in lines if words and words[0] in sets]


def unpack_packages(folder):
    """A guest of another kind: its programs, the libraries of ar-daemon, and the kernel. Gives the kernel's version."""
    release = dict(line.split('=', 1) for line in pathlib.Path('/etc/os-release').read_text().splitlines() if '=' in line)
    sources = [path for pattern in ('sources.list', 'sources.list.d/*.list', 'sources.list.d/*.sources')
               for path in sorted(pathlib.Path('/etc/apt').glob(pattern)) if path.stat().st_size > 0]
    run('mmdebstrap', '--quiet', '--architectures=arm64', '--variant=extract',
        '--include=' + ','.join(packages_of('arm64', 'vm-arm64')), release['VERSION_CODENAME'], folder, *sources,
        timeout_s=DOWNLOAD_S)
    image, = folder.glob('boot/vmlinuz-*')
    return image.name.removeprefix('vmlinuz-')


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


def write_initrd(path, busybox, modules_root, version):
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = pathlib.Path(name)
        for child in ('bin', 'modules', 'proc', 'sys', 'dev', 'host', 'packages', 'memory', 'root'):
            (folder / child).mkdir()
        shutil.copy(busybox, folder / 'bin/busybox')
        shutil.copy(INIT, folder / 'init')
        (folder / 'init').chmod(0o755)
        files = module_files(modules_root, version, FIRST_MODULES)
        for file in files:
            shutil.copy(file, folder / 'modules')
        (folder / 'modules/order').write_text(''.join(f'{file.name}\n' for file in files))
        names = '\n'.join(str(file.relative_to(folder)) for file in sorted(folder.rglob('*')))
        archive = run('cpio', '-o', '-H', 'newc', '-R', '0:0', '--quiet', cwd=folder, input=names.encode())
        path.write_bytes(archive)


def fingerprint(kind):
    packages = [] if kind == architecture.AMD64 else packages_of('arm64', 'vm-arm64')
    return hashlib.sha256(pathlib.Path(__file__).read_bytes() + INIT.read_bytes() + ' '.join(packages).encode()).hexdigest()


def build_own(folder):
    with tempfile.TemporaryDirectory(dir=folder) as name:
        unpacked = pathlib.Path(name)
        version = download_kernel(unpacked)
        write_vmlinux(unpacked / f'boot/vmlinuz-{version}', folder / 'vmlinux')
        keep_modules(unpacked, version, folder / 'modules')
    write_initrd(folder / 'initrd', shutil.which('busybox', path=SYSTEM_PATH), folder / 'modules', version)


def build_other(folder):
    packages = folder / 'packages'
    version = unpack_packages(packages)
    (packages / f'boot/vmlinuz-{version}').rename(folder / 'vmlinux')  # it is not compressed
    keep_modules(packages, version, folder / 'modules')
    for name in ('boot', 'lib/modules'):
        shutil.rmtree(packages / name)
    write_initrd(folder / 'initrd', packages / 'bin/busybox', folder / 'modules', version)


@contextlib.contextmanager
def alone(folder):
    """Cases run at the same time, and share this folder: one prepares, and the others wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(f'{folder.name}.lock'), 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare(folder, kind):
    """Does nothing where the folder is complete and made by this very program. Missing: it cannot be made here."""
    check_programs((kind.qemu, *PROGRAMS, *(OWN_PROGRAMS if kind == architecture.AMD64 else ('mmdebstrap',))))
    complete = folder / 'complete'
    if complete.exists() and complete.read_text() == fingerprint(kind):
        return
    print('preparing the virtual machine', flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if kind == architecture.AMD64:
        build_own(folder)
    else:
        build_other(folder)
    complete.write_text(fingerprint(kind))


def vkms_packages(version):
    """What a module of this kernel is built with."""
    found = []
    wanted = [f'linux-headers-{version}']
    while wanted:
        package = wanted.pop()
        found.append(package)
        depends = run('apt-cache', 'depends', '--no-recommends', package).decode()
        wanted += re.findall(r'^ +Depends: (linux-(?:headers|kbuild|compiler)-\S+)$', depends, re.MULTILINE)
    series = '.'.join(version.split('.')[:2])
    return [*found, f'linux-source-{series}']


def unpack_vkms_source(archive, folder):
    """Reads the kernel's source until the driver's folder is over, which is half of the way."""
    seen = False
    with tarfile.open(archive) as whole:
        for member in whole:
            if VKMS_SOURCE in member.name and member.isfile():
                seen = True
                (folder / pathlib.Path(member.name).name).write_bytes(whole.extractfile(member).read())
            elif seen:
                return
    if not seen:
        raise Missing(f'{archive.name}: no driver vkms in it')


def build_vkms(folder, version):
    """The module's file, built below folder."""
    run('apt-get', 'download', *vkms_packages(version), cwd=folder, timeout_s=DOWNLOAD_S)
    for package in folder.glob('*.deb'):
        run('dpkg-deb', '-x', package, folder)
    source = folder / 'vkms'
    source.mkdir()
    unpack_vkms_source(next(folder.glob('usr/src/linux-source-*.tar.xz')), source)
    headers = folder / f'usr/src/linux-headers-{version}'
    makefile = headers / 'Makefile'
    makefile.write_text(makefile.read_text().replace('/usr/src/', f'{folder}/usr/src/'))
    run('make', '-C', headers, f'M={source}', 'CONFIG_DRM_VKMS=m', 'modules', timeout_s=BUILD_S)
    return source / 'vkms.ko'


def prepare_vkms(folder):
    """Adds the driver vkms to a complete folder, once. Missing: it cannot be built here."""
    version, = (path.name for path in (folder / 'modules/lib/modules').iterdir())
    module = folder / 'modules/lib/modules' / version / 'updates/vkms.ko'
    if module.exists():
        return
    check_programs(VKMS_PROGRAMS)
    print('building vkms', flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        built = build_vkms(pathlib.Path(name), version)
        module.parent.mkdir(exist_ok=True)
        shutil.copy(built, module)
    run('depmod', '-b', folder / 'modules', version)
