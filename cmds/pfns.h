// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Page frame numbers on the command line: hexadecimal after 0x, else decimal,
 * or, with @p bare_is_hex, hexadecimal too.
 */
#ifndef HWP_PFNS_H
#define HWP_PFNS_H

#include <stdbool.h>
#include <stdint.h>

/** The whole of @p s is a pfn. */
bool hwp_parse_pfn(const char *s, bool bare_is_hex, uint64_t *ret);

/** The whole of @p s is "A-B" with A < B: the pfns [A, B). */
bool hwp_parse_pfn_range(const char *s, bool bare_is_hex, uint64_t *start_ret, uint64_t *end_ret);

/**
 * Take "A" or "A-B" off a list that commas separate: *@p s moves past it and
 * its comma. False, with *@p s unmoved, when the list does not begin with one.
 */
bool hwp_next_pfns(const char **s, bool bare_is_hex, uint64_t *start_ret, uint64_t *end_ret);

#endif /* HWP_PFNS_H */
