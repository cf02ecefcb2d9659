// SPDX-License-Identifier: GPL-2.0-or-later
/** What the kernel died of. */
#ifndef HWP_REPORT_CAUSE_H
#define HWP_REPORT_CAUSE_H

#include "base/json.h"
#include "report/text.h"

/** The cause, and the errors that were near; nothing where the kernel had not crashed. */
void hwp_text_cause(struct hwp_text *text, const struct hwp_findings *findings);

void hwp_report_json_cause(struct hwp_json *json, const struct hwp_findings *findings);

#endif /* HWP_REPORT_CAUSE_H */
