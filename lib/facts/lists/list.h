// SPDX-License-Identifier: GPL-2.0-or-later
/** One list of free pages; shared by list.c and freelist.c only. */
#ifndef HWP_FACTS_LISTS_LIST_H
#define HWP_FACTS_LISTS_LIST_H

#include "facts/lists/freelist.h"

/* How often a list of a running kernel is walked before it is given up. */
#define HWP_LIST_MAX_ATTEMPTS 6

struct hwp_list {
	struct hwp_list_walk *walk;
	/** Address of the struct list_head, and of the llist_head's first word. */
	uint64_t head;
	/** Index in zones->zones, the same in findings->zones. */
	int zone;
	struct hwp_list_stat stat;
	unsigned int nr_told;
	/**
	 * Of a dump: the lock that guards the list was held when it was made. A CPU
	 * was about to change the list, so it need not hang together.
	 */
	bool was_locked;
	char name[64];
};

/** One step's answer. */
enum hwp_list_step {
	STEP_ENTRY,
	STEP_BROKEN,
};

struct hwp_list_entry {
	uint64_t pfn, next, prev;
	const void *page;
};

/** What a walk added to the findings, to be taken back. */
struct hwp_list_mark {
	size_t nr_blocks, nr_lists, nr_troubles;
	uint64_t nr_buddy_pages, nr_pcp_pages;
	bool lists_cut;
};

struct hwp_list_mark hwp_list_mark(const struct hwp_list_walk *walk, int zone);

/** The lists changed under the walk: as if it had not been, and nothing read before holds. */
void hwp_list_take_back(struct hwp_list_walk *walk, int zone, const struct hwp_list_mark *mark);

const struct hwp_zone *hwp_list_zone(const struct hwp_list *list);
void hwp_list_name(struct hwp_list *list);

/** Record that some of the list cannot be read. */
struct hwp_error *hwp_list_hole(struct hwp_list *list, const char *what, uint64_t where);

/** Record that the list contradicts itself; a hole where it may have been changing. */
struct hwp_error *hwp_list_contradiction(struct hwp_list *list, const char *what, uint64_t where);

/** The links in the struct page at @p address (of its lru member). */
struct hwp_error *hwp_list_read(struct hwp_list *list, uint64_t address, struct hwp_list_entry *ret,
				enum hwp_list_step *step);

struct hwp_error *hwp_list_add(struct hwp_list *list, uint64_t pfn, int order);

/**
 * Walk a doubly linked list into the findings. One of a running kernel that
 * contradicts itself is walked again: it is corrupt when it does so at the same
 * place each time. One of free_area that never holds still is no hole, as its
 * blocks are known by the memmap.
 */
struct hwp_error *hwp_list_walk_it(struct hwp_list *list);

#endif /* HWP_FACTS_LISTS_LIST_H */
