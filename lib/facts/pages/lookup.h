// SPDX-License-Identifier: GPL-2.0-or-later
/** A closer look at one page, and at who uses what is left of its folio. */
#ifndef HWP_FACTS_PAGES_LOOKUP_H
#define HWP_FACTS_PAGES_LOOKUP_H

#include "facts/pages/collect.h"

/**
 * Fill findings.subject, whose pfn is set, and findings.uses. Needs the folios
 * observed.
 */
struct hwp_error *hwp_lookup_subject(struct hwp_collector *collector);

#endif /* HWP_FACTS_PAGES_LOOKUP_H */
