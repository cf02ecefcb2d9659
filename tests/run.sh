#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the tests: tests/*/test_*.sh, tests/*/test_*.py and the programs built
# from tests/unit/*.c, each in a process and a temporary directory of its own.
#
# A test passes with exit status 0 and skips with 77, its last line being the
# reason; any other status fails. To have its cases counted one by one it prints
# "ok NAME", "not ok NAME: why" or "skip NAME: why" (or TAP, as cmocka does).
# A line "# timeout: SECONDS" (in C: "// timeout: SECONDS") among the comments at
# the top of its source changes the limit.
set -u

usage()
{
	echo "usage: tests/run.sh [-j JOBS] [WORD]    run the tests whose name holds WORD" >&2
	exit 2
}

jobs=2
while getopts j: option; do
	case $option in
	j) jobs=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[[ $# -le 1 && $jobs =~ ^[1-9][0-9]*$ ]] || usage
word=${1-}

cd "$(dirname "$0")/.." || exit 2
default_timeout=300
shown_lines=200

O=$(realpath -m "${O:-build}")
export O HWPOISON=$O/hwpoison CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8
# A test that calls make must not join the job server of the make that runs us.
unset MAKEFLAGS MFLAGS MAKELEVEL

logs=$O/tests
work=$(mktemp -d) || exit 2
mkdir -p "$logs" || exit 2

cleanup()
{
	local running
	running=$(jobs -p)
	# shellcheck disable=SC2086 # a list of process ids
	[ -z "$running" ] || kill $running 2>/dev/null
	wait
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

names=()
for source in tests/unit/*.c tests/*/test_*.sh tests/*/test_*.py; do
	name=${source#tests/}
	[[ -e $source && $name == *"$word"* ]] && names+=("$name")
done
if [ ${#names[@]} -eq 0 ]; then
	echo "tests/run.sh: no test has '$word' in its name" >&2
	echo "0 passed, 0 failed, 0 skipped"
	exit 2
fi

# run_one INDEX: leaves the output in a log, and "STATUS MILLISECONDS" beside it.
run_one()
{
	local name=${names[$1]} program limit start pid status ms
	local log=$logs/${name//\//-}.log
	case $name in
	*.c) program=$O/unit/$(basename "$name" .c) ;;
	*) program=tests/$name ;;
	esac
	limit=$(awk '/^(#|\/\/) timeout: [0-9]+$/ { print $3; exit }
				 !/^(#|\/\/|$)/ { exit }' "tests/$name")
	limit=${limit:-$default_timeout}

	mkdir "$work/$1.tmp"
	start=${EPOCHREALTIME/./}
	TMPDIR=$work/$1.tmp timeout -k 5 "$limit" "$program" </dev/null >"$log" 2>&1 &
	pid=$!
	trap 'kill $pid; wait $pid; exit' TERM
	wait $pid
	status=$?
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	# timeout leads a process group: what the test left running goes with it.
	kill -KILL -- -$pid 2>/dev/null
	((ms < limit * 1000)) || echo "no end after $limit s" >>"$log"
	echo "$status $ms" >"$work/$1.part"
	rm -rf "$work/$1.tmp"
	mv "$work/$1.part" "$work/$1.done"
}

# Count the cases of a log: "PASSED FAILED SKIPPED PLANNED".
count_cases()
{
	awk '/^not ok [0-9]+ # SKIP/ || /^skip / { skipped++; next }
		 /^not ok / { failed++; next }
		 /^ok / { passed++; next }
		 /^1\.\.[0-9]+$/ { planned += substr($0, 4) }
		 END { print passed + 0, failed + 0, skipped + 0, planned + 0 }' "$1"
}

passed=0
failed=0
skipped=0

# report INDEX: one line, and the output of a test that failed.
report()
{
	local name=${names[$1]} status ms ok bad skip plan cases verdict=pass why=
	local log=$logs/${name//\//-}.log
	read -r status ms <"$work/$1.done"
	read -r ok bad skip plan < <(count_cases "$log")
	cases=$((ok + bad + skip))

	if ((status == 77)); then
		skip=$((skip + 1))
		why=": $(tail -n 1 "$log")"
	elif ((status != 0 && bad == 0)); then
		bad=1
		why=": exit status $status"
	elif ((plan > 0 && plan != cases)); then
		bad=$((bad + 1))
		why=": planned $plan cases"
	elif ((cases == 0)); then
		ok=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))

	((skip == 0)) || verdict=skip
	((bad == 0)) || verdict=FAIL
	((cases == 0)) || why=" ($cases cases)$why"
	printf '%s  %-40s %4d.%d s%s\n' $verdict "$name" $((ms / 1000)) $((ms / 100 % 10)) "$why"
	if ((bad > 0)); then
		tail -n $shown_lines "$log" | sed 's/^/      | /'
		(($(wc -l <"$log") <= shown_lines)) || echo "      | (the whole output: $log)"
	else
		grep -E '^skip |^not ok [0-9]+ # SKIP' "$log" | sed 's/^/      | /'
	fi
}

reported=0
report_finished()
{
	while [ -e "$work/$reported.done" ]; do
		report $reported
		reported=$((reported + 1))
	done
}

for index in "${!names[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		wait -n
		report_finished
	done
	run_one "$index" &
done
wait
report_finished

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
