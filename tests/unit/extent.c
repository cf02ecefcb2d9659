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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaviour),
		cmocka_unit_test(range_proves_nothing),
	};

	return cmocka_run_group_tests_name("extent", tests, NULL, NULL);
}
