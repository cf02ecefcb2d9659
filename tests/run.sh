#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the tests: tests/*/test_*.sh, tests/*/test_*.py and the programs built
# from tests/unit/*.c, each in a process and a temporary directory of its own.
#
# A test passes with exit status 0 and skips with 77, its last line being the
# reason; any other status fails. To have its cases counted one by one it prints
# "ok NAME", "not ok NAME: why" or "skip NAME: why" (or TAP, as cmocka does).
# A skip that tests/skips.allowed does not list is a failure.
# A line "# timeout: SECONDS" (in C: "// timeout: SECONDS") among the comments at
# the top of its source changes the limit. Those with the highest limit start first.
set -u

usage()
{
	echo "usage: tests/run.sh [-j JOBS] [WORD...]    run the tests whose name holds a WORD" >&2
	echo "(a WORD may be a pattern: unit/*page)" >&2
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
[[ $jobs =~ ^[1-9][0-9]*$ ]] || usage
words=("${@-}")

cd "$(dirname "$0")/.." || exit 2
default_timeout=300
shown_lines=200
shown_slowest=10

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

is_wanted()
{
	local word
	for word in "${words[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ $1 == *$word* ]] && return
	done
	return 1
}

# Outputs "LIMIT NAME" for each test that is wanted.
list_tests()
{
	local source name limit
	for source in tests/unit/*.c tests/*/test_*.sh tests/*/test_*.py; do
		name=${source#tests/}
		if [ ! -e "$source" ] || ! is_wanted "$name"; then
			continue
		fi
		limit=$(awk '/^(#|\/\/) timeout: [0-9]+$/ { print $3; exit }
					 !/^(#|\/\/|$)/ { exit }' "$source")
		echo "${limit:-$default_timeout} $name"
	done
}

limits=()
names=()
while read -r limit name; do
	limits+=("$limit")
	names+=("$name")
done < <(list_tests | sort -s -k 1,1nr)
if [ ${#names[@]} -eq 0 ]; then
	echo "tests/run.sh: no test has '${words[*]}' in its name" >&2
	echo "0 passed, 0 failed, 0 skipped"
	exit 2
fi

# list_cpu_ms FILE: what `times` wrote of the children, in milliseconds.
list_cpu_ms()
{
	awk 'NR == 2 { split($0, t, /[ms ]+/); print int((t[1] * 60 + t[2] + t[3] * 60 + t[4]) * 1000) }' "$1"
}

# run_one INDEX: leaves the output in a log, and "STATUS MILLISECONDS CPU_MILLISECONDS"
# beside it.
run_one()
{
	local name=${names[$1]} limit=${limits[$1]} program start pid status ms
	local log=$logs/${name//\//-}.log
	case $name in
	*.c) program=$O/unit/$(basename "$name" .c) ;;
	*) program=tests/$name ;;
	esac

	mkdir "$work/$1.tmp"
	start=${EPOCHREALTIME/./}
	TMPDIR=$work/$1.tmp timeout -k 5 "$limit" "$program" </dev/null >"$log" 2>&1 &
	pid=$!
	trap 'kill $pid; wait $pid; exit' TERM
	wait $pid
	status=$?
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	times >"$work/$1.times"
	# timeout leads a process group: what the test left running goes with it.
	kill -KILL -- -$pid 2>/dev/null
	((ms < limit * 1000)) || echo "no end after $limit s" >>"$log"
	echo "$status $ms $(list_cpu_ms "$work/$1.times")" >"$work/$1.part"
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

# list_skips STATUS LOG: "CASE: WHY" of each skip of a test, or why it skips as a whole.
list_skips()
{
	sed -n 's/^skip //p; s/^not ok [0-9]* # SKIP //p' "$2"
	(($1 != 77)) || tail -n 1 "$2"
}

# "TEST | SKIP | WHY" a line, the first two being patterns.
allowed=()
if [ -e tests/skips.allowed ]; then
	mapfile -t allowed < <(grep -v '^#' tests/skips.allowed | grep .)
fi

is_allowed()
{
	local line test skip
	for line in "${allowed[@]}"; do
		IFS='|' read -r test skip _ <<<"$line"
		read -r test <<<"$test"
		read -r skip <<<"$skip"
		# shellcheck disable=SC2053 # patterns
		[[ $1 == $test && $2 == $skip ]] && return
	done
	return 1
}

passed=0
failed=0
skipped=0

# report INDEX: one line, and the output of a test that failed.
report()
{
	local name=${names[$1]} status ms cpu_ms ok bad skip plan cases verdict=pass why="" line unlisted=()
	local log=$logs/${name//\//-}.log
	read -r status ms cpu_ms <"$work/$1.done"
	echo "$ms $cpu_ms $name" >>"$work/times"
	read -r ok bad skip plan < <(count_cases "$log")
	cases=$((ok + bad + skip))
	while read -r line; do
		is_allowed "$name" "$line" || unlisted+=("$line")
	done < <(list_skips "$status" "$log")

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
	skip=$((skip - ${#unlisted[@]}))
	passed=$((passed + ok))
	failed=$((failed + bad + ${#unlisted[@]}))
	skipped=$((skipped + skip))

	((skip == 0)) || verdict=skip
	((bad + ${#unlisted[@]} == 0)) || verdict=FAIL
	((cases == 0)) || why=" ($cases cases)$why"
	printf '%s  %-40s %4d.%d s%s\n' $verdict "$name" $((ms / 1000)) $((ms / 100 % 10)) "$why"
	if ((bad > 0)); then
		tail -n $shown_lines "$log" | sed 's/^/      | /'
		(($(wc -l <"$log") <= shown_lines)) || echo "      | (the whole output: $log)"
	else
		grep -E '^skip |^not ok [0-9]+ # SKIP' "$log" | sed 's/^/      | /'
	fi
	for line in "${unlisted[@]}"; do
		echo "      | not in tests/skips.allowed: $line"
	done
}

# In the order in which they end.
report_finished()
{
	local done_file
	for done_file in "$work"/*.done; do
		[ -e "$done_file" ] || continue
		report "$(basename "$done_file" .done)"
		rm "$done_file"
	done
}

# Those that took a second or more. On a busy machine the time of the processors says more.
list_slowest()
{
	sort -nr "$work/times" | head -n $shown_slowest | while read -r ms cpu_ms name; do
		((ms < 1000)) || printf 'slow  %-40s %4d.%d s, %d.%d s of processors\n' "$name" \
			$((ms / 1000)) $((ms / 100 % 10)) $((cpu_ms / 1000)) $((cpu_ms / 100 % 10))
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

list_slowest
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
