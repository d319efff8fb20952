#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The budget as a user meets it: calibration that is kept, what each layer costs, traces, energy, and the governor at work."""
import json
import pathlib
import sys
import tempfile

import harness

sys.path.insert(0, str(harness.TREE / 'tests' / 'vm'))
import toy_styles  # noqa: E402

EX_CANTCREAT = 73
REFUSED = 1
QUICK = ('--source', 'pattern:64x64@30', '--display', 'null', '--threads', '1', '--budget', '30ms')


class Folder(harness.Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='ar-e2e-')
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_daemon(self, *args):
        return harness.run_program(harness.DAEMON, *harness.daemon_arguments('none', (*QUICK, '--frames', '5', *args)),
                                   folder=self.folder)

    def kept(self):
        return sorted(self.folder.glob('.local/state/ar-daemon/calibration-*.json'))


class Calibration(Folder):
    """A busy machine's times are not kept: then there is nothing to look at, and the test says so."""

    def keep(self, *args):
        for _ in range(5):
            run = self.run_daemon(*args)
            self.assertEqual(run.code, 0, run)
            self.assertIn('calibrated in', run.err)
            if self.kept():
                return self.kept()[0]
            self.assertIn('the machine was busy', run.err)
        self.skipTest('THE MACHINE IS TOO BUSY TO CALIBRATE')

    def test_kept_for_the_next_start(self):
        path = self.keep()
        before = path.read_bytes()
        run = self.run_daemon()
        self.assertEqual(run.code, 0, run)
        self.assertIn('kept from an earlier start', run.err)
        self.assertEqual(path.read_bytes(), before)

    def test_another_size_is_measured_by_itself(self):
        self.keep()
        run = self.run_daemon('--source', 'pattern:96x64@30')
        self.assertEqual(run.code, 0, run)
        self.assertIn('calibrated in', run.err)

    def test_what_is_wrong_with_the_file_is_measured_again(self):
        path = self.keep()
        good = path.read_text()
        kept = json.loads(good)
        cases = ('', '{', good[:len(good) // 2], '[]', 'null', json.dumps({**kept, 'version': 1}),
                 json.dumps({**kept, 'key': kept['key'] + '.'}), json.dumps({**kept, 'rungs': []}),
                 json.dumps({**kept, 'rungs': kept['rungs'][:1] * 2}), good.replace('"rung": 0', '"rung": 99', 1))
        for text in cases:
            path.write_text(text)
            run = self.run_daemon()
            self.assertEqual(run.code, 0, run)
            self.assertIn('not a calibration of this set-up: measuring again', run.err, text[:80])
            self.assertIn('calibrated in', run.err)

    def test_nowhere_to_keep(self):
        (self.folder / '.local').write_text('a file')
        run = self.run_daemon()
        self.assertEqual(run.code, 0, run)
        self.assertIn('calibrated in', run.err)


class Running(Folder):
    def setUp(self):
        super().setUp()
        self.daemon = harness.Daemon(self.folder, *QUICK)
        self.daemon.__enter__()
        self.addCleanup(self.daemon.__exit__, None, None, None)
        self.daemon.wait_running()

    def ctl_well(self, *args):
        reply = self.daemon.ctl(*args)
        self.assertEqual((reply.code, reply.err), (0, ''), reply)
        return reply.out

    def assert_refused(self, args, words):
        reply = self.daemon.ctl(*args)
        self.assertEqual((reply.code, reply.out), (REFUSED, ''), reply)
        self.assert_words(words, reply.err)


class Commands(Running):
    def test_budget(self):
        self.assertEqual(self.ctl_well('budget'), 'budget.frame = 30ms\n')
        self.assertEqual(self.ctl_well('budget', '21ms'), 'budget.frame = 21ms\n')
        self.daemon.wait_until(lambda status: status['budget_us'] == 21000, 'the budget is 21 ms')
        self.assert_refused(('budget', 'soon'), ('soon',))

    def test_explain(self):
        explained = json.loads(self.ctl_well('budget', '--json', 'explain'))
        widths = explained['widths']
        self.assertEqual((widths[0], widths[-1]), (0.25, 1.0))
        self.assertEqual(len(explained['dominated']), len(widths))
        self.assertFalse(explained['dominated'][-1])
        self.assertEqual(len(explained['frame_us']), len(widths))
        for layer in explained['layers']:
            self.assertEqual([len(layer[key]) for key in ('mac', 'predicted_us', 'measured_us')], [len(widths)] * 3)
            self.assertEqual(layer['mac'], sorted(layer['mac']), layer['name'])
            self.assertGreater(min(layer['predicted_us']), 0, layer['name'])
        table = self.ctl_well('budget', 'explain')
        for layer in explained['layers']:
            self.assertIn(f'{layer["name"]} ', table)

    def test_calibrate(self):
        before = self.daemon.status()['calibrations']
        self.assertIn('layer segment', self.ctl_well('calibrate'))
        self.assertEqual(self.daemon.status()['calibrations'], before + 1)
        self.daemon.wait_painted(5)
        for args in (('calibrate', 'amps'), ('calibrate', '--watts'), ('calibrate', '--watts', '3'),
                     ('calibrate', '--watts', '3,x'), ('calibrate', '--watts', ',3'), ('calibrate', '--watts', '-1,3')):
            self.assert_refused(args, ())

    def test_energy(self):
        self.assertEqual(self.daemon.status()['energy'], {'frame_j': None, 'joules_per_hour': None})
        self.ctl_well('calibrate', '--watts', '2,6')
        status = self.daemon.wait_until(lambda status: status['energy']['frame_j'], 'energy is known')
        # 2 W over a thirtieth of a second, or while it paints where that takes longer, and up to 4 W more while it paints.
        painting_s = sum(status['stages'][stage]['max_us'] for stage in ('encode', 'decode', 'emit')) / 1e6
        self.assertGreater(status['energy']['frame_j'], 2 / 30)
        self.assertLess(status['energy']['frame_j'], 6 * max(1 / 30, painting_s))
        self.ctl_well('set', 'budget.joules_per_hour', '7201')  # next to nothing beyond idling
        self.daemon.wait_until(lambda status: status['width'] == 0.25 and status['heat']['cap_width'] == 0.25,
                               'energy holds the width down')
        self.ctl_well('set', 'budget.joules_per_hour', 'unlimited')
        self.daemon.wait_until(lambda status: status['heat']['cap_width'] is None and status['width'] > 0.25,
                               'it goes up again')

    def test_trace(self):
        self.daemon.wait_painted(100)
        header, *frames = map(json.loads, self.ctl_well('trace').splitlines())
        self.assertEqual((header['trace'], header['style']), (1, 'starry_night'))
        n_rungs, n_segments = len(header['widths']), len(header['us'])
        self.assertEqual(len(header['macs'][0][0]), n_rungs)
        self.assertGreaterEqual(len(frames), 100)
        self.assertEqual([frame['frame'] for frame in frames], list(range(1, len(frames) + 1)))
        for frame in frames:
            self.assertLessEqual(frame['arrival_us'], frame['start_us'])
            self.assertEqual(frame['deadline_us'], frame['arrival_us'] + 30000)
            if 'end_us' not in frame:
                continue
            self.assertEqual(len(frame['segments']), n_segments)
            times = [segment['at_us'] for segment in frame['segments']] + [frame['end_us']]
            self.assertEqual(times, sorted(times))
            self.assertTrue(all(segment['rung'] < n_rungs for segment in frame['segments']))
        last = frames[-1]['frame']
        later = self.ctl_well('trace', str(last)).splitlines()
        self.assertEqual(json.loads(later[1])['frame'], last)
        self.assert_refused(('trace', 'yesterday'), ('yesterday',))
        events = json.loads(self.ctl_well('trace', '--perfetto'))['traceEvents']
        self.assertIn('encoder', {event['name'] for event in events})
        for event in events:
            self.assertIn(event['ph'], 'XCMi')


class Shapes(Running):
    """A change to a style whose network is of another shape, and back: times are a network's own, or said to be estimates."""

    def setUp(self):
        super().setUp()
        self.slim = self.folder / 'slim.safetensors'
        toy_styles.write_slim(self.slim, harness.MODELS / 'starry_night.safetensors')

    def change_to(self, style, name):
        self.ctl_well('style', str(style))
        self.daemon.wait_until(lambda status: status['style'] == name, f'{name} paints')

    def explain(self):
        return json.loads(self.ctl_well('budget', '--json', 'explain'))

    def trace_header(self):
        return json.loads(self.ctl_well('trace').splitlines()[0])

    def test_there_and_back(self):
        measured = self.explain()
        head = self.trace_header()
        self.change_to(self.slim, 'slim')
        self.assert_refused(('budget', 'explain'), ('estimated', 'ar-ctl calibrate'))
        estimated = self.trace_header()
        self.assertEqual((estimated['style'], estimated['widths']), ('slim', [1.0]))
        self.assertEqual([len(rows) for rows in estimated['us']], [1] * len(estimated['us']))
        self.assertGreater(min(rows[0][0] for rows in estimated['us']), 0)
        self.assertLess(sum(rows[0][0] for rows in estimated['macs']), sum(rows[-1][-1] for rows in head['macs']))
        self.change_to('starry_night', 'starry_night')
        self.assertEqual(self.explain(), measured)
        self.assertEqual(self.trace_header(), head)

    def test_the_other_is_calibrated(self):
        wide = self.explain()
        self.change_to(self.slim, 'slim')
        self.ctl_well('calibrate')
        slim = self.explain()
        self.assertEqual((slim['style'], slim['widths'], len(slim['frame_us'])), ('slim', [1.0], 1))
        self.assertEqual([layer['name'] for layer in slim['layers']], [layer['name'] for layer in wide['layers']])
        self.assertEqual([layer['mac'] for layer in slim['layers']], [layer['mac'][:1] for layer in wide['layers']])
        self.change_to('great_wave', 'great_wave')
        self.assert_refused(('budget', 'explain'), ('estimated',))
        self.assertEqual(len(self.trace_header()['widths']), len(wide['widths']))
        self.change_to(self.slim, 'slim')
        self.assertEqual(self.explain(), slim)


class TraceFile(Folder):
    def test_every_frame(self):
        run = self.run_daemon('--frames', '40', '--trace', 'trace.jsonl')
        self.assertEqual(run.code, 0, run)
        header, *frames = map(json.loads, (self.folder / 'trace.jsonl').read_text().splitlines())
        self.assertEqual(header['trace'], 1)
        self.assertGreaterEqual(len(frames), 40)
        self.assertEqual([frame['frame'] for frame in frames], list(range(1, len(frames) + 1)))

    def test_no_such_place(self):
        run = self.run_daemon('--trace', 'nowhere/trace.jsonl')
        self.assertEqual(run.code, EX_CANTCREAT, run)
        self.assertIn('trace nowhere/trace.jsonl: No such file or directory', run.err)


class Governor(Folder):
    def test_a_budget_too_small_goes_on_late(self):
        """Where even the narrowest never fits, every frame is painted all the same, narrow and late."""
        size = harness.by_speed('640x360', '320x180', '160x96')
        run = harness.run_program(
            harness.DAEMON, *harness.daemon_arguments('none', ('--source', f'pattern:{size}@30', '--display', 'null',
                                                               '--threads', '1', '--budget', '1ms', '--frames', '20',
                                                               '--trace', 'trace.jsonl')), folder=self.folder)
        self.assertEqual(run.code, 0, run)
        frames = [json.loads(line) for line in (self.folder / 'trace.jsonl').read_text().splitlines()][1:]
        self.assertTrue(all(frame['segments'][0]['cause'] == 'tight' for frame in frames), frames[:3])
        self.assertTrue(all('end_us' in frame for frame in frames))

    def test_a_clip_loses_no_frame(self):
        """A file keeps all: nothing is given up, whatever the budget."""
        run = self.run_daemon('--budget', '1ms', '--display', 'file:out.y4m', '--frames', '15')
        self.assertEqual(run.code, 0, run)
        self.assertIn('15 painted', run.err)
        self.assertIn(' 0 given up', run.err)


if __name__ == '__main__':
    harness.main()
