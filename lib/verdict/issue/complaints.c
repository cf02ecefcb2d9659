// SPDX-License-Identifier: GPL-2.0-or-later
/** Known issues that show in lines of the kernel log, or of rasdaemon. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "verdict/check/functions.h"
#include "verdict/issue/functions.h"

/* Reports of one page, one after the other, that no test makes by hand. */
#define MANY_REPORTS 10

HWP_ISSUE_FUNCTION(hwp_issue_unpoison_uninitialised)
{
	if (!strstr(f->crash.rip, "unpoison_memory+") ||
	    (!hwp_issue_complaint(f, "VM_BUG_ON_PAGE(PagePoisoned(page))") &&
	     !strstr(f->crash.oops, "include/linux/page-flags.h")))
		return false;
	return hwp_issue_matched(m, "the kernel met a BUG() in unpoison_memory() over the flags of "
				    "a page");
}

HWP_ISSUE_FUNCTION(hwp_issue_unpoison_bad_state)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];
		size_t at;

		if (e->kind != HWP_EVENT_UNPOISON)
			continue;
		at = hwp_vec_lower_bound(&f->bad_state_pfns, bad, *bad < e->pfn);
		if (at < f->bad_state_pfns.nr && f->bad_state_pfns.data[at] == e->pfn)
			return hwp_issue_matched(m,
						 "page 0x%" PRIx64 " was unpoisoned, and the "
						 "allocator found it in a bad state",
						 e->pfn);
	}
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_vmemmap_deadlock)
{
	if (hwp_issue_complaint(f, "possible circular locking dependency detected") &&
	    hwp_issue_complaint(f, "zone_pcp_disable+0x") &&
	    hwp_issue_complaint(f, "static_key_slow_dec+0x"))
		return hwp_issue_matched(m, "lockdep found that zone_pcp_disable() and "
					    "static_key_slow_dec() wait for each other's locks");
	if (f->counters.mf_running && strstr(f->crash.panic, "hung_task") &&
	    f->kernel.hugetlb_vmemmap_optimized == HWP_ON &&
	    hwp_issue_complaint(f, "__page_handle_poison+0x"))
		return hwp_issue_matched(m, "the kernel died of a task that hung, memory_failure() "
					    "was at work in __page_handle_poison(), and the "
					    "vmemmap of HugeTLB is optimized");
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_subpool_lock)
{
	bool is_dissolving = hwp_issue_complaint(f, " dissolve_free_huge_page+0x") ||
			     hwp_issue_complaint(f, " dissolve_free_hugetlb_folio+0x");
	bool has_complaint = hwp_issue_complaint(f, "DEBUG_LOCKS_WARN_ON(") != NULL;

	if (!is_dissolving || !hwp_issue_complaint(f, " hugepage_subpool_put_pages") ||
	    (!has_complaint && !f->crash.oops[0]))
		return false;
	return hwp_issue_matched(
		m, "%s, below hugepage_subpool_put_pages() while a HugeTLB page was dissolved",
		has_complaint ? "lockdep found a lock that is none" : "the kernel met a fault");
}

HWP_ISSUE_FUNCTION(hwp_issue_tail_mapping)
{
	const struct hwp_complaint *c = hwp_issue_complaint(f, "corrupted mapping in tail page");

	if (!c || f->kernel.hugetlb_vmemmap_optimized == HWP_OFF ||
	    f->kernel.hugetlb_vmemmap_optimized == HWP_NOT_BUILT)
		return false;
	return hwp_issue_matched(m,
				 "the allocator found %" PRIu64
				 " corrupted mapping%s in tail pages",
				 c->nr, c->nr == 1 ? "" : "s");
}

/** Was the process that met it sent a signal? */
static bool ends_loop(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_SIGBUS || e->kind == HWP_EVENT_KILLED;
}

/** Repeated reports from events[@p first] on, of its page, with no signal for it between them; not injected ones. */
static size_t count_reports(const struct hwp_findings *f, size_t first)
{
	size_t nr = 0, nr_injected = 0;

	for (size_t i = first; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (e->pfn != f->events.data[first].pfn)
			continue;
		if (ends_loop(e))
			break;
		nr_injected += e->kind == HWP_EVENT_INJECTED;
		nr += hwp_check_is_repeat(e);
	}
	/* An injection makes up to two lines. */
	return nr > 2 * nr_injected ? nr - 2 * nr_injected : 0;
}

HWP_ISSUE_FUNCTION(hwp_issue_repeated_reports)
{
	size_t nr_tried = 0;

	/* The log of a machine with many repeats shows it at the first ones. */
	for (size_t i = 0; i < f->events.nr && nr_tried < 64; i++) {
		size_t nr;

		if (!hwp_check_is_repeat(&f->events.data[i]))
			continue;
		nr_tried++;
		nr = count_reports(f, i);
		if (nr >= MANY_REPORTS)
			return hwp_issue_matched(m,
						 "page 0x%" PRIx64 " was reported %zu times after "
						 "it was poisoned, with no signal to a process "
						 "between the reports",
						 f->events.data[i].pfn, nr);
	}
	return false;
}

HWP_ISSUE_FUNCTION(hwp_issue_rasdaemon_types)
{
	for (size_t i = 0; i < f->rasdaemon.nr; i++) {
		const struct hwp_rasdaemon_row *row = &f->rasdaemon.data[i];
		const struct hwp_event *e = row->event < 0 ? NULL : &f->events.data[row->event];

		if (!e || !row->page_type[0] || !e->page_type[0] ||
		    strcmp(row->page_type, e->page_type) == 0)
			continue;
		return hwp_issue_matched(m,
					 "rasdaemon has page 0x%" PRIx64
					 " as \"%s\", the kernel log as \"%s\"",
					 row->pfn, row->page_type, e->page_type);
	}
	return false;
}
