// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/freelist.h"

#include <inttypes.h>
#include <string.h>

#include "facts/lists/cpus.h"
#include "facts/lists/free_count.h"
#include "facts/lists/list.h"
#include "facts/lists/pageblock.h"
#include "layout/needs.h"
#include "layout/page.h"
#include "target/target.h"

#define MAX_PCP_LISTS 32
/* Blocks that lie in another that are reported; the rest are left out. */
#define MAX_OVERLAPS 3

/** Where a zone, its free areas and its per-CPU sets have the lists of free pages. */
struct hwp_freelist_layout {
	uint32_t free_area, area_size, free_list, nr_free, nr_migratetypes;
	uint32_t trylock_free_pages, unaccepted_pages;
	/** A zone's pointer to its per-CPU sets, and where in one struct per_cpu_pages begins. */
	uint32_t pageset, pcp;
	uint32_t count, lists, nr_lists, nr_pcptypes;
	/** The words of the spinlocks that guard the lists: 0 while nobody holds them. */
	uint32_t zone_lock, pcp_lock;
	/** With CONFIG_PREEMPT_RT they are sleeping locks: the pointers to who holds them. */
	uint32_t zone_lock_owner, pcp_lock_owner;
};

static const struct hwp_need rows[] = {
	HWP_OFFSET(struct hwp_freelist_layout, free_area, "zone.free_area"),
	HWP_SIZE(struct hwp_freelist_layout, area_size, "free_area"),
	HWP_OFFSET(struct hwp_freelist_layout, free_list, "free_area.free_list"),
	HWP_ELEMENTS(struct hwp_freelist_layout, nr_migratetypes, "free_area.free_list"),
	HWP_OFFSET(struct hwp_freelist_layout, nr_free, "free_area.nr_free"),
	/* Linux kernel commit 8c57b687e833 ("mm, bpf: Introduce free_pages_nolock()") (in v6.15). */
	HWP_OFFSET(struct hwp_freelist_layout, trylock_free_pages, "zone.trylock_free_pages",
		   .optional = true),
	/* CONFIG_UNACCEPTED_MEMORY */
	HWP_OFFSET(struct hwp_freelist_layout, unaccepted_pages, "zone.unaccepted_pages",
		   .optional = true),
	/* Linux kernel commit 28f836b6777b ("mm/page_alloc: split per cpu page lists and zone
	 * stats") (in v5.14) made per_cpu_pageset of pageset. */
	HWP_OFFSET(struct hwp_freelist_layout, pageset, "zone.per_cpu_pageset zone.pageset"),
	HWP_OFFSET(struct hwp_freelist_layout, count, "per_cpu_pages.count"),
	HWP_OFFSET(struct hwp_freelist_layout, lists, "per_cpu_pages.lists"),
	HWP_ELEMENTS(struct hwp_freelist_layout, nr_lists, "per_cpu_pages.lists"),
	HWP_VALUE(struct hwp_freelist_layout, nr_pcptypes, "migratetype:MIGRATE_PCPTYPES",
		  .optional = true),
	/* CONFIG_SMP, and not CONFIG_PREEMPT_RT. */
	HWP_OFFSET(struct hwp_freelist_layout, zone_lock, "zone.lock.rlock.raw_lock.val",
		   .optional = true),
	/* Linux kernel commit 4b23a68f9536 ("mm/page_alloc: protect PCP lists with a spinlock")
	 * (in v6.0). */
	HWP_OFFSET(struct hwp_freelist_layout, pcp_lock, "per_cpu_pages.lock.rlock.raw_lock.val",
		   .optional = true),
	/* Linux kernel commit 0f383b6dc96e ("locking/spinlock: Provide RT variant") (in v5.15). */
	HWP_OFFSET(struct hwp_freelist_layout, zone_lock_owner, "zone.lock.lock.owner",
		   .optional = true),
	HWP_OFFSET(struct hwp_freelist_layout, pcp_lock_owner, "per_cpu_pages.lock.lock.owner",
		   .optional = true),
};

static bool decide(struct hwp_resolver *r, void *own)
{
	struct hwp_freelist_layout *at = own;
	struct hwp_member m;

	if (at->nr_migratetypes > HWP_MAX_MIGRATETYPES)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "free_area.free_list has %" PRIu32 " lists",
						     at->nr_migratetypes));
	if (at->nr_lists > MAX_PCP_LISTS)
		hwp_resolve_fail(r, hwp_error_create(HWP_ERROR_BAD_DATA,
						     "per_cpu_pages.lists has %" PRIu32 " lists",
						     at->nr_lists));
	/* Unmovable, movable and reclaimable, on every kernel so far. */
	if (at->nr_pcptypes == 0 || at->nr_pcptypes > 8)
		at->nr_pcptypes = 3;
	/* Up to v5.13 struct per_cpu_pages was a member of struct per_cpu_pageset. */
	if (hwp_resolve_member(r, "zone.pageset", &m))
		at->pcp = hwp_resolve_offset(r, "per_cpu_pageset.pcp");
	if (at->pcp == HWP_ABSENT)
		hwp_resolve_missing(r, "per_cpu_pageset.pcp");
	return true;
}

const struct hwp_needs hwp_freelist_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.sources = (const char *const[]){ "mm/page_alloc.c", NULL },
	.size = sizeof(struct hwp_freelist_layout),
	.required = true,
	.decide = decide,
};

/**
 * Was the lock of the struct at @p address held when the dump was made? Then a CPU was stopped, or
 * died, or a task had slept, while it may have been changing the lists. Unknown for a running kernel.
 */
static enum hwp_answer was_locked(const struct hwp_list_walk *w, uint64_t address, uint32_t lock,
				  uint32_t owner)
{
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t holder = 0;
	uint32_t word = 0;

	if (w->live || (lock == HWP_ABSENT && owner == HWP_ABSENT))
		return HWP_ANSWER_UNKNOWN;
	if (lock != HWP_ABSENT)
		err = hwp_target_read_u32(w->target, address + lock, &word);
	else
		err = hwp_target_read_u64(w->target, address + owner, &holder);
	if (err)
		return HWP_ANSWER_UNKNOWN;
	return word || holder ? HWP_ANSWER_YES : HWP_ANSWER_NO;
}

struct area_walk {
	struct hwp_list_walk *walk;
	int zone, order;
	/** By the last attempt. */
	struct hwp_area_stat stat;
};

static struct hwp_error *walk_area_once(void *arg, struct hwp_list_disagreement *ret)
{
	struct area_walk *a = arg;
	struct hwp_list_walk *w = a->walk;
	const struct hwp_freelist_layout *at = w->at;
	int zone = a->zone, order = a->order;
	uint64_t address = w->zones->zones.data[zone].address;
	uint64_t area = address + at->free_area + (uint64_t)order * at->area_size;
	bool locked = w->findings->zones.data[zone].was_locked;
	struct hwp_area_stat stat = { .zone = zone, .order = order };
	uint64_t nr_free = 0;
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, area + at->nr_free, &stat.nr_free);
	for (unsigned int mt = 0; mt < at->nr_migratetypes && !err; mt++) {
		struct hwp_list list = {
			.walk = w,
			.head = area + at->free_list + (uint64_t)mt * 16,
			.zone = zone,
			.stat = { zone, HWP_FREE_AREA, order, (int)mt, -1, 0, 0, false },
			.was_locked = locked,
		};

		err = hwp_list_walk_it(&list);
		stat.nr_walked += list.stat.nr_blocks;
		stat.was_cut |= list.stat.was_cut;
	}
	if (!err && w->live)
		err = hwp_target_read_u64(w->target, area + at->nr_free, &nr_free);
	stat.moved = locked ? stat.was_cut || stat.nr_walked != stat.nr_free :
			      w->live && (stat.was_cut || nr_free != stat.nr_free);
	a->stat = stat;
	if (stat.moved || stat.nr_free != stat.nr_walked)
		snprintf(ret->text, sizeof(ret->text), "%" PRIu64, stat.nr_free - stat.nr_walked);
	return err;
}

static struct hwp_error *walk_area(struct hwp_list_walk *w, int zone, unsigned int order)
{
	struct area_walk area = { .walk = w, .zone = zone, .order = (int)order };
	enum hwp_list_result result;
	struct hwp_error *err = hwp_list_attempts(w, zone, walk_area_once, &area, &result);

	area.stat.moved |= result == HWP_LIST_MOVES;
	if (!err && !hwp_vec_push(&w->findings->areas, area.stat))
		err = hwp_error_no_memory();
	return err;
}

/**
 * Lists of a per-CPU set: per order 0…3 one for each pcp migratetype, then
 * those for THP: one (v6.0), two for movable or not (v6.10), or one for each
 * type (v5.14). Up to v5.13 order 0 only.
 */
static void pcp_list_kind(const struct hwp_list_walk *w, unsigned int i, int *order, int *mt)
{
	const struct hwp_freelist_layout *at = w->at;
	unsigned int types = at->nr_pcptypes, nr_small = 4 * types;
	unsigned int nr_thp = at->nr_lists > nr_small ? at->nr_lists - nr_small : 0;

	if (i < nr_small) {
		*order = (int)(i / types);
		*mt = (int)(i % types);
		return;
	}
	*order = (int)w->layout->pmd_order;
	*mt = nr_thp == types ? (int)(i - nr_small) : nr_thp == 2 && i > nr_small ? 1 : -1;
}

struct pcp_walk {
	struct hwp_list_walk *walk;
	int zone, cpu;
	/** Of the CPU's per-CPU memory. */
	uint64_t offset;
	/** By the last attempt, in pages: on the lists, and per_cpu_pages.count. */
	uint64_t nr_walked;
	uint32_t count;
};

/** The lists of the struct per_cpu_pages at @p set; *@p cut if one has not been walked to its end. */
static struct hwp_error *walk_pcp_lists(struct pcp_walk *p, uint64_t set, bool locked, bool *cut)
{
	struct hwp_list_walk *w = p->walk;
	struct hwp_error *err = NULL;

	p->nr_walked = 0;
	for (unsigned int i = 0; i < w->at->nr_lists && !err; i++) {
		struct hwp_list list = {
			.walk = w,
			.head = set + w->at->lists + (uint64_t)i * 16,
			.zone = p->zone,
			.stat = { p->zone, HWP_PCP_LIST, 0, 0, p->cpu, 0, 0, false },
			.was_locked = locked,
		};

		pcp_list_kind(w, i, &list.stat.order, &list.stat.migratetype);
		err = hwp_list_walk_it(&list);
		p->nr_walked += list.stat.nr_blocks << list.stat.order;
		*cut |= list.stat.was_cut;
	}
	return err;
}

static struct hwp_error *walk_pcp_once(void *arg, struct hwp_list_disagreement *ret)
{
	struct pcp_walk *p = arg;
	struct hwp_list_walk *w = p->walk;
	uint64_t pageset, set;
	bool cut = false, locked;
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, w->zones->zones.data[p->zone].address + w->at->pageset,
				  &pageset);
	if (!err && !pageset)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "the zone has no per-CPU lists");
	if (err)
		return err;
	set = pageset + p->offset + w->at->pcp;
	locked = was_locked(w, set, w->at->pcp_lock, w->at->pcp_lock_owner) == HWP_ANSWER_YES;
	err = walk_pcp_lists(p, set, locked, &cut);
	if (err || cut || locked)
		return err;
	err = hwp_target_read_u32(w->target, set + w->at->count, &p->count);
	if (!err && p->count != p->nr_walked)
		snprintf(ret->text, sizeof(ret->text), "%" PRIu64, p->count - p->nr_walked);
	return err;
}

static struct hwp_error *walk_pcp(struct hwp_list_walk *w, int zone, int cpu, uint64_t offset)
{
	struct pcp_walk pcp = { .walk = w, .zone = zone, .cpu = cpu, .offset = offset };
	const struct hwp_zone *z = &w->zones->zones.data[zone];
	enum hwp_list_result result;
	struct hwp_error *err = hwp_list_attempts(w, zone, walk_pcp_once, &pcp, &result);

	if (err || result != HWP_LIST_CONTRADICTS)
		return err;
	return hwp_findings_contradiction(w->findings,
					  "node %d %s cpu %d: the per-CPU lists hold %" PRIu64
					  " pages, count is %" PRIu32,
					  z->nid, z->name, cpu, pcp.nr_walked, pcp.count) ?
		       NULL :
		       hwp_error_no_memory();
}

/** Every zone; in a quick look only those that a poisoned page is, or may be, in. */
static bool is_wanted(const struct hwp_list_walk *w, int zone)
{
	for (size_t i = 0; w->quick && i < w->findings->poisoned.nr; i++) {
		int of_page = w->findings->poisoned.data[i].zone;

		if (of_page == zone || of_page < 0)
			return true;
	}
	return !w->quick;
}

/** The lists of @p zone, or of all zones if -1, have a hole: a page may be on them unseen. */
static void cut_lists(struct hwp_list_walk *w, int zone)
{
	for (size_t z = 0; z < w->findings->zones.nr; z++) {
		if (zone < 0 || (size_t)zone == z)
			w->findings->zones.data[z].lists_cut = true;
	}
}

/** An error in the lists of one CPU is recorded as a hole; the walk goes on with the others. */
static struct hwp_error *tolerate_cpu(struct hwp_list_walk *w, struct hwp_error *err, int zone,
				      uint32_t cpu)
{
	const struct hwp_zone *z = &w->zones->zones.data[zone];
	char what[80];

	if (err)
		cut_lists(w, zone);
	snprintf(what, sizeof(what), "node %d %s cpu %" PRIu32 ": per-CPU lists", z->nid, z->name,
		 cpu);
	return hwp_findings_tolerate(w->findings, err, HWP_HOLE_PCP_LIST, what);
}

static struct hwp_error *walk_cpus(struct hwp_list_walk *w)
{
	_cleanup_(hwp_cpus_deinit) struct hwp_cpus cpus = {};
	size_t nr_troubles = w->findings->troubles.nr;
	struct hwp_error *err;

	err = hwp_cpus_find(w->target, w->layout, w->findings, &cpus);
	if (w->findings->troubles.nr > nr_troubles)
		cut_lists(w, -1);
	for (size_t z = 0; z < w->zones->zones.nr && !err; z++) {
		if (!w->live && !w->quick)
			hwp_free_count_read(w->target, w->layout, w->zones->zones.data[z].address,
					    &cpus, &w->findings->zones.data[z]);
		for (size_t i = 0; i < cpus.cpus.nr && !err && is_wanted(w, (int)z); i++) {
			const struct hwp_cpu *cpu = &cpus.cpus.data[i];

			err = walk_pcp(w, (int)z, (int)cpu->number, cpu->offset);
			err = tolerate_cpu(w, err, (int)z, cpu->number);
		}
	}
	return err;
}

/** zone->trylock_free_pages: singly linked through page.pcp_llist, order in private. */
static struct hwp_error *walk_trylock(struct hwp_list_walk *w, int zone)
{
	const struct hwp_layout *l = w->layout;
	struct hwp_list list = {
		.walk = w,
		.zone = zone,
		.stat = { zone, HWP_TRYLOCK_LIST, 0, -1, -1, 0, 0, false },
	};
	struct hwp_cycle cycle = {};
	struct hwp_error *err;
	uint64_t node;

	hwp_list_name(&list);
	err = hwp_target_read_u64(w->target,
				  hwp_list_zone(&list)->address + w->at->trylock_free_pages, &node);
	while (!err && node) {
		enum hwp_list_step step;
		struct hwp_list_entry e;
		uint64_t order;

		err = hwp_list_read(&list, node, &e, &step);
		if (err || step == STEP_BROKEN) {
			list.stat.was_cut = true;
			break;
		}
		order = e.private;
		if (order >= l->nr_orders || hwp_cycle_closed(&cycle, node)) {
			list.stat.was_cut = true;
			err = hwp_list_contradiction(&list,
						     order >= l->nr_orders ?
							     "an entry has no valid order" :
							     "the list runs into itself",
						     node);
			break;
		}
		node = e.next;
		err = hwp_list_add(&list, e.pfn, (int)order);
	}
	if (list.stat.was_cut)
		w->findings->zones.data[zone].lists_cut = true;
	if (!err && !hwp_vec_push(&w->findings->lists, list.stat))
		err = hwp_error_no_memory();
	return err;
}

static struct hwp_error *walk_others(struct hwp_list_walk *w, int zone)
{
	const struct hwp_layout *l = w->layout;
	const struct hwp_freelist_layout *at = w->at;
	struct hwp_error *err = NULL;

	if (at->trylock_free_pages != HWP_ABSENT)
		err = walk_trylock(w, zone);
	if (!err && at->unaccepted_pages != HWP_ABSENT) {
		struct hwp_list list = {
			.walk = w,
			.head = w->zones->zones.data[zone].address + at->unaccepted_pages,
			.zone = zone,
			.stat = { zone, HWP_UNACCEPTED_LIST, (int)l->nr_orders - 1, -1, -1, 0, 0,
				  false },
		};

		err = hwp_list_walk_it(&list);
	}
	return err;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct hwp_block *x = a, *y = b;

	if (x->head_pfn != y->head_pfn)
		return x->head_pfn < y->head_pfn ? -1 : 1;
	return x->order - y->order;
}

/** An error in the lists of @p zone is recorded as a hole; the walk goes on with the others. */
static struct hwp_error *tolerate(struct hwp_list_walk *w, struct hwp_error *err, int zone,
				  enum hwp_hole hole)
{
	if (err)
		cut_lists(w, zone);
	return hwp_findings_tolerate(w->findings, err, hole,
				     hole == HWP_HOLE_FREE_LIST ? "free lists" :
								  "lists of free pages");
}

static int compare_spans(const void *a, const void *b)
{
	const struct hwp_pfn_span *x = a, *y = b;

	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
}

/** The span of the largest folio that it may have been: pages lost there show whether it was. */
static struct hwp_pfn_span span_of_folio(const struct hwp_folio *folio)
{
	struct hwp_pfn_span span = { folio->head_pfn, hwp_folio_end(folio) };

	if (folio->max_order > folio->order) {
		span.start_pfn = hwp_align_down(folio->head_pfn, (unsigned int)folio->max_order);
		span.end_pfn = span.start_pfn + (UINT64_C(1) << folio->max_order);
	}
	return span;
}

/** Where blocks matter: around every poisoned page and the subject, and in every folio. */
static struct hwp_pfn_span *find_spans(const struct hwp_list_walk *w, size_t *nr_ret)
{
	const struct hwp_findings *f = w->findings;
	struct hwp_pfn_span *spans = calloc(w->nr_poisoned + f->folios.nr + 2, sizeof(*spans));
	unsigned int order = w->layout->nr_orders - 1;
	size_t nr = 0, kept = 0;

	for (size_t i = 0; spans && i < w->nr_poisoned; i++, nr++) {
		spans[nr].start_pfn = hwp_align_down(w->poisoned_pfns[i], order);
		spans[nr].end_pfn = spans[nr].start_pfn + (UINT64_C(1) << order);
	}
	for (size_t i = 0; spans && i < f->folios.nr; i++, nr++)
		spans[nr] = span_of_folio(&f->folios.data[i]);
	if (spans && f->subject.asked) {
		spans[nr].start_pfn = hwp_align_down(f->subject.page.pfn, order);
		spans[nr].end_pfn = spans[nr].start_pfn + (UINT64_C(1) << order);
		nr++;
	}
	if (nr)
		qsort(spans, nr, sizeof(*spans), compare_spans);
	for (size_t i = 1; i < nr; i++) {
		if (spans[i].start_pfn > spans[kept].end_pfn)
			spans[++kept] = spans[i];
		else if (spans[i].end_pfn > spans[kept].end_pfn)
			spans[kept].end_pfn = spans[i].end_pfn;
	}
	*nr_ret = nr ? kept + 1 : 0;
	return spans;
}

/** Free blocks are disjoint. Blocks are sorted; those far from poison were not kept. */
static struct hwp_error *check_overlaps(struct hwp_list_walk *w)
{
	const struct hwp_findings *f = w->findings;
	const struct hwp_block *last = f->blocks.data;
	unsigned int nr_reported = 0;

	for (size_t i = 1; i < f->blocks.nr && nr_reported < MAX_OVERLAPS; i++) {
		const struct hwp_block *b = &f->blocks.data[i];

		if (b->head_pfn - last->head_pfn >= UINT64_C(1) << last->order) {
			last = b;
			continue;
		}
		if (w->live || f->zones.data[b->zone].was_locked ||
		    f->zones.data[last->zone].was_locked)
			continue;
		nr_reported++;
		if (!hwp_findings_page_contradicts(
			    w->findings, b->head_pfn,
			    "the free block at 0x%" PRIx64
			    " (%s, order %d) lies in that at 0x%" PRIx64 " (%s, order %d)",
			    b->head_pfn, hwp_container_name(b->container), b->order, last->head_pfn,
			    hwp_container_name(last->container), last->order))
			return hwp_error_no_memory();
	}
	return NULL;
}

static void pageblocks_destroyp(struct hwp_pageblocks **pageblocks)
{
	hwp_pageblocks_destroy(*pageblocks);
}

/** Pageblocks change their type while a running kernel is read; older kernels are less exact. */
static struct hwp_error *read_pageblocks(struct hwp_list_walk *w, struct hwp_pageblocks **ret)
{
	*ret = NULL;
	return w->live || w->quick || !w->findings->kernel.frees_gigantic_whole ?
		       NULL :
		       hwp_pageblocks_read(w->target, hwp_page_reader_memmap(w->reader),
					   &w->findings->pageblocks, ret);
}

struct hwp_error *hwp_walk_free_lists(struct hwp_list_walk *w)
{
	_cleanup_free_ struct hwp_pfn_span *spans = find_spans(w, &w->nr_spans);
	_cleanup_(pageblocks_destroyp) struct hwp_pageblocks *pageblocks = NULL;
	struct hwp_error *err;

	if (!spans)
		return hwp_error_no_memory();
	w->spans = spans;
	w->at = hwp_layout_of(w->layout, &hwp_freelist_needs);
	err = read_pageblocks(w, &pageblocks);
	w->pageblocks = pageblocks;
	for (size_t z = 0; z < w->zones->zones.nr && !err; z++) {
		struct hwp_zone_facts *facts = &w->findings->zones.data[z];
		uint64_t address = w->zones->zones.data[z].address;

		enum hwp_answer locked = was_locked(w, address, w->at->zone_lock,
						    w->at->zone_lock_owner);

		facts->was_locked = locked == HWP_ANSWER_YES;
		facts->lock_unknown = !w->live && locked == HWP_ANSWER_UNKNOWN;
		for (unsigned int order = 0; order < w->layout->nr_orders && !err && !w->quick;
		     order++)
			err = tolerate(w, walk_area(w, (int)z, order), (int)z, HWP_HOLE_FREE_LIST);
		if (!err && is_wanted(w, (int)z))
			err = tolerate(w, walk_others(w, (int)z), (int)z, HWP_HOLE_OTHER_LIST);
	}
	if (!err)
		err = walk_cpus(w);
	if (!err && w->findings->blocks.nr)
		qsort(w->findings->blocks.data, w->findings->blocks.nr,
		      sizeof(*w->findings->blocks.data), compare_blocks);
	w->pageblocks = NULL;
	return err ? err : check_overlaps(w);
}
