# SPDX-License-Identifier: MIT
"""The guest's half of faults: one error after another from the camera's driver, and what becomes of the pictures."""
import subprocess
import time

import guest

# What goes wrong: the driver's controls that make it so, and those that make it good again.
FAULTS = {
    'a picture with errors': (['inject_v4l2_buf_flag_error=1'], []),
    'QBUF refused': (['inject_vidioc_qbuf_error=1'], []),
    'every second picture lost': (['percentage_of_dropped_buffers=50'], ['percentage_of_dropped_buffers=0']),
    'streaming breaks': (['inject_fatal_streaming_error=1'], []),
    'streaming breaks, QBUF refused': (['inject_vidioc_qbuf_error=1', 'inject_fatal_streaming_error=1'], []),
    'streaming breaks, STREAMON refused': (['inject_vidioc_streamon_error=1', 'inject_fatal_streaming_error=1'], []),
    'camera gone': (['disconnect=1'], []),
    'camera gone, REQBUFS refused': (['inject_vidioc_reqbufs_error=1', 'disconnect=1'], []),
    'camera gone, STREAMON refused': (['inject_vidioc_streamon_error=1', 'disconnect=1'], []),
}
WATCHED_PICTURES = 15
WATCH_S = 30 * guest.SLOW


def watch(daemon, injector):
    """The states seen from before the fault until some pictures after it, and the longest time without a picture."""
    states, longest_s, wanted = set(), 0, None
    last_painted, last_s = daemon.status()['painted'], time.monotonic()
    end = last_s + WATCH_S
    while wanted is None or last_painted < wanted:
        status, now = daemon.status(), time.monotonic()
        if now > end:
            raise AssertionError(f'only {last_painted} of {wanted} pictures within {WATCH_S} s; states {states}')
        if wanted is None and injector.poll() is not None:
            wanted = last_painted + WATCHED_PICTURES
        states.add(status['source_state'])
        longest_s = max(longest_s, now - last_s)
        if status['painted'] > last_painted:
            last_painted, last_s = status['painted'], now
        time.sleep(guest.POLL_S)
    return sorted(states), round(longest_s, 3)


def meet(daemon, bad, good):
    before = daemon.status()
    injector = subprocess.Popen(guest.control_words(*bad), stdin=subprocess.DEVNULL)
    states, longest_s = watch(daemon, injector)
    if injector.returncode != 0:
        raise AssertionError(f'{bad}: v4l2-ctl ended with {injector.returncode}')
    if good:
        guest.set_controls(*good)
    after = daemon.wait(lambda status: status['source_state'] == 'flowing', 'flowing again')
    return {'states': states, 'longest_s': longest_s, 'pid': after['pid'],
            **{name: after[name] - before[name] for name in ('corrupt', 'lost', 'painted')}}


def case(_host):
    guest.load_screen()
    guest.load_camera()
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(5)
        pid = daemon.process.pid
        rows = {name: meet(daemon, *controls) for name, controls in FAULTS.items()}
    return {'rows': rows, 'pid': pid, 'code': daemon.code}


guest.run(case)
