// SPDX-License-Identifier: GPL-2.0-or-later
/** Blocks that nothing owns, and pages that only look as if. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/stranded.h"

/** What is said of the withheld poisoned page @p pfn. */
static struct hwp_poisoned look(struct machine *m, uint64_t pfn)
{
	struct hwp_region region = {};
	struct hwp_poisoned p = { .pfn = pfn };
	struct hwp_error *err;

	if (!m->target)
		machine_walk(m);
	err = hwp_stranded_find(m->reader, m->findings, &region, &p);
	assert_null(err);
	free(region.kinds);
	return p;
}

/** Poison without references, its flags as they were. */
static void withhold(struct machine *m, uint64_t pfn)
{
	machine_clear(m, pfn, 0);
	machine_poison(m, pfn);
}

/* A THP with two bad pages, thrown away whole by the page check of an allocation. */
static void dropped_thp(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	machine_clear(m, 0x1600, 9);
	machine_poison(m, 0x160d);
	machine_poison(m, 0x1700);
	for (size_t i = 0; i < 2; i++) {
		p = look(m, m->poisoned.data[i]);
		assert_true(p.is_stranded);
		assert_false(p.has_holder);
		assert_int_equal(p.stranded_pfn, 0x1600);
		assert_int_equal(p.stranded_order, 9);
		assert_int_equal(p.nr_stranded_healthy, 510);
		assert_false(p.stranded_has_head);
	}
	machine_destroy(m);
}

/* One that was refused when it was freed: its first page was not cleared, its tails were. */
static void refused_thp(void **state)
{
	(void)state;
	for (int is_poisoned = 0; is_poisoned < 2; is_poisoned++) {
		struct machine *m = machine_create(kernel_73);
		uint64_t flags;
		struct hwp_poisoned p;

		machine_clear(m, 0x1600, 9);
		machine_poison(m, 0x160d);
		if (is_poisoned)
			machine_poison(m, 0x1600);
		memcpy(&flags, machine_page(m, 0x1600), sizeof(flags));
		synth_put(machine_page(m, 0x1600), 0, flags | 1 << 6, 8);
		p = look(m, 0x160d);
		assert_true(p.is_stranded);
		assert_true(p.stranded_has_head);
		assert_int_equal(p.stranded_pfn, 0x1600);
		assert_int_equal(p.stranded_order, 9);
		assert_int_equal(p.nr_stranded_healthy, is_poisoned ? 510 : 511);
		machine_destroy(m);
	}
}

static void dropped_at_every_order(void **state)
{
	void (*kernels[])(struct hwp_layout *) = { kernel_73, kernel_612, kernel_61 };

	(void)state;
	for (unsigned int order = 1; order <= 10; order++) {
		struct machine *m = machine_create(kernels[order % 3]);
		struct hwp_poisoned p;

		machine_clear(m, 0x1800, order);
		machine_poison(m, 0x1800 + (1u << order) - 1);
		p = look(m, m->poisoned.data[0]);
		assert_true(p.is_stranded);
		assert_int_equal(p.stranded_pfn, 0x1800);
		assert_int_equal(p.stranded_order, order);
		assert_int_equal(p.nr_stranded_healthy, (1u << order) - 1);
		machine_destroy(m);
	}
}

/* Order-0 pages that the free path withheld: their neighbours are in use or free. */
static void withheld_page(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	/* An odd page behind a page of the LRU. */
	withhold(m, 0x1601);
	synth_put(machine_page(m, 0x1600), 0, MACHINE_FLAGS | 1 << 5 | 1 << 17, 8);
	synth_put(machine_page(m, 0x1600), 24, UINT64_C(0xff11000101110ea1), 8);
	p = look(m, 0x1601);
	assert_false(p.is_stranded);
	assert_false(p.has_holder);
	machine_destroy(m);

	/* Its buddy is free, and so is what lies around. */
	m = machine_create(kernel_73);
	withhold(m, 0x1605);
	machine_free(m, 0x1604, 0, 0);
	machine_free(m, 0x1606, 1, 0);
	machine_free(m, 0x1600, 2, 0);
	p = look(m, 0x1605);
	assert_false(p.is_stranded);
	assert_false(p.has_holder);
	machine_destroy(m);

	/* Its neighbours are on per-CPU lists, which leave no mark on a page. */
	m = machine_create(kernel_73);
	withhold(m, 0x1605);
	machine_free_pcp(m, 0x1604, 0, 0, 1);
	machine_free_pcp(m, 0x1606, 1, 1, 4);
	p = look(m, 0x1605);
	assert_false(p.is_stranded);
	assert_false(p.has_holder);
	machine_destroy(m);
}

/* The proposed fix frees the healthy ranges and withholds each bad page. */
static void decomposed(void **state)
{
	static const struct {
		uint64_t offset;
		unsigned int order;
	} chunks[] = { { 0, 3 },  { 8, 2 },  { 12, 0 },	 { 14, 1 }, { 16, 4 },
		       { 32, 5 }, { 64, 6 }, { 128, 7 }, { 256, 8 } };
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	withhold(m, 0x160d);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(chunks); i++)
		machine_free(m, 0x1600 + chunks[i].offset, chunks[i].order, 1);
	p = look(m, 0x160d);
	assert_false(p.is_stranded);
	assert_false(p.has_holder);
	machine_destroy(m);
}

/* Two bad pages side by side have no healthy page between them. */
static void two_withheld(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	withhold(m, 0x1604);
	withhold(m, 0x1605);
	p = look(m, 0x1604);
	assert_false(p.is_stranded);
	p = look(m, 0x1605);
	assert_false(p.is_stranded);
	assert_false(p.has_holder);
	machine_destroy(m);
}

/* A high-order allocation without __GFP_COMP: only its first page has a reference. */
static void not_compound(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	machine_clear(m, 0x1608, 3);
	synth_put(machine_page(m, 0x1608), 52, 1, 4);
	machine_poison(m, 0x160d);
	/* What follows it is no part of it: the allocation's first page is aligned to its order. */
	machine_clear(m, 0x1610, 3);
	machine_poison(m, 0x1612);
	p = look(m, 0x160d);
	assert_true(p.has_holder);
	assert_false(p.is_stranded);
	assert_int_equal(p.holder_pfn, 0x1608);
	assert_int_equal(p.holder_order, 3);
	p = look(m, 0x1612);
	assert_false(p.has_holder);
	assert_true(p.is_stranded);
	assert_int_equal(p.stranded_pfn, 0x1610);
	assert_int_equal(p.stranded_order, 3);
	machine_destroy(m);
}

/* Memory failure set these aside one by one: they own nothing. */
static void set_aside_own_nothing(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct machine *m = machine_create(kernel_73);
		char *page = machine_page(m, 0x1604);
		struct hwp_poisoned p;

		(void)state;
		withhold(m, 0x1605);
		machine_poison(m, 0x1604);
		if (i == 0)
			synth_put(page, 40, HWP_MAGIC_HWPOISON, 8);
		if (i == 1)
			synth_put(page, 24, UINT64_C(0xff11000101110ea1), 8);
		if (i == 2)
			synth_put(page, 0, MACHINE_FLAGS | 1 << 3 | 1 << 17 | 1 << 21, 8);
		p = look(m, 0x1605);
		print_message("# neighbour %d\n", i);
		assert_false(p.has_holder);
		assert_false(p.is_stranded);
		machine_destroy(m);
	}
}

/* A block cannot be thrown away across what is accounted for. */
static void bounded_by_neighbours(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	machine_clear(m, 0x1600, 9);
	machine_poison(m, 0x1610);
	/* One page of it is in use: only the aligned block around the poison counts. */
	synth_put(machine_page(m, 0x1705), 52, 1, 4);
	p = look(m, 0x1610);
	assert_true(p.is_stranded);
	assert_int_equal(p.stranded_pfn, 0x1600);
	assert_int_equal(p.stranded_order, 8);
	assert_int_equal(p.nr_stranded_healthy, 255);
	machine_destroy(m);
}

/* Reserved, slab, compound and uninitialised pages are accounted for, whatever their refcount. */
static void accounted(void **state)
{
	static const struct words neighbours[] = {
		{ .flags = MACHINE_FLAGS | 1 << 13, .type = 0xffffffff },
		{ .flags = MACHINE_FLAGS, .type = 0xf5000000 },
		{ .flags = MACHINE_FLAGS | 1 << 6, .type = 0xffffffff },
		{ .flags = MACHINE_FLAGS, .at_8 = 0xffffffffffff8001, .type = 0xffffffff },
		{ .flags = UINT64_MAX, .at_8 = UINT64_MAX, .type = 0xffffffff, .refcount = -1 },
		{ .flags = MACHINE_FLAGS, .type = 0xf1000000 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(neighbours); i++) {
		struct machine *m = machine_create(kernel_73);
		struct hwp_poisoned p;

		withhold(m, 0x1604);
		put_words(machine_page(m, 0x1605), &neighbours[i]);
		p = look(m, 0x1604);
		print_message("# neighbour %zu\n", i);
		assert_false(p.is_stranded);
		assert_false(p.has_holder);
		machine_destroy(m);
	}
}

/* The walk ends where the memmap does. */
static void at_the_edges(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_poisoned p;

	(void)state;
	machine_clear(m, MACHINE_START, 2);
	machine_poison(m, MACHINE_START);
	machine_clear(m, MACHINE_START + MACHINE_PAGES - 4, 2);
	machine_poison(m, MACHINE_START + MACHINE_PAGES - 1);
	p = look(m, MACHINE_START);
	assert_true(p.is_stranded);
	assert_int_equal(p.stranded_order, 2);
	p = look(m, MACHINE_START + MACHINE_PAGES - 1);
	assert_true(p.is_stranded);
	assert_int_equal(p.nr_stranded_healthy, 3);
	machine_destroy(m);

	/* Struct pages of the other half are not in the dump: nothing is known of them. */
	m = machine_create(kernel_73);
	machine_clear(m, 0x1600, 9);
	machine_poison(m, 0x1601);
	m->synth.segments[0].size = 0x700 * KERNEL_PAGE_SIZE;
	p = look(m, 0x1601);
	assert_true(p.is_stranded);
	assert_true(p.stranded_order <= 8);
	machine_destroy(m);
}

/* A free block that begins before the region, or ends behind it. */
static void regions(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_region r = {};

	(void)state;
	machine_free(m, 0x1400, 5, 1);
	machine_free(m, 0x1430, 4, 1);
	machine_walk(m);
	assert_null(hwp_region_examine(m->reader, m->findings, 0x1410, 0x28, &r));
	assert_int_equal(r.start_pfn, 0x1410);
	assert_int_equal(r.nr_pages, 0x28);
	for (uint64_t i = 0; i < r.nr_pages; i++)
		assert_int_equal(r.kinds[i] == HWP_OBSERVED_FREE, i < 0x10 || i >= 0x20);
	hwp_region_deinit(&r);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions),
		cmocka_unit_test(dropped_thp),
		cmocka_unit_test(refused_thp),
		cmocka_unit_test(dropped_at_every_order),
		cmocka_unit_test(withheld_page),
		cmocka_unit_test(decomposed),
		cmocka_unit_test(two_withheld),
		cmocka_unit_test(not_compound),
		cmocka_unit_test(set_aside_own_nothing),
		cmocka_unit_test(bounded_by_neighbours),
		cmocka_unit_test(accounted),
		cmocka_unit_test(at_the_edges),
	};

	return cmocka_run_group_tests_name("stranded", tests, NULL, NULL);
}
