// SPDX-License-Identifier: GPL-2.0-or-later
/** What the rows of table.c call: pure functions of the findings, by where they look. */
#ifndef HWP_VERDICT_ISSUE_FUNCTIONS_H
#define HWP_VERDICT_ISSUE_FUNCTIONS_H

#include "model/findings.h"

/** Say what matched; returns true. */
bool hwp_issue_matched(struct hwp_issue_match *match, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** The last complaint that has @p part in its text; NULL for none. */
const struct hwp_complaint *hwp_issue_complaint(const struct hwp_findings *f, const char *part);

#define HWP_ISSUE_FUNCTION(name) bool name(const struct hwp_findings *f, struct hwp_issue_match *m)

/* pages.c: by the pages, their folios and the counts. */
HWP_ISSUE_FUNCTION(hwp_issue_freed_whole);
HWP_ISSUE_FUNCTION(hwp_issue_dissolved_in_buddy);
HWP_ISSUE_FUNCTION(hwp_issue_dissolved_on_pcp);
HWP_ISSUE_FUNCTION(hwp_issue_counted_again);
HWP_ISSUE_FUNCTION(hwp_issue_gigantic_dissolve);

/* complaints.c: by the lines of the kernel log, or of rasdaemon. */
HWP_ISSUE_FUNCTION(hwp_issue_unpoison_uninitialised);
HWP_ISSUE_FUNCTION(hwp_issue_unpoison_bad_state);
HWP_ISSUE_FUNCTION(hwp_issue_vmemmap_deadlock);
HWP_ISSUE_FUNCTION(hwp_issue_subpool_lock);
HWP_ISSUE_FUNCTION(hwp_issue_tail_mapping);
HWP_ISSUE_FUNCTION(hwp_issue_repeated_reports);
HWP_ISSUE_FUNCTION(hwp_issue_rasdaemon_types);

#endif /* HWP_VERDICT_ISSUE_FUNCTIONS_H */
