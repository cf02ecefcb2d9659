// SPDX-License-Identifier: GPL-2.0-or-later
/** The migratetype of each pageblock, which says on whose lists its free blocks belong. */
#ifndef HWP_FACTS_LISTS_PAGEBLOCK_H
#define HWP_FACTS_LISTS_PAGEBLOCK_H

#include "memmap/memmap.h"
#include "model/findings.h"

/** Where the bits of pageblocks are, and what they mean. */
extern const struct hwp_needs hwp_pageblock_needs;

/** The bits of every pageblock of online memory. */
struct hwp_pageblocks;

/**
 * Read them. What makes that impossible is said in @p facts->why, and *@p ret is NULL then;
 * only NO_MEMORY is returned. The caller destroys the result.
 */
struct hwp_error *hwp_pageblocks_read(struct hwp_target *target, const struct hwp_memmap *memmap,
				      struct hwp_pageblock_facts *facts,
				      struct hwp_pageblocks **ret);
/** NULL is fine. */
void hwp_pageblocks_destroy(struct hwp_pageblocks *pageblocks);

/** Compare the list that @p block is on with its pageblock, and count it in @p facts. */
void hwp_pageblocks_compare(const struct hwp_pageblocks *pageblocks, const struct hwp_block *block,
			    bool lock_was_free, struct hwp_pageblock_facts *facts);

#endif /* HWP_FACTS_LISTS_PAGEBLOCK_H */
