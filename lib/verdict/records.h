// SPDX-License-Identifier: GPL-2.0-or-later
/** What the hardware's records in memory are worth beside the log; pure. */
#ifndef HWP_VERDICT_RECORDS_H
#define HWP_VERDICT_RECORDS_H

#include "model/findings.h"

/**
 * Fill in in_log of findings.hardware.records: yes where a line names the page of the record, or has
 * its status, within seconds of it by the wall clock; no where the log has every line of that time,
 * and none is about it.
 */
void hwp_records_judge(struct hwp_findings *findings);

/**
 * The index in findings.hardware.records of the newest one of an uncorrected error of memory, with
 * its page, that the kernel had not handed on; -1 for none.
 */
int64_t hwp_waiting_error(const struct hwp_findings *findings);

#endif /* HWP_VERDICT_RECORDS_H */
