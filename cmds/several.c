// SPDX-License-Identifier: GPL-2.0-or-later
#include "several.h"

#include "confine.h"
#include "report/common.h"
#include "target/providers.h"

/* A file that cannot be opened says nothing: parts are one dump, whichever of them is missing. */
bool hwp_has_several_targets(const struct hwp_cmd_options *options)
{
	const struct hwp_target_options *target = &options->target;

	if (!target->nr_parts)
		return false;
	if (!hwp_may_be_part(target->core_path))
		return true;
	for (size_t i = 0; i < target->nr_parts; i++)
		if (!hwp_may_be_part(target->part_paths[i]))
			return true;
	return false;
}

/** JSON on one line: no string has a line end, and what follows one is indentation. */
static void put_on_one_line(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text != '\n') {
			putc(*text, out);
			continue;
		}
		while (text[1] == ' ' || text[1] == '\n')
			text++;
	}
	putc('\n', out);
}

static int run_one(const struct hwp_context *context, const struct hwp_command *command,
		   const struct hwp_cmd_options *given, const char *path)
{
	struct hwp_cmd_options options = *given;
	struct hwp_context inner = *context;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int status;

	options.target.core_path = path;
	options.target.part_paths = NULL;
	options.target.nr_parts = 0;
	options.target.symbol_paths = options.symbol_paths;
	inner.out = open_memstream(&text, &size);
	if (!inner.out)
		return hwp_fail(context, options.json, hwp_error_no_memory());
	status = hwp_run_confined(&inner, command, &options);
	if (fclose(inner.out) != 0)
		return hwp_fail(context, options.json, hwp_error_no_memory());
	if (options.json && size)
		put_on_one_line(context->out, text);
	else
		fputs(text, context->out);
	return hwp_finish(context, hwp_report_flush(context->out), status);
}

int hwp_run_several(const struct hwp_context *context, const struct hwp_command *command,
		    const struct hwp_cmd_options *options)
{
	const struct hwp_target_options *target = &options->target;
	struct hwp_command line = *command;
	int worst;

	line.text = hwp_report_line;
	worst = run_one(context, &line, options, target->core_path);
	for (size_t i = 0; i < target->nr_parts; i++) {
		int status;

		if (context->reader_gone && *context->reader_gone)
			return worst;
		status = run_one(context, &line, options, target->part_paths[i]);
		worst = status > worst ? status : worst;
	}
	return worst;
}
