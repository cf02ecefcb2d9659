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
		/* One that may have the fix may be such a one. */
		{ "unsplit thp", "Failed", HWP_FIX_UNKNOWN, BLANK, HWP_OFF, HWP_ANSWER_UNKNOWN,
		  HWP_ANSWER_UNKNOWN, HWP_OUTCOME_UNKNOWN, HWP_VERDICT_AT_RISK },
		{ "unsplit thp", "Failed", HWP_FIX_PRESENT, BLANK, HWP_OFF, HWP_ANSWER_NO,
		  HWP_ANSWER_NO, HWP_OUTCOME_HELD, HWP_VERDICT_CLEAN },
		/* It was in a list of its own, where no page is that the fix withholds. */
		{ "unsplit thp", "Failed", HWP_FIX_PRESENT, THROWN_AWAY, HWP_ON, HWP_ANSWER_YES,
		  HWP_ANSWER_NO, HWP_OUTCOME_LEAKED_BEFORE, HWP_VERDICT_LEAKED_BEFORE },
		{ "huge page", "Failed", HWP_FIX_PRESENT, THROWN_AWAY, HWP_OFF, HWP_ANSWER_YES,
		  HWP_ANSWER_UNKNOWN, HWP_OUTCOME_LEAKED_BEFORE, HWP_VERDICT_LEAKED_BEFORE },
		{ "unsplit thp", "Failed", HWP_FIX_PRESENT, SPLIT, HWP_ON, HWP_ANSWER_NO,
		  HWP_ANSWER_NO, HWP_OUTCOME_SPLIT, HWP_VERDICT_CLEAN },
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

/* "corrupted mapping in tail page": the allocator refuses the block when it is freed. */
static void refused_when_freed(void **state)
{
	static const struct {
		uint64_t bad_pfn;
		enum hwp_answer was_free;
		enum hwp_outcome outcome;
	} rows[] = {
		{ 0, HWP_ANSWER_YES, HWP_OUTCOME_LEAKED },
		{ 0x7fff, HWP_ANSWER_YES, HWP_OUTCOME_LEAKED },
		{ 0x8000, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_LOST },
		{ 0x81ff, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_LOST },
		{ 0x8200, HWP_ANSWER_YES, HWP_OUTCOME_LEAKED },
	};

	static const struct hwp_observed_run runs[] = {
		{ 0x8000, 0x11, HWP_OBSERVED_LOOSE_HEALTHY, .order = -1, .cpu = -1 },
		{ 0x8011, 1, HWP_OBSERVED_LOOSE_POISONED, .order = -1, .cpu = -1,
		  .is_poisoned = true },
		{ 0x8012, 0x1ee, HWP_OBSERVED_LOOSE_HEALTHY, .order = -1, .cpu = -1 },
	};
	const struct hwp_extent_orders hugetlb = { { 9 }, 1 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(HWP_FIX_ABSENT);
		struct hwp_poisoned page = page_of(0x8011, BLANK), *p;

		print_message("# row %zu\n", i);
		page.is_stranded = true;
		page.stranded_pfn = 0x8000;
		page.stranded_order = 9;
		page.nr_stranded_healthy = 511;
		p = add_poisoned(f, page);
		add_action(f, p, "huge page", "Failed");
		f->kernel.check_pages = HWP_ON;
		if (rows[i].bad_pfn)
			assert_true(hwp_vec_push(&f->bad_state_pfns, rows[i].bad_pfn));
		assert_null(hwp_extents_find(f, &hugetlb));
		assert_int_equal(f->folios.nr, 1);
		for (size_t j = 0; j < HWP_ARRAY_SIZE(runs); j++)
			assert_true(hwp_vec_push(&f->observed, runs[j]));
		assert_null(hwp_decide(f));
		p = &f->poisoned.data[0];
		assert_string_equal(hwp_state_name(p->state), "dropped");
		assert_string_equal(hwp_answer_name(p->was_free),
				    hwp_answer_name(rows[i].was_free));
		assert_string_equal(hwp_answer_name(p->was_handed_out), "no");
		assert_string_equal(hwp_outcome_name(f->folios.data[0].outcome),
				    hwp_outcome_name(rows[i].outcome));
		assert_int_equal(f->verdict, HWP_VERDICT_LEAKED);
		hwp_findings_destroy(f);
	}
}

/* What the fix leaves, and what it does not. */
static void withheld_by_fix(void **state)
{
	static const char thp[] = "unsplit thp";
	static const struct {
		const char *type;
		uint64_t pfn, word_1, index;
		bool has_leaked_neighbour;
		enum hwp_answer was_free;
		enum hwp_outcome outcome;
		enum hwp_verdict verdict;
	} rows[] = {
		{ thp, 0x8011, 0, 0, false, HWP_ANSWER_NO, HWP_OUTCOME_HELD, HWP_VERDICT_CLEAN },
		/* The first pages of the folio hold words of its own. */
		{ thp, 0x8000, POISON1, 5, false, HWP_ANSWER_NO, HWP_OUTCOME_HELD,
		  HWP_VERDICT_CLEAN },
		{ thp, 0x8003, POISON1, 0, false, HWP_ANSWER_NO, HWP_OUTCOME_HELD,
		  HWP_VERDICT_CLEAN },
		{ thp, 0x8005, POISON1, 0, false, HWP_ANSWER_YES, HWP_OUTCOME_LEAKED_BEFORE,
		  HWP_VERDICT_LEAKED_BEFORE },
		/* This one may be the first page of a smaller folio. */
		{ thp, 0x8010, POISON1, 0, false, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_UNKNOWN,
		  HWP_VERDICT_AT_RISK },
		{ "huge page", 0x8010, POISON1, 0, false, HWP_ANSWER_YES, HWP_OUTCOME_LEAKED_BEFORE,
		  HWP_VERDICT_LEAKED_BEFORE },
		{ thp, 0x8011, POISON1, 7, false, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_UNKNOWN,
		  HWP_VERDICT_AT_RISK },
		{ thp, 0x8011, 5, 0, false, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_UNKNOWN,
		  HWP_VERDICT_AT_RISK },
		/* The fix did not withhold another page of the folio. */
		{ thp, 0x8011, 0, 0, true, HWP_ANSWER_UNKNOWN, HWP_OUTCOME_LEAKED,
		  HWP_VERDICT_LEAKED },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(HWP_FIX_PRESENT);
		struct hwp_poisoned page = page_of(rows[i].pfn, BLANK), *p;

		print_message("# row %zu\n", i);
		page.page.word_1 = rows[i].word_1;
		page.page.index = rows[i].index;
		add_action(f, add_poisoned(f, page), rows[i].type, "Failed");
		if (rows[i].has_leaked_neighbour) {
			p = add_poisoned(f, page_of(0x8100, BLANK));
			p->by_list = (struct hwp_block){ .head_pfn = 0x8100,
							 .container = HWP_FREE_AREA,
							 .cpu = -1 };
		}
		decide(f);
		p = &f->poisoned.data[0];
		assert_string_equal(hwp_answer_name(p->was_free),
				    hwp_answer_name(rows[i].was_free));
		assert_string_equal(hwp_outcome_name(f->folios.data[0].outcome),
				    hwp_outcome_name(rows[i].outcome));
		assert_string_equal(hwp_verdict_name(f->verdict),
				    hwp_verdict_name(rows[i].verdict));
		hwp_findings_destroy(f);
	}
}

/* A gigantic page is freed page by page where split_large_buddy() is missing. */
static void may_have_been_gigantic(void **state)
{
	const struct hwp_extent_orders hugetlb = { { 9, 18 }, 2 };

	(void)state;
	/* The buddy allocator's largest block is of order 10. */
	for (int i = 0; i < 4; i++) {
		struct hwp_findings *f = findings(HWP_FIX_ABSENT);
		struct hwp_poisoned *p = add_poisoned(f, page_of(0x8011, BLANK));
		bool whole = i % 2, is_gigantic = i < 2;

		f->kernel.frees_gigantic_whole = whole;
		add_action(f, p, "huge page", "Failed");
		assert_null(hwp_extents_find(f, &hugetlb));
		f->folios.data[0].max_order = is_gigantic ? 18 : 10;
		assert_null(hwp_decide(f));
		assert_int_equal(f->poisoned.data[0].was_free,
				 whole || !is_gigantic ? HWP_ANSWER_YES : HWP_ANSWER_UNKNOWN);
		hwp_findings_destroy(f);
	}
}

/** The lines of a second error, at @p pfn and @p address of process @p caller_pid, which hit process 120. */
static void add_second_error(struct hwp_findings *f, uint64_t pfn, uint64_t address,
			     uint64_t start_ns, int parent_pid, int caller_pid)
{
	struct hwp_event e = { .pfn = pfn,
			       .seq = 10,
			       .time_ns = 5 * SECOND,
			       .kind = HWP_EVENT_INJECTED,
			       .pid = -1,
			       .caller_pid = caller_pid,
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
		/* When its own error struck, in seconds; 0: at 2. */
		uint64_t error_s;
		/* Whose address it is; 120 was hit. */
		int caller_pid;
	} rows[] = {
		{ 3, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_YES, false, 0, 120 },
		/* The process had it when its own error struck: an earlier one may have been of
		 * another small folio of that extent. */
		{ 3, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false, 4, 120 },
		/* It was there when the first error struck, or was forked by who had it then. */
		{ 1, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false, 0, 120 },
		{ 3, 119, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false, 0, 120 },
		{ 3, -1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false, 0, 120 },
		/* Its page was another one's neighbour, or of other memory. */
		{ 3, 1, 0x7f000000a000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false, 0, 120 },
		{ 3, 1, 0x7f0000009000, 0xff11000101110e01, HWP_ANSWER_UNKNOWN, false, 0, 120 },
		/* The address is of another process. */
		{ 3, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, false, 0, 121 },
		/* When the first error struck is not known. */
		{ 3, 1, 0x7f0000009000, 0xff11000101110ea1, HWP_ANSWER_UNKNOWN, true, 0, 120 },
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
		if (rows[i].error_s) {
			add_poisoned(f, page_of(0x8021, SPLIT));
			add_action(f, &f->poisoned.data[2], "unsplit thp", "Failed");
			f->events.data[1].time_ns = rows[i].error_s * SECOND;
			/* That of 0x8021 came first. */
			f->events.data[0].pfn = 0x8021;
			f->events.data[1].seq = 1;
			f->events.data[1].pfn = 0x8011;
			f->poisoned.data[1].event = 1;
			f->poisoned.data[2].event = 0;
			p = &f->poisoned.data[1];
		}
		add_second_error(f, 0x8009, rows[i].address, rows[i].start_s * SECOND,
				 rows[i].parent_pid, rows[i].caller_pid);
		add_action(f, &f->poisoned.data[0], "dirty LRU page", "Recovered");
		f->events.data[f->events.nr - 1].seq = 12;
		f->events.data[f->events.nr - 1].time_ns = 6 * SECOND;
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
	/* Nobody wrote down when. */
	assert_false(f->steps.data[p->first_step + 3].has_time);
	assert_int_equal(f->folios.data[0].was_free, HWP_ANSWER_YES);
	assert_int_equal(f->folios.data[0].nr_victims, 1);
	hwp_findings_destroy(f);
}

/* page_owner wrote down when the page was handed out. */
static void step_by_record(void **state)
{
	struct hwp_findings *f = findings(HWP_FIX_ABSENT);
	struct hwp_poisoned *p = add_poisoned(f, page_of(0x8011, PIPE));
	const struct hwp_step *step;

	(void)state;
	add_action(f, p, "unsplit thp", "Failed");
	f->events.data[0].time_ns = 2 * SECOND;
	p->page_owner.found = p->page_owner.allocated = true;
	p->page_owner.alloc_ns = 3 * SECOND;
	decide(f);
	p = &f->poisoned.data[0];
	assert_int_equal(p->was_handed_out, HWP_ANSWER_YES);
	step = &f->steps.data[p->first_step];
	while (step->kind != HWP_STEP_HANDED_OUT)
		assert_true(++step < f->steps.data + p->first_step + p->nr_steps);
	assert_true(step->has_time);
	assert_int_equal(step->time_ns, 3 * SECOND);
	hwp_findings_destroy(f);
}

/** Two pages of one THP that were handed out one by one, of two THPs, or beside a folio. */
enum pair {
	ALONE,
	OUT_OF_LINE,
	OF_TWO_THPS,
	BESIDE_A_FOLIO,
};

static struct hwp_findings *pair_of(enum pair pair, enum hwp_state state)
{
	struct hwp_findings *f = findings(HWP_FIX_UNKNOWN);
	struct hwp_poisoned *p = add_poisoned(f, page_of(0x8011, SPLIT));

	if (state == HWP_STATE_BUDDY)
		p->by_list = (struct hwp_block){
			.head_pfn = 0x8000, .container = HWP_FREE_AREA, .order = 9, .cpu = -1
		};
	add_action(f, p, "unsplit thp", "Failed");
	if (pair == ALONE)
		return f;
	p = add_poisoned(f, page_of(pair == OF_TWO_THPS ? 0x8211 : 0x8101, SPLIT));
	p->page.index += 0x1000;
	if (pair == BESIDE_A_FOLIO)
		p->folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_LARGE,
						     .head_pfn = 0x8100,
						     .order = 4 };
	add_action(f, p, "unsplit thp", "Failed");
	return f;
}

/** What the user says was there may be wrong: what is known of the kernel does not rest on it. */
static void range_is_no_proof(void **state)
{
	static const struct {
		enum pair pair;
		enum hwp_state state;
		enum hwp_fix fix;
	} rows[] = {
		{ ALONE, HWP_STATE_BUDDY, HWP_FIX_ABSENT },
		{ ALONE, HWP_STATE_ISOLATED, HWP_FIX_UNKNOWN },
		{ OUT_OF_LINE, HWP_STATE_ISOLATED, HWP_FIX_ABSENT },
		{ OF_TWO_THPS, HWP_STATE_ISOLATED, HWP_FIX_UNKNOWN },
		{ BESIDE_A_FOLIO, HWP_STATE_ISOLATED, HWP_FIX_UNKNOWN },
	};
	static const uint64_t ranges[][2] = {
		{ 0, 0 },	    { 0x8000, 0x8200 }, { 0x8000, 0x8400 },
		{ 0x8000, 0xc000 }, { 0x8010, 0x8020 }, { 0x8011, 0x8012 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		for (size_t r = 0; r < HWP_ARRAY_SIZE(ranges); r++) {
			struct hwp_findings *f = pair_of(rows[i].pair, rows[i].state);

			print_message("# row %zu, range %zu\n", i, r);
			if (ranges[r][1])
				assert_null(hwp_extents_set_range(f, ranges[r][0], ranges[r][1]));
			decide(f);
			assert_string_equal(hwp_fix_name(f->kernel.fix), hwp_fix_name(rows[i].fix));
			assert_int_equal(f->kernel.fix_is_inferred, rows[i].fix == HWP_FIX_ABSENT);
			hwp_findings_destroy(f);
		}
	}
}

/** What this kernel will do with a folio that is allocated, unless the dump contradicts it. */
static void live_folios(void **state)
{
	static const struct {
		enum hwp_fix fix;
		enum hwp_folio_kind kind;
		/** PG_has_hwpoisoned is there. */
		bool has_flag;
		int order;
		/** Another THP was freed, and this is where its bad page is. */
		enum hwp_state other;
		enum hwp_outcome outcome;
	} rows[] = {
		{ HWP_FIX_ABSENT, HWP_FOLIO_LARGE, true, 9, HWP_NR_STATES, HWP_OUTCOME_WOULD_LEAK },
		{ HWP_FIX_UNKNOWN, HWP_FOLIO_LARGE, true, 9, HWP_NR_STATES,
		  HWP_OUTCOME_WOULD_LEAK },
		{ HWP_FIX_PRESENT, HWP_FOLIO_LARGE, true, 9, HWP_NR_STATES,
		  HWP_OUTCOME_WOULD_HOLD },
		/* Without the flag the fix does not see it. */
		{ HWP_FIX_PRESENT, HWP_FOLIO_LARGE, false, 9, HWP_NR_STATES,
		  HWP_OUTCOME_WOULD_LEAK },
		{ HWP_FIX_PRESENT, HWP_FOLIO_SLAB, false, 3, HWP_NR_STATES,
		  HWP_OUTCOME_WOULD_LEAK },
		{ HWP_FIX_PRESENT, HWP_FOLIO_KERNEL, false, 3, HWP_NR_STATES,
		  HWP_OUTCOME_WOULD_LEAK },
		/* The symbol promises what the same dump contradicts. */
		{ HWP_FIX_PRESENT, HWP_FOLIO_LARGE, true, 9, HWP_STATE_BUDDY, HWP_OUTCOME_UNKNOWN },
		{ HWP_FIX_PRESENT, HWP_FOLIO_LARGE, true, 9, HWP_STATE_ISOLATED,
		  HWP_OUTCOME_WOULD_HOLD },
		/* Freed one by one, with the fix or without it. */
		{ HWP_FIX_ABSENT, HWP_FOLIO_HUGETLB, false, 18, HWP_NR_STATES,
		  HWP_OUTCOME_WOULD_HOLD },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(rows[i].fix);
		struct hwp_poisoned *p = add_poisoned(f, page_of(0x11, BLANK));

		print_message("# row %zu\n", i);
		p->page.refcount = 1;
		p->folio = (struct hwp_folio_facts){
			.kind = rows[i].kind,
			.head_pfn = UINT64_C(0x11) >> rows[i].order << rows[i].order,
			.order = rows[i].order,
			.can_have_hwpoisoned = true,
			.has_hwpoisoned = rows[i].has_flag,
			.head.type = HWP_TYPE_NONE,
			.raw_list_readable = true,
		};
		p->is_raw = rows[i].kind == HWP_FOLIO_HUGETLB;
		if (rows[i].other != HWP_NR_STATES) {
			p = add_poisoned(f, page_of(0x8011, BLANK));
			if (rows[i].other == HWP_STATE_BUDDY)
				p->by_list = (struct hwp_block){ .head_pfn = 0x8000,
								 .container = HWP_FREE_AREA,
								 .order = 9,
								 .cpu = -1 };
			add_action(f, p, "unsplit thp", "Failed");
		}
		decide(f);
		assert_true(f->folios.nr > 0);
		assert_string_equal(hwp_outcome_name(f->folios.data[0].outcome),
				    hwp_outcome_name(rows[i].outcome));
		hwp_findings_destroy(f);
	}
}

/* Up to v5.10 a page that is hit while it is free stays there, and no folio is freed with it. */
static void thrown_away_from_where_it_was(void **state)
{
	static const struct {
		const char *type, *result;
		enum hwp_outcome outcome;
		enum hwp_fix_seen seen;
		enum hwp_step_kind second;
	} rows[] = {
		/* Nothing was read of its neighbours. */
		{ "free buddy page", "Delayed", HWP_OUTCOME_UNKNOWN, HWP_FIX_SEEN_NOTHING,
		  HWP_STEP_FREE },
		{ "unsplit thp", "Failed", HWP_OUTCOME_LEAKED, HWP_FIX_SEEN_NOT_HELD,
		  HWP_STEP_FREED },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(HWP_FIX_ABSENT);
		struct hwp_poisoned p = page_of(0x8011, BLANK);

		p.is_stranded = true;
		p.stranded_pfn = 0x8000;
		p.stranded_order = 9;
		p.nr_stranded_healthy = 511;
		f->kernel.check_pages = HWP_ON;
		f->kernel.check_pages_is_switch = false;
		f->kernel.found_bad_pages = HWP_ANSWER_YES;
		add_action(f, add_poisoned(f, p), rows[i].type, rows[i].result);
		assert_null(hwp_extents_add_stranded(f));
		assert_null(hwp_decide(f));
		assert_int_equal(f->poisoned.data[0].state, HWP_STATE_DROPPED);
		assert_int_equal(f->verdict, HWP_VERDICT_LEAKED);
		assert_int_equal(f->folios.nr, 1);
		assert_int_equal(f->folios.data[0].outcome, rows[i].outcome);
		assert_int_equal(f->kernel.fix_seen, rows[i].seen);
		assert_int_equal(f->steps.data[f->poisoned.data[0].first_step + 1].kind,
				 rows[i].second);
		hwp_findings_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thrown_away_from_where_it_was),
		cmocka_unit_test(range_is_no_proof),
		cmocka_unit_test(live_folios),
		cmocka_unit_test(by_words),
		cmocka_unit_test(refused_when_freed),
		cmocka_unit_test(withheld_by_fix),
		cmocka_unit_test(may_have_been_gigantic),
		cmocka_unit_test(later_process),
		cmocka_unit_test(steps),
		cmocka_unit_test(step_by_record),
	};

	return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
