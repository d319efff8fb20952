#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disturbs a real ar-daemon in several ways, one phase after the other, and prints how its frames came out.

Exit codes: 0 done, 1 failed, 2 usage, 77 all phases skipped, 128 and the number of the signal that ended it.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import live_trace
from live_daemon import BUDGET, Daemon, Failed, Interrupted, Signals
from live_phases import PHASES, Skipped

EX_SKIPPED = 77
EX_SIGNAL = 128
COLUMNS = {  # heading: key, format
    'phase': ('phase', 's'),
    'frames': ('frames', 'd'),
    'overtaken': ('overtaken', 'd'),
    'missed %': ('missed_pct', '.2f'),
    'given up %': ('given_up_pct', '.2f'),
    'longest run': ('longest_run', 'd'),
    'unanswerable': ('unanswerable', 'd'),
    'encoder width': ('encoder_width', '.3f'),
    'width': ('width', '.3f'),
    'p50 %': ('p50_pct', '.1f'),
    'p99 %': ('p99_pct', '.1f'),
}
LEGEND = f"""\
overtaken: pictures of the source that were never begun, as newer ones had come
missed: painted after the deadline; given up: not painted; longest run: of both, in frames
unanswerable: misses whose end, from the last decision on, took {live_trace.UNANSWERABLE} times what was foreseen
widths: means over painted frames, of the encoder and of all segments
p50, p99: time from arrival to the finished picture, of the budget"""


def read_phases(text):
    """An argparse type."""
    names = text.split(',')
    unknown = [name for name in names if name not in PHASES]
    if unknown:
        raise argparse.ArgumentTypeError(f'"{unknown[0]}": known are {", ".join(PHASES)}')
    return names


def read_seconds(text):
    """An argparse type."""
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f'"{text}": more than 0 and at most 3600 is right')
    return seconds


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    path = pathlib.Path
    parser.add_argument('daemon', type=path, metavar='AR-DAEMON', help='the program')
    parser.add_argument('ctl', type=path, metavar='AR-CTL', help='the program')
    parser.add_argument('--phases', type=read_phases, default=list(PHASES), metavar='NAME,...',
                        help=f'{", ".join(PHASES)} (all)')
    parser.add_argument('--seconds', type=read_seconds, default=20, help='of each phase (20)')
    parser.add_argument('--source', default='pattern:640x360@30', metavar='PATTERN',
                        help='what is painted (pattern:640x360@30)')
    parser.add_argument('--threads', default='auto', metavar='N', help='that paint (auto)')
    parser.add_argument('--trace', type=path, metavar='FILE', help='keep the daemon\'s trace')
    parser.add_argument('--json', action='store_true', help='results for a program')
    return parser.parse_args()


def say(*words):
    """To people, at once."""
    print(*words, file=sys.stderr, flush=True)


def now_us():
    """The clock of the trace."""
    return time.monotonic_ns() // 1000


def run_phase(daemon, name, seconds):
    """From when to when it was; or why not. What a phase does to the machine is undone within it."""
    say(f'{name}: {seconds:g} s')
    start_us = now_us()
    try:
        PHASES[name](daemon, seconds)
    except Skipped as why:
        say(f'SKIPPED: {name}: {why}')
        return {'phase': name, 'skipped': str(why)}
    return {'phase': name, 'start_us': start_us, 'end_us': now_us()}


def run(options, folder):
    """Status at the beginning, and a row for each phase."""
    with Signals() as signals, Daemon(options, folder, signals) as daemon:
        try:
            status = daemon.wait_warm()
            rows = [run_phase(daemon, name, options.seconds) for name in options.phases]
            daemon.stop()
        except Failed:
            say(daemon.log_tail())
            raise
        widths, frames = live_trace.read(daemon.trace)
    period_us = 1e9 / status['rate_millihz']
    for row in rows:
        if 'skipped' not in row:
            mine = live_trace.arrived_between(frames, row['start_us'], row['end_us'])
            row.update(live_trace.summary(mine, widths, period_us))
    return status, rows


def table(rows):
    """Rows as lines of text."""
    cells = [list(COLUMNS)]
    for row in rows:
        if 'skipped' in row:
            cells.append([row['phase'], *['-'] * (len(COLUMNS) - 1)])
        else:
            cells.append(['-' if row[key] is None else format(row[key], shape)
                          for key, shape in COLUMNS.values()])
    sizes = [max(map(len, column)) for column in zip(*cells)]
    return ['  '.join(text.rjust(size) for text, size in zip(line, sizes)) for line in cells]


def report(options, status, rows):
    """Prints it for people."""
    print('{style}, {width_px}x{height_px} at {rate:g}/s, {threads} threads, {tier}, '
          '{precision}; budget {budget}; {seconds:g} s each'.format(
              **status, rate=status['rate_millihz'] / 1000, budget=BUDGET,
              seconds=options.seconds))
    print('', *table(rows), '', LEGEND, sep='\n')
    for row in rows:
        if 'skipped' in row:
            print(f'SKIPPED: {row["phase"]}: {row["skipped"]}')


def main():
    """Command line; the exit code."""
    options = parse()
    try:
        with tempfile.TemporaryDirectory(prefix='ar-live-') as folder:
            status, rows = run(options, folder)
    except Interrupted as interrupt:
        say(f'live_governor: ended by {interrupt}')
        return EX_SIGNAL + interrupt.number
    except (Failed, OSError, subprocess.SubprocessError, live_trace.Broken) as error:
        sys.exit(f'live_governor: {error}')
    if options.json:
        print(json.dumps(rows, indent=1))
    else:
        report(options, status, rows)
    return EX_SKIPPED if all('skipped' in row for row in rows) else 0


if __name__ == '__main__':
    sys.exit(main())
