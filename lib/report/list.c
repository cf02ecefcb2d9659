// SPDX-License-Identifier: GPL-2.0-or-later
/** `list`, for people: every poisoned page with its evidence. */
#include "report/common.h"
#include "report/text.h"

/* A table is held in memory: print it in pieces. */
#define ROWS_AT_ONCE 1024

struct piece {
	struct hwp_text *text;
	const struct hwp_findings *findings;
	/** Index in findings.poisoned of row 0. */
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

	hwp_evidence(piece->findings, &piece->findings->poisoned.data[piece->first + row],
		     put_sentence, piece->text);
}

static struct hwp_error *put_pages(struct hwp_text *text, const struct hwp_findings *f)
{
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	struct piece piece = { .text = text, .findings = f };
	struct hwp_error *err = NULL;

	table = hwp_page_table_create(text, false);
	if (!table)
		return hwp_error_no_memory();
	while (!err && piece.first < f->poisoned.nr) {
		size_t end = piece.first + ROWS_AT_ONCE;

		if (end > f->poisoned.nr)
			end = f->poisoned.nr;
		for (size_t i = piece.first; i < end; i++)
			hwp_page_table_row(table, f, &f->poisoned.data[i]);
		err = hwp_table_print(table, put_evidence, &piece);
		piece.first = end;
	}
	return err;
}

struct hwp_error *hwp_report_list(FILE *out, const struct hwp_findings *f,
				  const struct hwp_report_style *style)
{
	struct hwp_error *err = NULL;
	struct hwp_text text;

	hwp_text_init(&text, out, style);
	if (f->poisoned.nr) {
		err = put_pages(&text, f);
		if (err)
			return err;
		putc('\n', out);
	}
	hwp_text_verdict(&text, f);
	return hwp_text_finish(&text);
}
