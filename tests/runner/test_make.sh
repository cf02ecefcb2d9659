#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a packager asks of the Makefile: flags, and where things are installed; and which
# tests a target runs.
set -u

cd "$(dirname "$0")/../.." || exit 1
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
output=$place/output
failures=0

# expect NAME COMMAND...: one case.
expect()
{
	local name=$1
	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		tail -n 5 "$output" | cut -c 1-300 | sed 's/^/# /'
		failures=$((failures + 1))
	fi
}

# commands TARGET VARIABLE=VALUE...: what make would run, in an empty directory of objects.
commands()
{
	make -n V=1 O="$place/build" CC=cc "$@" 2>&1 | sed ':a; /\\$/ { N; s/\\\n\t*//; ba }' >"$output"
	grep -E '^(mkdir.*&& )?cc ' "$output" | grep -e ' -c ' >"$place/compile"
	grep -E '^(mkdir.*&& )?cc ' "$output" | grep -v -e ' -c ' >"$place/link"
}
# every KIND TEXT: each command of that kind has the text.
every() { [ -s "$place/$1" ] && ! grep -vqF -- " $2 " "$place/$1"; }
# no_line TEXT
no_line() { ! grep -qF -- "$1" "$output"; }

commands all
expect warnings-are-errors every compile -Werror
expect stack-protector every compile -fstack-protector-strong
expect fortify every compile -D_FORTIFY_SOURCE=2
expect relro every link -Wl,-z,relro
expect bind-now every link -Wl,-z,now
commands all WERROR=0 CFLAGS='-O1 -fstack-protector-strong' CPPFLAGS=-DPACKAGE=1 LDFLAGS='-Wl,-z,now'
expect werror-off no_line -Werror
expect werror-off-keeps-warnings every compile -Wextra
expect cflags every compile '-O1 -fstack-protector-strong'
expect cflags-replace-ours no_line ' -O2 '
expect cppflags every compile -DPACKAGE=1
expect ldflags every link -Wl,-z,now
expect stack-protector-once no_line "-fstack-protector-strong -std=gnu11 -fstack"
commands all CFLAGS='-O1 -fno-stack-protector' CPPFLAGS=-D_FORTIFY_SOURCE=3 LDFLAGS='-no-pie -Wl,-z,norelro'
expect packager-without-stack-protector no_line -fstack-protector-strong
expect packager-with-other-fortify no_line -D_FORTIFY_SOURCE=2
expect packager-without-pie no_line ' -pie'
expect packager-without-relro no_line ',relro'
commands all CFLAGS=-O0
expect no-fortify-without-optimization no_line _FORTIFY_SOURCE
CFLAGS=-O1 commands all
expect cflags-of-the-environment every compile -O1

# `-o all`: what the tests run is not built again.
install() { make -s -o all "$@" DESTDIR="$place/root" PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu \
	>"$output" 2>&1; }
list() { (cd "$place/root" && find . -type f | sort); }
is_installed() { [ -s "$place/root/usr/$1" ]; }

expect install install install
for file in bin/hwpoison share/man/man8/hwpoison.8 share/hwpoison/hwpoison.report.1.schema.json \
	share/hwpoison/hwpoison.rules.yml share/hwpoison/hwpoison-memory-failure lib/systemd/system/hwpoison-metrics.service \
	lib/systemd/system/hwpoison-metrics.timer lib/x86_64-linux-gnu/hwpoison/drgn/hwpoison/__init__.py \
	lib/x86_64-linux-gnu/hwpoison/drgn/hwpoison/libhwpoison-drgn.so \
	$([ ! -e /usr/include/crash/defs.h ] || echo lib/x86_64-linux-gnu/crash/extensions/hwpoison.so); do
	expect "installs-$file" is_installed "$file"
done
list >"$output"
expect nothing-else-below-lib [ "$(grep -cE '^./usr/lib/([^xs]|x86_64-linux-gnu/[^ch]|systemd/[^s])' "$output")" = 0 ]
expect nothing-outside-of-prefix [ "$(grep -vc '^./usr/' "$output")" = 0 ]
expect units-name-the-program grep -q '^ExecStart=/usr/bin/hwpoison ' \
	"$place/root/usr/lib/systemd/system/hwpoison-metrics.service"
expect the-program-runs "$place/root/usr/bin/hwpoison" version
expect uninstall install uninstall
list >"$output"
expect uninstall-leaves-nothing [ ! -s "$output" ]

# target TARGET WORDS: the words that the runner gets.
target()
{
	local target=$1
	shift
	commands "$target" T=page
	grep -oE "tests/run\.sh .*" "$output" | grep -qxF -- "tests/run.sh $*"
}
expect test-of-a-word target test page
expect unit-tests-of-a-word target unit "'unit/*page'"
expect rules-of-a-word target arch "'arch/*page'"
commands check
expect check-builds-the-excerpt-program grep -qF ' vmcores/excerpt.sh ' "$output"
grep -oE "tests/run\.sh .*" "$output" | grep -oE "'[^']+'" | tr -d "'*" >"$place/check"
check_has_all()
{
	local folder
	for folder in unit/ arch/ runner/ input/; do
		grep -q "^$folder" "$place/check" || return 1
	done
}
expect check-has-all-folders check_has_all

# A file that git does not know yet is formatted as well.
mkdir -p "$place"/tree/{lib,cmds,ext/new,tests,vmcores}
cp Makefile "$place/tree"
touch "$place"/tree/{lib/new.h,ext/new/new.c}
make -s -C "$place/tree" format CLANG_FORMAT=echo >"$output" 2>&1
expect format-new-files test "$(sort <"$output" | tr -s ' \n' ' ')" = '-i lib/new.h ext/new/new.c '

[ $failures -eq 0 ]
