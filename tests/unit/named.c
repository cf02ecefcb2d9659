// SPDX-License-Identifier: GPL-2.0-or-later
/** Which pages are bad of folios of which the kernel flags the head for any of them. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/named.h"
#include "facts/pages/extent.h"

static void add_poisoned(struct machine *m, uint64_t pfn, enum hwp_folio_kind kind,
			 uint64_t head_pfn)
{
	struct hwp_poisoned p = { .pfn = pfn,
				  .event = -1,
				  .zone_is_device = kind == HWP_FOLIO_DEVICE,
				  .bits = HWP_BIT_HWPOISON | HWP_BIT_HEAD,
				  .folio = { .kind = kind, .head_pfn = head_pfn, .order = 9 } };

	assert_true(hwp_vec_push(&m->findings->poisoned, p));
}

static void add_action(struct machine *m, uint64_t pfn, const char *type)
{
	struct hwp_event e = { .pfn = pfn, .kind = HWP_EVENT_ACTION };

	snprintf(e.page_type, sizeof(e.page_type), "%s", type);
	assert_true(hwp_vec_push(&m->findings->events, e));
}

static void assert_pages(struct machine *m, const uint64_t *pfns, const bool *by_log, size_t nr)
{
	assert_null(hwp_name_pages(m->reader, m->findings));
	assert_int_equal(m->findings->poisoned.nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(m->findings->poisoned.data[i].pfn, pfns[i]);
		assert_int_equal(m->findings->poisoned.data[i].is_named_by_log, by_log[i]);
	}
}

/* Three errors in one folio, one of them twice; one in another folio; one that nobody logged. */
static void named(void **state)
{
	static const uint64_t pfns[] = { 0x1205, 0x1207, 0x1400, 0x1600 };
	static const bool by_log[] = { true, true, true, false };
	struct machine *m = machine_create(kernel_73);

	(void)state;
	machine_open(m);
	add_poisoned(m, 0x1200, HWP_FOLIO_DEVICE, 0x1200);
	add_poisoned(m, 0x1400, HWP_FOLIO_DEVICE, 0x1400);
	add_poisoned(m, 0x1600, HWP_FOLIO_DEVICE, 0x1600);
	add_action(m, 0x1207, "dax page");
	add_action(m, 0x1205, "dax page");
	add_action(m, 0x1207, "dax page");
	add_action(m, 0x1400, "dax page");
	/* Neither of these is about memory of that device. */
	add_action(m, 0x1604, "huge page");
	add_action(m, 0x9999, "dax page");
	assert_pages(m, pfns, by_log, HWP_ARRAY_SIZE(pfns));
	assert_int_equal(m->findings->counters.nr_dax_actions, 5);
	/* Its own flags, not the head's. */
	assert_int_equal(m->findings->poisoned.data[0].bits, 0);
	assert_int_equal(m->findings->poisoned.data[3].bits, HWP_BIT_HWPOISON | HWP_BIT_HEAD);
	machine_destroy(m);
}

/* Where memory of a device is no folio, up to v5.15, a page is flagged itself. */
static void flagged_itself(void **state)
{
	static const uint64_t pfns[] = { 0x1200, 0x1205 };
	static const bool by_log[] = { false, false };
	struct machine *m = machine_create(kernel_73);

	(void)state;
	machine_open(m);
	add_poisoned(m, 0x1200, HWP_FOLIO_NONE, 0);
	add_poisoned(m, 0x1205, HWP_FOLIO_NONE, 0);
	add_action(m, 0x1205, "dax page");
	assert_pages(m, pfns, by_log, HWP_ARRAY_SIZE(pfns));
	machine_destroy(m);
}

/* A folio of the page allocator is none of a device, whatever the log says. */
static void other_folios(void **state)
{
	static const uint64_t pfns[] = { 0x1200, 0x1404 };
	static const bool by_log[] = { false, false };
	struct machine *m = machine_create(kernel_73);

	(void)state;
	machine_open(m);
	add_poisoned(m, 0x1200, HWP_FOLIO_LARGE, 0x1200);
	/* A tail is flagged, and no head. */
	add_poisoned(m, 0x1404, HWP_FOLIO_DEVICE, 0x1400);
	add_action(m, 0x1205, "dax page");
	add_action(m, 0x1405, "dax page");
	assert_pages(m, pfns, by_log, HWP_ARRAY_SIZE(pfns));
	machine_destroy(m);
}

/* It is never freed to the page allocator, and so never whole. */
static void no_extent(void **state)
{
	const struct hwp_extent_orders hugetlb = { { 9 }, 1 };
	struct machine *m = machine_create(kernel_73);

	(void)state;
	machine_open(m);
	add_poisoned(m, 0x1200, HWP_FOLIO_DEVICE, 0x1200);
	assert_null(hwp_extents_find(m->findings, &hugetlb));
	assert_int_equal(m->findings->folios.nr, 0);
	machine_destroy(m);
}

static void add_hugetlb(struct machine *m, uint64_t head_pfn, bool has_list)
{
	struct hwp_poisoned p = { .pfn = head_pfn,
				  .event = -1,
				  .raw_page_unknown = true,
				  .bits = HWP_BIT_HWPOISON | HWP_BIT_HEAD,
				  .folio = { .kind = HWP_FOLIO_HUGETLB,
					     .head_pfn = head_pfn,
					     .order = 9,
					     .raw_list_readable = has_list } };

	assert_true(hwp_vec_push(&m->findings->poisoned, p));
}

static void add_event(struct machine *m, uint64_t pfn, enum hwp_event_kind kind)
{
	struct hwp_event e = { .pfn = pfn, .kind = kind };

	assert_true(hwp_vec_push(&m->findings->events, e));
}

/* Lines of 5.10 about HugeTLB pages: one was reported thrice, a free one without a result. */
static void hugetlb(void **state)
{
	static const uint64_t pfns[] = { 0x1205, 0x1207, 0x1400, 0x1609, 0x1800 };
	static const bool by_log[] = { true, true, true, true, false };
	struct machine *m = machine_create(kernel_61);

	(void)state;
	machine_open(m);
	add_hugetlb(m, 0x1200, false);
	add_hugetlb(m, 0x1400, false);
	add_hugetlb(m, 0x1600, false);
	add_hugetlb(m, 0x1800, false);
	add_event(m, 0x1207, HWP_EVENT_INJECTED);
	add_action(m, 0x1207, "huge page");
	add_event(m, 0x1205, HWP_EVENT_ALREADY_POISONED);
	add_event(m, 0x1207, HWP_EVENT_ALREADY_POISONED);
	add_action(m, 0x1400, "free huge page");
	add_event(m, 0x1609, HWP_EVENT_INJECTED);
	/* These say nothing of a bad page of that folio. */
	add_action(m, 0x1803, "free buddy page");
	add_event(m, 0x1804, HWP_EVENT_SOFT_OFFLINE);
	add_event(m, 0x1a00, HWP_EVENT_INJECTED);
	assert_pages(m, pfns, by_log, HWP_ARRAY_SIZE(pfns));
	assert_int_equal(m->findings->counters.nr_dax_actions, 0);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(pfns); i++) {
		assert_int_equal(m->findings->poisoned.data[i].is_raw, by_log[i]);
		assert_int_equal(m->findings->poisoned.data[i].raw_page_unknown, !by_log[i]);
	}
	machine_destroy(m);
}

/* What was said before unpoison_memory() is over; a kernel with the list has it. */
static void hugetlb_again(void **state)
{
	static const uint64_t pfns[] = { 0x1208, 0x1400, 0x1600 };
	static const bool by_log[] = { true, false, false };
	struct machine *m = machine_create(kernel_61);

	(void)state;
	machine_open(m);
	add_hugetlb(m, 0x1200, false);
	add_hugetlb(m, 0x1400, false);
	add_hugetlb(m, 0x1600, true);
	add_action(m, 0x1205, "huge page");
	add_event(m, 0x1200, HWP_EVENT_UNPOISON);
	add_action(m, 0x1208, "huge page");
	add_action(m, 0x1405, "huge page");
	add_event(m, 0x1405, HWP_EVENT_UNPOISON);
	add_action(m, 0x1605, "huge page");
	assert_pages(m, pfns, by_log, HWP_ARRAY_SIZE(pfns));
	machine_destroy(m);
}

static void add_flagged(struct machine *m, uint64_t pfn)
{
	struct hwp_poisoned p = {
		.pfn = pfn, .event = -1, .bits = HWP_BIT_HWPOISON, .folio = { .order = -1 }
	};

	assert_true(hwp_vec_push(&m->findings->poisoned, p));
}

/** As of a kernel before v6.0. */
static void lose_raw_list(struct hwp_layout *l)
{
	for (size_t i = 0; i < l->nr_resolved; i++) {
		if (l->resolved[i].needs == &hwp_folio_raw_needs)
			l->resolved[i].works = false;
	}
	assert_false(hwp_folio_has_raw_list(l));
}

/* HugeTLB pages that were freed: the flag stays on their heads. */
static void hugetlb_freed(void **state)
{
	static const uint64_t pfns[] = { 0x1207, 0x1208, 0x1400, 0x1403, 0x1600, 0x1805, 0x1a00 };
	static const bool by_log[] = { true, true, true, true, false, false, false };
	struct machine *m = machine_create(kernel_61);

	(void)state;
	lose_raw_list(&m->layout);
	machine_open(m);
	m->findings->pmd_order = 9;
	add_flagged(m, 0x1200);
	add_flagged(m, 0x1400);
	add_flagged(m, 0x1600);
	add_flagged(m, 0x1805);
	add_flagged(m, 0x1a00);
	add_event(m, 0x1207, HWP_EVENT_INJECTED);
	add_action(m, 0x1207, "huge page");
	add_event(m, 0x1208, HWP_EVENT_ALREADY_POISONED);
	add_action(m, 0x1400, "huge page");
	add_action(m, 0x1403, "free huge page");
	/* A page that was hit itself; one that was dissolved with the right mark; no HugeTLB. */
	add_action(m, 0x1600, "free buddy page");
	add_action(m, 0x1604, "huge page");
	add_action(m, 0x1805, "huge page");
	add_action(m, 0x1a03, "dirty LRU page");
	add_event(m, 0x1a04, HWP_EVENT_ALREADY_POISONED);
	assert_pages(m, pfns, by_log, HWP_ARRAY_SIZE(pfns));
	assert_false(m->findings->poisoned.data[0].is_raw);
	assert_int_equal(m->findings->poisoned.data[1].named_head_pfn, 0x1200);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named),	 cmocka_unit_test(flagged_itself),
		cmocka_unit_test(other_folios),	 cmocka_unit_test(hugetlb),
		cmocka_unit_test(hugetlb_again), cmocka_unit_test(no_extent),
		cmocka_unit_test(hugetlb_freed),
	};

	return cmocka_run_group_tests_name("named", tests, NULL, NULL);
}
