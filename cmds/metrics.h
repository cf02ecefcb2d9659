// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HWP_CMD_METRICS_H
#define HWP_CMD_METRICS_H

#include <stdio.h>

#include "base/error.h"
#include "model/findings.h"

/**
 * Replace the file @p path by the metrics of a run that began at @p start_ns
 * (hwp_now_ns()) and ends now; @p findings NULL: it failed. @p since_boot: the leaks that are
 * known, or NULL.
 */
struct hwp_error *hwp_write_metrics(const char *path, const struct hwp_findings *findings,
				    const struct hwp_leak_record *since_boot, uint64_t start_ns);

/** Print these metrics to @p out. */
struct hwp_error *hwp_put_metrics(FILE *out, const struct hwp_findings *findings,
				  const struct hwp_leak_record *since_boot, uint64_t start_ns);

#endif /* HWP_CMD_METRICS_H */
