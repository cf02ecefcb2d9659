// SPDX-License-Identifier: GPL-2.0-or-later
/** What the memory shows now for every page of a folio. */
#ifndef HWP_FACTS_PAGES_OBSERVE_H
#define HWP_FACTS_PAGES_OBSERVE_H

#include "memmap/page_reader.h"
#include "model/findings.h"

/**
 * Fill findings.runs for every folio: the runs of one are ascending and add up
 * to its pages. Needs states, and blocks wherever a folio was freed.
 */
struct hwp_error *hwp_observe(struct hwp_page_reader *reader, struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_OBSERVE_H */
