// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel's BTF by search, where no symbol says where it is. */
#ifndef HWP_TARGET_SYMBOLS_BTF_FIND_H
#define HWP_TARGET_SYMBOLS_BTF_FIND_H

#include <stdint.h>

#include "target/target.h"

#define HWP_MAX_BTF_SIZE (UINT64_C(64) << 20)

/**
 * The address and the size of the BTF in the kernel's image. LOOKUP when there is none
 * that has the kernel's types.
 */
struct hwp_error *hwp_btf_find(struct hwp_target *target, uint64_t *address_ret,
			       uint64_t *size_ret);

#endif /* HWP_TARGET_SYMBOLS_BTF_FIND_H */
