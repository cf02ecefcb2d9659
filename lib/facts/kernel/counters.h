// SPDX-License-Identifier: GPL-2.0-or-later
/** What the kernel itself counted and switched on. */
#ifndef HWP_FACTS_KERNEL_COUNTERS_H
#define HWP_FACTS_KERNEL_COUNTERS_H

#include "memmap/zones.h"
#include "model/findings.h"

/**
 * Fill findings.counters: num_poisoned_pages, mf_stats of each node,
 * nr_hwpoison of each memory block, events not yet handled. What cannot be
 * read becomes a trouble.
 */
struct hwp_error *hwp_counters_read(struct hwp_target *target, const struct hwp_layout *layout,
				    const struct hwp_zones *zones, struct hwp_findings *findings);

/** Fill findings.kernel. */
struct hwp_error *hwp_kernel_facts_read(struct hwp_target *target, const struct hwp_layout *layout,
					struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_COUNTERS_H */
