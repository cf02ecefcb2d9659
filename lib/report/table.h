// SPDX-License-Identifier: GPL-2.0-or-later
/** Tables of text, by libsmartcols. */
#ifndef HWP_REPORT_TABLE_H
#define HWP_REPORT_TABLE_H

#include "report/report.h"

struct hwp_table;

struct hwp_table_column {
	const char *name;
	bool right;
};

/** An escape sequence for hwp_table_color(); used only when the style has colour. */
#define HWP_COLOR_BAD "\033[1;31m"
#define HWP_COLOR_WARN "\033[33m"
#define HWP_COLOR_GOOD "\033[32m"
#define HWP_COLOR_HEADING "\033[1m"
#define HWP_COLOR_END "\033[0m"

/** A width of hwp_report_style that no line reaches. */
#define HWP_ANY_WIDTH 1000000u

/**
 * NULL when memory is out. @p columns are copied. Nothing is cut: the last cells of a row that
 * is wider than the style's width stand below it, indented; with their columns' names if they are
 * more than one.
 */
struct hwp_table *hwp_table_create(FILE *out, const struct hwp_report_style *style,
				   const struct hwp_table_column *columns, size_t nr);

/** No line of headings: for programs that read the table. */
void hwp_table_no_headings(struct hwp_table *table);

/** NULL is fine. */
void hwp_table_destroy(struct hwp_table *table);
static inline void hwp_table_destroyp(struct hwp_table **table)
{
	hwp_table_destroy(*table);
}

/** Begin a row; the cells that follow are its own, from left to right. */
void hwp_table_row(struct hwp_table *table);
void hwp_table_cell(struct hwp_table *table, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));
/** Colour for the cell just written. */
void hwp_table_color(struct hwp_table *table, const char *sequence);

/**
 * Print the rows and forget them, with headings the first time; widths of
 * columns never shrink from one time to the next. @p after (may be NULL) is
 * called when row number @p row is on the stream. Returns failures of the calls
 * above, too.
 */
struct hwp_error *hwp_table_print(struct hwp_table *table, void (*after)(void *arg, size_t row),
				  void *arg);

#endif /* HWP_REPORT_TABLE_H */
