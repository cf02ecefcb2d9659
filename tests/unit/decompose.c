// SPDX-License-Identifier: GPL-2.0-or-later
/** Healthy ranges against the kernel's own loop, written down again page by page. */
#include "synth.h"

#include <cmocka.h>

#include "verdict/decompose.h"

struct block {
	uint64_t pfn;
	unsigned int order;
};

static struct hwp_healthy_blocks decompose(uint64_t base, unsigned int order,
					   const uint64_t *poison, size_t nr)
{
	struct hwp_healthy_blocks blocks = {};
	struct hwp_poison_map map;

	assert_null(hwp_poison_map_init(&map, base, order));
	for (size_t i = 0; i < nr; i++)
		assert_true(hwp_poison_map_add(&map, poison[i]));
	assert_null(hwp_decompose(&map, 10, &blocks));
	hwp_poison_map_deinit(&map);
	return blocks;
}

static void assert_blocks(const struct hwp_healthy_blocks *b, const struct block *want, size_t nr)
{
	assert_int_equal(b->blocks.nr, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(b->blocks.data[i].pfn, want[i].pfn);
		assert_int_equal(b->blocks.data[i].order, want[i].order);
	}
}

/* Seen in the buddy lists of 7.3.4 and derived from free_prepared_contig_range(). */
static void known(void **state)
{
	static const struct block of_512[] = { { 0x600, 3 }, { 0x608, 2 }, { 0x60c, 0 },
					       { 0x60e, 1 }, { 0x610, 4 }, { 0x620, 5 },
					       { 0x640, 6 }, { 0x680, 7 }, { 0x700, 8 } };
	static const struct block of_1024[] = { { 0x400, 3 }, { 0x408, 2 }, { 0x40c, 0 },
						{ 0x40e, 1 }, { 0x410, 4 }, { 0x420, 5 },
						{ 0x440, 6 }, { 0x480, 7 }, { 0x500, 8 },
						{ 0x600, 9 } };
	static const uint64_t at_13[] = { 0x60d }, at_400[] = { 0x40d };
	struct hwp_healthy_blocks b = decompose(0x600, 9, at_13, 1);

	(void)state;
	assert_blocks(&b, of_512, HWP_ARRAY_SIZE(of_512));
	hwp_healthy_blocks_deinit(&b);
	b = decompose(0x400, 10, at_400, 1);
	assert_blocks(&b, of_1024, HWP_ARRAY_SIZE(of_1024));
	hwp_healthy_blocks_deinit(&b);
}

/* pfn 0 has no lowest bit: MAX_PAGE_ORDER stands for it. */
static void at_pfn_0(void **state)
{
	static const struct block want[] = { { 0, 3 }, { 8, 2 }, { 12, 0 }, { 14, 1 } };
	static const uint64_t poison[] = { 13 };
	struct hwp_healthy_blocks b = decompose(0, 4, poison, 1);

	(void)state;
	assert_blocks(&b, want, HWP_ARRAY_SIZE(want));
	hwp_healthy_blocks_deinit(&b);
	b = decompose(0, 12, NULL, 0);
	assert_int_equal(b.blocks.nr, 4);
	assert_int_equal(b.blocks.data[0].order, 10);
	hwp_healthy_blocks_deinit(&b);
}

static void all_and_nothing(void **state)
{
	uint64_t poison[16];
	struct hwp_healthy_blocks b;

	(void)state;
	for (uint64_t i = 0; i < 16; i++)
		poison[i] = 0x100 + i;
	b = decompose(0x100, 4, poison, 16);
	assert_int_equal(b.blocks.nr, 0);
	hwp_healthy_blocks_deinit(&b);
	b = decompose(0x100, 4, NULL, 0);
	assert_int_equal(b.blocks.nr, 1);
	assert_int_equal(b.blocks.data[0].order, 4);
	hwp_healthy_blocks_deinit(&b);
	b = decompose(0x101, 0, (const uint64_t[]){ 0x101 }, 1);
	assert_int_equal(b.blocks.nr, 0);
	hwp_healthy_blocks_deinit(&b);
	/* A gigantic page: nothing above order 10. */
	b = decompose(0x40000, 18, (const uint64_t[]){ 0x40000 }, 1);
	assert_int_equal(b.blocks.nr, 10 + 255);
	hwp_healthy_blocks_deinit(&b);
}

static void assert_sound(const struct hwp_healthy_blocks *b, const uint8_t *bad, uint64_t base,
			 uint64_t nr)
{
	uint64_t at = base;

	for (size_t i = 0; i < b->blocks.nr; i++) {
		uint64_t pfn = b->blocks.data[i].pfn;
		unsigned int order = (unsigned int)b->blocks.data[i].order;
		bool has_room = false, parent_bad = order >= 10;
		uint64_t parent = pfn & ~((UINT64_C(2) << order) - 1);

		/* Ascending; all that lies between blocks is poisoned. */
		for (; at < pfn; at++)
			assert_true(bad[at - base]);
		assert_int_equal(at, pfn);
		assert_true(order <= 10);
		assert_int_equal(pfn & ((UINT64_C(1) << order) - 1), 0);
		for (; at < pfn + (UINT64_C(1) << order); at++)
			assert_false(bad[at - base]);
		/* Its parent holds poison or leaves the folio: it could not have been larger. */
		has_room = parent >= base && parent + (UINT64_C(2) << order) <= base + nr;
		for (uint64_t n = 0; has_room && !parent_bad && n < UINT64_C(2) << order; n++)
			parent_bad = bad[parent - base + n];
		assert_true(!has_room || parent_bad);
	}
	for (; at < base + nr; at++)
		assert_true(bad[at - base]);
}

static void random_folios(void **state)
{
	uint8_t *bad = malloc(1 << 13);
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		unsigned int order = 1 + (unsigned int)round % 13;
		uint64_t nr = UINT64_C(1) << order, base = (uint64_t)(round % 5) << order;
		struct hwp_healthy_blocks b;
		uint64_t poison[64];
		size_t nr_poison = 1 + (size_t)round % 40;

		memset(bad, 0, nr);
		for (size_t i = 0; i < nr_poison; i++) {
			seed = seed * 1103515245 + 12345;
			poison[i] = base + (seed >> 8) % nr;
			bad[poison[i] - base] = 1;
		}
		b = decompose(base, order, poison, nr_poison);
		assert_sound(&b, bad, base, nr);
		hwp_healthy_blocks_deinit(&b);
	}
	free(bad);
}

static void refused(void **state)
{
	static const struct block bad[] = {
		{ 1, 1 },  { 0x201, 9 },      { 0x100, 9 },	      { 0, 31 },
		{ 0, 64 }, { 0, UINT32_MAX }, { UINT64_MAX - 511, 9 }
	};
	struct hwp_poison_map map;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(bad); i++) {
		struct hwp_error *err = hwp_poison_map_init(&map, bad[i].pfn, bad[i].order);

		assert_non_null(err);
		assert_int_equal(err->code, HWP_ERROR_INVALID_ARGUMENT);
		hwp_error_destroy(err);
	}
	assert_null(hwp_poison_map_init(&map, 0x200, 9));
	assert_false(hwp_poison_map_add(&map, 0x1ff));
	assert_false(hwp_poison_map_add(&map, 0x400));
	assert_true(hwp_poison_map_add(&map, 0x3ff));
	assert_true(hwp_poison_map_add(&map, 0x3ff));
	assert_int_equal(map.nr_poisoned, 1);
	assert_int_equal(hwp_poison_map_next(&map, 0), 0x3ff);
	assert_int_equal(hwp_poison_map_next(&map, 0x3ff), 0x3ff);
	assert_int_equal(hwp_poison_map_next(&map, 0x400), 0x400);
	hwp_poison_map_deinit(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),	   cmocka_unit_test(at_pfn_0),
		cmocka_unit_test(all_and_nothing), cmocka_unit_test(random_folios),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("decompose", tests, NULL, NULL);
}
