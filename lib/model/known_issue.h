// SPDX-License-Identifier: GPL-2.0-or-later
/** A fault of kernels, or of what reads them, that is known, and what was found that looks like it. */
#ifndef HWP_MODEL_KNOWN_ISSUE_H
#define HWP_MODEL_KNOWN_ISSUE_H

#include <stdbool.h>
#include <stdint.h>

struct hwp_findings;
struct hwp_issue_match;

/* The most of hwp_known_issue.references. */
#define HWP_MAX_REFERENCES 6

/** One known issue: all that is to be known of it, in one row of issue/table.c. */
struct hwp_known_issue {
	/** As in reports, in JSON and for `hwpoison explain`. */
	const char *name;
	/** What goes wrong; no full stop. */
	const char *title;
	/** Why it does, and what follows: sentences. */
	const char *background;
	/** Those that have it, and since when they have it no more; no full stop. */
	const char *kernels;
	/** What would show that it is something else; no full stop. */
	const char *disproof;
	/** What to do: sentences. */
	const char *advice;
	/** Commits, CVEs and articles. */
	const char *references[HWP_MAX_REFERENCES];
	/** Do the findings look like it? If so, hwp_issue_matched() has said by what. */
	bool (*is_matched)(const struct hwp_findings *findings, struct hwp_issue_match *match);
};

/** The findings look like this issue: not that it was proved. */
struct hwp_issue_match {
	const struct hwp_known_issue *issue;
	/** What matched; no full stop. */
	char why[256];
};

/** A line in which the kernel complains of itself, by which some issues are recognised. */
struct hwp_complaint {
	/** When it was first printed, and how often. */
	uint64_t time_ns, nr;
	char text[128];
};

#endif /* HWP_MODEL_KNOWN_ISSUE_H */
