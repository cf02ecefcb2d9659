// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel log, record by record: the printk ring buffer (v5.10 on), log_buf before. */
#ifndef HWP_FACTS_LOG_KLOG_H
#define HWP_FACTS_LOG_KLOG_H

#include "layout/layout.h"

/** The ring, and the buffer before it: one of them is enough. */
extern const struct hwp_needs hwp_klog_ring_needs, hwp_klog_buffer_needs;

struct hwp_klog_record {
	uint64_t seq, time_ns;
	/** Not NUL-terminated. */
	const char *text;
	size_t len;
};

/** Called for a record; false to stop. */
typedef bool hwp_klog_each(void *arg, const struct hwp_klog_record *record);

/**
 * Call @p each for every record from the oldest on.
 * *@p first_seq_ret is the first record's number: above 0 the log has lost
 * its beginning. LOOKUP when this kernel's log is not understood.
 */
struct hwp_error *hwp_klog_walk(struct hwp_target *target, const struct hwp_layout *layout,
				hwp_klog_each *each, void *arg, uint64_t *first_seq_ret);

#endif /* HWP_FACTS_LOG_KLOG_H */
