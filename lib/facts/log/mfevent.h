// SPDX-License-Identifier: GPL-2.0-or-later
/** Lines of the kernel log about memory failures: a pure parser. */
#ifndef HWP_FACTS_LOG_MFEVENT_H
#define HWP_FACTS_LOG_MFEVENT_H

#include "model/findings.h"

/**
 * Parse one line of @p len characters; false when it is about something else.
 * Formats: mm/memory-failure.c and mm/hwpoison-inject.c from v4.18 to v7.3.
 */
bool hwp_mfevent_parse(const char *text, size_t len, struct hwp_event *ret);

/**
 * The page of "BUG: Bad page state in process NAME  pfn:PFN", bad_page() in mm/page_alloc.c from
 * v4.18 to v7.3; false for any other line.
 */
bool hwp_bad_page_state_parse(const char *text, size_t len, uint64_t *pfn_ret);

#endif /* HWP_FACTS_LOG_MFEVENT_H */
