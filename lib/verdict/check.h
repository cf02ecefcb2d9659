// SPDX-License-Identifier: GPL-2.0-or-later
/** Named invariants over the findings, and the verdict: pure functions. */
#ifndef HWP_VERDICT_CHECK_H
#define HWP_VERDICT_CHECK_H

#include "base/error.h"
#include "model/findings.h"

/** One invariant. */
struct hwp_check {
	const char *name;
	/** What holds when it passes. */
	const char *statement;
	/** Name of a check without whose pass this one cannot be answered, or NULL. */
	const char *prerequisite;
	/** An inconclusive answer leaves the run incomplete. */
	bool decides;
	enum hwp_result (*run)(const struct hwp_findings *findings, char *detail, size_t size);
};

/** All checks in order; *@p nr_ret of them. */
const struct hwp_check *hwp_checks(size_t *nr_ret);

/** Decide findings.verdict anew, after findings.checks were changed. */
void hwp_check_decide(struct hwp_findings *findings);

/** Run every check into findings.checks and decide findings.verdict. */
struct hwp_error *hwp_check_run(struct hwp_findings *findings);

#endif /* HWP_VERDICT_CHECK_H */
