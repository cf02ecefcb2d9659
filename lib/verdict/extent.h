// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The extents of folios that hold, or held, poisoned pages, and what the
 * fixed kernel would free of each: pure functions of the findings.
 */
#ifndef HWP_VERDICT_EXTENT_H
#define HWP_VERDICT_EXTENT_H

#include "base/error.h"
#include "model/findings.h"

/**
 * Take the pfns [@p start_pfn, @p end_pfn) as findings.range. INVALID_ARGUMENT
 * unless they are 2^n pages from a multiple of 2^n.
 */
struct hwp_error *hwp_extents_set_range(struct hwp_findings *findings, uint64_t start_pfn,
					uint64_t end_pfn);

/**
 * Put every folio with poison into findings.folios, ascending and disjoint:
 * those that exist, findings.range, then the extents of those that the log
 * says were there. Needs pages and events; not their places. INVALID_ARGUMENT
 * for a range without poison, or inside a folio that exists.
 */
struct hwp_error *hwp_extents_find(struct hwp_findings *findings,
				   const struct hwp_extent_orders *hugetlb);

/** With the places known: add the blocks that were thrown away. */
struct hwp_error *hwp_extents_add_stranded(struct hwp_findings *findings);

/** Fill findings.expected for every folio. */
struct hwp_error *hwp_extents_expect(struct hwp_findings *findings);

/** With the runs observed: healthy pages lost, and each folio's outcome. */
void hwp_extents_judge(struct hwp_findings *findings);

#endif /* HWP_VERDICT_EXTENT_H */
