// SPDX-License-Identifier: GPL-2.0-or-later
/** Pages without a reference: which are on their way, and which are lost. */
#include "machine.h"

#include <cmocka.h>
#include <inttypes.h>

#include "facts/pages/in_flight.h"

#define POISON1 UINT64_C(0xdead000000000100)
#define POISON2 UINT64_C(0xdead000000000122)
#define FLIGHT HWP_OBSERVED_IN_FLIGHT
#define LOOSE HWP_OBSERVED_LOOSE_HEALTHY

/** A page of a freed folio 0x1600/9, of which 0x160d is poisoned. */
struct page {
	uint64_t pfn, word_1, word_2, index, private;
	/** Above those of the zone. */
	uint64_t flags;
	enum hwp_observed want;
};

static void put_page(struct machine *m, const struct page *p)
{
	const struct words w = { .flags = MACHINE_FLAGS | p->flags,
				 .at_8 = p->word_1,
				 .at_16 = p->word_2,
				 .private = p->private,
				 .type = 0xffffffff };

	put_words(machine_page(m, p->pfn), &w);
	synth_put(machine_page(m, p->pfn), 32, p->index, 8);
}

static struct machine *machine_with(const struct page *pages, size_t nr)
{
	struct hwp_poisoned bad = { .pfn = 0x160d, .event = -1 };
	const struct words anonymous = { .flags = MACHINE_FLAGS | 1 << 5 | 1 << 17,
					 .mapping = 0xff11000101110ea1,
					 .type = 0xffffffff,
					 .refcount = 1 };
	struct machine *m = machine_create(kernel_73);

	for (uint64_t pfn = 0x1600; pfn < 0x1800; pfn++)
		put_words(machine_page(m, pfn), &anonymous);
	machine_clear(m, 0x160d, 0);
	machine_poison(m, 0x160d);
	for (size_t i = 0; i < nr; i++)
		put_page(m, &pages[i]);
	machine_walk(m);
	assert_true(hwp_vec_push(&m->findings->poisoned, bad));
	return m;
}

static void assert_kinds(struct machine *m, const struct page *pages, size_t nr)
{
	const struct hwp_folio folio = { .head_pfn = 0x1600, .order = 9 };
	struct hwp_region r = {};

	assert_null(hwp_region_examine(m->reader, m->findings, 0x1600, 512, &r));
	hwp_region_settle_holders(&r);
	assert_null(hwp_region_settle_in_flight(m->reader, m->findings, &folio, &r));
	for (size_t i = 0; i < nr; i++) {
		print_message("# 0x%" PRIx64 "\n", pages[i].pfn);
		assert_int_equal(r.kinds[pages[i].pfn - 0x1600], pages[i].want);
	}
	hwp_region_deinit(&r);
}

static void assert_pages(const struct page *pages, size_t nr)
{
	struct machine *m = machine_with(pages, nr);

	assert_kinds(m, pages, nr);
	machine_destroy(m);
}

#define ASSERT_PAGES(...)                                  \
	assert_pages((const struct page[]){ __VA_ARGS__ }, \
		     sizeof((const struct page[]){ __VA_ARGS__ }) / sizeof(struct page))

/* As read from 7.3.4 with the proposed fix, stopped while four CPUs allocated. */
static void batch(void **state)
{
	(void)state;
	ASSERT_PAGES({ 0x160c, POISON1, POISON2, 0x7f7fb4db3, 0, 0, FLIGHT },
		     { 0x160f, POISON1, POISON2, 0x7f7fb4db4, 0, 0, FLIGHT },
		     { 0x1650, POISON1, POISON2, 0x7ff811e36, 0, 0, FLIGHT },
		     { 0x1651, POISON1, POISON2, 0x7ff811e35, 0, 0, FLIGHT },
		     /* On its way from the allocator, or of no file. */
		     { 0x16fb, POISON1, POISON2, 0, 0, 0, FLIGHT },
		     /* Not prepared yet: PG_uptodate, of a ramfs; an anonymous one. */
		     { 0x1680, 0, 0xdead000000000000, 0x2b, 0, 1 << 3, HWP_OBSERVED_ACCOUNTED },
		     { 0x16de, POISON1, POISON2, 0x7ff811e48, 0, 1 << 3 | 1 << 17 | 1 << 11,
		       HWP_OBSERVED_ACCOUNTED });
}

/* As read from the same kernel with mistakes that lose pages. */
static void lost(void **state)
{
	(void)state;
	/* The page behind the bad one, whatever it was used for long ago. */
	ASSERT_PAGES({ 0x160e, 0, 0xffffea0000118388, 0, 0, 0, LOOSE });
	ASSERT_PAGES({ 0x160e, 0, POISON2, 0, 0, 0, LOOSE });
	ASSERT_PAGES({ 0x160e, 0, POISON2, 0x7f7fb4db4, 0, 0, LOOSE });
	/* Blocks of order 0, at both ends of a range, and a block of order 1. */
	ASSERT_PAGES({ 0x160c, 0, 0, 0, 0, 0, LOOSE }, { 0x160e, 0, 0, 0, 0, 0, LOOSE },
		     { 0x160f, 0, 0, 0, 0, 0, LOOSE });
	/* The last page of the folio, and the second, which holds fields of the folio. */
	ASSERT_PAGES({ 0x17ff, 0, POISON2, 0, 0, 0, LOOSE });
	ASSERT_PAGES({ 0x1601, 0, 0xffffffff, UINT64_MAX, 0, 0, LOOSE },
		     { 0x1600, POISON1, POISON2, 0x7fd26d200, 0, 0, LOOSE });
	/* A block in the midst of a range, whole; of the next one only a part is missing. */
	ASSERT_PAGES({ 0x1610, 0, 0, 0, 0, 0, FLIGHT });
	ASSERT_PAGES({ 0x1608, 0, 0, 0, 0, 0, LOOSE }, { 0x1609, 0, 0, 0, 0, 0, LOOSE },
		     { 0x160a, 0, 0, 0, 0, 0, LOOSE }, { 0x160b, 0, 0, 0, 0, 0, LOOSE });
}

/* The first page was on an LRU list itself: its index is that of a whole folio. */
static void first_page(void **state)
{
	(void)state;
	ASSERT_PAGES({ 0x1600, POISON1, POISON2, 0x7fe055800, 0, 0, LOOSE });
	ASSERT_PAGES({ 0x1600, POISON1, POISON2, 0, 0, 0, LOOSE });
	ASSERT_PAGES({ 0x1600, POISON1, POISON2, 0x7fe055801, 0, 0, FLIGHT });
	/* With the range behind it: HugeTLB counted in huge pages up to v6.6. */
	ASSERT_PAGES({ 0x1600, POISON1, POISON2, 7, 0, 0, LOOSE },
		     { 0x1601, 0, 0, 0, 0, 0, LOOSE });
}

/* A part of a block of order 8: it was free once. */
static void part_of_a_block(void **state)
{
	(void)state;
	ASSERT_PAGES({ 0x1720, 0, POISON2, 0, 0, 0, FLIGHT },
		     { 0x1721, 0, POISON2, 0, 0, 0, FLIGHT },
		     { 0x1723, 0, 0xdead000000000000, 5, 0, 0, FLIGHT });
}

/* free_unref_folios() leaves the order in private until the folio is on a list. */
static void folio_in_a_batch(void **state)
{
	(void)state;
	ASSERT_PAGES({ 0x1718, POISON1, POISON2, 0x7f0000018, 3, 0, FLIGHT },
		     { 0x1719, 0, 0, 0, 0, 0, FLIGHT }, { 0x171f, 0, 0, 0, 0, 0, FLIGHT });
	/* Nonsense, or not aligned, heads nothing. */
	ASSERT_PAGES({ 0x160e, POISON1, POISON2, 0, 64, 0, FLIGHT },
		     { 0x160f, 0, 0, 0, 0, 0, FLIGHT });
	ASSERT_PAGES({ 0x17fe, POISON1, POISON2, 0, 2, 0, FLIGHT },
		     { 0x17ff, 0, 0, 0, 0, 0, LOOSE });
}

/* release_pages() of v6.1 links what it frees; compaction what it has isolated. */
static void linked(void **state)
{
	(void)state;
	ASSERT_PAGES({ 0x160e, machine_lru(0x1664), 0xffffc90000013d70, 0, 0, 0, FLIGHT },
		     { 0x1664, 0xffffc90000013d70, machine_lru(0x160e), 0, 2, 0, FLIGHT },
		     { 0x1667, 0, 0, 0, 0, 0, FLIGHT });
	/* Links of long ago: nothing links back, or it links to itself. */
	ASSERT_PAGES({ 0x160e, machine_lru(0x1664), machine_lru(0x1665), 0, 0, 0, LOOSE },
		     { 0x160c, machine_lru(0x160c), machine_lru(0x160c), 0, 0, 0, LOOSE },
		     { 0x17ff, MACHINE_VMEMMAP - 64, 8, 0, 0, 0, LOOSE });
}

/* A block that the page check threw away, of pages that were free one by one before. */
static void thrown_away(void **state)
{
	const struct page pages[] = { { 0x160c, POISON1, POISON2, 0, 0, 0, LOOSE },
				      { 0x160e, POISON1, POISON2, 0, 0, 0, LOOSE },
				      { 0x160f, POISON1, POISON2, 0, 0, 0, LOOSE } };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct machine *m = machine_with(pages, HWP_ARRAY_SIZE(pages));
		struct hwp_poisoned *p = &m->findings->poisoned.data[0];
		struct hwp_region region = {};
		bool may = i == 3;

		m->findings->kernel.check_pages = i & 1 ? HWP_ON : HWP_OFF;
		m->findings->kernel.fix = i & 2 ? HWP_FIX_ABSENT : HWP_FIX_PRESENT;
		assert_null(hwp_stranded_find(m->reader, m->findings, &region, p));
		hwp_region_deinit(&region);
		assert_int_equal(p->is_stranded, may);
		if (may) {
			assert_int_equal(p->stranded_pfn, 0x160c);
			assert_int_equal(p->stranded_order, 2);
			assert_int_equal(p->nr_stranded_healthy, 3);
			assert_kinds(m, pages, HWP_ARRAY_SIZE(pages));
		}
		machine_destroy(m);
	}
}

/* A page that was freed alone keeps its flags: its neighbours are no matter of it. */
static void freed_alone(void **state)
{
	const struct page neighbour = { 0x160c, 0, POISON2, 0, 0, 0, LOOSE };
	struct hwp_region region = {};
	struct machine *m = machine_with(&neighbour, 1);
	struct hwp_poisoned *p = &m->findings->poisoned.data[0];

	(void)state;
	p->bits = HWP_BIT_HWPOISON | HWP_BIT_UPTODATE | HWP_BIT_SWAPBACKED;
	assert_null(hwp_stranded_find(m->reader, m->findings, &region, p));
	assert_false(p->is_stranded);
	p->bits = HWP_BIT_HWPOISON;
	assert_null(hwp_stranded_find(m->reader, m->findings, &region, p));
	assert_true(p->is_stranded);
	hwp_region_deinit(&region);
	machine_destroy(m);
}

/* Tails of an allocation without __GFP_COMP keep what they held. */
static void held(void **state)
{
	const struct page tails[] = { { 0x1701, POISON1, POISON2, 0, 0, 0, HWP_OBSERVED_ACCOUNTED },
				      { 0x1702, 0, 0, 0, 0, 0, HWP_OBSERVED_ACCOUNTED },
				      { 0x1703, POISON1, POISON2, 1, 0, 0,
					HWP_OBSERVED_ACCOUNTED } };
	struct machine *m;

	(void)state;
	m = machine_with(tails, HWP_ARRAY_SIZE(tails));
	synth_put(machine_page(m, 0x1700), 0, MACHINE_FLAGS, 8);
	synth_put(machine_page(m, 0x1700), 24, 0, 8);
	hwp_page_reader_forget(m->reader);
	assert_kinds(m, tails, HWP_ARRAY_SIZE(tails));
	machine_destroy(m);
}

/* Neither free nor lost: its section went offline, with whatever its struct pages hold. */
static void offline(void **state)
{
	const struct page pages[] = { { 0x1601, 0, 0, 0, 0, 0, HWP_OBSERVED_OFFLINE },
				      { 0x1700, POISON1, POISON2, 3, 0, 0, HWP_OBSERVED_OFFLINE } };
	struct machine *m = machine_with(pages, HWP_ARRAY_SIZE(pages));

	(void)state;
	m->memmap.ranges.data[0].online = false;
	assert_kinds(m, pages, HWP_ARRAY_SIZE(pages));
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch),
		cmocka_unit_test(lost),
		cmocka_unit_test(first_page),
		cmocka_unit_test(part_of_a_block),
		cmocka_unit_test(folio_in_a_batch),
		cmocka_unit_test(linked),
		cmocka_unit_test(thrown_away),
		cmocka_unit_test(freed_alone),
		cmocka_unit_test(held),
		cmocka_unit_test(offline),
	};

	return cmocka_run_group_tests_name("in_flight", tests, NULL, NULL);
}
