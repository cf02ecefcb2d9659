// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/named.h"

#include <string.h>

#include "facts/pages/folio.h"
#include "layout/page.h"

static bool is_dax_action(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION && strcmp(e->page_type, "dax page") == 0;
}

static bool is_huge_action(const struct hwp_event *e)
{
	return e->kind == HWP_EVENT_ACTION && strstr(e->page_type, "huge page");
}

/** HugeTLB, of a kernel that records nothing but the flag of the head. */
static bool is_unrecorded_hugetlb(const struct hwp_poisoned *head)
{
	return head->folio.kind == HWP_FOLIO_HUGETLB && head->raw_page_unknown &&
	       !head->folio.raw_list_readable && !head->folio.raw_list_broken;
}

/**
 * Does the line say that a page of the folio is bad? Before Linux kernel commit 405ce051236c
 * ("mm/hwpoison: fix race between hugetlb free/demotion and memory_failure_hugetlb()") (in
 * v5.18) nothing but what reported the error is logged of an error at a tail of a free page.
 */
static bool names_page(const struct hwp_poisoned *head, const struct hwp_event *e)
{
	if (head->folio.kind == HWP_FOLIO_DEVICE)
		return is_dax_action(e);
	if (head->folio.kind != HWP_FOLIO_NONE && !is_unrecorded_hugetlb(head))
		return false;
	/* Where it was freed since, what was said of the folio shows it. */
	if (head->folio.kind == HWP_FOLIO_NONE)
		return is_huge_action(e) ||
		       (head->is_named_by_log && e->kind == HWP_EVENT_ALREADY_POISONED);
	return is_huge_action(e) || e->kind == HWP_EVENT_ALREADY_POISONED ||
	       e->kind == HWP_EVENT_SIGBUS || e->kind == HWP_EVENT_INJECTED ||
	       e->kind == HWP_EVENT_MACHINE_CHECK;
}

/** Is the line about another kind of page than HugeTLB, at @p pfn itself? */
static bool has_other_error(const struct hwp_findings *f, uint64_t pfn)
{
	for (size_t i = 0; i < f->events.nr; i++) {
		const struct hwp_event *e = &f->events.data[i];

		if (e->pfn == pfn && e->kind == HWP_EVENT_ACTION &&
		    !strstr(e->page_type, "huge page"))
			return true;
	}
	return false;
}

/**
 * A kernel without raw_hwp_list leaves the flag on the head when it frees a HugeTLB page:
 * the flagged page that may have been the head of @p pfn; NULL for none.
 */
static struct hwp_poisoned *find_freed_head(struct hwp_findings *f, const struct hwp_layout *l,
					    uint64_t pfn)
{
	uint64_t head_pfn = hwp_align_down(pfn, f->pmd_order);
	size_t i = hwp_findings_poisoned_index(f, head_pfn);
	struct hwp_poisoned *p = i < f->poisoned.nr ? &f->poisoned.data[i] : NULL;

	if (hwp_folio_has_raw_list(l) || !p || p->pfn != head_pfn || p->zone_is_device ||
	    p->folio.kind != HWP_FOLIO_NONE ||
	    (!p->is_named_by_log && has_other_error(f, head_pfn)))
		return NULL;
	return p;
}

/** The flagged head of the folio that @p pfn is in; NULL for none. */
static struct hwp_poisoned *find_head(struct hwp_findings *f, uint64_t pfn)
{
	size_t i = hwp_vec_lower_bound(&f->poisoned, p, p->pfn <= pfn);
	const struct hwp_folio_facts *folio;
	uint64_t head_pfn;

	if (!i)
		return NULL;
	folio = &f->poisoned.data[i - 1].folio;
	head_pfn = folio->head_pfn;
	if ((folio->kind != HWP_FOLIO_DEVICE && folio->kind != HWP_FOLIO_HUGETLB) ||
	    (pfn - head_pfn) >> folio->order)
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
	page->named_head_pfn = head->pfn;
	page->is_raw = head->folio.kind == HWP_FOLIO_HUGETLB;
	page->raw_page_unknown = false;
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (!err && !hwp_folio_is_alias(l, &head->folio, pfn))
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

typedef HWP_VEC(struct hwp_poisoned) poisoned_vec;

static void poisoned_vec_deinit(poisoned_vec *pages)
{
	hwp_vec_deinit(pages);
}

/** The folio was unpoisoned: what was said of it before is over. */
static void forget(poisoned_vec *named, struct hwp_poisoned *head)
{
	size_t kept = 0;

	for (size_t i = 0; i < named->nr; i++) {
		if (named->data[i].named_head_pfn != head->pfn)
			named->data[kept++] = named->data[i];
	}
	named->nr = kept;
	head->is_named_by_log = false;
}

struct hwp_error *hwp_name_pages(struct hwp_page_reader *reader, struct hwp_findings *f)
{
	_cleanup_(poisoned_vec_deinit) poisoned_vec named = {};
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	struct hwp_error *err = NULL;
	size_t nr = f->poisoned.nr;

	for (size_t i = 0; i < f->events.nr && !err; i++) {
		const struct hwp_event *e = &f->events.data[i];
		struct hwp_poisoned *head = find_head(f, e->pfn), page;

		if (!head && (is_huge_action(e) || e->kind == HWP_EVENT_ALREADY_POISONED ||
			      e->kind == HWP_EVENT_UNPOISON))
			head = find_freed_head(f, l, e->pfn);
		f->counters.nr_dax_actions += is_dax_action(e);
		if (head && e->kind == HWP_EVENT_UNPOISON)
			forget(&named, head);
		if (!head || !names_page(head, e))
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
	return err;
}
