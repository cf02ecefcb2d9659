// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/grow.h"

#include <string.h>

#include "base/bits.h"
#include "facts/pages/in_flight.h"
#include "facts/pages/stranded.h"

/* Pages that are looked at for all extents together: sixteen pages of 1 GiB. */
#define MAX_PAGES (UINT64_C(1) << 22)

struct growth {
	struct hwp_page_reader *reader;
	struct hwp_findings *findings;
	struct hwp_region region;
	uint64_t nr_examined;
};

/** A page that lies in none of the extents is lost. */
static bool has_lost_outside(const struct hwp_findings *f, const struct hwp_region *r)
{
	for (uint64_t i = 0; i < r->nr_pages;) {
		const struct hwp_folio *there = hwp_findings_folio_at(f, r->start_pfn + i);

		if (there)
			i = hwp_folio_end(there) - r->start_pfn;
		else if (r->kinds[i++] == HWP_OBSERVED_LOOSE_HEALTHY)
			return true;
	}
	return false;
}

/** What stands there now, and is no extent of a freed folio, was not part of one that is gone. */
static bool has_other_folio(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	size_t i = hwp_findings_folio_index(f, folio->head_pfn);

	for (; i < f->folios.nr && f->folios.data[i].head_pfn < hwp_folio_end(folio); i++) {
		const struct hwp_folio *there = &f->folios.data[i];

		if (there->kind != HWP_EXTENT_FREED || there->source == HWP_SOURCE_RANGE ||
		    there->order >= folio->order)
			return true;
	}
	return false;
}

/** A list of its zone was cut: what looks lost may be on it. */
static bool are_lists_cut(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < f->zones.nr; i++) {
		const struct hwp_zone_facts *z = &f->zones.data[i];

		if (z->lists_cut && z->start_pfn < hwp_folio_end(folio) &&
		    folio->head_pfn < z->end_pfn)
			return true;
	}
	return false;
}

static struct hwp_error *was_there(struct growth *g, const struct hwp_folio *folio, bool *ret)
{
	struct hwp_findings *f = g->findings;
	uint64_t nr = UINT64_C(1) << folio->order;
	struct hwp_error *err = NULL;

	*ret = false;
	if (nr > MAX_PAGES - g->nr_examined || has_other_folio(f, folio) || are_lists_cut(f, folio))
		return NULL;
	g->nr_examined += nr;
	err = hwp_region_examine(g->reader, f, folio->head_pfn, nr, &g->region);
	if (err)
		return err;
	hwp_region_settle_holders(&g->region);
	err = hwp_region_settle_in_flight(g->reader, f, folio, &g->region);
	*ret = !err && has_lost_outside(f, &g->region);
	return err;
}

/** Put @p folio in the place of the extents inside it. */
static void replace(struct hwp_findings *f, const struct hwp_folio *folio)
{
	size_t first = hwp_findings_folio_index(f, folio->head_pfn), last = first;

	while (last < f->folios.nr && f->folios.data[last].head_pfn < hwp_folio_end(folio))
		last++;
	f->folios.data[first] = *folio;
	memmove(&f->folios.data[first + 1], &f->folios.data[last],
		(f->folios.nr - last) * sizeof(*folio));
	f->folios.nr -= last - first - 1;
}

/** A range that was looked at for one extent need not be for the next one in it. */
static struct hwp_error *grow(struct growth *g, size_t index, uint64_t *end_of_tried)
{
	struct hwp_findings *f = g->findings;
	const struct hwp_folio small = f->folios.data[index];
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->hugetlb.nr && !err; i++) {
		struct hwp_folio folio = small;
		bool found;

		folio.order = (int)f->hugetlb.orders[i];
		if (folio.order <= small.order || folio.order > small.max_order)
			continue;
		folio.head_pfn = hwp_align_down(small.head_pfn, f->hugetlb.orders[i]);
		folio.source = HWP_SOURCE_LOST;
		folio.order_is_guess = folio.order < small.max_order;
		if (hwp_folio_end(&folio) <= end_of_tried[i])
			continue;
		end_of_tried[i] = hwp_folio_end(&folio);
		err = was_there(g, &folio, &found);
		if (!err && found)
			replace(f, &folio);
	}
	return err;
}

struct hwp_error *hwp_extents_grow(struct hwp_page_reader *reader, struct hwp_findings *f)
{
	struct growth g = { .reader = reader, .findings = f };
	uint64_t end_of_tried[HWP_ARRAY_SIZE(f->hugetlb.orders)] = {};
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++) {
		if (f->folios.data[i].kind == HWP_EXTENT_FREED &&
		    f->folios.data[i].source == HWP_SOURCE_EVENT)
			err = grow(&g, i, end_of_tried);
	}
	hwp_region_deinit(&g.region);
	return err;
}
