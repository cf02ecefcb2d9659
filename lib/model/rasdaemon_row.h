// SPDX-License-Identifier: GPL-2.0-or-later
/** What rasdaemon keeps of a memory failure, as plain data: a part of findings.h. */
#ifndef HWP_MODEL_RASDAEMON_ROW_H
#define HWP_MODEL_RASDAEMON_ROW_H

#include <stdbool.h>
#include <stdint.h>

/** Which boot a row of rasdaemon's is of. */
enum hwp_boot {
	HWP_BOOT_UNKNOWN,
	/** Of the kernel that was looked at. */
	HWP_BOOT_THIS,
	HWP_BOOT_EARLIER,
};

/** A row of rasdaemon's table memory_failure_event: the kernel's tracepoint. */
struct hwp_rasdaemon_row {
	int64_t id;
	uint64_t pfn;
	/** Its timestamp, when that could be read. */
	bool has_time;
	int64_t unix_seconds;
	char timestamp[32];
	/**
	 * Its words. That for the type is from a list of rasdaemon's own, by
	 * the kernel's number, and kernels number differently.
	 */
	char page_type[48], result[16];
	/** The line of the log that tells the same, index in hwp_findings.events, or -1. */
	int64_t event;
	enum hwp_boot boot;
};

#endif /* HWP_MODEL_RASDAEMON_ROW_H */
