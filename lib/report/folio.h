// SPDX-License-Identifier: GPL-2.0-or-later
/** Parts of the report of `folio`. */
#ifndef HWP_REPORT_FOLIO_H
#define HWP_REPORT_FOLIO_H

#include "report/text.h"

/** What this kernel and a fixed one do, or would have done, when it is freed. */
void hwp_text_fate(struct hwp_text *text, const struct hwp_findings *findings,
		   const struct hwp_folio *folio);

/** "1.99 MiB", rounded down, or "8 KiB": the size of @p nr_pages pages. */
const char *hwp_format_size(const struct hwp_findings *findings, uint64_t nr_pages, char *buf,
			    size_t size);

/** What the subject, which is not poisoned, is: "in the free block at 0x5c00, order 10 …". */
const char *hwp_subject_place(const struct hwp_findings *findings, char *buf, size_t size);

#endif /* HWP_REPORT_FOLIO_H */
