# SPDX-License-Identifier: MIT
"""The guest's half of unplug: the camera is taken away from a running ar-daemon and given back, some times."""
import pathlib
import time

import guest
import observe

DRIVER = pathlib.Path('/sys/bus/platform/drivers/vivid')
TIMES = 3
AWAY_S = 1


def unplug_and_plug(daemon):
    gone = []

    def stay_away(_):
        gone.append(not pathlib.Path(guest.CAMERA).exists())
        time.sleep(AWAY_S)

    row = observe.last(daemon, lambda: (DRIVER / 'unbind').write_text('vivid.0'), 'lost',
                       lambda: (DRIVER / 'bind').write_text('vivid.0'), stay_away)
    return {'gone': gone == [True], **row}


def case(_host):
    guest.load_screen()
    guest.load_camera()
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(5)
        rows = {f'its driver lets go of it, time {i + 1}': unplug_and_plug(daemon) for i in range(TIMES)}
        daemon.wait_shown(5)
    return {'rows': rows, 'code': daemon.code, 'log': daemon.log_path.read_text()}


guest.run(case)
