# SPDX-License-Identifier: MIT
"""A cgroup of our own, of either version, in which a process gets a share of the processors."""
import contextlib
import os
import pathlib
import time

NAME = 'ar-live-governor-{}'
PERIOD_US = 10000  # the default of 100 ms would be a pause of several frames at a time
EMPTY_S = 2        # until the kernel lets go of an empty group
POLL_S = 0.02


class Unavailable(Exception):
    """There is none to be had here, and why."""


def limits(version, quota_us):
    """Files of a group and what they say: so much time in each period."""
    if version == 2:
        return {'cpu.max': f'{quota_us} {PERIOD_US}'}
    return {'cpu.cfs_period_us': str(PERIOD_US), 'cpu.cfs_quota_us': str(quota_us)}


def hierarchies():
    """Version and our own folder of each hierarchy that may know processor time."""
    own = {}
    for line in pathlib.Path('/proc/self/cgroup').read_text(encoding='utf-8').splitlines():
        _, controllers, path = line.split(':', 2)
        own.update({controller: path for controller in controllers.split(',')})
    for line in pathlib.Path('/proc/self/mountinfo').read_text(encoding='utf-8').splitlines():
        mount, _, kind = line.partition(' - ')
        root, point = mount.split()[3:5]
        kind, _, options = kind.split(' ', 2)
        if kind == 'cgroup2' and '' in own:
            yield 2, folder_of(own[''], root, point)
        elif kind == 'cgroup' and 'cpu' in options.split(',') and 'cpu' in own:
            yield 1, folder_of(own['cpu'], root, point)


def folder_of(path, root, point):
    """Where a group is mounted; the mount itself where the group lies outside of it."""
    inside = os.path.relpath(path, root)
    return pathlib.Path(point) / ('' if inside.startswith('..') else inside)


def parents(version, own):
    """Where a group with a limit can be made: of version 2, below who hands the controller down."""
    if version == 1:
        return [own]
    found = []
    for folder in [own, *own.parents]:
        handed_down = folder / 'cgroup.subtree_control'
        if handed_down.exists() and 'cpu' in handed_down.read_text(encoding='utf-8').split():
            found.append(folder)
    return found


def write_all(group, files):
    """Into the files of a group."""
    for name, text in files.items():
        (group / name).write_text(text, encoding='utf-8')


def remove(group):
    """An empty group may be busy for a moment."""
    end = time.monotonic() + EMPTY_S
    while True:
        try:
            group.rmdir()
            return
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(POLL_S)


def make(files_of):
    """A group with these limits, and the folder that its processes go back to."""
    problems = []
    for version, own in hierarchies():
        folders = parents(version, own)
        if not folders:
            problems.append(f'{own}: the cpu controller is not handed down')
        for parent in folders:
            group = parent / NAME.format(os.getpid())
            try:
                group.mkdir()
            except OSError as error:
                problems.append(str(error))
                continue
            try:
                write_all(group, files_of(version))
                return group, own
            except OSError as error:
                problems.append(str(error))
                remove(group)
    raise Unavailable('; '.join(problems) or 'no cgroup hierarchy is mounted')


@contextlib.contextmanager
def limited(pid, share):
    """The process gets this share of all processors, until the end of the `with` block."""
    quota_us = int(share * PERIOD_US * len(os.sched_getaffinity(0)))
    group, home = make(lambda version: limits(version, quota_us))
    try:
        try:
            write_all(group, {'cgroup.procs': str(pid)})
        except OSError as error:
            raise Unavailable(str(error)) from None
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                write_all(home, {'cgroup.procs': str(pid)})
    finally:
        remove(group)
