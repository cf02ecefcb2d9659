// SPDX-License-Identifier: GPL-2.0-or-later
/** Did the kernel count the poisoned pages that were found: in all, by memory block, by node? */
#include <inttypes.h>
#include <string.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

bool hwp_check_is_repeat(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ALREADY_POISONED ||
	       (e->kind == HWP_EVENT_ACTION && strstr(e->page_type, "already"));
}

/** Reports of pages of @p block (NULL: of all) that were poisoned already: some kernels count them again. */
static int64_t nr_repeats(const struct hwp_findings *f, const struct hwp_memory_block_count *block)
{
	int64_t nr = 0;

	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		nr += hwp_check_is_repeat(e) &&
		      (!block || (e->pfn >= block->start_pfn && e->pfn < block->end_pfn));
	}
	return nr;
}

static int64_t nr_of_devices(const struct hwp_findings *f)
{
	int64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++)
		nr += f->poisoned.data[i].zone_is_device;
	return nr;
}

/** Poisoned pages may be known to struct pages and to records that could not be read. */
static bool has_holes(const struct hwp_findings *f)
{
	return hwp_check_nr_holes(f, HWP_NEEDS(HWP_HOLE_MEMMAP) | HWP_NEEDS(HWP_HOLE_RAW_HWP_LIST) |
					     HWP_NEEDS(HWP_HOLE_HPAGE_FREELIST));
}

/**
 * The page whose flag stands for the error: a kernel without raw_hwp_list counts one for each
 * HugeTLB folio. UINT64_MAX when the page counts for itself.
 */
static uint64_t counted_as(const struct hwp_poisoned *p)
{
	if (p->zone_is_device || p->folio.raw_list_readable || p->folio.raw_list_broken)
		return UINT64_MAX;
	if (p->folio.kind == HWP_FOLIO_HUGETLB)
		return p->folio.head_pfn;
	return p->folio.kind == HWP_FOLIO_NONE && p->is_named_by_log ? p->named_head_pfn :
								       UINT64_MAX;
}

/** The pages that were found, as the kernel counts them. */
static int64_t nr_to_count(const struct hwp_findings *f)
{
	uint64_t last = UINT64_MAX;
	int64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		uint64_t as = counted_as(&f->poisoned.data[i]);

		nr += as == UINT64_MAX || as != last;
		last = as;
	}
	return nr;
}

/** Was something done about the page, by the log? */
static bool was_handled(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];

	return e && e->kind != HWP_EVENT_INJECTED && e->kind != HWP_EVENT_MACHINE_CHECK &&
	       e->kind != HWP_EVENT_HARDWARE;
}

/**
 * HugeTLB folios that were flagged and not counted. For an error at a tail of a free one
 * memory_failure_hugetlb() met its own mark on the head, took it for another's, and took the
 * count back without a word, until Linux kernel commit 405ce051236c ("mm/hwpoison: fix race
 * between hugetlb free/demotion and memory_failure_hugetlb()") (in v5.18).
 */
static int64_t nr_taken_back(const struct hwp_findings *f)
{
	uint64_t last = UINT64_MAX;
	bool handled = false;
	int64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		uint64_t as = counted_as(p);

		if (as == UINT64_MAX)
			continue;
		if (as != last)
			handled = false;
		nr += as != last;
		last = as;
		if (was_handled(f, p) && !handled) {
			handled = true;
			nr--;
		}
	}
	return nr;
}

/** What the kernel has counted and not marked, or counted twice, explains @p more: say so. */
static bool explain_more(const struct hwp_findings *f, int64_t more, struct hwp_check_result *r)
{
	/* action_result() counts each action for a dax page; it marks a folio's head, once, or
	 * none where it could not lock it: memory_failure_dev_pagemap(). */
	int64_t dax = (int64_t)f->counters.nr_dax_actions - nr_of_devices(f);
	int64_t repeats = nr_repeats(f, NULL);

	if (dax < 0)
		dax = 0;
	if (more > repeats + dax)
		return false;
	if (repeats)
		hwp_check_add(r,
			      ": the log has %" PRId64 " repeated report%s, which this kernel "
			      "counted again",
			      repeats, hwp_plural((uint64_t)repeats));
	if (dax)
		hwp_check_add(r,
			      "%s the log has %" PRIu64 " recovery action%s for dax pages, each of "
			      "which is counted, marked or not",
			      repeats ? ", and" : ":", f->counters.nr_dax_actions,
			      hwp_plural(f->counters.nr_dax_actions));
	return true;
}

int64_t hwp_check_nr_counted_again(const struct hwp_findings *f)
{
	int64_t more = f->counters.num_poisoned_pages - nr_to_count(f);

	return f->counters.has_num_poisoned_pages && f->log.state == HWP_LOG_COMPLETE &&
			       !f->counters.nr_dax_actions && !has_holes(f) && more > 0 &&
			       more <= nr_repeats(f, NULL) ?
		       more :
		       0;
}

/** Why the kernel counted @p more pages than were found: added to the detail. */
static enum hwp_result explain_difference(const struct hwp_findings *f, int64_t more,
					  struct hwp_check_result *r)
{
	if (more > 0 && explain_more(f, more, r))
		return HWP_PASS;
	if (more < 0 && -more <= nr_taken_back(f)) {
		hwp_check_add(r,
			      ": an error at a tail of a free HugeTLB page, of which the log has "
			      "no result, is not counted by this kernel");
		return f->log.state == HWP_LOG_COMPLETE ? HWP_PASS : HWP_INCONCLUSIVE;
	}
	if (more < 0 && f->counters.mf_running &&
	    -more <= (int64_t)f->counters.pending_pfns.nr + 1) {
		hwp_check_add(r, ": memory_failure() was at work, and counts a page after it has "
				 "flagged it");
		return HWP_PASS;
	}
	if (more < 0 && -more <= nr_of_devices(f)) {
		hwp_check_add(r, ": a page of a device may be marked without being counted");
		return HWP_INCONCLUSIVE;
	}
	/* By /proc/kpageflags a HugeTLB folio is one page, whatever its record holds. */
	if ((more > 0 || !f->zones.nr) && has_holes(f)) {
		hwp_check_add(r, ": what could not be read may explain the difference");
		return HWP_INCONCLUSIVE;
	}
	if (more > 0 && f->summary.nr_unrecorded_folios) {
		hwp_check_add(r, ": HugeTLB folios without a record of their bad pages may "
				 "explain the difference");
		return HWP_INCONCLUSIVE;
	}
	if (more > 0 && f->log.state != HWP_LOG_COMPLETE) {
		hwp_check_add(r, ": repeated reports may explain the difference, but the log is "
				 "not complete");
		return HWP_INCONCLUSIVE;
	}
	hwp_check_add(r, more < 0 ? ": not all of them were counted" :
				    ": not all that were counted were found");
	return HWP_FAIL;
}

/** The global count against what was found. */
static enum hwp_result total_accounted(const struct hwp_findings *f, struct hwp_check_result *r)
{
	int64_t counted = f->counters.num_poisoned_pages, found = nr_to_count(f);

	hwp_check_number(r, "nr_counted", counted);
	hwp_check_number(r, "nr_found", found);
	if (counted < 0)
		return hwp_check_answer(r, HWP_FAIL, "num_poisoned_pages is negative: %" PRId64,
					counted);
	if (counted == found)
		hwp_check_answer(r, HWP_PASS,
				 "num_poisoned_pages is %" PRId64 ", equal to the pages found",
				 counted);
	else
		hwp_check_answer(r, HWP_FAIL,
				 "num_poisoned_pages is %" PRId64 ", but %" PRId64 " page%s found",
				 counted, found, found == 1 ? " was" : "s were");
	if (found != (int64_t)f->poisoned.nr)
		hwp_check_add(r, ", when all of one HugeTLB folio are one, as this kernel counts");
	if (counted == found)
		return HWP_PASS;
	return explain_difference(f, counted - found, r);
}

HWP_CHECK_FUNCTION(hwp_check_poison_accounted)
{
	const struct hwp_counters *c = &f->counters;
	enum hwp_result result;

	if (hwp_check_nr_holes(f, HWP_NEEDS(HWP_HOLE_COUNTER)))
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"num_poisoned_pages could not be read");
	if (!c->has_num_poisoned_pages)
		return hwp_check_answer(r, HWP_SKIP, "no symbol shows where the kernel's count is");
	result = total_accounted(f, r);
	hwp_check_number(r, "nr_pending", (int64_t)c->pending_pfns.nr);
	if (c->pending_pfns.nr)
		hwp_check_add(r, "; %zu more error%s reported, but not handled yet",
			      c->pending_pfns.nr, c->pending_pfns.nr == 1 ? " is" : "s are");
	return result;
}

/** What may explain that the block's count is not what was found in it; NULL: nothing. */
static const char *explain_block(const struct hwp_findings *f,
				 const struct hwp_memory_block_count *b)
{
	int64_t more = b->nr_hwpoison - (int64_t)b->nr_found;

	if (f->counters.mf_running || f->counters.pending_pfns.nr)
		return "memory_failure() was at work";
	/* Before folio_free_raw_hwp() took each page off its own block, all those of a HugeTLB
	 * page went off the block of the first. */
	if (hwp_check_has_unpoison(f))
		return "pages were unpoisoned, and a HugeTLB page may be in several blocks";
	if (more > 0 && more <= nr_repeats(f, b))
		return "its pages were reported again";
	if (more > 0 && (has_holes(f) || f->summary.nr_unrecorded_folios))
		return "which pages of it are bad could not all be read";
	if (f->log.state != HWP_LOG_COMPLETE)
		return "the log, which has repeated reports and unpoisoning, is not complete";
	return NULL;
}

/** The memory block that decides: one that nothing explains before those that are explained. */
static const struct hwp_memory_block_count *worst_block(const struct hwp_findings *f,
							uint64_t *nr_compared, uint64_t *nr_wrong)
{
	const struct hwp_memory_block_count *worst = NULL;
	bool is_explained = false;

	for (size_t i = 0; i < f->counters.blocks.nr; i++) {
		const struct hwp_memory_block_count *b = &f->counters.blocks.data[i];

		if (b->unread || b->offline)
			continue;
		++*nr_compared;
		if (b->nr_hwpoison == (int64_t)b->nr_found)
			continue;
		++*nr_wrong;
		/* What explains a block is searched for along the whole log. */
		if (worst && (!is_explained || explain_block(f, b)))
			continue;
		is_explained = !worst && explain_block(f, b);
		worst = b;
	}
	return worst;
}

HWP_CHECK_FUNCTION(hwp_check_memory_blocks_accounted)
{
	uint64_t nr_compared = 0, nr_wrong = 0;
	const struct hwp_memory_block_count *b = worst_block(f, &nr_compared, &nr_wrong);
	const char *why = b ? explain_block(f, b) : NULL;

	if (!nr_compared && hwp_check_nr_holes(f, r->check->needs))
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"the counts of memory blocks could not be read");
	if (!f->counters.has_memory_blocks)
		return hwp_check_answer(r, HWP_SKIP, "the kernel keeps no counts of memory blocks");
	hwp_check_number(r, "nr_blocks", (int64_t)nr_compared);
	hwp_check_number(r, "nr_wrong", (int64_t)nr_wrong);
	if (!b)
		return hwp_check_answer(r, HWP_PASS,
					"%" PRIu64 " memory block%s counted what was found in %s",
					nr_compared, hwp_plural(nr_compared),
					nr_compared == 1 ? "it" : "each");
	hwp_check_number(r, "block", (int64_t)b->id);
	hwp_check_number(r, "nr_counted", b->nr_hwpoison);
	hwp_check_number(r, "nr_found", (int64_t)b->nr_found);
	hwp_check_at(r, b->start_pfn);
	hwp_check_answer(r, HWP_FAIL,
			 "memory block %" PRIu64 " (pfn 0x%" PRIx64 " on) counted %" PRId64
			 ", but %" PRIu64 " page%s found in it",
			 b->id, b->start_pfn, b->nr_hwpoison, b->nr_found,
			 b->nr_found == 1 ? " was" : "s were");
	if (nr_wrong > 1)
		hwp_check_add(r, ", and %" PRIu64 " more block%s", nr_wrong - 1,
			      nr_wrong == 2 ? " differs" : "s differ");
	if (why)
		hwp_check_add(r, ": %s", why);
	return why ? HWP_INCONCLUSIVE : HWP_FAIL;
}

/** The first node whose mf_stats do not add up; NULL for none. */
static const struct hwp_node_count *unsound_node(const struct hwp_counters *c)
{
	for (size_t i = 0; i < c->nodes.nr; i++) {
		const struct hwp_node_count *n = &c->nodes.data[i];

		if (n->has_results &&
		    n->ignored + n->failed + n->delayed + n->recovered != n->total)
			return n;
	}
	return NULL;
}

/** Recovery actions in the log, without and with those that not all kernels count. */
static void count_actions(const struct hwp_findings *f, int64_t *least, int64_t *most)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (e->kind != HWP_EVENT_ACTION)
			continue;
		/* MF_MSG_PFN_MAP */
		*least += !hwp_check_is_repeat(e) &&
			  strcmp(e->page_type, "non struct page pfn") != 0;
		++*most;
	}
}

/** With the whole log: action_result() counts an error of a node, and then prints it. */
static enum hwp_result by_log(const struct hwp_findings *f, int64_t total,
			      struct hwp_check_result *r)
{
	int64_t least = 0, most = 0;

	count_actions(f, &least, &most);
	hwp_check_number(r, "nr_counted", total);
	hwp_check_number(r, "nr_in_log", total < least ? least : total > most ? most : total);
	if (total >= least && total <= most)
		return hwp_check_answer(r, HWP_PASS,
					"mf_stats of the nodes count %" PRId64
					" recovery action%s, as the log has",
					total, hwp_plural((uint64_t)total));
	hwp_check_answer(r, HWP_FAIL,
			 "mf_stats of the nodes count %" PRId64 " recovery action%s, but the log "
			 "has %" PRId64,
			 total, total == 1 ? "" : "s", total < least ? least : most);
	if (!f->counters.mf_running)
		return HWP_FAIL;
	hwp_check_add(r, ": memory_failure() was at work");
	return HWP_INCONCLUSIVE;
}

/** Without it: soft offline and unpoison change what is found, and not mf_stats. */
static enum hwp_result by_pages(const struct hwp_findings *f, struct hwp_check_result *r)
{
	for (size_t i = 0; i < f->counters.nodes.nr; i++) {
		const struct hwp_node_count *n = &f->counters.nodes.data[i];

		if (n->total == (int64_t)n->nr_found)
			continue;
		hwp_check_number(r, "node", n->nid);
		hwp_check_number(r, "nr_counted", n->total);
		hwp_check_number(r, "nr_found", (int64_t)n->nr_found);
		return hwp_check_answer(
			r, HWP_INCONCLUSIVE,
			"node %d counted %" PRId64 " and has %" PRIu64
			": soft offline and unpoison are not counted there, and the log is "
			"not complete",
			n->nid, n->total, n->nr_found);
	}
	return hwp_check_answer(r, HWP_PASS, "mf_stats of each node count as many as were found");
}

HWP_CHECK_FUNCTION(hwp_check_nodes_accounted)
{
	const struct hwp_counters *c = &f->counters;
	const struct hwp_node_count *unsound = unsound_node(c);
	int64_t total = 0;

	if (hwp_check_nr_holes(f, HWP_NEEDS(HWP_HOLE_NODE_COUNTER)))
		return hwp_check_answer(r, HWP_INCONCLUSIVE, "mf_stats could not all be read");
	if (!c->nodes.nr || !c->nodes.data[0].has_total)
		return hwp_check_answer(r, HWP_SKIP, "the kernel keeps no mf_stats");
	if (unsound) {
		hwp_check_number(r, "node", unsound->nid);
		hwp_check_number(r, "nr_counted", unsound->total);
		hwp_check_answer(r, HWP_FAIL,
				 "node %d: mf_stats.total is %" PRId64
				 ", but its results are %" PRId64 " ignored, %" PRId64
				 " failed, %" PRId64 " delayed, %" PRId64 " recovered",
				 unsound->nid, unsound->total, unsound->ignored, unsound->failed,
				 unsound->delayed, unsound->recovered);
		if (!c->mf_running)
			return HWP_FAIL;
		hwp_check_add(r, ": memory_failure() was at work");
		return HWP_INCONCLUSIVE;
	}
	for (size_t i = 0; i < c->nodes.nr; i++)
		total += c->nodes.data[i].total;
	return f->log.state == HWP_LOG_COMPLETE ? by_log(f, total, r) : by_pages(f, r);
}
