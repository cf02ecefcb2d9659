// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * Page tables of arm64 for the upper half of addresses (TTBR1): swapper_pg_dir. Pages are of 4,
 * 16 or 64 KiB, and addresses of 36 to 52 bits. The contiguous bit changes no translation: each
 * entry that has it holds the whole address.
 */
#include "base/bits.h"
#include "target/memory/pagetable_arch.h"
#include "target/target.h"
#include "target/vmcoreinfo.h"

/* arch/arm64/include/asm/pgtable-hwdef.h */
#define PTE_VALID UINT64_C(1)
#define PTE_TYPE_TABLE UINT64_C(2)
#define MIN_VA_BITS 36
#define MAX_VA_BITS 52
/* Bits of an address that tables of 4 or 16 KiB pages translate in more than 48 bits only so. */
#define LPA2_VA_BITS 52
#define SHIFT_64K 16

/** Bits [@p low, @p high] of @p value, where they stand. */
static uint64_t bits(uint64_t value, unsigned int low, unsigned int high)
{
	return value & (UINT64_MAX >> (63 - high)) & (UINT64_MAX << low);
}

/**
 * VA_BITS is how the kernel was built, TCR_EL1_T1SZ how this processor runs it: with 52 bits
 * configured, one without FEAT_LPA2 or FEAT_LVA translates 48, or 47 with pages of 16 KiB.
 * Linux kernel commit bbdbc11804ff ("arm64/crash_core: Export TCR_EL1.T1SZ in vmcoreinfo") (in
 * v5.9).
 */
static struct hwp_error *learn_sizes(struct hwp_page_tables *t, const char *text)
{
	uint64_t page_size = 0, configured = 0, t1sz = 0;
	unsigned int per_level, translated, all_levels;
	struct hwp_error *err;

	err = hwp_vmcoreinfo_number(text, "PAGESIZE", &page_size);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "NUMBER(VA_BITS)", &configured);
	if (err)
		return err;
	err = hwp_vmcoreinfo_number(text, "NUMBER(TCR_EL1_T1SZ)", &t1sz);
	if (hwp_error_catch(&err, HWP_ERROR_LOOKUP))
		t1sz = 64 - configured;
	if (err)
		return err;
	if (!hwp_is_page_size(page_size) || configured < MIN_VA_BITS || configured > MAX_VA_BITS ||
	    t1sz < 64 - configured || t1sz > 64 - MIN_VA_BITS)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	t->page_shift = hwp_ilog2(page_size);
	t->kernel_bits = 64 - (unsigned int)t1sz;
	per_level = t->page_shift - 3;
	translated = t->kernel_bits - t->page_shift;
	t->nr_levels = (translated + per_level - 1) / per_level;
	all_levels = ((unsigned int)configured - t->page_shift + per_level - 1) / per_level;
	/*
	 * With the levels that it was built with, the table at the top has its full size, and the
	 * kernel points the processor to the end of it.
	 */
	if (all_levels == t->nr_levels)
		translated = (unsigned int)configured - t->page_shift;
	t->top_bits = translated - per_level * (t->nr_levels - 1);
	t->has_lpa2 = t->page_shift < SHIFT_64K && t->kernel_bits == LPA2_VA_BITS;
	t->direct_map = UINT64_MAX << configured;
	return NULL;
}

static struct hwp_error *learn(struct hwp_page_tables *tables, const char *text)
{
	uint64_t root, voffset, phys_offset;
	struct hwp_error *err;

	err = hwp_vmcoreinfo_number(text, "NUMBER(kimage_voffset)", &voffset);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "SYMBOL(swapper_pg_dir)", &root);
	if (!err)
		err = hwp_vmcoreinfo_number(text, "NUMBER(PHYS_OFFSET)", &phys_offset);
	if (!err)
		err = learn_sizes(tables, text);
	if (err)
		return err;
	tables->top_table = root - voffset;
	if (root < tables->direct_map || tables->top_table >> MAX_VA_BITS)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "VMCOREINFO is nonsense");
	/* PAGE_OFFSET is of the configured VA_BITS: arch/arm64/include/asm/memory.h. */
	tables->direct_map -= phys_offset;
	tables->has_direct_map = true;
	return NULL;
}

/** __pte_to_phys(): bits 48 to 51 are elsewhere with pages of 64 KiB, 50 and 51 with LPA2. */
static uint64_t address_of(const struct hwp_page_tables *t, uint64_t entry)
{
	if (t->has_lpa2)
		return bits(entry, t->page_shift, 49) | bits(entry, 8, 9) << 42;
	if (t->page_shift == SHIFT_64K)
		return bits(entry, t->page_shift, 47) | bits(entry, 12, 15) << 36;
	return bits(entry, t->page_shift, 47);
}

static enum hwp_page_table_entry decode(const struct hwp_page_tables *tables, unsigned int level,
					uint64_t entry, uint64_t *physical_ret)
{
	bool is_table = entry & PTE_TYPE_TABLE;

	/* At the last level the entry of a page looks as one of a table does. */
	if (!(entry & PTE_VALID) || (level == 1 && !is_table))
		return HWP_ENTRY_NONE;
	*physical_ret = address_of(tables, entry);
	return level == 1 || !is_table ? HWP_ENTRY_LEAF : HWP_ENTRY_TABLE;
}

const struct hwp_page_table_arch hwp_page_table_arm64 = {
	.machine = "aarch64",
	.key = "NUMBER(kimage_voffset)",
	.learn = learn,
	.decode = decode,
};
