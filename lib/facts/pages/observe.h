// SPDX-License-Identifier: GPL-2.0-or-later
/** What accounts for each page of the folios that were freed. */
#ifndef HWP_FACTS_PAGES_OBSERVE_H
#define HWP_FACTS_PAGES_OBSERVE_H

#include "memmap/page_reader.h"
#include "model/findings.h"

/**
 * Fill findings.observed for every freed folio: the runs of one are ascending
 * and add up to its pages. Needs the folios, and the blocks there.
 */
struct hwp_error *hwp_observe(struct hwp_page_reader *reader, struct hwp_findings *findings);

#endif /* HWP_FACTS_PAGES_OBSERVE_H */
