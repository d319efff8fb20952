# SPDX-License-Identifier: MIT
"""The guest's half of master: the screen goes to another console, to another program and away, and comes back.

The daemon has no privileges: what it could do with them it must do without.
"""
import fcntl
import os
import pathlib
import shutil
import time

import guest

VT_ACTIVATE, VT_WAITACTIVE = 0x5606, 0x5607
DRIVER = pathlib.Path('/sys/bus/pci/drivers/virtio-pci')
CARD = pathlib.Path('/dev/dri/card0')
DRAWN_S = 0.3  # a console's text gets to the screen some time after it comes to the front
PROGRAM = pathlib.Path('/run/ar-daemon')  # the build folder may not be everybody's to read
NOBODY = {'program': PROGRAM, 'user': 65534, 'group': 65534, 'extra_groups': []}
HIDE_CURSOR = '\033[?25l'


def allow(*paths):
    """What udev and the service manager do."""
    for path in paths:
        guest.wait_until(path.exists, str(path))
        path.chmod(0o777)


def come_to_front(console):
    """What Ctrl+Alt+F1 does."""
    descriptor = os.open('/dev/tty0', os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.ioctl(descriptor, VT_ACTIVATE, console)
        fcntl.ioctl(descriptor, VT_WAITACTIVE, console)
    finally:
        os.close(descriptor)


def write_consoles():
    for console in (2, 1):
        come_to_front(console)
        pathlib.Path(f'/dev/tty{console}').write_text(f'{HIDE_CURSOR}\033[2J\033[H\r\n  This is console {console}.\r\n')


def shoot_console(host, name):
    time.sleep(DRAWN_S)
    host.ask('screenshot', name)


def screen(status):
    return status['displays'][0]['screen']


def wait_state(daemon, state):
    """How long it took, and that the camera rests then."""
    began = time.monotonic()
    status = daemon.wait(lambda status: screen(status) == state, state)
    seconds = time.monotonic() - began
    later = daemon.wait(lambda now: now['state'] == 'idle', 'rest')
    return {'noticed_s': round(seconds, 3), 'display': later['display'], 'source_state': later['source_state'],
            'unseen_shown': later['shown'] - status['shown']}


def wait_back(daemon, began):
    """From a moment on, until a picture is on the screen again."""
    before = daemon.status()['shown']
    status = daemon.wait(lambda status: screen(status) == 'up' and status['shown'] > before, 'back')
    return {'back_s': round(time.monotonic() - began, 3), 'resumed': status['displays'][0]['resumed'], 'pid': status['pid']}


def meet_console(host, daemon):
    come_to_front(2)
    away = wait_state(daemon, 'behind')
    shoot_console(host, 'other_console')
    began = time.monotonic()
    come_to_front(1)
    back = wait_back(daemon, began)
    host.ask('screenshot', 'console_left')
    return {**away, **back}


def meet_program(daemon):
    """It opens the card while nobody has it, as a compositor on another console does, and keeps it for some time."""
    come_to_front(2)
    wait_state(daemon, 'behind')
    program = os.open(CARD, os.O_RDWR)
    come_to_front(1)
    away = wait_state(daemon, 'taken')
    began = time.monotonic()
    os.close(program)
    return {**away, **wait_back(daemon, began)}


def meet_card(daemon):
    """The card is taken from its driver and given back."""
    device = next(path.name for path in DRIVER.iterdir() if (path / 'drm').exists() or list(path.glob('*/drm')))
    (DRIVER / 'unbind').write_text(device)
    away = wait_state(daemon, 'gone')
    began = time.monotonic()
    (DRIVER / 'bind').write_text(device)
    allow(CARD)
    return {**away, **wait_back(daemon, began)}


def meet_program_at_start(host):
    program = os.open(CARD, os.O_RDWR)
    with guest.plain_daemon(**NOBODY) as daemon:
        away = wait_state(daemon, 'taken')
        began = time.monotonic()
        os.close(program)
        found = {**away, **wait_back(daemon, began)}
        daemon.process.kill()
        daemon.process.wait()
        shoot_console(host, 'killed')
    return found


def case(host):
    guest.load_screen()
    guest.load_camera()
    write_consoles()
    shoot_console(host, 'console_1')
    come_to_front(2)
    shoot_console(host, 'console_2')
    come_to_front(1)
    shutil.copy(guest.DAEMON, PROGRAM)
    allow(PROGRAM, CARD, pathlib.Path(guest.CAMERA), pathlib.Path(guest.CONTROL).parent)
    with guest.plain_daemon(**NOBODY) as daemon:
        daemon.wait_shown(3)
        host.ask('screenshot', 'painted')
        found = {'another console in front': meet_console(host, daemon),
                 'another program has the screen': meet_program(daemon),
                 'card gone': meet_card(daemon)}
        pid = daemon.process.pid
    shoot_console(host, 'stopped')
    rows = {**found, 'another program at the start': meet_program_at_start(host)}
    return {'rows': rows, 'pid': pid, 'code': daemon.code}


guest.run(case)
