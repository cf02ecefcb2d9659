// SPDX-License-Identifier: GPL-2.0-or-later
#include "considerate.h"
#include "options.h"
#include "target/target.h"

static void destroy_target(struct hwp_target **target)
{
	hwp_target_destroy(*target);
}

static void destroy_layout(struct hwp_layout **layout)
{
	hwp_layout_destroy(*layout);
}

int hwp_cmd_layout(const struct hwp_context *context, const struct hwp_command *command, int argc,
		   char **argv)
{
	_cleanup_(destroy_target) struct hwp_target *target = NULL;
	_cleanup_(destroy_layout) struct hwp_layout *layout = NULL;
	struct hwp_layout_report report;
	struct hwp_cmd_options parsed;
	struct hwp_error *err;
	int status;

	status = hwp_parse_options(context, command, argc, argv, &parsed);
	if (status != HWP_GO_ON)
		return status;
	if (parsed.live)
		hwp_be_considerate();
	err = hwp_target_open(&parsed.target, &target);
	if (!err)
		err = hwp_error_prefix(hwp_layout_create(target, &layout), "%s",
				       hwp_target_options_path(&parsed.target));
	if (err)
		return hwp_fail(context, parsed.json, err);
	report = (struct hwp_layout_report){
		.release = hwp_target_release(target),
		.memory_provider = hwp_target_memory_provider(target),
		.type_provider = hwp_target_type_provider(target),
		.layout = layout,
	};
	err = parsed.json ? hwp_report_layout_json(context->out, &report) :
			    hwp_report_layout(context->out, &report, &parsed.style);
	return hwp_finish(context, err, 0);
}
