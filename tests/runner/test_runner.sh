#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The runner, on a tree of fake tests: does it count, time out, order and clean up, and
# does it let only listed skips pass?
set -u

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/tests/{a,b,unit} "$tree/build/unit"
cp "$(dirname "$0")/../run.sh" "$tree/tests/"
unset O
output=$tree/output
failures=0

# fake FOLDER/NAME: a test from standard input.
fake()
{
	{ echo '#!/bin/sh'; cat; } >"$tree/tests/$1"
	chmod +x "$tree/tests/$1"
}

run()
{
	"$tree/tests/run.sh" "$@" >"$output" 2>&1
	status=$?
}

# expect NAME TEST...: one case.
expect()
{
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		sed 's/^/# /' "$output"
		failures=$((failures + 1))
	fi
}
shows() { grep -qE -- "$1" "$output"; }
hides() { ! grep -qE -- "$1" "$output"; }
# A zombie that nobody reaps has ended too.
nr_lines() { [ "$(grep -cE -- "$2" "$output")" -eq "$1" ]; }
ended() { [ ! -e "/proc/$(cat "$1")" ] || grep -q '^State:.Z' "/proc/$(cat "$1")/status"; }
ends_with() { [ "$(tail -n 1 "$output")" = "$1" ]; }

cat >"$tree/tests/skips.allowed" <<'END'
# TEST | CASE: WHY | reason
b/test_skip.sh | no clang *  | not every machine has it
b/test_*.py    | two: no dump | it takes long to make
a/*            | two          | a case of cmocka
b/test_skip.sh | this one did not happen | which is no failure
END

fake a/test_slow.sh <<<'sleep 1'
fake a/test_true.sh <<<'echo not shown'
fake b/test_skip.sh <<<'echo first; echo no clang here; exit 77'
fake b/test_cases.py <<<'echo "ok one"; echo "skip two: no dump"; echo "ok three"'
run
expect pass-status [ $status -eq 0 ]
expect pass-summary ends_with '4 passed, 0 failed, 2 skipped'
expect pass-is-quiet hides 'not shown'
expect skip-reason shows '^skip  b/test_skip.sh .*: no clang here$'
expect skip-case-reason shows '\| skip two: no dump'
expect slowest shows '^slow  a/test_slow.sh  .* 1\.[0-9] s, 0\.[0-9] s of processors$'
expect only-what-is-slow nr_lines 1 '^slow '

sed -i '/^b\/test_skip/d' "$tree/tests/skips.allowed"
run
expect unlisted-skip ends_with '4 passed, 1 failed, 1 skipped'
expect unlisted-skip-status [ $status -ne 0 ]
expect unlisted-skip-is-said shows '\| not in tests/skips.allowed: no clang here$'
fake b/test_cases.py <<<'echo "ok one"; echo "skip two: no disk"; echo "skip two: no dump"; echo "ok three"'
run cases
expect unlisted-skip-beside-a-listed ends_with '2 passed, 1 failed, 1 skipped'
mv "$tree/tests/b/test_cases.py" "$tree/tests/b/test_others.sh"
run others
expect listed-for-another-test ends_with '2 passed, 2 failed, 0 skipped'
rm "$tree/tests/b/test_others.sh" "$tree/tests/b/test_skip.sh"

fake a/test_fails.sh <<<'echo the reason; exit 3'
run
expect fail-status [ $status -ne 0 ]
expect fail-summary ends_with '2 passed, 1 failed, 0 skipped'
expect fail-output shows '\| the reason'

run true
expect filter ends_with '1 passed, 0 failed, 0 skipped'
run true slow
expect two-filters ends_with '2 passed, 0 failed, 0 skipped'
run 'a/*true'
expect filter-by-a-pattern ends_with '1 passed, 0 failed, 0 skipped'
run no-such-test
expect filter-without-a-match [ $status -ne 0 ]
run -j 0
expect bad-option [ $status -eq 2 ]

rm "$tree"/tests/[ab]/*
fake a/test_cases.sh <<<'echo "ok 1"; echo "not ok 2: wrong"; exit 1'
run
expect failed-case ends_with '1 passed, 1 failed, 0 skipped'
fake a/test_cases.sh <<<'echo "not ok 1: wrong"'
run
expect failed-case-with-status-0 [ $status -ne 0 ]
fake a/test_cases.sh <<<'echo "ok 1"; kill -SEGV $$'
run
expect crash-after-a-case ends_with '1 passed, 1 failed, 0 skipped'
fake a/test_cases.sh <<<'echo 1..3; echo "ok 1"; echo "not ok 2 # SKIP two"'
run
expect fewer-than-planned ends_with '1 passed, 1 failed, 1 skipped'
chmod -x "$tree/tests/a/test_cases.sh"
run
expect not-executable ends_with '0 passed, 1 failed, 0 skipped'
rm "$tree/tests/a/test_cases.sh"

fake a/test_hangs.sh <<END
# timeout: 1
sleep 60 &
echo \$! >'$tree/orphan'
sleep 60
END
run
expect timeout ends_with '0 passed, 1 failed, 0 skipped'
expect timeout-is-said shows 'no end after 1 s'
expect no-orphan ended "$tree/orphan"
rm "$tree/tests/a/test_hangs.sh"

fake a/test_leaves.sh <<END
sleep 60 &
echo \$! >'$tree/orphan'
mktemp -d >'$tree/left'
END
run
sleep 0.1
expect what-is-left-running-ends ended "$tree/orphan"
expect temporary-files-go [ ! -e "$(cat "$tree/left")" ]
rm "$tree/tests/a/test_leaves.sh"

# Each waits for the other.
for pair in 'a b' 'b a'; do
	fake "a/test_${pair% *}.sh" <<END
# timeout: 10
touch '$tree/${pair% *}'
until [ -e '$tree/${pair#* }' ]; do sleep 0.1; done
END
done
run
expect two-at-a-time ends_with '2 passed, 0 failed, 0 skipped'
rm "$tree"/tests/a/*

fake a/test_short.sh <<<"echo short >>'$tree/order'"
fake a/test_long.sh <<<"# timeout: 301
echo long >>'$tree/order'"
fake a/test_longest.sh <<<"# timeout: 1000
echo longest >>'$tree/order'"
run -j 1
expect longest-first [ "$(paste -sd ' ' "$tree/order")" = 'longest long short' ]
rm "$tree"/tests/a/*

for i in 1 2 3 4 5 6 7 8 9 10 11; do
	fake "a/test_$i.sh" <<<"sleep 1.$((i == 7 ? 9 : 0))"
done
run -j 11
expect ten-slowest nr_lines 10 '^slow  a/test_.*'
expect slowest-first [ "$(grep -m 1 '^slow ' "$output" | awk '{ print $2 }')" = a/test_7.sh ]
rm "$tree"/tests/a/*

touch "$tree/tests/unit/test_pages.c"
run
expect unit-not-built ends_with '0 passed, 1 failed, 0 skipped'
fake unit/program <<<'echo 1..1; echo "ok 1 - a"'
mv "$tree/tests/unit/program" "$tree/build/unit/test_pages"
run unit/
expect unit-program ends_with '1 passed, 0 failed, 0 skipped'

[ $failures -eq 0 ]
