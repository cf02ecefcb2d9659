// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/stranded.h"

#include <string.h>

#include "facts/pages/buddy.h"
#include "facts/pages/folio.h"
#include "facts/pages/in_flight.h"
#include "layout/page.h"

/** A referenced page: could it be the first of an allocation whose other pages have no mark? */
static enum hwp_observed referenced(const struct hwp_page_words *w, uint32_t bits)
{
	switch (hwp_page_kind(w, bits)) {
	case HWP_PAGE_UNMARKED:
		return HWP_OBSERVED_MAY_HOLD;
	case HWP_PAGE_USER_LEFT:
		return bits & (HWP_BIT_SWAPBACKED | HWP_BIT_UPTODATE) ? HWP_OBSERVED_ACCOUNTED :
									HWP_OBSERVED_MAY_HOLD;
	/* What has an owner of its own is of order 0; or says what it is. */
	case HWP_PAGE_BUDDY:
	case HWP_PAGE_OFFLINE:
	case HWP_PAGE_TABLE:
	case HWP_PAGE_GUARD:
	case HWP_PAGE_HUGETLB:
	case HWP_PAGE_SLAB:
	case HWP_PAGE_ZSMALLOC:
	case HWP_PAGE_UNACCEPTED:
	case HWP_PAGE_LARGE_KMALLOC:
	case HWP_PAGE_RESERVED:
	case HWP_PAGE_TAKEN_OFF:
	case HWP_PAGE_ANON:
	case HWP_PAGE_ANON_LEFT:
	case HWP_PAGE_FILE:
	case HWP_PAGE_FILE_UNMARKED:
	case HWP_PAGE_USER:
	case HWP_PAGE_MOVABLE:
		break;
	}
	return HWP_OBSERVED_ACCOUNTED;
}

static enum hwp_observed loose(const struct hwp_layout *l, const void *page)
{
	struct hwp_page_words w;
	uint32_t bits;

	hwp_page_words(l, page, &w, &bits);
	return bits & HWP_BIT_HWPOISON ? HWP_OBSERVED_LOOSE_POISONED : HWP_OBSERVED_LOOSE_HEALTHY;
}

/** @p is_second: its flags may be what is left of a folio's second page, and hold an order. */
static enum hwp_observed observe(const struct hwp_layout *l, const void *page, bool is_second)
{
	struct hwp_page_words w;
	uint32_t bits;

	hwp_page_words(l, page, &w, &bits);
	if (w.flags == UINT64_MAX || w.is_tail || w.type != HWP_TYPE_NONE || w.refcount < 0 ||
	    bits & (HWP_BIT_HEAD | HWP_BIT_RESERVED | HWP_BIT_SLAB))
		return HWP_OBSERVED_ACCOUNTED;
	if (w.refcount > 0)
		return referenced(&w, bits);
	if (bits & HWP_BIT_HWPOISON)
		return HWP_OBSERVED_LOOSE_POISONED;
	/* Not freed yet, as __free_pages_prepare() clears them: the last reference is frozen, or
	 * has just been dropped. */
	if (bits & HWP_BITS_OF_USE && !is_second)
		return HWP_OBSERVED_ACCOUNTED;
	return hwp_is_list_poison1(w.word_1) ? HWP_OBSERVED_IN_FLIGHT : HWP_OBSERVED_LOOSE_HEALTHY;
}

/**
 * What is left of a folio that the allocator refused when it was freed: the check comes before
 * free_pages_prepare() clears PG_head, and after it has cleared the tails.
 */
static bool is_old_head(const struct hwp_layout *l, struct hwp_page_reader *reader, uint64_t pfn,
			const void *page)
{
	struct hwp_page_words w;
	uint32_t bits;

	hwp_page_words(l, page, &w, &bits);
	return bits & HWP_BIT_HEAD && !w.is_tail && w.refcount == 0 &&
	       (w.type == HWP_TYPE_NONE || w.type == HWP_TYPE_HUGETLB) &&
	       !(bits & (HWP_BIT_RESERVED | HWP_BIT_SLAB)) && hwp_head_has_no_tail(reader, pfn);
}

/** What is left of its struct page, if anything, is of the time before. */
static bool is_offline(struct hwp_page_reader *reader, uint64_t pfn)
{
	const struct hwp_pfn_range *range = hwp_memmap_find(hwp_page_reader_memmap(reader), pfn);

	return range && !range->online;
}

static void mark_free(struct hwp_region *r, uint64_t pfn, uint64_t nr)
{
	if (pfn >= r->start_pfn + r->nr_pages || pfn + nr <= r->start_pfn)
		return;
	if (pfn < r->start_pfn) {
		nr -= r->start_pfn - pfn;
		pfn = r->start_pfn;
	}
	if (nr > r->start_pfn + r->nr_pages - pfn)
		nr = r->start_pfn + r->nr_pages - pfn;
	memset(r->kinds + (pfn - r->start_pfn), HWP_OBSERVED_FREE, nr);
}

/** A free block that starts below the region may reach into it. */
static struct hwp_error *mark_buddies(struct hwp_page_reader *reader, struct hwp_region *r)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	struct hwp_block block;
	struct hwp_error *err = hwp_buddy_find(reader, r->start_pfn, &block);

	if (!err && block.container != HWP_NOT_FREE)
		mark_free(r, block.head_pfn, UINT64_C(1) << block.order);
	for (uint64_t pfn = r->start_pfn; pfn < r->start_pfn + r->nr_pages && !err; pfn++) {
		const void *page;

		err = hwp_page_read(reader, pfn, &page);
		if (err && err->code == HWP_ERROR_NO_MEMORY)
			return err;
		if (!err && hwp_buddy_is_head(l, page, &block))
			mark_free(r, pfn, UINT64_C(1) << block.order);
		hwp_error_destroy(err);
		err = NULL;
	}
	return err;
}

struct hwp_error *hwp_region_examine(struct hwp_page_reader *reader, const struct hwp_findings *f,
				     uint64_t start_pfn, uint64_t nr_pages, struct hwp_region *r)
{
	const struct hwp_layout *l = hwp_page_reader_memmap(reader)->layout;
	bool after_old_head = false;
	struct hwp_error *err;

	hwp_region_deinit(r);
	r->start_pfn = start_pfn;
	r->nr_pages = nr_pages;
	r->kinds = malloc(nr_pages);
	if (!r->kinds)
		return hwp_error_no_memory();
	for (uint64_t i = 0; i < nr_pages; i++) {
		const void *page;

		err = hwp_page_read(reader, start_pfn + i, &page);
		if (err && err->code == HWP_ERROR_NO_MEMORY)
			return err;
		r->kinds[i] = (uint8_t)(err ? HWP_OBSERVED_UNREADABLE :
					      observe(l, page, after_old_head));
		if (is_offline(reader, start_pfn + i))
			r->kinds[i] = HWP_OBSERVED_OFFLINE;
		after_old_head = !err && r->kinds[i] == HWP_OBSERVED_ACCOUNTED &&
				 is_old_head(l, reader, start_pfn + i, page);
		if (after_old_head) {
			r->kinds[i] = (uint8_t)loose(l, page);
			if (!hwp_vec_push(&r->old_heads, start_pfn + i))
				return hwp_error_no_memory();
		}
		hwp_error_destroy(err);
	}
	for (size_t i = 0; i < f->blocks.nr; i++)
		mark_free(r, f->blocks.data[i].head_pfn, UINT64_C(1) << f->blocks.data[i].order);
	err = mark_buddies(reader, r);
	return err ? err : hwp_region_find_linked(reader, r);
}

static bool is_loose(const struct hwp_region *r, uint64_t i)
{
	return r->kinds[i] == HWP_OBSERVED_LOOSE_HEALTHY ||
	       r->kinds[i] == HWP_OBSERVED_LOOSE_POISONED || r->kinds[i] == HWP_OBSERVED_IN_FLIGHT;
}

/**
 * A high-order allocation without __GFP_COMP leaves no mark on its tails: the
 * page before the run holds [it, it + 2^k) if that fits into the run. Returns
 * the largest such k, 0 for none.
 */
static int holder_order(const struct hwp_region *r, uint64_t first, uint64_t end)
{
	uint64_t holder = first - 1;
	int order = 0;

	if (first == 0 || r->kinds[holder] != HWP_OBSERVED_MAY_HOLD)
		return 0;
	for (int k = 1; holder % (UINT64_C(1) << k) == 0 && holder + (UINT64_C(1) << k) <= end &&
			UINT64_C(1) << k <= r->nr_pages;
	     k++)
		order = k;
	return order;
}

static uint64_t end_of_run(const struct hwp_region *r, uint64_t i)
{
	while (i < r->nr_pages && is_loose(r, i))
		i++;
	return i;
}

void hwp_region_settle_holders(struct hwp_region *r)
{
	for (uint64_t i = 0; i < r->nr_pages; i++) {
		uint64_t end = end_of_run(r, i);
		int order = end > i ? holder_order(r, i, end) : 0;

		if (order)
			memset(r->kinds + i, HWP_OBSERVED_ACCOUNTED, (UINT64_C(1) << order) - 1);
		if (end > i)
			i = end;
	}
}

/**
 * The allocator drops a block for the poison in it, and asks for none larger
 * than a huge page in practice: a larger block whose huge pages all hold
 * poison was dropped one huge page at a time.
 */
static bool was_dropped_in_pieces(const struct hwp_region *r, uint64_t start, unsigned int order,
				  unsigned int pmd_order)
{
	uint64_t piece = UINT64_C(1) << pmd_order;

	if (order <= pmd_order)
		return false;
	for (uint64_t at = start; at < start + (UINT64_C(1) << order); at += piece) {
		if (!memchr(r->kinds + at, HWP_OBSERVED_LOOSE_POISONED, piece))
			return false;
	}
	return true;
}

/**
 * Healthy pages lost with the block. Those that look in flight are, unless blocks are thrown
 * away: then the first page has left a free list as well, and so may others have before they
 * were merged with it.
 */
static uint64_t nr_healthy_lost(const struct hwp_region *r, uint64_t start, uint64_t nr,
				bool may_throw_away)
{
	uint64_t nr_loose = 0, nr_in_flight = 0;

	for (uint64_t i = start; i < start + nr; i++) {
		nr_loose += r->kinds[i] == HWP_OBSERVED_LOOSE_HEALTHY;
		nr_in_flight += r->kinds[i] == HWP_OBSERVED_IN_FLIGHT;
	}
	return nr_loose + (may_throw_away ? nr_in_flight : 0);
}

static bool has_old_head(const struct hwp_region *r, uint64_t start_pfn, uint64_t nr_pages)
{
	for (size_t i = 0; i < r->old_heads.nr; i++) {
		if (r->old_heads.data[i] >= start_pfn &&
		    r->old_heads.data[i] - start_pfn < nr_pages)
			return true;
	}
	return false;
}

/** The largest aligned block around @p at inside the run that holds a healthy page. */
static void find_block(const struct hwp_findings *f, const struct hwp_region *r, uint64_t first,
		       uint64_t end, uint64_t at, struct hwp_poisoned *page)
{
	for (unsigned int order = hwp_ilog2(r->nr_pages); order > 0; order--) {
		uint64_t start = hwp_align_down(at, order), nr = UINT64_C(1) << order, healthy;

		if (start < first || start + nr > end ||
		    was_dropped_in_pieces(r, start, order, f->pmd_order))
			continue;
		healthy = nr_healthy_lost(r, start, nr, hwp_may_throw_away(f));
		if (!healthy)
			continue;
		page->is_stranded = true;
		page->stranded_pfn = r->start_pfn + start;
		page->stranded_order = (int)order;
		page->nr_stranded_healthy = healthy;
		page->stranded_has_head = has_old_head(r, page->stranded_pfn, nr);
		return;
	}
}

struct hwp_error *hwp_stranded_find(struct hwp_page_reader *reader,
				    const struct hwp_findings *findings, struct hwp_region *region,
				    struct hwp_poisoned *page)
{
	uint64_t nr_pages = UINT64_C(1) << findings->max_order;
	uint64_t start = hwp_align_down(page->pfn, findings->max_order), at = page->pfn - start;
	uint64_t first = at, end;
	struct hwp_error *err;
	int order;

	if (!region->kinds || region->start_pfn != start) {
		err = hwp_region_examine(reader, findings, start, nr_pages, region);
		if (err)
			return err;
	}
	if (!is_loose(region, at))
		return NULL;
	while (first > 0 && is_loose(region, first - 1))
		first--;
	end = end_of_run(region, at);
	order = holder_order(region, first, end);
	if (order && at < first - 1 + (UINT64_C(1) << order)) {
		page->has_holder = true;
		page->holder_pfn = start + first - 1;
		page->holder_order = order;
		return NULL;
	}
	/* These are cleared of a page that is freed together with others: it was freed alone. */
	if (!(page->bits & HWP_BITS_OF_USE))
		find_block(findings, region, first, end, at, page);
	return NULL;
}
