// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/leaves.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/bits.h"

#define LARGE_SHIFT 21

/** Elsewhere the kernel's own tables map nothing. */
static bool is_kernel_address(const struct hwp_page_tables *tables, uint64_t address)
{
	return address >> tables->kernel_bits == UINT64_MAX >> tables->kernel_bits;
}

static struct hwp_error *walk(struct hwp_leaves *leaves, uint64_t address, struct hwp_leaf *ret)
{
	uint64_t physical, start;
	struct hwp_error *err;
	unsigned int shift;

	if (!is_kernel_address(&leaves->tables, address))
		return hwp_error_at(HWP_ERROR_FAULT, address, "0x%" PRIx64 " is not mapped",
				    address);
	err = hwp_page_tables_walk(&leaves->tables, address, &shift, &physical);
	if (err)
		return err;
	shift = shift < LARGE_SHIFT ? leaves->tables.page_shift : LARGE_SHIFT;
	start = hwp_align_down(address, shift);
	*ret = (struct hwp_leaf){ .start = start,
				  .end = start + (UINT64_C(1) << shift) - 1,
				  .physical = physical - (address - start) };
	return NULL;
}

struct hwp_error *hwp_leaves_translate(struct hwp_leaves *leaves, uint64_t address,
				       uint64_t *physical_ret, uint64_t *nr_ret)
{
	struct hwp_leaf *large = &leaves->large[(address >> LARGE_SHIFT) % HWP_NR_LARGE_LEAVES];
	unsigned int page_shift = leaves->tables.page_shift;
	struct hwp_leaf *small = &leaves->small[(address >> page_shift) % HWP_NR_SMALL_LEAVES];
	struct hwp_leaf *leaf = large, found;
	struct hwp_error *err;

	if (address < large->start || address > large->end)
		leaf = small;
	if (address < leaf->start || address > leaf->end) {
		err = walk(leaves, address, &found);
		if (err)
			return err;
		leaf = found.end - found.start < UINT64_C(1) << page_shift ? small : large;
		*leaf = found;
	}
	*physical_ret = leaf->physical + (address - leaf->start);
	*nr_ret = leaf->end - address + 1;
	return NULL;
}
