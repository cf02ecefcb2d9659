// SPDX-License-Identifier: GPL-2.0-or-later
/** `help CHECK` and the lists of `help`, from the tables of checks and words. */
#ifndef HWP_REPORT_EXPLAIN_H
#define HWP_REPORT_EXPLAIN_H

#include "report/report.h"

/** All checks, a line each. */
struct hwp_error *hwp_explain_checks(FILE *out, const struct hwp_report_style *style);

/** One check: what it states, why, what its results mean, and what it rests on. */
struct hwp_error *hwp_explain_check(FILE *out, const struct hwp_check *check,
				    const struct hwp_report_style *style);

/** The states of a page with their classes, and the verdicts with their exit statuses. */
struct hwp_error *hwp_explain_states(FILE *out, const struct hwp_report_style *style);
struct hwp_error *hwp_explain_verdicts(FILE *out, const struct hwp_report_style *style);

#endif /* HWP_REPORT_EXPLAIN_H */
