#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch forky's crash, once: build/peers/crash9/crash runs it under its own loader.
# Prints that path.  bookworm's crash 8.0.2 is a package of tests/setup.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
peers=${HWP_PEERS:-$top/build/peers}
export HWP_LAB=$peers

mkdir -p "$peers"
exec 8>"$peers/.crash9.lock"
flock 8
to=$peers/crash9
if [ ! -x "$to/crash" ]; then
	tmp=$(mktemp -d "$peers/.crash9.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	"$top/vmcores/kernels.sh" closure forky crash "$tmp"
	cat >"$tmp/crash" <<-'W'
		#!/bin/sh
		root=$(cd "$(dirname "$0")" && pwd)
		lib=$root/usr/lib/x86_64-linux-gnu
		exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/crash" "$@"
	W
	chmod +x "$tmp/crash"
	"$tmp/crash" --version >/dev/null || {
		echo "crash.sh: forky's crash does not start" >&2
		exit 2
	}
	rm -rf "$to"
	mv "$tmp" "$to"
fi
echo "$to/crash"
