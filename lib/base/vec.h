// SPDX-License-Identifier: GPL-2.0-or-later
/** A typed array that grows: `HWP_VEC(struct foo) foos = {};` */
#ifndef HWP_BASE_VEC_H
#define HWP_BASE_VEC_H

#include <stdbool.h>
#include <stdlib.h>

#define HWP_VEC(T)                   \
	struct {                     \
		T *data;             \
		size_t nr, capacity; \
	}

static inline bool hwp_vec_grow(void **data, size_t *capacity, size_t size)
{
	size_t n = *capacity ? *capacity * 2 : 16;
	void *p = reallocarray(*data, n, size);

	if (!p)
		return false;
	*data = p;
	*capacity = n;
	return true;
}

/** Append @p item; false if out of memory, the vector is unchanged then. */
#define hwp_vec_push(v, item)                                                      \
	(((v)->nr < (v)->capacity ||                                               \
	  hwp_vec_grow((void **)&(v)->data, &(v)->capacity, sizeof(*(v)->data))) ? \
		 ((v)->data[(v)->nr++] = (item), true) :                           \
		 false)

/**
 * In the sorted array @p data of @p nr elements, the index of the first that
 * is not @p before: an expression in the element `const T *@p e`, true of a
 * first part of the array and false of the rest. @p nr when it is true of all.
 */
#define hwp_lower_bound(data, nr, e, before)                          \
	({                                                            \
		size_t low_ = 0, high_ = (nr);                        \
		while (low_ < high_) {                                \
			size_t mid_ = low_ + (high_ - low_) / 2;      \
			const __typeof__(*(data)) *e = &(data)[mid_]; \
			if (before)                                   \
				low_ = mid_ + 1;                      \
			else                                          \
				high_ = mid_;                         \
		}                                                     \
		low_;                                                 \
	})

/** hwp_lower_bound() in a vector. */
#define hwp_vec_lower_bound(v, e, before) hwp_lower_bound((v)->data, (v)->nr, e, before)

#define hwp_vec_deinit(v)          \
	do {                       \
		free((v)->data);   \
		(v)->data = NULL;  \
		(v)->nr = 0;       \
		(v)->capacity = 0; \
	} while (0)

#endif /* HWP_BASE_VEC_H */
