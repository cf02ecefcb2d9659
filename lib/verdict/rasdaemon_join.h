// SPDX-License-Identifier: GPL-2.0-or-later
/** Which rows of rasdaemon are about errors that the kernel log has too; pure. */
#ifndef HWP_VERDICT_RASDAEMON_JOIN_H
#define HWP_VERDICT_RASDAEMON_JOIN_H

#include "model/findings.h"

/**
 * Fill in event and boot of findings.rasdaemon, and rasdaemon of the events.
 * A row and a recovery action are one event when pfn and result are equal and
 * the times are near. The log counts from boot, rasdaemon records wall-clock
 * time: @p boot_unix_seconds is the time of the boot. If it is NULL it is inferred
 * from pages that are in both (the median: a page that failed alike in an earlier
 * boot misleads only when it is the only one). Without either nothing is joined.
 */
struct hwp_error *hwp_rasdaemon_join(struct hwp_findings *findings,
				     const int64_t *boot_unix_seconds);

/** The newest row of this boot about @p pfn that is not in the log, or NULL. */
const struct hwp_rasdaemon_row *hwp_rasdaemon_alone(const struct hwp_findings *findings,
						    uint64_t pfn);

#endif /* HWP_VERDICT_RASDAEMON_JOIN_H */
