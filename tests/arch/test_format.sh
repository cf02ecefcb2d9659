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
status=0
for file in $(find lib cmds ext tests vmcores -name '*.[ch]'); do
	clang-format "$file" | cmp -s - "$file" || {
		echo "not ok $file: run make format"
		status=1
	}
done
[ $status -ne 0 ] || echo "ok formatted"
exit $status
