# SPDX-License-Identifier: MIT
"""The guest's half of latency: a camera that draws its clock and its frame counter, and screenshots at known times."""
import pathlib
import re
import time

import guest

SIZE = guest.PARAMETERS['size']
N_SHOTS = guest.PARAMETERS['n_shots']
RECORDED = guest.PARAMETERS['recorded']
COUNTERS = ('test_pattern=4', 'osd_text_mode=1', 'timestamp_source=1')
FRAMES_BEFORE = 40
TRACING = pathlib.Path('/sys/kernel/tracing')


def now_us():
    return time.monotonic_ns() // 1000


def record_camera():
    width, height = SIZE
    guest.command('v4l2-ctl', '-d', guest.CAMERA, f'--set-fmt-video=width={width},height={height},pixelformat=YU12',
                  '--stream-mmap', f'--stream-count={RECORDED}', f'--stream-to={guest.OUT / "camera.yuv"}')


def watch_driver():
    guest.command('mount', '-t', 'tracefs', 'tracefs', TRACING)
    (TRACING / 'events/v4l2/v4l2_dqbuf/enable').write_text('1')


def captured_us():
    """What the driver told of each picture that it handed out, by the picture's number."""
    lines = re.findall(r'v4l2_dqbuf: .* timestamp = (\d+), .* sequence = (\d+)', (TRACING / 'trace').read_text())
    return {int(number): int(stamp_ns) // 1000 for stamp_ns, number in lines}


def shoot(host, daemon, name):
    """A screenshot, when it was taken, and what the daemon says of the frames around it."""
    from_us = now_us()
    host.ask('screenshot', name)
    to_us = now_us()
    status = daemon.wait_shown(3)
    first = max(1, status['painted'] - FRAMES_BEFORE)
    frames = guest.ask(guest.CONTROL, 'trace', str(first))['frames']
    return {'name': name, 'from_us': from_us, 'to_us': to_us,
            'frames': [frame for frame in frames if 'shown_us' in frame]}


def case(host):
    guest.load_screen()
    guest.load_camera()
    guest.set_controls(*COUNTERS)
    record_camera()
    watch_driver()
    with guest.plain_daemon() as daemon:
        daemon.wait_shown(5)
        shots = [shoot(host, daemon, f'shot_{i}') for i in range(N_SHOTS)]
        status = daemon.status()
    return {'shots': shots, 'captured_us': captured_us(), 'latency': status['stages']['latency'],
            'guessed': status['guessed'], 'code': daemon.code}


guest.run(case)
