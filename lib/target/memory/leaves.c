// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/leaves.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/bits.h"

#define LARGE_SHIFT 21
#define BITS_PER_LEVEL 9

/** The bits above those that the tables translate repeat the highest of these. */
static bool is_canonical(const struct hwp_page_tables *tables, uint64_t address)
{
	unsigned int bits = HWP_X86_64_PAGE_SHIFT + BITS_PER_LEVEL * tables->nr_levels;

	return address >> (bits - 1) == UINT64_MAX >> (bits - 1);
}

static struct hwp_error *walk(struct hwp_leaves *leaves, uint64_t address, struct hwp_leaf *ret)
{
	uint64_t physical, start;
	struct hwp_error *err;
	unsigned int shift;

	/* The kernel's half; below it init_top_pgt maps nothing. */
	if (!is_canonical(&leaves->tables, address))
		return hwp_error_at(HWP_ERROR_FAULT, address, "0x%" PRIx64 " is not mapped",
				    address);
	err = hwp_page_tables_walk(&leaves->tables, address, &shift, &physical);
	if (err)
		return err;
	shift = shift < LARGE_SHIFT ? HWP_X86_64_PAGE_SHIFT : LARGE_SHIFT;
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
	struct hwp_leaf
		*small = &leaves->small[(address >> HWP_X86_64_PAGE_SHIFT) % HWP_NR_SMALL_LEAVES];
	struct hwp_leaf *leaf = large, found;
	struct hwp_error *err;

	if (address < large->start || address > large->end)
		leaf = small;
	if (address < leaf->start || address > leaf->end) {
		err = walk(leaves, address, &found);
		if (err)
			return err;
		leaf = found.end - found.start < UINT64_C(1) << HWP_X86_64_PAGE_SHIFT ? small :
											large;
		*leaf = found;
	}
	*physical_ret = leaf->physical + (address - leaf->start);
	*nr_ret = leaf->end - address + 1;
	return NULL;
}
