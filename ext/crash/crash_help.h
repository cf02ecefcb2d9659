// SPDX-License-Identifier: GPL-2.0-or-later
#ifndef HWP_CRASH_HELP_H
#define HWP_CRASH_HELP_H

/** What crash's `help hwpoison` prints: name, summary, synopsis, then lines, up to a NULL. */
extern char *hwp_crash_help[];

#endif /* HWP_CRASH_HELP_H */
