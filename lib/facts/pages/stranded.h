// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Pages that nothing owns: refcount 0, no type, not compound, on no list. A
 * block of them around a poisoned page is what the allocator's page check
 * threw away.
 */
#ifndef HWP_FACTS_PAGES_STRANDED_H
#define HWP_FACTS_PAGES_STRANDED_H

#include "base/error.h"
#include "memmap/page_reader.h"
#include "model/findings.h"

/** pfns [start_pfn, start_pfn + nr_pages) and one enum hwp_observed each. */
struct hwp_region {
	uint64_t start_pfn, nr_pages;
	uint8_t *kinds;
	/** First pages of folios that were refused when they were freed, ascending. */
	HWP_VEC(uint64_t) old_heads;
};

static inline void hwp_region_deinit(struct hwp_region *region)
{
	free(region->kinds);
	region->kinds = NULL;
	hwp_vec_deinit(&region->old_heads);
}

/**
 * Examine @p nr_pages pages from @p start_pfn, which replace what @p region
 * held. findings.blocks must hold the blocks there.
 */
struct hwp_error *hwp_region_examine(struct hwp_page_reader *reader,
				     const struct hwp_findings *findings, uint64_t start_pfn,
				     uint64_t nr_pages, struct hwp_region *region);

/** Make accounted for what a live page before it holds: see hwp_stranded_find(). */
void hwp_region_settle_holders(struct hwp_region *region);

/** Could the page check have thrown away, on this kernel, a free block for the poison in it? */
static inline bool hwp_may_throw_away(const struct hwp_findings *findings)
{
	return findings->kernel.check_pages != HWP_OFF && findings->kernel.fix != HWP_FIX_PRESENT;
}

/**
 * Decide is_stranded, has_holder and what goes with them for @p page, which is
 * on no list and not compound. @p region is reused from call to call: zero it
 * first; pages should come in ascending order.
 */
struct hwp_error *hwp_stranded_find(struct hwp_page_reader *reader,
				    const struct hwp_findings *findings, struct hwp_region *region,
				    struct hwp_poisoned *page);

#endif /* HWP_FACTS_PAGES_STRANDED_H */
