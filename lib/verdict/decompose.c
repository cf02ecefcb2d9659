// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/decompose.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"

static uint64_t nr_pages(const struct hwp_poison_map *map)
{
	return UINT64_C(1) << map->order;
}

struct hwp_error *hwp_poison_map_init(struct hwp_poison_map *map, uint64_t base_pfn,
				      unsigned int order)
{
	struct hwp_poison_map m = { .base_pfn = base_pfn, .order = order };

	if (order > HWP_MAX_DECOMPOSE_ORDER)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"order %u: a folio has an order of at most %d", order,
					HWP_MAX_DECOMPOSE_ORDER);
	if (base_pfn & (nr_pages(&m) - 1))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"pfn 0x%" PRIx64 " is not aligned to order %u", base_pfn,
					order);
	if (base_pfn > UINT64_MAX - nr_pages(&m))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT, "pfn 0x%" PRIx64 " is too high",
					base_pfn);
	m.words = calloc((nr_pages(&m) + 63) / 64, sizeof(*m.words));
	if (!m.words)
		return hwp_error_no_memory();
	*map = m;
	return NULL;
}

void hwp_poison_map_deinit(struct hwp_poison_map *map)
{
	free(map->words);
	map->words = NULL;
}

bool hwp_poison_map_add(struct hwp_poison_map *map, uint64_t pfn)
{
	uint64_t i = pfn - map->base_pfn, bit = UINT64_C(1) << (i % 64);

	if (pfn < map->base_pfn || i >= nr_pages(map))
		return false;
	map->nr_poisoned += !(map->words[i / 64] & bit);
	map->words[i / 64] |= bit;
	return true;
}

/** First page at or after @p i that is poisoned; the folio's end when none is. */
static uint64_t next_poisoned(const struct hwp_poison_map *map, uint64_t i)
{
	uint64_t nr = nr_pages(map), nr_words = (nr + 63) / 64, w = i / 64, word;

	if (i >= nr)
		return nr;
	word = map->words[w] & ~UINT64_C(0) << (i % 64);
	while (!word) {
		if (++w == nr_words)
			return nr;
		word = map->words[w];
	}
	return w * 64 + (uint64_t)__builtin_ctzll(word);
}

uint64_t hwp_poison_map_next(const struct hwp_poison_map *map, uint64_t pfn)
{
	return map->base_pfn + next_poisoned(map, pfn < map->base_pfn ? 0 : pfn - map->base_pfn);
}

/** Cut the healthy run [pfn, end_pfn). */
static struct hwp_error *cut(uint64_t pfn, uint64_t end_pfn, unsigned int max_order,
			     struct hwp_healthy_blocks *ret)
{
	while (pfn < end_pfn) {
		unsigned int order = hwp_first_block_order(pfn, end_pfn, max_order);

		if (!hwp_vec_push(&ret->blocks, ((struct hwp_healthy_block){ pfn, order })))
			return hwp_error_no_memory();
		pfn += UINT64_C(1) << order;
	}
	return NULL;
}

struct hwp_error *hwp_decompose(const struct hwp_poison_map *map, unsigned int max_order,
				struct hwp_healthy_blocks *ret)
{
	uint64_t at = 0, nr = nr_pages(map), left = map->nr_poisoned;
	struct hwp_error *err = NULL;

	/* After the last poisoned page the rest is one run: no need to look at it. */
	while (at < nr && !err) {
		uint64_t end = left ? next_poisoned(map, at) : nr;

		err = cut(map->base_pfn + at, map->base_pfn + end, max_order, ret);
		left -= left > 0;
		at = end + 1;
	}
	return err;
}
