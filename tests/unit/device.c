// SPDX-License-Identifier: GPL-2.0-or-later
/** Which pages of ZONE_DEVICE are bad, of which the kernel flags the head of their folio. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/device.h"
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
	assert_null(hwp_device_name_pages(m->reader, m->findings));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named),
		cmocka_unit_test(flagged_itself),
		cmocka_unit_test(other_folios),
		cmocka_unit_test(no_extent),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
