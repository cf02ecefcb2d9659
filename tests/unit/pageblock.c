// SPDX-License-Identifier: GPL-2.0-or-later
/** The migratetypes of pageblocks, and blocks that are on a list of another. */
#include "synth.h"

#include <cmocka.h>

#include "facts/lists/pageblock.h"

#define SECTIONS UINT64_C(0xff11000010000000)
#define USAGES UINT64_C(0xff11000030000000)
#define DISABLED UINT64_C(0xffffffff84000000)
#define MAP UINT64_C(0xffd4000000000000)
#define SECTION_SIZE 32
#define NR_SECTIONS 4
/** SECTION_MARKED_PRESENT, SECTION_HAS_MEM_MAP, SECTION_IS_ONLINE, SECTION_IS_EARLY. */
#define BOOT 15
#define HOT 7
#define ISOLATE 5
#define NR_TYPES 6

#define VMCOREINFO                                                      \
	"SYMBOL(mem_section)=ff11000010000000\nLENGTH(mem_section)=4\n" \
	"NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=29\n"

/** As the kernel has it: 64 pageblocks of 2 MiB in a section of 128 MiB. */
struct kernel {
	unsigned int nr_bits, isolate_bit, usage_size, pageblock_order;
};

static const struct kernel v6_10 = { 4, 0, 24, 9 };
static const struct kernel v6_17 = { 8, 4, 24, 9 };

struct machine {
	struct synth synth;
	struct hwp_layout layout;
	struct hwp_target *target;
	struct hwp_memmap *memmap;
	struct kernel kernel;
	char sections[NR_SECTIONS * SECTION_SIZE];
	char usages[16384];
	char disabled[8];
	struct hwp_pageblock_facts facts;
	struct hwp_pageblocks *pageblocks;
};

static size_t usage_bytes(const struct machine *m)
{
	return m->kernel.usage_size +
	       (UINT64_C(1) << (15 - m->kernel.pageblock_order)) * m->kernel.nr_bits / 8;
}

/** Where a section's bitmap begins, in usages. */
static size_t bitmap(const struct machine *m, unsigned int section)
{
	return hwp_u64(m->sections + section * SECTION_SIZE + 8) - USAGES + m->kernel.usage_size;
}

/** The bits of the pageblock of @p pfn become @p bits. */
static void set_bits(struct machine *m, uint64_t pfn, unsigned int bits)
{
	uint64_t block = (pfn & 0x7fff) >> m->kernel.pageblock_order;
	uint64_t bit = block * m->kernel.nr_bits;
	char *byte = m->usages + bitmap(m, (unsigned int)(pfn >> 15)) + bit / 8;
	unsigned int mask = (1u << m->kernel.nr_bits) - 1;

	*byte = (char)(((unsigned int)(uint8_t)*byte & ~(mask << bit % 8)) | bits << bit % 8);
}

static void set_section(struct machine *m, unsigned int number, uint64_t usage, unsigned int flags)
{
	synth_put(m->sections, number * SECTION_SIZE, MAP | flags, 8);
	synth_put(m->sections, number * SECTION_SIZE + 8, usage, 8);
}

/** Four sections that were there at boot, all Movable. */
static struct machine *machine_create(const struct kernel *kernel)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->kernel = *kernel;
	m->synth.vmcoreinfo = VMCOREINFO;
	synth_add(&m->synth, SECTIONS, m->sections, sizeof(m->sections));
	synth_add(&m->synth, USAGES, m->usages, sizeof(m->usages));
	synth_add(&m->synth, DISABLED, m->disabled, sizeof(m->disabled));
	for (unsigned int i = 0; i < NR_SECTIONS; i++) {
		set_section(m, i, USAGES + i * usage_bytes(m), BOOT);
		for (uint64_t pfn = 0; pfn < 0x8000; pfn += 1u << kernel->pageblock_order)
			set_bits(m, i * UINT64_C(0x8000) + pfn, 1);
	}
	return m;
}

static void resolve(struct machine *m)
{
	static const struct hwp_needs *const needs[] = { &hwp_memmap_needs, &hwp_pageblock_needs,
							 NULL };
	static const struct synth_symbol symbols[] = {
		{ "page_group_by_mobility_disabled", DISABLED }, {}
	};
	bool has_bit = m->kernel.isolate_bit != 0;
	const struct synth_member types[] = {
		SIZE("mem_section", SECTION_SIZE),
		MEMBER("mem_section", "section_mem_map", 0, 8),
		MEMBER("mem_section", "usage", 8, 8),
		SIZE("mem_section_usage", m->kernel.usage_size),
		MEMBER("mem_section_usage", "subsection_map", 16, 8),
		MEMBER("mem_section_usage", "pageblock_flags", m->kernel.usage_size, 0),
		{},
	};
	const struct synth_enumerator enumerators[] = {
		{ NULL, "SECTION_MAP_LAST_BIT", 5 },
		{ "migratetype", "MIGRATE_PCPTYPES", 3 },
		{ "migratetype", "MIGRATE_TYPES", NR_TYPES },
		{ "migratetype", "MIGRATE_ISOLATE", ISOLATE },
		{ "pageblock_bits", has_bit ? "__NR_PAGEBLOCK_BITS" : "NR_PAGEBLOCK_BITS",
		  has_bit ? m->kernel.isolate_bit + 1 : m->kernel.nr_bits },
		{ has_bit ? "pageblock_bits" : "none", "PB_migrate_isolate",
		  m->kernel.isolate_bit },
		{}
	};

	m->synth.symbols = symbols;
	m->synth.members = types;
	m->synth.enumerators = enumerators;
	m->layout = (struct hwp_layout){ .page_shift = 12, .page.size = 64, .nr_orders = 11 };
	synth_resolve(&m->synth, &m->layout, needs);
}

static void read_it(struct machine *m)
{
	resolve(m);
	m->target = synth_open(&m->synth);
	assert_null(hwp_memmap_create(m->target, &m->layout, &m->memmap));
	assert_null(hwp_pageblocks_read(m->target, m->memmap, &m->facts, &m->pageblocks));
	assert_int_equal(m->facts.is_known, m->pageblocks != NULL);
	assert_int_equal(m->facts.is_known, !m->facts.why[0]);
}

static void compare(struct machine *m, uint64_t pfn, int migratetype, bool lock_was_free)
{
	const struct hwp_block block = {
		.head_pfn = pfn, .order = 3, .migratetype = migratetype, .container = HWP_FREE_AREA
	};

	hwp_pageblocks_compare(m->pageblocks, &block, lock_was_free, &m->facts);
}

static void machine_destroy(struct machine *m)
{
	hwp_pageblocks_destroy(m->pageblocks);
	hwp_memmap_destroy(m->memmap);
	hwp_target_destroy(m->target);
	hwp_layout_deinit(&m->layout);
	free(m);
}

static void assert_unknown(struct machine *m, const char *why)
{
	read_it(m);
	assert_false(m->facts.is_known);
	assert_non_null(strstr(m->facts.why, why));
	machine_destroy(m);
}

/* Each pageblock has its own bits; the first page of a block decides. */
static void where_they_are(void **state)
{
	const struct kernel *kernels[] = { &v6_10, &v6_17 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(kernels); i++) {
		struct machine *m = machine_create(kernels[i]);

		set_bits(m, 0x8200, 2);
		set_bits(m, 0x8400, 3 | 8);
		read_it(m);
		assert_true(m->facts.is_known);
		assert_int_equal(m->facts.order, 9);
		compare(m, 0x0, 1, true);
		compare(m, 0x81f8, 1, true);
		compare(m, 0x8200, 2, true);
		compare(m, 0x83f8, 2, true);
		/* PB_compact_skip says nothing. */
		compare(m, 0x8400, 3, true);
		compare(m, 0x8600, 1, true);
		compare(m, 0x1fff8, 1, true);
		assert_int_equal(m->facts.nr_compared, 7);
		assert_int_equal(m->facts.nr_elsewhere + m->facts.nr_unsure + m->facts.nr_unread,
				 0);
		/* The first is kept. */
		compare(m, 0x8200, 1, true);
		compare(m, 0x8400, 0, true);
		assert_int_equal(m->facts.nr_elsewhere, 2);
		assert_int_equal(m->facts.first.head_pfn, 0x8200);
		assert_int_equal(m->facts.first.migratetype, 1);
		assert_int_equal(m->facts.first_type, 2);
		machine_destroy(m);
	}
}

/* Isolated: once it was the type itself, then a bit beside it. */
static void isolated(void **state)
{
	const struct kernel *kernels[] = { &v6_10, &v6_17 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(kernels); i++) {
		struct machine *m = machine_create(kernels[i]);

		set_bits(m, 0x8200, kernels[i]->isolate_bit ? 1 | 1u << 4 : ISOLATE);
		read_it(m);
		compare(m, 0x8200, ISOLATE, true);
		assert_int_equal(m->facts.nr_elsewhere, 0);
		compare(m, 0x8208, 1, true);
		assert_int_equal(m->facts.nr_elsewhere, 1);
		assert_int_equal(m->facts.first_type, ISOLATE);
		compare(m, 0x8400, ISOLATE, true);
		assert_int_equal(m->facts.nr_elsewhere, 2);
		machine_destroy(m);
	}
}

/* A CPU that holds zone->lock may be between changing the type and moving the blocks. */
static void locked(void **state)
{
	struct machine *m = machine_create(&v6_17);

	(void)state;
	read_it(m);
	compare(m, 0x8200, 0, false);
	compare(m, 0x8200, ISOLATE, false);
	compare(m, 0x8200, 1, false);
	assert_int_equal(m->facts.nr_compared, 3);
	assert_int_equal(m->facts.nr_unsure, 2);
	assert_int_equal(m->facts.nr_elsewhere, 0);
	machine_destroy(m);
}

/* Where types that merge are not kept apart, the others are still. */
static void coarse(void **state)
{
	const struct kernel small = { 8, 4, 24, 8 };

	(void)state;
	for (int grouped = 0; grouped < 2; grouped++) {
		struct machine *m = machine_create(grouped ? &small : &v6_17);

		m->disabled[0] = (char)!grouped;
		set_bits(m, 0x8800, 3);
		read_it(m);
		assert_int_equal(m->facts.order, grouped ? 8 : 9);
		compare(m, 0x8200, 0, true);
		compare(m, 0x8200, 2, true);
		assert_int_equal(m->facts.nr_unsure, 2);
		compare(m, 0x8200, 3, true);
		compare(m, 0x8800, 1, true);
		assert_int_equal(m->facts.nr_unsure, 2);
		assert_int_equal(m->facts.nr_elsewhere, 2);
		machine_destroy(m);
	}
}

/* What was plugged in later is allocated alone, and shows no size; offline memory has none. */
static void plugged(void **state)
{
	struct machine *m = machine_create(&v6_17);

	(void)state;
	set_section(m, 2, USAGES + 8192, HOT);
	/* All of its subsections are there. */
	synth_put(m->usages, 8192 + 16, UINT64_MAX, 8);
	set_bits(m, 0x10000, 2);
	set_section(m, 3, USAGES + 3 * usage_bytes(m), 3);
	read_it(m);
	assert_int_equal(m->facts.order, 9);
	compare(m, 0x10000, 2, true);
	assert_int_equal(m->facts.nr_elsewhere, 0);
	assert_int_equal(m->facts.nr_unread, 0);
	compare(m, 0x18000, 1, true);
	assert_int_equal(m->facts.nr_unread, 1);
	assert_int_equal(m->facts.nr_compared, 1);
	machine_destroy(m);
}

static void no_size(void **state)
{
	struct machine *m = machine_create(&v6_17);

	(void)state;
	for (unsigned int i = 1; i < NR_SECTIONS; i++)
		set_section(m, i, 0, 0);
	assert_unknown(m, "their size is not known");
	/* Not a whole number of words, no power of two, too small, too large. */
	for (size_t i = 0; i < 4; i++) {
		static const unsigned int sizes[] = { 24 + 60, 24 + 24, 24 + 8, 24 };

		m = machine_create(&v6_17);
		for (unsigned int j = 0; j < NR_SECTIONS; j++)
			set_section(m, j, USAGES + (uint64_t)j * sizes[i], BOOT);
		assert_unknown(m, "their size is not known");
	}
}

static void not_sound(void **state)
{
	struct machine *m = machine_create(&v6_17);

	(void)state;
	/* A bit that is no one's; a type that there is not. */
	set_bits(m, 0x8200, 1 | 1u << 5);
	assert_unknown(m, "something else");
	m = machine_create(&v6_10);
	set_bits(m, 0x8200, NR_TYPES);
	assert_unknown(m, "something else");
}

static void unreadable(void **state)
{
	struct machine *m = machine_create(&v6_17);

	(void)state;
	set_section(m, 3, USAGES + 0x100000, BOOT);
	assert_unknown(m, "memory section 3: ");
	/* Without the enumerators. */
	m = machine_create(&v6_17);
	m->synth.lost = "__NR_PAGEBLOCK_BITS";
	assert_unknown(m, "do not show where");
	/* An isolated pageblock, but no such type. */
	m = machine_create(&v6_17);
	m->synth.lost = "MIGRATE_ISOLATE";
	set_bits(m, 0x8200, 1 | 1u << 4);
	read_it(m);
	compare(m, 0x8200, ISOLATE, true);
	compare(m, 0x8000, 1, true);
	assert_int_equal(m->facts.nr_unread, 1);
	assert_int_equal(m->facts.nr_compared, 1);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_they_are), cmocka_unit_test(isolated),
		cmocka_unit_test(locked),	  cmocka_unit_test(coarse),
		cmocka_unit_test(plugged),	  cmocka_unit_test(no_size),
		cmocka_unit_test(not_sound),	  cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
