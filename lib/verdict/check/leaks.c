// SPDX-License-Identifier: GPL-2.0-or-later
/** Where is the poison, and what was lost with it? */
#include <inttypes.h>

#include "base/plural.h"
#include "verdict/check/functions.h"
#include "verdict/classify.h"
#include "verdict/runs.h"

/** No page may be in @p state; @p is and @p are name it for one page and for several. */
static enum hwp_result none_in(const struct hwp_findings *f, struct hwp_check_result *r,
			       enum hwp_state state, const char *is, const char *are)
{
	uint64_t nr = f->summary.nr_by_state[state];

	hwp_check_number(r, "nr_wrong", (int64_t)nr);
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state != state)
			continue;
		hwp_check_at(r, p->pfn);
		return hwp_check_answer(r, HWP_FAIL,
					"%" PRIu64 " poisoned page%s %s: %spfn 0x%" PRIx64, nr,
					hwp_plural(nr), nr == 1 ? is : are,
					nr == 1 ? "" : "the first is ", p->pfn);
	}
	return hwp_check_answer(r, HWP_PASS, "none was found");
}

HWP_CHECK_FUNCTION(hwp_check_poison_not_in_buddy)
{
	return none_in(f, r, HWP_STATE_BUDDY, "is in a free block", "are in free blocks");
}

HWP_CHECK_FUNCTION(hwp_check_poison_not_on_pcp)
{
	return none_in(f, r, HWP_STATE_PCP, "is on a per-CPU list", "are on per-CPU lists");
}

/**
 * Is it shown that the page was not freed since its error? A raw entry moves to the page's
 * own flag when its HugeTLB folio is freed. memory_failure() sets PG_has_hwpoisoned, and
 * freeing clears it: with one bad page in the folio, it is that page's.
 */
static bool is_still_held(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_folio *folio = hwp_findings_folio_at(f, p->pfn);

	if (p->is_raw || (hwp_page_owner_when(f, p) == HWP_BEFORE_ERROR && !p->page_owner.migrated))
		return true;
	return p->folio.kind == HWP_FOLIO_LARGE && p->folio.has_hwpoisoned && folio &&
	       folio->nr_poisoned == 1;
}

/**
 * Pages in use of which nothing shows whose they were when the error struck, or are now;
 * the first of them, and whether the evidence was there to be read.
 */
static uint64_t nr_undecided(const struct hwp_findings *f, struct hwp_check_result *r,
			     const struct hwp_poisoned **first_ret)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		bool unlogged = p->event < 0 && f->log.state != HWP_LOG_COMPLETE;

		if (hwp_state_class(p->state) != HWP_CLASS_PENDING ||
		    (!unlogged && !p->owner.unreadable) || is_still_held(f, p))
			continue;
		*first_ret = nr++ ? *first_ret : p;
		r->lacks_evidence |= p->owner.unreadable || f->log.state == HWP_LOG_UNREADABLE;
	}
	return nr;
}

HWP_CHECK_FUNCTION(hwp_check_poison_not_reused)
{
	static const char *const why_log[] = {
		[HWP_LOG_UNREADABLE] = "the log could not be read",
		[HWP_LOG_LOST] = "the log has lost lines",
		[HWP_LOG_WRAPPED] = "the log has lost its beginning",
		[HWP_LOG_COMPLETE] = "",
	};
	enum hwp_result result = none_in(f, r, HWP_STATE_REUSED, "was allocated again",
					 "were allocated again");
	const struct hwp_poisoned *first = NULL;
	uint64_t nr;

	if (result == HWP_FAIL)
		return result;
	nr = nr_undecided(f, r, &first);
	if (!nr)
		return hwp_check_add_unknown(f, r) ? HWP_INCONCLUSIVE : result;
	hwp_check_number(r, "nr_undecided", (int64_t)nr);
	hwp_check_at(r, first->pfn);
	hwp_check_add(r,
		      ", but whether %" PRIu64 " page%s in use, the first is pfn 0x%" PRIx64 ", ",
		      nr, hwp_plural(nr), first->pfn);
	hwp_check_add(r, "%s allocated again is not known: %s", nr == 1 ? "was" : "were",
		      first->owner.unreadable ? "whose it is could not be read" :
						why_log[f->log.state]);
	return HWP_INCONCLUSIVE;
}

HWP_CHECK_FUNCTION(hwp_check_healthy_not_lost)
{
	uint64_t nr = f->summary.nr_healthy_lost, nr_unread = 0;

	for (size_t i = 0; i < f->runs.nr; i++)
		nr_unread += f->runs.data[i].state == HWP_RUN_UNREADABLE ?
				     f->runs.data[i].nr_pages :
				     0;
	hwp_check_number(r, "nr_wrong", (int64_t)nr);
	hwp_check_number(r, "nr_unread", (int64_t)nr_unread);
	if (!nr && nr_unread)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"none was found, but %" PRIu64
					" page%s of freed folios %s on "
					"no list that could be read",
					nr_unread, hwp_plural(nr_unread),
					nr_unread == 1 ? "is" : "are");
	if (!nr)
		return hwp_check_answer(r, HWP_PASS, "none was found");
	return hwp_check_answer(r, HWP_FAIL,
				"%" PRIu64 " healthy page%s (%" PRIu64
				" KiB) %s lost with poisoned "
				"ones",
				nr, hwp_plural(nr), nr << f->page_shift >> 10,
				nr == 1 ? "is" : "are");
}

HWP_CHECK_FUNCTION(hwp_check_ranges_held)
{
	uint64_t nr_freed = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		const struct hwp_folio *folio = &f->folios.data[i];
		const struct hwp_run *run;

		if (folio->kind != HWP_EXTENT_FREED)
			continue;
		nr_freed++;
		run = hwp_runs_unexpected(f, folio);
		if (!run)
			continue;
		hwp_check_number(r, "order", run->order);
		hwp_check_at(r, run->pfn);
		return hwp_check_answer(r, HWP_FAIL,
					"the free block of order %d with pfn 0x%" PRIx64
					", in the folio at 0x%" PRIx64 " (order %d), is not "
					"inside a healthy range",
					run->order, run->pfn, folio->head_pfn, folio->order);
	}
	hwp_check_number(r, "nr_folios", (int64_t)nr_freed);
	if (!nr_freed)
		return hwp_check_answer(r, HWP_PASS, "no freed folio is known");
	hwp_check_answer(r, HWP_PASS,
			 "%" PRIu64 " freed folio%s: every free block is inside a healthy range",
			 nr_freed, hwp_plural(nr_freed));
	if (!hwp_check_nr_holes(f, HWP_NEEDS(HWP_HOLE_FREE_LIST) | HWP_NEEDS(HWP_HOLE_PCP_LIST)))
		return HWP_PASS;
	hwp_check_add(r, ", of those on lists that could be read");
	return HWP_INCONCLUSIVE;
}
