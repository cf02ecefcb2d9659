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
	mkdir -p "$work"/tree/{lib,cmds,ext,tests/arch,build/lib,build/cmds}
	cd "$work/tree" || exit 1
	cat >tests/arch/layers <<END
1 base     pure   base
2 target   reads  target
3 findings reads  scan
3 findings pure   state
4 checks   pure   check
END
	header lib/base.h 'int hwp_base(void);'
	put lib/base.c '#include "base.h"' '#include <stdio.h>' '#include <string.h>' \
		'static const char *const names[] = { "a", "b" };' \
		'int hwp_base(void)' '{' '	return names[sizeof(names) > 8][0];' '}'
	header lib/target.h '#include "base.h"' 'int hwp_target_read(int n);' 'int hwp_target_open(int n);'
	put lib/target.c '#include "target.h"' '#include <fcntl.h>' \
		'int hwp_target_read(int n)' '{' '	return n;' '}' \
		'int hwp_target_open(int n)' '{' '	return open("/dev/null", n);' '}'
	header lib/scan.h '#include "target.h"' 'int hwp_scan(void);'
	put lib/scan.c '#include "scan.h"' '#include <pthread.h>' \
		'int hwp_scan(void)' '{' '	pthread_t t;' '' \
		'	return hwp_target_read(2) + pthread_create(&t, 0, 0, 0);' '}'
	add lib/scan.c 'struct layout { struct { int lru; } page; };' \
		'static inline int page_of(struct layout *l, int link)' '{' \
		'	return link - l->page.lru;' '}' \
		'static inline int decoded(struct layout *p)' '{' '	return p->page.lru;' '}'
	header lib/state.h 'int hwp_state(void);'
	put lib/state.c '#include "state.h"' 'int hwp_state(void)' '{' '	return 1;' '}'
	header lib/check.h 'int hwp_check(void);'
	put lib/check.c '#include "check.h"' '#include "scan.h"' '#include "state.h"' \
		'int hwp_check(void)' '{' '	return hwp_state() + hwp_base();' '}'
	put cmds/main.c '#include "check.h"' '#include <stdio.h>' \
		'int main(void)' '{' '	return printf("%d\n", hwp_check());' '}'
}

compile()
{
	local source object
	for source in lib/*.c cmds/*.c; do
		object=build/${source%.c}.o
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

lose_object() { rm build/lib/scan.o; }
after=lose_object caught built
age_object() { touch -d 2000-01-01 build/lib/scan.o; }
after=age_object caught built/older

put lib/new.h
caught layers-complete/unlisted
add tests/arch/layers '2 target reads gone'
caught layers-complete/gone
add tests/arch/layers '2 target pure base'
caught layers-complete/twice
sed -i 's/reads  scan/writes scan/' tests/arch/layers
caught layers-complete/mark

add lib/base.h '#include "target.h"'
caught layers-in-order
put cmds/table.h
add lib/check.h '#include "../cmds/table.h"'
caught layers-in-order/outside

add lib/target.c '#include <zlib.h>'
add lib/scan.c '#include <zlib.h>'
caught foreign-headers
add lib/scan.h '#include <zlib.h>'
caught foreign-headers/header
add lib/scan.c '#if 0' '#include <Python.h>' '#endif'
caught foreign-headers/python

add lib/check.c 'int hwp_target_read(int);' 'int hwp_check2(void)' '{' '	return hwp_target_read(1);' '}'
add lib/check.h 'int hwp_check2(void);'
caught pure-reads-nothing
for call in 'open("f", 0)' 'pread(0, 0, 0, 0)' '!fopen("f", "r")' '!mmap(0, 1, 1, 1, 1, 1)'; do
	add lib/state.c '#include <fcntl.h>' '#include <stdio.h>' '#include <sys/mman.h>' \
		'#include <unistd.h>' 'int hwp_state2(void)' '{' "	return $call;" '}'
	add lib/state.h 'int hwp_state2(void);'
	caught "pure-reads-nothing/${call%%\"*}"
done
sed -i 's/pure   check/reads  check/' tests/arch/layers
caught pure-reads-nothing/mark

add cmds/main.c 'int hwp_target_read(int);' 'int f(void)' '{' '	return hwp_target_read(1);' '}'
caught commands-read-nothing

add lib/scan.c '#define SPACE HWP_PHYSICAL'
caught no-page-contents
add lib/scan.c 'int hwp_lru(struct layout *l)' '{' \
	'	return 1 + l->page.lru;' '}'
add lib/scan.h 'struct layout;' 'int hwp_lru(struct layout *l);'
caught page-bytes

for call in 'printf("%d", 1)' 'puts("a")' 'fputs("a", stderr)' 'exit(1)' 'abort()' 'perror("a")' \
	'assert(x)'; do
	add lib/base.c '#include <assert.h>' '#include <stdlib.h>' 'void hwp_base2(int x)' '{' "	$call;" '}'
	add lib/base.h 'void hwp_base2(int x);'
	caught "lib-is-silent/${call%%(*}"
done

for data in 'static int count;' 'static int count = 1;' 'static __thread int count;'; do
	add lib/base.c "$data" 'int hwp_count(void)' '{' '	return count++;' '}'
	add lib/base.h 'int hwp_count(void);'
	caught "no-writable-data/${data#static }"
done

add lib/base.c 'int hwp_base2(void)' '{' '	return 1;' '}'
caught exports-are-declared
add lib/base.c 'int base2(void)' '{' '	return 1;' '}'
caught exports-are-declared/prefix

add lib/base.c '#include <pthread.h>' 'int hwp_lock(pthread_mutex_t *m)' '{' \
	'	return pthread_mutex_lock(m);' '}'
add lib/base.h '#include <pthread.h>' 'int hwp_lock(pthread_mutex_t *m);'
caught threads-in-scan

add lib/base.c '#define NEW KERNEL_VERSION(6, 1, 0)'
caught no-version-comparison
add lib/base.c '#if 0' 'x = sscanf(kernel->release, "%d.%d", &a, &b);' '#endif'
caught no-version-comparison/release

add cmds/main.c 'void f(char *s)' '{' '	strcpy(s, "a");' '}'
caught no-unbounded-strings

sed -i 1d lib/state.h
caught spdx

header lib/state.h 'int hwp_state(void);' 'uint64_t hwp_state64(void);'
sed -i '1i #include <stdint.h>' lib/state.c lib/check.c
caught headers-compile-alone

{ cat lib/state.c; seq -f '// %g' 600; } >state && mv state lib/state.c
caught sizes/file
{ printf 'int hwp_long(void)\n{\n'; seq -f '// %g' 61; echo '}'; } >>lib/state.c
add lib/state.h 'int hwp_long(void);'
sed -i 's/^}/	return 0;\n}/' lib/state.c
caught sizes/function

[ $failures -eq 0 ]
