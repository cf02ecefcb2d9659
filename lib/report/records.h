// SPDX-License-Identifier: GPL-2.0-or-later
/** What the hardware reported, as the kernel has it in memory, in text and JSON. */
#ifndef HWP_REPORT_RECORDS_H
#define HWP_REPORT_RECORDS_H

#include "base/json.h"
#include "report/text.h"

/** One line: "CPU 0, bank 9, status 0x…, misc 0x8c, at 2026-12-01 12:03:41 UTC". */
const char *hwp_record_words(const struct hwp_hardware_record *record, char *buf, size_t size);

/** Which places of records could not be read, and why. */
void hwp_text_unread_stores(struct hwp_text *text, const struct hwp_findings *findings);

/** How many corrected errors the kernel counted, if any, and where most. */
void hwp_text_corrected(struct hwp_text *text, const struct hwp_findings *findings);

/** A table of the records, if there are any. */
struct hwp_error *hwp_text_records(struct hwp_text *text, const struct hwp_findings *findings,
				   const struct hwp_report_style *style);

void hwp_report_json_hardware(struct hwp_json *json, const struct hwp_findings *findings);

#endif /* HWP_REPORT_RECORDS_H */
