// SPDX-License-Identifier: GPL-2.0-or-later
/** What the commands that analyse a target share. */
#ifndef HWP_CMD_ANALYSE_H
#define HWP_CMD_ANALYSE_H

#include "command.h"
#include "options.h"
#include "report/report.h"

typedef struct hwp_error *hwp_text_report_fn(FILE *out, const struct hwp_findings *findings,
					     const struct hwp_report_style *style);
typedef struct hwp_error *hwp_json_report_fn(FILE *out, const struct hwp_findings *findings);

/**
 * Analyse the target that @p parsed names, with a progress line where somebody
 * looks. The caller destroys the findings.
 */
struct hwp_error *hwp_analyse_target(const struct hwp_context *context,
				     const struct hwp_command *command,
				     const struct hwp_cmd_options *parsed,
				     struct hwp_findings **ret);

/** Parse options, analyse the target, print it by @p text or @p json; the exit status. */
int hwp_analyse_and_report(const struct hwp_context *context, const struct hwp_command *command,
			   int argc, char **argv, hwp_text_report_fn *text,
			   hwp_json_report_fn *json);

#endif /* HWP_CMD_ANALYSE_H */
