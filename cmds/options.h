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
	HWP_OPTIONS_JSON = 1 << 1,
	/** How to look at a target. */
	HWP_OPTIONS_TARGET = 1 << 2,
	/** A folio, in numbers. */
	HWP_OPTIONS_DECOMPOSE = 1 << 3,
	/** --range: where a folio was. */
	HWP_OPTIONS_RANGE = 1 << 4,
	/** -o: write there. */
	HWP_OPTIONS_OUTPUT = 1 << 6,
	/** --interval: look again and again. */
	HWP_OPTIONS_INTERVAL = 1 << 7,
	/** Which target: goes with HWP_OPTIONS_TARGET where no host has one open. */
	HWP_OPTIONS_OPEN = 1 << 8,
	/** --rasdaemon: what is known from there. */
	HWP_OPTIONS_RASDAEMON = 1 << 9,
	/** No option: the first argument is a pfn. */
	HWP_TAKES_PFN = 1 << 5,
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
	/** HWP_OPTIONS_DECOMPOSE, as given; NULL when not. */
	const char *base, *order, *poison, *max_order;
	/** HWP_OPTIONS_RANGE: pfns [range_pfn, range_end_pfn), or both 0. */
	const char *range;
	uint64_t range_pfn, range_end_pfn;
	/** HWP_OPTIONS_RASDAEMON: a path, or NULL. */
	const char *rasdaemon;
	/** HWP_OPTIONS_OUTPUT: a path, or NULL. */
	const char *output;
	/** HWP_OPTIONS_INTERVAL: from the start of a look to that of the next. */
	unsigned int interval_seconds;
	/** HWP_TAKES_PFN. */
	uint64_t pfn;
	/** What is left: for commands without HWP_OPTIONS_TARGET. */
	int nr_args;
	char **args;
};

/** What hwp_parse_options() returns when the command has to go on. */
#define HWP_GO_ON (-1)

/**
 * Parse @p argv, argv[0] being the command's name; @p ret points into it and
 * to itself, so it stays where it is. Returns HWP_GO_ON, or the
 * exit status when all is said: help was asked for, or an error was printed.
 */
int hwp_parse_options(const struct hwp_context *context, const struct hwp_command *command,
		      int argc, char **argv, struct hwp_cmd_options *ret);

/** Do the options of @p argv ask for JSON? For errors that come before they are parsed. */
bool hwp_wants_json(int argc, char **argv);

/** The options that @p command takes here. */
unsigned int hwp_option_groups(const struct hwp_context *context,
			       const struct hwp_command *command);

/** The options of @p groups, a line each, for help. */
void hwp_print_options(FILE *out, unsigned int groups);

/** Print "hwpoison: MESSAGE; try 'hwpoison help'"; returns HWP_EXIT_TROUBLE. */
int hwp_usage_error(const struct hwp_context *context, bool json, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** Print @p err, as JSON too if @p json, and destroy it; returns HWP_EXIT_TROUBLE. */
int hwp_fail(const struct hwp_context *context, bool json, struct hwp_error *err);

/** @p status, or HWP_EXIT_TROUBLE with a message when @p err (output was lost) is not NULL. */
int hwp_finish(const struct hwp_context *context, struct hwp_error *err, int status);

#endif /* HWP_OPTIONS_H */
