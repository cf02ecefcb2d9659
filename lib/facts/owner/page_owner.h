// SPDX-License-Identifier: GPL-2.0-or-later
/** What page_owner recorded about a page. */
#ifndef HWP_FACTS_OWNER_PAGE_OWNER_H
#define HWP_FACTS_OWNER_PAGE_OWNER_H

#include "memmap/zones.h"
#include "model/findings.h"

/** page_ext, and struct page_owner in it (CONFIG_PAGE_OWNER). */
extern const struct hwp_needs hwp_page_owner_needs;

/**
 * Read the record of @p page, whose folio and zone are known, into it. The
 * kernel has page_owner on.
 */
void hwp_page_owner_read(struct hwp_target *target, const struct hwp_layout *layout,
			 const struct hwp_zones *zones, struct hwp_poisoned *page);

#endif /* HWP_FACTS_OWNER_PAGE_OWNER_H */
