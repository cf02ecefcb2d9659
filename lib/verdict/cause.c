// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/cause.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/machine_check.h"
#include "verdict/records.h"

/* What the hardware says of an error, and the panic for it, are printed at once. */
#define AT_ONCE (10 * HWP_NS_PER_SECOND)

static void conclude(struct hwp_findings *f, enum hwp_cause_kind kind,
		     enum hwp_confidence confidence, const char *fmt, ...)
	__attribute__((__format__(__printf__, 4, 5)));

static void conclude(struct hwp_findings *f, enum hwp_cause_kind kind,
		     enum hwp_confidence confidence, const char *fmt, ...)
{
	va_list ap;

	f->cause.kind = kind;
	f->cause.confidence = confidence;
	va_start(ap, fmt);
	vsnprintf(f->cause.why, sizeof(f->cause.why), fmt, ap);
	va_end(ap);
}

static void name_page(struct hwp_findings *f, int64_t event)
{
	f->cause.event = event;
	f->cause.has_pfn = true;
	f->cause.pfn = f->events.data[event].pfn;
}

/** The last line of a panic for an error, among @p events. */
static int64_t fatal_line(const struct hwp_event *events, size_t nr)
{
	for (size_t i = nr; i-- > 0;) {
		if (events[i].kind == HWP_EVENT_PANIC)
			return (int64_t)i;
	}
	return -1;
}

static bool has_panic_cpu(const struct hwp_findings *f)
{
	return f->machine.has_panic_cpu && f->machine.panic_cpu >= 0;
}

bool hwp_panicked(const struct hwp_findings *f)
{
	return f->crash.has_panic || has_panic_cpu(f) ||
	       fatal_line(f->events.data, f->events.nr) >= 0 ||
	       fatal_line(f->remarks.data, f->remarks.nr) >= 0;
}

/** When it crashed, by the log's clock; false where no line says so. */
static bool crash_time(const struct hwp_findings *f, uint64_t *ret)
{
	int64_t line;

	if (f->crash.has_panic) {
		*ret = f->crash.time_ns;
		return true;
	}
	/* oops_end() starts the crash kernel itself, before anything panics. */
	if (f->crash.oops[0] && has_panic_cpu(f)) {
		*ret = f->crash.task_ns;
		return true;
	}
	line = fatal_line(f->remarks.data, f->remarks.nr);
	if (line >= 0)
		*ret = f->remarks.data[line].time_ns;
	return line >= 0;
}

static bool is_within(const struct hwp_findings *f, const struct hwp_event *e, uint64_t ns)
{
	uint64_t crash;

	return crash_time(f, &crash) && e->time_ns <= crash + AT_ONCE && e->time_ns + ns >= crash;
}

bool hwp_is_near_crash(const struct hwp_findings *f, const struct hwp_event *e)
{
	return e->kind != HWP_EVENT_UNPOISON && is_within(f, e, HWP_NEAR_NS);
}

/** Panic with the page in its own words: "Memory failure on page 1b3fa". */
static bool by_page(struct hwp_findings *f)
{
	int64_t line = fatal_line(f->events.data, f->events.nr);

	if (line < 0)
		return false;
	name_page(f, line);
	conclude(f, HWP_CAUSE_MEMORY_ERROR, HWP_CERTAIN, "the panic names the page");
	return true;
}

/** What the machine checks at the panic were. */
struct machine_checks {
	uint64_t nr_memory, nr_other;
	/** The last one of memory with an address, or whose status names none. */
	int64_t event, remark;
};

static void count_check(struct machine_checks *c, const struct hwp_event *e, int64_t event,
			int64_t remark)
{
	if (!e->status || !hwp_status_is_uncorrected(e->status))
		return;
	if (!hwp_status_is_memory(e->status)) {
		c->nr_other++;
		return;
	}
	c->nr_memory++;
	c->event = event >= 0 ? event : c->event;
	c->remark = remark >= 0 ? remark : c->remark;
}

static struct machine_checks checks_at_panic(const struct hwp_findings *f)
{
	struct machine_checks c = { .event = -1, .remark = -1 };

	for (size_t i = 0; i < f->events.nr; i++) {
		if (is_within(f, &f->events.data[i], AT_ONCE))
			count_check(&c, &f->events.data[i], (int64_t)i, -1);
	}
	for (size_t i = 0; i < f->remarks.nr; i++) {
		if (is_within(f, &f->remarks.data[i], AT_ONCE))
			count_check(&c, &f->remarks.data[i], -1, (int64_t)i);
	}
	return c;
}

/** The last page that firmware or a driver named at the panic, or -1. */
static int64_t page_at_panic(const struct hwp_findings *f)
{
	for (size_t i = f->events.nr; i-- > 0;) {
		const struct hwp_event *e = &f->events.data[i];

		if ((e->kind == HWP_EVENT_HARDWARE || e->kind == HWP_EVENT_MACHINE_CHECK) &&
		    is_within(f, e, AT_ONCE))
			return (int64_t)i;
	}
	return -1;
}

/** The page of a record that the kernel had not handed on. */
static bool name_record(struct hwp_findings *f)
{
	int64_t record = hwp_waiting_error(f);

	if (record < 0)
		return false;
	f->cause.record = record;
	f->cause.has_pfn = true;
	f->cause.pfn = f->hardware.records.data[record].pfn;
	return true;
}

/** A panic for an error of the hardware, in words that name no page: "Fatal machine check". */
static bool by_hardware(struct hwp_findings *f)
{
	int64_t line = fatal_line(f->remarks.data, f->remarks.nr), page;
	struct machine_checks checks;

	if (line < 0)
		return false;
	f->cause.remark = line;
	checks = checks_at_panic(f);
	page = page_at_panic(f);
	if (checks.event >= 0)
		name_page(f, checks.event);
	else if (page >= 0 && !checks.nr_other)
		name_page(f, page);
	if (checks.nr_memory)
		conclude(f, HWP_CAUSE_MEMORY_ERROR, HWP_CERTAIN,
			 "the panic is for a machine check, which the processor says is of memory "
			 "or of a cache of it");
	else if (!f->cause.has_pfn && !checks.nr_other && name_record(f))
		conclude(
			f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG,
			"the panic is for an error of the hardware, and the record of one in memory had "
			"not been handed on");
	else if (f->cause.has_pfn)
		conclude(
			f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG,
			"the panic is for an error of the hardware, which was reported at this page");
	else if (checks.nr_other)
		conclude(
			f, HWP_CAUSE_NO_SIGN, HWP_STRONG,
			"the panic is for a machine check, which the processor says is not of memory");
	else
		conclude(f, HWP_CAUSE_UNKNOWN, HWP_WEAK,
			 "the panic is for an error of the hardware, and no line says of which");
	return true;
}

/** No line says why a CPU panicked, and a record of an error was waiting. */
static bool by_record(struct hwp_findings *f)
{
	if (f->crash.has_panic || f->crash.oops[0] || !name_record(f))
		return false;
	conclude(
		f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG,
		"a CPU panicked while the record of an uncorrected error in memory had not been handed "
		"on; the line that says why is not in the log");
	return true;
}

/** A record that no line is about was waiting, of whatever time. */
static bool by_waiting_record(struct hwp_findings *f)
{
	if (!name_record(f))
		return false;
	conclude(
		f, HWP_CAUSE_NEAR, HWP_STRONG,
		"the record of an uncorrected error in memory had not been handed on when it crashed");
	return true;
}

/** The kernel sent the process that it died in a signal for an error: init's end is a panic. */
static bool by_signal(struct hwp_findings *f)
{
	for (size_t i = f->events.nr; i-- > 0;) {
		const struct hwp_event *e = &f->events.data[i];

		if ((e->kind != HWP_EVENT_SIGBUS && e->kind != HWP_EVENT_KILLED) ||
		    f->crash.pid <= 0 || e->pid != f->crash.pid || !is_within(f, e, AT_ONCE))
			continue;
		name_page(f, (int64_t)i);
		conclude(
			f, HWP_CAUSE_MEMORY_ERROR, HWP_STRONG,
			"the kernel died with the process that it had sent a signal for the error");
		return true;
	}
	return false;
}

/** Did the process that crashed have a poisoned page after its error? */
static bool by_victim(struct hwp_findings *f)
{
	for (size_t i = 0; f->crash.pid > 0 && i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		for (size_t v = 0; v < p->nr_victims; v++) {
			const struct hwp_victim *victim = &f->victims.data[p->first_victim + v];

			if (victim->kind != HWP_VICTIM_PROCESS || victim->pid != f->crash.pid)
				continue;
			f->cause.has_pfn = true;
			f->cause.pfn = p->pfn;
			f->cause.event = p->event;
			conclude(f, HWP_CAUSE_NEAR, victim->confidence,
				 "the process that crashed had this page after its error");
			return true;
		}
	}
	return false;
}

/** The latest of the errors shortly before. */
static bool by_time(struct hwp_findings *f)
{
	const struct hwp_event *last = NULL;
	uint64_t crash;

	if (!crash_time(f, &crash))
		return false;
	for (size_t i = 0; i < f->remarks.nr; i++) {
		const struct hwp_event *e = &f->remarks.data[i];

		if (!hwp_is_near_crash(f, e) || e->kind == HWP_EVENT_OTHER ||
		    (e->status && !hwp_status_is_memory(e->status)))
			continue;
		f->cause.remark = (int64_t)i;
		last = e;
	}
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (!hwp_is_near_crash(f, e))
			continue;
		name_page(f, (int64_t)i);
		f->cause.remark = -1;
		last = e;
	}
	if (!last)
		return false;
	crash = crash > last->time_ns ? crash - last->time_ns : 0;
	conclude(f, HWP_CAUSE_NEAR, HWP_WEAK,
		 "the last one was reported %" PRIu64 ".%03" PRIu64 " s before the crash",
		 crash / HWP_NS_PER_SECOND, crash / 1000000 % 1000);
	return true;
}

static void judge_panic(struct hwp_findings *f)
{
	if (by_page(f) || by_hardware(f) || by_record(f) || by_signal(f) || by_victim(f) ||
	    by_waiting_record(f) || by_time(f))
		return;
	if (!f->crash.has_panic && !f->crash.oops[0])
		conclude(f, HWP_CAUSE_UNKNOWN, HWP_STRONG,
			 "a CPU panicked, and the line that says why is not in the log");
	else if (f->log.state == HWP_LOG_LOST)
		conclude(f, HWP_CAUSE_UNKNOWN, HWP_WEAK,
			 "the crash was for something else, and lines of the log are missing");
	else
		conclude(f, HWP_CAUSE_NO_SIGN, HWP_STRONG,
			 "the crash was for something else, and no error was reported in the %u "
			 "minutes before",
			 (unsigned int)(HWP_NEAR_NS / HWP_NS_PER_SECOND / 60));
}

void hwp_cause_judge(struct hwp_findings *f)
{
	f->cause = (struct hwp_cause){ .event = -1, .remark = -1, .record = -1 };
	if (hwp_panicked(f))
		judge_panic(f);
	else if (f->live)
		conclude(f, HWP_CAUSE_NO_CRASH, HWP_CERTAIN, "it was running");
	else if (f->machine.has_panic_cpu)
		conclude(f, HWP_CAUSE_NO_CRASH, HWP_CERTAIN, "no CPU had panicked");
	else if (f->log.state == HWP_LOG_UNREADABLE || f->log.state == HWP_LOG_LOST)
		conclude(f, HWP_CAUSE_UNKNOWN, HWP_WEAK,
			 "neither the log nor panic_cpu could be read to the end");
	else
		conclude(f, HWP_CAUSE_NO_CRASH, HWP_STRONG, "the log has no panic");
}
