// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/cause.h"

#include <inttypes.h>

#include "base/clock.h"
#include "report/common.h"
#include "report/machine.h"
#include "report/records.h"
#include "verdict/cause.h"

static const char *confidence_of(const struct hwp_cause *cause)
{
	return hwp_confidence_name(cause->confidence);
}

/** "9.792778 s (2026-11-25 16:12:22 UTC)" */
static const char *time_words(const struct hwp_findings *f, uint64_t ns, char *buf, size_t size)
{
	char when[HWP_UTC_SIZE];
	int64_t seconds;

	if (hwp_wall_clock(f, ns, &seconds))
		snprintf(buf, size, HWP_PRI_SECONDS " s (%s UTC)", HWP_SECONDS(ns),
			 hwp_utc(seconds, when));
	else
		snprintf(buf, size, HWP_PRI_SECONDS " s", HWP_SECONDS(ns));
	return buf;
}

static void put_panic(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_crash_facts *c = &f->crash;
	uint64_t ns = c->has_panic ? c->time_ns : c->task_ns;
	char when[96];

	if (c->has_panic || c->oops[0])
		hwp_text_field(text, "Panic", "%s", c->has_panic ? c->panic : c->oops);
	if (c->has_panic && c->oops[0])
		hwp_text_field(text, "", "after: %s", c->oops);
	if (c->has_panic || c->oops[0])
		hwp_text_field(text, "When", "%s", time_words(f, ns, when, sizeof(when)));
	if (c->comm[0] && c->cpu >= 0)
		hwp_text_field(text, "Where", "CPU %d, in %s[%d]", c->cpu, c->comm, c->pid);
	else if (c->comm[0])
		hwp_text_field(text, "Where", "in %s[%d]", c->comm, c->pid);
	else if (f->machine.has_panic_cpu && f->machine.panic_cpu >= 0)
		hwp_text_field(text, "Where", "CPU %d", f->machine.panic_cpu);
	if (c->has_fault_address)
		hwp_text_field(text, "Address", "0x%" PRIx64 " could not be accessed%s%s",
			       c->fault_address, c->rip[0] ? ", from " : "", c->rip);
}

static void put_line(struct hwp_text *text, const struct hwp_event *e)
{
	hwp_text_field(text, "", HWP_PRI_SECONDS "  %s", HWP_SECONDS(e->time_ns), e->text);
}

/* Lines that are shown; the latest ones. */
#define MAX_LINES 12

static uint64_t count_near(const struct hwp_findings *f)
{
	size_t event = 0, remark = 0;
	const struct hwp_event *e;
	uint64_t nr = 0;

	while ((e = hwp_report_next_line(f, &event, &remark)))
		nr += hwp_is_near_crash(f, e);
	return nr;
}

static void put_errors(struct hwp_text *text, const struct hwp_findings *f)
{
	uint64_t nr = count_near(f), i = 0;
	size_t event = 0, remark = 0;
	const struct hwp_event *e;

	if (!nr)
		return;
	hwp_text_field(text, "Near",
		       "%" PRIu64 " line%s about errors in the %" PRIu64 " minutes before%s", nr,
		       hwp_plural(nr), HWP_NEAR_NS / HWP_NS_PER_SECOND / 60,
		       nr > MAX_LINES ? ", of which the last are:" : ":");
	while ((e = hwp_report_next_line(f, &event, &remark))) {
		if (hwp_is_near_crash(f, e) && i++ + MAX_LINES >= nr)
			put_line(text, e);
	}
}

static const char *const headlines[] = {
	[HWP_CAUSE_UNKNOWN] = "Whether a memory error killed it is not known",
	[HWP_CAUSE_NO_CRASH] = "It had not crashed",
	[HWP_CAUSE_NO_SIGN] = "Nothing connects it with a memory error",
	[HWP_CAUSE_NEAR] = "A memory error was near",
	[HWP_CAUSE_MEMORY_ERROR] = "It died of a memory error",
};

void hwp_text_cause(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_cause *cause = &f->cause;
	char page[64] = "", record[256];

	/* Nobody judged it, or there is nothing to say. */
	if (cause->kind == HWP_CAUSE_NO_CRASH || !cause->why[0])
		return;
	if (cause->has_pfn)
		snprintf(page, sizeof(page), " at pfn 0x%" PRIx64 ", physical address 0x%" PRIx64,
			 cause->pfn, cause->pfn << f->page_shift);
	hwp_text_heading(text, "Cause of death");
	hwp_text_field(text, "Cause", "%s%s: %s (confidence: %s)", headlines[cause->kind], page,
		       cause->why, confidence_of(cause));
	put_panic(text, f);
	if (cause->record >= 0 && (size_t)cause->record < f->hardware.records.nr)
		hwp_text_field(text, "Record", "%s",
			       hwp_record_words(&f->hardware.records.data[cause->record], record,
						sizeof(record)));
	put_errors(text, f);
}

static void put_json_panic(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_crash_facts *c = &f->crash;
	uint64_t ns = c->has_panic ? c->time_ns : c->task_ns;
	int64_t seconds = 0;
	bool has_time = hwp_wall_clock(f, ns, &seconds);
	int cpu = c->comm[0] ? c->cpu : f->machine.has_panic_cpu ? f->machine.panic_cpu : -1;

	if (!c->has_panic && !c->oops[0]) {
		hwp_json_null(json, "panic");
		return;
	}
	hwp_json_object(json, "panic");
	hwp_json_word(json, "text", c->panic);
	hwp_json_word(json, "oops", c->oops);
	hwp_json_u64(json, "time_ns", ns);
	hwp_json_known(json, "time", has_time, seconds);
	hwp_json_known(json, "cpu", cpu >= 0, cpu);
	hwp_json_known(json, "pid", c->comm[0] != '\0', c->pid);
	hwp_json_word(json, "comm", c->comm);
	if (c->has_fault_address)
		hwp_json_hex(json, "fault_address", c->fault_address);
	else
		hwp_json_null(json, "fault_address");
	hwp_json_word(json, "rip", c->rip);
	hwp_json_end(json);
}

static void put_json_line(struct hwp_json *json, const struct hwp_findings *f,
			  const struct hwp_event *e)
{
	int64_t seconds = 0;
	bool has_time = hwp_wall_clock(f, e->time_ns, &seconds);

	hwp_json_row_object(json, NULL);
	hwp_json_u64(json, "seq", e->seq);
	hwp_json_u64(json, "time_ns", e->time_ns);
	hwp_json_known(json, "time", has_time, seconds);
	hwp_json_string(json, "kind", hwp_event_kind_name(e->kind));
	if (e->has_pfn)
		hwp_json_u64(json, "pfn", e->pfn);
	else
		hwp_json_null(json, "pfn");
	if (e->status)
		hwp_json_hex(json, "status", e->status);
	else
		hwp_json_null(json, "status");
	hwp_json_word(json, "module", e->label);
	hwp_json_string(json, "text", e->text);
	hwp_json_end(json);
}

void hwp_report_json_cause(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_cause *cause = &f->cause;
	size_t event = 0, remark = 0;
	const struct hwp_event *e;

	hwp_json_object(json, "cause");
	hwp_json_string(json, "conclusion", hwp_cause_name(cause->kind));
	hwp_json_string(json, "confidence", confidence_of(cause));
	hwp_json_string(json, "why", cause->why);
	hwp_report_json_place(json, f, cause->has_pfn, cause->pfn);
	hwp_json_index(json, "record", cause->record);
	put_json_panic(json, f);
	hwp_json_array(json, "errors");
	while ((e = hwp_report_next_line(f, &event, &remark))) {
		if (hwp_is_near_crash(f, e))
			put_json_line(json, f, e);
	}
	hwp_json_end(json);
	hwp_json_end(json);
}
