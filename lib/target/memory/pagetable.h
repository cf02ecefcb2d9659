// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The kernel's page tables, read by physical address. What an architecture's tables look like
 * is in a file of its own; to the rest of the library they are one thing.
 */
#ifndef HWP_TARGET_MEMORY_PAGETABLE_H
#define HWP_TARGET_MEMORY_PAGETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * What x86_64 fixes. The smallest page that its tables map is 4 KiB, whatever the
 * kernel: arch/x86/include/asm/page_types.h.
 */
#define HWP_X86_64_PAGE_SHIFT 12
/** __START_KERNEL_map, arch/x86/include/asm/page_64_types.h. */
#define HWP_X86_64_IMAGE_MAP UINT64_C(0xffffffff80000000)
/** The direct map and the memmap begin at a multiple of 2^this: arch/x86/mm/kaslr.c. */
#define HWP_X86_64_REGION_SHIFT 30

struct hwp_page_table_arch;

struct hwp_page_tables {
	void *arg;
	/** Errors: FAULT, OS. */
	struct hwp_error *(*read_physical)(void *arg, uint64_t physical, void *buf, size_t size);
	const struct hwp_page_table_arch *arch;
	/** Physical address of the table at the top. */
	uint64_t top_table;
	/** x86_64: the bits of an entry that are a physical address. */
	uint64_t address_mask;
	/** The smallest page that the tables map; the bits that choose an entry at the top. */
	unsigned int page_shift, top_bits, nr_levels;
	/** Only the highest 2^this addresses are the kernel's. */
	unsigned int kernel_bits;
	/** arm64: entries hold bits 48 to 51 of a physical address beside its others (LPA2). */
	bool has_lpa2;
	/** Where the direct map has physical address 0, if VMCOREINFO has it. */
	bool has_direct_map;
	uint64_t direct_map;
	/** Holes that hwp_page_tables_next() has met so far. */
	unsigned int nr_holes;
};

/** utsname.machine of the kernel whose VMCOREINFO @p text (may be NULL) is; NULL: none of ours. */
const char *hwp_page_tables_machine(const char *text);

/**
 * Fill in @p tables, except how to read, from the VMCOREINFO @p text. LOOKUP if the text lacks
 * something, BAD_DATA if it contradicts.
 */
struct hwp_error *hwp_page_tables_learn(struct hwp_page_tables *tables, const char *text);

/**
 * Translate @p address, which an entry of 2^*@p shift_ret bytes maps. FAULT if it is not
 * mapped; then none of the 2^*@p shift_ret bytes around it is.
 */
struct hwp_error *hwp_page_tables_walk(const struct hwp_page_tables *tables, uint64_t address,
				       unsigned int *shift_ret, uint64_t *physical_ret);

/**
 * Find the first address of [@p start, @p end) that is mapped, and translate it. LOOKUP if
 * none is; BAD_DATA if there were more holes than any kernel leaves.
 */
struct hwp_error *hwp_page_tables_next(struct hwp_page_tables *tables, uint64_t start, uint64_t end,
				       uint64_t *address_ret, unsigned int *shift_ret,
				       uint64_t *physical_ret);

#endif /* HWP_TARGET_MEMORY_PAGETABLE_H */
