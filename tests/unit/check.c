// SPDX-License-Identifier: GPL-2.0-or-later
/** Each check passing, failing and undecided; the verdict and the exit status. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "verdict/check.h"
#include "verdict/classify.h"

static void decide(struct hwp_findings *f)
{
	judge_findings(f);
}

static void assert_result(const struct hwp_findings *f, const char *name, enum hwp_result want)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check_result *r = &f->checks.data[i];

		if (strcmp(r->check->name, name) == 0) {
			assert_string_equal(hwp_result_name(r->result), hwp_result_name(want));
			return;
		}
	}
	fail_msg("no check is called %s", name);
}

static void assert_verdict(const struct hwp_findings *f, enum hwp_verdict want, int status)
{
	assert_string_equal(hwp_verdict_name(f->verdict), hwp_verdict_name(want));
	assert_int_equal(hwp_verdict_exit_status(f->verdict), status);
}

static struct hwp_poisoned free_page(enum hwp_container container)
{
	struct hwp_poisoned p = isolated_page(0x20d);
	struct hwp_block block = { 0x200, container, 9, 1, -1, 0 };

	p.page.refcount = 0;
	p.page.mapping = 0;
	p.bits = HWP_BIT_HWPOISON;
	p.by_list = block;
	if (container == HWP_FREE_AREA)
		p.by_page = block;
	if (container == HWP_PCP_LIST)
		p.by_list.cpu = 0;
	return p;
}

static struct hwp_poisoned dropped_page(void)
{
	struct hwp_poisoned p = free_page(HWP_NOT_FREE);

	p.by_list = p.by_page = (struct hwp_block){ .order = -1 };
	p.is_stranded = true;
	p.stranded_pfn = 0x200;
	p.stranded_order = 9;
	p.nr_stranded_healthy = 511;
	return p;
}

static struct hwp_poisoned thp_page(void)
{
	struct hwp_poisoned p = free_page(HWP_NOT_FREE);

	p.page.is_tail = true;
	p.by_list = p.by_page = (struct hwp_block){ .order = -1 };
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_LARGE,
					    .head_pfn = 0x200,
					    .order = 9,
					    .head = { .refcount = 1, .type = HWP_TYPE_NONE },
					    .has_hwpoisoned = true,
					    .can_have_hwpoisoned = true };
	return p;
}

static struct hwp_poisoned slab_page(void)
{
	struct hwp_poisoned p = thp_page();

	p.folio.kind = HWP_FOLIO_SLAB;
	p.folio.head.type = HWP_TYPE_SLAB;
	return p;
}

static void clean(void **state)
{
	struct hwp_findings *f = clean_findings();
	size_t nr;

	(void)state;
	hwp_checks(&nr);
	decide(f);
	assert_int_equal(f->checks.nr, nr);
	for (size_t i = 0; i < f->checks.nr; i++)
		assert_true(f->checks.data[i].result == HWP_PASS ||
			    f->checks.data[i].result == HWP_SKIP);
	/* No machine check was logged, and no pass writes to freed pages. */
	assert_result(f, "poison-unmapped", HWP_SKIP);
	assert_result(f, "poison-unwritten", HWP_SKIP);
	assert_result(f, "poison-accounted", HWP_PASS);
	assert_verdict(f, HWP_VERDICT_CLEAN, 0);
	hwp_findings_destroy(f);
}

/* Contained poison, explained and counted, is no reason for anything. */
static void clean_with_contained(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_poisoned(f, isolated_page(0x1234));
	decide(f);
	assert_result(f, "poison-accounted", HWP_PASS);
	assert_verdict(f, HWP_VERDICT_CLEAN, 0);
	hwp_findings_destroy(f);
}

/* Every kind of hole ends in "incomplete", never in "clean". */
static void holes(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++) {
		struct hwp_findings *f = clean_findings();
		const char *check = "memmap-covered";

		switch (i) {
		case 0:
			f->coverage.nr_excluded = 1;
			f->coverage.nr_read--;
			break;
		case 1:
			f->coverage.nr_faulted = 1;
			f->coverage.nr_read--;
			break;
		case 2:
			f->coverage.nr_excluded = f->coverage.nr_zero = 64;
			f->coverage.nr_read -= 64;
			break;
		case 3:
			strcpy(f->damage, "the file is cut off");
			break;
		case 4:
			f->too_many = true;
			break;
		case 5:
			hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a list was cut");
			check = "freelist-consistent";
			break;
		case 6:
			hwp_findings_hole(f, HWP_HOLE_PCP_LIST, "a list was cut");
			check = "poison-not-on-pcp";
			break;
		case 7:
			/* Pages that nobody accounts for are a hole as well. */
			f->coverage.nr_read = 0x20000;
			break;
		case 8:
			/* All ones: memory whose struct pages were overwritten. */
			f->coverage.nr_uninitialised = 1;
			break;
		}
		decide(f);
		print_message("# hole %d\n", i);
		assert_result(f, check, HWP_INCONCLUSIVE);
		assert_verdict(f, HWP_VERDICT_INCOMPLETE, 2);
		hwp_findings_destroy(f);
	}
}

/* "None seen" is no pass when there was nothing to see. */
static void prerequisites(void **state)
{
	static const char *const resting_on_memmap[] = { "poison-not-in-buddy", "poison-not-reused",
							 "healthy-not-lost", "poison-accounted" };
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->coverage.nr_faulted = 1;
	f->coverage.nr_read--;
	decide(f);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(resting_on_memmap); i++)
		assert_result(f, resting_on_memmap[i], HWP_INCONCLUSIVE);
	hwp_findings_destroy(f);

	f = clean_findings();
	hwp_findings_hole(f, HWP_HOLE_PCP_LIST, "a list was cut");
	decide(f);
	assert_result(f, "poison-not-on-pcp", HWP_INCONCLUSIVE);
	assert_result(f, "poison-not-in-buddy", HWP_PASS);
	hwp_findings_destroy(f);

	/* A failure needs no complete ground. */
	f = clean_findings();
	f->coverage.nr_faulted = 1;
	f->coverage.nr_read--;
	add_poisoned(f, free_page(HWP_FREE_AREA));
	decide(f);
	assert_result(f, "poison-not-in-buddy", HWP_FAIL);
	assert_verdict(f, HWP_VERDICT_LEAKED, 1);
	hwp_findings_destroy(f);
}

static void unknown_page(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(0x1234);

	(void)state;
	p.was_read = false;
	add_poisoned(f, p);
	decide(f);
	assert_verdict(f, HWP_VERDICT_INCOMPLETE, 2);
	hwp_findings_destroy(f);
}

static void leaks(void **state)
{
	static const struct {
		enum hwp_container container;
		const char *check;
	} rows[] = {
		{ HWP_FREE_AREA, "poison-not-in-buddy" },
		{ HWP_TRYLOCK_LIST, "poison-not-in-buddy" },
		{ HWP_UNACCEPTED_LIST, "poison-not-in-buddy" },
		{ HWP_PCP_LIST, "poison-not-on-pcp" },
	};
	struct hwp_findings *f;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		f = clean_findings();
		add_poisoned(f, free_page(rows[i].container));
		decide(f);
		assert_result(f, rows[i].check, HWP_FAIL);
		assert_result(f, "methods-agree", HWP_PASS);
		assert_verdict(f, HWP_VERDICT_LEAKED, 1);
		hwp_findings_destroy(f);
	}
	f = clean_findings();
	add_poisoned(f, dropped_page());
	decide(f);
	assert_result(f, "healthy-not-lost", HWP_FAIL);
	assert_verdict(f, HWP_VERDICT_LEAKED, 1);
	hwp_findings_destroy(f);

	f = clean_findings();
	add_action(f, add_poisoned(f, thp_page()), "free buddy page", "Failed");
	decide(f);
	assert_result(f, "poison-not-reused", HWP_FAIL);
	assert_verdict(f, HWP_VERDICT_LEAKED, 1);
	hwp_findings_destroy(f);
}

static void lists_and_counts(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->areas.data[0].nr_walked = 2;
	decide(f);
	assert_result(f, "freelist-consistent", HWP_FAIL);
	assert_verdict(f, HWP_VERDICT_INCONSISTENT, 1);
	hwp_findings_destroy(f);

	f = clean_findings();
	hwp_findings_contradiction(f, "an entry has another order");
	decide(f);
	assert_result(f, "freelist-consistent", HWP_FAIL);
	assert_verdict(f, HWP_VERDICT_INCONSISTENT, 1);
	hwp_findings_destroy(f);
}

/* The two methods must name the same block for a page of free_area. */
static void methods(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, free_page(HWP_FREE_AREA));

		if (i == 1)
			p->by_list = (struct hwp_block){ .order = -1 };
		if (i == 2)
			p->by_page = (struct hwp_block){ .order = -1 };
		if (i == 3)
			p->by_list.order = 8;
		if (i == 4)
			p->by_list.head_pfn = 0;
		decide(f);
		assert_result(f, "methods-agree", i == 0 ? HWP_PASS : HWP_FAIL);
		/* A leak is worse than a contradiction; by the memmap alone it is none. */
		assert_verdict(f, i == 1 ? HWP_VERDICT_INCONSISTENT : HWP_VERDICT_LEAKED, 1);
		hwp_findings_destroy(f);
	}
}

static void raw_lists(void **state)
{
	static const struct {
		bool is_raw, unknown, unreliable, readable;
		enum hwp_result want;
	} rows[] = {
		{ true, false, false, true, HWP_PASS },
		{ false, true, true, true, HWP_PASS },
		{ false, true, false, false, HWP_PASS },
		{ false, true, false, true, HWP_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned p = thp_page();

		p.pfn = 0x200;
		p.folio.kind = HWP_FOLIO_HUGETLB;
		p.folio.head.type = HWP_TYPE_HUGETLB;
		p.is_raw = rows[i].is_raw;
		p.raw_page_unknown = rows[i].unknown;
		p.folio.raw_unreliable = rows[i].unreliable;
		p.folio.raw_list_readable = rows[i].readable;
		p.folio.nr_raw = rows[i].is_raw;
		add_poisoned(f, p);
		decide(f);
		assert_result(f, "raw-hwp-list-consistent", rows[i].want);
		assert_verdict(f,
			       rows[i].want == HWP_FAIL ? HWP_VERDICT_LEAKED : HWP_VERDICT_AT_RISK,
			       rows[i].want == HWP_FAIL);
		hwp_findings_destroy(f);
	}
}

/* A flag that is set is proof; a clear one may have been lost in a split to large pieces. */
static void folio_flags(void **state)
{
	static const enum hwp_result want[] = { HWP_PASS, HWP_INCONCLUSIVE, HWP_SKIP };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, thp_page());

		p->folio.has_hwpoisoned = i == 0;
		/* v5.14 and older have no such flag. */
		p->folio.can_have_hwpoisoned = i != 2;
		decide(f);
		assert_result(f, "folio-flag-matches-pages", want[i]);
		assert_verdict(f, HWP_VERDICT_AT_RISK, 0);
		hwp_findings_destroy(f);
	}
}

/* Order 2 at 0x200, poison at 0x201: one block of order 0, one of order 1 are healthy. */
static void healthy_ranges(void **state)
{
	static const struct {
		struct hwp_run run;
		enum hwp_result want;
	} rows[] = {
		{ { 0x200, 1, HWP_RUN_BUDDY, 0, -1, false }, HWP_PASS },
		{ { 0x202, 2, HWP_RUN_BUDDY, 1, -1, false }, HWP_PASS },
		{ { 0x203, 1, HWP_RUN_PCP, 0, 0, false }, HWP_PASS },
		{ { 0x202, 2, HWP_RUN_ALLOCATED, -1, -1, false }, HWP_PASS },
		{ { 0x201, 1, HWP_RUN_CONTAINED, -1, -1, true }, HWP_PASS },
		{ { 0x200, 4, HWP_RUN_BUDDY, 2, -1, true }, HWP_FAIL },
		{ { 0x200, 2, HWP_RUN_BUDDY, 1, -1, true }, HWP_FAIL },
		{ { 0x201, 1, HWP_RUN_PCP, 0, 0, true }, HWP_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_folio folio = { .head_pfn = 0x200,
					   .order = 2,
					   .kind = HWP_EXTENT_FREED,
					   .nr_expected = 2,
					   .nr_runs = 1 };

		assert_true(hwp_vec_push(&f->folios, folio));
		assert_true(hwp_vec_push(&f->expected, ((struct hwp_healthy_block){ 0x200, 0 })));
		assert_true(hwp_vec_push(&f->expected, ((struct hwp_healthy_block){ 0x202, 1 })));
		assert_true(hwp_vec_push(&f->runs, rows[i].run));
		assert_null(hwp_classify(f));
		assert_null(hwp_check_run(f));
		print_message("# run %zu\n", i);
		assert_result(f, "ranges-held", rows[i].want);
		if (rows[i].want == HWP_FAIL)
			assert_verdict(f, HWP_VERDICT_INCONSISTENT, 1);
		hwp_findings_destroy(f);
	}
}

/* Only the machine check handlers of x86 take a page out of the direct map (set_mce_nospec). */
static void direct_map(void **state)
{
	static const struct {
		bool machine_check;
		enum hwp_direct_map map;
		enum hwp_result want;
	} rows[] = {
		{ true, HWP_DIRECT_MAP_ABSENT, HWP_PASS },
		{ true, HWP_DIRECT_MAP_PRESENT, HWP_FAIL },
		{ true, HWP_DIRECT_MAP_UNKNOWN, HWP_INCONCLUSIVE },
		{ false, HWP_DIRECT_MAP_PRESENT, HWP_SKIP },
		{ false, HWP_DIRECT_MAP_ABSENT, HWP_SKIP },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x1234));

		p->has_machine_check = rows[i].machine_check;
		p->direct_map = rows[i].map;
		decide(f);
		print_message("# row %zu\n", i);
		assert_result(f, "poison-unmapped", rows[i].want);
		hwp_findings_destroy(f);
	}
}

/* 0xaa is page_poison's alone; zeros may have been there before. */
static void contents(void **state)
{
	static const struct {
		enum hwp_switch poisoning, init_on_free;
		enum hwp_contents contents;
		enum hwp_result want;
	} rows[] = {
		{ HWP_OFF, HWP_OFF, HWP_CONTENTS_PAGE_POISON, HWP_SKIP },
		{ HWP_NOT_BUILT, HWP_OFF, HWP_CONTENTS_ZERO, HWP_SKIP },
		{ HWP_ON, HWP_OFF, HWP_CONTENTS_PAGE_POISON, HWP_FAIL },
		{ HWP_ON, HWP_OFF, HWP_CONTENTS_ZERO, HWP_PASS },
		{ HWP_NOT_BUILT, HWP_ON, HWP_CONTENTS_ZERO, HWP_INCONCLUSIVE },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, free_page(HWP_FREE_AREA));

		f->kernel.page_poisoning = rows[i].poisoning;
		f->kernel.init_on_free = rows[i].init_on_free;
		p->contents = rows[i].contents;
		decide(f);
		print_message("# row %zu\n", i);
		assert_result(f, "poison-unwritten", rows[i].want);
		hwp_findings_destroy(f);
	}
}

static void add_repeat(struct hwp_findings *f, bool as_action)
{
	struct hwp_event e = { .pfn = 0x1234, .pid = -1, .kind = HWP_EVENT_ALREADY_POISONED };

	if (as_action) {
		e.kind = HWP_EVENT_ACTION;
		strcpy(e.page_type, "already poisoned page");
	}
	assert_true(hwp_vec_push(&f->events, e));
}

static void accounts(void **state)
{
	static const struct {
		int64_t counted, nr_repeats;
		bool wrapped, unreadable, unrecorded, running, has_count;
		enum hwp_result want;
		enum hwp_verdict verdict;
	} rows[] = {
		{ 2, 0, 0, 0, 0, 0, 1, HWP_PASS, HWP_VERDICT_CLEAN },
		{ 2, 0, 0, 0, 0, 0, 0, HWP_SKIP, HWP_VERDICT_CLEAN },
		{ 3, 0, 0, 0, 0, 0, 1, HWP_FAIL, HWP_VERDICT_INCONSISTENT },
		{ 1, 0, 0, 0, 0, 0, 1, HWP_FAIL, HWP_VERDICT_INCONSISTENT },
		{ 0, 0, 0, 0, 0, 0, 1, HWP_FAIL, HWP_VERDICT_INCONSISTENT },
		/* v6.11 to v6.14 count a repeated report again. What the log has of the page is no
		 * line about its first error, and so its past is not known. */
		{ 3, 1, 0, 0, 0, 0, 1, HWP_PASS, HWP_VERDICT_AT_RISK },
		{ 4, 2, 0, 0, 0, 0, 1, HWP_PASS, HWP_VERDICT_AT_RISK },
		{ 4, 1, 0, 0, 0, 0, 1, HWP_FAIL, HWP_VERDICT_INCONSISTENT },
		/* Others do not. */
		{ 2, 2, 0, 0, 0, 0, 1, HWP_PASS, HWP_VERDICT_AT_RISK },
		/* A log without its beginning may have held one, or more about the pages. */
		{ 3, 0, 1, 0, 0, 0, 1, HWP_INCONCLUSIVE, HWP_VERDICT_AT_RISK },
		{ 3, 0, 0, 1, 0, 0, 1, HWP_INCONCLUSIVE, HWP_VERDICT_AT_RISK },
		{ 9, 0, 0, 0, 1, 0, 1, HWP_INCONCLUSIVE, HWP_VERDICT_CLEAN },
		/* Flagged, not counted yet. */
		{ 1, 0, 0, 0, 0, 1, 1, HWP_PASS, HWP_VERDICT_CLEAN },
		{ -1, 0, 0, 0, 0, 1, 1, HWP_FAIL, HWP_VERDICT_INCONSISTENT },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();

		add_poisoned(f, isolated_page(0x1234));
		add_poisoned(f, isolated_page(0x1235));
		f->counters.num_poisoned_pages = rows[i].counted;
		f->counters.has_num_poisoned_pages = rows[i].has_count;
		f->counters.mf_running = rows[i].running;
		f->log.state = rows[i].unreadable ? HWP_LOG_UNREADABLE :
			       rows[i].wrapped	  ? HWP_LOG_WRAPPED :
						    HWP_LOG_COMPLETE;
		f->poisoned.data[0].raw_page_unknown = rows[i].unrecorded;
		for (int64_t n = 0; n < rows[i].nr_repeats; n++)
			add_repeat(f, n & 1);
		decide(f);
		print_message("# row %zu\n", i);
		assert_result(f, "poison-accounted", rows[i].want);
		/* What it leaves open does not make a run incomplete. */
		assert_int_equal(f->verdict, rows[i].verdict);
		hwp_findings_destroy(f);
	}
}

/* A damaged counter is a number like any other. */
static void hostile_counts(void **state)
{
	static const int64_t counts[] = { INT64_MIN, INT64_MIN + 1, -1, INT64_MAX };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(counts); i++) {
		struct hwp_findings *f = clean_findings();

		add_poisoned(f, isolated_page(0x1234));
		f->counters.num_poisoned_pages = counts[i];
		f->counters.mf_running = true;
		decide(f);
		assert_result(f, "poison-accounted", HWP_FAIL);
		hwp_findings_destroy(f);
	}
}

static void at_risk(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_poisoned(f, thp_page());
	decide(f);
	assert_verdict(f, HWP_VERDICT_AT_RISK, 0);
	hwp_findings_destroy(f);

	/* Pending poison is harmless where the fix is, and only where it surely is. */
	for (int fix = HWP_FIX_ABSENT; fix <= HWP_FIX_UNKNOWN; fix++) {
		f = clean_findings();
		f->kernel.fix = (enum hwp_fix)fix;
		add_poisoned(f, thp_page());
		decide(f);
		assert_verdict(f, fix == HWP_FIX_PRESENT ? HWP_VERDICT_CLEAN : HWP_VERDICT_AT_RISK,
			       0);
		hwp_findings_destroy(f);
	}
	/* In the kernel's own memory the fix does not help. */
	f = clean_findings();
	f->kernel.fix = HWP_FIX_PRESENT;
	add_poisoned(f, slab_page());
	decide(f);
	assert_verdict(f, HWP_VERDICT_AT_RISK, 0);
	hwp_findings_destroy(f);
}

/* Withheld with the marks of an anonymous page, where a HugeTLB page was. */
static struct hwp_poisoned used_page(void)
{
	struct hwp_poisoned p = isolated_page(0x6001);

	p.page.refcount = 0;
	return p;
}

/* Nobody has dealt with the page whose error ended the kernel. */
static void fatal_error(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_event e = { .pfn = 0x1b3fa, .kind = HWP_EVENT_PANIC, .pid = -1 };

	(void)state;
	assert_true(hwp_vec_push(&f->events, e));
	decide(f);
	assert_verdict(f, HWP_VERDICT_INCOMPLETE, 2);
	assert_int_equal(f->cause.kind, HWP_CAUSE_MEMORY_ERROR);
	assert_int_equal(f->cause.event, 0);
	hwp_findings_destroy(f);
}

/* All at once: the worst one wins, one after the other as they are taken away. */
static void order_of_verdicts(void **state)
{
	struct hwp_findings *f;

	(void)state;
	for (int best = HWP_VERDICT_LEAKED; best <= HWP_VERDICT_CLEAN; best++) {
		f = clean_findings();
		if (best <= HWP_VERDICT_LEAKED)
			add_poisoned(f, dropped_page());
		if (best <= HWP_VERDICT_LEAKED_BEFORE)
			add_action(f, add_poisoned(f, used_page()), "huge page", "Failed");
		if (best <= HWP_VERDICT_INCONSISTENT)
			f->areas.data[0].nr_walked = 2;
		if (best <= HWP_VERDICT_INCOMPLETE) {
			f->coverage.nr_read--;
			f->coverage.nr_faulted++;
		}
		if (best <= HWP_VERDICT_AT_RISK) {
			struct hwp_poisoned p = slab_page();

			p.pfn = 0x5005;
			add_poisoned(f, p);
		}
		decide(f);
		assert_verdict(f, (enum hwp_verdict)best,
			       best <= HWP_VERDICT_INCONSISTENT ? 1 :
			       best == HWP_VERDICT_INCOMPLETE	? 2 :
								  0);
		hwp_findings_destroy(f);
	}
}

/* Without CONFIG_MEMORY_FAILURE nothing can be marked. */
static void no_memory_failure(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->kernel.has_memory_failure = false;
	f->counters.has_num_poisoned_pages = false;
	decide(f);
	for (size_t i = 0; i < f->checks.nr; i++)
		assert_int_equal(f->checks.data[i].result, HWP_SKIP);
	assert_verdict(f, HWP_VERDICT_CLEAN, 0);
	hwp_findings_destroy(f);
}

/* A field that was forgotten is no word, or no row above. */
static void table_is_sound(void **state)
{
	const struct hwp_check *checks;
	size_t nr;

	(void)state;
	checks = hwp_checks(&nr);
	for (size_t i = 0; i < nr; i++) {
		const struct hwp_check *c = &checks[i];

		print_message("# row %zu\n", i);
		assert_true(c->name[0] && c->statement[0] && c->background[0]);
		assert_non_null(c->run);
		assert_true(c->settles >= HWP_SETTLES_BY_LAST &&
			    c->settles <= HWP_SETTLES_BY_FAILURE);
		/* It can be answered well and otherwise, and only a fault may be a leak. */
		assert_non_null(c->outcomes[HWP_PASS].meaning);
		assert_true(c->outcomes[HWP_FAIL].meaning || c->outcomes[HWP_INCONCLUSIVE].meaning);
		assert_true(!c->needs || c->outcomes[HWP_INCONCLUSIVE].meaning);
		for (int result = 0; result < HWP_NR_RESULTS; result++) {
			const struct hwp_check_outcome *o = &c->outcomes[result];

			if (!o->meaning)
				continue;
			assert_true(o->meaning[0] && o->meaning[strlen(o->meaning) - 1] != '.');
			assert_true(result == HWP_FAIL ? o->verdict <= HWP_VERDICT_INCONSISTENT :
				    result == HWP_INCONCLUSIVE ?
							 o->verdict >= HWP_VERDICT_INCOMPLETE :
							 o->verdict == HWP_VERDICT_CLEAN);
		}
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(c->name, checks[j].name);
		assert_ptr_equal(hwp_check_find(c->name), c);
	}
	assert_null(hwp_check_find(""));
	assert_null(hwp_check_find("memmap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),
		cmocka_unit_test(clean_with_contained),
		cmocka_unit_test(holes),
		cmocka_unit_test(prerequisites),
		cmocka_unit_test(unknown_page),
		cmocka_unit_test(leaks),
		cmocka_unit_test(lists_and_counts),
		cmocka_unit_test(methods),
		cmocka_unit_test(raw_lists),
		cmocka_unit_test(folio_flags),
		cmocka_unit_test(healthy_ranges),
		cmocka_unit_test(direct_map),
		cmocka_unit_test(contents),
		cmocka_unit_test(accounts),
		cmocka_unit_test(hostile_counts),
		cmocka_unit_test(at_risk),
		cmocka_unit_test(order_of_verdicts),
		cmocka_unit_test(fatal_error),
		cmocka_unit_test(no_memory_failure),
		cmocka_unit_test(table_is_sound),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
