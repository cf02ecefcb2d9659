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
	const struct hwp_findings *findings;
	HWP_VEC(struct hwp_event_entry) entries;
};

/** The lines about a range of pfns that hwp_event_next() has not returned yet. */
struct hwp_event_lines {
	const struct hwp_event_index *index;
	size_t next;
	uint64_t end_pfn;
};

/** The index is valid as long as @p findings, and its events, stay where they are. */
struct hwp_error *hwp_event_index_init(struct hwp_event_index *index,
				       const struct hwp_findings *findings);
void hwp_event_index_deinit(struct hwp_event_index *index);

/** The lines about [@p pfn, @p end_pfn). */
struct hwp_event_lines hwp_event_lines(const struct hwp_event_index *index, uint64_t pfn,
				       uint64_t end_pfn);

/** The next line, ascending by pfn, then by time; NULL behind the last. */
const struct hwp_event *hwp_event_next(struct hwp_event_lines *lines);

/** The first line that says what @p pfn was in use for when an error struck it, or NULL. */
const struct hwp_event *hwp_first_action(const struct hwp_event_index *index, uint64_t pfn);

bool hwp_has_event(const struct hwp_event_index *index, uint64_t pfn, enum hwp_event_kind kind);

#endif /* HWP_VERDICT_EVENT_INDEX_H */
