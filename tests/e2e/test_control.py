#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ar-ctl and the control socket while frames go on: what it answers, and what it survives."""
import grp
import json
import os
import random
import shutil
import socket
import stat
import tempfile
import threading
import time

import harness
import y4m
from harness import receive_line, request

REFUSED = 1  # ar-ctl: the daemon said no
NOBODY = 65534

FIELDS = {
    'version': str, 'pid': int, 'state': str, 'source': str, 'source_state': str, 'display': str, 'style': str, 'tier': str,
    'precision': str, 'loop': str, 'source_words': str,
    'threads': int, 'width_px': int, 'height_px': int, 'rate_millihz': int, 'measured_millihz': int, 'uptime_s': float, 'fps': float,
    'width': float, 'mean_width': float, 'pinned_width': float, 'budget_us': int, 'slowdown': float, 'captured': int,
    'dropped': int, 'lost': int, 'corrupt': int, 'guessed': int, 'resumed': int, 'painted': int, 'shown': int, 'notices': int,
    'missed': int,
    'longest_run': int, 'switches': int, 'stages': dict, 'degraded': int, 'calibrations': int, 'heat': dict,
    'energy': dict, 'phase_us': type(None), 'refresh_millihz': type(None), 'displays': list,
    'restarts': int, 'restart_problem': str,
    'recording': type(None), 'snapshot': type(None),
}
STAGES = ('wait', 'encode', 'decode', 'emit', 'paint', 'present', 'latency')


class Running(harness.Case):
    """
    One daemon for all tests of a class, painting a small scene. After each test it must still paint; a class that
    changes settings sets them back.
    """

    running = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='ar-e2e-')
        cls.addClassCleanup(folder.cleanup)
        cls.running = harness.Daemon(folder.name, '--source', 'pattern:32x32@60', '--display', 'null', '--width',
                                     '0.25', '--threads', '1', '--budget', '20ms')
        cls.running.__enter__()
        cls.addClassCleanup(cls.running.__exit__, None, None, None)
        cls.running.wait_running()

    @classmethod
    def tearDownClass(cls):
        assert cls.running.ctl('stop').code == 0
        assert cls.running.wait() == 0

    def tearDown(self):
        self.running.wait_painted(3)

    def ctl_well(self, *args):
        reply = self.running.ctl(*args)
        self.assertEqual((reply.code, reply.err), (0, ''))
        return reply.out

    def assert_refused(self, args, words):
        reply = self.running.ctl(*args)
        self.assertEqual((reply.code, reply.out), (REFUSED, ''), reply)
        self.assertEqual(len(reply.err.splitlines()), 1, reply.err)
        self.assertTrue(reply.err.startswith('ar-ctl: '), reply.err)
        self.assert_words(words, reply.err)

    def wait_for(self, key, value):
        return self.running.wait_until(lambda status: status[key] == value, f'{key} is {value}')


class Status(Running):
    def test_fields(self):
        self.running.wait_painted(20)
        status = json.loads(self.ctl_well('status', '--json'))
        self.assertEqual(set(status), set(FIELDS))
        for name, kind in FIELDS.items():
            self.assertIs(type(status[name]), kind, name)
        self.assertEqual(status['state'], 'running')
        self.assertEqual(status['source'], 'pattern 32x32 at 60 fps')
        self.assertEqual((status['source_state'], status['resumed']), ('flowing', 0))
        self.assertTrue(status['display'].startswith('null 32x32'), status['display'])
        self.assertEqual(status['style'], 'starry_night')
        self.assertIn(status['loop'], ('io_uring', 'poll'))
        self.assertEqual((status['width_px'], status['height_px'], status['rate_millihz']), (32, 32, 60000))
        self.assertEqual((status['threads'], status['budget_us']), (1, 20000))
        self.assertEqual((status['width'], status['mean_width'], status['pinned_width']), (0.25, 0.25, 0.25))
        if not harness.EMULATED:
            self.assertEqual(status['pid'], self.running.pid)

    def test_counters_agree(self):
        earlier = self.running.wait_painted(10)
        later = self.running.wait_painted(30)
        for status in (earlier, later):
            self.assertGreaterEqual(status['captured'], status['painted'])
            self.assertLessEqual(status['shown'], status['painted'])
            self.assertLessEqual(status['missed'], status['painted'])
            self.assertLessEqual(status['longest_run'], status['missed'])
            self.assertEqual((status['lost'], status['corrupt'], status['switches']), (0, 0, 0))
        for name in ('captured', 'painted', 'shown', 'uptime_s'):
            self.assertGreater(later[name], earlier[name], name)
        self.assertGreater(later['fps'], 0)
        self.assertLess(later['fps'], 70)
        # Within one frame's time of the snapshot.
        self.assertAlmostEqual(later['fps'] * later['uptime_s'], later['painted'], delta=1)

    def test_measured_rate(self):
        status = self.running.wait_until(lambda status: status['measured_millihz'] > 0, 'a second has been measured')
        self.assertLess(status['measured_millihz'], 65000)

    def test_stages(self):
        stages = self.running.wait_painted(20)['stages']
        self.assertEqual(set(stages), set(STAGES))
        for name, stage in stages.items():
            self.assertEqual(set(stage), {'n', 'sum_us', 'p50_us', 'p99_us', 'max_us'}, name)
            self.assertTrue(0 <= stage['p50_us'] <= stage['p99_us'] <= stage['max_us'] < 60e6, (name, stage))
        for name in ('encode', 'decode', 'paint'):
            self.assertGreater(stages[name]['p50_us'], 0, name)
        self.assertGreaterEqual(stages['paint']['max_us'], stages['encode']['p50_us'])
        self.assertGreaterEqual(stages['latency']['max_us'], stages['paint']['p50_us'])

    def test_for_people(self):
        text = self.ctl_well('status')
        self.assert_words(['running', 'starry_night', 'pattern 32x32', 'budget', '20.0 ms', '(pinned)', 'p50 ms',
                           'p99 ms', *STAGES], text)


class Style(Running):
    def tearDown(self):
        self.ctl_well('style', 'starry_night')
        self.wait_for('style', 'starry_night')
        super().tearDown()

    def styles(self):
        """All names, and the one with a star."""
        lines = self.ctl_well('style').splitlines()
        return [line[2:] for line in lines], [line[2:] for line in lines if line.startswith('* ')]

    def test_list(self):
        names, now = self.styles()
        self.assertEqual(names, sorted(names))
        self.assertLessEqual({'great_wave', 'starry_night'}, set(names))
        self.assertEqual(now, ['starry_night'])

    def test_switch_by_name(self):
        for name in ('great_wave', 'starry_night', 'starry_night', 'great_wave'):
            self.assertIn(name, self.ctl_well('style', name))
            self.wait_for('style', name)
            self.running.wait_painted(3)
        self.assertEqual(self.styles()[1], ['great_wave'])

    def test_another_shape(self):
        """A network with other layers and widths: nothing is measured first, the frames go on."""
        self.ctl_well('style', str(harness.MODELS.parent / 'tests' / 'golden' / 'fixture.safetensors'))
        self.wait_for('style', 'fixture')
        self.running.wait_painted(5)

    def test_next_and_prev_go_around(self):
        names, now = self.styles()
        at = names.index(now[0])
        for command, step in [('next', 1)] * len(names) + [('prev', -1)] * (len(names) + 1):
            at = (at + step) % len(names)
            self.ctl_well('style', command)
            self.wait_for('style', names[at])

    def test_by_path(self):
        self.ctl_well('style', str(harness.MODELS / 'great_wave.safetensors'))
        self.wait_for('style', 'great_wave')

    def test_set_style(self):
        self.ctl_well('set', 'network.style', 'great_wave')
        self.wait_for('style', 'great_wave')

    def test_refused(self):
        broken = self.folder / 'broken.safetensors'
        broken.write_bytes(b'\xff' * 100)
        self.assert_refused(['style', 'mona_lisa'], ['mona_lisa', 'great_wave', 'starry_night'])
        self.assert_refused(['style', str(self.folder / 'none.safetensors')], ['none.safetensors'])
        self.assert_refused(['style', str(broken)], ['broken.safetensors'])
        self.assertEqual(self.running.wait_painted(2)['style'], 'starry_night')


class Set(Running):
    def tearDown(self):
        self.ctl_well('set', 'budget.width', '0.25')
        self.ctl_well('set', 'budget.frame', '20ms')
        self.wait_for('pinned_width', 0.25)
        super().tearDown()

    def test_budget(self):
        self.assertEqual(self.ctl_well('set', 'budget.frame', '40ms'), 'budget.frame = 40ms\n')
        self.wait_for('budget_us', 40000)

    def test_with_equals_sign(self):
        self.assertEqual(self.ctl_well('set', 'budget.frame=40ms'), 'budget.frame = 40ms\n')
        self.wait_for('budget_us', 40000)
        self.assert_refused(['set', 'budget.frame='], ['budget.frame', '""'])

    def test_control_without_camera(self):
        self.assert_refused(['set', 'capture.controls.exposure_auto=1'],
                            ['capture.controls.exposure_auto', 'no camera is open'])
        self.assert_refused(['set', 'capture.controls.a-b=1'], ['capture.controls.a-b', 'letters'])
        self.assert_refused(['set', 'capture.control.gain=1'], ['did you mean capture.controls.gain?'])

    def test_width(self):
        self.assertEqual(self.ctl_well('set', 'budget.width', '0.5'), 'budget.width = 0.5\n')
        self.wait_for('width', 0.5)
        self.ctl_well('set', 'budget.width', '1')
        status = self.wait_for('width', 1.0)
        self.assertEqual(status['pinned_width'], 1.0)
        self.assertGreaterEqual(status['switches'], 2)
        self.assertEqual(self.ctl_well('set', 'budget.width', 'auto'), 'budget.width = auto\n')
        self.wait_for('pinned_width', 0.0)

    def test_calm(self):
        self.assertEqual(self.ctl_well('set', 'decoder.calm', '0.5'), 'decoder.calm = 0.5\n')
        self.running.wait_painted(3)
        self.assertEqual(self.ctl_well('set', 'decoder.calm', '0'), 'decoder.calm = off\n')
        self.running.wait_painted(3)
        self.assertEqual(self.ctl_well('set', 'decoder.calm', '0.7'), 'decoder.calm = 0.7\n')

    def test_log(self):
        self.ctl_well('set', 'daemon.log', 'debug')
        self.ctl_well('set', 'daemon.log', 'warn')

    def test_refused(self):
        self.assert_refused(['set', 'budget.fram', '40ms'], ['budget.fram:', 'did you mean budget.frame?'])
        self.assert_refused(['set', 'nonsense', '1'], ['nonsense'])
        self.assert_refused(['set', 'budget.frame', 'soon'], ['budget.frame:', '"soon"', '1ms..1s', '25ms'])
        self.assert_refused(['set', 'budget.width', '7'], ['budget.width:', '"7"', 'auto|0.25..1'])
        self.assert_refused(['set', 'decoder.calm', '1'], ['decoder.calm:', '"1"', 'off|0..0.95'])
        self.assert_refused(['set', 'daemon.log', 'loud'], ['daemon.log:', '"loud"', 'error|warn|info|debug'])
        self.assert_refused(['set', 'daemon.frames', '2'], ['daemon.frames:', 'start ar-daemon with it'])
        self.assert_refused(['set', 'daemon.loop', 'poll'], ['daemon.loop:', 'start ar-daemon with it'])
        status = self.running.wait_painted(2)
        self.assertEqual((status['budget_us'], status['pinned_width'], status['threads']), (20000, 0.25, 1))


class Calm(harness.Case):
    def test_noise_comes_and_goes(self):
        """The filter is switched off and on while a clip of nothing but noise is painted."""
        generator = random.Random(1)
        frames = [bytes(generator.randrange(110, 127) for _ in range(32 * 32 * 3 // 2)) for _ in range(16)]
        y4m.write(self.folder / 'in.y4m', frames, 32, 32)
        with self.daemon('--source', 'file:in.y4m', '--set', 'capture.loop=yes', '--display', 'file:out.y4m',
                         '--width', '0.25', '--threads', '1', '--set', 'decoder.calm=0.9') as daemon:
            marks = [daemon.wait_painted(30)['painted']]
            for value in ('off', '0.9'):
                self.assertEqual(daemon.ctl('set', 'decoder.calm', value).code, 0)
                marks.append(daemon.wait_painted(30)['painted'])
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)
        shown = y4m.read(self.folder / 'out.y4m').frames
        before, between, after = (sum(y4m.difference(one, two) for one, two in zip(part, part[1:]))
                                  for part in (shown[mark - 12:mark] for mark in marks))
        self.assertGreater(between, 3 * before)
        self.assertGreater(between, 3 * after)


    def test_another_style_is_there_at_once(self):
        y4m.write(self.folder / 'in.y4m', y4m.make_frames(1, 32, 32), 32, 32)
        with self.daemon('--source', 'file:in.y4m', '--set', 'capture.loop=yes', '--display', 'file:out.y4m',
                         '--width', '0.25', '--threads', '1', '--set', 'decoder.calm=0.95', '--set',
                         'network.fade=off') as daemon:
            daemon.wait_painted(10)
            self.assertEqual(daemon.ctl('style', 'great_wave').code, 0)
            daemon.wait_until(lambda status: status['style'] == 'great_wave', 'the style')
            daemon.wait_painted(10)
            self.assertEqual(daemon.ctl('stop').code, 0)
            self.assertEqual(daemon.wait(), 0)
        shown = y4m.read(self.folder / 'out.y4m').frames
        changes = sorted(y4m.difference(one, two) for one, two in zip(shown, shown[1:]))
        self.assertGreater(changes[-1], 10 * changes[-2], changes)


class Wire(Running):
    """What ar-ctl would never send."""

    def exchange(self, data):
        with self.running.connect() as client:
            client.sendall(data)
            return receive_line(client)

    def assert_error(self, data, words):
        reply = self.exchange(data)
        self.assertEqual((reply['protocol'], reply['ok']), (1, False), reply)
        self.assertNotIn('result', reply)
        self.assert_words(words, reply['error'])

    def test_reply(self):
        reply = self.exchange(request('style'))
        self.assertEqual(set(reply), {'protocol', 'ok', 'result'})
        self.assertEqual((reply['protocol'], reply['ok']), (1, True))
        self.assertEqual(reply['result']['style'], 'starry_night')

    def test_other_protocol(self):
        for protocol in (0, 2, -1, 1 << 40):
            self.assert_error(request('status', protocol=protocol), [f'protocol {protocol}', 'speaks 1'])
        self.assert_error(b'{"command":"status","args":[]}\n', ['protocol'])
        self.assert_error(b'{"protocol":"1","command":"status"}\n', ['protocol'])

    def test_garbage(self):
        for line in (b'', b'hello', b'{', b'[]', b'"status"', b'null', b'\xff\xfe\x00', b'{"protocol":1}garbage',
                     b'{"protocol":1,"protocol":1}', b'[' * 3000, b'{"a":' * 700):
            self.assert_error(line + b'\n', ['not a JSON object'])
        for body in (b'', b',"command":7', b',"command":"dance"', b',"command":"' + b'x' * 2000 + b'"'):
            self.assert_error(b'{"protocol":1' + body + b'}\n', ['command', 'unknown'])
        for args in (b'7', b'{}', b'[1,2]', b'["a"]', b'["a","b","c"]', b'["a",null]', b'"ab"'):
            self.assert_error(b'{"protocol":1,"command":"set","args":' + args + b'}\n', ['set', 'KEY VALUE'])
        self.assert_error(request('stop', 'now'), ['stop', 'no arguments'])
        self.assert_error(request('top'), ['top', 'unknown'])  # ar-ctl's own

    def test_line_without_end(self):
        with self.running.connect() as client:
            try:
                client.sendall(b'x' * 100_000)
            except (BrokenPipeError, ConnectionResetError):
                pass  # closed on us before we were through
            reply = receive_line(client)
            self.assertIn('4096', reply['error'])
            try:
                self.assertEqual(client.recv(1), b'')
            except ConnectionResetError:
                pass  # what we sent beyond the limit was not read

    def test_several_requests_at_once(self):
        with self.running.connect() as client:
            client.sendall(request('style') + b'junk\n' + request('style'))
            text = b''
            while text.count(b'\n') < 3:
                text += client.recv(65536)
        self.assertEqual([json.loads(line)['ok'] for line in text.splitlines()], [True, False, True])

    def test_request_in_pieces(self):
        data = request('style')
        with self.running.connect() as client:
            for at in range(0, len(data), 7):
                client.sendall(data[at:at + 7])
                time.sleep(0.002)
            self.assertTrue(receive_line(client)['ok'])

    @harness.survives('a client that stops in the middle of a request', 'waited for; others are answered')
    def test_half_a_request(self):
        for half in (b'', b'{"protocol":1,"com', request('status')[:-1]):
            with self.running.connect() as client:
                client.sendall(half)
        with self.running.connect() as client:  # and one that says it will send no more, but stays
            client.sendall(b'{"proto')
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(1), b'')

    def test_gone_before_the_reply(self):
        for _ in range(20):
            with self.running.connect() as client:
                client.sendall(request('status'))

    def test_many_clients(self):
        clients = [self.running.connect() for _ in range(50)]
        try:
            for client in clients:
                client.sendall(request('status'))
            for client in clients:
                self.assertTrue(receive_line(client)['ok'])
            self.assertEqual(self.running.ctl('status').code, 0)
        finally:
            for client in clients:
                client.close()

    @harness.survives('more clients than it takes', '`busy`, until one goes')
    def test_more_clients_than_it_takes(self):
        """Turned away, not queued for ever; and places become free again."""
        clients = []
        try:
            for _ in range(130):
                clients.append(self.running.connect())
            for client in clients[120:]:
                try:
                    client.sendall(request('style'))
                    reply = receive_line(client)
                    self.assertFalse(reply['ok'])
                    self.assertIn('clients are connected already', reply['error'])
                except (BrokenPipeError, ConnectionResetError):
                    pass
        finally:
            for client in clients:
                client.close()
        self.running.wait_until(lambda status: True, 'a free place')

    @harness.survives('a client that never reads its answers', 'not read any more, then closed')
    def test_client_that_never_reads(self):
        end = time.monotonic() + 20 * harness.REPLY_S
        with self.running.connect() as client:
            client.setblocking(False)
            blocked_at = None
            while blocked_at is None or time.monotonic() < blocked_at + 0.5:
                self.assertLess(time.monotonic(), end, 'the daemon swallows requests whose replies nobody reads')
                try:
                    client.send(request('status'))
                    blocked_at = None
                except BlockingIOError:
                    blocked_at = blocked_at or time.monotonic()
                    time.sleep(0.01)
                except (BrokenPipeError, ConnectionResetError):
                    break
            self.assertEqual(self.running.ctl('status').code, 0)
            self.running.wait_painted(5)


class Socket(harness.Case):
    """Where the socket is, and who may use it."""

    PATTERN = ('--source', 'pattern:32x32@30', '--display', 'null', '--width', '0.25', '--threads', '1')

    def test_mode(self):
        with self.daemon(*self.PATTERN) as daemon:
            daemon.wait_running()
            mode = daemon.socket_path.stat().st_mode
            self.assertTrue(stat.S_ISSOCK(mode))
            self.assertEqual(stat.S_IMODE(mode), 0o660)

    def test_not_permitted(self):
        with self.daemon(*self.PATTERN) as daemon:
            daemon.wait_running()
            self.folder.chmod(0o755)
            options = {}
            if os.geteuid() == 0:
                options = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
            else:
                daemon.socket_path.chmod(0)
            ctl = shutil.copy(harness.CTL, self.folder)  # the build folder may be closed to other users
            if harness.run_program(ctl, '--version', folder='/', **options).code != 0:
                self.skipTest('another user cannot run this ar-ctl')
            reply = harness.run_program(ctl, '--socket', daemon.socket_path, 'status', folder='/', **options)
            self.assertEqual(reply.code, os.EX_NOPERM, reply)
            group = grp.getgrgid(daemon.socket_path.stat().st_gid).gr_name
            self.assert_words([str(daemon.socket_path), 'not permitted', f'a member of the group {group}\n'], reply.err)

    def test_usual_place(self):
        env = {'RUNTIME_DIRECTORY': str(self.folder / 'runtime')}
        path = self.folder / 'runtime' / 'control.sock'
        with self.daemon(*self.PATTERN, '--set', 'daemon.socket=', socket_path=path, env=env) as daemon:
            daemon.wait_running()
            reply = harness.run_program(harness.CTL, 'status', '--json', folder=self.folder, env=env)
            self.assertEqual(reply.code, 0, reply)
            self.assertEqual(json.loads(reply.out)['source'], 'pattern 32x32 at 30 fps')

    def test_none(self):
        finished = self.run_daemon(*self.PATTERN, '--set', 'daemon.socket=none', '--frames', '3')
        self.assertEqual(finished.code, 0, finished)
        self.assertFalse((self.folder / 'control.sock').exists())


class Ctl(harness.Case):
    """ar-ctl alone."""

    def ctl(self, *args):
        return harness.run_program(harness.CTL, *args, folder=self.folder)

    def assert_fails(self, code, args, words):
        reply = self.ctl(*args)
        self.assertEqual((reply.code, reply.out), (code, ''), reply)
        self.assertEqual(len(reply.err.splitlines()), 1, reply.err)
        self.assert_words(words, reply.err)

    def test_what_the_machine_has(self):
        """Nobody need answer; what there is depends on the machine, and is the same in both forms."""
        for command, first in (('devices', 'path'), ('outputs', 'name')):
            with self.subTest(command=command):
                listed = json.loads(self.ctl(command, '--json').out)
                text = self.ctl(command)
                self.assertEqual(text.code, 0)
                lines = text.out.splitlines()
                if listed:
                    self.assertEqual([line.split()[0] for line in lines], [entry[first] for entry in listed])
                else:
                    self.assertIn('no ', text.out)

    def test_no_daemon(self):
        self.assert_fails(os.EX_UNAVAILABLE, ['--socket', 'none.sock', 'status'], ['none.sock', 'is it running?'])
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(self.folder / 'stale.sock'))
        self.assert_fails(os.EX_UNAVAILABLE, ['--socket', 'stale.sock', 'status'], ['stale.sock', 'is it running?'])

    def test_usage(self):
        """What was typed, and what would be right."""
        for args, words in (
                (['dance'], 'dance: no such command;'), (['staus'], 'staus: no such command, did you mean status?'),
                (['--dance'], '--dance: not an option'), (['-h'], '-h: not an option'), (['--socket'], '--socket: wants a path'),
                (['set', 'budget.frame'], 'set: takes KEY VALUE|KEY=VALUE'), (['stop', 'now'], 'stop: takes no arguments'),
                (['status', '--jsno'], 'status: takes [--json] [--watch]'),
                (['wait'], 'wait: takes READY|CAMERA|STYLE NAME|STOPPED [--timeout TIME]'),
                (['style', 'a', 'b'], 'style: takes [NAME|next|prev]')):
            with self.subTest(args=args):
                self.assert_fails(os.EX_USAGE, args, [f'ar-ctl: {words}', "try 'ar-ctl --help'"])
        self.assert_fails(os.EX_USAGE, ['--socket', 'x' * 200, 'status'], ['ar-ctl: socket'])

    def test_alone_it_helps(self):
        alone = self.ctl()
        self.assertEqual((alone.code, alone.out, alone.err), (os.EX_USAGE, '', self.ctl('--help').out))

    def test_help_and_version(self):
        helped = self.ctl('--help')
        self.assertEqual((helped.code, helped.err), (0, ''))
        self.assert_words(['status [--json]', 'style [NAME|next|prev]', 'set KEY VALUE', 'stop', '[--timeout TIME]\n'], helped.out)
        version = self.ctl('--version')
        self.assertEqual(version.code, 0)
        self.assertRegex(version.out, r'^ar-ctl \d+\.\d+\.\d+\n$')

    def test_answer_of_another_protocol(self):
        path = self.folder / 'other.sock'
        for answer in (b'{"protocol":2,"ok":true,"result":{}}\n', b'HTTP/1.0 400\r\n\n', b'{"protocol":1}\n'):
            with self.subTest(answer=answer), socket.socket(socket.AF_UNIX) as server:
                path.unlink(missing_ok=True)
                server.bind(str(path))
                server.listen(1)
                server.settimeout(harness.REPLY_S)
                self.serve_once(server, path, answer, os.EX_PROTOCOL, ['protocol 1'])

    def test_closed_without_an_answer(self):
        path = self.folder / 'shut.sock'
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            server.settimeout(harness.REPLY_S)
            self.serve_once(server, path, b'', os.EX_UNAVAILABLE, ['shut.sock', 'closed the connection'])

    def test_argument_that_is_no_text(self):
        self.assert_fails(os.EX_UNAVAILABLE, ['--socket', 'none.sock', 'style', os.fsdecode(b'\xff')], ['none.sock'])
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.folder / 'mute.sock'))
            server.listen(1)
            self.assert_fails(os.EX_USAGE, ['--socket', 'mute.sock', 'style', os.fsdecode(b'\xff')], ['style', 'UTF-8'])

    def test_no_answer(self):
        path = self.folder / 'mute.sock'
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            self.assert_fails(os.EX_UNAVAILABLE, ['--socket', path, 'status'], ['no answer within 5 s'])

    def serve_once(self, server, path, answer, code, words):
        def serve():
            client, _ = server.accept()
            with client:
                client.settimeout(harness.REPLY_S)
                client.recv(4096)
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            self.assert_fails(code, ['--socket', path, 'status'], words)
        finally:
            thread.join()


if __name__ == '__main__':
    harness.main()
