// SPDX-License-Identifier: GPL-2.0-or-later
/** What the reports for people and for programs both derive from findings. */
#ifndef HWP_REPORT_COMMON_H
#define HWP_REPORT_COMMON_H

#include "base/error.h"
#include "base/json.h"
#include "model/findings.h"

#include <stdio.h>

/** What the head of a folio that exists says; NULL for one that was freed. */
const struct hwp_folio_facts *hwp_report_folio_facts(const struct hwp_findings *findings,
						     const struct hwp_folio *folio);

/** The healthy blocks of @p folio; NULL when there are none. */
const struct hwp_healthy_block *hwp_report_expected(const struct hwp_findings *findings,
						    const struct hwp_folio *folio);

/** NULL when the page's zone is unknown. */
const struct hwp_zone_facts *hwp_report_zone(const struct hwp_findings *findings, int zone);

/** Whether the page is in a free block or on a per-CPU list now. */
bool hwp_report_is_free(const struct hwp_poisoned *page);

/** "persistent" or "transient": did one pass alone find the page as it is? */
const char *hwp_report_persistence(const struct hwp_poisoned *page);

/** Pages share victims: is findings.victims[@p index] the first of those that are the same? */
bool hwp_report_is_new_victim(const struct hwp_findings *findings, size_t index);

/**
 * The next of findings.events and remarks, which are each in the order of the log; both
 * counters begin at 0. NULL after the last.
 */
const struct hwp_event *hwp_report_next_line(const struct hwp_findings *findings, size_t *event,
					     size_t *remark);

/** "pfn" and its address, "phys"; null for both where it is not known. */
void hwp_report_json_place(struct hwp_json *json, const struct hwp_findings *findings,
			   bool is_known, uint64_t pfn);

/** Flush @p out; an error when anything written to it was lost. */
struct hwp_error *hwp_report_flush(FILE *out);

#endif /* HWP_REPORT_COMMON_H */
