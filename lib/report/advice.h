// SPDX-License-Identifier: GPL-2.0-or-later
/** What to do next: sentences and commands that fit this machine; nothing is ever run. */
#ifndef HWP_REPORT_ADVICE_H
#define HWP_REPORT_ADVICE_H

#include "base/error.h"
#include "model/findings.h"

/**
 * Call @p each with @p arg for every piece of advice, the most urgent first: a sentence, or
 * several. None where no page is poisoned and nothing was missing.
 */
struct hwp_error *hwp_advise(const struct hwp_findings *findings,
			     void (*each)(void *arg, const char *advice), void *arg);

#endif /* HWP_REPORT_ADVICE_H */
