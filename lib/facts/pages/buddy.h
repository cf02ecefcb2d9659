// SPDX-License-Identifier: GPL-2.0-or-later
/** Free blocks by their struct pages: the mark and the order are on the head. */
#ifndef HWP_FACTS_PAGES_BUDDY_H
#define HWP_FACTS_PAGES_BUDDY_H

#include "memmap/page_reader.h"
#include "model/findings.h"

/** Is @p page the head of a free block, or of a guard block? Its container and order are set. */
bool hwp_buddy_is_head(const struct hwp_layout *layout, const void *page, struct hwp_block *ret);

/**
 * Find the free (or guard) block that covers @p pfn: of the pfns that are @p pfn
 * aligned down to each order, the nearest head whose block reaches it. The
 * block's container is HWP_NOT_FREE when there is none. A head that cannot be
 * read is passed over: the only error is NO_MEMORY.
 */
struct hwp_error *hwp_buddy_find(struct hwp_page_reader *reader, uint64_t pfn,
				 struct hwp_block *ret);

#endif /* HWP_FACTS_PAGES_BUDDY_H */
