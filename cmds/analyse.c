// SPDX-License-Identifier: GPL-2.0-or-later
#include "analyse.h"

#include "considerate.h"
#include "hwpoison.h"
#include "progress.h"
#include "state_file.h"

struct hwp_error *hwp_analyse_target(const struct hwp_context *context,
				     const struct hwp_command *command,
				     const struct hwp_cmd_options *parsed,
				     struct hwp_findings **ret)
{
	struct hwp_progress progress = { .err = context->err };
	struct hwp_options options = {
		.target = parsed->target,
		.rasdaemon_path = parsed->rasdaemon,
		.log_path = parsed->log,
		.nr_threads = parsed->nr_threads,
		.nr_passes = parsed->nr_passes,
		.quick = parsed->quick,
		.since_boot = parsed->since_boot,
		.has_folio_pfn = command->option_groups & HWP_TAKES_PFN,
		.folio_pfn = parsed->pfn,
		.has_range = parsed->range,
		.range_pfn = parsed->range_pfn,
		.range_end_pfn = parsed->range_end_pfn,
	};
	struct hwp_error *err;

	if (context->err_is_terminal && !parsed->quiet) {
		options.progress = hwp_progress_update;
		options.progress_arg = &progress;
	}
	if (parsed->live)
		hwp_be_considerate();
	err = hwp_analyse(&options, ret);
	hwp_progress_clear(&progress);
	return err;
}

int hwp_analyse_and_report(const struct hwp_context *context, const struct hwp_command *command,
			   struct hwp_cmd_options *options)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_(hwp_state_file_deinit) struct hwp_state_file state = {};
	struct hwp_error *err;

	if (command->option_groups & HWP_OPTIONS_STATE)
		hwp_state_file_open(context, options, &state);
	options->since_boot = &state.record;
	err = hwp_analyse_target(context, command, options, &findings);
	if (err)
		return hwp_fail(context, options->json, err);
	err = options->json ? command->json(context->out, findings) :
			      command->text(context->out, findings, &options->style);
	/* A document of JSON has not been begun then. */
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return hwp_fail(context, options->json, err);
	return hwp_finish(context, err, hwp_verdict_exit_status(findings->verdict));
}
