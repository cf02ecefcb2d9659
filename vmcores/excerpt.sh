#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# excerpt [-p] VMCORE OUT: what samples and the lab keep of a dump: all of the kernel's own data, no page
# of a user. -p: what poisoned pages hold, too. The Makefile puts it beside the program.
set -eu

poisoned=
if [ "${1-}" = -p ]; then
	poisoned=--poisoned
	shift
fi
exec "$(dirname "$0")/hwpoison" excerpt --kernel-data $poisoned -o "$2" "$1"
