// SPDX-License-Identifier: GPL-2.0-or-later
/** rasdaemon's database of memory failures: the kernel's tracepoint, kept over reboots. */
#ifndef HWP_FACTS_LOG_RASDAEMON_H
#define HWP_FACTS_LOG_RASDAEMON_H

#include "model/findings.h"

/**
 * Read table memory_failure_event of the SQLite database @p path into
 * findings.rasdaemon, oldest row first, of very many the newest. The file is
 * not written, nor are files made beside it; what rasdaemon writes meanwhile
 * is respected. Errors: OS, LOOKUP (no such table), BAD_DATA (no database, a
 * damaged one, a row that cannot be one of rasdaemon's).
 */
struct hwp_error *hwp_rasdaemon_read(const char *path, struct hwp_findings *findings);

#endif /* HWP_FACTS_LOG_RASDAEMON_H */
