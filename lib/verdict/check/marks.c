// SPDX-License-Identifier: GPL-2.0-or-later
/** Do free and withheld pages look like such, and do the zones count what is free? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

HWP_CHECK_FUNCTION(hwp_check_free_blocks_bare)
{
	uint64_t nr = f->nr_followers_in_use;

	if (f->live)
		return hwp_check_answer(r, HWP_SKIP,
					"blocks are allocated while a running kernel is read");
	hwp_check_number(r, "nr_wrong", (int64_t)nr);
	if (!nr)
		return hwp_check_answer(r, HWP_PASS,
					"no page inside a free block has references or is a tail");
	hwp_check_at(r, f->first_follower_in_use);
	return hwp_check_answer(r, HWP_FAIL,
				"%" PRIu64
				" page%s inside free blocks %s references or %s marked as "
				"a tail: the first is pfn 0x%" PRIx64,
				nr, hwp_plural(nr), nr == 1 ? "has" : "have",
				nr == 1 ? "is" : "are", f->first_follower_in_use);
}

/** Pages on the zone's lists that NR_FREE_PAGES counts: account_freepages(). */
static int64_t nr_countable(const struct hwp_findings *f, int zone)
{
	int64_t nr = 0;

	for (size_t i = 0; i < f->lists.nr; i++) {
		const struct hwp_list_stat *list = &f->lists.data[i];
		const char *type;

		if (list->zone != zone ||
		    (list->container != HWP_FREE_AREA && list->container != HWP_UNACCEPTED_LIST))
			continue;
		type = hwp_findings_migratetype(f, list->migratetype);
		if (type && strcmp(type, "Isolate") == 0)
			continue;
		nr += (int64_t)(list->nr_blocks << list->order);
	}
	return nr;
}

/** Why the count of a zone may differ, or NULL. */
static const char *excuse(const struct hwp_findings *f, const struct hwp_zone_facts *z)
{
	if (z->was_locked)
		return "zone->lock was held";
	if (z->lock_unknown)
		return "whether zone->lock was held is not known";
	if (z->lists_cut)
		return "its lists could not all be read";
	/* Without Linux kernel commit e0932b6c1f94 ("mm: page_alloc: consolidate free page
	 * accounting") (in v6.10), of the same series as split_large_buddy(), a block can come to
	 * another type's list than the one it is counted for. */
	return f->kernel.frees_gigantic_whole ? NULL : "this kernel counts by the pageblock's type";
}

HWP_CHECK_FUNCTION(hwp_check_free_pages_counted)
{
	enum hwp_result result = HWP_PASS;
	uint64_t nr_zones = 0;

	for (size_t i = 0; i < f->zones.nr; i++) {
		const struct hwp_zone_facts *z = &f->zones.data[i];
		int64_t nr = nr_countable(f, (int)i);
		const char *why = excuse(f, z);

		if (!z->has_nr_free_pages)
			continue;
		nr_zones++;
		if (z->nr_free_pages == nr || (why && result == HWP_INCONCLUSIVE))
			continue;
		result = why ? HWP_INCONCLUSIVE : HWP_FAIL;
		hwp_check_number(r, "node", z->nid);
		hwp_check_number(r, "nr_counted", z->nr_free_pages);
		hwp_check_number(r, "nr_found", nr);
		hwp_check_answer(r, result,
				 "node %d %s: NR_FREE_PAGES is %" PRId64 ", but %" PRId64
				 " page%s on its lists",
				 z->nid, z->name, z->nr_free_pages, nr, nr == 1 ? " is" : "s are");
		if (!why)
			return result;
		hwp_check_add(r, " (%s)", why);
	}
	hwp_check_number(r, "nr_zones", (int64_t)nr_zones);
	if (!nr_zones)
		return hwp_check_answer(r, HWP_SKIP, "the counts of no zone are known");
	if (result == HWP_PASS)
		hwp_check_answer(r, result,
				 "%" PRIu64 " zone%s: NR_FREE_PAGES equals the pages on the lists",
				 nr_zones, hwp_plural(nr_zones));
	return result;
}

/** Why the lists of this kernel were not compared with the pageblocks; NULL: they were. */
static const char *not_compared(const struct hwp_findings *f)
{
	if (f->live)
		return "blocks move between lists while a running kernel is read";
	/* The mark of the series of v6.10, as in excuse(). */
	if (!f->kernel.frees_gigantic_whole)
		return "this kernel is not known to keep each free block on a list of its "
		       "pageblock's type, as kernels since v6.10 do";
	if (!f->pageblocks.is_known && !f->pageblocks.why[0])
		return "the lists of free_area were not walked";
	return NULL;
}

static const char *type_name(const struct hwp_findings *f, int migratetype, char buf[24])
{
	const char *name = hwp_findings_migratetype(f, migratetype);

	if (!name)
		snprintf(buf, 24, "type %d", migratetype);
	return name ? name : buf;
}

HWP_CHECK_FUNCTION(hwp_check_lists_match_pageblocks)
{
	const struct hwp_pageblock_facts *p = &f->pageblocks;
	const char *skip = not_compared(f);
	char of_list[24], of_block[24];

	if (skip)
		return hwp_check_answer(r, HWP_SKIP, "%s", skip);
	if (!p->is_known)
		return hwp_check_answer(r, HWP_INCONCLUSIVE, "the pageblocks could not be read: %s",
					p->why);
	hwp_check_number(r, "nr_wrong", (int64_t)p->nr_elsewhere);
	hwp_check_number(r, "nr_right", (int64_t)(p->nr_compared - p->nr_unsure));
	hwp_check_number(r, "nr_unsure", (int64_t)p->nr_unsure);
	hwp_check_number(r, "nr_unread", (int64_t)p->nr_unread);
	if (p->nr_elsewhere)
		hwp_check_at(r, p->first.head_pfn);
	if (p->nr_elsewhere)
		return hwp_check_answer(
			r, HWP_FAIL,
			"%" PRIu64 " free block%s on a list of another type than %s: %s0x%" PRIx64
			" (order %d) is on a list of %s, and its pageblock is %s",
			p->nr_elsewhere, p->nr_elsewhere == 1 ? " is" : "s are",
			p->nr_elsewhere == 1 ? "its pageblock" : "their pageblocks",
			p->nr_elsewhere == 1 ? "pfn " : "the first at pfn ", p->first.head_pfn,
			p->first.order, type_name(f, p->first.migratetype, of_list),
			type_name(f, p->first_type, of_block));
	hwp_check_answer(
		r, HWP_PASS,
		"%" PRIu64 " free block%s on a list of %s type (pageblocks of order %d)",
		p->nr_compared - p->nr_unsure, p->nr_compared - p->nr_unsure == 1 ? " is" : "s are",
		p->nr_compared - p->nr_unsure == 1 ? "its pageblock's" : "their pageblocks'",
		p->order);
	if (p->nr_unsure)
		hwp_check_add(r,
			      ", %" PRIu64 " %s not, where zone->lock was held or types may be "
			      "mixed",
			      p->nr_unsure, p->nr_unsure == 1 ? "is" : "are");
	if (p->nr_unread)
		hwp_check_add(r,
			      "; %" PRIu64 " %s outside of the memory whose pageblocks are known",
			      p->nr_unread, p->nr_unread == 1 ? "is" : "are");
	return p->nr_unsure || p->nr_unread ? HWP_INCONCLUSIVE : HWP_PASS;
}

/** The mark of a use that a page without references cannot have; NULL: none. */
static const char *stale_mark(const struct hwp_poisoned *p)
{
	if (p->page.is_tail)
		return "is marked as a tail, of no folio";
	return p->bits & HWP_BIT_LRU ? "has PG_lru" : NULL;
}

HWP_CHECK_FUNCTION(hwp_check_withheld_unmarked)
{
	const struct hwp_poisoned *first = NULL;
	uint64_t nr = 0, nr_looked = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		/* Where HVO left copies, the words are those of another page. */
		if (!p->was_read || p->is_shown || p->page.refcount ||
		    p->folio.kind != HWP_FOLIO_NONE || p->folio.is_stale_copy ||
		    (p->state != HWP_STATE_ISOLATED && p->state != HWP_STATE_TAKEN_OFF &&
		     p->state != HWP_STATE_DROPPED))
			continue;
		nr_looked++;
		if (stale_mark(p) && !nr++)
			first = p;
	}
	hwp_check_number(r, "nr_wrong", (int64_t)nr);
	hwp_check_number(r, "nr_looked", (int64_t)nr_looked);
	if (!nr_looked)
		hwp_check_answer(r, HWP_PASS, "no withheld page without references is known");
	else if (!nr)
		hwp_check_answer(r, HWP_PASS, "%" PRIu64 " withheld page%s without such a mark",
				 nr_looked, hwp_plural(nr_looked));
	if (!nr)
		return hwp_check_add_unknown(f, r) ? HWP_INCONCLUSIVE : HWP_PASS;
	hwp_check_at(r, first->pfn);
	return hwp_check_answer(r, HWP_FAIL,
				"%" PRIu64 " withheld page%s still marked: %spfn 0x%" PRIx64
				"%s %s",
				nr, nr == 1 ? " is" : "s are", nr == 1 ? "" : "the first is ",
				first->pfn, nr == 1 ? "" : ", which", stale_mark(first));
}

/** May the mark of the page be elsewhere, or its memory have been replaced? */
static bool may_be_marked(const struct hwp_poisoned *p)
{
	return !p->was_read || p->section_offline || p->zone_is_device ||
	       p->folio.kind == HWP_FOLIO_HUGETLB;
}

/** Where an unmarked page is now. */
static const char *place_of(const struct hwp_poisoned *p)
{
	if (p->by_list.container == HWP_PCP_LIST)
		return "on a per-CPU list";
	if (p->by_list.container != HWP_NOT_FREE || p->by_page.container != HWP_NOT_FREE)
		return "in a free block";
	if (p->folio.kind != HWP_FOLIO_NONE || p->page.is_tail)
		return "in a folio";
	return p->page.refcount > 0 ? "in use" : "on no list";
}

bool hwp_check_has_unpoison(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		if (f->events.data[i].kind == HWP_EVENT_UNPOISON)
			return true;
	}
	return false;
}

/** No mark is missing, of the errors that the log has. */
static enum hwp_result none_unmarked(const struct hwp_findings *f, struct hwp_check_result *r)
{
	if (f->log.state == HWP_LOG_UNREADABLE)
		return hwp_check_answer(r, HWP_INCONCLUSIVE, "the log could not be read");
	hwp_check_answer(r, HWP_PASS, "each page that the log has an error of is marked");
	/* Where the kernel counts none, no line can be missing of a page that it should have. */
	if (f->log.state == HWP_LOG_COMPLETE ||
	    (!f->poisoned.nr && f->counters.has_num_poisoned_pages &&
	     !f->counters.num_poisoned_pages))
		return HWP_PASS;
	hwp_check_add(r, f->log.state == HWP_LOG_WRAPPED ? ", but the log has lost its beginning" :
							   ", but the log has lost lines");
	return HWP_INCONCLUSIVE;
}

HWP_CHECK_FUNCTION(hwp_check_events_marked)
{
	bool unsure = f->log.state == HWP_LOG_LOST || f->log.state == HWP_LOG_UNREADABLE ||
		      hwp_check_has_unpoison(f);
	uint64_t nr = 0;

	for (size_t i = 0; i < f->unmarked.nr; i++)
		nr += !may_be_marked(&f->unmarked.data[i]);
	hwp_check_number(r, "nr_wrong", (int64_t)nr);
	if (!nr)
		return none_unmarked(f, r);
	hwp_check_answer(r, HWP_FAIL,
			 "%" PRIu64 " page%s that the log has an error of %s no mark: ", nr,
			 hwp_plural(nr), nr == 1 ? "has" : "have");
	nr = 0;
	for (size_t i = 0; i < f->unmarked.nr; i++) {
		const struct hwp_poisoned *p = &f->unmarked.data[i];

		if (may_be_marked(p))
			continue;
		if (!nr)
			hwp_check_at(r, p->pfn);
		hwp_check_add(r, "%spfn 0x%" PRIx64 " is %s", nr++ ? ", " : "", p->pfn,
			      place_of(p));
	}
	if (!unsure)
		return HWP_FAIL;
	r->lacks_evidence = true;
	hwp_check_add(r, "; the log may lack that it was unpoisoned");
	return HWP_INCONCLUSIVE;
}
