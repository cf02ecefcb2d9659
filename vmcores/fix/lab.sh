#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boot the kernels of build.sh and capture what they leave behind.
#
#   lab.sh [NAME...]            dumps of the rows of fix/matrix, all or these, into build/lab/fix/NAME
#   lab.sh samples [NAME...]    excerpts of these dumps (good and 1 to 5), with their truth, into
#                               vmcores/samples/fix-NAME
#   lab.sh breaks [N...]        dumps of the mistakes of the table fix/breaks, all or these, into
#                               build/lab/fix/break-N, and what is said of them (said.py); cut down to
#                               vmcore.kdump where the excerpt program is built
#   lab.sh time                 how long 1 GiB takes to free with no and with eight bad pages
#
# A broken kernel's dump is made as well; verify.py says what is wrong in each.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
lab=${HWP_LAB:-$top/build/lab}
build=${O:-$top/build}
texts='truth buddyinfo pagetypeinfo meminfo zoneinfo sysfs iomem dmesg cmdline version'

die() { echo "fix/lab.sh: $*" >&2; exit 2; }

# shellcheck disable=SC2120
dump() {
	local out=$lab/fix/$name
	eval "set -- $options"
	"$here/../lab.sh" run --formats elf "$@" --scenarios "${scenarios// /}" \
		--out "$out" </dev/null
	verify "$out" | tee "$out/verify.txt"
	[[ $options != *page_owner=on* ]] || HWPOISON=$build/hwpoison "$here/owners.py" "$out" || die "$name: page_owner"
	# What no guest can see: a word about each bad page that was written to.
	sed -n 's/^ *WRONG: bad page \(.*\) was written to.*/written pfn=\1/p' "$out/verify.txt" >>"$out/truth.txt"
}

# It has found fault with a broken kernel if it ends with 1.
verify() {
	python3 "$here/verify.py" "$lab/kernels/fix-${name%%-*}/vmlinux" "$1" || [ $? -eq 1 ]
}

# The excerpt answers as the dump does, and no path of this machine is in it.
sample() {
	local from=$lab/fix/$name to=$here/../samples/fix-$name text part
	[ -e "$from/vmcore.elf" ] || die "no dump $name: make it first"
	rm -rf "$to"
	mkdir -p "$to"
	"$build/excerpt" -p "$from/vmcore.elf" "$to/vmcore.kdump" >/dev/null
	for text in $texts; do
		cp "$from/$text.txt" "$to/"
	done
	verify "$from" >"$to/verify.txt"
	cp "$from/recipe" "$to/"
	for part in kpageflags kpagecount; do
		gzip -9n <"$from/$part.bin" >"$to/$part.bin.gz"
	done
	! grep -rqaF "$top" "$to" || die "$name: a path of this machine is in it"
	diff -q <(answer "$from/vmcore.elf") <(answer "$to/vmcore.kdump") >&2 ||
		die "$name: the excerpt's answer is not the dump's"
	echo "fix-$name: $(stat -c %s "$to/vmcore.kdump") bytes, $(du -sb "$to" | cut -f1) with its truth"
}

answer() {
	{ "$build/hwpoison" check --json "$1" || [ $? -eq 1 ]; } |
		python3 -c 'import json, sys
report = json.load(sys.stdin)
del report["target"]
print(json.dumps(report, indent=1))'
}

# The usual eight: 20 bad pages in five THPs and three HugeTLB pages of 2 MiB.
usual=fix-thp-1,fix-thp-2,fix-thp-8,fix-thp-edges,fix-thp-adjacent,fix-hugetlb-1,fix-hugetlb-2,fix-hugetlb-8

# fix/breaks: N | options | scenarios | the mistake | what memory shows | what is to be said
breaks() {
	local number name options scenarios words wanted=" $* " all=$# made=0 wrong=0
	while IFS='|' read -r number options scenarios words; do
		number=${number// /} scenarios=${scenarios// /}
		[ "$all" -eq 0 ] || [[ $wanted == *" $number "* ]] || continue
		name=break-$number
		[[ $options == *--mem* ]] || options+=' --mem 256M'
		# One command line: the row's own words and the number.
		if [[ $options == *'--cmdline "'* ]]; then
			options=${options/'--cmdline "'/"--cmdline \"hwpbreak=$number "}
		elif [[ $options == *--cmdline* ]]; then
			options=$(sed -E "s/--cmdline (\S+)/--cmdline \"hwpbreak=$number \1\"/" <<<"$options")
		else
			options+=" --cmdline hwpbreak=$number"
		fi
		options="--kernel fix-break $options"
		[ "$scenarios" != - ] || scenarios=$usual
		echo "$name: ${words%%|*}"
		# shellcheck disable=SC2119
		dump || echo "$name: no dump" >&2
		HWPOISON=$build/hwpoison "$here/said.py" "$number" "$lab/fix/$name/vmcore.elf" ||
			wrong=$((wrong + 1))
		cut_down "$lab/fix/$name"
		made=$((made + 1))
	done < <(grep -v '^#' "$here/breaks")
	[ "$all" -eq 0 ] || [ "$made" -eq "$all" ] || die "fix/breaks has not all of:$wanted"
	[ "$wrong" -eq 0 ] || die "$wrong of $made are not said to be what they are"
}

# As the samples are.
cut_down() {
	[ -x "$build/excerpt" ] || return 0
	"$build/excerpt" -p "$1/vmcore.elf" "$1/vmcore.kdump" >/dev/null && rm "$1/vmcore.elf"
}

rows() {
	local what=$1 name options scenarios wanted all made=0
	shift
	wanted=" $* " all=$#
	while IFS='|' read -r name options scenarios; do
		name=${name// /}
		[ "$all" -eq 0 ] || [[ $wanted == *" $name "* ]] || continue
		"$what"
		made=$((made + 1))
	done < <(grep -v '^#' "$here/matrix")
	[ "$all" -eq 0 ] || [ "$made" -eq "$all" ] || die "fix/matrix has not all of:$wanted"
}

# The measuring kernel's own words: "measure: healthy: free 151000 ns", "measure: whole ...".
times() {
	local out=$lab/fix/time i
	for i in 1 2 3; do
		"$here/../lab.sh" run --kernel fix-measure --mem 7G --formats '' --timeout 300 \
			--cmdline "hugepagesz=1G hugepages=5" --scenarios fix-giga-time \
			--out "$out-$i" </dev/null
	done
	grep -ho 'measure: .*' "$out"-?/dmesg.txt | awk '
		/free/ { kind = $2 == "healthy:" ? "without" : "with eight" }
		{ print kind " bad pages, " ($2 == "whole" ? "whole" : "free lists") "\t" $(NF - 1) / 1000 }' |
		sort -t'	' -k1,1 -k2,2n | awk -F'\t' '
		function show() { if (n) printf "%-36s median %.0f us of %d\n", last, us[int((n + 1) / 2)], n }
		$1 != last { show(); n = 0; last = $1 }
		{ us[++n] = $2 }
		END { show() }'
}

case ${1:-} in
samples)
	shift
	[ $# -gt 0 ] || set -- good 1 2 3 4 5
	rows sample "$@"
	;;
breaks) shift; breaks "$@" ;;
time) times ;;
*) rows dump "$@" ;;
esac
