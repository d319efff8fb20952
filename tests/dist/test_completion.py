#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What bash, zsh and fish offer at a Tab. Each shell is run with the shipped script; cameras and screens are a folder's."""
import os
import pathlib
import pty
import re
import select
import shlex
import subprocess
import time

import harness
import tools

FILL = harness.TREE / 'dist/fill.py'
TABLES = os.environ['AR_TABLES']
SCRIPTS = harness.TREE / 'dist/completions'
BASH_COMPLETION = '/usr/share/bash-completion/bash_completion'
CAMERA = '/dev/v4l/by-id/usb-046d_C920-video-index0'

# A line up to the cursor; words that must be offered; words that must not.
LINES = (
    ('ar-daemon --so', ('--source',), ('--style',)),
    ('ar-daemon --frames 3 --', ('--budget', '--check-config', '--help'), ()),
    ('ar-daemon --style s', ('scream', 'starry_night'), ('udnie',)),
    ('ar-daemon --source ', ('auto', 'v4l2', 'pattern', f'v4l2:{CAMERA}', 'v4l2:/dev/video3'), ('kms',)),
    ('ar-daemon --source v4l2:/dev/v', (f'v4l2:{CAMERA}', 'v4l2:/dev/video3'), ('auto',)),
    ('ar-daemon --source file:cl', ('file:clip.mp4',), ()),
    ('ar-daemon --display k', ('kms', 'kms:HDMI-A-1', 'kms:DP-2'), ('sdl',)),
    ('ar-daemon --display v4l2:/dev/vid', ('v4l2:/dev/video3',), ()),
    ('ar-daemon --set capture.p', ('capture.pace=',), ('capture.size=',)),
    ('ar-daemon --set capture.pace=', ('capture.pace=real', 'capture.pace=fast'), ()),
    ('ar-daemon --set network.precision=f', ('network.precision=f32',), ('network.precision=int8',)),
    ('ar-daemon --set display.output=kms:D', ('display.output=kms:DP-2',), ('display.output=kms:HDMI-A-1',)),
    ('ar-daemon --config cl', ('clip.mp4',), ()),
    ('ar-ctl st', ('status', 'style', 'stop'), ('set',)),
    ('ar-ctl --socket cl', ('clip.mp4',), ()),
    ('ar-ctl --socket x.sock sta', ('status',), ()),
    ('ar-ctl style ', ('next', 'prev', 'great_wave'), ('status',)),
    ('ar-ctl style u', ('udnie',), ('next',)),
    ('ar-ctl budget e', ('explain',), ()),
    ('ar-ctl set decoder.c', ('decoder.calm=',), ()),
    ('ar-ctl set network.style=ud', ('network.style=udnie',), ()),
)


class Completion(harness.Case):
    def setUp(self):
        super().setUp()
        self.root = self.folder / 'root'
        for name in (CAMERA, '/dev/video3', '/sys/class/drm/card0-HDMI-A-1', '/sys/class/drm/card1-DP-2', '/sys/class/drm/card0'):
            path = pathlib.Path(f'{self.root}{name}')
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        (self.folder / 'clip.mp4').touch()

    def script(self, shell, name):
        script = self.folder / name
        tools.run(FILL, TABLES, SCRIPTS / f'ar-daemon.{shell}.in', script, f'styles={harness.MODELS}', f'root={self.root}')
        return script

    def check(self, offer):
        for line, wanted, unwanted in LINES:
            with self.subTest(line=line):
                offered = offer(line)
                for word in wanted:
                    self.assertIn(word, offered)
                for word in unwanted:
                    self.assertNotIn(word, offered)

    def environment(self):
        return {'PATH': os.environ['PATH'], 'HOME': str(self.folder), 'TERM': 'dumb', 'LC_ALL': 'C.UTF-8'}

    @tools.needs('bash')
    def test_bash(self):
        if not os.path.exists(BASH_COMPLETION):
            self.skipTest('not installed: bash-completion')
        script = self.script('bash', 'completion.bash')

        def offer(line):
            program, _, _ = line.partition(' ')
            # As readline has them: = and : are words of their own, and what is typed after them is what is replaced.
            words = [word for word in re.split(r'\s+|([=:])', line) if word] + ([''] if line.endswith(' ') else [])
            head = re.match(r'(?:.*[=:])?', line.rpartition(' ')[2])[0]
            commands = f"""
                . {BASH_COMPLETION}; . {script}
                COMP_WORDS=({' '.join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1}
                COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)} COMP_TYPE=9 COMP_KEY=9
                _{program.replace('-', '_')} {program}
                printf '%s\\n' "${{COMPREPLY[@]}}"
            """
            found = tools.run('bash', '--norc', '-c', commands, cwd=self.folder, env=self.environment())
            return [head + word for word in found.splitlines()]

        self.check(offer)

    @tools.needs('fish')
    def test_fish(self):
        script = self.script('fish', 'completion.fish')
        self.assertEqual(tools.run('fish', '--no-config', script, cwd=self.folder, env=self.environment()), '')

        def offer(line):
            found = tools.run('fish', '--no-config', '--command', f'source {script}; complete --do-complete={shlex.quote(line)}',
                              cwd=self.folder, env=self.environment())
            return [word.partition('\t')[0] for word in found.splitlines()]

        self.check(offer)

    @tools.needs('zsh')
    def test_zsh(self):
        """zsh completes only where somebody types: on a terminal, with a key that lists what there is."""
        self.script('zsh', '_ar-daemon')
        with Terminal(self.folder, self.environment()) as terminal:
            self.check(terminal.offer)


class Terminal:
    """An interactive zsh whose Tab prints its offers, one a line between marks, and leaves the line as it was."""

    SET_UP = r"""
        PROMPT= RPROMPT= ; unsetopt zle_bracketed_paste 2>/dev/null; setopt no_beep no_prompt_cr no_prompt_sp
        fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D
        compadd() {
            local -A options; local -a found
            builtin compadd -O found "$@"
            offers+=($found)
            builtin compadd "$@"
        }
        offer() { offers=(); zle complete-word; print -rl -- '<<<' $offers '>>>'; zle kill-buffer }
        zle -C complete-word complete-word _main_complete
        zle -N offer; bindkey '^I' offer; print ready
    """
    WAIT_S = harness.START_S

    def __init__(self, folder, environment):
        self.folder = folder
        self.environment = environment

    def __enter__(self):
        self.master, slave = pty.openpty()
        self.shell = subprocess.Popen(['zsh', '-f', '-i'], stdin=slave, stdout=slave, stderr=slave, cwd=self.folder,
                                      env=self.environment, start_new_session=True)
        os.close(slave)
        (self.folder / 'set-up').write_text(self.SET_UP)
        os.write(self.master, b'. ./set-up\n')
        self.read_until(b'\nready')
        return self

    def __exit__(self, *exception):
        self.shell.kill()
        self.shell.wait()
        os.close(self.master)

    def read_until(self, mark):
        text = b''
        end = time.monotonic() + self.WAIT_S
        while mark not in text:
            if not select.select([self.master], [], [], end - time.monotonic())[0]:
                raise AssertionError(f'zsh does not say {mark!r}, but {text!r}')
            text += os.read(self.master, 65536)
        return text.decode()

    def offer(self, line):
        os.write(self.master, line.encode() + b'\t')
        return self.read_until(b'>>>').replace('\r', '').partition('<<<\n')[2].splitlines()


if __name__ == '__main__':
    harness.main()
