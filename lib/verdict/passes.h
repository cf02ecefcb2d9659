// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A running kernel is examined in several passes: what one pass shows and the
 * next does not was changing while it was read. Pure functions of findings.
 */
#ifndef HWP_VERDICT_PASSES_H
#define HWP_VERDICT_PASSES_H

#include "verdict/check.h"

/** Passes when nothing else is asked for. */
#define HWP_DEFAULT_PASSES 2
/** Passes added while a verdict still rests on something that changed. */
#define HWP_EXTRA_PASSES 6

struct hwp_seen {
	uint64_t pfn;
	enum hwp_class class;
	unsigned int nr_passes;
};

/** What the passes so far have shown; start from {}, end with hwp_passes_deinit(). */
struct hwp_passes {
	unsigned int nr;
	/** Pages of the last pass, ascending. */
	HWP_VEC(struct hwp_seen) seen;
	/** The best answer to each check. */
	HWP_VEC(struct hwp_check_result) best;
};

void hwp_passes_deinit(struct hwp_passes *passes);

/**
 * Add one pass, complete with checks and verdict. In @p findings each page gets
 * the number of successive passes that found it in its class, each check the
 * answer that counts (enum hwp_settles), and a page whose leak fewer than
 * @p wanted passes have seen becomes unknown; the verdict follows.
 */
struct hwp_error *hwp_passes_add(struct hwp_passes *passes, unsigned int wanted,
				 struct hwp_findings *findings);

/** May another pass change the verdict, as it rests on what was read while it changed? */
bool hwp_passes_unsettled(const struct hwp_findings *findings);

#endif /* HWP_VERDICT_PASSES_H */
