// SPDX-License-Identifier: GPL-2.0-or-later
/** One list of free pages; shared by list.c and freelist.c only. */
#ifndef HWP_FACTS_LISTS_LIST_H
#define HWP_FACTS_LISTS_LIST_H

#include "facts/lists/freelist.h"

struct hwp_list {
	struct hwp_list_walk *walk;
	/** Address of the struct list_head, and of the llist_head's first word. */
	uint64_t head;
	/** Index in zones->zones, the same in findings->zones. */
	int zone;
	struct hwp_list_stat stat;
	/** Contradictions so far. */
	unsigned int nr_contradictions;
	/**
	 * The lock that guards the list was held when the dump was made: a CPU may have been
	 * changing the list, so its links need not agree.
	 */
	bool was_locked;
	char name[64];
};

/** One step's answer. */
enum hwp_list_step {
	STEP_ENTRY,
	STEP_BROKEN,
};

/** What the struct page of an entry holds. */
struct hwp_list_entry {
	uint64_t pfn, next, prev, flags, private;
	int32_t refcount;
	enum hwp_page_type type;
};

/** What became of the attempts to walk something that may be changing. */
enum hwp_list_result {
	HWP_LIST_AGREES,
	/** It contradicted itself in the same way each time: it is corrupt. */
	HWP_LIST_CONTRADICTS,
	/** It contradicted itself each time, but not in the same way: it was changing. */
	HWP_LIST_MOVES,
};

/** Words, or a number, that are the same for the same contradiction; empty: there is none. */
struct hwp_list_disagreement {
	char text[200];
};

/**
 * Call @p attempt until there is no disagreement: once for a dump, several times for a
 * running kernel. What an attempt added to the findings is taken back before the next one;
 * that of the last one stays.
 */
struct hwp_error *hwp_list_attempts(struct hwp_list_walk *walk, int zone,
				    struct hwp_error *(*attempt)(void *arg,
								 struct hwp_list_disagreement *ret),
				    void *arg, enum hwp_list_result *ret);

const struct hwp_zone *hwp_list_zone(const struct hwp_list *list);
void hwp_list_name(struct hwp_list *list);

/** Record that the list contradicts itself; as a hole if was_locked. */
struct hwp_error *hwp_list_contradiction(struct hwp_list *list, const char *what, uint64_t where);

/** The struct page at @p address (of its lru member). */
struct hwp_error *hwp_list_read(struct hwp_list *list, uint64_t address, struct hwp_list_entry *ret,
				enum hwp_list_step *step);

struct hwp_error *hwp_list_add(struct hwp_list *list, uint64_t pfn, int order);

/**
 * Walk a doubly linked list into the findings, by hwp_list_attempts(). A list of free_area
 * that changes during every attempt is not a hole: the memmap shows its blocks as well.
 */
struct hwp_error *hwp_list_walk_it(struct hwp_list *list);

#endif /* HWP_FACTS_LISTS_LIST_H */
