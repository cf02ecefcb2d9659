// SPDX-License-Identifier: GPL-2.0-or-later
/** VMCOREINFO: lines of "KEY=VALUE" in which a kernel describes itself. */
#ifndef HWP_TARGET_VMCOREINFO_H
#define HWP_TARGET_VMCOREINFO_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** As hwp_target_vmcoreinfo(), in @p text, which may be NULL. */
const char *hwp_vmcoreinfo_find(const char *text, const char *key, size_t *len_ret);

/** As hwp_target_vmcoreinfo_number(), in @p text. */
struct hwp_error *hwp_vmcoreinfo_number(const char *text, const char *key, uint64_t *ret);

/** Refuse a PAGESIZE that is none: libkdumpfile would divide by zero. */
struct hwp_error *hwp_vmcoreinfo_check(const char *text, size_t len);

/**
 * Is VMCOREINFO @p given of the same kernel as @p own? By build ids, or else by release.
 * INVALID_ARGUMENT when it is not.
 */
struct hwp_error *hwp_vmcoreinfo_same_kernel(const char *given, const char *own);

#endif /* HWP_TARGET_VMCOREINFO_H */
