#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Try the README's set-up commands in a fresh minimal Debian 12, once as root
# without sudo and once as a new user with sudo: a package that happens to be
# installed on the developer's machine hides a missing step. Tests what is
# committed. Needs root, debootstrap and the network.
# shellcheck disable=SC2016 # apt and sed have dollars of their own
set -eu

suite=bookworm

die()
{
	echo "minimal-root: $*" >&2
	exit 1
}

# In namespaces of its own, so that no mount and no process can outlive it.
if [ "${1-}" != inside ]; then
	[ "$(id -u)" = 0 ] || die 'run as root'
	command -v debootstrap >/dev/null || die 'debootstrap is missing: apt-get install debootstrap'
	exec unshare --mount --pid --fork --kill-child "$(realpath "$0")" inside
fi

cd "$(dirname "$0")/../.."
work=$(mktemp -d "${TMPDIR:-/var/tmp}/minimal-root.XXXXXX")

unmount()
{
	local place
	for place in proc sys dev; do
		! mountpoint -q "$work/root/$place" || umount -R -l "$work/root/$place"
	done
}
trap 'unmount; rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM HUP

commands=$work/commands
if [ -e README.md ]; then
	sed -n '/^```/,/^```/s/^\(sh tests\/setup\.sh.*\)$/\1/p' README.md >"$commands"
	[ -s "$commands" ] || die 'README.md has no line that begins with: sh tests/setup.sh'
else
	printf '%s\n' 'sh tests/setup.sh && make demo' 'sh tests/setup.sh test && make test' >"$commands"
fi

mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
	awk -v suite=$suite '$1 == suite { print $2; exit }')
[ -n "$mirror" ] || die "apt knows no mirror that has $suite"

echo "debootstrap $suite"
debootstrap --variant=minbase $suite "$work/base" "$mirror" \
	>"$work/log" 2>&1 || {
	tail -n 30 "$work/log" >&2
	die 'debootstrap failed'
}
# How the host reaches its mirror.
echo "deb $mirror $suite main" >"$work/base/etc/apt/sources.list"
apt-config dump | grep -vE '^Acquire::(IndexTargets|Changelogs)' | grep '^Acquire::' \
	>"$work/base/etc/apt/apt.conf.d/90host"
cp -L /etc/resolv.conf /etc/hosts "$work/base/etc/"

# in_root COMMAND...: with nothing of the host's environment but its proxy.
in_root()
{
	env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin CI=true \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
		${no_proxy:+no_proxy="$no_proxy"} chroot "$work/root" "$@" </dev/null
}

# new_root FOLDER: a fresh copy with the committed tree in FOLDER.
new_root()
{
	unmount
	rm -rf --one-file-system "$work/root"
	cp -a "$work/base" "$work/root"
	mount -t proc proc "$work/root/proc"
	mount -t sysfs -o ro sysfs "$work/root/sys"
	mount --rbind /dev "$work/root/dev"
	mkdir -p "$work/root/$1"
	git -c safe.directory="$PWD" archive HEAD | tar -x -C "$work/root/$1"
}

failures=0

# try WHO FOLDER SHELL...: each command of the README, by SHELL -c.
try()
{
	local who=$1 folder=$2 command
	shift 2
	while read -r command <&3; do
		echo "--- $who: $command"
		if in_root "$@" -c "cd $folder && $command"; then
			echo "ok $who: $command"
		else
			echo "not ok $who: $command"
			failures=$((failures + 1))
		fi
	done 3<"$commands"
}

new_root /root/hwpoison
[ ! -e "$work/root/usr/bin/sudo" ] || die 'a minimal root has sudo: it would hide a need for it'
try root /root/hwpoison sh

new_root /home/tester/hwpoison
in_root sh -c 'useradd -s /bin/sh tester && chown -R tester: /home/tester &&
	apt-get -qq update && apt-get -qq install -y --no-install-recommends sudo &&
	echo "tester ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/tester' >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	die 'could not make a user with sudo'
}
try user /home/tester/hwpoison su tester

echo "$((2 * $(wc -l <"$commands") - failures)) passed, $failures failed, 0 skipped"
[ $failures -eq 0 ]
