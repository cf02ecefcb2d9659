// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/observe.h"

#include "facts/pages/buddy.h"
#include "facts/pages/in_flight.h"
#include "facts/pages/stranded.h"

struct observer {
	struct hwp_page_reader *reader;
	struct hwp_findings *findings;
	struct hwp_region region;
	/** Next block and next poisoned page at or above the current pfn. */
	size_t block, poisoned;
	/** The free block that the walk is in, by the lists or the memmap; order -1: none. */
	struct hwp_block current;
	/** The run that is being made, and the block that it lies in. */
	struct hwp_observed_run run;
	uint64_t run_block_pfn;
};

static uint64_t end_of_block(const struct hwp_block *b)
{
	return b->head_pfn + (UINT64_C(1) << b->order);
}

/** A block that no list holds is known by its PageBuddy head only. */
static struct hwp_error *enter_block(struct observer *o, uint64_t pfn)
{
	const struct hwp_findings *f = o->findings;

	if (o->current.order >= 0 && pfn >= o->current.head_pfn && pfn < end_of_block(&o->current))
		return NULL;
	while (o->block < f->blocks.nr && end_of_block(&f->blocks.data[o->block]) <= pfn)
		o->block++;
	if (o->block == f->blocks.nr || f->blocks.data[o->block].head_pfn > pfn)
		return hwp_buddy_find(o->reader, pfn, &o->current);
	o->current = f->blocks.data[o->block];
	return NULL;
}

static bool is_poisoned(struct observer *o, uint64_t pfn)
{
	const struct hwp_findings *f = o->findings;

	while (o->poisoned < f->poisoned.nr && f->poisoned.data[o->poisoned].pfn < pfn)
		o->poisoned++;
	return o->poisoned < f->poisoned.nr && f->poisoned.data[o->poisoned].pfn == pfn;
}

static bool continues(const struct hwp_observed_run *a, const struct hwp_observed_run *b)
{
	return a->what == b->what && a->container == b->container && a->order == b->order &&
	       a->cpu == b->cpu && a->is_poisoned == b->is_poisoned &&
	       (a->what == HWP_OBSERVED_FREE || !a->is_poisoned);
}

static struct hwp_error *end_run(struct observer *o)
{
	return !o->run.nr_pages || hwp_vec_push(&o->findings->observed, o->run) ?
		       NULL :
		       hwp_error_no_memory();
}

static struct hwp_error *observe_page(struct observer *o, uint64_t pfn)
{
	struct hwp_observed_run page = {
		.pfn = pfn,
		.nr_pages = 1,
		.what = o->region.kinds[pfn - o->region.start_pfn],
		.order = -1,
		.cpu = -1,
		.is_poisoned = is_poisoned(o, pfn),
	};
	uint64_t block_pfn = 0;
	struct hwp_error *err = NULL;

	if (page.what == HWP_OBSERVED_FREE) {
		err = enter_block(o, pfn);
		page.container = o->current.container;
		page.order = o->current.order;
		page.cpu = o->current.cpu;
		block_pfn = o->current.head_pfn;
	}
	if (!err && o->run.nr_pages && continues(&o->run, &page) && o->run_block_pfn == block_pfn) {
		o->run.nr_pages++;
		return NULL;
	}
	if (!err)
		err = end_run(o);
	o->run = page;
	o->run_block_pfn = block_pfn;
	return err;
}

static struct hwp_error *observe_folio(struct observer *o, const struct hwp_folio *folio)
{
	uint64_t nr = UINT64_C(1) << folio->order;
	struct hwp_error *err;

	err = hwp_region_examine(o->reader, o->findings, folio->head_pfn, nr, &o->region);
	if (err)
		return err;
	hwp_region_settle_holders(&o->region);
	err = hwp_region_settle_in_flight(o->reader, o->findings, folio, &o->region);
	o->current = (struct hwp_block){ .order = -1, .cpu = -1 };
	o->run = (struct hwp_observed_run){};
	for (uint64_t pfn = folio->head_pfn; pfn < hwp_folio_end(folio) && !err; pfn++)
		err = observe_page(o, pfn);
	return err ? err : end_run(o);
}

struct hwp_error *hwp_observe(struct hwp_page_reader *reader, struct hwp_findings *f)
{
	struct observer o = { .reader = reader, .findings = f };
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++) {
		if (f->folios.data[i].kind == HWP_EXTENT_FREED)
			err = observe_folio(&o, &f->folios.data[i]);
	}
	hwp_region_deinit(&o.region);
	return err;
}
