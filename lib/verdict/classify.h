// SPDX-License-Identifier: GPL-2.0-or-later
/** From facts to states: pure functions of the findings. */
#ifndef HWP_VERDICT_CLASSIFY_H
#define HWP_VERDICT_CLASSIFY_H

#include "base/error.h"
#include "facts/owner/page_owner_when.h"
#include "model/findings.h"

struct hwp_reuse {
	/** Why a page counts as reused, a literal; NULL when there is no proof. */
	const char *proof;
	enum hwp_confidence confidence;
};

struct hwp_reuse hwp_reuse_proof(const struct hwp_findings *findings,
				 const struct hwp_poisoned *page);

/** Decide every poisoned page's state and where it is; fill the summary. Errors: NO_MEMORY. */
struct hwp_error *hwp_classify(struct hwp_findings *findings);

/** Count the states anew, after one was changed. */
void hwp_summarise(struct hwp_findings *findings);

#endif /* HWP_VERDICT_CLASSIFY_H */
