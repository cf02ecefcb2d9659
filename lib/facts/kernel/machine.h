// SPDX-License-Identifier: GPL-2.0-or-later
/** Which machine it was, when, and whether it was dying. */
#ifndef HWP_FACTS_KERNEL_MACHINE_H
#define HWP_FACTS_KERNEL_MACHINE_H

#include "layout/layout.h"
#include "model/findings.h"

/** Each row is optional: what cannot be known changes no answer. */
extern const struct hwp_needs hwp_machine_needs;

/** Fill findings.machine; what is not there or cannot be read is left out. */
void hwp_machine_read(struct hwp_target *target, const struct hwp_layout *layout,
		      struct hwp_findings *findings);

#endif /* HWP_FACTS_KERNEL_MACHINE_H */
