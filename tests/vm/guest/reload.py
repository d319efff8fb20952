# SPDX-License-Identifier: MIT
"""The guest's half of reload: settings of the camera and of the screen change while pictures are shown, by a file and by ar-ctl."""
import pathlib
import shutil
import subprocess

import guest

FILE = pathlib.Path('/run/ar-daemon.conf')
STYLE = pathlib.Path('/run/plain.safetensors')  # where reading it takes no time of the host's


def write_file(size):
    FILE.write_text(f'[capture]\nsource = v4l2:{guest.CAMERA}\nsize = {size}\n'
                    f'[display]\noutput = kms\n[network]\nstyle = {STYLE}\n')


def read_trace(first):
    frames = []
    while (more := guest.ask(guest.CONTROL, 'trace', str(first)))['frames']:
        frames, first = frames + more['frames'], more['next']
    return frames


def change(host, daemon, name, *words):
    """What is on the screen from before it until after it, and when each picture got there."""
    first = daemon.wait_shown(3)['painted']
    shots = [f'{name}_before']
    host.ask('screenshot', shots[-1])
    with subprocess.Popen([guest.PARAMETERS['ctl'], '--socket', guest.CONTROL, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as ctl:
        while ctl.poll() is None:
            shots.append(f'{name}_{len(shots)}')
            host.ask('screenshot', shots[-1])
        said = ctl.stdout.read().decode()
    if ctl.returncode != 0:
        raise AssertionError(f'ar-ctl {words}: {ctl.returncode}: {said}')
    status = daemon.wait_shown(3)
    shots.append(f'{name}_after')
    host.ask('screenshot', shots[-1])
    shown_us = [frame['shown_us'] for frame in read_trace(first) if 'shown_us' in frame]
    return {'shots': shots, 'shown_us': shown_us, 'status': status, 'said': said}


def reload(host, daemon, size):
    daemon.wait_shown()  # it has read the file as it was
    write_file(size)
    return change(host, daemon, 'reload', 'reload')


def case(host):
    guest.load_screen()
    guest.load_camera()
    shutil.copy(guest.PLAIN_STYLE, STYLE)
    write_file('640x360')
    with guest.Daemon('--config', FILE) as daemon:
        found = {'reload': reload(host, daemon, '320x180')}
        for name, setting in guest.PARAMETERS['settings'].items():
            found[name] = change(host, daemon, name, 'set', setting)
        pid = daemon.process.pid
    return {'changes': found, 'pid': pid, 'code': daemon.code}


guest.run(case)
