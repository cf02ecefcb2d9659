// SPDX-License-Identifier: GPL-2.0-or-later
/** The file in which checks of the running kernel keep what leaked since it booted. */
#ifndef HWP_STATE_FILE_H
#define HWP_STATE_FILE_H

#include "model/findings.h"
#include "options.h"

struct hwp_state_file {
	/** NULL: nothing is kept beyond this process. */
	char *path;
	/** What is known of this boot: by the file, and by hwp_state_file_add(). */
	struct hwp_leak_record record;
	bool is_chosen, quiet;
	/** The last complaint, which is not repeated; NULL: there was none. */
	char *complaint;
};

/**
 * Read what earlier checks left: the file that --state-file names, $STATE_DIRECTORY/leaks, or
 * /var/lib/hwpoison/leaks. That there is none, or none for this user, is no trouble; what is
 * wrong with it is one line on standard error, and never ends a command. Nothing is read, and
 * nothing kept, of a target that is not the running kernel.
 */
void hwp_state_file_open(const struct hwp_context *context, const struct hwp_cmd_options *options,
			 struct hwp_state_file *ret);

/** Add what @p findings show, which a check found now, and replace the file when it differs. */
void hwp_state_file_add(const struct hwp_context *context, struct hwp_state_file *state,
			const struct hwp_findings *findings);

/**
 * What metrics may say of leaks since boot; NULL after a check that failed (@p findings NULL)
 * when no earlier one saw any: then nothing is known, and 0 would claim something.
 */
const struct hwp_leak_record *hwp_state_file_known(const struct hwp_state_file *state,
						   const struct hwp_findings *findings);

void hwp_state_file_deinit(struct hwp_state_file *state);

#endif /* HWP_STATE_FILE_H */
