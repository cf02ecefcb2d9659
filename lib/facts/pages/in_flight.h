// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Healthy pages without a reference, on none of the lists that are walked, which are not lost: at
 * the instant of the dump they were on their way to the allocator, or from it. A folio_batch that
 * is being freed, a page that is being handed out, what compaction has isolated.
 *
 * What distinguishes them from pages that were lost with a folio, by mm/page_alloc.c, mm/swap.c and
 * in the memory of kernels that were stopped while they allocated:
 *
 * - A tail of a folio that is freed has 0 in its first word, as clear_compound_head() leaves it. A
 *   page of its own that was on an LRU list, and a block that was on a free list, has LIST_POISON1
 *   there. So has the first page of a lost folio, whose index says then where it was in its file or
 *   process: a multiple of the folio's size.
 * - A page in a list that nobody looked for (release_pages() before v6.9, compaction's freepages)
 *   is linked with its neighbours, which link back; private is the order of what it heads.
 * - Blocks are freed as a whole. If a part of an expected block is missing, and not next to a
 *   poisoned page or to the folio's ends, where a mistake would leave it, then the block was free
 *   once, and was split since.
 *
 * What cannot be distinguished: a page that was on no list while it was in use (the kernel's own,
 * or page cache that cannot be reclaimed) has 0 in its first word, by clear_page_pfmemalloc(). In
 * flight beside a poisoned page it looks lost.
 */
#ifndef HWP_FACTS_PAGES_IN_FLIGHT_H
#define HWP_FACTS_PAGES_IN_FLIGHT_H

#include "facts/pages/stranded.h"

/**
 * Mark the loose pages of @p region that are linked with others, and what they and those in flight
 * head. The only error is NO_MEMORY.
 */
struct hwp_error *hwp_region_find_linked(struct hwp_page_reader *reader, struct hwp_region *region);

/**
 * With the holders settled: decide in @p region, which is that of the freed folio @p folio, what is
 * in flight and what is loose by where it lies.
 */
struct hwp_error *hwp_region_settle_in_flight(struct hwp_page_reader *reader,
					      const struct hwp_findings *findings,
					      const struct hwp_folio *folio,
					      struct hwp_region *region);

#endif /* HWP_FACTS_PAGES_IN_FLIGHT_H */
