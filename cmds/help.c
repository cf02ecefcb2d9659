// SPDX-License-Identifier: GPL-2.0-or-later
#include "help.h"

#include <string.h>

#include "base/bits.h"
#include "base/json.h"
#include "options.h"
#include "verdict/check.h"

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
		"Find the pages that memory errors poisoned, and those that leaked into free\n"
		"memory. %s\n"
		"\n"
		"COMMANDS\n",
		context->host ? "" : " [TARGET]",
		context->host ?
			"The target is what is open here; nothing is written to it." :
			"TARGET is a vmcore, the default the running kernel; it is only read.");
	for (const struct hwp_command *command = commands; command->name; command++) {
		if (!context->host || !(command->option_groups & HWP_PROGRAM_ONLY))
			fprintf(out, "  %-11s%s\n", command->name, command->summary);
	}
	fputs("\n"
	      "'hwpoison help COMMAND' explains a command; 'hwpoison help' with checks, states\n"
	      "or verdicts lists them. Most commands print JSON with --json.\n"
	      "\n"
	      "EXIT STATUS\n"
	      "  0  clean or at risk: no poisoned page has leaked\n"
	      "  1  leaked or inconsistent\n"
	      "  2  incomplete, or trouble: usage, a target that cannot be read\n",
	      out);
}

static void put_check(struct hwp_json *json, const struct hwp_check *check)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "name", check->name);
	hwp_json_string(json, "statement", check->statement);
	hwp_json_string(json, "background", check->background);
	hwp_json_row_array(json, "needs");
	for (int hole = HWP_NO_HOLE + 1; hole < HWP_NR_HOLES; hole++) {
		if (check->needs & HWP_NEEDS(hole))
			hwp_json_string(json, NULL, hwp_hole_name((enum hwp_hole)hole));
	}
	hwp_json_end(json);
	hwp_json_array(json, "results");
	for (int result = 0; result < HWP_NR_RESULTS; result++) {
		const struct hwp_check_outcome *outcome = &check->outcomes[result];

		if (!outcome->meaning)
			continue;
		hwp_json_row_object(json, NULL);
		hwp_json_string(json, "result", hwp_result_name((enum hwp_result)result));
		hwp_json_string(json, "meaning", outcome->meaning);
		hwp_json_string(json, "verdict", hwp_verdict_name(outcome->verdict));
		hwp_json_end(json);
	}
	hwp_json_end(json);
	hwp_json_end(json);
}

void hwp_print_overview_json(FILE *out, const struct hwp_command *commands)
{
	size_t nr_checks;
	const struct hwp_check *checks = hwp_checks(&nr_checks);
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
	hwp_json_array(&json, "checks");
	for (size_t i = 0; i < nr_checks; i++)
		put_check(&json, &checks[i]);
	hwp_json_end(&json);
	hwp_json_end(&json);
	hwp_json_finish(&json);
}
