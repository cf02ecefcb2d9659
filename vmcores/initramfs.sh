#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   initramfs.sh KERNEL OUT     pack busybox, KERNEL's modules and the guest program;
#                               and $HWP_PROGRAM, an hwpoison that the guest is to run, which for
#                               arm64 is built here. With HWP_KDUMP=yes a kdump kernel is to run it,
#                               which the guest loads by Debian's kexec-tools
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

# By its source: a lab may be shared by checkouts that differ.
sum=$(cat "$here"/guest/*.[ch] | cksum)
inject=$lab/inject-$arch-$page_shift-${sum%% *}
if [ ! -e "$inject" ]; then
	$cc -O2 -std=gnu11 -Wall -Wextra -Werror -DPAGE_SHIFT="$page_shift" -static -o "$inject.$$" \
		"$here"/guest/*.c
	mv "$inject.$$" "$inject"
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# ROOT: busybox and the modules.
begin() {
	mkdir -p "$1/bin"
	chmod 755 "$1"
	cp "$busybox" "$1/bin/busybox"
	cp -r "$modules" "$1/modules"
}

# PROGRAM ROOT FILE: the program and the libraries that it loads, where it looks for them.
with_libraries() {
	install -D "$1" "$2$3"
	ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
		install -D "$library" "$2$library"
	done
}

# ROOT FILE
pack() {
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet) >"$2.$$"
	mv "$2.$$" "$2"
}

# kexec-tools bring their own libraries and loader: they are of another release than this system may be.
add_kdump() {
	local tools=$lab/kexec-tools to=$root/kdump inner=$root.kdump makedumpfile
	local libraries=$tools/lib/x86_64-linux-gnu:$tools/usr/lib/x86_64-linux-gnu
	makedumpfile=$(command -v makedumpfile) || die "no makedumpfile; apt-get install makedumpfile"
	(
		flock 9
		[ -x "$tools/sbin/kexec" ] || "$here/kernels.sh" closure bookworm kexec-tools "$tools" >&2
	) 9>"$lab/.kexec-tools.lock"
	mkdir -p "$to/lib"
	begin "$inner"
	install -m 755 "$here/guest/kdump-init" "$inner/init"
	with_libraries "$HWP_PROGRAM" "$inner" /kdump/hwpoison
	with_libraries "$makedumpfile" "$inner" /kdump/makedumpfile
	pack "$inner" "$to/initrd"
	rm -rf "$inner"
	cp "$lab/kernels/$1/vmlinuz" "$to/vmlinuz"
	cp "$tools/sbin/kexec" "$to/kexec"
	"$tools/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" --list "$to/kexec" |
		grep -o '/[^ ]*' | grep -F "$tools" | xargs cp -t "$to/lib"
	# As Debian's kdump-tools begin theirs.
	echo "console=ttyS0 loglevel=4 panic=-1 no_timer_check nr_cpus=1 irqpoll reset_devices" >"$to/cmdline"
}

begin "$root"
cp "$inject" "$root/inject"
install -m 755 "$here/guest/init" "$root/init"
if [ "${HWP_KDUMP:-}" = yes ]; then
	[ "$arch" = amd64 ] || die "a kdump kernel is started on x86_64 alone"
	add_kdump "$1"
elif [ -n "${HWP_PROGRAM:-}" ]; then
	mkdir "$root/live"
	if [ "$arch" = amd64 ]; then
		with_libraries "$HWP_PROGRAM" "$root" /live/hwpoison
	else
		cp "$("$here/cross.sh" "$root")" "$root/live/hwpoison"
	fi
	$cc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$root/live/reads.so" "$here/trace/reads.c"
fi
if [ "${HWP_DIMMS:-0}" = 1 ]; then
	dmidecode=$(PATH=$PATH:/usr/sbin command -v dmidecode) || die "no dmidecode; apt-get install dmidecode"
	with_libraries "$dmidecode" "$root" /bin/dmidecode
fi
pack "$root" "$2"
