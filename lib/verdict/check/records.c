// SPDX-License-Identifier: GPL-2.0-or-later
/** Do the kernel's own records of poison match the pages? */
#include <inttypes.h>
#include <string.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

HWP_CHECK_FUNCTION(hwp_check_folio_flag_matches_pages)
{
	uint64_t nr_set = 0, nr_without = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state != HWP_STATE_LARGE_FOLIO)
			continue;
		if (p->folio.can_have_hwpoisoned && !p->folio.has_hwpoisoned)
			return hwp_check_answer(r, HWP_INCONCLUSIVE,
						"the folio at 0x%" PRIx64 " holds poisoned pfn "
						"0x%" PRIx64 ", but PG_has_hwpoisoned is clear: a "
						"fixed kernel would free it whole",
						p->folio.head_pfn, p->pfn);
		nr_set += p->folio.can_have_hwpoisoned;
		nr_without += !p->folio.can_have_hwpoisoned;
	}
	if (nr_set)
		return hwp_check_answer(r, HWP_PASS,
					"PG_has_hwpoisoned is set for %" PRIu64 " poisoned page%s",
					nr_set, hwp_plural(nr_set));
	if (nr_without)
		return hwp_check_answer(r, HWP_SKIP, "this kernel has no PG_has_hwpoisoned");
	return hwp_check_answer(r, HWP_PASS, "no large folio holds poison");
}

HWP_CHECK_FUNCTION(hwp_check_raw_hwp_list_consistent)
{
	uint64_t nr = 0, last = UINT64_MAX;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->folio.kind != HWP_FOLIO_HUGETLB || p->folio.head_pfn == last)
			continue;
		last = p->folio.head_pfn;
		nr++;
		if (p->raw_page_unknown && !p->folio.raw_unreliable && p->folio.raw_list_readable)
			return hwp_check_answer(r, HWP_FAIL,
						"the HugeTLB folio at 0x%" PRIx64
						" is flagged, but "
						"its raw_hwp_list is empty",
						last);
	}
	if (!nr)
		return hwp_check_answer(r, HWP_PASS, "no HugeTLB folio is poisoned");
	return hwp_check_answer(r, HWP_PASS,
				"%" PRIu64 " poisoned HugeTLB folio%s without a contradiction", nr,
				hwp_plural(nr));
}

/** Reports of pages that were poisoned already: some kernels count them again. */
static int64_t nr_repeats(const struct hwp_findings *f)
{
	int64_t nr = 0;

	for (size_t i = 0; i < f->events.nr; i++)
		nr += f->events.data[i].kind == HWP_EVENT_ALREADY_POISONED ||
		      (f->events.data[i].kind == HWP_EVENT_ACTION &&
		       strstr(f->events.data[i].page_type, "already"));
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

	return e && e->kind != HWP_EVENT_INJECTED && e->kind != HWP_EVENT_MACHINE_CHECK;
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

/** Why the kernel counted @p more pages than were found: added to the detail. */
static enum hwp_result explain_difference(const struct hwp_findings *f, int64_t more,
					  struct hwp_check_result *r)
{
	int64_t repeats = nr_repeats(f);

	if (more > 0 && more <= repeats) {
		hwp_check_add(r,
			      ": the log has %" PRId64 " repeated report%s, which this kernel "
			      "counted again",
			      repeats, hwp_plural((uint64_t)repeats));
		return HWP_PASS;
	}
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

/** Nodes whose mf_stats differ: the first by name, the others by number. */
static bool nodes_agree(const struct hwp_counters *c, struct hwp_check_result *r)
{
	uint64_t nr_different = 0;

	for (size_t i = 0; i < c->nodes.nr; i++) {
		const struct hwp_node_count *n = &c->nodes.data[i];

		if (!n->has_total || n->total == (int64_t)n->nr_found || nr_different++)
			continue;
		hwp_check_add(r,
			      "; node %d counted %" PRId64 " and has %" PRIu64
			      " (soft offline and unpoison are not counted there)",
			      n->nid, n->total, n->nr_found);
	}
	if (nr_different > 1)
		hwp_check_add(r, ", %" PRIu64 " more node%s differ%s", nr_different - 1,
			      hwp_plural(nr_different - 1), nr_different == 2 ? "s" : "");
	return !nr_different;
}

static bool memory_blocks_agree(const struct hwp_counters *c, struct hwp_check_result *r)
{
	for (size_t i = 0; i < c->blocks.nr; i++) {
		const struct hwp_memory_block_count *b = &c->blocks.data[i];

		if (b->nr_hwpoison == (int64_t)b->nr_found)
			continue;
		hwp_check_add(r, "; memory block %" PRIu64 " counted %" PRId64 " and has %" PRIu64,
			      b->id, b->nr_hwpoison, b->nr_found);
		return false;
	}
	return true;
}

/*
 * Neither count need be equal: mf_stats leave out soft offline and keep what
 * was unpoisoned, blocks keep what num_poisoned_pages_sub() takes off without
 * a pfn. So a difference is reported, and decides nothing.
 */
static void add_blocks_and_nodes(const struct hwp_findings *f, struct hwp_check_result *r)
{
	const struct hwp_counters *c = &f->counters;
	bool has_nodes = c->nodes.nr && c->nodes.data[0].has_total;

	if (nodes_agree(c, r) && memory_blocks_agree(c, r) && c->has_memory_blocks)
		hwp_check_add(r, "; the counts of %zu memory block%s%s agree with what was found",
			      c->blocks.nr, hwp_plural(c->blocks.nr),
			      has_nodes ? " and of the nodes" : "");
	if (c->pending_pfns.nr)
		hwp_check_add(r, "; %zu more error%s reported, but not handled yet",
			      c->pending_pfns.nr, c->pending_pfns.nr == 1 ? " is" : "s are");
}

HWP_CHECK_FUNCTION(hwp_check_poison_accounted)
{
	enum hwp_result result;

	if (hwp_check_nr_holes(f, HWP_NEEDS(HWP_HOLE_COUNTER)))
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"num_poisoned_pages could not be read");
	if (!f->counters.has_num_poisoned_pages)
		return hwp_check_answer(r, HWP_SKIP, "the kernel keeps no count");
	result = total_accounted(f, r);
	add_blocks_and_nodes(f, r);
	return result;
}
