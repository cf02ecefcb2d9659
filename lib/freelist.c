// SPDX-License-Identifier: GPL-2.0-or-later
#include "freelist.h"

#include <inttypes.h>
#include <string.h>

#include "page.h"
#include "target.h"

/* Contradictions told in full for one list; the rest are counted. */
#define MAX_TOLD 3

struct list {
	struct hwp_list_walk *walk;
	/** Address of the struct list_head, and of the llist_head's first word. */
	uint64_t head;
	/** Index in zones->zones, the same in findings->zones. */
	int zone;
	struct hwp_list_stat stat;
	unsigned int nr_told;
	char name[64];
};

/** One step's answer. */
enum step {
	STEP_ENTRY,
	STEP_BROKEN,
};

struct entry {
	uint64_t pfn, next, prev;
	const void *page;
};

static const struct hwp_zone *list_zone(const struct list *list)
{
	return &list->walk->zones->zones.data[list->zone];
}

static void name_list(struct list *list)
{
	const struct hwp_zone *z = list_zone(list);
	const struct hwp_layout *l = list->walk->layout;
	const char *mt = list->stat.migratetype >= 0
				 ? l->migratetype_names[list->stat.migratetype] : "";
	int n = snprintf(list->name, sizeof(list->name), "node %d %s", z->nid, z->name);

	if (list->stat.cpu >= 0)
		n += snprintf(list->name + n, sizeof(list->name) - (size_t)n, " cpu %d",
			      list->stat.cpu);
	if (list->stat.container == HWP_FREE_AREA || list->stat.container == HWP_PCP_LIST)
		snprintf(list->name + n, sizeof(list->name) - (size_t)n, " order %d%s%s",
			 list->stat.order, *mt ? " " : "", mt);
	else
		snprintf(list->name + n, sizeof(list->name) - (size_t)n, " %s",
			 hwp_container_name(list->stat.container));
}

static struct hwp_error *tell(struct list *list, enum hwp_trouble_kind kind, const char *what,
			      uint64_t where)
{
	if (kind == HWP_TROUBLE_CONTRADICTION && list->nr_told++ >= MAX_TOLD)
		return NULL;
	if (!hwp_findings_trouble(list->walk->findings, kind,
				  "%s: %s (0x%" PRIx64 ", after %" PRIu64 " blocks)", list->name,
				  what, where, list->stat.nr_blocks))
		return hwp_error_no_memory();
	return NULL;
}

/** The links in the struct page at @p address (of its lru member). */
static struct hwp_error *read_entry(struct list *list, uint64_t address, struct entry *ret,
				    enum step *step)
{
	const struct hwp_layout *l = list->walk->layout;
	struct hwp_error *err;

	*step = STEP_BROKEN;
	if (!hwp_memmap_pfn_of(hwp_page_reader_memmap(list->walk->reader),
			       hwp_page_of_lru(l, address), &ret->pfn))
		return tell(list, HWP_TROUBLE_HOLE, "a link leads to no struct page", address);
	err = hwp_page_read(list->walk->reader, ret->pfn, &ret->page);
	if (err && err->code != HWP_ERROR_NO_MEMORY) {
		hwp_error_destroy(err);
		return tell(list, HWP_TROUBLE_HOLE, "a struct page cannot be read", address);
	}
	if (err)
		return err;
	ret->next = hwp_page_lru_next(l, ret->page);
	ret->prev = hwp_page_lru_prev(l, ret->page);
	*step = STEP_ENTRY;
	return NULL;
}

/** First index in the ascending poisoned pfns that is not below @p pfn. */
static size_t lower_bound(const struct hwp_list_walk *w, uint64_t pfn)
{
	size_t low = 0, high = w->nr_poisoned;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->poisoned_pfns[mid] < pfn)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool poisoned_within(const struct hwp_list_walk *w, uint64_t start, uint64_t end)
{
	size_t i = lower_bound(w, start);

	return i < w->nr_poisoned && w->poisoned_pfns[i] < end;
}

static bool is_of_interest(const struct hwp_list_walk *w, uint64_t start, uint64_t end)
{
	size_t low = 0, high = w->nr_spans;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->spans[mid].end_pfn <= start)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->nr_spans && w->spans[low].start_pfn < end;
}

static struct hwp_error *add_block(struct list *list, uint64_t pfn, int order)
{
	struct hwp_list_walk *w = list->walk;
	uint64_t nr_pages = UINT64_C(1) << order;
	struct hwp_block block = {
		.head_pfn = pfn,
		.container = list->stat.container,
		.order = order,
		.migratetype = list->stat.migratetype,
		.cpu = list->stat.cpu,
		.zone = list->zone,
	};

	list->stat.nr_blocks++;
	if (list->stat.container == HWP_PCP_LIST)
		w->findings->zones.data[list->zone].nr_pcp_pages += nr_pages;
	else if (list->stat.container == HWP_FREE_AREA)
		w->findings->zones.data[list->zone].nr_buddy_pages += nr_pages;
	if (poisoned_within(w, pfn, pfn + nr_pages))
		list->stat.nr_poisoned++;
	if (!is_of_interest(w, pfn, pfn + nr_pages))
		return NULL;
	return hwp_vec_push(&w->findings->blocks, block) ? NULL : hwp_error_no_memory();
}

/** What an entry of this kind of list must look like. */
static struct hwp_error *check_entry(struct list *list, const struct entry *e)
{
	const struct hwp_layout *l = list->walk->layout;
	enum hwp_page_type type = hwp_page_type(l, e->page);
	uint64_t flags = hwp_page_flags(l, e->page);
	const char *what = NULL;

	if (list->stat.container == HWP_FREE_AREA && type != HWP_TYPE_BUDDY)
		what = "an entry is not marked as a buddy page";
	else if (list->stat.container == HWP_FREE_AREA &&
		 hwp_page_private(l, e->page) != (uint64_t)list->stat.order)
		what = "an entry says another order";
	else if (list->stat.container == HWP_PCP_LIST && type == HWP_TYPE_BUDDY)
		what = "an entry is marked as a buddy page";
	else if (hwp_page_refcount(l, e->page) != 0)
		what = "an entry has references";
	else if (e->pfn & ((UINT64_C(1) << list->stat.order) - 1))
		what = "an entry is not aligned to its order";
	else if (e->pfn < list_zone(list)->start_pfn || e->pfn >= list_zone(list)->end_pfn)
		what = "an entry lies outside its zone's span";
	else if (hwp_zones_find(list->walk->zones, l, e->pfn, flags) != list_zone(list) &&
		 list->walk->zones->flags_tell)
		what = "an entry belongs to another zone";
	return what ? tell(list, HWP_TROUBLE_CONTRADICTION, what, e->pfn) : NULL;
}

/**
 * Follow next (or prev) links from the head until it comes round, or until
 * @p stop_at, checking each back link. *@p last is the last good entry.
 */
static struct hwp_error *follow(struct list *list, bool forward, uint64_t stop_at, uint64_t *last,
				bool *complete)
{
	uint64_t limit = hwp_page_reader_memmap(list->walk->reader)->nr_pages;
	uint64_t from = list->head, at;
	char links[16];
	struct hwp_error *err;

	*complete = false;
	*last = list->head;
	err = hwp_target_read(list->walk->target, HWP_KERNEL_VIRTUAL, list->head, links,
			      sizeof(links), NULL);
	if (err) {
		hwp_error_destroy(err);
		return tell(list, HWP_TROUBLE_HOLE, "the list head cannot be read", list->head);
	}
	at = hwp_u64(links + (forward ? 0 : 8));
	while (at != list->head && at != stop_at) {
		enum step step;
		struct entry e;

		if (list->stat.nr_blocks >= limit)
			return tell(list, HWP_TROUBLE_HOLE, "the list is longer than its zone", at);
		err = read_entry(list, at, &e, &step);
		if (err || step == STEP_BROKEN)
			return err;
		if ((forward ? e.prev : e.next) != from)
			return tell(list, HWP_TROUBLE_HOLE,
				    "a back link does not lead back: the list is corrupt", at);
		err = check_entry(list, &e);
		if (!err)
			err = add_block(list, e.pfn, list->stat.order);
		if (err)
			return err;
		*last = from = at;
		at = forward ? e.next : e.prev;
	}
	if (at != list->head)
		return NULL;
	if (hwp_u64(links + (forward ? 8 : 0)) != *last)
		return tell(list, HWP_TROUBLE_HOLE,
			    "the head does not lead back to the last entry: the list is corrupt",
			    *last);
	*complete = true;
	return NULL;
}

/** A list cut short going forward is walked from its other end as well. */
static struct hwp_error *walk_list(struct list *list)
{
	uint64_t last, ignored;
	bool complete;
	struct hwp_error *err;

	name_list(list);
	err = follow(list, true, list->head, &last, &complete);
	if (!err && !complete) {
		list->stat.was_cut = true;
		err = follow(list, false, last, &ignored, &complete);
	}
	if (list->stat.was_cut)
		list->walk->findings->zones.data[list->zone].lists_cut = true;
	if (!err && !hwp_vec_push(&list->walk->findings->lists, list->stat))
		err = hwp_error_no_memory();
	return err;
}

static struct hwp_error *walk_area(struct hwp_list_walk *w, int zone, unsigned int order)
{
	const struct hwp_layout *l = w->layout;
	uint64_t area = w->zones->zones.data[zone].address + l->zone.free_area +
			(uint64_t)order * l->free_area.size;
	struct hwp_area_stat stat = { .zone = zone, .order = (int)order };
	struct hwp_error *err;

	err = hwp_target_read_u64(w->target, area + l->free_area.nr_free, &stat.nr_free);
	for (unsigned int mt = 0; mt < l->nr_migratetypes && !err; mt++) {
		struct list list = {
			.walk = w,
			.head = area + l->free_area.free_list + (uint64_t)mt * 16,
			.zone = zone,
			.stat = { zone, HWP_FREE_AREA, (int)order, (int)mt, -1, 0, 0, false },
		};

		err = walk_list(&list);
		stat.nr_walked += list.stat.nr_blocks;
		stat.was_cut |= list.stat.was_cut;
	}
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
	unsigned int nr_thp = l->per_cpu_pages.nr_lists > nr_small
				      ? l->per_cpu_pages.nr_lists - nr_small : 0;

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
				     uint64_t nr_walked)
{
	const struct hwp_zone *z = &w->zones->zones.data[zone];
	uint32_t count;
	struct hwp_error *err;

	err = hwp_target_read_u32(w->target, set + w->layout->per_cpu_pages.count, &count);
	if (err || count == nr_walked)
		return err;
	return hwp_findings_trouble(w->findings, HWP_TROUBLE_CONTRADICTION,
				    "node %d %s cpu %d: the per-CPU lists hold %" PRIu64
				    " pages, count is %" PRIu32, z->nid, z->name, cpu, nr_walked,
				    count) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *walk_pcp(struct hwp_list_walk *w, int zone, int cpu, uint64_t offset)
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
		struct list list = {
			.walk = w,
			.head = pageset + offset + l->zone.pageset_pcp + l->per_cpu_pages.lists +
				(uint64_t)i * 16,
			.zone = zone,
			.stat = { zone, HWP_PCP_LIST, 0, 0, cpu, 0, 0, false },
		};

		pcp_list_kind(l, i, &list.stat.order, &list.stat.migratetype);
		err = walk_list(&list);
		nr_pages += list.stat.nr_blocks << list.stat.order;
		was_cut |= list.stat.was_cut;
	}
	if (!err && !was_cut)
		err = check_count(w, zone, cpu, pageset + offset + l->zone.pageset_pcp, nr_pages);
	return err;
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
			if (hwp_test_bit(possible, cpu))
				err = walk_pcp(w, (int)z, (int)cpu, offsets[cpu]);
		}
	}
	return err;
}

/** zone->trylock_free_pages: singly linked through page.pcp_llist, order in private. */
static struct hwp_error *walk_trylock(struct hwp_list_walk *w, int zone)
{
	const struct hwp_layout *l = w->layout;
	struct list list = {
		.walk = w,
		.zone = zone,
		.stat = { zone, HWP_TRYLOCK_LIST, 0, -1, -1, 0, 0, false },
	};
	struct hwp_cycle cycle = {};
	struct hwp_error *err;
	uint64_t at;

	name_list(&list);
	err = hwp_target_read_u64(w->target,
				  list_zone(&list)->address + l->zone.trylock_free_pages, &at);
	while (!err && at) {
		enum step step;
		struct entry e;
		uint64_t order;

		err = read_entry(&list, at, &e, &step);
		if (err || step == STEP_BROKEN) {
			list.stat.was_cut = true;
			break;
		}
		order = hwp_page_private(l, e.page);
		if (order >= l->nr_orders || hwp_cycle_closed(&cycle, at)) {
			list.stat.was_cut = true;
			err = tell(&list, HWP_TROUBLE_HOLE, "the list is corrupt", at);
			break;
		}
		at = e.next;
		err = add_block(&list, e.pfn, (int)order);
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
		struct list list = {
			.walk = w,
			.head = w->zones->zones.data[zone].address + l->zone.unaccepted_pages,
			.zone = zone,
			.stat = { zone, HWP_UNACCEPTED_LIST, (int)l->nr_orders - 1, -1, -1, 0, 0,
				  false },
		};

		err = walk_list(&list);
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
		for (unsigned int order = 0; order < w->layout->nr_orders && !err; order++)
			err = tolerate(w, walk_area(w, (int)z, order), (int)z, "free lists");
		if (!err)
			err = tolerate(w, walk_others(w, (int)z), (int)z, "free lists");
	}
	if (!err)
		err = tolerate(w, walk_cpus(w), -1, "per-CPU lists");
	if (!err && w->findings->blocks.nr)
		qsort(w->findings->blocks.data, w->findings->blocks.nr,
		      sizeof(*w->findings->blocks.data), compare_blocks);
	return err;
}
