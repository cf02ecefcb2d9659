// SPDX-License-Identifier: GPL-2.0-or-later
/** The table of poisoned pages, folded when it would be long. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "report/columns.h"
#include "report/common.h"
#include "report/text.h"

/* A table with more rows is folded: first by block, then by state and zone. */
#define MAX_ROWS 40

enum fold {
	FOLD_NONE,
	FOLD_BLOCK,
	FOLD_STATE,
};

struct row {
	const struct hwp_poisoned *first, *last;
	uint64_t nr_pages;
	/** All are of one process and file, or of none that is known. */
	bool has_one_owner;
};

typedef HWP_VEC(struct row) row_vec;

static void rows_deinit(row_vec *rows)
{
	hwp_vec_deinit(rows);
}

static const enum hwp_class worst_first[HWP_NR_CLASSES] = {
	HWP_CLASS_LEAKED,  HWP_CLASS_LOST,	HWP_CLASS_UNKNOWN, HWP_CLASS_KERNEL,
	HWP_CLASS_PENDING, HWP_CLASS_CONTAINED, HWP_CLASS_OTHER,
};

/* What a column shows in a row of several pages. */
enum folded {
	/** The value of the first page, which they share or which begins their range. */
	FOLDED_FIRST,
	/** That of the first page and that of the last. */
	FOLDED_RANGE,
	/** As FOLDED_FIRST if one block holds them all, else "*". */
	FOLDED_BLOCK,
	/** The same, if they have one owner as well. */
	FOLDED_PLACE,
};

/* The columns of a folded table, each by its number in hwp_page_columns; -1: how many pages. */
static const struct {
	struct hwp_table_column column;
	int from;
	enum folded folded;
} folded_columns[] = {
	{ { "PFN", false }, HWP_COLUMN_PFN, FOLDED_RANGE },
	{ { "PHYSICAL", false }, HWP_COLUMN_PHYSICAL, FOLDED_FIRST },
	{ { "PAGES", true }, -1, FOLDED_FIRST },
	{ { "NODE", true }, HWP_COLUMN_NODE, FOLDED_FIRST },
	{ { "ZONE", false }, HWP_COLUMN_ZONE, FOLDED_FIRST },
	{ { "STATE", false }, HWP_COLUMN_STATE, FOLDED_FIRST },
	{ { "BLOCK", false }, HWP_COLUMN_BLOCK, FOLDED_BLOCK },
	{ { "WHERE", false }, HWP_COLUMN_WHERE, FOLDED_PLACE },
};

static struct hwp_table *folded_table_create(struct hwp_text *text)
{
	struct hwp_table_column columns[HWP_ARRAY_SIZE(folded_columns)];

	for (size_t i = 0; i < HWP_ARRAY_SIZE(folded_columns); i++)
		columns[i] = folded_columns[i].column;
	return hwp_table_create(text->out, text->style, columns, HWP_ARRAY_SIZE(columns));
}

static void put_cell(struct hwp_table *table, const struct hwp_page_column *column,
		     const struct hwp_findings *f, const struct hwp_poisoned *page)
{
	struct hwp_cell cell;

	hwp_page_cell(column, f, page, &cell);
	hwp_table_cell(table, "%s", cell.text);
	if (cell.color)
		hwp_table_color(table, cell.color);
}

void hwp_page_table_row(struct hwp_table *table, const struct hwp_findings *f,
			const struct hwp_poisoned *page, struct hwp_column_list columns)
{
	hwp_table_row(table);
	for (size_t i = 0; i < columns.nr; i++)
		put_cell(table, columns.data[i], f, page);
}

struct hwp_table *hwp_page_table_create(struct hwp_text *text, struct hwp_column_list columns)
{
	_cleanup_free_ struct hwp_table_column *heads = calloc(columns.nr, sizeof(*heads));

	if (!heads)
		return NULL;
	for (size_t i = 0; i < columns.nr; i++)
		heads[i] = columns.data[i]->column;
	return hwp_table_create(text->out, text->style, heads, columns.nr);
}

static void put_range(struct hwp_table *table, const struct row *row)
{
	if (row->nr_pages > 1)
		hwp_table_cell(table, "0x%" PRIx64 "-0x%" PRIx64, row->first->pfn, row->last->pfn);
	else
		hwp_table_cell(table, "0x%" PRIx64, row->first->pfn);
}

static void put_folded_row(struct hwp_table *table, const struct hwp_findings *f,
			   const struct row *row)
{
	const struct hwp_poisoned *page = row->first;
	bool is_one_block = page->order == row->last->order &&
			    (page->order < 0 || page->head_pfn == row->last->head_pfn);

	hwp_table_row(table);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(folded_columns); i++) {
		enum folded folded = folded_columns[i].folded;
		bool needs_block = folded == FOLDED_BLOCK || folded == FOLDED_PLACE;

		if (folded_columns[i].from < 0)
			hwp_table_cell(table, "%" PRIu64, row->nr_pages);
		else if (folded == FOLDED_RANGE)
			put_range(table, row);
		else if ((needs_block && !is_one_block) ||
			 (folded == FOLDED_PLACE && !row->has_one_owner))
			hwp_table_cell(table, "*");
		else
			put_cell(table, &hwp_page_columns[folded_columns[i].from], f, page);
	}
}

static bool same_owner(const struct hwp_owner *a, const struct hwp_owner *b)
{
	return a->found == b->found && a->pid == b->pid && a->has_file == b->has_file &&
	       a->file == b->file;
}

static bool same_row(const struct row *row, const struct hwp_poisoned *page, enum fold fold)
{
	const struct hwp_poisoned *p = row->last;

	if (fold == FOLD_NONE || p->state != page->state || p->zone != page->zone)
		return false;
	if (fold == FOLD_STATE)
		return true;
	if (p->order != page->order || p->migratetype != page->migratetype || p->cpu != page->cpu)
		return false;
	return page->order < 0 ? page->pfn == p->pfn + 1 : page->head_pfn == p->head_pfn;
}

/*
 * Add the page to a row of its class, which are those from @from on, or append one.
 * FOLD_STATE may use any of them, FOLD_BLOCK only the last.
 */
static bool add_page(row_vec *rows, size_t from, const struct hwp_poisoned *page, enum fold fold)
{
	struct row row = { page, page, 1, true };

	for (size_t i = rows->nr; i > from; i--) {
		struct row *other = &rows->data[i - 1];

		if (same_row(other, page, fold)) {
			other->last = page;
			other->has_one_owner &= same_owner(&other->first->owner, &page->owner);
			other->nr_pages++;
			return true;
		}
		if (fold != FOLD_STATE)
			break;
	}
	return hwp_vec_push(rows, row);
}

/* Rows of the pages that @want chooses, worst first; @bad is how leaked and lost pages fold. */
static bool make_rows(const struct hwp_findings *f, bool (*want)(const struct hwp_poisoned *),
		      enum fold bad, enum fold rest, row_vec *rows)
{
	rows->nr = 0;
	for (unsigned int i = 0; i < HWP_NR_CLASSES; i++) {
		enum hwp_class class = worst_first[i];
		bool is_bad = class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST;
		size_t from = rows->nr;

		for (size_t j = 0; j < f->poisoned.nr; j++) {
			const struct hwp_poisoned *page = &f->poisoned.data[j];

			if (hwp_state_class(page->state) != class || (want && !want(page)))
				continue;
			if (!add_page(rows, from, page, is_bad ? bad : rest))
				return false;
			/* Too many already: the next way of folding begins anew. */
			if (rows->nr > MAX_ROWS && bad != FOLD_STATE)
				return true;
		}
	}
	return true;
}

static bool fold_rows(const struct hwp_findings *f, bool (*want)(const struct hwp_poisoned *),
		      row_vec *rows, bool *folded_ret)
{
	static const struct {
		enum fold bad, rest;
	} ways[] = {
		{ FOLD_NONE, FOLD_NONE },   { FOLD_NONE, FOLD_BLOCK },	{ FOLD_BLOCK, FOLD_BLOCK },
		{ FOLD_BLOCK, FOLD_STATE }, { FOLD_STATE, FOLD_STATE },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(ways); i++) {
		if (!make_rows(f, want, ways[i].bad, ways[i].rest, rows))
			return false;
		*folded_ret = i > 0;
		if (rows->nr <= MAX_ROWS)
			break;
	}
	return true;
}

void hwp_text_legend(struct hwp_text *text, const bool *is_shown)
{
	char words[160];
	int width = 0;

	for (unsigned int i = 0; i < HWP_NR_STATES; i++)
		if (is_shown[i] && (int)strlen(hwp_state_name(i)) > width)
			width = (int)strlen(hwp_state_name(i));
	if (!width)
		return;
	putc('\n', text->out);
	for (unsigned int i = 0; i < HWP_NR_STATES; i++) {
		unsigned int column = (unsigned int)width + 2;

		if (!is_shown[i])
			continue;
		fprintf(text->out, "%-*s  ", width, hwp_state_name(i));
		snprintf(words, sizeof(words), "%s: %s", hwp_class_name(hwp_state_class(i)),
			 hwp_states.words[i].meaning);
		hwp_text_wrap(text, column, column, words);
	}
}

struct hwp_error *hwp_text_pages(struct hwp_text *text, const struct hwp_findings *f,
				 bool (*want)(const struct hwp_poisoned *page))
{
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	_cleanup_(rows_deinit) row_vec rows = {};
	struct hwp_column_list columns = hwp_plain_columns(text->style);
	bool is_folded, is_shown[HWP_NR_STATES] = {};
	struct hwp_error *err;

	if (!fold_rows(f, want, &rows, &is_folded))
		return hwp_error_no_memory();
	table = is_folded ? folded_table_create(text) : hwp_page_table_create(text, columns);
	if (!table)
		return hwp_error_no_memory();
	for (size_t i = 0; i < rows.nr; i++) {
		if (is_folded)
			put_folded_row(table, f, &rows.data[i]);
		else
			hwp_page_table_row(table, f, rows.data[i].first, columns);
	}
	err = hwp_table_print(table, NULL, NULL);
	if (err)
		return err;
	if (is_folded)
		hwp_text_paragraph(
			text, "Pages of one block, run or state share a row: PFN is its first and "
			      "last page, PHYSICAL where it begins. 'hwpoison list' shows every "
			      "page.");
	for (size_t i = 0; i < f->poisoned.nr; i++)
		is_shown[f->poisoned.data[i].state] |= !want || want(&f->poisoned.data[i]);
	hwp_text_legend(text, is_shown);
	return NULL;
}
