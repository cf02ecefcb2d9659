// SPDX-License-Identifier: GPL-2.0-or-later
/** `watch`: a line for each change. */
#ifndef HWP_REPORT_CHANGES_H
#define HWP_REPORT_CHANGES_H

#include <stdio.h>

#include "verdict/changes.h"

/** "TIME  PFN  PHYSICAL  BEFORE -> NOW", or of the verdict. @p time as a word. */
void hwp_report_change(FILE *out, const struct hwp_findings *findings,
		       const struct hwp_change *change, const char *time);

/** The same as a line of JSON, schema hwpoison.change/1. */
void hwp_report_change_json(FILE *out, const struct hwp_findings *findings,
			    const struct hwp_change *change, const char *time);

/** There is no verdict any more, by @p why; @p before is the one that was, or NULL. */
void hwp_report_no_verdict(FILE *out, const char *before, const char *why, const char *time);
void hwp_report_no_verdict_json(FILE *out, const char *before, const char *why, const char *time);

/** More pages have leaked since boot than @p nr_before: as many as @p now has. */
void hwp_report_leaks(FILE *out, uint64_t nr_before, const struct hwp_leak_record *now,
		      const char *time);

/** The same, as an object on a line of its own. */
void hwp_report_leaks_json(FILE *out, uint64_t nr_before, const struct hwp_leak_record *now,
			   const char *time);

#endif /* HWP_REPORT_CHANGES_H */
