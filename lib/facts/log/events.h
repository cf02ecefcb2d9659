// SPDX-License-Identifier: GPL-2.0-or-later
/** From lines of a log to the events and remarks of the findings, whatever log it is. */
#ifndef HWP_FACTS_LOG_EVENTS_H
#define HWP_FACTS_LOG_EVENTS_H

#include "facts/log/klog.h"
#include "facts/log/mfevent.h"

/** Zero but for the findings and the rule, before the first line. */
struct hwp_event_reading {
	struct hwp_findings *findings;
	struct hwp_address_rule rule;
	/** Lines that a user wrote, and events that are more than are kept. */
	uint64_t nr_user_lines, nr_left_out;
	/** Of the line that is the latest so far. */
	uint64_t last_ns;
	/** MCi_STATUS of the line before, where that was of a machine check. */
	uint64_t status;
	/** Index of the event whose record of ACPI the next lines may be of, plus one. */
	size_t record_event;
};

/** Take @p record, which may be about anything. The only error is NO_MEMORY. */
struct hwp_error *hwp_events_take(struct hwp_event_reading *reading,
				  const struct hwp_klog_record *record);

/** After the last line: say in the findings' log what was left out, and sort what needs it. */
void hwp_events_finish(struct hwp_event_reading *reading);

#endif /* HWP_FACTS_LOG_EVENTS_H */
