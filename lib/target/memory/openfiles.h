// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The dumps that this process has open. A host's dump is known by its descriptor: the name that
 * the host opened it by may be another file's by now.
 */
#ifndef HWP_TARGET_MEMORY_OPENFILES_H
#define HWP_TARGET_MEMORY_OPENFILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** makedumpfile --split writes as many as it is given names. */
#define HWP_MAX_OPEN_DUMPS 64

struct hwp_open_dump {
	/** The host's; for positioned reads only. */
	int fd;
	char path[4096];
};

struct hwp_open_dumps {
	struct hwp_open_dump *dumps;
	size_t nr;
};

void hwp_open_dumps_deinit(struct hwp_open_dumps *open);

/**
 * The dumps that are open, each file once; the one that @p path, which may be NULL, names now
 * comes first. *@p is_first_ret: there is such a one.
 */
struct hwp_error *hwp_open_dumps(const char *path, struct hwp_open_dumps *ret, bool *is_first_ret);

#endif /* HWP_TARGET_MEMORY_OPENFILES_H */
