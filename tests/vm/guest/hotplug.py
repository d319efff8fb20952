# SPDX-License-Identifier: MIT
"""The guest's half of hotplug: the screen is unplugged, and another one is plugged in; then one that is off at the start."""
import os
import socket
import time

import guest

SIZES = guest.PARAMETERS['sizes']


def unplug(host, daemon):
    began = time.monotonic()
    host.ask('resize', 0, 0)
    gone = daemon.wait(lambda status: 'unplugged' in status['display'], 'the screen is gone')
    noticed_s = time.monotonic() - began
    later = daemon.wait(lambda status: status['state'] == 'idle', 'rest')
    return {'display': gone['display'], 'state': gone['displays'][0]['screen'], 'shown': later['shown'] - gone['shown'],
            'pid': later['pid'], 'source_state': later['source_state'], 'noticed_s': round(noticed_s, 3)}


def plug(host, daemon, width, height, name=''):
    shown = daemon.status()['shown']
    began = time.monotonic()
    host.ask('resize', width, height)
    daemon.wait(lambda status: f'{width}x{height}' in status['display'] and status['shown'] > shown,
                f'a picture on a screen of {width}x{height}')
    back_s = time.monotonic() - began
    status = daemon.wait_shown(3)
    host.ask('screenshot', f'{name}{width}x{height}')
    return {'display': status['display'], 'pid': status['pid'], 'back_s': round(back_s, 3)}


def move_cable(host, daemon):
    """From the card's first connector to its second, and out of it."""
    before = daemon.status()
    host.ask('resize', 0, 0)
    daemon.wait(lambda status: 'unplugged' in status['display'], 'the screen is gone')
    began = time.monotonic()
    host.ask('resize', *SIZES[0], 1)
    daemon.wait(lambda status: 'Virtual-2' in status['display'] and status['shown'] > before['shown'], 'a picture at the other connector')
    back_s = time.monotonic() - began
    status = daemon.wait_shown(3)
    host.ask('screenshot', 'moved', 1)
    host.ask('resize', 0, 0, 1)
    return {'display': status['display'], 'pid': status['pid'], 'back_s': round(back_s, 3)}


def exchange_screens(host):
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(3)
        pid = daemon.process.pid
        rounds = [{'away': unplug(host, daemon), 'back': plug(host, daemon, *size)} for size in SIZES]
        moved = move_cable(host, daemon)
    return {'rounds': rounds, 'moved': moved, 'pid': pid, 'code': daemon.code}


def start_without(host, output):
    """As a service at power-on, whose screen is switched on later."""
    host.ask('resize', 0, 0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f'/run/notify_{output}')
        manager.settimeout(guest.START_S)
        environment = {**os.environ, 'INVOCATION_ID': '1', 'NOTIFY_SOCKET': manager.getsockname()}
        with guest.plain_daemon('--display', output, env=environment, log=f'daemon_{output}.log') as daemon:
            ready = manager.recv(4096).decode()
            away = daemon.wait(lambda status: status['state'] == 'idle', 'rest')
            told = manager.recv(4096).decode()
            back = plug(host, daemon, *SIZES[0], f'{output}_')
            status = daemon.status()
    return {'ready': ready, 'told': told, 'away': away, 'back': back, 'status': status, 'code': daemon.code}


def case(host):
    guest.load_screen()
    guest.load_camera()
    return {'exchange': exchange_screens(host), 'late': {output: start_without(host, output) for output in ('auto', 'kms')}}


guest.run(case)
