// SPDX-License-Identifier: GPL-2.0-or-later
/** From facts to the verdict, in one go. */
#ifndef HWP_VERDICT_DECIDE_H
#define HWP_VERDICT_DECIDE_H

#include "base/error.h"
#include "model/findings.h"

/**
 * With every fact in @p findings: each page's state, what became of each folio,
 * the checks and the verdict. Reads nothing; the only error is NO_MEMORY.
 */
struct hwp_error *hwp_decide(struct hwp_findings *findings);

#endif /* HWP_VERDICT_DECIDE_H */
