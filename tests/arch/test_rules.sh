#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each rule of the architecture must catch its violation: a small tree that keeps
# every rule is broken in one way at a time.
set -u

here=$(realpath "$(dirname "$0")")
# shellcheck source=tests/arch/rules.sh
. "$here/rules.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
spdx='// SPDX-License-Identifier: GPL-2.0-or-later'
failures=0
export O=$work/tree/build SAN=

# put FILE [FIRST LINE...]: a source from arguments, each a line, after its SPDX line.
put()
{
	local file=$1
	shift
	printf '%s\n' "$spdx" "$@" >"$file"
}

# add FILE LINE...
add()
{
	local file=$1
	shift
	printf '%s\n' "$@" >>"$file"
}

header()
{
	local file=$1
	shift
	put "$file" '#pragma once' "$@"
}

make_good_tree()
{
	mkdir -p "$work"/tree/{lib/{base,target,facts/{pages,log},verdict},cmds,ext,tests/arch}
	cd "$work/tree" || exit 1
	cat >tests/arch/layers <<END
1 base    pure  lib/base
2 target  reads lib/target
3 facts   reads lib/facts
3 facts   pure  lib/facts/log/line
4 verdict pure  lib/verdict
5 api     reads lib/analyse lib/readers
END
	header lib/base/base.h 'int hwp_base(void);'
	put lib/base/base.c '#include "base/base.h"' '#include <stdio.h>' '#include <string.h>' \
		'static const char *const names[] = { "a", "b" };' \
		'int hwp_base(void)' '{' '	return names[sizeof(names) > 8][0];' '}'
	header lib/target/target.h '#include "base/base.h"' 'int hwp_target_read(int n);' 'int hwp_target_open(int n);'
	put lib/target/target.c '#include "target/target.h"' '#include <fcntl.h>' \
		'int hwp_target_read(int n)' '{' '	return n;' '}' \
		'int hwp_target_open(int n)' '{' '	return open("/dev/null", n);' '}'
	header lib/facts/pages/scan.h '#include "target/target.h"' 'int hwp_scan(void);' \
		'struct hwp_needs { int nr; };' 'extern const struct hwp_needs hwp_scan_needs;'
	header lib/readers.h '#include "facts/pages/scan.h"' 'extern const struct hwp_needs *const hwp_readers[1];'
	put lib/readers.c '#include "readers.h"' 'const struct hwp_needs *const hwp_readers[1] = { &hwp_scan_needs };'
	put lib/facts/pages/scan.c '#include "facts/pages/scan.h"' '#include <pthread.h>' \
		'const struct hwp_needs hwp_scan_needs = { 1 };' \
		'int hwp_scan(void)' '{' '	pthread_t t;' '' \
		'	return hwp_target_read(2) + pthread_create(&t, 0, 0, 0);' '}'
	add lib/facts/pages/scan.c 'struct layout { struct { int lru; } page; };' \
		'static inline int page_of(struct layout *l, int link)' '{' \
		'	return link - l->page.lru;' '}' \
		'static inline int decoded(struct layout *p)' '{' '	return p->page.lru;' '}'
	header lib/facts/log/line.h 'int hwp_state(void);'
	put lib/facts/log/line.c '#include "facts/log/line.h"' 'int hwp_state(void)' '{' '	return 1;' '}'
	header lib/verdict/check.h 'int hwp_check(void);'
	put lib/verdict/check.c '#include "verdict/check.h"' '#include "facts/pages/scan.h"' '#include "facts/log/line.h"' \
		'int hwp_check(void)' '{' '	return hwp_state() + hwp_base();' '}'
	put lib/analyse.c '#include "verdict/check.h"' '#include "facts/pages/scan.h"' 'static int read_facts(void)' \
		'{' '	return hwp_scan();' '}' 'int hwp_analyse(void)' '{' '	int n = read_facts();' '' \
		'	return n + hwp_check();' '}'
	header lib/analyse.h 'int hwp_analyse(void);'
	put cmds/main.c '#include "verdict/check.h"' '#include <stdio.h>' \
		'int main(void)' '{' '	return printf("%d\n", hwp_check());' '}'
}

compile()
{
	local source object
	for source in $(find lib cmds -name '*.c'); do
		object=build/${source%.c}.o
		mkdir -p "${object%/*}"
		[ "$object" -nt "$source" ] ||
			${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -fPIC -Ilib -w -c "$source" -o "$object"
	done
}

# caught RULE[/CASE]: the rule must find something; then the tree is good again.
caught()
{
	local rule=${1%%/*}
	if [ -n "$(compile 2>&1)" ]; then
		echo "not ok $1: does not compile"
		failures=$((failures + 1))
	elif [ -z "$(${after-:}; "rule_${rule//-/_}")" ]; then
		echo "not ok $1: not caught"
		failures=$((failures + 1))
	else
		echo "ok $1"
	fi
	rm -rf "$work/tree"
	cp -a "$work/good" "$work/tree"
	cd "$work/tree" || exit 1
}

make_good_tree
compile
cp -a "$work/tree" "$work/good"
if broken=$("$here/test_arch.sh" "$work/tree"); then
	echo "ok nothing-to-catch"
else
	echo "not ok nothing-to-catch: $(grep '^not ok' <<<"$broken")"
	failures=$((failures + 1))
fi

# A rule with nothing to look at is not one that holds.
mkdir "$work/empty" && cd "$work/empty" || exit 1
for rule in $(declare -F | sed -n 's/^declare -f rule_//p'); do
	if [ -z "$("rule_$rule" 2>&1)" ]; then
		echo "not ok nothing-to-look-at/${rule//_/-}: says it holds"
		failures=$((failures + 1))
	else
		echo "ok nothing-to-look-at/${rule//_/-}"
	fi
done
cd "$work/tree" || exit 1

lose_object() { rm build/lib/facts/pages/scan.o; }
after=lose_object caught built
age_object() { touch -d 2000-01-01 build/lib/facts/pages/scan.o; }
after=age_object caught built/older

mkdir lib/new
put lib/new/new.h
caught layers-complete/unlisted
add tests/arch/layers '2 target reads lib/gone'
caught layers-complete/gone
add tests/arch/layers '2 target pure lib/base'
caught layers-complete/twice
sed -i 's/reads lib.facts/writes lib\/facts/' tests/arch/layers
caught layers-complete/mark

add lib/base/base.h '#include "target/target.h"'
caught layers-in-order
put cmds/table.h
add lib/verdict/check.h '#include "../cmds/table.h"'
caught layers-in-order/outside

add lib/facts/log/line.c 'int hwp_check(void);' 'int hwp_again(void)' '{' '	return hwp_check();' '}'
caught no-circles

add lib/target/target.c '#include <zlib.h>'
add lib/facts/pages/scan.c '#include <zlib.h>'
caught foreign-headers
add lib/facts/pages/scan.h '#include <zlib.h>'
caught foreign-headers/header
add lib/facts/pages/scan.c '#if 0' '#include <Python.h>' '#endif'
caught foreign-headers/python

add lib/verdict/check.c 'int hwp_target_read(int);' 'int hwp_check2(void)' '{' '	return hwp_target_read(1);' '}'
add lib/verdict/check.h 'int hwp_check2(void);'
caught pure-reads-nothing
for call in 'open("f", 0)' 'pread(0, 0, 0, 0)' '!fopen("f", "r")' '!mmap(0, 1, 1, 1, 1, 1)'; do
	add lib/facts/log/line.c '#include <fcntl.h>' '#include <stdio.h>' '#include <sys/mman.h>' \
		'#include <unistd.h>' 'int hwp_state2(void)' '{' "	return $call;" '}'
	add lib/facts/log/line.h 'int hwp_state2(void);'
	caught "pure-reads-nothing/${call%%\"*}"
done
sed -i 's/pure  lib.verdict/reads lib\/verdict/' tests/arch/layers
caught pure-reads-nothing/mark
sed -i 's/return hwp_state() + /return hwp_scan() + /' lib/verdict/check.c
caught pure-calls-the-pure

sed -i 's/	return n + hwp_check();/	return n + hwp_check() + hwp_scan();/' lib/analyse.c
caught reads-before-decisions
sed -i 's/	return n + hwp_check();/	n += hwp_check();\n	return n + read_facts();/' lib/analyse.c
caught reads-before-decisions/own-function

add cmds/main.c 'int hwp_target_read(int);' 'int f(void)' '{' '	return hwp_target_read(1);' '}'
caught commands-read-nothing

add lib/facts/pages/scan.c '#define SPACE HWP_PHYSICAL'
caught no-page-contents
add lib/facts/pages/scan.c 'int hwp_lru(struct layout *l)' '{' \
	'	return 1 + l->page.lru;' '}'
add lib/facts/pages/scan.h 'struct layout;' 'int hwp_lru(struct layout *l);'
caught page-bytes
members=$(sed -n '/^struct hwp_layout {/,/} page;/s/^\t\tuint32_t \(.*\);/\1/p' "$here/../../lib/layout/layout.h" |
	tr -d ,)
for member in ${members:-none}; do
	[ "$member" != size ] || continue
	put lib/facts/pages/page_bytes.c "/* layout->page.$member */"
	caught "page-bytes/$member"
done

for call in 'printf("%d", 1)' 'puts("a")' 'fputs("a", stderr)' 'exit(1)' 'abort()' 'perror("a")' \
	'assert(x)'; do
	add lib/base/base.c '#include <assert.h>' '#include <stdlib.h>' 'void hwp_base2(int x)' '{' "	$call;" '}'
	add lib/base/base.h 'void hwp_base2(int x);'
	caught "lib-is-silent/${call%%(*}"
done

for data in 'static int count;' 'static int count = 1;' 'static __thread int count;'; do
	add lib/base/base.c "$data" 'int hwp_count(void)' '{' '	return count++;' '}'
	add lib/base/base.h 'int hwp_count(void);'
	caught "no-writable-data/${data#static }"
done

add lib/base/base.c 'int hwp_base2(void)' '{' '	return 1;' '}'
caught exports-are-declared
add lib/base/base.c 'int base2(void)' '{' '	return 1;' '}'
caught exports-are-declared/prefix

add lib/facts/pages/scan.c 'const struct hwp_needs hwp_scan_more_needs = { 2 };'
add lib/facts/pages/scan.h 'extern const struct hwp_needs hwp_scan_more_needs;'
caught readers-are-listed
sed -i '/^const struct hwp_needs/d' lib/facts/pages/scan.c
sed -i '/hwp_needs/d' lib/facts/pages/scan.h lib/readers.h lib/readers.c
caught readers-are-listed/none

add lib/base/base.c '#include <pthread.h>' 'int hwp_lock(pthread_mutex_t *m)' '{' \
	'	return pthread_mutex_lock(m);' '}'
add lib/base/base.h '#include <pthread.h>' 'int hwp_lock(pthread_mutex_t *m);'
caught threads-in-scan

add lib/base/base.c '#define NEW KERNEL_VERSION(6, 1, 0)'
caught no-version-comparison
add lib/base/base.c '#if 0' 'x = sscanf(kernel->release, "%d.%d", &a, &b);' '#endif'
caught no-version-comparison/release

add cmds/main.c 'void f(char *s)' '{' '	strcpy(s, "a");' '}'
caught no-unbounded-strings

sed -i 1d lib/facts/log/line.h
caught spdx

header lib/facts/log/line.h 'int hwp_state(void);' 'uint64_t hwp_state64(void);'
sed -i '1i #include <stdint.h>' lib/facts/log/line.c lib/verdict/check.c
caught headers-compile-alone

{ cat lib/facts/log/line.c; seq -f '// %g' 1000; } >state && mv state lib/facts/log/line.c
caught sizes/file
{ printf 'int hwp_long(void)\n{\n'; seq -f '// %g' 61; echo '}'; } >>lib/facts/log/line.c
add lib/facts/log/line.h 'int hwp_long(void);'
sed -i 's/^}/	return 0;\n}/' lib/facts/log/line.c
caught sizes/function

add lib/facts/log/line.h "// What the log te""lls."
caught language
add lib/facts/log/line.h "// Shown. Of ""a page, its pfn is shown."
caught language/genitive
echo "Of ""the pages: one is shown." >README.md
caught language/readme

[ $failures -eq 0 ]
