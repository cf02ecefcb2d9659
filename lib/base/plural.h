// SPDX-License-Identifier: GPL-2.0-or-later
/** "1 page", "2 pages". */
#ifndef HWP_BASE_PLURAL_H
#define HWP_BASE_PLURAL_H

#include <stdint.h>

/** "s" unless @p n is one. */
static inline const char *hwp_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

#endif /* HWP_BASE_PLURAL_H */
