// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/owner/page_owner_when.h"

/* Where sched_clock is not stable, kernel/sched/clock.c keeps each CPU's local_clock() within a
 * tick of the true time: two of them at HZ=100. */
#define MAX_CLOCKS_APART_NS 20000000

enum hwp_when hwp_page_owner_when(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];
	uint64_t apart = f->kernel.clocks_differ ? MAX_CLOCKS_APART_NS : 0;

	/* Other lines come before the page is marked, or say nothing of its being so. */
	if (!e || (e->kind != HWP_EVENT_ACTION && e->kind != HWP_EVENT_SIGBUS &&
		   e->kind != HWP_EVENT_ALREADY_POISONED))
		return HWP_WHEN_UNKNOWN;
	if (!p->page_owner.found || !p->page_owner.alloc_ns || !e->time_ns)
		return HWP_WHEN_UNKNOWN;
	if (p->page_owner.alloc_ns > e->time_ns && p->page_owner.alloc_ns - e->time_ns > apart)
		return HWP_AFTER_ERROR;
	if (p->page_owner.alloc_ns < e->time_ns && e->time_ns - p->page_owner.alloc_ns > apart)
		return HWP_BEFORE_ERROR;
	return HWP_WHEN_UNKNOWN;
}
