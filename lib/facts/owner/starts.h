// SPDX-License-Identifier: GPL-2.0-or-later
/** When the processes started that the kernel log names, alive or gone. */
#ifndef HWP_FACTS_OWNER_STARTS_H
#define HWP_FACTS_OWNER_STARTS_H

#include "layout/layout.h"
#include "memmap/page_reader.h"
#include "model/findings.h"
#include "target/target.h"

extern const struct hwp_needs hwp_starts_needs;

/**
 * Fill has_start, start_ns and parent_pid of the events that name a process. The
 * task_struct of one that has ended stays in its slab, unchanged, until another takes
 * its place; a dump of up to 64 GiB is looked through for it. What is not found is left
 * as it is.
 */
void hwp_starts_find(struct hwp_target *target, const struct hwp_layout *layout,
		     struct hwp_page_reader *reader, struct hwp_findings *findings);

#endif /* HWP_FACTS_OWNER_STARTS_H */
