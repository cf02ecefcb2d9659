// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bits.h"
#include "base/json.h"
#include "pfns.h"

#define MAX_THREADS 1024
#define MAX_INTERVAL_SECONDS 86400
#define DEFAULT_INTERVAL_SECONDS 60

enum {
	OPT_VMCOREINFO = 256,
	OPT_COLOR,
	OPT_PROVIDER,
	OPT_FULL,
	OPT_QUICK,
	OPT_THREADS,
	OPT_BASE,
	OPT_ORDER,
	OPT_POISON,
	OPT_MAX_ORDER,
	OPT_RANGE,
	OPT_INTERVAL,
	OPT_RASDAEMON,
	OPT_LOG,
	OPT_QEMU,
	OPT_PASSES,
	OPT_MAX_CPU,
	OPT_STATE,
	OPT_STATES,
	OPT_LIMIT,
	OPT_KERNEL_DATA,
	OPT_POISONED,
	OPT_FORCE,
	OPT_DIGEST,
};

struct option_row {
	int value;
	const char *name;
	/** NULL for an option without argument. */
	const char *argument;
	unsigned int group;
	const char *help;
	/** What the argument can be, up to a NULL; NULL: anything. */
	const char *const *choices;
};

static const char *const providers[] = { "btf", "dwarf", "drgn", NULL };
static const char *const colors[] = { "auto", "always", "never", NULL };

/* The manual page lists them too: manual.awk reads this table. */
static const struct option_row rows[] = {
	{ OPT_BASE, "base", "PFN", HWP_OPTIONS_DECOMPOSE, "the first page of the folio", NULL },
	{ OPT_ORDER, "order", "N", HWP_OPTIONS_DECOMPOSE, "the folio has 2^N pages", NULL },
	{ OPT_POISON, "poison", "PFN,...", HWP_OPTIONS_DECOMPOSE,
	  "its poisoned pages, also as ranges A-B without B", NULL },
	{ OPT_MAX_ORDER, "max-order", "N", HWP_OPTIONS_DECOMPOSE,
	  "the largest block has 2^N pages (10)", NULL },
	{ 'c', "core", "FILE", HWP_OPTIONS_OPEN, "read this vmcore; the same as TARGET", NULL },
	{ 'k', "kernel", NULL, HWP_OPTIONS_OPEN, "read the running kernel (the default)", NULL },
	{ OPT_QEMU, "qemu", "SOCKET", HWP_OPTIONS_OPEN,
	  "read a running QEMU guest, by its QMP socket", NULL },
	{ 's', "symbols", "FILE", HWP_OPTIONS_OPEN,
	  "a vmlinux, its directory, or a System.map; repeatable", NULL },
	{ OPT_VMCOREINFO, "vmcoreinfo", "FILE", HWP_OPTIONS_OPEN,
	  "take VMCOREINFO from here, for a dump that has none", NULL },
	{ OPT_PROVIDER, "provider", "NAME", HWP_OPTIONS_OPEN, "use only this type provider",
	  providers },
	{ OPT_FULL, "full", NULL, HWP_OPTIONS_TARGET, "read the whole memmap (the default)", NULL },
	{ OPT_QUICK, "quick", NULL, HWP_OPTIONS_RUNNING,
	  "only memory blocks that count poison (running kernel)", NULL },
	{ OPT_PASSES, "passes", "N", HWP_OPTIONS_RUNNING,
	  "passes that must agree, 2 to 100 (2; running kernel)", NULL },
	{ OPT_MAX_CPU, "max-cpu", "PERCENT", HWP_OPTIONS_RUNNING,
	  "use at most this much of one CPU (running kernel)", NULL },
	{ OPT_THREADS, "threads", "N", HWP_OPTIONS_TARGET, "how many threads read the memmap",
	  NULL },
	{ OPT_RANGE, "range", "PFN-PFN", HWP_OPTIONS_RANGE,
	  "a folio of these pages was freed; the end is excluded", NULL },
	{ OPT_RASDAEMON, "rasdaemon", "FILE", HWP_OPTIONS_RASDAEMON,
	  "join the events of rasdaemon's database", NULL },
	{ OPT_LOG, "log", "FILE", HWP_OPTIONS_LOG, "read a kernel log as text, and no target",
	  NULL },
	{ OPT_INTERVAL, "interval", "SECONDS", HWP_OPTIONS_INTERVAL,
	  "from the start of one check to that of the next (60)", NULL },
	{ OPT_STATE, "state-file", "FILE", HWP_OPTIONS_STATE,
	  "where leaks since boot are kept (running kernel)", NULL },
	{ OPT_FORCE, "force", NULL, HWP_OPTIONS_DIFF,
	  "compare reports of different hosts or boots too", NULL },
	{ 'o', "output", "FILE", HWP_OPTIONS_OUTPUT | HWP_OPTIONS_DOCUMENT | HWP_OPTIONS_EXCERPT,
	  "write to FILE, which is replaced atomically", NULL },
	{ OPT_DIGEST, "sha256", NULL, HWP_OPTIONS_DIGEST,
	  "say what SHA-256 the dump has; reads all of it", NULL },
	{ 'o', "output", "COL,...", HWP_OPTIONS_LIST,
	  "show these columns; +COL,... adds to the usual ones", NULL },
	{ 'x', "sort", "COL", HWP_OPTIONS_LIST, "sort by this column (PFN)", NULL },
	{ OPT_STATES, "state", "STATE,...", HWP_OPTIONS_LIST, "only pages in these states", NULL },
	{ OPT_LIMIT, "limit", "N", HWP_OPTIONS_LIST, "only the first N pages", NULL },
	{ 'n', "noheadings", NULL, HWP_OPTIONS_LIST, "only the rows", NULL },
	{ OPT_KERNEL_DATA, "kernel-data", NULL, HWP_OPTIONS_EXCERPT,
	  "all of the kernel's own data too: not for strangers", NULL },
	{ OPT_POISONED, "poisoned", NULL, HWP_OPTIONS_EXCERPT, "what poisoned pages hold, too",
	  NULL },
	{ 'q', "quiet", NULL, HWP_OPTIONS_TARGET, "show no progress and no warnings", NULL },
	{ 'j', "json", NULL, HWP_OPTIONS_JSON, "print JSON", NULL },
	{ OPT_COLOR, "color", "WHEN", HWP_OPTIONS_TARGET | HWP_OPTIONS_DECOMPOSE,
	  "when to use colour (auto)", colors },
	{ 'h', "help", NULL, HWP_OPTIONS_COMMON, "print help on the command", NULL },
};

#define NR_ROWS HWP_ARRAY_SIZE(rows)
#define PLAIN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./,:=@%+"

/* @p message on one line: it may hold a path with control characters. */
static void print_line(FILE *out, const char *message, const char *end)
{
	fputs("hwpoison: ", out);
	for (const char *s = message; *s; s++)
		putc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, out);
	fprintf(out, "%s\n", end);
}

static void print_json_error(FILE *out, const char *message)
{
	struct hwp_json json = { .out = out };

	hwp_json_row_object(&json, NULL);
	hwp_json_string(&json, "schema", "hwpoison.error/1");
	hwp_json_string(&json, "error", message);
	hwp_json_end(&json);
	hwp_json_finish(&json);
	fflush(out);
}

int hwp_usage_error(const struct hwp_context *context, bool json, const char *fmt, ...)
{
	char message[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	print_line(context->err, message,
		   context->usage_hint ? context->usage_hint : "; try 'hwpoison help'");
	if (json)
		print_json_error(context->out, message);
	return HWP_EXIT_TROUBLE;
}

int hwp_fail(const struct hwp_context *context, bool json, struct hwp_error *err)
{
	print_line(context->err, err->message, "");
	if (json)
		print_json_error(context->out, err->message);
	hwp_error_destroy(err);
	return HWP_EXIT_TROUBLE;
}

int hwp_finish(const struct hwp_context *context, struct hwp_error *err, int status)
{
	if (err && context->reader_gone && *context->reader_gone) {
		hwp_error_destroy(err);
		return HWP_EXIT_TROUBLE;
	}
	return err ? hwp_fail(context, false, err) : status;
}

unsigned int hwp_option_groups(const struct hwp_context *context, const struct hwp_command *command)
{
	unsigned int groups = command->option_groups | HWP_OPTIONS_COMMON;

	if (groups & HWP_OPTIONS_TARGET)
		groups |= HWP_OPTIONS_RUNNING | (context->host ? 0 : HWP_OPTIONS_OPEN);
	groups |= context->host ? HWP_IN_HOST : HWP_IN_SHELL;
	if (context->host)
		groups &= ~(unsigned int)(HWP_OPTIONS_STATE | HWP_OPTIONS_LOG | HWP_OPTIONS_DIGEST);
	return groups;
}

/** "a, b or c". */
static void list_choices(const struct option_row *row, char *buf, size_t size)
{
	int n = 0;

	for (size_t i = 0; row->choices[i] && (size_t)n < size; i++)
		n += snprintf(buf + n, size - (size_t)n, "%s%s",
			      !i		  ? "" :
			      row->choices[i + 1] ? ", " :
						    " or ",
			      row->choices[i]);
}

void hwp_print_options(FILE *out, unsigned int groups)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct option_row *row = &rows[i];
		char name[40], choices[80] = "";

		if (!(row->group & groups))
			continue;
		snprintf(name, sizeof(name), "--%s%s%s", row->name, row->argument ? "=" : "",
			 row->argument ? row->argument : "");
		if (row->choices)
			list_choices(row, choices, sizeof(choices));
		if (row->value < 256)
			fprintf(out, "  -%c, ", row->value);
		else
			fputs("      ", out);
		fprintf(out, "%-18s  %s%s%s\n", name, row->help, *choices ? ": " : "", choices);
	}
}

/** Is there a j in "-qj"? What stands behind a letter that takes an argument is that. */
static bool bundle_has_json(const char *argument)
{
	if (argument[0] != '-' || argument[1] == '-')
		return false;
	for (const char *c = argument + 1; *c; c++) {
		if (*c == 'j')
			return true;
		for (size_t i = 0; i < NR_ROWS; i++) {
			if (rows[i].value == *c && rows[i].argument)
				return false;
		}
	}
	return false;
}

bool hwp_wants_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0 || bundle_has_json(argv[i]))
			return true;
	return false;
}

/** Is the word behind @p word the argument of the option that @p word ends with? */
static bool takes_next_word(const char *word)
{
	const char *letter = word + 1;

	for (size_t i = 0; i < NR_ROWS; i++) {
		if (rows[i].argument && word[1] == '-' && strcmp(word + 2, rows[i].name) == 0)
			return true;
	}
	for (; word[1] != '-' && *letter; letter++) {
		for (size_t i = 0; i < NR_ROWS; i++) {
			if (rows[i].argument && rows[i].value == *letter)
				return letter[1] == '\0';
		}
	}
	return false;
}

int hwp_leading_options(int argc, char **argv)
{
	int i = 1;

	while (i < argc && argv[i][0] == '-' && argv[i][1] && strcmp(argv[i], "--") != 0)
		i += takes_next_word(argv[i]) ? 2 : 1;
	return (i < argc ? i : argc) - 1;
}

/** A number from @p min to @p max. */
static bool parse_number(const char *s, unsigned long min, unsigned long max, unsigned int *ret)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(s, &end, 10);
	if (errno || end == s || *end || s[0] == '-' || n < min || n > max)
		return false;
	*ret = (unsigned int)n;
	return true;
}

static const struct option_row *row_of(int value)
{
	const struct option_row *row = rows;

	while (row->value != value)
		row++;
	return row;
}

/** Is the argument one of the row's choices, if it has any? */
static int check_choice(const struct hwp_context *context, const struct option_row *row,
			const char *argument, const struct hwp_cmd_options *options)
{
	char choices[80];
	size_t i = 0;

	if (!row->choices)
		return HWP_GO_ON;
	while (row->choices[i] && strcmp(row->choices[i], argument) != 0)
		i++;
	if (row->choices[i])
		return HWP_GO_ON;
	list_choices(row, choices, sizeof(choices));
	return hwp_usage_error(context, options->json, "--%s is %s, not '%s'", row->name, choices,
			       argument);
}

static int take_symbols(const struct hwp_context *context, const char *path,
			struct hwp_cmd_options *options)
{
	if (options->target.nr_symbol_paths == HWP_MAX_SYMBOL_PATHS)
		return hwp_usage_error(context, options->json, "-s was given more than %d times",
				       HWP_MAX_SYMBOL_PATHS);
	options->symbol_paths[options->target.nr_symbol_paths++] = path;
	options->target.symbol_paths = options->symbol_paths;
	return HWP_GO_ON;
}

/** HWP_GO_ON as well for an option that is not a number. */
static int take_number(const struct hwp_context *context, int value, const char *argument,
		       struct hwp_cmd_options *options)
{
	const struct {
		int value;
		unsigned long min, max;
		unsigned int *to;
		const char *what;
	} numbers[] = {
		{ OPT_PASSES, 2, 100, &options->nr_passes, "number" },
		{ OPT_MAX_CPU, 1, 100, &options->target.max_cpu_percent, "percentage" },
		{ OPT_THREADS, 1, MAX_THREADS, &options->nr_threads, "number" },
		{ OPT_LIMIT, 1, UINT_MAX, &options->limit, "number" },
		{ OPT_INTERVAL, 1, MAX_INTERVAL_SECONDS, &options->interval_seconds,
		  "number of seconds" },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(numbers); i++) {
		if (numbers[i].value == value &&
		    !parse_number(argument, numbers[i].min, numbers[i].max, numbers[i].to))
			return hwp_usage_error(context, options->json,
					       "--%s is a %s from %lu to %lu, not '%s'",
					       row_of(value)->name, numbers[i].what, numbers[i].min,
					       numbers[i].max, argument);
	}
	return HWP_GO_ON;
}

/* Options that are kept as they are given, and may be given once. */
static int take_text(const struct hwp_context *context, int value, const char *argument,
		     struct hwp_cmd_options *options)
{
	const struct {
		int value;
		const char **to;
	} texts[] = {
		{ OPT_BASE, &options->base },
		{ OPT_ORDER, &options->order },
		{ OPT_POISON, &options->poison },
		{ OPT_MAX_ORDER, &options->max_order },
		{ OPT_RANGE, &options->range },
		{ 'o', &options->output },
		{ OPT_RASDAEMON, &options->rasdaemon },
		{ OPT_LOG, &options->log },
		{ OPT_STATE, &options->state },
		{ OPT_QEMU, &options->target.qemu_socket },
		{ 'x', &options->sort },
		{ OPT_STATES, &options->states },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(texts); i++) {
		if (texts[i].value != value)
			continue;
		if (*texts[i].to)
			return hwp_usage_error(context, options->json, "--%s was given twice",
					       row_of(value)->name);
		*texts[i].to = argument;
	}
	/* hwp_wants_json() has seen --json; --full is the default. */
	return HWP_GO_ON;
}

static int take_option(const struct hwp_context *context, int value, const char *argument,
		       struct hwp_cmd_options *options)
{
	int status = check_choice(context, row_of(value), argument, options);

	if (status == HWP_GO_ON)
		status = take_number(context, value, argument, options);
	if (status != HWP_GO_ON)
		return status;
	switch (value) {
	case 'c':
		if (options->target.core_path)
			return hwp_usage_error(context, options->json, "two targets were given");
		options->target.core_path = argument;
		return HWP_GO_ON;
	case 'k':
		options->live = true;
		return HWP_GO_ON;
	case 's':
		return take_symbols(context, argument, options);
	case OPT_VMCOREINFO:
		options->target.vmcoreinfo_path = argument;
		return HWP_GO_ON;
	case OPT_COLOR:
		options->style.color = strcmp(argument, "always") == 0 ||
				       (strcmp(argument, "auto") == 0 && context->out_is_terminal &&
					!context->no_color);
		return HWP_GO_ON;
	case OPT_PROVIDER:
		options->target.provider = argument;
		return HWP_GO_ON;
	case OPT_QUICK:
		options->quick = true;
		return HWP_GO_ON;
	case OPT_KERNEL_DATA:
		options->kernel_data = true;
		return HWP_GO_ON;
	case OPT_POISONED:
		options->poisoned = true;
		return HWP_GO_ON;
	case 'n':
		options->no_headings = true;
		return HWP_GO_ON;
	case OPT_DIGEST:
		options->sha256 = true;
		return HWP_GO_ON;
	case OPT_FORCE:
		options->force = true;
		return HWP_GO_ON;
	case 'q':
		options->quiet = true;
		return HWP_GO_ON;
	case 'h':
		options->help = true;
		return HWP_GO_ON;
	default:
		return take_text(context, value, argument, options);
	}
}

/* getopt's two forms of the rows that @p groups takes. */
static void make_tables(unsigned int groups, struct option *longs, char *shorts)
{
	/* Return ':' for a missing argument. */
	*shorts++ = ':';
	for (size_t i = 0; i < NR_ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (!(row->group & groups))
			continue;
		*longs++ = (struct option){ row->name,
					    row->argument ? required_argument : no_argument, NULL,
					    row->value };
		if (row->value >= 256)
			continue;
		*shorts++ = (char)row->value;
		if (row->argument)
			*shorts++ = ':';
	}
	*longs = (struct option){};
	*shorts = '\0';
}

static int bad_option(const struct hwp_context *context, const struct hwp_command *command,
		      bool json, int what, char **argv)
{
	const char *word = argv[optind - 1];
	char name[3] = { '-', (char)optopt, '\0' };
	bool is_long = strncmp(word, "--", 2) == 0 || optopt <= 0 || optopt >= 256;

	if (what == ':')
		return hwp_usage_error(context, json, "option '%s' needs an argument",
				       is_long ? word : name);
	if (is_long && optopt)
		return hwp_usage_error(context, json, "option '%.*s' takes no argument",
				       (int)strcspn(word, "="), word);
	return hwp_usage_error(context, json, "'%s' has no option '%s'", command->name,
			       is_long ? word : name);
}

/* The pfn stands before the target. */
static int take_pfn(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	if (!options->nr_args)
		return hwp_usage_error(context, options->json, "'%s' needs a pfn", command->name);
	if (!hwp_parse_pfn(options->args[0], context->like_crash, &options->pfn))
		return hwp_usage_error(context, options->json,
				       "'%s' needs a pfn, like %s, not '%s'", command->name,
				       context->like_crash ? "5c11" : "1234 or 0x5c11",
				       options->args[0]);
	options->args++;
	options->nr_args--;
	return HWP_GO_ON;
}

static int take_word(const struct hwp_context *context, const struct hwp_command *command,
		     struct hwp_cmd_options *options)
{
	if (options->nr_args > 1)
		return hwp_usage_error(context, options->json, "'%s' takes one word",
				       command->name);
	options->word = options->nr_args ? options->args[0] : NULL;
	options->nr_args = 0;
	return HWP_GO_ON;
}

static int take_documents(const struct hwp_context *context, const struct hwp_command *command,
			  struct hwp_cmd_options *options)
{
	if (options->nr_args != 2)
		return hwp_usage_error(context, options->json, "'%s' needs two reports",
				       command->name);
	options->documents[0] = options->args[0];
	options->documents[1] = options->args[1];
	options->nr_args = 0;
	return HWP_GO_ON;
}

static int take_range(const struct hwp_context *context, struct hwp_cmd_options *options)
{
	if (options->range && !hwp_parse_pfn_range(options->range, context->like_crash,
						   &options->range_pfn, &options->range_end_pfn))
		return hwp_usage_error(context, options->json,
				       "--range is PFN-PFN, like %s, not '%s'",
				       context->like_crash ? "5c00-5e00" : "0x5c00-0x5e00",
				       options->range);
	return HWP_GO_ON;
}

/** Is @p path /proc/kcore under any name? Opened as a dump it would bypass the gate. */
static bool is_kcore(const char *path)
{
	struct stat given, kcore;

	return stat(path, &given) == 0 && stat("/proc/kcore", &kcore) == 0 &&
	       given.st_dev == kcore.st_dev && given.st_ino == kcore.st_ino;
}

static int take_target(const struct hwp_context *context, struct hwp_cmd_options *options)
{
	int nr = options->nr_args + (options->target.core_path != NULL) +
		 (options->target.qemu_socket != NULL) + options->live;
	bool is_running;

	if (options->log) {
		if (nr)
			return hwp_usage_error(context, options->json,
					       "--log stands for a target: do not name one too");
		options->target.interrupted = context->interrupted;
		return HWP_GO_ON;
	}
	if (context->host && nr)
		return hwp_usage_error(context, options->json,
				       "the target is what %s has open: do not name one",
				       context->host->name);
	if (nr > 1 && (options->live || options->target.qemu_socket))
		return hwp_usage_error(context, options->json, "two targets were given");
	if (options->nr_args && !options->target.core_path) {
		options->target.core_path = options->args[0];
		options->args++;
		options->nr_args--;
	}
	options->target.part_paths = (const char *const *)options->args;
	options->target.nr_parts = (size_t)options->nr_args;
	if (options->target.core_path && is_kcore(options->target.core_path))
		options->target.core_path = NULL;
	options->live = !context->host && !options->target.core_path &&
			!options->target.qemu_socket;
	is_running = context->host ? !context->host->path :
				     options->live || options->target.qemu_socket;
	if (!is_running &&
	    (options->quick || options->nr_passes || options->target.max_cpu_percent))
		return hwp_usage_error(context, options->json,
				       "--quick, --passes and --max-cpu are for a running kernel");
	if (!options->live && options->state)
		return hwp_usage_error(context, options->json,
				       "--state-file is for the running kernel of this system");
	if (is_running && options->sha256)
		return hwp_usage_error(context, options->json,
				       "--sha256 is for a dump; a running kernel is no file");
	if (options->target.qemu_socket && options->target.vmcoreinfo_path)
		return hwp_usage_error(context, options->json,
				       "--vmcoreinfo is for a dump; a guest has its own");
	options->target.host = context->host;
	options->target.interrupted = context->interrupted;
	return HWP_GO_ON;
}

/** As a shell takes it. */
static void note_command_line(int argc, char **argv, char *buf, size_t size)
{
	FILE *out = fmemopen(buf, size, "w");

	if (!out)
		return;
	fputs("hwpoison", out);
	for (int i = 0; i < argc; i++) {
		bool is_plain = *argv[i] && !argv[i][strspn(argv[i], PLAIN_CHARACTERS)];

		putc(' ', out);
		fputs(is_plain ? "" : "'", out);
		for (const char *c = argv[i]; *c; c++) {
			if (*c == '\'')
				fputs("'\\'", out);
			putc(*c, out);
		}
		fputs(is_plain ? "" : "'", out);
	}
	fclose(out);
	buf[size - 1] = '\0';
}

int hwp_parse_options(const struct hwp_context *context, const struct hwp_command *command,
		      int argc, char **argv, struct hwp_cmd_options *ret)
{
	unsigned int groups = hwp_option_groups(context, command);
	struct option longs[NR_ROWS + 1];
	char shorts[2 * NR_ROWS + 2];
	int value, status = HWP_GO_ON;

	*ret = (struct hwp_cmd_options){
		.json = hwp_wants_json(argc, argv),
		.interval_seconds = DEFAULT_INTERVAL_SECONDS,
		.style = {
			.color = context->out_is_terminal && !context->no_color,
			.utf8 = context->utf8,
			.width = context->width,
			.addresses = context->host,
		},
	};
	/* Before getopt_long() moves arguments. */
	if (groups & HWP_OPTIONS_DOCUMENT)
		note_command_line(argc, argv, ret->command_line, sizeof(ret->command_line));
	make_tables(groups, longs, shorts);
	/* 0 makes getopt forget what it parsed before, as a host may call us twice. */
	optind = 0;
	opterr = 0;
	while (status == HWP_GO_ON && (value = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		status = value == '?' || value == ':' ?
				 bad_option(context, command, ret->json, value, argv) :
				 take_option(context, value, optarg, ret);
	if (status != HWP_GO_ON)
		return status;
	ret->nr_args = argc - optind;
	ret->args = argv + optind;
	if (ret->help)
		return HWP_GO_ON;
	/* The same letter as for a file, as in lsblk. */
	if (groups & HWP_OPTIONS_LIST) {
		ret->columns = ret->output;
		ret->output = NULL;
	}
	status = take_range(context, ret);
	if (status == HWP_GO_ON && groups & HWP_TAKES_PFN)
		status = take_pfn(context, command, ret);
	if (status == HWP_GO_ON && groups & HWP_OPTIONS_DIFF)
		status = take_documents(context, command, ret);
	if (status == HWP_GO_ON && groups & HWP_TAKES_WORD)
		status = take_word(context, command, ret);
	if (status == HWP_GO_ON && groups & HWP_OPTIONS_TARGET)
		status = take_target(context, ret);
	else if (status == HWP_GO_ON && ret->nr_args)
		status = hwp_usage_error(context, ret->json, "'%s' takes no '%s'", command->name,
					 ret->args[0]);
	return status;
}
