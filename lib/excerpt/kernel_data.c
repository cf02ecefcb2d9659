// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * The kernel's own data as a whole: what its struct pages have as reserved, slab, page tables or
 * other memory of the kernel. Left out are free pages, what belongs to users (anonymous memory,
 * page cache, HugeTLB), the kernel's text, its unwind tables and the index by which the kernel
 * itself looks up a symbol's name.
 */
#include "base/bits.h"
#include "excerpt/excerpt.h"
#include "layout/page.h"
#include "memmap/memmap.h"
#include "memmap/page_reader.h"
#include "readers.h"

struct chooser {
	struct hwp_target *target;
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
	struct hwp_page_reader *reader;
	/** Kernel addresses of what is left out, as physical ones. */
	struct hwp_seen_range dropped[5];
};

static void chooser_deinit(struct chooser *c)
{
	hwp_page_reader_destroy(c->reader);
	hwp_memmap_destroy(c->memmap);
	hwp_layout_destroy(c->layout);
}

/** The end of kallsyms_seqs_of_names, three bytes for each symbol, which has no symbol. */
static struct hwp_error *find_index_end(struct chooser *c, const struct hwp_symbol *start,
					struct hwp_symbol *end)
{
	struct hwp_symbol nr = { .name = "kallsyms_num_syms" };
	struct hwp_error *err = hwp_target_symbols(c->target, &nr, 1);
	uint32_t nr_syms;

	if (err || !start->found || !nr.found)
		return err;
	err = hwp_target_read_u32(c->target, nr.address, &nr_syms);
	if (err)
		return err;
	end->address = start->address + 3 * (uint64_t)nr_syms;
	end->found = true;
	return NULL;
}

static struct hwp_error *find_dropped(struct chooser *c)
{
	struct hwp_symbol syms[] = {
		{ .name = "_stext" },
		{ .name = "_etext" },
		{ .name = "__start_orc_unwind_ip" },
		{ .name = "__stop_orc_unwind_ip" },
		{ .name = "__start_orc_unwind" },
		{ .name = "__stop_orc_unwind" },
		{ .name = "orc_lookup" },
		{ .name = "orc_lookup_end" },
		{ .name = "kallsyms_seqs_of_names" },
		{},
	};
	/* __START_KERNEL_map on x86_64, which alone has phys_base. */
	const uint64_t kernel_map = UINT64_C(0xffffffff80000000);
	struct hwp_error *err;
	uint64_t phys_base;

	err = hwp_target_vmcoreinfo_number(c->target, "NUMBER(phys_base)", &phys_base);
	if (err) {
		hwp_error_destroy(err);
		return NULL;
	}
	err = hwp_target_symbols(c->target, syms, HWP_ARRAY_SIZE(syms) - 1);
	if (!err)
		err = find_index_end(c, &syms[8], &syms[9]);
	for (size_t i = 0; !err && i < HWP_ARRAY_SIZE(c->dropped); i++) {
		if (!syms[2 * i].found || !syms[2 * i + 1].found)
			continue;
		c->dropped[i].start = syms[2 * i].address - kernel_map + phys_base;
		c->dropped[i].end = syms[2 * i + 1].address - kernel_map + phys_base;
	}
	return err;
}

/** The struct page that decides over @p pfn: its head's, when it has one. NULL: none is there. */
static const void *deciding_page(struct chooser *c, uint64_t pfn)
{
	struct hwp_error *err;
	const void *page;
	uint64_t address, head;

	err = hwp_page_read(c->reader, pfn, &page);
	if (!err && hwp_page_is_tail(c->layout, page) &&
	    hwp_memmap_page_address(c->memmap, pfn, &address) &&
	    hwp_memmap_pfn_of(c->memmap, hwp_tail_head_address(c->layout, page, address), &head))
		err = hwp_page_read(c->reader, head, &page);
	if (!err)
		return page;
	hwp_error_destroy(err);
	return NULL;
}

static bool is_dropped(const struct chooser *c, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < HWP_ARRAY_SIZE(c->dropped); i++)
		if (start >= c->dropped[i].start && end <= c->dropped[i].end)
			return true;
	return false;
}

static bool is_kernel_data(struct chooser *c, uint64_t pfn)
{
	const struct hwp_layout *l = c->layout;
	const void *page = deciding_page(c, pfn);
	enum hwp_page_type type;
	uint64_t flags;

	if (!page || is_dropped(c, pfn << l->page_shift, (pfn + 1) << l->page_shift))
		return false;
	flags = hwp_page_flags(l, page);
	type = hwp_page_type(l, page);
	if (hwp_flag_set(flags, l->flag.reserved) || hwp_flag_set(flags, l->flag.slab) ||
	    type == HWP_TYPE_SLAB || type == HWP_TYPE_TABLE || type == HWP_TYPE_LARGE_KMALLOC)
		return true;
	if (type != HWP_TYPE_NONE || hwp_page_nr_mapped(l, page) > 0)
		return false;
	if (hwp_flag_set(flags, l->flag.hwpoison) || hwp_flag_set(flags, l->flag.lru) ||
	    hwp_flag_set(flags, l->flag.swapbacked) || hwp_page_mapping(l, page))
		return false;
	/* Free, on a per-CPU list, or a tail of a plain high-order allocation. */
	return hwp_page_refcount(l, page) > 0;
}

/** Is the page in the dump? */
static bool is_stored(struct chooser *c, uint64_t pfn)
{
	struct hwp_error *err;
	char byte;

	err = hwp_target_read(c->target, HWP_PHYSICAL, pfn << c->layout->page_shift, &byte, 1,
			      NULL);
	hwp_error_destroy(err);
	return !err;
}

struct hwp_error *hwp_excerpt_add_kernel_data(struct hwp_target *target, struct hwp_seen *seen)
{
	_cleanup_(chooser_deinit) struct chooser c = { .target = target };
	struct hwp_error *err;

	err = hwp_layout_create(target, hwp_readers, &c.layout);
	if (!err)
		err = hwp_memmap_create(target, c.layout, &c.memmap);
	if (!err)
		err = hwp_page_reader_create(target, c.memmap, &c.reader);
	if (!err)
		err = find_dropped(&c);
	if (err)
		return err;
	for (size_t r = 0; r < c.memmap->ranges.nr; r++) {
		const struct hwp_pfn_range *range = &c.memmap->ranges.data[r];

		for (uint64_t pfn = range->start_pfn; range->online && pfn < range->end_pfn; pfn++)
			if (is_kernel_data(&c, pfn) && is_stored(&c, pfn))
				hwp_seen_bytes(seen, pfn << c.layout->page_shift,
					       UINT64_C(1) << c.layout->page_shift);
	}
	return NULL;
}
