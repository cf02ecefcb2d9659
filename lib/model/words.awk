# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -f words.awk words.h table.c FILE: FILE with the lists of words.h, as CHECKS
# that of the table of checks, and as ISSUES that of known issues, filled in. Where it has "@STATES@", as in an
# array of JSON, go the names of HWP_STATES; where it has a line .\" @STATES@, a
# comment of roff, go their names and meanings.

{ is_source = FILENAME != ARGV[ARGC - 1] }

is_source && /^#define HWP_[A-Z_]+\(ROW\)/ {
	list = $2
	sub(/^HWP_/, "", list)
	sub(/\(.*/, "", list)
}

is_source && /^\tROW\(/ {
	split($0, quoted, /"/)
	value = $1
	gsub(/^ROW\(|,$/, "", value)
	if ($2 == "NULL,")
		next
	row = list " " ++nr[list]
	name[row] = name_of[value] = quoted[2]
	match($0, /", "([^"\\]|\\.)*"/)
	meaning[row] = substr($0, RSTART + 4, RLENGTH - 5)
	gsub(/\\"/, "\"", meaning[row])
	# Behind the meaning may be more columns.
	other[row] = substr($0, RSTART + RLENGTH + 2)
	sub(/[,)].*/, "", other[row])
}

is_source && /^\t\t\.name = "/ {
	split($0, quoted, /"/)
	list = FILENAME ~ /issue/ ? "ISSUES" : "CHECKS"
	row = list " " ++nr[list]
	name[row] = quoted[2]
}

# What is too long for a line is several strings.
is_source && /^\t\t\.(statement|title) =/ { is_statement = 1 }

is_statement && /"/ {
	split($0, quoted, /"/)
	meaning[row] = meaning[row] quoted[2]
}

/,$/ { is_statement = 0 }

is_source { next }

match($0, /"@[A-Z_]+@"/) {
	list = substr($0, RSTART + 2, RLENGTH - 4)
	names = ""
	for (i = 1; i <= nr[list]; i++)
		names = names (i > 1 ? ", " : "") "\"" name[list " " i] "\""
	$0 = substr($0, 1, RSTART - 1) names substr($0, RSTART + RLENGTH)
	check(list)
}

/^\.\\" @[A-Z_]+@$/ {
	list = $2
	gsub(/@/, "", list)
	for (i = 1; i <= nr[list]; i++) {
		row = list " " i
		print ".TP"
		if (other[row] in name_of)
			print ".BR " roff(name[row]) " \" (" name_of[other[row]] ")\""
		else
			print ".B " roff(name[row])
		print toupper(substr(meaning[row], 1, 1)) roff(substr(meaning[row], 2)) "."
	}
	check(list)
	next
}

{ print }

function check(list)
{
	if (nr[list])
		return
	print FILENAME ":" FNR ": there is no list " list >"/dev/stderr"
	exit 1
}

function roff(text)
{
	gsub(/-/, "\\-", text)
	return text
}
