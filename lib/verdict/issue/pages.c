// SPDX-License-Identifier: GPL-2.0-or-later
/** Known issues that show in pages, folios and counts. */
#include <inttypes.h>
#include <string.h>

#include "base/plural.h"
#include "verdict/check/functions.h"
#include "verdict/issue/functions.h"

static bool was_freed_whole(enum hwp_outcome outcome)
{
	return outcome == HWP_OUTCOME_LEAKED || outcome == HWP_OUTCOME_LEAKED_BEFORE ||
	       outcome == HWP_OUTCOME_LOST;
}

HWP_ISSUE_FUNCTION(hwp_issue_freed_whole)
{
	uint64_t nr_freed = 0, nr_live = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		nr_freed += was_freed_whole(f->folios.data[i].outcome);
		nr_live += f->folios.data[i].outcome == HWP_OUTCOME_WOULD_LEAK;
	}
	if (f->kernel.fix != HWP_FIX_ABSENT || !(nr_freed + nr_live))
		return false;
	if (!nr_freed)
		return hwp_issue_matched(m,
					 "this kernel has no free_has_hwpoisoned(), and %" PRIu64
					 " folio%s poison",
					 nr_live, nr_live == 1 ? " holds" : "s hold");
	return hwp_issue_matched(m,
				 "this kernel has no free_has_hwpoisoned(), and freed %" PRIu64
				 " folio%s together with poison",
				 nr_freed, hwp_plural(nr_freed));
}

/** Did memory failure report that a HugeTLB page with the bad page was dealt with so? */
static bool has_huge_result(const struct hwp_findings *f, uint64_t pfn, const char *result)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (e->kind == HWP_EVENT_ACTION && e->has_pfn && e->pfn == pfn &&
		    strstr(e->page_type, "huge page") && strcmp(e->result, result) == 0)
			return true;
	}
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_dissolved_in_buddy)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state == HWP_STATE_BUDDY && p->was_read && p->page.refcount > 0 &&
		    has_huge_result(f, p->pfn, "Recovered"))
			return hwp_issue_matched(m,
						 "page 0x%" PRIx64
						 " is in a free block with refcount %d, and the "
						 "log has its HugeTLB page as recovered",
						 p->pfn, p->page.refcount);
	}
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_dissolved_on_pcp)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->state == HWP_STATE_PCP && has_huge_result(f, p->pfn, "Recovered"))
			return hwp_issue_matched(m,
						 "page 0x%" PRIx64
						 " is on a per-CPU list, and the log has its "
						 "HugeTLB page as recovered",
						 p->pfn);
	}
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_counted_again)
{
	int64_t nr = hwp_check_nr_counted_again(f);

	if (!nr)
		return false;
	return hwp_issue_matched(m,
				 "num_poisoned_pages is %" PRId64 " more than there are pages, and "
				 "the log has at least as many repeated reports",
				 nr);
}

/** The lowest pfn of [@p pfn, @p end) that the log has in a bad page state; false for none. */
static bool find_bad_state(const struct hwp_findings *f, uint64_t pfn, uint64_t end, uint64_t *ret)
{
	size_t i = hwp_vec_lower_bound(&f->bad_state_pfns, bad, *bad < pfn);

	if (i == f->bad_state_pfns.nr || f->bad_state_pfns.data[i] >= end)
		return false;
	*ret = f->bad_state_pfns.data[i];
	return true;
}

/** A page of [@p pfn, @p end), or a block that begins there, which its free list does not fit. */
static bool find_contradiction(const struct hwp_findings *f, uint64_t pfn, uint64_t end,
			       uint64_t *ret)
{
	for (size_t i = 0; i < f->troubles.nr; i++) {
		const struct hwp_trouble *t = &f->troubles.data[i];

		if (t->kind == HWP_TROUBLE_CONTRADICTION && t->has_pfn && t->pfn >= pfn &&
		    t->pfn < end) {
			*ret = t->pfn;
			return true;
		}
	}
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_gigantic_dissolve)
{
	unsigned int order = f->hugetlb.nr ? f->hugetlb.orders[f->hugetlb.nr - 1] : 0;
	uint64_t nr_pages = UINT64_C(1) << order, bad;

	if (f->kernel.hugetlb_vmemmap_optimized != HWP_ON || order <= f->max_order ||
	    hwp_issue_complaint(f, "corrupted mapping in tail page"))
		return false;
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];
		uint64_t pfn = e->pfn & ~(nr_pages - 1);

		if (e->kind != HWP_EVENT_ACTION || !strstr(e->page_type, "huge page"))
			continue;
		if (strcmp(e->result, "Failed") == 0 &&
		    find_bad_state(f, pfn, pfn + nr_pages, &bad))
			return hwp_issue_matched(m,
						 "memory failure could not dissolve the HugeTLB "
						 "page of page 0x%" PRIx64
						 ", whose vmemmap may have been optimized, and "
						 "page 0x%" PRIx64 " in it was in a bad state",
						 e->pfn, bad);
		if (strcmp(e->result, "Recovered") == 0 && f->kernel.check_pages == HWP_OFF &&
		    find_contradiction(f, pfn, pfn + nr_pages, &bad))
			return hwp_issue_matched(
				m,
				"memory failure dissolved the HugeTLB page of page "
				"0x%" PRIx64 ", whose vmemmap may have been optimized, this "
				"kernel does not check pages, and page 0x%" PRIx64
				" in it is on a free list that it does not fit",
				e->pfn, bad);
	}
	return false;
}
