// SPDX-License-Identifier: GPL-2.0-or-later
/** Known issues that the findings look like. */
#ifndef HWP_REPORT_KNOWN_ISSUES_H
#define HWP_REPORT_KNOWN_ISSUES_H

#include "base/json.h"
#include "report/text.h"

/** Each with what matched, and what would show that it is something else; nothing for none. */
void hwp_text_known_issues(struct hwp_text *text, const struct hwp_findings *findings);

void hwp_report_json_known_issues(struct hwp_json *json, const struct hwp_findings *findings);

#endif /* HWP_REPORT_KNOWN_ISSUES_H */
