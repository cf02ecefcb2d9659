// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

static const struct hwp_error no_memory = {
	.code = HWP_ERROR_NO_MEMORY,
	.message = (char *)"out of memory",
};

struct hwp_error *hwp_error_no_memory(void)
{
	return (struct hwp_error *)&no_memory;
}

static struct hwp_error *error_new(enum hwp_error_code code, uint64_t address, char *message)
{
	struct hwp_error *err;

	if (!message)
		return hwp_error_no_memory();
	err = malloc(sizeof(*err));
	if (!err) {
		free(message);
		return hwp_error_no_memory();
	}
	err->code = code;
	err->message = message;
	err->address = address;
	return err;
}

static char *format(const char *fmt, va_list ap)
{
	char *s;

	return vasprintf(&s, fmt, ap) < 0 ? NULL : s;
}

struct hwp_error *hwp_error_create(enum hwp_error_code code, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = format(fmt, ap);
	va_end(ap);
	return error_new(code, 0, s);
}

struct hwp_error *hwp_error_at(enum hwp_error_code code, uint64_t address, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = format(fmt, ap);
	va_end(ap);
	return error_new(code, address, s);
}

struct hwp_error *hwp_error_os(int errnum, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	char *s;
	va_list ap;

	va_start(ap, fmt);
	what = format(fmt, ap);
	va_end(ap);
	if (!what || asprintf(&s, "%s: %s", what, strerror(errnum)) < 0)
		return hwp_error_no_memory();
	return error_new(HWP_ERROR_OS, 0, s);
}

struct hwp_error *hwp_error_prefix(struct hwp_error *err, const char *fmt, ...)
{
	_cleanup_free_ char *prefix = NULL;
	char *s;
	va_list ap;

	if (!err || err == &no_memory)
		return err;
	va_start(ap, fmt);
	prefix = format(fmt, ap);
	va_end(ap);
	if (!prefix || asprintf(&s, "%s: %s", prefix, err->message) < 0)
		return err;
	free(err->message);
	err->message = s;
	return err;
}

void hwp_error_destroy(struct hwp_error *err)
{
	if (!err || err == &no_memory)
		return;
	free(err->message);
	free(err);
}

bool hwp_error_catch(struct hwp_error **err, enum hwp_error_code code)
{
	if (!*err || (*err)->code != code)
		return false;
	hwp_error_destroy(*err);
	*err = NULL;
	return true;
}
