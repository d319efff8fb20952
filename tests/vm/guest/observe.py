# SPDX-License-Identifier: MIT
"""What becomes of the pictures while something is wrong with the camera: one row of the table in doc/RELIABILITY.md."""
import os
import signal
import time

import guest

FLOWING = 'flowing'
LAST_PICTURE = 'the last picture'
FOR_A_MOMENT = 'words, for a moment'  # they were gone when we looked
WATCHED_PICTURES = 10
WATCH_S = 60 * guest.SLOW


class Watch:
    """Asks a daemon again and again. Begin before the fault does."""

    COUNTS = ('painted', 'corrupt', 'lost', 'guessed', 'resumed')

    def __init__(self, daemon):
        self.daemon = daemon
        self.began = self.status = daemon.status()
        self.states, self.words = set(), set()
        self.painted_s = self.fed_s = time.monotonic()
        self.longest_s = 0  # without a new picture
        self.unfed_s = 0    # without anything new on the screen: neither a picture nor words

    def look(self):
        status, now_s = self.daemon.status(), time.monotonic()
        self.states.add(status['source_state'])
        if status['painted'] > self.status['painted']:
            self.longest_s = max(self.longest_s, now_s - self.painted_s)
            self.painted_s = now_s
        if status['notices'] > self.status['notices'] and status['source_words']:
            self.words.add(status['source_words'])
        if status['painted'] + status['notices'] > self.status['painted'] + self.status['notices']:
            self.unfed_s = max(self.unfed_s, now_s - self.fed_s)
            self.fed_s = now_s
        self.status = status
        return status

    def until(self, condition, what, timeout_s=WATCH_S):
        end_s = time.monotonic() + timeout_s
        while not condition(self.look()):
            if time.monotonic() > end_s:
                raise AssertionError(f'{what}: not within {timeout_s} s; states {sorted(self.states)}: {self.status}')
            time.sleep(guest.POLL_S)
        return self.status

    def more_pictures(self, n_pictures=WATCHED_PICTURES):
        """Until so many more are painted, and all is well."""
        wanted = self.status['painted'] + n_pictures
        self.until(lambda status: status['painted'] >= wanted and status['source_state'] == FLOWING, f'{n_pictures} more pictures')

    def words_shown(self, state):
        """Until the state is reached, and its words are on the screen."""
        self.until(lambda status: status['source_state'] == state and status['source_words'] in self.words, f'{state}, and said so')

    def row(self, back_s=None):
        """back_s: from the end of the fault to the next picture; else the longest time without one counts."""
        n_notices = self.status['notices'] - self.began['notices']
        screen = sorted(self.words) or [FOR_A_MOMENT if n_notices > 0 else LAST_PICTURE]
        return {'states': sorted(self.states), 'screen': screen,
                'seconds': round(self.longest_s if back_s is None else back_s, 3), 'lasting': back_s is not None,
                'unfed_s': round(self.unfed_s, 3), 'pid': self.status['pid'], **{name: self.status[name] - self.began[name] for name in self.COUNTS}}


def pass_by(daemon, make, until=None):
    """A fault that is over by itself. until(watch): the row ends when it returns."""
    watch = Watch(daemon)
    make()
    (until or Watch.more_pictures)(watch)
    return watch.row()


def stop_and_go(daemon, seconds):
    """Not the camera but the daemon itself sleeps."""
    watch = Watch(daemon)
    os.kill(daemon.process.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(daemon.process.pid, signal.SIGCONT)
    end_s = time.monotonic()
    watch.more_pictures(1)
    back_s = watch.painted_s - end_s
    watch.more_pictures()
    return watch.row(back_s)


def last(daemon, make, state, end, at_worst=None):
    """A fault that lasts until end() is called, once its words are on the screen. at_worst(watch): before that."""
    watch = Watch(daemon)
    make()
    watch.words_shown(state)
    if at_worst:
        at_worst(watch)
    n_before = watch.look()['painted']
    end()
    end_s = time.monotonic()
    watch.until(lambda status: status['painted'] > n_before and status['source_state'] == FLOWING, 'pictures again')
    back_s = watch.painted_s - end_s
    watch.more_pictures()
    return watch.row(back_s)
