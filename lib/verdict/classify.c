// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/classify.h"

#include <string.h>

#include "layout/page.h"

/* Where sched_clock is not stable, kernel/sched/clock.c keeps each CPU's local_clock() within a
 * tick of the true time: two of them at HZ=100. */
#define MAX_CLOCKS_APART_NS 20000000

/** What kind of user holds a page now, or held it when memory_failure() met it. */
enum held_as {
	HELD_AS_UNKNOWN,
	HELD_AS_FREE,
	HELD_AS_HUGETLB,
	/** A THP that could not be split. */
	HELD_AS_THP,
	/** An order-0 page, anonymous or of a file. */
	HELD_AS_LRU,
	HELD_AS_KERNEL,
};

/**
 * The words of action_page_types[] in mm/memory-failure.c, all versions. "High-order kernel
 * page" is whatever has no reference and is in no free list; on v5.10 also a THP of shmem.
 */
static enum held_as held_then(const struct hwp_event *e)
{
	static const struct {
		const char *word;
		enum held_as held_as;
	} words[] = {
		{ "high-order kernel page", HELD_AS_UNKNOWN },
		{ "free buddy page", HELD_AS_FREE },
		{ "huge page", HELD_AS_HUGETLB },
		{ "unsplit thp", HELD_AS_THP },
		{ "LRU page", HELD_AS_LRU },
		{ "swapcache page", HELD_AS_LRU },
		{ "kernel slab page", HELD_AS_KERNEL },
		{ "kernel page", HELD_AS_KERNEL },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(words); i++) {
		if (e->kind == HWP_EVENT_ACTION && strstr(e->page_type, words[i].word))
			return words[i].held_as;
	}
	return HELD_AS_UNKNOWN;
}

/** What kind of user holds an allocated page now, as far as its struct page shows. */
static enum held_as held_now(const struct hwp_poisoned *p)
{
	switch (p->folio.kind) {
	case HWP_FOLIO_HUGETLB:
		return HELD_AS_HUGETLB;
	case HWP_FOLIO_LARGE:
		return HELD_AS_THP;
	case HWP_FOLIO_SLAB:
	case HWP_FOLIO_KERNEL:
		return HELD_AS_KERNEL;
	case HWP_FOLIO_DEVICE:
	case HWP_FOLIO_NONE:
		break;
	}
	switch (hwp_page_kind(&p->page, p->bits)) {
	case HWP_PAGE_SLAB:
	case HWP_PAGE_TABLE:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_LARGE_KMALLOC:
		return HELD_AS_KERNEL;
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_UNACCEPTED:
		return HELD_AS_UNKNOWN;
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
		return HELD_AS_LRU;
	return HELD_AS_UNKNOWN;
}

/*
 * A page changes hands only through the allocator. True for the pairs of a
 * holder then and a holder now that no page can have had without being freed
 * in between. THP to THP needs the flag: memory_failure() sets PG_has_hwpoisoned
 * before it tries to split, and only a split or a free clears it. THP to LRU
 * proves nothing: the THP may have been split since.
 */
static bool changed_hands(enum held_as then, enum held_as now, const struct hwp_poisoned *p)
{
	switch (then) {
	case HELD_AS_FREE:
		return now != HELD_AS_UNKNOWN;
	case HELD_AS_HUGETLB:
		return now == HELD_AS_THP || now == HELD_AS_LRU || now == HELD_AS_KERNEL;
	case HELD_AS_THP:
		return now == HELD_AS_HUGETLB || now == HELD_AS_KERNEL ||
		       (now == HELD_AS_THP && p->folio.can_have_hwpoisoned &&
			!p->folio.has_hwpoisoned);
	case HELD_AS_LRU:
		return now == HELD_AS_HUGETLB || now == HELD_AS_KERNEL || now == HELD_AS_THP;
	case HELD_AS_KERNEL:
		return now == HELD_AS_HUGETLB || now == HELD_AS_THP || now == HELD_AS_LRU;
	case HELD_AS_UNKNOWN:
		break;
	}
	return false;
}

/** Does the log report an error in the folio while it was HugeTLB? */
static bool log_names_hugetlb(const struct hwp_findings *f, const struct hwp_folio_facts *folio)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (e->pfn >= folio->head_pfn && (e->pfn - folio->head_pfn) >> folio->order == 0 &&
		    held_then(e) == HELD_AS_HUGETLB)
			return true;
	}
	return false;
}

enum hwp_when hwp_page_owner_when(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];
	uint64_t apart = f->kernel.clocks_differ ? MAX_CLOCKS_APART_NS : 0;

	/* Other lines come before the page is marked, or say nothing of its being so. */
	if (!e || (e->kind != HWP_EVENT_ACTION && e->kind != HWP_EVENT_SIGBUS &&
		   e->kind != HWP_EVENT_ALREADY_POISONED))
		return HWP_WHEN_UNKNOWN;
	if (!p->page_owner.found || !p->page_owner.alloc_ns)
		return HWP_WHEN_UNKNOWN;
	if (p->page_owner.alloc_ns > e->time_ns && p->page_owner.alloc_ns - e->time_ns > apart)
		return HWP_AFTER_ERROR;
	if (p->page_owner.alloc_ns < e->time_ns && e->time_ns - p->page_owner.alloc_ns > apart)
		return HWP_BEFORE_ERROR;
	return HWP_WHEN_UNKNOWN;
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
	return p->owner.found && p->owner.allocated_it && p->owner.has_start &&
	       p->owner.start_ns > f->events.data[p->event].time_ns &&
	       !(is_allocated(p) && hwp_page_owner_when(f, p) == HWP_BEFORE_ERROR);
}

/** What the log, the struct page and the owner prove together. */
static const char *proof_by_words(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_folio_facts *folio = &p->folio;
	enum held_as then, now = held_now(p);

	if (folio->kind == HWP_FOLIO_HUGETLB && p->raw_page_unknown && folio->raw_list_readable &&
	    !folio->raw_unreliable && folio->nr_raw == 0 && !log_names_hugetlb(f, folio))
		return "the HugeTLB head is flagged but raw_hwp_list is empty: it was poisoned "
		       "before the folio was allocated";
	if (p->is_raw || p->event < 0)
		return NULL;
	if (owner_is_younger(f, p))
		return "it belongs to a process that started after the error struck, and was "
		       "allocated by it";
	then = held_then(&f->events.data[p->event]);
	if (!changed_hands(then, now, p))
		return NULL;
	if (now == HELD_AS_THP && then == HELD_AS_THP)
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

static bool event_says_lru(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	enum held_as then;

	if (p->event < 0)
		return false;
	then = held_then(&f->events.data[p->event]);
	return then == HELD_AS_LRU || then == HELD_AS_THP || then == HELD_AS_FREE ||
	       then == HELD_AS_HUGETLB || f->events.data[p->event].kind == HWP_EVENT_SOFT_OFFLINE;
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
		return p->bits & was_lru || event_says_lru(f, p) ? HWP_STATE_ISOLATED :
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
	if (p->page.refcount > 0)
		return referenced_state(f, p);
	/* It may be on the list that could not be walked. */
	if (p->zone < 0 || f->zones.data[p->zone].lists_cut)
		return HWP_STATE_UNKNOWN;
	if (p->has_holder)
		return HWP_STATE_KERNEL;
	return p->is_stranded ? HWP_STATE_DROPPED : HWP_STATE_ISOLATED;
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
	if (p->by_list.container != HWP_NOT_FREE || p->by_page.container != HWP_NOT_FREE)
		return HWP_STATE_BUDDY;
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
	} else if (p->has_holder) {
		p->head_pfn = p->holder_pfn;
		p->order = p->holder_order;
	}
}

static void count_page(struct hwp_findings *f, const struct hwp_poisoned *p)
{
	for (size_t i = 0; i < f->counters.blocks.nr; i++) {
		struct hwp_memory_block_count *b = &f->counters.blocks.data[i];

		if (p->pfn >= b->start_pfn && p->pfn < b->end_pfn)
			b->nr_found++;
	}
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
		if (p->state == HWP_STATE_DROPPED && p->stranded_pfn != last_lost) {
			s->nr_healthy_lost += p->nr_stranded_healthy;
			last_lost = p->stranded_pfn;
		}
		count_page(f, p);
	}
}

void hwp_classify(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];

		p->state = decide(f, p);
		place(p);
	}
	hwp_summarise(f);
}
