# SPDX-License-Identifier: MIT
"""The guest's half of vblank: a screen that refreshes sixty times a second, and budgets that end at its refreshes."""
import pathlib

import guest

BUDGET_US = 30000
N_FLIPS = 120
SCREEN = ('--set', 'display.size=640x480')


def load_drivers():
    guest.load('vkms')
    guest.wait_until(pathlib.Path('/dev/dri/card0').exists, 'the graphics card')
    guest.load_camera()


def read_trace(daemon, n_frames):
    frames, first = [], max(1, daemon.status()['painted'] - n_frames)
    while len(frames) < n_frames:
        more = guest.ask(guest.CONTROL, 'trace', str(first))
        frames, first = frames + more['frames'], more['next']
    return frames


def flip_fast():
    """A camera as fast as the screen."""
    with guest.Daemon('--source', f'v4l2:{guest.CAMERA}', '--display', 'kms', '--set', 'capture.size=320x180', '--set',
                      'capture.rate=60', '--style', guest.PLAIN_STYLE, *SCREEN) as daemon:
        daemon.wait_shown(N_FLIPS + 20)
        frames = [frame for frame in read_trace(daemon, N_FLIPS) if 'shown_us' in frame]
        status = daemon.status()
    return {'frames': frames, 'status': status, 'code': daemon.code}


def meet_refreshes():
    with guest.plain_daemon('--set', 'budget.deadline=vblank', '--budget', f'{BUDGET_US}us', *SCREEN) as daemon:
        daemon.wait(lambda status: status['phase_us'] is not None, 'the grid of refreshes')
        status = daemon.wait_shown(20)
        frames = read_trace(daemon, 20)
    return {'status': status, 'frames': frames, 'budget_us': BUDGET_US, 'code': daemon.code}


def case(_host):
    load_drivers()
    return {'fast': flip_fast(), 'refreshes': meet_refreshes()}


guest.run(case)
