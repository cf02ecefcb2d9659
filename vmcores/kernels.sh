#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch the Debian kernels that the lab boots.
#
#   kernels.sh [NAME...]      default: all of them
#   kernels.sh unpack SUITE PATTERN DIR [ARCH]
#                             any package of a suite, its files below DIR
#   kernels.sh closure SUITE "PACKAGE..." DIR [ARCH]
#                             the same with all that they depend on
#
# Each one becomes build/lab/kernels/NAME/{vmlinuz,release,arch,page_shift,modules/*.ko,modules/order}.
# The mirror is the one the system's own apt uses.  apt works in directories of
# its own here, so the system's package lists and configuration stay as they are.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lab=${HWP_LAB:-$here/../build/lab}
cache=$lab/apt
arch=amd64 # whose packages apt_in() sees

# In load order.  Built into some of the kernels, modules in others.
modules=(qemu_fw_cfg hwpoison-inject virtio_pci virtio_console virtio_blk virtio_mem nd_e820 nd_pmem ext4)

die() { echo "kernels.sh: $*" >&2; exit 2; }

# architecture, name, suite, package that holds vmlinuz, package that holds the modules ("=": the same;
# "-": the suite has none any more, and such a kernel is "bare");
# the packages are anchored regular expressions and the newest match is taken.
table() {
	cat <<-'T'
	amd64 5.10-amd64     bullseye         linux-image-5\.10\.[0-9.-]+-amd64                    =
	amd64 6.1-amd64      bookworm         linux-image-6\.1\.[0-9.-]+-amd64                     =
	amd64 6.1-cloud      bookworm         linux-image-6\.1\.[0-9.-]+-cloud-amd64               =
	amd64 6.1-rt         bookworm         linux-image-6\.1\.[0-9.-]+-rt-amd64                  =
	amd64 6.12-amd64     trixie           linux-image-6\.12\.[0-9.]+[+]deb13-amd64             =
	amd64 6.12-cloud     trixie           linux-image-6\.12\.[0-9.]+[+]deb13-cloud-amd64       =
	amd64 6.12-rt        trixie           linux-image-6\.12\.[0-9.]+[+]deb13-rt-amd64          =
	amd64 6.16-cloud     trixie-backports linux-image-6\.16\.[0-9.]+[+]deb13-cloud-amd64       =
	amd64 6.17-cloud     trixie-backports linux-image-6\.17\.[0-9.]+[+]deb13-cloud-amd64       =
	amd64 6.18-cloud     trixie-backports linux-image-6\.18\.[0-9.]+[+]deb13-cloud-amd64       =
	amd64 6.19-cloud     trixie-backports linux-binary-6\.19\.[0-9.]+[+]deb13-cloud-amd64      -
	amd64 7.0-cloud      trixie-backports linux-binary-7\.0\.[0-9.]+[+]deb13-cloud-amd64       -
	amd64 7.1-cloud      trixie-backports linux-binary-7\.1\.[0-9.]+[+]deb13-cloud-amd64       -
	amd64 7.2-cloud      trixie-backports linux-binary-7\.2\.[0-9.]+[+]deb13-cloud-amd64       linux-modules-7\.2\.[0-9.]+[+]deb13-cloud-amd64
	amd64 7.3-amd64      trixie-backports linux-binary-7\.3\.[0-9.]+[+]deb13-amd64             linux-modules-7\.3\.[0-9.]+[+]deb13-amd64
	amd64 7.3-cloud      trixie-backports linux-binary-7\.3\.[0-9.]+[+]deb13-cloud-amd64       linux-modules-7\.3\.[0-9.]+[+]deb13-cloud-amd64
	amd64 7.3-rt         trixie-backports linux-binary-7\.3\.[0-9.]+[+]deb13-rt-amd64          linux-modules-7\.3\.[0-9.]+[+]deb13-rt-amd64
	arm64 6.1-arm64      bookworm         linux-image-6\.1\.[0-9.-]+-arm64                     =
	arm64 6.12-arm64     trixie           linux-image-6\.12\.[0-9.]+[+]deb13-arm64             =
	arm64 6.12-arm64-16k trixie           linux-image-6\.12\.[0-9.]+[+]deb13-arm64-16k         =
	arm64 7.3-arm64      trixie-backports linux-binary-7\.3\.[0-9.]+[+]deb13-arm64             linux-modules-7\.3\.[0-9.]+[+]deb13-arm64
	arm64 7.3-arm64-16k  trixie-backports linux-binary-7\.3\.[0-9.]+[+]deb13-arm64-16k         linux-modules-7\.3\.[0-9.]+[+]deb13-arm64-16k
	T
}

# The mirror that serves this system's own release.
mirror() {
	local code
	code=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v c="$code" '$1 == c { print $2; exit }'
}

# A suite that is no longer refreshed has a Release file past its Valid-Until; who signed
# it is checked all the same.
apt_in() {
	local tool=$1 dir=$2
	shift 2
	"$tool" -qq -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts="$dir/empty" \
		-o Dir::Etc::preferencesparts="$dir/empty" -o Dir::Etc::preferences=/dev/null \
		-o Dir::State="$dir/state" -o Dir::State::lists="$dir/lists" \
		-o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
		-o APT::Sandbox::User=root -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
		-o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "$@"
}

# Where the apt of a suite works, for the architecture that is set.
suite_dir() { echo "$cache/$1$([ "$arch" = amd64 ] || echo "-$arch")"; }

# The apt of a suite is used by one process at a time, to its end: apt waits for no lock.
lock_suite() {
	local dir
	dir=$(suite_dir "$1")
	mkdir -p "$dir"
	exec 9>"$dir/lock"
	flock 9
}

# One isolated apt per suite, refreshed at most once a day.
apt_update() {
	local suite=$1 keyring=${HWP_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg} uri dir
	dir=$(suite_dir "$suite")
	mkdir -p "$dir"/{empty,lists/partial,state,cache/archives/partial}
	: >"$dir/status"
	if [ -e "$dir/stamp" ] && [ -z "$(find "$dir/stamp" -mmin +1440)" ]; then
		return
	fi
	uri=$(mirror)
	[ -n "$uri" ] || die "apt knows no mirror for this release; add one to its sources"
	[ -r "$keyring" ] || die "no $keyring; apt-get install debian-archive-keyring"
	echo "deb [arch=$arch signed-by=$keyring] $uri $suite main" >"$dir/sources.list"
	apt_in apt-get "$dir" -o APT::Update::Error-Mode=any update >"$dir/log" 2>&1 ||
		die "cannot read $suite: $(grep -m1 '^[EW]:' "$dir/log" || echo "see $dir/log")" \
			"(a missing key: upgrade debian-archive-keyring)"
	touch "$dir/stamp"
}

newest() {
	local dir=$1 pattern=$2
	apt_in apt-cache "$dir" pkgnames | grep -xE "$pattern" | sort -V | tail -n1
}

# Download PACKAGE and unpack it under ROOT.
unpack() {
	local dir=$1 package=$2 root=$3 deb
	deb=$(find "$dir/cache" -maxdepth 1 -name "${package}_*.deb" | tail -n1)
	if [ -z "$deb" ]; then
		(cd "$dir/cache" && apt_in apt-get "$dir" download "$package" >"$dir/log" 2>&1) ||
			die "cannot download $package: $(grep -m1 '^E:' "$dir/log" || echo "see $dir/log")"
		deb=$(find "$dir/cache" -maxdepth 1 -name "${package}_*.deb" | tail -n1)
	fi
	dpkg-deb -x "$deb" "$root"
}

# Copy the wanted modules and whatever they need, decompressed, with their load order.
pick_modules() {
	local root=$1 release=$2 to=$3 path m
	mkdir -p "$to"
	depmod -b "$root" "$release" 2>/dev/null
	for m in "${modules[@]}"; do
		modprobe -C /dev/null -d "$root" -S "$release" --show-depends "$m" 2>/dev/null || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
		m=$(basename "$path")
		case $path in
		*.xz) xz -dc "$path" >"$to/${m%.xz}" ;;
		*.zst) zstd -qdc "$path" >"$to/${m%.zst}" ;;
		*) cp "$path" "$to/$m" ;;
		esac
		m=${m%.xz}
		echo "${m%.zst}"
	done >"$to/order"
	grep -q hwpoison-inject "$to/order" || echo "$release has no hwpoison-inject: built without MEMORY_FAILURE"
}

fetch() {
	local name=$2 suite=$3 image=$4 mods=$5 dir tmp release package
	local to=$lab/kernels/$name
	arch=$1
	dir=$(suite_dir "$suite")
	[ -e "$to/release" ] || lock_suite "$suite"
	if [ -e "$to/release" ]; then
		echo "$name: $(cat "$to/release") (cached)"
		return
	fi
	apt_update "$suite"
	package=$(newest "$dir" "$image")
	[ -n "$package" ] || die "$name: no package matches $image in $suite"
	mkdir -p "$lab/kernels"
	tmp=$(mktemp -d "$lab/kernels/.$name.XXXXXX")
	trap 'rm -rf "${tmp:-}"' EXIT
	unpack "$dir" "$package" "$tmp/root"
	if [ "$mods" != = ] && [ "$mods" != - ]; then
		# The modules of exactly this kernel, not the newest ones.
		unpack "$dir" "linux-modules-${package#linux-binary-}" "$tmp/root"
	fi
	# Old packages ship /lib, new ones /usr/lib.
	[ -d "$tmp/root/lib/modules" ] || ln -sn usr/lib "$tmp/root/lib"
	mkdir "$tmp/out"
	cp -L "$(find "$tmp/root" -type f -name 'vmlinuz*' | head -n1)" "$tmp/out/vmlinuz"
	if [ "$mods" = - ]; then
		release=${package#linux-*-}
		mkdir -p "$tmp/out/modules"
		touch "$tmp/out/bare" "$tmp/out/modules/order"
	else
		release=$(basename "$(echo "$tmp"/root/lib/modules/*)")
		pick_modules "$tmp/root" "$release" "$tmp/out/modules"
	fi
	cp "$(find "$tmp/root" -type f -name 'config-*' -o -type f -path '*/modules/*/config' | head -n1)" \
		"$tmp/out/config" 2>/dev/null || true
	echo "$arch" >"$tmp/out/arch"
	# Not every package has its configuration; those of 7.3 have none, and the flavour's name says it.
	sed -n 's/^CONFIG_\(ARM64_\)\{0,1\}PAGE_SHIFT=//p' "$tmp/out/config" 2>/dev/null |
		head -n1 >"$tmp/out/page_shift" || true
	if [ ! -s "$tmp/out/page_shift" ] && [[ $release == *-16k ]]; then
		echo 14 >"$tmp/out/page_shift"
	fi
	echo "$release" >"$tmp/out/release"
	chmod -R u+w,a+rX "$tmp/out"
	rm -rf "$to"
	mv "$tmp/out" "$to"
	rm -rf "$tmp"
	echo "$name: $release"
}

unpack_any() {
	local suite=$1 pattern=$2 root=$3 package dir
	arch=${4:-amd64}
	dir=$(suite_dir "$suite")
	lock_suite "$suite"
	apt_update "$suite"
	package=$(newest "$dir" "$pattern")
	[ -n "$package" ] || die "no package matches $pattern in $suite for $arch"
	mkdir -p "$root"
	unpack "$dir" "$package" "$root"
}

# A program of another suite runs from such a folder, under its own loader.
closure() {
	local suite=$1 package=$2 root=$3 dir deb
	arch=${4:-amd64}
	dir=$(suite_dir "$suite")
	mkdir -p "$root"
	lock_suite "$suite"
	apt_update "$suite"
	rm -f "$dir"/cache/archives/*.deb
	# Its status file is empty, so nothing counts as installed.
	# shellcheck disable=SC2086 # a list
	apt_in apt-get "$dir" -y --no-install-recommends --download-only install $package \
		>"$dir/log" 2>&1 ||
		die "cannot download $package: $(grep -m1 '^E:' "$dir/log" || echo "see $dir/log")"
	for deb in "$dir"/cache/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink
	done
	rm -f "$dir"/cache/archives/*.deb
}

main() {
	local of name suite image mods wanted=" $* " found=0 tool
	for tool in apt-get dpkg-deb depmod xz zstd; do
		command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
		command -v "$tool" >/dev/null || die "no $tool; apt-get install apt dpkg kmod xz-utils zstd"
	done
	while read -r of name suite image mods; do
		if [ $# -eq 0 ] || [[ $wanted == *" $name "* ]]; then
			fetch "$of" "$name" "$suite" "$image" "$mods"
			found=$((found + 1))
		fi
	done < <(table)
	[ $# -eq 0 ] || [ "$found" -eq $# ] ||
		die "unknown kernel among:$wanted; known: $(table | awk '{ printf "%s ", $2 }')"
}

if [ "${1:-}" = unpack ]; then
	[ $# -eq 4 ] || [ $# -eq 5 ] || die "usage: kernels.sh unpack SUITE PATTERN DIR [ARCH]"
	unpack_any "${@:2}"
elif [ "${1:-}" = closure ]; then
	[ $# -eq 4 ] || [ $# -eq 5 ] || die "usage: kernels.sh closure SUITE PACKAGE... DIR [ARCH]"
	closure "${@:2}"
else
	main "$@"
fi
