// SPDX-License-Identifier: GPL-2.0-or-later
/** Was everything read, and do lists, counts and struct pages agree? */
#include <inttypes.h>
#include <stdio.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

/** What a contradiction has cut, nobody read either. That of free_area is in the memmap too. */
static uint64_t nr_lists_cut(const struct hwp_findings *f, uint32_t needs)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->lists.nr; i++) {
		const struct hwp_list_stat *list = &f->lists.data[i];

		nr += list->was_cut && list->container != HWP_FREE_AREA &&
		      needs & HWP_NEEDS(list->container == HWP_PCP_LIST ? HWP_HOLE_PCP_LIST :
									  HWP_HOLE_OTHER_LIST);
	}
	return nr;
}

static uint64_t nr_contradictions(const struct hwp_findings *f)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->troubles.nr; i++)
		nr += f->troubles.data[i].kind == HWP_TROUBLE_CONTRADICTION;
	return nr;
}

/** Have struct pages not been read, or are those that were not believable? */
static bool memmap_has_hole(const struct hwp_findings *f)
{
	const struct hwp_coverage *c = &f->coverage;

	return c->nr_read != c->nr_pages || c->nr_uninitialised || f->damage[0] || f->too_many;
}

uint64_t hwp_check_nr_holes(const struct hwp_findings *f, uint32_t needs)
{
	uint64_t nr = needs & HWP_NEEDS(HWP_HOLE_MEMMAP) && memmap_has_hole(f);

	nr += needs & HWP_NEEDS(HWP_HOLE_LOG) && f->log.state != HWP_LOG_COMPLETE;
	for (size_t i = 0; i < f->troubles.nr; i++)
		nr += f->troubles.data[i].kind == HWP_TROUBLE_HOLE &&
		      needs & HWP_NEEDS(f->troubles.data[i].hole);
	return nr ? nr : nr_lists_cut(f, needs);
}

HWP_CHECK_FUNCTION(hwp_check_memmap_covered)
{
	const struct hwp_coverage *c = &f->coverage;

	hwp_check_number(r, "nr_pages", (int64_t)c->nr_pages);
	hwp_check_number(r, "nr_read", (int64_t)c->nr_read);
	hwp_check_number(r, "nr_uninitialised", (int64_t)c->nr_uninitialised);
	if (f->damage[0])
		return hwp_check_answer(r, HWP_INCONCLUSIVE, "%s", f->damage);
	if (f->too_many)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"more than %zu pages are flagged as poisoned, which is "
					"not believable",
					f->poisoned.nr);
	if (c->nr_excluded || c->nr_faulted)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"%" PRIu64 " of %" PRIu64 " struct pages were read; not "
					"in the dump: %" PRIu64 " (zero-filled: %" PRIu64
					"), not readable: %" PRIu64 "%s",
					c->nr_read, c->nr_pages, c->nr_excluded, c->nr_zero,
					c->nr_faulted,
					f->memmap_excluded && c->nr_excluded ?
						"; makedumpfile -e left them out" :
						"");
	if (c->nr_uninitialised)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"%" PRIu64 " struct page%s of online memory %s all ones, "
					"as before initialisation",
					c->nr_uninitialised, hwp_plural(c->nr_uninitialised),
					c->nr_uninitialised == 1 ? "is" : "are");
	if (c->nr_read != c->nr_pages)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"%" PRIu64 " of %" PRIu64 " struct pages were read",
					c->nr_read, c->nr_pages);
	if (f->sweep == HWP_SWEEP_QUICK && !c->nr_pages)
		return hwp_check_answer(r, HWP_PASS, "quick: no memory block counts poison");
	if (f->sweep == HWP_SWEEP_QUICK)
		return hwp_check_answer(r, HWP_PASS,
					"quick: all %" PRIu64 " struct pages of memory blocks "
					"that count poison were read",
					c->nr_pages);
	return hwp_check_answer(r, HWP_PASS, "all %" PRIu64 " struct pages were read", c->nr_pages);
}

static void add_lists(const struct hwp_findings *f, struct hwp_check_result *r, uint64_t nr_moved)
{
	if (f->areas.nr)
		hwp_check_add(r, ", each nr_free equals the blocks found");
	if (nr_moved)
		hwp_check_add(r, ", but for %" PRIu64 " order%s whose lists changed meanwhile",
			      nr_moved, hwp_plural(nr_moved));
}

HWP_CHECK_FUNCTION(hwp_check_freelist_consistent)
{
	uint64_t nr_holes = hwp_check_nr_holes(f, r->check->needs), nr_moved = 0;
	uint64_t nr_wrong = nr_contradictions(f);

	hwp_check_number(r, "nr_lists", (int64_t)f->lists.nr);
	hwp_check_number(r, "nr_contradictions", (int64_t)nr_wrong);
	hwp_check_number(r, "nr_holes", (int64_t)nr_holes);
	for (size_t i = 0; i < f->areas.nr; i++) {
		const struct hwp_area_stat *a = &f->areas.data[i];

		nr_moved += a->moved;
		if (a->nr_free == a->nr_walked || a->moved || a->was_cut)
			continue;
		hwp_check_number(r, "nr_free", (int64_t)a->nr_free);
		hwp_check_number(r, "nr_blocks", (int64_t)a->nr_walked);
		return hwp_check_answer(r, HWP_FAIL,
					"node %d %s order %d: nr_free is %" PRIu64 ", but %" PRIu64
					" block%s on its lists",
					f->zones.data[a->zone].nid, f->zones.data[a->zone].name,
					a->order, a->nr_free, a->nr_walked,
					a->nr_walked == 1 ? " is" : "s are");
	}
	if (nr_wrong)
		return hwp_check_answer(r, HWP_FAIL,
					"%" PRIu64 " contradiction%s in lists or tables, listed "
					"as troubles",
					nr_wrong, hwp_plural(nr_wrong));
	if (nr_holes)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"%" PRIu64 " list%s could not be read to the end", nr_holes,
					hwp_plural(nr_holes));
	hwp_check_answer(r, HWP_PASS, "%zu list%s walked", f->lists.nr, hwp_plural(f->lists.nr));
	add_lists(f, r, nr_moved);
	return HWP_PASS;
}

/** Could the lists that may hold the page not all be read, or did they change meanwhile? */
static bool may_be_missed(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	if (p->by_list.container == HWP_NOT_FREE &&
	    (p->zone < 0 || f->zones.data[p->zone].lists_cut || f->zones.data[p->zone].was_locked))
		return true;
	for (size_t i = 0; i < f->areas.nr; i++) {
		if (f->areas.data[i].moved && f->areas.data[i].zone == p->zone)
			return true;
	}
	return false;
}

static bool blocks_agree(const struct hwp_poisoned *p)
{
	return p->by_list.container == p->by_page.container &&
	       p->by_list.head_pfn == p->by_page.head_pfn && p->by_list.order == p->by_page.order;
}

static const char *block_name(const struct hwp_block *b, char *buf, size_t size)
{
	if (b->container == HWP_NOT_FREE)
		return "no free block";
	snprintf(buf, size, "the %s block at 0x%" PRIx64 " (order %d)",
		 hwp_container_name(b->container), b->head_pfn, b->order);
	return buf;
}

/** The first page that the two methods find in different places, or NULL. */
static const struct hwp_poisoned *first_disagreement(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		/* Blocks elsewhere have no PageBuddy: only the lists show them. */
		if (p->by_page.container != HWP_FREE_AREA && p->by_list.container != HWP_FREE_AREA)
			continue;
		if (!blocks_agree(p) && !may_be_missed(f, p))
			return p;
	}
	return NULL;
}

/** Why the numbers of free pages differ, if that is no contradiction. */
static enum hwp_result explain_count(const struct hwp_findings *f, uint64_t nr_listed,
				     struct hwp_check_result *r)
{
	uint64_t difference = nr_listed > f->nr_buddy_pages_in_memmap ?
				      nr_listed - f->nr_buddy_pages_in_memmap :
				      f->nr_buddy_pages_in_memmap - nr_listed;
	uint64_t nr_locked = 0;

	for (size_t i = 0; i < f->zones.nr; i++)
		nr_locked += f->zones.data[i].was_locked;
	/* Both are right, each at its own moment. */
	if (f->live)
		hwp_check_add(r, ", counted one after the other");
	else if (hwp_check_nr_holes(f, HWP_NEEDS(HWP_HOLE_FREE_LIST) | HWP_NEEDS(HWP_HOLE_MEMMAP)))
		return HWP_INCONCLUSIVE;
	/* Who holds zone->lock moves one block at a time. */
	else if (difference <= nr_locked << f->max_order)
		hwp_check_add(r, ": zone->lock was held, and a block was on its way");
	else
		return HWP_FAIL;
	return HWP_PASS;
}

HWP_CHECK_FUNCTION(hwp_check_methods_agree)
{
	const struct hwp_poisoned *p = first_disagreement(f);
	char by_page[80], by_list[80];
	uint64_t nr_listed = 0;

	if (!f->areas.nr && f->live)
		return hwp_check_answer(r, HWP_SKIP, "the lists of free_area were not walked");
	if (p) {
		hwp_check_at(r, p->pfn);
		return hwp_check_answer(r, HWP_FAIL,
					"pfn 0x%" PRIx64 " is in %s by the memmap, in %s by the "
					"lists",
					p->pfn, block_name(&p->by_page, by_page, sizeof(by_page)),
					block_name(&p->by_list, by_list, sizeof(by_list)));
	}
	for (size_t i = 0; i < f->zones.nr; i++)
		nr_listed += f->zones.data[i].nr_buddy_pages;
	hwp_check_number(r, "nr_in_lists", (int64_t)nr_listed);
	hwp_check_number(r, "nr_in_memmap", (int64_t)f->nr_buddy_pages_in_memmap);
	if (nr_listed == f->nr_buddy_pages_in_memmap)
		return hwp_check_answer(r, HWP_PASS,
					"%" PRIu64
					" free pages by the lists, as many by the memmap",
					nr_listed);
	hwp_check_answer(r, HWP_PASS,
			 "%" PRIu64 " free pages by the lists, %" PRIu64 " by the memmap",
			 nr_listed, f->nr_buddy_pages_in_memmap);
	return explain_count(f, nr_listed, r);
}
