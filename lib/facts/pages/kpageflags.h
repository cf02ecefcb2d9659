// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The running kernel by what /proc/kpageflags and /proc/kpagecount show of
 * each page, for when /proc/kcore is closed. They show which pages are
 * poisoned and which of them are in free blocks; not the per-CPU lists, not
 * which pages of a HugeTLB folio are bad, and no reference counts.
 */
#ifndef HWP_FACTS_PAGES_KPAGEFLAGS_H
#define HWP_FACTS_PAGES_KPAGEFLAGS_H

#include "model/findings.h"

/**
 * Fill empty @p findings by one pass over every page, from the files in @p proc,
 * which is "/proc". What cannot be seen is recorded as holes; @p why says why the
 * better way is closed. Error (OS): the files are closed as well; it says what is missing.
 */
struct hwp_error *hwp_kpageflags_look(struct hwp_findings *findings, const char *proc,
				      const char *why);

/** Add the events of @p log, text of syslog(2), which is cut into its lines; join them to pages. */
struct hwp_error *hwp_kpageflags_add_log(struct hwp_findings *findings, char *log);

#endif /* HWP_FACTS_PAGES_KPAGEFLAGS_H */
