// SPDX-License-Identifier: GPL-2.0-or-later
/** A typed growing array: `HWP_VEC(struct foo) foos = {};` */
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

/** Append @p item; false when memory is out, the vector then unchanged. */
#define hwp_vec_push(v, item)                                                      \
	(((v)->nr < (v)->capacity ||                                               \
	  hwp_vec_grow((void **)&(v)->data, &(v)->capacity, sizeof(*(v)->data))) ? \
		 ((v)->data[(v)->nr++] = (item), true) :                           \
		 false)

#define hwp_vec_deinit(v)          \
	do {                       \
		free((v)->data);   \
		(v)->data = NULL;  \
		(v)->nr = 0;       \
		(v)->capacity = 0; \
	} while (0)

#endif /* HWP_BASE_VEC_H */
