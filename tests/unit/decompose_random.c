// SPDX-License-Identifier: GPL-2.0-or-later
// timeout: 600
/**
 * Healthy blocks against a second implementation that halves the folio and
 * looks at every page: thousands of random folios, HWP_SEED and HWP_ROUNDS in
 * the environment. And how long a gigantic page takes.
 */
#include "synth.h"

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "verdict/decompose.h"

#define MAX_ORDER 18

static uint8_t bad[1 << MAX_ORDER];
static uint64_t chance_state;

static uint64_t chance(void)
{
	/* splitmix64 */
	uint64_t z = chance_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

/** The largest aligned parts without a bad page, by looking at each of them. */
static void halve(uint64_t base, uint64_t at, unsigned int order, unsigned int max_order,
		  struct hwp_healthy_blocks *ret)
{
	uint64_t nr = UINT64_C(1) << order;
	bool is_healthy = order <= max_order;

	for (uint64_t i = at; is_healthy && i < at + nr; i++)
		is_healthy = !bad[i];
	if (is_healthy) {
		assert_true(hwp_vec_push(&ret->blocks,
					 ((struct hwp_healthy_block){ base + at, order })));
	} else if (order > 0) {
		halve(base, at, order - 1, max_order, ret);
		halve(base, at + nr / 2, order - 1, max_order, ret);
	}
}

/** Sparse, dense, in clusters, at the edges, all, or all but one. */
static void mark(struct hwp_poison_map *map)
{
	uint64_t nr = UINT64_C(1) << map->order, way = chance() % 6;
	uint64_t nr_bad = way == 0 ? 1 + chance() % 8 : way == 1 ? 1 + chance() % nr : nr;
	uint64_t first = chance() % nr, spared = chance() % nr;

	memset(bad, 0, nr);
	for (uint64_t i = 0; i < nr_bad; i++) {
		uint64_t at = way < 2 ? chance() % nr : way == 2 ? (first + i) % nr : i;

		if ((way == 2 && i >= 40) || (way == 3 && at > 1 && at + 2 < nr) ||
		    (way == 4 && at == spared))
			continue;
		assert_true(hwp_poison_map_add(map, map->base_pfn + at));
		bad[at] = 1;
	}
}

static void assert_same(const struct hwp_healthy_blocks *got, const struct hwp_healthy_blocks *want)
{
	assert_int_equal(got->blocks.nr, want->blocks.nr);
	for (size_t i = 0; i < want->blocks.nr; i++) {
		assert_int_equal(got->blocks.data[i].pfn, want->blocks.data[i].pfn);
		assert_int_equal(got->blocks.data[i].order, want->blocks.data[i].order);
	}
}

/** Aligned, ascending, disjoint, whole, and no two of a range could have been one. */
static void assert_properties(const struct hwp_poison_map *map, unsigned int max_order,
			      const struct hwp_healthy_blocks *got)
{
	uint64_t nr = UINT64_C(1) << map->order, nr_healthy = 0, nr_bad = 0, at = 0;

	for (size_t i = 0; i < got->blocks.nr; i++) {
		const struct hwp_healthy_block *b = &got->blocks.data[i], *next = b + 1;
		uint64_t size = UINT64_C(1) << b->order, start = b->pfn - map->base_pfn;

		assert_true(b->order <= max_order);
		assert_int_equal(b->pfn % size, 0);
		assert_true(start >= at && start + size <= nr);
		for (at = start; at < start + size; at++)
			assert_false(bad[at]);
		nr_healthy += size;
		assert_false(i + 1 < got->blocks.nr && b->order < max_order &&
			     next->order == b->order && next->pfn == b->pfn + size &&
			     b->pfn % (2 * size) == 0);
	}
	for (uint64_t i = 0; i < nr; i++)
		nr_bad += bad[i];
	assert_int_equal(nr_bad, map->nr_poisoned);
	assert_int_equal(nr_healthy + nr_bad, nr);
}

static void one_folio(unsigned int order)
{
	uint64_t base = (chance() % 4 ? chance() % (UINT64_C(1) << 30) : 0) << order;
	unsigned int max_order = chance() % 3 ? 10 : (unsigned int)(chance() % 14);
	struct hwp_healthy_blocks got = {}, want = {};
	struct hwp_poison_map map;

	assert_null(hwp_poison_map_init(&map, base, order));
	mark(&map);
	assert_null(hwp_decompose(&map, max_order, &got));
	halve(base, 0, order, max_order, &want);
	assert_same(&got, &want);
	assert_properties(&map, max_order, &got);
	hwp_healthy_blocks_deinit(&got);
	hwp_healthy_blocks_deinit(&want);
	hwp_poison_map_deinit(&map);
}

static void random_folios(void **state)
{
	uint64_t seed = from_environment("HWP_SEED", 20260621);
	uint64_t rounds = from_environment("HWP_ROUNDS", 8000);

	(void)state;
	chance_state = seed;
	printf("# HWP_SEED=%" PRIu64 " HWP_ROUNDS=%" PRIu64 "\n", seed, rounds);
	for (uint64_t i = 0; i < rounds; i++)
		one_folio(i % 32 == 0 ? 13 + (unsigned int)(chance() % (MAX_ORDER - 12)) :
					(unsigned int)(chance() % 13));
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		one_folio(order);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/** Printed, not judged: a busy machine is no fault. */
static void time_of_a_gigantic_page(void **state)
{
	uint64_t best = UINT64_MAX;

	(void)state;
	for (int round = 0; round < 50; round++) {
		struct hwp_healthy_blocks blocks = {};
		struct hwp_poison_map map;
		uint64_t start;

		assert_null(hwp_poison_map_init(&map, 0x40000, 18));
		for (uint64_t i = 0; i < 8; i++)
			hwp_poison_map_add(&map, 0x40000 + i * 0x7fff + 5);
		start = now_ns();
		assert_null(hwp_decompose(&map, 10, &blocks));
		if (now_ns() - start < best)
			best = now_ns() - start;
		hwp_healthy_blocks_deinit(&blocks);
		hwp_poison_map_deinit(&map);
	}
	printf("# order 18, 8 poisoned pages: %" PRIu64 ".%03" PRIu64 " us\n", best / 1000,
	       best % 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_folios),
		cmocka_unit_test(time_of_a_gigantic_page),
	};

	return cmocka_run_group_tests_name("decompose_random", tests, NULL, NULL);
}
