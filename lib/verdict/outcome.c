// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/outcome.h"

#include <string.h>

#include "base/bits.h"
#include "facts/pages/extent.h"
#include "verdict/decompose.h"

static void find_poisoned(const struct hwp_findings *f, struct hwp_folio *folio)
{
	folio->first_poisoned = hwp_findings_poisoned_index(f, folio->head_pfn);
	folio->nr_poisoned = hwp_findings_poisoned_index(f, hwp_folio_end(folio)) -
			     folio->first_poisoned;
}

static bool is_unrecorded(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		if (f->poisoned.data[folio->first_poisoned + i].raw_page_unknown)
			return true;
	}
	return false;
}

/** A folio without a record of its bad pages has no expected blocks. */
static struct hwp_error *expect(struct hwp_findings *f, struct hwp_folio *folio)
{
	_cleanup_(hwp_healthy_blocks_deinit) struct hwp_healthy_blocks blocks = {};
	_cleanup_(hwp_poison_map_deinit) struct hwp_poison_map map = {};
	struct hwp_error *err;

	find_poisoned(f, folio);
	folio->first_expected = f->expected.nr;
	folio->nr_healthy = (UINT64_C(1) << folio->order) - folio->nr_poisoned;
	if (is_unrecorded(f, folio))
		return NULL;
	err = hwp_poison_map_init(&map, folio->head_pfn, (unsigned int)folio->order);
	if (err)
		return err;
	for (size_t i = 0; i < folio->nr_poisoned; i++)
		hwp_poison_map_add(&map, f->poisoned.data[folio->first_poisoned + i].pfn);
	err = hwp_decompose(&map, f->max_order, &blocks);
	for (size_t i = 0; i < blocks.blocks.nr && !err; i++) {
		if (!hwp_vec_push(&f->expected, blocks.blocks.data[i]))
			err = hwp_error_no_memory();
	}
	folio->nr_expected = f->expected.nr - folio->first_expected;
	return err;
}

struct hwp_error *hwp_outcome_expect(struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++)
		err = expect(f, &f->folios.data[i]);
	return err;
}

/** What happened when the folio was freed, or would happen. */
static enum hwp_outcome outcome_of(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	bool unreadable = false, is_kernels = false, leaked = folio->nr_healthy_lost > 0;
	bool in_use = false;

	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];
		enum hwp_class class = hwp_state_class(p->state);

		leaked |= class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST;
		in_use |= class == HWP_CLASS_PENDING || class == HWP_CLASS_KERNEL;
		is_kernels |= p->folio.kind == HWP_FOLIO_SLAB || p->folio.kind == HWP_FOLIO_KERNEL;
	}
	for (size_t i = 0; i < folio->nr_runs; i++)
		unreadable |= f->runs.data[folio->first_run + i].state == HWP_RUN_UNREADABLE;
	if (leaked)
		return HWP_OUTCOME_LEAKED;
	/* Only the user says that what is in use there was freed. */
	if (folio->source == HWP_SOURCE_RANGE && in_use)
		return HWP_OUTCOME_UNKNOWN;
	if (folio->kind == HWP_EXTENT_FREED)
		return unreadable ? HWP_OUTCOME_UNKNOWN : HWP_OUTCOME_HELD;
	/* The fix looks at PG_has_hwpoisoned, which kernel memory never has. */
	if (is_kernels)
		return HWP_OUTCOME_WOULD_LEAK;
	/* Until Linux kernel commit fd919a85cd55 ("mm: page_isolation: prepare for hygienic
	 * freelists") (in v6.10) gigantic pages were freed one by one, and free_pages_prepare()
	 * withholds an order-0 page with the flag. */
	if (folio->order > (int)f->max_order && !f->kernel.frees_gigantic_whole)
		return HWP_OUTCOME_WOULD_HOLD;
	return f->kernel.fix == HWP_FIX_PRESENT ? HWP_OUTCOME_WOULD_HOLD : HWP_OUTCOME_WOULD_LEAK;
}

/** Does the log record an error there in a THP that could not be split? */
static bool was_thp(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];

		if (p->event >= 0 && strstr(f->events.data[p->event].page_type, "unsplit thp"))
			return true;
	}
	return false;
}

/**
 * What the kernel did says more about it than its symbols do. A folio that held
 * is no proof of the fix: every kernel withholds poisoned pages that it frees one
 * by one. A HugeTLB folio that did not hold is no proof that the fix is absent:
 * it has PG_has_hwpoisoned only where the fix sets it.
 */
static void learn_from_behaviour(struct hwp_findings *f)
{
	struct hwp_kernel_facts *k = &f->kernel;

	for (size_t i = 0; i < f->folios.nr; i++) {
		const struct hwp_folio *folio = &f->folios.data[i];

		if (folio->kind != HWP_EXTENT_FREED || folio->source == HWP_SOURCE_RANGE)
			continue;
		if (folio->outcome == HWP_OUTCOME_HELD && k->fix_seen == HWP_FIX_SEEN_NOTHING)
			k->fix_seen = HWP_FIX_SEEN_HELD;
		if (folio->outcome != HWP_OUTCOME_LEAKED)
			continue;
		k->fix_seen = HWP_FIX_SEEN_NOT_HELD;
		if (k->fix == HWP_FIX_UNKNOWN && was_thp(f, folio)) {
			k->fix = HWP_FIX_ABSENT;
			k->fix_is_inferred = true;
			snprintf(k->fix_evidence, sizeof(k->fix_evidence),
				 "a THP that held poison was freed whole");
		}
	}
}

static bool lies_in_one_zone(const struct hwp_findings *f, uint64_t pfn, uint64_t end_pfn)
{
	for (size_t i = 0; i < f->zones.nr; i++) {
		if (f->zones.data[i].start_pfn <= pfn && end_pfn <= f->zones.data[i].end_pfn)
			return true;
	}
	return false;
}

/** Can @p folio have been a HugeTLB page of @p order, which became what is there now? */
static bool may_have_been(const struct hwp_findings *f, const struct hwp_folio *folio,
			  unsigned int order)
{
	uint64_t pfn = hwp_align_down(folio->head_pfn, order);
	/* Freed page by page: the flagged pages are withheld, and none gets into free memory. */
	bool withholds = order > f->max_order && !f->kernel.frees_gigantic_whole;

	if (!lies_in_one_zone(f, pfn, pfn + (UINT64_C(1) << order)))
		return false;
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];
		const char *type = hwp_extent_page_type(f, p);

		/* These two give the size. */
		if (strstr(type, "unsplit thp") ||
		    (strstr(type, "huge page") && !hwp_extent_is_huge_page(f, type, order)))
			return false;
		if (withholds && hwp_state_class(p->state) == HWP_CLASS_LEAKED)
			return false;
	}
	return true;
}

/**
 * No trace is left of a HugeTLB page's size: hstates count what is there now, and the
 * struct pages say what was there last. All that can be said is what it was not.
 */
static int largest_order(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	if (folio->kind != HWP_EXTENT_FREED || folio->source != HWP_SOURCE_EVENT)
		return folio->order;
	for (size_t i = f->hugetlb.nr; i-- > 0 && (int)f->hugetlb.orders[i] > folio->order;) {
		if (may_have_been(f, folio, f->hugetlb.orders[i]))
			return (int)f->hugetlb.orders[i];
	}
	return folio->order;
}

void hwp_outcome_judge(struct hwp_findings *f)
{
	uint64_t nr_lost = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		folio->nr_healthy_lost = 0;
		for (size_t r = 0; r < folio->nr_runs; r++) {
			const struct hwp_run *run = &f->runs.data[folio->first_run + r];

			if (run->state == HWP_RUN_LOST && !run->is_poisoned)
				folio->nr_healthy_lost += run->nr_pages;
		}
		folio->outcome = outcome_of(f, folio);
		folio->max_order = largest_order(f, folio);
		nr_lost += folio->nr_healthy_lost;
	}
	/* Counted in whole folios, which may be more than the neighbours of the poisoned
	 * pages that summary counts. */
	if (nr_lost > f->summary.nr_healthy_lost)
		f->summary.nr_healthy_lost = nr_lost;
	learn_from_behaviour(f);
}
