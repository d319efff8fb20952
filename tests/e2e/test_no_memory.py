#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
One allocation after the other is refused, at the start and for every control command: ar-daemon ends with a word about what it
had no memory for, or goes on. It never crashes, and where a sanitizer looks it loses no memory by it.

A preloaded library (refuse_allocations.c) refuses them: one that the program asks for, or all from there on, or one that any of
its libraries asks for. AR_EVERY_ALLOCATION=1 tries each, which takes half an hour; else it is some, all over the series.
"""
import json
import os
import re
import subprocess
import sys
import time

import harness
import y4m
from refusals import NEVER, Refusals

sys.path.insert(0, str(harness.TREE / 'tests/vm'))
import toy_styles  # noqa: E402

TABLES = os.environ.get('AR_TABLES')
EVERY = os.environ.get('AR_EVERY_ALLOCATION') == '1'
N_FIRST, N_SPREAD = 3, 6  # of each series, unless it is each

# How many are refused, and whose.
KINDS = {
    'one of the program\'s': {'n_refused': 1, 'everywhere': False},
    'all from one on': {'n_refused': NEVER, 'everywhere': False},
    'one of the libraries\'': {'n_refused': 1, 'everywhere': True},
}
# Of a thread the C library says that there are no resources.
NO_MEMORY = r'Cannot allocate memory|Resource temporarily unavailable|no memory'
REASON = re.compile(rf'^ar-daemon: (error: \w+: )?\S.*: ({NO_MEMORY})', re.MULTILINE)
PATTERN = ('--source', 'pattern:32x32@60', '--display', 'null', '--threads', '2', '--budget', '30ms')
SLOW_COMMANDS = {'calibrate': 0.1, 'set': 0.15, 'reload': 0.05, 'snapshot': 0.1, 'record': 0.15}  # seconds until what they begin is done
QUIET = 1 / 3  # of these, with no call: no more will come

# By command: what is asked for, and what is done before so that it has something to do. What ends the daemon is apart.
REQUESTS = {
    'status': [((), None)],
    'style': [((), None), (('udnie',), ('style', 'scream')), (('next',), None)],
    'budget': [((), None), (('25ms',), ('budget', '30ms')), (('explain',), None)],
    'calibrate': [((), None), (('--watts', '2,5'), None)],
    'trace': [((), None), (('1',), None)],
    'events': [((), None)],
    'metrics': [((), None)],
    'get': [((), None), (('budget',), None), (('budget.frame',), None)],
    'set': [(('decoder.calm', '0.5'), ('set', 'decoder.calm', '0.4')),
            (('network.threads', '1'), ('set', 'network.threads', '2')),
            (('capture.source', 'pattern:48x32@60'), ('set', 'capture.source', 'pattern:32x32@60'))],
    'save': [((), ('set', 'decoder.calm', '0.6'))],
    'reload': [((), ('set', 'budget.frame', '35ms'))],
    'pause': [((), None)],
    'resume': [((), ('pause',))],
    'snapshot': [(('{folder}/one.jpg',), None), (('{folder}/two.jpg', '--pair'), None)],
    'record': [(('start', '{folder}/out.y4m'), None), (('stop',), ('record', 'start', '{folder}/out.y4m')),
               (('start', '{folder}/out.mp4'), None)],
}
STAGES = (('set', 'network.threads'), ('set', 'capture.source'))  # which start stages anew
ENDS = 'stop'


def some_of(n_all):
    """Numbers of calls that lie all over the series."""
    step = 1 if EVERY else max(1, n_all // N_SPREAD)
    return sorted({*range(min(n_all, N_FIRST)), *range(0, n_all, step)})


def kinds_for(words):
    """Not for good while stages start anew: with no memory for those before either, it is the end."""
    has_stages = words[:2] in STAGES
    no_library = why_no_library(words)
    if no_library:
        print(f'SKIPPED: memory refused inside of {no_library}')
    return [(kind, how) for kind, how in KINDS.items()
            if not (no_library and how['everywhere']) and not (has_stages and how['n_refused'] == NEVER)]


def why_no_library(words):
    """Or None."""
    if any('.mp4' in word for word in words):
        return 'FFmpeg, which calls abort() then'
    if harness.SANITIZE != 'none':
        return 'libraries, of which the sanitizer is one, and ends the process'
    return None


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        if harness.EMULATED or 'thread' in harness.SANITIZE:
            self.skipTest('the allocator is the emulator\'s, or the thread sanitizer\'s')
        self.refusals = Refusals(self.folder / 'refusals')
        toy_styles.write_plain(self.folder / 'plain.safetensors')
        y4m.make_clip(self.folder / 'in.y4m', 3)


class Start(Case):
    """Until two frames are painted."""

    def start(self, *args):
        return self.run_daemon('--frames', '2', '--threads', '2', *args, env=self.refusals.environment())

    def check(self, finished, where):
        """True when it went on without."""
        if finished.code == 0 and re.search(r'\b2 painted', finished.err):
            return True
        self.assertRegex(finished.err, REASON, where)
        self.assertIn(finished.code, (0, os.EX_OSERR), f'{where}: {finished}')
        return False

    def try_all(self, fault, *args):
        """Starts like this one, with each kind of refusal."""
        fault.tried = 0
        n_ended = 0
        problems = []
        for kind, how in kinds_for(args):
            self.refusals.order(NEVER, **how)
            finished = self.start(*args)
            self.assertEqual(finished.code, 0, finished)
            n_calls = self.refusals.n_calls()
            self.assertGreater(n_calls, 50, 'the library counts nothing')
            for number in some_of(n_calls):
                self.refusals.order(number, **how)
                fault.tried += 1
                try:
                    n_ended += not self.check(self.start(*args), f'{kind}, number {number}')
                except AssertionError as problem:
                    problems.append(str(problem))
        self.assertFalse(problems, '\n'.join(problems))
        self.assertGreater(n_ended, 0)
        fault.state = f'ends with code {os.EX_OSERR} and says for what it had no memory ({n_ended}), or goes on without it ' \
                      f'({fault.tried - n_ended})'
        fault.picture = 'none, or as usual'

    def test_scene(self):
        with self.fault('no memory, or no thread, at a start') as fault:
            self.try_all(fault, '--source', 'pattern:32x32', '--set', 'capture.pace=fast', '--display', 'null', '--style',
                         'plain.safetensors')

    def test_clip_into_files(self):
        (self.folder / 'ar.conf').write_text('[capture]\nrotate = 90\npace = fast\n[network]\nstrength = 0.5\n')
        with self.fault('no memory at a start with a clip into a file, settings, trace and overlay') as fault:
            self.try_all(fault, '--config', 'ar.conf', '--source', 'file:in.y4m', '--display', 'file:out.y4m, null', '--style',
                         'plain.safetensors', '--trace', 'trace.jsonl', '--set', 'display.overlay=on')

    def test_movie(self):
        if not harness.HAVE_LIBAV:
            self.skipTest('a build without libav')
        self.run_well('--source', 'file:in.y4m', '--set', 'capture.pace=fast', '--display', 'file:in.mp4', '--threads', '1')
        with self.fault('no memory at a start with a movie into a movie') as fault:
            self.try_all(fault, '--source', 'file:in.mp4', '--set', 'capture.pace=fast', '--display', 'file:out.mp4', '--style',
                         'plain.safetensors')


class Commands(Case):
    """While it paints, which goes on."""

    def ask(self, *words):
        self.client.sendall(harness.request(*(word.format(folder=self.folder) for word in words)))
        for line in self.lines:
            reply = json.loads(line)
            if 'ok' in reply:  # and no event
                return reply
        self.fail(f'{words}: the connection was closed')

    def until(self, condition, what):
        """As the daemon's wait_until(), without a program for each look."""
        end = time.monotonic() + harness.START_S
        while time.monotonic() < end:
            status = self.ask('status')['result']
            if condition(status):
                return status
            time.sleep(harness.POLL_S / 2)
        self.fail(f'{what}: not within {harness.START_S} s: {status}')

    def settle(self):
        """Nothing is under way, and pictures are painted."""
        self.refusals.order(NEVER)
        self.ask('resume')
        self.ask('record', 'stop')
        status = self.until(lambda status: status['state'] == 'running' and not any(
            status[name] and status[name]['state'] in ('recording', 'finishing', 'waiting')
            for name in ('recording', 'snapshot')), 'nothing under way')
        self.until(lambda now: now['painted'] > status['painted'], 'another picture')
        for path in self.folder.glob('*.[jmy][p4]*'):
            if path.name != 'in.y4m':
                path.unlink()

    def prepare(self, words):
        """A request that is granted, and what it begins: done, or for a recording under way."""
        reply = self.ask(*words)
        self.assertTrue(reply['ok'], words)
        n_restarts = reply['result'].get('restart', 0)
        self.until(lambda status: status['state'] in ('running', 'paused') and status['restarts'] >= n_restarts and
                   (words[0] != 'record' or status['recording']['pictures'] > 0), f'{words}: it is done')

    def wait_refused(self, words, number, n_refused):
        """
        Until what a request begins has met its refusal: what follows is as at any time, and may as well be waited for with memory.
        Where that does not come, or all from it on are refused, until no more is asked for.
        """
        most_s = harness.SLOW * SLOW_COMMANDS.get(words[0], 0)
        now = changed = time.monotonic()
        end = now + most_s
        n_calls = self.refusals.n_calls()
        while now < end and not (n_calls > number and (n_refused == 1 or now - changed > QUIET * most_s)):
            time.sleep(min(harness.POLL_S / 4, most_s))
            now = time.monotonic()
            n_before, n_calls = n_calls, self.refusals.n_calls()
            changed = changed if n_calls == n_before else now

    def attempt(self, number, how, before, words):
        """One request with one refusal. How many calls it made, and its answer."""
        if before:
            self.prepare(before)
        self.refusals.order(number, **how)
        reply = self.ask(*words)
        self.wait_refused(words, number, how['n_refused'])
        n_calls = self.refusals.n_calls()
        self.settle()
        return n_calls, reply

    def names(self):
        """Of all commands that the daemon knows."""
        tables = json.loads(subprocess.run([TABLES], capture_output=True, check=True).stdout)
        names = [command['name'] for command in tables['commands'] if command['name'] != ENDS]
        return [name for name in names if name in REQUESTS or self.ask(name).get('code') != 'unknown']

    def try_request(self, fault, before, words):
        """With each kind of refusal."""
        for kind, how in kinds_for(words):
            n_calls, reply = self.attempt(NEVER, how, before, words)
            self.assertTrue(reply['ok'], f'{words}: {reply}')
            self.assertGreater(n_calls, 0)
            for number in some_of(n_calls):
                _, reply = self.attempt(number, how, before, words)
                fault.tried += 1
                if not reply['ok']:
                    fault.n_refused += 1
                    self.assertRegex(reply['error'], NO_MEMORY, f'{words}: {kind}, number {number}')

    def test_every_command(self):
        (self.folder / 'ar.conf').write_text('[budget]\nframe = 30ms\n')
        with self.daemon(*PATTERN, '--config', 'ar.conf', env=self.refusals.environment()) as self.running, \
                self.fault('no memory for a control command') as fault:
            self.running.wait_painted(3)
            fault.tried = fault.n_refused = 0
            with self.running.connect() as self.client, self.client.makefile() as self.lines:
                for name in self.names():
                    self.assertIn(name, REQUESTS, 'a new command: what may it be asked?')
                    for args, before in REQUESTS[name]:
                        with self.subTest(command=name, args=args):
                            self.try_request(fault, before, (name, *args))
            self.running.signal()
            self.assertEqual(self.running.wait(), 0)
            fault.state = f'the answer says that there was no memory ({fault.n_refused}), or all is done ' \
                          f'({fault.tried - fault.n_refused})'
            fault.picture = 'as usual'

    def test_stop(self):
        """It ends, whatever of its answer there is memory for; or has not understood, says so, and goes on."""
        number = 0
        is_refused = True
        with self.fault('no memory for `ar-ctl stop`') as fault:
            fault.tried = 0
            while is_refused:
                with self.daemon(*PATTERN, env=self.refusals.environment()) as self.running:
                    self.running.wait_painted(1)
                    with self.running.connect() as self.client, self.client.makefile() as self.lines:
                        self.ask('status')
                        self.refusals.order(number)
                        reply = self.ask(ENDS)
                        is_refused = self.refusals.n_calls() > number
                        self.refusals.order(NEVER)
                        if not reply['ok'] and not self.running.log().count('ended'):
                            self.running.signal()
                        self.assertEqual(self.running.wait(), 0)
                number += 1
                fault.tried += 1
            fault.state = 'ends; or says that it has not understood, and goes on'
            fault.picture = 'as usual until then'


if __name__ == '__main__':
    harness.main()
