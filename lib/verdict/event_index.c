// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/event_index.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	const struct hwp_event_entry *a = left, *b = right;

	if (a->pfn != b->pfn)
		return a->pfn < b->pfn ? -1 : 1;
	return (a->event > b->event) - (a->event < b->event);
}

struct hwp_error *hwp_event_index_init(struct hwp_event_index *index, const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		struct hwp_event_entry entry = { f->events.data[i].pfn, i };

		if (!hwp_vec_push(&index->entries, entry))
			return hwp_error_no_memory();
	}
	if (index->entries.nr)
		qsort(index->entries.data, index->entries.nr, sizeof(*index->entries.data),
		      compare);
	return NULL;
}

void hwp_event_index_deinit(struct hwp_event_index *index)
{
	hwp_vec_deinit(&index->entries);
}

size_t hwp_event_index_find(const struct hwp_event_index *index, uint64_t pfn)
{
	return hwp_vec_lower_bound(&index->entries, entry, entry->pfn < pfn);
}

const struct hwp_event *hwp_first_action(const struct hwp_event_index *index,
					 const struct hwp_findings *f, uint64_t pfn)
{
	size_t i = hwp_event_index_find(index, pfn);

	for (; i < index->entries.nr && index->entries.data[i].pfn == pfn; i++) {
		const struct hwp_event *e = &f->events.data[index->entries.data[i].event];

		if (e->kind == HWP_EVENT_ACTION)
			return e;
	}
	return NULL;
}

bool hwp_has_event(const struct hwp_event_index *index, const struct hwp_findings *f, uint64_t pfn,
		   enum hwp_event_kind kind)
{
	size_t i = hwp_event_index_find(index, pfn);

	for (; i < index->entries.nr && index->entries.data[i].pfn == pfn; i++) {
		if (f->events.data[index->entries.data[i].event].kind == kind)
			return true;
	}
	return false;
}
