// SPDX-License-Identifier: GPL-2.0-or-later
/** What differs from one run to the next; pure. */
#ifndef HWP_VERDICT_CHANGES_H
#define HWP_VERDICT_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "model/findings.h"

struct hwp_known_page {
	uint64_t pfn;
	enum hwp_state state;
};

/** What is known from the runs so far: an entry for each poisoned page. {} at first. */
struct hwp_known {
	/** Ascending by pfn; at most HWP_MAX_POISONED. */
	HWP_VEC(struct hwp_known_page) pages;
	/** The last run gave a verdict. */
	bool has_verdict;
	enum hwp_verdict verdict;
};

enum hwp_change_kind {
	HWP_CHANGE_PAGE,
	HWP_CHANGE_VERDICT,
};

struct hwp_change {
	enum hwp_change_kind kind;
	/** PAGE. */
	uint64_t pfn;
	/** As it is now; NULL when it is no longer poisoned. */
	const struct hwp_poisoned *page;
	/** Names of states or verdicts; NULL where it was not known, or is not known now. */
	const char *before, *now;
};

/**
 * Call @p each for what differs in @p findings: pages by pfn, then the verdict.
 * Afterwards @p known holds what @p findings hold. A page that a run did not see,
 * because it could not read everything, stays as it was.
 */
struct hwp_error *hwp_changes(struct hwp_known *known, const struct hwp_findings *findings,
			      void (*each)(void *arg, const struct hwp_change *change), void *arg);

void hwp_known_deinit(struct hwp_known *known);

#endif /* HWP_VERDICT_CHANGES_H */
