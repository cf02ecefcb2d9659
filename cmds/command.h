// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands, apart from the process that runs them: a host (main.c, crash, drgn)
 * fills in the context, and a command prints to its streams and returns the
 * exit status. From left to right: command, options, analyse and help, the
 * commands themselves, and the table in commands.c that knows them all.
 */
#ifndef HWP_COMMAND_H
#define HWP_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/report.h"

struct hwp_cmd_options;
struct hwp_host;

/** Exit status for trouble of any kind: usage, a target that cannot be read, output lost. */
#define HWP_EXIT_TROUBLE 2

struct hwp_context {
	/** Reports, and error messages. */
	FILE *out, *err;
	bool out_is_terminal, err_is_terminal;
	/** The user's environment asks for no colour. */
	bool no_color;
	/** The locale's character set is UTF-8. */
	bool utf8;
	/** Columns of the terminal; 0 when unknown. */
	unsigned int width;
	/** The target is what this host has open; NULL: the user names one. */
	const struct hwp_host *host;
	/** As in crash: a pfn without 0x is hexadecimal, and help has the form of crash's. */
	bool like_crash;
	/** What stands before "hwpoison" where a user types it; NULL: nothing. */
	const char *prompt;
	/** What a host prints after an error of usage; NULL: how to get help. */
	const char *usage_hint;
	/** Set when the reader of out has gone; NULL where that cannot be. */
	const volatile sig_atomic_t *reader_gone;
	/** Set by the host's signal handler; NULL: signals end the process. */
	const volatile sig_atomic_t *interrupted;
};

/** One command line, with what it is for, what it prints, or both; these end their lines. */
struct hwp_example {
	/** What follows "hwpoison "; the target, if it has one, is the word "vmcore". */
	const char *command;
	const char *what, *output;
	/** enum hwp_option_group: shown where the command takes all of these. */
	unsigned int needs;
};

struct hwp_command {
	const char *name;
	/** Its options are parsed; returns the exit status. */
	int (*run)(const struct hwp_context *context, const struct hwp_command *command,
		   struct hwp_cmd_options *options);
	/** What hwp_analyse_and_report() prints; NULL for other commands. */
	struct hwp_error *(*text)(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_report_style *style);
	struct hwp_error *(*json)(FILE *out, const struct hwp_findings *findings);
	/** One line, no full stop. */
	const char *summary;
	/** What follows "hwpoison NAME " on the usage line. */
	const char *usage;
	/** enum hwp_option_group: which options it takes. */
	unsigned int option_groups;
	/** What it does; lines within 80 columns. */
	const char *help;
	/** What is true of it in the program and in no host; may be NULL. */
	const char *program_help;
	/** Up to one without a command. */
	const struct hwp_example *examples;
};

/** Run the command line @p argv, argv[0] being the program; returns the exit status. */
int hwp_run_command_line(const struct hwp_context *context, int argc, char **argv);

/** The commands that are not hwp_analyse_and_report() (analyse.h) or help. */
int hwp_cmd_excerpt(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options);
int hwp_cmd_list(const struct hwp_context *context, const struct hwp_command *command,
		 struct hwp_cmd_options *options);
int hwp_cmd_metrics(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options);
int hwp_cmd_report(const struct hwp_context *context, const struct hwp_command *command,
		   struct hwp_cmd_options *options);
int hwp_cmd_watch(const struct hwp_context *context, const struct hwp_command *command,
		  struct hwp_cmd_options *options);
int hwp_cmd_decompose(const struct hwp_context *context, const struct hwp_command *command,
		      struct hwp_cmd_options *options);
int hwp_cmd_diff(const struct hwp_context *context, const struct hwp_command *command,
		 struct hwp_cmd_options *options);
int hwp_cmd_explain(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options);
int hwp_cmd_layout(const struct hwp_context *context, const struct hwp_command *command,
		   struct hwp_cmd_options *options);
int hwp_cmd_version(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options);

#endif /* HWP_COMMAND_H */
