// SPDX-License-Identifier: GPL-2.0-or-later
/** page_owner's record of a page against the log's line about its error: nothing is read. */
#ifndef HWP_FACTS_OWNER_PAGE_OWNER_WHEN_H
#define HWP_FACTS_OWNER_PAGE_OWNER_WHEN_H

#include "model/findings.h"

/** Was it last handed out before, or after, the log recorded its error? */
enum hwp_when {
	HWP_WHEN_UNKNOWN,
	HWP_BEFORE_ERROR,
	HWP_AFTER_ERROR,
};

/** By page_owner's time of the allocation. */
enum hwp_when hwp_page_owner_when(const struct hwp_findings *findings,
				  const struct hwp_poisoned *page);

#endif /* HWP_FACTS_OWNER_PAGE_OWNER_WHEN_H */
