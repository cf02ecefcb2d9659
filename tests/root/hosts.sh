#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build in a minimal root of each Debian that has crash and drgn, against its own
# libkdumpfile, and ask its own crash and drgn. Tests what is committed.
#
#   hosts.sh [SUITE...]       default: bookworm trixie forky
#
# "arm64" is one more suite, not in the default: trixie's for arm64, built by this system's cross
# compiler and run by qemu-user (apt-get install qemu-user-static gcc-aarch64-linux-gnu). Its crash
# is asked of the lab's 612-arm64, which has to be there.
#
# They are asked of the samples, and of the dumps that the lab has made: vmcores/lab.sh matrix
# (build/lab/dumps, or below $HWP_LAB). The roots stay below build/peers/roots (or $HWP_PEERS).
# Needs root, debootstrap and the network.
# shellcheck disable=SC2016 # apt has dollars of its own
set -eu

die()
{
	echo "hosts: $*" >&2
	exit 2
}

# In namespaces of its own, so that no mount and no process can outlive it.
if [ "${1-}" != inside ]; then
	[ "$(id -u)" = 0 ] || die 'run as root'
	command -v debootstrap >/dev/null || die 'debootstrap is missing: apt-get install debootstrap'
	exec unshare --mount --pid --fork --kill-child "$(realpath "$0")" inside "$@"
fi
shift

cd "$(dirname "$0")/../.."
peers=$(realpath -m "${HWP_PEERS:-build/peers}")
dumps=$(realpath -m "${HWP_LAB:-build/lab}/dumps")
mkdir -p "$peers/roots" "$dumps"
mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
	awk -v suite="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$1 == suite { print $2; exit }')
[ -n "$mirror" ] || die 'apt knows no mirror'

# in_root ROOT COMMAND...: with nothing of this system's environment but its proxy.
in_root()
{
	local root=$1
	shift
	env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
		${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
		${no_proxy:+no_proxy="$no_proxy"} "${emulate[@]}" chroot "$root" "$@" </dev/null
}

# What runs programs of arm64: the kernel's table of foreign programs, one that a user namespace
# has for itself (from Linux 6.7 on), so that this system's own stays as it is.
emulate=()
emulate_arm64=(unshare --user --map-root-user --mount sh -c 'mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
	cat /usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register && exec "$@"' sh)

# make_root SUITE: debootstrap it once, with its crash and drgn and what the build needs. A
# Release file may be past its Valid-Until; who signed it is checked all the same.
make_root()
{
	local root=$peers/roots/$1 log=$peers/roots/$1.log
	[ ! -e "$root/complete" ] || return 0
	rm -rf --one-file-system "$root"
	# A release that this debootstrap does not know yet is made as the others are.
	debootstrap --variant=minbase "$1" "$root" "$mirror" \
		"$([ -e "/usr/share/debootstrap/scripts/$1" ] || echo /usr/share/debootstrap/scripts/sid)" \
		>"$log" 2>&1 || return 1
	apt-config dump | grep -vE '^Acquire::(IndexTargets|Changelogs)' | grep '^Acquire::' \
		>"$root/etc/apt/apt.conf.d/90host"
	echo 'Acquire::Check-Valid-Until "false";' >>"$root/etc/apt/apt.conf.d/90host"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
	rm -rf "$root/setup" && mkdir "$root/setup" && cp tests/setup.sh "$root/setup/"
	in_root "$root" sh -c 'sh /setup/setup.sh && apt-get -qq update &&
		apt-get -qq install -y --no-install-recommends crash python3 python3-drgn' \
		>>"$log" 2>&1 || return 1
	in_root "$root" apt-get clean
	touch "$root/complete"
}

# The same for arm64. Its packages are unpacked, and none of their scripts is run.
make_arm64()
{
	local root=$peers/roots/arm64
	[ ! -e "$root/complete" ] || return 0
	rm -rf --one-file-system "$root"
	eval "$(sed -n "/^build=/,/'\$/p" tests/setup.sh)"
	# shellcheck disable=SC2154 # build: what tests/setup.sh installs
	HWP_LAB=$peers vmcores/kernels.sh closure trixie "$(tr -s '\n\t' ' ' <<<"base-files bash coreutils
		crash python3 python3-drgn $build")" "$root" arm64 >"$root.log" 2>&1 || return 1
	touch "$root/complete"
}

# build SUITE: what is committed, and install it there.
build()
{
	local root=$peers/roots/$1 lib=usr/lib/aarch64-linux-gnu/pkgconfig:usr/share/pkgconfig
	if [ "$1" = arm64 ]; then
		PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/${lib/:/:$root/} \
			MAKEFLAGS='' make -s -j2 -C "$root/hwpoison" CC="aarch64-linux-gnu-gcc --sysroot=$root" \
			all install PREFIX=/usr DESTDIR="$root"
	else
		in_root "$root" sh -c 'cd /hwpoison && make -s -j2 all install PREFIX=/usr'
	fi
}

# try SUITE: its own build is asked in its own hosts.
try()
{
	local root=$peers/roots/$1 make=make_root failed=0
	emulate=()
	if [ "$1" = arm64 ]; then
		make=make_arm64
		emulate=("${emulate_arm64[@]}")
	fi
	if ! $make "$1"; then
		tail -n 20 "$peers/roots/$1.log" >&2
		echo "not ok $1: no root of it can be made"
		return 1
	fi
	rm -rf "$root/hwpoison" && mkdir -p "$root/hwpoison" "$root/vmlinux" "$root/dumps"
	git -c safe.directory="$PWD" archive HEAD | tar -x -C "$root/hwpoison"
	mount -t proc proc "$root/proc"
	mount --rbind /dev "$root/dev"
	[ "$1" = arm64 ] || mount --bind "$peers/vmlinux" "$root/vmlinux"
	mount --bind "$dumps" "$root/dumps"
	build "$1" || {
		echo "not ok $1: it does not build"
		return 1
	}
	[ "$1" != arm64 ] || small_vmlinux "$root"
	in_root "$root" python3 /hwpoison/tests/root/hosts.py "$1" || failed=1
	# And on the kernel that runs, in a guest.
	[ "$1" = arm64 ] || HWP_PEERS=$peers tests/root/running.py "$1" "$root" || failed=1
	return "$failed"
}

# An emulated crash takes minutes to read a whole vmlinux: the one of 612-arm64, with what it asks for.
small_vmlinux()
{
	local release small
	[ -e "$dumps/612-arm64/version.txt" ] || return 0
	release=$(awk '{ print $3 }' "$dumps/612-arm64/version.txt")
	small=$(HWP_PEERS=$peers PYTHONPATH=tests/lib python3 -c \
		'import peers, sys; print(peers.small_vmlinux(sys.argv[1])[0])' "$release")
	install -D "$small" "$1/vmlinux/$release/vmlinux"
}

[ $# -gt 0 ] || set -- bookworm trixie forky
# crash --minimal needs the vmlinux too.
[ "$*" = arm64 ] || for sample in vmcores/samples/{6.1-amd64,6.12-cloud,7.3-cloud}; do
	tests/peers/vmlinux.sh "$(awk '{ print $3 }' "$sample/version.txt")" >/dev/null
done
failures=0
for suite; do
	try "$suite" || failures=$((failures + 1))
done
[ $failures -eq 0 ]
