// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The heads of free blocks as the sweep saw them. The walk of the free lists goes from one to
 * the next in no order: on a dump whose pages are packed, each would be unpacked again.
 */
#ifndef HWP_FACTS_LISTS_FREE_HEADS_H
#define HWP_FACTS_LISTS_FREE_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/** A page of buddy type without references, as it is on a list of zone->free_area. */
struct hwp_free_head {
	uint64_t pfn;
	/** Its list words, page.flags, and its order. */
	uint64_t next, prev, flags;
	uint8_t order;
};

struct hwp_free_heads;

/** What one thread adds; begin with {}. The heads keep it. */
struct hwp_free_heads_part {
	struct hwp_free_chunk *chunk;
};

/** Room for as many heads as this machine has memory for. */
struct hwp_error *hwp_free_heads_create(struct hwp_free_heads **ret);
/** NULL is fine. */
void hwp_free_heads_destroy(struct hwp_free_heads *heads);

/**
 * Keep @p head, one of a pfn. Several threads may add at once, each to a @p part of its own.
 * One that there is no room for is not kept, and is not an error.
 */
void hwp_free_heads_add(struct hwp_free_heads *heads, struct hwp_free_heads_part *part,
			const struct hwp_free_head *head);

/** Nothing is added any more: make them to be found. */
void hwp_free_heads_index(struct hwp_free_heads *heads);

/** False: it was not kept, or is none. */
bool hwp_free_heads_find(const struct hwp_free_heads *heads, uint64_t pfn,
			 struct hwp_free_head *ret);

#endif /* HWP_FACTS_LISTS_FREE_HEADS_H */
