// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "report/text.h"
#include "verdict/check.h"

/* The longest result is "inconclusive". */
#define RESULT_WIDTH 12

static int widest_name(void)
{
	size_t nr, width = 0;
	const struct hwp_check *checks = hwp_checks(&nr);

	for (size_t i = 0; i < nr; i++)
		width = strlen(checks[i].name) > width ? strlen(checks[i].name) : width;
	return (int)width;
}

struct hwp_error *hwp_explain_checks(FILE *out, const struct hwp_report_style *style)
{
	int width = widest_name();
	size_t nr;
	const struct hwp_check *checks = hwp_checks(&nr);
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_paragraph(
		&text, "What 'hwpoison check' asks of a kernel's memory, in this order; 'hwpoison "
		       "help NAME' explains one.");
	putc('\n', out);
	for (size_t i = 0; i < nr; i++) {
		fprintf(out, "  %-*s  ", width, checks[i].name);
		hwp_text_wrap(&text, (unsigned int)width + 4, (unsigned int)width + 4,
			      checks[i].statement);
	}
	return hwp_text_finish(&text);
}

struct hwp_error *hwp_explain_states(FILE *out, const struct hwp_report_style *style)
{
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_paragraph(&text,
			   "The states of a poisoned page, worst first, each with its class.");
	putc('\n', out);
	for (enum hwp_state state = 0; state < HWP_NR_STATES; state++) {
		fprintf(out, "  %-11s  %-9s  ", hwp_state_name(state),
			hwp_class_name(hwp_state_class(state)));
		hwp_text_wrap(&text, 26, 26, hwp_states.words[state].meaning);
	}
	return hwp_text_finish(&text);
}

struct hwp_error *hwp_explain_verdicts(FILE *out, const struct hwp_report_style *style)
{
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_paragraph(&text, "The verdict is the first that applies; with its exit status.");
	putc('\n', out);
	for (enum hwp_verdict verdict = 0; verdict < HWP_NR_VERDICTS; verdict++) {
		fprintf(out, "  %-12s  %d  ", hwp_verdict_name(verdict),
			hwp_verdict_exit_status(verdict));
		hwp_text_wrap(&text, 19, 19, hwp_verdicts.words[verdict].meaning);
	}
	return hwp_text_finish(&text);
}

static void put_result(struct hwp_text *text, const struct hwp_check *check, enum hwp_result result)
{
	const struct hwp_check_outcome *outcome = &check->outcomes[result];
	bool decides = outcome->verdict != HWP_VERDICT_CLEAN;
	char sentence[512];

	if (!outcome->meaning)
		return;
	if (decides)
		snprintf(sentence, sizeof(sentence), "%s. The verdict is %s%s.", outcome->meaning,
			 hwp_verdict_name(outcome->verdict),
			 outcome->verdict == HWP_VERDICT_LEAKED ? "" : " or worse");
	else
		snprintf(sentence, sizeof(sentence), "%s.%s", outcome->meaning,
			 result == HWP_INCONCLUSIVE ? " The verdict does not rest on that." : "");
	fprintf(text->out, "  %-*s  ", RESULT_WIDTH, hwp_result_name(result));
	hwp_text_wrap(text, RESULT_WIDTH + 4, RESULT_WIDTH + 4, sentence);
}

static const char *settling(enum hwp_settles settles)
{
	switch (settles) {
	case HWP_SETTLES_BY_LAST:
		return "On a running kernel, which is read in several passes, the last pass decides.";
	case HWP_SETTLES_BY_BEST:
		return "On a running kernel, which is read in several passes, the best result counts: "
		       "what contradicts itself in one pass only was changing.";
	case HWP_SETTLES_BY_FAILURE:
		return "On a running kernel, which is read in several passes, a failure of the last "
		       "pass counts; otherwise the best result does.";
	}
	return "";
}

/** What must have been read for the check to pass. */
static void put_needs(struct hwp_text *text, const struct hwp_check *check)
{
	_cleanup_free_ char *buf = NULL;
	const char *separator = "It is inconclusive where it would pass, but one of these could not "
				"be read: ";
	size_t size;
	FILE *out;

	if (!check->needs)
		return;
	out = open_memstream(&buf, &size);
	if (!out) {
		text->failed = true;
		return;
	}
	for (int hole = HWP_NO_HOLE + 1; hole < HWP_NR_HOLES; hole++) {
		if (!(check->needs & HWP_NEEDS(hole)))
			continue;
		fprintf(out, "%s%s", separator, hwp_hole_meaning((enum hwp_hole)hole));
		separator = "; ";
	}
	putc('.', out);
	if (fclose(out))
		text->failed = true;
	else
		hwp_text_paragraph(text, buf);
}

struct hwp_error *hwp_explain_check(FILE *out, const struct hwp_check *check,
				    const struct hwp_report_style *style)
{
	static const enum hwp_result results[] = { HWP_PASS, HWP_FAIL, HWP_INCONCLUSIVE, HWP_SKIP };
	char sentence[256];
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	snprintf(sentence, sizeof(sentence), "%s: %s.", check->name, check->statement);
	hwp_text_paragraph(&text, sentence);
	putc('\n', out);
	hwp_text_paragraph(&text, check->background);
	fputs("\nRESULTS\n", out);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(results); i++)
		put_result(&text, check, results[i]);
	putc('\n', out);
	put_needs(&text, check);
	hwp_text_paragraph(&text,
			   "Every check is skipped on a kernel without CONFIG_MEMORY_FAILURE.");
	hwp_text_paragraph(&text, settling(check->settles));
	return hwp_text_finish(&text);
}
