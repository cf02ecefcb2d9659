// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * HugeTLB folios that the allocator refused as they were freed, because their tails had references.
 *
 * From Linux v7.1 on all tails of the optimised vmemmap of a zone's pages of one size share a page of
 * struct pages (zone.vmemmap_tails). Of pages that are allocated at boot that page is made by
 * vmemmap_populate_hvo() before memmap_init_range(), which goes over each struct page of the zone, but
 * for what is deferred in the node's last zone, and sets its reference count to 1.
 * hugetlb_bootmem_struct_page_init() then makes them tails, by init_compound_tail(), and leaves that
 * count. vmemmap_restore_pte() copies it to all tails when the page is dissolved, and
 * free_pages_prepare() refuses a folio that has such tails: bad_page() logs some of them, and none of
 * its pages is freed, or ever will be.
 */
#ifndef HWP_FACTS_PAGES_REFUSED_H
#define HWP_FACTS_PAGES_REFUSED_H

#include "facts/pages/stranded.h"

/** The last folio that was looked at. Zero it first. */
struct hwp_refused {
	struct hwp_region region;
	bool was_refused;
};

static inline void hwp_refused_deinit(struct hwp_refused *refused)
{
	hwp_region_deinit(&refused->region);
}

/**
 * Is @p page, which is on no list and not compound, of such a folio: of the size of one of
 * findings.hugetlb, where the log has a page in a bad state, and whose pages nobody owns? Then decide
 * its is_stranded, and what goes with that.
 */
struct hwp_error *hwp_refused_find(struct hwp_page_reader *reader,
				   const struct hwp_findings *findings, struct hwp_refused *refused,
				   struct hwp_poisoned *page);

#endif /* HWP_FACTS_PAGES_REFUSED_H */
