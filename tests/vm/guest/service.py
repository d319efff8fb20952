# SPDX-License-Identifier: MIT
"""The guest's half of service: ar-daemon installed with its own unit, under systemd as the machine's first process.

First it sets the machine up and becomes systemd, which runs it again as a service of its own.
"""
import os
import pathlib
import pwd
import shutil
import signal
import sys
import time

import guest

UNIT = 'ar-daemon.service'
PREFIX = pathlib.Path(guest.PARAMETERS['prefix'])
DIST = pathlib.Path(guest.PARAMETERS['tree']) / 'dist'
UNITS = pathlib.Path('/run/systemd/system')
CONTROL = '/run/ar-daemon/control.sock'
STATE = pathlib.Path('/var/lib/ar-daemon')
CONFIGURATION_FILE = PREFIX / 'etc/ar-daemon/ar-daemon.conf'
DRIVER = pathlib.Path('/sys/bus/platform/drivers/vivid')
WATCHDOG_S = 10  # as the unit has it
# Where a user may want files and the service may not write.
ELSEWHERE = (('record', 'start', '/home/out.y4m'), ('record', 'start', '/home/me/out.y4m'), ('record', 'start', '/tmp/out.y4m'),
             ('record', 'start', '/srv/out.y4m'), ('snapshot', '/home/me/out.jpg'), ('snapshot', '/var/tmp/out.jpg'))

CONFIGURATION = """
[capture]
source = v4l2
size = 640x360
[network]
style = plain
[display]
output = kms
[daemon]
log = debug
"""

TEST_UNIT = f"""
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
StandardOutput=append:{guest.OUT}/test.log
StandardError=inherit
ExecStart=/usr/bin/python3 -B {__file__} case
"""
TEST_TARGET = """
[Unit]
DefaultDependencies=no
Wants=vm-test.service
"""

# The host's own services, mounts and users are none of this machine's business, and what updates caches takes minutes.
HIDDEN = ('/etc/systemd/system', '/lib/systemd/system-generators')
MASKED = ('systemd-tmpfiles-setup.service', 'systemd-tmpfiles-setup-dev.service', 'systemd-sysusers.service',
          'systemd-udev-trigger.service', 'systemd-hwdb-update.service', 'systemd-journal-catalog-update.service',
          'systemd-journal-flush.service', 'systemd-firstboot.service', 'systemd-random-seed.service',
          'systemd-machine-id-commit.service', 'systemd-binfmt.service', 'systemd-update-done.service',
          'systemd-modules-load.service', 'systemd-sysctl.service', 'systemd-networkd.service', 'ldconfig.service',
          'systemd-ask-password-console.path', 'systemd-ask-password-wall.path', 'timers.target',
          'proc-sys-fs-binfmt_misc.automount', 'dev-hugepages.mount', 'dev-mqueue.mount', 'sys-kernel-debug.mount',
          'sys-kernel-tracing.mount', 'sys-fs-fuse-connections.mount', 'sys-kernel-config.mount')


def install(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy(source, target)


def install_daemon():
    """Where `meson install` puts it."""
    install(guest.DAEMON, PREFIX / 'bin/ar-daemon')
    install(guest.PARAMETERS['ctl'], PREFIX / 'bin/ar-ctl')
    install(guest.PLAIN_STYLE, PREFIX / 'share/ar-daemon/styles/plain.safetensors')
    install(guest.PARAMETERS['unit'], UNITS / UNIT)
    install(DIST / '70-ar-daemon.rules', pathlib.Path('/run/udev/rules.d/70-ar-daemon.rules'))
    guest.command('systemd-sysusers', DIST / 'ar-daemon.sysusers')
    CONFIGURATION_FILE.parent.mkdir(parents=True, exist_ok=True)
    CONFIGURATION_FILE.write_text(CONFIGURATION)


def become_systemd():
    guest.find_modules()
    for folder in HIDDEN:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        guest.command('mount', '-t', 'tmpfs', 'tmpfs', folder)
    UNITS.mkdir(parents=True)
    for name in MASKED:
        (UNITS / name).symlink_to('/dev/null')
    (UNITS / 'vm-test.service').write_text(TEST_UNIT)
    (UNITS / 'vm-test.target').write_text(TEST_TARGET)
    pathlib.Path('/etc/machine-id').write_text('0123456789abcdef0123456789abcdef\n')
    pathlib.Path('/etc/fstab').write_text('')
    install_daemon()
    os.execv('/lib/systemd/systemd', ['systemd', '--unit=vm-test.target', '--show-status=no'])


def show(*names):
    lines = guest.command('systemctl', 'show', UNIT, *(f'--property={name}' for name in names)).splitlines()
    return dict(line.split('=', 1) for line in lines)


def state():
    found = show('ActiveState', 'MainPID', 'NRestarts', 'StatusText', 'Result')
    return {'active': found['ActiveState'], 'pid': int(found['MainPID']), 'n_restarts': int(found['NRestarts']),
            'text': found['StatusText'], 'result': found['Result']}


def process(pid):
    """What the unit leaves to the process."""
    lines = dict(line.split(':', 1) for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines())
    return {'user': pwd.getpwuid(int(lines['Uid'].split()[0])).pw_name, 'capabilities': int(lines['CapEff'], 16),
            'seccomp': int(lines['Seccomp']), 'no_new_privileges': int(lines['NoNewPrivs'])}


def load_devices():
    guest.command('systemctl', 'start', 'systemd-udevd.service')
    guest.load_screen()
    guest.load_camera()
    guest.command('udevadm', 'settle')


def start():
    began = time.monotonic()
    guest.command('systemctl', 'start', UNIT)
    status = guest.ask_status(CONTROL)
    now = guest.wait_until(lambda: (now := state()) and 'fps' in now['text'] and now, 'how it goes')
    return {'seconds': round(time.monotonic() - began, 2), 'shown': status['shown'], **now}


def record():
    """Under the unit's sandbox: in the folder of its own, and elsewhere."""
    files = {'recording': STATE / 'out.y4m', 'snapshot': STATE / 'out.jpg'}
    guest.ask(CONTROL, 'record', 'start', str(files['recording']))
    guest.ask(CONTROL, 'snapshot', str(files['snapshot']), '--pair')
    guest.wait_until(lambda: guest.ask_status(CONTROL)['recording']['pictures'] > 3, 'pictures recorded')
    guest.ask(CONTROL, 'record', 'stop')

    def ended():
        status = guest.ask_status(CONTROL)
        return {name: status[name]['state'] for name in files if status[name]['state'] in ('done', 'failed')}

    states = guest.wait_until(lambda: len(ended()) == len(files) and ended(), 'both written')
    sizes = {name: path.stat().st_size for name, path in files.items()}
    return {'states': states, 'sizes': sizes,
            'elsewhere': [guest.ask_error(CONTROL, *words) for words in ELSEWHERE]}


def reload():
    """A changed file is taken over; a wrong one fails the reload, and nothing else."""
    CONFIGURATION_FILE.write_text(CONFIGURATION + '[budget]\nframe = 33ms\n')
    guest.command('systemctl', 'reload', UNIT)
    guest.wait_until(lambda: guest.ask_status(CONTROL)['budget_us'] == 33000, 'the budget of the file')
    CONFIGURATION_FILE.write_text(CONFIGURATION + '[budget]\nframe = 34\n')
    try:
        guest.command('systemctl', 'reload', UNIT)
        refused = False
    except AssertionError:
        refused = True
    CONFIGURATION_FILE.write_text(CONFIGURATION)
    return {'refused': refused, 'budget_us': guest.ask_status(CONTROL)['budget_us'], **state()}


def stall():
    """Stopped as a whole, it shows nothing: the watchdog's case."""
    before = state()
    os.kill(before['pid'], signal.SIGSTOP)
    began = time.monotonic()

    def restarted():
        now = state()
        return now['n_restarts'] > before['n_restarts'] and now['active'] == 'active' and now

    after = guest.wait_until(restarted, 'started again by its watchdog')
    return {'seconds': round(time.monotonic() - began, 2), 'pid_before': before['pid'], **after}


def take_camera_away():
    """For longer than the watchdog waits: it must not bite."""
    before = state()
    (DRIVER / 'unbind').write_text('vivid.0')
    time.sleep(1.5 * WATCHDOG_S)
    away = guest.ask_status(CONTROL)
    (DRIVER / 'bind').write_text('vivid.0')
    guest.wait_until(lambda: guest.ask_status(CONTROL)['resumed'] > away['resumed'], 'pictures again')
    after = state()
    return {'state': away['source_state'], 'pid_before': before['pid'], **after}


def stop():
    began = time.monotonic()
    guest.command('systemctl', 'stop', UNIT)
    return {'seconds': round(time.monotonic() - began, 2), **state()}


def write_journal():
    (guest.OUT / 'journal.log').write_text(guest.command('journalctl', '--boot', '--no-pager', '-o', 'short-monotonic'))


def case(_host):
    try:
        load_devices()
        found = {'start': start()}
        found['process'] = process(found['start']['pid'])
        found['record'] = record()
        found['reload'] = reload()
        found['stall'] = stall()
        found['away'] = take_camera_away()
        found['stop'] = stop()
        return found
    finally:
        write_journal()


if sys.argv[1:] == ['case']:
    guest.run(case)
else:
    guest.run_first(become_systemd)
