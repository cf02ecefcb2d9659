#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# sample.sh [NAME...]: make the samples of samples.list, all or these, anew:
# a guest in the lab, the excerpt of its dump, and its truth beside that.
# Needs `make all build/excerpt`; `make samples` and `make sample-NAME` do both.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
lab=${HWP_LAB:-$top/build/lab}
build=$(cd "$top" && cd "${O:-build}" && pwd)
texts='truth buddyinfo pagetypeinfo meminfo zoneinfo sysfs iomem dmesg cmdline version'

die() { echo "sample.sh: $*" >&2; exit 2; }

lacking() {
	local state
	for state; do
		grep -q "^poison .* state=$state " "$dump/truth.txt" || echo "$state"
	done
}

# What a guest does is not the same twice.
boot() {
	local try missing
	for try in 1 2 3 4 5; do
		"$here/lab.sh" run "$@" --scenarios "${scenarios// /}" --out "$dump" </dev/null
		# shellcheck disable=SC2086 # a list of words
		missing=$(lacking $states)
		[ -n "$missing" ] || return 0
		echo "sample.sh: $name: attempt $try has no page in state ${missing//$'\n'/, }" >&2
	done
	die "$name: its scenarios do not give the states that samples.list wants"
}

# The program's answer, but for what names the file.
answer() {
	local status=0
	"$build/hwpoison" check --json "$1" >"$2" || status=$?
	[ "$status" -le 1 ] || die "$1: hwpoison check ends with $status"
	python3 - "$2" <<-'EOF'
		import json
		import sys
		with open(sys.argv[1], encoding='utf-8') as file:
		    report = json.load(file)
		for key in ('path', 'format'):
		    del report['target'][key]
		with open(sys.argv[1], 'w', encoding='utf-8') as file:
		    json.dump(report, file, indent=1)
	EOF
}

pack() {
	local text part
	"$build/excerpt" "$dump/vmcore.elf" "$new/vmcore.kdump" >/dev/null
	for text in $texts; do
		cp "$dump/$text.txt" "$new/"
	done
	cp "$dump/recipe" "$new/"
	for part in kpageflags kpagecount; do
		gzip -9n <"$dump/$part.bin" >"$new/$part.bin.gz"
	done
}

verify() {
	answer "$dump/vmcore.elf" "$dump/whole.json"
	answer "$new/vmcore.kdump" "$dump/excerpt.json"
	diff "$dump/whole.json" "$dump/excerpt.json" >&2 ||
		die "$name: the excerpt's answer is not the dump's"
	! grep -rqaF "$top" "$dump/vmcore.elf" "$new" || die "$name: a path of this machine is in it"
}

sample() {
	dump=$lab/samples/$name
	new=$dump.new
	eval "boot $options"
	rm -rf "$new"
	mkdir "$new"
	pack
	verify
	rm -rf "$here/samples/$name"
	mkdir -p "$here/samples"
	mv "$new" "$here/samples/$name"
	echo "$name: $(stat -c %s "$here/samples/$name/vmcore.kdump") bytes," \
		"$(du -sb "$here/samples/$name" | cut -f1) with its truth;" \
		"the program answers as on the whole dump"
}

for tool in hwpoison excerpt; do
	[ -x "$build/$tool" ] || die "no $build/$tool: make it first"
done
wanted=" $* " all=$# made=0
while IFS='|' read -r name options scenarios states; do
	name=${name// /}
	[ "$all" -eq 0 ] || [[ $wanted == *" $name "* ]] || continue
	sample
	made=$((made + 1))
done < <(grep -v '^#' "$here/samples.list")
[ "$all" -eq 0 ] || [ "$made" -eq "$all" ] || die "samples.list has not all of:$wanted"
