// SPDX-License-Identifier: GPL-2.0-or-later
/** The corrected errors that the kernel counts for each page (CONFIG_RAS_CEC). */
#ifndef HWP_FACTS_KERNEL_CEC_H
#define HWP_FACTS_KERNEL_CEC_H

#include "layout/layout.h"
#include "model/findings.h"
#include "target/target.h"

/** struct ce_array. */
extern const struct hwp_needs hwp_cec_needs;

/**
 * Fill in findings.hardware.cec from ce_arr (drivers/ras/cec.c, from v4.12 on): a page that reaches
 * the threshold is soft-offlined, and leaves the array. The only error is NO_MEMORY; what else fails
 * makes the array one that was not read.
 */
struct hwp_error *hwp_cec_read(struct hwp_target *target, const struct hwp_layout *layout,
			       struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_CEC_H */
