# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2046,SC2086 # lists of files are meant to split
#
# The rules of the house, each a function that prints one line per violation.
# They look at the tree in the current directory and at its objects in $O; where
# they can they ask the objects, for nm is not fooled by style.

layers=tests/arch/layers
max_file_lines=600
max_function_lines=60

# Outputs "NUMBER LAYER MARK STEM", one line per file stem.
list_layers()
{
	awk '!/^(#|$)/ { for (i = 4; i <= NF; i++) print $1, $2, $3, $i }' $layers
}

# sources GLOB...: those that exist.
sources()
{
	local file
	for file in "$@"; do
		[ ! -e "$file" ] || echo "$file"
	done
}

house_sources()
{
	sources {lib,cmds}/*.[ch] ext/*.[ch] ext/*/*.[ch]
}

# search REGEX FILE...: matches as violations.
search()
{
	local regex=$1
	shift
	[ $# -eq 0 ] || grep -nHE -- "$regex" "$@" | sed -E 's/:[[:space:]]+/: /'
}

# references REGEX OBJECT...: undefined symbols that match as a whole.
references()
{
	local regex=$1 object
	shift
	for object in "$@"; do
		nm -u "$object" | awk '{ print $NF }' | grep -xE -- "$regex" |
			sed "s|^|${object#"$O"/} references |"
	done
}

# objects FOLDER...: of the sources there, for $O may hold those of deleted ones.
objects()
{
	local folder
	for folder in "$@"; do
		sources $(sources "$folder"/*.c | sed "s|.*|$O/&|; s|c\$|o|")
	done
}

# An older object would tell about other code.
rule_built()
{
	local source
	for source in $(sources {lib,cmds}/*.c); do
		[ "$O/${source%.c}.o" -nt "$source" ] || echo "$source has no object, or an older one, in $O"
	done
}

rule_layers_complete()
{
	local file stem
	for file in lib/*.[ch]; do
		stem=${file#lib/}
		list_layers | grep -q " ${stem%.*}\$" || echo "$file has no layer in $layers"
	done
	for stem in $(list_layers | cut -d ' ' -f 4); do
		[ -n "$(sources "lib/$stem".[ch])" ] || echo "$stem is in $layers but not in lib/"
	done
	list_layers | cut -d ' ' -f 4 | sort | uniq -d | sed 's/$/ has two layers/'
	list_layers | awk '$3 != "pure" && $3 != "reads" { print $4 " is neither pure nor reads" }'
}

rule_layers_in_order()
{
	list_layers | awk '
		NR == FNR { number[$4] = $1; layer[$4] = $2; next }
		FNR == 1 { file = FILENAME; stem = file; gsub(/^lib\/|\.[ch]$/, "", stem) }
		match($0, /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/) {
			header = $0
			gsub(/^[^"]*"|".*$/, "", header)
			other = header
			sub(/\.h$/, "", other)
			if (!(other in number))
				print file " includes " header ", which is not of lib/"
			else if (number[other] > number[stem])
				print file " (" layer[stem] ") includes " header " (" layer[other] ")"
		}' - lib/*.[ch]
}

# One .c file knows a foreign library; nobody else sees its types.
rule_foreign_headers()
{
	local name pattern files
	while read -r name pattern; do
		files=$(house_sources | xargs -r grep -lE "^[ \t]*#[ \t]*include[ \t]*[<\"]($pattern)[>\"]")
		set -- $files
		[ $# -le 1 ] || echo "$name is included by $*"
		case "$* " in
		*".h "*) echo "$name is included by a header: $*" ;;
		esac
	done <<'END'
libkdumpfile libkdumpfile/.*
libbpf bpf/.*
libsmartcols (libsmartcols/)?libsmartcols\.h
libdrgn drgn\.h
crash (crash/)?defs\.h
libelf (libelf\.h|gelf\.h)
libdw (elfutils/libdw.*|dwarf\.h)
libdebuginfod elfutils/debuginfod\.h
sqlite sqlite3\.h
zlib zlib\.h
zstd zstd\.h
END
	house_sources | xargs -r grep -lE '#[ \t]*include[ \t]*<Python\.h>' | sed 's/$/ includes Python.h/'
}

file_access='(f|fd|p)?open(at)?(64)?|fread|read|pread(v|v2)?(64)?|readv|mmap(64)?|process_vm_readv'
memory_reads='hwp_target_.*|hwp_(memmap|page)_(.*_)?read.*'

# Right of findings nothing reads memory: it is tested without a dump.
rule_pure_reads_nothing()
{
	local stem objects
	objects=$(list_layers | awk '$3 == "pure" { print $4 }' | sed "s|.*|$O/lib/&.o|")
	references "$memory_reads|$file_access" $(sources $objects)
	for stem in $(list_layers | awk '$3 == "reads" { print $4 }'); do
		case $stem in
		check* | report* | decompose* | *event*) echo "$stem must be pure" ;;
		esac
	done
}

# A command asks the library; it reads no memory of the target itself.
rule_commands_read_nothing()
{
	references 'hwp_target_read.*|hwp_(memmap|page)_(.*_)?read.*' $(objects cmds)
}

# Struct pages are read at their virtual addresses. Who reads by physical address
# could read what is inside a poisoned page.
rule_no_page_contents()
{
	local target
	target=$(list_layers | awk '$2 == "target" { print $4 }' | paste -sd '|')
	# bad_memory.c looks at poisoned pages in dumps, which is its whole purpose; a host's file is a provider.
	house_sources | grep -vE "^(lib/($target|bad_memory)\.[ch]|ext/(crash/crash|drgn/plugin)\.c)\$" | xargs -r grep -nHw HWP_PHYSICAL
}

# Offsets into struct page are used by page.h alone; layout finds them. To take
# one away, from the address of a list's link to that of its page, reads nothing.
rule_page_bytes()
{
	search '\<(l|layout)(->|\.)page\.(flags|compound|lru|mapping|private|type|refcount)\>' \
		$(house_sources | grep -vE '^lib/(page|layout[a-z_]*)\.[ch]$') |
		grep -vE -- '- ([a-z_]+->)+page\.lru\>'
}

# The library speaks through its return values and the FILE it is given.
rule_lib_is_silent()
{
	references 'std(in|out|err)|(__)?v?printf(_chk)?|puts|putchar|perror|v?(err|warn)x?|error|'\
'v?syslog|exit|_exit|_Exit|quick_exit|abort|raise|__assert.*' $(objects lib)
}

rule_no_writable_data()
{
	local object
	for object in $(objects lib); do
		{
			objdump -h "$object" | awk '$3 !~ /^0+$/ { print $2 }'
			objdump -t "$object" | awk '/\*COM\*/ { print "*COM*" }'
		} | grep -E '^\*COM|^\.(data|bss|tdata|tbss|init_array)' | grep -v '^\.data\.rel\.ro' |
			while read -r section; do
				echo "${object#"$O"/} has $section:" $(objdump -t "$object" |
					awk -v s="$section" 'index($0, s) && $NF != s { print $NF }')
			done
	done
}

rule_exports_are_declared()
{
	local object type name
	for object in $(objects lib); do
		nm -g --defined-only "$object" | while read -r _ type name; do
			case $name in
			hwp_*) grep -qw "$name" lib/*.h || echo "$name ($type) is in no header" ;;
			*) echo "${object#"$O"/} exports $name" ;;
			esac
		done
	done
}

rule_threads_in_scan()
{
	references '(pthread|thrd|mtx|cnd|GOMP)_.*' \
		$(objects lib cmds | grep -v '/lib/scan\.o$')
}

# Presence decides, in layout, and never a number.
rule_no_version_comparison()
{
	search 'KERNEL_VERSION|LINUX_VERSION|LINUX\([0-9]|kernel_(major|minor|version)|strverscmp|'\
'(sscanf|strto[a-z]+|str[a-z]*cmp)\([^;]*release' $(house_sources)
}

rule_no_unbounded_strings()
{
	search '\<(strcpy|stpcpy|strcat|sprintf|vsprintf|gets)[[:space:]]*\(' $(house_sources)
}

rule_spdx()
{
	local file
	find lib cmds ext tests vmcores .ci Makefile -type f \( -name '*.[ch]' -o -name '*.sh' \
		-o -name '*.py' -o -name Makefile -o -path .ci/run \) 2>/dev/null |
		while read -r file; do
			head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2\.0-or-later' ||
				echo "$file has no SPDX line"
		done
}

rule_headers_compile_alone()
{
	local header
	for header in $(sources {lib,cmds}/*.h); do
		echo "#include \"$header\"" | ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
			-I. -Ilib -fsyntax-only -x c - 2>&1 | grep -E 'error' | head -n 1
	done
}

rule_sizes()
{
	awk -v max_file=$max_file_lines -v max_function=$max_function_lines '
		FNR == 1 { start = 0 }
		FNR == max_file + 1 { print FILENAME " is over " max_file " lines" }
		/^\{/ { start = FNR }
		/^\}/ {
			if (start && FNR - start - 1 > max_function)
				print FILENAME ":" start " is a function of " FNR - start - 1 " lines"
			start = 0
		}' $(house_sources) /dev/null
}
