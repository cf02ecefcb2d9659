// SPDX-License-Identifier: GPL-2.0-or-later
/** What the kernel itself counted. */
#ifndef HWP_FACTS_KERNEL_COUNTERS_H
#define HWP_FACTS_KERNEL_COUNTERS_H

#include "memmap/memmap.h"
#include "memmap/zones.h"
#include "model/findings.h"

/** Counts of the machine and its nodes, of memory blocks (from v6.2 on), and queued errors. */
extern const struct hwp_needs hwp_counters_totals_needs, hwp_counters_blocks_needs,
	hwp_counters_queue_needs;

/**
 * Fill findings.counters: num_poisoned_pages, mf_stats of each node,
 * nr_hwpoison of each memory block, events not yet handled. What cannot be
 * read becomes a trouble.
 */
struct hwp_error *hwp_counters_read(struct hwp_target *target, const struct hwp_memmap *memmap,
				    const struct hwp_zones *zones, struct hwp_findings *findings);

/** num_poisoned_pages now. Errors: LOOKUP (the kernel has none), FAULT, EXCLUDED. */
struct hwp_error *hwp_counters_read_total(struct hwp_target *target,
					  const struct hwp_layout *layout, uint64_t *ret);

#endif /* HWP_FACTS_KERNEL_COUNTERS_H */
