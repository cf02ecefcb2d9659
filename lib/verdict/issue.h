// SPDX-License-Identifier: GPL-2.0-or-later
/** Known issues: a table of what is known, and what of it the findings look like. */
#ifndef HWP_VERDICT_ISSUE_H
#define HWP_VERDICT_ISSUE_H

#include "model/findings.h"

/** The rows, in the order in which they are reported. */
const struct hwp_known_issue *hwp_known_issues(size_t *nr_ret);

/** Fill findings.known_issues; after the checks. */
struct hwp_error *hwp_issues_match(struct hwp_findings *findings);

#endif /* HWP_VERDICT_ISSUE_H */
