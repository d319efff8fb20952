# SPDX-License-Identifier: MIT
"""The machines that QEMU plays: the one that a program was built for."""
import pathlib
import typing


class Architecture(typing.NamedTuple):
    name: str            # as Debian calls it
    elf: int             # as a program's header calls it
    qemu: str
    machine: tuple       # QEMU's options for it
    console: str         # the kernel's name of the first serial line
    boot: str            # what else the kernel is told
    second_line: tuple   # QEMU's options for one more serial line, and what it is to the guest
    talk: str


AMD64 = Architecture(
    'amd64', 62, 'qemu-system-x86_64', ('-M', 'pc', '-cpu', 'max'), 'ttyS0',
    # On a busy host the kernel's check of the timer comes out wrong, and it gives up.
    'no_timer_check mitigations=off apparmor=0', ('-serial', 'chardev:talk'), '/dev/ttyS1')
ARM64 = Architecture(
    'arm64', 183, 'qemu-system-aarch64', ('-M', 'virt', '-cpu', 'cortex-a76'), 'ttyAMA0', 'mitigations=off',
    ('-device', 'pci-serial,chardev=talk'), '/dev/ttyS0')

ELF_MACHINE = slice(18, 20)


def of_program(path):
    with open(path, 'rb') as file:
        machine = int.from_bytes(file.read(ELF_MACHINE.stop)[ELF_MACHINE], 'little')
    for architecture in (AMD64, ARM64):
        if architecture.elf == machine:
            return architecture
    raise ValueError(f'{pathlib.Path(path).name}: built for a machine (ELF {machine}) that the cases do not know')
