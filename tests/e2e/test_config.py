#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The configuration: its files, what each key takes, and how a running daemon takes changes of it."""
import codecs
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import time

import harness
import y4m

REFUSED = 1
RESTART_S = 1.0  # within which a stage is to be back
TRIES = 3        # for what is timed, on a machine that others use too
# The rules of a text are in its module. Good, bad.
TEXTS = {
    'capture.source': ('pattern:64x48', 'pattern:64by48'),
    'display.output': ('null', 'hologram'),
    'network.style': ('great_wave', 'mona_lisa'),
    'network.style_path': (str(harness.MODELS), '/nowhere'),
}
SCENE = '[capture]\nsource = pattern:32x32@60\n[display]\noutput = null\n[network]\nthreads = 1\n' \
        '[budget]\nwidth = 0.25\nframe = 20ms\n'


class Key:
    """A key of the default file, and values for it made from what the file says that it takes."""

    def __init__(self, section, name, takes, default):
        self.section = section
        self.name = name
        self.takes = takes
        self.default = default

    def __str__(self):
        return f'{self.section}.{self.name}'

    def good(self):
        if str(self) in TEXTS:
            return [TEXTS[str(self)][0]]
        if self.takes == 'text':
            return ['a text = with; [all] # of "it"']
        return [word for part in self.takes.split('|') for word in part.split('..')]

    def bad(self):
        if str(self) in TEXTS:
            return [TEXTS[str(self)][1]]
        if self.takes == 'text':
            return ['a\x07bell']
        values = ['nonsense', '']
        if '..' in self.takes:
            high = self.takes.rpartition('..')[2]
            values += [re.sub(r'[\d.]+', lambda number: str(int(float(number[0]) * 1000) + 1000), high, count=1), '-1']
        return values


def read_keys(text):
    """Every key of a default file, which stands below what it takes."""
    section, lines, keys = None, text.splitlines(), []
    for above, line in zip(lines, lines[1:]):
        if match := re.fullmatch(r'\[(.*)\]', line):
            section = match[1]
        elif match := re.fullmatch(r'#(\w+) = (.*)', line):
            takes = re.fullmatch(r'# (.*); (live|stage|restart)', above)
            keys.append(Key(section, match[1], takes[1], match[2]))
    return keys


class Files(harness.Case):
    """A configuration in the test's folder."""

    def setUp(self):
        super().setUp()
        self.path = self.folder / 'test.conf'
        self.drop_ins = self.folder / 'test.conf.d'

    def write(self, text, path=None):
        """As an editor does: under another name first."""
        path = path or self.path
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_name('.fresh')
        fresh.write_bytes(text if isinstance(text, bytes) else text.encode())
        fresh.rename(path)

    def write_drop_in(self, name, text):
        self.write(text, self.drop_ins / name)

    def check(self):
        """A built daemon finds the styles beside it, an installed one those in its data folder."""
        return harness.run_program(harness.DAEMON, '--config', self.path, '--check-config', folder=self.folder)

    def assert_good(self):
        finished = self.check()
        self.assertEqual((finished.code, finished.out, finished.err), (0, 'configuration: no problems\n', ''))

    def assert_problems(self, problems, code=os.EX_CONFIG):
        """problems: (file, line or None, words), in their order."""
        finished = self.check()
        self.assertEqual(finished.code, code, finished)
        lines = finished.err.splitlines()
        self.assertEqual(len(lines), len(problems), finished.err)
        for line, (path, number, words) in zip(lines, problems):
            self.assertTrue(line.startswith(f'ar-daemon: {path}:{number if number else ""}'), line)
            self.assertNotRegex(line, r'[\x00-\x1f\x7f]')
            self.assert_words(words, line)


class Matrix(Files):
    """Every key that there is, by the default file, which comes from the option tables."""

    def setUp(self):
        super().setUp()
        printed = harness.run_program(harness.DAEMON, '--print-config', folder=self.folder)
        self.keys = read_keys(printed.out)
        self.assertGreater(len(self.keys), 15)
        self.assertEqual(len(self.keys), len(re.findall(r'(?m)^#\w+ =', printed.out)), 'a key without what it takes')

    def write_values(self, values):
        """The line of each key, in a file where each has a value."""
        text, section, numbers = '', None, []
        for key, value in zip(self.keys, values):
            if key.section != section:
                text += f'[{key.section}]\n'
                section = key.section
            text += f'{key.name} = {value}\n'
            numbers.append(text.count('\n'))
        self.write(text)
        return numbers

    def rounds(self, lists):
        """Lists of values for all keys, until each value of each key was there."""
        for i in range(max(map(len, lists))):
            yield [values[i % len(values)] for values in lists]

    def test_good_values(self):
        for values in self.rounds([[key.default, *key.good()] for key in self.keys]):
            with self.subTest(values=values):
                self.write_values(values)
                self.assert_good()

    def test_bad_values(self):
        """All in one file: each is told, with its line, the value, and what would be right."""
        for values in self.rounds([key.bad() for key in self.keys]):
            with self.subTest(values=values):
                numbers = self.write_values(values)
                told = self.check()
                self.assertEqual(told.code, os.EX_CONFIG, told)
                by_line = dict(re.findall(rf'(?m)^ar-daemon: {re.escape(str(self.path))}:(\d+): (.*)$', told.err))
                for key, value, number in zip(self.keys, values, numbers):
                    self.assertIn(str(number), by_line, f'{key} = {value}: {told}')
                    words = [str(key), f'"{value}"', key.takes]
                    if str(key) in TEXTS:
                        words = [value]
                    elif key.takes == 'text':
                        words = ['control character']
                    self.assert_words(words, by_line[str(number)])

    def test_bad_texts(self):
        for key in self.keys:
            if str(key) in TEXTS:
                with self.subTest(key=str(key)):
                    self.write(f'[{key.section}]\n\n{key.name} = {key.bad()[0]}\n')
                    self.assert_problems([(self.path, 3, [key.bad()[0]])])

    def test_misspelt(self):
        for key in self.keys:
            typed = key.name[:-1] if len(key.name) > 4 else key.name + key.name[-1]
            with self.subTest(key=str(key), typed=typed):
                self.write(f'[{key.section}]\n{typed} = 1\n')
                self.assert_problems([(self.path, 2, [f'{key.section}.{typed}: no such key, did you mean {key}?'])])

    def test_get_knows_all(self):
        self.write(SCENE)
        with self.daemon('--config', self.path) as daemon:
            daemon.wait_running()
            told = json.loads(daemon.ctl('get', '--json').out)['keys']
        self.assertEqual([key['key'] for key in told], [str(key) for key in self.keys])


class Strange(Files):
    """What comes from other systems, other programs, and accidents."""

    GOOD = '[budget]\nframe = 30ms\n[network]\nstyle = scream'

    def test_taken(self):
        for name, data in (('no end of line', self.GOOD.encode()), ('CR LF', self.GOOD.replace('\n', '\r\n').encode()),
                           ('mark of UTF-8', codecs.BOM_UTF8 + self.GOOD.encode()), ('empty', b''),
                           ('a comment in Latin-1', b'# gr\xfcn\n' + self.GOOD.encode())):
            with self.subTest(name):
                self.write(data)
                self.assert_good()

    def test_other_encodings(self):
        for name in ('utf-16', 'utf-16-le', 'utf-16-be'):
            with self.subTest(name):
                mark = b'' if name == 'utf-16' else {'utf-16-le': codecs.BOM_UTF16_LE,
                                                     'utf-16-be': codecs.BOM_UTF16_BE}[name]
                self.write(mark + self.GOOD.encode(name))
                self.assert_problems([(self.path, None, ['UTF-16', 'UTF-8'])])
        self.write(b'[network]\nstyle_path = /srv/gr\xfcn\n')
        self.assert_problems([(self.path, 2, ['UTF-8'])])

    def test_bytes(self):
        self.write(b'[budget]\nframe = 30ms\0\n\0\n')
        self.assert_problems([(self.path, 2, ['0x00']), (self.path, 3, ['0x00'])])
        self.write(b'[network]\nstyle = ' + b'x' * 60000 + b'\n[budget]\nfrme = 1ms\n')
        self.assert_problems([(self.path, 2, ['a line may have 198']), (self.path, 4, ['budget.frame?'])])

    def test_twice(self):
        self.write('[budget]\nframe = 30ms\n[network]\n[budget]\nframe = 30ms\n')
        self.assert_problems([(self.path, 5, ['budget.frame', 'already set on line 2'])])

    def test_no_file(self):
        self.assert_problems([(self.path, None, ['No such file'])], os.EX_NOINPUT)
        self.path.mkdir()
        self.assert_problems([(self.path, None, ['Is a directory'])], os.EX_NOINPUT)
        self.path.rmdir()
        os.mkfifo(self.path)
        self.assert_problems([(self.path, None, ['cannot be read'])], os.EX_NOINPUT)
        self.path.unlink()
        if os.geteuid() != 0:
            self.write(self.GOOD)
            self.path.chmod(0)
            self.assert_problems([(self.path, None, ['Permission denied'])], os.EX_NOINPUT)


class DropIns(Files):
    def test_order(self):
        self.write(SCENE)
        self.write_drop_in('20-b.conf', '[budget]\nframe = 21ms\n')
        self.write_drop_in('10-a.conf', '[budget]\nframe = 31ms\ntemperature = 60\n')
        self.write_drop_in('.30-hidden.conf', '[budget]\nframe = 41ms\n')
        self.write_drop_in('30-other.txt', 'no INI at all')
        with self.daemon('--config', self.path, '--set', 'daemon.log=warn') as daemon:
            daemon.wait_running()
            told = {key['key']: key for key in json.loads(daemon.ctl('get', '--json').out)['keys']}
        for key, value, origin in (('budget.frame', '21ms', f'{self.drop_ins}/20-b.conf:2'),
                                   ('budget.temperature', '60', f'{self.drop_ins}/10-a.conf:3'),
                                   ('budget.width', '0.25', f'{self.path}:8'),
                                   ('daemon.log', 'warn', 'command line'), ('capture.pace', 'real', 'default')):
            self.assertEqual((told[key]['value'], told[key]['origin']), (value, origin), key)

    def test_problems_of_all(self):
        self.write('[budget]\nfrme = 1ms\n')
        self.write_drop_in('20.conf', '[budgte]\n')
        self.write_drop_in('10.conf', '[budget]\nframe = 1\n')
        (self.drop_ins / '30.conf').mkdir()
        self.assert_problems([(self.path, 2, ['budget.frame?']), (self.drop_ins / '10.conf', 2, ['"1"']),
                              (self.drop_ins / '20.conf', 1, ['[budget]?']),
                              (self.drop_ins / '30.conf', None, ['Is a directory'])])

    def test_a_text_is_told_where_it_stands(self):
        self.write(SCENE)
        self.write_drop_in('10.conf', '[capture]\nsource = camera\nsize = 33x33\n')
        self.assert_problems([(self.drop_ins / '10.conf', 3, ['33x33', 'even']),
                              (self.drop_ins / '10.conf', 2, ['"camera"', 'v4l2[:DEV]'])])


class Live(Files):
    """A daemon with a configuration, painting a small scene."""

    def setUp(self):
        super().setUp()
        self.write(SCENE)

    def start(self, *args, **options):
        return self.daemon('--config', self.path, *args, **options)

    def ctl_well(self, daemon, *args):
        reply = daemon.ctl(*args)
        self.assertEqual((reply.code, reply.err), (0, ''), reply)
        return reply.out

    def assert_refused(self, daemon, args, words):
        reply = daemon.ctl(*args)
        self.assertEqual((reply.code, reply.out), (REFUSED, ''), reply)
        self.assert_words(words, reply.err)

    def value(self, daemon, key):
        told, = json.loads(self.ctl_well(daemon, 'get', '--json', key))['keys']
        return told['value'], told['origin']

    def wait_log(self, daemon, words):
        end = time.monotonic() + harness.START_S
        while time.monotonic() < end:
            if any(all(word in line for word in words) for line in daemon.log().splitlines()):
                return
            time.sleep(harness.POLL_S)
        self.fail(f'{words}: not in the log\n{daemon.log()}')


class Settings(Live):
    def test_get(self):
        with self.start() as daemon:
            daemon.wait_running()
            self.assertEqual(self.ctl_well(daemon, 'get', 'budget.frame').split(),
                             ['budget.frame', '=', '20ms', ';', f'{self.path}:9,', 'default', '25ms'])
            self.assertEqual(self.ctl_well(daemon, 'get', 'daemon.log').split(), ['daemon.log', '=', 'info', ';', 'default'])
            section = self.ctl_well(daemon, 'get', 'budget')
            self.assertEqual({line.split('.')[0] for line in section.splitlines()}, {'budget'})
            self.assertGreater(len(section.splitlines()), 3)
            self.assertEqual(self.ctl_well(daemon, 'get', 'capture.controls'), '')
            self.assert_refused(daemon, ['get', 'budget.fram'], ['budget.fram: no such key', 'budget.frame?'])
            self.assert_refused(daemon, ['get', 'b'], ['no such key'])

    def test_set_is_volatile(self):
        with self.start() as daemon:
            daemon.wait_running()
            self.ctl_well(daemon, 'set', 'budget.frame=30ms')
            self.ctl_well(daemon, 'style', 'scream')
            self.assertEqual(self.value(daemon, 'budget.frame'), ('30ms', 'set while running'))
            self.assertEqual(self.value(daemon, 'network.style'), ('scream', 'set while running'))
            out = self.ctl_well(daemon, 'reload')
            self.assertEqual(sorted(out.splitlines()), ['budget.frame = 20ms', 'network.style = starry_night'])
            self.assertEqual(self.value(daemon, 'budget.frame'), ('20ms', f'{self.path}:9'))
            daemon.wait_until(lambda status: status['style'] == 'starry_night', 'the style of the file')
        self.assertEqual(sorted(self.folder.glob('**/*.conf')), [self.path], 'something was written')

    def test_save(self):
        saved = self.drop_ins / 'saved.conf'
        with self.start('--set', 'daemon.log=debug') as daemon:
            daemon.wait_running()
            self.ctl_well(daemon, 'set', 'budget.frame=30ms')
            self.ctl_well(daemon, 'set', 'decoder.calm=0.5')
            self.ctl_well(daemon, 'set', 'budget.width=0.5')
            self.ctl_well(daemon, 'set', 'budget.width=0.25')  # as in the file
            self.assertEqual(self.ctl_well(daemon, 'save'), f'{saved}: 2 keys\n')
            text = saved.read_text()
            self.assertEqual([line for line in text.splitlines() if not line.startswith('#')],
                             ['[decoder]', 'calm = 0.5', '[budget]', 'frame = 30ms'])
            for key in ('decoder.calm', 'budget.frame'):
                _, origin = self.value(daemon, key)
                path, _, number = origin.rpartition(':')
                self.assertEqual(path, str(saved))
                self.assertTrue(text.splitlines()[int(number) - 1].startswith(key.partition('.')[2]), origin)
            self.assertEqual(self.ctl_well(daemon, 'reload'), 'nothing has changed\n')
            # What is as the other files have it leaves the file again; what the command line sets is not its own.
            self.ctl_well(daemon, 'set', 'budget.frame=20ms')
            self.assertEqual(self.ctl_well(daemon, 'save'), f'{saved}: 1 key\n')
        self.assertEqual(sorted(path.name for path in self.drop_ins.iterdir()), ['saved.conf'])
        with self.start() as daemon:
            daemon.wait_running()
            self.assertEqual(self.value(daemon, 'decoder.calm')[0], '0.5')

    def test_save_keeps_what_the_command_line_hides(self):
        self.write_drop_in('saved.conf', '[budget]\nframe = 30ms\n')
        with self.start('--budget', '40ms') as daemon:
            daemon.wait_running()
            self.assertEqual(self.value(daemon, 'budget.frame'), ('40ms', 'command line'))
            self.ctl_well(daemon, 'set', 'decoder.calm=0.5')
            self.ctl_well(daemon, 'save')
        self.assertIn('frame = 30ms', (self.drop_ins / 'saved.conf').read_text())

    def test_save_follows_no_link(self):
        victim = self.folder / 'victim'
        self.drop_ins.mkdir()
        for name in ('saved.conf', 'saved.conf.new'):
            with self.subTest(name):
                victim.write_text('# mine')
                link = self.drop_ins / name
                link.unlink(missing_ok=True)
                link.symlink_to(victim)
                with self.start() as daemon:
                    daemon.wait_running()
                    self.ctl_well(daemon, 'set', 'budget.frame=30ms')
                    self.ctl_well(daemon, 'save')
                self.assertEqual(victim.read_text(), '# mine')
                self.assertFalse((self.drop_ins / 'saved.conf').is_symlink())
                self.assertIn('frame = 30ms', (self.drop_ins / 'saved.conf').read_text())
                self.assertFalse((self.drop_ins / 'saved.conf.new').exists())

    def test_save_refused(self):
        with self.start() as daemon:
            daemon.wait_running()
            odd = self.folder / 'a ;b'
            odd.mkdir()
            self.ctl_well(daemon, 'set', f'network.style_path={odd}')
            self.assert_refused(daemon, ['save'], ['network.style_path', 'semicolon'])
            self.assertFalse(self.drop_ins.exists())
            self.ctl_well(daemon, 'set', f'network.style_path={harness.MODELS}')
            self.drop_ins.touch()
            self.assert_refused(daemon, ['save'], ['saved.conf', 'Not a directory'])
            daemon.wait_painted(3)

    def test_save_without_a_file_of_ones_own(self):
        """With the system's files, which are not ours to write: in the state folder."""
        with self.daemon('--source', 'pattern:32x32@60', '--display', 'null', '--width', '0.25') as daemon:
            daemon.wait_running()
            self.ctl_well(daemon, 'set', 'decoder.calm=0.5')
            saved = self.folder / '.local/state/ar-daemon/saved.conf'
            self.assertEqual(self.ctl_well(daemon, 'save'), f'{saved}: 1 key\n')
        with self.daemon('--source', 'pattern:32x32@60', '--display', 'null', '--width', '0.25') as daemon:
            daemon.wait_running()
            self.assertEqual(self.value(daemon, 'decoder.calm'), ('0.5', f'{saved}:3'))


class Reload(Live):
    def change(self, old, new):
        self.write(self.path.read_text().replace(old, new))

    def test_hang_up(self):
        with self.start() as daemon:
            daemon.wait_running()
            self.change('20ms', '33ms')
            self.change('threads = 1', 'threads = 1\nstyle = scream')
            daemon.signal(signal.SIGHUP)
            daemon.wait_until(lambda status: status['budget_us'] == 33000 and status['style'] == 'scream', 'the change')
            self.assert_words(['reload: budget.frame = 33ms', 'reload: network.style = scream'], daemon.log())

    def test_invalid(self):
        """Nothing of it holds, and every problem is told."""
        with self.start() as daemon:
            before = daemon.wait_painted(3)
            self.change('20ms', '33')
            self.change('width = 0.25', 'widht = 0.5')
            self.write_drop_in('10.conf', '[decoder]\ncalm = 0.5\n')
            self.assert_refused(daemon, ['reload'], [f'{self.path}:8', 'budget.width?', '1 more problem'])
            self.assert_words([f'{self.path}:8: budget.widht', f'{self.path}:9: budget.frame: "33"'], daemon.log())
            self.assertEqual(self.value(daemon, 'decoder.calm')[1], 'default')
            self.change('33', '33ms')
            self.change('widht = 0.5', 'width = 0.5')
            self.change('threads = 1', 'style = mona_lisa')
            self.assert_refused(daemon, ['reload'], [f'{self.path}:6', 'mona_lisa', 'great_wave'])
            self.change('style = mona_lisa', 'style = scream')
            self.change('output = null', 'output = hologram')
            self.assert_refused(daemon, ['reload'], [f'{self.path}:4', 'hologram'])
            after = daemon.wait_painted(3)
            for name in ('budget_us', 'pinned_width', 'style', 'display', 'restarts'):
                self.assertEqual(after[name], before[name] if name in before else 0, name)
            self.change('output = hologram', 'output = null')
            self.ctl_well(daemon, 'reload')
            daemon.wait_until(lambda status: status['budget_us'] == 33000 and status['pinned_width'] == 0.5 and
                              status['style'] == 'scream', 'the change')

    def test_what_only_a_start_changes(self):
        with self.start() as daemon:
            daemon.wait_running()
            self.change('[budget]', '[daemon]\nloop = poll\n[budget]')
            reply = daemon.ctl('reload')
            self.assertEqual((reply.code, reply.out), (0, 'daemon.loop = poll\n'), reply)
            self.assert_words(['daemon.loop', 'started again'], reply.err)
            self.assertEqual(self.value(daemon, 'daemon.loop'), ('auto', 'default'))

    def test_command_line_wins(self):
        with self.start('--budget', '40ms') as daemon:
            daemon.wait_running()
            self.change('20ms', '33ms')
            self.assertEqual(self.ctl_well(daemon, 'reload'), 'nothing has changed\n')

    def test_new_styles_are_found(self):
        styles = self.folder / 'styles'
        styles.mkdir()
        for path in harness.MODELS.glob('*.safetensors'):
            (styles / path.name).symlink_to(path)
        with self.start('--set', f'network.style_path={styles}') as daemon:
            daemon.wait_running()
            self.assertNotIn('mine', self.ctl_well(daemon, 'style'))
            (styles / 'mine.safetensors').symlink_to(harness.MODELS / 'scream.safetensors')
            self.change('threads = 1', 'threads = 1\nstyle = mine')
            self.ctl_well(daemon, 'reload')
            self.assertIn('mine', self.ctl_well(daemon, 'style'))
            self.assertEqual(self.value(daemon, 'network.style')[0], 'mine')

    def test_on_change(self):
        self.change('[budget]', '[daemon]\nreload = on-change\n[budget]')
        with self.start() as daemon:
            daemon.wait_running()
            self.change('20ms', '33ms')  # by another file in its place
            daemon.wait_until(lambda status: status['budget_us'] == 33000, 'the file in its place')
            self.path.write_text(self.path.read_text().replace('33ms', '34ms'))
            daemon.wait_until(lambda status: status['budget_us'] == 34000, 'the file written over')
            self.write_drop_in('10.conf', '[budget]\nframe = 35ms\n')
            daemon.wait_until(lambda status: status['budget_us'] == 35000, 'a drop-in, and its folder')
            self.write_drop_in('20.conf', '[budget]\nframe = 36\n')
            self.wait_log(daemon, ['20.conf:2', '"36"'])
            self.write_drop_in('20.conf', '[budget]\nframe = 36ms\n')
            daemon.wait_until(lambda status: status['budget_us'] == 36000, 'a drop-in')
            (self.drop_ins / '20.conf').unlink()
            daemon.wait_until(lambda status: status['budget_us'] == 35000, 'a drop-in that went')
            (self.folder / 'unrelated.txt').write_text('x')
            self.change('reload = on-change', 'reload = asked')
            self.wait_log(daemon, ['daemon.reload = asked'])
            self.write_drop_in('10.conf', '[budget]\nframe = 37ms\n')
            time.sleep(0.5 * harness.SLOW)
            self.assertEqual(daemon.status()['budget_us'], 35000)

    def test_terminal_that_goes(self):
        """A hang-up of the terminal that it was started from is the end, not a reload."""
        leader, follower = pty.openpty()
        process = subprocess.Popen([*harness.WRAPPER, harness.DAEMON, *harness.daemon_arguments(
            self.folder / 'control.sock', ('--config', self.path))], cwd=self.folder, start_new_session=True,
            env=harness.environment(self.folder), stdin=follower, stdout=follower, stderr=follower,
            preexec_fn=lambda: __import__('fcntl').ioctl(0, __import__('termios').TIOCSCTTY, 0))
        os.close(follower)
        try:
            end = time.monotonic() + harness.START_S
            while time.monotonic() < end and b'painted' not in os.read(leader, 65536).replace(b'frames', b'painted'):
                pass
            os.kill(process.pid, signal.SIGHUP)  # the terminal is there: a reload
            time.sleep(0.3 * harness.SLOW)
            self.assertIsNone(process.poll())
            os.close(leader)
            self.assertEqual(process.wait(harness.START_S), 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def test_under_load(self):
        """Twenty reloads, good and bad ones, while frames come: none is late for it."""
        misses = []
        for _ in range(TRIES):
            with self.start() as daemon:
                before = daemon.wait_painted(30)
                for i in range(20):
                    self.write(SCENE.replace('20ms', '20 parsecs' if i % 4 == 3 else f'{40 + i}ms'))
                    daemon.signal(signal.SIGHUP)
                    time.sleep(0.05)
                self.write(SCENE.replace('20ms', '77ms'))
                self.ctl_well(daemon, 'reload')
                after = daemon.wait_until(lambda status: status['budget_us'] == 77000, 'the last one')
                if harness.SANITIZE != 'none':
                    print('SKIPPED: deadlines say nothing under a sanitizer')
                    self.assertGreater(after['painted'], before['painted'])
                    return
                self.assertGreater(after['painted'], before['painted'] + 20)
                misses.append(after['missed'] + after['degraded'] - before['missed'] - before['degraded'])
            if misses[-1] == 0:
                return
        self.fail(f'{misses} frames were late')


class Stages(Live):
    """What is not live: a stage starts anew, and the picture stands still meanwhile."""

    def assert_quick(self, action, condition, what):
        """In one of a few tries. action(daemon) is timed to when condition(status) is true."""
        times = []
        for _ in range(TRIES):
            with self.start() as daemon:
                daemon.wait_painted(3)
                began = time.monotonic()
                action(daemon)
                status = daemon.wait_until(condition, what)
                times.append(time.monotonic() - began)
                self.assertEqual(status['restart_problem'], '')
                later = daemon.wait_painted(3)
                self.assertEqual(later['state'], 'running')
                self.assertGreater(later['captured'], 3)
            if times[-1] < RESTART_S * harness.SLOW:
                return
        self.fail(f'{what}: took {times} s')

    def test_size(self):
        self.assert_quick(lambda daemon: self.ctl_well(daemon, 'set', 'capture.source=pattern:64x48@60'),
                          lambda status: status['width_px'] == 64 and status['state'] == 'running', 'another size')

    def test_threads_and_precision(self):
        self.assert_quick(lambda daemon: self.ctl_well(daemon, 'set', 'network.threads=2'),
                          lambda status: status['threads'] == 2 and status['state'] == 'running', 'another thread')
        self.assert_quick(lambda daemon: self.ctl_well(daemon, 'set', 'network.precision=f32'),
                          lambda status: status['precision'] == 'f32' and status['state'] == 'running', 'float32')

    def test_display(self):
        self.assert_quick(lambda daemon: self.ctl_well(daemon, 'set', 'display.output=file:out.y4m'),
                          lambda status: status['display'].startswith('file') and status['state'] == 'running', 'a file')
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.ctl_well(daemon, 'set', 'display.output=file:other.y4m')
            daemon.wait_painted(5)
            self.ctl_well(daemon, 'set', 'display.output=null')
            clip = y4m.read(self.folder / 'other.y4m')
            self.assertGreaterEqual(len(clip.frames), 5)
            daemon.wait_painted(3)

    def test_turned(self):
        """Source and painter start anew, once for all that changed; the display goes on."""
        with self.start() as daemon:
            before = daemon.wait_painted(3)
            self.write(SCENE.replace('[display]', 'rotate = 90\nflip = horizontal\n[display]').replace('32x32', '64x32'))
            self.ctl_well(daemon, 'reload')
            after = daemon.wait_painted(3)
            self.assertEqual((after['width_px'], after['height_px'], after['restarts']), (32, 64, 1))
            self.assertTrue(after['display'].startswith('null 32x64'), after['display'])
            log = daemon.log()
            self.assertEqual((log.count('capture: pattern'), log.count('display: null')), (2, 1), log)
            self.assertGreater(after['shown'], before['shown'])

    def test_all_at_once(self):
        with self.start() as daemon:
            before = daemon.wait_painted(20)
            self.write(SCENE.replace('pattern:32x32', 'pattern:64x32').replace('threads = 1', 'threads = 2').replace(
                'output = null', 'output = file:out.y4m').replace('20ms', '33ms') + '[decoder]\ncalm = off\n')
            self.ctl_well(daemon, 'reload')
            after = daemon.wait_painted(3)
            self.assertEqual((after['width_px'], after['threads'], after['budget_us']), (64, 2, 33000))
            self.assertEqual(after['restarts'], 1)
            self.assertGreater(after['painted'], before['painted'], 'the counters started anew')
            self.assertGreater(after['captured'], before['captured'])
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)
        clip = y4m.read(self.folder / 'out.y4m')
        self.assertEqual((clip.width, clip.height), (64, 32))

    def test_a_source_that_cannot_be_opened(self):
        """The settings before are back, all of them."""
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.assert_refused(daemon, ['set', 'capture.source=file:none.y4m'],
                                ['none.y4m', 'the settings before are back'])
            status = daemon.wait_painted(3)
            self.assertEqual(status['source'], 'pattern 32x32 at 60 fps')
            self.write(SCENE.replace('source = pattern:32x32@60', 'source = file:none.y4m').replace('20ms', '33ms'))
            self.assert_refused(daemon, ['reload'], ['none.y4m'])
            status = daemon.wait_painted(3)
            self.assertEqual((status['budget_us'], status['width_px']), (20000, 32))
            self.assertEqual(self.value(daemon, 'capture.source'), ('pattern:32x32@60', f'{self.path}:2'))
            self.assert_words(['none.y4m', 'the settings before are back'], daemon.log())

    def test_a_display_that_cannot_be_opened(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.assert_refused(daemon, ['set', 'display.output=file:/nowhere/out.y4m'], ['/nowhere/out.y4m'])
            self.assertTrue(daemon.wait_painted(3)['display'].startswith('null'))

    def test_a_file_keeps_the_size_of_its_pictures(self):
        with self.start('--display', 'file:out.y4m') as daemon:
            daemon.wait_painted(3)
            self.assert_refused(daemon, ['set', 'capture.source=pattern:64x48@60'], ['out.y4m', '64x48'])
            daemon.wait_painted(3)
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)
        self.assertEqual(y4m.read(self.folder / 'out.y4m').width, 32)

    def test_refused_at_once(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.assert_refused(daemon, ['set', 'capture.source=camera'], ['"camera"'])
            self.assert_refused(daemon, ['set', 'capture.size=33x33'], ['33x33', 'even'])
            self.assert_refused(daemon, ['set', 'display.output=hologram'], ['hologram'])
            self.assertEqual(daemon.wait_painted(3)['restarts'], 0)

    @staticmethod
    def held(daemon):
        """Its descriptors and threads: the fewest of some looks, as a client that was asked with may not be gone yet."""
        proc = pathlib.Path(f'/proc/{daemon.pid}')
        looks = []
        for _ in range(10):
            looks.append([len(list((proc / name).iterdir())) for name in ('fd', 'task')])
            time.sleep(harness.POLL_S)
        return [min(numbers) for numbers in zip(*looks)]

    def test_again_and_again(self):
        """Nothing is left behind by a restart."""
        with self.start() as daemon:
            daemon.wait_painted(3)
            counts = []
            for i in range(6):
                for source in ('pattern:64x48@60', 'pattern:32x32@60'):
                    self.ctl_well(daemon, 'set', f'capture.source={source}')
                self.ctl_well(daemon, 'set', f'network.threads={i % 2 + 1}')
                self.ctl_well(daemon, 'set', 'network.threads=1')
                daemon.wait_painted(1)
                counts.append(self.held(daemon))
            if not harness.EMULATED:
                for numbers in zip(*counts):  # what is left behind grows each time
                    self.assertLessEqual(min(numbers[-2:]), max(numbers[1:3]), counts)
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)

    def test_stop_meanwhile(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            with daemon.connect() as client:
                client.sendall(harness.request('set', 'capture.source', 'pattern:640x360@60'))
                self.assertTrue(harness.receive_line(client)['ok'])
            daemon.signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)


if __name__ == '__main__':
    harness.main()
