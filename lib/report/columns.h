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

/** All of them: the first HWP_NR_DEFAULT_COLUMNS, from PFN to WHERE, are every table's. */
#define HWP_NR_DEFAULT_COLUMNS 7
/** With the address of each struct page, which a host's other commands take. */
#define HWP_NR_HOST_COLUMNS 8
extern const struct hwp_page_column hwp_page_columns[];
extern const size_t hwp_nr_page_columns;

/** What @p column shows of @p page. */
void hwp_page_cell(const struct hwp_page_column *column, const struct hwp_findings *findings,
		   const struct hwp_poisoned *page, struct hwp_cell *ret);

/** Upper and lower case are the same; NULL when there is none of that name. */
const struct hwp_page_column *hwp_page_column_find(const char *name, size_t len);

#endif /* HWP_REPORT_COLUMNS_H */
