// SPDX-License-Identifier: GPL-2.0-or-later
/** Commands on dumps run in a child process that has no rights and a budget. */
#ifndef HWP_CONFINE_H
#define HWP_CONFINE_H

#include "command.h"

/**
 * Run @p command; returns the exit status. On a dump it runs in a child, and what it prints is
 * printed when the child has ended by itself, or not at all: the child's death is one line
 * and HWP_EXIT_TROUBLE. Hosts and running kernels have the command run as it is.
 */
int hwp_run_confined(const struct hwp_context *context, const struct hwp_command *command,
		     struct hwp_cmd_options *options);

#endif /* HWP_CONFINE_H */
