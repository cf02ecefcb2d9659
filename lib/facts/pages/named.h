// SPDX-License-Identifier: GPL-2.0-or-later
/** Bad pages of folios whose head is flagged for an error in any of them: the log names them. */
#ifndef HWP_FACTS_PAGES_NAMED_H
#define HWP_FACTS_PAGES_NAMED_H

#include "memmap/page_reader.h"
#include "model/findings.h"

/**
 * Put the pages that the log names in the place of the flagged head of a folio of ZONE_DEVICE
 * (mf_generic_kill_procs() in mm/memory-failure.c), and of HugeTLB on a kernel that keeps no
 * raw_hwp_list. A head of which the log names no page stays. Counts counters.nr_dax_actions.
 * Needs pages and events, not joined. The only error is NO_MEMORY.
 */
struct hwp_error *hwp_name_pages(struct hwp_page_reader *reader, struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_NAMED_H */
