// SPDX-License-Identifier: GPL-2.0-or-later
/** Each result that a check can have: what leads to it, and what is said then. */
#include "findings_synth.h"

#include <cmocka.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "verdict/check.h"
#include "verdict/check/functions.h"
#include "verdict/classify.h"

#define SETUP(name) static void name(struct hwp_findings *f)

SETUP(nothing)
{
	(void)f;
}

SETUP(no_memory_failure)
{
	f->kernel.has_memory_failure = false;
}

/* structure.c */

SETUP(quick)
{
	f->sweep = HWP_SWEEP_QUICK;
}

SETUP(quick_clean)
{
	quick(f);
	f->coverage.nr_pages = f->coverage.nr_read = 0;
}

SETUP(damaged)
{
	snprintf(f->damage, sizeof(f->damage), "the file is cut off at 12345 bytes");
}

SETUP(too_many)
{
	add_poisoned(f, isolated_page(0x1234));
	f->too_many = true;
}

SETUP(excluded)
{
	f->coverage.nr_excluded = 5;
	f->coverage.nr_zero = 3;
	f->coverage.nr_read -= 5;
}

SETUP(excluded_by_e)
{
	excluded(f);
	f->memmap_excluded = true;
}

SETUP(whole_with_e)
{
	f->memmap_excluded = true;
}

SETUP(faulted)
{
	f->coverage.nr_faulted = 1;
	f->coverage.nr_read -= 1;
}

SETUP(uninitialised_1)
{
	f->coverage.nr_uninitialised = 1;
}

SETUP(uninitialised_2)
{
	f->coverage.nr_uninitialised = 2;
}

SETUP(unread)
{
	f->coverage.nr_read = 0x20000;
}

SETUP(two_lists)
{
	assert_true(hwp_vec_push(&f->lists, f->lists.data[0]));
}

SETUP(no_areas)
{
	f->areas.nr = 0;
}

SETUP(moved_1)
{
	f->areas.data[0].moved = true;
	f->areas.data[0].nr_free = 7;
}

SETUP(moved_2)
{
	moved_1(f);
	assert_true(hwp_vec_push(&f->areas, f->areas.data[0]));
}

SETUP(hole_1)
{
	assert_true(hwp_findings_hole(f, HWP_HOLE_FREE_LIST, "a list"));
}

SETUP(hole_2)
{
	hole_1(f);
	assert_true(hwp_findings_hole(f, HWP_HOLE_OTHER_LIST, "another"));
}

SETUP(hole_pcp)
{
	assert_true(hwp_findings_hole(f, HWP_HOLE_PCP_LIST, "of a CPU"));
}

/* What no list is needed for. */
SETUP(hole_elsewhere)
{
	static const enum hwp_hole holes[] = { HWP_HOLE_OWNER,	       HWP_HOLE_PAGE_OWNER,
					       HWP_HOLE_LOG,	       HWP_HOLE_NODE_COUNTER,
					       HWP_HOLE_BLOCK_COUNTER, HWP_HOLE_QUEUE };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(holes); i++)
		assert_true(hwp_findings_hole(f, holes[i], "a hole"));
}

SETUP(hole_raw_list)
{
	assert_true(hwp_findings_hole(f, HWP_HOLE_RAW_HWP_LIST, "a record"));
}

SETUP(contradiction_and_hole)
{
	hole_1(f);
	assert_true(hwp_findings_contradiction(f, "another"));
}

/* A list was walked from both of its ends, and the middle is missing. */
SETUP(cut_and_too_few)
{
	hole_1(f);
	f->areas.data[0].nr_free = 9;
	f->areas.data[0].was_cut = true;
}

/* A contradiction ended the walk of a per-CPU list. */
SETUP(pcp_list_cut)
{
	struct hwp_list_stat list = {
		.container = HWP_PCP_LIST, .order = 2, .cpu = 1, .was_cut = true
	};

	assert_true(hwp_vec_push(&f->lists, list));
	assert_true(hwp_findings_contradiction(f, "a list"));
}

SETUP(other_list_cut)
{
	pcp_list_cut(f);
	f->lists.data[1].container = HWP_TRYLOCK_LIST;
}

SETUP(follower_1)
{
	f->nr_followers_in_use = 1;
	f->first_follower_in_use = 0x1235;
}

SETUP(follower_2)
{
	follower_1(f);
	f->nr_followers_in_use = 2;
}

SETUP(follower_live)
{
	follower_1(f);
	f->live = true;
}

/* The one block of order 10 in the zone. */
SETUP(counted_free)
{
	f->zones.data[0].has_nr_free_pages = true;
	f->zones.data[0].nr_free_pages = 1024;
	f->kernel.frees_gigantic_whole = true;
}

/* What is isolated is not counted, what is not accepted yet is, and per-CPU lists are not free. */
SETUP(counted_free_elsewhere)
{
	struct hwp_list_stat list = f->lists.data[0];

	counted_free(f);
	strcpy(f->migratetype_names[5], "Isolate");
	list.order = 3;
	list.migratetype = 5;
	assert_true(hwp_vec_push(&f->lists, list));
	list.container = HWP_PCP_LIST;
	list.migratetype = 1;
	assert_true(hwp_vec_push(&f->lists, list));
	list.container = HWP_UNACCEPTED_LIST;
	list.migratetype = -1;
	list.order = 10;
	assert_true(hwp_vec_push(&f->lists, list));
	list.zone = 1;
	assert_true(hwp_vec_push(&f->lists, list));
	f->zones.data[0].nr_free_pages = 2048;
}

SETUP(counted_more_free)
{
	counted_free(f);
	f->zones.data[0].nr_free_pages += 28;
}

SETUP(counted_less_free)
{
	counted_free(f);
	f->zones.data[0].nr_free_pages = -1;
	f->lists.data[0].order = 0;
}

SETUP(counted_more_free_locked)
{
	counted_more_free(f);
	f->zones.data[0].was_locked = true;
}

SETUP(counted_more_free_cut)
{
	counted_more_free(f);
	f->zones.data[0].lists_cut = true;
}

SETUP(counted_more_free_old)
{
	counted_more_free(f);
	f->kernel.frees_gigantic_whole = false;
}

SETUP(counted_more_free_unsure)
{
	counted_more_free(f);
	f->zones.data[0].lock_unknown = true;
}

/** A kernel whose 629 free blocks are where they belong. */
SETUP(matched_blocks)
{
	f->kernel.frees_gigantic_whole = true;
	f->pageblocks.is_known = true;
	f->pageblocks.order = 9;
	f->pageblocks.nr_compared = 629;
}

SETUP(matched_block)
{
	matched_blocks(f);
	f->pageblocks.nr_compared = 1;
}

SETUP(misplaced_block)
{
	matched_blocks(f);
	strcpy(f->migratetype_names[0], "Unmovable");
	strcpy(f->migratetype_names[1], "Movable");
	f->pageblocks.nr_elsewhere = 1;
	f->pageblocks.first.head_pfn = 0x1234;
	f->pageblocks.first.order = 2;
	f->pageblocks.first_type = 1;
}

/** It wins over those that prove nothing; a type without a name has its number. */
SETUP(misplaced_blocks)
{
	misplaced_block(f);
	f->pageblocks.nr_elsewhere = 12;
	f->pageblocks.nr_unsure = 3;
	f->pageblocks.first.migratetype = 7;
}

SETUP(unsure_blocks)
{
	matched_blocks(f);
	f->pageblocks.nr_unsure = 628;
}

SETUP(unsure_block)
{
	matched_blocks(f);
	f->pageblocks.nr_unsure = 1;
	f->pageblocks.nr_unread = 1;
}

SETUP(unread_blocks)
{
	matched_blocks(f);
	f->pageblocks.nr_unread = 2;
}

SETUP(unknown_pageblocks)
{
	f->kernel.frees_gigantic_whole = true;
	strcpy(f->pageblocks.why, "their size is not known");
}

SETUP(matched_live)
{
	matched_blocks(f);
	f->live = true;
}

SETUP(matched_old)
{
	matched_blocks(f);
	f->kernel.frees_gigantic_whole = false;
}

SETUP(matched_quick)
{
	f->kernel.frees_gigantic_whole = true;
}

/** Node 0 spans its one zone, and page.flags say of which a page is. */
SETUP(spans)
{
	struct hwp_node_span node = { .end_pfn = 0x40000 };

	f->flags_hold_zone = true;
	assert_true(hwp_vec_push(&f->node_spans, node));
	add_poisoned(f, isolated_page(0x1234));
}

SETUP(spans_2)
{
	struct hwp_zone_facts zone = {
		.nid = 1, .name = "Normal", .start_pfn = 0x40000, .end_pfn = 0x80000
	};
	struct hwp_node_span node = { 1, 0x40000, 0x80000 };

	spans(f);
	assert_true(hwp_vec_push(&f->zones, zone));
	assert_true(hwp_vec_push(&f->node_spans, node));
}

SETUP(spans_without_nodes)
{
	spans(f);
	f->node_spans.nr = 0;
}

SETUP(spans_without_zones)
{
	f->zones.nr = f->areas.nr = f->lists.nr = 0;
	f->nr_buddy_pages_in_memmap = 0;
}

SETUP(spans_of_flags_unknown)
{
	spans(f);
	f->flags_hold_zone = false;
}

/** Then it is its span that says of which zone a page is. */
SETUP(spans_poison_flags_unknown)
{
	spans_of_flags_unknown(f);
	f->poisoned.data[0].pfn = 0x40000;
}

SETUP(spans_cut)
{
	spans(f);
	assert_true(hwp_findings_hole(f, HWP_HOLE_PCP_LIST, "a list"));
}

SETUP(spans_block_outside)
{
	spans_2(f);
	f->zones.data[1].nr_outside = 1;
	f->zones.data[1].first_outside = 0x7fff;
	f->zones.data[1].nr_foreign = 3;
}

SETUP(spans_blocks_outside)
{
	spans_block_outside(f);
	f->zones.data[1].nr_outside = 18;
}

SETUP(spans_block_foreign)
{
	spans(f);
	f->zones.data[0].nr_foreign = 1;
	f->zones.data[0].first_foreign = 0x5000;
}

SETUP(spans_blocks_foreign)
{
	spans_block_foreign(f);
	f->zones.data[0].nr_foreign = 4;
}

SETUP(spans_poison_outside)
{
	spans(f);
	add_poisoned(f, isolated_page(0x40000));
}

SETUP(spans_poison_below)
{
	spans(f);
	f->zones.data[0].start_pfn = 0x1235;
}

SETUP(spans_poison_of_no_zone)
{
	spans(f);
	f->poisoned.data[0].zone = -1;
	f->poisoned.data[0].page.refcount = 1;
}

/** Of these page.flags may be old, or of memory that the allocator does not have. */
SETUP(spans_poison_elsewhere)
{
	spans_poison_outside(f);
	f->poisoned.data[1].section_offline = true;
	add_poisoned(f, isolated_page(0x40001))->zone_is_device = true;
}

SETUP(spans_zone_below)
{
	spans(f);
	f->node_spans.data[0].start_pfn = 1;
}

SETUP(spans_zone_above)
{
	spans_2(f);
	f->node_spans.data[1].end_pfn--;
}

static struct hwp_poisoned *add_withheld(struct hwp_findings *f, uint64_t pfn)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.page.refcount = 0;
	p.page.mapping = 0;
	p.bits = HWP_BIT_HWPOISON;
	return add_poisoned(f, p);
}

SETUP(withheld)
{
	add_withheld(f, 0x1234);
}

SETUP(withheld_tail)
{
	add_withheld(f, 0x1234)->page.is_tail = true;
}

SETUP(withheld_lru)
{
	withheld(f);
	add_withheld(f, 0x1240)->bits |= HWP_BIT_LRU;
	add_withheld(f, 0x1241)->bits |= HWP_BIT_LRU;
}

static struct hwp_poisoned *add_unmarked(struct hwp_findings *f, uint64_t pfn)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.bits = 0;
	assert_true(hwp_vec_push(&f->unmarked, p));
	return &f->unmarked.data[f->unmarked.nr - 1];
}

SETUP(unmarked_1)
{
	add_unmarked(f, 0x1234);
}

/* Everywhere it may be. */
SETUP(unmarked_7)
{
	unmarked_1(f);
	add_unmarked(f, 0x1235)->by_list = (struct hwp_block){ .container = HWP_PCP_LIST };
	add_unmarked(f, 0x1236)->by_list = (struct hwp_block){ .container = HWP_FREE_AREA };
	add_unmarked(f, 0x1237)->by_page = (struct hwp_block){ .container = HWP_FREE_AREA };
	add_unmarked(f, 0x1238)->page.is_tail = true;
	add_unmarked(f, 0x1239)->folio.kind = HWP_FOLIO_LARGE;
	add_unmarked(f, 0x123a)->page.refcount = 0;
}

/* Where a mark is not on the page, or its memory is not there. */
SETUP(unmarked_elsewhere)
{
	add_unmarked(f, 0x1234)->was_read = false;
	add_unmarked(f, 0x1235)->section_offline = true;
	add_unmarked(f, 0x1236)->zone_is_device = true;
	add_unmarked(f, 0x1237)->folio.kind = HWP_FOLIO_HUGETLB;
}

SETUP(unmarked_unpoisoned)
{
	struct hwp_event e = { .pfn = 0x9999, .kind = HWP_EVENT_UNPOISON, .pid = -1 };

	unmarked_1(f);
	assert_true(hwp_vec_push(&f->events, e));
}

SETUP(unmarked_lost)
{
	unmarked_1(f);
	f->log.state = HWP_LOG_LOST;
}

/* What is missing came before the error. */
SETUP(unmarked_wrapped)
{
	unmarked_1(f);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(contained)
{
	add_poisoned(f, isolated_page(0x1234));
}

SETUP(marked_wrapped)
{
	contained(f);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(marked_lost)
{
	contained(f);
	f->log.state = HWP_LOG_LOST;
}

SETUP(nothing_wrapped)
{
	f->log.state = HWP_LOG_WRAPPED;
}

/* Nothing is poisoned, but by whom that is known is not known. */
SETUP(uncounted_wrapped)
{
	f->log.state = HWP_LOG_WRAPPED;
	f->counters.has_num_poisoned_pages = false;
}

SETUP(unknown_1)
{
	add_withheld(f, 0x1234)->was_read = false;
}

SETUP(unknown_2)
{
	withheld(f);
	add_withheld(f, 0x1240)->was_read = false;
	add_withheld(f, 0x1241)->was_read = false;
}

SETUP(no_log)
{
	f->log.state = HWP_LOG_UNREADABLE;
}

SETUP(too_few_walked)
{
	f->areas.data[0].nr_free = 9;
}

SETUP(too_many_walked)
{
	f->areas.data[0].nr_walked = 2;
}

SETUP(contradiction_1)
{
	assert_true(hwp_findings_contradiction(f, "a list"));
}

SETUP(contradiction_2)
{
	contradiction_1(f);
	contradiction_1(f);
}

static const struct hwp_block buddy_block = { 0x200, HWP_FREE_AREA, 9, 1, -1, 0 };
static const struct hwp_block pcp_block = { 0x200, HWP_PCP_LIST, 9, 1, 0, 0 };

static struct hwp_poisoned *add_free(struct hwp_findings *f, uint64_t pfn, struct hwp_block block)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.page.refcount = 0;
	p.page.mapping = 0;
	p.bits = HWP_BIT_HWPOISON;
	p.by_list = block;
	if (block.container == HWP_FREE_AREA)
		p.by_page = block;
	return add_poisoned(f, p);
}

SETUP(buddy_1)
{
	add_free(f, 0x20d, buddy_block);
}

SETUP(buddy_2)
{
	buddy_1(f);
	add_free(f, 0x20e, buddy_block);
}

SETUP(pcp_1)
{
	add_free(f, 0x20d, pcp_block);
}

SETUP(pcp_2)
{
	pcp_1(f);
	add_free(f, 0x20e, pcp_block);
}

SETUP(only_in_memmap)
{
	buddy_1(f);
	f->poisoned.data[0].by_list = (struct hwp_block){ .order = -1 };
}

SETUP(only_in_lists)
{
	buddy_1(f);
	f->poisoned.data[0].by_page = (struct hwp_block){ .order = -1 };
}

SETUP(other_block)
{
	buddy_1(f);
	f->poisoned.data[0].by_list.head_pfn = 0;
	f->poisoned.data[0].by_list.order = 10;
}

/* The lists of that zone changed under the walk, so it may well have missed the block. */
SETUP(missed_in_moving_zone)
{
	only_in_memmap(f);
	f->live = true;
	f->areas.data[0].moved = true;
}

SETUP(missed_beside_moving_zone)
{
	missed_in_moving_zone(f);
	f->poisoned.data[0].zone = 1;
}

SETUP(other_count)
{
	f->nr_buddy_pages_in_memmap = 1000;
}

SETUP(other_count_in_hole)
{
	other_count(f);
	hole_1(f);
}

SETUP(other_count_locked)
{
	f->nr_buddy_pages_in_memmap = 2048;
	f->zones.data[0].was_locked = true;
}

SETUP(other_count_locked_too_far)
{
	other_count_locked(f);
	f->nr_buddy_pages_in_memmap++;
}

SETUP(missed_in_cut_zone)
{
	only_in_memmap(f);
	f->zones.data[0].lists_cut = true;
}

SETUP(missed_in_locked_zone)
{
	only_in_memmap(f);
	f->zones.data[0].was_locked = true;
}

SETUP(other_count_live)
{
	other_count(f);
	f->live = true;
}

SETUP(live_quick)
{
	no_areas(f);
	f->live = true;
}

/* leaks.c */

static struct hwp_poisoned *add_large(struct hwp_findings *f, uint64_t pfn)
{
	struct hwp_poisoned p = isolated_page(pfn);

	p.page.is_tail = true;
	p.folio = (struct hwp_folio_facts){ .kind = HWP_FOLIO_LARGE,
					    .head_pfn = 0x200,
					    .order = 9,
					    .head = { .refcount = 1, .type = HWP_TYPE_NONE },
					    .has_hwpoisoned = true,
					    .can_have_hwpoisoned = true };
	return add_poisoned(f, p);
}

SETUP(reused_1)
{
	/* Free when the error struck, of a folio now. */
	add_action(f, add_large(f, 0x20d), "free buddy page", "Failed");
}

SETUP(reused_2)
{
	reused_1(f);
	add_action(f, add_large(f, 0x20e), "free buddy page", "Failed");
}

static void drop(struct hwp_findings *f, uint64_t nr_healthy)
{
	struct hwp_poisoned *p = add_free(f, 0x201, (struct hwp_block){ .order = -1 });

	f->kernel.fix = HWP_FIX_ABSENT;
	p->is_stranded = true;
	p->stranded_pfn = 0x200;
	p->stranded_order = 2;
	p->nr_stranded_healthy = nr_healthy;
}

SETUP(dropped_1)
{
	drop(f, 1);
}

SETUP(dropped_3)
{
	drop(f, 3);
}

/* A kernel with the fix withholds the bad page, and has forgotten healthy ones. */
SETUP(forgotten_3)
{
	drop(f, 3);
	f->kernel.fix = HWP_FIX_PRESENT;
}

/* Order 2 at 0x200, poison at 0x201: 0x200 alone and the pair at 0x202 are healthy. */
static void add_freed(struct hwp_findings *f, struct hwp_run run)
{
	struct hwp_folio folio = {
		.head_pfn = 0x200,
		.order = 2,
		.kind = HWP_EXTENT_FREED,
		.first_expected = f->expected.nr,
		.nr_expected = 2,
		.first_run = f->runs.nr,
		.nr_runs = 1,
	};

	assert_true(hwp_vec_push(&f->folios, folio));
	assert_true(hwp_vec_push(&f->expected, ((struct hwp_healthy_block){ 0x200, 0 })));
	assert_true(hwp_vec_push(&f->expected, ((struct hwp_healthy_block){ 0x202, 1 })));
	assert_true(hwp_vec_push(&f->runs, run));
}

SETUP(freed_1)
{
	add_freed(f, (struct hwp_run){ 0x202, 2, HWP_RUN_BUDDY, 1, -1, false });
}

SETUP(freed_2)
{
	freed_1(f);
	add_freed(f, (struct hwp_run){ 0x200, 1, HWP_RUN_PCP, 0, 0, false });
}

SETUP(freed_whole)
{
	freed_1(f);
	add_freed(f, (struct hwp_run){ 0x200, 4, HWP_RUN_BUDDY, 2, -1, true });
}

/* The second piece of the second folio. */
SETUP(freed_in_pieces)
{
	freed_1(f);
	add_freed(f, (struct hwp_run){ 0x202, 2, HWP_RUN_BUDDY, 1, -1, false });
	assert_true(
		hwp_vec_push(&f->runs, ((struct hwp_run){ 0x200, 2, HWP_RUN_BUDDY, 1, -1, true })));
	f->folios.data[1].nr_runs = 2;
}

SETUP(freed_over_the_edge)
{
	add_freed(f, (struct hwp_run){ 0x202, 3, HWP_RUN_PCP, 3, 0, false });
}

/* What is in use, or not freed at all, is in nobody's way. */
SETUP(in_use_over_the_edge)
{
	add_freed(f, (struct hwp_run){ 0x200, 4, HWP_RUN_ALLOCATED, -1, -1, false });
}

SETUP(live_folio)
{
	freed_whole(f);
	f->folios.data[1].kind = HWP_EXTENT_THP;
}

SETUP(freed_with_hole_pcp)
{
	freed_1(f);
	hole_pcp(f);
}

SETUP(freed_unreadable_1)
{
	add_freed(f, (struct hwp_run){ 0x200, 1, HWP_RUN_UNREADABLE, -1, -1, false });
}

SETUP(freed_unreadable_2)
{
	add_freed(f, (struct hwp_run){ 0x202, 2, HWP_RUN_UNREADABLE, -1, -1, false });
}

/* The mark says that nobody freed the folio, and of two bad pages it may be the other's. */
static void add_folio_of(struct hwp_findings *f, size_t nr_poisoned)
{
	struct hwp_folio folio = {
		.head_pfn = 0x200, .order = 9, .kind = HWP_EXTENT_THP, .nr_poisoned = nr_poisoned
	};

	assert_true(hwp_vec_push(&f->folios, folio));
}

SETUP(unlogged_whole_log)
{
	add_large(f, 0x20d)->folio.has_hwpoisoned = false;
}

SETUP(unlogged_wrapped)
{
	unlogged_whole_log(f);
	add_large(f, 0x20e)->folio.has_hwpoisoned = false;
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(unlogged_lost)
{
	unlogged_whole_log(f);
	f->log.state = HWP_LOG_LOST;
}

SETUP(unlogged_unreadable)
{
	unlogged_whole_log(f);
	f->log.state = HWP_LOG_UNREADABLE;
}

SETUP(unlogged_marked)
{
	add_large(f, 0x20d);
	add_folio_of(f, 1);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(unlogged_marked_twice)
{
	add_large(f, 0x20d);
	add_large(f, 0x20e);
	add_folio_of(f, 2);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(unlogged_raw)
{
	unlogged_wrapped(f);
	f->poisoned.data[0].is_raw = f->poisoned.data[1].is_raw = true;
}

SETUP(contained_unlogged)
{
	add_poisoned(f, isolated_page(0x1234));
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(owner_excluded)
{
	struct hwp_poisoned *p = add_large(f, 0x20d);

	p->folio.has_hwpoisoned = false;
	p->folio.can_have_hwpoisoned = false;
	p->owner.unreadable = true;
	add_action(f, p, "unsplit thp", "Failed");
	f->events.data[0].time_ns = 2000;
}

SETUP(owner_excluded_page_owner)
{
	owner_excluded(f);
	f->poisoned.data[0].page_owner = (struct hwp_page_owner){ .found = true,
								  .allocated = true,
								  .alloc_ns = 1000 };
}

SETUP(owner_excluded_migrated)
{
	owner_excluded_page_owner(f);
	f->poisoned.data[0].page_owner.migrated = true;
}

SETUP(freed_with_hole)
{
	freed_1(f);
	hole_1(f);
}

/* records.c */

SETUP(large_1)
{
	add_large(f, 0x20d);
}

SETUP(large_2)
{
	large_1(f);
	add_large(f, 0x20e);
}

SETUP(large_clear)
{
	large_1(f);
	add_large(f, 0x20e)->folio.has_hwpoisoned = false;
}

SETUP(large_without_flag)
{
	add_large(f, 0x20d)->folio = (struct hwp_folio_facts){
		.kind = HWP_FOLIO_LARGE,
		.head_pfn = 0x200,
		.order = 9,
		.head = { .refcount = 1, .type = HWP_TYPE_NONE },
	};
}

static struct hwp_poisoned *add_hugetlb(struct hwp_findings *f, uint64_t pfn, uint64_t head_pfn)
{
	struct hwp_poisoned *p = add_large(f, pfn);

	p->folio.kind = HWP_FOLIO_HUGETLB;
	p->folio.head_pfn = head_pfn;
	p->folio.head.type = HWP_TYPE_HUGETLB;
	p->folio.raw_list_readable = true;
	p->is_raw = true;
	return p;
}

/* Two pages of one folio. */
SETUP(hugetlb_1)
{
	add_hugetlb(f, 0x20d, 0x200);
	add_hugetlb(f, 0x20e, 0x200);
}

SETUP(hugetlb_2)
{
	hugetlb_1(f);
	add_hugetlb(f, 0x40d, 0x400);
}

static struct hwp_poisoned *add_unrecorded(struct hwp_findings *f)
{
	struct hwp_poisoned *p = add_hugetlb(f, 0x400, 0x400);

	p->is_raw = false;
	p->raw_page_unknown = true;
	return p;
}

SETUP(hugetlb_unreliable)
{
	add_unrecorded(f)->folio.raw_unreliable = true;
}

SETUP(hugetlb_without_list)
{
	add_unrecorded(f)->folio.raw_list_readable = false;
}

SETUP(hugetlb_empty)
{
	hugetlb_1(f);
	add_unrecorded(f);
}

/** Two pages were found, and @p counted were counted. */
static void count(struct hwp_findings *f, int64_t counted)
{
	add_poisoned(f, isolated_page(0x1234));
	add_poisoned(f, isolated_page(0x1235));
	f->counters.num_poisoned_pages = counted;
}

SETUP(counted_0)
{
	count(f, 0);
}

SETUP(counted_1)
{
	count(f, 1);
}

SETUP(counted_3)
{
	count(f, 3);
}

SETUP(found_1_of_2)
{
	add_poisoned(f, isolated_page(0x1234));
	f->counters.num_poisoned_pages = 2;
}

SETUP(counted_negative)
{
	count(f, -1);
}

SETUP(uncounted)
{
	count(f, 2);
	f->counters.has_num_poisoned_pages = false;
}

static void repeat(struct hwp_findings *f, enum hwp_event_kind kind, const char *type)
{
	struct hwp_event e = { .pfn = 0x1234, .pid = -1, .kind = kind };

	snprintf(e.page_type, sizeof(e.page_type), "%s", type);
	assert_true(hwp_vec_push(&f->events, e));
}

SETUP(repeated_1)
{
	counted_3(f);
	repeat(f, HWP_EVENT_ALREADY_POISONED, "");
}

SETUP(repeated_2)
{
	repeated_1(f);
	f->counters.num_poisoned_pages = 4;
	repeat(f, HWP_EVENT_ACTION, "already poisoned page");
}

/* Other events are no repeats, whatever they are about. */
SETUP(not_repeated)
{
	counted_3(f);
	repeat(f, HWP_EVENT_ACTION, "free buddy page");
	repeat(f, HWP_EVENT_OTHER, "already poisoned page");
}

SETUP(too_few_repeated)
{
	repeated_1(f);
	f->counters.num_poisoned_pages = 4;
}

SETUP(more_repeated_than_counted)
{
	counted_1(f);
	repeat(f, HWP_EVENT_ALREADY_POISONED, "");
}

SETUP(at_work)
{
	counted_1(f);
	f->counters.mf_running = true;
}

static void queue(struct hwp_findings *f, uint64_t pfn)
{
	assert_true(hwp_vec_push(&f->counters.pending_pfns, pfn));
}

SETUP(at_work_2)
{
	counted_0(f);
	f->counters.mf_running = true;
	queue(f, 0x5000);
}

SETUP(at_work_too_few)
{
	counted_0(f);
	f->counters.mf_running = true;
}

SETUP(queued_not_at_work)
{
	counted_1(f);
	queue(f, 0x5000);
	queue(f, 0x5001);
}

SETUP(counted_with_hole)
{
	counted_3(f);
	hole_raw_list(f);
}

/* Free blocks hide no mark. */
SETUP(counted_with_other_hole)
{
	counted_3(f);
	hole_elsewhere(f);
}

SETUP(counter_unreadable)
{
	uncounted(f);
	assert_true(hwp_findings_hole(f, HWP_HOLE_COUNTER, "a counter"));
}

SETUP(counted_with_faults)
{
	counted_3(f);
	faulted(f);
}

SETUP(counted_too_many)
{
	counted_3(f);
	f->too_many = true;
}

SETUP(counted_damaged)
{
	counted_3(f);
	damaged(f);
}

SETUP(counted_uninitialised)
{
	counted_3(f);
	uninitialised_1(f);
}

/* A hole hides pages. It does not make more of them. */
SETUP(uncounted_with_hole)
{
	counted_1(f);
	hole_raw_list(f);
}

/* /proc/kpageflags has no zones, and shows a HugeTLB folio as one page. */
SETUP(uncounted_by_flags)
{
	uncounted_with_hole(f);
	f->live = true;
	f->zones.nr = 0;
	f->areas.nr = 0;
}

SETUP(unrecorded)
{
	counted_3(f);
	f->poisoned.data[0].raw_page_unknown = true;
}

SETUP(uncounted_unrecorded)
{
	counted_1(f);
	f->poisoned.data[0].raw_page_unknown = true;
}

/** A page of HugeTLB folio 0x1200 of a kernel without raw_hwp_list, and the line about it. */
static void add_unlisted(struct hwp_findings *f, uint64_t pfn, enum hwp_event_kind kind)
{
	struct hwp_event e = { .kind = kind, .pfn = pfn, .time_ns = 1 };
	struct hwp_poisoned p = isolated_page(pfn);

	snprintf(e.page_type, sizeof(e.page_type), "huge page");
	p.folio = (struct hwp_folio_facts){ HWP_FOLIO_HUGETLB, .head_pfn = pfn & ~511ULL,
					    .order = 9 };
	p.is_raw = p.is_named_by_log = true;
	p.event = (int64_t)f->events.nr;
	assert_true(hwp_vec_push(&f->events, e));
	add_poisoned(f, p);
}

/* Three errors in one folio, as before v5.18: counted once. */
SETUP(counted_by_folio)
{
	add_unlisted(f, 0x1203, HWP_EVENT_ACTION);
	add_unlisted(f, 0x1204, HWP_EVENT_ALREADY_POISONED);
	add_unlisted(f, 0x1205, HWP_EVENT_ALREADY_POISONED);
	f->counters.num_poisoned_pages = 1;
}

/* And one in a free folio, of which the log has no result: not counted. */
SETUP(taken_back)
{
	counted_by_folio(f);
	add_unlisted(f, 0x1407, HWP_EVENT_INJECTED);
	f->counters.num_poisoned_pages = 1;
}

/* One that was freed since: its flag is on the head, and is one. */
SETUP(counted_by_head)
{
	counted_by_folio(f);
	add_unlisted(f, 0x1405, HWP_EVENT_ACTION);
	add_unlisted(f, 0x1406, HWP_EVENT_ALREADY_POISONED);
	for (size_t i = f->poisoned.nr - 2; i < f->poisoned.nr; i++) {
		f->poisoned.data[i].folio = (struct hwp_folio_facts){ .order = -1 };
		f->poisoned.data[i].named_head_pfn = 0x1400;
		f->poisoned.data[i].is_raw = false;
	}
	f->counters.num_poisoned_pages = 2;
}

SETUP(taken_back_log_wrapped)
{
	taken_back(f);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(not_taken_back)
{
	counted_by_folio(f);
	add_unlisted(f, 0x1407, HWP_EVENT_ACTION);
	f->counters.num_poisoned_pages = 1;
}

SETUP(log_wrapped)
{
	counted_3(f);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(log_unreadable)
{
	counted_3(f);
	f->log.state = HWP_LOG_UNREADABLE;
}

SETUP(uncounted_log_wrapped)
{
	counted_1(f);
	f->log.state = HWP_LOG_WRAPPED;
}

static void add_node(struct hwp_findings *f, int nid, int64_t total, uint64_t start_pfn)
{
	struct hwp_node_count node = { .nid = nid, .has_total = total >= 0, .total = total };
	struct hwp_zone_facts zone = { .nid = nid, .start_pfn = start_pfn };

	assert_true(hwp_vec_push(&f->counters.nodes, node));
	if (nid)
		assert_true(hwp_vec_push(&f->zones, zone));
}

static void add_memory_block(struct hwp_findings *f, uint64_t id, int64_t counted)
{
	struct hwp_memory_block_count block = {
		.id = id,
		.start_pfn = id << 15,
		.end_pfn = (id + 1) << 15,
		.nr_hwpoison = counted,
	};

	f->counters.has_memory_blocks = true;
	assert_true(hwp_vec_push(&f->counters.blocks, block));
}

SETUP(block_agrees)
{
	count(f, 2);
	add_memory_block(f, 0, 2);
}

SETUP(blocks_agree)
{
	block_agrees(f);
	add_memory_block(f, 1, 0);
}

SETUP(no_node_stats)
{
	add_node(f, 0, -1, 0);
}

SETUP(node_stats_unreadable)
{
	add_node(f, 0, 2, 0);
	assert_true(hwp_findings_hole(f, HWP_HOLE_NODE_COUNTER, "mf_stats"));
}

SETUP(blocks_unreadable)
{
	assert_true(hwp_findings_hole(f, HWP_HOLE_BLOCK_COUNTER, "memory blocks"));
}

/** One of two; the other one agrees. */
SETUP(block_unreadable)
{
	block_agrees(f);
	add_memory_block(f, 1, 0);
	f->counters.blocks.data[1].unread = true;
	blocks_unreadable(f);
}

/** Nobody looked there. */
SETUP(block_offline)
{
	block_agrees(f);
	add_memory_block(f, 1, 3);
	f->counters.blocks.data[1].offline = true;
}

/** One page more in each. */
SETUP(blocks_differ_3)
{
	count(f, 2);
	add_memory_block(f, 0, 3);
	add_memory_block(f, 5, 1);
	add_memory_block(f, 6, 1);
}

SETUP(blocks_differ_2)
{
	count(f, 2);
	add_memory_block(f, 0, 2);
	add_memory_block(f, 5, 1);
	add_memory_block(f, 6, 1);
}

SETUP(block_counts_less)
{
	count(f, 2);
	add_memory_block(f, 0, 1);
}

SETUP(block_counts_more)
{
	count(f, 2);
	add_memory_block(f, 0, 3);
}

SETUP(block_at_work)
{
	block_counts_less(f);
	f->counters.mf_running = true;
}

SETUP(block_queued)
{
	block_counts_less(f);
	queue(f, 0x5000);
}

SETUP(block_unpoisoned)
{
	block_counts_more(f);
	repeat(f, HWP_EVENT_UNPOISON, "");
}

SETUP(block_repeated)
{
	block_counts_more(f);
	repeat(f, HWP_EVENT_ALREADY_POISONED, "");
}

/** Elsewhere; and where one has not been counted. */
SETUP(block_repeated_elsewhere)
{
	block_repeated(f);
	f->events.data[0].pfn = 0x28000;
}

SETUP(block_repeated_less)
{
	block_counts_less(f);
	repeat(f, HWP_EVENT_ALREADY_POISONED, "");
}

SETUP(block_raw_hole)
{
	block_counts_more(f);
	hole_raw_list(f);
}

SETUP(block_unrecorded)
{
	block_counts_more(f);
	f->poisoned.data[0].raw_page_unknown = true;
}

SETUP(block_log_wrapped)
{
	block_counts_less(f);
	f->log.state = HWP_LOG_WRAPPED;
}

/** One that is explained does not stand for one that is not. */
SETUP(blocks_one_repeated)
{
	block_repeated(f);
	add_memory_block(f, 7, 1);
}

/** Two pages, with the lines of their errors. */
static void log_actions(struct hwp_findings *f, int64_t total)
{
	count(f, 2);
	for (size_t i = 0; i < 2; i++)
		add_action(f, &f->poisoned.data[i], "dirty LRU page", "Recovered");
	add_node(f, 0, total, 0);
}

SETUP(node_2)
{
	log_actions(f, 2);
}

/** What was found decides nothing: one was soft-offlined, say. */
SETUP(node_1_of_2)
{
	log_actions(f, 1);
	f->events.nr = 1;
}

SETUP(nodes_2)
{
	log_actions(f, 1);
	add_node(f, 1, 1, 0x40000);
}

SETUP(node_less)
{
	log_actions(f, 1);
}

SETUP(node_more)
{
	log_actions(f, 3);
}

SETUP(node_more_at_work)
{
	node_more(f);
	f->counters.mf_running = true;
}

/** One that some kernels count again. */
SETUP(node_repeated)
{
	node_more(f);
	repeat(f, HWP_EVENT_ACTION, "already poisoned page");
}

SETUP(node_not_repeated)
{
	node_2(f);
	repeat(f, HWP_EVENT_ACTION, "already poisoned page");
	repeat(f, HWP_EVENT_ACTION, "non struct page pfn");
	repeat(f, HWP_EVENT_SIGBUS, "");
}

SETUP(node_results)
{
	struct hwp_node_count *n;

	log_actions(f, 2);
	n = &f->counters.nodes.data[0];
	n->has_results = true;
	n->recovered = n->failed = 1;
}

SETUP(node_unsound)
{
	node_results(f);
	f->counters.nodes.data[0].delayed = 1;
}

SETUP(node_unsound_at_work)
{
	node_unsound(f);
	f->counters.mf_running = true;
}

SETUP(node_log_wrapped)
{
	node_2(f);
	f->log.state = HWP_LOG_WRAPPED;
}

SETUP(node_differs_log_wrapped)
{
	node_less(f);
	f->log.state = HWP_LOG_WRAPPED;
}

/** Actions for dax pages that marked none, and for one that is marked. */
static void dax(struct hwp_findings *f, uint64_t nr_actions, bool marked)
{
	f->counters.nr_dax_actions = nr_actions;
	f->poisoned.data[0].zone_is_device = marked;
}

SETUP(dax_unmarked)
{
	counted_3(f);
	dax(f, 1, false);
}

SETUP(dax_twice)
{
	counted_3(f);
	dax(f, 2, true);
}

SETUP(dax_once)
{
	counted_3(f);
	dax(f, 1, true);
}

SETUP(dax_and_repeat)
{
	repeated_1(f);
	f->counters.num_poisoned_pages = 4;
	dax(f, 1, false);
}

/** Less than none is explained. */
SETUP(dax_elsewhere)
{
	repeated_1(f);
	dax(f, 0, true);
}

SETUP(dax_uncounted)
{
	counted_1(f);
	dax(f, 1, true);
}

SETUP(queued_1)
{
	count(f, 2);
	queue(f, 0x5000);
}

SETUP(queued_2)
{
	queued_1(f);
	queue(f, 0x5001);
}

/* memory.c */

static struct hwp_poisoned *add_mapped(struct hwp_findings *f, bool has_machine_check,
				       enum hwp_direct_map map)
{
	struct hwp_poisoned *p = add_poisoned(f, isolated_page(0x1234 + f->poisoned.nr));

	p->has_machine_check = has_machine_check;
	p->direct_map = map;
	return p;
}

SETUP(injected)
{
	add_mapped(f, false, HWP_DIRECT_MAP_PRESENT);
	add_mapped(f, false, HWP_DIRECT_MAP_PRESENT);
	add_mapped(f, false, HWP_DIRECT_MAP_ABSENT);
}

SETUP(unmapped)
{
	injected(f);
	add_mapped(f, true, HWP_DIRECT_MAP_ABSENT);
}

SETUP(mapped)
{
	unmapped(f);
	add_mapped(f, true, HWP_DIRECT_MAP_PRESENT);
}

/* memory_failure() did not deal with it, so it stays mapped. */
/* As if x86_64 had not unmapped what it should have. */
SETUP(mapped_by_arm64)
{
	add_mapped(f, true, HWP_DIRECT_MAP_PRESENT);
	f->kernel.keeps_poison_mapped = true;
}

SETUP(mapped_in_use)
{
	struct hwp_poisoned *p = add_large(f, 0x20d);

	p->has_machine_check = true;
	p->direct_map = HWP_DIRECT_MAP_PRESENT;
}

SETUP(map_unknown_1)
{
	unmapped(f);
	add_mapped(f, true, HWP_DIRECT_MAP_UNKNOWN);
}

SETUP(map_unknown_2)
{
	map_unknown_1(f);
	add_mapped(f, true, HWP_DIRECT_MAP_UNKNOWN);
}

static struct hwp_poisoned *add_contents(struct hwp_findings *f, enum hwp_contents contents)
{
	struct hwp_poisoned *p = add_free(f, 0x20d + f->poisoned.nr, buddy_block);

	p->contents = contents;
	return p;
}

SETUP(switch_unknown)
{
	f->kernel.init_on_free = HWP_SWITCH_UNKNOWN;
}

SETUP(other_switch_unknown)
{
	f->kernel.page_poisoning = HWP_SWITCH_UNKNOWN;
}

SETUP(pattern_off)
{
	add_contents(f, HWP_CONTENTS_PAGE_POISON);
}

SETUP(pattern)
{
	f->kernel.page_poisoning = HWP_ON;
	add_contents(f, HWP_CONTENTS_OTHER);
	add_contents(f, HWP_CONTENTS_PAGE_POISON);
}

SETUP(zeros_1)
{
	f->kernel.init_on_free = HWP_ON;
	add_contents(f, HWP_CONTENTS_ZERO);
	add_contents(f, HWP_CONTENTS_OTHER);
}

SETUP(zeros_2)
{
	zeros_1(f);
	add_contents(f, HWP_CONTENTS_ZERO);
}

SETUP(unwritten_1)
{
	f->kernel.page_poisoning = HWP_ON;
	add_contents(f, HWP_CONTENTS_ZERO);
	add_contents(f, HWP_CONTENTS_UNKNOWN);
}

SETUP(unwritten_2)
{
	unwritten_1(f);
	add_contents(f, HWP_CONTENTS_OTHER)->by_list = pcp_block;
	f->poisoned.data[2].by_page = (struct hwp_block){ .order = -1 };
}

/* Withheld by the free path, with refcount 0: freed too. */
SETUP(unwritten_withheld)
{
	f->kernel.init_on_free = HWP_ON;
	add_contents(f, HWP_CONTENTS_OTHER)->by_list = (struct hwp_block){ .order = -1 };
	f->poisoned.data[0].by_page = (struct hwp_block){ .order = -1 };
}

SETUP(unwritten_dropped)
{
	f->kernel.init_on_free = HWP_ON;
	drop(f, 3);
	f->poisoned.data[0].contents = HWP_CONTENTS_OTHER;
}

/* Isolated by memory_failure(), which keeps a reference: never freed. */
SETUP(pattern_not_freed)
{
	f->kernel.page_poisoning = HWP_ON;
	add_poisoned(f, isolated_page(0x1234))->contents = HWP_CONTENTS_PAGE_POISON;
}

#define PASS HWP_PASS, HWP_VERDICT_CLEAN
#define SKIP HWP_SKIP, HWP_VERDICT_CLEAN
/** It decides nothing. */
#define OPEN HWP_INCONCLUSIVE, HWP_VERDICT_CLEAN
#define HOLE HWP_INCONCLUSIVE, HWP_VERDICT_INCOMPLETE
#define WRONG HWP_FAIL, HWP_VERDICT_INCONSISTENT
#define UNSURE HWP_INCONCLUSIVE, HWP_VERDICT_AT_RISK
#define RISK HWP_PASS, HWP_VERDICT_AT_RISK
#define LEAK HWP_FAIL, HWP_VERDICT_LEAKED

static const struct {
	const char *check;
	void (*setup)(struct hwp_findings *f);
	enum hwp_result result;
	/** Of the whole run. */
	enum hwp_verdict verdict;
	const char *detail;
} cases[] = {
	{ "memmap-covered", nothing, PASS, "all 262144 struct pages were read" },
	{ "memmap-covered", quick_clean, PASS, "quick: no memory block counts poison" },
	{ "memmap-covered", quick, PASS,
	  "quick: all 262144 struct pages of memory blocks that count poison were read" },
	{ "memmap-covered", damaged, HOLE, "the file is cut off at 12345 bytes" },
	{ "memmap-covered", too_many, HOLE,
	  "more than 1 pages are flagged as poisoned, which is not believable" },
	{ "memmap-covered", excluded, HOLE,
	  "262139 of 262144 struct pages were read; not in the dump: 5 (zero-filled: 3), "
	  "not readable: 0" },
	{ "memmap-covered", excluded_by_e, HOLE,
	  "262139 of 262144 struct pages were read; not in the dump: 5 (zero-filled: 3), "
	  "not readable: 0; makedumpfile -e left them out" },
	{ "memmap-covered", whole_with_e, PASS, "all 262144 struct pages were read" },
	{ "memmap-covered", faulted, HOLE,
	  "262143 of 262144 struct pages were read; not in the dump: 0 (zero-filled: 0), "
	  "not readable: 1" },
	{ "memmap-covered", uninitialised_1, HOLE,
	  "1 struct page of online memory is all ones, as before initialisation" },
	{ "memmap-covered", uninitialised_2, HOLE,
	  "2 struct pages of online memory are all ones, as before initialisation" },
	{ "memmap-covered", unread, HOLE, "131072 of 262144 struct pages were read" },

	{ "freelist-consistent", nothing, PASS,
	  "1 list walked, each nr_free equals the blocks found" },
	{ "freelist-consistent", two_lists, PASS,
	  "2 lists walked, each nr_free equals the blocks found" },
	{ "freelist-consistent", no_areas, PASS, "1 list walked" },
	{ "freelist-consistent", moved_1, PASS,
	  "1 list walked, each nr_free equals the blocks found, but for 1 order whose lists changed "
	  "meanwhile" },
	{ "freelist-consistent", moved_2, PASS,
	  "1 list walked, each nr_free equals the blocks found, but for 2 orders whose lists changed "
	  "meanwhile" },
	{ "freelist-consistent", hole_1, HOLE, "1 list could not be read to the end" },
	{ "freelist-consistent", hole_2, HOLE, "2 lists could not be read to the end" },
	{ "freelist-consistent", hole_pcp, HOLE, "1 list could not be read to the end" },
	{ "freelist-consistent", hole_elsewhere, PASS,
	  "1 list walked, each nr_free equals the blocks found" },
	{ "freelist-consistent", contradiction_and_hole, WRONG,
	  "1 contradiction in lists or tables, listed as troubles" },
	{ "freelist-consistent", cut_and_too_few, HOLE, "1 list could not be read to the end" },
	{ "freelist-consistent", too_few_walked, WRONG,
	  "node 0 Normal order 10: nr_free is 9, but 1 block is on its lists" },
	{ "freelist-consistent", too_many_walked, WRONG,
	  "node 0 Normal order 10: nr_free is 1, but 2 blocks are on its lists" },
	{ "freelist-consistent", contradiction_1, WRONG,
	  "1 contradiction in lists or tables, listed as troubles" },
	{ "freelist-consistent", contradiction_2, WRONG,
	  "2 contradictions in lists or tables, listed as troubles" },

	{ "methods-agree", nothing, PASS, "1024 free pages by the lists, as many by the memmap" },
	{ "methods-agree", buddy_1, HWP_PASS, HWP_VERDICT_LEAKED,
	  "1024 free pages by the lists, as many by the memmap" },
	{ "methods-agree", pcp_1, HWP_PASS, HWP_VERDICT_LEAKED,
	  "1024 free pages by the lists, as many by the memmap" },
	{ "methods-agree", only_in_memmap, WRONG,
	  "pfn 0x20d is in the free_area block at 0x200 (order 9) by the memmap, in no free block "
	  "by the lists" },
	{ "methods-agree", only_in_lists, LEAK,
	  "pfn 0x20d is in no free block by the memmap, in the free_area block at 0x200 (order 9) "
	  "by the lists" },
	{ "methods-agree", other_block, LEAK,
	  "pfn 0x20d is in the free_area block at 0x200 (order 9) by the memmap, in the free_area "
	  "block at 0x0 (order 10) by the lists" },
	{ "methods-agree", missed_in_moving_zone, HWP_PASS, HWP_VERDICT_LEAKED,
	  "1024 free pages by the lists, as many by the memmap" },
	{ "methods-agree", missed_beside_moving_zone, LEAK,
	  "pfn 0x20d is in the free_area block at 0x200 (order 9) by the memmap, in no free block "
	  "by the lists" },
	{ "methods-agree", other_count, WRONG, "1024 free pages by the lists, 1000 by the memmap" },
	{ "methods-agree", other_count_in_hole, HOLE,
	  "1024 free pages by the lists, 1000 by the memmap" },
	{ "methods-agree", other_count_locked, PASS,
	  "1024 free pages by the lists, 2048 by the memmap: zone->lock was held, and a block was "
	  "on its way" },
	{ "methods-agree", other_count_locked_too_far, WRONG,
	  "1024 free pages by the lists, 2049 by the memmap" },
	{ "methods-agree", missed_in_cut_zone, HWP_PASS, HWP_VERDICT_LEAKED,
	  "1024 free pages by the lists, as many by the memmap" },
	{ "methods-agree", missed_in_locked_zone, HWP_PASS, HWP_VERDICT_LEAKED,
	  "1024 free pages by the lists, as many by the memmap" },
	{ "methods-agree", other_count_live, PASS,
	  "1024 free pages by the lists, 1000 by the memmap, counted one after the other" },
	{ "methods-agree", live_quick, SKIP, "the lists of free_area were not walked" },

	{ "free-blocks-bare", nothing, PASS,
	  "no page inside a free block has references or is a tail" },
	{ "free-blocks-bare", follower_1, WRONG,
	  "1 page inside free blocks has references or is marked as a tail: the first is pfn 0x1235" },
	{ "free-blocks-bare", follower_2, WRONG,
	  "2 pages inside free blocks have references or are marked as a tail: the first is pfn "
	  "0x1235" },
	{ "free-blocks-bare", follower_live, SKIP,
	  "blocks are allocated while a running kernel is read" },
	{ "free-blocks-bare", faulted, HOLE,
	  "no page inside a free block has references or is a tail, but struct pages could not all "
	  "be read" },

	{ "free-pages-counted", nothing, SKIP, "the counts of no zone are known" },
	{ "free-pages-counted", counted_free, PASS,
	  "1 zone: NR_FREE_PAGES equals the pages on the lists" },
	{ "free-pages-counted", counted_free_elsewhere, PASS,
	  "1 zone: NR_FREE_PAGES equals the pages on the lists" },
	{ "free-pages-counted", counted_more_free, WRONG,
	  "node 0 Normal: NR_FREE_PAGES is 1052, but 1024 pages are on its lists" },
	{ "free-pages-counted", counted_less_free, WRONG,
	  "node 0 Normal: NR_FREE_PAGES is -1, but 1 page is on its lists" },
	{ "free-pages-counted", counted_more_free_locked, OPEN,
	  "node 0 Normal: NR_FREE_PAGES is 1052, but 1024 pages are on its lists (zone->lock was "
	  "held)" },
	{ "free-pages-counted", counted_more_free_cut, OPEN,
	  "node 0 Normal: NR_FREE_PAGES is 1052, but 1024 pages are on its lists (its lists could "
	  "not all be read)" },
	{ "free-pages-counted", counted_more_free_old, OPEN,
	  "node 0 Normal: NR_FREE_PAGES is 1052, but 1024 pages are on its lists (this kernel counts "
	  "by the pageblock's type)" },
	{ "free-pages-counted", counted_more_free_unsure, OPEN,
	  "node 0 Normal: NR_FREE_PAGES is 1052, but 1024 pages are on its lists (whether zone->lock "
	  "was held is not known)" },

	{ "lists-match-pageblocks", matched_blocks, PASS,
	  "629 free blocks are on a list of their pageblocks' type (pageblocks of order 9)" },
	{ "lists-match-pageblocks", matched_block, PASS,
	  "1 free block is on a list of its pageblock's type (pageblocks of order 9)" },
	{ "lists-match-pageblocks", misplaced_block, WRONG,
	  "1 free block is on a list of another type than its pageblock: pfn 0x1234 (order 2) is on a "
	  "list of Unmovable, and its pageblock is Movable" },
	{ "lists-match-pageblocks", misplaced_blocks, WRONG,
	  "12 free blocks are on a list of another type than their pageblocks: the first at pfn 0x1234 "
	  "(order 2) is on a list of type 7, and its pageblock is Movable" },
	{ "lists-match-pageblocks", unsure_blocks, OPEN,
	  "1 free block is on a list of its pageblock's type (pageblocks of order 9), 628 are not, "
	  "where zone->lock was held or types may be mixed" },
	{ "lists-match-pageblocks", unsure_block, OPEN,
	  "628 free blocks are on a list of their pageblocks' type (pageblocks of order 9), 1 is "
	  "not, where zone->lock was held or types may be mixed; 1 is outside of the memory whose "
	  "pageblocks are known" },
	{ "lists-match-pageblocks", unread_blocks, OPEN,
	  "629 free blocks are on a list of their pageblocks' type (pageblocks of order 9); 2 are "
	  "outside of the memory whose pageblocks are known" },
	{ "lists-match-pageblocks", unknown_pageblocks, OPEN,
	  "the pageblocks could not be read: their size is not known" },
	{ "lists-match-pageblocks", matched_live, SKIP,
	  "blocks move between lists while a running kernel is read" },
	{ "lists-match-pageblocks", matched_old, SKIP,
	  "this kernel is not known to keep each free block on a list of its pageblock's type, as "
	  "kernels since v6.10 do" },
	{ "lists-match-pageblocks", matched_quick, SKIP, "the lists of free_area were not walked" },

	{ "zones-span-pages", spans, PASS,
	  "1 zone: free blocks and poisoned pages are inside of it" },
	{ "zones-span-pages", spans_2, PASS,
	  "2 zones: free blocks and poisoned pages are inside of them" },
	{ "zones-span-pages", spans_without_nodes, PASS,
	  "1 zone: free blocks and poisoned pages are inside of it" },
	{ "zones-span-pages", spans_without_zones, SKIP, "the zones were not read" },
	{ "zones-span-pages", spans_of_flags_unknown, OPEN,
	  "where page.flags hold the zone of a page is not known" },
	{ "zones-span-pages", spans_poison_flags_unknown, OPEN,
	  "where page.flags hold the zone of a page is not known" },
	{ "zones-span-pages", spans_cut, HOLE,
	  "1 zone: free blocks and poisoned pages are inside of it, but per-CPU lists could not all "
	  "be read" },
	{ "zones-span-pages", spans_block_outside, WRONG,
	  "node 1 Normal has 1 block on its lists that it does not span: the block is at pfn 0x7fff" },
	{ "zones-span-pages", spans_blocks_outside, WRONG,
	  "node 1 Normal has 18 blocks on its lists that it does not span: the first is at pfn "
	  "0x7fff" },
	{ "zones-span-pages", spans_block_foreign, WRONG,
	  "node 0 Normal has 1 block on its lists that is of another zone by its page.flags: the "
	  "block is at pfn 0x5000" },
	{ "zones-span-pages", spans_blocks_foreign, WRONG,
	  "node 0 Normal has 4 blocks on its lists that are of another zone by their page.flags: the "
	  "first is at pfn 0x5000" },
	{ "zones-span-pages", spans_poison_outside, WRONG,
	  "poisoned pfn 0x40000 is of node 0 Normal, which spans pfn 0x0 to 0x40000" },
	{ "zones-span-pages", spans_poison_below, WRONG,
	  "poisoned pfn 0x1234 is of node 0 Normal, which spans pfn 0x1235 to 0x40000" },
	{ "zones-span-pages", spans_poison_of_no_zone, WRONG,
	  "poisoned pfn 0x1234 is of no zone, by its page.flags" },
	{ "zones-span-pages", spans_poison_elsewhere, PASS,
	  "1 zone: free blocks and poisoned pages are inside of it" },
	{ "zones-span-pages", spans_zone_below, WRONG,
	  "node 0 Normal spans pfn 0x0 to 0x40000, but its node pfn 0x1 to 0x40000" },
	{ "zones-span-pages", spans_zone_above, WRONG,
	  "node 1 Normal spans pfn 0x40000 to 0x80000, but its node pfn 0x40000 to 0x7ffff" },

	{ "events-marked", nothing, PASS, "each page that the log has an error of is marked" },
	{ "events-marked", unmarked_elsewhere, PASS,
	  "each page that the log has an error of is marked" },
	{ "events-marked", unmarked_1, WRONG,
	  "1 page that the log has an error of has no mark: pfn 0x1234 is in use" },
	{ "events-marked", unmarked_7, WRONG,
	  "7 pages that the log has an error of have no mark: pfn 0x1234 is in use, pfn 0x1235 is "
	  "on a per-CPU list, pfn 0x1236 is in a free block, pfn 0x1237 is in a free block, pfn "
	  "0x1238 is in a folio, pfn 0x1239 is in a folio, pfn 0x123a is on no list" },
	{ "events-marked", unmarked_wrapped, WRONG,
	  "1 page that the log has an error of has no mark: pfn 0x1234 is in use" },
	{ "events-marked", unmarked_unpoisoned, HOLE,
	  "1 page that the log has an error of has no mark: pfn 0x1234 is in use; the log may lack "
	  "that it was unpoisoned" },
	{ "events-marked", unmarked_lost, HOLE,
	  "1 page that the log has an error of has no mark: pfn 0x1234 is in use; the log may lack "
	  "that it was unpoisoned" },
	{ "events-marked", no_log, OPEN, "the log could not be read" },
	{ "events-marked", marked_wrapped, OPEN,
	  "each page that the log has an error of is marked, but the log has lost its beginning" },
	{ "events-marked", marked_lost, OPEN,
	  "each page that the log has an error of is marked, but the log has lost lines" },
	{ "events-marked", nothing_wrapped, PASS,
	  "each page that the log has an error of is marked" },
	{ "events-marked", uncounted_wrapped, OPEN,
	  "each page that the log has an error of is marked, but the log has lost its beginning" },

	{ "withheld-unmarked", nothing, PASS, "no withheld page without references is known" },
	{ "withheld-unmarked", contained, PASS, "no withheld page without references is known" },
	{ "withheld-unmarked", withheld, PASS, "1 withheld page without such a mark" },
	{ "withheld-unmarked", unknown_1, HOLE,
	  "no withheld page without references is known, but what became of 1 page, pfn 0x1234, "
	  "is not known" },
	{ "withheld-unmarked", unknown_2, HOLE,
	  "1 withheld page without such a mark, but what became of 2 pages, the first is pfn "
	  "0x1240, is not known" },
	{ "withheld-unmarked", withheld_tail, WRONG,
	  "1 withheld page is still marked: pfn 0x1234 is marked as a tail, of no folio" },
	{ "withheld-unmarked", withheld_lru, WRONG,
	  "2 withheld pages are still marked: the first is pfn 0x1240, which has PG_lru" },

	{ "poison-not-in-buddy", nothing, PASS, "none was found" },
	{ "poison-not-in-buddy", buddy_1, LEAK, "1 poisoned page is in a free block: pfn 0x20d" },
	{ "poison-not-in-buddy", buddy_2, LEAK,
	  "2 poisoned pages are in free blocks: the first is pfn 0x20d" },
	{ "poison-not-in-buddy", pcp_1, HWP_PASS, HWP_VERDICT_LEAKED, "none was found" },
	{ "poison-not-in-buddy", other_list_cut, HWP_INCONCLUSIVE, HWP_VERDICT_INCONSISTENT,
	  "none was found, but another list of free pages (trylock_free_pages, unaccepted_pages) "
	  "could not all be read" },
	{ "poison-not-in-buddy", faulted, HOLE,
	  "none was found, but struct pages could not all be read" },

	{ "poison-not-on-pcp", nothing, PASS, "none was found" },
	{ "poison-not-on-pcp", pcp_1, LEAK, "1 poisoned page is on a per-CPU list: pfn 0x20d" },
	{ "poison-not-on-pcp", pcp_2, LEAK,
	  "2 poisoned pages are on per-CPU lists: the first is pfn 0x20d" },
	{ "poison-not-on-pcp", faulted, HOLE,
	  "none was found, but struct pages could not all be read" },
	{ "poison-not-on-pcp", hole_pcp, HOLE,
	  "none was found, but per-CPU lists could not all be read" },
	{ "poison-not-on-pcp", pcp_list_cut, HWP_INCONCLUSIVE, HWP_VERDICT_INCONSISTENT,
	  "none was found, but per-CPU lists could not all be read" },
	{ "poison-not-on-pcp", other_list_cut, HWP_PASS, HWP_VERDICT_INCONSISTENT,
	  "none was found" },
	{ "poison-not-on-pcp", hole_elsewhere, PASS, "none was found" },

	{ "poison-not-reused", nothing, PASS, "none was found" },
	{ "poison-not-reused", reused_1, LEAK, "1 poisoned page was allocated again: pfn 0x20d" },
	{ "poison-not-reused", reused_2, LEAK,
	  "2 poisoned pages were allocated again: the first is pfn 0x20d" },
	{ "poison-not-reused", unlogged_wrapped, UNSURE,
	  "none was found, but whether 2 pages in use, the first is pfn 0x20d, were allocated again "
	  "is not known: the log has lost its beginning" },
	{ "poison-not-reused", unlogged_lost, UNSURE,
	  "none was found, but whether 1 page in use, the first is pfn 0x20d, was allocated again "
	  "is not known: the log has lost lines" },
	{ "poison-not-reused", unlogged_unreadable, HOLE,
	  "none was found, but whether 1 page in use, the first is pfn 0x20d, was allocated again "
	  "is not known: the log could not be read" },
	{ "poison-not-reused", unlogged_whole_log, RISK, "none was found" },
	{ "poison-not-reused", unlogged_marked, PASS, "none was found" },
	{ "poison-not-reused", unlogged_marked_twice, UNSURE,
	  "none was found, but whether 2 pages in use, the first is pfn 0x20d, were allocated again "
	  "is not known: the log has lost its beginning" },
	{ "poison-not-reused", unlogged_raw, RISK, "none was found" },
	{ "poison-not-reused", owner_excluded, HOLE,
	  "none was found, but whether 1 page in use, the first is pfn 0x20d, was allocated again "
	  "is not known: whose it is could not be read" },
	{ "poison-not-reused", owner_excluded_page_owner, PASS, "none was found" },
	{ "poison-not-reused", owner_excluded_migrated, HOLE,
	  "none was found, but whether 1 page in use, the first is pfn 0x20d, was allocated again "
	  "is not known: whose it is could not be read" },
	{ "poison-not-reused", contained_unlogged, PASS, "none was found" },
	{ "poison-not-reused", unknown_1, HOLE,
	  "none was found, but what became of 1 page, pfn 0x1234, is not known" },
	{ "poison-not-reused", faulted, HOLE,
	  "none was found, but struct pages could not all be read" },

	{ "healthy-not-lost", nothing, PASS, "none was found" },
	{ "healthy-not-lost", dropped_1, LEAK,
	  "1 healthy page (4 KiB) is lost with poisoned ones" },
	{ "healthy-not-lost", dropped_3, LEAK,
	  "3 healthy pages (12 KiB) are lost with poisoned ones" },
	{ "healthy-not-lost", forgotten_3, WRONG,
	  "3 healthy pages (12 KiB) are lost with poisoned ones" },
	{ "healthy-not-lost", freed_unreadable_1, HOLE,
	  "none was found, but 1 page of freed folios is on no list that could be read" },
	{ "healthy-not-lost", freed_unreadable_2, HOLE,
	  "none was found, but 2 pages of freed folios are on no list that could be read" },
	{ "healthy-not-lost", faulted, HOLE,
	  "none was found, but struct pages could not all be read" },

	{ "ranges-held", nothing, PASS, "no freed folio is known" },
	{ "ranges-held", freed_1, PASS,
	  "1 freed folio: every free block is inside a healthy range" },
	{ "ranges-held", freed_2, PASS,
	  "2 freed folios: every free block is inside a healthy range" },
	{ "ranges-held", in_use_over_the_edge, PASS,
	  "1 freed folio: every free block is inside a healthy range" },
	{ "ranges-held", live_folio, PASS,
	  "1 freed folio: every free block is inside a healthy range" },
	{ "ranges-held", freed_whole, WRONG,
	  "the free block of order 2 with pfn 0x200, in the folio at 0x200 (order 2), is not inside "
	  "a healthy range" },
	{ "ranges-held", freed_in_pieces, WRONG,
	  "the free block of order 1 with pfn 0x200, in the folio at 0x200 (order 2), is not inside "
	  "a healthy range" },
	{ "ranges-held", freed_over_the_edge, WRONG,
	  "the free block of order 3 with pfn 0x202, in the folio at 0x200 (order 2), is not inside "
	  "a healthy range" },
	{ "ranges-held", freed_with_hole, HOLE,
	  "1 freed folio: every free block is inside a healthy range, of those on lists that could "
	  "be read" },
	{ "ranges-held", freed_with_hole_pcp, HOLE,
	  "1 freed folio: every free block is inside a healthy range, of those on lists that could "
	  "be read" },
	{ "ranges-held", hole_1, HWP_PASS, HWP_VERDICT_INCOMPLETE, "no freed folio is known" },

	{ "folio-flag-matches-pages", nothing, PASS, "no large folio holds poison" },
	{ "folio-flag-matches-pages", contained, PASS, "no large folio holds poison" },
	{ "folio-flag-matches-pages", large_1, PASS,
	  "PG_has_hwpoisoned is set for 1 poisoned page" },
	{ "folio-flag-matches-pages", large_2, PASS,
	  "PG_has_hwpoisoned is set for 2 poisoned pages" },
	{ "folio-flag-matches-pages", large_without_flag, SKIP,
	  "this kernel has no PG_has_hwpoisoned" },
	{ "folio-flag-matches-pages", large_clear, HWP_INCONCLUSIVE, HWP_VERDICT_AT_RISK,
	  "the folio at 0x200 holds poisoned pfn 0x20e, but PG_has_hwpoisoned is clear: a fixed "
	  "kernel would free it whole" },

	{ "raw-hwp-list-consistent", nothing, PASS, "no HugeTLB folio is poisoned" },
	{ "raw-hwp-list-consistent", large_1, PASS, "no HugeTLB folio is poisoned" },
	{ "raw-hwp-list-consistent", hugetlb_1, PASS,
	  "1 poisoned HugeTLB folio without a contradiction" },
	{ "raw-hwp-list-consistent", hugetlb_2, PASS,
	  "2 poisoned HugeTLB folios without a contradiction" },
	{ "raw-hwp-list-consistent", hugetlb_unreliable, PASS,
	  "1 poisoned HugeTLB folio without a contradiction" },
	{ "raw-hwp-list-consistent", hugetlb_without_list, PASS,
	  "1 poisoned HugeTLB folio without a contradiction" },
	{ "raw-hwp-list-consistent", hole_raw_list, HOLE,
	  "no HugeTLB folio is poisoned, but the record of a HugeTLB folio's bad pages could not all "
	  "be read" },
	{ "raw-hwp-list-consistent", hugetlb_empty, LEAK,
	  "the HugeTLB folio at 0x400 is flagged, but its raw_hwp_list is empty" },

	{ "poison-unmapped", nothing, SKIP,
	  "poisoned pages in the direct map: 0, out of it: 0; only a machine check unmaps one, and "
	  "the log has none for a contained page" },
	{ "poison-unmapped", injected, SKIP,
	  "poisoned pages in the direct map: 2, out of it: 1; only a machine check unmaps one, and "
	  "the log has none for a contained page" },
	{ "poison-unmapped", mapped_in_use, SKIP,
	  "poisoned pages in the direct map: 1, out of it: 0; only a machine check unmaps one, and "
	  "the log has none for a contained page" },
	{ "poison-unmapped", mapped_by_arm64, SKIP,
	  "poisoned pages in the direct map: 1, out of it: 0; arm64 leaves poisoned pages where they "
	  "are mapped" },
	{ "poison-unmapped", unmapped, PASS, "poisoned pages in the direct map: 2, out of it: 2" },
	{ "poison-unmapped", mapped, WRONG,
	  "pfn 0x1238 was found by a machine check and is contained, but it is still in the direct "
	  "map" },
	{ "poison-unmapped", map_unknown_1, OPEN,
	  "poisoned pages in the direct map: 2, out of it: 2; whether 1 page with a machine check is "
	  "mapped could not be read" },
	{ "poison-unmapped", map_unknown_2, OPEN,
	  "poisoned pages in the direct map: 2, out of it: 2; whether 2 pages with a machine check "
	  "are mapped could not be read" },

	{ "poison-unwritten", nothing, SKIP,
	  "page_poison and init_on_free are off: nothing writes to freed pages" },
	{ "poison-unwritten", pattern_off, HWP_SKIP, HWP_VERDICT_LEAKED,
	  "page_poison and init_on_free are off: nothing writes to freed pages" },
	{ "poison-unwritten", switch_unknown, SKIP,
	  "whether page_poison or init_on_free is on is unknown" },
	{ "poison-unwritten", other_switch_unknown, SKIP,
	  "whether page_poison or init_on_free is on is unknown" },
	{ "poison-unwritten", pattern, LEAK,
	  "pfn 0x20e is filled with 0xaa: page_poison wrote to it when it was freed" },
	{ "poison-unwritten", zeros_1, HWP_INCONCLUSIVE, HWP_VERDICT_LEAKED,
	  "1 freed poisoned page is all zeros, as init_on_free leaves a page" },
	{ "poison-unwritten", zeros_2, HWP_INCONCLUSIVE, HWP_VERDICT_LEAKED,
	  "2 freed poisoned pages are all zeros, as init_on_free leaves a page" },
	{ "poison-unwritten", unwritten_1, HWP_PASS, HWP_VERDICT_LEAKED,
	  "the 1 freed poisoned page in the dump was not written to" },
	{ "poison-unwritten", unwritten_2, HWP_PASS, HWP_VERDICT_LEAKED,
	  "none of the 2 freed poisoned pages in the dump was written to" },
	{ "poison-unwritten", unwritten_withheld, PASS,
	  "the 1 freed poisoned page in the dump was not written to" },
	{ "poison-unwritten", unwritten_dropped, HWP_PASS, HWP_VERDICT_LEAKED,
	  "the 1 freed poisoned page in the dump was not written to" },
	{ "poison-unwritten", pattern_not_freed, SKIP,
	  "the contents of no freed poisoned page are known" },

	{ "poison-accounted", nothing, PASS, "num_poisoned_pages is 0, equal to the pages found" },
	{ "poison-accounted", uncounted, SKIP, "no symbol shows where the kernel's count is" },
	{ "poison-accounted", counter_unreadable, OPEN, "num_poisoned_pages could not be read" },
	{ "poison-accounted", hole_elsewhere, PASS,
	  "num_poisoned_pages is 0, equal to the pages found" },
	{ "poison-accounted", counted_with_other_hole, WRONG,
	  "num_poisoned_pages is 3, but 2 pages were found: not all that were counted were found" },
	{ "poison-accounted", counted_3, WRONG,
	  "num_poisoned_pages is 3, but 2 pages were found: not all that were counted were found" },
	{ "poison-accounted", counted_1, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found: not all of them were counted" },
	{ "poison-accounted", found_1_of_2, WRONG,
	  "num_poisoned_pages is 2, but 1 page was found: not all that were counted were found" },
	{ "poison-accounted", counted_negative, WRONG, "num_poisoned_pages is negative: -1" },
	{ "poison-accounted", repeated_1, PASS,
	  "num_poisoned_pages is 3, but 2 pages were found: the log has 1 repeated report, which "
	  "this kernel counted again" },
	{ "poison-accounted", repeated_2, PASS,
	  "num_poisoned_pages is 4, but 2 pages were found: the log has 2 repeated reports, which "
	  "this kernel counted again" },
	{ "poison-accounted", not_repeated, WRONG,
	  "num_poisoned_pages is 3, but 2 pages were found: not all that were counted were found" },
	{ "poison-accounted", too_few_repeated, WRONG,
	  "num_poisoned_pages is 4, but 2 pages were found: not all that were counted were found" },
	{ "poison-accounted", more_repeated_than_counted, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found: not all of them were counted" },
	{ "poison-accounted", at_work, PASS,
	  "num_poisoned_pages is 1, but 2 pages were found: memory_failure() was at work, and counts "
	  "a page after it has flagged it" },
	{ "poison-accounted", at_work_2, PASS,
	  "num_poisoned_pages is 0, but 2 pages were found: memory_failure() was at work, and counts "
	  "a page after it has flagged it; 1 more error is reported, but not handled yet" },
	{ "poison-accounted", at_work_too_few, WRONG,
	  "num_poisoned_pages is 0, but 2 pages were found: not all of them were counted" },
	{ "poison-accounted", queued_not_at_work, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found: not all of them were counted; 2 more "
	  "errors are reported, but not handled yet" },
	{ "poison-accounted", counted_with_hole, HOLE,
	  "num_poisoned_pages is 3, but 2 pages were found: what could not be read may explain the "
	  "difference" },
	{ "poison-accounted", counted_with_faults, HOLE,
	  "num_poisoned_pages is 3, but 2 pages were found: what could not be read may explain the "
	  "difference" },
	{ "poison-accounted", counted_too_many, HOLE,
	  "num_poisoned_pages is 3, but 2 pages were found: what could not be read may explain the "
	  "difference" },
	{ "poison-accounted", counted_damaged, HOLE,
	  "num_poisoned_pages is 3, but 2 pages were found: what could not be read may explain the "
	  "difference" },
	{ "poison-accounted", counted_uninitialised, HOLE,
	  "num_poisoned_pages is 3, but 2 pages were found: what could not be read may explain the "
	  "difference" },
	{ "poison-accounted", uncounted_with_hole, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found: not all of them were counted" },
	{ "poison-accounted", uncounted_by_flags, HOLE,
	  "num_poisoned_pages is 1, but 2 pages were found: what could not be read may explain the "
	  "difference" },
	{ "poison-accounted", unrecorded, OPEN,
	  "num_poisoned_pages is 3, but 2 pages were found: HugeTLB folios without a record of their "
	  "bad pages may explain the difference" },
	{ "poison-accounted", counted_by_folio, PASS,
	  "num_poisoned_pages is 1, equal to the pages found, when all of one HugeTLB folio are one, "
	  "as this kernel counts" },
	{ "poison-accounted", counted_by_head, PASS,
	  "num_poisoned_pages is 2, equal to the pages found, when all of one HugeTLB folio are one, "
	  "as this kernel counts" },
	{ "poison-accounted", taken_back, PASS,
	  "num_poisoned_pages is 1, but 2 pages were found, when all of one HugeTLB folio are one, as "
	  "this kernel counts: an error at a tail of a free HugeTLB page, of which the log has no "
	  "result, is not counted by this kernel" },
	{ "poison-accounted", taken_back_log_wrapped, OPEN,
	  "num_poisoned_pages is 1, but 2 pages were found, when all of one HugeTLB folio are one, as "
	  "this kernel counts: an error at a tail of a free HugeTLB page, of which the log has no "
	  "result, is not counted by this kernel" },
	{ "poison-accounted", not_taken_back, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found, when all of one HugeTLB folio are one, as "
	  "this kernel counts: not all of them were counted" },
	{ "poison-accounted", uncounted_unrecorded, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found: not all of them were counted" },
	{ "poison-accounted", log_wrapped, OPEN,
	  "num_poisoned_pages is 3, but 2 pages were found: repeated reports may explain the "
	  "difference, but the log is not complete" },
	{ "poison-accounted", log_unreadable, OPEN,
	  "num_poisoned_pages is 3, but 2 pages were found: repeated reports may explain the "
	  "difference, but the log is not complete" },
	{ "poison-accounted", uncounted_log_wrapped, WRONG,
	  "num_poisoned_pages is 1, but 2 pages were found: not all of them were counted" },
	{ "poison-accounted", faulted, HOLE,
	  "num_poisoned_pages is 0, equal to the pages found, but struct pages could not all be read" },
	{ "poison-accounted", dax_unmarked, PASS,
	  "num_poisoned_pages is 3, but 2 pages were found: the log has 1 recovery action for dax "
	  "pages, each of which is counted, marked or not" },
	{ "poison-accounted", dax_twice, PASS,
	  "num_poisoned_pages is 3, but 2 pages were found: the log has 2 recovery actions for dax "
	  "pages, each of which is counted, marked or not" },
	{ "poison-accounted", dax_once, WRONG,
	  "num_poisoned_pages is 3, but 2 pages were found: not all that were counted were found" },
	{ "poison-accounted", dax_and_repeat, PASS,
	  "num_poisoned_pages is 4, but 2 pages were found: the log has 1 repeated report, which "
	  "this kernel counted again, and the log has 1 recovery action for dax pages, each of which "
	  "is counted, marked or not" },
	{ "poison-accounted", dax_elsewhere, PASS,
	  "num_poisoned_pages is 3, but 2 pages were found: the log has 1 repeated report, which "
	  "this kernel counted again" },
	{ "poison-accounted", dax_uncounted, OPEN,
	  "num_poisoned_pages is 1, but 2 pages were found: a page of a device may be marked without "
	  "being counted" },
	{ "poison-accounted", queued_1, PASS,
	  "num_poisoned_pages is 2, equal to the pages found; 1 more error is reported, but not "
	  "handled yet" },
	{ "poison-accounted", queued_2, PASS,
	  "num_poisoned_pages is 2, equal to the pages found; 2 more errors are reported, but not "
	  "handled yet" },

	{ "memory-blocks-accounted", nothing, SKIP, "the kernel keeps no counts of memory blocks" },
	{ "memory-blocks-accounted", blocks_unreadable, OPEN,
	  "the counts of memory blocks could not be read" },
	{ "memory-blocks-accounted", block_agrees, PASS,
	  "1 memory block counted what was found in it" },
	{ "memory-blocks-accounted", blocks_agree, PASS,
	  "2 memory blocks counted what was found in each" },
	{ "memory-blocks-accounted", block_offline, PASS,
	  "1 memory block counted what was found in it" },
	{ "memory-blocks-accounted", block_unreadable, OPEN,
	  "1 memory block counted what was found in it, but a memory block's nr_hwpoison could not all "
	  "be read" },
	{ "memory-blocks-accounted", block_counts_less, WRONG,
	  "memory block 0 (pfn 0x0 on) counted 1, but 2 pages were found in it" },
	{ "memory-blocks-accounted", block_counts_more, WRONG,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it" },
	{ "memory-blocks-accounted", blocks_differ_2, WRONG,
	  "memory block 5 (pfn 0x28000 on) counted 1, but 0 pages were found in it, and 1 more block "
	  "differs" },
	{ "memory-blocks-accounted", blocks_differ_3, WRONG,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it, and 2 more blocks "
	  "differ" },
	{ "memory-blocks-accounted", block_at_work, OPEN,
	  "memory block 0 (pfn 0x0 on) counted 1, but 2 pages were found in it: memory_failure() was "
	  "at work" },
	{ "memory-blocks-accounted", block_queued, OPEN,
	  "memory block 0 (pfn 0x0 on) counted 1, but 2 pages were found in it: memory_failure() was "
	  "at work" },
	{ "memory-blocks-accounted", block_unpoisoned, OPEN,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it: pages were "
	  "unpoisoned, and a HugeTLB page may be in several blocks" },
	{ "memory-blocks-accounted", block_repeated, OPEN,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it: its pages were "
	  "reported again" },
	{ "memory-blocks-accounted", block_repeated_elsewhere, WRONG,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it" },
	{ "memory-blocks-accounted", block_repeated_less, WRONG,
	  "memory block 0 (pfn 0x0 on) counted 1, but 2 pages were found in it" },
	{ "memory-blocks-accounted", block_raw_hole, HOLE,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it: which pages of it "
	  "are bad could not all be read" },
	{ "memory-blocks-accounted", block_unrecorded, OPEN,
	  "memory block 0 (pfn 0x0 on) counted 3, but 2 pages were found in it: which pages of it "
	  "are bad could not all be read" },
	{ "memory-blocks-accounted", block_log_wrapped, OPEN,
	  "memory block 0 (pfn 0x0 on) counted 1, but 2 pages were found in it: the log, which has "
	  "repeated reports and unpoisoning, is not complete" },
	{ "memory-blocks-accounted", blocks_one_repeated, WRONG,
	  "memory block 7 (pfn 0x38000 on) counted 1, but 0 pages were found in it, and 1 more block "
	  "differs" },

	{ "nodes-accounted", nothing, SKIP, "the kernel keeps no mf_stats" },
	{ "nodes-accounted", no_node_stats, SKIP, "the kernel keeps no mf_stats" },
	{ "nodes-accounted", node_stats_unreadable, OPEN, "mf_stats could not all be read" },
	{ "nodes-accounted", node_2, PASS,
	  "mf_stats of the nodes count 2 recovery actions, as the log has" },
	{ "nodes-accounted", node_1_of_2, PASS,
	  "mf_stats of the nodes count 1 recovery action, as the log has" },
	{ "nodes-accounted", nodes_2, PASS,
	  "mf_stats of the nodes count 2 recovery actions, as the log has" },
	{ "nodes-accounted", node_less, WRONG,
	  "mf_stats of the nodes count 1 recovery action, but the log has 2" },
	{ "nodes-accounted", node_more, WRONG,
	  "mf_stats of the nodes count 3 recovery actions, but the log has 2" },
	{ "nodes-accounted", node_more_at_work, OPEN,
	  "mf_stats of the nodes count 3 recovery actions, but the log has 2: memory_failure() was "
	  "at work" },
	{ "nodes-accounted", node_repeated, PASS,
	  "mf_stats of the nodes count 3 recovery actions, as the log has" },
	{ "nodes-accounted", node_not_repeated, PASS,
	  "mf_stats of the nodes count 2 recovery actions, as the log has" },
	{ "nodes-accounted", node_results, PASS,
	  "mf_stats of the nodes count 2 recovery actions, as the log has" },
	{ "nodes-accounted", node_unsound, WRONG,
	  "node 0: mf_stats.total is 2, but its results are 0 ignored, 1 failed, 1 delayed, 1 "
	  "recovered" },
	{ "nodes-accounted", node_unsound_at_work, OPEN,
	  "node 0: mf_stats.total is 2, but its results are 0 ignored, 1 failed, 1 delayed, 1 "
	  "recovered: memory_failure() was at work" },
	{ "nodes-accounted", node_log_wrapped, PASS,
	  "mf_stats of each node count as many as were found" },
	{ "nodes-accounted", node_differs_log_wrapped, OPEN,
	  "node 0 counted 1 and has 2: soft offline and unpoison are not counted there, and the log "
	  "is not complete" },
};

static struct hwp_findings *findings_of(void (*setup)(struct hwp_findings *f))
{
	struct hwp_findings *f = clean_findings();

	/* Pending pages are at no risk here, so the checks alone decide. */
	f->kernel.fix = HWP_FIX_PRESENT;
	setup(f);
	judge_findings(f);
	/* Nor is any past in doubt. */
	f->summary.nr_past_unknown = 0;
	hwp_check_decide(f);
	return f;
}

/* Whatever a check says, its row explains it, and it is one whole line. */
static void assert_explained(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check_result *r = &f->checks.data[i];

		assert_true(r->detail[0]);
		assert_null(strchr(r->detail, '\n'));
		assert_null(strstr(r->detail, "..."));
		assert_non_null(r->check->outcomes[r->result].meaning);
	}
}

/* The page that the sentence names, and the number that it begins with, are not in it alone. */
static void assert_has_its_numbers(const struct hwp_check_result *r)
{
	const char *pfn = strstr(r->detail, "pfn 0x");
	bool found = !isdigit((unsigned char)r->detail[0]);
	char word[32];

	snprintf(word, sizeof(word), "0x%" PRIx64, r->pfn);
	assert_int_equal(r->has_pfn, pfn && !strstr(r->detail, "spans pfn 0x") ? true : r->has_pfn);
	assert_true(!r->has_pfn || strstr(r->detail, word));
	for (unsigned int i = 0; i < r->nr_numbers; i++)
		found |= strtoll(r->detail, NULL, 10) == r->numbers[i].value;
	assert_true(found);
	/* One more would have no place. */
	assert_true(r->nr_numbers < HWP_MAX_CHECK_NUMBERS);
}

static void all_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(cases); i++) {
		const struct hwp_check *check = hwp_check_find(cases[i].check);
		struct hwp_findings *f = findings_of(cases[i].setup);
		const struct hwp_check_result *r = NULL;

		print_message("# %s: %s\n", cases[i].check, cases[i].detail);
		assert_non_null(check);
		assert_explained(f);
		for (size_t k = 0; k < f->checks.nr; k++)
			r = f->checks.data[k].check == check ? &f->checks.data[k] : r;
		assert_non_null(r);
		assert_string_equal(hwp_result_name(r->result), hwp_result_name(cases[i].result));
		assert_string_equal(r->detail, cases[i].detail);
		assert_has_its_numbers(r);
		assert_string_equal(hwp_verdict_name(f->verdict),
				    hwp_verdict_name(cases[i].verdict));
		hwp_findings_destroy(f);
	}
}

/* A check that is not seen to pass, fail, skip and stay open as its row says is not tested. */
static void every_result_has_a_case(void **state)
{
	const struct hwp_check *checks;
	size_t nr;

	(void)state;
	checks = hwp_checks(&nr);
	for (size_t i = 0; i < nr; i++) {
		for (int result = 0; result < HWP_NR_RESULTS; result++) {
			bool found = false;

			for (size_t k = 0; k < HWP_ARRAY_SIZE(cases); k++)
				found |= cases[k].result == (enum hwp_result)result &&
					 strcmp(cases[k].check, checks[i].name) == 0;
			if (found != !!checks[i].outcomes[result].meaning)
				fail_msg("%s: %s is %s", checks[i].name,
					 hwp_result_name((enum hwp_result)result),
					 found ? "in a case, but not in its row" :
						 "in its row, but in no case");
		}
	}
}

/* Without CONFIG_MEMORY_FAILURE nothing can be marked: no row is asked, none decides. */
static void none_without_memory_failure(void **state)
{
	struct hwp_findings *f = findings_of(no_memory_failure);

	(void)state;
	assert_true(f->checks.nr > 0);
	for (size_t i = 0; i < f->checks.nr; i++) {
		assert_int_equal(f->checks.data[i].result, HWP_SKIP);
		assert_string_equal(f->checks.data[i].detail,
				    "this kernel cannot mark pages (CONFIG_MEMORY_FAILURE is off)");
	}
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	hwp_findings_destroy(f);
}

/* What does not fit ends at a word, and says that it does. */
static void detail_is_cut_at_a_word(void **state)
{
	const size_t size = sizeof(((struct hwp_check_result *)NULL)->detail);
	struct hwp_check_result r = {};
	char want[sizeof(r.detail)] = {}, word[sizeof(r.detail) + 1] = {};

	(void)state;
	assert_int_equal(hwp_check_answer(&r, HWP_FAIL, "%s", "old"), HWP_FAIL);
	/* "x" to the last byte is whole. */
	memset(word, 'x', size - 1);
	assert_int_equal(hwp_check_answer(&r, HWP_PASS, "%s", word), HWP_PASS);
	assert_string_equal(r.detail, word);
	/* One more, and there is no word to end at. */
	word[size - 1] = 'x';
	hwp_check_answer(&r, HWP_PASS, "%s", word);
	memset(want, 'x', size - 4);
	memcpy(want + size - 4, "...", 4);
	assert_string_equal(r.detail, want);
	/* Words of six letters: the last that is whole stays. */
	hwp_check_answer(&r, HWP_PASS, "abcdef");
	for (size_t i = 0; i < size; i += 7)
		hwp_check_add(&r, " abcdef");
	assert_true(strlen(r.detail) < size && strlen(r.detail) > size - 12);
	assert_string_equal(r.detail + strlen(r.detail) - 10, "abcdef ...");
	/* And nothing comes after. */
	snprintf(want, sizeof(want), "%s", r.detail);
	hwp_check_add(&r, "x");
	assert_string_equal(r.detail, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases),
		cmocka_unit_test(every_result_has_a_case),
		cmocka_unit_test(none_without_memory_failure),
		cmocka_unit_test(detail_is_cut_at_a_word),
	};

	return cmocka_run_group_tests_name("check_cases", tests, NULL, NULL);
}
