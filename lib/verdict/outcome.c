// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/outcome.h"

#include <string.h>

#include "facts/pages/extent.h"
#include "verdict/decompose.h"
#include "verdict/held.h"
#include "verdict/past.h"
#include "verdict/runs.h"

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

/** Do its pages' runs have what only a fault of the free path leaves? */
static bool is_wrong(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	return folio->nr_healthy_lost > 0 || hwp_runs_unexpected(f, folio) != NULL;
}

static bool is_unreadable(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_runs; i++) {
		if (f->runs.data[folio->first_run + i].state == HWP_RUN_UNREADABLE)
			return true;
	}
	return false;
}

/** Withheld as the fix leaves a page: nobody's, without a mark of a later life. */
static bool is_as_the_fix_leaves_it(const struct hwp_folio *folio, const struct hwp_poisoned *p)
{
	if (p->state == HWP_STATE_TAKEN_OFF)
		return true;
	if (p->state != HWP_STATE_ISOLATED || hwp_has_order_0_marks(p))
		return false;
	if (p->page.refcount > 0)
		return p->was_free == HWP_ANSWER_NO;
	return hwp_has_words_of_fix(folio, p);
}

/** A line of the log of an error inside that struck a smaller page: it was split before. */
static bool was_split_by_log(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];

		if (p->event >= 0 && hwp_held_then(&f->events.data[p->event]) == HWP_HELD_LRU)
			return true;
	}
	return false;
}

/** Was it a free block when its errors struck, and not a folio that was freed with them? */
static bool was_left_free(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		if (!hwp_was_left_free(f, &f->poisoned.data[folio->first_poisoned + i]))
			return false;
	}
	return folio->nr_poisoned > 0;
}

static enum hwp_outcome outcome_of_freed(const struct hwp_findings *f,
					 const struct hwp_folio *folio)
{
	const struct hwp_poisoned *pages = &f->poisoned.data[folio->first_poisoned];
	bool in_use = false, held = true, split = was_split_by_log(f, folio);
	bool was_freed = !was_left_free(f, folio);

	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		enum hwp_class class = hwp_state_class(pages[i].state);

		if (class == HWP_CLASS_LEAKED ||
		    (class == HWP_CLASS_LOST && pages[i].was_free == HWP_ANSWER_YES && was_freed))
			return HWP_OUTCOME_LEAKED;
		in_use |= class == HWP_CLASS_PENDING || class == HWP_CLASS_KERNEL;
		held &= is_as_the_fix_leaves_it(folio, &pages[i]);
		split |= hwp_has_order_0_marks(&pages[i]);
	}
	if (folio->was_free == HWP_ANSWER_YES && was_freed)
		return HWP_OUTCOME_LEAKED_BEFORE;
	if (folio->nr_healthy_lost)
		return HWP_OUTCOME_LOST;
	/* Only the user says that what is in use there was freed. */
	if (is_unreadable(f, folio) || is_wrong(f, folio) ||
	    (folio->source == HWP_SOURCE_RANGE && in_use))
		return HWP_OUTCOME_UNKNOWN;
	if (split)
		return HWP_OUTCOME_SPLIT;
	return held && (f->kernel.fix == HWP_FIX_PRESENT || hwp_frees_one_by_one(f, folio)) ?
		       HWP_OUTCOME_HELD :
		       HWP_OUTCOME_UNKNOWN;
}

/** The fix frees a folio by ranges only where PG_has_hwpoisoned is set. */
static bool is_flag_lost(const struct hwp_poisoned *p)
{
	return p->folio.kind == HWP_FOLIO_LARGE && p->folio.can_have_hwpoisoned &&
	       !p->folio.has_hwpoisoned;
}

/** What this kernel will do with a folio that is allocated. */
static enum hwp_outcome outcome_of_live(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];

		/* It was freed since its error, and is another folio now. */
		if (hwp_state_class(p->state) == HWP_CLASS_LEAKED ||
		    hwp_state_class(p->state) == HWP_CLASS_LOST)
			return HWP_OUTCOME_LEAKED;
		/* The fix looks at PG_has_hwpoisoned, which kernel memory never has. */
		if (p->folio.kind == HWP_FOLIO_SLAB || p->folio.kind == HWP_FOLIO_KERNEL ||
		    is_flag_lost(p))
			return HWP_OUTCOME_WOULD_LEAK;
	}
	if (hwp_frees_one_by_one(f, folio))
		return HWP_OUTCOME_WOULD_HOLD;
	if (f->kernel.fix != HWP_FIX_PRESENT)
		return HWP_OUTCOME_WOULD_LEAK;
	return f->kernel.fix_seen == HWP_FIX_SEEN_NOT_HELD ? HWP_OUTCOME_UNKNOWN :
							     HWP_OUTCOME_WOULD_HOLD;
}

/** A folio that held because its pages were freed one by one says nothing of the fix. */
static void see_fix(struct hwp_findings *f)
{
	struct hwp_kernel_facts *k = &f->kernel;

	for (size_t i = 0; i < f->folios.nr; i++) {
		const struct hwp_folio *folio = &f->folios.data[i];

		if (folio->kind != HWP_EXTENT_FREED || folio->source == HWP_SOURCE_RANGE ||
		    was_left_free(f, folio))
			continue;
		if (folio->outcome == HWP_OUTCOME_HELD && k->fix_seen == HWP_FIX_SEEN_NOTHING &&
		    !hwp_frees_one_by_one(f, folio))
			k->fix_seen = HWP_FIX_SEEN_HELD;
		if (folio->outcome == HWP_OUTCOME_LEAKED ||
		    folio->outcome == HWP_OUTCOME_LEAKED_BEFORE ||
		    folio->outcome == HWP_OUTCOME_LOST || is_wrong(f, folio))
			k->fix_seen = HWP_FIX_SEEN_NOT_HELD;
	}
}

/** Can @p folio have been a HugeTLB page of @p order, which became what is there now? */
static bool may_have_been(const struct hwp_findings *f, const struct hwp_folio *folio,
			  unsigned int order)
{
	/* Freed page by page: the flagged pages are withheld, and none gets into free memory. */
	bool withholds = order > f->max_order && !f->kernel.frees_gigantic_whole;

	if (!hwp_extent_fits_zone(f, folio->head_pfn, order))
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

/** Did a page of the folio seem to have leaked, but in too few passes of a running kernel? */
static bool is_unconfirmed(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		if (f->poisoned.data[folio->first_poisoned + i].unconfirmed)
			return true;
	}
	return false;
}

void hwp_outcome_count_lost(struct hwp_findings *f)
{
	uint64_t nr_lost = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		folio->nr_healthy_lost = 0;
		for (size_t r = 0; r < folio->nr_runs && !is_unconfirmed(f, folio); r++) {
			const struct hwp_run *run = &f->runs.data[folio->first_run + r];

			if (run->state == HWP_RUN_LOST && !run->is_poisoned)
				folio->nr_healthy_lost += run->nr_pages;
		}
		nr_lost += folio->nr_healthy_lost;
	}
	/* Counted in whole folios, which may be more than the neighbours of the poisoned
	 * pages that summary counts. */
	if (nr_lost > f->summary.nr_healthy_lost)
		f->summary.nr_healthy_lost = nr_lost;
}

/** Poisoned pages of folios that are allocated, and that this kernel frees whole, or may. */
static void count_what_can_leak(struct hwp_findings *f)
{
	f->summary.nr_can_leak = 0;
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		const struct hwp_folio *folio = hwp_findings_folio_at(f, p->pfn);

		if (p->state != HWP_STATE_LARGE_FOLIO && p->state != HWP_STATE_HUGETLB)
			continue;
		if (folio ? folio->outcome != HWP_OUTCOME_WOULD_HOLD :
			    f->kernel.fix != HWP_FIX_PRESENT || is_flag_lost(p))
			f->summary.nr_can_leak++;
	}
}

void hwp_outcome_judge(struct hwp_findings *f)
{
	hwp_outcome_count_lost(f);
	for (size_t i = 0; i < f->folios.nr; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		if (folio->kind == HWP_EXTENT_FREED)
			folio->outcome = outcome_of_freed(f, folio);
		folio->max_order = largest_order(f, folio);
	}
	see_fix(f);
	for (size_t i = 0; i < f->folios.nr; i++) {
		if (f->folios.data[i].kind != HWP_EXTENT_FREED)
			f->folios.data[i].outcome = outcome_of_live(f, &f->folios.data[i]);
	}
	count_what_can_leak(f);
}
