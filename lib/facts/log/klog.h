// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel log, record by record: the printk ring buffer (v5.10 on), log_buf before. */
#ifndef HWP_FACTS_LOG_KLOG_H
#define HWP_FACTS_LOG_KLOG_H

#include "layout/layout.h"
#include "model/findings.h"

/** The ring, and the buffer before it: one of them is enough. */
extern const struct hwp_needs hwp_klog_ring_needs, hwp_klog_buffer_needs;

/** kernel/printk/printk.c, printk_caller_id(): the number is that of a CPU. */
#define HWP_CALLER_IS_CPU UINT32_C(0x80000000)

struct hwp_klog_record {
	uint64_t seq, time_ns;
	/**
	 * Whose line it is: 0 of the kernel, of which nobody else can make one: what is written to
	 * /dev/kmsg with facility 0 becomes a user's (1), devkmsg_write() in kernel/printk/printk.c.
	 */
	unsigned int facility;
	/** printk_caller_id(): a pid, or with its top bit set a CPU; has_caller: it is known. */
	bool has_caller;
	uint32_t caller_id;
	/** Not NUL-terminated. */
	const char *text;
	size_t len;
};

/** Called for a record; what it returns stops the walk. */
typedef struct hwp_error *hwp_klog_each(void *arg, const struct hwp_klog_record *record);

/**
 * Call @p each for every record from the oldest on, whoever wrote it, and say in @p log what there
 * is of the log: its state, why, first_seq, first_ns and nr_lost; the rest is zeroed. What cannot
 * be read is no error, but LOST or UNREADABLE: errors are NO_MEMORY, and with that code what
 * @p each returns.
 */
struct hwp_error *hwp_klog_walk(struct hwp_target *target, const struct hwp_layout *layout,
				hwp_klog_each *each, void *arg, struct hwp_log_facts *log);

#endif /* HWP_FACTS_LOG_KLOG_H */
