#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program for which the kernel refuses io_uring, as containers and hardened machines do.

    refuse_io_uring.py ERROR PROGRAM [ARGUMENT ...]
"""
import ctypes
import errno
import os
import struct
import sys

IO_URING_SETUP = 425  # on every architecture
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # of the kernel's packet filter
ALLOW, REFUSE = 0x7fff0000, 0x00050000


class Program(ctypes.Structure):
    _fields_ = [('n', ctypes.c_ushort), ('filter', ctypes.c_char_p)]


def refuse(error):
    libc = ctypes.CDLL(None, use_errno=True)
    steps = b''.join(struct.pack('=HBBI', *step) for step in (
        (LOAD, 0, 0, 0),  # the call's number comes first
        (JUMP_IF_EQUAL, 0, 1, IO_URING_SETUP),
        (RETURN, 0, 0, REFUSE | error),
        (RETURN, 0, 0, ALLOW)))
    program = Program(4, steps)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(PR_SET_SECCOMP, FILTER, ctypes.byref(program)) != 0:
        sys.exit(f'refuse_io_uring.py: {os.strerror(ctypes.get_errno())}')


if __name__ == '__main__':
    refuse(getattr(errno, sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
