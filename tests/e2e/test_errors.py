#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
What goes wrong is told in one line and one exit code of sysexits(3).

One line means: with daemon.log=warn, nothing else is on stderr but
  - the summary above the error, where frames were painted before it,
  - one line for each problem of a configuration file.
"""
import glob
import json
import os
import re
import struct
import subprocess
import typing

import harness
import y4m

PAINT = ('--display', 'null', '--frames', '3')
SCENE = ('--source', 'pattern:32x32', '--set', 'capture.pace=fast')
SUMMARY = re.compile(r'^ar-daemon \d+\.\d+\.\d+: |^  ')


class Wrong(typing.NamedTuple):
    args: tuple
    code: int
    words: tuple  # all of them are in the line


USAGE = (
    Wrong(('--nonsense',), os.EX_USAGE, ('--nonsense', 'not an option', '--help')),
    Wrong(('--source', '/dev/video0'), os.EX_USAGE, ('did you mean v4l2:/dev/video0?',)),
    Wrong(('--source', 'clip.mp4'), os.EX_USAGE, ('did you mean file:clip.mp4?',)),
    Wrong(('--stlye', 'scream'), os.EX_USAGE, ('--stlye', 'did you mean --style?')),
    Wrong(('--budget',), os.EX_USAGE, ('--budget', 'wants a value', '--help')),
    Wrong(('--version=2',), os.EX_USAGE, ('--version=2', 'not an option')),
    Wrong(('-x',), os.EX_USAGE, ('-x', 'not an option')),
    Wrong(('out.mp4',), os.EX_USAGE, ('out.mp4', 'not an option')),
    Wrong((*SCENE, 'a', 'b'), os.EX_USAGE, ('a: not an option',)),
)

VALUES = (
    Wrong(('--source', 'camera', *PAINT), os.EX_USAGE, ('"camera"', 'v4l2[:DEV]', 'file:CLIP', 'pattern')),
    Wrong(('--source', 'file:', *PAINT), os.EX_USAGE, ('file:CLIP',)),
    Wrong(('--source', 'pattern:huge', *PAINT), os.EX_USAGE, ('"pattern:huge"', 'pattern:WxH@FPS')),
    Wrong(('--source', 'pattern:33x32', *PAINT), os.EX_USAGE, ('33x32', 'even')),
    Wrong(('--source', 'pattern:8x8', *PAINT), os.EX_USAGE, ('8x8', '16')),
    Wrong(('--source', 'pattern:4000x32', *PAINT), os.EX_USAGE, ('4000x32', '1920')),
    Wrong(('--source', 'pattern:32x32@1000', *PAINT), os.EX_USAGE, ('"pattern:32x32@1000"',)),
    Wrong((*SCENE, '--display', 'hologram'), os.EX_USAGE, ('"hologram"', 'kms', 'file:OUT', 'null')),
    Wrong((*SCENE, '--display', 'null, hologram'), os.EX_USAGE, ('"hologram"', 'kms', 'file:OUT', 'null')),
    Wrong((*SCENE, '--display', 'null,'), os.EX_USAGE, ('"null,"', 'one to 4')),
    Wrong((*SCENE, '--display', 'null, null'), os.EX_USAGE, ('"null" is there twice',)),
    Wrong((*SCENE, '--display', 'null:x'), os.EX_USAGE, ('"null:x"',)),
    Wrong((*SCENE, '--display', 'file:'), os.EX_USAGE, ('file:out.mp4',)),
    Wrong((*SCENE, '--display', 'file:out.gif'), os.EX_USAGE, ('out.gif', '.mp4', '.y4m')),
    Wrong((*SCENE, '--display', 'file:out'), os.EX_USAGE, ('file:out', '.y4m')),
    Wrong(('--budget', '25', *PAINT), os.EX_USAGE, ('budget.frame', '"25"', '1ms..1s', '25ms')),
    Wrong(('--budget', '5s', *PAINT), os.EX_USAGE, ('budget.frame', '"5s"', '1ms..1s')),
    Wrong(('--width', '2', *PAINT), os.EX_USAGE, ('budget.width', '"2"', 'auto|0.25..1')),
    Wrong(('--width', 'wide', *PAINT), os.EX_USAGE, ('budget.width', '"wide"', 'auto|0.25..1')),
    Wrong(('--set', 'network.precision=int4', *PAINT), os.EX_USAGE, ('network.precision', '"int4"', 'auto|f32|int8')),
    Wrong(('--threads', 'all', *PAINT), os.EX_USAGE, ('network.threads', '"all"', 'auto|1..')),
    Wrong(('--threads', '-1', *PAINT), os.EX_USAGE, ('network.threads', '"-1"', 'auto|1..')),
    Wrong(('--frames', '0'), os.EX_USAGE, ('daemon.frames', '"0"', 'unlimited|1..')),
    Wrong(('--frames', '1e3'), os.EX_USAGE, ('daemon.frames', '"1e3"')),
    Wrong(('--set', 'capture.pace'), os.EX_USAGE, ('"capture.pace"', 'section.key=value')),
    Wrong(('--set', '=fast'), os.EX_USAGE, ('"=fast"', 'section.key=value')),
    Wrong(('--set', 'capture.pase=fast'), os.EX_USAGE, ('capture.pase', 'did you mean capture.pace?')),
    Wrong(('--set', 'capture.pace=slow'), os.EX_USAGE, ('capture.pace', '"slow"', 'real|fast')),
    Wrong(('--set', 'capture.loop=maybe'), os.EX_USAGE, ('capture.loop', '"maybe"', 'yes|no')),
    Wrong(('--set', 'capture.size=big'), os.EX_USAGE, ('capture.size', '"big"', 'auto|')),
    Wrong(('--set', 'capture.controls.a-b=1'), os.EX_USAGE, ('capture.controls.a-b', 'letters')),
    Wrong(('--set', 'daemon.loop=kqueue'), os.EX_USAGE, ('daemon.loop', '"kqueue"', 'auto|io_uring|poll')),
    Wrong(('--set', 'daemon.log=' + 'x' * 300), os.EX_USAGE, ('daemon.log', 'error|warn|info|debug')),
    Wrong(('--style', '\033[2J', *PAINT), os.EX_USAGE, ('network.style', 'control characters')),
)


class Errors(harness.Case):
    def assert_one_line(self, finished, code, words):
        self.assertEqual(finished.code, code, finished)
        lines = [line for line in finished.err.splitlines() if not SUMMARY.match(line)]
        self.assertEqual(len(lines), 1, finished)
        self.assertEqual(finished.err.splitlines()[-1], lines[0], 'the error is not the last word')
        name, _, message = lines[0].partition(': ')
        self.assertEqual(os.path.basename(name), 'ar-daemon', lines[0])
        self.assertNotRegex(message, r'[\x00-\x1f\x7f]', 'a control character')
        self.assert_words(words, message)
        self.assertNotIn(message, finished.out)

    def check(self, table):
        for wrong in table:
            with self.subTest(args=wrong.args):
                finished = self.run_wrong(*wrong.args)
                self.assert_one_line(finished, wrong.code, wrong.words)

    def run_wrong(self, *args, **options):
        return self.run_daemon('--set', 'daemon.log=warn', *args, **options)


class CommandLine(Errors):
    def test_usage(self):
        self.check(USAGE)

    def test_values(self):
        self.check(VALUES)

    def test_version(self):
        finished = self.run_well('--version')
        self.assertRegex(finished.out, r'^ar-daemon \d+\.\d+\.\d+\n$')
        self.assertEqual(finished.err, '')

    def test_help_names_every_option_and_key(self):
        finished = self.run_well('--help')
        self.assertEqual(finished.err, '')
        for option in ('source', 'display', 'style', 'budget', 'width', 'threads', 'frames', 'set', 'config',
                       'check-config', 'print-config', 'list-devices', 'version', 'help'):
            self.assertRegex(finished.out, rf'(?m)^  --{option}\b')
        keys = self.keys()
        self.assertGreater(len(keys), 10)
        for key in keys:
            self.assertRegex(finished.out, rf'(?m)^  {re.escape(key)} +\S')

    def keys(self):
        """Every section.key of the default file."""
        section, keys = None, []
        for line in self.run_well('--print-config').out.splitlines():
            if line.startswith('['):
                section = line.strip('[]')
            elif match := re.match(r'#(\w+) =', line):
                keys.append(f'{section}.{match.group(1)}')
        return keys

    def test_list_devices(self):
        finished = self.run_well('--list-devices')
        self.assertEqual(finished.err, '')
        self.assertTrue(finished.out.strip(), 'it says nothing')

    def test_closed_standard_output(self):
        """A full disk behind --help is nothing to crash on."""
        with open('/dev/full', 'wb') as full:
            process = subprocess.run([*harness.WRAPPER, harness.DAEMON, '--help'], stdout=full, stderr=subprocess.PIPE,
                                     env=harness.environment(self.folder), timeout=harness.REPLY_S, check=False)
        self.assertGreaterEqual(process.returncode, 0, process.stderr)


class ConfigFile(Errors):
    def write(self, text):
        path = self.folder / 'test.conf'
        path.write_text(text)
        return path

    def test_good(self):
        path = self.write('[capture]\nsource = pattern:32x32\npace = fast\n[display]\noutput = null\n'
                          '# a comment\n[daemon]\nframes = 4\n'
                          '[capture.controls]\nauto_exposure = 1\n')
        finished = self.run_well('--config', path, '--check-config')
        self.assertEqual((finished.out, finished.err), ('configuration: no problems\n', ''))
        finished = self.run_well('--config', path)
        self.assertIn('4 painted', finished.err)
        finished = self.run_well('--config', path, '--frames', '2')
        self.assertIn('2 painted', finished.err, 'an option does not win over the file')

    def test_printed_file_is_good(self):
        text = self.run_well('--print-config').out
        path = self.write(re.sub(r'(?m)^#(\w+ =)', r'\1', text))
        finished = self.run_well('--config', path, '--check-config')
        self.assertEqual(finished.err, '')

    def test_every_problem_is_told(self):
        path = self.write('[capture]\npase = fast\n\n[network]\nthreads = many\n[nowhere]\nx = 1\n')
        for action in ((), ('--check-config',)):
            finished = self.run_wrong('--config', path, *action)
            self.assertEqual(finished.code, os.EX_CONFIG, finished)
            lines = finished.err.splitlines()
            self.assertEqual(len(lines), 3, finished.err)
            for line, number, words in zip(lines, (2, 5, 6), (('pase', 'capture.pace'), ('network.threads', '"many"'),
                                                              ('nowhere',))):
                self.assertTrue(line.startswith(f'ar-daemon: {path}:{number}: '), line)
                self.assert_words(words, line)
            self.assertNotIn('no problems', finished.out)

    def test_file_that_cannot_be_read(self):
        missing = self.folder / 'none.conf'
        self.assert_one_line(self.run_wrong('--config', missing), os.EX_NOINPUT, (str(missing),))
        self.assert_one_line(self.run_wrong('--config', missing, '--check-config'), os.EX_NOINPUT, (str(missing),))
        self.assert_one_line(self.run_wrong('--config', self.folder), os.EX_NOINPUT, (str(self.folder),))
        large = self.write('#' * 70_000)
        self.assert_one_line(self.run_wrong('--config', large), os.EX_NOINPUT, (str(large),))


class Clips(Errors):
    def setUp(self):
        super().setUp()
        y4m.make_clip(self.folder / 'good.y4m', 6)
        self.good = (self.folder / 'good.y4m').read_bytes()

    def clip(self, name, data):
        (self.folder / name).write_bytes(data)
        return ('--source', f'file:{name}', '--set', 'capture.pace=fast', '--display', 'null')

    def test_what_is_no_clip(self):
        self.assert_one_line(self.run_wrong('--source', 'file:none.mp4', *PAINT), os.EX_NOINPUT, ('none.mp4',))
        self.assert_one_line(self.run_wrong('--source', 'file:/', *PAINT), os.EX_NOINPUT, ('/: ', 'directory'))
        self.assert_one_line(self.run_wrong(*self.clip('empty.mp4', b'')), os.EX_DATAERR, ('empty.mp4', 'empty'))
        self.assert_one_line(self.run_wrong(*self.clip('text.txt', b'Dear diary,\nit rained.\n' * 50)), os.EX_DATAERR,
                             ('text.txt',))
        self.assert_one_line(self.run_wrong(*self.clip('noise.mp4', bytes(range(256)) * 40)), os.EX_DATAERR,
                             ('noise.mp4',))

    def test_truncated_y4m(self):
        step = len(y4m.FRAME_MARK) + 64 * 48 * 3 // 2
        start = self.good.index(b'\n') + 1
        cut = self.good[:start + 4 * step + 500]
        finished = self.run_wrong(*self.clip('cut.y4m', cut))
        self.assert_one_line(finished, os.EX_DATAERR, ('cut.y4m', 'frame 4'))
        self.assertIn('4 painted', finished.err, 'the whole frames before the cut were not painted')

    def test_broken_y4m(self):
        damaged = self.good.replace(b'FRAME', b'FLAME')
        self.assert_one_line(self.run_wrong(*self.clip('damaged.y4m', damaged)), os.EX_DATAERR,
                             ('damaged.y4m', 'frame 0'))
        for header in (b'W0 H48', b'W64', b'W64 H-48', b'W99999999999 H48', b'W64 H48 F0:1', b'W64 H48 F1'):
            with self.subTest(header=header):
                broken = b'YUV4MPEG2 ' + header + b'\n' + self.good.partition(b'\n')[2]
                self.assert_one_line(self.run_wrong(*self.clip('header.y4m', broken)), os.EX_DATAERR,
                                     ('header.y4m', 'header'))

    def test_truncated_mp4(self):
        if not harness.HAVE_LIBAV:
            self.skipTest('built without libav')
        self.run_well('--source', 'file:good.y4m', '--set', 'capture.pace=fast', '--display', 'file:good.mp4')
        data = (self.folder / 'good.mp4').read_bytes()
        self.assert_one_line(self.run_wrong(*self.clip('cut.mp4', data[:len(data) // 2])), os.EX_DATAERR, ('cut.mp4',))

    def test_other_kinds_without_libav(self):
        if harness.HAVE_LIBAV:
            self.skipTest('built with libav')
        finished = self.run_wrong(*self.clip('clip.mp4', b'\0\0\0\x20ftypisom' + bytes(200)))
        self.assert_one_line(finished, os.EX_DATAERR, ('clip.mp4', 'libav'))
        finished = self.run_wrong(*SCENE, '--display', 'file:out.mp4')
        self.assert_one_line(finished, os.EX_UNAVAILABLE, ('out.mp4', 'libav', '.y4m'))


class Cameras(Errors):
    def test_missing(self):
        finished = self.run_wrong('--source', 'v4l2:/dev/video99', *PAINT)
        self.assert_one_line(finished, os.EX_NOINPUT, ('/dev/video99',))

    def test_something_else(self):
        if harness.EMULATED:
            self.skipTest('the emulator answers for the drivers, otherwise than they would')
        plain = self.folder / 'plain'
        plain.touch()
        for path in ('/dev/null', plain):
            with self.subTest(path=path):
                finished = self.run_wrong('--source', f'v4l2:{path}', *PAINT)
                self.assert_one_line(finished, os.EX_DATAERR, (f'{path}: ', 'not a camera'))

    def test_none(self):
        if glob.glob('/dev/video*'):
            self.skipTest('this machine has cameras')
        self.assert_one_line(self.run_wrong('--source', 'v4l2', *PAINT), os.EX_UNAVAILABLE, ('camera',))


class Models(Errors):
    """Copies of a style with something wrong in them."""

    def setUp(self):
        super().setUp()
        self.good = (harness.MODELS / 'starry_night.safetensors').read_bytes()
        length, = struct.unpack_from('<Q', self.good)
        self.header = json.loads(self.good[8:8 + length])
        self.data = self.good[8 + length:]

    def assert_refused(self, data, words):
        (self.folder / 'bad.safetensors').write_bytes(data)
        finished = self.run_wrong(*SCENE, *PAINT, '--style', 'bad.safetensors')
        self.assert_one_line(finished, os.EX_DATAERR, ('bad.safetensors', *words))

    def pack(self, header, data=None):
        text = json.dumps(header).encode()
        return struct.pack('<Q', len(text)) + text + (self.data if data is None else data)

    def last_tensor(self):
        tensors = {name: entry for name, entry in self.header.items() if name != '__metadata__'}
        return max(tensors, key=lambda name: tensors[name]['data_offsets'][1])

    def test_not_a_model(self):
        self.assert_refused(b'', ('8 bytes',))
        self.assert_refused(bytes(range(256)) * 100, ('header',))
        self.assert_refused(b'\xff' * 4096, ('header',))
        self.assert_refused(b'YUV4MPEG2 W64 H48\n' * 100, ('header',))
        self.assert_refused(self.good[:200], ('header',))

    def test_repacked_is_good(self):
        """What the other tests start from is no error by itself."""
        (self.folder / 'good.safetensors').write_bytes(self.pack(self.header))
        self.run_well(*SCENE, *PAINT, '--style', 'good.safetensors')

    def test_int8_without_ranges(self):
        """Painted in float32 unless int8 is asked for; then the reason is told."""
        kept, data = {'__metadata__': self.header['__metadata__']}, b''
        for name, entry in self.header.items():
            if name == '__metadata__' or name.endswith('range'):
                continue
            begin, end = entry['data_offsets']
            kept[name] = {**entry, 'data_offsets': [len(data), len(data) + end - begin]}
            data += self.data[begin:end]
        (self.folder / 'plain.safetensors').write_bytes(self.pack(kept, data))
        self.run_well(*SCENE, *PAINT, '--style', 'plain.safetensors')
        finished = self.run_wrong(*SCENE, *PAINT, '--style', 'plain.safetensors', '--set', 'network.precision=int8')
        self.assert_one_line(finished, os.EX_DATAERR, ("'starry_night'", 'int8', 'no int8 ranges'))

    def test_truncated(self):
        self.assert_refused(self.good[:-4], (f"'{self.last_tensor()}'",))
        self.assert_refused(self.good[:len(self.good) // 2], ('tensor ',))

    def test_too_long(self):
        self.assert_refused(self.good + bytes(4), (f"'{self.last_tensor()}'",))

    def test_not_a_number(self):
        name = self.last_tensor()
        self.assert_refused(self.pack(self.header, self.data[:-4] + struct.pack('<f', float('nan'))),
                            (f"'{name}'", 'finite'))

    def test_tensor_of_another_name(self):
        name = self.last_tensor()
        self.header['stranger'] = self.header.pop(name)
        self.assert_refused(self.pack(self.header), ())

    def test_tensor_of_another_shape(self):
        name = self.last_tensor()
        self.header[name]['shape'] = self.header[name]['shape'][::-1] + [1]
        self.assert_refused(self.pack(self.header), (f"'{name}'",))

    def test_unknown_style(self):
        finished = self.run_wrong(*SCENE, *PAINT, '--style', 'mona_lisa')
        self.assert_one_line(finished, os.EX_NOINPUT, ('"mona_lisa"', 'great_wave', 'starry_night'))

    def test_missing_file(self):
        finished = self.run_wrong(*SCENE, *PAINT, '--style', 'none.safetensors')
        self.assert_one_line(finished, os.EX_NOINPUT, ('none.safetensors',))

    def test_folder(self):
        (self.folder / 'folder.safetensors').mkdir()
        finished = self.run_wrong(*SCENE, *PAINT, '--style', 'folder.safetensors')
        self.assert_one_line(finished, finished.code, ('folder.safetensors',))
        self.assertIn(finished.code, (os.EX_NOINPUT, os.EX_DATAERR))


class Outputs(Errors):
    def test_cannot_be_written(self):
        finished = self.run_wrong(*SCENE, '--display', 'file:none/out.y4m', '--frames', '3')
        self.assert_one_line(finished, os.EX_CANTCREAT, ('none/out.y4m',))
        (self.folder / 'folder.y4m').mkdir()
        finished = self.run_wrong(*SCENE, '--display', 'file:folder.y4m', '--frames', '3')
        self.assert_one_line(finished, os.EX_CANTCREAT, ('folder.y4m', 'folder'))

    def test_pipe_that_nobody_reads(self):
        os.mkfifo(self.folder / 'pipe.y4m')
        finished = self.run_wrong(*SCENE, '--display', 'file:pipe.y4m', '--frames', '3')
        self.assert_one_line(finished, os.EX_CANTCREAT, ('pipe.y4m', 'nobody reads'))

    def test_full_disk(self):
        (self.folder / 'full.y4m').symlink_to('/dev/full')
        finished = self.run_wrong(*SCENE, '--display', 'file:full.y4m', '--frames', '3')
        self.assert_one_line(finished, finished.code, ('full.y4m', 'No space left on device'))
        self.assertIn(finished.code, (os.EX_CANTCREAT, os.EX_IOERR))

    def test_reader_that_goes_away(self):
        """As with `ar-daemon --display file:- | head`: told, not killed by SIGPIPE."""
        with self.daemon('--source', 'pattern:64x48@60', '--width', '0.25', '--display', 'file:-', '--set',
                         'daemon.log=warn', stdout=subprocess.PIPE) as daemon:
            self.assertTrue(daemon.process.stdout.read(10))
            daemon.process.stdout.close()
            code = daemon.wait()
            self.assert_one_line(harness.Finished(code, '', daemon.log(), 0), os.EX_IOERR,
                                 ('standard output', 'Broken pipe'))

    def test_taken(self):
        with self.daemon('--source', 'pattern:64x48@30', '--width', '0.25', '--display', 'file:out.y4m') as first:
            first.wait_painted(1)
            finished = self.run_wrong(*SCENE, '--display', 'file:out.y4m', '--frames', '3', '--set',
                                      'daemon.socket=none')
            self.assert_one_line(finished, os.EX_UNAVAILABLE, ('out.y4m', 'another program'))

    def test_no_window(self):
        if harness.HAVE_SDL and harness.SANITIZE != 'none':
            self.skipTest('what sanitizers say about the X and GL libraries is not ours')
        finished = self.run_wrong(*SCENE, '--display', 'sdl', '--frames', '3')
        self.assert_one_line(finished, os.EX_UNAVAILABLE, ('sdl',) if harness.HAVE_SDL else ('sdl', 'no SDL'))


if __name__ == '__main__':
    harness.main()
