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
	index->findings = f;
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

struct hwp_event_lines hwp_event_lines(const struct hwp_event_index *index, uint64_t pfn,
				       uint64_t end_pfn)
{
	return (struct hwp_event_lines){
		.index = index,
		.next = hwp_vec_lower_bound(&index->entries, entry, entry->pfn < pfn),
		.end_pfn = end_pfn,
	};
}

const struct hwp_event *hwp_event_next(struct hwp_event_lines *lines)
{
	const struct hwp_event_index *index = lines->index;
	const struct hwp_event_entry *entry;

	if (lines->next == index->entries.nr)
		return NULL;
	entry = &index->entries.data[lines->next];
	if (entry->pfn >= lines->end_pfn)
		return NULL;
	lines->next++;
	return &index->findings->events.data[entry->event];
}

const struct hwp_event *hwp_first_action(const struct hwp_event_index *index, uint64_t pfn)
{
	struct hwp_event_lines lines = hwp_event_lines(index, pfn, pfn + 1);
	const struct hwp_event *e;

	while ((e = hwp_event_next(&lines))) {
		if (e->kind == HWP_EVENT_ACTION)
			break;
	}
	return e;
}

bool hwp_has_event(const struct hwp_event_index *index, uint64_t pfn, enum hwp_event_kind kind)
{
	struct hwp_event_lines lines = hwp_event_lines(index, pfn, pfn + 1);
	const struct hwp_event *e;

	while ((e = hwp_event_next(&lines))) {
		if (e->kind == kind)
			return true;
	}
	return false;
}
