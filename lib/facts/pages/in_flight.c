// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/in_flight.h"

#include <string.h>

#include "layout/page.h"

static struct hwp_error *read_words(struct hwp_page_reader *reader, uint64_t pfn,
				    struct hwp_page_words *words, bool *was_read)
{
	const void *page;
	uint32_t bits;
	struct hwp_error *err = hwp_page_read(reader, pfn, &page);

	*was_read = !err;
	if (!err)
		hwp_page_words(hwp_page_reader_memmap(reader)->layout, page, words, &bits);
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	hwp_error_destroy(err);
	return NULL;
}

/** Does the page at @p link, an address of its lru, link back to @p self? */
static struct hwp_error *links_back(struct hwp_page_reader *reader, uint64_t link, uint64_t self,
				    bool *ret)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	struct hwp_page_words w;
	uint64_t pfn;
	struct hwp_error *err;

	*ret = false;
	if (link == self || !hwp_memmap_pfn_of(memmap, hwp_page_of_lru(memmap->layout, link), &pfn))
		return NULL;
	err = read_words(reader, pfn, &w, ret);
	*ret = !err && *ret && (w.word_1 == self || w.word_2 == self);
	return err;
}

static struct hwp_error *is_linked(struct hwp_page_reader *reader, uint64_t pfn,
				   const struct hwp_page_words *w, bool *ret)
{
	const struct hwp_memmap *memmap = hwp_page_reader_memmap(reader);
	struct hwp_error *err;
	uint64_t self;

	*ret = false;
	if (!w->word_1 || w->word_1 & 1 || !hwp_memmap_page_address(memmap, pfn, &self))
		return NULL;
	self = hwp_lru_of_page(memmap->layout, self);
	err = links_back(reader, w->word_1, self, ret);
	return err || *ret ? err : links_back(reader, w->word_2, self, ret);
}

/** What page @p i heads by its private word, as far as that is loose. */
static void mark_block(struct hwp_region *r, uint64_t i, uint64_t order)
{
	uint64_t end = i + (order < 32 ? UINT64_C(1) << order : 1);

	if ((r->start_pfn + i) & (end - i - 1) || end > r->nr_pages)
		end = i + 1;
	for (; i < end; i++) {
		if (r->kinds[i] == HWP_OBSERVED_LOOSE_HEALTHY)
			r->kinds[i] = HWP_OBSERVED_IN_FLIGHT;
	}
}

struct hwp_error *hwp_region_find_linked(struct hwp_page_reader *reader, struct hwp_region *r)
{
	unsigned int nr_orders = hwp_page_reader_memmap(reader)->layout->nr_orders;
	struct hwp_error *err = NULL;

	for (uint64_t i = 0; i < r->nr_pages && !err; i++) {
		bool heads = r->kinds[i] == HWP_OBSERVED_IN_FLIGHT, was_read = false;
		struct hwp_page_words w;

		if (!heads && r->kinds[i] != HWP_OBSERVED_LOOSE_HEALTHY)
			continue;
		err = read_words(reader, r->start_pfn + i, &w, &was_read);
		if (!err && was_read && !heads)
			err = is_linked(reader, r->start_pfn + i, &w, &heads);
		if (!err && was_read && heads)
			mark_block(r, i, w.private < nr_orders ? w.private : 0);
	}
	return err;
}

/** The first page of a lost folio was on a list before, as one in flight was. */
static struct hwp_error *settle_first(struct hwp_page_reader *reader, const struct hwp_folio *folio,
				      struct hwp_region *r)
{
	struct hwp_page_words w;
	struct hwp_error *err;
	bool was_read;

	if (r->kinds[0] != HWP_OBSERVED_IN_FLIGHT)
		return NULL;
	err = read_words(reader, folio->head_pfn, &w, &was_read);
	if (!err && was_read &&
	    (r->kinds[1] == HWP_OBSERVED_LOOSE_HEALTHY ||
	     w.index == hwp_align_down(w.index, (unsigned int)folio->order)))
		r->kinds[0] = HWP_OBSERVED_LOOSE_HEALTHY;
	return err;
}

/** What looks in flight, or in use, in a block that was thrown away, or refused, went with it. */
static bool went_with(const struct hwp_poisoned *p, uint8_t kind)
{
	return kind == HWP_OBSERVED_IN_FLIGHT ||
	       (p->stranded_is_refused && kind == HWP_OBSERVED_MAY_HOLD);
}

static void settle_thrown_away(const struct hwp_findings *f, const struct hwp_folio *folio,
			       struct hwp_region *r)
{
	size_t end = hwp_findings_poisoned_index(f, hwp_folio_end(folio));

	for (size_t i = hwp_findings_poisoned_index(f, folio->head_pfn); i < end; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		uint64_t pfn = p->stranded_pfn;

		if (!p->is_stranded || !hwp_may_throw_away(f))
			continue;
		for (; pfn < p->stranded_pfn + (UINT64_C(1) << p->stranded_order); pfn++) {
			if (pfn >= folio->head_pfn && pfn < hwp_folio_end(folio) &&
			    went_with(p, r->kinds[pfn - folio->head_pfn]))
				r->kinds[pfn - folio->head_pfn] = HWP_OBSERVED_LOOSE_HEALTHY;
		}
	}
}

/** Does [@p pfn, @p end_pfn) hold a whole block of those that the healthy range is cut into? */
static bool holds_a_block(const struct hwp_findings *f, uint64_t range_pfn, uint64_t range_end_pfn,
			  uint64_t pfn, uint64_t end_pfn)
{
	uint64_t at = range_pfn;

	while (at < end_pfn) {
		uint64_t next = at + (UINT64_C(1)
				      << hwp_first_block_order(at, range_end_pfn, f->max_order));

		if (at >= pfn && next <= end_pfn)
			return true;
		at = next;
	}
	return false;
}

/** Parts of expected blocks in the healthy range [@p range_pfn, @p range_end_pfn). */
static void settle_parts(const struct hwp_findings *f, struct hwp_region *r, uint64_t range_pfn,
			 uint64_t range_end_pfn)
{
	uint64_t range_end = range_end_pfn - r->start_pfn, end;

	for (uint64_t i = range_pfn - r->start_pfn; i < range_end; i = end) {
		bool begins_range = i == range_pfn - r->start_pfn;

		for (end = i; end < range_end && r->kinds[end] == HWP_OBSERVED_LOOSE_HEALTHY;)
			end++;
		if (end == i)
			end++;
		else if (!begins_range && end < range_end &&
			 !holds_a_block(f, range_pfn, range_end_pfn, r->start_pfn + i,
					r->start_pfn + end))
			memset(r->kinds + i, HWP_OBSERVED_IN_FLIGHT, end - i);
	}
}

struct hwp_error *hwp_region_settle_in_flight(struct hwp_page_reader *reader,
					      const struct hwp_findings *f,
					      const struct hwp_folio *folio, struct hwp_region *r)
{
	size_t i = hwp_findings_poisoned_index(f, folio->head_pfn);
	uint64_t pfn = folio->head_pfn;
	struct hwp_error *err = settle_first(reader, folio, r);

	settle_thrown_away(f, folio, r);
	while (!err && pfn < hwp_folio_end(folio)) {
		uint64_t end = hwp_folio_end(folio);

		if (i < f->poisoned.nr && f->poisoned.data[i].pfn < end)
			end = f->poisoned.data[i++].pfn;
		settle_parts(f, r, pfn, end);
		pfn = end + 1;
	}
	return err;
}
