// SPDX-License-Identifier: GPL-2.0-or-later
/** `help CHECK`: all that a row says of its check is printed, within 80 columns. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/explain.h"
#include "verdict/check.h"

/** @p text with each run of white space made one space; its lines are not too long. */
static char *flatten(char *text)
{
	char *to = text;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 80);
	for (const char *s = text; *s; s++) {
		bool is_space = *s == ' ' || *s == '\n';

		if (!is_space || (to > text && to[-1] != ' '))
			*to++ = is_space ? ' ' : *s;
	}
	*to = '\0';
	return text;
}

static char *explain(const struct hwp_check *check)
{
	const struct hwp_report_style style = {};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(check ? hwp_explain_check(out, check, &style) :
			    hwp_explain_checks(out, &style));
	fclose(out);
	return flatten(text);
}

static void assert_in(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in: %s", words, text);
}

static void all_are_listed(void **state)
{
	char *text = explain(NULL), line[256];
	const struct hwp_check *checks;
	size_t nr;

	(void)state;
	checks = hwp_checks(&nr);
	for (size_t i = 0; i < nr; i++) {
		snprintf(line, sizeof(line), " %s %s ", checks[i].name, checks[i].statement);
		assert_in(text, line);
	}
	free(text);
}

static void each_is_explained(void **state)
{
	const struct hwp_check *checks;
	char line[512];
	size_t nr;

	(void)state;
	checks = hwp_checks(&nr);
	for (size_t i = 0; i < nr; i++) {
		char *text = explain(&checks[i]);

		snprintf(line, sizeof(line), "%s: %s. ", checks[i].name, checks[i].statement);
		assert_int_equal(strncmp(text, line, strlen(line)), 0);
		assert_in(text, checks[i].background);
		for (int result = 0; result < HWP_NR_RESULTS; result++) {
			const struct hwp_check_outcome *o = &checks[i].outcomes[result];

			snprintf(line, sizeof(line), " %s %s.",
				 hwp_result_name((enum hwp_result)result),
				 o->meaning ? o->meaning : "");
			if (o->meaning)
				assert_in(text, line);
		}
		for (int hole = HWP_NO_HOLE + 1; hole < HWP_NR_HOLES; hole++) {
			if (checks[i].needs & HWP_NEEDS(hole))
				assert_in(text, hwp_hole_meaning((enum hwp_hole)hole));
		}
		assert_int_equal(strstr(text, "It is inconclusive where") != NULL,
				 checks[i].needs != 0);
		free(text);
	}
}

/* A row of each kind, and the words for what follows from it. */
static void words_for_what_follows(void **state)
{
	static const struct hwp_check check = {
		.name = "a-check",
		.statement = "all is well",
		.background = "Some words.",
		.outcomes = {
			[HWP_PASS] = { "it is", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "it is not", HWP_VERDICT_LEAKED },
			[HWP_INCONCLUSIVE] = { "nobody knows", HWP_VERDICT_INCOMPLETE },
			[HWP_SKIP] = { "nobody asks", HWP_VERDICT_CLEAN },
		},
		.needs = HWP_NEEDS(HWP_HOLE_MEMMAP) | HWP_NEEDS(HWP_HOLE_LOG),
		.settles = HWP_SETTLES_BY_LAST,
	};
	struct hwp_check other = check;
	char *text = explain(&check);

	(void)state;
	assert_string_equal(
		text,
		"a-check: all is well. Some words. RESULTS pass it is. fail it is not. The verdict "
		"is leaked. inconclusive nobody knows. The verdict is incomplete or worse. skip "
		"nobody asks. It is inconclusive where it would pass, but one of these could not be "
		"read: struct pages; the kernel log. Every check is skipped on a kernel without "
		"CONFIG_MEMORY_FAILURE. On a "
		"running kernel, which is read in several passes, the last pass decides. ");
	free(text);
	other.needs = 0;
	other.outcomes[HWP_SKIP].meaning = NULL;
	other.outcomes[HWP_FAIL].verdict = HWP_VERDICT_INCONSISTENT;
	other.outcomes[HWP_INCONCLUSIVE].verdict = HWP_VERDICT_CLEAN;
	other.settles = HWP_SETTLES_BY_BEST;
	text = explain(&other);
	assert_string_equal(
		text,
		"a-check: all is well. Some words. RESULTS pass it is. fail it is not. The verdict "
		"is inconsistent or worse. inconclusive nobody knows. The verdict does not rest on "
		"that. Every check is skipped on a kernel without CONFIG_MEMORY_FAILURE. On a "
		"running kernel, which is read in several passes, the best result counts: what "
		"contradicts itself in one pass only was changing. ");
	free(text);
	other.settles = HWP_SETTLES_BY_FAILURE;
	text = explain(&other);
	assert_in(text, "a failure of the last pass counts; otherwise the best result does. ");
	free(text);
}

/** The words of a list, each row from its name on in columns of their own. */
static char *list(struct hwp_error *(*print)(FILE *, const struct hwp_report_style *))
{
	const struct hwp_report_style style = {};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(print(out, &style));
	fclose(out);
	return flatten(text);
}

static void words_are_listed(void **state)
{
	char *text = list(hwp_explain_states), line[256];

	(void)state;
	for (enum hwp_state i = 0; i < HWP_NR_STATES; i++) {
		snprintf(line, sizeof(line), " %s %s %s", hwp_state_name(i),
			 hwp_class_name(hwp_state_class(i)), hwp_states.words[i].meaning);
		assert_in(text, line);
	}
	free(text);
	text = list(hwp_explain_verdicts);
	/* 0: nothing to do at once. 1: a leak. 2: no answer. */
	assert_in(text, " leaked 1 ");
	assert_in(text, " inconsistent 1 ");
	assert_in(text, " incomplete 2 ");
	assert_in(text, " at-risk 0 ");
	assert_in(text, " clean 0 ");
	for (enum hwp_verdict i = 0; i < HWP_NR_VERDICTS; i++)
		assert_in(text, hwp_verdicts.words[i].meaning);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_listed),
		cmocka_unit_test(each_is_explained),
		cmocka_unit_test(words_for_what_follows),
		cmocka_unit_test(words_are_listed),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
