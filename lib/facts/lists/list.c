// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/lists/list.h"

#include <inttypes.h>
#include <string.h>

#include "facts/lists/pageblock.h"
#include "layout/page.h"
#include "target/target.h"

/* How often a list of a running kernel is walked before it is given up. */
#define MAX_ATTEMPTS 6
/* Contradictions of one list that are reported; the rest are left out. */
#define MAX_CONTRADICTIONS 3

const struct hwp_zone *hwp_list_zone(const struct hwp_list *list)
{
	return &list->walk->zones->zones.data[list->zone];
}

void hwp_list_name(struct hwp_list *list)
{
	const struct hwp_zone *z = hwp_list_zone(list);
	const struct hwp_layout *l = list->walk->layout;
	const char *mt = list->stat.migratetype >= 0 ?
				 l->migratetype_names[list->stat.migratetype] :
				 "";
	int n = snprintf(list->name, sizeof(list->name), "node %d %s", z->nid, z->name);

	if (list->stat.cpu >= 0)
		n += snprintf(list->name + n, sizeof(list->name) - (size_t)n, " cpu %d",
			      list->stat.cpu);
	if (list->stat.container == HWP_FREE_AREA || list->stat.container == HWP_PCP_LIST)
		snprintf(list->name + n, sizeof(list->name) - (size_t)n, " order %d%s%s",
			 list->stat.order, *mt ? " " : "", mt);
	else
		snprintf(list->name + n, sizeof(list->name) - (size_t)n, " %s",
			 hwp_container_name(list->stat.container));
}

static enum hwp_hole hole_of(const struct hwp_list *list)
{
	return list->stat.container == HWP_FREE_AREA ? HWP_HOLE_FREE_LIST :
	       list->stat.container == HWP_PCP_LIST  ? HWP_HOLE_PCP_LIST :
						       HWP_HOLE_OTHER_LIST;
}

static struct hwp_error *record_hole(struct hwp_list *list, const char *what, uint64_t where,
				     const char *reason)
{
	return hwp_findings_hole(list->walk->findings, hole_of(list),
				 "%s: %s (0x%" PRIx64 ", after %" PRIu64 " blocks)%s", list->name,
				 what, where, list->stat.nr_blocks, reason) ?
		       NULL :
		       hwp_error_no_memory();
}

/** @p is_pfn: @p where is the pfn of an entry, and no address. */
static struct hwp_error *contradiction(struct hwp_list *list, const char *what, uint64_t where,
				       bool is_pfn)
{
	struct hwp_findings *f = list->walk->findings;
	char text[sizeof(f->troubles.data->text)];

	if (list->nr_contradictions++ >= MAX_CONTRADICTIONS)
		return NULL;
	if (list->was_locked)
		return record_hole(list, what, where,
				   ", and its lock was held: a CPU may have been changing it");
	snprintf(text, sizeof(text), "%s: %s (0x%" PRIx64 ", after %" PRIu64 " blocks)", list->name,
		 what, where, list->stat.nr_blocks);
	return (is_pfn ? hwp_findings_page_contradicts(f, where, "%s", text) :
			 hwp_findings_contradiction(f, "%s", text)) ?
		       NULL :
		       hwp_error_no_memory();
}

struct hwp_error *hwp_list_contradiction(struct hwp_list *list, const char *what, uint64_t where)
{
	return contradiction(list, what, where, false);
}

static void take_page(const struct hwp_layout *l, const void *page, struct hwp_list_entry *ret)
{
	ret->next = hwp_page_lru_next(l, page);
	ret->prev = hwp_page_lru_prev(l, page);
	ret->flags = hwp_page_flags(l, page);
	ret->private = hwp_page_private(l, page);
	ret->refcount = hwp_page_refcount(l, page);
	ret->type = hwp_page_type(l, page);
}

/** Did the sweep see it, free? */
static bool take_head(const struct hwp_free_heads *heads, struct hwp_list_entry *ret)
{
	struct hwp_free_head head;

	if (!heads || !hwp_free_heads_find(heads, ret->pfn, &head))
		return false;
	*ret = (struct hwp_list_entry){ .pfn = head.pfn,
					.next = head.next,
					.prev = head.prev,
					.flags = head.flags,
					.private = head.order,
					.type = HWP_TYPE_BUDDY };
	return true;
}

struct hwp_error *hwp_list_read(struct hwp_list *list, uint64_t address, struct hwp_list_entry *ret,
				enum hwp_list_step *step)
{
	const struct hwp_list_walk *w = list->walk;
	const void *page;
	struct hwp_error *err;

	*step = STEP_BROKEN;
	if (!hwp_memmap_pfn_of(hwp_page_reader_memmap(w->reader),
			       hwp_page_of_lru(w->layout, address), &ret->pfn))
		return hwp_list_contradiction(list, "a link leads to no struct page", address);
	if (!take_head(w->heads, ret)) {
		err = hwp_page_read(w->reader, ret->pfn, &page);
		if (err && err->code != HWP_ERROR_NO_MEMORY) {
			hwp_error_destroy(err);
			return record_hole(list, "a struct page cannot be read", address, "");
		}
		if (err)
			return err;
		take_page(w->layout, page, ret);
	}
	*step = STEP_ENTRY;
	return NULL;
}

static bool poisoned_within(const struct hwp_list_walk *w, uint64_t start, uint64_t end)
{
	size_t i = hwp_lower_bound(w->poisoned_pfns, w->nr_poisoned, pfn, *pfn < start);

	return i < w->nr_poisoned && w->poisoned_pfns[i] < end;
}

static bool is_of_interest(const struct hwp_list_walk *w, uint64_t start, uint64_t end)
{
	size_t i = hwp_lower_bound(w->spans, w->nr_spans, span, span->end_pfn <= start);

	return i < w->nr_spans && w->spans[i].start_pfn < end;
}

struct hwp_error *hwp_list_add(struct hwp_list *list, uint64_t pfn, int order)
{
	struct hwp_list_walk *w = list->walk;
	struct hwp_zone_facts *zone = &w->findings->zones.data[list->zone];
	uint64_t nr_pages = UINT64_C(1) << order;
	struct hwp_block block = {
		.head_pfn = pfn,
		.container = list->stat.container,
		.order = order,
		.migratetype = list->stat.migratetype,
		.cpu = list->stat.cpu,
		.zone = list->zone,
	};

	list->stat.nr_blocks++;
	if (list->stat.container == HWP_PCP_LIST)
		zone->nr_pcp_pages += nr_pages;
	else if (list->stat.container == HWP_FREE_AREA)
		zone->nr_buddy_pages += nr_pages;
	if (w->pageblocks && list->stat.container == HWP_FREE_AREA)
		hwp_pageblocks_compare(w->pageblocks, &block,
				       !zone->was_locked && !zone->lock_unknown,
				       &w->findings->pageblocks);
	if (poisoned_within(w, pfn, pfn + nr_pages))
		list->stat.nr_poisoned++;
	if (!is_of_interest(w, pfn, pfn + nr_pages))
		return NULL;
	return hwp_vec_push(&w->findings->blocks, block) ? NULL : hwp_error_no_memory();
}

/** Is the block of @p e inside the zone of its list, and of that zone by its flags? */
static void count_zone(struct hwp_list *list, const struct hwp_list_entry *e, bool is_foreign)
{
	struct hwp_zone_facts *facts = &list->walk->findings->zones.data[list->zone];
	const struct hwp_zone *zone = hwp_list_zone(list);
	uint64_t nr_pages = UINT64_C(1) << list->stat.order;

	if ((e->pfn < zone->start_pfn || e->pfn + nr_pages > zone->end_pfn) && !facts->nr_outside++)
		facts->first_outside = e->pfn;
	if (is_foreign && !facts->nr_foreign++)
		facts->first_foreign = e->pfn;
}

/** Check an entry against what the kernel puts on this kind of list. */
static struct hwp_error *check_entry(struct hwp_list *list, const struct hwp_list_entry *e)
{
	const struct hwp_layout *l = list->walk->layout;
	bool is_foreign = list->walk->zones->flags_hold_zone &&
			  hwp_zones_find(list->walk->zones, l, e->pfn, e->flags) !=
				  hwp_list_zone(list);
	const char *what = NULL;

	count_zone(list, e, is_foreign);
	if (list->stat.container == HWP_FREE_AREA && e->type != HWP_TYPE_BUDDY)
		what = "an entry is not marked as a buddy page";
	else if (list->stat.container == HWP_FREE_AREA && e->private != (uint64_t)list->stat.order)
		what = "an entry has another order";
	else if (list->stat.container == HWP_PCP_LIST && e->type == HWP_TYPE_BUDDY)
		what = "an entry is marked as a buddy page";
	else if (e->refcount != 0)
		what = "an entry has references";
	else if (e->pfn & ((UINT64_C(1) << list->stat.order) - 1))
		what = "an entry is not aligned to its order";
	else if (e->pfn < hwp_list_zone(list)->start_pfn || e->pfn >= hwp_list_zone(list)->end_pfn)
		what = "an entry lies outside its zone's span";
	else if (is_foreign)
		what = "an entry belongs to another zone";
	return what ? contradiction(list, what, e->pfn, true) : NULL;
}

/**
 * Follow next (or prev) links from the head until it comes round, or until
 * @p stop_at, checking each back link. *@p last is the last good entry.
 */
static struct hwp_error *follow(struct hwp_list *list, bool forward, uint64_t stop_at,
				uint64_t *last, bool *complete)
{
	uint64_t limit = hwp_page_reader_memmap(list->walk->reader)->nr_pages;
	uint64_t from = list->head, at;
	char links[16];
	struct hwp_error *err;

	*complete = false;
	*last = list->head;
	err = hwp_target_read(list->walk->target, HWP_KERNEL_VIRTUAL, list->head, links,
			      sizeof(links), NULL);
	if (err) {
		hwp_error_destroy(err);
		return record_hole(list, "the list head cannot be read", list->head, "");
	}
	at = hwp_u64(links + (forward ? 0 : 8));
	while (at != list->head && at != stop_at) {
		enum hwp_list_step step;
		struct hwp_list_entry e;

		if (list->stat.nr_blocks >= limit)
			return hwp_list_contradiction(list, "the list is longer than its zone", at);
		err = hwp_list_read(list, at, &e, &step);
		if (err || step == STEP_BROKEN)
			return err;
		if ((forward ? e.prev : e.next) != from)
			return hwp_list_contradiction(list, "a back link does not lead back", at);
		err = check_entry(list, &e);
		if (!err)
			err = hwp_list_add(list, e.pfn, list->stat.order);
		if (err)
			return err;
		*last = from = at;
		at = forward ? e.next : e.prev;
	}
	if (at != list->head)
		return NULL;
	if (hwp_u64(links + (forward ? 8 : 0)) != *last)
		return hwp_list_contradiction(list, "the head does not lead back to the last entry",
					      *last);
	*complete = true;
	return NULL;
}

/** What a walk adds to the findings, as it was before. */
struct mark {
	size_t nr_blocks, nr_lists, nr_troubles;
	struct hwp_zone_facts zone;
};

static struct mark mark_of(const struct hwp_list_walk *w, int zone)
{
	const struct hwp_findings *f = w->findings;

	return (struct mark){ f->blocks.nr, f->lists.nr, f->troubles.nr, f->zones.data[zone] };
}

/** Undo the walk, as the lists have changed during it; forget the struct pages that it read. */
static void take_back(struct hwp_list_walk *w, int zone, const struct mark *mark)
{
	struct hwp_findings *f = w->findings;

	f->blocks.nr = mark->nr_blocks;
	f->lists.nr = mark->nr_lists;
	f->troubles.nr = mark->nr_troubles;
	f->zones.data[zone] = mark->zone;
	hwp_page_reader_forget(w->reader);
}

struct hwp_error *hwp_list_attempts(struct hwp_list_walk *w, int zone,
				    struct hwp_error *(*attempt)(void *arg,
								 struct hwp_list_disagreement *ret),
				    void *arg, enum hwp_list_result *ret)
{
	const struct mark mark = mark_of(w, zone);
	struct hwp_list_disagreement last = {};

	*ret = HWP_LIST_CONTRADICTS;
	for (int i = 1;; i++) {
		struct hwp_list_disagreement now = {};
		struct hwp_error *err = attempt(arg, &now);

		if (!err && !*now.text)
			*ret = HWP_LIST_AGREES;
		else if (i > 1 && strcmp(now.text, last.text) != 0)
			*ret = HWP_LIST_MOVES;
		if (err || !*now.text || !w->live || i == MAX_ATTEMPTS)
			return err;
		last = now;
		take_back(w, zone, &mark);
	}
}

/** A list that is cut short going forward is walked from its other end as well. */
static struct hwp_error *walk_once(struct hwp_list *list)
{
	uint64_t last, ignored;
	bool complete;
	struct hwp_error *err;

	err = follow(list, true, list->head, &last, &complete);
	if (!err && !complete) {
		list->stat.was_cut = true;
		err = follow(list, false, last, &ignored, &complete);
	}
	if (list->stat.was_cut)
		list->walk->findings->zones.data[list->zone].lists_cut = true;
	if (!err && !hwp_vec_push(&list->walk->findings->lists, list->stat))
		err = hwp_error_no_memory();
	return err;
}

struct attempt {
	struct hwp_list *list;
	struct hwp_list_stat start;
	size_t nr_troubles;
};

static struct hwp_error *walk_again(void *arg, struct hwp_list_disagreement *ret)
{
	const struct attempt *a = arg;
	const struct hwp_findings *f = a->list->walk->findings;
	struct hwp_error *err;

	a->list->stat = a->start;
	a->list->nr_contradictions = 0;
	err = walk_once(a->list);
	if (f->troubles.nr > a->nr_troubles)
		snprintf(ret->text, sizeof(ret->text), "%s", f->troubles.data[a->nr_troubles].text);
	return err;
}

/** A list that is changing does not contradict itself: turn what was recorded into holes. */
static void call_holes(const struct hwp_list *list, size_t first)
{
	struct hwp_findings *f = list->walk->findings;

	for (size_t i = first; i < f->troubles.nr; i++) {
		f->troubles.data[i].kind = HWP_TROUBLE_HOLE;
		f->troubles.data[i].hole = hole_of(list);
	}
}

struct hwp_error *hwp_list_walk_it(struct hwp_list *list)
{
	struct hwp_list_walk *w = list->walk;
	const struct mark mark = mark_of(w, list->zone);
	struct attempt attempt = { list, list->stat, mark.nr_troubles };
	enum hwp_list_result result;
	struct hwp_error *err;

	hwp_list_name(list);
	err = hwp_list_attempts(w, list->zone, walk_again, &attempt, &result);
	if (err || result != HWP_LIST_MOVES)
		return err;
	if (attempt.start.container != HWP_FREE_AREA) {
		call_holes(list, mark.nr_troubles);
		return NULL;
	}
	take_back(w, list->zone, &mark);
	list->stat = attempt.start;
	list->stat.was_cut = true;
	return hwp_vec_push(&w->findings->lists, list->stat) ? NULL : hwp_error_no_memory();
}
