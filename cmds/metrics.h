// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HWP_CMD_METRICS_H
#define HWP_CMD_METRICS_H

#include "model/findings.h"

/**
 * Replace the file @p path by the metrics of a run that began at @p start_ns
 * (hwp_now_ns()) and ends now; @p findings NULL: it failed.
 */
struct hwp_error *hwp_write_metrics(const char *path, const struct hwp_findings *findings,
				    uint64_t start_ns);

#endif /* HWP_CMD_METRICS_H */
