// SPDX-License-Identifier: GPL-2.0-or-later
/** Are pages where their zone and its node say that they have pages? */
#include <inttypes.h>

#include "base/plural.h"
#include "verdict/check/functions.h"

static const struct hwp_node_span *node_span(const struct hwp_findings *f, int nid)
{
	for (size_t i = 0; i < f->node_spans.nr; i++) {
		if (f->node_spans.data[i].nid == nid)
			return &f->node_spans.data[i];
	}
	return NULL;
}

/** A zone that its node does not span, with that; NULL for none. */
static const struct hwp_zone_facts *zone_outside(const struct hwp_findings *f,
						 const struct hwp_node_span **node_ret)
{
	for (size_t i = 0; i < f->zones.nr; i++) {
		const struct hwp_zone_facts *z = &f->zones.data[i];
		const struct hwp_node_span *node = node_span(f, z->nid);

		*node_ret = node;
		if (node && (z->start_pfn < node->start_pfn || z->end_pfn > node->end_pfn))
			return z;
	}
	return NULL;
}

/** Are its struct page and its zone those of memory that the allocator has? */
static bool is_placed(const struct hwp_poisoned *p)
{
	return p->was_read && !p->is_shown && !p->section_offline && !p->zone_is_device;
}

/** The first poisoned page that its zone does not span, or that is of none; NULL for none. */
static const struct hwp_poisoned *poison_outside(const struct hwp_findings *f)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		const struct hwp_zone_facts *z = p->zone < 0 ? NULL : &f->zones.data[p->zone];

		if (is_placed(p) && (!z || p->pfn < z->start_pfn || p->pfn >= z->end_pfn))
			return p;
	}
	return NULL;
}

/** Blocks on lists of a zone that they are not of. */
static bool say_blocks(const struct hwp_findings *f, struct hwp_check_result *r)
{
	for (size_t i = 0; i < f->zones.nr; i++) {
		const struct hwp_zone_facts *z = &f->zones.data[i];
		uint64_t nr = z->nr_outside ? z->nr_outside : z->nr_foreign;

		if (!nr)
			continue;
		hwp_check_number(r, "node", z->nid);
		hwp_check_number(r, "nr_blocks", (int64_t)nr);
		hwp_check_at(r, z->nr_outside ? z->first_outside : z->first_foreign);
		hwp_check_answer(r, HWP_FAIL,
				 "node %d %s has %" PRIu64
				 " block%s on its lists that %s: the %s at "
				 "pfn 0x%" PRIx64,
				 z->nid, z->name, nr, hwp_plural(nr),
				 z->nr_outside ? "it does not span" :
				 nr == 1       ? "is of another zone by its page.flags" :
						 "are of another zone by their page.flags",
				 nr == 1 ? "block is" : "first is",
				 z->nr_outside ? z->first_outside : z->first_foreign);
		return true;
	}
	return false;
}

static void say_poison(const struct hwp_findings *f, const struct hwp_poisoned *p,
		       struct hwp_check_result *r)
{
	const struct hwp_zone_facts *z = p->zone < 0 ? NULL : &f->zones.data[p->zone];

	hwp_check_at(r, p->pfn);
	if (z)
		hwp_check_answer(r, HWP_FAIL,
				 "poisoned pfn 0x%" PRIx64
				 " is of node %d %s, which spans pfn 0x%" PRIx64 " to 0x%" PRIx64,
				 p->pfn, z->nid, z->name, z->start_pfn, z->end_pfn);
	else
		hwp_check_answer(r, HWP_FAIL,
				 "poisoned pfn 0x%" PRIx64 " is of no zone, by its page.flags",
				 p->pfn);
}

HWP_CHECK_FUNCTION(hwp_check_zones_span_pages)
{
	const struct hwp_node_span *node = NULL;
	const struct hwp_zone_facts *z;
	const struct hwp_poisoned *p;

	if (!f->zones.nr)
		return hwp_check_answer(r, HWP_SKIP, "the zones were not read");
	hwp_check_number(r, "nr_zones", (int64_t)f->zones.nr);
	if (say_blocks(f, r))
		return HWP_FAIL;
	p = f->flags_hold_zone ? poison_outside(f) : NULL;
	if (p) {
		say_poison(f, p, r);
		return HWP_FAIL;
	}
	z = zone_outside(f, &node);
	if (z)
		return hwp_check_answer(r, HWP_FAIL,
					"node %d %s spans pfn 0x%" PRIx64 " to 0x%" PRIx64
					", but its node pfn 0x%" PRIx64 " to 0x%" PRIx64,
					z->nid, z->name, z->start_pfn, z->end_pfn, node->start_pfn,
					node->end_pfn);
	if (!f->flags_hold_zone)
		return hwp_check_answer(r, HWP_INCONCLUSIVE,
					"where page.flags hold the zone of a page is not known");
	return hwp_check_answer(r, HWP_PASS,
				"%zu zone%s: free blocks and poisoned pages are inside of %s",
				f->zones.nr, hwp_plural(f->zones.nr),
				f->zones.nr == 1 ? "it" : "them");
}
