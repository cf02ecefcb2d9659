// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/records.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "model/machine_check.h"
#include "report/common.h"
#include "report/machine.h"
#include "report/table.h"

static void add(char *buf, size_t size, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** One more of the words, after a comma. */
static void add(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	if (len)
		len += (size_t)snprintf(buf + len, size - len, ", ");
	if (len >= size)
		return;
	va_start(ap, fmt);
	vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

const char *hwp_record_words(const struct hwp_hardware_record *r, char *buf, size_t size)
{
	char utc[HWP_UTC_SIZE];

	buf[0] = '\0';
	add(buf, size, "%s",
	    r->kind == HWP_EVENT_CORRECTED	 ? "corrected" :
	    hwp_status_is_uncorrected(r->status) ? "uncorrected" :
						   "error");
	if (r->cpu >= 0)
		add(buf, size, "CPU %d", r->cpu);
	if (r->bank >= 0)
		add(buf, size, "bank %d", r->bank);
	if (r->status)
		add(buf, size, "status 0x%" PRIx64, r->status);
	if (r->misc)
		add(buf, size, "misc 0x%" PRIx64, r->misc);
	if (r->unix_seconds)
		add(buf, size, "at %s UTC", hwp_utc(r->unix_seconds, utc));
	return buf;
}

static const char *why_of(const struct hwp_record_store *store)
{
	return store->state == HWP_STORE_UNREAD && !store->why[0] ?
		       "the kernel's memory was not read" :
		       store->why;
}

void hwp_text_unread_stores(struct hwp_text *text, const struct hwp_findings *f)
{
	if (f->hardware.mce_pool.state == HWP_STORE_UNREAD && f->hardware.mce_pool.why[0])
		hwp_text_field(text, "Records", "mce_evt_pool could not be read: %s",
			       f->hardware.mce_pool.why);
	if (f->hardware.ghes.state == HWP_STORE_UNREAD && f->hardware.ghes.why[0])
		hwp_text_field(text, "Records", "ghes_estatus_caches could not be read: %s",
			       f->hardware.ghes.why);
}

void hwp_text_corrected(struct hwp_text *text, const struct hwp_findings *f)
{
	const struct hwp_cec_facts *cec = &f->hardware.cec;
	const struct hwp_corrected_page *most = NULL;

	if (cec->store.state == HWP_STORE_UNREAD && cec->store.why[0])
		hwp_text_field(text, "Corrected", "the kernel's count could not be read: %s",
			       cec->store.why);
	if (!cec->nr_errors)
		return;
	hwp_text_field(text, "Corrected",
		       "the kernel counted %" PRIu64
		       " error%s since boot, and soft-offlined a page "
		       "for them %" PRIu64 " time%s",
		       cec->nr_errors, hwp_plural(cec->nr_errors), cec->nr_offlined,
		       hwp_plural(cec->nr_offlined));
	for (size_t i = 0; i < cec->pages.nr; i++) {
		if (!most || cec->pages.data[i].nr_errors > most->nr_errors)
			most = &cec->pages.data[i];
	}
	if (most)
		hwp_text_field(text, "",
			       "%zu page%s below its threshold; most, %" PRIu64 ", at 0x%" PRIx64,
			       cec->pages.nr, hwp_plural(cec->pages.nr), most->nr_errors,
			       most->pfn);
}

static void put_corrected(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_cec_facts *cec = &f->hardware.cec;
	bool is_read = cec->store.state == HWP_STORE_READ;

	hwp_json_row_object(json, "corrected");
	hwp_json_string(json, "state", hwp_store_state_name(cec->store.state));
	hwp_json_word(json, "why", why_of(&cec->store));
	hwp_json_known(json, "nr_errors", is_read, (int64_t)cec->nr_errors);
	hwp_json_known(json, "nr_offlined", is_read, (int64_t)cec->nr_offlined);
	hwp_json_array(json, "pages");
	for (size_t i = 0; i < cec->pages.nr; i++) {
		const struct hwp_corrected_page *page = &cec->pages.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "pfn", page->pfn);
		hwp_json_hex(json, "phys", page->pfn << f->page_shift);
		hwp_json_u64(json, "nr_errors", page->nr_errors);
		hwp_json_end(json);
	}
	hwp_json_end(json);
	hwp_json_end(json);
}

struct hwp_error *hwp_text_records(struct hwp_text *text, const struct hwp_findings *f,
				   const struct hwp_report_style *style)
{
	static const struct hwp_table_column columns[] = {
		{ "IN MEMORY", false }, { "HANDED ON", false }, { "IN LOG", false },
		{ "PFN", false },	{ "WHAT", false },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	char words[256];

	if (!f->hardware.records.nr)
		return NULL;
	table = hwp_table_create(text->out, style, columns, HWP_ARRAY_SIZE(columns));
	if (!table)
		return hwp_error_no_memory();
	putc('\n', text->out);
	for (size_t i = 0; i < f->hardware.records.nr; i++) {
		const struct hwp_hardware_record *r = &f->hardware.records.data[i];

		hwp_table_row(table);
		hwp_table_cell(table, "%s", hwp_record_source_name(r->source));
		hwp_table_cell(table, "%s", r->is_waiting ? "no" : "yes");
		hwp_table_cell(table, "%s", hwp_answer_name(r->in_log));
		if (r->has_pfn)
			hwp_table_cell(table, "0x%" PRIx64, r->pfn);
		else
			hwp_table_cell(table, "-");
		hwp_table_cell(table, "%s", hwp_record_words(r, words, sizeof(words)));
	}
	return hwp_table_print(table, NULL, NULL);
}

static void put_store(struct hwp_json *json, const char *name, const struct hwp_record_store *store)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "source", name);
	hwp_json_string(json, "state", hwp_store_state_name(store->state));
	hwp_json_word(json, "why", why_of(store));
	hwp_json_end(json);
}

static void put_record(struct hwp_json *json, const struct hwp_findings *f,
		       const struct hwp_hardware_record *r)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "source", hwp_record_source_name(r->source));
	hwp_json_string(json, "kind", hwp_event_kind_name(r->kind));
	hwp_json_bool(json, "handed_on", !r->is_waiting);
	hwp_json_string(json, "in_log", hwp_answer_name(r->in_log));
	hwp_report_json_place(json, f, r->has_pfn, r->pfn);
	hwp_json_nonzero(json, "status", r->status);
	hwp_json_nonzero(json, "misc", r->misc);
	hwp_json_index(json, "cpu", r->cpu);
	hwp_json_index(json, "bank", r->bank);
	hwp_json_known(json, "time", r->unix_seconds != 0, r->unix_seconds);
	hwp_json_end(json);
}

void hwp_report_json_hardware(struct hwp_json *json, const struct hwp_findings *f)
{
	hwp_json_object(json, "hardware");
	hwp_json_array(json, "stores");
	put_store(json, hwp_record_source_name(HWP_RECORD_MCE_POOL), &f->hardware.mce_pool);
	put_store(json, hwp_record_source_name(HWP_RECORD_GHES), &f->hardware.ghes);
	hwp_json_end(json);
	hwp_json_array(json, "records");
	for (size_t i = 0; i < f->hardware.records.nr; i++)
		put_record(json, f, &f->hardware.records.data[i]);
	hwp_json_end(json);
	put_corrected(json, f);
	hwp_json_end(json);
}
