// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/freelist.h"

#include <inttypes.h>
#include <string.h>

#include "facts/lists/list.h"
#include "layout/page.h"
#include "target/target.h"

static struct hwp_error *walk_area_once(struct hwp_list_walk *w, int zone, unsigned int order,
					struct hwp_area_stat *ret)
{
	const struct hwp_layout *l = w->layout;
	uint64_t area = w->zones->zones.data[zone].address + l->zone.free_area +
			(uint64_t)order * l->free_area.size;
	struct hwp_area_stat stat = { .zone = zone, .order = (int)order };
	uint64_t nr_free = 0;
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, area + l->free_area.nr_free, &stat.nr_free);
	for (unsigned int mt = 0; mt < l->nr_migratetypes && !err; mt++) {
		struct hwp_list list = {
			.walk = w,
			.head = area + l->free_area.free_list + (uint64_t)mt * 16,
			.zone = zone,
			.stat = { zone, HWP_FREE_AREA, (int)order, (int)mt, -1, 0, 0, false },
		};

		err = hwp_list_walk_it(&list);
		stat.nr_walked += list.stat.nr_blocks;
		stat.was_cut |= list.stat.was_cut;
	}
	if (!err && w->live)
		err = hwp_target_read_u64(w->target, area + l->free_area.nr_free, &nr_free);
	stat.moved = w->live && (stat.was_cut || nr_free != stat.nr_free);
	*ret = stat;
	return err;
}

/** Of a running kernel: until the count and the lists agree, or differ by the same each time. */
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
static void pcp_list_kind(const struct hwp_layout *l, unsigned int i, int *order, int *mt)
{
	unsigned int types = l->per_cpu_pages.nr_pcptypes, nr_small = 4 * types;
	unsigned int nr_thp = l->per_cpu_pages.nr_lists > nr_small ?
				      l->per_cpu_pages.nr_lists - nr_small :
				      0;

	if (i < nr_small) {
		*order = (int)(i / types);
		*mt = (int)(i % types);
		return;
	}
	*order = (int)l->pmd_order;
	*mt = nr_thp == types ? (int)(i - nr_small) : nr_thp == 2 && i > nr_small ? 1 : -1;
}

/** per_cpu_pages.count is in pages. */
static struct hwp_error *check_count(struct hwp_list_walk *w, int zone, int cpu, uint64_t set,
				     uint64_t nr_walked, int64_t *difference)
{
	const struct hwp_zone *z = &w->zones->zones.data[zone];
	uint32_t count;
	struct hwp_error *err;

	err = hwp_target_read_u32(w->target, set + w->layout->per_cpu_pages.count, &count);
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
	const struct hwp_layout *l = w->layout;
	uint64_t pageset, nr_pages = 0;
	bool was_cut = false;
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, w->zones->zones.data[zone].address + l->zone.pageset,
				  &pageset);
	if (!err && !pageset)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "the zone has no per-CPU lists");
	for (unsigned int i = 0; i < l->per_cpu_pages.nr_lists && !err; i++) {
		struct hwp_list list = {
			.walk = w,
			.head = pageset + offset + l->zone.pageset_pcp + l->per_cpu_pages.lists +
				(uint64_t)i * 16,
			.zone = zone,
			.stat = { zone, HWP_PCP_LIST, 0, 0, cpu, 0, 0, false },
		};

		pcp_list_kind(l, i, &list.stat.order, &list.stat.migratetype);
		err = hwp_list_walk_it(&list);
		nr_pages += list.stat.nr_blocks << list.stat.order;
		was_cut |= list.stat.was_cut;
	}
	if (!err && !was_cut)
		err = check_count(w, zone, cpu, pageset + offset + l->zone.pageset_pcp, nr_pages,
				  difference);
	return err;
}

/** Of a running kernel: what contradicts itself anew each time has moved. */
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
	const struct hwp_layout *l = w->layout;
	_cleanup_free_ uint64_t *offsets = NULL;
	_cleanup_free_ uint8_t *possible = NULL;
	uint32_t nr_cpus = 1;
	struct hwp_error *err = NULL;

	/* CONFIG_SMP=n: one CPU, no offset. */
	if (l->symbol.per_cpu_offset && l->symbol.nr_cpu_ids)
		err = hwp_target_read_u32(w->target, l->symbol.nr_cpu_ids, &nr_cpus);
	if (!err && (nr_cpus == 0 || nr_cpus > 65536))
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "nr_cpu_ids is %" PRIu32, nr_cpus);
	if (err)
		return err;
	offsets = calloc(nr_cpus, sizeof(*offsets));
	possible = malloc((nr_cpus + 63) / 64 * 8);
	if (!offsets || !possible)
		return hwp_error_no_memory();
	memset(possible, 0xff, (nr_cpus + 63) / 64 * 8);
	if (l->symbol.per_cpu_offset)
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, l->symbol.per_cpu_offset,
				      offsets, nr_cpus * sizeof(*offsets), NULL);
	if (!err && l->symbol.cpu_possible_mask)
		err = hwp_target_read(w->target, HWP_KERNEL_VIRTUAL, l->symbol.cpu_possible_mask,
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
	uint64_t at;

	hwp_list_name(&list);
	err = hwp_target_read_u64(w->target,
				  hwp_list_zone(&list)->address + l->zone.trylock_free_pages, &at);
	while (!err && at) {
		enum hwp_list_step step;
		struct hwp_list_entry e;
		uint64_t order;

		err = hwp_list_read(&list, at, &e, &step);
		if (err || step == STEP_BROKEN) {
			list.stat.was_cut = true;
			break;
		}
		order = hwp_page_private(l, e.page);
		if (order >= l->nr_orders || hwp_cycle_closed(&cycle, at)) {
			list.stat.was_cut = true;
			err = hwp_list_tell(&list, HWP_TROUBLE_HOLE, "the list is corrupt", at);
			break;
		}
		at = e.next;
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
	struct hwp_error *err = NULL;

	if (l->zone.trylock_free_pages != HWP_ABSENT)
		err = walk_trylock(w, zone);
	if (!err && l->zone.unaccepted_pages != HWP_ABSENT) {
		struct hwp_list list = {
			.walk = w,
			.head = w->zones->zones.data[zone].address + l->zone.unaccepted_pages,
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

/** A hole in @p zone (-1: in all) is told and does not hide the others. */
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
