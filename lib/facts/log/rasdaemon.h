// SPDX-License-Identifier: GPL-2.0-or-later
/** rasdaemon's database: tracepoints of the kernel about memory errors, kept over reboots. */
#ifndef HWP_FACTS_LOG_RASDAEMON_H
#define HWP_FACTS_LOG_RASDAEMON_H

#include "model/findings.h"

/**
 * Read the rows of the SQLite database @p path that name a page into findings.rasdaemon, one table
 * after the other, of each the oldest row first, of very many the newest: memory_failure_event,
 * mc_event, mce_record and extlog_event. A row that makes no sense is counted in
 * findings.nr_bad_rows. The file is not written, nor are files made beside it; what rasdaemon
 * writes meanwhile is respected. Errors: OS, LOOKUP (it has none of these tables), BAD_DATA (no
 * database, or a damaged one).
 */
struct hwp_error *hwp_rasdaemon_read(const char *path, struct hwp_findings *findings);

#endif /* HWP_FACTS_LOG_RASDAEMON_H */
