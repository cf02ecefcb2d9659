// SPDX-License-Identifier: GPL-2.0-or-later
/** One element of "folios", and what else more than one document holds. */
#ifndef HWP_REPORT_JSON_FOLIO_H
#define HWP_REPORT_JSON_FOLIO_H

#include "base/json.h"
#include "model/findings.h"

void hwp_report_json_folio(struct hwp_json *json, const struct hwp_findings *findings,
			   const struct hwp_folio *folio);

/** "struct_page_address" and "direct_map_address", null where they are not known. */
void hwp_report_json_addresses(struct hwp_json *json, const struct hwp_poisoned *page);

/** "owner": null for none. */
void hwp_report_json_owner(struct hwp_json *json, const struct hwp_findings *findings,
			   const struct hwp_owner *owner);

/** "expected": [{pfn, order}, …] */
void hwp_report_json_blocks(struct hwp_json *json, const struct hwp_healthy_block *blocks,
			    size_t nr);

/** "page_owner": what it recorded of a page, null for nothing. */
void hwp_report_json_page_owner(struct hwp_json *json, const struct hwp_page_owner *record);

/**
 * "subject": the page that was asked about, its folio and place, and "users":
 * who uses what is left of its extent.
 */
void hwp_report_json_subject(struct hwp_json *json, const struct hwp_findings *findings);

#endif /* HWP_REPORT_JSON_FOLIO_H */
