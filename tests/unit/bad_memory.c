// SPDX-License-Identifier: GPL-2.0-or-later
/** The direct map's page tables of x86_64, and what is in a bad page, by hand. */
#include "kernels.h"

#include <cmocka.h>

#include "facts/pages/bad_memory.h"
#include "facts/pages/address.h"

/* VMCOREINFO has it at 0xffffffff82a0a000, and the image at physical 0x1000000. */
#define TOP_PGT UINT64_C(0x3a0a000)
#define IMAGE "SYMBOL(init_top_pgt)=ffffffff82a0a000\nNUMBER(phys_base)=16777216\n"
#define PAGE_OFFSET_BASE UINT64_C(0xffffffff84000000)
/* Where the direct map begins without KASLR, with 4 and with 5 levels. */
#define BASE_4 UINT64_C(0xffff888000000000)
#define BASE_5 UINT64_C(0xff11000000000000)
/* Entries of the two addresses of PFN: bits 39 to 47, or 48 to 56, are 0x111. */
#define INDEX_TOP 0x111
#define INDEX_PUD 3
#define INDEX_PMD 5
#define INDEX_PTE 7
#define PFN (UINT64_C(3) * 0x40000 + 5 * 512 + 7)
/* Tables lie at physical TABLE * level. */
#define TABLE UINT64_C(0x10000)
/* Present, writable, accessed, dirty, and no execution. */
#define ENTRY_FLAGS UINT64_C(0x8000000000000063)
#define LARGE UINT64_C(0x80)

enum { PTE = 1, PMD, PUD, TOP_4, TOP_5 };

struct world {
	struct synth synth;
	struct hwp_layout layout;
	uint64_t base;
	/** By level, and the top of them all in the last. */
	uint64_t tables[6][512];
	unsigned int nr_levels;
	unsigned char page[4096];
	struct hwp_provider_ops ops;
};

static unsigned int index_of(const struct world *w, unsigned int level)
{
	return level == w->nr_levels ? INDEX_TOP :
	       level == PTE	     ? INDEX_PTE :
	       level == PMD	     ? INDEX_PMD :
	       level == PUD	     ? INDEX_PUD :
				       0;
}

static void put_entry(struct world *w, unsigned int level, uint64_t entry)
{
	w->tables[level][index_of(w, level)] = entry;
}

static uint64_t entry_of(const struct world *w, unsigned int level)
{
	return w->tables[level][index_of(w, level)];
}

/** A kernel of @p nr_levels whose tables map PFN by a page of 4 KiB; no other entry is present. */
static struct world *world_create(unsigned int nr_levels)
{
	static const struct hwp_needs *const needs[] = { &hwp_direct_map_needs, NULL };
	static const struct synth_symbol symbols[] = { { "page_offset_base", PAGE_OFFSET_BASE },
						       {} };
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->synth.symbols = symbols;
	w->synth.vmcoreinfo = nr_levels == 5 ? IMAGE "NUMBER(pgtable_l5_enabled)=1\n" :
					       IMAGE "NUMBER(pgtable_l5_enabled)=0\n";
	synth_resolve(&w->synth, &w->layout, needs);
	w->layout.page_shift = 12;
	w->nr_levels = nr_levels;
	w->base = nr_levels == 5 ? BASE_5 : BASE_4;
	synth_add(&w->synth, PAGE_OFFSET_BASE, &w->base, sizeof(w->base));
	for (unsigned int level = PTE; level <= nr_levels; level++) {
		uint64_t below = level == PTE ? PFN << 12 : TABLE * (level - 1);

		put_entry(w, level, below | ENTRY_FLAGS);
		synth_add(&w->synth, level == nr_levels ? TOP_PGT : TABLE * level, w->tables[level],
			  sizeof(w->tables[level]));
	}
	synth_add(&w->synth, PFN << 12, w->page, sizeof(w->page));
	w->ops = synth_ops;
	return w;
}

static void world_destroy(struct world *w)
{
	hwp_layout_deinit(&w->layout);
	free(w);
}

/* Variables are read by their virtual addresses, tables by physical ones. */
static struct hwp_error *read_in_space(void *arg, enum hwp_space space, uint64_t address, void *buf,
				       size_t size, size_t *nr_read_ret)
{
	if ((space == HWP_PHYSICAL) != (address < UINT64_C(1) << 52))
		return hwp_error_at(HWP_ERROR_FAULT, address, "of the other space");
	return synth_read(arg, space, address, buf, size, nr_read_ret);
}

/** @p hole may be NULL. */
static struct hwp_poisoned look_with_hole(struct world *w, const struct hwp_kernel_facts *kernel,
					  struct hwp_memmap_hole *hole)
{
	struct hwp_host_providers parts = {
		.memory = synth_provider(&w->synth),
		.symbols = synth_provider(&w->synth),
		.facts = { .page_shift = 12 },
	};
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_poisoned page = { .pfn = PFN };
	struct hwp_target *target;

	assert_non_null(f);
	w->ops.read = read_in_space;
	parts.memory.ops = &w->ops;
	assert_null(synth_host_open(&parts, &target));
	if (kernel)
		f->kernel = *kernel;
	assert_true(hwp_vec_push(&f->poisoned, page));
	if (hole)
		assert_true(hwp_vec_push(&f->memmap_holes, *hole));
	hwp_bad_memory_look(target, &w->layout, f);
	page = f->poisoned.data[0];
	if (hole)
		*hole = f->memmap_holes.data[0];
	hwp_findings_destroy(f);
	hwp_target_destroy(target);
	return page;
}

static struct hwp_poisoned look(struct world *w, const struct hwp_kernel_facts *kernel)
{
	return look_with_hole(w, kernel, NULL);
}

/* The memmap is mapped by the same tables as all else: a page of it may be the poisoned one. */
static void holes_of_the_memmap(void **state)
{
	struct world *w = world_create(4);
	struct hwp_memmap_hole hole = { .start_pfn = 0x1000,
					.end_pfn = 0x1040,
					.address = BASE_4 + (PFN << 12) + 0x40 };

	(void)state;
	look_with_hole(w, NULL, &hole);
	assert_true(hole.has_memmap_pfn);
	assert_int_equal(hole.memmap_pfn, PFN);
	assert_true(hole.is_poisoned);
	/* Another page. */
	put_entry(w, PTE, ((PFN + 1) << 12) | ENTRY_FLAGS);
	hole.is_poisoned = hole.has_memmap_pfn = false;
	look_with_hole(w, NULL, &hole);
	assert_true(hole.has_memmap_pfn);
	assert_int_equal(hole.memmap_pfn, PFN + 1);
	assert_false(hole.is_poisoned);
	/* Where it is not known. */
	put_entry(w, PTE, 0);
	hole.has_memmap_pfn = false;
	look_with_hole(w, NULL, &hole);
	assert_false(hole.has_memmap_pfn);
	world_destroy(w);
}

static void every_level(void **state)
{
	(void)state;
	for (unsigned int nr_levels = 4; nr_levels <= 5; nr_levels++) {
		struct world *w = world_create(nr_levels);

		assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_PRESENT);
		for (unsigned int level = PTE; level <= nr_levels; level++) {
			uint64_t entry = entry_of(w, level);

			print_message("# level %u of %u\n", level, nr_levels);
			/* set_mce_nospec() clears the bit and leaves the address. */
			put_entry(w, level, entry & ~UINT64_C(1));
			assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_ABSENT);
			put_entry(w, level, 0);
			assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_ABSENT);
			put_entry(w, level, entry);
			assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_PRESENT);
		}
		world_destroy(w);
	}
}

/* 2 MiB and 1 GiB; in an entry of another level bit 7 is not the page size. */
static void large_pages(void **state)
{
	(void)state;
	for (unsigned int nr_levels = 4; nr_levels <= 5; nr_levels++) {
		for (unsigned int level = PTE; level <= nr_levels; level++) {
			struct world *w = world_create(nr_levels);
			bool is_large = level == PMD || level == PUD;

			print_message("# level %u of %u\n", level, nr_levels);
			put_entry(w, level, entry_of(w, level) | LARGE);
			if (level != PTE)
				put_entry(w, PTE, 0);
			assert_int_equal(look(w, NULL).direct_map, is_large || level == PTE ?
									   HWP_DIRECT_MAP_PRESENT :
									   HWP_DIRECT_MAP_ABSENT);
			/* The bit counts in a present entry only. */
			put_entry(w, level, LARGE);
			assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_ABSENT);
			world_destroy(w);
		}
	}
}

static void unknown(void **state)
{
	struct world *w;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		w = world_create(4);
		print_message("# segment %u\n", i);
		w->synth.segments[i].excluded = true;
		assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
		world_destroy(w);
	}
	w = world_create(4);
	/* A table that is nowhere in memory is no proof that nothing is mapped. */
	put_entry(w, PMD, UINT64_C(0x7f000000) | ENTRY_FLAGS);
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
	put_entry(w, PMD, TABLE | ENTRY_FLAGS);
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_PRESENT);
	w->synth.vmcoreinfo = "NUMBER(pgtable_l5_enabled)=0\nNUMBER(phys_base)=16777216\n";
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
	w->synth.vmcoreinfo = IMAGE;
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
	w->synth.vmcoreinfo = "SYMBOL(init_top_pgt)=ffffffff82a0a000\n"
			      "NUMBER(pgtable_l5_enabled)=0\n";
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
	w->synth.vmcoreinfo = "";
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
	/* Another architecture has no page_offset_base. */
	hwp_layout_deinit(&w->layout);
	memset(&w->layout, 0, sizeof(w->layout));
	w->layout.page_shift = 12;
	assert_int_equal(look(w, NULL).direct_map, HWP_DIRECT_MAP_UNKNOWN);
	world_destroy(w);
}

static void contents(void **state)
{
	static const struct {
		unsigned char first, middle, last;
		enum hwp_contents expected;
	} rows[] = {
		{ 0, 0, 0, HWP_CONTENTS_ZERO },
		{ 0xaa, 0xaa, 0xaa, HWP_CONTENTS_PAGE_POISON },
		/* All alike, but no pattern of the kernel's: 0x5a is slab's POISON_INUSE. */
		{ 0x5a, 0x5a, 0x5a, HWP_CONTENTS_OTHER },
		{ 1, 1, 1, HWP_CONTENTS_OTHER },
		{ 1, 0, 0, HWP_CONTENTS_OTHER },
		{ 0, 0, 1, HWP_CONTENTS_OTHER },
		{ 0xaa, 0xaa, 0xa8, HWP_CONTENTS_OTHER },
		{ 0, 0xaa, 0xaa, HWP_CONTENTS_OTHER },
	};
	const struct hwp_kernel_facts kernel = { .init_on_free = HWP_ON };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct world *w = world_create(4);

		print_message("# row %zu\n", i);
		memset(w->page, rows[i].middle, sizeof(w->page));
		w->page[0] = rows[i].first;
		w->page[4095] = rows[i].last;
		assert_int_equal(look(w, &kernel).contents, rows[i].expected);
		/* Last of the segments: the page itself. */
		w->synth.segments[w->synth.nr_segments - 1].excluded = true;
		assert_int_equal(look(w, &kernel).contents, HWP_CONTENTS_UNKNOWN);
		world_destroy(w);
	}
}

/* What a page holds says something only if the kernel writes to pages that are freed. */
static void switches(void **state)
{
	static const enum hwp_switch switches[] = { HWP_SWITCH_UNKNOWN, HWP_NOT_BUILT, HWP_OFF,
						    HWP_ON };
	struct world *w = world_create(4);

	(void)state;
	for (size_t i = 0; i < 16; i++) {
		const struct hwp_kernel_facts kernel = { .page_poisoning = switches[i / 4],
							 .init_on_free = switches[i % 4],
							 /* Says nothing of freed pages. */
							 .init_on_alloc = HWP_ON };
		bool writes = i / 4 == 3 || i % 4 == 3;

		assert_int_equal(look(w, &kernel).contents,
				 writes ? HWP_CONTENTS_ZERO : HWP_CONTENTS_UNKNOWN);
	}
	world_destroy(w);
}

/* To read a bad page of a running kernel is a machine check. */
static void running(void **state)
{
	const struct hwp_kernel_facts kernel = { .page_poisoning = HWP_ON, .init_on_free = HWP_ON };
	struct world *w = world_create(4);
	static const struct hwp_live_ops live = {};
	struct hwp_poisoned page;

	(void)state;
	w->ops.live = &live;
	page = look(w, &kernel);
	assert_int_equal(page.contents, HWP_CONTENTS_UNKNOWN);
	/* Its page tables are not bad. */
	assert_int_equal(page.direct_map, HWP_DIRECT_MAP_PRESENT);
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_of_the_memmap),
		cmocka_unit_test(every_level),
		cmocka_unit_test(large_pages),
		cmocka_unit_test(unknown),
		cmocka_unit_test(contents),
		cmocka_unit_test(switches),
		cmocka_unit_test(running),
	};

	return cmocka_run_group_tests_name("bad_memory", tests, NULL, NULL);
}
