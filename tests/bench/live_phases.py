# SPDX-License-Identifier: MIT
"""What happens to the daemon: each phase takes the machine, or the time there is, from it in another way.

A phase that is broken off leaves the daemon as it is then, stopped even: it ends with the run. What it started is gone.
"""
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import time

import live_cgroup
from live_daemon import BUDGET

CO_RUNNER = 'stress-ng'
LOADS_PCT = (0, 20, 40, 60)
BUDGETS = ('20ms', '30ms', '50ms')
QUOTA = 0.6      # of all processors
PULSE_S = 0.05   # stopped
PULSE_EVERY_S = 1


class Skipped(Exception):
    """A phase that cannot be had here, and why."""


@contextlib.contextmanager
def beside(*arguments):
    """stress-ng runs until the end of the `with` block."""
    program = shutil.which(CO_RUNNER)
    if not program:
        raise Skipped(f'{CO_RUNNER} is missing: it is the Debian package of that name')
    process = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        yield
        if process.poll() is not None:
            raise Skipped(f'{CO_RUNNER} {" ".join(arguments)} ended by itself, '
                          f'with {process.returncode}')
    finally:
        end(process)


def end(process):
    """Ends a group of processes at once: when asked to, some finish what they are at."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def load(percent):
    """One processor is busy for this share of the time."""
    if percent == 0:
        return contextlib.nullcontext()
    return beside('--cpu', '1', '--cpu-load', str(percent))


def quiet(daemon, seconds):
    """Nothing."""
    daemon.pause(seconds)


def loaded(percent, daemon, seconds):
    """Another program computes."""
    with load(percent):
        daemon.pause(seconds)


def stream(daemon, seconds):
    """Another program takes the memory's bandwidth."""
    with beside('--stream', '1'):
        daemon.pause(seconds)


def quota(daemon, seconds):
    """The daemon gets a share of the processors only."""
    try:
        with live_cgroup.limited(daemon.process.pid, QUOTA):
            daemon.pause(seconds)
    except live_cgroup.Unavailable as error:
        raise Skipped(f'no cgroup to limit processor time with: {error}') from None


def pulses(daemon, seconds):
    """The daemon stands still for a moment, again and again."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        daemon.send(signal.SIGSTOP)
        daemon.pause(PULSE_S)
        daemon.send(signal.SIGCONT)
        daemon.pause(min(PULSE_EVERY_S - PULSE_S, end_s - time.monotonic()))


def step_budgets(daemon, seconds):
    """The budget goes up and, at the end, back."""
    for budget in BUDGETS:
        daemon.ctl('budget', budget)
        daemon.pause(seconds / len(BUDGETS))
    daemon.ctl('budget', BUDGET)


def mixed(daemon, seconds):
    """The other program computes more and more, and beside each of its loads the budget steps."""
    for percent in LOADS_PCT:
        with load(percent):
            step_budgets(daemon, seconds / len(LOADS_PCT))


PHASES = {
    'quiet': quiet,
    **{f'cpu{percent}': functools.partial(loaded, percent) for percent in LOADS_PCT if percent},
    'stream': stream,
    'quota': quota,
    'pulses': pulses,
    'budget': step_budgets,
    'mixed': mixed,
}
