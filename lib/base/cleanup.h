// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Scope guards: a variable so marked is released when it leaves its scope. A guard takes
 * the address of the variable: x_deinit() is one already, for what is held by value; for a
 * pointer that f() releases it is called fp(), and stands beside f().
 */
#ifndef HWP_BASE_CLEANUP_H
#define HWP_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define _cleanup_(fn) __attribute__((__cleanup__(fn)))

static inline void hwp_freep(void *p)
{
	free(*(void **)p);
}
#define _cleanup_free_ _cleanup_(hwp_freep)

static inline void hwp_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
#define _cleanup_close_ _cleanup_(hwp_closep)

static inline void hwp_fclosep(FILE **f)
{
	if (*f)
		fclose(*f);
}
#define _cleanup_fclose_ _cleanup_(hwp_fclosep)

/**
 * Memory for a table of megabytes, in huge pages where the system has them:
 * half the time of a short run goes into page faults otherwise. free() it.
 */
static inline void *hwp_alloc_big(size_t size)
{
	const size_t huge = (size_t)2 << 20;
	size_t rounded = (size + huge - 1) & ~(huge - 1);
	void *p = rounded < size ? NULL : aligned_alloc(huge, rounded ? rounded : huge);

	if (p)
		madvise(p, rounded ? rounded : huge, MADV_HUGEPAGE);
	return p;
}

/** Give up the guard on @p p and yield its value: ownership moves on. */
#define no_cleanup_ptr(p)                \
	({                               \
		__typeof__(p) _p_ = (p); \
		(p) = NULL;              \
		_p_;                     \
	})

#endif /* HWP_BASE_CLEANUP_H */
