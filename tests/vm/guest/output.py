# SPDX-License-Identifier: MIT
"""The guest's half of output: pictures go into an output device, and other programs read them where they come out.

vivid's second device has an output whose pictures its own input shows. Where v4l2loopback is there as well, it is given the same.
"""
import pathlib
import subprocess

import guest

OUTPUT, INPUT = '/dev/video10', '/dev/video1'
LOOPBACK = '/dev/video11'
WIDTH, HEIGHT = 640, 480
VIVID = ('vivid', 'n_devs=2', 'node_types=0x1,0x101', 'num_inputs=1,1', 'input_types=0x0,0x3', 'num_outputs=0,1',
         'output_types=0x0,0x1', 'vid_cap_nr=0,1', 'vid_out_nr=-1,10')
READ_S = 60 * guest.SLOW


def v4l2(device, *words, **options):
    return guest.command('v4l2-ctl', '-d', device, *words, **options)


def load():
    guest.load(*VIVID)
    for path in (guest.CAMERA, INPUT, OUTPUT):
        guest.wait_until(pathlib.Path(path).exists, path)
    guest.set_controls(*guest.STILL_PICTURE)


def join_output_to_input():
    """Both 640x480 at 59.94 Hz, as a cable would."""
    for device in (OUTPUT, INPUT):
        v4l2(device, '--set-dv-bt-timings', 'index=0')
    v4l2(INPUT, '-c', 'loop_video=1', '-c', 'osd_text_mode=2')


def format_words(fourcc):
    return f'--set-fmt-video=width={WIDTH},height={HEIGHT},pixelformat={fourcc}'


def record_camera():
    v4l2(guest.CAMERA, format_words('YUYV'), '--stream-mmap', '--stream-count=1', f'--stream-to={guest.OUT}/camera.yuv')


def read_v4l2_ctl(device, name, n=3):
    """The last of some pictures, as the program took it."""
    path = guest.OUT / f'{name}.yuv'
    v4l2(device, format_words('YUYV'), '--stream-mmap', f'--stream-count={n}', f'--stream-to={path}', timeout_s=READ_S)
    data = path.read_bytes()
    size = WIDTH * HEIGHT * 2
    path.write_bytes(data[-size:])
    return len(data) / size


def read_ffmpeg(device, name, n=3):
    path = guest.OUT / f'{name}.yuv'
    guest.command('ffmpeg', '-loglevel', 'error', '-y', '-f', 'v4l2', '-input_format', 'yuyv422', '-video_size',
                  f'{WIDTH}x{HEIGHT}', '-i', device, '-frames:v', n, '-f', 'rawvideo', path, timeout_s=READ_S)
    data = path.read_bytes()
    size = WIDTH * HEIGHT * 2
    path.write_bytes(data[-size:])
    return len(data) / size


def daemon(device, log):
    return guest.Daemon('--source', f'v4l2:{guest.CAMERA}', '--display', f'v4l2:{device}', '--set',
                        f'capture.size={WIDTH}x{HEIGHT}', '--style', guest.PLAIN_STYLE, log=log)


def away(running, device, name):
    """The camera is silent, and the reader has words to read."""
    guest.set_controls('percentage_of_dropped_buffers=100')
    running.wait(lambda status: status['source_state'] == 'silent', 'camera silent')
    running.wait_shown(2)
    n = read_v4l2_ctl(device, f'{name}_away')
    guest.set_controls('percentage_of_dropped_buffers=0')
    running.wait(lambda status: status['source_state'] == 'flowing', 'flowing again')
    running.wait_shown(3)
    return n


def try_device(device, source, name):
    """Readers come and go while it runs, and stay while the camera is away."""
    found = {}
    with daemon(device, f'daemon_{name}.log') as running:
        running.wait_shown(5)
        found['v4l2-ctl'] = read_v4l2_ctl(source, f'{name}_v4l2_ctl')
        found['ffmpeg'] = read_ffmpeg(source, f'{name}_ffmpeg')
        found['camera away'] = away(running, source, name)
        found['v4l2-ctl again'] = read_v4l2_ctl(source, f'{name}_again')
        found['status'] = running.status()
    found['code'] = running.code
    return found


def load_loopback():
    done = subprocess.run(['modprobe', 'v4l2loopback', 'video_nr=11', 'exclusive_caps=1', 'card_label=painting'], check=False)
    return done.returncode == 0


def case(_host):
    load()
    join_output_to_input()
    record_camera()
    found = {'vivid': try_device(OUTPUT, INPUT, 'vivid')}
    if load_loopback():
        guest.wait_until(pathlib.Path(LOOPBACK).exists, LOOPBACK)
        found['v4l2loopback'] = try_device(LOOPBACK, LOOPBACK, 'v4l2loopback')
    return found


guest.run(case)
