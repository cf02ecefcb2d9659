// SPDX-License-Identifier: GPL-2.0-or-later
/** VMCOREINFO in the memory of a dump that has no note of it: QEMU's without -device vmcoreinfo. */
#ifndef HWP_TARGET_MEMORY_VMCOREINFO_FIND_H
#define HWP_TARGET_MEMORY_VMCOREINFO_FIND_H

#include "target/memory/dumpfile.h"

/**
 * Search the pages of @p dump. *@p text_ret is NULL when there is none; the caller frees it.
 * LOOKUP when there are several, of which nothing says which is of the kernel that ran last.
 */
struct hwp_error *hwp_vmcoreinfo_find_in_memory(const struct hwp_dumpfile *dump, char **text_ret);

#endif /* HWP_TARGET_MEMORY_VMCOREINFO_FIND_H */
