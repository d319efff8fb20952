# SPDX-License-Identifier: MIT
"""The guest's half of hotplug: the screen is unplugged, and another one is plugged in."""
import guest

SIZES = guest.PARAMETERS['sizes']
UNSEEN_PICTURES = 5


def unplug(host, daemon):
    host.ask('resize', 0, 0)
    gone = daemon.wait(lambda status: 'unplugged' in status['display'], 'the screen is gone')
    later = daemon.wait(lambda status: status['painted'] >= gone['painted'] + UNSEEN_PICTURES, 'pictures for nobody')
    return {'display': gone['display'], 'shown': later['shown'] - gone['shown'], 'pid': later['pid']}


def plug(host, daemon, width, height):
    host.ask('resize', width, height)
    daemon.wait(lambda status: f'{width}x{height}' in status['display'], f'a screen of {width}x{height}')
    status = daemon.wait_shown(3)
    host.ask('screenshot', f'{width}x{height}')
    return {'display': status['display'], 'pid': status['pid']}


def case(host):
    guest.load_screen()
    guest.load_camera()
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(3)
        pid = daemon.process.pid
        rounds = [{'away': unplug(host, daemon), 'back': plug(host, daemon, *size)} for size in SIZES]
    return {'rounds': rounds, 'pid': pid, 'code': daemon.code}


guest.run(case)
