// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The second method: walk every list that holds free pages. Walks are bounded
 * and every link is checked against its back link, so cycles end them.
 */
#ifndef HWP_FACTS_LISTS_FREELIST_H
#define HWP_FACTS_LISTS_FREELIST_H

#include "facts/lists/free_heads.h"
#include "memmap/zones.h"
#include "model/findings.h"

/** pfns [start_pfn, end_pfn). */
struct hwp_pfn_span {
	uint64_t start_pfn, end_pfn;
};

/** Required: free areas, per-CPU lists and the other lists of free pages. */
extern const struct hwp_needs hwp_freelist_needs;

struct hwp_list_walk {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	struct hwp_page_reader *reader;
	const struct hwp_zones *zones;
	struct hwp_findings *findings;
	/** Ascending. Blocks near them, and in findings.folios, are kept. */
	const uint64_t *poisoned_pfns;
	size_t nr_poisoned;
	/** The lists change while they are walked. */
	bool live;
	/** Heads that the sweep saw; NULL for none, as where lists change. */
	const struct hwp_free_heads *heads;
	/** Walk the per-CPU lists only, of zones that hold poison. */
	bool quick;
	/** Where the lists are; hwp_walk_free_lists() sets it for its own use. */
	const struct hwp_freelist_layout *at;
	/** Likewise; ascending and disjoint. */
	const struct hwp_pfn_span *spans;
	size_t nr_spans;
	/** Likewise; NULL where lists and pageblocks are not compared. */
	const struct hwp_pageblocks *pageblocks;
};

/**
 * Walk zone->free_area[].free_list[], the per-CPU lists of every possible
 * CPU, zone->trylock_free_pages and zone->unaccepted_pages; fill
 * findings.blocks, lists, areas, zones and troubles.
 */
struct hwp_error *hwp_walk_free_lists(struct hwp_list_walk *walk);

#endif /* HWP_FACTS_LISTS_FREELIST_H */
