// SPDX-License-Identifier: GPL-2.0-or-later
/** `events`, for people: the memory failures in the kernel log, and the state of each page now. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "base/clock.h"
#include "report/cause.h"
#include "report/common.h"
#include "report/known_issues.h"
#include "report/machine.h"
#include "report/records.h"
#include "report/text.h"
#include "verdict/event_index.h"

struct columns {
	/** utc is 0 where the wall clock is not known. */
	int time, utc, pfn, result, state;
};

/**
 * The poisoned page that an event about @p pfn is about; NULL for none. A HugeTLB folio
 * without a record of its bad pages has one that stands for them.
 */
static const struct hwp_poisoned *find_page(const struct hwp_findings *f, uint64_t pfn)
{
	const struct hwp_poisoned *page = hwp_findings_poisoned_at(f, pfn);
	const struct hwp_folio *folio = page ? NULL : hwp_findings_folio_at(f, pfn);

	for (size_t i = 0; folio && i < folio->nr_poisoned; i++) {
		if (f->poisoned.data[folio->first_poisoned + i].raw_page_unknown)
			return &f->poisoned.data[folio->first_poisoned + i];
	}
	return page;
}

static const char *state_now(const struct hwp_findings *f, const struct hwp_poisoned *page)
{
	if (page)
		return hwp_state_name(page->state);
	return f->coverage.nr_read == f->coverage.nr_pages && !f->too_many && !f->is_log ?
		       "unmarked" :
		       "unknown";
}

static const char *result_of(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION && e->result[0] ? e->result : "-";
}

/** The line without its prefix: "Memory failure: 0x5c11: ". */
static const char *text_of(const struct hwp_event *e)
{
	const char *s = strstr(e->text, "0x");

	if (!s)
		return e->text;
	s += strcspn(s, ": ");
	s += strspn(s, ": ");
	return s;
}

static const char *what(const struct hwp_event *e, char *buf, size_t size)
{
	switch (e->kind) {
	case HWP_EVENT_ACTION:
		return e->page_type;
	case HWP_EVENT_SIGBUS:
		snprintf(buf, size, "SIGBUS to %s[%d]", e->comm, e->pid);
		return buf;
	case HWP_EVENT_KILLED:
		snprintf(buf, size, "killed %s[%d]", e->comm, e->pid);
		return buf;
	case HWP_EVENT_ALREADY_POISONED:
		return "already poisoned";
	case HWP_EVENT_INJECTED:
		return "injected";
	case HWP_EVENT_UNPOISON:
		return "unpoisoned";
	case HWP_EVENT_SOFT_OFFLINE:
	case HWP_EVENT_SOFT_OFFLINE_FAILED:
		snprintf(buf, size, "soft offline%s%s", *text_of(e) ? ": " : "", text_of(e));
		return buf;
	case HWP_EVENT_PANIC:
	case HWP_EVENT_HARDWARE:
	case HWP_EVENT_CORRECTED:
	case HWP_EVENT_MACHINE_CHECK:
		return e->text;
	case HWP_EVENT_SPLIT_FAILED:
	case HWP_EVENT_OTHER:
		break;
	}
	return *text_of(e) ? text_of(e) : e->text;
}

static int time_width(uint64_t ns)
{
	return snprintf(NULL, 0, HWP_PRI_SECONDS, HWP_SECONDS(ns));
}

static void widen(int *width, int needed)
{
	*width = needed > *width ? needed : *width;
}

static struct columns measure(const struct hwp_findings *f)
{
	struct columns c = { 4, f->machine.has_clock ? 19 : 0, 3, 6, 9 };

	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		widen(&c.time, time_width(e->time_ns));
		widen(&c.pfn, snprintf(NULL, 0, "0x%" PRIx64, e->pfn));
		widen(&c.result, (int)strlen(result_of(e)));
		widen(&c.state, (int)strlen(state_now(f, find_page(f, e->pfn))));
	}
	return c;
}

static void put_event(struct hwp_text *text, const struct hwp_findings *f,
		      const struct hwp_event *e, const struct columns *c)
{
	const struct hwp_poisoned *page = find_page(f, e->pfn);
	const char *state = state_now(f, page), *color;
	unsigned int column = (unsigned int)(c->time + c->pfn + c->result + c->state + 8);
	char buf[sizeof(e->text) + 16], utc[HWP_UTC_SIZE];
	int64_t seconds;

	color = page ? hwp_class_color(hwp_state_class(page->state)) : NULL;
	fprintf(text->out, "%*s" HWP_PRI_SECONDS "  ", c->time - time_width(e->time_ns), "",
		HWP_SECONDS(e->time_ns));
	if (c->utc) {
		column += (unsigned int)c->utc + 2;
		fprintf(text->out, "%-*s  ", c->utc,
			hwp_wall_clock(f, e->time_ns, &seconds) ? hwp_utc(seconds, utc) : "-");
	}
	fprintf(text->out, "0x%-*" PRIx64 "  ", c->pfn - 2, e->pfn);
	if (color)
		hwp_text_color(text, color);
	fputs(state, text->out);
	if (color)
		hwp_text_color(text, HWP_COLOR_END);
	fprintf(text->out, "%*s  %-*s  ", c->state - (int)strlen(state), "", c->result,
		result_of(e));
	hwp_text_wrap(text, column, column, what(e, buf, sizeof(buf)));
}

static void put_log(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_log_facts *log = &f->log;

	switch (log->state) {
	case HWP_LOG_UNREADABLE:
		hwp_text_field(text, "Log", "could not be read: %s", log->why);
		break;
	case HWP_LOG_LOST:
		hwp_text_field(text, "Log", "%s lines: events may be missing (%s)",
			       log->first_seq ? "has lost its beginning, and other" :
						"has lost some",
			       log->why);
		break;
	case HWP_LOG_WRAPPED:
		hwp_text_field(text, "Log",
			       "has lost its beginning: earlier events may be missing");
		break;
	case HWP_LOG_COMPLETE:
		hwp_text_field(text, "Log", "complete, from its first line on");
		break;
	}
	if (log->nr_user_lines)
		hwp_text_field(text, "",
			       "%" PRIu64 " line%s like memory failure's written to /dev/kmsg "
			       "by a user: left out",
			       log->nr_user_lines, hwp_plural(log->nr_user_lines));
}

/** Poisoned pages that no line names, were it of a corrected error. */
static struct hwp_error *put_unlogged(struct hwp_text *text, const struct hwp_findings *f)
{
	_cleanup_(hwp_event_index_deinit) struct hwp_event_index index = {};
	struct hwp_error *err = hwp_event_index_init(&index, f);
	uint64_t nr = 0, first = 0;

	if (err)
		return err;
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		struct hwp_event_lines lines = hwp_event_lines(&index, p->pfn, p->pfn + 1);

		if (p->event >= 0 || p->raw_page_unknown || hwp_event_next(&lines))
			continue;
		first = nr++ ? first : p->pfn;
	}
	if (nr && f->log.state != HWP_LOG_UNREADABLE)
		hwp_text_field(text, "Unlogged",
			       "%" PRIu64 " poisoned page%s %s in no line of the log%s; "
			       "the first is 0x%" PRIx64,
			       nr, hwp_plural(nr), nr == 1 ? "is" : "are",
			       f->log.state == HWP_LOG_COMPLETE ? "" : " that is there", first);
	return NULL;
}

/** Events of rasdaemon only: their times are of the wall clock, so they get their own table. */
static struct hwp_error *put_rasdaemon(struct hwp_text *text, const struct hwp_findings *f,
				       const struct hwp_report_style *style)
{
	static const struct hwp_table_column columns[] = {
		{ "RASDAEMON ONLY", false }, { "BOOT", false },	  { "PFN", false },
		{ "STATE NOW", false },	     { "RESULT", false }, { "WHAT", false },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = hwp_table_create(
		text->out, style, columns, HWP_ARRAY_SIZE(columns));

	if (!table)
		return hwp_error_no_memory();
	putc('\n', text->out);
	for (size_t i = 0; i < f->rasdaemon.nr; i++) {
		const struct hwp_rasdaemon_row *row = &f->rasdaemon.data[i];

		if (row->event >= 0)
			continue;
		hwp_table_row(table);
		hwp_table_cell(table, "%s", row->timestamp);
		hwp_table_cell(table, "%s", hwp_boot_name(row->boot));
		hwp_table_cell(table, "0x%" PRIx64, row->pfn);
		hwp_table_cell(table, "%s", state_now(f, find_page(f, row->pfn)));
		hwp_table_cell(table, "%s",
			       *row->result ? row->result : hwp_event_kind_name(row->kind));
		hwp_table_cell(table, "%s%s%s%s", *row->page_type ? row->page_type : row->text,
			       *row->module ? " (" : "", row->module, *row->module ? ")" : "");
	}
	return hwp_table_print(table, NULL, NULL);
}

static size_t nr_alone(const struct hwp_findings *f)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->rasdaemon.nr; i++)
		nr += f->rasdaemon.data[i].event < 0;
	return nr;
}

struct hwp_error *hwp_report_events(FILE *out, const struct hwp_findings *f,
				    const struct hwp_report_style *style)
{
	const struct columns c = measure(f);
	struct hwp_error *err;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_field(&text, "Target", "%s", f->path ? f->path : "the running kernel");
	put_log(&text, f);
	hwp_text_field(&text, "Events", "%zu line%s about memory errors%s", f->events.nr,
		       hwp_plural(f->events.nr),
		       f->events.nr ? "; TIME is in seconds since boot" : "");
	hwp_text_unread_stores(&text, f);
	hwp_text_corrected(&text, f);
	if (f->has_rasdaemon)
		hwp_text_field(&text, "Rasdaemon", "%zu row%s, %zu of them not in the log",
			       f->rasdaemon.nr, hwp_plural(f->rasdaemon.nr), nr_alone(f));
	if (f->nr_bad_rows)
		hwp_text_field(&text, "", "%" PRIu64 " more make no sense (%s)", f->nr_bad_rows,
			       f->bad_row);
	err = put_unlogged(&text, f);
	if (err)
		return err;
	if (f->events.nr) {
		fprintf(out, "\n%*s  ", c.time, "TIME");
		if (c.utc)
			fprintf(out, "%-*s  ", c.utc, "UTC");
		fprintf(out, "%-*s  %-*s  %-*s  WHAT\n", c.pfn, "PFN", c.state, "STATE NOW",
			c.result, "RESULT");
		for (size_t i = 0; i < f->events.nr; i++)
			put_event(&text, f, &f->events.data[i], &c);
	}
	err = nr_alone(f) ? put_rasdaemon(&text, f, style) : NULL;
	if (!err)
		err = hwp_text_records(&text, f, style);
	if (err)
		return err;
	hwp_text_cause(&text, f);
	hwp_text_known_issues(&text, f);
	putc('\n', out);
	hwp_text_verdict(&text, f);
	return hwp_text_finish(&text);
}
