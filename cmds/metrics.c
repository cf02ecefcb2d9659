// SPDX-License-Identifier: GPL-2.0-or-later
#include "metrics.h"

#include "analyse.h"
#include "base/clock.h"
#include "journal.h"
#include "options.h"
#include "outfile.h"
#include "report/metrics.h"
#include "state_file.h"

struct hwp_error *hwp_put_metrics(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_leak_record *since_boot, uint64_t start_ns)
{
	struct hwp_metrics_run run = {
		.duration_ns = hwp_now_ns() - start_ns,
		.since_boot = since_boot,
	};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	run.end_ns = hwp_timespec_ns(&now);
	return hwp_report_metrics(out, findings, &run);
}

struct hwp_error *hwp_write_metrics(const char *path, const struct hwp_findings *findings,
				    const struct hwp_leak_record *since_boot, uint64_t start_ns)
{
	_cleanup_(hwp_outfile_deinit) struct hwp_outfile file = {};
	struct hwp_error *err;

	err = hwp_outfile_open(path, 0644, &file);
	if (!err)
		err = hwp_put_metrics(file.out, findings, since_boot, start_ns);
	return err ? err : hwp_outfile_commit(&file);
}

/** A service goes on where nobody collects metrics: what it finds is in the journal, too. */
static struct hwp_error *put(const struct hwp_context *context,
			     const struct hwp_cmd_options *options,
			     const struct hwp_findings *findings,
			     const struct hwp_leak_record *since_boot, uint64_t start)
{
	if (!options->output)
		return hwp_put_metrics(context->out, findings, since_boot, start);
	if (hwp_is_journal(context->err) && hwp_journal_no_directory(context->err, options->output))
		return NULL;
	return hwp_write_metrics(options->output, findings, since_boot, start);
}

int hwp_cmd_metrics(const struct hwp_context *context, const struct hwp_command *command,
		    struct hwp_cmd_options *options)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_(hwp_state_file_deinit) struct hwp_state_file state = {};
	_cleanup_error_ struct hwp_error *failure = NULL;
	const struct hwp_leak_record *since_boot;
	uint64_t start = hwp_now_ns();
	struct hwp_error *err = NULL;
	int status;

	hwp_state_file_open(context, options, &state);
	options->since_boot = &state.record;
	failure = hwp_analyse_target(context, command, options, &findings);
	status = findings ? hwp_verdict_exit_status(findings->verdict) : HWP_EXIT_TROUBLE;
	if (findings)
		hwp_state_file_add(context, &state, findings);
	if (findings && hwp_is_journal(context->err))
		hwp_journal_leak(context->err, findings);
	since_boot = hwp_state_file_known(&state, findings);
	/* An interrupted run has no result: the file of the last run stays. */
	if (!failure || failure->code != HWP_ERROR_INTERRUPTED)
		err = put(context, options, findings, since_boot, start);
	if (failure)
		hwp_fail(context, false, no_cleanup_ptr(failure));
	return hwp_finish(context, err, status);
}
