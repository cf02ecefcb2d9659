// SPDX-License-Identifier: GPL-2.0-or-later
/** `report`: the page for a ticket. */
#include <sys/stat.h>
#include <time.h>

#include "analyse.h"
#include "options.h"
#include "outfile.h"
#include "state_file.h"
#include "verdict/check.h"

static struct hwp_ticket make_ticket(const struct hwp_cmd_options *options)
{
	struct hwp_ticket ticket = { .command = options->command_line,
				     .unix_seconds = (int64_t)time(NULL) };
	const struct hwp_target_options *target = &options->target;
	struct stat st;

	if (target->core_path && !target->nr_parts &&
	    (target->core_fd ? fstat(target->core_fd, &st) : stat(target->core_path, &st)) == 0) {
		ticket.has_size = true;
		ticket.size = (uint64_t)st.st_size;
	}
	return ticket;
}

static struct hwp_error *write_file(const char *path, const struct hwp_findings *findings,
				    const struct hwp_ticket *ticket)
{
	_cleanup_(hwp_outfile_deinit) struct hwp_outfile file = {};
	struct hwp_error *err = hwp_outfile_open(path, 0644, &file);

	if (!err)
		err = hwp_report_html(file.out, findings, ticket);
	return err ? err : hwp_outfile_commit(&file);
}

int hwp_cmd_report(const struct hwp_context *context, const struct hwp_command *command,
		   struct hwp_cmd_options *options)
{
	_cleanup_(hwp_findings_destroyp) struct hwp_findings *findings = NULL;
	_cleanup_(hwp_state_file_deinit) struct hwp_state_file state = {};
	struct hwp_ticket ticket = make_ticket(options);
	struct hwp_error *err;

	hwp_state_file_open(context, options, &state);
	options->since_boot = &state.record;
	err = hwp_analyse_target(context, command, options, &findings);
	if (err)
		return hwp_fail(context, false, err);
	err = options->output ? write_file(options->output, findings, &ticket) :
				hwp_report_html(context->out, findings, &ticket);
	return hwp_finish(context, err, hwp_verdict_exit_status(findings->verdict));
}
