// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * free_pages_prepare() refuses a block for any healthy page in a bad state (with vmemmap
 * optimisation 6.12 finds a "corrupted mapping in tail page"). For each such page it calls
 * bad_page(), which taints the kernel, and prints a line, though only a burst of 60 and then
 * none until a minute has passed since the first. A poisoned page has neither: it is thrown away
 * by the check of an allocation, without a word.
 */
#include "verdict/dropped.h"

#include "base/clock.h"
#include "verdict/classify.h"
#include "verdict/held.h"

/** Lines that bad_page() prints before it keeps quiet, and for how long it does. */
#define MAX_LINES 60
#define QUIET_NS (UINT64_C(60) * HWP_NS_PER_SECOND)
/** The kernel counts that time in ticks, which may come late. */
#define SLACK_NS HWP_NS_PER_SECOND

static struct hwp_dropped_proof not_known(const char *words)
{
	return (struct hwp_dropped_proof){ HWP_ANSWER_UNKNOWN, words };
}

static bool has_line_of_block(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	size_t i = hwp_vec_lower_bound(&f->bad_state_pfns, pfn, *pfn < p->stranded_pfn);
	uint64_t end = p->stranded_pfn + (UINT64_C(1) << p->stranded_order);

	return i < f->bad_state_pfns.nr && f->bad_state_pfns.data[i] < end;
}

/**
 * Is the first page of the folio in the block, whatever its size was? Then PG_head, which only a
 * folio that is not refused loses, would be there still.
 */
static bool has_first_page(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];
	enum hwp_held then = e ? hwp_held_then(e) : HWP_HELD_UNKNOWN;
	unsigned int largest = f->pmd_order;

	if (then == HWP_HELD_HUGETLB && f->hugetlb.nr)
		largest = f->hugetlb.orders[f->hugetlb.nr - 1];
	else if (then != HWP_HELD_THP)
		return false;
	return p->stranded_order >= (int)largest;
}

/** Why the log's silence proves nothing of the block; NULL: it does. */
static const char *why_log_is_not_enough(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];

	if (f->bad_state_pfns.nr >= MAX_LINES)
		return "the log has so many pages in a bad state that the kernel may have kept "
		       "quiet about more, and so about one for which it refused this block";
	switch (f->log.state) {
	case HWP_LOG_COMPLETE:
		return NULL;
	case HWP_LOG_WRAPPED:
		/* The block was freed after the error, and what came then is there. */
		if (e && e->time_ns > f->log.first_ns &&
		    e->time_ns - f->log.first_ns > QUIET_NS + SLACK_NS)
			return NULL;
		return "the log, which would show that the allocator refused the block when it was "
		       "freed, has lost its beginning";
	case HWP_LOG_LOST:
		return "the log, which would show that the allocator refused the block when it was "
		       "freed, lacks lines";
	case HWP_LOG_UNREADABLE:
		break;
	}
	return "the log, which would show that the allocator refused the block when it was freed, "
	       "cannot be read";
}

/** reset_page_owner() comes after the check of a free: a block that it refuses stays allocated. */
static struct hwp_dropped_proof by_page_owner(const struct hwp_findings *f,
					      const struct hwp_poisoned *p)
{
	const struct hwp_page_owner *record = &p->page_owner;

	if (!record->found || record->order <= 0)
		return not_known(NULL);
	if (!record->allocated)
		return (struct hwp_dropped_proof){
			HWP_ANSWER_YES,
			"the allocator threw its block away, after it had been freed by "
			"page_owner's record"
		};
	if (hwp_page_owner_when(f, p) == HWP_BEFORE_ERROR && !record->migrated)
		return (struct hwp_dropped_proof){
			HWP_ANSWER_NO,
			"by page_owner it was allocated before its error, and not freed since: the "
			"allocator refused its block when it was to be"
		};
	return not_known("page_owner has it as allocated: the allocator refused its block when it "
			 "was freed, and what was before is not known");
}

struct hwp_dropped_proof hwp_dropped_was_free(const struct hwp_findings *f,
					      const struct hwp_poisoned *p)
{
	struct hwp_dropped_proof proof = by_page_owner(f, p);
	const struct hwp_event *e = p->event < 0 ? NULL : &f->events.data[p->event];
	const char *why;

	if (e && hwp_held_then(e) == HWP_HELD_FREE)
		return (struct hwp_dropped_proof){
			HWP_ANSWER_YES, "it was in free memory when the error struck, and the "
					"allocator threw its block away"
		};
	if (proof.words)
		return proof;
	if (p->stranded_is_refused)
		return (struct hwp_dropped_proof){
			HWP_ANSWER_NO,
			"the allocator refused its folio when it was to be freed: none of it was free"
		};
	if (f->kernel.check_pages != HWP_ON)
		return not_known(f->kernel.check_pages == HWP_SWITCH_UNKNOWN ?
					 "whether this kernel checks the pages of its blocks, and "
					 "so throws any away, is not known" :
					 "this kernel does not check the pages of its blocks: how "
					 "the block was lost is not known");
	if (p->stranded_has_head)
		return not_known("the first page of a folio in its block has PG_head still: the "
				 "allocator refused it when it was freed, and what was before is "
				 "not known");
	if (has_line_of_block(f, p))
		return not_known("the log has pages of its block in a bad state, for which the "
				 "allocator may have refused the block when it was freed");
	why = why_log_is_not_enough(f, p);
	if (why && f->kernel.found_bad_pages != HWP_ANSWER_NO && !has_first_page(f, p))
		return not_known(why);
	return (struct hwp_dropped_proof){
		HWP_ANSWER_YES,
		"the allocator threw its block away, which it had taken from free memory",
	};
}
