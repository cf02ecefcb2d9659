// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel's static keys: switches that patch code. */
#ifndef HWP_FACTS_KERNEL_STATIC_KEY_H
#define HWP_FACTS_KERNEL_STATIC_KEY_H

#include "layout/layout.h"
#include "model/findings.h"

/** struct static_key. */
extern const struct hwp_needs hwp_static_key_needs;

/** The key at @p address: NOT_BUILT if that is 0, UNKNOWN if it cannot be read. */
enum hwp_switch hwp_static_key_read(struct hwp_target *target, const struct hwp_layout *layout,
				    uint64_t address);

#endif /* HWP_FACTS_KERNEL_STATIC_KEY_H */
