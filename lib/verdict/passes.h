// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A running kernel is looked at more than once: what it says in one pass and
 * not in the next was said while it changed. Pure functions of findings.
 */
#ifndef HWP_VERDICT_PASSES_H
#define HWP_VERDICT_PASSES_H

#include "verdict/check.h"

/** Passes when nothing else is asked for, and the most that may be. */
#define HWP_DEFAULT_PASSES 2
#define HWP_MAX_PASSES 100
/** Passes added while a verdict still rests on something that changed. */
#define HWP_EXTRA_PASSES 6

struct hwp_seen {
	uint64_t pfn;
	enum hwp_class class;
	unsigned int nr_passes;
};

/** What passes have said so far; start from {}, end with hwp_passes_deinit(). */
struct hwp_passes {
	unsigned int nr;
	/** Pages of the last pass, ascending. */
	HWP_VEC(struct hwp_seen) seen;
	/** The best answer to each check that is about consistency. */
	HWP_VEC(struct hwp_check_result) best;
};

void hwp_passes_deinit(struct hwp_passes *passes);

/**
 * Take in one pass, complete with checks and verdict. In @p findings each page
 * learns in how many successive passes it was of its class, a check that some
 * pass answered better has that answer, and a leak that @p wanted passes have
 * not seen is not believed: the page becomes unknown, the verdict follows.
 */
struct hwp_error *hwp_passes_add(struct hwp_passes *passes, unsigned int wanted,
				 struct hwp_findings *findings);

/** Does the verdict rest on what may have changed, so that another pass is worth while? */
bool hwp_passes_unsettled(const struct hwp_findings *findings);

#endif /* HWP_VERDICT_PASSES_H */
