// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/device.h"

#include <string.h>

#include "layout/page.h"

static bool is_dax_action(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION && strcmp(e->page_type, "dax page") == 0;
}

/** The flagged head of the folio of ZONE_DEVICE that @p pfn is in; NULL for none. */
static struct hwp_poisoned *find_head(struct hwp_findings *f, uint64_t pfn)
{
	size_t i = hwp_vec_lower_bound(&f->poisoned, p, p->pfn <= pfn);
	const struct hwp_folio_facts *folio;
	uint64_t head_pfn;

	if (!i)
		return NULL;
	folio = &f->poisoned.data[i - 1].folio;
	head_pfn = folio->head_pfn;
	if (folio->kind != HWP_FOLIO_DEVICE || (pfn - head_pfn) >> folio->order)
		return NULL;
	i = hwp_findings_poisoned_index(f, head_pfn);
	return f->poisoned.data[i].pfn == head_pfn ? &f->poisoned.data[i] : NULL;
}

/** Page @p pfn of the folio of @p head; what is not read again is said of the head. */
static struct hwp_error *describe(struct hwp_page_reader *reader, const struct hwp_poisoned *head,
				  uint64_t pfn, struct hwp_poisoned *page)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	const void *bytes;
	struct hwp_error *err = hwp_page_read(reader, pfn, &bytes);

	*page = *head;
	page->pfn = pfn;
	page->is_named_by_log = true;
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (!err)
		hwp_page_words(l, bytes, &page->page, &page->bits);
	hwp_error_destroy(err);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const struct hwp_poisoned *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/** Take the heads out that pages after index @p nr stand for, and put those in their order. */
static void replace_heads(struct hwp_findings *f, size_t nr)
{
	struct hwp_poisoned *pages = f->poisoned.data;
	size_t kept = 0;

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		if (i >= nr || !pages[i].is_named_by_log)
			pages[kept++] = pages[i];
	}
	qsort(pages, kept, sizeof(*pages), compare);
	f->poisoned.nr = 0;
	/* One that was reported twice, or is flagged itself as well, is one page. */
	for (size_t i = 0; i < kept; i++) {
		if (!f->poisoned.nr || pages[f->poisoned.nr - 1].pfn != pages[i].pfn)
			pages[f->poisoned.nr++] = pages[i];
	}
}

struct hwp_error *hwp_device_name_pages(struct hwp_page_reader *reader, struct hwp_findings *f)
{
	HWP_VEC(struct hwp_poisoned) named = {};
	struct hwp_error *err = NULL;
	size_t nr = f->poisoned.nr;

	for (size_t i = 0; i < f->events.nr && !err; i++) {
		const struct hwp_event *e = &f->events.data[i];
		struct hwp_poisoned *head = is_dax_action(e) ? find_head(f, e->pfn) : NULL, page;

		f->counters.nr_dax_actions += is_dax_action(e);
		if (!head)
			continue;
		err = describe(reader, head, e->pfn, &page);
		head->is_named_by_log = true;
		if (!err && !hwp_vec_push(&named, page))
			err = hwp_error_no_memory();
	}
	for (size_t i = 0; i < named.nr && !err; i++) {
		if (!hwp_vec_push(&f->poisoned, named.data[i]))
			err = hwp_error_no_memory();
	}
	if (!err && named.nr)
		replace_heads(f, nr);
	hwp_vec_deinit(&named);
	return err;
}
