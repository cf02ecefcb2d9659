#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The source compiles against libkdumpfile 0.5.1 to 0.5.6, whichever is installed:
# kdump_get_typed_attr() changed its parameters between them.
set -u

cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/libkdumpfile"

# header PARAMETERS: the installed one, but for this function.
header()
{
	cat >"$work/libkdumpfile/kdumpfile.h" <<-H
		#define kdump_get_typed_attr installed_get_typed_attr
		#include_next <libkdumpfile/kdumpfile.h>
		#undef kdump_get_typed_attr
		kdump_status kdump_get_typed_attr(kdump_ctx_t *ctx, const char *key, $1);
	H
}

compiles()
{
	${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -Ilib -D_GNU_SOURCE -fsyntax-only \
		-isystem "$work" "$1" 2>"$work/errors"
}

status=0
# try CASE PARAMETERS CALL: the library compiles, and of the two calls only this one.
try()
{
	header "$2"
	if ! compiles lib/target/memory/kdump.c; then
		sed 's/^/    /' "$work/errors"
		echo "not ok $1: lib/target/memory/kdump.c does not compile"
		status=1
		return
	fi
	for call in old new; do
		[ $call = old ] && words='&a' || words='KDUMP_BITMAP, &a.val'
		printf '%s\n' '#include <libkdumpfile/kdumpfile.h>' 'void f(kdump_ctx_t *c);' \
			'void f(kdump_ctx_t *c)' '{' 'kdump_attr_t a = {};' \
			"kdump_get_typed_attr(c, \"k\", $words);" '}' >"$work/call.c"
		compiles "$work/call.c" && compiled=$call$compiled
	done
	if [ "$compiled" = "$3" ]; then
		echo "ok $1"
	else
		echo "not ok $1: this test's header is not in use"
		status=1
	fi
	compiled=
}

compiled=
try as-in-0.5.1 'kdump_attr_t *valp' old
try as-in-0.5.6 'kdump_attr_type_t type, kdump_attr_value_t *valp' new
exit $status
