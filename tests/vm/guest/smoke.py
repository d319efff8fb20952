# SPDX-License-Identifier: MIT
"""The guest's half of smoke: for each look, the camera's own picture for the host, then ar-daemon and a screenshot."""
import guest


def record_camera(name, width, height):
    guest.command('v4l2-ctl', '-d', guest.CAMERA, f'--set-fmt-video=width={width},height={height},pixelformat=YU12',
                  '--stream-mmap', '--stream-count=1', f'--stream-to={guest.OUT / name}_camera.yuv')


def show(host, name, style, size, n_pictures, camera=()):
    width, height = size
    guest.change_camera(*guest.VIVID, *camera)
    host.ask('resize', width, height)
    if not camera:
        record_camera(name, width, height)
    arguments = ('--source', f'v4l2:{guest.CAMERA}', '--display', 'kms', '--set', f'capture.size={width}x{height}',
                 '--style', style)
    with guest.Daemon(*arguments, log=f'daemon_{name}.log') as daemon:
        status = daemon.wait_shown(n_pictures)
        host.ask('screenshot', name)
    return {'status': status, 'code': daemon.code}


def case(host):
    guest.load_screen()
    return {name: show(host, name, **{**look, 'style': guest.OUT / look['style']})
            for name, look in guest.PARAMETERS['looks'].items()}


guest.run(case)
