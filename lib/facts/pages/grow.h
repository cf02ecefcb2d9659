// SPDX-License-Identifier: GPL-2.0-or-later
/** The size of a HugeTLB page that was freed, by the pages that were lost with it. */
#ifndef HWP_FACTS_PAGES_GROW_H
#define HWP_FACTS_PAGES_GROW_H

#include "memmap/page_reader.h"
#include "model/findings.h"

/**
 * Make each extent of findings.folios whose size the log leaves open as large as the pages lost
 * around it show: loose blocks outside of every known extent, inside an aligned range of a larger
 * hstate. Extents of freed folios inside become part of it. Needs the places of pages, and
 * findings.blocks in the range of each extent's max_order. The only error is NO_MEMORY.
 */
struct hwp_error *hwp_extents_grow(struct hwp_page_reader *reader, struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_GROW_H */
