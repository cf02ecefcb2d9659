// SPDX-License-Identifier: GPL-2.0-or-later
/** Where is the poison, and what was lost with it? */
#include <inttypes.h>

#include "base/plural.h"
#include "verdict/check/functions.h"
#include "verdict/runs.h"

/** No page may be in @p state; @p is and @p are name it for one page and for several. */
static enum hwp_result none_in(const struct hwp_findings *f, struct hwp_check_result *r,
			       enum hwp_state state, const char *is, const char *are)
{
	uint64_t nr = f->summary.nr_by_state[state];

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state == state)
			return hwp_check_answer(r, HWP_FAIL,
						"%" PRIu64 " poisoned page%s %s: %spfn 0x%" PRIx64,
						nr, hwp_plural(nr), nr == 1 ? is : are,
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

HWP_CHECK_FUNCTION(hwp_check_poison_not_reused)
{
	return none_in(f, r, HWP_STATE_REUSED, "was allocated again", "were allocated again");
}

HWP_CHECK_FUNCTION(hwp_check_healthy_not_lost)
{
	uint64_t nr = f->summary.nr_healthy_lost;

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
		if (run)
			return hwp_check_answer(r, HWP_FAIL,
						"the free block of order %d with pfn 0x%" PRIx64
						", in the folio at 0x%" PRIx64
						" (order %d), is not "
						"inside a healthy range",
						run->order, run->pfn, folio->head_pfn,
						folio->order);
	}
	if (!nr_freed)
		return hwp_check_answer(r, HWP_PASS, "no freed folio is known");
	return hwp_check_answer(r, HWP_PASS,
				"%" PRIu64 " freed folio%s: every free block is inside a healthy "
				"range",
				nr_freed, hwp_plural(nr_freed));
}
