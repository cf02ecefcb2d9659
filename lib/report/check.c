// SPDX-License-Identifier: GPL-2.0-or-later
/** `check`, for people. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "report/cause.h"
#include "report/common.h"
#include "report/known_issues.h"
#include "report/machine.h"
#include "report/text.h"
#include "verdict/lost_data.h"

/* Blocks whose evidence is shown, and folios that get a row; `list` has no limit. */
#define MAX_EVIDENCE 12
#define MAX_FOLIOS 40

/* " (4 buddy, 2 pcp)", " (buddy)" for a class with pages of one state; nothing for unknown. */
static void put_states(FILE *out, const struct hwp_findings *f, enum hwp_class class)
{
	const char *separator = " (";

	if (class == HWP_CLASS_UNKNOWN)
		return;
	for (unsigned int i = 0; i < HWP_NR_STATES; i++) {
		uint64_t nr = f->summary.nr_by_state[i];

		if (hwp_state_class(i) != class || !nr)
			continue;
		fputs(separator, out);
		if (nr != f->summary.nr_by_class[class])
			fprintf(out, "%" PRIu64 " ", nr);
		fputs(hwp_state_name(i), out);
		separator = ", ";
	}
	fputs(")", out);
}

/* "29 pages: 6 leaked (4 buddy, 2 pcp), 9 contained (isolated)". */
static void put_counts(struct hwp_text *text, const struct hwp_findings *f)
{
	_cleanup_free_ char *buf = NULL;
	const char *separator = ": ";
	size_t size;
	FILE *out = open_memstream(&buf, &size);

	if (!out) {
		text->failed = true;
		return;
	}
	fprintf(out, "%" PRIu64 " page%s", f->summary.nr_poisoned,
		hwp_plural(f->summary.nr_poisoned));
	for (unsigned int i = 0; i < HWP_NR_CLASSES; i++) {
		enum hwp_class class = i;

		if (!f->summary.nr_by_class[class])
			continue;
		fprintf(out, "%s%" PRIu64 " %s", separator, f->summary.nr_by_class[class],
			hwp_class_name(class));
		put_states(out, f, class);
		separator = ", ";
	}
	if (fclose(out))
		text->failed = true;
	else
		hwp_text_field(text, "Poisoned", "%s", buf);
}

static void put_accounting(struct hwp_text *text, const struct hwp_findings *f)
{
	int64_t counted = f->counters.num_poisoned_pages;

	if (!f->counters.has_num_poisoned_pages)
		return;
	if (counted >= 0 && (uint64_t)counted == f->summary.nr_poisoned)
		hwp_text_field(text, "Counted",
			       "num_poisoned_pages is %" PRId64
			       ", equal to the number of pages found",
			       counted);
	else
		hwp_text_field(text, "Counted",
			       "num_poisoned_pages is %" PRId64 "; see check poison-accounted",
			       counted);
}

/** What earlier checks of this boot saw, whatever became of it. */
static void put_since_boot(struct hwp_text *text, const struct hwp_findings *f)
{
	uint64_t nr = hwp_leak_record_count(&f->since_boot), nr_gone = 0;
	char first[32];

	for (size_t i = 0; i < f->since_boot.leaks.nr; i++)
		nr_gone += !hwp_findings_poisoned_at(f, f->since_boot.leaks.data[i].pfn);
	if (!nr)
		return;
	hwp_text_field(text, "Leaked",
		       "%" PRIu64 " page%s since boot, as earlier checks saw; the first at %s", nr,
		       hwp_plural(nr),
		       hwp_unix_time(hwp_leak_record_first(&f->since_boot), first, sizeof(first)));
	if (nr_gone)
		hwp_text_field(text, "", "%" PRIu64 " of them %s not poisoned any more", nr_gone,
			       nr_gone == 1 ? "is" : "are");
}

static void put_record(struct hwp_table *table, const struct hwp_folio_facts *facts)
{
	if (!facts || (facts->kind != HWP_FOLIO_HUGETLB && facts->kind != HWP_FOLIO_LARGE))
		hwp_table_cell(table, "-");
	else if (facts->kind == HWP_FOLIO_LARGE)
		hwp_table_cell(table, "has_hwpoisoned %s",
			       !facts->can_have_hwpoisoned ? "not built" :
			       facts->has_hwpoisoned	   ? "set" :
							     "clear");
	else if (facts->raw_unreliable)
		hwp_table_cell(table, "raw_hwp_unreliable");
	else if (!facts->raw_list_readable)
		hwp_table_cell(table, "no raw_hwp_list");
	else
		hwp_table_cell(table, "%" PRIu64 " in raw_hwp_list", facts->nr_raw);
}

static void put_folio(struct hwp_table *table, const struct hwp_findings *f,
		      const struct hwp_folio *folio)
{
	hwp_table_row(table);
	hwp_table_cell(table, "0x%" PRIx64 "/%d%s", folio->head_pfn, folio->order,
		       folio->max_order > folio->order ? "+" :
		       folio->order_is_guess	       ? "?" :
							 "");
	hwp_table_cell(table, "%s", hwp_extent_kind_name(folio->kind));
	hwp_table_cell(table, "%zu", folio->nr_poisoned);
	hwp_table_cell(table, "%" PRIu64, folio->nr_healthy);
	hwp_table_cell(table, "%" PRIu64, folio->nr_healthy_lost);
	hwp_table_cell(table, "%s", hwp_outcome_name(folio->outcome));
	put_record(table, hwp_report_folio_facts(f, folio));
}

static struct hwp_error *put_folios(struct hwp_text *text, const struct hwp_findings *f)
{
	static const struct hwp_table_column columns[] = {
		{ "HEAD/ORDER", false }, { "KIND", false }, { "POISONED", true },
		{ "HEALTHY", true },	 { "LOST", true },  { "OUTCOME", false },
		{ "RECORD", false },
	};
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	struct hwp_error *err;
	size_t nr_larger = 0, nr_guessed = 0;

	if (!f->folios.nr)
		return NULL;
	table = hwp_table_create(text->out, text->style, columns, HWP_ARRAY_SIZE(columns));
	if (!table)
		return hwp_error_no_memory();
	for (size_t i = 0; i < f->folios.nr && i < MAX_FOLIOS; i++) {
		put_folio(table, f, &f->folios.data[i]);
		nr_larger += f->folios.data[i].max_order > f->folios.data[i].order;
		nr_guessed += f->folios.data[i].max_order == f->folios.data[i].order &&
			      f->folios.data[i].order_is_guess;
	}
	hwp_text_heading(text, "Folios with poison, now or when they were freed, in pages");
	err = hwp_table_print(table, NULL, NULL);
	if (!err && f->folios.nr > MAX_FOLIOS)
		fprintf(text->out, "and %zu more\n", f->folios.nr - MAX_FOLIOS);
	if (!err && nr_larger)
		hwp_text_paragraph(text,
				   "+ the log does not show which of the HugeTLB sizes it had: "
				   "'hwpoison folio' lists what it may have been.");
	if (!err && nr_guessed)
		hwp_text_paragraph(
			text, "? the log does not show its size, which may have been smaller.");
	return err;
}

static void put_evidence_line(void *arg, const char *sentence)
{
	struct hwp_text *text = arg;

	fputs("  - ", text->out);
	hwp_text_wrap(text, 4, 4, sentence);
}

static bool needs_evidence(const struct hwp_poisoned *page)
{
	enum hwp_class class = hwp_state_class(page->state);

	return class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST || class == HWP_CLASS_UNKNOWN ||
	       page->was_free == HWP_ANSWER_YES;
}

/* Evidence is printed for the first page of each block only. */
static void put_evidence(struct hwp_text *text, const struct hwp_findings *f)
{
	unsigned int nr_shown = 0;

	for (size_t i = 0, next; i < f->poisoned.nr; i = next) {
		const struct hwp_poisoned *page = &f->poisoned.data[i];
		size_t nr_same = 0;

		next = i + 1;
		if (!needs_evidence(page))
			continue;
		if (nr_shown == MAX_EVIDENCE) {
			hwp_text_paragraph(text,
					   "'hwpoison list' shows the evidence for the rest.");
			return;
		}
		for (; page->order >= 0 && next < f->poisoned.nr; next++, nr_same++) {
			const struct hwp_poisoned *other = &f->poisoned.data[next];

			if (other->state != page->state || other->order != page->order ||
			    other->head_pfn != page->head_pfn)
				break;
		}
		if (!nr_shown++)
			hwp_text_heading(text, "Evidence");
		fprintf(text->out, "0x%" PRIx64 " %s", page->pfn, hwp_state_name(page->state));
		if (nr_same)
			fprintf(text->out, " (%zu more page%s in the same block)", nr_same,
				hwp_plural(nr_same));
		putc('\n', text->out);
		hwp_evidence(f, page, put_evidence_line, text);
	}
}

/** Files whose data went with a dirty page. */
static void put_lost_data(struct hwp_text *text, const struct hwp_findings *f)
{
	char words[sizeof(struct hwp_file) + 64];
	unsigned int nr = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_lost_data lost = hwp_lost_data(f, &f->poisoned.data[i]);

		if (lost.kind == HWP_LOST_NOTHING)
			continue;
		if (nr == MAX_EVIDENCE) {
			hwp_text_paragraph(text, "'hwpoison list' names the rest.");
			return;
		}
		if (!nr++)
			hwp_text_heading(text, "Lost data: pages that were dirty");
		fprintf(text->out, "0x%" PRIx64 "  ", f->poisoned.data[i].pfn);
		hwp_text_wrap(text, 9, 9, hwp_lost_data_words(&lost, words, sizeof(words)));
	}
}

/** The modules to replace, as far as anybody named them for errors at these pages. */
static void put_modules(struct hwp_text *text, const struct hwp_findings *f)
{
	static const char *const namers[] = {
		[HWP_MODULE_LOG] = "a line of the log",
		[HWP_MODULE_RASDAEMON] = "rasdaemon",
		[HWP_MODULE_SMBIOS] = "the machine's SMBIOS tables, by this address",
	};
	unsigned int nr_shown = 0;
	uint64_t nr_without = 0;
	char sentence[160];

	hwp_text_heading(text, "Memory modules");
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		nr_without += !p->module[0];
		if (!p->module[0] || nr_shown++ >= MAX_EVIDENCE)
			continue;
		fprintf(text->out, "0x%" PRIx64 "  ", p->pfn << f->page_shift);
		hwp_text_wrap(text, 9, 9, p->module);
		fprintf(text->out, "         named by %s\n", namers[p->module_source]);
	}
	if (nr_shown > MAX_EVIDENCE)
		hwp_text_paragraph(text, "'hwpoison list --json' has the rest.");
	if (!nr_without)
		return;
	snprintf(sentence, sizeof(sentence),
		 "No name for %" PRIu64 " page%s: on the machine, run 'ras-mc-ctl --layout', or "
		 "'dmidecode -t 17,20' to find which module has an address.",
		 nr_without, hwp_plural(nr_without));
	hwp_text_paragraph(text, sentence);
}

/* A failure must stand out without colour too. */
static const char *result_word(enum hwp_result result)
{
	return result == HWP_FAIL ? "FAIL" : hwp_result_name(result);
}

static const char *result_color(enum hwp_result result)
{
	return result == HWP_FAIL ? HWP_COLOR_BAD :
	       result == HWP_PASS ? HWP_COLOR_GOOD :
				    HWP_COLOR_WARN;
}

static void put_checks(struct hwp_text *text, const struct hwp_findings *f)
{
	int name_width = 0, result_width = 0;

	for (size_t i = 0; i < f->checks.nr; i++) {
		int name = (int)strlen(f->checks.data[i].check->name);
		int result = (int)strlen(result_word(f->checks.data[i].result));

		name_width = name > name_width ? name : name_width;
		result_width = result > result_width ? result : result_width;
	}
	hwp_text_heading(text, "Checks");
	for (size_t i = 0; i < f->checks.nr; i++) {
		const struct hwp_check_result *check = &f->checks.data[i];
		unsigned int column = (unsigned int)(name_width + result_width + 4);

		hwp_text_color(text, result_color(check->result));
		fprintf(text->out, "%-*s", result_width, result_word(check->result));
		hwp_text_color(text, HWP_COLOR_END);
		fprintf(text->out, "  %-*s  ", name_width, check->check->name);
		hwp_text_wrap(text, column, column, check->detail);
	}
}

/** Where the words of the report are explained. */
static void put_way_to_words(struct hwp_text *text, const struct hwp_findings *f)
{
	char sentence[160];

	snprintf(sentence, sizeof(sentence),
		 "'hwpoison explain %s' explains the verdict, and each state, outcome, check and "
		 "known issue by its name.",
		 hwp_verdict_name(f->verdict));
	putc('\n', text->out);
	hwp_text_paragraph(text, sentence);
}

struct hwp_error *hwp_report_check(FILE *out, const struct hwp_findings *f,
				   const struct hwp_report_style *style)
{
	struct hwp_error *err = NULL;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	hwp_text_verdict(&text, f);
	putc('\n', out);
	hwp_text_head(&text, f);
	hwp_text_machine(&text, f);
	if (f->kernel.has_memory_failure) {
		put_counts(&text, f);
		put_accounting(&text, f);
		put_since_boot(&text, f);
	}
	hwp_text_cause(&text, f);
	if (f->poisoned.nr) {
		hwp_text_heading(&text, "Poisoned pages");
		err = hwp_text_pages(&text, f, NULL);
		if (!err)
			err = put_folios(&text, f);
		if (err)
			return err;
		put_evidence(&text, f);
		put_lost_data(&text, f);
		put_modules(&text, f);
	}
	if (f->kernel.has_memory_failure)
		put_checks(&text, f);
	hwp_text_known_issues(&text, f);
	hwp_text_troubles(&text, f);
	hwp_text_advice(&text, f);
	put_way_to_words(&text, f);
	return hwp_text_finish(&text);
}
