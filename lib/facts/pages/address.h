// SPDX-License-Identifier: GPL-2.0-or-later
/** What a number that a user has of a page may be: other tools print addresses, not pfns. */
#ifndef HWP_FACTS_PAGES_ADDRESS_H
#define HWP_FACTS_PAGES_ADDRESS_H

#include "memmap/memmap.h"
#include "model/findings.h"

/** Optional: page_offset_base, where the kernel moved its direct map. */
extern const struct hwp_needs hwp_direct_map_needs;

/** The address at which physical address 0 is mapped; false where that is not known. */
bool hwp_direct_map_start(struct hwp_target *target, const struct hwp_layout *layout,
			  uint64_t *ret);

/**
 * The pfn of the page that @p number stands for, and what it is: the first that fits of a pfn,
 * the address of a struct page, an address in the direct map, and a physical address. False when
 * it is none of these, or no such page has a struct page.
 */
bool hwp_page_of_number(struct hwp_target *target, const struct hwp_layout *layout,
			const struct hwp_memmap *memmap, uint64_t number, uint64_t *pfn_ret,
			enum hwp_given *given_ret);

/** The addresses of the struct page and the memory of each poisoned page, and of the subject. */
void hwp_addresses_find(struct hwp_target *target, const struct hwp_layout *layout,
			const struct hwp_memmap *memmap, struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_ADDRESS_H */
