#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   initramfs.sh KERNEL OUT     pack busybox, KERNEL's modules and the guest program;
#                               and $HWP_PROGRAM, an hwpoison that the guest is to run, which for
#                               arm64 is built here
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lab=${HWP_LAB:-$here/../build/lab}
die() { echo "initramfs.sh: $*" >&2; exit 2; }

[ $# -eq 2 ] || die "usage: initramfs.sh KERNEL OUT"
modules=$lab/kernels/$1/modules
[ -e "$modules/order" ] || die "no kernel $1; run kernels.sh $1"
command -v cpio >/dev/null || die "no cpio; apt-get install cpio"
arch=$(cat "$lab/kernels/$1/arch" 2>/dev/null || echo amd64)
page_shift=$(cat "$lab/kernels/$1/page_shift" 2>/dev/null || true)
page_shift=${page_shift:-12}

# Programs of the guest's architecture; busybox is that of this Debian.
case $arch in
amd64)
	cc=${CC:-gcc}
	busybox=$(command -v busybox) || die "no busybox; apt-get install busybox-static"
	;;
arm64)
	cc=aarch64-linux-gnu-gcc
	command -v "$cc" >/dev/null || die "no $cc; apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
	busybox=$lab/busybox-$arch/bin/busybox
	[ -x "$busybox" ] || "$here/kernels.sh" unpack bookworm busybox-static "$lab/busybox-$arch" "$arch"
	;;
*) die "no compiler for $arch" ;;
esac

inject=$lab/inject-$arch-$page_shift
newer=$(find "$here/guest" -newer "$inject" 2>/dev/null | head -n1 || true)
if [ ! -e "$inject" ] || [ -n "$newer" ]; then
	$cc -O2 -std=gnu11 -Wall -Wextra -Werror -DPAGE_SHIFT="$page_shift" -static -o "$inject.$$" \
		"$here"/guest/*.c
	mv "$inject.$$" "$inject"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
mkdir "$root/bin"
cp "$busybox" "$root/bin/busybox"
cp -r "$modules" "$root/modules"
cp "$inject" "$root/inject"
install -m 755 "$here/guest/init" "$root/init"

# The program and the libraries that it loads, where it looks for them.
if [ -n "${HWP_PROGRAM:-}" ]; then
	mkdir "$root/live"
	if [ "$arch" = amd64 ]; then
		cp "$HWP_PROGRAM" "$root/live/hwpoison"
		ldd "$HWP_PROGRAM" | grep -o '/[^ ]*' | while read -r library; do
			install -D "$library" "$root$library"
		done
	else
		cp "$("$here/cross.sh" "$root")" "$root/live/hwpoison"
	fi
	$cc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$root/live/reads.so" "$here/trace/reads.c"
fi
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$2.$$"
mv "$2.$$" "$2"
