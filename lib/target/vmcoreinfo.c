// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/vmcoreinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *hwp_vmcoreinfo_find(const char *text, const char *key, size_t *len_ret)
{
	size_t key_len = strlen(key);
	const char *line = text;

	while (line && *line) {
		const char *end = strchrnul(line, '\n');

		if ((size_t)(end - line) > key_len && line[key_len] == '=' &&
		    memcmp(line, key, key_len) == 0) {
			*len_ret = (size_t)(end - line) - key_len - 1;
			return line + key_len + 1;
		}
		line = *end ? end + 1 : end;
	}
	return NULL;
}

/* SYMBOL() values are hexadecimal without 0x; other numbers are decimal, or begin with it. */
struct hwp_error *hwp_vmcoreinfo_number(const char *text, const char *key, uint64_t *ret)
{
	int base = strncmp(key, "SYMBOL(", 7) == 0 || strcmp(key, "KERNELOFFSET") == 0 ? 16 : 10;
	const char *value;
	char digits[32], *end;
	uint64_t number;
	size_t len;

	value = hwp_vmcoreinfo_find(text, key, &len);
	if (!value)
		return hwp_error_create(HWP_ERROR_LOOKUP, "no %s in VMCOREINFO", key);
	if (len == 0 || len >= sizeof(digits))
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO %s is not a number", key);
	memcpy(digits, value, len);
	digits[len] = '\0';
	if (strncmp(digits, "0x", 2) == 0)
		base = 16;
	errno = 0;
	number = digits[0] == '-' ? (uint64_t)strtoll(digits, &end, base) :
				    (uint64_t)strtoull(digits, &end, base);
	if (*end || errno)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO %s is not a number", key);
	*ret = number;
	return NULL;
}
