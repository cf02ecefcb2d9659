// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The memory of poisoned pages itself: whether the kernel still maps it,
 * whether a sanitising pass wrote to it, and whether it is a part of the memmap. For dumps only: on a running machine
 * such a page must never be read.
 */
#ifndef HWP_FACTS_PAGES_BAD_MEMORY_H
#define HWP_FACTS_PAGES_BAD_MEMORY_H

#include "layout/layout.h"
#include "model/findings.h"

/**
 * Fill direct_map of every poisoned page, contents where a kernel switch gives them a meaning, and
 * in which page of memory each of findings.memmap_holes is: a poisoned one is in no dump.
 */
void hwp_bad_memory_look(struct hwp_target *target, const struct hwp_layout *layout,
			 struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_BAD_MEMORY_H */
