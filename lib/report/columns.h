// SPDX-License-Identifier: GPL-2.0-or-later
/** The columns that a table of poisoned pages can have: what each shows, and how it sorts. */
#ifndef HWP_REPORT_COLUMNS_H
#define HWP_REPORT_COLUMNS_H

#include "model/findings.h"
#include "report/table.h"

/** Enough for a path, and the process that maps it. */
#define HWP_CELL_SIZE 640

struct hwp_cell {
	/** "-" for what is not known, or does not apply. */
	char text[HWP_CELL_SIZE];
	/** What it is sorted by, before all without a number; else the text is. */
	bool has_number;
	uint64_t number;
	/** An escape sequence, or NULL. */
	const char *color;
};

struct hwp_page_column {
	struct hwp_table_column column;
	void (*put)(struct hwp_cell *cell, const struct hwp_findings *findings,
		    const struct hwp_poisoned *page);
};

/** Where in hwp_page_columns the columns are that a table has if none are asked for. */
enum hwp_plain_column {
	HWP_COLUMN_PFN,
	HWP_COLUMN_PHYSICAL,
	HWP_COLUMN_NODE,
	HWP_COLUMN_ZONE,
	HWP_COLUMN_STATE,
	HWP_COLUMN_BLOCK,
	HWP_COLUMN_WHERE,
	/** In a host only, whose other commands take it. */
	HWP_COLUMN_STRUCT_PAGE,
};

/** All of them. */
extern const struct hwp_page_column hwp_page_columns[];
extern const size_t hwp_nr_page_columns;

/** Columns of one table, from left to right. */
struct hwp_column_list {
	const struct hwp_page_column *const *data;
	size_t nr;
};

/**
 * The columns of a table where none are asked for. A host's is too wide for a terminal of 80
 * columns: there the address of the struct page stands for the physical one.
 */
struct hwp_column_list hwp_plain_columns(const struct hwp_report_style *style);

/** What @p column shows of @p page. */
void hwp_page_cell(const struct hwp_page_column *column, const struct hwp_findings *findings,
		   const struct hwp_poisoned *page, struct hwp_cell *ret);

/** Upper and lower case are the same; NULL when there is none of that name. */
const struct hwp_page_column *hwp_page_column_find(const char *name, size_t len);

#endif /* HWP_REPORT_COLUMNS_H */
