#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make format` changes nothing. Releases of clang-format differ in what they write.
set -u

cd "$(dirname "$0")/../.." || exit 1
release=14
if ! clang-format --version 2>/dev/null | grep -q " version $release\."; then
	echo "clang-format $release is not installed"
	exit 77
fi
wrong=$(find lib cmds ext tests vmcores -name '*.[ch]' -print0 |
	xargs -0 clang-format --dry-run 2>&1 | sed -n 's/^\([^ :]*\):.*warning:.*/\1/p' | uniq)
if [ -n "$wrong" ]; then
	echo "not ok formatted: run make format"
	echo "$wrong" | sed 's/^/    /'
	exit 1
fi
echo "ok formatted"
