#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Print how many lines of each file of lib/ were run, and of all, by what gcc counted in $O.
set -eu

cd "$(dirname "$0")/.."
find "${O:-build/coverage}/lib" -name '*.gcno' -print0 | xargs -0 gcov -n 2>/dev/null | awk -F "[':%]" '
	/^File / { file = $2 }
	/^Lines executed/ && file ~ /^lib\/.*\.c$/ {
		nr = $3
		sub(/.* of /, "", nr)
		printf "%6.1f %%  of %4d  %s\n", $2, nr, file | "sort -n"
		run += $2 * nr / 100
		all += nr
		file = ""
	}
	END {
		close("sort -n")
		printf "%6.1f %%  of %d lines of lib/\n", 100 * run / all, all
	}'
