// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/events.h"

#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "facts/log/crash.h"
#include "facts/pages/scan.h"
#include "model/machine_check.h"

/* A target's log cannot make us keep more than this. */
#define MAX_EVENTS 65536
#define MAX_EVENTS_LIVE 16384

/**
 * The time of a line, or 0 where it cannot be right: lines follow each other, and the clocks of
 * the CPUs are apart by far less than a second (kernel/sched/clock.c).
 */
static uint64_t time_of(struct hwp_event_reading *reading, const struct hwp_klog_record *record)
{
	if (record->time_ns > reading->last_ns)
		reading->last_ns = record->time_ns;
	return record->time_ns + HWP_NS_PER_SECOND < reading->last_ns ? 0 : record->time_ns;
}

static struct hwp_error *keep_bad_state(struct hwp_findings *f,
					const struct hwp_klog_record *record)
{
	uint64_t pfn;

	if (record->facility || f->bad_state_pfns.nr >= MAX_EVENTS_LIVE ||
	    !hwp_bad_page_state_parse(record->text, record->len, &pfn))
		return NULL;
	return hwp_vec_push(&f->bad_state_pfns, pfn) ? NULL : hwp_error_no_memory();
}

/*
 * Lines of the kernel's own checks, and of stacks: where known issues of it show. A function in a
 * stack is followed by "+0x".
 */
static const char *const complaints[] = {
	/* mm/debug.c */
	"page dumped because: ",
	/* kernel/locking/lockdep.c, and what it names as the locks that are held */
	"DEBUG_LOCKS_WARN_ON(",
	"possible circular locking dependency detected",
	", at: zone_pcp_disable+0x",
	", at: static_key_slow_dec+0x",
	/* mm/memory-failure.c, mm/hugetlb.c, mm/page_alloc.c */
	" __page_handle_poison+0x",
	" dissolve_free_huge_page+0x",
	" dissolve_free_hugetlb_folio+0x",
	" hugepage_subpool_put_pages",
	"__del_page_from_free_list+0x",
	"unpoison_memory+0x",
};

#define MAX_COMPLAINTS 64

static bool is_complaint(const char *line)
{
	for (size_t i = 0; i < HWP_ARRAY_SIZE(complaints); i++) {
		if (strstr(line, complaints[i]))
			return true;
	}
	return false;
}

static struct hwp_error *keep_complaint(struct hwp_findings *f,
					const struct hwp_klog_record *record)
{
	struct hwp_complaint complaint = { .time_ns = record->time_ns, .nr = 1 };

	snprintf(complaint.text, sizeof(complaint.text), "%.*s", (int)record->len, record->text);
	complaint.text[strcspn(complaint.text, "\n")] = '\0';
	if (record->facility || !is_complaint(complaint.text))
		return NULL;
	for (size_t i = 0; i < f->complaints.nr; i++) {
		if (strcmp(f->complaints.data[i].text, complaint.text) == 0) {
			f->complaints.data[i].nr++;
			return NULL;
		}
	}
	if (f->complaints.nr >= MAX_COMPLAINTS)
		return NULL;
	return hwp_vec_push(&f->complaints, complaint) ? NULL : hwp_error_no_memory();
}

/** A line that is no event. */
static struct hwp_error *keep_other(struct hwp_findings *f, const struct hwp_klog_record *record)
{
	struct hwp_error *err = keep_complaint(f, record);

	return err ? err : keep_bad_state(f, record);
}

/** Make room for one more: what is newest says more about now, and about a crash. */
static size_t drop_oldest(struct hwp_event *events, size_t nr, size_t max)
{
	size_t nr_dropped = nr < max ? 0 : max / 4;

	if (nr_dropped)
		memmove(events, events + nr_dropped, (nr - nr_dropped) * sizeof(*events));
	return nr_dropped;
}

static struct hwp_error *keep_event(struct hwp_event_reading *reading,
				    const struct hwp_event *event)
{
	struct hwp_findings *f = reading->findings;
	size_t max = f->live ? MAX_EVENTS_LIVE : MAX_EVENTS;
	size_t nr_dropped = f->events.nr ? drop_oldest(f->events.data, f->events.nr, max) : 0;

	f->events.nr -= nr_dropped;
	reading->nr_left_out += nr_dropped;
	return hwp_vec_push(&f->events, *event) ? NULL : hwp_error_no_memory();
}

static struct hwp_error *keep_remark(struct hwp_findings *f, const struct hwp_event *event)
{
	if (f->remarks.nr)
		f->remarks.nr -= drop_oldest(f->remarks.data, f->remarks.nr, MAX_EVENTS_LIVE);
	return hwp_vec_push(&f->remarks, *event) ? NULL : hwp_error_no_memory();
}

/**
 * A machine check has two lines: what it is, then where. Of errors that are not memory's the
 * address may be anything.
 */
static void join_machine_check(struct hwp_event_reading *reading, struct hwp_event *event)
{
	bool is_address = event->kind == HWP_EVENT_HARDWARE && strstr(event->text, "TSC ");

	if (is_address && reading->status) {
		event->status = reading->status;
		event->has_pfn = event->has_pfn && hwp_status_is_memory(reading->status);
	}
	if (event->kind == HWP_EVENT_HARDWARE && hwp_status_is_corrected(event->status))
		event->kind = HWP_EVENT_CORRECTED;
	reading->status = is_address ? 0 : event->status;
}

/** "DIMM location" is a line of its own in an error record of ACPI, after the address. */
static bool join_record(struct hwp_event_reading *reading, const struct hwp_event *event)
{
	struct hwp_findings *f = reading->findings;
	struct hwp_event *with;

	if (!event->record || !event->label[0] || !reading->record_event ||
	    reading->record_event > f->events.nr)
		return false;
	with = &f->events.data[reading->record_event - 1];
	if (with->record != event->record)
		return false;
	memcpy(with->label, event->label, sizeof(with->label));
	return true;
}

struct hwp_error *hwp_events_take(struct hwp_event_reading *reading,
				  const struct hwp_klog_record *record)
{
	struct hwp_findings *f = reading->findings;
	uint64_t time_ns = time_of(reading, record);
	struct hwp_event event;
	struct hwp_error *err;

	if (!record->facility)
		hwp_crash_take(&f->crash, record);
	if (!hwp_mfevent_parse(record->text, record->len, &reading->rule, &event))
		return keep_other(f, record);
	if (record->facility) {
		reading->nr_user_lines++;
		return NULL;
	}
	event.seq = record->seq;
	event.time_ns = time_ns;
	if (record->has_caller && record->caller_id & HWP_CALLER_IS_CPU)
		event.caller_cpu = (int)(record->caller_id & ~HWP_CALLER_IS_CPU);
	else if (record->has_caller)
		event.caller_pid = (int)record->caller_id;
	join_machine_check(reading, &event);
	if (join_record(reading, &event))
		return NULL;
	err = event.has_pfn ? keep_event(reading, &event) : keep_remark(f, &event);
	if (event.has_pfn)
		reading->record_event = event.record ? f->events.nr : 0;
	return err;
}

void hwp_events_finish(struct hwp_event_reading *reading)
{
	struct hwp_findings *f = reading->findings;

	hwp_pfns_sort(f->bad_state_pfns.data, f->bad_state_pfns.nr);
	f->log.nr_user_lines += reading->nr_user_lines;
	if (!reading->nr_left_out)
		return;
	if (!f->log.nr_lost)
		snprintf(f->log.why, sizeof(f->log.why),
			 "it has more lines about memory errors than are kept");
	f->log.nr_lost += reading->nr_left_out;
	f->log.state = HWP_LOG_LOST;
}
