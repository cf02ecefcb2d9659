#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   initramfs.sh KERNEL OUT     pack busybox, KERNEL's modules and the guest program;
#                               and $HWP_PROGRAM, an hwpoison that the guest is to run
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lab=${HWP_LAB:-$here/../build/lab}
die() { echo "initramfs.sh: $*" >&2; exit 2; }

[ $# -eq 2 ] || die "usage: initramfs.sh KERNEL OUT"
modules=$lab/kernels/$1/modules
[ -e "$modules/order" ] || die "no kernel $1; run kernels.sh $1"
busybox=$(command -v busybox) || die "no busybox; apt-get install busybox-static"
command -v cpio >/dev/null || die "no cpio; apt-get install cpio"

inject=$lab/inject
newer=$(find "$here/guest" -newer "$inject" 2>/dev/null | head -n1 || true)
if [ ! -e "$inject" ] || [ -n "$newer" ]; then
	${CC:-gcc} -O2 -std=gnu11 -Wall -Wextra -Werror -static -o "$inject.$$" "$here"/guest/*.c
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

# A program of this system and the libraries that it loads, where it looks for them.
if [ -n "${HWP_PROGRAM:-}" ]; then
	mkdir "$root/live"
	cp "$HWP_PROGRAM" "$root/live/hwpoison"
	${CC:-gcc} -O2 -Wall -Wextra -Werror -shared -fPIC -o "$root/live/reads.so" \
		"$here/trace/reads.c"
	ldd "$HWP_PROGRAM" | grep -o '/[^ ]*' | while read -r library; do
		install -D "$library" "$root$library"
	done
fi
(cd "$root" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$2.$$"
mv "$2.$$" "$2"
