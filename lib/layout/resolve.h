// SPDX-License-Identifier: GPL-2.0-or-later
/** Shared by layout.c (tables) and variants.c (decisions) only. */
#ifndef HWP_LAYOUT_RESOLVE_H
#define HWP_LAYOUT_RESOLVE_H

#include "base/vec.h"
#include "layout/layout.h"

struct hwp_resolver {
	struct hwp_target *target;
	struct hwp_layout *layout;
	/** Required things that are not there, comma-separated, or NULL. */
	char *missing;
	HWP_VEC(struct hwp_layout_row) rows;
};

/** Record a row for `hwpoison layout`; false when memory is out. */
bool hwp_layout_note(struct hwp_resolver *r, const char *name, uint64_t value, const char *source);

/** Record that something required is missing; false when memory is out. */
bool hwp_layout_missing(struct hwp_resolver *r, const char *name);

/** Look up "type.member" or "type"; false when the kernel has none. */
bool hwp_layout_member(struct hwp_resolver *r, const char *path, struct hwp_member *ret);

/** Decide every variant, after members and symbols are resolved. */
struct hwp_error *hwp_layout_variants(struct hwp_resolver *r);

#endif /* HWP_LAYOUT_RESOLVE_H */
