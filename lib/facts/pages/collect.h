// SPDX-License-Identifier: GPL-2.0-or-later
/** From flagged pfns to facts about each poisoned page. */
#ifndef HWP_FACTS_PAGES_COLLECT_H
#define HWP_FACTS_PAGES_COLLECT_H

#include "facts/pages/folio.h"
#include "memmap/zones.h"
#include "model/findings.h"

struct hwp_collector {
	struct hwp_target *target;
	const struct hwp_layout *layout;
	struct hwp_page_reader *reader;
	const struct hwp_zones *zones;
	struct hwp_findings *findings;
};

/**
 * Turn @p flagged (ascending) into findings.poisoned: aliases go, HugeTLB
 * heads give way to the raw pages they record. Each page's folio is known
 * after this, its free block is not.
 */
struct hwp_error *hwp_collect_pages(struct hwp_collector *collector, const hwp_pfn_vec *flagged);

/** With the free lists walked: what covers each page, and what is stranded. */
struct hwp_error *hwp_collect_places(struct hwp_collector *collector);

/**
 * The facts about any page, and with the free lists walked its place; not
 * what follows from them. LOOKUP when @p pfn has no struct page.
 */
struct hwp_error *hwp_collect_one(struct hwp_collector *collector, uint64_t pfn,
				  struct hwp_poisoned *ret);

/** Read the kernel log into findings.events and join it with the pages. */
struct hwp_error *hwp_collect_events(struct hwp_collector *collector);

/** Give each poisoned page the event of findings.events that says most about it. */
void hwp_collect_join_events(struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_COLLECT_H */
