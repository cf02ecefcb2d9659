// SPDX-License-Identifier: GPL-2.0-or-later
/** Flags in the low bits of mem_section.section_mem_map: include/linux/mmzone.h. */
#ifndef HWP_TARGET_MEMORY_MEM_SECTION_H
#define HWP_TARGET_MEMORY_MEM_SECTION_H

#include <stdint.h>

#define HWP_SECTION_MARKED_PRESENT UINT64_C(1)
#define HWP_SECTION_HAS_MEM_MAP UINT64_C(2)
/**
 * Linux kernel commit 2d070eab2e82 ("mm: consider zone which is not fully populated to have
 * holes") (in v4.13).
 */
#define HWP_SECTION_IS_ONLINE UINT64_C(4)
/**
 * Present at boot: it has all its struct pages. Linux kernel commit 326e1b8f83a4
 * ("mm/sparsemem: introduce a SECTION_IS_EARLY flag") (in v5.3).
 */
#define HWP_SECTION_IS_EARLY UINT64_C(8)

#endif /* HWP_TARGET_MEMORY_MEM_SECTION_H */
