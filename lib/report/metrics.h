// SPDX-License-Identifier: GPL-2.0-or-later
/** `metrics`: text that Prometheus and node_exporter's textfile collector read. */
#ifndef HWP_REPORT_METRICS_H
#define HWP_REPORT_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/findings.h"

/** One run, on the host's clocks. */
struct hwp_metrics_run {
	/** When it ended, nanoseconds of Unix time. */
	uint64_t end_ns;
	uint64_t duration_ns;
	/** What is known of leaks since boot, this run included; NULL: nothing is said of it. */
	const struct hwp_leak_record *since_boot;
};

/**
 * Gauges of @p findings in Prometheus's text format 0.0.4, which with its
 * "# EOF" is OpenMetrics 1.0 too. No label holds a pfn: series are as many as
 * nodes and states, and each is there when it is 0. @p findings NULL says that
 * the run failed: hwpoison_up is 0, and nothing is said about pages, for
 * neither 0 nor the last run's numbers would be true.
 */
struct hwp_error *hwp_report_metrics(FILE *out, const struct hwp_findings *findings,
				     const struct hwp_metrics_run *run);

#endif /* HWP_REPORT_METRICS_H */
