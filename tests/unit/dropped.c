// SPDX-License-Identifier: GPL-2.0-or-later
/** Was a block that is in no list thrown away, or refused when it was freed? */
#include "findings_synth.h"
#include <cmocka.h>

#include "verdict/dropped.h"

#define SECOND UINT64_C(1000000000)
/* When the error struck, by the log. */
#define ERROR_NS (1000 * SECOND)

/* A 2 MiB page at 0x8000, dropped whole: page 0x8011 is bad. */
static struct hwp_findings *findings(const char *type)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned page = isolated_page(0x8011), *p;

	page.page.refcount = 0;
	page.is_stranded = true;
	page.stranded_pfn = 0x8000;
	page.stranded_order = 9;
	page.nr_stranded_healthy = 511;
	page.state = HWP_STATE_DROPPED;
	p = add_poisoned(f, page);
	add_action(f, p, type, "Failed");
	f->events.data[0].time_ns = ERROR_NS;
	f->pmd_order = 9;
	f->hugetlb = (struct hwp_extent_orders){ { 9 }, 1 };
	f->kernel.check_pages = HWP_ON;
	f->kernel.check_pages_is_switch = true;
	/* It is not known, and so the log has to say it. */
	f->kernel.found_bad_pages = HWP_ANSWER_YES;
	return f;
}

static void expect(struct hwp_findings *f, enum hwp_answer was_free, const char *words)
{
	struct hwp_dropped_proof proof = hwp_dropped_was_free(f, &f->poisoned.data[0]);

	if (!strstr(proof.words, words))
		fail_msg("\"%s\" is not in \"%s\"", words, proof.words);
	assert_string_equal(hwp_answer_name(proof.was_free), hwp_answer_name(was_free));
	hwp_findings_destroy(f);
}

/* A folio whose size the log does not show, so that its first page may be elsewhere. */
static struct hwp_findings *without_first_page(void)
{
	struct hwp_findings *f = findings("huge page");

	f->hugetlb = (struct hwp_extent_orders){ { 9, 18 }, 2 };
	return f;
}

static void by_log(void **state)
{
	static const struct {
		enum hwp_log_state log;
		uint64_t first_ns;
		enum hwp_answer was_free;
		const char *words;
	} rows[] = {
		{ HWP_LOG_COMPLETE, 0, HWP_ANSWER_YES, "had taken from free memory" },
		/* What came after the error is there, and a burst of lines that began before. */
		{ HWP_LOG_WRAPPED, ERROR_NS - 62 * SECOND, HWP_ANSWER_YES, "had taken from" },
		{ HWP_LOG_WRAPPED, ERROR_NS - 60 * SECOND, HWP_ANSWER_UNKNOWN,
		  "lost its beginning" },
		{ HWP_LOG_WRAPPED, ERROR_NS + SECOND, HWP_ANSWER_UNKNOWN, "lost its beginning" },
		{ HWP_LOG_LOST, 0, HWP_ANSWER_UNKNOWN, "lacks lines" },
		{ HWP_LOG_UNREADABLE, 0, HWP_ANSWER_UNKNOWN, "cannot be read" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = without_first_page();

		print_message("# row %zu\n", i);
		f->log.state = rows[i].log;
		f->log.first_ns = rows[i].first_ns;
		expect(f, rows[i].was_free, rows[i].words);
	}
}

/* A page that the log does not name at all: nothing is known of when it was freed. */
static void without_event(void **state)
{
	(void)state;
	for (int wrapped = 0; wrapped < 2; wrapped++) {
		struct hwp_findings *f = findings("huge page");

		f->poisoned.data[0].event = -1;
		f->log.state = wrapped ? HWP_LOG_WRAPPED : HWP_LOG_COMPLETE;
		expect(f, wrapped ? HWP_ANSWER_UNKNOWN : HWP_ANSWER_YES,
		       wrapped ? "lost its beginning" : "had taken from free memory");
	}
}

/* bad_page() prints 60 lines, and then is quiet for what is left of a minute. */
static void by_number_of_lines(void **state)
{
	(void)state;
	for (size_t nr = 59; nr <= 60; nr++) {
		struct hwp_findings *f = without_first_page();

		for (size_t i = 0; i < nr; i++)
			assert_true(hwp_vec_push(&f->bad_state_pfns, UINT64_C(0x1000) + i));
		expect(f, nr < 60 ? HWP_ANSWER_YES : HWP_ANSWER_UNKNOWN,
		       nr < 60 ? "had taken from free memory" : "kept quiet about more");
	}
}

static void by_line_of_block(void **state)
{
	static const struct {
		uint64_t pfn;
		enum hwp_answer was_free;
	} rows[] = {
		{ 0x7fff, HWP_ANSWER_YES },	{ 0x8000, HWP_ANSWER_UNKNOWN },
		{ 0x8011, HWP_ANSWER_UNKNOWN }, { 0x81ff, HWP_ANSWER_UNKNOWN },
		{ 0x8200, HWP_ANSWER_YES },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings("unsplit thp");

		assert_true(hwp_vec_push(&f->bad_state_pfns, rows[i].pfn));
		expect(f, rows[i].was_free,
		       rows[i].was_free == HWP_ANSWER_YES ? "had taken from free memory" :
							    "pages of its block in a bad state");
	}
}

/* Without TAINT_BAD_PAGE the kernel never refused a block, whatever the log lost. */
static void by_taint(void **state)
{
	static const enum hwp_answer found[] = { HWP_ANSWER_NO, HWP_ANSWER_YES,
						 HWP_ANSWER_UNKNOWN };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(found); i++) {
		struct hwp_findings *f = without_first_page();

		f->kernel.found_bad_pages = found[i];
		f->log.state = HWP_LOG_UNREADABLE;
		expect(f, found[i] == HWP_ANSWER_NO ? HWP_ANSWER_YES : HWP_ANSWER_UNKNOWN,
		       found[i] == HWP_ANSWER_NO ? "had taken from" : "cannot be read");
	}
}

/* A folio that is refused keeps PG_head: where its first page must be in the block, that decides. */
static void by_first_page(void **state)
{
	static const struct {
		const char *type;
		int order;
		bool has_head;
		enum hwp_answer was_free;
		const char *words;
	} rows[] = {
		{ "unsplit thp", 9, false, HWP_ANSWER_YES, "had taken from free memory" },
		{ "huge page", 9, false, HWP_ANSWER_YES, "had taken from free memory" },
		{ "huge page", 9, true, HWP_ANSWER_UNKNOWN, "has PG_head still" },
		{ "unsplit thp", 10, true, HWP_ANSWER_UNKNOWN, "has PG_head still" },
		/* Half of it: the first page may be in the other half. */
		{ "unsplit thp", 8, false, HWP_ANSWER_UNKNOWN, "lacks lines" },
		/* Not known to have been a folio. */
		{ "high-order kernel page", 9, false, HWP_ANSWER_UNKNOWN, "lacks lines" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings(rows[i].type);

		print_message("# row %zu\n", i);
		f->log.state = HWP_LOG_LOST;
		f->poisoned.data[0].stranded_order = rows[i].order;
		f->poisoned.data[0].stranded_has_head = rows[i].has_head;
		expect(f, rows[i].was_free, rows[i].words);
	}
}

/* Only the check of an allocation throws a block away that was free. */
static void by_switch(void **state)
{
	static const struct {
		enum hwp_switch check_pages;
		enum hwp_answer was_free;
		const char *words;
	} rows[] = {
		{ HWP_ON, HWP_ANSWER_YES, "had taken from free memory" },
		{ HWP_OFF, HWP_ANSWER_UNKNOWN, "does not check the pages of its blocks" },
		{ HWP_NOT_BUILT, HWP_ANSWER_UNKNOWN, "does not check the pages of its blocks" },
		{ HWP_SWITCH_UNKNOWN, HWP_ANSWER_UNKNOWN, "is not known" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = findings("unsplit thp");

		f->kernel.check_pages = rows[i].check_pages;
		expect(f, rows[i].was_free, rows[i].words);
	}
}

/* Up to v5.13 a page that is hit while it is free stays there, until an allocation meets it. */
static void was_free_then(void **state)
{
	struct hwp_findings *f = findings("free buddy page");

	(void)state;
	f->log.state = HWP_LOG_LOST;
	expect(f, HWP_ANSWER_YES, "in free memory when the error struck");
}

static void by_page_owner(void **state)
{
	static const struct {
		struct hwp_page_owner record;
		enum hwp_answer was_free;
		const char *words;
	} rows[] = {
		{ { .found = true, .order = 9, .alloc_ns = ERROR_NS - SECOND },
		  HWP_ANSWER_YES,
		  "had been freed by page_owner" },
		{ { .found = true, .allocated = true, .order = 9, .alloc_ns = ERROR_NS - SECOND },
		  HWP_ANSWER_NO,
		  "not freed since" },
		{ { .found = true,
		    .allocated = true,
		    .migrated = true,
		    .order = 9,
		    .alloc_ns = ERROR_NS - SECOND },
		  HWP_ANSWER_UNKNOWN,
		  "page_owner has it as allocated" },
		{ { .found = true, .allocated = true, .order = 9, .alloc_ns = ERROR_NS + SECOND },
		  HWP_ANSWER_UNKNOWN,
		  "page_owner has it as allocated" },
		/* free_pages_prepare() records that a page of its own is freed when it withholds it. */
		{ { .found = true, .order = 1, .alloc_ns = ERROR_NS - SECOND },
		  HWP_ANSWER_YES,
		  "had been freed by page_owner" },
		{ { .found = true, .order = 0 }, HWP_ANSWER_UNKNOWN, "lacks lines" },
		{ { .order = 9 }, HWP_ANSWER_UNKNOWN, "lacks lines" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = without_first_page();

		print_message("# row %zu\n", i);
		f->log.state = HWP_LOG_LOST;
		f->poisoned.data[0].page_owner = rows[i].record;
		expect(f, rows[i].was_free, rows[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_log),
		cmocka_unit_test(without_event),
		cmocka_unit_test(by_number_of_lines),
		cmocka_unit_test(by_line_of_block),
		cmocka_unit_test(by_taint),
		cmocka_unit_test(by_first_page),
		cmocka_unit_test(by_switch),
		cmocka_unit_test(was_free_then),
		cmocka_unit_test(by_page_owner),
	};

	return cmocka_run_group_tests_name("dropped", tests, NULL, NULL);
}
