// SPDX-License-Identifier: GPL-2.0-or-later
/** The size of a HugeTLB page that the log does not give, by what was lost with it. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/extent.h"
#include "facts/pages/grow.h"

/** Pages of 64 KiB, 2 MiB and 4 MiB. */
static const struct hwp_extent_orders hugetlb = { { 4, 9, 10 }, 3 };

static void add_page(struct hwp_findings *f, uint64_t pfn, const char *type)
{
	struct hwp_poisoned p = { .pfn = pfn, .event = (int64_t)f->events.nr, .folio.order = -1 };
	struct hwp_event e = { .pfn = pfn, .kind = HWP_EVENT_ACTION, .pid = -1, .rasdaemon = -1 };

	snprintf(e.page_type, sizeof(e.page_type), "%s", type);
	assert_true(hwp_vec_push(&f->poisoned, p) && hwp_vec_push(&f->events, e));
}

/** All memory in use, but for two bad pages, 0x1605 and 0x1707, of HugeTLB; not yet walked. */
static struct machine *machine_with_two(void)
{
	const struct words anonymous = { .flags = MACHINE_FLAGS | 1 << 5 | 1 << 17,
					 .mapping = 0xff11000101110ea1,
					 .type = 0xffffffff,
					 .refcount = 1 };
	struct machine *m = machine_create(kernel_73);

	for (uint64_t pfn = MACHINE_START; pfn < MACHINE_START + MACHINE_PAGES; pfn++)
		put_words(machine_page(m, pfn), &anonymous);
	machine_clear(m, 0x1605, 0);
	machine_clear(m, 0x1707, 0);
	machine_poison(m, 0x1605);
	machine_poison(m, 0x1707);
	return m;
}

static void find_and_grow(struct machine *m, const char *type)
{
	struct hwp_findings *f = machine_walk(m);

	f->pmd_order = 9;
	f->zones.data[0].start_pfn = MACHINE_START;
	f->zones.data[0].end_pfn = MACHINE_START + MACHINE_PAGES;
	add_page(f, 0x1605, type);
	add_page(f, 0x1707, type);
	assert_null(hwp_extents_find(f, &hugetlb));
	assert_null(hwp_extents_grow(m->reader, f));
}

static void assert_folio(const struct hwp_findings *f, size_t i, uint64_t head_pfn, int order,
			 enum hwp_extent_source source, bool is_guess)
{
	const struct hwp_folio *folio = &f->folios.data[i];

	assert_true(i < f->folios.nr);
	assert_int_equal(folio->kind, HWP_EXTENT_FREED);
	assert_int_equal(folio->head_pfn, head_pfn);
	assert_int_equal(folio->order, order);
	assert_int_equal(folio->source, source);
	assert_int_equal(folio->order_is_guess, is_guess);
}

static void assert_small(const struct hwp_findings *f)
{
	assert_int_equal(f->folios.nr, 2);
	assert_folio(f, 0, 0x1600, 4, HWP_SOURCE_EVENT, true);
	assert_folio(f, 1, 0x1700, 4, HWP_SOURCE_EVENT, true);
	assert_int_equal(f->folios.data[0].max_order, 10);
}

static void nothing_lost(void **state)
{
	struct machine *m = machine_with_two();

	(void)state;
	find_and_grow(m, "huge page");
	assert_small(m->findings);
	machine_destroy(m);
}

/* A block of order 6 that nobody has, which is whole in no folio of 64 KiB. */
static void lost_block(void **state)
{
	struct machine *m = machine_with_two();

	(void)state;
	machine_clear(m, 0x1640, 6);
	find_and_grow(m, "huge page");
	assert_int_equal(m->findings->folios.nr, 1);
	assert_folio(m->findings, 0, 0x1600, 9, HWP_SOURCE_LOST, true);
	machine_destroy(m);

	/* In the other half of the largest one. */
	m = machine_with_two();
	machine_clear(m, 0x1400, 9);
	find_and_grow(m, "huge page");
	assert_int_equal(m->findings->folios.nr, 1);
	assert_folio(m->findings, 0, 0x1400, 10, HWP_SOURCE_LOST, false);
	machine_destroy(m);
}

/* A part of a block is on its way, whatever is beside the page that it is in. */
static void in_flight(void **state)
{
	struct machine *m = machine_with_two();

	(void)state;
	machine_clear(m, 0x1648, 3);
	machine_clear(m, 0x1673, 0);
	find_and_grow(m, "huge page");
	assert_small(m->findings);
	machine_destroy(m);
}

/* What is on a per-CPU list is not lost; nor is what a list that was cut may hold. */
static void not_lost(void **state)
{
	struct machine *m = machine_with_two();
	struct hwp_findings *f;

	(void)state;
	for (uint64_t pfn = 0x1640; pfn < 0x1680; pfn += 8)
		machine_free_pcp(m, pfn, 3, 0, 10);
	find_and_grow(m, "huge page");
	assert_small(m->findings);
	machine_destroy(m);

	m = machine_with_two();
	machine_clear(m, 0x1640, 6);
	f = machine_walk(m);
	f->zones.data[0].start_pfn = MACHINE_START;
	f->zones.data[0].end_pfn = MACHINE_START + MACHINE_PAGES;
	f->zones.data[0].lists_cut = true;
	add_page(f, 0x1605, "huge page");
	assert_null(hwp_extents_find(f, &hugetlb));
	assert_null(hwp_extents_grow(m->reader, f));
	assert_int_equal(f->folios.data[0].order, 4);
	machine_destroy(m);
}

/* These sizes are given, or assumed and not larger. */
static void given(void **state)
{
	struct machine *m = machine_with_two();

	(void)state;
	machine_clear(m, 0x1400, 9);
	find_and_grow(m, "unsplit thp");
	assert_int_equal(m->findings->folios.nr, 1);
	assert_folio(m->findings, 0, 0x1600, 9, HWP_SOURCE_EVENT, true);
	assert_int_equal(m->findings->folios.data[0].max_order, 9);
	machine_destroy(m);

	/* Larger than a PMD: v4.18 to v5.19. */
	m = machine_with_two();
	machine_clear(m, 0x1400, 9);
	find_and_grow(m, "non-pmd-sized huge page");
	assert_int_equal(m->findings->folios.nr, 1);
	assert_folio(m->findings, 0, 0x1400, 10, HWP_SOURCE_EVENT, false);
	machine_destroy(m);
}

/* A folio that is there now was not part of one that is gone. */
static void another_folio(void **state)
{
	const struct hwp_folio there = { .head_pfn = 0x1680,
					 .order = 7,
					 .max_order = 7,
					 .kind = HWP_EXTENT_LARGE,
					 .source = HWP_SOURCE_FOLIO };
	struct machine *m = machine_with_two();
	struct hwp_findings *f;

	(void)state;
	machine_clear(m, 0x1640, 6);
	f = machine_walk(m);
	f->zones.data[0].start_pfn = MACHINE_START;
	f->zones.data[0].end_pfn = MACHINE_START + MACHINE_PAGES;
	add_page(f, 0x1605, "huge page");
	assert_null(hwp_extents_find(f, &hugetlb));
	assert_true(hwp_vec_push(&f->folios, there));
	assert_null(hwp_extents_grow(m->reader, f));
	assert_int_equal(f->folios.nr, 2);
	assert_int_equal(f->folios.data[0].order, 4);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_lost), cmocka_unit_test(lost_block),
		cmocka_unit_test(in_flight),	cmocka_unit_test(not_lost),
		cmocka_unit_test(given),	cmocka_unit_test(another_folio),
	};

	return cmocka_run_group_tests_name("grow", tests, NULL, NULL);
}
