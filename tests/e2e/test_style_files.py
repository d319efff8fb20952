#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where styles come from while it paints: files that are new, other ones, broken ones, and ones that change under it."""
import json
import os
import shutil

import harness

REFUSED = 1
# Nothing is closed to root, unless it may not.
LIKE_OTHERS = ('setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-all') if os.geteuid() == 0 else ()
GOOD = harness.MODELS / 'great_wave.safetensors'


class Styles(harness.Case):
    def setUp(self):
        super().setUp()
        self.styles = self.folder / 'styles'
        self.styles.mkdir()
        self.state = self.folder / '.local/state/ar-daemon/styles'
        self.state.mkdir(parents=True)
        for name in ('scream', 'udnie'):
            shutil.copy(harness.MODELS / f'{name}.safetensors', self.styles)
        self.running = self.daemon('--source', 'pattern:32x32@60', '--display', 'null', '--width', '0.25', '--threads',
                                   '1', '--set', f'network.style_path={self.styles}', '--style', 'scream',
                                   prefix=LIKE_OTHERS)
        self.running.__enter__()
        self.addCleanup(self.running.__exit__, None, None, None)
        self.running.wait_running()

    def names(self):
        reply = self.running.ctl('style')
        self.assertEqual(reply.code, 0, reply)
        return [line[2:] for line in reply.out.splitlines()], reply.err

    def change_to(self, name):
        """It goes by its file's name, whatever name is in the file: all that is told of it agrees."""
        reply = self.running.ctl('style', name)
        self.assertEqual((reply.code, reply.out), (0, f'style {name}\n'), reply)
        self.assertEqual(self.running.ctl('wait', 'STYLE', name, '--timeout', f'{harness.START_S}s').code, 0)
        self.running.wait_painted(3)
        told, = json.loads(self.running.ctl('get', '--json', 'network.style').out)['keys']
        self.assertEqual((told['value'], self.running.status()['style']), (name, name))
        self.assertIn(f'* {name}\n', self.running.ctl('style').out)

    def test_new_files_are_found(self):
        """In the folder of the settings and in the daemon's own, without a word to it; and gone when they are."""
        names, err = self.names()
        self.assertEqual((names, err), (sorted(names), ''))
        self.assertLessEqual({'scream', 'udnie'}, set(names))
        shutil.copy(GOOD, self.styles / 'mine.safetensors')
        shutil.copy(GOOD, self.state / 'zebra.safetensors')
        more, _ = self.names()
        self.assertEqual(set(more) - set(names), {'mine', 'zebra'})
        self.change_to('mine')
        self.assertEqual(self.running.ctl('style', 'prev').out, f'style {sorted(more)[sorted(more).index("mine") - 1]}\n')
        self.change_to('udnie')
        self.change_to('zebra')
        (self.styles / 'mine.safetensors').unlink()
        self.assertNotIn('mine', self.names()[0])
        reply = self.running.ctl('style', 'mine')
        self.assertEqual((reply.code, reply.out), (REFUSED, ''))
        self.assert_words(['"mine"', 'unknown', 'scream'], reply.err)

    @harness.survives('a style file that is broken', 'named, and left out')
    def test_a_broken_file_is_named_and_skipped(self):
        broken = self.styles / 'tattered.safetensors'
        broken.write_bytes(GOOD.read_bytes()[:5000])
        names, err = self.names()
        self.assertNotIn('tattered', names)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assert_words(['left out', str(broken)], err)
        reply = json.loads(self.running.ctl('style', '--json').out)
        self.assertEqual([entry['style'] for entry in reply['broken']], ['tattered'])
        self.names()
        self.assertEqual(self.running.log().count(str(broken)), 1, 'told more than once')
        at = names.index('scream')
        for _ in range(len(names)):
            at = (at + 1) % len(names)
            self.assertEqual(self.running.ctl('style', 'next').code, 0)
            self.running.wait_until(lambda status: status['style'] == names[at], f'{names[at]} is next')
        shutil.copy(GOOD, broken)
        self.assertIn('tattered', self.names()[0])
        self.change_to('tattered')

    @harness.survives('the style\'s file is truncated, replaced, removed while it paints', 'as before; the next change says what is wrong with it', 3)
    def test_a_file_that_changes_while_it_paints(self):
        """Truncated, replaced, removed: what paints is in memory; only the next change looks at the file."""
        path = self.styles / 'scream.safetensors'
        self.running.wait_painted(3)
        os.truncate(path, 0)
        self.running.wait_painted(10)
        reply = self.running.ctl('style', 'scream')
        self.assertEqual((reply.code, reply.out), (REFUSED, ''))
        self.assert_words([str(path)], reply.err)
        other = self.folder / 'other'
        shutil.copy(GOOD, other)
        other.rename(path)
        self.running.wait_painted(10)
        self.assertEqual(self.running.status()['style'], 'scream')
        self.change_to('scream')
        self.assertIn('style scream (The Great Wave', self.running.log())
        path.unlink()
        self.running.wait_painted(10)
        self.change_to('udnie')

    def test_a_folder_that_cannot_be_read(self):
        """Named wherever somebody misses what is in it, told once, and forgotten when it can be."""
        told = f'{self.styles}: styles in it cannot be read: '
        for break_it, mend_it, why in (
                (lambda: self.styles.rename(self.folder / 'away'), lambda: (self.folder / 'away').rename(self.styles),
                 'No such file or directory'),
                (lambda: self.styles.chmod(0o000), lambda: self.styles.chmod(0o755), 'Permission denied'),
                (lambda: self.styles.chmod(0o444), lambda: self.styles.chmod(0o755), 'Permission denied')):
            with self.subTest(why):
                n_lines = self.running.log().count(told)
                break_it()
                for _ in range(2):
                    names, err = self.names()
                    self.assertEqual(err, f'ar-ctl: left out: {told}{why}\n')
                reply = self.running.ctl('style', 'mine')
                self.assertEqual((reply.code, reply.err), (REFUSED, f'ar-ctl: style "mine": unknown; {told}{why}\n'))
                self.assertEqual(self.running.log().count(told), n_lines + 1)
                mend_it()
                self.assertEqual(self.names()[1], '')
        reply = self.running.ctl('set', f'network.style_path={self.folder}/nowhere')
        self.assertEqual((reply.code, reply.out), (REFUSED, ''))
        self.assertIn(f'{self.folder}/nowhere: styles in it cannot be read: No such file', reply.err)
        self.change_to('udnie')


if __name__ == '__main__':
    harness.main()
