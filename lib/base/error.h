// SPDX-License-Identifier: GPL-2.0-or-later
/** Errors are values: NULL is success, others are owned; callers prefix context on the way up. */
#ifndef HWP_BASE_ERROR_H
#define HWP_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

enum hwp_error_code {
	HWP_ERROR_NO_MEMORY,
	HWP_ERROR_INVALID_ARGUMENT,
	/** A system call failed; the message carries strerror's text. */
	HWP_ERROR_OS,
	/** The address is not mapped in the target. */
	HWP_ERROR_FAULT,
	/** The address exists, but its page was not stored in the dump. */
	HWP_ERROR_EXCLUDED,
	/** No such symbol, type, member or key. */
	HWP_ERROR_LOOKUP,
	/** What was read contradicts what it must be. */
	HWP_ERROR_BAD_DATA,
	/** Recognised, but not supported. */
	HWP_ERROR_UNSUPPORTED,
	/** The user interrupted it. */
	HWP_ERROR_INTERRUPTED,
};

struct hwp_error {
	enum hwp_error_code code;
	/** One line, no final newline or full stop. */
	char *message;
	/** The target address of a FAULT, EXCLUDED or BAD_DATA, else 0. */
	uint64_t address;
};

/** The static NO_MEMORY error, which takes no memory itself. */
struct hwp_error *hwp_error_no_memory(void);

/** A new error, or the static NO_MEMORY one. The caller owns it. */
struct hwp_error *hwp_error_create(enum hwp_error_code code, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** As hwp_error_create(), with the target address it is about. */
struct hwp_error *hwp_error_at(enum hwp_error_code code, uint64_t address, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));

/** "@p fmt: strerror(@p errnum)". */
struct hwp_error *hwp_error_os(int errnum, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** Put "@p fmt: " before the message of @p err (may be NULL); returns @p err. */
struct hwp_error *hwp_error_prefix(struct hwp_error *err, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

/** Free @p err; NULL and the static NO_MEMORY error are fine. */
void hwp_error_destroy(struct hwp_error *err);

/**
 * If *@p err has @p code, destroy it, set it to NULL and return true: to the
 * caller the failure is an ordinary answer.
 */
bool hwp_error_catch(struct hwp_error **err, enum hwp_error_code code);

static inline void hwp_error_destroyp(struct hwp_error **err)
{
	hwp_error_destroy(*err);
}
#define _cleanup_error_ _cleanup_(hwp_error_destroyp)

#endif /* HWP_BASE_ERROR_H */
