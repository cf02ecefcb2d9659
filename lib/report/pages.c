// SPDX-License-Identifier: GPL-2.0-or-later
/** The table of poisoned pages, folded when it would be long. */
#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "report/common.h"
#include "report/text.h"

/* A table shows only the end of a longer path. */
#define MAX_PATH 48
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

const char *hwp_class_color(enum hwp_class class)
{
	switch (class) {
	case HWP_CLASS_LEAKED:
	case HWP_CLASS_LOST:
		return HWP_COLOR_BAD;
	case HWP_CLASS_UNKNOWN:
	case HWP_CLASS_KERNEL:
	case HWP_CLASS_PENDING:
		return HWP_COLOR_WARN;
	case HWP_CLASS_CONTAINED:
		return HWP_COLOR_GOOD;
	case HWP_CLASS_OTHER:
	case HWP_NR_CLASSES:
		break;
	}
	return NULL;
}

static const char *hugetlb_place(const struct hwp_folio_facts *folio)
{
	return folio->in_pool ? "in the pool" : folio->being_freed ? "being freed" : "in use";
}

const char *hwp_owner_place(const struct hwp_findings *f, const struct hwp_owner *owner, char *buf,
			    size_t size)
{
	const struct hwp_file *file = owner->has_file ? &f->files.data[owner->file] : NULL;
	size_t len = file ? strlen(file->path) : 0, cut = len > MAX_PATH ? len - MAX_PATH : 0;
	char process[40] = "";

	if (owner->found)
		snprintf(process, sizeof(process), "%s[%d]%s", owner->comm, owner->pid,
			 file ? " " : "");
	if (!file)
		snprintf(buf, size, "%s", process);
	else if (len)
		snprintf(buf, size, "%s%s%s%s", process, cut ? "..." : "", file->path + cut,
			 file->is_deleted ? " (deleted)" : "");
	else
		snprintf(buf, size, "%sinode %" PRIu64 " of %.16s %.24s", process, file->inode,
			 file->filesystem, file->device);
	return buf;
}

const char *hwp_page_place(const struct hwp_findings *f, const struct hwp_poisoned *page, char *buf,
			   size_t size)
{
	const char *migratetype = hwp_findings_migratetype(f, page->migratetype);

	if (page->state == HWP_STATE_HUGETLB && page->raw_page_unknown)
		return "any of its pages";
	if (page->owner.found || page->owner.has_file)
		return hwp_owner_place(f, &page->owner, buf, size);
	if (page->state == HWP_STATE_HUGETLB)
		return hugetlb_place(&page->folio);
	if (page->cpu >= 0)
		snprintf(buf, size, "%s%scpu %d", migratetype ? migratetype : "",
			 migratetype ? " " : "", page->cpu);
	else
		snprintf(buf, size, "%s", migratetype ? migratetype : "-");
	return buf;
}

static void put_pfn(struct hwp_table *table, const struct hwp_findings *f,
		    const struct hwp_poisoned *page)
{
	(void)f;
	hwp_table_cell(table, "0x%" PRIx64, page->pfn);
}

static void put_physical(struct hwp_table *table, const struct hwp_findings *f,
			 const struct hwp_poisoned *page)
{
	hwp_table_cell(table, "0x%" PRIx64, page->pfn << f->page_shift);
}

static void put_node(struct hwp_table *table, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, page->zone);

	if (zone)
		hwp_table_cell(table, "%d", zone->nid);
	else
		hwp_table_cell(table, "-");
}

static void put_zone(struct hwp_table *table, const struct hwp_findings *f,
		     const struct hwp_poisoned *page)
{
	const struct hwp_zone_facts *zone = hwp_report_zone(f, page->zone);

	hwp_table_cell(table, "%s", zone ? zone->name : "-");
}

static void put_state(struct hwp_table *table, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	const char *color = hwp_class_color(hwp_state_class(page->state));

	(void)f;
	hwp_table_cell(table, "%s", hwp_state_name(page->state));
	if (color)
		hwp_table_color(table, color);
}

/** What holds the page. */
static void put_block(struct hwp_table *table, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	(void)f;
	if (page->order < 0)
		hwp_table_cell(table, "-");
	else
		hwp_table_cell(table, "0x%" PRIx64 "/%d", page->head_pfn, page->order);
}

static void put_place(struct hwp_table *table, const struct hwp_findings *f,
		      const struct hwp_poisoned *page)
{
	char place[HWP_PLACE_SIZE];

	hwp_table_cell(table, "%s", hwp_page_place(f, page, place, sizeof(place)));
}

/* What a column shows in a row of several pages, after their range and number. */
enum folded {
	/** The value of the first page, which they share. */
	FOLDED_FIRST,
	/** As FOLDED_FIRST if one block holds them all, else "*". */
	FOLDED_BLOCK,
	/** The same, if they have one owner as well. */
	FOLDED_PLACE,
	/** Nothing: the column is left out. */
	FOLDED_OUT,
};

/* The columns of a table of pages, from left to right. */
static const struct {
	struct hwp_table_column column;
	void (*put)(struct hwp_table *table, const struct hwp_findings *f,
		    const struct hwp_poisoned *page);
	enum folded folded;
} page_columns[] = {
	{ { "PFN", false }, put_pfn, FOLDED_OUT },
	{ { "PHYSICAL", false }, put_physical, FOLDED_OUT },
	{ { "NODE", true }, put_node, FOLDED_FIRST },
	{ { "ZONE", false }, put_zone, FOLDED_FIRST },
	{ { "STATE", false }, put_state, FOLDED_FIRST },
	{ { "BLOCK", false }, put_block, FOLDED_BLOCK },
	{ { "WHERE", false }, put_place, FOLDED_PLACE },
};

static const struct hwp_table_column range_columns[] = {
	{ "FIRST PFN", false },
	{ "LAST PFN", false },
	{ "PAGES", true },
};

struct hwp_table *hwp_page_table_create(struct hwp_text *text, bool is_folded)
{
	struct hwp_table_column
		columns[HWP_ARRAY_SIZE(range_columns) + HWP_ARRAY_SIZE(page_columns)];
	size_t nr = 0;

	for (size_t i = 0; is_folded && i < HWP_ARRAY_SIZE(range_columns); i++)
		columns[nr++] = range_columns[i];
	for (size_t i = 0; i < HWP_ARRAY_SIZE(page_columns); i++)
		if (!is_folded || page_columns[i].folded != FOLDED_OUT)
			columns[nr++] = page_columns[i].column;
	return hwp_table_create(text->out, text->style, columns, nr);
}

void hwp_page_table_row(struct hwp_table *table, const struct hwp_findings *f,
			const struct hwp_poisoned *page)
{
	hwp_table_row(table);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(page_columns); i++)
		page_columns[i].put(table, f, page);
}

static void put_folded_row(struct hwp_table *table, const struct hwp_findings *f,
			   const struct row *row)
{
	const struct hwp_poisoned *page = row->first;
	bool is_one_block = page->order == row->last->order &&
			    (page->order < 0 || page->head_pfn == row->last->head_pfn);

	hwp_table_row(table);
	hwp_table_cell(table, "0x%" PRIx64, page->pfn);
	hwp_table_cell(table, "0x%" PRIx64, row->last->pfn);
	hwp_table_cell(table, "%" PRIu64, row->nr_pages);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(page_columns); i++) {
		enum folded folded = page_columns[i].folded;
		bool needs_block = folded == FOLDED_BLOCK || folded == FOLDED_PLACE;

		if ((needs_block && !is_one_block) ||
		    (folded == FOLDED_PLACE && !row->has_one_owner))
			hwp_table_cell(table, "*");
		else if (folded != FOLDED_OUT)
			page_columns[i].put(table, f, page);
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

struct hwp_error *hwp_text_pages(struct hwp_text *text, const struct hwp_findings *f,
				 bool (*want)(const struct hwp_poisoned *page))
{
	_cleanup_(hwp_table_destroyp) struct hwp_table *table = NULL;
	_cleanup_(rows_deinit) row_vec rows = {};
	struct hwp_error *err;
	bool is_folded;

	if (!fold_rows(f, want, &rows, &is_folded))
		return hwp_error_no_memory();
	table = hwp_page_table_create(text, is_folded);
	if (!table)
		return hwp_error_no_memory();
	for (size_t i = 0; i < rows.nr; i++) {
		if (is_folded)
			put_folded_row(table, f, &rows.data[i]);
		else
			hwp_page_table_row(table, f, rows.data[i].first);
	}
	err = hwp_table_print(table, NULL, NULL);
	if (!err && is_folded)
		hwp_text_wrap(text, 0, 0,
			      "Pages of one block, run or state share a row; "
			      "'hwpoison list' shows every page.");
	return err;
}
