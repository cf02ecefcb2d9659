// SPDX-License-Identifier: GPL-2.0-or-later
/** Time in nanoseconds. */
#ifndef HWP_BASE_CLOCK_H
#define HWP_BASE_CLOCK_H

#include <inttypes.h>
#include <stdint.h>
#include <time.h>

#define HWP_NS_PER_SECOND UINT64_C(1000000000)

/** For printf(): @p ns as seconds, with microseconds as dmesg shows them, rounded down. */
#define HWP_PRI_SECONDS "%" PRIu64 ".%06" PRIu64
#define HWP_SECONDS(ns) (ns) / HWP_NS_PER_SECOND, (ns) / 1000 % 1000000

static inline uint64_t hwp_timespec_ns(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * HWP_NS_PER_SECOND + (uint64_t)ts->tv_nsec;
}

/** Nanoseconds of the host's monotonic clock. */
static inline uint64_t hwp_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return hwp_timespec_ns(&ts);
}

#endif /* HWP_BASE_CLOCK_H */
