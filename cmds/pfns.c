// SPDX-License-Identifier: GPL-2.0-or-later
#include "pfns.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* strtoull() would take spaces and signs. */
static bool scan_pfn(const char **s, uint64_t *ret)
{
	bool is_hex = strncmp(*s, "0x", 2) == 0 || strncmp(*s, "0X", 2) == 0;
	const char *digits = *s + 2 * is_hex;
	char *end;

	if (!(is_hex ? isxdigit((unsigned char)*digits) : isdigit((unsigned char)*digits)))
		return false;
	errno = 0;
	*ret = strtoull(digits, &end, is_hex ? 16 : 10);
	*s = end;
	return errno == 0;
}

static bool scan_pfns(const char **s, uint64_t *start, uint64_t *end)
{
	if (!scan_pfn(s, start))
		return false;
	if (**s != '-') {
		*end = *start + 1;
		return *end != 0;
	}
	(*s)++;
	return scan_pfn(s, end) && *start < *end;
}

bool hwp_parse_pfn(const char *s, uint64_t *ret)
{
	return scan_pfn(&s, ret) && !*s;
}

bool hwp_parse_pfn_range(const char *s, uint64_t *start, uint64_t *end)
{
	return strchr(s, '-') && scan_pfns(&s, start, end) && !*s;
}

bool hwp_next_pfns(const char **s, uint64_t *start, uint64_t *end)
{
	const char *at = *s;

	if (!scan_pfns(&at, start, end) || (*at && *at != ','))
		return false;
	/* A comma promises another. */
	if (*at && !*++at)
		return false;
	*s = at;
	return true;
}
