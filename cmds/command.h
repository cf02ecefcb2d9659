// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Commands, apart from the process that runs them: a host (main.c, crash,
 * drgn) fills in the context, and a command prints to its streams
 * and returns the exit status.
 */
#ifndef HWP_COMMAND_H
#define HWP_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

struct hwp_host;

/** Exit status for trouble of any kind: usage, a target that cannot be read, output lost. */
#define HWP_EXIT_TROUBLE 2

struct hwp_context {
	/** Reports, and what goes wrong. */
	FILE *out, *err;
	bool out_is_terminal, err_is_terminal;
	/** The user's environment asks for no colour. */
	bool no_color;
	/** The locale's character set is UTF-8. */
	bool utf8;
	/** Columns of the terminal; 0 when unknown. */
	unsigned int width;
	/** What the host has open is the target; NULL: the user names one. */
	const struct hwp_host *host;
	/** A bare number is a hexadecimal pfn, as crash has it. */
	bool hex_pfns;
	/** Set by the host's signal handler; NULL: signals end the process. */
	const volatile sig_atomic_t *interrupted;
};

struct hwp_command {
	const char *name;
	int (*run)(const struct hwp_context *context, const struct hwp_command *command, int argc,
		   char **argv);
	/** One line, no full stop. */
	const char *summary;
	/** What follows "hwpoison NAME " on the usage line. */
	const char *usage;
	/** enum hwp_option_group: which options it takes. */
	unsigned int option_groups;
	/** What it does, then EXAMPLES; lines within 80 columns. */
	const char *help;
};

/** The command table; its end has a NULL name. */
extern const struct hwp_command hwp_commands[];

/** NULL when there is no such command. */
const struct hwp_command *hwp_find_command(const char *name);

/** Run the command line @p argv, argv[0] being the program; the exit status. */
int hwp_run_command_line(const struct hwp_context *context, int argc, char **argv);

/** The commands; argv[0] is the command's name. */
int hwp_cmd_check(const struct hwp_context *context, const struct hwp_command *command, int argc,
		  char **argv);
int hwp_cmd_list(const struct hwp_context *context, const struct hwp_command *command, int argc,
		 char **argv);
int hwp_cmd_freelist(const struct hwp_context *context, const struct hwp_command *command, int argc,
		     char **argv);
int hwp_cmd_folio(const struct hwp_context *context, const struct hwp_command *command, int argc,
		  char **argv);
int hwp_cmd_events(const struct hwp_context *context, const struct hwp_command *command, int argc,
		   char **argv);
int hwp_cmd_metrics(const struct hwp_context *context, const struct hwp_command *command, int argc,
		    char **argv);
int hwp_cmd_watch(const struct hwp_context *context, const struct hwp_command *command, int argc,
		  char **argv);
int hwp_cmd_decompose(const struct hwp_context *context, const struct hwp_command *command,
		      int argc, char **argv);
int hwp_cmd_layout(const struct hwp_context *context, const struct hwp_command *command, int argc,
		   char **argv);
int hwp_cmd_version(const struct hwp_context *context, const struct hwp_command *command, int argc,
		    char **argv);
int hwp_cmd_help(const struct hwp_context *context, const struct hwp_command *command, int argc,
		 char **argv);

/** Help on one command, on the context's out. */
void hwp_print_command_help(const struct hwp_context *context, const struct hwp_command *command);

#endif /* HWP_COMMAND_H */
