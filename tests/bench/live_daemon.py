# SPDX-License-Identifier: MIT
"""An ar-daemon of our own: nothing of the user's is read or written, and it is gone at the end."""
import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
BUDGET = '25ms'
START_S = 60      # calibration included
WARM_FRAMES = 30  # painted before anything is counted
POLL_S = 0.1
STOP_S = 10
REPLY_S = 20
LOG_LINES = 20
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """One of the signals that end us."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class Failed(Exception):
    """The daemon did what it should not."""


class Signals:
    """Notes the signals that end us. They raise nothing by themselves: no place is left half-way."""

    def __enter__(self):
        self.descriptor, self.inlet = os.pipe()
        os.set_blocking(self.inlet, False)
        self.wakeup = signal.set_wakeup_fd(self.inlet)
        self.handlers = {number: signal.signal(number, lambda *_: None)
                         for number in ENDING_SIGNALS}
        return self

    def __exit__(self, *_):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self.wakeup)
        os.close(self.descriptor)
        os.close(self.inlet)


class Daemon:
    """A running ar-daemon, in a `with` block."""

    def __init__(self, options, folder, signals):
        self.folder = pathlib.Path(folder)
        self.trace = options.trace or self.folder / 'trace'
        self.log = self.folder / 'log'
        self.socket = self.folder / 'socket'
        self.ctl_command = [options.ctl, '--socket', self.socket]
        self.command = [options.daemon, '--config', '/dev/null', '--source', options.source,
                        '--display', 'null', '--budget', BUDGET, '--trace', self.trace,
                        '--set', f'network.threads={options.threads}',
                        '--set', f'daemon.socket={self.socket}',
                        '--set', f'network.style_path={TREE / "models"}']
        self.signals = signals
        self.process = None
        self.ended = -1  # a descriptor of the process

    def __enter__(self):
        env = {**os.environ, 'XDG_STATE_HOME': str(self.folder)}
        env.pop('STATE_DIRECTORY', None)  # goes before
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=env, start_new_session=True)
        self.ended = os.pidfd_open(self.process.pid)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.ended)

    def send(self, number):
        """A signal."""
        self.process.send_signal(number)

    def pause(self, seconds):
        """Lets so much time pass; raises at once when the daemon ends, or when we shall."""
        ready, _, _ = select.select([self.signals.descriptor, self.ended], [], [],
                                    max(0, seconds))
        if self.signals.descriptor in ready:
            raise Interrupted(os.read(self.signals.descriptor, 1)[0])
        if ready:
            raise Failed(f'ar-daemon has ended with {self.process.wait()}')

    def ctl(self, *arguments):
        """What ar-ctl prints."""
        done = subprocess.run([*self.ctl_command, *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=REPLY_S, check=False,
                              start_new_session=True)
        if done.returncode != 0:
            raise Failed(f'ar-ctl {" ".join(arguments)}: {done.stderr.strip()}')
        return done.stdout

    def wait_warm(self):
        """Waits for the first frames, and returns the status."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            with contextlib.suppress(Failed):  # nobody answers yet
                status = json.loads(self.ctl('status', '--json'))
                if status['painted'] >= WARM_FRAMES:
                    return status
            self.pause(POLL_S)
        raise Failed(f'ar-daemon has not painted {WARM_FRAMES} frames within {START_S} s')

    def stop(self):
        """Ends it the way that completes the trace."""
        self.send(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise Failed(f'ar-daemon did not stop within {STOP_S} s') from None
        if code != 0:
            raise Failed(f'ar-daemon has ended with {code}')

    def log_tail(self):
        """The last it said."""
        return '\n'.join(self.log.read_text(errors='replace').splitlines()[-LOG_LINES:])
