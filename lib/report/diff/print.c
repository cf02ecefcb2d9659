// SPDX-License-Identifier: GPL-2.0-or-later
/** The differences, for people and as JSON. */
#include <inttypes.h>

#include "base/bits.h"
#include "base/json.h"
#include "report/common.h"
#include "report/diff/diff.h"
#include "report/machine.h"
#include "report/text.h"

static void put_side(struct hwp_text *text, const char *label, const char *path,
		     const struct hwp_document *document)
{
	char when[HWP_UTC_SIZE];

	hwp_text_field(text, label, "%s", path);
	hwp_text_field(text, "", "%s%s%s, %s", *document->host ? document->host : "host unknown",
		       *document->kernel ? ", Linux " : "", document->kernel,
		       document->has_time ? hwp_utc(document->unix_seconds, when) : "time unknown");
	hwp_text_field(text, "", "%s, %zu poisoned page%s", hwp_verdict_name(document->verdict),
		       document->pages.nr, hwp_plural(document->pages.nr));
}

static size_t count(const struct hwp_diff *diff, enum hwp_change_kind kind)
{
	size_t nr = 0;

	for (size_t i = 0; i < diff->pages.nr; i++)
		nr += diff->pages.data[i].kind == kind;
	return nr;
}

static void put_result(struct hwp_text *text, const struct hwp_diff *diff)
{
	static const struct {
		const char *word, *meaning;
	} results[] = {
		[HWP_CHANGE_NONE] = { "SAME", "nothing has changed" },
		[HWP_CHANGE_OTHER] = { "SAME", "what changed is no better, and no worse" },
		[HWP_CHANGE_BETTER] = { "BETTER", "something is better, and nothing worse" },
		[HWP_CHANGE_UNKNOWN] = { "UNKNOWN",
					 "whether it is better or worse cannot be said" },
		[HWP_CHANGE_WORSE] = { "WORSE", "something is worse" },
	};
	char sentence[256];

	snprintf(sentence, sizeof(sentence),
		 ": %s (pages: %zu worse, %zu better, %zu unclear, %zu other)",
		 results[diff->result].meaning, count(diff, HWP_CHANGE_WORSE),
		 count(diff, HWP_CHANGE_BETTER), count(diff, HWP_CHANGE_UNKNOWN),
		 count(diff, HWP_CHANGE_OTHER));
	fputs(results[diff->result].word, text->out);
	hwp_text_wrap(text, (unsigned int)strlen(results[diff->result].word), 2, sentence);
}

static const char *state_of(const struct hwp_document_page *page)
{
	return page ? hwp_state_name(page->state) : "-";
}

static struct hwp_error *put_pages(struct hwp_text *text, const struct hwp_diff *diff)
{
	static const struct hwp_table_column columns[] = {
		{ "PFN", false }, { "PHYSICAL", false }, { "OLD", false },
		{ "NEW", false }, { "CHANGE", false },	 { "WHY", false },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	struct hwp_error *err;

	if (!diff->pages.nr)
		return NULL;
	table = hwp_table_create(text->out, text->style, columns, HWP_ARRAY_SIZE(columns));
	if (!table)
		return hwp_error_no_memory();
	for (size_t i = 0; i < diff->pages.nr; i++) {
		const struct hwp_page_change *c = &diff->pages.data[i];

		hwp_table_row(table);
		hwp_table_cell(table, "0x%" PRIx64, c->pfn);
		hwp_table_cell(table, "0x%" PRIx64, c->pfn * diff->new_document->page_size);
		hwp_table_cell(table, "%s", state_of(c->old_page));
		hwp_table_cell(table, "%s", state_of(c->new_page));
		hwp_table_cell(table, "%s", hwp_change_kind_name(c->kind));
		hwp_table_cell(table, "%s", c->why);
	}
	hwp_text_heading(text, "Pages that changed");
	err = hwp_table_print(table, NULL, NULL);
	if (!err && count(diff, HWP_CHANGE_UNKNOWN))
		hwp_text_wrap(
			text, 0, 0,
			"A mark goes when a page is unpoisoned, or its memory removed. What was "
			"not seen is in a report that does not cover all memory.");
	return err;
}

static void put_rest(struct hwp_text *text, const struct hwp_diff *diff)
{
	const struct hwp_document *a = diff->old_document, *b = diff->new_document;

	if (diff->same_boot != HWP_ANSWER_YES)
		hwp_text_field(text, "Boot", "%s",
			       diff->same_boot == HWP_ANSWER_NO ?
				       "they are of different boots" :
				       "whether they are of the same boot is not known");
	if (diff->is_backwards)
		hwp_text_field(text, "Time", "the new one is older than the old one");
	if (diff->verdict != HWP_CHANGE_NONE)
		hwp_text_field(text, "Verdict", "%s -> %s (%s)", hwp_verdict_name(a->verdict),
			       hwp_verdict_name(b->verdict), hwp_change_kind_name(diff->verdict));
	if (diff->healthy_lost != HWP_CHANGE_NONE)
		hwp_text_field(text, "Lost", "%" PRIu64 " -> %" PRIu64 " healthy page%s lost (%s)",
			       a->nr_healthy_lost, b->nr_healthy_lost,
			       hwp_plural(b->nr_healthy_lost),
			       hwp_change_kind_name(diff->healthy_lost));
	for (size_t i = 0; i < diff->checks.nr; i++) {
		const struct hwp_check_change *c = &diff->checks.data[i];

		hwp_text_field(text, i ? "" : "Checks", "%s: %s -> %s (%s)", c->new_check->name,
			       hwp_result_name(c->old_check->result),
			       hwp_result_name(c->new_check->result),
			       hwp_change_kind_name(c->kind));
	}
}

struct hwp_error *hwp_diff_text(FILE *out, const struct hwp_diff *diff,
				const struct hwp_report_style *style)
{
	struct hwp_error *err;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	put_result(&text, diff);
	putc('\n', out);
	put_side(&text, "Old", diff->old_path, diff->old_document);
	put_side(&text, "New", diff->new_path, diff->new_document);
	put_rest(&text, diff);
	err = put_pages(&text, diff);
	return err ? err : hwp_text_finish(&text);
}

static void put_json_side(struct hwp_json *json, const char *key, const char *path,
			  const struct hwp_document *document)
{
	hwp_json_row_object(json, key);
	hwp_json_string(json, "path", path);
	hwp_json_word(json, "host", document->host);
	hwp_json_word(json, "boot_id", document->boot_id);
	hwp_json_word(json, "release", document->kernel);
	hwp_json_known(json, "time", document->has_time, document->unix_seconds);
	hwp_json_string(json, "verdict", hwp_verdict_name(document->verdict));
	hwp_json_u64(json, "nr_poisoned", document->pages.nr);
	hwp_json_u64(json, "nr_healthy_lost", document->nr_healthy_lost);
	hwp_json_end(json);
}

static void put_json_page(struct hwp_json *json, const char *key,
			  const struct hwp_document_page *page)
{
	if (!page) {
		hwp_json_null(json, key);
		return;
	}
	hwp_json_row_object(json, key);
	hwp_json_string(json, "state", hwp_state_name(page->state));
	hwp_json_string(json, "class", hwp_class_name(hwp_state_class(page->state)));
	hwp_json_string(json, "was_free", hwp_answer_name(page->was_free));
	hwp_json_string(json, "was_handed_out", hwp_answer_name(page->was_handed_out));
	hwp_json_end(json);
}

static void put_json_changes(struct hwp_json *json, const struct hwp_diff *diff)
{
	hwp_json_array(json, "pages");
	for (size_t i = 0; i < diff->pages.nr; i++) {
		const struct hwp_page_change *c = &diff->pages.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_u64(json, "pfn", c->pfn);
		hwp_json_hex(json, "phys", c->pfn * diff->new_document->page_size);
		hwp_json_string(json, "change", hwp_change_kind_name(c->kind));
		hwp_json_string(json, "why", c->why);
		put_json_page(json, "old", c->old_page);
		put_json_page(json, "new", c->new_page);
		hwp_json_end(json);
	}
	hwp_json_end(json);
	hwp_json_array(json, "checks");
	for (size_t i = 0; i < diff->checks.nr; i++) {
		const struct hwp_check_change *c = &diff->checks.data[i];

		hwp_json_row_object(json, NULL);
		hwp_json_string(json, "name", c->new_check->name);
		hwp_json_string(json, "change", hwp_change_kind_name(c->kind));
		hwp_json_string(json, "old", hwp_result_name(c->old_check->result));
		hwp_json_string(json, "new", hwp_result_name(c->new_check->result));
		hwp_json_end(json);
	}
	hwp_json_end(json);
}

struct hwp_error *hwp_diff_json(FILE *out, const struct hwp_diff *diff)
{
	struct hwp_json json = { .out = out };

	hwp_json_object(&json, NULL);
	hwp_json_string(&json, "schema", "hwpoison.diff/1");
	hwp_json_string(&json, "result",
			diff->result == HWP_CHANGE_OTHER ? "same" :
							   hwp_change_kind_name(diff->result));
	hwp_json_string(&json, "same_boot", hwp_answer_name(diff->same_boot));
	hwp_json_bool(&json, "backwards", diff->is_backwards);
	put_json_side(&json, "old", diff->old_path, diff->old_document);
	put_json_side(&json, "new", diff->new_path, diff->new_document);
	put_json_changes(&json, diff);
	hwp_json_end(&json);
	hwp_json_finish(&json);
	return hwp_report_flush(out);
}
