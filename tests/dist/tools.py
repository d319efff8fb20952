# SPDX-License-Identifier: MIT
"""What the tests of what is installed share. They are e2e tests in all else: see tests/e2e/harness.py."""
import shutil
import subprocess
import unittest


def needs(*programs):
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, f'not installed: {" ".join(missing)}')


def run(*command, **options):
    """What a command says, on both outputs. It must succeed."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, encoding='utf-8', errors='replace', **options)
    if done.returncode != 0:
        raise AssertionError(f'{" ".join(map(str, command))}: exit code {done.returncode}\n{done.stdout}')
    return done.stdout
