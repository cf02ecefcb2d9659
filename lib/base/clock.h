// SPDX-License-Identifier: GPL-2.0-or-later
/** How long a stage took. */
#ifndef HWP_BASE_CLOCK_H
#define HWP_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/** Nanoseconds of the host's monotonic clock. */
static inline uint64_t hwp_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif /* HWP_BASE_CLOCK_H */
