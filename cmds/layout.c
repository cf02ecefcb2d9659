// SPDX-License-Identifier: GPL-2.0-or-later
#include "considerate.h"
#include "options.h"
#include "readers.h"
#include "target/target.h"

int hwp_cmd_layout(const struct hwp_context *context, const struct hwp_command *command,
		   struct hwp_cmd_options *options)
{
	_cleanup_(hwp_target_destroyp) struct hwp_target *target = NULL;
	_cleanup_(hwp_layout_destroyp) struct hwp_layout *layout = NULL;
	struct hwp_layout_report report;
	struct hwp_error *err;

	(void)command;
	if (options->live)
		hwp_be_considerate();
	err = hwp_target_open(&options->target, &target);
	if (!err)
		err = hwp_target_blame(target, &options->target,
				       hwp_layout_create(target, hwp_readers, &layout));
	if (err)
		return hwp_fail(context, options->json, err);
	report = (struct hwp_layout_report){
		.release = hwp_target_release(target),
		.memory_provider = hwp_target_memory_provider(target),
		.type_provider = hwp_target_type_provider(target),
		.layout = layout,
	};
	err = options->json ? hwp_report_layout_json(context->out, &report) :
			      hwp_report_layout(context->out, &report, &options->style);
	return hwp_finish(context, err, 0);
}
