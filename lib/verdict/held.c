// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/held.h"

#include <string.h>

#include "base/bits.h"
#include "layout/page.h"

/**
 * The words of action_page_types[] in mm/memory-failure.c, all versions. "High-order kernel
 * page" is whatever has no reference and is in no free list; on v5.10 also a THP of shmem.
 */
enum hwp_held hwp_held_then(const struct hwp_event *e)
{
	static const struct {
		const char *word;
		enum hwp_held held;
	} words[] = {
		{ "high-order kernel page", HWP_HELD_UNKNOWN },
		{ "free buddy page", HWP_HELD_FREE },
		{ "huge page", HWP_HELD_HUGETLB },
		{ "unsplit thp", HWP_HELD_THP },
		{ "LRU page", HWP_HELD_LRU },
		{ "swapcache page", HWP_HELD_LRU },
		{ "kernel slab page", HWP_HELD_KERNEL },
		{ "kernel page", HWP_HELD_KERNEL },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(words); i++) {
		if (e->kind == HWP_EVENT_ACTION && strstr(e->page_type, words[i].word))
			return words[i].held;
	}
	return HWP_HELD_UNKNOWN;
}

bool hwp_was_recovered(const struct hwp_event *e)
{
	enum hwp_held then = hwp_held_then(e);

	return then != HWP_HELD_UNKNOWN && then != HWP_HELD_KERNEL &&
	       strcmp(e->result, "Recovered") == 0;
}

bool hwp_was_left_free(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];

	return e && hwp_held_then(e) == HWP_HELD_FREE && strcmp(e->result, "Delayed") == 0;
}

/** What kind of user holds an allocated page now, as far as its struct page shows. */
enum hwp_held hwp_held_now(const struct hwp_poisoned *p)
{
	switch (p->folio.kind) {
	case HWP_FOLIO_HUGETLB:
		return HWP_HELD_HUGETLB;
	case HWP_FOLIO_LARGE:
		return HWP_HELD_THP;
	case HWP_FOLIO_SLAB:
	case HWP_FOLIO_KERNEL:
		return HWP_HELD_KERNEL;
	case HWP_FOLIO_DEVICE:
	case HWP_FOLIO_NONE:
		break;
	}
	switch (hwp_page_kind(&p->page, p->bits)) {
	case HWP_PAGE_SLAB:
	case HWP_PAGE_TABLE:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_LARGE_KMALLOC:
		return HWP_HELD_KERNEL;
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_UNACCEPTED:
		return HWP_HELD_UNKNOWN;
	case HWP_PAGE_RESERVED:
	case HWP_PAGE_TAKEN_OFF:
	case HWP_PAGE_ANON:
	case HWP_PAGE_ANON_LEFT:
	case HWP_PAGE_FILE:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_USER:
	case HWP_PAGE_MOVABLE:
	case HWP_PAGE_USER_LEFT:
	case HWP_PAGE_UNMARKED:
		break;
	}
	if (p->page.refcount > 0 && (p->page.nr_mapped > 0 || p->bits & HWP_BIT_LRU))
		return HWP_HELD_LRU;
	return HWP_HELD_UNKNOWN;
}

/*
 * A page changes hands only through the allocator. True for the pairs of a
 * holder then and a holder now that no page can have had without being freed
 * in between. THP to THP needs the flag: memory_failure() sets PG_has_hwpoisoned
 * before it tries to split, and only a split or a free clears it. THP to LRU
 * proves nothing: the THP may have been split since.
 */
bool hwp_held_by_others(enum hwp_held then, enum hwp_held now, const struct hwp_poisoned *p)
{
	switch (then) {
	case HWP_HELD_FREE:
		return now != HWP_HELD_UNKNOWN;
	case HWP_HELD_HUGETLB:
		return now == HWP_HELD_THP || now == HWP_HELD_LRU || now == HWP_HELD_KERNEL;
	case HWP_HELD_THP:
		return now == HWP_HELD_HUGETLB || now == HWP_HELD_KERNEL ||
		       (now == HWP_HELD_THP && p->folio.can_have_hwpoisoned &&
			!p->folio.has_hwpoisoned);
	case HWP_HELD_LRU:
		return now == HWP_HELD_HUGETLB || now == HWP_HELD_KERNEL || now == HWP_HELD_THP;
	case HWP_HELD_KERNEL:
		return now == HWP_HELD_HUGETLB || now == HWP_HELD_THP || now == HWP_HELD_LRU;
	case HWP_HELD_UNKNOWN:
		break;
	}
	return false;
}

bool hwp_has_users_marks(const struct hwp_poisoned *p)
{
	return p->bits & (HWP_BIT_SWAPBACKED | HWP_BIT_UPTODATE | HWP_BIT_DIRTY | HWP_BIT_LRU |
			  HWP_BIT_SWAPCACHE) ||
	       p->page.mapping & HWP_MAPPING_ANON;
}
