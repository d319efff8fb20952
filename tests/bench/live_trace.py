# SPDX-License-Identifier: MIT
"""Reads a trace file (daemon/trace.h), and says how the frames of a stretch of time came out."""
import itertools
import json
import math

UNANSWERABLE = 1.5  # times what the last decision predicted, margin included: nothing could be narrowed any more
PERCENT = 100


class Broken(Exception):
    """A trace that is not whole."""


def read(path):
    """Widths of the ladder, and all frames, as the daemon wrote them."""
    with open(path, encoding='utf-8') as file:
        try:
            lines = [json.loads(line) for line in file]
        except ValueError as error:
            raise Broken(f'the trace is not JSON lines: {error}') from None
    if not lines:
        raise Broken('the trace is empty')
    header, *frames = lines
    numbers = [frame['frame'] for frame in frames]
    if numbers != list(range(1, len(frames) + 1)):
        raise Broken(f'the trace has lost some of {numbers[-1]} frames')
    return header['widths'], frames


def arrived_between(frames, start_us, end_us):
    """The frames of a phase."""
    return [frame for frame in frames if start_us <= frame['arrival_us'] < end_us]


def summary(frames, widths, period_us):
    """What came of these frames, as an object; None where a share of nothing is asked for."""
    painted = [frame for frame in frames if 'end_us' in frame]
    missed = [frame for frame in painted if is_missed(frame)]
    used = sorted(used_pct(frame) for frame in painted)
    return {'frames': len(frames),
            'overtaken': count_overtaken(frames, period_us),
            'missed': len(missed),
            'missed_pct': share_pct(len(missed), len(frames)),
            'given_up': len(frames) - len(painted),
            'given_up_pct': share_pct(len(frames) - len(painted), len(frames)),
            'longest_run': longest_run(frames),
            'unanswerable': sum(map(is_unanswerable, missed)),
            'encoder_width': mean([widths[rungs(frame)[0]] for frame in painted]),
            'width': mean([mean([widths[rung] for rung in rungs(frame)]) for frame in painted]),
            'p50_pct': quantile(used, 0.5),
            'p99_pct': quantile(used, 0.99)}


def rungs(frame):
    """Of the segments, the encoder's first."""
    return [segment['rung'] for segment in frame['segments']]


def is_missed(frame):
    """Painted, but late."""
    return 'end_us' in frame and frame['end_us'] > frame['deadline_us']


def is_unanswerable(frame):
    """What came after the last decision was much slower than anything before it had said."""
    last = frame['segments'][-1]
    return frame['end_us'] - last['at_us'] > UNANSWERABLE * last['predicted_us']


def used_pct(frame):
    """Time from arrival to the end, of the time there was: past 100 it is late."""
    return share_pct(frame['end_us'] - frame['arrival_us'],
                     frame['deadline_us'] - frame['arrival_us'])


def longest_run(frames):
    """Most frames in a row that were late or given up."""
    failed = ('end_us' not in frame or is_missed(frame) for frame in frames)
    return max((len(list(group)) for bad, group in itertools.groupby(failed) if bad), default=0)


def count_overtaken(frames, period_us):
    """Pictures of the source between those that were taken: newer ones had come by then."""
    arrivals = [frame['arrival_us'] for frame in frames]
    return sum(max(0, round((after - before) / period_us) - 1)
               for before, after in zip(arrivals, arrivals[1:]))


def mean(values):
    """None of nothing."""
    return sum(values) / len(values) if values else None


def share_pct(part, whole):
    """None of nothing."""
    return PERCENT * part / whole if whole else None


def quantile(rising, share):
    """The least value that so large a share does not exceed; None of nothing."""
    return rising[max(0, math.ceil(share * len(rising)) - 1)] if rising else None
