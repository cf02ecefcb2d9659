// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/unmarked.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* A log cannot make us look at more pages than this. */
#define MAX_UNMARKED 4096

/**
 * memory_failure() marks a page before it says what became of it. Where it could only ignore
 * the error, it may take the mark back.
 */
static bool leaves_mark(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION && strcmp(e->result, "Ignored") != 0;
}

struct unpoison {
	uint64_t pfn;
	/** In hwp_findings.events. */
	size_t event;
};

/** Ascending by pfn, then by time. */
struct unpoisons {
	HWP_VEC(struct unpoison) list;
};

static void unpoisons_deinit(struct unpoisons *u)
{
	hwp_vec_deinit(&u->list);
}

static int compare(const void *left, const void *right)
{
	const struct unpoison *a = left, *b = right;

	if (a->pfn != b->pfn)
		return a->pfn < b->pfn ? -1 : 1;
	return (a->event > b->event) - (a->event < b->event);
}

static struct hwp_error *find_unpoisons(const struct hwp_findings *f, struct unpoisons *ret)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		struct unpoison u = { f->events.data[i].pfn, i };

		if (f->events.data[i].kind == HWP_EVENT_UNPOISON && !hwp_vec_push(&ret->list, u))
			return hwp_error_no_memory();
	}
	if (ret->list.nr)
		qsort(ret->list.data, ret->list.nr, sizeof(*ret->list.data), compare);
	return NULL;
}

static bool is_unpoisoned_after(const struct unpoisons *u, uint64_t pfn, size_t event)
{
	size_t at = hwp_vec_lower_bound(&u->list, e, e->pfn <= pfn);

	return at && u->list.data[at - 1].pfn == pfn && u->list.data[at - 1].event > event;
}

/** Where the event's page belongs in the list; false if it is there. */
static bool find_place(const struct hwp_findings *f, uint64_t pfn, size_t *ret)
{
	*ret = hwp_vec_lower_bound(&f->unmarked, p, p->pfn < pfn);
	return *ret == f->unmarked.nr || f->unmarked.data[*ret].pfn != pfn;
}

static struct hwp_error *add(struct hwp_collector *c, size_t index)
{
	struct hwp_findings *f = c->findings;
	uint64_t pfn = f->events.data[index].pfn;
	struct hwp_poisoned page;
	struct hwp_error *err;
	size_t at;

	if (!find_place(f, pfn, &at))
		return NULL;
	err = hwp_collect_one(c, pfn, &page);
	/* The memory is not there any more. */
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP) || err)
		return err;
	page.event = (int64_t)index;
	if (!hwp_vec_push(&f->unmarked, page))
		return hwp_error_no_memory();
	memmove(&f->unmarked.data[at + 1], &f->unmarked.data[at],
		(f->unmarked.nr - 1 - at) * sizeof(page));
	f->unmarked.data[at] = page;
	return NULL;
}

struct hwp_error *hwp_unmarked_find(struct hwp_collector *c)
{
	_cleanup_(unpoisons_deinit) struct unpoisons unpoisons = {};
	struct hwp_findings *f = c->findings;
	struct hwp_error *err = find_unpoisons(f, &unpoisons);

	for (size_t i = 0; i < f->events.nr && f->unmarked.nr < MAX_UNMARKED && !err; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (leaves_mark(e) && !hwp_findings_poisoned_at(f, e->pfn) &&
		    !is_unpoisoned_after(&unpoisons, e->pfn, i))
			err = add(c, i);
	}
	return err;
}
