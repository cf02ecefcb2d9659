// SPDX-License-Identifier: GPL-2.0-or-later
/** One page more closely, and who uses the pages of its extent. */
#ifndef HWP_FACTS_PAGES_LOOKUP_H
#define HWP_FACTS_PAGES_LOOKUP_H

#include "facts/pages/collect.h"

/**
 * Fill findings.subject, whose pfn is set, and when it lies in a folio that was
 * freed, findings.uses for the pages there that may be in use. Needs the folios
 * observed.
 */
struct hwp_error *hwp_lookup_subject(struct hwp_collector *collector);

#endif /* HWP_FACTS_PAGES_LOOKUP_H */
