// SPDX-License-Identifier: GPL-2.0-or-later
/** From a mapping to its inode, and from that to a path. */
#ifndef HWP_FACTS_OWNER_RMAP_FILE_H
#define HWP_FACTS_OWNER_RMAP_FILE_H

#include "layout/layout.h"
#include "model/findings.h"

/** Without these no file is found, or not where it is mounted. */
extern const struct hwp_needs hwp_rmap_file_needs, hwp_rmap_mount_needs;

/** The file whose pages have the mapping at @p mapping; false when it is none. */
bool hwp_rmap_file(struct hwp_target *target, const struct hwp_layout *layout, uint64_t mapping,
		   struct hwp_file *ret);

#endif /* HWP_FACTS_OWNER_RMAP_FILE_H */
