// SPDX-License-Identifier: GPL-2.0-or-later
/** What pagetable.c asks of an architecture. */
#ifndef HWP_TARGET_MEMORY_PAGETABLE_ARCH_H
#define HWP_TARGET_MEMORY_PAGETABLE_ARCH_H

#include "target/memory/pagetable.h"

enum hwp_page_table_entry {
	HWP_ENTRY_NONE,
	/** Of another table, one level below. */
	HWP_ENTRY_TABLE,
	/** Of memory. */
	HWP_ENTRY_LEAF,
};

struct hwp_page_table_arch {
	/** utsname.machine */
	const char *machine;
	/** Only this architecture's kernels have it in VMCOREINFO. */
	const char *key;
	/** Fill in all that comes from VMCOREINFO, but for arch. */
	struct hwp_error *(*learn)(struct hwp_page_tables *tables, const char *text);
	/**
	 * What @p entry of a table at @p level is, which is 1 for the tables of pages, and the
	 * physical address that it holds.
	 */
	enum hwp_page_table_entry (*decode)(const struct hwp_page_tables *tables,
					    unsigned int level, uint64_t entry,
					    uint64_t *physical_ret);
};

extern const struct hwp_page_table_arch hwp_page_table_x86_64, hwp_page_table_arm64;

#endif /* HWP_TARGET_MEMORY_PAGETABLE_ARCH_H */
