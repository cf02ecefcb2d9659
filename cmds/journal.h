// SPDX-License-Identifier: GPL-2.0-or-later
/** What a service says to systemd's journal, which takes a priority from the line. */
#ifndef HWP_JOURNAL_H
#define HWP_JOURNAL_H

#include <stdio.h>

#include "model/findings.h"

/** Does @p err go to the journal? systemd names its socket in $JOURNAL_STREAM. */
bool hwp_is_journal(FILE *err);

/** One line of priority crit if @p findings show a leak. */
void hwp_journal_leak(FILE *err, const struct hwp_findings *findings);

/** Is there no directory for the file at @p path? Then one line of priority notice says so. */
bool hwp_journal_no_directory(FILE *err, const char *path);

#endif /* HWP_JOURNAL_H */
