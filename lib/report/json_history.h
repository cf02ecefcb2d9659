// SPDX-License-Identifier: GPL-2.0-or-later
/** What happened to a page or a folio, for JSON. */
#ifndef HWP_REPORT_JSON_HISTORY_H
#define HWP_REPORT_JSON_HISTORY_H

#include "base/json.h"
#include "model/findings.h"

/** The keys was_free, was_handed_out, victims and history of a page. */
void hwp_report_json_page_history(struct hwp_json *json, const struct hwp_findings *findings,
				  const struct hwp_poisoned *page);

/** The same of a folio. */
void hwp_report_json_folio_history(struct hwp_json *json, const struct hwp_findings *findings,
				   const struct hwp_folio *folio);

/** The key lost_data of a page. */
void hwp_report_json_lost_data(struct hwp_json *json, const struct hwp_findings *findings,
			       const struct hwp_poisoned *page);

/** The key leaked_since_boot. */
void hwp_report_json_since_boot(struct hwp_json *json, const struct hwp_findings *findings);

/** As the key "file". */
void hwp_report_json_file(struct hwp_json *json, const struct hwp_file *file);

#endif /* HWP_REPORT_JSON_HISTORY_H */
