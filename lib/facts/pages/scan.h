// SPDX-License-Identifier: GPL-2.0-or-later
/** The sweep: every struct page's flags, in parallel. */
#ifndef HWP_FACTS_PAGES_SCAN_H
#define HWP_FACTS_PAGES_SCAN_H

#include "facts/lists/free_heads.h"
#include "memmap/memmap.h"
#include "model/findings.h"

/**
 * More flagged pages than this are not kept; findings.too_many says so. On a
 * running kernel the limit is lower, to take little of its memory.
 */
#define HWP_MAX_POISONED (UINT64_C(1) << 20)
#define HWP_MAX_POISONED_LIVE (UINT64_C(1) << 15)

struct hwp_scan_options {
	unsigned int nr_threads;
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
	/** Free blocks are kept here; NULL where they may change before their lists are walked. */
	struct hwp_free_heads *heads;
};

typedef HWP_VEC(uint64_t) hwp_pfn_vec;

/** Ascending. */
void hwp_pfns_sort(uint64_t *pfns, size_t nr);

static inline void hwp_pfn_vec_deinit(hwp_pfn_vec *pfns)
{
	hwp_vec_deinit(pfns);
}

/**
 * Collect the pfns whose struct page has PG_hwpoison set, ascending, into
 * @p flagged; fill findings.coverage and nr_buddy_pages_in_memmap. The flags
 * of aliased struct pages (HVO) are among them: folio.c sorts them out.
 */
struct hwp_error *hwp_scan(struct hwp_target *target, const struct hwp_memmap *memmap,
			   const struct hwp_scan_options *options, hwp_pfn_vec *flagged,
			   struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_SCAN_H */
