// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/pages/address.h"

#include "base/cleanup.h"
#include "layout/needs.h"
#include "target/memory/pagetable.h"

/* Kernel addresses have this bit: on x86_64 and arm64. */
#define IS_KERNEL_ADDRESS (UINT64_C(1) << 63)

struct direct_map_layout {
	uint64_t page_offset_base;
};

static const struct hwp_need rows[] = {
	HWP_SYMBOL(struct direct_map_layout, page_offset_base, "page_offset_base"),
};

const struct hwp_needs hwp_direct_map_needs = {
	.rows = rows,
	.nr = HWP_ARRAY_SIZE(rows),
	.size = sizeof(struct direct_map_layout),
};

bool hwp_direct_map_start(struct hwp_target *target, const struct hwp_layout *layout, uint64_t *ret)
{
	const struct direct_map_layout *at = hwp_layout_of(layout, &hwp_direct_map_needs);
	_cleanup_error_ struct hwp_error *err = NULL;
	struct hwp_page_tables tables = {};

	err = hwp_page_tables_learn(&tables, hwp_target_vmcoreinfo_text(target));
	if (err)
		return false;
	if (tables.has_direct_map) {
		*ret = tables.direct_map;
		return true;
	}
	if (!at)
		return false;
	err = hwp_target_read_u64(target, at->page_offset_base, ret);
	return !err;
}

static bool in_direct_map(struct hwp_target *target, const struct hwp_layout *layout,
			  const struct hwp_memmap *memmap, uint64_t address, uint64_t *pfn)
{
	uint64_t start;

	if (!hwp_direct_map_start(target, layout, &start) || address < start)
		return false;
	*pfn = (address - start) >> layout->page_shift;
	return hwp_memmap_find(memmap, *pfn);
}

bool hwp_page_of_number(struct hwp_target *target, const struct hwp_layout *layout,
			const struct hwp_memmap *memmap, uint64_t number, uint64_t *pfn_ret,
			enum hwp_given *given_ret)
{
	uint64_t pfn = number;

	if (hwp_memmap_find(memmap, pfn)) {
		*given_ret = HWP_GIVEN_PFN;
	} else if (hwp_memmap_pfn_of(memmap, number, &pfn)) {
		*given_ret = HWP_GIVEN_STRUCT_PAGE;
	} else if (number & IS_KERNEL_ADDRESS) {
		if (!in_direct_map(target, layout, memmap, number, &pfn))
			return false;
		*given_ret = HWP_GIVEN_DIRECT_MAP;
	} else {
		pfn = number >> layout->page_shift;
		if (!hwp_memmap_find(memmap, pfn))
			return false;
		*given_ret = HWP_GIVEN_PHYSICAL;
	}
	*pfn_ret = pfn;
	return true;
}

void hwp_addresses_find(struct hwp_target *target, const struct hwp_layout *layout,
			const struct hwp_memmap *memmap, struct hwp_findings *f)
{
	uint64_t start;
	bool has_start = hwp_direct_map_start(target, layout, &start);

	for (size_t i = 0; i < f->poisoned.nr + f->subject.asked; i++) {
		struct hwp_poisoned *p = i < f->poisoned.nr ? &f->poisoned.data[i] :
							      &f->subject.page;

		if (has_start)
			p->direct_map_address = start + (p->pfn << layout->page_shift);
		if (!hwp_memmap_page_address(memmap, p->pfn, &p->struct_page_address))
			p->struct_page_address = 0;
	}
}
