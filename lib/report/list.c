// SPDX-License-Identifier: GPL-2.0-or-later
/** `list`, for people: every poisoned page with its evidence, or the columns that are asked for. */
#include "report/common.h"
#include "report/selection.h"
#include "report/text.h"

/* A table is held in memory: print it in pieces. */
#define ROWS_AT_ONCE 1024

struct piece {
	struct hwp_text *text;
	const struct hwp_findings *findings;
	const hwp_page_vec *pages;
	/** Index in pages of row 0. */
	size_t first;
};

static void put_sentence(void *arg, const char *sentence)
{
	struct hwp_text *text = arg;

	fputs("    ", text->out);
	hwp_text_wrap(text, 4, 6, sentence);
}

static void put_evidence(void *arg, size_t row)
{
	const struct piece *piece = arg;

	hwp_evidence(piece->findings, piece->pages->data[piece->first + row], put_sentence,
		     piece->text);
}

static struct hwp_error *put_pages(struct hwp_text *text, const struct hwp_findings *f,
				   const struct hwp_selection *selection, const hwp_page_vec *pages)
{
	bool is_asked = selection->columns.nr;
	struct hwp_column_list columns = is_asked ?
						 (struct hwp_column_list){ selection->columns.data,
									   selection->columns.nr } :
						 hwp_plain_columns(text->style);
	struct piece piece = { .text = text, .findings = f, .pages = pages };
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	struct hwp_error *err = NULL;

	table = hwp_page_table_create(text, columns);
	if (!table)
		return hwp_error_no_memory();
	if (selection->no_headings)
		hwp_table_no_headings(table);
	while (!err && piece.first < pages->nr) {
		size_t end = piece.first + ROWS_AT_ONCE;

		if (end > pages->nr)
			end = pages->nr;
		for (size_t i = piece.first; i < end; i++)
			hwp_page_table_row(table, f, pages->data[i], columns);
		err = hwp_table_print(table, is_asked ? NULL : put_evidence, &piece);
		piece.first = end;
	}
	return err;
}

/** What the states mean, how many pages are not shown, and the verdict, which is of all. */
static void put_end(struct hwp_text *text, const struct hwp_findings *f, const hwp_page_vec *pages)
{
	bool is_shown[HWP_NR_STATES] = {};
	char words[120];

	for (size_t i = 0; i < pages->nr; i++)
		is_shown[pages->data[i]->state] = true;
	hwp_text_legend(text, is_shown);
	if (f->poisoned.nr)
		putc('\n', text->out);
	if (pages->nr < f->poisoned.nr) {
		snprintf(words, sizeof(words),
			 "%zu of %zu poisoned pages shown; the verdict is of all:", pages->nr,
			 f->poisoned.nr);
		hwp_text_paragraph(text, words);
	}
	hwp_text_verdict(text, f);
}

struct hwp_error *hwp_report_list(FILE *out, const struct hwp_findings *f,
				  const struct hwp_report_style *style)
{
	const struct hwp_selection all = {};

	return hwp_report_selected(out, f, style, &all);
}

struct hwp_error *hwp_report_selected(FILE *out, const struct hwp_findings *f,
				      const struct hwp_report_style *style,
				      const struct hwp_selection *selection)
{
	_cleanup_(hwp_page_vec_deinit) hwp_page_vec pages = {};
	struct hwp_report_style wide = *style;
	struct hwp_error *err;
	struct hwp_text text;
	size_t nr_selected;

	/* A program that reads columns takes a line for a page. */
	if (selection->columns.nr && !style->width)
		wide.width = HWP_ANY_WIDTH;
	hwp_text_init(&text, out, &wide);
	err = hwp_select(f, selection, &pages, &nr_selected);
	if (!err)
		err = put_pages(&text, f, selection, &pages);
	if (err)
		return err;
	if (!selection->columns.nr && !selection->no_headings)
		put_end(&text, f, &pages);
	return hwp_text_finish(&text);
}
