// SPDX-License-Identifier: GPL-2.0-or-later
#include "help.h"

#include <string.h>

#include "base/bits.h"
#include "base/json.h"
#include "options.h"

void hwp_print_command_help(const struct hwp_context *context, const struct hwp_command *command)
{
	static const char *const targets[] = { " TARGET", " [TARGET]" };
	FILE *out = context->out;
	size_t len = strlen(command->usage);

	/* The host has opened the target. */
	for (size_t i = 0; context->host && i < HWP_ARRAY_SIZE(targets); i++) {
		size_t end = strlen(targets[i]);

		if (len >= end && memcmp(command->usage + len - end, targets[i], end) == 0)
			len -= end;
	}
	fprintf(out, "Usage: hwpoison %s%s%.*s\n\n%s.\n\n%s\nOPTIONS\n", command->name,
		len ? " " : "", (int)len, command->usage, command->summary, command->help);
	hwp_print_options(out, hwp_option_groups(context, command));
}

void hwp_print_overview(const struct hwp_context *context, const struct hwp_command *commands)
{
	FILE *out = context->out;

	fprintf(out,
		"Usage: hwpoison COMMAND [OPTIONS]%s\n"
		"\n"
		"Where are the pages that memory errors poisoned, and did any of them leak into\n"
		"free memory? %s\n"
		"\n"
		"COMMANDS\n",
		context->host ? "" : " [TARGET]",
		context->host ?
			"The target is what is open here; nothing is written." :
			"TARGET is a vmcore; it needs no debuginfo, and nothing is written.");
	for (const struct hwp_command *command = commands; command->name; command++)
		fprintf(out, "  %-11s%s\n", command->name, command->summary);
	fputs("\n"
	      "'hwpoison help COMMAND' says more, and 'hwpoison help checks' lists the checks.\n"
	      "With --json the commands print JSON.\n"
	      "\n"
	      "EXIT STATUS\n"
	      "  0  clean or at risk: no poisoned page has leaked\n"
	      "  1  leaked or inconsistent\n"
	      "  2  incomplete, or trouble: usage, a target that cannot be read\n",
	      out);
}

void hwp_print_overview_json(FILE *out, const struct hwp_command *commands)
{
	struct hwp_json json = { .out = out };

	hwp_json_object(&json, NULL);
	hwp_json_string(&json, "schema", "hwpoison.help/1");
	hwp_json_array(&json, "commands");
	for (const struct hwp_command *command = commands; command->name; command++) {
		hwp_json_row_object(&json, NULL);
		hwp_json_string(&json, "name", command->name);
		hwp_json_string(&json, "summary", command->summary);
		hwp_json_string(&json, "usage", command->usage);
		hwp_json_end(&json);
	}
	hwp_json_end(&json);
	hwp_json_end(&json);
	hwp_json_finish(&json);
}
