// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/json_history.h"

#include "verdict/lost_data.h"

void hwp_report_json_file(struct hwp_json *json, const struct hwp_file *file)
{
	hwp_json_row_object(json, "file");
	hwp_json_string(json, "path", *file->path ? file->path : NULL);
	hwp_json_bool(json, "mounted", file->is_mounted);
	hwp_json_bool(json, "deleted", file->is_deleted);
	hwp_json_u64(json, "inode", file->inode);
	hwp_json_string(json, "filesystem", file->filesystem);
	hwp_json_string(json, "device", file->device);
	hwp_json_string(json, "io_error", hwp_answer_name(file->io_error));
	hwp_json_end(json);
}

void hwp_report_json_lost_data(struct hwp_json *json, const struct hwp_findings *f,
			       const struct hwp_poisoned *page)
{
	struct hwp_lost_data lost = hwp_lost_data(f, page);

	if (lost.kind == HWP_LOST_NOTHING) {
		hwp_json_null(json, "lost_data");
		return;
	}
	hwp_json_row_object(json, "lost_data");
	hwp_json_string(json, "of", lost.kind == HWP_LOST_OF_FILE ? "file" : "unknown");
	if (lost.file)
		hwp_report_json_file(json, lost.file);
	else
		hwp_json_null(json, "file");
	if (lost.has_offset)
		hwp_json_u64(json, "offset", lost.offset);
	else
		hwp_json_null(json, "offset");
	hwp_json_end(json);
}

static void put_step(struct hwp_json *json, const struct hwp_step *step)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "step", hwp_step_name(step->kind));
	if (step->has_time)
		hwp_json_u64(json, "time_ns", step->time_ns);
	else
		hwp_json_null(json, "time_ns");
	hwp_json_string(json, "confidence", hwp_confidence_name(step->confidence));
	if (step->event >= 0)
		hwp_json_i64(json, "event", step->event);
	else
		hwp_json_null(json, "event");
	hwp_json_string(json, "evidence", step->text);
	hwp_json_end(json);
}

static void put_victim(struct hwp_json *json, const struct hwp_findings *f,
		       const struct hwp_victim *victim)
{
	hwp_json_row_object(json, NULL);
	hwp_json_string(json, "kind", hwp_victim_name(victim->kind));
	if (victim->pid >= 0)
		hwp_json_i64(json, "pid", victim->pid);
	else
		hwp_json_null(json, "pid");
	hwp_json_string(json, "comm", *victim->comm ? victim->comm : NULL);
	if (victim->file >= 0)
		hwp_report_json_file(json, &f->files.data[victim->file]);
	else
		hwp_json_null(json, "file");
	hwp_json_bool(json, "has_it_now", victim->has_it_now);
	hwp_json_string(json, "confidence", hwp_confidence_name(victim->confidence));
	hwp_json_end(json);
}

static void put_history(struct hwp_json *json, const struct hwp_findings *f, size_t first_step,
			size_t nr_steps, size_t first_victim, size_t nr_victims)
{
	hwp_json_row_array(json, "victims");
	for (size_t i = 0; i < nr_victims; i++)
		put_victim(json, f, &f->victims.data[first_victim + i]);
	hwp_json_end(json);
	hwp_json_row_array(json, "history");
	for (size_t i = 0; i < nr_steps; i++)
		put_step(json, &f->steps.data[first_step + i]);
	hwp_json_end(json);
}

static void put_leak(struct hwp_json *json, const struct hwp_leak *leak, unsigned int page_shift)
{
	char time[32];

	hwp_json_row_object(json, NULL);
	hwp_json_u64(json, "pfn", leak->pfn);
	hwp_json_hex(json, "phys", leak->pfn << page_shift);
	hwp_json_bool(json, "seen_free", leak->seen_free);
	hwp_json_bool(json, "seen_in_use", leak->seen_in_use);
	hwp_json_bool(json, "seen_dropped", leak->seen_dropped);
	hwp_json_string(json, "first_seen", hwp_unix_time(leak->first_seconds, time, sizeof(time)));
	hwp_json_string(json, "last_seen", hwp_unix_time(leak->last_seconds, time, sizeof(time)));
	if (leak->pid >= 0)
		hwp_json_i64(json, "pid", leak->pid);
	else
		hwp_json_null(json, "pid");
	hwp_json_string(json, "comm", leak->pid >= 0 && *leak->comm ? leak->comm : NULL);
	hwp_json_end(json);
}

void hwp_report_json_since_boot(struct hwp_json *json, const struct hwp_findings *f)
{
	const struct hwp_leak_record *record = &f->since_boot;

	hwp_json_object(json, "leaked_since_boot");
	hwp_json_string(json, "boot_id", record->boot_id);
	hwp_json_u64(json, "nr_leaked", hwp_leak_record_count(record));
	hwp_json_array(json, "pages");
	for (size_t i = 0; i < record->leaks.nr; i++)
		put_leak(json, &record->leaks.data[i], f->page_shift);
	hwp_json_end(json);
	hwp_json_end(json);
}

void hwp_report_json_page_history(struct hwp_json *json, const struct hwp_findings *f,
				  const struct hwp_poisoned *page)
{
	hwp_json_string(json, "was_free", hwp_answer_name(page->was_free));
	hwp_json_string(json, "was_handed_out", hwp_answer_name(page->was_handed_out));
	put_history(json, f, page->first_step, page->nr_steps, page->first_victim,
		    page->nr_victims);
}

void hwp_report_json_folio_history(struct hwp_json *json, const struct hwp_findings *f,
				   const struct hwp_folio *folio)
{
	hwp_json_string(json, "was_free", hwp_answer_name(folio->was_free));
	hwp_json_string(json, "was_handed_out", hwp_answer_name(folio->was_handed_out));
	put_history(json, f, folio->first_step, folio->nr_steps, folio->first_victim,
		    folio->nr_victims);
}
