// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The extents of folios that hold, or held, poisoned pages. Which pages are
 * read more closely depends on them, so they are among the facts; they follow
 * from pages and events that were read before, and read nothing themselves.
 */
#ifndef HWP_FACTS_PAGES_EXTENT_H
#define HWP_FACTS_PAGES_EXTENT_H

#include "base/error.h"
#include "model/findings.h"

/**
 * Take the pfns [@p start_pfn, @p end_pfn) as findings.range. INVALID_ARGUMENT
 * unless they are 2^n pages from a multiple of 2^n.
 */
struct hwp_error *hwp_extents_set_range(struct hwp_findings *findings, uint64_t start_pfn,
					uint64_t end_pfn);

/**
 * Put every folio with poison into findings.folios, ascending and disjoint:
 * those that exist, findings.range, then the extents of those that the log
 * says were there. Needs pages and events; not their places. INVALID_ARGUMENT
 * for a range without poison, or inside a folio that exists.
 */
struct hwp_error *hwp_extents_find(struct hwp_findings *findings,
				   const struct hwp_extent_orders *hugetlb);

/**
 * With page_owner's records read: where they have the sizes of large folios that the log names,
 * and could only be guessed, put these in their place. What a page's words leave of a size
 * does not prove one: free_pages_prepare() clears the order and the tails' heads, the fields of a
 * second page that stay (up to v6.13) may be of an earlier folio, and what the kernel counts for
 * each order does not name pages and leaves out page cache.
 */
struct hwp_error *hwp_extents_refine(struct hwp_findings *findings);

/** With the places known: add the blocks that were thrown away. */
struct hwp_error *hwp_extents_add_stranded(struct hwp_findings *findings);

/** What @p page was when the error struck it, by the log; "" without a recovery action. */
const char *hwp_extent_page_type(const struct hwp_findings *findings,
				 const struct hwp_poisoned *page);

/** Do the 2^@p order pages around @p pfn lie in one zone? */
bool hwp_extent_fits_zone(const struct hwp_findings *findings, uint64_t pfn, unsigned int order);

/** Is a HugeTLB page of @p order what a recovery action calls @p page_type? */
bool hwp_extent_is_huge_page(const struct hwp_findings *findings, const char *page_type,
			     unsigned int order);

#endif /* HWP_FACTS_PAGES_EXTENT_H */
