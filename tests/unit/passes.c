// SPDX-License-Identifier: GPL-2.0-or-later
/** What several looks at a running kernel make of one page and one check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/classify.h"
#include "verdict/outcome.h"
#include "verdict/passes.h"

/** One look: the page's state, and whether the lists contradicted themselves. */
static struct hwp_findings *look(struct hwp_passes *passes, enum hwp_state state, bool torn)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_poisoned page = {
		.pfn = 0x100,
		.was_read = true,
		.zone = -1,
		.event = -1,
		.state = state,
	};

	f->live = true;
	f->kernel.has_memory_failure = true;
	f->kernel.fix = HWP_FIX_PRESENT;
	f->counters.has_num_poisoned_pages = true;
	f->counters.num_poisoned_pages = 1;
	assert_true(hwp_vec_push(&f->poisoned, page));
	if (torn)
		assert_true(hwp_findings_contradiction(f, "torn"));
	hwp_summarise(f);
	assert_null(hwp_check_run(f));
	assert_null(hwp_passes_add(passes, 2, f));
	return f;
}

static void test_leak_is_confirmed(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f = look(&passes, HWP_STATE_BUDDY, false);

	(void)state;
	assert_int_equal(f->poisoned.data[0].state, HWP_STATE_UNKNOWN);
	assert_int_equal(f->verdict, HWP_VERDICT_INCOMPLETE);
	assert_true(hwp_passes_unsettled(f));
	hwp_findings_destroy(f);
	/* From one list to the other, and thrown away: leaked all the same. */
	f = look(&passes, HWP_STATE_DROPPED, false);
	assert_int_equal(f->poisoned.data[0].state, HWP_STATE_DROPPED);
	assert_int_equal(f->verdict, HWP_VERDICT_LEAKED);
	assert_false(hwp_passes_unsettled(f));
	hwp_findings_destroy(f);
}

/* memory_failure() marks a page before it takes it off the list. */
static void test_passing_moment(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f;

	(void)state;
	hwp_findings_destroy(look(&passes, HWP_STATE_BUDDY, false));
	f = look(&passes, HWP_STATE_TAKEN_OFF, false);
	assert_int_equal(f->poisoned.data[0].nr_passes, 1);
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	hwp_findings_destroy(f);
}

static void test_torn_list(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f;

	(void)state;
	hwp_findings_destroy(look(&passes, HWP_STATE_TAKEN_OFF, false));
	f = look(&passes, HWP_STATE_TAKEN_OFF, true);
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	assert_int_equal(f->nr_transient, 1);
	assert_int_equal(f->troubles.nr, 0);
	hwp_findings_destroy(f);
}

static void test_corrupt_list(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f;

	(void)state;
	hwp_findings_destroy(look(&passes, HWP_STATE_TAKEN_OFF, true));
	f = look(&passes, HWP_STATE_TAKEN_OFF, true);
	assert_int_equal(f->verdict, HWP_VERDICT_INCONSISTENT);
	assert_int_equal(f->troubles.nr, 1);
	hwp_findings_destroy(f);
}

/** A pass over pages of these states at pfns 1, 2, …; HWP_NR_STATES: no poison there. */
static struct hwp_findings *pages_pass(struct hwp_passes *passes, unsigned int wanted,
				       const enum hwp_state *states, size_t nr)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));

	f->live = true;
	f->kernel.has_memory_failure = true;
	f->kernel.fix = HWP_FIX_PRESENT;
	for (size_t i = 0; i < nr; i++) {
		struct hwp_poisoned page = { .pfn = i + 1, .zone = -1, .event = -1 };

		page.state = states[i];
		if (states[i] != HWP_NR_STATES)
			assert_true(hwp_vec_push(&f->poisoned, page));
	}
	hwp_summarise(f);
	assert_null(hwp_check_run(f));
	assert_null(hwp_passes_add(passes, wanted, f));
	return f;
}

#define PASS_OVER(passes, wanted, ...)                                      \
	pages_pass(passes, wanted, (const enum hwp_state[]){ __VA_ARGS__ }, \
		   sizeof((const enum hwp_state[]){ __VA_ARGS__ }) / sizeof(enum hwp_state))

/* A leak that is not believed yet takes its own loss with it, and nobody else's. */
static void test_other_losses_stay(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f = calloc(1, sizeof(*f));

	(void)state;
	f->live = true;
	f->kernel.has_memory_failure = true;
	f->kernel.fix = HWP_FIX_PRESENT;
	/* In the first folio a page is isolated, in the second one is on a free list. */
	for (size_t i = 0; i < 2; i++) {
		struct hwp_poisoned page = { .pfn = 8 * i, .zone = -1, .event = -1 };
		struct hwp_run run = { .pfn = 8 * i + 1, .nr_pages = 3 + i, .state = HWP_RUN_LOST };
		struct hwp_folio folio = { .head_pfn = 8 * i,
					   .order = 3,
					   .kind = HWP_EXTENT_FREED,
					   .first_poisoned = i,
					   .nr_poisoned = 1,
					   .first_run = i,
					   .nr_runs = 1 };

		page.state = i ? HWP_STATE_BUDDY : HWP_STATE_ISOLATED;
		assert_true(hwp_vec_push(&f->poisoned, page));
		assert_true(hwp_vec_push(&f->runs, run));
		assert_true(hwp_vec_push(&f->folios, folio));
	}
	hwp_summarise(f);
	hwp_outcome_count_lost(f);
	assert_int_equal(f->summary.nr_healthy_lost, 3 + 4);
	assert_null(hwp_check_run(f));
	assert_null(hwp_passes_add(&passes, 2, f));
	assert_true(f->poisoned.data[1].unconfirmed);
	assert_int_equal(f->summary.nr_healthy_lost, 3);
	assert_int_equal(f->folios.data[0].nr_healthy_lost, 3);
	assert_int_equal(f->folios.data[1].nr_healthy_lost, 0);
	hwp_findings_destroy(f);
}

/* Each page is counted for itself, by its class, and anew when that changed or it was away. */
static void test_each_page_counts(void **state)
{
	static const unsigned int nr_passes[3][7] = {
		{ 1, 1, 1, 1, 1, 0, 1 },
		{ 2, 2, 0, 1, 2, 1, 2 },
		{ 3, 3, 1, 1, 3, 2, 3 },
	};
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};

	(void)state;
	for (unsigned int pass = 0; pass < 3; pass++) {
		struct hwp_findings *f = pass == 0 ?
						 PASS_OVER(&passes, 2, HWP_STATE_IN_USE,
							   HWP_STATE_TAKEN_OFF, HWP_STATE_SLAB,
							   HWP_STATE_IN_USE, HWP_STATE_HUGETLB,
							   HWP_NR_STATES, HWP_STATE_OFFLINE) :
					 pass == 1 ?
						 PASS_OVER(&passes, 2, HWP_STATE_HUGETLB,
							   HWP_STATE_ISOLATED, HWP_NR_STATES,
							   HWP_STATE_ISOLATED, HWP_STATE_HUGETLB,
							   HWP_STATE_KERNEL, HWP_STATE_OFFLINE) :
						 PASS_OVER(&passes, 2, HWP_STATE_IN_USE,
							   HWP_STATE_ISOLATED, HWP_STATE_SLAB,
							   HWP_STATE_IN_USE, HWP_STATE_LARGE_FOLIO,
							   HWP_STATE_SLAB, HWP_STATE_DEVICE);

		assert_int_equal(f->nr_passes, pass + 1);
		for (size_t i = 0; i < f->poisoned.nr; i++) {
			const struct hwp_poisoned *p = &f->poisoned.data[i];

			assert_int_equal(p->nr_passes, nr_passes[pass][p->pfn - 1]);
			assert_false(p->unconfirmed);
		}
		hwp_findings_destroy(f);
	}
}

/* As many as are wanted, no fewer; what is no leak needs no confirmation. */
static void test_passes_wanted(void **state)
{
	(void)state;
	for (unsigned int wanted = 2; wanted < 5; wanted++) {
		_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};

		for (unsigned int pass = 1; pass <= wanted; pass++) {
			struct hwp_findings *f = PASS_OVER(&passes, wanted, HWP_STATE_PCP,
							   HWP_STATE_REUSED, HWP_STATE_DROPPED,
							   HWP_STATE_SLAB);
			bool believed = pass == wanted;

			for (size_t i = 0; i < 3; i++) {
				assert_int_equal(f->poisoned.data[i].unconfirmed, !believed);
				assert_int_equal(f->poisoned.data[i].state == HWP_STATE_UNKNOWN,
						 !believed);
			}
			assert_false(f->poisoned.data[3].unconfirmed);
			assert_int_equal(f->poisoned.data[3].state, HWP_STATE_SLAB);
			assert_int_equal(f->summary.nr_by_class[HWP_CLASS_UNKNOWN],
					 believed ? 0 : 3);
			assert_int_equal(f->verdict,
					 believed ? HWP_VERDICT_LEAKED : HWP_VERDICT_INCOMPLETE);
			assert_int_equal(hwp_passes_unsettled(f), !believed);
			hwp_findings_destroy(f);
		}
	}
}

static struct hwp_check row_of(enum hwp_settles settles, bool answers_troubles)
{
	return (struct hwp_check){
		.name = "row",
		.settles = settles,
		.answers_troubles = answers_troubles,
		.needs = HWP_NEEDS(HWP_HOLE_FREE_LIST),
		.outcomes = {
			[HWP_PASS] = { "good", HWP_VERDICT_CLEAN },
			[HWP_FAIL] = { "bad", HWP_VERDICT_INCONSISTENT },
			[HWP_SKIP] = { "unasked", HWP_VERDICT_CLEAN },
			[HWP_INCONCLUSIVE] = { "open", HWP_VERDICT_INCOMPLETE },
		},
	};
}

/** A pass without pages, in which @p check has @p result and @p other passes. */
static struct hwp_findings *check_pass(struct hwp_passes *passes, const struct hwp_check *check,
				       const struct hwp_check *other, enum hwp_result result)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_check_result good = { .check = other, .result = HWP_PASS };
	struct hwp_check_result r = { .check = check, .result = result };

	f->live = true;
	f->kernel.has_memory_failure = true;
	/* It says of which pass it is. */
	r.detail[0] = (char)('1' + passes->nr);
	assert_true(hwp_vec_push(&f->checks, r));
	assert_true(hwp_vec_push(&f->checks, good));
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a list"));
	assert_null(hwp_passes_add(passes, 2, f));
	return f;
}

static void test_settling(void **state)
{
	static const struct {
		enum hwp_settles settles;
		/** What the passes answer, and whose answer counts after each: p, F, i or s. */
		const char *answers, *counts;
		unsigned int nr_transient;
	} rows[] = {
		{ HWP_SETTLES_BY_BEST, "pF", "11", 1 },
		{ HWP_SETTLES_BY_BEST, "pi", "11", 1 },
		{ HWP_SETTLES_BY_BEST, "iF", "11", 1 },
		{ HWP_SETTLES_BY_BEST, "Fp", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "Fi", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "ip", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "pp", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "FF", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "ps", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "Fs", "12", 0 },
		{ HWP_SETTLES_BY_BEST, "sF", "11", 1 },
		{ HWP_SETTLES_BY_BEST, "FpFF", "1222", 1 },
		{ HWP_SETTLES_BY_FAILURE, "pF", "12", 0 },
		{ HWP_SETTLES_BY_FAILURE, "iF", "12", 0 },
		{ HWP_SETTLES_BY_FAILURE, "pi", "11", 1 },
		{ HWP_SETTLES_BY_FAILURE, "Fi", "12", 0 },
		{ HWP_SETTLES_BY_FAILURE, "ip", "12", 0 },
		/* The failure has gone, and the first pass saw it all. */
		{ HWP_SETTLES_BY_FAILURE, "pFi", "121", 1 },
		{ HWP_SETTLES_BY_LAST, "pF", "12", 0 },
		{ HWP_SETTLES_BY_LAST, "pi", "12", 0 },
		{ HWP_SETTLES_BY_LAST, "Fp", "12", 0 },
	};
	static const char *const letters = "pFsi";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
		struct hwp_check check = row_of(rows[i].settles, false);
		struct hwp_check other = row_of(HWP_SETTLES_BY_BEST, false);
		unsigned int nr_transient = 0;

		print_message("# %s\n", rows[i].answers);
		for (size_t pass = 0; rows[i].answers[pass]; pass++) {
			enum hwp_result answer = (enum hwp_result)(
				strchr(letters, rows[i].answers[pass]) - letters);
			size_t counts = (size_t)(rows[i].counts[pass] - '1');
			struct hwp_findings *f = check_pass(&passes, &check, &other, answer);
			const struct hwp_check_result *r = &f->checks.data[0];

			assert_int_equal(letters[r->result], rows[i].answers[counts]);
			assert_int_equal(r->detail[0], rows[i].counts[pass]);
			assert_int_equal(f->checks.data[1].result, HWP_PASS);
			/* The verdict follows what counts, and nothing drops the troubles. */
			assert_int_equal(f->verdict, check.outcomes[r->result].verdict);
			assert_int_equal(f->troubles.nr, 1);
			nr_transient = f->nr_transient;
			hwp_findings_destroy(f);
		}
		assert_int_equal(nr_transient, rows[i].nr_transient);
	}
}

/* Troubles go with the check that they answer, when that passes and only then. */
static void test_troubles_are_settled(void **state)
{
	static const struct {
		bool answers_troubles;
		enum hwp_result result;
		size_t nr_troubles;
	} rows[] = {
		{ true, HWP_PASS, 0 },	       { true, HWP_FAIL, 1 },  { true, HWP_SKIP, 1 },
		{ true, HWP_INCONCLUSIVE, 1 }, { false, HWP_PASS, 1 }, { false, HWP_FAIL, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
		struct hwp_check check = row_of(HWP_SETTLES_BY_LAST, rows[i].answers_troubles);
		struct hwp_check other = row_of(HWP_SETTLES_BY_LAST, false);
		struct hwp_findings *f = check_pass(&passes, &check, &other, rows[i].result);

		assert_int_equal(f->troubles.nr, rows[i].nr_troubles);
		hwp_findings_destroy(f);
	}
}

/* A contradiction goes too; a hole that the check does not need stays. */
static void test_other_holes_stay(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_check check = row_of(HWP_SETTLES_BY_LAST, true);
	struct hwp_check_result r = { .check = &check, .result = HWP_PASS };
	struct hwp_findings *f = calloc(1, sizeof(*f));

	(void)state;
	f->live = true;
	f->kernel.has_memory_failure = true;
	assert_true(hwp_vec_push(&f->checks, r));
	assert_true(hwp_findings_contradiction(f, "a list"));
	assert_true(hwp_findings_hole(f, HWP_HOLE_OWNER, "an owner"));
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a list"));
	assert_null(hwp_passes_add(&passes, 2, f));
	assert_int_equal(f->troubles.nr, 1);
	assert_int_equal(f->troubles.data[0].hole, HWP_HOLE_OWNER);
	hwp_findings_destroy(f);
}

/* Another pass is worth while where a verdict may change by it. */
static void test_unsettled(void **state)
{
	(void)state;
	for (int verdict = 0; verdict < HWP_NR_VERDICTS; verdict++) {
		struct hwp_findings *f = calloc(1, sizeof(*f));
		struct hwp_poisoned page = { .pfn = 1 };

		f->verdict = (enum hwp_verdict)verdict;
		assert_int_equal(hwp_passes_unsettled(f),
				 verdict == HWP_VERDICT_INCOMPLETE ||
					 verdict == HWP_VERDICT_INCONSISTENT);
		assert_true(hwp_vec_push(&f->poisoned, page));
		page.unconfirmed = true;
		assert_true(hwp_vec_push(&f->poisoned, page));
		assert_true(hwp_passes_unsettled(f));
		hwp_findings_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leak_is_confirmed),
		cmocka_unit_test(test_passing_moment),
		cmocka_unit_test(test_torn_list),
		cmocka_unit_test(test_corrupt_list),
		cmocka_unit_test(test_each_page_counts),
		cmocka_unit_test(test_passes_wanted),
		cmocka_unit_test(test_settling),
		cmocka_unit_test(test_troubles_are_settled),
		cmocka_unit_test(test_other_holes_stay),
		cmocka_unit_test(test_other_losses_stay),
		cmocka_unit_test(test_unsettled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
