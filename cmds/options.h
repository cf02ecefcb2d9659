// SPDX-License-Identifier: GPL-2.0-or-later
/** Options of the command line: one table for all commands. */
#ifndef HWP_OPTIONS_H
#define HWP_OPTIONS_H

#include <stdint.h>

#include "base/error.h"
#include "command.h"
#include "report/report.h"
#include "target/target.h"

enum hwp_option_group {
	/** -h; every command takes it. */
	HWP_OPTIONS_COMMON = 1 << 0,
	/** -j. */
	HWP_OPTIONS_JSON = 1 << 1,
	/** How the target is read; the last argument names it. */
	HWP_OPTIONS_TARGET = 1 << 2,
	/** --quick and what else is for a running kernel; goes with HWP_OPTIONS_TARGET. */
	HWP_OPTIONS_RUNNING = 1 << 15,
	/** Which target: goes with HWP_OPTIONS_TARGET where no host has one open. */
	HWP_OPTIONS_OPEN = 1 << 3,
	/** The folio of decompose, in numbers. */
	HWP_OPTIONS_DECOMPOSE = 1 << 4,
	/** --range: where a folio was. */
	HWP_OPTIONS_RANGE = 1 << 5,
	/** --rasdaemon: a database of further events. */
	HWP_OPTIONS_RASDAEMON = 1 << 6,
	/** --log: a kernel log as text, in the place of a target; for a program of its own. */
	HWP_OPTIONS_LOG = 1 << 14,
	/** -o: the file to write. */
	HWP_OPTIONS_OUTPUT = 1 << 7,
	/** --interval: the time between two checks. */
	HWP_OPTIONS_INTERVAL = 1 << 8,
	/** --state-file: where leaks since boot are kept; for a program of its own, not in a host. */
	HWP_OPTIONS_STATE = 1 << 9,
	/** -o: the file for the one document that the command writes. */
	HWP_OPTIONS_DOCUMENT = 1 << 13,
	/** Which pages and columns a table has, as lsblk and lsmem take it. */
	HWP_OPTIONS_LIST = 1 << 18,
	/** What an excerpt holds; -o is written by the command itself, into a file that is open. */
	HWP_OPTIONS_EXCERPT = 1 << 20,
	/** No option: several targets may follow, each on its own. */
	HWP_TAKES_SEVERAL = 1 << 19,
	/** No option: the first argument is a pfn. */
	HWP_TAKES_PFN = 1 << 10,
	/** No option: one argument may follow that is not a target. */
	HWP_TAKES_WORD = 1 << 11,
	/** No option: no host has the command, as one shows output when a command has ended. */
	HWP_PROGRAM_ONLY = 1 << 12,
	/** No option: what only a shell has, as the exit status; every command of the program. */
	HWP_IN_SHELL = 1 << 16,
	/** No option: every command of a host. */
	HWP_IN_HOST = 1 << 17,
	/** --sha256: what the files of a dump are known by; for a program of its own, not in a host. */
	HWP_OPTIONS_DIGEST = 1 << 22,
	/** --force; and two arguments are reports as JSON. */
	HWP_OPTIONS_DIFF = 1 << 21,
};

/** How often -s may be given. */
#define HWP_MAX_SYMBOL_PATHS 32

struct hwp_cmd_options {
	struct hwp_target_options target;
	/** What target.symbol_paths points to. */
	const char *symbol_paths[HWP_MAX_SYMBOL_PATHS];
	bool live, quick, quiet, json, help;
	/** 0 when not given. */
	unsigned int nr_threads, nr_passes;
	struct hwp_report_style style;
	/** HWP_OPTIONS_DECOMPOSE, as given; NULL for what was not. */
	const char *base, *order, *poison, *max_order;
	/** HWP_OPTIONS_RANGE: pfns [range_pfn, range_end_pfn), or both 0. */
	const char *range;
	uint64_t range_pfn, range_end_pfn;
	/** HWP_OPTIONS_RASDAEMON: a path, or NULL. */
	const char *rasdaemon;
	/** HWP_OPTIONS_LOG: a path, or NULL. */
	const char *log;
	/** HWP_OPTIONS_OUTPUT, HWP_OPTIONS_DOCUMENT, HWP_OPTIONS_EXCERPT: a path, or NULL. */
	const char *output;
	/** HWP_OPTIONS_EXCERPT: the file to write, opened by who has more rights; 0: it is not. */
	int output_fd;
	bool kernel_data, poisoned;
	/** HWP_OPTIONS_DIGEST. */
	bool sha256;
	/** HWP_OPTIONS_LIST, as given; NULL for what was not, limit 0. */
	const char *columns, *sort, *states;
	unsigned int limit;
	bool no_headings;
	/** HWP_OPTIONS_STATE: a path, empty for no file, or NULL. */
	const char *state;
	/** What earlier checks of this boot saw (borrowed), or NULL. */
	const struct hwp_leak_record *since_boot;
	/** HWP_OPTIONS_INTERVAL: from the start of one check to the start of the next. */
	unsigned int interval_seconds;
	/** HWP_TAKES_PFN. */
	uint64_t pfn;
	/** HWP_OPTIONS_DIFF: compare what is of different machines; the paths. */
	bool force;
	const char *documents[2];
	/** HWP_TAKES_WORD: the argument, or NULL. */
	const char *word;
	/** HWP_OPTIONS_DOCUMENT: the command line as a shell takes it; cut off if it is long. */
	char command_line[1024];
	/** Arguments that are not parsed yet. */
	int nr_args;
	char **args;
};

/** What hwp_parse_options() returns when the command can run. */
#define HWP_GO_ON (-1)

/**
 * Parse @p argv, argv[0] being the command's name; @p ret points into @p argv and
 * into itself, so it must not be moved. With ret->help nothing else need be
 * right. Returns HWP_GO_ON, or the exit status when an error was printed.
 */
int hwp_parse_options(const struct hwp_context *context, const struct hwp_command *command,
		      int argc, char **argv, struct hwp_cmd_options *ret);

/** How many words from argv[1] on are options and their arguments. */
int hwp_leading_options(int argc, char **argv);

/** Do the options of @p argv ask for JSON? For errors found before they are parsed. */
bool hwp_wants_json(int argc, char **argv);

/** The option groups that @p command takes in this host. */
unsigned int hwp_option_groups(const struct hwp_context *context,
			       const struct hwp_command *command);

/** The options of @p groups, a line each, for help. */
void hwp_print_options(FILE *out, unsigned int groups);

/** Print "hwpoison: MESSAGE; try 'hwpoison help'", or the host's hint; returns HWP_EXIT_TROUBLE. */
int hwp_usage_error(const struct hwp_context *context, bool json, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** Print @p err, as JSON too if @p json, and destroy it; returns HWP_EXIT_TROUBLE. */
int hwp_fail(const struct hwp_context *context, bool json, struct hwp_error *err);

/** @p status; if @p err (output was lost) is not NULL, print it and return HWP_EXIT_TROUBLE. */
int hwp_finish(const struct hwp_context *context, struct hwp_error *err, int status);

#endif /* HWP_OPTIONS_H */
