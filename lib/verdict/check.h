// SPDX-License-Identifier: GPL-2.0-or-later
/** Named invariants over the findings, and the verdict: pure functions. */
#ifndef HWP_VERDICT_CHECK_H
#define HWP_VERDICT_CHECK_H

#include "base/error.h"
#include "model/findings.h"

/** All checks in their order; *@p nr_ret of them. */
const struct hwp_check *hwp_checks(size_t *nr_ret);

/** The check of that name, or NULL. */
const struct hwp_check *hwp_check_find(const char *name);

/** Decide findings.verdict anew, after findings.checks were changed. */
void hwp_check_decide(struct hwp_findings *findings);

/** Judge the cause, run every check into findings.checks and decide findings.verdict. */
struct hwp_error *hwp_check_run(struct hwp_findings *findings);

#endif /* HWP_VERDICT_CHECK_H */
