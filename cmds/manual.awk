# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -f manual.awk -f words.awk words.h table.c commands.c options.c hwpoison.8:
# the manual page, with what the tables of commands and options say. In the page a line
#
#   .\" @SYNOPSIS@, .\" @COMMANDS@, .\" @OPTIONS@
#	is replaced by the list: all commands with their usage, all with their help, all
#	options;
#   .\" @MORE folio@, .\" @MORE --qemu@
#	begins what the list further down adds to that command or option, up to .\" @END@.
#
# awk -v want=crash -f manual.awk commands.c: a line for each command that crash has, for its
# help; the same with options.c: a line for each option.

FILENAME ~ /cmds\/commands\.c$/ {
	if ($0 ~ /^#define [A-Z_]+ /)
		define($0)
	if ($0 ~ /^static const char [a-z_]+\[\] =/)
		text = substr($4, 1, length($4) - 2)
	if (text && $0 ~ /^(\t|static .* = )"/)
		help[text] = help[text] string($0)
	if ($0 ~ /;$/)
		text = ""
	if ($0 ~ /^\t\t\.name = "/)
		command[++nr_commands] = string($0)
	if ($0 ~ /^\t\t\.summary = "/)
		summary[nr_commands] = string($0)
	if ($0 ~ /^\t\t\.usage = /)
		usage[nr_commands] = $0 ~ /"/ ? string($0) : macro[initial($0)]
	# On two lines, where it is long.
	if ($0 ~ /^\t\t\.option_groups = / || is_open)
		groups[nr_commands] = groups[nr_commands] " " expand(initial($0))
	is_open = ($0 ~ /^\t\t\.option_groups = / || is_open) && $0 !~ /,$/
	if ($0 ~ /^\t\t\.help = /)
		help_of[nr_commands] = initial($0)
	if ($0 ~ /^\t\t\.program_help = /)
		program_help_of[nr_commands] = initial($0)
	next
}

FILENAME ~ /cmds\/options\.c$/ {
	if ($0 ~ /^static const char \*const [a-z]+\[\] = \{/)
		choices[$5] = listed($0)
	if ($0 ~ /^\t\{ (OPT_[A-Z_]+|'.'), "/)
		row = ""
	else if (!row)
		next
	row = row $0
	if ($0 ~ /\},$/) {
		add_option(row)
		row = ""
	}
	next
}

/@VERSION@/ { sub(/@VERSION@/, version) }

/^\.\\" @MORE [a-z-]+@$/ {
	more = substr($3, 1, length($3) - 1)
	next
}

/^\.\\" @END@$/ {
	more = ""
	next
}

more {
	addition[more] = addition[more] $0 "\n"
	next
}

/^\.\\" @SYNOPSIS@$/ {
	for (i = 1; i <= nr_commands; i++) {
		print (i > 1 ? ".br\n" : "") ".B hwpoison " command[i]
		print marked(usage[i])
	}
	next
}

/^\.\\" @COMMANDS@$/ {
	for (i = 1; i <= nr_commands; i++) {
		print ".TP\n.B " command[i]
		print paragraphs(summary[i] ".\n\n" help[help_of[i]] \
			(program_help_of[i] ? "\n" help[program_help_of[i]] : ""))
		add(command[i])
	}
	next
}

/^\.\\" @OPTIONS@$/ {
	for (i = 1; i <= nr_options; i++) {
		print ".TP\n.BR " heading(i)
		takers = those_with(group[i])
		sentence = escaped(takers ? meant[i] : capital(meant[i])) "."
		print takers ? "For " takers ": " sentence : sentence
		add("--" option[i])
	}
	next
}

END {
	for (i = 1; want == "crash" && i <= nr_options; i++) {
		if (group[i] !~ /HWP_OPTIONS_(OPEN|LOG|STATE|INTERVAL|DIGEST)/)
			printf "\t\"    %3s %-18s  %s.\",\n", letter[i] ? "-" letter[i] "," : "", \
				"--" option[i] (argument[i] ? "=" argument[i] : ""), meant[i]
	}
	for (i = 1; want == "crash" && i <= nr_commands; i++) {
		if (groups[i] ~ /HWP_PROGRAM_ONLY/)
			continue
		printf "\t\"%12s  %s.\",\n", command[i], tolower(substr(summary[i], 1, 1)) \
			substr(summary[i], 2)
	}
	for (rest in addition) {
		print "hwpoison.8: MORE " rest ", but there is no such command or option" >"/dev/stderr"
		exit 1
	}
	if ((!nr_commands && !nr_options) || (!want && !(nr_commands && nr_options))) {
		print "manual.awk: the tables are not where they were" >"/dev/stderr"
		exit 1
	}
}

# "#define NAME (A | B)" or "#define NAME "TEXT"".
function define(line,    name)
{
	name = line
	sub(/^#define /, "", name)
	sub(/ .*/, "", name)
	macro[name] = line ~ /"/ ? string(line) : substr(line, length(name) + 10)
}

# The first string of a line of C, or of what is left of it.
function string(line)
{
	sub(/^[^"]*"/, "", line)
	sub(/"[^"]*$/, "", line)
	gsub(/\\"/, "\"", line)
	gsub(/\\n/, "\n", line)
	return line
}

# What a member is initialised with.
function initial(line)
{
	sub(/^[^=]*= /, "", line)
	sub(/,$/, "", line)
	return line
}

# Groups of options, with those that a macro stands for.
function expand(text,    name)
{
	for (name in macro) {
		if (text ~ ("(^|[^A-Z_])" name "([^A-Z_]|$)"))
			text = text " " expand(macro[name])
	}
	return text
}

# "a, b or c", from the strings of an array that ends with NULL.
function listed(line,    part, nr, i, text)
{
	nr = split(line, part, /"/)
	for (i = 2; i < nr; i += 2)
		text = text (i == 2 ? "" : i + 2 < nr ? ", " : " or ") part[i]
	return text
}

function add_option(row,    part, nr, first)
{
	nr = split(row, part, /"/)
	first = part[1]
	gsub(/[{, \t']/, "", first)
	letter[++nr_options] = length(first) == 1 ? first : ""
	option[nr_options] = part[2]
	argument[nr_options] = part[3] ~ /NULL/ ? "" : part[4]
	group[nr_options] = part[nr - 2]
	sub(/^, (NULL, )?/, "", group[nr_options])
	sub(/,[ \t]*$/, "", group[nr_options])
	meant[nr_options] = part[nr - 1]
	gsub(/[}, \t]/, "", part[nr])
	if (part[nr] != "NULL")
		meant[nr_options] = meant[nr_options] ": " choices[part[nr] "[]"]
}

function heading(i,    text)
{
	text = "\\-\\-" escaped(option[i])
	if (letter[i])
		text = "\\-" letter[i] " \", \" " text
	return argument[i] ? text " =\\fI" escaped(argument[i]) "\\fR" : text
}

# The commands that take options of a group which few take.
function those_with(group,    i, nr, name, text)
{
	if (group ~ /HWP_OPTIONS_(COMMON|JSON|TARGET|OPEN|RUNNING)/)
		return ""
	for (i = 1; i <= nr_commands; i++) {
		if (groups[i] ~ (group "([^A-Z_]|$)"))
			name[++nr] = command[i]
	}
	for (i = 1; i <= nr; i++)
		text = text (i == 1 ? "" : i < nr ? ", " : " and ") "\\fB" name[i] "\\fR"
	return text
}

function add(name)
{
	printf "%s", addition[name]
	delete addition[name]
}

# Names of commands, words and options bold, what stands for something italic.
function marked(text,    out)
{
	while (match(text, /[A-Z]+|-*[a-z][a-z0-9-]*/)) {
		out = out substr(text, 1, RSTART - 1) \
			(substr(text, RSTART, 1) ~ /[A-Z]/ ? "\\fI" : "\\fB") \
			escaped(substr(text, RSTART, RLENGTH)) "\\fR"
		text = substr(text, RSTART + RLENGTH)
	}
	return out text
}

# The paragraphs of a help text; lines are filled.
function paragraphs(text,    line, nr, i, out)
{
	sub(/\n$/, "", text)
	nr = split(text, line, /\n/)
	for (i = 1; i <= nr; i++)
		out = out (i > 1 ? "\n" : "") (line[i] == "" ? ".IP" : escaped(line[i]))
	return out
}

function escaped(text)
{
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/'/, "\\(aq", text)
	sub(/^\./, "\\\\\\&.", text)
	return text
}

function capital(text)
{
	return toupper(substr(text, 1, 1)) substr(text, 2)
}
