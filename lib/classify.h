// SPDX-License-Identifier: GPL-2.0-or-later
/** From facts to states: pure functions of the findings. */
#ifndef HWP_CLASSIFY_H
#define HWP_CLASSIFY_H

#include "findings.h"

/** Why a page counts as reused; NULL when there is no proof. */
const char *hwp_reuse_proof(const struct hwp_findings *findings, const struct hwp_poisoned *page);

/** Decide every poisoned page's state and where it is; fill the summary. */
void hwp_classify(struct hwp_findings *findings);

/** Count the states anew, after one was changed. */
void hwp_summarise(struct hwp_findings *findings);

#endif /* HWP_CLASSIFY_H */
