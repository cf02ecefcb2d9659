// SPDX-License-Identifier: GPL-2.0-or-later
#include "pfns.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* strtoull() would accept spaces and signs. */
static bool scan_pfn(const char **s, bool bare_is_hex, uint64_t *ret)
{
	bool has_prefix = strncmp(*s, "0x", 2) == 0 || strncmp(*s, "0X", 2) == 0;
	bool is_hex = has_prefix || bare_is_hex;
	const char *digits = *s + 2 * has_prefix;
	char *end;

	if (!(is_hex ? isxdigit((unsigned char)*digits) : isdigit((unsigned char)*digits)))
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, is_hex ? 16 : 10);
	*s = end;
	return errno == 0;
}

static bool scan_pfns(const char **s, bool bare_is_hex, uint64_t *start, uint64_t *end)
{
	if (!scan_pfn(s, bare_is_hex, start))
		return false;
	if (**s != '-') {
		*end = *start + 1;
		return *end != 0;
	}
	(*s)++;
	return scan_pfn(s, bare_is_hex, end) && *start < *end;
}

bool hwp_parse_pfn(const char *s, bool bare_is_hex, uint64_t *ret)
{
	return scan_pfn(&s, bare_is_hex, ret) && !*s;
}

bool hwp_parse_pfn_range(const char *s, bool bare_is_hex, uint64_t *start, uint64_t *end)
{
	return strchr(s, '-') && scan_pfns(&s, bare_is_hex, start, end) && !*s;
}

bool hwp_next_pfns(const char **s, bool bare_is_hex, uint64_t *start, uint64_t *end)
{
	const char *at = *s;

	if (!scan_pfns(&at, bare_is_hex, start, end) || (*at && *at != ','))
		return false;
	/* A comma is followed by another. */
	if (*at && !*++at)
		return false;
	*s = at;
	return true;
}
