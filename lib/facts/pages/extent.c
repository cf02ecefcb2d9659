// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/extent.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "facts/owner/page_owner_when.h"

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
					"--range takes a folio of 1 to 2^%d pages",
					MAX_RANGE_ORDER);
	if (!hwp_is_pow2(nr) || start % nr) {
		/* The smallest folio that holds both ends. */
		order = start == end - 1 ? 0 : hwp_ilog2(start ^ (end - 1)) + 1;
		return hwp_error_create(HWP_ERROR_INVALID_ARGUMENT,
					"--range 0x%" PRIx64 "-0x%" PRIx64
					" is not 2^n pages that begin "
					"at a multiple of 2^n, as 0x%" PRIx64 "-0x%" PRIx64 " is",
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

const char *hwp_extent_page_type(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_event *e = p->event >= 0 ? &f->events.data[p->event] : NULL;

	return e && e->kind == HWP_EVENT_ACTION ? e->page_type : "";
}

/* "non-pmd-sized": v4.18 to v5.19. */
bool hwp_extent_is_huge_page(const struct hwp_findings *f, const char *type, unsigned int order)
{
	return strstr(type, "huge page") &&
	       (!strstr(type, "non-pmd-sized") || order > f->pmd_order);
}

bool hwp_extent_fits_zone(const struct hwp_findings *f, uint64_t pfn, unsigned int order)
{
	uint64_t start = hwp_align_down(pfn, order), end = start + (UINT64_C(1) << order);

	for (size_t i = 0; i < f->zones.nr; i++) {
		if (f->zones.data[i].start_pfn <= start && end <= f->zones.data[i].end_pfn)
			return true;
	}
	return false;
}

/** The largest of the sizes that the log leaves open. */
static int max_order_by_event(const struct hwp_findings *f, const struct hwp_poisoned *p, int order)
{
	const char *type = hwp_extent_page_type(f, p);

	for (size_t i = f->hugetlb.nr; i-- > 0 && (int)f->hugetlb.orders[i] > order;) {
		if (!strstr(type, "unsplit thp") &&
		    hwp_extent_is_huge_page(f, type, f->hugetlb.orders[i]) &&
		    hwp_extent_fits_zone(f, p->pfn, f->hugetlb.orders[i]))
			return (int)f->hugetlb.orders[i];
	}
	return order;
}

/** The order of the folio that was there by the log; -1 when the log names none. */
static int order_by_event(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const char *type = hwp_extent_page_type(f, p);

	if (strstr(type, "unsplit thp"))
		return (int)f->pmd_order;
	/* The log does not distinguish the sizes of HugeTLB pages: assume the smallest. */
	for (size_t i = 0; i < f->hugetlb.nr; i++) {
		if (hwp_extent_is_huge_page(f, type, f->hugetlb.orders[i]))
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

static struct hwp_error *insert_by_event(struct hwp_findings *f, const struct hwp_poisoned *p,
					 int order)
{
	struct hwp_folio folio = {
		.head_pfn = p->pfn >> order << order,
		.order = order,
		.max_order = max_order_by_event(f, p, order),
		.kind = HWP_EXTENT_FREED,
		.source = HWP_SOURCE_EVENT,
	};

	folio.order_is_guess = folio.max_order > order ||
			       strstr(hwp_extent_page_type(f, p), "unsplit thp");
	return insert(f, folio);
}

static bool has_poison(const struct hwp_findings *f, uint64_t pfn, uint64_t end_pfn)
{
	return hwp_findings_poisoned_index(f, pfn) < hwp_findings_poisoned_index(f, end_pfn);
}

/** Replace the folios that are there now; they must be smaller than the range. */
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
						"--range is for a folio that was freed: the one at "
						"0x%" PRIx64 ", order %d, exists",
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
		if (f->poisoned.data[i].folio.kind != HWP_FOLIO_NONE &&
		    f->poisoned.data[i].folio.kind != HWP_FOLIO_DEVICE)
			err = insert_live(f, &f->poisoned.data[i]);
	}
	if (!err && f->range.given)
		err = insert_range(f);
	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];
		int order = order_by_event(f, p);

		if (p->folio.kind == HWP_FOLIO_NONE && order > 0)
			err = insert_by_event(f, p, order);
	}
	return err;
}

/**
 * The order of the large folio that could not be split, or 0: page_owner's record is of that
 * folio if it was allocated before the error and the page not since. A split would have made it
 * smaller, and a migration copies what was the old folio's.
 */
static int order_by_page_owner(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	const struct hwp_page_owner *record = &p->page_owner;

	if (!record->found || record->migrated || record->order <= 0 ||
	    record->order > (int)f->pmd_order || hwp_page_owner_when(f, p) != HWP_BEFORE_ERROR)
		return 0;
	return record->order;
}

static bool is_of_unsplit_thp(const struct hwp_findings *f, const struct hwp_poisoned *p)
{
	return p->folio.kind == HWP_FOLIO_NONE &&
	       strstr(hwp_extent_page_type(f, p), "unsplit thp") != NULL;
}

/** Does page_owner have the order of each large folio that the log shows in @p folio? */
static bool has_all_orders(const struct hwp_findings *f, const struct hwp_folio *folio)
{
	size_t end = hwp_findings_poisoned_index(f, hwp_folio_end(folio));

	for (size_t i = hwp_findings_poisoned_index(f, folio->head_pfn); i < end; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (is_of_unsplit_thp(f, p) && !order_by_page_owner(f, p))
			return false;
	}
	return true;
}

/** Put the folios of page_owner's records in the place of the guess at @p index. */
static struct hwp_error *refine(struct hwp_findings *f, size_t index)
{
	const struct hwp_folio guess = f->folios.data[index];
	size_t end = hwp_findings_poisoned_index(f, hwp_folio_end(&guess));
	struct hwp_error *err = NULL;

	memmove(&f->folios.data[index], &f->folios.data[index + 1],
		(f->folios.nr - index - 1) * sizeof(guess));
	f->folios.nr--;
	for (size_t i = hwp_findings_poisoned_index(f, guess.head_pfn); i < end && !err; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (is_of_unsplit_thp(f, p))
			err = insert_freed(f, p->pfn, order_by_page_owner(f, p),
					   HWP_SOURCE_PAGE_OWNER);
	}
	return err;
}

struct hwp_error *hwp_extents_refine(struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->folios.nr && !err; i++) {
		const struct hwp_folio *folio = &f->folios.data[i];

		if (folio->kind == HWP_EXTENT_FREED && folio->source == HWP_SOURCE_EVENT &&
		    folio->order_is_guess && folio->order == (int)f->pmd_order &&
		    folio->max_order == folio->order && has_all_orders(f, folio))
			err = refine(f, i);
	}
	return err;
}

/** Remove what the log let suppose of folios in [@p pfn, @p end): the true one is known now. */
static void remove_guesses(struct hwp_findings *f, uint64_t pfn, uint64_t end)
{
	size_t nr = 0;

	for (size_t i = 0; i < f->folios.nr; i++) {
		const struct hwp_folio *there = &f->folios.data[i];

		if (there->kind != HWP_EXTENT_FREED || there->source != HWP_SOURCE_EVENT ||
		    there->head_pfn < pfn || hwp_folio_end(there) > end)
			f->folios.data[nr++] = *there;
	}
	f->folios.nr = nr;
}

struct hwp_error *hwp_extents_add_stranded(struct hwp_findings *f)
{
	struct hwp_error *err = NULL;

	for (size_t i = 0; i < f->poisoned.nr && !err; i++) {
		const struct hwp_poisoned *p = &f->poisoned.data[i];

		if (p->stranded_is_refused)
			remove_guesses(f, p->stranded_pfn,
				       p->stranded_pfn + (UINT64_C(1) << p->stranded_order));
		if (p->is_stranded)
			err = insert_freed(f, p->stranded_pfn, p->stranded_order,
					   HWP_SOURCE_STRANDED);
	}
	return err;
}
