// SPDX-License-Identifier: GPL-2.0-or-later
/** Page tables of x86_64: four or five levels of 512 entries. */
#include "target/memory/pagetable_arch.h"
#include "target/vmcoreinfo.h"

/* arch/x86/include/asm/pgtable_types.h */
#define PTE_PRESENT UINT64_C(1)
#define PTE_LARGE (UINT64_C(1) << 7)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
#define BITS_PER_LEVEL 9
/* Pages of 2 MiB and 1 GiB. */
#define MAX_LARGE_LEVEL 3

static struct hwp_error *learn(struct hwp_page_tables *tables, const char *text)
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
	if (root < HWP_X86_64_IMAGE_MAP)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	hwp_error_destroy(hwp_vmcoreinfo_number(text, "NUMBER(sme_mask)", &sme_mask));
	tables->top_table = root - HWP_X86_64_IMAGE_MAP + phys_base;
	tables->address_mask = PTE_ADDRESS & ~sme_mask;
	tables->page_shift = HWP_X86_64_PAGE_SHIFT;
	tables->nr_levels = is_5_level ? 5 : 4;
	tables->kernel_bits = HWP_X86_64_PAGE_SHIFT + BITS_PER_LEVEL * tables->nr_levels - 1;
	tables->top_bits = BITS_PER_LEVEL;
	return NULL;
}

static enum hwp_page_table_entry decode(const struct hwp_page_tables *tables, unsigned int level,
					uint64_t entry, uint64_t *physical_ret)
{
	if (!(entry & PTE_PRESENT))
		return HWP_ENTRY_NONE;
	*physical_ret = entry & tables->address_mask;
	if (level == 1 || (level <= MAX_LARGE_LEVEL && entry & PTE_LARGE))
		return HWP_ENTRY_LEAF;
	return HWP_ENTRY_TABLE;
}

const struct hwp_page_table_arch hwp_page_table_x86_64 = {
	.machine = "x86_64",
	.key = "NUMBER(phys_base)",
	.learn = learn,
	.decode = decode,
};
