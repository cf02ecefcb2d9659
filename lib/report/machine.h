// SPDX-License-Identifier: GPL-2.0-or-later
/** Which machine it was, and when. */
#ifndef HWP_REPORT_MACHINE_H
#define HWP_REPORT_MACHINE_H

#include "base/json.h"
#include "report/text.h"

/** Enough for hwp_utc(). */
#define HWP_UTC_SIZE 40

/** "2026-11-24 12:00:12", in UTC; @p buf has HWP_UTC_SIZE bytes. */
const char *hwp_utc(int64_t unix_seconds, char *buf);

/** When a line of the log was printed, by the wall clock; false where that is not known. */
bool hwp_wall_clock(const struct hwp_findings *findings, uint64_t log_ns,
		    int64_t *unix_seconds_ret);

/** Host, time, memory and CPUs, as far as they are known. */
void hwp_text_machine(struct hwp_text *text, const struct hwp_findings *findings);

void hwp_report_json_identity(struct hwp_json *json, const struct hwp_findings *findings);

#endif /* HWP_REPORT_MACHINE_H */
