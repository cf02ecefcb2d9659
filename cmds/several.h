// SPDX-License-Identifier: GPL-2.0-or-later
/** Several targets on one command line, each checked on its own. */
#ifndef HWP_SEVERAL_H
#define HWP_SEVERAL_H

#include "options.h"

/** Are there several targets, and not the parts of one dump? */
bool hwp_has_several_targets(const struct hwp_cmd_options *options);

/**
 * Run @p command for each target: a line each, of JSON or of text. What is wrong with one is
 * reported, and the next one follows. Returns the highest of the exit statuses.
 */
int hwp_run_several(const struct hwp_context *context, const struct hwp_command *command,
		    const struct hwp_cmd_options *options);

#endif /* HWP_SEVERAL_H */
