# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2046,SC2086 # lists of files are meant to split
#
# The rules of the house, each a function that prints one line per violation.
# They look at the tree in the current directory and at its objects in $O; where
# they can they ask the objects, for nm is not fooled by style.

layers=tests/arch/layers
long_file_lines=700
max_file_lines=1000
max_function_lines=60

# Outputs "NUMBER LAYER MARK PATH", one line per path.
list_layers()
{
	awk '!/^(#|$)/ { for (i = 4; i <= NF; i++) print $1, $2, $3, $i }' $layers
}

# Outputs "NUMBER LAYER MARK FILE" for each FILE on the input: those of the
# longest path in $layers that it begins with, "0 none none" where there is none.
layers_of()
{
	local files
	files=$(cat)
	list_layers | awk '
		NR == FNR { what[$4] = $1 " " $2 " " $3; next }
		{
			path = $1
			sub(/\.[ch]$/, "", path)
			while (!(path in what) && sub(/\/[^\/]*$/, "", path))
				;
			print (path in what ? what[path] : "0 none none"), $1
		}' - <(echo "$files")
}

# at_least_one WHAT: the lines of the input. A rule that looks at no file proves
# nothing, so without one it outputs a name that whoever opens it complains of.
at_least_one()
{
	grep . || echo "no-file-is-$1"
}

# sources PATTERN FOLDER...: the files below the folders whose name matches.
sources()
{
	local pattern=$1
	shift
	find "$@" -type f -name "$pattern" 2>/dev/null | sort | at_least_one "${pattern}_below_${*//[ \/]/_}"
}

house_sources()
{
	sources '*.[ch]' lib cmds ext
}

# The .c files of lib/ whose layer bears MARK.
marked()
{
	sources '*.c' lib | layers_of | awk -v mark="$1" '$3 == mark { print $4 }' | at_least_one "$1"
}

# search REGEX FILE...: matches as violations.
search()
{
	local regex=$1
	shift
	[ $# -gt 0 ] || echo "the rule looks at no file"
	grep -nHE -- "$regex" "$@" | sed -E 's/:[[:space:]]+/: /'
}

# references REGEX OBJECT...: undefined symbols that match as a whole.
references()
{
	local regex=$1
	shift
	nm -A -u "$@" | sed -E "s|^$O/||; s|: +[Uvw] +| references |" | grep -E -- " references ($regex)\$"
}

# objects SOURCE...: what was made of them; $O may hold objects of deleted ones.
objects()
{
	[ $# -gt 0 ] || echo "$O/no-source"
	[ $# -eq 0 ] || printf "$O/%s.o\n" "${@%.c}"
}

# An older object would be of other code.
rule_built()
{
	local source
	for source in $(sources '*.c' lib cmds); do
		[ "$O/${source%.c}.o" -nt "$source" ] || echo "$source has no object, or an older one, in $O"
	done
}

rule_layers_complete()
{
	local path
	sources '*.[ch]' lib | layers_of | awk '$1 == 0 { print $4 " has no layer" }'
	for path in $(list_layers | cut -d ' ' -f 4); do
		[ -d "$path" ] || [ -e "$path.c" ] || [ -e "$path.h" ] || echo "$path is in $layers, and nowhere else"
	done
	list_layers | cut -d ' ' -f 4 | sort | uniq -d | sed 's/$/ has two layers/'
	list_layers | awk '$3 != "pure" && $3 != "reads" { print $4 " is neither pure nor reads" }'
}

# Outputs "FILE HEADER" for each header of ours that a file of lib/ includes.
list_includes()
{
	grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*"' $(sources '*.[ch]' lib) |
		sed -E 's/^([^:]*):[^"]*"([^"]*)"/\1 lib\/\2/'
}

rule_layers_in_order()
{
	local includes file header number layer other_number other_layer
	includes=$(list_includes | at_least_one included)
	paste -d ' ' <(cut -d ' ' -f 1 <<<"$includes" | layers_of) \
		<(cut -d ' ' -f 2 <<<"$includes" | layers_of) |
		while read -r number layer _ file other_number other_layer _ header; do
			if [ ! -e "$header" ] || [ "$other_number" = 0 ]; then
				echo "$file includes ${header#lib/}, which is not of lib/"
			elif [ "$other_number" -gt "$number" ]; then
				echo "$file ($layer) includes ${header#lib/} ($other_layer)"
			fi
		done
}

# Files that call one another in a circle are one file, or one stands at the wrong place.
rule_no_circles()
{
	nm -gA $(objects $(sources '*.c' lib cmds)) 2>&1 | awk '
		{ file = $1; sub(/:.*/, "", file) }
		$(NF - 1) == "U" { user[++nr] = file; used[nr] = $NF; next }
		{ home[$NF] = file }
		END {
			for (i = 1; i <= nr; i++)
				if (used[i] in home && home[used[i]] != user[i])
					print user[i], home[used[i]]
		}' | at_least_one called | tsort 2>&1 >/dev/null | sed "s|^tsort: ||; s|^$O/||"
}

# One .c file knows a foreign library; nobody else sees its types.
rule_foreign_headers()
{
	local name pattern files
	while read -r name pattern; do
		files=$(house_sources | xargs grep -lE "^[ \t]*#[ \t]*include[ \t]*[<\"]($pattern)[>\"]")
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
json-c json-c/.*
zlib zlib\.h
zstd zstd\.h
libdeflate libdeflate\.h
nettle nettle/.*
lzo lzo/.*
snappy snappy-c\.h
END
	house_sources | xargs grep -lE '#[ \t]*include[ \t]*<Python\.h>' | sed 's/$/ includes Python.h/'
}

file_access='(f|fd|p)?open(at)?(64)?|fread|read|pread(v|v2)?(64)?|readv|mmap(64)?|process_vm_readv|__(fread|read|pread)(64)?_chk|__open(at)?(64)?_2'
memory_reads='hwp_target_.*|hwp_(memmap|page)_(.*_)?read.*'

# Right of findings nothing reads memory: it is tested without a dump.
rule_pure_reads_nothing()
{
	references "$memory_reads|$file_access" $(objects $(marked pure))
	list_layers | awk '$3 == "reads" && $2 ~ /^(base|model|verdict|report)$/ { print $4 " must be pure" }'
}

# What is pure calls nothing of a file that reads, whatever its name.
rule_pure_calls_the_pure()
{
	local readers
	readers=$(nm -g --defined-only $(objects $(marked reads)) 2>&1 | awk '$2 == "T" { print $3 }' |
		paste -s -d '|')
	references "${readers:-no-reader}" $(objects $(marked pure))
}

# Outputs the functions that headers declare whose layer is in LAYERS, a regex.
declared_by()
{
	local headers
	headers=$(sources '*.h' lib | layers_of | awk -v layers="^($1)\$" '$2 ~ layers { print $4 }')
	[ -z "$headers" ] || grep -hE '^[^[:space:]]' $headers |
		grep -oE '\<hwp_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

# In lib/analyse.c, the road, no function reads once it has asked the verdict for
# anything: not by a function of its own either that reads.
rule_reads_before_decisions()
{
	local road=lib/analyse.c
	[ -e $road ] || echo "$road is not there"
	awk '
		FILENAME == ARGV[1] { reads[$1] = 1; next }
		FILENAME == ARGV[2] { decides[$1] = 1; next }
		/^[ \t]*(\/\*|\*|\/\/)/ { next }
		/^[a-z].*\(/ { match($0, /[a-z_0-9]+\(/); name = substr($0, RSTART, RLENGTH - 1) }
		/^\{/ { inside = 1 }
		/^\}/ { inside = 0 }
		inside {
			rest = $0
			while (match(rest, /[a-z_0-9]+\(/)) {
				called = substr(rest, RSTART, RLENGTH - 1)
				rest = substr(rest, RSTART + RLENGTH)
				callers[++nr] = name
				calls[nr] = called
				if (called in reads)
					reads[name] = 1
				if (called in decides)
					nr_decisions++
			}
		}
		END {
			for (i = 1; i <= nr; i++) {
				if (calls[i] in decides)
					decided[callers[i]] = calls[i]
				else if (callers[i] in decided && calls[i] in reads)
					print FILENAME ": " callers[i] " calls " calls[i] " after " decided[callers[i]]
			}
			if (!nr_decisions)
				print FILENAME " asks the verdict for nothing"
		}' <(declared_by 'target|layout|memmap|facts') <(declared_by verdict) $road 2>&1
}

# A command asks the library; it reads no memory of the target itself.
rule_commands_read_nothing()
{
	references 'hwp_target_read.*|hwp_(memmap|page)_(.*_)?read.*' $(objects $(sources '*.c' cmds))
}

# Struct pages are read at their virtual addresses. Who reads by physical address
# could read what is inside a poisoned page.
rule_no_page_contents()
{
	# bad_memory.c looks at poisoned pages in dumps, which is its whole purpose, and starts.c at slabs of
	# task_struct in dumps, which may have no address in the direct map; dmi.c in dumps at tables of the
	# firmware, which no kernel keeps mapped; a host's file is a provider, and excerpt/ copies of a dump what was read of it.
	search '\<HWP_PHYSICAL\>' $(house_sources | layers_of | awk '$2 != "target" { print $4 }' |
		grep -vE '/(bad_memory|starts|dmi)\.[ch]$|^lib/excerpt/|^ext/(crash/crash|drgn/plugin)\.c$')
}

# Offsets into struct page are used by page.h alone; layout finds them. To take
# one away, from the address of a list's link to that of its page, reads nothing.
rule_page_bytes()
{
	search '\<(l|layout)(->|\.)page\.(flags|compound|lru|mapping|index|private|type|refcount)\>' \
		$(house_sources | layers_of | awk '$2 != "layout" && $4 !~ /\/page\.h$/ { print $4 }') |
		grep -vE -- '- ([a-z_]+->)+page\.lru\>'
}

# The library speaks through its return values and the FILE it is given.
rule_lib_is_silent()
{
	references 'std(in|out|err)|(__)?v?printf(_chk)?|puts|putchar|perror|v?(err|warn)x?|error|'\
'v?syslog|exit|_exit|_Exit|quick_exit|abort|raise|__assert.*' $(objects $(sources '*.c' lib))
}

rule_no_writable_data()
{
	objdump -ht $(objects $(sources '*.c' lib)) | awk -v o="$O/" '
		function finish(section) {
			for (section in names)
				print file " has " section ":" names[section]
			delete names
		}
		/ file format / { finish(); file = substr($1, length(o) + 1, length($1) - length(o) - 1) }
		$1 ~ /^[0-9]+$/ && $3 !~ /^0+$/ && $2 ~ /^\.(data|bss|tdata|tbss|init_array)/ &&
			$2 !~ /^\.data\.rel\.ro/ { names[$2] = "" }
		/\*COM\*/ { names["*COM*"] = names["*COM*"] " " $NF }
		NF > 4 && $(NF - 2) in names && $NF != $(NF - 2) { names[$(NF - 2)] = names[$(NF - 2)] " " $NF }
		END { finish() }'
}

rule_exports_are_declared()
{
	local declared
	declared=$(cat $(sources '*.h' lib) | grep -owE 'hwp_[a-z0-9_]+' | sort -u)
	nm -A -g --defined-only $(objects $(sources '*.c' lib)) | awk -v declared="$declared" -v o="$O/" '
		BEGIN { split(declared, names, "\n"); for (i in names) is_declared[names[i]] = 1 }
		{ sub(/:.*/, "", $1) }
		$NF !~ /^hwp_/ { print substr($1, length(o) + 1) " exports " $NF; next }
		!($NF in is_declared) { print $NF " (" $(NF - 1) ") is in no header" }'
}

# A reader that is not asked what it needs is never resolved, and does nothing.
rule_readers_are_listed()
{
	local name
	for name in $(grep -hoE '^const struct hwp_needs \w+' $(sources '*.c' lib) | awk '{ print $NF }' |
		at_least_one a-table-of-needs); do
		grep -qE "&$name\>" lib/readers.c || echo "$name is not in lib/readers.c"
	done
}

rule_threads_in_scan()
{
	references '(pthread|thrd|mtx|cnd|GOMP)_.*' \
		$(objects $(sources '*.c' lib cmds) | grep -v '/scan\.o$')
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
	find lib cmds ext tests vmcores .ci Makefile -type f \( -name '*.[ch]' -o -name '*.sh' \
		-o -name '*.py' -o -name Makefile -o -path .ci/run \) 2>/dev/null | at_least_one a-source |
		xargs awk '
			FNR == 1 && last { print last " has no SPDX line" }
			FNR == 1 { last = FILENAME }
			FNR <= 3 && /SPDX-License-Identifier: GPL-2\.0-or-later/ { last = "" }
			END { if (last) print last " has no SPDX line" }'
}

# One that a source includes first is compiled alone there.
rule_headers_compile_alone()
{
	local header
	sources '*.h' lib cmds | sed 's|^lib/||' | sort | comm -23 - <(grep -hm1 '^#include' \
		$(sources '*.c' lib cmds) | cut -d '"' -f 2 | sort -u) | while read -r header; do
		echo "#include \"$header\"" | ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
			-I. -Ilib -fsyntax-only -x c - 2>&1 | grep -E 'error' | head -n 1
	done
}

# What is written for people: it shows, reports or records, and no sentence begins with a genitive.
rule_language()
{
	local text
	text=$(find lib cmds ext vmcores tests ./*.md -type f \( -name '*.[ch]' -o -name '*.md' -o -name '*.py' -o -name '*.sh' \
		-o -name '*.8' -o -name '*.in' -o -name '*.awk' \) 2>/dev/null | at_least_one a-text)
	search '\<([Tt]ell(s|ing)?|[Tt]old)\>' $text
	search '(^|[.:] |/[*]+ |[*] |// |# |")Of (an?|the) [^.;*]*[,:]' $text
}

# Outputs the files that are long: is each still one idea?
list_long_files()
{
	wc -l $(house_sources) | awk -v long=$long_file_lines '$2 != "total" && $1 > long { print $2 " has " $1 " lines" }'
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
		}' $(house_sources)
}
