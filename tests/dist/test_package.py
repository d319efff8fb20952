#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Debian package: builds with one command, lintian finds nothing, and in a clean Debian it installs, runs, upgrades and purges.

AR_ARCHITECTURE says for which machine. Where it is not this one's, the package paints under emulation.
"""
import os
import pathlib
import re
import subprocess
import unittest

import harness
import tools

ARCHITECTURE = os.environ['AR_ARCHITECTURE']
FOLDER = harness.TREE / 'build-deb' / ARCHITECTURE
OWN = subprocess.run(['dpkg', '--print-architecture'], stdout=subprocess.PIPE, check=False, encoding='ascii').stdout.strip()
IN_PACKAGE = pathlib.Path(__file__).with_name('in_package.sh')
FRAMES = ('--source', 'pattern:32x32', '--display', 'null', '--frames', '3', '--budget', '1s')


def release():
    return re.search(r'(?m)^VERSION_CODENAME=(\w+)$', pathlib.Path('/etc/os-release').read_text())[1]


def lists():
    apt = pathlib.Path('/etc/apt')
    found = [apt / 'sources.list', *sorted((apt / 'sources.list.d').glob('*'))]
    return [path for path in found if path.suffix in ('.list', '.sources') and path.exists() and path.stat().st_size > 0]


def upgraded(package, folder):
    """The next version of a package: another default in its configuration, and nothing else."""
    tree = folder / 'tree'
    tools.run('dpkg-deb', '--raw-extract', package, tree)
    control = tree / 'DEBIAN/control'
    control.write_text(re.sub(r'(?m)^(Version: .*)-1$', r'\1-2', control.read_text()))
    with open(tree / 'etc/ar-daemon/ar-daemon.conf', 'a', encoding='utf-8') as configuration:
        configuration.write('\n# What the next version says.\n')
    tools.run('dpkg-deb', '--root-owner-group', '--build', tree, folder / 'new.deb')
    return folder / 'new.deb'


@unittest.skipUnless(OWN and os.geteuid() == 0, 'no Debian, or not root')
class Package(harness.Case):
    @classmethod
    def setUpClass(cls):
        tools.run(harness.TREE / 'bootstrap', 'deb', ARCHITECTURE)
        packages = list(FOLDER.glob('ar-daemon_*.deb'))
        assert len(packages) == 1, packages
        cls.package = packages[0]

    def test_version(self):
        project = re.search(r"version: '(.*)'", (harness.TREE / 'meson.build').read_text())[1]
        fields = tools.run('dpkg-deb', '--field', self.package, 'Version', 'Architecture')
        self.assertEqual(fields, f'Version: {project}-1\nArchitecture: {ARCHITECTURE}\n')

    def test_lintian(self):
        words = tools.run('lintian', '--allow-root', '--fail-on', 'error,warning',
                          next(FOLDER.glob('*.changes')))
        self.assertNotRegex(words, '(?m)^[EW]:')

    def test_contents(self):
        names = tools.run('dpkg-deb', '--contents', self.package)
        for name in ('/usr/bin/ar-daemon', '/usr/share/ar-daemon/styles/scream.safetensors', '/lib/systemd/system/ar-daemon.service',
                     '/lib/udev/rules.d/70-ar-daemon.rules', '/usr/lib/sysusers.d/ar-daemon.conf', '/usr/share/man/man8/ar-daemon.8.gz',
                     '/usr/share/zsh/vendor-completions/_ar-daemon', '/etc/ar-daemon/ar-daemon.conf'):
            self.assertIn(f' .{name}\n', names)

    def test_in_a_clean_debian(self):
        if ARCHITECTURE != OWN:
            self.skipTest('this machine has another architecture')
        new = upgraded(self.package, self.folder)
        words = tools.run('mmdebstrap', '--quiet', '--variant=apt', f'--customize-hook=copy-in {self.package} {new} {IN_PACKAGE} /tmp',
                          f'--customize-hook=chroot "$1" /tmp/{IN_PACKAGE.name} /tmp/{self.package.name} /tmp/{new.name}',
                          release(), '/dev/null', *lists())
        print(words, flush=True)
        self.assertIn('\n# passed\n', words)

    def test_under_emulation(self):
        if ARCHITECTURE == OWN:
            self.skipTest('this machine runs it itself')
        root = FOLDER.with_name(f'root-{ARCHITECTURE}')
        unpacked = root / 'tmp/unpacked'
        tools.run('rm', '-rf', unpacked)
        tools.run('dpkg-deb', '--extract', self.package, unpacked)
        words = tools.run('chroot', root, 'qemu-aarch64-static', '/tmp/unpacked/usr/bin/ar-daemon', *FRAMES, '--style',
                          '/tmp/unpacked/usr/share/ar-daemon/styles/scream.safetensors')
        self.assertIn('3 painted', words)


if __name__ == '__main__':
    harness.main()
