// SPDX-License-Identifier: GPL-2.0-or-later
/** From one run to the next: new, changed, gone and unseen pages; verdicts; words. */
#include "findings_synth.h"

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include "report/changes.h"
#include "verdict/changes.h"

struct output {
	const struct hwp_findings *findings;
	bool json;
	FILE *out;
	char *text;
	size_t size;
};

static void print(void *arg, const struct hwp_change *change)
{
	struct output *output = arg;

	(output->json ? hwp_report_change_json : hwp_report_change)(output->out, output->findings,
								    change, "T");
}

/** A run that sees @p states at pfns 1, 2, …; HWP_NR_STATES: no poison there. */
static void assert_run(struct hwp_known *known, const enum hwp_state *states, size_t nr,
		       enum hwp_verdict verdict, bool sees_all, const char *want)
{
	struct hwp_findings *f = clean_findings();
	struct output output = { .findings = f };

	for (size_t i = 0; i < nr; i++)
		if (states[i] != HWP_NR_STATES)
			add_poisoned(f, isolated_page(i + 1))->state = states[i];
	f->verdict = verdict;
	f->coverage.nr_read -= !sees_all;
	output.out = open_memstream(&output.text, &output.size);
	assert_null(hwp_changes(known, f, print, &output));
	fclose(output.out);
	assert_string_equal(output.text, want);
	free(output.text);
	hwp_findings_destroy(f);
}

#define RUN(known, verdict, sees_all, want, ...)                                               \
	do {                                                                                   \
		const enum hwp_state states[] = { HWP_NR_STATES, ##__VA_ARGS__ };              \
		assert_run(known, states + 1, sizeof(states) / sizeof(states[0]) - 1, verdict, \
			   sees_all, want);                                                    \
	} while (0)

static void test_first_run(void **state)
{
	struct hwp_known known = {};

	(void)state;
	RUN(&known, HWP_VERDICT_AT_RISK, true,
	    "T  0x1  0x1000  - -> in-use\n"
	    "T  0x3  0x3000  - -> hugetlb\n"
	    "T  verdict  - -> at-risk\n",
	    HWP_STATE_IN_USE, HWP_NR_STATES, HWP_STATE_HUGETLB);
	RUN(&known, HWP_VERDICT_AT_RISK, true, "", HWP_STATE_IN_USE, HWP_NR_STATES,
	    HWP_STATE_HUGETLB);
	hwp_known_deinit(&known);
}

static void test_without_poison(void **state)
{
	struct hwp_known known = {};

	(void)state;
	RUN(&known, HWP_VERDICT_CLEAN, true, "T  verdict  - -> clean\n");
	RUN(&known, HWP_VERDICT_CLEAN, true, "");
	assert_int_equal(known.pages.nr, 0);
	hwp_known_deinit(&known);
}

static void test_changes(void **state)
{
	struct hwp_known known = {};

	(void)state;
	RUN(&known, HWP_VERDICT_AT_RISK, true,
	    "T  0x2  0x2000  - -> large-folio\nT  0x3  0x3000  - -> slab\n"
	    "T  verdict  - -> at-risk\n",
	    HWP_NR_STATES, HWP_STATE_LARGE_FOLIO, HWP_STATE_SLAB);
	RUN(&known, HWP_VERDICT_LEAKED, true,
	    "T  0x1  0x1000  - -> isolated\nT  0x2  0x2000  large-folio -> buddy\n"
	    "T  0x3  0x3000  slab -> unmarked\nT  verdict  at-risk -> leaked\n",
	    HWP_STATE_ISOLATED, HWP_STATE_BUDDY);
	RUN(&known, HWP_VERDICT_CLEAN, true,
	    "T  0x1  0x1000  isolated -> unmarked\nT  0x2  0x2000  buddy -> unmarked\n"
	    "T  verdict  leaked -> clean\n");
	assert_int_equal(known.pages.nr, 0);
	hwp_known_deinit(&known);
}

/** Who does not look everywhere cannot say that a page is unmarked. */
static void test_unseen(void **state)
{
	struct hwp_known known = {};

	(void)state;
	RUN(&known, HWP_VERDICT_AT_RISK, true,
	    "T  0x1  0x1000  - -> in-use\nT  0x2  0x2000  - -> in-use\n"
	    "T  verdict  - -> at-risk\n",
	    HWP_STATE_IN_USE, HWP_STATE_IN_USE);
	RUN(&known, HWP_VERDICT_INCOMPLETE, false,
	    "T  0x2  0x2000  in-use -> isolated\nT  0x4  0x4000  - -> slab\n"
	    "T  verdict  at-risk -> incomplete\n",
	    HWP_NR_STATES, HWP_STATE_ISOLATED, HWP_NR_STATES, HWP_STATE_SLAB);
	RUN(&known, HWP_VERDICT_AT_RISK, true,
	    "T  0x2  0x2000  isolated -> unmarked\nT  verdict  incomplete -> at-risk\n",
	    HWP_STATE_IN_USE, HWP_NR_STATES, HWP_NR_STATES, HWP_STATE_SLAB);
	hwp_known_deinit(&known);
}

/** A round that failed: its verdict is forgotten, what is known of pages is not. */
static void test_no_verdict(void **state)
{
	struct hwp_known known = {};

	(void)state;
	RUN(&known, HWP_VERDICT_CLEAN, true,
	    "T  0x1  0x1000  - -> isolated\nT  verdict  - -> clean\n", HWP_STATE_ISOLATED);
	known.has_verdict = false;
	RUN(&known, HWP_VERDICT_CLEAN, true, "T  verdict  - -> clean\n", HWP_STATE_ISOLATED);
	hwp_known_deinit(&known);
}

/** As many as are poisoned, however often they come and go elsewhere. */
static void test_bounded(void **state)
{
	struct hwp_known known = {};
	struct hwp_findings *f;
	struct output output = {};

	(void)state;
	output.out = fopen("/dev/null", "w");
	for (uint64_t round = 0; round < 100; round++) {
		f = clean_findings();
		output.findings = f;
		for (uint64_t i = 0; i < 50; i++)
			add_poisoned(f, isolated_page(round * 100 + i));
		assert_null(hwp_changes(&known, f, print, &output));
		hwp_findings_destroy(f);
		assert_int_equal(known.pages.nr, 50);
	}
	assert_true(known.pages.capacity < 128);
	fclose(output.out);
	hwp_known_deinit(&known);
}

static void test_json(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct output output = { .findings = f, .json = true };
	struct hwp_known known = {};

	(void)state;
	output.out = open_memstream(&output.text, &output.size);
	add_poisoned(f, isolated_page(0x20d))->state = HWP_STATE_BUDDY;
	f->verdict = HWP_VERDICT_LEAKED;
	assert_null(hwp_changes(&known, f, print, &output));
	hwp_report_no_verdict_json(output.out, "leaked", "no \"kcore\"", "T");
	hwp_report_no_verdict(output.out, "leaked", "no kcore", "T");
	hwp_report_no_verdict(output.out, NULL, "no kcore", "T");
	fclose(output.out);
	assert_string_equal(
		output.text,
		"{\"schema\": \"hwpoison.change/1\", \"time\": \"T\", \"kind\": \"page\", \"pfn\": 525, "
		"\"phys\": \"0x20d000\", \"nid\": 0, \"zone\": \"Normal\", \"class\": \"leaked\", "
		"\"before\": null, \"now\": \"buddy\"}\n"
		"{\"schema\": \"hwpoison.change/1\", \"time\": \"T\", \"kind\": \"verdict\", \"before\": "
		"null, \"now\": \"leaked\"}\n"
		"{\"schema\": \"hwpoison.change/1\", \"time\": \"T\", \"kind\": \"verdict\", \"error\": "
		"\"no \\\"kcore\\\"\", \"before\": \"leaked\", \"now\": null}\n"
		"T  verdict  leaked -> -: no kcore\nT  verdict  - -> -: no kcore\n");
	free(output.text);
	hwp_known_deinit(&known);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_run),  cmocka_unit_test(test_without_poison),
		cmocka_unit_test(test_changes),	   cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_no_verdict), cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
