// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Healthy ranges of a folio, cut as free_has_hwpoisoned() would free them: pure
 * arithmetic on a bitmap.
 *
 * A folio of 2^n pages is walked in pfn order; every maximal run without a
 * poisoned page is cut greedily from its start into the largest aligned
 * power-of-two blocks, as free_prepared_contig_range() of mm/page_alloc.c does.
 */
#ifndef HWP_VERDICT_DECOMPOSE_H
#define HWP_VERDICT_DECOMPOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/findings.h"

struct hwp_healthy_blocks {
	HWP_VEC(struct hwp_healthy_block) blocks;
};

static inline void hwp_healthy_blocks_deinit(struct hwp_healthy_blocks *blocks)
{
	hwp_vec_deinit(&blocks->blocks);
}

/** Folios of a higher order do not exist: 2^30 pages are 4 TiB. */
#define HWP_MAX_DECOMPOSE_ORDER 30

/** The poisoned pages of one folio, one bit each. */
struct hwp_poison_map {
	uint64_t base_pfn;
	unsigned int order;
	/** Bit i of word i / 64: page base_pfn + i is poisoned. */
	uint64_t *words;
	uint64_t nr_poisoned;
};

/**
 * An empty map of 2^@p order pages from @p base_pfn. INVALID_ARGUMENT when the
 * base is not aligned to the order, or the order is out of range.
 */
struct hwp_error *hwp_poison_map_init(struct hwp_poison_map *map, uint64_t base_pfn,
				      unsigned int order);
void hwp_poison_map_deinit(struct hwp_poison_map *map);

/** Mark @p pfn; false when it lies outside the folio. Marking twice is fine. */
bool hwp_poison_map_add(struct hwp_poison_map *map, uint64_t pfn);

/** First pfn at or after @p pfn that is poisoned; the folio's end when none is. */
uint64_t hwp_poison_map_next(const struct hwp_poison_map *map, uint64_t pfn);

/** The first pfn after the folio. */
static inline uint64_t hwp_poison_map_end(const struct hwp_poison_map *map)
{
	return map->base_pfn + (UINT64_C(1) << map->order);
}

/**
 * Append the healthy blocks in ascending order to @p ret. Blocks are at most
 * 2^@p max_order pages (MAX_PAGE_ORDER of the kernel, 10 by default).
 */
struct hwp_error *hwp_decompose(const struct hwp_poison_map *map, unsigned int max_order,
				struct hwp_healthy_blocks *ret);

#endif /* HWP_VERDICT_DECOMPOSE_H */
