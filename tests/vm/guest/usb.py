# SPDX-License-Identifier: MIT
"""The guest's half of usb: a USB camera's pictures, and all that may become of it while it is watched."""
import pathlib
import time

import guest
import observe
import usb_camera
import uvc

NO_DROP = pathlib.Path('/sys/module/uvcvideo/parameters/nodrop')
BRIGHTNESS = 200
LONG = 10000  # pictures
STOP_S = 10
HANG_S = 12   # the kernel gives up on an answer after five


# ---- what a camera may send

def truncated(flags, data):
    return flags, data[:len(data) // 2]


def damaged(flags, data):
    """Codes that are none, in the middle of the scan."""
    middle = len(data) // 2
    return flags, data[:middle] + b'\xee' * 32 + data[middle + 32:]


def of_another_size(flags, _):
    return flags, usb_camera.ENCODERS['MJPG'](320, 180, 0)


def empty(flags, _):
    return flags, b''


def flagged(flags, data):
    return flags | uvc.ERROR, data


def keep_looking(watch):
    end_s = time.monotonic() + HANG_S
    watch.until(lambda _: time.monotonic() > end_s, 'the end of the hang')


class Usb:
    """The camera, and a daemon that streams from it, and what happens to both."""

    def __init__(self, host):
        self.host = host
        self.camera = usb_camera.UsbCamera()

    def daemon(self, source, size, *more):
        width, height = size
        self.host.ask('resize', width, height)
        return guest.Daemon('--source', source, '--display', 'kms', '--set', f'capture.size={width}x{height}', '--style',
                            guest.PLAIN_STYLE, *more)

    def screenshot(self, name):
        return lambda _: self.host.ask('screenshot', name)

    def plug_elsewhere(self):
        """Its old node has another camera now."""
        guest.load(*guest.VIVID)
        guest.wait_until(pathlib.Path(guest.CAMERA).exists, 'another camera')
        if self.camera.plug(port=1) == guest.CAMERA:
            raise AssertionError('the node is the same')

    # ---- parts of the case

    def automatic(self):
        """No camera at the start; one comes later, goes, and comes back."""
        with self.daemon('auto', (320, 180)) as daemon:
            scene = daemon.wait_shown(2)
            self.host.ask('screenshot', 'auto_scene')
            watch = observe.Watch(daemon)
            self.camera.plug()
            plugged_s = time.monotonic()
            came = watch.until(lambda status: 'MJPG' in status['source'] and self.camera.n_pictures > 0, 'the camera')
            watch.more_pictures(1)
            found = {'scene': scene['source'], 'came': came['source'], 'came_s': round(watch.painted_s - plugged_s, 3)}
            watch.more_pictures()
            self.host.ask('screenshot', 'auto_camera')
            found['row'] = observe.last(daemon, self.camera.unplug, 'lost', self.camera.plug, self.screenshot('auto_lost'))
        self.camera.unplug()
        return {**found, 'code': daemon.code}

    def stream(self, daemon):
        before = self.camera.n_pictures
        self.host.ask('screenshot', 'stream')
        after = self.camera.n_pictures
        status = daemon.wait(lambda status: status['measured_millihz'] > 0, 'a measured rate')
        return {'n_before': before, 'n_after': after, 'status': status, 'brightness': self.camera.brightness}

    def bad_pictures(self, daemon):
        spoils = {'a picture cut short': truncated, 'a picture damaged inside': damaged, 'an empty picture': empty,
                  'a picture of another size': of_another_size, 'a picture that the camera calls bad': flagged}
        return {name: observe.pass_by(daemon, lambda spoil=spoil: self.camera.spoil_next(spoil))
                for name, spoil in spoils.items()}

    def troubles(self, daemon):
        camera = self.camera

        def set_flag(name, value):
            return lambda: setattr(camera, name, value)

        return {
            'only pictures cut short': observe.last(
                daemon, lambda: camera.spoil_next(truncated, LONG), 'damaged', lambda: camera.spoil_next(None, 0),
                self.screenshot('damaged')),
            'it freezes': observe.last(daemon, set_flag('frozen', True), 'silent', set_flag('frozen', False),
                                       self.screenshot('silent')),
            'it hangs, and answers nothing': observe.last(daemon, set_flag('deaf', True), 'silent', set_flag('deaf', False),
                                                          keep_looking),
            'ar-daemon is stopped for ten seconds': observe.stop_and_go(daemon, STOP_S),
            'unplugged, and plugged in': observe.last(daemon, camera.unplug, 'lost', camera.plug, self.screenshot('lost')),
            'unplugged, and on another node': observe.last(daemon, camera.unplug, 'lost', self.plug_elsewhere),
        }

    def other_modes(self, daemon):
        """What comes back has no JPEG, and bad pictures are handed out."""
        NO_DROP.write_text('1')
        self.camera.modes = {'YUYV': [(320, 180)]}
        rows = {'unplugged, and back with other modes': observe.last(daemon, self.camera.unplug, 'lost', self.camera.plug)}
        self.host.ask('screenshot', 'yuyv')
        rows['a raw picture cut short'] = observe.pass_by(daemon, lambda: self.camera.spoil_next(truncated))
        rows['a raw picture that the driver calls bad'] = observe.pass_by(daemon, lambda: self.camera.spoil_next(flagged))
        return rows

    def named(self):
        with self.daemon('v4l2:UVC', (640, 360), '--set', f'capture.controls.brightness={BRIGHTNESS}') as daemon:
            daemon.wait_shown(10)
            found = {'stream': self.stream(daemon)}
            rows = {**self.bad_pictures(daemon), **self.troubles(daemon), **self.other_modes(daemon)}
            found.update(rows=rows, pid=daemon.process.pid, node=daemon.status()['source'])
        return {**found, 'code': daemon.code, 'log': daemon.log_path.read_text()}

    def run(self):
        automatic = self.automatic()
        self.camera.plug()
        return {'automatic': automatic, **self.named()}


def case(host):
    guest.load_screen()
    guest.load('uvcvideo')
    guest.load('vhci-hcd')
    return Usb(host).run()


guest.run(case)
