// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * What the fixed kernel would free of each folio, and what this one made of
 * it: pure functions of the findings.
 */
#ifndef HWP_VERDICT_OUTCOME_H
#define HWP_VERDICT_OUTCOME_H

#include "base/error.h"
#include "model/findings.h"

/** Fill findings.expected for every folio, and each folio's slice of the poisoned pages. */
struct hwp_error *hwp_outcome_expect(struct hwp_findings *findings);

/**
 * With the runs and the past judged: how many healthy pages are lost, each folio's outcome, and
 * what these say of the fix.
 */
void hwp_outcome_judge(struct hwp_findings *findings);

/**
 * Count the healthy pages that each folio has lost, into it and into the summary; those of a
 * folio whose leak is not confirmed are not counted.
 */
void hwp_outcome_count_lost(struct hwp_findings *findings);

#endif /* HWP_VERDICT_OUTCOME_H */
