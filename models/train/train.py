#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains a style from a painting: train.py --style painting.jpg --content PHOTOS
--features FEATURES.npz --out my-style.safetensors

Beside the style a folder my-style.train holds the checkpoint, losses.csv, losses.png and
samples.png, all kept up to date. The same command goes on after a kill.
"""
import argparse
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass, replace

import torch

import layout
import style_file
from architecture import Architecture
from features import Features, fast_bfloat16
from int8 import MeasuringNetwork
from journal import Checkpoint, Log, Progress, save_sheet
from losses import Judge, Patterns, distance, excess, grid, roughness
from motion import Motion
from network import FrameState, Network
from photos import Crops, list_photos, read_scene, read_style
from planes import Planes
from trainee import GatheringNetwork, Plans, Trainee, initial_tensors

STYLE_NAME = re.compile(r'[a-z0-9_]{1,31}')
CALIBRATION_BATCHES, PREVIEW_BATCHES = 48, 6  # a batch meets every rung
UNFOLDING_BATCHES = 48
RANGE_BATCHES = 12
WARM_UP_STEPS = 60
CLIP_NORM = 1.0
CONTENT_WEIGHTS = ('content', 'narrow_content', 'mixed_content')  # of the plans of a step
STYLE_MARGIN_PX = 16  # else combs grow there, which the style's statistics like
MARGIN_PX = 8  # where moved pictures show what was never seen
STEER_RATE, STEER_RANGE = 0.04, 100  # of a weight: per step, and how far from where it began
SAME_PLAN_SHARE = 0.6  # of pairs whose second frame runs at the widths of the first
CARRIED_SHARE = 0.5  # of pairs whose second frame uses the instance statistics of the first
SAVE_S = 60
SHEETS = 8  # samples.png is made anew so many times
SHEET_PHOTOS, SHEET_PX = 4, (320, 240)


@dataclass(frozen=True)
class Stage:
    """A part of the training; weights are those of the loss's terms.

    With `unrest`, `apart` and `stepped` those of content, calm, agree and near are where it begins:
    they are steered so that the content errors of the widest, of the narrowest and of mixed widths,
    each with a weight of its own, become what the feature network calls faithful, a second frame's distance `unrest`, a narrower width's `apart`,
    that of neighbouring widths `stepped`. Style then becomes as good as these allow.
    """

    name: str
    steps: int
    rate: float
    style: float
    content: float
    calm: float
    agree: float  # a narrower width with the widest
    near: float = 0  # a width with its neighbour
    calm_from: float = 0  # share of the steps after which the calm term begins
    unrest: float = 0
    apart: float = 0
    stepped: float = 0
    exact: bool = False  # judged by the second feature network, where there is one
    rough: float = 0.03
    grid: float = 10.0
    pattern: float = 40.0
    excess: float = 10.0
    heaps: float = 4.0

    def weights(self):
        """Those that are steered."""
        return {'content': self.content, 'narrow_content': self.content,
                'mixed_content': self.content, 'calm': self.calm, 'agree': self.agree,
                'near': self.near}


@dataclass(frozen=True)
class Preset:
    """How long, and on how much at once."""

    stages: tuple
    crop_px: int
    batch: int
    device: str = 'cpu'


def stages(paint_steps, calm_steps, finish_steps):
    """Strokes first, then calm: the other way round no strokes come."""
    return (Stage('paint', paint_steps, rate=2e-3, style=4, content=1, calm=6, agree=2,
                  calm_from=0.35),
            Stage('calm', calm_steps, rate=1.2e-3, style=5, content=1.5, calm=20, agree=6, near=6,
                  unrest=0.048, apart=0.034, stepped=0.014),
            Stage('finish', finish_steps, rate=1e-3, style=5, content=2.5, calm=3, agree=4,
                  near=12, unrest=0.046, apart=0.028, stepped=0.010, pattern=120,
                  exact=True))


PRESETS = {
    'quick': Preset(stages(910, 640, 230), crop_px=192, batch=2),
    'full': Preset(stages(6000, 4000, 1500), crop_px=224, batch=3),
    'gpu': Preset(stages(12000, 8000, 3000), crop_px=256, batch=8, device='cuda'),
}


class Trainer:
    """One training; everything random in a step follows from the seed and the step's number."""

    def __init__(self, architecture, preset, painting, judges, crops, options):
        self.architecture = architecture
        self.preset = preset
        self.judges = judges  # of the ordinary stages, of the exact ones
        self.patterns = Patterns(painting)
        self.crops = crops
        self.options = options
        self.planes = Planes(architecture, preset.device)
        self.plans = Plans(architecture)
        self._begin_stage(0)
        self._use(Trainee(architecture, initial_tensors(architecture, options.seed)))

    @property
    def stage(self):
        """The stage that the next step belongs to; None at the end."""
        stage = self.place[0]
        return self.preset.stages[stage] if stage < len(self.preset.stages) else None

    @property
    def n_done(self):
        """Steps done, over all stages."""
        return sum(stage.steps for stage in self.preset.stages[:self.place[0]]) + self.place[1]

    def start_from(self, tensors):
        """Begins with a trained style's network, not with a random one; as it is, unless it is to paint."""
        if self.place[0]:
            self._use(Network(self.architecture, tensors))
            return
        network = GatheringNetwork(self.architecture, tensors).to(self.preset.device)
        self._use(Trainee(self.architecture, network.unfolded(self._batches(UNFOLDING_BATCHES))))

    def state(self):
        """What restore() goes on from."""
        return {'place': self.place, 'weights': self.weights, 'tensors': self.network.tensors(),
                'optimizer': self.optimizer.state_dict()}

    def restore(self, state):
        """Goes on where state() was taken."""
        self.place, self.weights = tuple(state['place']), state['weights']
        kind = Network if self.place[0] else Trainee
        self._use(kind(self.architecture, state['tensors']))
        self.optimizer.load_state_dict(state['optimizer'])

    def step(self):
        """One step; gives its losses in the order of journal.COLUMNS after the step's number."""
        stage, (number, step) = self.stage, self.place
        rng = self._rng(number, step)
        share = step / stage.steps
        for group in self.optimizer.param_groups:
            group['lr'] = stage.rate * min(1, (step + 1) / WARM_UP_STEPS) * _cosine(share)
        self.optimizer.zero_grad(set_to_none=True)
        losses = self._descend(stage, share, rng)
        if stage.unrest:
            self._steer(stage, losses)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP_NORM)
        self.optimizer.step()
        self.place = (number, step + 1)
        if step + 1 == stage.steps:
            self._end_stage()
        return losses

    def paint(self, rgb, rungs, state=None):
        """Painted pictures; values may lie outside [0, 1]."""
        return self.planes.to_rgb(self.network(self.planes.of_rgb(rgb), rungs, state))

    def tensors(self):
        """The style's tensors; before the end of the first stage, those of an early look."""
        if isinstance(self.network, Trainee):
            return self._folded(PREVIEW_BATCHES)
        return self.network.tensors()

    def ranges(self):
        """The int8 ranges of the trained network."""
        network = MeasuringNetwork(self.architecture, self.network.tensors())
        return network.to(self.preset.device).ranges(self._batches(RANGE_BATCHES),
                                                     self._rng('covering'))

    def _use(self, network):
        self.network = network.to(self.preset.device)
        self.optimizer = torch.optim.Adam(self.network.parameters())

    def _rng(self, *place):
        return random.Random(f'{self.options.seed} {place}')

    def _photos(self, rng):
        return self.crops.draw(rng, self.preset.batch).to(self.preset.device)

    def _descend(self, stage, share, rng):
        """Adds up the gradients: the widest, the narrowest and one mixed plan, each alone.

        One of the three is also the first frame of a pair. The mixed plan's next narrower one is drawn
        to it; not being judged, it costs little.
        """
        judge = self.judges[stage.exact]
        still = self._photos(rng)
        content = judge.content_of(still)
        motion = Motion(rng, still.shape)
        first = motion.camera(still)
        calm = self.weights['calm'] * _ramp(share, stage.calm_from)
        paired = rng.randrange(3)
        errors, apart, unrest, stepped, widest = [], 0, 0, 0, None
        for i, rungs in enumerate((self.plans.widest, self.plans.narrowest,
                                   self.plans.draw(rng))):
            state = FrameState()
            painted = self.paint(first, rungs, state)
            style_error, content_error, heaps = judge.errors(painted, content)
            loss = (self.options.strength * stage.style * style_error
                    + self.weights[CONTENT_WEIGHTS[i]] * content_error
                    + stage.rough * roughness(painted) + stage.grid * grid(painted)
                    + stage.pattern * self.patterns.excess(painted, still)
                    + stage.excess * excess(painted) + stage.heaps * heaps)
            if widest is None:
                widest = painted.detach()
            else:
                apart = distance(painted, widest)
                loss = loss + self.weights['agree'] * apart
            if i == 2 and stage.near:
                stepped = distance(self.paint(first, self.plans.narrower(rungs, rng)), painted)
                loss = loss + self.weights['near'] * stepped
            if calm and i == paired:
                unrest = self._unrest(still, painted, rungs, motion, state, rng)
                loss = loss + calm * unrest
            loss.backward()
            errors += [style_error.item(), content_error.item()]
        return (*errors, apart.item(), unrest.item() if calm else 0.0,
                stepped.item() if stage.near else 0.0)

    def _steer(self, stage, losses):
        """Turns the weights towards what is to be held; `losses` as step() gives them."""
        faithful = self.judges[stage.exact].features.trunk.faithful * self.options.strength
        begun = stage.weights()
        contents = zip(CONTENT_WEIGHTS, losses[1:6:2], [faithful] * 3)
        others = zip(('agree', 'calm', 'near'), losses[6:],
                     (stage.apart, stage.unrest, stage.stepped))
        for key, loss, held in (*contents, *others):
            turn = math.exp(STEER_RATE * max(-0.5, min(1, loss / held - 1)))
            self.weights[key] = min(STEER_RANGE * begun[key], max(
                begun[key] / STEER_RANGE, self.weights[key] * turn))

    def _unrest(self, still, painted, rungs, motion, state, rng):
        """How far the second frame is from the first one's painting, moved."""
        if rng.random() >= SAME_PLAN_SHARE:
            rungs = self.plans.draw(rng)
        carried = state if rng.random() < CARRIED_SHARE else None
        second = self.paint(motion.second(still), rungs, carried)
        return distance(second, motion.move(painted), MARGIN_PX)

    def _batches(self, n_batches):
        rng = self._rng('folding')
        return [self.planes.of_rgb(self._photos(rng)) for _ in range(n_batches)]

    def _folded(self, n_batches):
        return self.network.folded(self._batches(n_batches), self._rng('covering'))

    def _begin_stage(self, number):
        """This one, or the first after it that has steps."""
        self.place = (number, 0)  # stage and step that come next
        if self.stage:
            self.weights = self.stage.weights()
            if not self.stage.steps:
                self._begin_stage(number + 1)

    def _end_stage(self):
        self._begin_stage(self.place[0] + 1)
        if isinstance(self.network, Trainee):
            self._use(Network(self.architecture, self._folded(CALIBRATION_BATCHES)))


def _cosine(share):
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share))


def _ramp(share, begin):
    """0 before `begin`, then up to 1 over a fifth of the stage; 1 throughout for 0."""
    return min(1.0, max(0.0, (share - begin) / 0.2)) if begin else 1.0


class Session:
    """A training with its folder."""

    def __init__(self, trainer, folder, checkpoint, scenes):
        self.trainer = trainer
        self.folder = folder
        self.checkpoint = checkpoint
        self.scenes = scenes
        state = checkpoint.load()
        self.log = Log(folder, state['rows'] if state else ())
        if state:
            trainer.restore(state)
            print(f'goes on after step {trainer.n_done}', file=sys.stderr)

    def run(self):
        """Trains to the end."""
        trainer = self.trainer
        n_steps = sum(stage.steps for stage in trainer.preset.stages)
        progress = Progress(n_steps)
        saved_s = time.monotonic()
        while trainer.stage:
            stage = trainer.stage
            losses = trainer.step()
            self.log.add(stage.name, trainer.n_done, losses)
            progress.say(trainer.n_done, f'{stage.name}: style {losses[0]:.3f} content '
                                         f'{losses[1]:.3f}')
            if trainer.n_done % max(1, n_steps // SHEETS) == 0:
                self.sheet()
            if self.log.pending == [] and time.monotonic() - saved_s > SAVE_S:
                self.save()
                saved_s = time.monotonic()
        self.save()
        self.sheet()

    def save(self):
        """Checkpoint and losses."""
        self.checkpoint.save({**self.trainer.state(), 'rows': self.log.rows})
        self.log.write()

    @torch.no_grad()
    def sheet(self):
        """samples.png: photographs, painted at widths 1, 1/2 and 1/4, and from 1 to 1/4."""
        architecture, planes = self.trainer.architecture, self.trainer.planes
        network = Network(architecture, self.trainer.tensors()).to(self.trainer.preset.device)
        narrow, wide = 0, architecture.n_rungs - 1
        half = min(range(wide + 1), key=lambda rung: abs(architecture.widths[rung] - 0.5))
        mixed = [wide] + [narrow] * (architecture.n_segments - 1)
        plans = [architecture.equal_rungs(rung) for rung in (wide, half, narrow)] + [mixed]
        rows = []
        for scene in self.scenes:
            entering = planes.of_rgb(scene)
            rows.append([scene] + [planes.to_rgb(network(entering, plan)) for plan in plans])
        save_sheet(self.folder / 'samples.png', rows)


def parse():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n\n', maxsplit=1)[0])
    path = pathlib.Path
    parser.add_argument('--style', type=path, required=True, help='the painting')
    for key, words in (('content', 'folder of 50 or more photographs, of anything'),
                       ('features', 'feature network, an .npz file (models/README.md)')):
        usual = os.environ.get(f'AR_TRAIN_{key.upper()}')
        parser.add_argument(f'--{key}', type=path, required=not usual, default=usual,
                            help=f'{words}; without it $AR_TRAIN_{key.upper()}')
    parser.add_argument('--finish', type=path, metavar='FEATURES',
                        help='another feature network for the last stage (the same one)')
    parser.add_argument('--start', type=path, metavar='STYLE',
                        help='a trained style to begin with: half the steps do')
    parser.add_argument('--out', type=path, required=True, help='style file to write')
    parser.add_argument('--preset', choices=PRESETS, default='quick',
                        help='quick: half an hour on two cores; full: a night; gpu: CUDA')
    parser.add_argument('--steps', help='steps of the three stages instead, as in 1200,800,300; with '
                                        '--start a stage may have none')
    parser.add_argument('--stroke', type=int, default=320, metavar='PX',
                        help='long side at which the painting is looked at: larger makes '
                             'broader strokes (320)')
    parser.add_argument('--strength', type=float, default=1.0,
                        help='of the style against the photograph (1)')
    parser.add_argument('--architecture', type=path,
                        help='JSON of another network, as layout.py prints it')
    parser.add_argument('--seed', type=int, default=0, help='same seed, same style (0)')
    parser.add_argument('--restart', action='store_true', help='forget an earlier checkpoint')
    for key, words in (('title', 'of the painting'), ('artist', 'who painted it'),
                       ('year', 'when'), ('licence', 'under which the style may be used')):
        parser.add_argument(f'--{key}', default='unknown', help=words)
    return parser.parse_args()


def choose_preset(options):
    """The preset with the steps asked for."""
    preset = PRESETS[options.preset]
    if options.steps:
        counts = options.steps.split(',')
        if len(counts) != len(preset.stages) or not all(n.isdecimal() for n in counts):
            raise ValueError(f'--steps {options.steps}: three counts such as 1200,800,300 are right')
        counts = [int(n) for n in counts]
        if not counts[0] and not (options.start and any(counts)):
            raise ValueError(f'--steps {options.steps}: the first stage is what a style begins with; '
                             'only after --start 0 is right, and not for all three')
        preset = replace(preset, stages=stages(*counts))
    if preset.device == 'cuda' and not torch.cuda.is_available():
        raise ValueError('--preset gpu: PyTorch sees no CUDA device here')
    torch.backends.cuda.matmul.allow_tf32 = True  # products of 10 bits, sums of 23
    return preset


def style_name(options):
    """The name on ar-daemon's command line."""
    name = options.out.stem.lower().replace('-', '_')
    if options.out.suffix != '.safetensors' or not STYLE_NAME.fullmatch(name):
        raise ValueError(f'--out {options.out}: NAME.safetensors is right, '
                         'at most 31 letters, digits and underscores')
    return name


def read_architecture(path):
    """The description of a network, checked: the file's, or the default one."""
    if path is None:
        return layout.describe()
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(f'{path}: not JSON: {error}') from error


def read_start(path, architecture):
    """A style's tensors, if it has this very network."""
    found, tensors, _ = style_file.load(path)
    if found.layers != architecture.layers or found.widths != architecture.widths:
        raise ValueError(f'--start {path}: its network is another one than the one to train')
    return tensors


def read_judges(options, painting):
    """Of the ordinary stages and of the exact ones."""
    device = painting.device.type
    judges = [Judge(Features.read(path, fast_bfloat16(device)).to(device), painting,
                    STYLE_MARGIN_PX)
              for path in (options.features, options.finish) if path]
    return judges[0], judges[-1]


def commit():
    """The trainer's own version."""
    command = ['git', '-C', str(pathlib.Path(__file__).parent), 'describe', '--always', '--dirty']
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return 'of no known version'


def begin(options):
    """Checks everything that was asked for; gives the session, the description and the card."""
    name, preset = style_name(options), choose_preset(options)
    description = read_architecture(options.architecture)
    architecture = Architecture(description)
    learned, held_back = list_photos(options.content)
    painting = read_style(options.style, options.stroke).to(preset.device)
    judges = read_judges(options, painting)
    titles = ' and '.join(dict.fromkeys(judge.features.trunk.title for judge in judges))
    crops = Crops(learned, preset.crop_px)
    trainer = Trainer(architecture, preset, painting, judges, crops, options)
    start = read_start(options.start, architecture) if options.start else None
    folder = options.out.with_suffix('.train')
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = Checkpoint(folder / 'checkpoint.pt', {
        'painting': str(options.style), 'photographs': [str(path) for path in learned],
        'features': titles, 'stages': repr(preset), 'stroke': options.stroke,
        'strength': options.strength, 'seed': options.seed, 'start': str(options.start),
        'network': description})
    if options.restart:
        checkpoint.path.unlink(missing_ok=True)
    if start and not checkpoint.path.exists():
        trainer.start_from(start)
    spread = held_back[::max(1, len(held_back) // SHEET_PHOTOS)][:SHEET_PHOTOS]
    scenes = [read_scene(path, *SHEET_PX).to(preset.device) for path in spread]
    steps = ' + '.join(f'{stage.steps} {stage.name}' for stage in preset.stages)
    begun = f' after {options.start.stem}' if options.start else ''
    card = {'style': name, 'title': options.title, 'artist': options.artist,
            'year': options.year, 'licence': options.licence,
            'trainer': f'train.py {commit()}: {steps} steps of {preset.batch} x '
                       f'{preset.crop_px} px{begun}, stroke {options.stroke}, strength '
                       f'{options.strength}, seed {options.seed}',
            'data': f'{len(learned)} photographs; judged by {titles}'}
    return Session(trainer, folder, checkpoint, scenes), description, card


def use_all_processors():
    """Debian's PyTorch begins with one thread."""
    if 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)))


def main():
    """Command line."""
    options = parse()
    use_all_processors()
    try:
        session, description, card = begin(options)
        session.run()
        trainer = session.trainer
        tensors = {name: value.cpu().numpy() for name, value in trainer.tensors().items()}
        counts = style_file.save(options.out, description, tensors,
                                 card | {'losses': session.log.summary()}, trainer.ranges())
    except OSError as error:
        sys.exit(f'train: {error.filename}: {error.strerror}')
    except ValueError as error:  # the errors of our own modules are of this kind
        sys.exit(f'train: {error}')
    except KeyboardInterrupt:
        sys.exit('\ntrain: stopped; the same command goes on from the last checkpoint')
    print(f'{options.out}: {", ".join(f"{n / 1e6:.0f}" for n in counts)} MMAC at 640x360')


if __name__ == '__main__':
    main()
