// SPDX-License-Identifier: GPL-2.0-or-later
/** Which kernel this is, whether it has the fix, and what it has switched on. */
#ifndef HWP_FACTS_KERNEL_KERNEL_H
#define HWP_FACTS_KERNEL_KERNEL_H

#include "layout/layout.h"
#include "model/findings.h"

/** Symbols only, each of them optional. */
extern const struct hwp_needs hwp_kernel_needs;

/** Fill findings.kernel. */
struct hwp_error *hwp_kernel_facts_read(struct hwp_target *target, const struct hwp_layout *layout,
					struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_KERNEL_H */
