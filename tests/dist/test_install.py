#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`meson install` and `ninja uninstall`: everything at its place below the prefix, and the user's configuration kept."""
import json
import os
import pathlib

import harness
import tools

BUILD = pathlib.Path(harness.DAEMON).parents[1]
WANTED = (
    'bin/ar-daemon', 'bin/ar-ctl', 'share/ar-daemon/styles/starry_night.safetensors', 'share/ar-daemon/ar-daemon.conf',
    'lib/systemd/system/ar-daemon.service', 'lib/systemd/user/ar-daemon.service', 'lib/sysusers.d/ar-daemon.conf',
    'lib/udev/rules.d/70-ar-daemon.rules', 'share/man/man8/ar-daemon.8', 'share/man/man5/ar-daemon.conf.5',
    'share/man/man1/ar-ctl.1', 'share/bash-completion/completions/ar-daemon', 'share/bash-completion/completions/ar-ctl',
    'share/zsh/site-functions/_ar-daemon', 'share/fish/vendor_completions.d/ar-daemon.fish',
    'share/fish/vendor_completions.d/ar-ctl.fish', 'share/doc/ar-daemon/doc/RASPBERRY-PI.md',
)


class Install(harness.Case):
    def option(self, name):
        for option in json.loads(tools.run('meson', 'introspect', '--buildoptions', BUILD)):
            if option['name'] == name:
                return option['value']
        raise AssertionError(f'Meson has no option {name}')

    def files(self):
        return [path for path in self.root.rglob('*') if not path.is_dir()]

    @tools.needs('meson', 'ninja')
    def test_install(self):
        prefix = self.option('prefix')
        self.root = self.folder / 'root'
        folder = pathlib.Path(f'{self.root}{prefix}')
        configuration = pathlib.Path(f"{self.root}{pathlib.Path(prefix, self.option('sysconfdir'))}/ar-daemon/ar-daemon.conf")
        tools.run('meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', self.root)
        for name in WANTED:
            self.assertTrue((folder / name).exists(), name)
        for path in self.files():
            self.assertTrue(path == configuration or path.is_relative_to(folder), path)
        self.check_contents(prefix, folder, configuration)

        configuration.write_text('[budget]\nframe = 33ms\n')
        tools.run('meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', self.root)
        self.assertIn('33ms', configuration.read_text())
        tools.run('ninja', '-C', BUILD, 'uninstall', env={**os.environ, 'DESTDIR': str(self.root)})
        self.assertEqual(self.files(), [configuration])

    def check_contents(self, prefix, folder, configuration):
        unit = (folder / 'lib/systemd/system/ar-daemon.service').read_text()
        self.assertIn(f'\nExecStart={prefix}/bin/ar-daemon\n', unit)
        finished = harness.run_program(folder / 'bin/ar-daemon', '--config', configuration, '--check-config',
                                       '--set', f'network.style_path={folder}/share/ar-daemon/styles', folder=self.folder)
        self.assertEqual(finished.code, 0, finished)
        for script in ('share/bash-completion/completions/ar-daemon', 'share/man/man8/ar-daemon.8'):
            self.assertIn(f'{prefix}/share/ar-daemon/styles', (folder / script).read_text().replace('\\-', '-'))


if __name__ == '__main__':
    harness.main()
