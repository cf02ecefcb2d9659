// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/refused.h"

#include "facts/pages/extent.h"
#include "layout/page.h"

/** What free_tail_page_prepare() leaves of a tail that has references: nothing else. */
static bool is_left_tail(const struct hwp_page_words *w, uint32_t bits)
{
	return w->refcount > 0 && w->word_1 == 0 && w->private == 0 && !w->is_tail &&
	       hwp_page_kind(w, bits) == HWP_PAGE_UNMARKED && !(bits & HWP_BIT_HEAD);
}

/** A page that is referenced, and has no mark: is it such a tail? */
static struct hwp_error *is_left(struct hwp_page_reader *reader, uint64_t pfn, bool *ret)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	struct hwp_page_words w;
	const void *page;
	uint32_t bits;
	struct hwp_error *err = hwp_page_read(reader, pfn, &page);

	*ret = false;
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (!err) {
		hwp_page_words(l, page, &w, &bits);
		*ret = is_left_tail(&w, bits);
	}
	hwp_error_destroy(err);
	return NULL;
}

/** Is the log's page in a bad state one of those tails? */
static bool has_bad_state(const struct hwp_findings *f, const struct hwp_region *r)
{
	size_t i = hwp_vec_lower_bound(&f->bad_state_pfns, pfn, *pfn < r->start_pfn);

	for (; i < f->bad_state_pfns.nr; i++) {
		uint64_t at = f->bad_state_pfns.data[i] - r->start_pfn;

		if (at >= r->nr_pages)
			return false;
		if (r->kinds[at] == HWP_OBSERVED_MAY_HOLD)
			return true;
	}
	return false;
}

static struct hwp_error *examine(struct hwp_page_reader *reader, const struct hwp_findings *f,
				 uint64_t start, unsigned int order, struct hwp_refused *refused)
{
	struct hwp_region *r = &refused->region;
	uint64_t nr_pages = UINT64_C(1) << order;
	struct hwp_error *err;

	if (r->kinds && r->start_pfn == start && r->nr_pages == nr_pages)
		return NULL;
	err = hwp_region_examine(reader, f, start, nr_pages, r);
	refused->was_refused = !err && r->old_heads.nr == 1 && r->old_heads.data[0] == start &&
			       has_bad_state(f, r);
	for (uint64_t i = 0; i < nr_pages && !err && refused->was_refused; i++) {
		switch ((enum hwp_observed)r->kinds[i]) {
		case HWP_OBSERVED_LOOSE_HEALTHY:
		case HWP_OBSERVED_LOOSE_POISONED:
		case HWP_OBSERVED_IN_FLIGHT:
			break;
		case HWP_OBSERVED_MAY_HOLD:
			err = is_left(reader, start + i, &refused->was_refused);
			break;
		case HWP_OBSERVED_ACCOUNTED:
		case HWP_OBSERVED_FREE:
		case HWP_OBSERVED_OFFLINE:
		case HWP_OBSERVED_UNREADABLE:
			refused->was_refused = false;
			break;
		}
	}
	return err;
}

struct hwp_error *hwp_refused_find(struct hwp_page_reader *reader, const struct hwp_findings *f,
				   struct hwp_refused *refused, struct hwp_poisoned *p)
{
	for (size_t i = f->hugetlb.nr; i-- > 0;) {
		unsigned int order = f->hugetlb.orders[i];
		uint64_t start = hwp_align_down(p->pfn, order),
			 end = start + (UINT64_C(1) << order);
		size_t bad = hwp_vec_lower_bound(&f->bad_state_pfns, pfn, *pfn < start);
		struct hwp_error *err;

		if (bad == f->bad_state_pfns.nr || f->bad_state_pfns.data[bad] >= end ||
		    !hwp_extent_fits_zone(f, p->pfn, order))
			continue;
		err = examine(reader, f, start, order, refused);
		if (err)
			return err;
		if (!refused->was_refused)
			continue;
		p->is_stranded = p->stranded_is_refused = p->stranded_has_head = true;
		p->stranded_pfn = start;
		p->stranded_order = (int)order;
		p->nr_stranded_healthy = end - start -
					 (hwp_findings_poisoned_index(f, end) -
					  hwp_findings_poisoned_index(f, start));
		return NULL;
	}
	return NULL;
}
