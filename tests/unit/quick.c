// SPDX-License-Identifier: GPL-2.0-or-later
/** The quick sweep: which memory blocks are read, and which heads before them. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/quick.h"

#define COUNTERS UINT64_C(0xffffffff84000000)
/* xa_node: shift at 0, slots at 40. */
#define NODE (COUNTERS + 0x100)
#define BLOCKS (COUNTERS + 0x1000)
#define BLOCK_SIZE 16
/* Sections of 4 MiB, one to a block: the machine has blocks 4 to 11. */
#define BLOCK_PAGES UINT64_C(0x400)

static const char vmcoreinfo[] = "SYMBOL(mem_section)=ff1100006ffffff8\n"
				 "LENGTH(mem_section)=4096\n"
				 "NUMBER(SECTION_SIZE_BITS)=22\nNUMBER(MAX_PHYSMEM_BITS)=46\n";

struct world {
	struct machine *m;
	char bytes[0x2000];
	hwp_pfn_vec flagged;
	bool known;
};

static void put(struct world *w, uint64_t address, uint64_t value)
{
	synth_put(w->bytes, address - COUNTERS, value, 8);
}

/** Without what @p lost names, of the types and symbols; NULL: with all. */
static struct world *world_create(const char *lost)
{
	static const struct hwp_needs *const needs[] = {
		&hwp_memmap_needs,	    &hwp_folio_hugetlb_needs,	&hwp_folio_raw_needs,
		&hwp_counters_totals_needs, &hwp_counters_blocks_needs, NULL
	};
	static const struct synth_symbol symbols[] = { { "num_poisoned_pages", COUNTERS },
						       { "sections_per_block", COUNTERS + 16 },
						       { "memory_blocks", COUNTERS + 24 },
						       {} };
	static const struct synth_member members[] = { SIZE("mem_section", 16),
						       MEMBER("mem_section", "section_mem_map", 0,
							      8),
						       MEMBER("memory_block", "nr_hwpoison", 8, 8),
						       MEMBER("xarray", "xa_head", 8, 8),
						       MEMBER("xa_node", "shift", 0, 1),
						       ARRAY("xa_node", "slots", 40, 512, 64),
						       {} };
	const struct synth kernel = {
		.vmcoreinfo = vmcoreinfo, .symbols = symbols, .members = members, .lost = lost
	};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->m = machine_create(kernel_73);
	hwp_layout_deinit(&w->m->layout);
	synth_resolve(&kernel, &w->m->layout, needs);
	synth_add(&w->m->synth, COUNTERS, w->bytes, sizeof(w->bytes));
	put(w, COUNTERS + 16, 1);
	put(w, COUNTERS + 24 + 8, NODE | 2);
	for (unsigned int id = 4; id < 12; id++)
		put(w, NODE + 40 + id * 8, BLOCKS + id * BLOCK_SIZE);
	return w;
}

static void world_destroy(struct world *w)
{
	hwp_vec_deinit(&w->flagged);
	machine_destroy(w->m);
	free(w);
}

static void count(struct world *w, unsigned int id, uint64_t nr_hwpoison)
{
	put(w, BLOCKS + id * BLOCK_SIZE + 8, nr_hwpoison);
}

static void scan(struct world *w)
{
	const struct hwp_scan_options options = { .nr_threads = 1 };
	struct machine *m = w->m;

	if (!m->target)
		machine_open(m);
	assert_null(hwp_quick_scan(m->target, m->reader, &m->zones, &options, &w->flagged,
				   m->findings, &w->known));
}

/** A HugeTLB folio at 0x1000 that covers blocks 4 to 7; its head's flag says poison. */
static void make_folio(struct world *w, uint32_t type, bool is_poisoned)
{
	const unsigned int order = 12;
	struct words head = { .flags = MACHINE_FLAGS | 1 << 6, .type = type, .refcount = 1 };
	struct words tail = { .flags = MACHINE_FLAGS,
			      .at_8 = -(UINT64_C(64) << order) | 1,
			      .type = 0xffffffff };

	put_words(machine_page(w->m, 0x1000), &head);
	for (uint64_t i = 1; i < UINT64_C(1) << order; i++)
		put_words(machine_page(w->m, 0x1000 + i), &tail);
	synth_put(machine_page(w->m, 0x1001), 0, MACHINE_FLAGS | order, 8);
	if (is_poisoned)
		machine_poison(w->m, 0x1000);
}

static void blocks_that_count(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	machine_poison(w->m, 0x1005);
	machine_poison(w->m, 0x13ff);
	machine_poison(w->m, 0x1400);
	machine_poison(w->m, 0x2c00);
	machine_poison(w->m, 0x2fff);
	count(w, 4, 2);
	count(w, 11, 1);
	scan(w);
	assert_true(w->known);
	assert_int_equal(w->m->findings->sweep, HWP_SWEEP_QUICK);
	/* 0x1400 is the first of block 5, which counts none: not read. */
	assert_int_equal(w->flagged.nr, 4);
	assert_int_equal(w->flagged.data[0], 0x1005);
	assert_int_equal(w->flagged.data[1], 0x13ff);
	assert_int_equal(w->flagged.data[2], 0x2c00);
	assert_int_equal(w->flagged.data[3], 0x2fff);
	assert_int_equal(w->m->findings->coverage.nr_pages, 2 * BLOCK_PAGES);
	world_destroy(w);
}

static void no_poison(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	machine_poison(w->m, 0x1005);
	scan(w);
	assert_true(w->known);
	assert_int_equal(w->m->findings->sweep, HWP_SWEEP_QUICK);
	assert_int_equal(w->flagged.nr, 0);
	assert_int_equal(w->m->findings->coverage.nr_pages, 0);
	world_destroy(w);
}

/* A block whose count is not known may hold poison; so may one of which nothing is known. */
static void unreadable_counts(void **state)
{
	struct world *w = world_create(NULL);

	(void)state;
	machine_poison(w->m, 0x1005);
	machine_poison(w->m, 0x1405);
	count(w, 4, 1);
	put(w, NODE + 40 + 5 * 8, 0xdead000000000100);
	scan(w);
	assert_true(w->known);
	assert_int_equal(w->flagged.nr, 2);
	assert_int_equal(w->flagged.data[1], 0x1405);
	assert_int_equal(w->m->findings->coverage.nr_pages, 2 * BLOCK_PAGES);
	world_destroy(w);
	w = world_create(NULL);
	put(w, COUNTERS + 24 + 8, 0xdead000000000002);
	w->known = true;
	scan(w);
	assert_false(w->known);
	assert_int_equal(w->m->findings->coverage.nr_pages, 0);
	world_destroy(w);
}

/* Before v6.2, and without CONFIG_MEMORY_FAILURE. */
static void not_counted(void **state)
{
	static const char *const lost[] = { "memory_block.nr_hwpoison", "num_poisoned_pages" };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lost); i++) {
		struct world *w = world_create(lost[i]);
		enum hwp_sweep before;

		print_message("# without %s\n", lost[i]);
		machine_poison(w->m, 0x1005);
		count(w, 4, 1);
		machine_open(w->m);
		before = w->m->findings->sweep;
		w->known = true;
		scan(w);
		assert_false(w->known);
		assert_int_equal(w->m->findings->sweep, before);
		assert_int_equal(w->flagged.nr, 0);
		assert_int_equal(w->m->findings->coverage.nr_pages, 0);
		world_destroy(w);
	}
}

/* A block may have holes, and memory that has no struct pages. */
static void part_of_a_block(void **state)
{
	struct world *w = world_create(NULL);
	struct hwp_pfn_range *range;

	(void)state;
	machine_poison(w->m, 0x11ff);
	machine_poison(w->m, 0x1200);
	machine_poison(w->m, 0x12ff);
	machine_poison(w->m, 0x1300);
	count(w, 4, 4);
	count(w, 5, 1);
	machine_open(w->m);
	range = &w->m->memmap.ranges.data[0];
	range->start_pfn = 0x1200;
	range->end_pfn = 0x1300;
	scan(w);
	assert_int_equal(w->flagged.nr, 2);
	assert_int_equal(w->flagged.data[0], 0x1200);
	assert_int_equal(w->flagged.data[1], 0x12ff);
	assert_int_equal(w->m->findings->coverage.nr_pages, 0x100);
	world_destroy(w);
}

/* The block of a raw page counts it; the flag is on the head, maybe in another block. */
static void heads(void **state)
{
	static const struct {
		uint32_t type;
		bool is_poisoned;
		unsigned int blocks[2];
		size_t nr_flagged;
	} rows[] = {
		{ 0xf4000000, true, { 6, 6 }, 1 },
		/* Two blocks of one folio: its head once. */
		{ 0xf4000000, true, { 5, 7 }, 1 },
		/* Found by the sweep already. */
		{ 0xf4000000, true, { 4, 6 }, 1 },
		/* The block behind the folio. */
		{ 0xf4000000, true, { 8, 8 }, 0 },
		{ 0xf4000000, false, { 5, 6 }, 0 },
		/* Not HugeTLB: each page has a flag of its own. */
		{ 0xffffffff, true, { 5, 6 }, 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct world *w = world_create(NULL);

		print_message("# row %zu\n", i);
		make_folio(w, rows[i].type, rows[i].is_poisoned);
		count(w, rows[i].blocks[0], 1);
		count(w, rows[i].blocks[1], 1);
		scan(w);
		assert_int_equal(w->flagged.nr, rows[i].nr_flagged);
		if (w->flagged.nr)
			assert_int_equal(w->flagged.data[0], 0x1000);
		world_destroy(w);
	}
}

static void proven(void **state)
{
	struct world *w = world_create(NULL);
	struct machine *m = w->m;
	const struct hwp_poisoned page = { .pfn = 0x1005 };

	(void)state;
	machine_open(m);
	assert_true(hwp_quick_is_proven(m->target, &m->layout, m->findings));
	put(w, COUNTERS, 1);
	assert_false(hwp_quick_is_proven(m->target, &m->layout, m->findings));
	assert_true(hwp_vec_push(&m->findings->poisoned, page));
	assert_true(hwp_quick_is_proven(m->target, &m->layout, m->findings));
	put(w, COUNTERS, 0);
	assert_false(hwp_quick_is_proven(m->target, &m->layout, m->findings));
	world_destroy(w);

	/* Without the kernel's count there is no proof, not even of nothing. */
	w = world_create("num_poisoned_pages");
	machine_open(w->m);
	assert_false(hwp_quick_is_proven(w->m->target, &w->m->layout, w->m->findings));
	world_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_that_count),
		cmocka_unit_test(no_poison),
		cmocka_unit_test(unreadable_counts),
		cmocka_unit_test(not_counted),
		cmocka_unit_test(part_of_a_block),
		cmocka_unit_test(heads),
		cmocka_unit_test(proven),
	};

	return cmocka_run_group_tests_name("quick", tests, NULL, NULL);
}
