// SPDX-License-Identifier: GPL-2.0-or-later
/** Which pfns have a struct page, and where it is. */
#ifndef HWP_MEMMAP_MEMMAP_H
#define HWP_MEMMAP_MEMMAP_H

#include "base/vec.h"
#include "layout/layout.h"

/** pfns [start_pfn, end_pfn) whose struct pages are one array. */
struct hwp_pfn_range {
	uint64_t start_pfn, end_pfn;
	/** The struct page of pfn is at base + pfn * sizeof(struct page). */
	uint64_t base;
	/** False: the section is offline, its struct pages may be stale or gone. */
	bool online;
};

/** The struct pages of the range at index @p range are at [start, end). */
struct hwp_map_span {
	uint64_t start, end;
	/** The highest end of this span and of those before it. */
	uint64_t max_end;
	size_t range;
};

/** Required: where struct pages are, by SPARSEMEM or FLATMEM. */
extern const struct hwp_needs hwp_memmap_needs;

/** Every struct page of the kernel: include/linux/mmzone.h, mm/sparse.c. */
struct hwp_memmap {
	/** Borrowed. */
	const struct hwp_layout *layout;
	/** Ascending and disjoint. */
	HWP_VEC(struct hwp_pfn_range) ranges;
	/** pfns in online ranges. */
	uint64_t nr_pages;
	/** All ranges share one base (SPARSEMEM_VMEMMAP, FLATMEM). */
	bool is_contiguous;
	/** Where they do not: the ranges by the addresses of their struct pages. */
	HWP_VEC(struct hwp_map_span) spans;
	/**
	 * A dump left out this part of mem_section, at @p missing_address first: whether that
	 * many sections have struct pages is not known.
	 */
	uint64_t nr_missing_sections, missing_address;
};

/**
 * Find the struct pages of @p target, whose @p layout is borrowed. Errors: BAD_DATA (nothing
 * sound is found), LOOKUP, FAULT, EXCLUDED. The caller destroys the result.
 */
struct hwp_error *hwp_memmap_create(struct hwp_target *target, const struct hwp_layout *layout,
				    struct hwp_memmap **ret);
/** NULL is fine. */
void hwp_memmap_destroy(struct hwp_memmap *memmap);

/** Pages in a memory section; 0: the kernel has none (FLATMEM). */
uint64_t hwp_memmap_pages_per_section(const struct hwp_layout *layout);

/** SPARSEMEM: where the struct mem_section of @p pfn is. Errors: LOOKUP (it has none), FAULT. */
struct hwp_error *hwp_memmap_section_address(struct hwp_target *target,
					     const struct hwp_layout *layout, uint64_t pfn,
					     uint64_t *ret);

/** The range that holds @p pfn, or NULL: no struct page. */
const struct hwp_pfn_range *hwp_memmap_find(const struct hwp_memmap *memmap, uint64_t pfn);

/** The address of pfn's struct page; false when it has none. */
bool hwp_memmap_page_address(const struct hwp_memmap *memmap, uint64_t pfn, uint64_t *ret);

/** The pfn of the struct page at exactly @p address; false when none is there. */
bool hwp_memmap_pfn_of(const struct hwp_memmap *memmap, uint64_t address, uint64_t *ret);

#endif /* HWP_MEMMAP_MEMMAP_H */
