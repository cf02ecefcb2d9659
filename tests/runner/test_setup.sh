#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/setup.sh with a pretended package manager: it must act only when
# something is missing, and fail with one clear line.
set -u

setup=$(realpath "$(dirname "$0")/../setup.sh")
stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT
output=$stubs/output
calls=$stubs/calls
failures=0

# stub NAME: a program from standard input; nothing else is on PATH.
stub()
{
	{ echo '#!/bin/sh'; cat; } >"$stubs/$1"
	chmod +x "$stubs/$1"
}

# setup UID INSTALLED [ARGUMENT]: INSTALLED is a pattern of package names.
setup()
{
	: >"$calls"
	stub id <<<"echo $1"
	stub dpkg-query <<<"for last; do :; done; case \$last in $2) echo installed ;; *) exit 1 ;; esac"
	shift 2
	PATH=$stubs /bin/sh "$setup" "$@" >"$output" 2>&1
	status=$?
}

expect()
{
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		sed 's/^/# /' "$output" "$calls"
		failures=$((failures + 1))
	fi
}
says() { [ "$(wc -l <"$output")" -eq 1 ] && grep -qE -- "$1" "$output"; }
called() { grep -qE -- "$1" "$calls"; }
not_called() { ! called "$@"; }

for tool in cat env grep mktemp rm sh; do
	ln -s "$(command -v $tool)" "$stubs/$tool"
done
stub apt-get <<<"echo apt-get \$DEBIAN_FRONTEND \"\$@\" >>'$calls'"

setup 0 '*'
expect nothing-missing [ $status -eq 0 ]
expect nothing-missing-is-quiet [ ! -s "$output" ]
expect nothing-missing-calls-no-apt [ ! -s "$calls" ]

setup 0 'gcc|make'
expect root [ $status -eq 0 ]
expect root-updates-first called '^apt-get noninteractive .*update$'
expect root-installs called ' install -y --no-install-recommends .*libkdumpfile-dev'
expect root-installs-only-missing not_called ' gcc'
expect no-test-packages not_called 'cmocka|debuginfod'

setup 0 'gcc|make' test
expect test-packages called 'cmocka'
expect test-packages-that-the-build-can-do-without called 'libdebuginfod-dev'

setup 1000 gcc
expect no-sudo [ $status -ne 0 ]
expect no-sudo-says-how says 'run as root, or install sudo, to get: .*make'
setup 1000 '*'
expect no-sudo-needed [ $status -eq 0 ]

stub sudo <<<"echo sudo >>'$calls'; exec \"\$@\""
setup 1000 gcc
expect sudo [ $status -eq 0 ]
expect sudo-is-used called '^sudo$'

stub apt-get <<<'echo E: no network; exit 100'
setup 0 gcc
expect apt-fails [ $status -ne 0 ]
expect apt-fails-says-what grep -q 'could not install: make' "$output"

setup 0 '*' nonsense
expect usage says '^tests/setup.sh: usage: '
rm "$stubs/apt-get"
setup 0 '*'
expect not-debian [ $status -ne 0 ]
expect not-debian-lists-packages says 'not Debian; .* gcc .*libbpf-dev'

[ $failures -eq 0 ]
