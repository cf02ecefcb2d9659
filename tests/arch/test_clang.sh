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
make -s CC=clang SAN= O="$build" all unit-programs || exit 1
echo "ok clang-builds"
CC=clang SAN='' O=$build tests/arch/test_arch.sh >"$build/rules" || {
	cat "$build/rules"
	exit 1
}
echo "ok rules-hold-for-clang"
