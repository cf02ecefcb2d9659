// SPDX-License-Identifier: GPL-2.0-or-later
/** Layouts of three Debian amd64 kernels, by hand, and the words of a struct page. */
#ifndef TESTS_KERNELS_H
#define TESTS_KERNELS_H

#include "layout/layout.h"
#include "synth.h"

#define KERNEL_PAGE_SIZE 64

static void kernel_common(struct hwp_layout *l)
{
	memset(l, 0, sizeof(*l));
	l->page_shift = 12;
	l->page.size = KERNEL_PAGE_SIZE;
	l->page.compound = l->page.lru = 8;
	l->page.mapping = 24;
	l->page.index = 32;
	l->page.private = 40;
	l->page.type = 48;
	l->page.refcount = 52;
	l->field.node_shift = 54;
	l->field.node_width = 10;
	l->field.zone_shift = 51;
	l->field.zone_width = 3;
	l->nr_orders = 11;
	l->max_zones = 5;
	l->max_nodes = 1024;
	l->pmd_order = 9;
	l->folio.entire_mapcount = l->folio.large_mapcount = HWP_ABSENT;
	l->folio.nr_pages_mapped = HWP_ABSENT;
	l->has_memory_failure = true;
}

/** Linux v6.12 to v7.3: page types are the top byte; v7.1 on has masks. */
SYNTH_UNUSED static void kernel_73(struct hwp_layout *l)
{
	kernel_common(l);
	l->page.compound_scheme = HWP_COMPOUND_INFO_MASK;
	l->folio.order = l->folio.flags_1 = 64;
	l->folio.hugetlb_scheme = HWP_HUGETLB_PAGE_TYPE;
	l->flag.head = 6;
	l->flag.uptodate = 3;
	l->flag.dirty = 4;
	l->flag.lru = 5;
	l->flag.has_hwpoisoned = 8;
	l->flag.large_rmappable = 9;
	l->flag.swapcache = 10;
	l->flag.reserved = 13;
	l->flag.swapbacked = 17;
	l->flag.hwpoison = 21;
	l->flag.slab = HWP_ABSENT;
	l->type_scheme = HWP_TYPE_TOP_BYTE;
	l->types[HWP_TYPE_BUDDY] = 0xf0;
	l->types[HWP_TYPE_OFFLINE] = 0xf1;
	l->types[HWP_TYPE_TABLE] = 0xf2;
	l->types[HWP_TYPE_GUARD] = 0xf3;
	l->types[HWP_TYPE_HUGETLB] = 0xf4;
	l->types[HWP_TYPE_SLAB] = 0xf5;
	l->types[HWP_TYPE_ZSMALLOC] = 0xf6;
	l->types[HWP_TYPE_UNACCEPTED] = 0xf7;
	l->types[HWP_TYPE_LARGE_KMALLOC] = 0xf8;
}

SYNTH_UNUSED static void kernel_612(struct hwp_layout *l)
{
	kernel_73(l);
	l->page.compound_scheme = HWP_COMPOUND_HEAD_POINTER;
	l->flag.hwpoison = 20;
	l->types[HWP_TYPE_LARGE_KMALLOC] = 0;
}

SYNTH_UNUSED static void kernel_61(struct hwp_layout *l)
{
	kernel_common(l);
	l->page.compound_scheme = HWP_COMPOUND_HEAD_POINTER;
	l->folio.order = 81;
	l->folio.flags_1 = 64;
	l->folio.hugetlb_scheme = HWP_HUGETLB_DTOR;
	l->folio.dtor = 80;
	l->folio.dtor_size = 1;
	l->folio.hugetlb_dtor = 2;
	l->flag.uptodate = 2;
	l->flag.dirty = 3;
	l->flag.lru = 4;
	l->flag.has_hwpoisoned = 8;
	l->flag.slab = 9;
	l->flag.swapcache = 10;
	l->flag.reserved = 12;
	l->flag.head = 16;
	l->flag.swapbacked = 19;
	l->flag.hwpoison = 23;
	l->flag.large_rmappable = HWP_ABSENT;
	l->type_scheme = HWP_TYPE_CLEARED_BIT;
	l->type_base = 0xf0000000;
	l->types[HWP_TYPE_BUDDY] = 0x80;
	l->types[HWP_TYPE_OFFLINE] = 0x100;
	l->types[HWP_TYPE_TABLE] = 0x200;
	l->types[HWP_TYPE_GUARD] = 0x400;
}

/** The words of one struct page. */
struct words {
	uint64_t flags, at_8, at_16, mapping, private;
	uint32_t type;
	int32_t refcount;
};

SYNTH_UNUSED static void put_words(void *page, const struct words *w)
{
	memset(page, 0, KERNEL_PAGE_SIZE);
	synth_put(page, 0, w->flags, 8);
	synth_put(page, 8, w->at_8, 8);
	synth_put(page, 16, w->at_16, 8);
	synth_put(page, 24, w->mapping, 8);
	synth_put(page, 40, w->private, 8);
	synth_put(page, 48, w->type, 4);
	synth_put(page, 52, (uint32_t)w->refcount, 4);
}

#endif /* TESTS_KERNELS_H */
