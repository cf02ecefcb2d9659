// SPDX-License-Identifier: GPL-2.0-or-later
/** What one check adds to the record of the pages that leaked since boot; pure. */
#ifndef HWP_VERDICT_RECORD_LEAKS_H
#define HWP_VERDICT_RECORD_LEAKS_H

#include "model/findings.h"
#include "model/leak_record.h"

/**
 * Add to @p record the pages that leaked or were lost, now or before, as @p findings show
 * at @p unix_seconds. Nothing is ever taken away from it.
 */
struct hwp_error *hwp_record_leaks(struct hwp_leak_record *record,
				   const struct hwp_findings *findings, int64_t unix_seconds);

#endif /* HWP_VERDICT_RECORD_LEAKS_H */
