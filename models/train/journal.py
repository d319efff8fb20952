# SPDX-License-Identifier: MIT
"""What a training leaves beside its style: checkpoint, loss log, loss plot and sample sheet."""
import csv
import json
import os
import sys
import time

import torch
from PIL import Image, ImageDraw

COLUMNS = ('stage', 'step', 'style', 'content', 'narrow_style', 'narrow_content', 'mixed_style',
           'mixed_content', 'apart', 'calm', 'stepped')
PLOTTED = {'style': '#c0392b', 'content': '#2980b9', 'narrow_style': '#e6a49c',
           'narrow_content': '#9cc6e6', 'calm': '#27ae60'}
PLOT_PX = (960, 480)
SHEET_GAP_PX = 4
TICK_STEPS = 20  # steps between two lines of the log, which are means over them
SLEPT = 5  # a step that takes so many times the usual was stopped or suspended
LINE_S = 30  # between two lines of progress where there is no terminal


class ResumeError(ValueError):
    """A checkpoint that does not belong to this training; the words say what differs."""


class Checkpoint:
    """One file, replaced in one step, that a killed training goes on from."""

    def __init__(self, path, settings):
        self.path = path
        self.settings = settings

    def save(self, content):
        """Writes what load() gives back."""
        part = f'{self.path}.part'
        torch.save({'settings': self.settings, **content}, part)
        os.replace(part, self.path)

    def load(self):
        """The content, or None where no training was begun."""
        if not self.path.exists():
            return None
        content = torch.load(self.path, map_location='cpu')
        begun = content.pop('settings')
        differing = [key for key in self.settings if begun.get(key) != self.settings[key]]
        if differing:
            key = differing[0]
            raise ResumeError(f'{self.path}: begun with {key} {begun.get(key)}, now it is '
                              f'{self.settings[key]}; --restart begins anew')
        return content


class Log:
    """Means of the losses over every TICK_STEPS steps, as rows, a table and a plot."""

    def __init__(self, folder, rows=()):
        self.folder = folder
        self.rows = list(rows)
        self.pending = []

    def add(self, stage, step, losses):
        """One step's losses, in the order of COLUMNS."""
        self.pending.append(losses)
        if len(self.pending) == TICK_STEPS:
            means = [sum(values) / TICK_STEPS for values in zip(*self.pending)]
            self.rows.append([stage, step, *(round(value, 5) for value in means)])
            self.pending = []

    def summary(self):
        """The last means by name, as JSON."""
        last = self.rows[-1][2:] if self.rows else ()
        return json.dumps(dict(zip(COLUMNS[2:], last)))

    def write(self):
        """Replaces losses.csv and losses.png."""
        with open(self.folder / 'losses.csv', 'w', newline='', encoding='ascii') as file:
            writer = csv.writer(file, lineterminator='\n')
            writer.writerow(COLUMNS)
            writer.writerows(self.rows)
        if len(self.rows) > 1:
            _plot(self.rows).save(self.folder / 'losses.png')


class Progress:
    """A line that says how far the training is and how long it still takes."""

    def __init__(self, n_steps):
        self.n_steps = n_steps
        self.step_s = None
        self.began_s = self.said_s = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def say(self, done, words):
        """After a step; `done` counts over all stages."""
        now_s = time.monotonic()
        took_s, self.began_s = now_s - self.began_s, now_s
        self.step_s = self.step_s or took_s
        took_s = min(took_s, SLEPT * self.step_s)
        self.step_s += 0.05 * (took_s - self.step_s)
        if now_s - self.said_s < (0.5 if self.terminal else LINE_S):
            return
        self.said_s = now_s
        left_s = self.step_s * (self.n_steps - done)
        line = (f'{done / self.n_steps:4.0%} {_bar(done / self.n_steps)} step {done} of '
                f'{self.n_steps}, {words}, {_clock(left_s)} left')
        print(f'\r{line}\033[K' if self.terminal else line, end='' if self.terminal else '\n',
              file=sys.stderr, flush=True)


def save_sheet(path, rows):
    """A sheet of pictures: rows of [1, 3, height, width] in [0, 1]."""
    height, width = rows[0][0].shape[2:]
    sheet = Image.new('RGB', (len(rows[0]) * (width + SHEET_GAP_PX) - SHEET_GAP_PX,
                              len(rows) * (height + SHEET_GAP_PX) - SHEET_GAP_PX), 'white')
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            pixels = (picture[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
            sheet.paste(Image.fromarray(pixels),
                        (j * (width + SHEET_GAP_PX), i * (height + SHEET_GAP_PX)))
    sheet.save(path)


def _plot(rows):
    """The losses over the rows, each scaled to its own greatest value."""
    width, height = PLOT_PX
    picture = Image.new('RGB', PLOT_PX, 'white')
    draw = ImageDraw.Draw(picture)
    for i, (name, colour) in enumerate(PLOTTED.items()):
        values = [row[COLUMNS.index(name)] for row in rows]
        top = max(values) or 1
        points = [(width * k / (len(values) - 1), height - 1 - (height - 20) * value / top)
                  for k, value in enumerate(values)]
        draw.line(points, fill=colour, width=2)
        draw.text((width - 190, 6 + 14 * i), f'{name}: top {top:.3g}, now {values[-1]:.3g}',
                  fill=colour)
    for k in range(1, len(rows)):
        if rows[k][0] != rows[k - 1][0]:
            x = width * k / (len(rows) - 1)
            draw.line([(x, 0), (x, height)], fill='#bbbbbb')
            draw.text((x + 4, height - 14), rows[k][0], fill='#888888')
    return picture


def _bar(share, cells=20):
    full = round(share * cells)
    return '[' + '#' * full + '.' * (cells - full) + ']'


def _clock(seconds):
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02}:{seconds:02}' if hours else f'{minutes}:{seconds:02}'
