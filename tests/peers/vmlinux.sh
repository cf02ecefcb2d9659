#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch the vmlinux with debug information of a Debian kernel, once, and print its path.
#
#   vmlinux.sh RELEASE        as `uname -r` says it: 6.1.0-50-amd64
#
# It becomes build/peers/vmlinux/RELEASE/vmlinux.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
peers=${HWP_PEERS:-$top/build/peers}
export HWP_LAB=$peers

die() { echo "vmlinux.sh: $*" >&2; exit 2; }

[ $# -eq 1 ] || die 'usage: vmlinux.sh RELEASE'
release=$1
case $release in
*/* | -* | '') die "'$release' is no release" ;;
5.10.0-*) suites=bullseye ;;
6.1.0-*) suites=bookworm ;;
6.12.*+deb13-*) suites='trixie trixie-updates' ;;
*+deb13-*) suites=trixie-backports ;;
*) die "$release is no kernel of a Debian suite known here" ;;
esac
case $release in
*-arm64 | *-arm64-16k) arch=arm64 ;;
*) arch=amd64 ;;
esac

to=$peers/vmlinux/$release
mkdir -p "$peers/vmlinux"
exec 9>"$peers/vmlinux/.$release.lock"
flock 9
if [ ! -e "$to/vmlinux" ]; then
	tmp=$(mktemp -d "$peers/vmlinux/.$release.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	pattern=linux-image-$(sed 's/[.+]/[&]/g' <<<"$release")-dbg
	for suite in $suites; do
		! "$top/vmcores/kernels.sh" unpack "$suite" "$pattern" "$tmp/root" "$arch" 2>"$tmp/why" || break
	done
	# The package holds the debug information of every module too.
	found=$(find "$tmp/root" -type f -name "vmlinux*" 2>/dev/null | head -n 1)
	[ -n "$found" ] || die "no debug package of $release: $(tail -n 1 "$tmp/why")"
	mkdir -p "$tmp/out"
	mv "$found" "$tmp/out/vmlinux"
	rm -f "$peers"/apt/*/cache/linux-image-"$release"-dbg_*.deb
	rm -rf "$to"
	mv "$tmp/out" "$to"
fi
echo "$to/vmlinux"
