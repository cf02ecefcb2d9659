// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/freelist.h"

#include <inttypes.h>
#include <string.h>

#include "facts/lists/list.h"
#include "layout/needs.h"
#include "layout/page.h"
#include "target/target.h"

#define MAX_PCP_LISTS 32

/** Lists that hold free pages: in a zone, in its free areas, in its per-CPU sets. */
struct hwp_freelist_layout {
	uint32_t free_area, area_size, free_list, nr_free, nr_migratetypes;
	uint32_t trylock_free_pages, unaccepted_pages;
	/** A zone's pointer to its per-CPU sets, and where in one struct per_cpu_pages begins. */
	uint32_t pageset, pcp;
	uint32_t count, lists, nr_lists, nr_pcptypes;
	/** CONFIG_SMP; else 0. */
	uint64_t per_cpu_offset, nr_cpu_ids, cpu_possible_mask;
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
	HWP_SYMBOL(struct hwp_freelist_layout, per_cpu_offset, "__per_cpu_offset",
		   .optional = true),
	HWP_SYMBOL(struct hwp_freelist_layout, nr_cpu_ids, "nr_cpu_ids", .optional = true),
	HWP_SYMBOL(struct hwp_freelist_layout, cpu_possible_mask, "__cpu_possible_mask",
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

static struct hwp_error *walk_area_once(struct hwp_list_walk *w, int zone, unsigned int order,
					struct hwp_area_stat *ret)
{
	const struct hwp_freelist_layout *at = w->at;
	uint64_t area = w->zones->zones.data[zone].address + at->free_area +
			(uint64_t)order * at->area_size;
	struct hwp_area_stat stat = { .zone = zone, .order = (int)order };
	uint64_t nr_free = 0;
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, area + at->nr_free, &stat.nr_free);
	for (unsigned int mt = 0; mt < at->nr_migratetypes && !err; mt++) {
		struct hwp_list list = {
			.walk = w,
			.head = area + at->free_list + (uint64_t)mt * 16,
			.zone = zone,
			.stat = { zone, HWP_FREE_AREA, (int)order, (int)mt, -1, 0, 0, false },
		};

		err = hwp_list_walk_it(&list);
		stat.nr_walked += list.stat.nr_blocks;
		stat.was_cut |= list.stat.was_cut;
	}
	if (!err && w->live)
		err = hwp_target_read_u64(w->target, area + at->nr_free, &nr_free);
	stat.moved = w->live && (stat.was_cut || nr_free != stat.nr_free);
	*ret = stat;
	return err;
}

/** On a running kernel, walk until count and lists agree, or differ by the same each time. */
static struct hwp_error *walk_area(struct hwp_list_walk *w, int zone, unsigned int order)
{
	const struct hwp_list_mark mark = hwp_list_mark(w, zone);
	uint64_t difference = 0;
	struct hwp_area_stat stat;
	struct hwp_error *err;
	bool same = true;

	for (int attempt = 1;; attempt++) {
		err = walk_area_once(w, zone, order, &stat);
		if (err || !w->live || (!stat.moved && stat.nr_free == stat.nr_walked))
			break;
		same &= attempt == 1 || stat.nr_free - stat.nr_walked == difference;
		difference = stat.nr_free - stat.nr_walked;
		if (attempt == HWP_LIST_MAX_ATTEMPTS)
			break;
		hwp_list_take_back(w, zone, &mark);
	}
	stat.moved |= !same;
	if (!err && !hwp_vec_push(&w->findings->areas, stat))
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

/** per_cpu_pages.count is in pages. */
static struct hwp_error *check_count(struct hwp_list_walk *w, int zone, int cpu, uint64_t set,
				     uint64_t nr_walked, int64_t *difference)
{
	const struct hwp_zone *z = &w->zones->zones.data[zone];
	uint32_t count;
	struct hwp_error *err;

	err = hwp_target_read_u32(w->target, set + w->at->count, &count);
	if (err || count == nr_walked)
		return err;
	*difference = (int64_t)count - (int64_t)nr_walked;
	return hwp_findings_trouble(w->findings, HWP_TROUBLE_CONTRADICTION,
				    "node %d %s cpu %d: the per-CPU lists hold %" PRIu64
				    " pages, count is %" PRIu32,
				    z->nid, z->name, cpu, nr_walked, count) ?
		       NULL :
		       hwp_error_no_memory();
}

static struct hwp_error *walk_pcp_once(struct hwp_list_walk *w, int zone, int cpu, uint64_t offset,
				       int64_t *difference)
{
	const struct hwp_freelist_layout *at = w->at;
	uint64_t pageset, nr_pages = 0;
	bool was_cut = false;
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, w->zones->zones.data[zone].address + at->pageset,
				  &pageset);
	if (!err && !pageset)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "the zone has no per-CPU lists");
	for (unsigned int i = 0; i < at->nr_lists && !err; i++) {
		struct hwp_list list = {
			.walk = w,
			.head = pageset + offset + at->pcp + at->lists + (uint64_t)i * 16,
			.zone = zone,
			.stat = { zone, HWP_PCP_LIST, 0, 0, cpu, 0, 0, false },
		};

		pcp_list_kind(w, i, &list.stat.order, &list.stat.migratetype);
		err = hwp_list_walk_it(&list);
		nr_pages += list.stat.nr_blocks << list.stat.order;
		was_cut |= list.stat.was_cut;
	}
	if (!err && !was_cut)
		err = check_count(w, zone, cpu, pageset + offset + at->pcp, nr_pages, difference);
	return err;
}

/** On a running kernel, what contradicts itself differently each time has moved. */
static struct hwp_error *walk_pcp(struct hwp_list_walk *w, int zone, int cpu, uint64_t offset)
{
	const struct hwp_list_mark mark = hwp_list_mark(w, zone);
	int64_t first = 0, difference = 0;
	struct hwp_error *err;

	for (int attempt = 1;; attempt++) {
		err = walk_pcp_once(w, zone, cpu, offset, &difference);
		if (err || !w->live || !difference)
			return err;
		if (attempt > 1 && difference != first) {
			w->findings->troubles.nr--;
			return NULL;
		}
		if (attempt == HWP_LIST_MAX_ATTEMPTS)
			return NULL;
		first = difference;
		difference = 0;
		hwp_list_take_back(w, zone, &mark);
	}
}

/** Every zone, or for a quick look those that a poisoned page is in (or may be). */
static bool is_wanted(const struct hwp_list_walk *w, int zone)
{
	for (size_t i = 0; w->quick && i < w->findings->poisoned.nr; i++) {
		int of_page = w->findings->poisoned.data[i].zone;

		if (of_page == zone || of_page < 0)
			return true;
	}
	return !w->quick;
}

/** Possible CPUs: those offline are drained, but a list is a list. */
static struct hwp_error *walk_cpus(struct hwp_list_walk *w)
{
	const struct hwp_freelist_layout *at = w->at;
	_cleanup_free_ uint64_t *offsets = NULL;
	_cleanup_free_ uint8_t *possible = NULL;
	uint32_t nr_cpus = 1;
	struct hwp_error *err = NULL;

	/* CONFIG_SMP=n: one CPU, no offset. */
	if (at->per_cpu_offset && at->nr_cpu_ids)
		err = hwp_target_read_u32(w->target, at->nr_cpu_ids, &nr_cpus);
	if (!err && (nr_cpus == 0 || nr_cpus > 65536))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "nr_cpu_ids is %" PRIu32, nr_cpus);
	if (err)
		return err;
	offsets = calloc(nr_cpus, sizeof(*offsets));
	possible = malloc((nr_cpus + 63) / 64 * 8);
	if (!offsets || !possible)
		return hwp_error_no_memory();
	memset(possible, 0xff, (nr_cpus + 63) / 64 * 8);
	if (at->per_cpu_offset)
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, at->per_cpu_offset, offsets,
				      nr_cpus * sizeof(*offsets), NULL);
	if (!err && at->cpu_possible_mask)
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, at->cpu_possible_mask,
				      possible, (nr_cpus + 63) / 64 * 8, NULL);
	for (size_t z = 0; z < w->zones->zones.nr && !err; z++) {
		for (uint32_t cpu = 0; cpu < nr_cpus && !err; cpu++) {
			if (hwp_test_bit(possible, cpu) && is_wanted(w, (int)z))
				err = walk_pcp(w, (int)z, (int)cpu, offsets[cpu]);
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
		order = hwp_page_private(l, e.page);
		if (order >= l->nr_orders || hwp_cycle_closed(&cycle, node)) {
			list.stat.was_cut = true;
			err = hwp_list_tell(&list, HWP_TROUBLE_HOLE, "the list is corrupt", node);
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

/** A hole in @p zone (-1: in all) is recorded and does not hide the others. */
static struct hwp_error *tolerate(struct hwp_list_walk *w, struct hwp_error *err, int zone,
				  const char *what)
{
	for (size_t z = 0; err && z < w->findings->zones.nr; z++) {
		if (zone < 0 || (size_t)zone == z)
			w->findings->zones.data[z].lists_cut = true;
	}
	return hwp_findings_tolerate(w->findings, err, what);
}

static int compare_spans(const void *a, const void *b)
{
	const struct hwp_pfn_span *x = a, *y = b;

	return x->start_pfn < y->start_pfn ? -1 : x->start_pfn > y->start_pfn;
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
	for (size_t i = 0; spans && i < f->folios.nr; i++, nr++) {
		spans[nr].start_pfn = f->folios.data[i].head_pfn;
		spans[nr].end_pfn = spans[nr].start_pfn + (UINT64_C(1) << f->folios.data[i].order);
	}
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

struct hwp_error *hwp_walk_free_lists(struct hwp_list_walk *w)
{
	_cleanup_free_ struct hwp_pfn_span *spans = find_spans(w, &w->nr_spans);
	struct hwp_error *err = NULL;

	if (!spans)
		return hwp_error_no_memory();
	w->spans = spans;
	w->at = hwp_layout_of(w->layout, &hwp_freelist_needs);
	for (size_t z = 0; z < w->zones->zones.nr && !err; z++) {
		for (unsigned int order = 0; order < w->layout->nr_orders && !err && !w->quick;
		     order++)
			err = tolerate(w, walk_area(w, (int)z, order), (int)z, "free lists");
		if (!err && is_wanted(w, (int)z))
			err = tolerate(w, walk_others(w, (int)z), (int)z, "free lists");
	}
	if (!err)
		err = tolerate(w, walk_cpus(w), -1, "per-CPU lists");
	if (!err && w->findings->blocks.nr)
		qsort(w->findings->blocks.data, w->findings->blocks.nr,
		      sizeof(*w->findings->blocks.data), compare_blocks);
	return err;
}
