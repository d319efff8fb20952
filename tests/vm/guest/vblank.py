# SPDX-License-Identifier: MIT
"""The guest's half of vblank: a screen that refreshes sixty times a second, and budgets that end at its refreshes."""
import pathlib

import guest

BUDGET_US = 30000


def case(_host):
    guest.load('vkms')
    guest.wait_until(pathlib.Path('/dev/dri/card0').exists, 'the graphics card')
    guest.load_camera()
    with guest.plain_daemon('--set', 'budget.deadline=vblank', '--budget', f'{BUDGET_US}us') as daemon:
        daemon.wait(lambda status: status['phase_us'] is not None, 'the grid of refreshes')
        status = daemon.wait_shown(20)
        frames = guest.ask(guest.CONTROL, 'trace', str(max(1, status['painted'] - 20)))['frames']
    return {'status': status, 'frames': frames, 'budget_us': BUDGET_US, 'code': daemon.code}


guest.run(case)
