// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/pagetable.h"

#include <inttypes.h>

#include "base/bits.h"
#include "target/memory/pagetable_arch.h"
#include "target/vmcoreinfo.h"

#define ENTRY_SHIFT 3

/* Holes of 1 GiB or more: between regions, and in the direct map where there is no memory. */
#define MAX_HOLES 16384

static const struct hwp_page_table_arch *arch_of(const char *text)
{
	static const struct hwp_page_table_arch *const archs[] = { &hwp_page_table_x86_64,
								   &hwp_page_table_arm64 };
	size_t len;

	for (size_t i = 0; text && i < HWP_ARRAY_SIZE(archs); i++) {
		if (hwp_vmcoreinfo_find(text, archs[i]->key, &len))
			return archs[i];
	}
	return NULL;
}

const char *hwp_page_tables_machine(const char *text)
{
	const struct hwp_page_table_arch *arch = arch_of(text);

	return arch ? arch->machine : NULL;
}

struct hwp_error *hwp_page_tables_learn(struct hwp_page_tables *tables, const char *text)
{
	tables->arch = arch_of(text);
	if (!tables->arch)
		return hwp_error_create(HWP_ERROR_LOOKUP,
					"VMCOREINFO does not say where the page tables are");
	return tables->arch->learn(tables, text);
}

static struct hwp_error *not_mapped(uint64_t address)
{
	return hwp_error_at(HWP_ERROR_FAULT, address, "0x%" PRIx64 " is not mapped", address);
}

struct hwp_error *hwp_page_tables_walk(const struct hwp_page_tables *tables, uint64_t address,
				       unsigned int *shift_ret, uint64_t *physical_ret)
{
	unsigned int per_level = tables->page_shift - ENTRY_SHIFT, nr_bits = tables->top_bits;
	uint64_t table = tables->top_table, entry;

	for (unsigned int level = tables->nr_levels; level > 0; level--, nr_bits = per_level) {
		unsigned int shift = tables->page_shift + per_level * (level - 1);
		uint64_t index = address >> shift & ((UINT64_C(1) << nr_bits) - 1);
		enum hwp_page_table_entry kind;
		struct hwp_error *err;

		err = tables->read_physical(tables->arg, table + (index << ENTRY_SHIFT), &entry,
					    sizeof(entry));
		if (err)
			return err;
		*shift_ret = shift;
		kind = tables->arch->decode(tables, level, entry, &table);
		if (kind == HWP_ENTRY_NONE)
			return not_mapped(address);
		if (kind == HWP_ENTRY_TABLE)
			continue;
		*physical_ret = hwp_align_down(table, shift) +
				(address & ((UINT64_C(1) << shift) - 1));
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
