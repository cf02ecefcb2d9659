#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build small kernels with free_has_hwpoisoned(), right and broken on purpose.
#
#   build.sh [good|break|break-1|...|break-5|measure]...   default: good and all broken ones
#   build.sh arm64-64k        the same kernel as it is, for arm64 with pages of 64 KiB, which Debian does not build
#
# "break" is one kernel with every mistake of the table fix/breaks, chosen by hwpbreak=N.
# Each becomes build/lab/kernels/fix-NAME/{vmlinuz,vmlinux,config,release,modules/order},
# NAME without "break-", which lab.sh boots. All of an architecture are built in one tree, one after the other: the first takes about
# ten minutes of two cores and 3 GB, each further one only what its patch changes.
# JOBS=N for make -j; it runs with nice 19.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
mkdir -p "${HWP_LAB:-$top/build/lab}"
lab=$(cd "${HWP_LAB:-$top/build/lab}" && pwd)
work=$lab/fix-src
tree=$work/tree
# Nothing of the machine that builds is in the kernel.
export KBUILD_BUILD_USER=hwpoison KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP='2026-01-01'
export LC_ALL=C

die() { echo "fix/build.sh: $*" >&2; exit 2; }

check_tools() {
	local tool package lacking=
	while read -r tool package; do
		command -v "$tool" >/dev/null || lacking+=" $package"
	done <<-'T'
		gcc build-essential
		bc bc
		bison bison
		flex flex
		pahole dwarves
		xz xz-utils
		patch patch
		python3 python3
	T
	[ -e /usr/include/libelf.h ] || lacking+=" libelf-dev"
	[ -e /usr/include/openssl/ssl.h ] || lacking+=" libssl-dev"
	[ "$arch" != arm64 ] || command -v ${cross}gcc >/dev/null || lacking+=" gcc-aarch64-linux-gnu"
	python3 -c 'import argparse, json' 2>/dev/null || lacking+=" python3"
	[ -z "$lacking" ] ||
		die "the kernel's build lacks something: apt-get install --no-install-recommends$lacking"
}

touched() { sed -n 's|^+++ b/||p' "$here"/*.patch | sort -u; }

# The source as Debian has it, and beside it the files that patches touch.
unpack_source() {
	local file
	if [ ! -e "$work/unpacked" ]; then
		HWP_LAB=$lab "$here/../kernels.sh" unpack trixie-backports 'linux-source-7\.3' "$work/deb"
		rm -rf "$tree" "$work/orig"
		mkdir -p "$tree"
		nice -n 19 tar -C "$tree" --strip-components=1 -xf "$work/deb/usr/src/linux-source-7.3.tar.xz"
		touch "$work/unpacked"
	fi
	while read -r file; do
		[ ! -e "$work/orig/$file" ] || continue
		mkdir -p "$work/orig/$(dirname "$file")"
		cp "$tree/$file" "$work/orig/$file"
	done < <(touched)
}

# What is the same already is not written, so that make leaves it alone.
apply() {
	local want=$work/want patch file
	rm -rf "$want"
	cp -r "$work/orig" "$want"
	for patch; do
		patch -d "$want" -p1 -s -F0 --no-backup-if-mismatch <"$patch" ||
			die "$(basename "$patch") does not apply"
	done
	while read -r file; do
		cmp -s "$want/$file" "$tree/$file" || cp "$want/$file" "$tree/$file"
	done < <(touched)
}

kmake() { nice -n 19 make -s -C "$tree" O="$obj" ARCH="$arch" CROSS_COMPILE="$cross" "$@"; }

# What the architecture of NAME asks for.
know_arch() {
	case $1 in
	arm64-64k) arch=arm64 cross=aarch64-linux-gnu- image=Image page_shift=16 differs=$here/config.arm64-64k ;;
	*) arch=x86 cross='' image=bzImage page_shift=12 differs=$here/config.x86 ;;
	esac
	obj=$work/obj
	[ "$arch" = x86 ] || obj+=-$1
}

configure() {
	local line
	[ ! -e "$obj/config" ] || ! cat "$here/config" "$differs" | cmp -s - "$obj/config" || return 0
	mkdir -p "$obj"
	kmake tinyconfig
	"$tree/scripts/kconfig/merge_config.sh" -m -O "$obj" "$obj/.config" "$here/config" "$differs" >/dev/null
	kmake olddefconfig
	while read -r line; do
		grep -qxF -- "$line" "$obj/.config" || die "the kernel does not take $line"
	done < <(grep -hE '^(# )?CONFIG_' "$here/config" "$differs")
	cat "$here/config" "$differs" >"$obj/config"
}

kernel() {
	local name=$1 to=$lab/kernels/fix-$1 patches=("$here/free-has-hwpoisoned.patch") new symbol=free_has_hwpoisoned
	case $name in
	good) ;;
	break) patches+=("$here/break.patch") ;;
	[1-5]) patches+=("$here/break-$name"-*.patch) ;;
	measure) patches+=("$here/measure.patch") ;;
	arm64-64k) patches=() symbol=memory_failure to=$lab/kernels/7.3-$name ;;
	*) die "no kernel $name; known: good, break, break-1 ... break-5, measure, arm64-64k" ;;
	esac
	apply "${patches[@]}"
	configure
	kmake -j"${JOBS:-$(nproc)}" LOCALVERSION="-$name" vmlinux "$image" >"$work/log" 2>&1 ||
		die "$name: $(grep -m1 -E 'error|Error' "$work/log" || echo "make failed"); see $work/log"
	grep -qi " t $symbol\$" "$obj/System.map" || die "$name: $symbol is no symbol"
	new=$(mktemp -d "$lab/kernels/.fix-$name.XXXXXX")
	mkdir "$new/modules"
	: >"$new/modules/order"
	cp "$obj/arch/$arch/boot/$image" "$new/vmlinuz"
	cp "$obj/vmlinux" "$new/vmlinux"
	cp "$obj/.config" "$new/config"
	cp "$obj/include/config/kernel.release" "$new/release"
	echo "${arch/x86/amd64}" >"$new/arch"
	echo "$page_shift" >"$new/page_shift"
	chmod -R a+rX "$new"
	rm -rf "$to"
	mv "$new" "$to"
	echo "$(basename "$to"): $(cat "$to/release"), $SECONDS s"
}

mkdir -p "$work" "$lab/kernels"
# One tree, so one build at a time.
exec 9>"$work/lock"
flock 9
unpack_source
[ $# -gt 0 ] || set -- good break 1 2 3 4 5
for name; do
	SECONDS=0
	know_arch "${name#break-}"
	check_tools
	kernel "${name#break-}"
done
