// SPDX-License-Identifier: GPL-2.0-or-later
/** `explain WORD`, `help CHECK` and the lists of `help`, from the tables that reports are made of. */
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

/** Is there an explanation of the word? If not, *@p nearest_ret is what may have been meant, or NULL. */
bool hwp_explain_knows(const char *word, const char **nearest_ret);

/** The word as everything that it is; NULL: the words that there are, by kind. */
struct hwp_error *hwp_explain_word(FILE *out, const char *word,
				   const struct hwp_report_style *style);

/** The same, schema hwpoison.explain/1; NULL: all explanations. */
struct hwp_error *hwp_explain_json(FILE *out, const char *word);

#endif /* HWP_REPORT_EXPLAIN_H */
