// SPDX-License-Identifier: GPL-2.0-or-later
/** Lines of the kernel log about its own death. */
#ifndef HWP_FACTS_LOG_CRASH_H
#define HWP_FACTS_LOG_CRASH_H

#include "facts/log/klog.h"
#include "model/findings.h"

/** Take @p record, a line of the kernel, whatever it is about; the lines come in their order. */
void hwp_crash_take(struct hwp_crash_facts *crash, const struct hwp_klog_record *record);

#endif /* HWP_FACTS_LOG_CRASH_H */
