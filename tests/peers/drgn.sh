#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch the drgns that the tests drive, once: build/peers/drgn3 is forky's 0.3.0 and drgn31
# trixie's 0.0.31, with all that they need, down to the loader; build/peers/drgn0 is
# bookworm's own 0.0.22, which runs with the system's Python.
#
#   drgn.sh                   fetch; prints where they are
#
# DIR/python runs the Python that goes with each, DIR/drgn the program. DIR/run runs a
# program of this system where it can load the libdrgn of drgn3 or drgn31.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
peers=${HWP_PEERS:-$top/build/peers}
export HWP_LAB=$peers

die() { echo "drgn.sh: $*" >&2; exit 2; }

write_wrapper() {
	cat >"$1"
	chmod +x "$1"
}

# whole SUITE DIR. Every path is found from the wrapper itself, so the folder may move.
whole() {
	local suite=$1 to=$peers/$2 tmp python
	[ ! -x "$to/drgn" ] || return 0
	tmp=$(mktemp -d "$peers/.$2.XXXXXX")
	trap 'rm -rf "${tmp:-}"' EXIT
	"$top/vmcores/kernels.sh" closure "$suite" python3-drgn "$tmp"
	# drgn as a library needs Python as one.
	python=$(basename "$(ls "$tmp"/usr/bin/python3.[0-9]* | head -n 1)")
	"$top/vmcores/kernels.sh" closure "$suite" "lib$python" "$tmp"
	write_wrapper "$tmp/python" <<-'W'
		#!/bin/sh
		root=$(cd "$(dirname "$0")" && pwd)
		lib=$root/usr/lib/x86_64-linux-gnu
		PYTHONHOME=$root/usr PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$root/usr/lib/python3/dist-packages \
			exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib:/usr/lib/x86_64-linux-gnu" \
			"$(ls "$root"/usr/bin/python3.[0-9]* | head -n 1)" "$@"
	W
	write_wrapper "$tmp/drgn" <<-'W'
		#!/bin/sh
		exec "$(dirname "$0")/python" -m drgn "$@"
	W
	write_wrapper "$tmp/run" <<-'W'
		#!/bin/sh
		root=$(cd "$(dirname "$0")" && pwd)
		lib=$root/usr/lib/x86_64-linux-gnu
		HWPOISON_LIBDRGN=$(ls "$root"/usr/lib/python3/dist-packages/_drgn.cpython-*.so | head -n 1)
		export HWPOISON_LIBDRGN PYTHONHOME=$root/usr PYTHONPATH=$root/usr/lib/python3/dist-packages
		exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib:/usr/lib/x86_64-linux-gnu" "$@"
	W
	"$tmp/python" -c 'import drgn' || die "the drgn of $suite does not start"
	chmod -R u+w "$tmp"
	rm -rf "$to"
	mv "$tmp" "$to"
}

bookworm() {
	local to=$peers/drgn0 tmp
	[ ! -x "$to/drgn" ] || return 0
	tmp=$(mktemp -d "$peers/.drgn0.XXXXXX")
	trap 'rm -rf "${tmp:-}"' EXIT
	"$top/vmcores/kernels.sh" unpack bookworm python3-drgn "$tmp"
	write_wrapper "$tmp/python" <<-'W'
		#!/bin/sh
		root=$(cd "$(dirname "$0")" && pwd)
		PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$root/usr/lib/python3/dist-packages exec python3 "$@"
	W
	write_wrapper "$tmp/drgn" <<-'W'
		#!/bin/sh
		exec "$(dirname "$0")/python" -m drgn.cli "$@"
	W
	chmod -R u+w "$tmp"
	rm -rf "$to"
	mv "$tmp" "$to"
}

mkdir -p "$peers"
exec 8>"$peers/.drgn.lock"
flock 8
whole forky drgn3
whole trixie drgn31
bookworm
echo "$peers/drgn3 $peers/drgn31 $peers/drgn0"
