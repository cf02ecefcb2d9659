// SPDX-License-Identifier: GPL-2.0-or-later
/** What is proved of a page's past, and what is not. */
#include "findings_synth.h"
#include <cmocka.h>

#include "facts/pages/extent.h"
#include "verdict/decide.h"
#include "verdict/history.h"

#define SECOND UINT64_C(1000000000)
#define POISON1 UINT64_C(0xdead000000000100)

enum setup {
	/* As the free path leaves an anonymous page that was split. */
	SPLIT,
	/* Without any mark: as the fix leaves it, a pipe buffer that was closed, ... */
	BLANK,
	/* ... thrown away alone by the allocator's check, ... */
	THROWN_AWAY,
	/* ... or in use by one. */
	PIPE,
};

/** The words of a page of a THP or HugeTLB page at 0x8000 that is gone. */
static struct hwp_poisoned page_of(uint64_t pfn, enum setup setup)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.zone = 0;
	p.page.refcount = setup == PIPE;
	p.page.index = 0x7f0000000 + (pfn - 0x8000);
	if (setup == SPLIT)
		return p;
	p.page.mapping = p.page.index = 0;
	p.page.word_1 = setup == THROWN_AWAY ? POISON1 : 0;
	p.bits = HWP_BIT_HWPOISON;
	return p;
}

static struct hwp_findings *findings(enum hwp_fix fix)
{
	struct hwp_findings *f = clean_findings();

	f->pmd_order = 9;
	f->kernel.fix = fix;
	f->kernel.check_pages = HWP_OFF;
	f->kernel.check_pages_is_switch = true;
	return f;
}

static void decide(struct hwp_findings *f)
{
	const struct hwp_extent_orders hugetlb = { { 9 }, 1 };

	f->folios.nr = 0;
	assert_null(hwp_extents_find(f, &hugetlb));
	assert_null(hwp_decide(f));
}

static void by_words(void **state)
{
	static const struct {
		const char *type, *result;
		enum hwp_fix fix;
		enum setup setup;
		enum hwp_switch check_pages;
		enum hwp_answer was_free, was_handed_out;
		enum hwp_outcome outcome;
		enum hwp_verdict verdict;
	} rows[] = {
		/* The marks of a split say nothing of who split it. */
		{ "unsplit thp", "Failed", HWP_FIX_ABSENT, SPLIT, HWP_OFF, HWP_ANSWER_UNKNOWN,
		  HWP_ANSWER_UNKNOWN, HWP_OUTCOME_SPLIT, HWP_VERDICT_AT_RISK },
		{ "unsplit thp", "Failed", HWP_FIX_UNKNOWN, SPLIT, HWP_OFF, HWP_ANSWER_UNKNOWN,
		  HWP_ANSWER_UNKNOWN, HWP_OUTCOME_SPLIT, HWP_VERDICT_AT_RISK },
		/* A HugeTLB page is never split. */
		{ "huge page", "Failed", HWP_FIX_UNKNOWN, SPLIT, HWP_OFF, HWP_ANSWER_YES,
		  HWP_ANSWER_YES, HWP_OUTCOME_LEAKED_BEFORE, HWP_VERDICT_LEAKED_BEFORE },
		/* Apart without marks, on a kernel that never sets a page apart. */
		{ "unsplit thp", "Failed", HWP_FIX_ABSENT, BLANK, HWP_OFF, HWP_ANSWER_YES,
		  HWP_ANSWER_YES, HWP_OUTCOME_LEAKED_BEFORE, HWP_VERDICT_LEAKED_BEFORE },
		{ "unsplit thp", "Failed", HWP_FIX_ABSENT, BLANK, HWP_ON, HWP_ANSWER_YES,
		  HWP_ANSWER_NO, HWP_OUTCOME_LEAKED_BEFORE, HWP_VERDICT_LEAKED_BEFORE },
		{ "huge page", "Failed", HWP_FIX_ABSENT, THROWN_AWAY, HWP_OFF, HWP_ANSWER_YES,
		  HWP_ANSWER_NO, HWP_OUTCOME_LEAKED_BEFORE, HWP_VERDICT_LEAKED_BEFORE },
		/* One that may have the fix cannot be told from it. */
		{ "unsplit thp", "Failed", HWP_FIX_UNKNOWN, BLANK, HWP_OFF, HWP_ANSWER_UNKNOWN,
		  HWP_ANSWER_UNKNOWN, HWP_OUTCOME_UNKNOWN, HWP_VERDICT_AT_RISK },
		{ "unsplit thp", "Failed", HWP_FIX_PRESENT, BLANK, HWP_OFF, HWP_ANSWER_NO,
		  HWP_ANSWER_NO, HWP_OUTCOME_HELD, HWP_VERDICT_CLEAN },
		/* In use by nobody who leaves a mark. */
		{ "unsplit thp", "Failed", HWP_FIX_UNKNOWN, PIPE, HWP_OFF, HWP_ANSWER_YES,
		  HWP_ANSWER_YES, HWP_OUTCOME_LEAKED, HWP_VERDICT_LEAKED },
		/* No kernel page is recovered, whatever the line says. */
		{ "reserved kernel page", "Recovered", HWP_FIX_ABSENT, PIPE, HWP_OFF,
		  HWP_ANSWER_UNKNOWN, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_UNKNOWN,
		  HWP_VERDICT_AT_RISK },
		/* Its own page, which the allocator withholds. */
		{ "dirty LRU page", "Recovered", HWP_FIX_ABSENT, SPLIT, HWP_OFF, HWP_ANSWER_NO,
		  HWP_ANSWER_NO, HWP_OUTCOME_UNKNOWN, HWP_VERDICT_CLEAN },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(rows[i].fix);
		struct hwp_poisoned *p = add_poisoned(f, page_of(0x8011, rows[i].setup));

		print_message("# row %zu\n", i);
		f->kernel.check_pages = rows[i].check_pages;
		add_action(f, p, rows[i].type, rows[i].result);
		decide(f);
		p = &f->poisoned.data[0];
		assert_string_equal(hwp_answer_name(p->was_free),
				    hwp_answer_name(rows[i].was_free));
		assert_string_equal(hwp_answer_name(p->was_handed_out),
				    hwp_answer_name(rows[i].was_handed_out));
		assert_int_equal(p->nr_victims > 0, rows[i].was_handed_out == HWP_ANSWER_YES);
		assert_string_equal(hwp_verdict_name(f->verdict),
				    hwp_verdict_name(rows[i].verdict));
		if (f->folios.nr)
			assert_string_equal(hwp_outcome_name(f->folios.data[0].outcome),
					    hwp_outcome_name(rows[i].outcome));
		hwp_findings_destroy(f);
	}
}

/* A gigantic page is freed page by page where split_large_buddy() is missing. */
static void may_have_been_gigantic(void **state)
{
	const struct hwp_extent_orders hugetlb = { { 9, 18 }, 2 };

	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		struct hwp_findings *f = findings(HWP_FIX_ABSENT);
		struct hwp_poisoned *p = add_poisoned(f, page_of(0x8011, BLANK));

		f->kernel.frees_gigantic_whole = whole;
		add_action(f, p, "huge page", "Failed");
		assert_null(hwp_extents_find(f, &hugetlb));
		f->folios.data[0].max_order = 18;
		assert_null(hwp_decide(f));
		assert_int_equal(f->poisoned.data[0].was_free,
				 whole ? HWP_ANSWER_YES : HWP_ANSWER_UNKNOWN);
		hwp_findings_destroy(f);
	}
}

/** The lines of a second error, at @p pfn and @p address, which hit process 120. */
static void add_second_error(struct hwp_findings *f, uint64_t pfn, uint64_t address,
			     uint64_t start_ns, int parent_pid)
{
	struct hwp_event e = { .pfn = pfn,
			       .seq = 10,
			       .time_ns = 5 * SECOND,
			       .kind = HWP_EVENT_INJECTED,
			       .pid = -1,
			       .caller_pid = 120,
			       .virtual_address = address,
			       .rasdaemon = -1 };

	assert_true(hwp_vec_push(&f->events, e));
	e.kind = HWP_EVENT_SIGBUS;
	e.seq = 11;
	e.virtual_address = 0;
	e.pid = 120;
	e.has_start = true;
	e.start_ns = start_ns;
	e.parent_pid = parent_pid;
	strcpy(e.comm, "victim");
	assert_true(hwp_vec_push(&f->events, e));
}

/* A process that a later error hit had the page as well, unless it may be its first owner. */
static void later_process(void **state)
{
	static const struct {
		uint64_t start_s;
		int parent_pid;
		uint64_t address;
		uint64_t mapping;
		enum hwp_answer want;
		bool has_no_time;
	} rows[] = {
		{ 3, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_YES, false },
		/* It was there when the first error struck, or was forked by who had it then. */
		{ 1, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false },
		{ 3, 119, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false },
		{ 3, -1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false },
		/* Its page was another one's neighbour, or of other memory. */
		{ 3, 1, 0x7f000000a000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false },
		{ 3, 1, 0x7f0000009000, 0xff11000101110e01, HWP_ANSWER_UNKNOWN, false },
		/* When the first error struck is not known. */
		{ 3, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, true },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(HWP_FIX_UNKNOWN);
		struct hwp_poisoned hit = page_of(0x8009, SPLIT), *p;
		char name[64];

		hit.page.mapping = rows[i].mapping;
		hit.page.refcount = 1;
		add_poisoned(f, hit);
		p = add_poisoned(f, page_of(0x8011, SPLIT));
		add_action(f, p, "unsplit thp", "Failed");
		f->events.data[0].time_ns = rows[i].has_no_time ? 0 : 2 * SECOND;
		f->events.data[0].caller_pid = 119;
		add_second_error(f, 0x8009, rows[i].address, rows[i].start_s * SECOND,
				 rows[i].parent_pid);
		add_action(f, &f->poisoned.data[0], "dirty LRU page", "Recovered");
		f->events.data[3].seq = 12;
		f->events.data[3].time_ns = 6 * SECOND;
		decide(f);
		print_message("# row %zu\n", i);
		p = &f->poisoned.data[1];
		assert_string_equal(hwp_answer_name(p->was_free), hwp_answer_name(rows[i].want));
		assert_int_equal(f->poisoned.data[0].was_free, HWP_ANSWER_NO);
		if (rows[i].want == HWP_ANSWER_YES) {
			assert_int_equal(p->nr_victims, 1);
			assert_string_equal(hwp_victim_words(f, &f->victims.data[p->first_victim],
							     name, sizeof(name)),
					    "victim[120]");
			assert_int_equal(f->verdict, HWP_VERDICT_LEAKED_BEFORE);
			/* A THP was freed whole. */
			assert_int_equal(f->kernel.fix, HWP_FIX_ABSENT);
		}
		hwp_findings_destroy(f);
	}
}

/* The steps are in order of time, the last is what is now. */
static void steps(void **state)
{
	struct hwp_findings *f = findings(HWP_FIX_ABSENT);
	struct hwp_poisoned *p = add_poisoned(f, page_of(0x8011, BLANK));
	static const enum hwp_step_kind want[] = { HWP_STEP_ERROR, HWP_STEP_FREED, HWP_STEP_FREE,
						   HWP_STEP_HANDED_OUT, HWP_STEP_CONTAINED };

	(void)state;
	add_action(f, p, "unsplit thp", "Failed");
	decide(f);
	p = &f->poisoned.data[0];
	assert_int_equal(p->nr_steps, HWP_ARRAY_SIZE(want));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(want); i++)
		assert_int_equal(f->steps.data[p->first_step + i].kind, want[i]);
	assert_int_equal(f->steps.data[p->first_step].event, 0);
	assert_int_equal(f->folios.data[0].was_free, HWP_ANSWER_YES);
	assert_int_equal(f->folios.data[0].nr_victims, 1);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_words),
		cmocka_unit_test(may_have_been_gigantic),
		cmocka_unit_test(later_process),
		cmocka_unit_test(steps),
	};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
