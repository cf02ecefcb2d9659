// SPDX-License-Identifier: GPL-2.0-or-later
/** What `help` and --help print; the command table itself is commands.c's. */
#ifndef HWP_HELP_H
#define HWP_HELP_H

#include "command.h"

/** The commands, a line each; @p commands ends with a NULL name. */
void hwp_print_overview(const struct hwp_context *context, const struct hwp_command *commands);

/** The commands and the checks as JSON, schema hwpoison.help/1. */
void hwp_print_overview_json(FILE *out, const struct hwp_command *commands);

/** Usage, summary, help and options of one command. */
void hwp_print_command_help(const struct hwp_context *context, const struct hwp_command *command);

#endif /* HWP_HELP_H */
