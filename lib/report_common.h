// SPDX-License-Identifier: GPL-2.0-or-later
/** What the reports for people and for programs both derive from findings. */
#ifndef HWP_REPORT_COMMON_H
#define HWP_REPORT_COMMON_H

#include "error.h"
#include "findings.h"

#include <stdio.h>

/** A HugeTLB or large folio that holds poison. */
struct hwp_report_folio {
	const struct hwp_folio_facts *facts;
	/** Its pages are those of poisoned[first .. end) with its head_pfn. */
	size_t first, end, nr_poisoned;
};

/**
 * The next such folio at or after poisoned[*@p pos], which is moved on; false
 * when there is none.
 */
bool hwp_report_next_folio(const struct hwp_findings *findings, size_t *pos,
			   struct hwp_report_folio *ret);

/** Whether @p page is one of poisoned pages of the folio with @p facts. */
bool hwp_report_in_folio(const struct hwp_poisoned *page, const struct hwp_folio_facts *facts);

/** "hugetlb", "thp" or "large". */
const char *hwp_report_folio_kind(const struct hwp_findings *findings,
				  const struct hwp_folio_facts *facts);

/** NULL when the page's zone is unknown. */
const struct hwp_zone_facts *hwp_report_zone(const struct hwp_findings *findings, int zone);

/** NULL when there is none, or it has no name. */
const char *hwp_report_migratetype(const struct hwp_findings *findings, int migratetype);

/** Whether the page is in a free block or on a per-CPU list now. */
bool hwp_report_is_free(const struct hwp_poisoned *page);

/** Flush @p out; an error when anything written to it was lost. */
struct hwp_error *hwp_report_flush(FILE *out);

#endif /* HWP_REPORT_COMMON_H */
