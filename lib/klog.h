// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel log, record by record: the printk ring buffer (v5.10 on). */
#ifndef HWP_KLOG_H
#define HWP_KLOG_H

#include "layout.h"

struct hwp_klog_record {
	uint64_t seq, time_ns;
	/** Not NUL-terminated. */
	const char *text;
	size_t len;
};

/**
 * Call @p each for every record from the oldest on; it returns false to stop.
 * *@p first_seq_ret is the first record's number: above 0 the log has lost
 * its beginning. LOOKUP when this kernel's log is not understood.
 */
struct hwp_error *hwp_klog_walk(struct hwp_target *target, const struct hwp_layout *layout,
				bool (*each)(void *arg, const struct hwp_klog_record *record),
				void *arg, uint64_t *first_seq_ret);

#endif /* HWP_KLOG_H */
