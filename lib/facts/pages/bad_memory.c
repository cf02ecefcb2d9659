// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/bad_memory.h"

#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"
#include "target/memory/pagetable.h"

/* arch/x86/include/asm/pgtable_types.h */
#define PTE_PRESENT UINT64_C(1)
#define PTE_LARGE (UINT64_C(1) << 7)
#define PTE_ADDRESS UINT64_C(0x000ffffffffff000)
#define BITS_PER_LEVEL 9

/* mm/page_poison.c: PAGE_POISON */
#define PAGE_POISON_BYTE 0xaa

struct direct_map_layout {
	uint64_t page_offset_base;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct direct_map_layout, page_offset_base, "page_offset_base"),
};

const struct hwp_needs hwp_bad_memory_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.size = sizeof(struct direct_map_layout),
};

struct page_tables {
	struct hwp_target *target;
	uint64_t root, direct_map;
	unsigned int nr_levels;
};

static bool find_tables(struct page_tables *t, const struct hwp_layout *l)
{
	const struct direct_map_layout *at = hwp_layout_of(l, &hwp_bad_memory_needs);
	_cleanup_error_ struct hwp_error *err = NULL;
	uint64_t is_5_level = 0;

	if (!at)
		return false;
	err = hwp_target_vmcoreinfo_number(t->target, "SYMBOL(init_top_pgt)", &t->root);
	if (!err)
		err = hwp_target_vmcoreinfo_number(t->target, "NUMBER(pgtable_l5_enabled)",
						   &is_5_level);
	if (!err)
		err = hwp_target_read_u64(t->target, at->page_offset_base, &t->direct_map);
	t->nr_levels = is_5_level ? 5 : 4;
	return !err;
}

/** Walk the kernel's page tables for the direct-map address of @p physical. */
static enum hwp_direct_map look_up(const struct page_tables *t, uint64_t physical)
{
	uint64_t address = t->direct_map + physical, table = t->root, entry;
	enum hwp_space space = HWP_KERNEL_VIRTUAL;

	for (unsigned int level = t->nr_levels; level > 0; level--) {
		unsigned int shift = HWP_X86_64_PAGE_SHIFT + BITS_PER_LEVEL * (level - 1);
		uint64_t index = address >> shift & ((1u << BITS_PER_LEVEL) - 1);
		_cleanup_error_ struct hwp_error *err = NULL;

		err = hwp_target_read(t->target, space, table + 8 * index, &entry, sizeof(entry),
				      NULL);
		if (err)
			return HWP_DIRECT_MAP_UNKNOWN;
		if (!(entry & PTE_PRESENT))
			return HWP_DIRECT_MAP_ABSENT;
		if (level < 4 && entry & PTE_LARGE)
			return HWP_DIRECT_MAP_PRESENT;
		table = entry & PTE_ADDRESS;
		space = HWP_PHYSICAL;
	}
	return HWP_DIRECT_MAP_PRESENT;
}

static enum hwp_contents read_contents(struct hwp_target *target, uint64_t physical)
{
	size_t size = (size_t)1 << hwp_target_page_shift(target);
	_cleanup_error_ struct hwp_error *err = NULL;
	_cleanup_free_ unsigned char *page = malloc(size);

	if (!page)
		return HWP_CONTENTS_UNKNOWN;
	err = hwp_target_read(target, HWP_PHYSICAL, physical, page, size, NULL);
	if (err)
		return HWP_CONTENTS_UNKNOWN;
	if (memcmp(page, page + 1, size - 1) != 0)
		return HWP_CONTENTS_OTHER;
	return page[0] == 0		   ? HWP_CONTENTS_ZERO :
	       page[0] == PAGE_POISON_BYTE ? HWP_CONTENTS_PAGE_POISON :
					     HWP_CONTENTS_OTHER;
}

void hwp_bad_memory_look(struct hwp_target *target, const struct hwp_layout *l,
			 struct hwp_findings *f)
{
	struct page_tables tables = { .target = target };
	bool has_tables = find_tables(&tables, l);
	/* A bad page of a running kernel must not be touched. */
	bool may_be_written = !hwp_target_is_live(target) && (f->kernel.page_poisoning == HWP_ON ||
							      f->kernel.init_on_free == HWP_ON);

	for (size_t i = 0; i < f->poisoned.nr; i++) {
		struct hwp_poisoned *p = &f->poisoned.data[i];
		uint64_t physical = p->pfn << l->page_shift;

		if (has_tables)
			p->direct_map = look_up(&tables, physical);
		if (may_be_written)
			p->contents = read_contents(target, physical);
	}
}
