// SPDX-License-Identifier: GPL-2.0-or-later
/** What the parts of the HTML page have in common: markup, and text that never becomes markup. */
#ifndef HWP_REPORT_HTML_HTML_H
#define HWP_REPORT_HTML_HTML_H

#include <stdio.h>

#include "model/findings.h"
#include "report/text.h"

/** Print @p s as text of an element or of a quoted attribute; control characters as \xNN. */
void hwp_html_text(FILE *out, const char *s);

/** The same of what is formatted; what is longer than a path and a sentence is cut. */
void hwp_html_printf(FILE *out, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));

/** "<p>…</p>", the text formatted. */
void hwp_html_paragraph(FILE *out, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** "<td>…</td>", the text formatted; with class @p class unless that is NULL. */
void hwp_html_cell(FILE *out, const char *class, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** A table in a box of its own that scrolls, up to the first row; @p heads ends with NULL. */
void hwp_html_table_begin(FILE *out, const char *const *heads);
void hwp_html_table_end(FILE *out);

/** The style sheet. */
extern const char hwp_html_style[];

/** A text whose lines become rows of a list, paragraphs and headings of @p out. */
void hwp_html_sink(struct hwp_text *text, struct hwp_text_sink *sink, FILE *out);

/** Maps of the folios, and the table of them. */
struct hwp_error *hwp_html_folios(FILE *out, const struct hwp_findings *findings);

/** Every poisoned page, with its evidence and its history to unfold. */
void hwp_html_pages(FILE *out, const struct hwp_findings *findings);

/** What happened, line by line of the log. */
void hwp_html_timeline(FILE *out, const struct hwp_findings *findings);

/** What five questions of a customer have for answers. */
void hwp_html_answers(FILE *out, const struct hwp_findings *findings);

#endif /* HWP_REPORT_HTML_HTML_H */
