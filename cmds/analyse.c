// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyse.h"

#include "hwpoison.h"
#include "options.h"
#include "progress.h"

int hwp_analyse_and_report(const struct hwp_context *context, const struct hwp_command *command,
			   int argc, char **argv, hwp_text_report_fn *text,
			   hwp_json_report_fn *json)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	struct hwp_progress progress = { .err = context->err };
	struct hwp_options options = {};
	struct hwp_cmd_options parsed;
	struct hwp_error *err;
	int status;

	status = hwp_parse_options(context, command, argc, argv, &parsed);
	if (status != HWP_GO_ON)
		return status;
	options.target = parsed.target;
	options.nr_threads = parsed.nr_threads;
	options.has_folio_pfn = command->option_groups & HWP_TAKES_PFN;
	options.folio_pfn = parsed.pfn;
	options.has_range = parsed.range;
	options.range_pfn = parsed.range_pfn;
	options.range_end_pfn = parsed.range_end_pfn;
	if (context->err_is_terminal && !parsed.quiet) {
		options.progress = hwp_progress_update;
		options.progress_arg = &progress;
	}
	err = hwp_analyse(&options, &findings);
	hwp_progress_clear(&progress);
	if (err)
		return hwp_fail(context, parsed.json, err);
	err = parsed.json ? json(context->out, findings) :
			    text(context->out, findings, &parsed.style);
	return hwp_finish(context, err, hwp_verdict_exit_status(findings->verdict));
}
