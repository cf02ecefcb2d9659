// SPDX-License-Identifier: GPL-2.0-or-later
/** A kernel log as a text file: of dmesg, vmcore-dmesg, journalctl -k or syslog. */
#ifndef HWP_FACTS_LOG_TEXT_LOG_H
#define HWP_FACTS_LOG_TEXT_LOG_H

#include "model/findings.h"

/**
 * Read the lines of the kernel in @p path into the events, remarks, crash and log of @p findings,
 * which are those of no target. Times are from the kernel's stamps or, where lines have none, or
 * more than one boot is in the file, from the first line on. Errors: OS, NO_MEMORY, BAD_DATA (no
 * line of a kernel).
 */
struct hwp_error *hwp_text_log_read(const char *path, struct hwp_findings *findings);

/** What a line begins with; exposed to the tests. */
struct hwp_stamp {
	/** Seconds since boot, as printk() has them, in nanoseconds. */
	bool has_boot_ns;
	uint64_t boot_ns;
	/** Seconds since 1970, and whether the line says of which zone. */
	bool has_wall, has_zone;
	int64_t wall_ns;
	/** The facility, 0 of the kernel where the line does not show it. */
	unsigned int facility;
	/** printk_caller_id(), where the line has it. */
	bool has_caller;
	uint32_t caller_id;
	/** What the kernel printed. */
	const char *text;
};

/**
 * Take apart @p line, which ends in NUL; a date without a year is the last such one before
 * @p now. False where it is no line of a kernel.
 */
bool hwp_stamp_parse(const char *line, int64_t now_unix_seconds, struct hwp_stamp *ret);

#endif /* HWP_FACTS_LOG_TEXT_LOG_H */
