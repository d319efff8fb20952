#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pause and resume: a camera that is closed, a processor that sleeps, and a picture that is back at once."""
import json
import os
import pathlib
import time
import unittest

import harness
import y4m

LIBRARY = os.environ['AR_STRAW_CAMERA']
NARROW = ('--width', '0.25', '--threads', '1')
BACK_S = 0.3 * harness.SLOW
QUIET_S = 2.0
# Of a processor: the timers of what still listens (control, a screen's refreshes).
QUIET_SHARE = 0.02 * harness.SLOW
REFUSED = 1


def processor_s(pid):
    """What all threads of a process have used."""
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Paused(harness.Case):
    def pause(self, daemon):
        """Returns the status once nothing comes any more."""
        self.assertEqual(daemon.ctl('pause').code, 0)
        daemon.wait_until(lambda status: status['state'] == 'paused', 'it is paused')
        time.sleep(0.2)  # what was under way is painted
        return daemon.status()

    def resume(self, daemon):
        """Returns how long the first picture took, by the daemon's own times and the clock that we share with it."""
        last = json.loads(daemon.ctl('trace').out.splitlines()[-1])['frame']
        start = time.monotonic()
        self.assertEqual(daemon.ctl('resume').code, 0)
        daemon.wait_painted(1)
        frames = [json.loads(line) for line in daemon.ctl('trace', str(last + 1)).out.splitlines()[1:]]
        return next(frame['end_us'] for frame in frames if 'end_us' in frame) / 1e6 - start

    def assert_rests(self, daemon):
        before = daemon.status()
        used_s = processor_s(daemon.pid)
        time.sleep(QUIET_S)
        used_s = processor_s(daemon.pid) - used_s
        after = daemon.status()
        self.assertEqual((after['state'], after['painted'], after['captured']),
                         ('paused', before['painted'], before['captured']))
        self.assertLess(used_s / QUIET_S, QUIET_SHARE)

    def stop(self, daemon):
        self.assertEqual(daemon.ctl('stop').code, 0)
        self.assertEqual(daemon.wait(), 0)


class Scene(Paused):
    def start(self, *args):
        return self.daemon('--source', 'pattern:64x48@60', '--display', 'null', *NARROW, *args)

    def test_there_and_back(self):
        with self.start() as daemon:
            daemon.wait_painted(10)
            for _ in range(3):
                status = self.pause(daemon)
                self.assertEqual(status['source_state'], 'suspended')
                self.assert_rests(daemon)
                if not harness.EMULATED:
                    self.assertLess(self.resume(daemon), BACK_S)
                status = daemon.wait_painted(10)
                self.assertEqual((status['state'], status['source_state']), ('running', 'flowing'))
            self.stop(daemon)

    def test_twice_is_once(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.assertEqual(daemon.ctl('resume').code, 0)
            daemon.wait_painted(3)
            self.pause(daemon)
            self.pause(daemon)
            self.assertEqual(daemon.ctl('resume').code, 0)
            daemon.wait_painted(3)
            self.stop(daemon)

    def test_stop_while_it_rests(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.pause(daemon)
            self.stop(daemon)

    def test_what_is_set_meanwhile_counts_after_it(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.pause(daemon)
            self.assertEqual(daemon.ctl('style', 'great_wave').code, 0)
            self.assertEqual(daemon.ctl('set', 'budget.frame', '21ms').code, 0)
            reply = daemon.ctl('calibrate')
            self.assertEqual(reply.code, REFUSED, reply)
            self.assert_words(['ar-ctl resume'], reply.err)
            reply = daemon.ctl('snapshot', 'out.jpg')
            self.assertEqual((reply.code, (self.folder / 'out.jpg').exists()), (REFUSED, False), reply)
            self.assert_words(['out.jpg', 'paused', 'ar-ctl resume'], reply.err)
            self.assertEqual(daemon.ctl('resume').code, 0)
            daemon.wait_painted(1)
            status = daemon.wait_until(lambda status: status['style'] == 'great_wave', 'the style that was set')
            self.assertEqual(status['budget_us'], 21000)
            self.stop(daemon)


class Clip(Paused):
    def test_it_goes_on_where_it_stood(self):
        """Every picture of the clip is shown, once, in its order: none is skipped for the time that was slept."""
        frames = y4m.make_clip(self.folder / 'in.y4m', 90, 32, 32, 30)
        with self.daemon('--source', 'file:in.y4m', '--display', 'file:out.y4m', *NARROW, '--set',
                         'network.strength=0') as daemon:
            daemon.wait_painted(10)
            self.pause(daemon)
            time.sleep(1)
            self.assertEqual(daemon.ctl('resume').code, 0)
            self.assertEqual(daemon.wait(), 0)
        shown = [frames.index(frame) for frame in y4m.read(self.folder / 'out.y4m').frames]
        self.assertEqual(shown, sorted(set(shown)))
        # A busy machine overtakes some; a second has 30.
        self.assertLess(max(two - one for one, two in zip(shown, shown[1:])), 15, shown)


@unittest.skipIf(harness.SANITIZE != 'none', 'A SANITIZER WANTS TO BE FIRST IN THE LIBRARIES: SKIPPED')
class Camera(Paused):
    def n_open(self):
        return int((self.folder / 'plug.open').read_text())

    def start(self):
        (self.folder / 'plug').write_text('on 64x48')
        return self.daemon('--source', 'v4l2:/dev/straw', '--display', 'null', *NARROW,
                           env={'LD_PRELOAD': LIBRARY, 'STRAW_CAMERA': str(self.folder / 'plug')})

    def test_it_is_closed_and_opened(self):
        with self.start() as daemon:
            daemon.wait_painted(10)
            for _ in range(3):
                self.assertGreater(self.n_open(), 0)
                self.pause(daemon)
                self.assertEqual(self.n_open(), 0)
                took_s = self.resume(daemon)
                if not harness.EMULATED:
                    self.assertLess(took_s, BACK_S)
                status = daemon.wait_painted(5)
                self.assertEqual((status['source_state'], status['resumed']), ('flowing', 0))
            self.assertNotIn('waiting for it', daemon.log())
            self.stop(daemon)

    def test_it_went_while_nobody_looked(self):
        with self.start() as daemon:
            daemon.wait_painted(3)
            self.pause(daemon)
            (self.folder / 'plug').write_text('off')
            self.assertEqual(daemon.ctl('resume').code, 0)
            daemon.wait_until(lambda status: status['source_state'] == 'lost', 'it is lost')
            (self.folder / 'plug').write_text('on 64x48')
            daemon.wait_until(lambda status: status['source_state'] == 'flowing', 'it flows')
            daemon.wait_painted(3)
            self.stop(daemon)


if __name__ == '__main__':
    harness.main()
