// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Pages that nothing owns: refcount 0, no type, not compound, on no list. A
 * block of them around a poisoned page is what the allocator's page check
 * threw away.
 */
#ifndef HWP_STRANDED_H
#define HWP_STRANDED_H

#include "findings.h"
#include "memmap.h"

/** One aligned region of 2^max order pages, examined once. */
struct hwp_stranded_region {
	uint64_t start_pfn, nr_pages;
	/** One byte for each page: enum in stranded.c. */
	uint8_t *kinds;
};

/**
 * Decide is_stranded, has_owner and what goes with them for @p page, which is
 * on no list and not compound. @p region is reused from call to call: zero it
 * first, free kinds last; pages should come in ascending order.
 */
struct hwp_error *hwp_stranded_find(struct hwp_page_reader *reader,
				    const struct hwp_findings *findings,
				    struct hwp_stranded_region *region,
				    struct hwp_poisoned *page);

#endif /* HWP_STRANDED_H */
