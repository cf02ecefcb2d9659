// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/pagetable.h"

#include <inttypes.h>

#include "base/bits.h"
#include "target/vmcoreinfo.h"

/* arch/x86/include/asm/pgtable_types.h */
#define PTE_PRESENT UINT64_C(1)
#define PTE_LARGE (UINT64_C(1) << 7)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
#define BITS_PER_LEVEL 9

/* Holes of 1 GiB or more: between regions, and in the direct map where there is no memory. */
#define MAX_HOLES 16384

struct hwp_error *hwp_page_tables_learn(struct hwp_page_tables *tables, const char *text,
					uint64_t image_start, uint64_t image_end,
					uint64_t image_physical)
{
	uint64_t root, is_5_level, sme_mask = 0, phys_base;
	struct hwp_error *err;

	err = hwp_vmcoreinfo_number(text, "NUMBER(phys_base)", &phys_base);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "SYMBOL(init_top_pgt)", &root);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "NUMBER(pgtable_l5_enabled)", &is_5_level);
	if (err)
		return err;
	if (root < image_start || root >= image_end)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	hwp_error_destroy(hwp_vmcoreinfo_number(text, "NUMBER(sme_mask)", &sme_mask));
	tables->top_table = root - image_start + image_physical;
	tables->address_mask = PTE_ADDRESS & ~sme_mask;
	tables->nr_levels = is_5_level ? 5 : 4;
	return NULL;
}

static struct hwp_error *not_mapped(uint64_t address)
{
	return hwp_error_at(HWP_ERROR_FAULT, address, "0x%" PRIx64 " is not mapped", address);
}

struct hwp_error *hwp_page_tables_walk(const struct hwp_page_tables *tables, uint64_t address,
				       unsigned int *shift_ret, uint64_t *physical_ret)
{
	uint64_t table = tables->top_table, entry;

	for (unsigned int level = tables->nr_levels; level > 0; level--) {
		unsigned int shift = HWP_X86_64_PAGE_SHIFT + BITS_PER_LEVEL * (level - 1);
		uint64_t index = address >> shift & ((1u << BITS_PER_LEVEL) - 1);
		struct hwp_error *err;

		err = tables->read_physical(tables->arg, table + 8 * index, &entry, sizeof(entry));
		if (err)
			return err;
		*shift_ret = shift;
		if (!(entry & PTE_PRESENT))
			return not_mapped(address);
		table = entry & tables->address_mask;
		if (level > 1 && level < 4 && entry & PTE_LARGE)
			table = hwp_align_down(table, shift);
		else if (level > 1)
			continue;
		*physical_ret = table + (address & ((UINT64_C(1) << shift) - 1));
		return NULL;
	}
	return not_mapped(address);
}

struct hwp_error *hwp_page_tables_next(struct hwp_page_tables *tables, uint64_t start, uint64_t end,
				       uint64_t *address_ret, unsigned int *shift_ret,
				       uint64_t *physical_ret)
{
	unsigned int shift;

	for (uint64_t address = start; address >= start && address < end;
	     address = hwp_align_down(address, shift) + (UINT64_C(1) << shift)) {
		struct hwp_error *err;
		uint64_t physical;

		shift = 0;
		err = hwp_page_tables_walk(tables, address, &shift, &physical);
		if (!err) {
			*address_ret = address;
			*shift_ret = shift;
			*physical_ret = physical;
			return NULL;
		}
		if (!shift || !hwp_error_catch(&err, HWP_ERROR_FAULT))
			return err;
		if (++tables->nr_holes > MAX_HOLES)
			return hwp_error_create(HWP_ERROR_BAD_DATA,
						"the page tables map next to nothing");
	}
	return hwp_error_create(HWP_ERROR_LOOKUP,
				"nothing is mapped from 0x%" PRIx64 " to 0x%" PRIx64, start, end);
}
