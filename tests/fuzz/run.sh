#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/fuzz/run.sh PROGRAMS SECONDS [WORD]: run each fuzz target in the folder
# PROGRAMS, or those whose name holds WORD, for SECONDS. What makes one fail is
# kept beside it; put it into tests/fuzz/corpus/TARGET/, where a unit test
# replays it.
set -u

programs=$1
seconds=$2
word=${3-}
cd "$(dirname "$0")/../.." || exit 2
[ -d /dev/shm ] && TMPDIR=/dev/shm && export TMPDIR
export UBSAN_OPTIONS=print_stacktrace=1
failed=0

for source in tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	case $name in
	*"$word"*) ;;
	*) continue ;;
	esac
	found=$programs/corpus-$name
	mkdir -p "$found" "tests/fuzz/corpus/$name"
	if "$programs/fuzz-$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
		-max_len=16384 -print_final_stats=1 -artifact_prefix="$programs/found-$name-" \
		"$found" "tests/fuzz/corpus/$name" >"$programs/$name.log" 2>&1; then
		result=ok
	else
		result=FAIL
		failed=$((failed + 1))
	fi
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$programs/$name.log")
	cover=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$programs/$name.log" | tail -n 1)
	echo "$result $name: ${runs:-?} runs in $seconds s, ${cover:-?} edges"
	[ $result = ok ] || {
		grep -E '^(SUMMARY|==[0-9]+==ERROR|.*runtime error)' "$programs/$name.log" | head -n 3
		ls "$programs/found-$name"-* | tail -n 1
	}
done
[ $failed -eq 0 ]
