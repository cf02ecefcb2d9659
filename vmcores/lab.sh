#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Make real dumps with a known truth.
#
#   lab.sh run --kernel NAME --scenarios A,B,... --out DIR [options]
#     --cmdline TEXT     more kernel parameters (kernels boot with nokaslr unless --kaslr)
#     --kaslr            leave KASLR on
#     --nodes N          NUMA nodes, memory shared out evenly (default 1); those beyond the CPUs have none
#     --plug SIZE        SIZE of the 512 MiB of a virtio-mem device, in a node that has nothing else
#     --dimms            SMBIOS tables with the memory modules of dimms.py, and what dmidecode says of
#                        them in the guest
#     --la57             5-level page tables
#     --mem SIZE         default 1G
#     --split            half of a GiB of it below 4 GiB, the rest above: a Normal zone
#     --far              512 MiB more, that end at 64 GiB: with so much the kernel's memory blocks have 2 GiB
#     --smp N            default 2
#     --formats LIST     of elf,zlib,lzo,snappy,paging (default elf: QEMU takes as long for zlib as for all the rest)
#     --dumps N          N dumps of one guest that is busy: every CPU allocates and frees, and the
#                        guest runs for some milliseconds between them (vmcore.elf, vmcore.2.elf ...;
#                        cut down to .kdump where the excerpt program is built)
#     --timeout SECONDS  for the guest's part (default 240: it takes 10, but not on a busy machine)
#     --die WORD         the kernel dies, by guest/init's word; "wait", or "wait-MODE" by a mode of
#                        guest/consume.c, for a machine check of:
#     --mce "[-b] CPU BANK STATUS MCG_STATUS ADDR MISC"  which QEMU injects when the guest waits;
#                        ADDR may be PAGE, the address that the guest waits at
#     --until TEXT       with --mce: the dump is when the console has it, and need be of no crash
#     --again            with --until: the machine check comes every two seconds till then
#     --seconds N        with --mce: the dump is N seconds after that, and need be of no crash
#     --kdump SIZE       with crashkernel=SIZE: the kernel dies by sysrq, and its kdump kernel runs
#                        $HWP_PROGRAM and makedumpfile on /proc/vmcore and copies it
#   lab.sh matrix [NAME...]   make the standard set (all of it, or these) under build/lab/dumps
#   lab.sh more [NAME...]     the same of matrix.more: more kernels, and machines that take long
#   lab.sh death [NAME...]    the same of matrix.death: kernels that died
#   lab.sh kdump [NAME...]    the same of matrix.kdump: kernels that died and had a kdump kernel
#   lab.sh history [NAME...]  the same of matrix.history: what happened to pages that leaked
#   lab.sh kernels [NAME...]  the same of matrix.kernels: one guest of each kernel
#   lab.sh list               what the standard set is
#   lab.sh scenarios          what the guest can do
#
# HWP_LOOK names a command that is run before the dump, as COMMAND SOCKET DIR: the guest
# stands still, and SOCKET is one of its QMP.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
lab=${HWP_LAB:-$here/../build/lab}
# One thread for all CPUs: as fast here, and code patched by one CPU is never
# seen half-done by another.
accel=${HWP_ACCEL:-tcg,thread=single}

die() { echo "lab.sh: $*" >&2; exit 2; }

usage() { sed -n '5,41s/^# \{0,1\}//p' "$0"; }

in_mib() {
	case $1 in
	*[gG]) echo $((${1%[gG]} * 1024)) ;;
	*[mM]) echo "${1%[mM]}" ;;
	*) echo "$1" ;;
	esac
}

# One memory backend per node, and one socket per node that has CPUs.
numa_args() {
	local nodes=$1 mib=$2 smp=$3 i with
	[ "$nodes" -gt 1 ] || { echo "-smp $smp"; return; }
	with=$((nodes < smp ? nodes : smp))
	echo "-smp $smp,sockets=$with"
	for ((i = 0; i < nodes; i++)); do
		echo "-object memory-backend-ram,id=m$i,size=$((mib / nodes))M"
		echo "-numa node,nodeid=$i,memdev=m$i$([ "$i" -ge "$with" ] ||
			echo ",cpus=$((i * smp / with))-$(((i + 1) * smp / with - 1))")"
	done
}

# The node of the device is one more, without memory at boot and without a CPU.
plug_args() {
	local nodes=$1 size=$2
	[ "$nodes" -gt 1 ] || die "--plug needs --nodes"
	echo "-numa node,nodeid=$nodes"
	echo "-object memory-backend-ram,id=plug,size=512M"
	echo "-device virtio-mem-pci,memdev=plug,node=$nodes,requested-size=$size"
}

# Wait for a line of QMP that matches PATTERN.
qmp_wait() {
	local pattern=$1 line end=$((SECONDS + $2))
	while [ $SECONDS -lt $end ]; do
		IFS= read -r -t $((end - SECONDS)) line <&"${vm[0]}" || return 1
		printf '%s\n' "$line" >>"$work/qmp.log"
		[[ $line == *'"error"'* ]] && { echo "$line" >&2; return 1; }
		[[ $line == *$pattern* ]] && return 0
	done
	return 1
}

qmp() { printf '%s\n' "$1" >&"${vm[1]}"; }

capture() {
	local file=$1 paging=$2 format=$3
	format=${format:+,\"format\":\"$format\"}
	qmp "{\"execute\":\"dump-guest-memory\",\"arguments\":{\"paging\":$paging,\"protocol\":\"file:$file\"$format}}"
	qmp_wait '"return"' 120 || fail "dump-guest-memory failed"
}

capture_all() {
	local format
	for format in ${formats//,/ }; do
		case $format in
		elf) capture "$work/vmcore.elf" false "" ;;
		paging) capture "$work/vmcore.paging.elf" true "" ;;
		zlib) capture "$work/vmcore.flat" false kdump-zlib ;;
		lzo | snappy) capture "$work/vmcore.$format.flat" false "kdump-$format" ;;
		*) fail "no format $format" ;;
		esac
	done
}

# The guest goes on for 10 to 99 ms before each.
capture_busy() {
	local i shrink=${O:-$here/../build}/excerpt file=$work/vmcore.elf
	for ((i = 1; i <= dumps; i++)); do
		if [ "$i" -gt 1 ]; then
			file=$work/vmcore.$i.elf
			qmp '{"execute":"cont"}'
			qmp_wait '"return"' 10 || fail "cont"
			sleep "0.0$((RANDOM % 90 + 10))"
			qmp '{"execute":"stop"}'
			qmp_wait '"return"' 10 || fail "stop"
			capture "$file" false ""
		fi
		[ -x "$shrink" ] || continue
		"$shrink" -p "$file" "${file%.elf}.kdump" >/dev/null || fail "excerpt"
		rm "$file"
	done
}

fail() {
	kill "$vm_pid" 2>/dev/null || true
	echo "lab.sh: $out: $*; see $work" >&2
	tail -n 5 "$work/console.txt" "$work/qemu.log" >&2 2>/dev/null || true
	keep=1
	exit 2
}

# What the guest's architecture asks for: the program, its machine, its console.
know_arch() {
	arch=$(cat "$lab/kernels/$kernel/arch" 2>/dev/null || echo amd64)
	page_shift=$(cat "$lab/kernels/$kernel/page_shift" 2>/dev/null || true)
	page_shift=${page_shift:-12}
	case $arch in
	amd64)
		qemu=${QEMU:-qemu-system-x86_64} package=qemu-system-x86
		# QEMU 7.2 returns wrong flags from CMPXCHG16B at times, and 6.12 then crashes. Without
		# RDRAND a kernel gathers randomness for seconds before mke2fs goes on.
		machine=pc cpu=qemu64,+pdpe1gb,+rdrand,-cx16 console=ttyS0 pvpanic=pvpanic
		# Machine checks are judged as Intel's are.
		[ -z "$mce" ] || cpu+=,vendor=GenuineIntel
		[ "$la57" = 0 ] || cpu=max,-cx16
		[ "$split" = 0 ] || machine+=,max-ram-below-4g=512M
		# Under a hypervisor the kernel may take smaller memory blocks.
		[ "$far" = 0 ] || cpu+=,-hypervisor
		;;
	arm64)
		qemu=${QEMU_ARM64:-qemu-system-aarch64} package=qemu-system-arm
		# Pointer authentication as the architecture has it takes half of the time.
		machine=virt,gic-version=3 cpu=max,pauth-impdef=on console=ttyAMA0 pvpanic=pvpanic-pci
		[ "$la57$split$far" = 000 ] || die "--la57, --split and --far are of x86_64"
		;;
	*) die "no machine for $arch" ;;
	esac
	[ -z "${HWP_CPU:-}" ] || cpu=$HWP_CPU
	command -v "$qemu" >/dev/null || die "no $qemu; apt-get install $package"
}

# What the kdump kernel writes to: its words, makedumpfile's file as a stream, and /proc/vmcore.
add_kdump_devices() {
	truncate -s "$mem" "$work/vmcore.elf"
	truncate -s +64M "$work/vmcore.elf"
	# shellcheck disable=SC2054
	args+=(-chardev "file,id=kdump,path=$work/kdump.tar" -device virtserialport,chardev=kdump,name=kdump
		-chardev "file,id=dump,path=$work/vmcore.flat" -device virtserialport,chardev=dump,name=dump
		-drive "file=$work/vmcore.elf,format=raw,if=virtio,cache=unsafe")
}

add_dimms() {
	local file
	for file in $("$here/dimms.py" "$work"); do
		args+=(-smbios "file=$file")
	done
}

start_vm() {
	local kdir=$lab/kernels/$kernel append
	# On a busy machine ticks come late, and the kernel takes its timer for broken.
	append="console=$console loglevel=${HWP_LOGLEVEL:-4} panic=-1 no_timer_check printk.devkmsg=on"
	append+=" hwp.run=$scenarios"
	[[ $scenarios != *hugetlb* ]] || append+=" hwp.pool=16"
	[ "$dumps" -eq 1 ] || append+=" hwp.busy=$((dumps * 300))"
	# Firmware does not name a DIMM that is there at boot as memory.
	[ "$far" = 0 ] || append+=" memmap=512M@65024M"
	[ -z "$plug" ] || append+=" memhp_default_state=online hwp.plug=yes"
	append+=${cmdline:+ $cmdline}
	[ "$kaslr" = 1 ] || append="nokaslr $append"
	[ -z "$kdump" ] || append+=" crashkernel=$kdump"
	truncate -s 32M "$work/disk"
	args=(-machine "$machine" -accel "$accel" -cpu "$cpu" -m "$(in_mib "$mem")M$([ "$far$plug" = 0 ] || echo ,slots=1,maxmem=65G)")
	# shellcheck disable=SC2207
	args+=($(numa_args "$nodes" "$(in_mib "$mem")" "$smp") $([ -z "$plug" ] || plug_args "$nodes" "$plug"))
	# shellcheck disable=SC2054
	[ "$far" = 0 ] || args+=(-object memory-backend-ram,id=far,size=512M -device pc-dimm,memdev=far,addr=0xfe0000000)
	# shellcheck disable=SC2054
	args+=(-nic none -display none -no-reboot
		-device vmcoreinfo -device "$pvpanic" -action panic=pause
		-serial "file:$work/console.txt"
		-device virtio-serial-pci -chardev "file,id=truth,path=$work/truth.tar"
		-device virtserialport,chardev=truth,name=truth
		-drive "file=$work/disk,format=raw,if=virtio,cache=unsafe"
		-kernel "$kdir/vmlinuz" -initrd "$work/initrd" -append "$append")
	[ -z "$kdump" ] || add_kdump_devices
	[ "$dimms" = 0 ] || add_dimms
	[ -z "${HWP_LOOK:-}" ] || args+=(-qmp "unix:$work/qmp.sock,server=on,wait=off")
	coproc vm { exec "$qemu" "${args[@]}" -qmp stdio 2>"$work/qemu.log"; }
	# shellcheck disable=SC2154
	vm_pid=$vm_PID
}

# A kernel that emulation crashes while it boots says nothing about the scenarios:
# try again.
boot() {
	local try
	for try in 1 2 3; do
		start_vm
		qmp '{"execute":"qmp_capabilities"}'
		qmp_wait GUEST_PANICKED "$timeout" && return
		kill "$vm_pid" 2>/dev/null || true
		wait "$vm_pid" 2>/dev/null || true
		echo "lab.sh: $out: attempt $try did not get to the end of its scenarios" >&2
	done
	fail "the guest does not get to the end of its scenarios"
}

# Every error counts once here; a page that is hit again may count twice.
count_note() {
	local kib marked pages
	kib=$(awk '/^HardwareCorrupted:/ { print $2 }' "$1/meminfo.txt")
	pages=$((kib >> (page_shift - 10)))
	marked=$(grep -c '^poison ' "$1/truth.txt" || true)
	echo "$marked poisoned pages$([ "$pages" = "$marked" ] || echo ", HardwareCorrupted $pages")"
}

write_recipe() {
	{
		echo "lab.sh run$recipe --out DIR"
		echo "kernel $(cat "$lab/kernels/$kernel/release")"
		"$qemu" --version | head -n1
	} >"$work/recipe"
}

# Wait for a line of the console.
console_wait() {
	local pattern=$1 end=$((SECONDS + $2))
	until grep -qa "$pattern" "$work/console.txt" 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}

inject_mce() {
	qmp "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"mce $mce\"}}"
	qmp_wait '"return"' 10 || fail "mce"
}

# With --again, the machine check comes once more every two seconds.
wait_for_mce() {
	local try
	[ "$again" = 1 ] || { console_wait "$until" 60; return; }
	for ((try = 0; try < 20; try++)); do
		! console_wait "$until" 2 || return 0
		inject_mce
	done
	return 1
}

# The kernel dies by itself, and its console is the truth.
run_to_death() {
	HWP_LOGLEVEL=7 start_vm
	qmp '{"execute":"qmp_capabilities"}'
	qmp_wait '"return"' 10 || fail "no QMP"
	if [ -n "$mce" ]; then
		console_wait 'hwp-lab: waits' "$timeout" || fail "the guest does not boot"
		mce=${mce/PAGE/$(sed -n '/waits at/{s/.*waits at \(0x[0-9a-f]*\).*/\1/p;q}' "$work/console.txt")}
		inject_mce
	fi
	if [ -n "$seconds" ]; then
		sleep "$seconds"
	elif [ -n "$until" ]; then
		wait_for_mce || fail "the console has no '$until'"
	else
		# After a machine check 6.1 prints no more than its offset, and later kernels would boot
		# again in 30 seconds.
		console_wait 'end Kernel panic\|^\[[ 0-9.]*\] \(Rebooting in\|Kernel Offset: \)' "$timeout" || fail "the kernel did not die"
	fi
	qmp '{"execute":"stop"}'
	qmp_wait '"return"' 10 || fail "stop"
	capture_all
	kill "$vm_pid" 2>/dev/null || true
	wait "$vm_pid" 2>/dev/null || true
	check_vmcoreinfo
	rm -f "$work/truth.tar" "$work/disk" "$work/initrd"
	finish "$(grep -a -m1 -o 'Kernel panic.*' "$work/console.txt" || echo "no crash")"
}

# The kernel dies, and the one that it loaded for that copies its memory and ends the machine.
run_to_kdump() {
	local try
	for try in 1 2 3; do
		start_vm
		qmp '{"execute":"qmp_capabilities"}'
		if qmp_wait '"SHUTDOWN"' "$timeout" && tar -xf "$work/kdump.tar" -C "$work" 2>/dev/null; then
			wait "$vm_pid" || true
			break
		fi
		kill "$vm_pid" 2>/dev/null || true
		wait "$vm_pid" 2>/dev/null || true
		[ "$try" != 3 ] || fail "the guest does not get to the end of its kdump kernel"
		echo "lab.sh: $out: attempt $try did not get to the end of its kdump kernel" >&2
	done
	rm "$work/kdump.tar"
	truncate -s "$(cat "$work/size")" "$work/vmcore.elf"
	check_result
	finish "$(count_note "$work")"
}

check_vmcoreinfo() {
	# Without its modules a kernel does not say where VMCOREINFO is.
	[ ! -e "$lab/kernels/$kernel/bare" ] || return 0
	[ ! -e "$work/vmcore.elf" ] || readelf -n "$work/vmcore.elf" 2>/dev/null | grep VMCOREINFO >/dev/null ||
		fail "the dump has no VMCOREINFO"
	[ ! -e "$work/vmcore.flat" ] || grep -a 'OSRELEASE=' "$work/vmcore.flat" >/dev/null ||
		fail "the kdump has no VMCOREINFO"
}

check_result() {
	tar -xf "$work/truth.tar" -C "$work" || fail "the truth is not whole"
	[ -s "$work/truth.txt" ] || fail "the guest wrote no truth"
	check_vmcoreinfo
	rm -f "$work/truth.tar" "$work/disk" "$work/initrd" "$work/qmp.sock" "$work"/smbios.*
	# Some kernels that are broken on purpose mark other pages.
	[[ $cmdline == *hwpbreak=* ]] || ! grep '^unnoted ' "$work/truth.txt" || fail "poison that no scenario made"
}

# finish WORDS: the dump is whole; WORDS say what it is of.
finish() {
	write_recipe
	chmod 755 "$work"
	chmod 644 "$work"/*
	rm -rf "$out"
	mv "$work" "$out"
	trap - EXIT
	echo "$out: $1, $((SECONDS - began)) s"
}

run() {
	local began=$SECONDS
	kernel='' scenarios='' out='' cmdline='' kaslr=0 nodes=1 la57=0 split=0 far=0 mem=1G smp=2
	formats=elf timeout=240 keep=0 dumps=1 recipe='' plug='' die='' mce='' seconds='' until='' again=0 dimms=0 kdump=''
	while [ $# -gt 0 ]; do
		case $1 in
		--kaslr) kaslr=1; recipe+=" $1"; shift; continue ;;
		--la57) la57=1; recipe+=" $1"; shift; continue ;;
		--split) split=1; recipe+=" $1"; shift; continue ;;
		--dimms) dimms=1; recipe+=" $1"; shift; continue ;;
		--again) again=1; recipe+=" $1"; shift; continue ;;
		--far) far=1; recipe+=" $1"; shift; continue ;;
		esac
		[ $# -ge 2 ] || die "$1 needs a value"
		[ "$1" = --out ] || recipe+=" $1 ${2@Q}"
		case $1 in
		--kernel) kernel=$2 ;;
		--scenarios) scenarios=$2 ;;
		--out) out=$2 ;;
		--cmdline) cmdline=$2 ;;
		--nodes) nodes=$2 ;;
		--plug) plug=$2 ;;
		--mem) mem=$2 ;;
		--smp) smp=$2 ;;
		--formats) formats=$2 ;;
		--dumps) dumps=$2 ;;
		--timeout) timeout=$2 ;;
		--die) die=$2 ;;
		--mce) mce=$2 ;;
		--seconds) seconds=$2 ;;
		--until) until=$2 ;;
		--kdump) kdump=$2 ;;
		*) die "unknown option $1" ;;
		esac
		shift 2
	done
	[ "$dumps" -eq 1 ] || { scenarios+=,busy; formats=elf; }
	[ -z "$die" ] || { scenarios=${scenarios:-none}; cmdline+=" hwp.die=$die panic=0"; }
	[[ $kernel && $scenarios && $out ]] ||
		die "run needs --kernel, --scenarios and --out"
	case $kernel in
	fix-* | *-64k)
		[ -e "$lab/kernels/$kernel/release" ] ||
			"$here/fix/build.sh" "$(sed 's/^fix-//; s/^7\.3-//' <<<"$kernel")"
		;;
	*) [ -e "$lab/kernels/$kernel/release" ] || "$here/kernels.sh" "$kernel" ;;
	esac
	know_arch
	mkdir -p "$(dirname "$out")"
	out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
	work=$(mktemp -d "$out.XXXXXX")
	trap 'kill "${vm_pid:-}" 2>/dev/null || true; [ "$keep" = 1 ] || rm -rf "$work"' EXIT
	HWP_DIMMS=$dimms HWP_KDUMP=${kdump:+yes} "$here/initramfs.sh" "$kernel" "$work/initrd"
	[ -z "$die" ] || { run_to_death; return; }
	[ -z "$kdump" ] || { run_to_kdump; return; }
	boot
	[ -z "${HWP_LOOK:-}" ] || "$HWP_LOOK" "$work/qmp.sock" "$work" || fail "the look failed"
	capture_all
	[ "$dumps" -eq 1 ] || capture_busy
	qmp '{"execute":"cont"}'
	qmp_wait '"SHUTDOWN"' 60 || fail "the guest did not write the truth"
	wait "$vm_pid" || true
	check_result
	finish "$(count_note "$work")"
}

# FILE: name | options | scenarios
matrix_rows() { grep -v '^#' "$here/$1" | grep .; }

matrix() {
	local file=$1 name options scenarios wanted failed=0 all
	shift
	wanted=" $* " all=$#
	while IFS='|' read -r name options scenarios; do
		name=${name// /}
		[ "$all" -eq 0 ] || [[ $wanted == *" $name "* ]] || continue
		eval "set -- $options"
		("$0" run "$@" --scenarios "${scenarios// /}" --out "$lab/dumps/$name" </dev/null) ||
			failed=$((failed + 1))
	done < <(matrix_rows "$file")
	[ "$failed" -eq 0 ] || die "$failed dumps failed"
}

case ${1:-} in
run) shift; run "$@" ;;
matrix) shift; matrix matrix "$@" ;;
history) shift; matrix matrix.history "$@" ;;
kernels) shift; matrix matrix.kernels "$@" ;;
more) shift; matrix matrix.more "$@" ;;
death) shift; matrix matrix.death "$@" ;;
kdump) shift; matrix matrix.kdump "$@" ;;
list) matrix_rows matrix ;;
scenarios) ${CC:-gcc} -O1 -static -o "$lab/inject.list" "$here"/guest/*.c && "$lab/inject.list" list ;;
*) usage; exit 2 ;;
esac
