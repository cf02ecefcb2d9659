// SPDX-License-Identifier: GPL-2.0-or-later
/** Kernel addresses translated by the page tables, and kept: once for each entry of a table. */
#ifndef HWP_TARGET_MEMORY_LEAVES_H
#define HWP_TARGET_MEMORY_LEAVES_H

#include <stdint.h>

#include "base/error.h"
#include "target/memory/pagetable.h"

/* Powers of two. Larger entries of the tables are kept as the 2 MiB of them that were used. */
#define HWP_NR_LARGE_LEAVES 128
#define HWP_NR_SMALL_LEAVES 512

/** Addresses start to end, which is the last, are mapped to @p physical on; end 0: none. */
struct hwp_leaf {
	uint64_t start, end, physical;
};

struct hwp_leaves {
	struct hwp_page_tables tables;
	struct hwp_leaf large[HWP_NR_LARGE_LEAVES], small[HWP_NR_SMALL_LEAVES];
};

/**
 * Translate @p address; the *@p nr_ret bytes from there on are contiguous. Errors: FAULT (not
 * mapped), and those of reading the tables.
 */
struct hwp_error *hwp_leaves_translate(struct hwp_leaves *leaves, uint64_t address,
				       uint64_t *physical_ret, uint64_t *nr_ret);

#endif /* HWP_TARGET_MEMORY_LEAVES_H */
