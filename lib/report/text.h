// SPDX-License-Identifier: GPL-2.0-or-later
/** What the reports for people have in common: wrapped text, and their head. */
#ifndef HWP_REPORT_TEXT_H
#define HWP_REPORT_TEXT_H

#include "base/plural.h"
#include "report/columns.h"
#include "report/report.h"
#include "report/table.h"

/** Where a text goes in another form than lines. */
struct hwp_text_sink {
	void *arg;
	void (*heading)(void *arg, const char *s);
	void (*field)(void *arg, const char *label, const char *value);
	void (*paragraph)(void *arg, const char *s);
};

struct hwp_text {
	FILE *out;
	/** NULL: to out. Else out gets only what is printed to it directly. */
	const struct hwp_text_sink *sink;
	const struct hwp_report_style *style;
	/** Columns to fill. */
	unsigned int width;
	/** Memory ran out: hwp_text_finish() returns the error. */
	bool failed;
};

void hwp_text_init(struct hwp_text *text, FILE *out, const struct hwp_report_style *style);

/** Flush the stream; returns the first failure of all calls before. */
struct hwp_error *hwp_text_finish(struct hwp_text *text);

/** Columns that @p len bytes of @p s take, control characters being shown as \xNN. */
unsigned int hwp_text_columns(const struct hwp_report_style *style, const char *s, size_t len);

void hwp_text_color(struct hwp_text *text, const char *sequence);

/** Print @p len bytes of @p s, control characters as \xNN. */
void hwp_text_put(struct hwp_text *text, const char *s, size_t len);

/**
 * Print @p s in words, the cursor being at @p column, further lines indented
 * by @p indent; ends the line. Control characters are shown as \xNN.
 */
void hwp_text_wrap(struct hwp_text *text, unsigned int column, unsigned int indent, const char *s);

/** Print @p s as lines of their own, which begin at the left edge. */
static inline void hwp_text_paragraph(struct hwp_text *text, const char *s)
{
	hwp_text_wrap(text, 0, 0, s);
}

/** An empty line, then a heading. */
void hwp_text_heading(struct hwp_text *text, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** A line "LABEL     text", further lines indented below the text. */
void hwp_text_field(struct hwp_text *text, const char *label, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** The verdict's word, as "LEAKED BEFORE", and its colour. */
const char *hwp_verdict_headline(enum hwp_verdict verdict, const char **color_ret);

/** What follows it, from ": " on; the caller frees it. NULL when memory is out. */
char *hwp_verdict_reasons(const struct hwp_findings *findings);

/** The verdict in one sentence, for a support engineer. */
void hwp_text_verdict(struct hwp_text *text, const struct hwp_findings *findings);

/** What to do next, in a few lines; nothing that writes to the machine. */
void hwp_text_advice(struct hwp_text *text, const struct hwp_findings *findings);

/** Target, kernel, its switches, and coverage. */
void hwp_text_head(struct hwp_text *text, const struct hwp_findings *findings);

/** Holes and contradictions, if there are any. */
void hwp_text_troubles(struct hwp_text *text, const struct hwp_findings *findings);

/** Table of those poisoned pages that @p want (NULL: all) chooses, worst first. */
struct hwp_error *hwp_text_pages(struct hwp_text *text, const struct hwp_findings *findings,
				 bool (*want)(const struct hwp_poisoned *page));

/** Enough for every string of hwp_page_place() and hwp_owner_place(). */
#define HWP_PLACE_SIZE 128

/** "qemu[118]", "qemu[118] /var/lib/x", "/var/lib/x (deleted)"; "" for no owner. */
const char *hwp_owner_place(const struct hwp_findings *findings, const struct hwp_owner *owner,
			    char *buf, size_t size);

/** "Movable cpu 1", "in the pool" or its owner: where a page is, beside its block. */
const char *hwp_page_place(const struct hwp_findings *findings, const struct hwp_poisoned *page,
			   char *buf, size_t size);

/** A table of pages, one a row. NULL when memory is out. */
struct hwp_table *hwp_page_table_create(struct hwp_text *text, struct hwp_column_list columns);

/** Add the row of @p page to such a table. */
void hwp_page_table_row(struct hwp_table *table, const struct hwp_findings *findings,
			const struct hwp_poisoned *page, struct hwp_column_list columns);

/** After an empty line, what each state means for which @p is_shown is true. */
void hwp_text_legend(struct hwp_text *text, const bool *is_shown);

/** Colour for a class, NULL for none. */
const char *hwp_class_color(enum hwp_class class);

#endif /* HWP_REPORT_TEXT_H */
