// SPDX-License-Identifier: GPL-2.0-or-later
/** Which of some words the user may have meant. */
#ifndef HWP_BASE_NEAREST_H
#define HWP_BASE_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

struct hwp_nearest {
	const char *word;
	/** The first of those that are nearest (borrowed); NULL when none is near. */
	const char *found;
	size_t least;
};

struct hwp_nearest hwp_nearest_to(const char *word);

/** Is @p other nearer than all before? Upper and lower case are the same, and hyphens and spaces. */
void hwp_nearest_try(struct hwp_nearest *nearest, const char *other);

/** Are they the same but for upper and lower case, and hyphens for spaces? */
bool hwp_is_same_word(const char *a, const char *b);

#endif /* HWP_BASE_NEAREST_H */
