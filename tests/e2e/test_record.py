#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recordings and snapshots while ar-daemon paints: what is in the files, what is refused, and disks that are full, slow or gone.

Movies are read back by FFmpeg's own programs. Disks are real file systems, mounted where the machine lets the test; where it
does not, that is said.
"""
import collections
import contextlib
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import threading
import time
import unittest

import harness
import y4m

SIZE = (64, 48)
RATE = 30
SCENE = ('--source', f'pattern:{SIZE[0]}x{SIZE[1]}@{RATE}', '--width', '0.25', '--threads', '1')
LARGE = ('--source', 'pattern:320x180@30', '--width', '0.25', '--threads', '1')
FROZEN_S = 20 * harness.SLOW  # at most: what is written fills the memory for it in three
TRIES = 3
HERE = ('--display', 'null')
LOOPS = ('auto', 'poll')
MOVIES = ('out.mp4', 'out.mov', 'out.y4m') if harness.HAVE_LIBAV else ('out.y4m',)
HAVE_FFMPEG = shutil.which('ffmpeg') and shutil.which('ffprobe')
needs_ffmpeg = unittest.skipUnless(HAVE_FFMPEG and harness.HAVE_LIBAV, 'needs FFmpeg, in this build and as a program')


def may_mount():
    return os.geteuid() == 0 and subprocess.run(['unshare', '--mount', 'true'], stderr=subprocess.DEVNULL,
                                                check=False).returncode == 0


needs_mounts = unittest.skipUnless(may_mount(), 'needs to be root, and to mount file systems')


def times_of(path):
    """The pictures' times in a movie, in seconds, and its duration. Fails where FFmpeg complains."""
    reply = subprocess.run(['ffprobe', '-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=pts_time',
                            '-show_entries', 'format=duration', '-of', 'json', str(path)],
                           capture_output=True, check=True)
    if reply.stderr:
        raise AssertionError(f'{path}: ffprobe: {reply.stderr.decode()}')
    found = json.loads(reply.stdout)
    return [float(frame['pts_time']) for frame in found['frames']], float(found['format']['duration'])


def picture_of(path):
    """A picture as its planes, full range: width, height, bytes."""
    probe = subprocess.run(['ffprobe', '-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', str(path)],
                           capture_output=True, check=True)
    width, height = map(int, probe.stdout.decode().split(',')[:2])
    planes = subprocess.run(['ffmpeg', '-v', 'error', '-i', str(path), '-f', 'rawvideo', '-pix_fmt', 'yuvj420p', '-'],
                            capture_output=True, check=True).stdout
    return width, height, planes


class Case(harness.Case):
    def record(self, daemon, name, seconds):
        """Records for so long, and returns what the daemon says of it."""
        self.start_recording(daemon, name)
        time.sleep(seconds)
        return self.stop_recording(daemon)

    def start_recording(self, daemon, name):
        reply = daemon.ctl('record', 'start', name)
        self.assertEqual(reply.code, 0, reply)

    def stop_recording(self, daemon):
        reply = daemon.ctl('record', '--json', 'stop')
        self.assertEqual(reply.code, 0, reply)
        return json.loads(reply.out)

    def wait_failed(self, daemon, timeout_s=60 * harness.SLOW):
        found = daemon.wait_until(lambda status: status['recording']['state'] == 'failed', 'the recording to fail',
                                  timeout_s)
        return found['recording']

    def check_goes_on(self, daemon):
        """Painting is as if nothing had happened."""
        daemon.wait_painted(10)
        daemon.signal()
        self.assertEqual(daemon.wait(), 0)

    def names(self):
        """What there is but log and socket."""
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith(('log-', 'control', '.')))


class Recordings(Case):
    def check_movie(self, name, found):
        """Every picture that the daemon counts is in it, and it lasts as long."""
        path = self.folder / name
        if name.endswith('.y4m'):
            n_pictures = len(y4m.read(path).frames)
            self.assertAlmostEqual(n_pictures / RATE, found['seconds'], delta=2.5 / RATE)
        if not HAVE_FFMPEG:
            return
        times, duration_s = times_of(path)
        self.assertAlmostEqual(duration_s, found['seconds'], delta=2.5 / RATE)
        self.assertEqual(times[0], 0)
        self.assertEqual(times, sorted(set(times)))
        if not name.endswith('.y4m'):
            self.assertEqual(len(times), found['pictures'])

    def test_kinds(self):
        for loop in LOOPS:
            with self.daemon(*SCENE, *HERE, '--set', f'daemon.loop={loop}') as daemon:
                daemon.wait_painted(5)
                for name in MOVIES:
                    with self.subTest(name=name, loop=loop):
                        before = daemon.status()['painted']
                        found = self.record(daemon, name, 1.5)
                        n_painted = daemon.status()['painted'] - before
                        self.assertEqual(found['state'], 'done')
                        self.assertEqual(found['file'], str(self.folder / name))
                        self.assertEqual(found['bytes'], (self.folder / name).stat().st_size)
                        self.assertLessEqual(found['pictures'] + found['dropped'], n_painted)
                        self.assertGreater(found['pictures'] + found['dropped'], 0.6 * n_painted)
                        self.check_movie(name, found)
                        (self.folder / name).unlink()
                self.assertEqual(self.names(), [])
                self.check_goes_on(daemon)

    @needs_ffmpeg
    def test_a_stand_still_keeps_its_time(self):
        """The whole process stops for a second: in one kind a gap, in the other the picture before it again."""
        for name in ('out.mp4', 'out.y4m'):
            with self.subTest(name=name), self.daemon(*SCENE, *HERE) as daemon:
                daemon.wait_painted(5)
                self.start_recording(daemon, name)
                time.sleep(0.7)
                daemon.signal(19)
                time.sleep(1)
                daemon.signal(18)
                time.sleep(0.7)
                found = self.stop_recording(daemon)
                times, duration_s = times_of(self.folder / name)
                longest_s = max(after - before for before, after in zip(times, times[1:], strict=False))
                self.assertGreater(found['seconds'], 2.2)
                self.assertAlmostEqual(duration_s, found['seconds'], delta=2.5 / RATE)
                if name == 'out.mp4':
                    self.assertGreater(longest_s, 0.8)
                else:
                    self.assertAlmostEqual(len(times) / RATE, found['seconds'], delta=2.5 / RATE)

    def test_every_display_can_be_recorded(self):
        """What a display wants painted is not what a movie wants: colours are brought there."""
        means = collections.defaultdict(list)
        y4m.make_clip(self.folder / 'in.y4m', 1)
        for display in ('null', 'file:shown.y4m'):
            with self.daemon('--source', 'file:in.y4m', '--set', 'capture.loop=yes', '--width', '0.25', '--threads', '1',
                             '--display', display) as daemon:
                daemon.wait_painted(20)
                self.record(daemon, f'{display[:4]}.y4m', 0.5)
                daemon.signal()
                self.assertEqual(daemon.wait(), 0)
            clip = y4m.read(self.folder / f'{display[:4]}.y4m')
            for plane in (clip.luma(-1), clip.chroma(-1)[:len(clip.chroma(-1)) // 2], clip.chroma(-1)[len(clip.chroma(-1)) // 2:]):
                means[display].append(sum(plane) / len(plane))
        shown = y4m.read(self.folder / 'shown.y4m')
        recorded = y4m.read(self.folder / 'file.y4m')
        self.assertIn(recorded.frames[-1], shown.frames)  # both in the same range: bit for bit
        for one, other in zip(means['null'], means['file:shown.y4m'], strict=True):
            self.assertAlmostEqual(one, other, delta=3)

    def test_it_plays_while_it_grows(self):
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(5)
            for name in MOVIES:
                self.start_recording(daemon, name)
                time.sleep(2.5)
                copy = self.folder / f'copy-{name}'
                shutil.copy(self.folder / name, copy)
                if HAVE_FFMPEG:
                    times, _ = times_of(copy)
                    self.assertGreater(len(times), RATE // 2)
                self.stop_recording(daemon)
            self.check_goes_on(daemon)

    def test_the_end_of_the_daemon_ends_it_well(self):
        for name in MOVIES:
            with self.subTest(name=name), self.daemon(*SCENE, *HERE) as daemon:
                daemon.wait_painted(5)
                self.start_recording(daemon, name)
                time.sleep(1.5)
                daemon.signal()
                self.assertEqual(daemon.wait(), 0)
                if harness.SLOW > 1 and 'leaving it behind' in daemon.log():
                    continue  # a sanitizer may take longer for the last pictures than an end may take
                ended = re.search(rf'{name}: recorded .* s, (\d+) pictures', daemon.log())
                self.assertIsNotNone(ended)
                self.assertNotIn('leaving it behind', daemon.log())
                if HAVE_FFMPEG and name.endswith('.y4m'):
                    self.assertGreater(len(times_of(self.folder / name)[0]), 1)
                elif HAVE_FFMPEG:
                    self.assertEqual(len(times_of(self.folder / name)[0]), int(ended[1]))

    def test_the_end_of_the_clip_ends_it_well(self):
        y4m.make_clip(self.folder / 'in.y4m', 2 * RATE)
        with self.daemon('--source', 'file:in.y4m', '--width', '0.25', '--threads', '1', *HERE) as daemon:
            daemon.wait_painted(1)
            self.start_recording(daemon, 'out.y4m')
            self.assertEqual(daemon.wait(), 0)
        self.assertGreater(len(y4m.read(self.folder / 'out.y4m').frames), RATE // 2)

    def test_its_state(self):
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(5)
            self.assertIsNone(daemon.status()['recording'])
            self.start_recording(daemon, 'out.y4m')
            daemon.wait_until(lambda status: status['recording']['pictures'] > 5, 'pictures')
            state = daemon.status()['recording']
            self.assertEqual(state['state'], 'recording')
            self.assertIn('recording ' + str(self.folder / 'out.y4m'), daemon.ctl('status').out)
            second = daemon.ctl('record', 'start', 'more.y4m')
            self.assertEqual(second.code, 1, second)
            self.assert_words(['more.y4m', 'out.y4m', 'stop'], second.err)
            self.stop_recording(daemon)
            second = daemon.ctl('record', 'stop')
            self.assertEqual(second.code, 1, second)
            self.assertIn('nothing is being recorded', second.err)
            self.check_goes_on(daemon)
        self.assertEqual(self.names(), ['out.y4m'])

    def test_no_picture_leaves_no_file(self):
        y4m.make_clip(self.folder / 'in.y4m', 3)
        text = (self.folder / 'in.y4m').read_bytes().replace(b'F30:1', b'F1:60', 1)
        (self.folder / 'in.y4m').write_bytes(text)
        with self.daemon('--source', 'file:in.y4m', '--width', '0.25', '--threads', '1', *HERE) as daemon:
            daemon.wait_painted(0)
            time.sleep(0.5)
            self.start_recording(daemon, 'out.y4m')
            reply = daemon.ctl('record', 'stop')
            self.assertEqual(reply.code, 1, reply)
            self.assert_words(['out.y4m', 'no picture'], reply.err)
            picture = daemon.ctl('snapshot', 'out.jpg')
            self.assertEqual(picture.code, 1, picture)
            self.assert_words(['out.jpg', 'no picture'], picture.err)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.names(), ['in.y4m'])


class Refusals(Case):
    """One line, that says what and why; nothing is touched."""

    def check_refused(self, daemon, name, *words):
        for command in (('record', 'start', f'{name}.y4m'), ('snapshot', f'{name}.jpg')):
            reply = daemon.ctl(*command)
            self.assertEqual(reply.code, 1, reply)
            self.assertEqual(len(reply.err.splitlines()), 1, reply)
            self.assert_words([name, *words], reply.err)

    def test_paths(self):
        for ending in ('y4m', 'jpg'):
            (self.folder / f'diary.{ending}').write_text('dear diary')
            (self.folder / f'folder.{ending}').mkdir()
            (self.folder / f'link.{ending}').symlink_to(self.folder / f'diary.{ending}')
            (self.folder / f'dangling.{ending}').symlink_to(self.folder / 'target')
            os.mkfifo(self.folder / f'pipe.{ending}')
        before = self.names()
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(1)
            self.check_refused(daemon, 'diary', 'exists')
            self.check_refused(daemon, 'folder', 'is a folder')
            self.check_refused(daemon, 'link', 'symbolic link')
            self.check_refused(daemon, 'dangling', 'symbolic link')
            self.check_refused(daemon, 'pipe', 'exists')
            self.check_refused(daemon, 'none/out', 'there is no folder', str(self.folder / 'none'))
            self.check_refused(daemon, 'diary.y4m/out', 'Not a directory')
            reply = daemon.ctl('record', 'start', 'x' * 300 + '.y4m')
            self.assertEqual(reply.code, 1, reply)
            self.assert_words(['xxx', 'File name too long'], reply.err)
            self.check_goes_on(daemon)
        self.assertEqual(self.names(), before)
        for ending in ('y4m', 'jpg'):
            self.assertEqual((self.folder / f'diary.{ending}').read_text(), 'dear diary')

    def test_relative_paths_are_the_callers(self):
        """ar-ctl makes them whole; whoever speaks to the socket has to."""
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(1)
            for command, args in (('record', ('start', 'out.y4m')), ('snapshot', ('out.jpg',))):
                with daemon.connect() as client:
                    client.sendall(harness.request(command, *args))
                    reply = harness.receive_line(client)
                self.assertFalse(reply['ok'])
                self.assertIn('absolute', reply['error'])
            self.check_goes_on(daemon)
        self.assertEqual(self.names(), [])

    def test_words(self):
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(1)
            for args, word in ((('record', 'start', 'out.avi'), '.mp4'), (('record', 'start', 'out.mkv'), '.mp4'),
                               (('record', 'start'), 'start FILE'), (('record', 'pause'), 'start FILE'),
                               (('record', 'stop', 'out.mp4'), 'start FILE'), (('snapshot', 'out.png'), '.jpg'),
                               (('snapshot', 'out.jpg', '--twice'), '--pair')):
                reply = daemon.ctl(*args)
                self.assertEqual(reply.code, 1, reply)
                self.assertEqual(len(reply.err.splitlines()), 1, reply)
                self.assertIn(word, reply.err)
            self.check_goes_on(daemon)
        self.assertEqual(self.names(), [])

    @unittest.skipIf(harness.HAVE_LIBAV, 'built with libav')
    def test_without_libav(self):
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(1)
            reply = daemon.ctl('record', 'start', 'out.mp4')
            self.assertEqual(reply.code, 1, reply)
            self.assert_words(['out.mp4', 'libav', '.y4m'], reply.err)
            self.check_goes_on(daemon)

    def test_a_service_says_where_it_may_write(self):
        env = {'STATE_DIRECTORY': '/var/lib/ar-daemon'}
        with self.daemon(*SCENE, *HERE, env=env) as daemon:
            daemon.wait_painted(1)
            self.check_refused(daemon, 'none/out', '/var/lib/ar-daemon', f'user {os.geteuid()}')
            self.check_goes_on(daemon)

    @unittest.skipIf(os.geteuid() == 0, 'root may write everywhere')
    def test_a_folder_of_others(self):
        (self.folder / 'theirs').mkdir(mode=0o555)
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(1)
            self.check_refused(daemon, 'theirs/out', 'Permission denied', f'user {os.geteuid()}')
            self.check_goes_on(daemon)

    @unittest.skipUnless(os.geteuid() == 0, 'needs root, to be another user')
    def test_another_user(self):
        """The daemon is nobody; the folder is ours."""
        self.folder.chmod(0o755)
        (self.folder / 'run').mkdir()
        os.chown(self.folder / 'run', 65534, 65534)
        style = self.folder / 'run/style.safetensors'  # the tree may be where nobody may look
        shutil.copy(harness.MODELS / 'scream.safetensors', style)
        style.chmod(0o644)
        with self.daemon(*SCENE, *HERE, '--style', style, socket_path=self.folder / 'run/socket',
                         prefix=('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups')) as daemon:
            daemon.wait_painted(1)
            self.check_refused(daemon, 'out', 'Permission denied', 'user 65534')
            found = self.record(daemon, 'run/out.y4m', 0.5)
            self.assertEqual(found['state'], 'done')
            self.assertEqual((self.folder / 'run/out.y4m').stat().st_uid, 65534)
            self.check_goes_on(daemon)


def unmount(folder):
    """The kernel may still be closing what a daemon that has ended had open there."""
    end = time.monotonic() + harness.REPLY_S
    while subprocess.run(['umount', folder], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        if time.monotonic() > end:
            raise AssertionError(f'{folder}: still in use {harness.REPLY_S} s after the daemon\'s end')
        time.sleep(harness.POLL_S)


class Disks(Case):
    def mounted(self, folder, *args):
        (self.folder / folder).mkdir()
        subprocess.run(['mount', *args, self.folder / folder], check=True)
        self.addCleanup(unmount, self.folder / folder)
        return self.folder / folder

    @needs_mounts
    @harness.survives('a recording and a snapshot on a read-only disk', 'refused with the reason', 2)
    def test_read_only(self):
        self.mounted('disk', '-t', 'tmpfs', '-o', 'ro', 'tmpfs')
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(1)
            for command in (('record', 'start', 'disk/out.y4m'), ('snapshot', 'disk/out.jpg')):
                reply = daemon.ctl(*command)
                self.assertEqual(reply.code, 1, reply)
                self.assert_words(['disk/out.', 'Read-only'], reply.err)
            self.check_goes_on(daemon)

    def check_full(self, daemon, name, words):
        """The recording ends by itself, says why, and plays; the picture goes on."""
        daemon.wait_painted(5)
        self.start_recording(daemon, name)
        found = self.wait_failed(daemon)
        self.assert_words([name, *words], found['error'])
        self.assertIn(found['error'], daemon.log())
        path = self.folder / name
        if HAVE_FFMPEG:
            self.assertGreater(len(times_of(path)[0]), 1)
        if name.endswith('.y4m'):
            self.assertGreater(len(y4m.read(path).frames), 1)
        reply = daemon.ctl('record', 'stop')
        self.assertEqual(reply.code, 1, reply)

    @needs_mounts
    @harness.survives('no space left for a recording', '`failed`, with the reason; what is there plays', len(LOOPS) * len(MOVIES))
    def test_full(self):
        disk = self.mounted('disk', '-t', 'tmpfs', '-o', 'size=400k', 'tmpfs')
        for loop in LOOPS:
            with self.daemon(*LARGE, *HERE, '--set', f'daemon.loop={loop}') as daemon:
                for name in MOVIES:
                    with self.subTest(name=name, loop=loop):
                        self.check_full(daemon, f'disk/{name}', ['No space'])
                        (disk / name).unlink()
                self.assertEqual(list(disk.iterdir()), [])
                self.check_goes_on(daemon)

    @needs_mounts
    @harness.survives('no space at all for a recording and a snapshot', '`failed` and refused, with the reason', 2)
    def test_full_from_the_beginning(self):
        disk = self.mounted('disk', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs')
        with self.daemon(*LARGE, *HERE) as daemon:
            daemon.wait_painted(5)
            self.start_recording(daemon, 'disk/out.y4m')
            self.assertIn('No space', self.wait_failed(daemon)['error'])
            reply = daemon.ctl('snapshot', 'disk/out.jpg')
            self.assertEqual(reply.code, 1, reply)
            self.assert_words(['disk/out.jpg', 'No space'], reply.err)
            self.assertEqual(list(disk.iterdir()), [])
            self.check_goes_on(daemon)

    @harness.survives('a recording reaches the limit of a file', '`failed`, with the reason; what is there plays')
    def test_limit_of_file_size(self):
        """ulimit -f: an error like that of a full disk, and no end of the daemon by SIGXFSZ."""
        with self.daemon(*LARGE, *HERE, prefix=('prlimit', '--fsize=500000')) as daemon:
            self.check_full(daemon, 'out.y4m', ['File too large'])
            self.check_goes_on(daemon)

    @contextlib.contextmanager
    def frozen(self, disk):
        """Writes to the disk hang meanwhile. It is thawed by a process of its own, whatever becomes of us."""
        subprocess.run(['fsfreeze', '--freeze', disk], check=True)
        thaw = subprocess.Popen(['sh', '-c', f'timeout {FROZEN_S} cat; fsfreeze --unfreeze "{disk}"'],
                                stdin=subprocess.PIPE)
        try:
            yield
        finally:
            thaw.communicate()

    def ext4(self):
        image = self.folder / '.image'
        image.write_bytes(b'')
        os.truncate(image, 256 << 20)
        subprocess.run(['mkfs.ext4', '-q', '-F', image], check=True)
        return self.mounted('disk', '-o', 'loop', image)

    def pace(self, daemon):
        """What happens to the picture in two seconds."""
        before = daemon.status()
        time.sleep(2)
        after = daemon.status()
        return {name: after[name] - before[name] for name in ('painted', 'missed', 'dropped', 'degraded')}

    def check_pace(self, daemon, usual):
        """As usual in one of a few looks: what is busy elsewhere on the machine may spoil one. A sanitizer's pace is nobody's."""
        if harness.SANITIZE != 'none':
            enough = daemon.status()['painted'] + 0.8 * usual['painted']
            daemon.wait_until(lambda status: status['painted'] > enough, 'pictures go on')
            return
        for _ in range(TRIES):
            now = self.pace(daemon)
            if now['painted'] > 0.8 * usual['painted'] and self.n_late(now) < self.n_late(usual) + 0.2 * usual['painted']:
                return
        self.fail(f'usual {usual}, now {now}')

    @staticmethod
    def n_late(pace):
        return pace['missed'] + pace['dropped'] + pace['degraded']

    @needs_mounts
    @harness.survives('a disk takes nothing for 9 s of a recording', '`recording`; what it had no room for is `dropped`', len(LOOPS))
    def test_disk_that_hangs(self):
        """What it does not take is dropped and counted, and the picture does not know; then the recording goes on."""
        disk = self.ext4()
        for loop in LOOPS:
            name = f'{loop}.y4m'
            with self.subTest(loop=loop), self.daemon(*LARGE, *HERE, '--set', f'daemon.loop={loop}') as daemon:
                daemon.wait_painted(30)
                self.start_recording(daemon, f'disk/{name}')
                usual = self.pace(daemon)
                dropped_before = daemon.status()['recording']['dropped']
                with self.frozen(disk):
                    daemon.wait_until(lambda status, n=dropped_before: status['recording']['dropped'] > n, 'drops', FROZEN_S)
                    self.check_pace(daemon, usual)
                    hung = daemon.status()['recording']
                self.assertGreater(hung['dropped'] - dropped_before, 0.5 * usual['painted'])
                daemon.wait_until(lambda status, n=hung['pictures']: status['recording']['pictures'] > n + 30, 'more pictures')
                found = self.stop_recording(daemon)
                clip = y4m.read(disk / name)
                self.assertAlmostEqual(len(clip.frames) / RATE, found['seconds'], delta=2.5 / RATE)
                self.check_goes_on(daemon)

    @needs_mounts
    @harness.survives('told to end while the disk takes nothing', 'ends once the disk lets it; what is there plays', picture='none any more')
    def test_the_daemon_ends_while_the_disk_hangs(self):
        """It is not waited for: what the disk has is what plays."""
        disk = self.ext4()
        with self.daemon(*LARGE, *HERE) as daemon:
            daemon.wait_painted(30)
            self.start_recording(daemon, 'disk/out.y4m')
            time.sleep(1.5)
            with self.frozen(disk):
                time.sleep(1.5)
                daemon.signal()
                end = time.monotonic() + harness.REPLY_S
                while 'leaving' not in daemon.log():
                    self.assertLess(time.monotonic(), end, daemon.log())
                    time.sleep(harness.POLL_S)
            self.assertEqual(daemon.wait(), 0)
        self.check_whole_or_torn_y4m(disk / 'out.y4m', 320, 180)

    def check_whole_or_torn_y4m(self, path, width, height):
        """Whole pictures, and at the end perhaps a part of one, which players leave out."""
        data = path.read_bytes()
        header, _, rest = data.partition(b'\n')
        step = len(y4m.FRAME_MARK) + width * height * 3 // 2
        clip = y4m.parse(header + b'\n' + rest[:len(rest) // step * step])
        self.assertGreater(len(clip.frames), 0)

    @needs_ffmpeg
    @unittest.skipIf('thread' in harness.SANITIZE, 'a kill is no matter of threads')
    @harness.survives('killed while it records', 'the movie plays, or there is none', 12, picture='none any more')
    def test_killed_at_any_moment(self):
        """What has its name plays. Nothing else is there."""
        chance = random.Random(7)
        n_files = 0
        for number in range(12):
            kind = MOVIES[number % len(MOVIES)]
            with self.daemon(*SCENE, *HERE) as daemon:
                daemon.wait_painted(1)
                self.start_recording(daemon, kind)
                time.sleep(chance.choice((0.05, 0.2, 1.6)) * chance.random())
                daemon.kill()
            names = self.names()
            self.assertIn(names, ([], [kind]))
            if names:
                n_files += 1
                if kind.endswith('.y4m'):
                    self.check_whole_or_torn_y4m(self.folder / kind, *SIZE)
                played = subprocess.run(['ffmpeg', '-v', 'quiet', '-i', self.folder / kind, '-f', 'framecrc', '-'],
                                        capture_output=True, check=True).stdout
                self.assertGreaterEqual(len([line for line in played.splitlines() if line[:1] != b'#']), 1, kind)
                (self.folder / kind).unlink()
        self.assertGreater(n_files, 0)

    @needs_ffmpeg
    @unittest.skipIf('thread' in harness.SANITIZE, 'a kill is no matter of threads')
    @harness.survives('killed while it writes a snapshot', 'the picture is whole, or there is none', 8, picture='none any more')
    def test_killed_while_a_snapshot_is_written(self):
        chance = random.Random(8)
        for _ in range(8):
            with self.daemon(*LARGE, *HERE) as daemon:
                daemon.wait_painted(1)
                asked = threading.Thread(target=daemon.ctl, args=('snapshot', 'out.jpg'))
                asked.start()
                time.sleep(0.15 * chance.random())
                daemon.kill()
                asked.join()
            self.assertIn(self.names(), ([], ['out.jpg']))
            if self.names():
                self.assertEqual(picture_of(self.folder / 'out.jpg')[:2], (320, 180))
                (self.folder / 'out.jpg').unlink()


class Snapshots(Case):
    @needs_ffmpeg
    def test_painting(self):
        with self.daemon(*LARGE, *HERE) as daemon:
            daemon.wait_painted(5)
            reply = daemon.ctl('snapshot', 'out.jpg')
            self.assertEqual(reply.code, 0, reply)
            self.assertEqual(reply.out, f'{self.folder}/out.jpg\n')
            width, height, planes = picture_of(self.folder / 'out.jpg')
            self.assertEqual((width, height), (320, 180))
            self.assertGreater(y4m.deviation(planes[:width * height]), 20)
            self.check_goes_on(daemon)
        self.assertEqual(self.names(), ['out.jpg'])

    @needs_ffmpeg
    def test_pair_is_of_one_frame(self):
        """The camera's half is a frame of the clip, and the painted half what becomes of that very frame."""
        n_frames = 20
        y4m.make_clip(self.folder / 'in.y4m', n_frames)
        settings = ('--source', 'file:in.y4m', '--width', '1', '--threads', '1', '--set', 'decoder.calm=off')
        self.run_well(*settings, '--set', 'capture.pace=fast', '--display', 'file:painted.y4m')
        before = y4m.read(self.folder / 'in.y4m')
        after = y4m.read(self.folder / 'painted.y4m')
        with self.daemon(*settings, '--set', 'capture.loop=yes', *HERE) as daemon:
            daemon.wait_painted(n_frames)
            for args in (('pair.jpg', '--pair'), ('--pair', 'first.jpg')):
                reply = daemon.ctl('snapshot', *args)
                self.assertEqual(reply.code, 0, reply)
                width, height, planes = picture_of(self.folder / [arg for arg in args if arg != '--pair'][0])
                self.assertEqual((width, height), (128, 48))
                rows = [planes[y * width:(y + 1) * width] for y in range(height)]
                camera = b''.join(row[:64] for row in rows)
                painting = b''.join(row[64:] for row in rows)
                index, distance = self.closest(before, camera)
                self.assertLess(distance, 6)
                self.assertEqual(self.closest(after, painting)[0], index)
            self.check_goes_on(daemon)

    @staticmethod
    def closest(clip, luma):
        """The clip's picture most like this one of full range, and by how much it differs."""
        distances = [y4m.difference(bytes(min(max((value - 16) * 255 // 219, 0), 255) for value in clip.luma(index)), luma)
                     for index in range(len(clip.frames))]
        return distances.index(min(distances)), min(distances)

    def test_many(self):
        """Beside a recording, one after the other, and two at a time."""
        with self.daemon(*SCENE, *HERE) as daemon:
            daemon.wait_painted(5)
            self.start_recording(daemon, 'out.y4m')
            for number in range(10):
                self.assertEqual(daemon.ctl('snapshot', f'{number}.jpg').code, 0)
            with daemon.connect() as client:
                client.sendall(harness.request('snapshot', f'{self.folder}/a.jpg') +
                               harness.request('snapshot', f'{self.folder}/b.jpg'))
                replies = [json.loads(line) for line in itertools.islice(client.makefile('rb'), 2)]
            self.assertTrue(replies[0]['ok'], replies)
            self.assertIn('under way', replies[1]['error'])
            self.stop_recording(daemon)
            self.check_goes_on(daemon)
        self.assertEqual(len([name for name in self.names() if name.endswith('.jpg')]), 11)


if __name__ == '__main__':
    harness.main()
