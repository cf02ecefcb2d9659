// SPDX-License-Identifier: GPL-2.0-or-later
/** Whose an anonymous page is. */
#ifndef HWP_RMAP_H
#define HWP_RMAP_H

#include "findings.h"
#include "layout.h"

/**
 * Find the process that owns the anonymous page whose mapping word is
 * @p mapping. ret->found stays false when the kernel's structures do not
 * lead to one.
 */
void hwp_rmap_owner(struct hwp_target *target, const struct hwp_layout *layout, uint64_t mapping,
		    struct hwp_owner *ret);

#endif /* HWP_RMAP_H */
