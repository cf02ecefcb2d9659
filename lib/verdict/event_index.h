// SPDX-License-Identifier: GPL-2.0-or-later
/** The lines of the log by the pfn that they name. */
#ifndef HWP_VERDICT_EVENT_INDEX_H
#define HWP_VERDICT_EVENT_INDEX_H

#include "base/error.h"
#include "base/vec.h"
#include "model/findings.h"

struct hwp_event_entry {
	uint64_t pfn;
	/** In hwp_findings.events, which is in order of time. */
	size_t event;
};

/** Start from {}; ascending by pfn, then by time. */
struct hwp_event_index {
	HWP_VEC(struct hwp_event_entry) entries;
};

struct hwp_error *hwp_event_index_init(struct hwp_event_index *index,
				       const struct hwp_findings *findings);
void hwp_event_index_deinit(struct hwp_event_index *index);

/** The first entry of @p pfn or above; index->entries.nr when there is none. */
size_t hwp_event_index_find(const struct hwp_event_index *index, uint64_t pfn);

/** The first line that says as what @p pfn was held when an error struck it, or NULL. */
const struct hwp_event *hwp_first_action(const struct hwp_event_index *index,
					 const struct hwp_findings *findings, uint64_t pfn);

bool hwp_has_event(const struct hwp_event_index *index, const struct hwp_findings *findings,
		   uint64_t pfn, enum hwp_event_kind kind);

#endif /* HWP_VERDICT_EVENT_INDEX_H */
