#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   cross.sh           build hwpoison for arm64, and print where it is
#   cross.sh ROOT      ... and put its libraries into ROOT, where a system has them
#
# The libraries, and the headers for them, are those of this Debian for arm64: packages below
# build/lab/arm64, where the program is too.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
lab=${HWP_LAB:-$top/build/lab}
triple=aarch64-linux-gnu
packages='libc6-dev libkdumpfile-dev libelf-dev libdw-dev libbpf-dev libzstd-dev zlib1g-dev
	libdeflate-dev liblzo2-dev libsnappy-dev libsmartcols-dev libsqlite3-dev libjson-c-dev'

die() { echo "cross.sh: $*" >&2; exit 2; }

command -v $triple-gcc >/dev/null || die "no $triple-gcc; apt-get install gcc-$triple"
mkdir -p "$lab/arm64"
root=$(cd "$lab/arm64" && pwd)/root
exec 8>"$lab/arm64/lock"
flock 8
if [ ! -e "$root.done" ]; then
	rm -rf "$root"
	# shellcheck disable=SC2086 # a list
	"$here/kernels.sh" closure bookworm "$(echo $packages)" "$root" arm64 >&2
	touch "$root.done"
fi

export PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_LIBDIR=$root/usr/lib/$triple/pkgconfig:$root/usr/share/pkgconfig
cache=
[[ ${CC:-} != ccache* ]] || cache='ccache '
program=$lab/arm64/build/hwpoison
# Not with the flags of the make that may have called this.
MAKEFLAGS='' make -s -C "$top" O="$lab/arm64/build" SAN= CC="$cache$triple-gcc --sysroot=$root" \
	"$program" >&2

# FILE: the libraries that it names
needed() { $triple-readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

copy() {
	local name path
	for name in $(needed "$1"); do
		path=$(find -L "$root/lib/$triple" "$root/usr/lib/$triple" -maxdepth 1 -name "$name" | head -n1)
		[ -n "$path" ] || die "no $name"
		[ ! -e "$2/lib/$triple/$name" ] || continue
		install -D "$path" "$2/lib/$triple/$name"
		copy "$path" "$2"
	done
}

if [ $# -eq 1 ]; then
	copy "$program" "$1"
	install -D "$1/lib/$triple/ld-linux-aarch64.so.1" "$1/lib/ld-linux-aarch64.so.1"
fi
echo "$program"
