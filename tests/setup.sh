#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/setup.sh        install what the build needs and this Debian lacks
# tests/setup.sh lab    ... and what `make lab` needs, which boots kernels
# tests/setup.sh test   ... and what `make test` needs, which does so too
# shellcheck disable=SC2086 # the package lists are meant to split
set -eu

build='gcc make libc6-dev pkg-config libkdumpfile-dev libelf-dev libdw-dev libbpf-dev libzstd-dev
	zlib1g-dev libdeflate-dev liblzo2-dev libsnappy-dev
	libsmartcols-dev libsqlite3-dev libjson-c-dev nettle-dev'
test='libcmocka-dev python3 python3-jsonschema clang clang-format crash debuginfod less
	libdebuginfod-dev lz4 makedumpfile git systemd'
lab='qemu-system-x86 seabios busybox-static cpio zstd kmod xz-utils dmidecode
	qemu-system-arm gcc-aarch64-linux-gnu libc6-dev-arm64-cross'

die()
{
	echo "tests/setup.sh: $*" >&2
	exit 1
}

case "$#:${1-}" in
0:) wanted=$build ;;
1:lab) wanted="$build $lab" ;;
1:test) wanted="$build $lab $test" ;;
*) die "usage: sh tests/setup.sh [test | lab]" ;;
esac

for tool in dpkg-query apt-get; do
	command -v $tool >/dev/null ||
		die "this is not Debian; install what these packages hold:" $wanted
done

missing=
for package in $wanted; do
	dpkg-query -W -f '${db:Status-Status}\n' $package 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
	sudo=
elif command -v sudo >/dev/null; then
	sudo=sudo
else
	die "run as root, or install sudo, to get:$missing"
fi

apt()
{
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null
}

echo "installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{ apt update && apt install -y --no-install-recommends $missing; } >"$log" 2>&1 || {
	cat "$log" >&2
	die "apt-get could not install:$missing"
}
