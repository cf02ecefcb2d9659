// SPDX-License-Identifier: GPL-2.0-or-later
/** Findings by hand: a clean machine to begin with. */
#ifndef TESTS_FINDINGS_SYNTH_H
#define TESTS_FINDINGS_SYNTH_H

#include "layout/page.h"
#include "model/findings.h"
#include "synth.h"
#include "verdict/check.h"
#include "verdict/classify.h"
#include "verdict/outcome.h"
#include "verdict/past.h"

/** One zone of 1 GiB, everything read, every count right. */
SYNTH_UNUSED static struct hwp_findings *clean_findings(void)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_zone_facts zone = {
		.nid = 0,
		.name = "Normal",
		.start_pfn = 0,
		.end_pfn = 0x40000,
		.present_pages = 0x40000,
		.managed_pages = 0x3f000,
		.nr_buddy_pages = 1024,
	};
	struct hwp_area_stat area = { .zone = 0, .order = 10, .nr_free = 1, .nr_walked = 1 };
	struct hwp_list_stat list = {
		.container = HWP_FREE_AREA, .order = 10, .cpu = -1, .nr_blocks = 1
	};

	if (!f || !hwp_vec_push(&f->zones, zone) || !hwp_vec_push(&f->areas, area) ||
	    !hwp_vec_push(&f->lists, list))
		abort();
	f->page_shift = 12;
	f->flags_hold_zone = true;
	f->max_order = 10;
	f->nr_buddy_pages_in_memmap = 1024;
	f->coverage.nr_pages = f->coverage.nr_read = 0x40000;
	f->kernel.has_memory_failure = true;
	f->kernel.fix = HWP_FIX_ABSENT;
	f->log.state = HWP_LOG_COMPLETE;
	f->counters.has_num_poisoned_pages = true;
	strcpy(f->migratetype_names[1], "Movable");
	return f;
}

/** A poisoned order-0 page as memory failure leaves it: refcount 1, anonymous once. */
SYNTH_UNUSED static struct hwp_poisoned isolated_page(uint64_t pfn)
{
	return (struct hwp_poisoned){
		.pfn = pfn,
		.was_read = true,
		.page = { .flags = 0x0017ffffc022081c,
			  .mapping = 0xff11000101110ea1,
			  .type_word = 0xffffffff,
			  .refcount = 1,
			  .type = HWP_TYPE_NONE },
		.bits = HWP_BIT_HWPOISON | HWP_BIT_UPTODATE | HWP_BIT_SWAPBACKED,
		.folio = { .order = -1 },
		.by_page = { .order = -1 },
		.by_list = { .order = -1 },
		.event = -1,
	};
}

/** The kernel counts every poisoned page once. */
SYNTH_UNUSED static struct hwp_poisoned *add_poisoned(struct hwp_findings *f,
						      struct hwp_poisoned page)
{
	if (!hwp_vec_push(&f->poisoned, page))
		abort();
	f->counters.num_poisoned_pages++;
	return &f->poisoned.data[f->poisoned.nr - 1];
}

/** A recovery action about @p page, its last event. */
SYNTH_UNUSED static void add_action(struct hwp_findings *f, struct hwp_poisoned *page,
				    const char *type, const char *result)
{
	struct hwp_event e = { .pfn = page->pfn, .kind = HWP_EVENT_ACTION, .pid = -1 };

	strncpy(e.page_type, type, sizeof(e.page_type) - 1);
	strncpy(e.result, result, sizeof(e.result) - 1);
	snprintf(e.text, sizeof(e.text), "recovery action for %s: %s", type, result);
	if (!hwp_vec_push(&f->events, e))
		abort();
	page->event = (int64_t)f->events.nr - 1;
}

/** As hwp_decide(), but that the folios, and what their pages are now, are given. */
SYNTH_UNUSED static void judge_findings(struct hwp_findings *f)
{
	struct hwp_event_index index = {};

	if (hwp_event_index_init(&index, f) || hwp_classify(f))
		abort();
	hwp_past_judge(f, &index);
	hwp_outcome_judge(f);
	hwp_event_index_deinit(&index);
	if (hwp_check_run(f))
		abort();
}

#endif /* TESTS_FINDINGS_SYNTH_H */
