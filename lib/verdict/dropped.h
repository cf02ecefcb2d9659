// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A block that is in no list: did the allocator throw it away when it took it from free memory,
 * or refuse it when it was freed? Both checks drop a block, and only the first has had it free.
 */
#ifndef HWP_VERDICT_DROPPED_H
#define HWP_VERDICT_DROPPED_H

#include "model/findings.h"

/** Whether the block was free, and what that rests on, or why it is not known: a literal. */
struct hwp_dropped_proof {
	enum hwp_answer was_free;
	const char *words;
};

/** Of @p page, which is dropped, since its error. */
struct hwp_dropped_proof hwp_dropped_was_free(const struct hwp_findings *findings,
					      const struct hwp_poisoned *page);

#endif /* HWP_VERDICT_DROPPED_H */
