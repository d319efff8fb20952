# SPDX-License-Identifier: MIT
"""A program that measures in turns with others (serve.h)."""
import subprocess

import peer_engine


class Child:
    """Such a program, running."""

    def __init__(self, *command):
        try:
            self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        except OSError as error:
            raise peer_engine.Unavailable(f'{command[0]}: {error.strerror}') from error

    def line(self):
        """The next line of text, without its end; Unavailable when the program has ended."""
        line = self.process.stdout.readline().decode()
        if not line:
            words = self.process.stderr.read().decode().strip()
            self.close()
            raise peer_engine.Unavailable(words.rpartition('\n')[2] or 'ends at once')
        return line.rstrip('\n')

    def bytes(self, size_b):
        """So many of the bytes that follow."""
        return self.process.stdout.read(size_b)

    def turn(self, n_runs):
        """See peer_engine."""
        self.process.stdin.write(f'{n_runs}\n'.encode())
        self.process.stdin.flush()
        return list(map(int, self.line().split()))

    def close(self):
        """Ends the program and waits for that."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()
