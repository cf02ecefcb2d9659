// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/records.h"

#include "base/clock.h"
#include "model/machine_check.h"

/* A record has whole seconds, and lines about it follow it. */
#define NEAR_SECONDS 3

/** The wall clock at @p time_ns of the log. */
static int64_t seconds_of(const struct hwp_findings *f, uint64_t time_ns)
{
	return (f->machine.log_start_unix_ns + (int64_t)time_ns) / (int64_t)HWP_NS_PER_SECOND;
}

static bool is_about(const struct hwp_findings *f, const struct hwp_event *e,
		     const struct hwp_hardware_record *r)
{
	int64_t apart = seconds_of(f, e->time_ns) - r->unix_seconds;
	bool same_page = e->has_pfn && r->has_pfn && e->pfn == r->pfn;
	bool same_status = r->status && e->status == r->status && e->has_pfn == r->has_pfn;

	return apart >= -NEAR_SECONDS && apart <= NEAR_SECONDS &&
	       (same_page || (same_status && !r->has_pfn));
}

/** Has the log every line of the time of @p r? */
static bool covers(const struct hwp_findings *f, const struct hwp_hardware_record *r)
{
	if (f->log.state == HWP_LOG_COMPLETE)
		return true;
	return f->log.state == HWP_LOG_WRAPPED &&
	       seconds_of(f, f->log.first_ns) + NEAR_SECONDS < r->unix_seconds;
}

static enum hwp_answer is_in_log(const struct hwp_findings *f, const struct hwp_hardware_record *r)
{
	if (!f->machine.has_clock || !r->unix_seconds)
		return HWP_ANSWER_UNKNOWN;
	for (size_t i = 0; i < f->events.nr; i++) {
		if (is_about(f, &f->events.data[i], r))
			return HWP_ANSWER_YES;
	}
	for (size_t i = 0; i < f->remarks.nr; i++) {
		if (is_about(f, &f->remarks.data[i], r))
			return HWP_ANSWER_YES;
	}
	return covers(f, r) ? HWP_ANSWER_NO : HWP_ANSWER_UNKNOWN;
}

void hwp_records_judge(struct hwp_findings *f)
{
	for (size_t i = 0; i < f->hardware.records.nr; i++)
		f->hardware.records.data[i].in_log = is_in_log(f, &f->hardware.records.data[i]);
}

int64_t hwp_waiting_error(const struct hwp_findings *f)
{
	int64_t newest = -1;

	for (size_t i = 0; i < f->hardware.records.nr; i++) {
		const struct hwp_hardware_record *r = &f->hardware.records.data[i];

		if (!r->is_waiting || !r->has_pfn || !hwp_status_is_uncorrected(r->status) ||
		    !hwp_status_is_memory(r->status))
			continue;
		if (newest < 0 || r->unix_seconds >= f->hardware.records.data[newest].unix_seconds)
			newest = (int64_t)i;
	}
	return newest;
}
