// SPDX-License-Identifier: GPL-2.0-or-later
#include "stranded.h"

#include <string.h>

#include "folio.h"
#include "page.h"

enum kind {
	/** Allocated, free, reserved, compound …: accounted for. */
	ACCOUNTED,
	/** Refcount 0 and nothing that explains it, healthy or poisoned. */
	LOOSE_HEALTHY,
	LOOSE_POISONED,
	/** Referenced, untyped, not compound: may own the loose pages after it. */
	MAY_OWN,
};

static enum kind kind_of(const struct hwp_layout *l, const void *page)
{
	struct hwp_page_words w;
	uint32_t bits;

	hwp_page_words(l, page, &w, &bits);
	if (w.flags == UINT64_MAX || w.is_tail || w.type != HWP_TYPE_NONE ||
	    bits & (HWP_BIT_HEAD | HWP_BIT_RESERVED | HWP_BIT_SLAB))
		return ACCOUNTED;
	/* What is or was a user's page, or was taken off, is of order 0. */
	if (w.refcount > 0)
		return bits & (HWP_BIT_LRU | HWP_BIT_SWAPBACKED | HWP_BIT_UPTODATE) ||
				       w.nr_mapped || w.mapping ||
				       w.private == HWP_MAGIC_HWPOISON
			       ? ACCOUNTED : MAY_OWN;
	if (w.refcount < 0)
		return ACCOUNTED;
	return bits & HWP_BIT_HWPOISON ? LOOSE_POISONED : LOOSE_HEALTHY;
}

static void mark_accounted(struct hwp_stranded_region *r, uint64_t pfn, uint64_t nr)
{
	if (pfn >= r->start_pfn + r->nr_pages || pfn + nr <= r->start_pfn)
		return;
	if (pfn < r->start_pfn) {
		nr -= r->start_pfn - pfn;
		pfn = r->start_pfn;
	}
	if (nr > r->start_pfn + r->nr_pages - pfn)
		nr = r->start_pfn + r->nr_pages - pfn;
	memset(r->kinds + (pfn - r->start_pfn), ACCOUNTED, nr);
}

static struct hwp_error *examine(struct hwp_page_reader *reader, const struct hwp_findings *f,
				 struct hwp_stranded_region *r, uint64_t start_pfn)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;

	r->start_pfn = start_pfn;
	for (uint64_t i = 0; i < r->nr_pages; i++) {
		const void *page;
		struct hwp_error *err = hwp_page_read(reader, start_pfn + i, &page);

		r->kinds[i] = ACCOUNTED;
		if (err && err->code == HWP_ERROR_NO_MEMORY)
			return err;
		if (!err)
			r->kinds[i] = (uint8_t)kind_of(l, page);
		hwp_error_destroy(err);
	}
	/* Free blocks, by their own marks, then by the lists. */
	for (uint64_t i = 0; i < r->nr_pages; i++) {
		_cleanup_error_ struct hwp_error *err = NULL;
		const void *page;

		err = hwp_page_read(reader, start_pfn + i, &page);
		if (!err && (hwp_page_is_buddy(l, page) ||
			     hwp_page_type(l, page) == HWP_TYPE_GUARD) &&
		    hwp_page_private(l, page) < l->nr_orders)
			mark_accounted(r, start_pfn + i, UINT64_C(1) << hwp_page_private(l, page));
	}
	for (size_t i = 0; i < f->blocks.nr; i++)
		mark_accounted(r, f->blocks.data[i].head_pfn,
			       UINT64_C(1) << f->blocks.data[i].order);
	return NULL;
}

static bool is_loose(const struct hwp_stranded_region *r, uint64_t i)
{
	return r->kinds[i] == LOOSE_HEALTHY || r->kinds[i] == LOOSE_POISONED;
}

/**
 * A high-order allocation without __GFP_COMP leaves no mark on its tails: the
 * page before the run owns [it, it + 2^k) if that fits into the run.
 */
static void find_owner(const struct hwp_stranded_region *r, uint64_t first, uint64_t end,
		       uint64_t at, struct hwp_poisoned *page)
{
	uint64_t owner = first - 1;

	if (first == 0 || r->kinds[owner] != MAY_OWN)
		return;
	for (int k = 1; owner % (UINT64_C(1) << k) == 0 && owner + (UINT64_C(1) << k) <= end &&
			UINT64_C(1) << k <= r->nr_pages; k++) {
		if (at >= owner + (UINT64_C(1) << k))
			continue;
		page->has_owner = true;
		page->owner_pfn = r->start_pfn + owner;
		page->owner_order = k;
	}
}

/**
 * The allocator drops a block for the poison in it, and asks for none larger
 * than a huge page in practice: a larger block whose huge pages all hold
 * poison was dropped one huge page at a time.
 */
static bool was_dropped_in_pieces(const struct hwp_stranded_region *r, uint64_t start,
				  unsigned int order, unsigned int pmd_order)
{
	uint64_t piece = UINT64_C(1) << pmd_order;

	if (order <= pmd_order)
		return false;
	for (uint64_t at = start; at < start + (UINT64_C(1) << order); at += piece) {
		if (!memchr(r->kinds + at, LOOSE_POISONED, piece))
			return false;
	}
	return true;
}

/** The largest aligned block around @p at inside the run that holds a healthy page. */
static void find_block(const struct hwp_stranded_region *r, uint64_t first, uint64_t end,
		       uint64_t at, unsigned int pmd_order, struct hwp_poisoned *page)
{
	for (unsigned int order = hwp_ilog2(r->nr_pages); order > 0; order--) {
		uint64_t start = hwp_align_down(at, order), nr = UINT64_C(1) << order, healthy = 0;

		if (start < first || start + nr > end ||
		    was_dropped_in_pieces(r, start, order, pmd_order))
			continue;
		for (uint64_t i = start; i < start + nr; i++)
			healthy += r->kinds[i] == LOOSE_HEALTHY;
		if (!healthy)
			continue;
		page->is_stranded = true;
		page->stranded_pfn = r->start_pfn + start;
		page->stranded_order = (int)order;
		page->nr_stranded_healthy = healthy;
		return;
	}
}

struct hwp_error *hwp_stranded_find(struct hwp_page_reader *reader,
				    const struct hwp_findings *findings,
				    struct hwp_stranded_region *region, struct hwp_poisoned *page)
{
	uint64_t nr_pages = UINT64_C(1) << findings->max_order;
	uint64_t start = hwp_align_down(page->pfn, findings->max_order), at = page->pfn - start;
	uint64_t first = at, end = at + 1;
	struct hwp_error *err;

	if (!region->kinds || region->start_pfn != start) {
		free(region->kinds);
		region->nr_pages = nr_pages;
		region->kinds = malloc(nr_pages);
		if (!region->kinds)
			return hwp_error_no_memory();
		err = examine(reader, findings, region, start);
		if (err)
			return err;
	}
	if (!is_loose(region, at))
		return NULL;
	while (first > 0 && is_loose(region, first - 1))
		first--;
	while (end < nr_pages && is_loose(region, end))
		end++;
	find_owner(region, first, end, at, page);
	if (!page->has_owner)
		find_block(region, first, end, at,
			   hwp_page_reader_memmap(reader)->layout->pmd_order, page);
	return NULL;
}
