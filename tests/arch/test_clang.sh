#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# timeout: 900
# The other compiler, with the same warnings as errors.
set -u

cd "$(dirname "$0")/../.." || exit 1
if ! command -v clang >/dev/null; then
	echo "clang is not installed"
	exit 77
fi
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
# Warnings are of the front end: nothing is optimised, and no unit test is linked.
units=$(printf '%s\n' tests/unit/*.c | sed "s|.*|$build/&|; s|c\$|o|")
# shellcheck disable=SC2086 # a list of files
make -s CC=clang CFLAGS=-O0 SAN= O="$build" all $units || exit 1
echo "ok clang-builds"
CC=clang SAN='' O=$build tests/arch/test_arch.sh >"$build/rules" || {
	cat "$build/rules"
	exit 1
}
echo "ok rules-hold-for-clang"
