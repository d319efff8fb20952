# SPDX-License-Identifier: MIT
"""What the guest's halves share: drivers, the camera, ar-daemon, and questions to the host.

A guest's half is the machine's first process. It calls run(case), which switches the machine off at the end.
"""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time
import traceback
import tty

OUT = pathlib.Path('/out')
PARAMETERS = json.loads((OUT / 'parameters.json').read_text())
DAEMON = PARAMETERS['daemon']
MODULES = pathlib.Path(PARAMETERS['cache']) / 'modules/lib/modules'
PLAIN_STYLE = OUT / 'plain.safetensors'
SLIM_STYLE = OUT / 'slim.safetensors'
CONTROL = '/run/control.sock'
CAMERA = '/dev/video0'

# A webcam and nothing else. Its picture stands still, without a clock in it.
VIVID = ('vivid', 'n_devs=1', 'node_types=0x1', 'num_inputs=1', 'input_types=0x0', 'num_outputs=0', 'vid_cap_nr=0')
STILL_PICTURE = ('test_pattern=4', 'osd_text_mode=2')

SLOW = PARAMETERS['slow']
START_S = 60 * SLOW  # a program's start from the host's file system, under emulation
REPLY_S = 20 * SLOW
POLL_S = 0.02
PATH = '/usr/sbin:/usr/bin:/sbin:/bin'


def command(*words, timeout_s=START_S):
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout_s, check=False)
    text = done.stdout.decode(errors='replace')
    if done.returncode != 0:
        raise AssertionError(f'{" ".join(map(str, words))}: exit code {done.returncode}\n{text}')
    return text


def wait_until(condition, what, timeout_s=START_S):
    """The first true value of condition(), asked again and again."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(POLL_S)
    raise AssertionError(f'{what}: not within {timeout_s} s')


def load(*words):
    command('modprobe', *words)


def load_screen():
    load('virtio-gpu')
    wait_until(pathlib.Path('/dev/dri/card0').exists, 'the graphics card')


def load_camera(module=VIVID):
    load(*module)
    wait_until(pathlib.Path(CAMERA).exists, 'the camera')
    set_controls(*STILL_PICTURE)


def change_camera(*module):
    """The one before has to go first: it is the same driver."""
    command('modprobe', '-r', 'vivid')
    load_camera(module)


def control_words(*assignments):
    return ['v4l2-ctl', '-d', CAMERA, *(word for assignment in assignments for word in ('-c', assignment))]


def set_controls(*assignments):
    command(*control_words(*assignments))


class Host:
    """The machine's second serial line: a question a line, each answered before the next."""

    def __init__(self):
        self.file = open(PARAMETERS['talk'], 'r+b', buffering=0)
        tty.setraw(self.file.fileno())

    def ask(self, what, *arguments):
        self.file.write(json.dumps({'ask': what, 'arguments': arguments}).encode() + b'\n')
        answer = self.file.readline()
        if answer != b'done\n':
            raise AssertionError(f'{what}: the host answered {answer!r}')


class Daemon:
    """A running ar-daemon. Use in a `with` block."""

    def __init__(self, *arguments, log='daemon.log', program=DAEMON, **process):
        self.process_arguments = process
        self.arguments = [program, '--set', f'daemon.socket={CONTROL}', '--set', 'daemon.log=debug', *map(str, arguments)]
        self.log_path = OUT / log

    def __enter__(self):
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/run',
                                            **self.process_arguments)
        return self

    def __exit__(self, *exception):
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.code = self.process.wait(REPLY_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError('ar-daemon did not stop') from None

    def status(self):
        """None while nobody answers."""
        if self.process.poll() is not None:
            raise AssertionError(f'ar-daemon has ended with {self.process.returncode}: {self.log_path.read_text()}')
        return ask_status(CONTROL)

    def wait(self, condition, what, timeout_s=START_S):
        return wait_until(lambda: (status := self.status()) and condition(status) and status, what, timeout_s)

    def wait_shown(self, n_more=1, timeout_s=START_S):
        """Waits until so many more pictures are on the screen."""
        before = (self.status() or {'shown': 0})['shown']
        return self.wait(lambda status: status['shown'] >= before + n_more, f'{n_more} more pictures', timeout_s)


def plain_daemon(*more, **process):
    """From the camera to the screen, the picture as it is."""
    return Daemon('--source', f'v4l2:{CAMERA}', '--display', 'kms', '--set', 'capture.size=640x360', '--style', PLAIN_STYLE,
                  *more, **process)


def exchange(path, name, *args):
    """The reply of the daemon that listens there, or None."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(REPLY_S)
        try:
            client.connect(path)
        except OSError:
            return None
        client.sendall(json.dumps({'protocol': 1, 'command': name, 'args': args}).encode() + b'\n')
        line = client.makefile().readline()
        return json.loads(line) if line else None


def ask(path, name, *args):
    """What the daemon that listens there answers to a command, or None."""
    reply = exchange(path, name, *args)
    return reply['result'] if reply else None


def ask_error(path, name, *args):
    """Why it refuses a command."""
    return exchange(path, name, *args)['error']


def ask_status(path):
    return ask(path, 'status')


def find_modules():
    """What modprobe is to find: the modules that were kept for the cases."""
    target = pathlib.Path('/lib/modules')
    target.mkdir(exist_ok=True)
    command('mount', '--bind', MODULES, target)


def write_kernel_log():
    (OUT / 'dmesg.log').write_text(command('dmesg'))


def switch_off():
    os.sync()
    pathlib.Path('/proc/sysrq-trigger').write_text('o')
    time.sleep(REPLY_S)


def end(error, found=None):
    (OUT / 'result.json').write_text(json.dumps({'error': error, 'found': found}, indent=2))
    try:
        write_kernel_log()
    finally:
        switch_off()


def run(case):
    """case(host) gives what it found, for the host to judge. The machine is switched off then."""
    os.environ['PATH'] = PATH
    try:
        if os.getpid() == 1:
            find_modules()
        found = case(Host())
    except BaseException:
        end(traceback.format_exc())
    else:
        end(None, found)


def run_first(become):
    """become() makes another program of this process; it does not return."""
    os.environ['PATH'] = PATH
    try:
        become()
    except BaseException:
        end(traceback.format_exc())
