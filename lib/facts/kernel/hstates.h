// SPDX-License-Identifier: GPL-2.0-or-later
/** The sizes of HugeTLB pages. */
#ifndef HWP_FACTS_KERNEL_HSTATES_H
#define HWP_FACTS_KERNEL_HSTATES_H

#include "layout/layout.h"
#include "model/findings.h"

/** hstates[] (CONFIG_HUGETLB_PAGE). */
extern const struct hwp_needs hwp_hstates_needs;

/** The orders in hstates[], ascending; none when the kernel has no HugeTLB. */
struct hwp_error *hwp_hstates_read(struct hwp_target *target, const struct hwp_layout *layout,
				   struct hwp_extent_orders *ret);

#endif /* HWP_FACTS_KERNEL_HSTATES_H */
