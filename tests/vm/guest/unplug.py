# SPDX-License-Identifier: MIT
"""The guest's half of unplug: the camera is taken away from a running ar-daemon and given back, some times."""
import pathlib
import time

import guest

DRIVER = pathlib.Path('/sys/bus/platform/drivers/vivid')
TIMES = 3
AWAY_S = 1


def unplug_and_plug(daemon):
    (DRIVER / 'unbind').write_text('vivid.0')
    daemon.wait(lambda status: status['source_state'] == 'lost', 'camera lost')
    gone = not pathlib.Path(guest.CAMERA).exists()
    time.sleep(AWAY_S)
    before = daemon.status()
    (DRIVER / 'bind').write_text('vivid.0')
    back_s = time.monotonic()
    daemon.wait(lambda status: status['resumed'] > before['resumed'] and status['painted'] > before['painted'],
                'pictures again')
    return {'gone': gone, 'resumed_s': round(time.monotonic() - back_s, 3)}


def case(_host):
    guest.load_screen()
    guest.load_camera()
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(5)
        rounds = [unplug_and_plug(daemon) for _ in range(TIMES)]
        daemon.wait_shown(5)
    return {'rounds': rounds, 'code': daemon.code, 'log': daemon.log_path.read_text()}


guest.run(case)
