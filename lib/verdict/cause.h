// SPDX-License-Identifier: GPL-2.0-or-later
/** What the kernel died of. */
#ifndef HWP_VERDICT_CAUSE_H
#define HWP_VERDICT_CAUSE_H

#include "base/clock.h"
#include "model/findings.h"

/** A memory error this long before a crash is near it. */
#define HWP_NEAR_NS (300 * HWP_NS_PER_SECOND)

/** Fill findings.cause, by the log, the pages and who had them. */
void hwp_cause_judge(struct hwp_findings *findings);

/** Did the kernel panic, whatever for? */
bool hwp_panicked(const struct hwp_findings *findings);

/** Is the line near the crash, and about an error of the hardware, or of a page? */
bool hwp_is_near_crash(const struct hwp_findings *findings, const struct hwp_event *event);

#endif /* HWP_VERDICT_CAUSE_H */
