// SPDX-License-Identifier: GPL-2.0-or-later
/** What became of every page of a folio: pure functions of the findings. */
#ifndef HWP_VERDICT_RUNS_H
#define HWP_VERDICT_RUNS_H

#include "base/error.h"
#include "model/findings.h"

/**
 * Fill findings.runs for every folio, from findings.observed and the states of
 * poisoned pages: the runs of one are ascending and add up to its pages. In
 * findings.uses only those of allocated runs are kept. Needs each folio's
 * slice of the poisoned pages.
 */
struct hwp_error *hwp_runs_judge(struct hwp_findings *findings);

/** The first free pages of a freed folio that are not inside one of its healthy blocks, or NULL. */
const struct hwp_run *hwp_runs_unexpected(const struct hwp_findings *findings,
					  const struct hwp_folio *folio);

#endif /* HWP_VERDICT_RUNS_H */
