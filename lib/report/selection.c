// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/selection.h"

#include <stdlib.h>
#include <string.h>

/** A page, and what it is sorted by. */
struct key {
	const struct hwp_poisoned *page;
	bool has_number;
	uint64_t number;
	char *text;
};

struct keys {
	struct key *keys;
	size_t nr;
};

static void keys_deinit(struct keys *keys)
{
	for (size_t i = 0; i < keys->nr; i++)
		free(keys->keys[i].text);
	free(keys->keys);
}

static int order_of(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/** Numbers, then words, then what is not known; pages that are alike by pfn. */
static int compare(const void *one, const void *other)
{
	const struct key *a = one, *b = other;
	int order = 0;

	if (a->has_number != b->has_number)
		return a->has_number ? -1 : 1;
	if (a->has_number)
		order = order_of(a->number, b->number);
	else if (!a->text != !b->text)
		return a->text ? -1 : 1;
	else if (a->text)
		order = strcmp(a->text, b->text);
	return order ? order : order_of(a->page->pfn, b->page->pfn);
}

static bool take_key(struct key *key, const struct hwp_page_column *column,
		     const struct hwp_findings *f, const struct hwp_poisoned *page)
{
	struct hwp_cell cell;

	hwp_page_cell(column, f, page, &cell);
	*key = (struct key){ page, cell.has_number, cell.number, NULL };
	if (cell.has_number || strcmp(cell.text, "-") == 0)
		return true;
	key->text = strdup(cell.text);
	return key->text;
}

static struct hwp_error *sort(const struct hwp_findings *f, const struct hwp_page_column *column,
			      hwp_page_vec *pages)
{
	_cleanup_(keys_deinit) struct keys keys = {};

	keys.keys = calloc(pages->nr, sizeof(*keys.keys));
	if (!keys.keys)
		return hwp_error_no_memory();
	for (; keys.nr < pages->nr; keys.nr++)
		if (!take_key(&keys.keys[keys.nr], column, f, pages->data[keys.nr]))
			return hwp_error_no_memory();
	qsort(keys.keys, keys.nr, sizeof(*keys.keys), compare);
	for (size_t i = 0; i < keys.nr; i++)
		pages->data[i] = keys.keys[i].page;
	return NULL;
}

struct hwp_error *hwp_select(const struct hwp_findings *f, const struct hwp_selection *s,
			     hwp_page_vec *ret, size_t *nr_ret)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *page = &f->poisoned.data[i];

		if ((!s->has_states || s->states[page->state]) && !hwp_vec_push(ret, page))
			return hwp_error_no_memory();
	}
	if (s->sort && ret->nr)
		err = sort(f, s->sort, ret);
	*nr_ret = ret->nr;
	if (s->limit && ret->nr > s->limit)
		ret->nr = s->limit;
	return err;
}

void hwp_report_json_selection(struct hwp_json *json, const struct hwp_selection *s,
			       size_t nr_selected)
{
	hwp_json_object(json, "selection");
	hwp_json_row_array(json, "states");
	for (unsigned int i = 0; i < HWP_NR_STATES; i++)
		if (!s->has_states || s->states[i])
			hwp_json_string(json, NULL, hwp_state_name(i));
	hwp_json_end(json);
	hwp_json_string(json, "sort", s->sort ? s->sort->column.name : "PFN");
	if (s->limit)
		hwp_json_u64(json, "limit", s->limit);
	else
		hwp_json_null(json, "limit");
	hwp_json_u64(json, "nr_selected", nr_selected);
	hwp_json_end(json);
}
