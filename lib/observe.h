// SPDX-License-Identifier: GPL-2.0-or-later
/** What the memory shows now for every page of a folio. */
#ifndef HWP_OBSERVE_H
#define HWP_OBSERVE_H

#include "findings.h"
#include "memmap.h"

/**
 * Fill findings.runs for every folio: the runs of one are ascending and add up
 * to its pages. Needs states, and blocks wherever a folio was freed.
 */
struct hwp_error *hwp_observe(struct hwp_page_reader *reader, struct hwp_findings *findings);

#endif /* HWP_OBSERVE_H */
