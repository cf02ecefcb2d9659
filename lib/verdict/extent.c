// SPDX-License-Identifier: GPL-2.0-or-later
#include "verdict/extent.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "verdict/decompose.h"

/* A believable machine does not have more folios with errors. */
#define MAX_FOLIOS 65536

/* A 16 GiB page of 4 KiB pages has order 22. */
#define MAX_RANGE_ORDER 24

struct hwp_error *hwp_extents_set_range(struct hwp_findings *f, uint64_t start, uint64_t end)
{
	uint64_t nr = end - start;
	unsigned int order;

	if (start >= end || hwp_ilog2(nr) > MAX_RANGE_ORDER)
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"--range is a folio of 1 to 2^%d pages", MAX_RANGE_ORDER);
	if (!hwp_is_pow2(nr) || start % nr) {
		/* The smallest folio that holds both ends. */
		order = start == end - 1 ? 0 : hwp_ilog2(start ^ (end - 1)) + 1;
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"--range 0x%" PRIx64 "-0x%" PRIx64 " is no folio, which is "
					"2^n pages from a multiple of 2^n, as 0x%" PRIx64
					"-0x%" PRIx64,
					start, end, hwp_align_down(start, order),
					hwp_align_down(start, order) + (UINT64_C(1) << order));
	}
	f->range.given = true;
	f->range.pfn = start;
	f->range.order = (int)hwp_ilog2(nr);
	return NULL;
}

/** Insert a folio unless it overlaps one that is better known. */
static struct hwp_error *insert(struct hwp_findings *f, struct hwp_folio folio)
{
	size_t at = hwp_findings_folio_index(f, folio.head_pfn);

	if (at < f->folios.nr && f->folios.data[at].head_pfn < hwp_folio_end(&folio))
		return NULL;
	if (f->folios.nr >= MAX_FOLIOS) {
		f->too_many = true;
		return NULL;
	}
	if (!hwp_vec_push(&f->folios, folio))
		return hwp_error_no_memory();
	memmove(&f->folios.data[at + 1], &f->folios.data[at],
		(f->folios.nr - 1 - at) * sizeof(folio));
	f->folios.data[at] = folio;
	return NULL;
}

static struct hwp_error *insert_live(struct hwp_findings *f, const struct hwp_poisoned *p)
{
	struct hwp_folio folio = {
		.head_pfn = p->folio.head_pfn,
		.order = p->folio.order,
		.max_order = p->folio.order,
		.source = HWP_SOURCE_FOLIO,
		.kind = HWP_EXTENT_LARGE,
	};

	if (p->folio.kind == HWP_FOLIO_HUGETLB)
		folio.kind = HWP_EXTENT_HUGETLB;
	else if (p->folio.kind == HWP_FOLIO_LARGE && p->folio.order == (int)f->pmd_order)
		folio.kind = HWP_EXTENT_THP;
	return insert(f, folio);
}

/** What the log says the page was when the error struck; "" when it tells of no folio. */
static const char *type_by_event(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event >= 0 ? &f->events.data[p->event] : NULL;

	return e && e->kind == HWP_EVENT_ACTION ? e->page_type : "";
}

/** Is a HugeTLB page of @p order what the log calls @p type? "non-pmd-sized": v4.18 to v5.19. */
static bool is_huge_page(const struct hwp_findings *f, const char *type, unsigned int order)
{
	return strstr(type, "huge page") &&
	       (!strstr(type, "non-pmd-sized") || order > f->pmd_order);
}

/** The size of a folio that the log tells of; -1 when it tells of none. */
static int order_by_event(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const char *type = type_by_event(f, p);

	if (strstr(type, "unsplit thp"))
		return (int)f->pmd_order;
	/* Of several sizes the log does not tell which: the smallest claims least. */
	for (size_t i = 0; i < f->hugetlb.nr; i++) {
		if (is_huge_page(f, type, f->hugetlb.orders[i]))
			return (int)f->hugetlb.orders[i];
	}
	return -1;
}

static struct hwp_error *insert_freed(struct hwp_findings *f, uint64_t pfn, int order,
				      enum hwp_extent_source source)
{
	struct hwp_folio folio = {
		.head_pfn = pfn >> order << order,
		.order = order,
		.max_order = order,
		.kind = HWP_EXTENT_FREED,
		.source = source,
	};

	return insert(f, folio);
}

static bool has_poison(const struct hwp_findings *f, uint64_t pfn, uint64_t end_pfn)
{
	for (size_t i = 0; i < f->poisoned.nr; i++) {
		if (f->poisoned.data[i].pfn >= pfn && f->poisoned.data[i].pfn < end_pfn)
			return true;
	}
	return false;
}

/** What stands there now is smaller than what the user says was there, or the user errs. */
static struct hwp_error *insert_range(struct hwp_findings *f)
{
	uint64_t pfn = f->range.pfn, end = pfn + (UINT64_C(1) << f->range.order);
	size_t first = hwp_findings_folio_index(f, pfn), last = first;

	if (!has_poison(f, pfn, end))
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"--range 0x%" PRIx64 "-0x%" PRIx64
					" holds no poisoned page",
					pfn, end);
	for (; last < f->folios.nr && f->folios.data[last].head_pfn < end; last++) {
		const struct hwp_folio *there = &f->folios.data[last];

		if (there->order >= f->range.order)
			return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
						"--range is for a folio that is gone: the one at "
						"0x%" PRIx64 ", order %d, is there",
						there->head_pfn, there->order);
	}
	if (last > first) {
		memmove(&f->folios.data[first], &f->folios.data[last],
			(f->folios.nr - last) * sizeof(*f->folios.data));
		f->folios.nr -= last - first;
	}
	return insert_freed(f, pfn, f->range.order, HWP_SOURCE_RANGE);
}

struct hwp_error *hwp_extents_find(struct hwp_findings *f, const struct hwp_extent_orders *hugetlb)
{
	struct hwp_error *err = NULL;

	f->hugetlb = *hugetlb;
	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		if (f->poisoned.data[i].folio.kind != HWP_FOLIO_NONE)
			err = insert_live(f, &f->poisoned.data[i]);
	}
	if (!err && f->range.given)
		err = insert_range(f);
	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		int order = order_by_event(f, p);

		if (p->folio.kind == HWP_FOLIO_NONE && order > 0)
			err = insert_freed(f, p->pfn, order, HWP_SOURCE_EVENT);
	}
	return err;
}

struct hwp_error *hwp_extents_add_stranded(struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->is_stranded)
			err = insert_freed(f, p->stranded_pfn, p->stranded_order,
					   HWP_SOURCE_STRANDED);
	}
	return err;
}

static void find_poisoned(const struct hwp_findings *f, struct hwp_folio *folio)
{
	size_t i = 0;

	while (i < f->poisoned.nr && f->poisoned.data[i].pfn < folio->head_pfn)
		i++;
	folio->first_poisoned = i;
	while (i < f->poisoned.nr && f->poisoned.data[i].pfn < hwp_folio_end(folio))
		i++;
	folio->nr_poisoned = i - folio->first_poisoned;
}

static bool is_unrecorded(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		if (f->poisoned.data[folio->first_poisoned + i].raw_page_unknown)
			return true;
	}
	return false;
}

/** Nothing can be expected of a folio whose bad pages nobody recorded. */
static struct hwp_error *expect(struct hwp_findings *f, struct hwp_folio *folio)
{
	_cleanup_(hwp_healthy_blocks_deinit) struct hwp_healthy_blocks blocks = {};
	_cleanup_(hwp_poison_map_deinit) struct hwp_poison_map map = {};
	struct hwp_error *err;

	find_poisoned(f, folio);
	folio->first_expected = f->expected.nr;
	folio->nr_healthy = (UINT64_C(1) << folio->order) - folio->nr_poisoned;
	if (is_unrecorded(f, folio))
		return NULL;
	err = hwp_poison_map_init(&map, folio->head_pfn, (unsigned int)folio->order);
	if (err)
		return err;
	for (size_t i = 0; i < folio->nr_poisoned; i++)
		hwp_poison_map_add(&map, f->poisoned.data[folio->first_poisoned + i].pfn);
	err = hwp_decompose(&map, f->max_order, &blocks);
	for (size_t i = 0; i < blocks.blocks.nr && !err; i++) {
		if (!hwp_vec_push(&f->expected, blocks.blocks.data[i]))
			err = hwp_error_no_memory();
	}
	folio->nr_expected = f->expected.nr - folio->first_expected;
	return err;
}

struct hwp_error *hwp_extents_expect(struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++)
		err = expect(f, &f->folios.data[i]);
	return err;
}

/** What would happen, or happened, when the folio is freed. */
static enum hwp_outcome outcome_of(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	bool unreadable = false, is_kernels = false, leaked = folio->nr_healthy_lost > 0;
	bool in_use = false;

	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];
		enum hwp_class class = hwp_state_class(p->state);

		leaked |= class == HWP_CLASS_LEAKED || class == HWP_CLASS_LOST;
		in_use |= class == HWP_CLASS_PENDING || class == HWP_CLASS_KERNEL;
		is_kernels |= p->folio.kind == HWP_FOLIO_SLAB || p->folio.kind == HWP_FOLIO_KERNEL;
	}
	for (size_t i = 0; i < folio->nr_runs; i++)
		unreadable |= f->runs.data[folio->first_run + i].state == HWP_RUN_UNREADABLE;
	if (leaked)
		return HWP_OUTCOME_LEAKED;
	/* Only the user says that what is in use there was freed. */
	if (folio->source == HWP_SOURCE_RANGE && in_use)
		return HWP_OUTCOME_UNKNOWN;
	if (folio->kind == HWP_EXTENT_FREED)
		return unreadable ? HWP_OUTCOME_UNKNOWN : HWP_OUTCOME_HELD;
	/* The fix looks at PG_has_hwpoisoned, which kernel memory never has. */
	if (is_kernels)
		return HWP_OUTCOME_WOULD_LEAK;
	/* Before split_large_buddy() gigantic pages were freed one by one, and an order-0 page
	 * with the flag is withheld: kernel-layouts.md 3.4. */
	if (folio->order > (int)f->max_order && !f->kernel.frees_gigantic_whole)
		return HWP_OUTCOME_WOULD_HOLD;
	return f->kernel.fix == HWP_FIX_PRESENT ? HWP_OUTCOME_WOULD_HOLD : HWP_OUTCOME_WOULD_LEAK;
}

/** The log tells that an error struck a THP there which could not be split. */
static bool was_thp(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];

		if (p->event >= 0 && strstr(f->events.data[p->event].page_type, "unsplit thp"))
			return true;
	}
	return false;
}

/**
 * What the kernel did says more about it than its symbols do. That folios held
 * proves no fix: pages that were freed one by one are withheld by every kernel.
 * That a HugeTLB folio did not hold proves no kernel unfixed, as it carries the
 * flag only if the fix sees to it.
 */
static void learn_from_behaviour(struct hwp_findings *f)
{
	struct hwp_kernel_facts *k = &f->kernel;

	for (size_t i = 0; i < f->folios.nr; i++) {
		const struct hwp_folio *folio = &f->folios.data[i];

		if (folio->kind != HWP_EXTENT_FREED || folio->source == HWP_SOURCE_RANGE)
			continue;
		if (folio->outcome == HWP_OUTCOME_HELD && k->fix_seen == HWP_FIX_SEEN_NOTHING)
			k->fix_seen = HWP_FIX_SEEN_HELD;
		if (folio->outcome != HWP_OUTCOME_LEAKED)
			continue;
		k->fix_seen = HWP_FIX_SEEN_NOT_HELD;
		if (k->fix == HWP_FIX_UNKNOWN && was_thp(f, folio)) {
			k->fix = HWP_FIX_ABSENT;
			k->fix_is_inferred = true;
			k->fix_evidence = "a THP with poison was freed whole";
		}
	}
}

static bool lies_in_one_zone(const struct hwp_findings *f, uint64_t pfn, uint64_t end_pfn)
{
	for (size_t i = 0; i < f->zones.nr; i++) {
		if (f->zones.data[i].start_pfn <= pfn && end_pfn <= f->zones.data[i].end_pfn)
			return true;
	}
	return false;
}

/** Could a HugeTLB page of @p order have been where @p folio is put, and have come to this? */
static bool may_have_been(const struct hwp_findings *f, const struct hwp_folio *folio,
			  unsigned int order)
{
	uint64_t pfn = hwp_align_down(folio->head_pfn, order);
	/* Page by page the flagged ones are withheld: none gets into free memory. */
	bool withholds = order > f->max_order && !f->kernel.frees_gigantic_whole;

	if (!lies_in_one_zone(f, pfn, pfn + (UINT64_C(1) << order)))
		return false;
	for (size_t i = 0; i < folio->nr_poisoned; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[folio->first_poisoned + i];
		const char *type = type_by_event(f, p);

		/* These two tell the size. */
		if (strstr(type, "unsplit thp") ||
		    (strstr(type, "huge page") && !is_huge_page(f, type, order)))
			return false;
		if (withholds && hwp_state_class(p->state) == HWP_CLASS_LEAKED)
			return false;
	}
	return true;
}

/**
 * No trace is left of a HugeTLB page's size: hstates count what is there now, and the
 * struct pages say what was there last. All that can be told is what it was not.
 */
static int largest_order(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	if (folio->kind != HWP_EXTENT_FREED || folio->source != HWP_SOURCE_EVENT)
		return folio->order;
	for (size_t i = f->hugetlb.nr; i-- > 0 && (int)f->hugetlb.orders[i] > folio->order;) {
		if (may_have_been(f, folio, f->hugetlb.orders[i]))
			return (int)f->hugetlb.orders[i];
	}
	return folio->order;
}

void hwp_extents_judge(struct hwp_findings *f)
{
	uint64_t nr_lost = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		struct hwp_folio *folio = &f->folios.data[i];

		folio->nr_healthy_lost = 0;
		for (size_t r = 0; r < folio->nr_runs; r++) {
			const struct hwp_run *run = &f->runs.data[folio->first_run + r];

			if (run->state == HWP_RUN_LOST && !run->is_poisoned)
				folio->nr_healthy_lost += run->nr_pages;
		}
		folio->outcome = outcome_of(f, folio);
		folio->max_order = largest_order(f, folio);
		nr_lost += folio->nr_healthy_lost;
	}
	/* Page for page through whole folios, this may be more than what lies around the
	 * poisoned pages themselves. */
	if (nr_lost > f->summary.nr_healthy_lost)
		f->summary.nr_healthy_lost = nr_lost;
	learn_from_behaviour(f);
}
