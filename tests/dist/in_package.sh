#!/bin/sh
# SPDX-License-Identifier: MIT
# In a clean Debian, as root: installs the package, runs what is in it, upgrades, purges. usage: in_package.sh OLD.deb NEW.deb
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
configuration=/etc/ar-daemon/ar-daemon.conf
socket=/run/ar-daemon/control.sock

say() { printf '# %s\n' "$*"; }
fail() { say "FAILED: $*"; exit 1; }
install_package() { apt-get install -qq -y --no-install-recommends -o Dpkg::Options::=--force-confold "$1" >/dev/null; }
as_service() { HOME=/ RUNTIME_DIRECTORY=/run/ar-daemon STATE_DIRECTORY=/var/lib/ar-daemon setpriv --reuid ar-daemon --regid ar-daemon --init-groups "$@"; }
left() { find / -xdev \( -path /proc -o -path /sys -o -path /tmp -o -path /var/log -o -path /var/cache \) -prune -o -name '*ar-daemon*' -print; }

[ -z "$(left)" ] || fail "not clean: $(left)"

say installing
install_package "$1"
[ "$(dpkg-query -W -f '${db:Status-Abbrev}' ar-daemon)" = 'ii ' ] || fail 'not installed'
id ar-daemon | grep -q '(video)' || fail 'no user, or not in the group video'
[ ! -e /etc/systemd/system/multi-user.target.wants/ar-daemon.service ] || fail 'enabled without being asked'
ar-daemon --check-config
ar-daemon --version

say running
install -d -o ar-daemon -g ar-daemon /run/ar-daemon /var/lib/ar-daemon
as_service timeout 120 ar-daemon --source pattern:64x64@30 --display null --style great_wave --frames 30
as_service timeout 120 ar-daemon --source pattern:64x64@30 --display null >/dev/null 2>&1 &
tries=0
until ar-ctl --socket $socket wait READY --timeout 30s >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || fail 'nobody answers'
    sleep 0.5
done
ar-ctl --socket $socket style scream
ar-ctl --socket $socket stop
wait
rm -r /run/ar-daemon

say upgrading
printf '\n[budget]\nframe = 33ms\n' >>$configuration
install_package "$2"
[ "$(dpkg-query -W -f '${Version}' ar-daemon)" = "$(dpkg-deb -f "$2" Version)" ] || fail 'not upgraded'
grep -qx 'frame = 33ms' $configuration || fail 'the configuration was not kept'
ar-daemon --check-config

say removing
apt-get remove -qq -y ar-daemon >/dev/null
[ -e $configuration ] || fail 'removed with its configuration'
[ ! -e /usr/bin/ar-daemon ] || fail 'not removed'
apt-get purge -qq -y ar-daemon >/dev/null
[ -z "$(left)" ] || fail "left behind: $(left)"
! getent passwd ar-daemon || fail 'left its user'
! getent group ar-daemon || fail 'left its group'
say passed
