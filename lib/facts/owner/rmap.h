// SPDX-License-Identifier: GPL-2.0-or-later
/** The owner of a page: a process; or a file, and the processes that map it. */
#ifndef HWP_FACTS_OWNER_RMAP_H
#define HWP_FACTS_OWNER_RMAP_H

#include "layout/layout.h"
#include "model/findings.h"

/** Without these no process, no VMA of an anonymous page, or none of a file is found. */
extern const struct hwp_needs hwp_rmap_process_needs, hwp_rmap_anon_needs, hwp_rmap_mapper_needs;

/** A power of two. Pages of several mappings mostly stand mixed. */
#define HWP_NR_KNOWN_OWNERS 64

/** The last page of a mapping that was asked about. */
struct hwp_known_owner {
	uint64_t mapping, index;
	struct hwp_owner owner;
};

struct hwp_rmap {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	struct hwp_findings *findings;
	struct hwp_known_owner known[HWP_NR_KNOWN_OWNERS];
};

/**
 * Find the owner of page @p pfn, which is in use, by the mapping in its struct page
 * or in that of its folio's head. Files go to findings.files. What the kernel's
 * structures do not lead to stays unfound; the only error is NO_MEMORY.
 */
struct hwp_error *hwp_rmap_owner(struct hwp_rmap *rmap, uint64_t pfn,
				 const struct hwp_page_words *page,
				 const struct hwp_folio_facts *folio, struct hwp_owner *ret);

/**
 * The earliest time by the kernel log's clock that task_struct.start_time, @p monotonic_ns,
 * may stand for; false when the clocks' distance is not known.
 */
bool hwp_log_clock_of_start(struct hwp_target *target, const struct hwp_layout *layout,
			    uint64_t monotonic_ns, uint64_t *ret);

#endif /* HWP_FACTS_OWNER_RMAP_H */
