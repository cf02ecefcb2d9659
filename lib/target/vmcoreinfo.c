// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/vmcoreinfo.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "target/target.h"

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

struct hwp_error *hwp_vmcoreinfo_check(const char *text, size_t len)
{
	static const char key[] = "PAGESIZE=";
	const char *at = memmem(text, len, key, sizeof(key) - 1);
	uint64_t page_size = 0;

	if (!at)
		return NULL;
	for (at += sizeof(key) - 1; at < text + len && *at >= '0' && *at <= '9'; at++)
		page_size = page_size * 10 + (uint64_t)(*at - '0');
	if (hwp_is_page_size(page_size))
		return NULL;
	return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense: PAGESIZE=%" PRIu64,
				page_size);
}

struct hwp_error *hwp_vmcoreinfo_same_kernel(const char *given, const char *own)
{
	static const struct {
		const char *key, *what;
	} keys[] = { { "BUILD-ID", "build id" }, { "OSRELEASE", "release" } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t len = 0, own_len = 0;
		const char *value = hwp_vmcoreinfo_find(given, keys[i].key, &len);
		const char *own_value = hwp_vmcoreinfo_find(own, keys[i].key, &own_len);

		if (!value || !own_value || (len == own_len && memcmp(value, own_value, len) == 0))
			continue;
		return hwp_error_create(
			HWP_ERROR_INVALID_ARGUMENT,
			"it is of another kernel than the dump: its %s is %.*s, the "
			"dump's own VMCOREINFO has %.*s",
			keys[i].what, (int)(len < 128 ? len : 128), value,
			(int)(own_len < 128 ? own_len : 128), own_value);
	}
	return NULL;
}
