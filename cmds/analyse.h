// SPDX-License-Identifier: GPL-2.0-or-later
/** What the commands that analyse a target share. */
#ifndef HWP_CMD_ANALYSE_H
#define HWP_CMD_ANALYSE_H

#include "command.h"
#include "options.h"

/**
 * Analyse the target that @p parsed names, with a progress bar on a terminal. The
 * caller destroys the findings.
 */
struct hwp_error *hwp_analyse_target(const struct hwp_context *context,
				     const struct hwp_command *command,
				     const struct hwp_cmd_options *parsed,
				     struct hwp_findings **ret);

/** The run function of a command that analyses the target and prints command->text or ->json. */
int hwp_analyse_and_report(const struct hwp_context *context, const struct hwp_command *command,
			   struct hwp_cmd_options *options);

#endif /* HWP_CMD_ANALYSE_H */
