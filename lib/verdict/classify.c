// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/classify.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "layout/page.h"
#include "verdict/held.h"

struct pfns {
	HWP_VEC(uint64_t) list;
};

static void pfns_deinit(struct pfns *pfns)
{
	hwp_vec_deinit(&pfns->list);
}

static int compare_pfns(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/** Does the log report an error in the folio while it was HugeTLB? */
static bool names_folio(const struct pfns *pfns, const struct hwp_folio_facts *folio)
{
	size_t at = hwp_vec_lower_bound(&pfns->list, pfn, *pfn < folio->head_pfn);

	return at < pfns->list.nr && (pfns->list.data[at] - folio->head_pfn) >> folio->order == 0;
}

static struct hwp_error *find_in_log(struct hwp_findings *f)
{
	_cleanup_(pfns_deinit) struct pfns pfns = {};

	for (size_t i = 0; i < f->events.nr; i++) {
		if (hwp_held_then(&f->events.data[i]) == HWP_HELD_HUGETLB &&
		    !hwp_vec_push(&pfns.list, f->events.data[i].pfn))
			return hwp_error_no_memory();
	}
	if (pfns.list.nr)
		qsort(pfns.list.data, pfns.list.nr, sizeof(*pfns.list.data), compare_pfns);
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];

		p->folio_is_in_log = p->folio.kind == HWP_FOLIO_HUGETLB &&
				     names_folio(&pfns, &p->folio);
	}
	return NULL;
}

/**
 * By page_owner's record and by the struct page. The record alone is not enough:
 * it stays when the allocator's check throws a block away while it is freed.
 */
static bool is_allocated(const struct hwp_poisoned *p)
{
	const struct hwp_page_owner *record = &p->page_owner;

	if (!record->found || !record->allocated)
		return false;
	return p->folio.kind != HWP_FOLIO_NONE || p->page.refcount > 0 ||
	       p->page.type == HWP_TYPE_SLAB || p->page.type == HWP_TYPE_TABLE ||
	       (p->has_holder && p->holder_order == record->order);
}

/**
 * Did the process that owns the memory start after the error, without having
 * inherited the memory? Then the memory is no older than the process, wherever
 * it was migrated from. page_owner, which has the time of the allocation, must
 * not contradict that.
 */
static bool owner_is_younger(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = &f->events.data[p->event];

	/* No memory fails before the clock of the log runs: without a time the line is damaged. */
	return p->owner.found && p->owner.allocated_it && p->owner.has_start && e->time_ns &&
	       p->owner.start_ns > e->time_ns &&
	       !(is_allocated(p) && hwp_page_owner_when(f, p) == HWP_BEFORE_ERROR);
}

/**
 * A page that left its huge page by a split has the marks of a user's page; one that
 * memory failure withholds has a reference, and is reported as recovered. What a kernel
 * with the fix leaves on the pages that it withholds is its own affair.
 */
static bool is_unmarked_user(const struct hwp_findings *f, const struct hwp_poisoned *p,
			     const struct hwp_event *e)
{
	enum hwp_held then = hwp_held_then(e);

	return f->kernel.fix != HWP_FIX_PRESENT &&
	       (then == HWP_HELD_THP || then == HWP_HELD_HUGETLB) &&
	       p->folio.kind == HWP_FOLIO_NONE && p->page.refcount > 0 && !hwp_was_recovered(e) &&
	       hwp_page_kind(&p->page, p->bits) == HWP_PAGE_UNMARKED;
}

/**
 * A page that is in the page cache of a file, where it cannot have been part of a large folio:
 * the file has none, or a folio would have begun at an odd offset, while all begin at a multiple
 * of their size. A file of FUSE may have been given the page from another one (fuse_try_move_folio()).
 */
static bool came_into_file_alone(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_file *file;

	if (p->folio.kind != HWP_FOLIO_NONE || !p->owner.has_file ||
	    p->page.mapping & HWP_MAPPING_ANON)
		return false;
	file = &f->files.data[p->owner.file];
	if (strncmp(file->filesystem, "fuse", 4) == 0)
		return false;
	return (p->page.index - p->pfn) % 2 ||
	       (file->large_folios == HWP_ANSWER_NO && !(p->bits & HWP_BIT_SWAPBACKED));
}

/** What the log, the struct page and the owner prove together. */
static const char *proof_by_words(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_folio_facts *folio = &p->folio;
	enum hwp_held then, now = hwp_held_now(p);

	if (folio->kind == HWP_FOLIO_HUGETLB && p->raw_page_unknown && folio->raw_list_readable &&
	    !folio->raw_unreliable && folio->nr_raw == 0 && !p->folio_is_in_log)
		return "the HugeTLB head is flagged but raw_hwp_list is empty: it was poisoned "
		       "before the folio was allocated";
	if (p->is_raw || p->event < 0)
		return NULL;
	if (owner_is_younger(f, p))
		return "it belongs to a process that started after the error struck, and was "
		       "allocated by it";
	then = hwp_held_then(&f->events.data[p->event]);
	if (is_unmarked_user(f, p, &f->events.data[p->event]))
		return "it was part of a huge page when the error struck, and has references now "
		       "without any of the marks that a split leaves: that one was freed whole, and "
		       "the page handed out again, to the kernel or a user that leaves no mark";
	if (then == HWP_HELD_THP && came_into_file_alone(f, p))
		return "it was part of a huge page when the error struck, and is in the page cache "
		       "of a file now, where it cannot have been part of one: it was freed and "
		       "allocated again";
	if (!hwp_held_by_others(then, now, p))
		return NULL;
	if (now == HWP_HELD_THP && then == HWP_HELD_THP)
		return "its folio has PG_has_hwpoisoned clear, but the log says that it was in a "
		       "huge page that could not be split: that one was freed since";
	return "the log says whose it was when the error struck, and it is another's now: it was "
	       "freed and allocated again";
}

/*
 * page_owner against the rest. An allocation that is later than the line of the
 * log that shows the page marked, by more than the clocks of two CPUs are apart,
 * is certain: post_alloc_hook() alone writes a new time. An earlier one proves
 * nothing by itself: __folio_copy_owner() gives the new folio the time of the old
 * one without a mark on the tails, and a split keeps it. So it refutes only what
 * rests on the age of the memory (owner_is_younger()), and what rests on the
 * page's user it makes weak, unless a migration is on record. The time of a HugeTLB
 * folio is that of the pool's allocation; it says nothing about when the errors on
 * its raw_hwp_list happened.
 */
struct hwp_reuse hwp_reuse_proof(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	struct hwp_reuse reuse = { .confidence = HWP_CERTAIN };
	bool is_hugetlb = p->folio.kind == HWP_FOLIO_HUGETLB;

	/* While a folio is HugeTLB its raw pages are in the list, not flagged. */
	if (is_hugetlb && !p->is_raw && !p->raw_page_unknown && p->pfn != p->folio.head_pfn)
		reuse.proof = "its own flag is set inside a HugeTLB folio, where memory failure "
			      "records errors in raw_hwp_list: it was poisoned before the folio was "
			      "allocated";
	else if (!p->is_raw && !p->raw_page_unknown && is_allocated(p) &&
		 hwp_page_owner_when(f, p) == HWP_AFTER_ERROR)
		reuse.proof =
			"page_owner: the allocator handed it out after the log had reported its "
			"error";
	if (reuse.proof)
		return reuse;
	reuse.proof = proof_by_words(f, p);
	reuse.confidence = is_allocated(p) && !p->page_owner.migrated &&
					   hwp_page_owner_when(f, p) == HWP_BEFORE_ERROR ?
				   HWP_WEAK :
				   HWP_STRONG;
	return reuse;
}

/** The state of a page whose own marks show what it is; UNKNOWN when none does. */
static enum hwp_state marked_state(enum hwp_page_kind kind)
{
	switch (kind) {
	case HWP_PAGE_TABLE:
		return HWP_STATE_PGTABLE;
	case HWP_PAGE_SLAB:
		return HWP_STATE_SLAB;
	case HWP_PAGE_OFFLINE:
		return HWP_STATE_OFFLINE;
	case HWP_PAGE_GUARD:
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_UNACCEPTED:
		return HWP_STATE_BUDDY;
	case HWP_PAGE_HUGETLB:
		return HWP_STATE_HUGETLB;
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_LARGE_KMALLOC:
		return HWP_STATE_KERNEL;
	case HWP_PAGE_RESERVED:
		return HWP_STATE_RESERVED;
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
	return HWP_STATE_UNKNOWN;
}

/**
 * By /proc/kpageflags: a page with no mark may be set apart, on a per-CPU list,
 * lost or the kernel's.
 */
static enum hwp_state shown_state(const struct hwp_poisoned *p)
{
	enum hwp_state state = marked_state(p->shown);

	if (state != HWP_STATE_UNKNOWN)
		return state;
	if (p->bits & HWP_BIT_HEAD)
		return p->shown == HWP_PAGE_USER ? HWP_STATE_LARGE_FOLIO : HWP_STATE_KERNEL;
	return p->shown == HWP_PAGE_USER ? HWP_STATE_IN_USE : HWP_STATE_UNKNOWN;
}

/**
 * Does the log say that memory failure withholds the page itself, which it does by a
 * reference? Or that it was a page of its own, which nobody gets again?
 */
static bool is_withheld_by_log(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];

	return e && (hwp_was_recovered(e) || e->kind == HWP_EVENT_SOFT_OFFLINE ||
		     hwp_held_then(e) == HWP_HELD_LRU);
}

/** Referenced, without a type, order 0. */
static enum hwp_state referenced_state(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const uint32_t was_lru = HWP_BIT_UPTODATE | HWP_BIT_SWAPBACKED | HWP_BIT_DIRTY;

	switch (hwp_page_kind(&p->page, p->bits)) {
	case HWP_PAGE_TAKEN_OFF:
		return HWP_STATE_TAKEN_OFF;
	case HWP_PAGE_ANON:
	case HWP_PAGE_FILE:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_USER:
		return HWP_STATE_IN_USE;
	/* An isolated anonymous page keeps its stale mapping. */
	case HWP_PAGE_ANON_LEFT:
	case HWP_PAGE_USER_LEFT:
		return HWP_STATE_ISOLATED;
	case HWP_PAGE_MOVABLE:
	case HWP_PAGE_UNMARKED:
		return p->bits & was_lru || is_withheld_by_log(f, p) ? HWP_STATE_ISOLATED :
								       HWP_STATE_KERNEL;
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_TABLE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_SLAB:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_UNACCEPTED:
	case HWP_PAGE_LARGE_KMALLOC:
	case HWP_PAGE_RESERVED:
		break;
	}
	return HWP_STATE_KERNEL;
}

static enum hwp_state folio_state(const struct hwp_poisoned *p)
{
	switch (p->folio.kind) {
	case HWP_FOLIO_HUGETLB:
		return HWP_STATE_HUGETLB;
	case HWP_FOLIO_LARGE:
		return HWP_STATE_LARGE_FOLIO;
	case HWP_FOLIO_SLAB:
		return HWP_STATE_SLAB;
	case HWP_FOLIO_KERNEL:
	case HWP_FOLIO_DEVICE:
	case HWP_FOLIO_NONE:
		break;
	}
	return p->folio.head.type == HWP_TYPE_NONE ?
		       HWP_STATE_KERNEL :
		       marked_state(hwp_page_kind(&p->folio.head, p->folio.head_bits));
}

static enum hwp_state allocated_state(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	enum hwp_state state;

	if (hwp_reuse_proof(f, p).proof)
		return HWP_STATE_REUSED;
	if (p->folio.kind != HWP_FOLIO_NONE)
		return folio_state(p);
	state = marked_state(hwp_page_kind(&p->page, p->bits));
	if (state != HWP_STATE_UNKNOWN)
		return state;
	if (p->stranded_is_refused)
		return HWP_STATE_DROPPED;
	if (p->page.refcount > 0)
		return referenced_state(f, p);
	/* It may be on the list that could not be walked. */
	if (p->zone < 0 || f->zones.data[p->zone].lists_cut)
		return HWP_STATE_UNKNOWN;
	/* An allocation that meets a page which was left free throws it away: it is in none. */
	if (p->has_holder && !(hwp_was_left_free(f, p) && f->kernel.check_pages == HWP_ON))
		return HWP_STATE_KERNEL;
	/* A kernel with the fix withholds the page; what it lost with it is another fault. */
	return p->is_stranded && f->kernel.fix != HWP_FIX_PRESENT ? HWP_STATE_DROPPED :
								    HWP_STATE_ISOLATED;
}

/**
 * Only the type of its struct page puts it into a free block, and no list of its zone has that
 * block, though all were walked and have as many blocks as the zone counts: one of the two is wrong.
 */
static bool is_refuted_by_lists(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	/* A running kernel moves blocks between the two looks, and one that holds zone->lock has a
	 * block on its way. */
	if (f->live || p->by_page.container != HWP_FREE_AREA || p->zone < 0 ||
	    f->zones.data[p->zone].lists_cut || f->zones.data[p->zone].was_locked)
		return false;
	for (size_t i = 0; i < f->areas.nr; i++) {
		if (f->areas.data[i].zone == p->zone &&
		    f->areas.data[i].nr_free != f->areas.data[i].nr_walked)
			return false;
	}
	return true;
}

static enum hwp_state decide(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	if (p->is_shown)
		return shown_state(p);
	if (!p->was_read)
		return HWP_STATE_UNKNOWN;
	/* Sections of ZONE_DEVICE are never online. */
	if (p->zone_is_device)
		return HWP_STATE_DEVICE;
	if (p->section_offline)
		return HWP_STATE_OFFLINE;
	if (p->by_list.container == HWP_PCP_LIST)
		return HWP_STATE_PCP;
	if (p->by_list.container != HWP_NOT_FREE)
		return HWP_STATE_BUDDY;
	if (p->by_page.container != HWP_NOT_FREE)
		return is_refuted_by_lists(f, p) ? HWP_STATE_UNKNOWN : HWP_STATE_BUDDY;
	return allocated_state(f, p);
}

/** The folio or block that holds the page, for the report's columns. */
static void place(struct hwp_poisoned *p)
{
	const struct hwp_block *block = p->by_list.container != HWP_NOT_FREE ? &p->by_list :
									       &p->by_page;

	p->order = -1;
	p->migratetype = p->cpu = -1;
	p->head_pfn = p->pfn;
	if (block->container != HWP_NOT_FREE) {
		p->head_pfn = block->head_pfn;
		p->order = block->order;
		p->migratetype = block->migratetype;
		p->cpu = block->cpu;
	} else if (p->state == HWP_STATE_DROPPED) {
		p->head_pfn = p->stranded_pfn;
		p->order = p->stranded_order;
	} else if (p->folio.kind != HWP_FOLIO_NONE) {
		p->head_pfn = p->folio.head_pfn;
		p->order = p->folio.order;
	} else if (p->has_holder && p->state != HWP_STATE_ISOLATED) {
		p->head_pfn = p->holder_pfn;
		p->order = p->holder_order;
	}
}

static void count_page(struct hwp_findings *f, const struct hwp_poisoned *p)
{
	/* Blocks are disjoint, and in the order of their pfns. */
	size_t block = hwp_vec_lower_bound(&f->counters.blocks, b, b->end_pfn <= p->pfn);

	if (block < f->counters.blocks.nr && p->pfn >= f->counters.blocks.data[block].start_pfn)
		f->counters.blocks.data[block].nr_found++;
	for (size_t i = 0; i < f->counters.nodes.nr && p->zone >= 0; i++) {
		if (f->counters.nodes.data[i].nid == f->zones.data[p->zone].nid)
			f->counters.nodes.data[i].nr_found++;
	}
}

void hwp_summarise(struct hwp_findings *f)
{
	struct hwp_summary *s = &f->summary;
	uint64_t last_lost = UINT64_MAX;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < f->counters.blocks.nr; i++)
		f->counters.blocks.data[i].nr_found = 0;
	for (size_t i = 0; i < f->counters.nodes.nr; i++)
		f->counters.nodes.data[i].nr_found = 0;
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		s->nr_poisoned++;
		s->nr_by_state[p->state]++;
		s->nr_by_class[hwp_state_class(p->state)]++;
		s->nr_unrecorded_folios += p->raw_page_unknown;
		/* Pages ascend, so those of one block follow each other. */
		if (p->is_stranded && p->stranded_pfn != last_lost) {
			s->nr_healthy_lost += p->nr_stranded_healthy;
			last_lost = p->stranded_pfn;
		}
		count_page(f, p);
	}
}

struct hwp_error *hwp_classify(struct hwp_findings *f)
{
	struct hwp_error *err = find_in_log(f);

	if (err)
		return err;
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];

		p->state = decide(f, p);
		place(p);
	}
	hwp_summarise(f);
	return NULL;
}
