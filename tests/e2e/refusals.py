# SPDX-License-Identifier: MIT
"""Orders to the library that is preloaded into ar-daemon to refuse it memory, or to kill it (refuse_allocations.c)."""
import os
import struct

REFUSER = os.environ.get('AR_ALLOCATION_REFUSER')
NEVER = 1 << 60
ORDERS = struct.Struct('=qqqq')  # orders of refuse_allocations.c


class Refusals:
    """The file that the library looks into."""

    def __init__(self, path):
        self.path = path
        self.ordered = NEVER
        path.write_bytes(ORDERS.pack(NEVER, 1, False, NEVER))

    def environment(self):
        # A sanitizer insists on being the first library, and would have nothing refused.
        asan = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        return {'LD_PRELOAD': REFUSER, 'AR_REFUSALS': str(self.path), 'ASAN_OPTIONS': asan.lstrip(':')}

    def order(self, n_left, n_refused=1, everywhere=False):
        """So many calls go well from now on, and the next ones do not."""
        self.ordered = n_left
        with open(self.path, 'r+b', buffering=0) as file:
            os.pwrite(file.fileno(), struct.pack('=qq', n_refused, everywhere), 8)
            os.pwrite(file.fileno(), struct.pack('=q', n_left), 0)

    def kill_after(self, n_steps):
        """So many steps of writing a file are made from now on, and it is killed before the next one."""
        with open(self.path, 'r+b', buffering=0) as file:
            os.pwrite(file.fileno(), struct.pack('=q', n_steps), 24)

    def n_calls(self):
        """Since the order."""
        return self.ordered - ORDERS.unpack(self.path.read_bytes())[0]
