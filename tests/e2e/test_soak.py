#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A long time at full rate under random control traffic: nothing grows, nothing gets slower, every picture is accounted for.

AR_SOAK_S seconds (180, or 20 under a sanitizer), AR_SOAK_SEED for the traffic. The report is printed: doc/RELIABILITY.md has one of some hours.
The first and the last part run without traffic, at a pinned width and a fixed budget: their latencies are compared.
"""
import json
import os
import random
import statistics
import time

import harness
from use import KIB, Use

SOAK_S = float(os.environ.get('AR_SOAK_S', '180' if harness.SLOW < 2 else '20'))
SEED = int(os.environ.get('AR_SOAK_SEED', '1'))
CALM_S = min(60.0, SOAK_S / 5)
TURN_S = 0.1  # from a command to the next
USE_S = 1.0  # from a look at the process to the next
GROWTH_B = 3072 * KIB  # of the last third over the first: two painters more or less are above it
SLOWER = 1.5  # of the tenth that were quickest, which neighbours on the machine do least to
WAKING_US = 1000  # more than that is no matter of processors that sleep, where a picture takes half of it
STYLES = ('starry_night', 'great_wave', 'scream', 'udnie', 'water_lilies')

# What a person or a program may ask for, good and bad; numbers are drawn, {} is one of them.
REQUESTS = (
    ('status',), ('style',), ('style', 'next'), ('style', 'prev'), ('budget',), ('budget', 'explain'), ('trace', '1'),
    ('set', 'decoder.calm', '0.{}'), ('set', 'network.strength', '0.{}'), ('set', 'budget.frame', '2{}ms'),
    ('set', 'budget.width', 'auto'), ('set', 'budget.width', '0.5'), ('pause',), ('resume',),
    ('set', 'budget.frame', 'soon'), ('set', 'no.such', '{}'), ('style', 'none-{}'), ('trace', 'x'), ('no-such',),
)
GARBAGE = (b'\n', b'{}\n', b'[1,2\n', b'\xff\xfe\n', b'{"protocol":1,', b'x' * 5000, b'[' * 3000 + b'\n')


def draw_request(chance):
    if chance.random() < 0.1:
        return ('style', chance.choice(STYLES))
    return tuple(word.format(chance.randrange(10)) for word in chance.choice(REQUESTS))


def quickest_tenth(values):
    return statistics.quantiles(values, n=10)[0]


class Soak(harness.Case):
    def test_soak(self):
        args = ('--source', 'pattern:160x120@30', '--display', 'null', '--threads', '2')
        with self.daemon(*args) as daemon:
            daemon.wait_painted(30)
            first = self.calm_part(daemon)
            uses, n_requests = self.traffic(daemon, SOAK_S - 2 * CALM_S)
            last = self.calm_part(daemon)
            status = daemon.status()
            self.report(uses, n_requests, first, last, status)
            daemon.signal()
            self.assertEqual(daemon.wait(), 0)
        self.check_counters(status)
        self.check_uses(uses)
        if harness.SLOW < 2:  # else its own times vary more than that
            self.assertLess(quickest_tenth(last), SLOWER * quickest_tenth(first) + WAKING_US, 'latency grew')

    def calm_part(self, daemon):
        """Microseconds from a picture's arrival until it was painted, of this part's last frames."""
        for words in (('resume',), ('style', STYLES[0]), ('set', 'budget.width', '0.5'), ('set', 'budget.frame', '25ms'),
                      ('set', 'network.strength', '1')):
            self.assertEqual(daemon.ctl(*words).code, 0, words)
        time.sleep(CALM_S)
        lines = daemon.ctl('trace').out.splitlines()
        frames = [json.loads(line) for line in lines[1:]][-int(CALM_S * 20):]
        return [frame['end_us'] - frame['arrival_us'] for frame in frames if 'end_us' in frame]

    def traffic(self, daemon, seconds):
        chance = random.Random(SEED)
        uses, n_requests = [], 0
        end = time.monotonic() + seconds
        look = 0
        while time.monotonic() < end:
            self.ask(daemon, chance)
            n_requests += 1
            if time.monotonic() >= look:
                self.assertIsNone(daemon.process.poll(), 'ar-daemon has ended')
                uses.append(Use(daemon.pid))
                look = time.monotonic() + USE_S
            time.sleep(TURN_S)
        return uses, n_requests

    def ask(self, daemon, chance):
        """One client; now and then one that breaks the rules, or leaves without waiting."""
        with daemon.connect() as client:
            if chance.random() < 0.1:
                client.sendall(chance.choice(GARBAGE))
                return
            words = draw_request(chance)
            client.sendall(harness.request(*words))
            if chance.random() < 0.1:
                return
            reply = harness.receive_line(client)
            self.assertTrue(reply is None or 'ok' in reply, f'{words}: {reply}')

    def check_counters(self, status):
        accounted = status['painted'] + status['dropped'] + status['degraded']
        in_flight = status['captured'] - accounted
        self.assertGreaterEqual(in_flight, 0, status)
        self.assertLessEqual(in_flight, 3, status)
        self.assertLessEqual(status['shown'], status['painted'] + status['degraded'] + status['notices'])

    def check_uses(self, uses):
        third = max(1, len(uses) // 3)
        self.assertLessEqual(max(use.n_threads for use in uses[-third:]), max(use.n_threads for use in uses[:third]))
        self.assertLessEqual(max(use.n_descriptors for use in uses[-third:]),
                             max(use.n_descriptors for use in uses[:third]) + 2)
        if harness.SANITIZE != 'none' or harness.EMULATED:
            print('SKIPPED: resident memory says nothing under a sanitizer or emulator')
            return
        self.assertLess(max(use.resident_b for use in uses[-third:]),
                        max(use.resident_b for use in uses[:third]) + GROWTH_B)

    def report(self, uses, n_requests, first, last, status):
        print(f'{SOAK_S:.0f} s, seed {SEED}, {n_requests} requests')
        print(f'begin: {uses[0]}\nend: {uses[-1]}')
        for name, part in (('first', first), ('last', last)):
            part = sorted(part)
            print(f'{name} part: {len(part)} frames, p10 {quickest_tenth(part):.0f} us, p50 {statistics.median(part):.0f} us, '
                  f'p99 {part[int(len(part) * 0.99)]} us')
        keys = ('captured', 'painted', 'dropped', 'degraded', 'shown', 'missed', 'switches')
        print(', '.join(f'{key} {status[key]}' for key in keys), flush=True)


if __name__ == '__main__':
    harness.main()
