# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: an ar-daemon that is always reaped, ar-ctl, and Y4M clips.

A test file is a program: test_NAME.py AR-DAEMON AR-CTL [unittest's own arguments]. Meson passes the two programs, and
in the environment what this build is like:
  AR_MODELS         the folder with the styles
  AR_SLOW           how many times longer than natively anything may take (sanitizers, emulation)
  AR_HAVE_LIBAV     1: clips of all kinds, and MP4 output
  AR_HAVE_SDL       1: the window
  AR_SANITIZE       Meson's b_sanitize
  AR_RESULTS        the folder for what the tests find of faults, NAME.json of each
  MESON_EXE_WRAPPER the command that runs the programs in a cross build
Exit codes: 0 passed, 1 failed, 77 all skipped. What is skipped is said in capitals.
"""
import contextlib
import functools
import json
import os
import pathlib
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

TREE = pathlib.Path(__file__).resolve().parents[2]

if len(sys.argv) < 3:
    sys.exit(f'usage: {sys.argv[0]} AR-DAEMON AR-CTL [unittest arguments]')
WRAPPER = shlex.split(os.environ.get('MESON_EXE_WRAPPER', ''))
DAEMON = os.path.abspath(sys.argv[1])
CTL = os.path.abspath(sys.argv[2])
for PROGRAM in (DAEMON, CTL):
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f'{PROGRAM}: not a program')
MODELS = pathlib.Path(os.environ.get('AR_MODELS', TREE / 'models'))
SLOW = float(os.environ.get('AR_SLOW', '1'))
SANITIZE = os.environ.get('AR_SANITIZE', 'none')
HAVE_LIBAV = os.environ.get('AR_HAVE_LIBAV', '1') == '1'
HAVE_SDL = os.environ.get('AR_HAVE_SDL', '1') == '1'

EMULATED = bool(WRAPPER)

SKIPPED_EXIT_CODE = 77
START_S = 15 * SLOW    # until the first frame of a small picture
REPLY_S = 5 * SLOW     # until the daemon answers
FINISH_S = 40 * SLOW   # until a run of a few frames is over
POLL_S = 0.02


def by_speed(native, slower, slowest):
    """What suits how fast this build paints: `slower` with a sanitizer, `slowest` with that of threads or an emulator."""
    if EMULATED or 'thread' in SANITIZE:
        return slowest
    return native if SANITIZE == 'none' else slower


# What reaches the programs of the caller's environment: no display, no session, no service manager.
KEPT_VARIABLES = ('PATH', 'LD_LIBRARY_PATH', 'QEMU_LD_PREFIX', 'QEMU_CPU', 'MALLOC_PERTURB_', 'ASAN_OPTIONS',
                  'LSAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS')
SANITIZER_REPORT = re.compile(r'(?:ERROR|WARNING): \w+Sanitizer|: runtime error: ')


def environment(folder, extra=None):
    """A bare environment whose home and session folder are the test's own."""
    env = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    env.setdefault('UBSAN_OPTIONS', 'print_stacktrace=1:halt_on_error=1')
    # A stop that a stage sleeps through leaves its thread behind, by design.
    env.setdefault('TSAN_OPTIONS', 'report_thread_leaks=0')
    env.update(HOME=str(folder), XDG_RUNTIME_DIR=str(folder), LC_ALL='C')
    env.update(extra or {})
    return env


class Finished:
    """A program that has ended: its exit code (negative: killed by a signal), outputs and duration."""

    def __init__(self, code, out, err, seconds):
        self.code = code
        self.out = out
        self.err = err
        self.seconds = seconds

    def __str__(self):
        out = self.out if isinstance(self.out, str) else f'({len(self.out)} bytes on standard output)\n'
        return f'exit code {self.code} after {self.seconds:.2f} s\n{out}{self.err}'


def check_sanitizers(err):
    if SANITIZER_REPORT.search(err):
        raise AssertionError('a sanitizer spoke up:\n' + err)


def run_program(program, *args, folder, env=None, timeout_s=None, **popen):
    """Runs a program to its end. A bytes `out` when stdout is binary: pass binary=True."""
    binary = popen.pop('binary', False)
    timeout_s = timeout_s or FINISH_S
    start = time.monotonic()
    process = subprocess.Popen([*WRAPPER, program, *map(str, args)], cwd=folder, env=environment(folder, env),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f'{program} {args}: still running after {timeout_s} s\n'
                             f'{out[-2000:]!r}\n{err.decode(errors="replace")}') from None
    seconds = time.monotonic() - start
    err = err.decode(errors='replace')
    check_sanitizers(err)
    return Finished(process.returncode, out if binary else out.decode(errors='replace'), err, seconds)


def daemon_arguments(socket_path, args):
    return ['--set', f'daemon.socket={socket_path}', '--set', f'network.style_path={MODELS}', *map(str, args)]


class Daemon:
    """A running ar-daemon. Use in a `with` block, at whose end it is gone whatever happened."""

    def __init__(self, folder, *args, socket_path=None, env=None, stdout=subprocess.DEVNULL, stderr=None, prefix=()):
        self.folder = pathlib.Path(folder)
        self.socket_path = pathlib.Path(socket_path or self.folder / 'control.sock')
        self.args = daemon_arguments(self.socket_path, args)
        self.env = env
        self.stdout = stdout
        self.stderr = stderr  # a descriptor, or None for a file
        self.prefix = prefix  # a program that runs the daemon's
        self.process = None
        self.log_path = None

    def __enter__(self):
        handle, self.log_path = tempfile.mkstemp(prefix='log-', dir=self.folder)
        try:
            self.process = subprocess.Popen([*self.prefix, *WRAPPER, DAEMON, *self.args], cwd=self.folder,
                                            env=environment(self.folder, self.env), stdin=subprocess.DEVNULL,
                                            stdout=self.stdout,
                                            stderr=handle if self.stderr is None else self.stderr)
        finally:
            os.close(handle)
        return self

    def __exit__(self, kind, value, traceback):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        if kind is None:
            check_sanitizers(self.log())
        else:
            print(f'--- log of ar-daemon {" ".join(self.args)}\n{self.log()}---', file=sys.stderr)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors='replace')

    def kill(self):
        self.process.kill()
        self.process.wait()

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout_s=None):
        """Its exit code, once it ends by itself or by an earlier signal."""
        timeout_s = timeout_s or FINISH_S
        if self.process.poll() is not None:
            return self.process.returncode
        descriptor = os.pidfd_open(self.pid)  # Popen.wait() would sleep up to 50 ms too long
        try:
            ended, _, _ = select.select([descriptor], [], [], timeout_s)
        finally:
            os.close(descriptor)
        if not ended:
            raise AssertionError(f'ar-daemon did not end within {timeout_s} s')
        return self.process.wait()

    def ctl(self, *args):
        return run_program(CTL, '--socket', self.socket_path, *args, folder=self.folder, timeout_s=START_S)

    def status(self):
        """The daemon's status as a dict, or None where nobody answers."""
        with contextlib.suppress(OSError), self.connect() as client:
            client.sendall(request('status'))
            reply = receive_line(client)
            return reply['result'] if reply and reply['ok'] else None
        return None

    def wait_until(self, condition, what, timeout_s=None):
        """Waits until condition(status) is true, and returns that status."""
        timeout_s = timeout_s or START_S
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f'{what}: ar-daemon has ended with {self.process.returncode}')
            status = self.status()
            if status and condition(status):
                return status
            time.sleep(POLL_S)
        raise AssertionError(f'{what}: not within {timeout_s} s')

    def wait_running(self):
        return self.wait_until(lambda status: status['state'] == 'running', 'state "running"')

    def wait_painted(self, n_more=1):
        """Waits until so many more frames are painted."""
        now = self.wait_running()['painted']
        return self.wait_until(lambda status: status['painted'] >= now + n_more, f'{n_more} more frames')

    def connect(self):
        """A socket to the daemon, for what ar-ctl would never send."""
        client = socket.socket(socket.AF_UNIX)
        # connect() waits for a place in the queue, which a socket with Python's own timeout does not.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('ll', int(REPLY_S), 0))
        try:
            client.connect(str(self.socket_path))
        except OSError:
            client.close()
            raise
        client.settimeout(REPLY_S)
        return client


def request(command, *args, protocol=1):
    return json.dumps({'protocol': protocol, 'command': command, 'args': list(args)}).encode() + b'\n'


def receive_line(client):
    """One reply as a dict; None when the daemon closed instead."""
    line = b''
    while not line.endswith(b'\n'):
        piece = client.recv(65536)
        if not piece:
            return None
        line += piece
    return json.loads(line)


class Fault:
    """One that a test makes: a row of the table in doc/RELIABILITY.md, which tests/vm/report.py writes."""

    def __init__(self, name):
        self.name = name
        self.tried = 1
        self.survived = 0
        self.state = None     # what the daemon reports
        self.picture = None   # what is seen meanwhile
        self.seconds = None   # from the fault's end to the next painted picture; None: there is no such time


class Faults:
    """Those of this run."""

    def __init__(self):
        self.made = []

    @contextlib.contextmanager
    def make(self, name):
        fault = Fault(name)
        self.made.append(fault)
        try:
            yield fault
        except unittest.SkipTest:
            self.made.remove(fault)
            raise
        fault.survived = fault.tried

    def write(self):
        """Beside those of earlier runs: a test may be run alone."""
        if not self.made:
            return
        print(f'faults survived / tried: {sum(fault.survived for fault in self.made)} / '
              f'{sum(fault.tried for fault in self.made)}', flush=True)
        if 'AR_RESULTS' not in os.environ:
            return
        path = pathlib.Path(os.environ['AR_RESULTS'], pathlib.Path(sys.argv[0]).stem.removeprefix('test_') + '.json')
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = json.loads(path.read_text()) if path.exists() else {}
        rows.update({fault.name: vars(fault) for fault in self.made})
        path.write_text(json.dumps(rows, indent=1))


FAULTS = Faults()


def survives(name, state, n_tried=1, picture='as usual'):
    """Of a test that is about one fault and nothing else."""
    def decorate(test):
        @functools.wraps(test)
        def run(case):
            with FAULTS.make(name) as fault:
                fault.tried, fault.state, fault.picture = n_tried, state, picture
                test(case)
        return run
    return decorate


class Case(unittest.TestCase):
    """A test with a folder of its own, which is the programs' working directory."""

    maxDiff = None

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix='ar-e2e-')
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def daemon(self, *args, **options):
        return Daemon(self.folder, *args, **options)

    def run_daemon(self, *args, **options):
        """Runs ar-daemon until it ends by itself."""
        args = daemon_arguments(self.folder / 'control.sock', args)
        return run_program(DAEMON, *args, folder=self.folder, **options)

    def run_well(self, *args, **options):
        finished = self.run_daemon(*args, **options)
        self.assertEqual(finished.code, 0, finished)
        return finished

    def fault(self, name):
        """A `with` block around one: the caller fills in what it finds."""
        return FAULTS.make(name)

    def assert_words(self, words, text):
        for word in words:
            self.assertIn(word, text)


class LoudResult(unittest.TextTestResult):
    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f'SKIPPED: {test.id()}: {reason}', flush=True)


def main():
    """Runs the tests of the calling file, and exits."""
    runner = unittest.TextTestRunner(verbosity=2, resultclass=LoudResult)
    result = unittest.main(argv=[sys.argv[0], *sys.argv[3:]], testRunner=runner, exit=False).result
    FAULTS.write()
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED_EXIT_CODE if len(result.skipped) == result.testsRun else 0)
