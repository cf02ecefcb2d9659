// SPDX-License-Identifier: GPL-2.0-or-later
/** What a zone counts as free. */
#ifndef HWP_FACTS_LISTS_FREE_COUNT_H
#define HWP_FACTS_LISTS_FREE_COUNT_H

#include "facts/lists/cpus.h"

/** Where a zone and its CPUs count. */
extern const struct hwp_needs hwp_free_count_needs;

/**
 * NR_FREE_PAGES of the struct zone at @p zone, with what each of @p cpus has counted and not
 * yet added, into @p facts; what cannot be read stays unknown.
 */
void hwp_free_count_read(struct hwp_target *target, const struct hwp_layout *layout, uint64_t zone,
			 const struct hwp_cpus *cpus, struct hwp_zone_facts *facts);

#endif /* HWP_FACTS_LISTS_FREE_COUNT_H */
