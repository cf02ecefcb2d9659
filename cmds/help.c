// SPDX-License-Identifier: GPL-2.0-or-later
#include "help.h"

#include <ctype.h>
#include <string.h>

#include "base/bits.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "options.h"
#include "report/text.h"
#include "verdict/check.h"

/** Length of @p usage without the target, which a host has opened. */
static size_t usage_length(const struct hwp_context *context, const char *usage)
{
	static const char *const targets[] = { " TARGET", " [TARGET]", " [TARGET...]" };
	size_t len = strlen(usage);

	for (size_t i = 0; context->host && i < HWP_ARRAY_SIZE(targets); i++) {
		size_t end = strlen(targets[i]);

		if (len >= end && memcmp(usage + len - end, targets[i], end) == 0)
			len -= end;
	}
	return len;
}

/** What @p command takes here, but for what is refused where no running kernel is open. */
static unsigned int groups_in_help(const struct hwp_context *context,
				   const struct hwp_command *command)
{
	unsigned int groups = hwp_option_groups(context, command);
	bool is_dump = context->host && context->host->path;

	return is_dump ? groups & ~(unsigned int)HWP_OPTIONS_RUNNING : groups;
}

/** @p text, each line after @p indent; empty lines stay empty. */
static void put_lines(FILE *out, const char *text, const char *indent)
{
	for (const char *line = text, *end; line && *line; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		fprintf(out, "%s%.*s\n", end > line ? indent : "", (int)(end - line), line);
	}
}

/** The paragraphs of @p prose, filled, each line after two spaces; a list keeps its lines. */
static void put_paragraphs(const struct hwp_context *context, const char *prose)
{
	const struct hwp_report_style style = { .utf8 = true, .width = context->width };
	struct hwp_text text;

	hwp_text_init(&text, context->out, &style);
	for (const char *end; prose && *prose; prose = end + strspn(end, "\n")) {
		_cleanup_free_ char *paragraph = NULL;

		end = strstr(prose, "\n\n");
		end = end ? end : prose + strlen(prose);
		paragraph = strndup(prose, (size_t)(end - prose));
		if (!paragraph)
			return;
		if (strstr(paragraph, "\n ")) {
			put_lines(context->out, paragraph, "  ");
		} else {
			for (char *c = paragraph; (c = strchr(c, '\n'));)
				*c = ' ';
			fputs("  ", context->out);
			hwp_text_wrap(&text, 2, 2, paragraph);
		}
		fputs(*end && end[1] && end[2] ? "\n" : "", context->out);
	}
}

/** The command line of @p example as it is typed here. */
static void put_command_line(const struct hwp_context *context, const struct hwp_example *example)
{
	static const char target[] = " vmcore";
	const char *command = example->command;
	const char *name = context->host ? strstr(command, target) : NULL;

	fprintf(context->out, "%shwpoison %.*s%s\n", context->prompt ? context->prompt : "",
		name ? (int)(name - command) : (int)strlen(command), command,
		name ? name + strlen(target) : "");
}

/** As crash's own examples: what is shown, then the prompt with the command, and its output. */
static void put_example_like_crash(const struct hwp_context *context,
				   const struct hwp_example *example)
{
	if (example->what) {
		put_paragraphs(context, example->what);
		fputs("\n", context->out);
	}
	fputs("    ", context->out);
	put_command_line(context, example);
	put_lines(context->out, example->output, "    ");
}

static void put_example(const struct hwp_context *context, const struct hwp_example *example)
{
	fputs("  ", context->out);
	put_command_line(context, example);
	put_lines(context->out, example->what, "      ");
	put_lines(context->out, example->output, "      ");
}

static void put_examples(const struct hwp_context *context, const struct hwp_command *command)
{
	unsigned int groups = groups_in_help(context, command);
	bool has_heading = false;

	for (const struct hwp_example *e = command->examples; e->command; e++) {
		if ((e->needs & groups) != e->needs)
			continue;
		fputs(has_heading ? "\n" : "\nEXAMPLES\n", context->out);
		has_heading = true;
		if (context->like_crash)
			put_example_like_crash(context, e);
		else
			put_example(context, e);
	}
}

/** In lower case, as crash names what stands for something. */
static void put_lower(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		putc(tolower((unsigned char)text[i]), out);
}

/** In the form of crash's `help`. */
static void print_like_crash(const struct hwp_context *context, const struct hwp_command *command)
{
	const unsigned int with_pfns = HWP_TAKES_PFN | HWP_OPTIONS_RANGE | HWP_OPTIONS_DECOMPOSE;
	unsigned int groups = groups_in_help(context, command);
	size_t len = usage_length(context, command->usage);
	FILE *out = context->out;

	fprintf(out, "\nNAME\n  hwpoison %s - ", command->name);
	put_lower(out, command->summary, 1);
	fprintf(out, "%s\n\nSYNOPSIS\n  hwpoison %s%s", command->summary + 1, command->name,
		len ? " " : "");
	put_lower(out, command->usage, len);
	fputs("\n\nDESCRIPTION\n", out);
	put_paragraphs(context, command->help);
	if (groups & with_pfns)
		fputs("\n  A pfn is hexadecimal here, with or without 0x.\n", out);
	fputs("\n", out);
	hwp_print_options(out, groups);
	put_examples(context, command);
}

void hwp_print_command_help(const struct hwp_context *context, const struct hwp_command *command)
{
	size_t len = usage_length(context, command->usage);
	FILE *out = context->out;

	if (context->like_crash) {
		print_like_crash(context, command);
		return;
	}
	fprintf(out, "Usage: hwpoison %s%s%.*s\n\n%s.\n\n%s", command->name, len ? " " : "",
		(int)len, command->usage, command->summary, command->help);
	if (command->program_help && !context->host)
		fprintf(out, "\n%s", command->program_help);
	put_examples(context, command);
	fputs("\nOPTIONS\n", out);
	hwp_print_options(out, groups_in_help(context, command));
}

static const char exit_status[] =
	"\n"
	"EXIT STATUS\n"
	"  0  clean or at risk: no poisoned page has leaked\n"
	"  1  leaked or inconsistent\n"
	"  2  incomplete, or trouble: usage, a target that cannot be read\n";

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
	fprintf(out,
		"\n"
		"'hwpoison help COMMAND' explains a command; 'hwpoison help' with checks, states\n"
		"or verdicts lists them; 'hwpoison explain WORD' explains a word of a report.\n"
		"Most commands print JSON with --json.\n"
		"%s",
		context->host ? "" : exit_status);
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
