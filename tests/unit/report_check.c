// SPDX-License-Identifier: GPL-2.0-or-later
/** The report of `check`: its parts, and what is left out of a long one. */
#include "findings_synth.h"

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>

#include "report/report.h"
#include "report/table.h"
#include "verdict/check.h"
#include "verdict/classify.h"

/** The report, its lines as they are; free() it. */
static char *report(const struct hwp_findings *f, bool color)
{
	const struct hwp_report_style style = { .color = color, .width = 100 };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_null(hwp_report_check(out, f, &style));
	fclose(out);
	return text;
}

static void assert_lines(const char *text, const char *lines)
{
	const char *at = strstr(text, lines);

	if (!at || (at > text && at[-1] != '\n'))
		fail_msg("no lines\n%s\nin\n%s", lines, text);
}

static void assert_none(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("'%s' is in\n%s", words, text);
}

static size_t count(const char *text, const char *words)
{
	size_t nr = 0;

	for (; (text = strstr(text, words)); text++)
		nr++;
	return nr;
}

static void decide(struct hwp_findings *f)
{
	f->path = strdup("vmcore");
	assert_null(hwp_classify(f));
	assert_null(hwp_check_run(f));
}

static struct hwp_poisoned *add_free(struct hwp_findings *f, uint64_t pfn, struct hwp_block block)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.page.refcount = 0;
	p.page.mapping = 0;
	p.bits = HWP_BIT_HWPOISON;
	p.by_list = block;
	if (block.container == HWP_FREE_AREA)
		p.by_page = block;
	return add_poisoned(f, p);
}

static struct hwp_poisoned *add_buddy(struct hwp_findings *f, uint64_t pfn)
{
	return add_free(f, pfn, (struct hwp_block){ pfn & ~511ULL, HWP_FREE_AREA, 9, 1, -1, 0 });
}

static struct hwp_poisoned *add_pcp(struct hwp_findings *f, uint64_t pfn)
{
	return add_free(f, pfn, (struct hwp_block){ pfn & ~7ULL, HWP_PCP_LIST, 3, 1, 2, 0 });
}

static void nothing_poisoned(void **state)
{
	struct hwp_findings *f = clean_findings();
	char *text;

	(void)state;
	decide(f);
	text = report(f, false);
	assert_lines(text, "CLEAN: no page is poisoned\n\nTarget ");
	assert_lines(text, "Poisoned  0 pages\n"
			   "Counted   num_poisoned_pages is 0, equal to the number of pages found\n"
			   "\nChecks\n"
			   "pass  memmap-covered            all 262144 struct pages were read\n"
			   "pass  freelist-consistent       1 list walked, ");
	assert_none(text, "Poisoned pages\n");
	assert_none(text, "Folios");
	assert_none(text, "Evidence");
	assert_none(text, "Troubles");
	assert_none(text, "What to do");
	free(text);
	hwp_findings_destroy(f);
}

static void no_memory_failure(void **state)
{
	struct hwp_findings *f = clean_findings();
	char *text;

	(void)state;
	f->kernel.has_memory_failure = false;
	decide(f);
	text = report(f, false);
	assert_lines(text, "CLEAN: this kernel cannot mark pages");
	assert_none(text, "Poisoned ");
	assert_none(text, "Counted ");
	assert_none(text, "Checks");
	free(text);
	hwp_findings_destroy(f);
}

/* By class, and by state where a class has several; those of unknown state have none. */
static void counts(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(0x5000);
	char *text;

	(void)state;
	add_pcp(f, 0x109);
	add_buddy(f, 0x20d);
	add_buddy(f, 0x20e);
	add_poisoned(f, isolated_page(0x4000));
	p.was_read = false;
	add_poisoned(f, p);
	f->counters.num_poisoned_pages = 6;
	decide(f);
	text = report(f, false);
	assert_lines(text,
		     "Poisoned  5 pages: 3 leaked (2 buddy, 1 pcp), 1 contained (isolated), 1 "
		     "unknown\n"
		     "Counted   num_poisoned_pages is 6; see check poison-accounted\n");
	free(text);
	f->counters.num_poisoned_pages = -1;
	text = report(f, false);
	assert_lines(text, "Counted   num_poisoned_pages is -1; see check poison-accounted\n");
	free(text);
	f->counters.has_num_poisoned_pages = false;
	text = report(f, false);
	assert_none(text, "Counted");
	free(text);
	hwp_findings_destroy(f);

	f = clean_findings();
	add_buddy(f, 0x20d);
	decide(f);
	text = report(f, false);
	assert_lines(text,
		     "Poisoned  1 page: 1 leaked (buddy)\n"
		     "Counted   num_poisoned_pages is 1, equal to the number of pages found\n");
	free(text);
	hwp_findings_destroy(f);
}

/* Only for what leaked, was lost or is unknown, and once for pages of one block and state. */
static void evidence(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned p = isolated_page(0x5000);
	char *text;

	(void)state;
	add_pcp(f, 0x108);
	add_pcp(f, 0x109);
	add_buddy(f, 0x20d);
	add_buddy(f, 0x20e);
	add_buddy(f, 0x20f);
	add_buddy(f, 0x40d);
	/* Pages of no block are never one. */
	p.was_read = false;
	add_poisoned(f, p);
	p.pfn++;
	add_poisoned(f, p);
	add_poisoned(f, isolated_page(0x6000));
	decide(f);
	text = report(f, false);
	assert_lines(text,
		     "0x108 pcp (1 more page in the same block)\n"
		     "  - lists: page 0 of 8 of the block at 0x108 on the per-CPU list of CPU 2, "
		     "order 3 Movable\n");
	assert_lines(text,
		     "0x20d buddy (2 more pages in the same block)\n"
		     "  - lists: page 13 of 512 of the free block at 0x200, order 9 Movable\n"
		     "  - memmap: page 13 of 512 of the free block at 0x200, order 9 Movable\n");
	assert_lines(text, "0x40d buddy\n  - lists: page 13 ");
	assert_lines(text, "0x5000 unknown\n  - ");
	assert_lines(text, "0x5001 unknown\n  - ");
	assert_none(text, "\n0x20e buddy");
	assert_none(text, "0x6000 isolated");
	assert_none(text, "evidence for the rest");
	assert_int_equal(count(text, "\nEvidence\n"), 1);
	free(text);
	hwp_findings_destroy(f);
}

/* The same block on the same list, but not the same state: two entries. */
static void evidence_of_other_state(void **state)
{
	struct hwp_findings *f = clean_findings();
	char *text;

	(void)state;
	add_buddy(f, 0x20d);
	add_buddy(f, 0x20e);
	add_buddy(f, 0x20f);
	decide(f);
	f->poisoned.data[1].state = HWP_STATE_UNKNOWN;
	f->poisoned.data[2].order = 8;
	text = report(f, false);
	assert_lines(text, "0x20d buddy\n");
	assert_lines(text, "0x20e unknown\n");
	assert_lines(text, "0x20f buddy\n");
	free(text);
	f->poisoned.data[1].state = HWP_STATE_BUDDY;
	f->poisoned.data[1].head_pfn = 0x100;
	text = report(f, false);
	assert_lines(text, "0x20d buddy\n");
	assert_lines(text, "0x20e buddy\n");
	free(text);
	hwp_findings_destroy(f);
}

/* Twelve blocks, and where the thirteenth is found. */
static void long_evidence(void **state)
{
	(void)state;
	for (uint64_t nr = 12; nr <= 13; nr++) {
		struct hwp_findings *f = clean_findings();
		char *text;

		for (uint64_t i = 0; i < nr; i++)
			add_buddy(f, i * 0x200 + 1);
		decide(f);
		text = report(f, false);
		assert_int_equal(count(text, "\n  - lists: page 1 of 512"), 12);
		assert_int_equal(count(text,
				       "\n'hwpoison list' shows the evidence for the rest.\n"),
				 nr - 12);
		free(text);
		hwp_findings_destroy(f);
	}
}

static void add_folio(struct hwp_findings *f, uint64_t head_pfn, int max_order)
{
	struct hwp_folio folio = {
		.head_pfn = head_pfn,
		.order = 9,
		.max_order = max_order,
		.kind = HWP_EXTENT_FREED,
		.nr_poisoned = 2,
		.nr_healthy = 510,
		.nr_healthy_lost = 7,
		.outcome = HWP_OUTCOME_LEAKED,
	};

	assert_true(hwp_vec_push(&f->folios, folio));
}

static void folios(void **state)
{
	struct hwp_findings *f = clean_findings();
	char *text;

	(void)state;
	add_buddy(f, 0x20d);
	add_folio(f, 0x200, 9);
	decide(f);
	text = report(f, false);
	assert_lines(text, "Folios with poison, now or when they were freed, in pages\n"
			   "HEAD/ORDER  KIND   POISONED  HEALTHY  LOST  OUTCOME  RECORD\n"
			   "0x200/9     freed         2      510     7  leaked   -\n");
	assert_none(text, "\n+ ");
	free(text);
	/* It may have been a larger one. */
	add_folio(f, 0x400, 18);
	text = report(f, false);
	assert_lines(text, "0x200/9     freed ");
	assert_lines(text, "0x400/9+    freed ");
	assert_lines(text, "+ the log does not show which of the HugeTLB sizes it had: ");
	free(text);
	hwp_findings_destroy(f);
}

/* Forty, and how many more there are; a mark is explained where it is. */
static void many_folios(void **state)
{
	(void)state;
	for (uint64_t nr = 40; nr <= 42; nr++) {
		struct hwp_findings *f = clean_findings();
		char *text, more[32];

		add_buddy(f, 0x20d);
		for (uint64_t i = 0; i < nr; i++)
			add_folio(f, i * 0x200, i < 40 ? 9 : 18);
		decide(f);
		text = report(f, false);
		snprintf(more, sizeof(more), "\nand %" PRIu64 " more\n", nr - 40);
		assert_int_equal(count(text, "  freed "), 40);
		assert_int_equal(count(text, "\nand "), nr > 40);
		assert_int_equal(count(text, more), nr > 40);
		assert_none(text, "\n+ ");
		free(text);
		hwp_findings_destroy(f);
	}
}

/* What the kernel records about a live folio's poison. */
static void records(void **state)
{
	static const struct {
		struct hwp_folio_facts facts;
		const char *record;
	} rows[] = {
		{ { .kind = HWP_FOLIO_SLAB }, "-" },
		{ { .kind = HWP_FOLIO_LARGE, .can_have_hwpoisoned = true, .has_hwpoisoned = true },
		  "has_hwpoisoned set" },
		{ { .kind = HWP_FOLIO_LARGE, .can_have_hwpoisoned = true },
		  "has_hwpoisoned clear" },
		{ { .kind = HWP_FOLIO_LARGE, .has_hwpoisoned = true }, "has_hwpoisoned not built" },
		{ { .kind = HWP_FOLIO_HUGETLB, .raw_list_readable = true, .nr_raw = 3 },
		  "3 in raw_hwp_list" },
		{ { .kind = HWP_FOLIO_HUGETLB, .nr_raw = 3 }, "no raw_hwp_list" },
		{ { .kind = HWP_FOLIO_HUGETLB, .raw_list_readable = true, .raw_unreliable = true },
		  "raw_hwp_unreliable" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x201));
		char *text, line[80];

		add_folio(f, 0x200, 9);
		f->folios.data[0].nr_poisoned = 1;
		f->folios.data[0].kind = HWP_EXTENT_LARGE;
		p->folio = rows[i].facts;
		p->folio.head_pfn = 0x200;
		p->folio.order = 9;
		decide(f);
		text = report(f, false);
		snprintf(line, sizeof(line), "leaked   %s\n", rows[i].record);
		if (!strstr(text, line))
			fail_msg("no '%s' in\n%s", line, text);
		free(text);
		hwp_findings_destroy(f);
	}
}

/* A failure stands out by its letters and by its colour; columns stand below each other. */
static void results(void **state)
{
	struct hwp_findings *f = clean_findings();
	char *text;

	(void)state;
	add_buddy(f, 0x20d);
	decide(f);
	text = report(f, false);
	assert_lines(text, "FAIL  poison-not-in-buddy       1 poisoned page ");
	assert_lines(text, "pass  poison-not-on-pcp         none was found\n");
	assert_lines(text, "skip  poison-unmapped           poisoned pages ");
	free(text);
	f->checks.data[0].result = HWP_INCONCLUSIVE;
	text = report(f, false);
	assert_lines(text, "inconclusive  memmap-covered            all ");
	assert_lines(text, "FAIL          poison-not-in-buddy       1 poisoned page ");
	free(text);
	text = report(f, true);
	assert_lines(text, HWP_COLOR_WARN "inconclusive" HWP_COLOR_END "  memmap-covered ");
	assert_lines(text, HWP_COLOR_BAD "FAIL        " HWP_COLOR_END "  poison-not-in-buddy ");
	assert_lines(text, HWP_COLOR_GOOD "pass        " HWP_COLOR_END "  poison-not-on-pcp ");
	assert_lines(text, HWP_COLOR_WARN "skip        " HWP_COLOR_END "  poison-unmapped ");
	free(text);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_poisoned),
		cmocka_unit_test(no_memory_failure),
		cmocka_unit_test(counts),
		cmocka_unit_test(evidence),
		cmocka_unit_test(evidence_of_other_state),
		cmocka_unit_test(long_evidence),
		cmocka_unit_test(folios),
		cmocka_unit_test(many_folios),
		cmocka_unit_test(records),
		cmocka_unit_test(results),
	};

	return cmocka_run_group_tests_name("report_check", tests, NULL, NULL);
}
