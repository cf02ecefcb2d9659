// SPDX-License-Identifier: GPL-2.0-or-later
/** The sizes of HugeTLB pages, and which are free. */
#ifndef HWP_FACTS_KERNEL_HSTATES_H
#define HWP_FACTS_KERNEL_HSTATES_H

#include "layout/layout.h"
#include "model/findings.h"

/** hstates[] (CONFIG_HUGETLB_PAGE). */
extern const struct hwp_needs hwp_hstates_needs;

/** The orders in hstates[], ascending; none when the kernel has no HugeTLB. */
struct hwp_error *hwp_hstates_read(struct hwp_target *target, const struct hwp_layout *layout,
				   struct hwp_extent_orders *ret);

/**
 * Is the HugeTLB folio whose list node (lru of its head) is at @p node on a list of free folios
 * of its hstate? BAD_DATA when the list that it is on is cut. On a kernel without
 * HugeTLB nothing is.
 */
struct hwp_error *hwp_hstates_has_free(struct hwp_target *target, const struct hwp_layout *layout,
				       uint64_t node, bool *ret);

#endif /* HWP_FACTS_KERNEL_HSTATES_H */
