// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/lookup.h"

#include "facts/owner/rmap.h"
#include "layout/page.h"

struct lookup {
	struct hwp_collector *collector;
	struct hwp_rmap rmap;
};

static enum hwp_use_kind kind_of_page(const struct hwp_page_words *w, uint32_t bits)
{
	switch (hwp_page_kind(w, bits)) {
	case HWP_PAGE_TABLE:
		return HWP_USE_PAGE_TABLE;
	case HWP_PAGE_SLAB:
		return HWP_USE_SLAB;
	case HWP_PAGE_RESERVED:
		return HWP_USE_RESERVED;
	case HWP_PAGE_ANON:
	case HWP_PAGE_ANON_LEFT:
		return HWP_USE_ANONYMOUS;
	case HWP_PAGE_FILE:
		return HWP_USE_FILE;
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_UNACCEPTED:
	case HWP_PAGE_LARGE_KMALLOC:
	case HWP_PAGE_TAKEN_OFF:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_USER:
	case HWP_PAGE_MOVABLE:
	case HWP_PAGE_USER_LEFT:
	case HWP_PAGE_UNMARKED:
		break;
	}
	return HWP_USE_KERNEL;
}

static enum hwp_use_kind kind_of_folio(const struct hwp_folio_facts *folio)
{
	switch (folio->kind) {
	case HWP_FOLIO_HUGETLB:
		return HWP_USE_HUGETLB;
	case HWP_FOLIO_SLAB:
		return HWP_USE_SLAB;
	case HWP_FOLIO_LARGE:
		return kind_of_page(&folio->head, folio->head_bits);
	case HWP_FOLIO_KERNEL:
	case HWP_FOLIO_DEVICE:
	case HWP_FOLIO_NONE:
		break;
	}
	return HWP_USE_KERNEL;
}

static struct hwp_error *find_owner(struct lookup *l, const struct hwp_page_words *page,
				    const struct hwp_folio_facts *folio, struct hwp_use *use)
{
	if (use->kind != HWP_USE_ANONYMOUS && use->kind != HWP_USE_FILE &&
	    use->kind != HWP_USE_HUGETLB)
		return NULL;
	return hwp_rmap_owner(&l->rmap, use->pfn, page, folio, &use->owner);
}

/** What uses @p pfn, and the pages after it of the same folio. */
static struct hwp_error *look_at(struct lookup *l, uint64_t pfn, struct hwp_use *use)
{
	struct hwp_collector *c = l->collector;
	struct hwp_folio_facts folio = { .order = -1 };
	struct hwp_page_words words = {};
	struct hwp_error *err;
	const void *page;
	bool is_alias;
	uint32_t bits;

	*use = (struct hwp_use){
		.pfn = pfn, .nr_pages = 1, .kind = HWP_USE_KERNEL, .head_pfn = pfn
	};
	err = hwp_folio_find(c->reader, pfn, &folio, &is_alias);
	if (!err && folio.kind != HWP_FOLIO_NONE) {
		use->head_pfn = folio.head_pfn;
		use->order = folio.order;
		use->nr_pages = folio.head_pfn + (UINT64_C(1) << folio.order) - pfn;
		use->kind = kind_of_folio(&folio);
		return find_owner(l, &words, &folio, use);
	}
	if (!err)
		err = hwp_page_read(c->reader, pfn, &page);
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (!err) {
		hwp_page_words(c->layout, page, &words, &bits);
		use->kind = kind_of_page(&words, bits);
		return find_owner(l, &words, &folio, use);
	}
	hwp_error_destroy(err);
	return NULL;
}

/** The uses of pages [@p start_pfn, @p end_pfn); pages of one user in a row share an entry. */
static struct hwp_error *find_uses(struct lookup *l, uint64_t start_pfn, uint64_t end_pfn)
{
	struct hwp_findings *f = l->collector->findings;

	for (uint64_t pfn = start_pfn; pfn < end_pfn;) {
		struct hwp_use *last = f->uses.nr ? &f->uses.data[f->uses.nr - 1] : NULL;
		struct hwp_use use;
		struct hwp_error *err = look_at(l, pfn, &use);

		if (err)
			return err;
		if (use.nr_pages > end_pfn - pfn)
			use.nr_pages = end_pfn - pfn;
		pfn += use.nr_pages;
		if (last && last->pfn >= start_pfn && hwp_use_continues(last, &use))
			last->nr_pages += use.nr_pages;
		else if (!hwp_vec_push(&f->uses, use))
			return hwp_error_no_memory();
	}
	return NULL;
}

static bool may_be_used(const struct hwp_observed_run *run)
{
	return run->what == HWP_OBSERVED_ACCOUNTED || run->what == HWP_OBSERVED_MAY_HOLD;
}

/**
 * The run after those that are looked up together with run @p first: healthy
 * ones in a row. A poisoned page is looked up alone, as the verdict may find
 * that it is set apart and used by nobody.
 */
static size_t end_of_span(const struct hwp_findings *f, size_t first, uint64_t end_pfn)
{
	const struct hwp_observed_run *runs = f->observed.data;
	size_t i = first + 1;

	while (!runs[first].is_poisoned && i < f->observed.nr && runs[i].pfn < end_pfn &&
	       may_be_used(&runs[i]) && !runs[i].is_poisoned)
		i++;
	return i;
}

static struct hwp_error *find_all_uses(struct lookup *l, const struct hwp_folio *folio)
{
	const struct hwp_findings *f = l->collector->findings;
	const struct hwp_observed_run *runs = f->observed.data;
	size_t i = hwp_vec_lower_bound(&f->observed, run, run->pfn < folio->head_pfn), next;
	struct hwp_error *err = NULL;

	for (; i < f->observed.nr && runs[i].pfn < hwp_folio_end(folio) && !err; i = next) {
		next = i + 1;
		if (!may_be_used(&runs[i]))
			continue;
		next = end_of_span(f, i, hwp_folio_end(folio));
		err = find_uses(l, runs[i].pfn, runs[next - 1].pfn + runs[next - 1].nr_pages);
	}
	return err;
}

struct hwp_error *hwp_lookup_subject(struct hwp_collector *c)
{
	struct hwp_findings *f = c->findings;
	struct lookup lookup = { .collector = c, .rmap = { c->target, c->layout, .findings = f } };
	const struct hwp_folio *folio;
	struct hwp_error *err;

	err = hwp_collect_one(c, f->subject.page.pfn, &f->subject.page);
	folio = hwp_findings_folio_at(f, f->subject.page.pfn);
	if (err || !folio || folio->kind != HWP_EXTENT_FREED)
		return err;
	return find_all_uses(&lookup, folio);
}
