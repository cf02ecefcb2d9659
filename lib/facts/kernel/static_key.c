// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/kernel/static_key.h"

#include "base/bits.h"
#include "layout/needs.h"

struct static_key_layout {
	uint32_t enabled;
};

static const struct hwp_need rows[] = {
	HWP_OFFSET(struct static_key_layout, enabled, "static_key.enabled"),
};

const struct hwp_needs hwp_static_key_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.size = sizeof(struct static_key_layout),
};

enum hwp_switch hwp_static_key_read(struct hwp_target *target, const struct hwp_layout *layout,
				    uint64_t address)
{
	const struct static_key_layout *at = hwp_layout_of(layout, &hwp_static_key_needs);
	_cleanup_error_ struct hwp_error *err = NULL;
	uint32_t enabled;

	if (!address)
		return HWP_NOT_BUILT;
	if (!at)
		return HWP_SWITCH_UNKNOWN;
	err = hwp_target_read_u32(target, address + at->enabled, &enabled);
	if (err)
		return HWP_SWITCH_UNKNOWN;
	/* enabled > 0, or -1 while it is being enabled. */
	return enabled ? HWP_ON : HWP_OFF;
}
