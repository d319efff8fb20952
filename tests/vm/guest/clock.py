# SPDX-License-Identifier: MIT
"""The guest's half of clock: the calendar is set forward and back while pictures come, and io_uring is switched off."""
import pathlib
import time

import guest
import observe

DAY_S = 86400
JUMPS = {'the calendar is set forward by a day': DAY_S, 'the calendar is set back by a year': -365 * DAY_S}
IO_URING = pathlib.Path('/proc/sys/kernel/io_uring_disabled')
OFF_FOR_ALL = '2'


def jump(seconds):
    time.clock_settime(time.CLOCK_REALTIME, time.time() + seconds)


def daemon(log):
    return guest.Daemon('--source', f'v4l2:{guest.CAMERA}', '--display', 'null', '--set', 'capture.size=640x360', '--style',
                        guest.PLAIN_STYLE, log=log)


def jumps():
    with daemon('jumps.log') as running:
        running.wait_shown(5)
        rows = {name: observe.pass_by(running, lambda seconds=seconds: jump(seconds)) for name, seconds in JUMPS.items()}
        pid = running.process.pid
    return {'pid': pid, 'rows': rows, 'code': running.code}


def without_io_uring():
    if not IO_URING.exists():  # before Linux 6.6
        return None
    IO_URING.write_text(OFF_FOR_ALL)
    with daemon('poll.log') as running:
        status = running.wait_shown(5)
    return {'loop': status['loop'], 'code': running.code, 'log': running.log_path.read_text()}


def case(_host):
    guest.load_camera()
    guest.set_controls('timestamp_source=1')  # stamps are in the past, as a camera's are
    return {**jumps(), 'without_io_uring': without_io_uring()}


guest.run(case)
