// SPDX-License-Identifier: GPL-2.0-or-later
/** Why a file of /proc cannot be opened. */
#ifndef HWP_TARGET_MEMORY_PRIVILEGE_H
#define HWP_TARGET_MEMORY_PRIVILEGE_H

#include "base/error.h"

/** include/uapi/linux/capability.h */
enum hwp_capability {
	HWP_CAP_SYS_RAWIO = 17,
	HWP_CAP_SYS_ADMIN = 21,
};

/**
 * An error (OS) for open() of @p path having failed with @p errnum: the one
 * line says which capability, mount or kernel option is missing. @p absent
 * says why the kernel may have no such file.
 */
struct hwp_error *hwp_privilege_explain(int errnum, const char *path, enum hwp_capability needed,
					const char *absent);

#endif /* HWP_TARGET_MEMORY_PRIVILEGE_H */
