// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The quick sweep of a running kernel: only the memory blocks that count
 * poison themselves. Linux kernel commit 5033091de814 ("mm/hwpoison: introduce
 * per-memory_block hwpoison counter") (in v6.2).
 */
#ifndef HWP_FACTS_PAGES_QUICK_H
#define HWP_FACTS_PAGES_QUICK_H

#include "facts/kernel/counters.h"
#include "facts/pages/scan.h"

/**
 * As hwp_scan(), of those blocks and of the HugeTLB folios that reach into
 * them; findings.sweep becomes QUICK. *@p known_ret is false, and nothing was
 * read, where the kernel does not count by block.
 */
struct hwp_error *hwp_quick_scan(struct hwp_target *target, struct hwp_page_reader *reader,
				 const struct hwp_zones *zones,
				 const struct hwp_scan_options *options, hwp_pfn_vec *flagged,
				 struct hwp_findings *findings, bool *known_ret);

/** Was as much found as the kernel counts, now and when the sweep began? */
bool hwp_quick_is_proven(struct hwp_target *target, const struct hwp_layout *layout,
			 const struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_QUICK_H */
