// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/observe.h"

#include "facts/pages/stranded.h"
#include "layout/page.h"

/** One page on its way into a run. */
struct cell {
	uint64_t block_pfn;
	enum hwp_run_state state;
	int order, cpu;
	bool is_poisoned;
};

struct observer {
	struct hwp_page_reader *reader;
	struct hwp_findings *findings;
	struct hwp_region region;
	/** Next block and next poisoned page at or above the current pfn. */
	size_t block, poisoned;
	/** The free block that the walk is in, by the memmap or the lists. */
	struct hwp_block current;
	/** A list of the folio's zone was cut: what looks lost may be on it. */
	bool lists_cut;
};

static uint64_t end_of_block(const struct hwp_block *b)
{
	return b->head_pfn + (UINT64_C(1) << b->order);
}

static void enter_listed_block(struct observer *o, uint64_t pfn)
{
	const struct hwp_findings *f = o->findings;

	while (o->block < f->blocks.nr && end_of_block(&f->blocks.data[o->block]) <= pfn)
		o->block++;
	if (o->block < f->blocks.nr && f->blocks.data[o->block].head_pfn <= pfn)
		o->current = f->blocks.data[o->block];
}

/** A block that no list holds is known by its PageBuddy head only. */
static void enter_marked_block(struct observer *o, uint64_t pfn)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(o->reader)->layout;

	for (unsigned int order = 0; order < l->nr_orders; order++) {
		_cleanup_error_ struct hwp_error *err = NULL;
		uint64_t head = hwp_align_down(pfn, order);
		const void *page;

		err = hwp_page_read(o->reader, head, &page);
		if (err ||
		    !(hwp_page_is_buddy(l, page) || hwp_page_has_type(l, page, HWP_TYPE_GUARD)) ||
		    hwp_page_private(l, page) < order || hwp_page_private(l, page) >= l->nr_orders)
			continue;
		o->current = (struct hwp_block){ .head_pfn = head,
						 .container = HWP_FREE_AREA,
						 .order = (int)hwp_page_private(l, page),
						 .cpu = -1 };
		return;
	}
}

static const struct hwp_poisoned *poisoned_at(struct observer *o, uint64_t pfn)
{
	const struct hwp_findings *f = o->findings;

	while (o->poisoned < f->poisoned.nr && f->poisoned.data[o->poisoned].pfn < pfn)
		o->poisoned++;
	return o->poisoned < f->poisoned.nr && f->poisoned.data[o->poisoned].pfn == pfn ?
		       &f->poisoned.data[o->poisoned] :
		       NULL;
}

static enum hwp_run_state state_of(const struct hwp_poisoned *p, enum hwp_page_kind kind)
{
	if (p && p->state == HWP_STATE_DROPPED)
		return HWP_RUN_LOST;
	if (p && hwp_state_class(p->state) == HWP_CLASS_CONTAINED)
		return HWP_RUN_CONTAINED;
	switch (kind) {
	case HWP_KIND_LOOSE_HEALTHY:
	case HWP_KIND_LOOSE_POISONED:
		return HWP_RUN_LOST;
	case HWP_KIND_UNREADABLE:
		return HWP_RUN_UNREADABLE;
	default:
		return HWP_RUN_ALLOCATED;
	}
}

static struct cell look_at(struct observer *o, uint64_t pfn)
{
	enum hwp_page_kind kind = o->region.kinds[pfn - o->region.start_pfn];
	const struct hwp_poisoned *p = poisoned_at(o, pfn);
	struct cell cell = { .order = -1, .cpu = -1, .is_poisoned = p != NULL };

	if (kind != HWP_KIND_FREE) {
		cell.state = state_of(p, kind);
		if (cell.state == HWP_RUN_LOST && o->lists_cut)
			cell.state = HWP_RUN_UNREADABLE;
		return cell;
	}
	if (o->current.order < 0 || pfn < o->current.head_pfn || pfn >= end_of_block(&o->current)) {
		o->current.order = -1;
		enter_listed_block(o, pfn);
		if (o->current.order < 0)
			enter_marked_block(o, pfn);
	}
	cell.state = o->current.container == HWP_PCP_LIST ? HWP_RUN_PCP : HWP_RUN_BUDDY;
	cell.order = o->current.order;
	cell.cpu = o->current.cpu;
	cell.block_pfn = o->current.head_pfn;
	return cell;
}

static bool continues(const struct cell *a, const struct cell *b)
{
	return a->state == b->state && a->order == b->order && a->cpu == b->cpu &&
	       a->block_pfn == b->block_pfn && a->is_poisoned == b->is_poisoned;
}

static bool push_run(struct hwp_findings *f, uint64_t pfn, uint64_t end_pfn,
		     const struct cell *cell)
{
	struct hwp_run run = { pfn,	    end_pfn - pfn, cell->state,
			       cell->order, cell->cpu,	   cell->is_poisoned };

	return hwp_vec_push(&f->runs, run);
}

static bool are_lists_cut(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		int zone = f->poisoned.data[folio->first_poisoned + i].zone;

		if (zone < 0 || f->zones.data[zone].lists_cut)
			return true;
	}
	return false;
}

static struct hwp_error *observe_freed(struct observer *o, struct hwp_folio *folio)
{
	uint64_t nr = UINT64_C(1) << folio->order, start = folio->head_pfn;
	struct cell cell;
	struct hwp_error *err;

	err = hwp_region_examine(o->reader, o->findings, folio->head_pfn, nr, &o->region);
	if (err)
		return err;
	hwp_region_settle_owners(&o->region);
	o->lists_cut = are_lists_cut(o->findings, folio);
	o->current.order = -1;
	cell = look_at(o, start);
	for (uint64_t pfn = start + 1; pfn < folio->head_pfn + nr; pfn++) {
		struct cell next = look_at(o, pfn);

		if (continues(&cell, &next))
			continue;
		if (!push_run(o->findings, start, pfn, &cell))
			return hwp_error_no_memory();
		cell = next;
		start = pfn;
	}
	return push_run(o->findings, start, folio->head_pfn + nr, &cell) ? NULL :
									   hwp_error_no_memory();
}

/** A folio that exists is in use, or in the pool, as a whole. */
static struct hwp_error *observe_live(struct observer *o, struct hwp_folio *folio)
{
	uint64_t end = folio->head_pfn + (UINT64_C(1) << folio->order), pfn = folio->head_pfn;
	struct cell cell = { .state = HWP_RUN_ALLOCATED, .order = -1, .cpu = -1 };

	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		uint64_t bad = o->findings->poisoned.data[folio->first_poisoned + i].pfn;

		cell.is_poisoned = false;
		if (bad > pfn && !push_run(o->findings, pfn, bad, &cell))
			return hwp_error_no_memory();
		cell.is_poisoned = true;
		if (!push_run(o->findings, bad, bad + 1, &cell))
			return hwp_error_no_memory();
		pfn = bad + 1;
	}
	cell.is_poisoned = false;
	if (pfn < end && !push_run(o->findings, pfn, end, &cell))
		return hwp_error_no_memory();
	return NULL;
}

struct hwp_error *hwp_observe(struct hwp_page_reader *reader, struct hwp_findings *f)
{
	struct observer o = { .reader = reader, .findings = f };
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		folio->first_run = f->runs.nr;
		err = folio->kind == HWP_EXTENT_FREED ? observe_freed(&o, folio) :
							observe_live(&o, folio);
		folio->nr_runs = f->runs.nr - folio->first_run;
	}
	hwp_region_deinit(&o.region);
	return err;
}
