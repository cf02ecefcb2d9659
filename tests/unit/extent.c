// SPDX-License-Identifier: GPL-2.0-or-later
/** What freed folios show of the kernel that freed them. */
#include "findings_synth.h"
#include <cmocka.h>

#include "verdict/classify.h"
#include "facts/pages/extent.h"
#include "verdict/outcome.h"

/** A folio of order 9 that is gone; its one bad page is where @p container says. */
static struct hwp_findings *freed_folio(const char *event, enum hwp_container container)
{
	const struct hwp_extent_orders hugetlb = { { 9 }, 1 };
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned page = isolated_page(0x8005), *p;

	f->pmd_order = 9;
	page.page.refcount = 0;
	page.page.mapping = 0;
	page.zone = 0;
	page.bits = HWP_BIT_HWPOISON;
	if (container != HWP_NOT_FREE)
		page.by_list = page.by_page = (struct hwp_block){
			.head_pfn = 0x8000,
			.container = container,
			.order = 9,
			.migratetype = 1,
			.cpu = -1,
		};
	p = add_poisoned(f, page);
	add_action(f, p, event, "Failed");
	assert_null(hwp_extents_find(f, &hugetlb));
	assert_int_equal(f->folios.nr, 1);
	return f;
}

static void judge(struct hwp_findings *f)
{
	assert_null(hwp_outcome_expect(f));
	judge_findings(f);
}

static void behaviour(void **state)
{
	static const struct {
		enum hwp_fix said;
		const char *event;
		enum hwp_container container;
		enum hwp_fix want;
		enum hwp_fix_seen seen;
		bool is_inferred;
	} rows[] = {
		{ HWP_FIX_PRESENT, "unsplit thp", HWP_NOT_FREE, HWP_FIX_PRESENT, HWP_FIX_SEEN_HELD,
		  false },
		{ HWP_FIX_PRESENT, "unsplit thp", HWP_FREE_AREA, HWP_FIX_PRESENT,
		  HWP_FIX_SEEN_NOT_HELD, false },
		{ HWP_FIX_PRESENT, "huge page", HWP_FREE_AREA, HWP_FIX_PRESENT,
		  HWP_FIX_SEEN_NOT_HELD, false },
		{ HWP_FIX_ABSENT, "unsplit thp", HWP_FREE_AREA, HWP_FIX_ABSENT,
		  HWP_FIX_SEEN_NOT_HELD, false },
		{ HWP_FIX_UNKNOWN, "unsplit thp", HWP_FREE_AREA, HWP_FIX_ABSENT,
		  HWP_FIX_SEEN_NOT_HELD, true },
		/* The fix may be there and HugeTLB not covered by it. */
		{ HWP_FIX_UNKNOWN, "huge page", HWP_FREE_AREA, HWP_FIX_UNKNOWN,
		  HWP_FIX_SEEN_NOT_HELD, false },
		/* That its pages are apart shows no fix: they may have been anybody's since. */
		{ HWP_FIX_UNKNOWN, "unsplit thp", HWP_NOT_FREE, HWP_FIX_UNKNOWN,
		  HWP_FIX_SEEN_NOTHING, false },
		{ HWP_FIX_ABSENT, "unsplit thp", HWP_NOT_FREE, HWP_FIX_ABSENT,
		  HWP_FIX_SEEN_NOT_HELD, false },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = freed_folio(rows[i].event, rows[i].container);

		f->kernel.fix = rows[i].said;
		judge(f);
		print_message("# row %zu\n", i);
		assert_int_equal(f->kernel.fix, rows[i].want);
		assert_int_equal(f->kernel.fix_seen, rows[i].seen);
		assert_int_equal(f->kernel.fix_is_inferred, rows[i].is_inferred);
		hwp_findings_destroy(f);
	}
}

/* What the user says of a range is no behaviour of the kernel. */
static void range_proves_nothing(void **state)
{
	struct hwp_findings *f = clean_findings();
	const struct hwp_extent_orders none = {};
	struct hwp_poisoned page = isolated_page(0x8005);

	(void)state;
	page.page.refcount = 0;
	page.page.mapping = 0;
	add_poisoned(f, page);
	assert_null(hwp_extents_set_range(f, 0x8000, 0x8200));
	assert_null(hwp_extents_find(f, &none));
	assert_int_equal(f->folios.nr, 1);
	judge(f);
	assert_int_equal(f->kernel.fix_seen, HWP_FIX_SEEN_NOTHING);
	hwp_findings_destroy(f);
}

/* The sizes that page_owner has of the large folios that the log names. */
static void sizes_by_page_owner(void **state)
{
	static const struct {
		/* Of pages 0x8005 and 0x8123; the second allocated at 1 or, after its error, at 9. */
		int orders[2];
		uint64_t alloc_ns;
		bool is_migrated;
		size_t nr_folios;
		uint64_t head_pfns[2];
	} rows[] = {
		{ { 4, 2 }, 1, false, 2, { 0x8000, 0x8120 } },
		{ { 9, 9 }, 1, false, 1, { 0x8000 } },
		{ { 8, 1 }, 1, false, 2, { 0x8000, 0x8122 } },
		/* Nothing is known of the second: the guess stays. */
		{ { 4, 0 }, 1, false, 1, { 0x8000 } },
		{ { 4, 2 }, 9, false, 1, { 0x8000 } },
		{ { 4, 2 }, 1, true, 1, { 0x8000 } },
		{ { 4, 10 }, 1, false, 1, { 0x8000 } },
	};
	const struct hwp_extent_orders hugetlb = { { 9 }, 1 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();
		bool is_guess = rows[i].nr_folios == 1 && rows[i].orders[0] != 9;

		print_message("# row %zu\n", i);
		f->pmd_order = 9;
		for (int n = 0; n < 2; n++) {
			struct hwp_poisoned page = isolated_page(n ? 0x8123 : 0x8005);

			page.page_owner = (struct hwp_page_owner){
				.found = true,
				.order = rows[i].orders[n],
				.alloc_ns = n ? rows[i].alloc_ns : 1,
				.migrated = n && rows[i].is_migrated,
			};
			add_action(f, add_poisoned(f, page), "unsplit thp", "Failed");
			f->events.data[n].time_ns = 5;
		}
		assert_null(hwp_extents_find(f, &hugetlb));
		assert_int_equal(f->folios.nr, 1);
		assert_true(f->folios.data[0].order_is_guess);
		assert_null(hwp_extents_refine(f));
		assert_int_equal(f->folios.nr, rows[i].nr_folios);
		for (size_t n = 0; n < f->folios.nr; n++) {
			const struct hwp_folio *folio = &f->folios.data[n];

			assert_int_equal(folio->head_pfn, rows[i].head_pfns[n]);
			assert_int_equal(folio->order, is_guess ? 9 : rows[i].orders[n]);
			assert_int_equal(folio->order_is_guess, is_guess);
			assert_int_equal(folio->source,
					 is_guess ? HWP_SOURCE_EVENT : HWP_SOURCE_PAGE_OWNER);
		}
		hwp_findings_destroy(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaviour),
		cmocka_unit_test(range_proves_nothing),
		cmocka_unit_test(sizes_by_page_owner),
	};

	return cmocka_run_group_tests_name("extent", tests, NULL, NULL);
}
