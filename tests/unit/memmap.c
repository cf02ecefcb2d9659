// SPDX-License-Identifier: GPL-2.0-or-later
/** Where struct pages are: by sections in an array, by roots of sections, or in one array. */
#include "synth.h"

#include <cmocka.h>

#include "memmap/memmap.h"

#define SECTIONS UINT64_C(0xff11000010000000)
#define ROOT UINT64_C(0xff11000020000000)
#define USAGE UINT64_C(0xff11000030000000)
#define MAP UINT64_C(0xffd4000000000000)
#define OTHER_MAP UINT64_C(0xffd5000000000000)
#define PAGE_SIZE 64
#define SECTION_SIZE 32
/** 128 MiB of pages of 4 KiB; a subsection has 2 MiB. */
#define PER_SECTION UINT64_C(0x8000)
#define PER_SUBSECTION UINT64_C(0x200)
/** SECTION_MARKED_PRESENT, SECTION_HAS_MEM_MAP, SECTION_IS_ONLINE, SECTION_IS_EARLY. */
#define PRESENT 1
#define HAS_MAP 2
#define ONLINE 4
#define EARLY 8

#define FOUR_SECTIONS                                                   \
	"SYMBOL(mem_section)=ff11000010000000\nLENGTH(mem_section)=4\n" \
	"NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=29\n"
#define TWO_ROOTS                                                       \
	"SYMBOL(mem_section)=ff11000010000000\nLENGTH(mem_section)=2\n" \
	"NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=35\n"

static const struct synth_member types[] = {
	SIZE("mem_section", SECTION_SIZE),
	MEMBER("mem_section", "section_mem_map", 0, 8),
	MEMBER("mem_section", "usage", 8, 8),
	MEMBER("mem_section_usage", "subsection_map", 16, 8),
	{},
};

static const struct synth_enumerator enumerators[] = { { NULL, "SECTION_MAP_LAST_BIT", 5 }, {} };

struct memory {
	struct synth synth;
	struct hwp_layout layout;
	struct hwp_target *target;
	struct hwp_memmap *memmap;
};

static struct hwp_error *create(struct memory *m)
{
	static const struct hwp_needs *const needs[] = { &hwp_memmap_needs, NULL };

	m->synth.members = types;
	m->synth.enumerators = enumerators;
	m->layout = (struct hwp_layout){ .page_shift = 12, .page.size = PAGE_SIZE };
	synth_resolve(&m->synth, &m->layout, needs);
	m->target = synth_open(&m->synth);
	return hwp_memmap_create(m->target, &m->layout, &m->memmap);
}

static void destroy(struct memory *m)
{
	hwp_memmap_destroy(m->memmap);
	m->memmap = NULL;
	hwp_target_destroy(m->target);
	hwp_layout_deinit(&m->layout);
}

static void assert_fails(struct memory *m, enum hwp_error_code code, const char *words)
{
	struct hwp_error *err = create(m);

	assert_non_null(err);
	assert_null(m->memmap);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
	destroy(m);
}

static void put_section(char *sections, unsigned int i, uint64_t section_mem_map, uint64_t usage)
{
	synth_put(sections, (size_t)i * SECTION_SIZE, section_mem_map, 8);
	synth_put(sections, (size_t)i * SECTION_SIZE + 8, usage, 8);
}

static void assert_range(const struct hwp_memmap *memmap, size_t i, struct hwp_pfn_range expected)
{
	const struct hwp_pfn_range *r = &memmap->ranges.data[i];

	assert_true(i < memmap->ranges.nr);
	assert_int_equal(r->start_pfn, expected.start_pfn);
	assert_int_equal(r->end_pfn, expected.end_pfn);
	assert_int_equal(r->base, expected.base);
	assert_int_equal(r->online, expected.online);
}

/** A pfn with a struct page: there and back. */
static void assert_page(const struct hwp_memmap *memmap, uint64_t pfn, uint64_t expected)
{
	uint64_t address = 0, back = 0;

	assert_true(hwp_memmap_page_address(memmap, pfn, &address));
	assert_int_equal(address, expected);
	assert_true(hwp_memmap_pfn_of(memmap, address, &back));
	assert_int_equal(back, pfn);
	/* Only its beginning is its address. */
	assert_false(hwp_memmap_pfn_of(memmap, address + 8, &back));
}

static void assert_no_page(const struct hwp_memmap *memmap, uint64_t pfn, uint64_t base)
{
	uint64_t ret;

	assert_null(hwp_memmap_find(memmap, pfn));
	assert_false(hwp_memmap_page_address(memmap, pfn, &ret));
	assert_false(hwp_memmap_pfn_of(memmap, base + pfn * PAGE_SIZE, &ret));
}

/** An array of sections: early, hot-added, offline, and two that have no memmap. */
static void array_of_sections(void **state)
{
	char sections[4 * SECTION_SIZE] = {}, usage[24] = {};
	struct memory m = { .synth.vmcoreinfo = FOUR_SECTIONS };

	(void)state;
	synth_add(&m.synth, SECTIONS, sections, sizeof(sections));
	synth_add(&m.synth, USAGE, usage, sizeof(usage));
	put_section(sections, 0, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, USAGE);
	/* Its subsections 0, 1 and 63. */
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | ONLINE, USAGE);
	synth_put(usage, 16, UINT64_C(0x8000000000000003), 8);
	put_section(sections, 2, MAP | PRESENT | HAS_MAP | EARLY, USAGE);
	put_section(sections, 3, MAP | PRESENT | ONLINE | EARLY, USAGE);
	assert_null(create(&m));
	assert_int_equal(hwp_memmap_pages_per_section(&m.layout), PER_SECTION);
	assert_int_equal(m.memmap->ranges.nr, 3);
	/* Those that go on are one range. */
	assert_range(m.memmap, 0, (struct hwp_pfn_range){ 0, 0x8400, MAP, true });
	assert_range(m.memmap, 1, (struct hwp_pfn_range){ 0xfe00, 0x10000, MAP, true });
	assert_range(m.memmap, 2, (struct hwp_pfn_range){ 0x10000, 0x18000, MAP, false });
	/* Those of offline memory do not count. */
	assert_int_equal(m.memmap->nr_pages, PER_SECTION + 3 * PER_SUBSECTION);
	assert_true(m.memmap->is_contiguous);
	assert_page(m.memmap, 0, MAP);
	assert_page(m.memmap, 0x83ff, MAP + 0x83ff * PAGE_SIZE);
	assert_no_page(m.memmap, 0x8400, MAP);
	assert_no_page(m.memmap, 0xfdff, MAP);
	assert_page(m.memmap, 0xfe00, MAP + 0xfe00 * PAGE_SIZE);
	assert_false(hwp_memmap_find(m.memmap, 0x10000)->online);
	assert_page(m.memmap, 0x17fff, MAP + 0x17fff * PAGE_SIZE);
	assert_no_page(m.memmap, 0x18000, MAP);
	destroy(&m);
	/* Neither has the memmap that is not marked present. */
	put_section(sections, 3, MAP | HAS_MAP | ONLINE | EARLY, USAGE);
	assert_null(create(&m));
	assert_int_equal(m.memmap->ranges.nr, 3);
	destroy(&m);
	/* A hot-added section without a usage has all of its struct pages. */
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | ONLINE, 0);
	assert_null(create(&m));
	assert_int_equal(m.memmap->nr_pages, 2 * PER_SECTION);
	destroy(&m);
}

static void assert_section(struct memory *m, uint64_t pfn, uint64_t expected)
{
	uint64_t address = 0;

	assert_null(hwp_memmap_section_address(m->target, &m->layout, pfn, &address));
	assert_int_equal(address, expected);
}

static void assert_no_section(struct memory *m, uint64_t pfn)
{
	uint64_t address;
	struct hwp_error *err = hwp_memmap_section_address(m->target, &m->layout, pfn, &address);

	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
}

/** SPARSEMEM_EXTREME: a root is a page of 128 sections, and here the first has none. */
static void roots_of_sections(void **state)
{
	char roots[16] = {}, sections[4096] = {};
	struct memory m = { .synth.vmcoreinfo = TWO_ROOTS };
	uint64_t start = 129 * PER_SECTION;

	(void)state;
	synth_add(&m.synth, SECTIONS, roots, sizeof(roots));
	synth_add(&m.synth, ROOT, sections, sizeof(sections));
	synth_put(roots, 8, ROOT, 8);
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	put_section(sections, 2, OTHER_MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	assert_null(create(&m));
	assert_int_equal(m.memmap->ranges.nr, 2);
	/* They follow each other, but the memmap does not. */
	assert_range(m.memmap, 0, (struct hwp_pfn_range){ start, start + PER_SECTION, MAP, true });
	assert_range(m.memmap, 1,
		     (struct hwp_pfn_range){ start + PER_SECTION, start + 2 * PER_SECTION,
					     OTHER_MAP, true });
	assert_int_equal(m.memmap->nr_pages, 2 * PER_SECTION);
	assert_false(m.memmap->is_contiguous);
	assert_no_page(m.memmap, start - 1, MAP);
	assert_page(m.memmap, start, MAP + start * PAGE_SIZE);
	assert_page(m.memmap, start + PER_SECTION, OTHER_MAP + (start + PER_SECTION) * PAGE_SIZE);
	assert_no_page(m.memmap, start + 2 * PER_SECTION, OTHER_MAP);
	assert_section(&m, start, ROOT + SECTION_SIZE);
	assert_section(&m, start + PER_SECTION - 1, ROOT + SECTION_SIZE);
	/* The last of the root, and the next; the first root is not there. */
	assert_section(&m, 256 * PER_SECTION - 1, ROOT + 127 * SECTION_SIZE);
	assert_no_section(&m, 256 * PER_SECTION);
	assert_no_section(&m, 0);
	destroy(&m);
}

/** In an array each section is at its number, and the last is the last. */
static void section_in_array(void **state)
{
	char sections[4 * SECTION_SIZE] = {};
	struct memory m = { .synth.vmcoreinfo = FOUR_SECTIONS };

	(void)state;
	synth_add(&m.synth, SECTIONS, sections, sizeof(sections));
	put_section(sections, 3, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	assert_null(create(&m));
	assert_section(&m, 0, SECTIONS);
	assert_section(&m, 4 * PER_SECTION - 1, SECTIONS + 3 * SECTION_SIZE);
	assert_no_section(&m, 4 * PER_SECTION);
	destroy(&m);
}

/** FLATMEM: the variables mem_map and max_pfn. */
static void flat(void **state)
{
	static const struct synth_symbol symbols[] = { { "mem_map", SECTIONS },
						       { "max_pfn", SECTIONS + 8 },
						       {} };
	char variables[16];
	struct memory m = { .synth = { .vmcoreinfo = "OSRELEASE=flat\n", .symbols = symbols } };

	(void)state;
	synth_add(&m.synth, SECTIONS, variables, sizeof(variables));
	synth_put(variables, 0, MAP, 8);
	synth_put(variables, 8, 0x1234, 8);
	assert_null(create(&m));
	assert_int_equal(hwp_memmap_pages_per_section(&m.layout), 0);
	assert_int_equal(m.memmap->ranges.nr, 1);
	assert_range(m.memmap, 0, (struct hwp_pfn_range){ 0, 0x1234, MAP, true });
	assert_int_equal(m.memmap->nr_pages, 0x1234);
	assert_true(m.memmap->is_contiguous);
	assert_page(m.memmap, 0x1233, MAP + 0x1233 * PAGE_SIZE);
	assert_no_page(m.memmap, 0x1234, MAP);
	destroy(&m);
	synth_put(variables, 8, 0, 8);
	assert_fails(&m, HWP_ERROR_BAD_DATA, "memmap: no page has a struct page");
	m.synth.lost = "max_pfn";
	assert_fails(&m, HWP_ERROR_LOOKUP, "memmap: the kernel has no symbol max_pfn");
}

/** Nothing sound is there. */
static void no_memmap(void **state)
{
	char sections[4 * SECTION_SIZE] = {};
	struct memory m = { .synth.vmcoreinfo = FOUR_SECTIONS };

	(void)state;
	assert_fails(&m, HWP_ERROR_FAULT, "memmap: ");
	synth_add(&m.synth, SECTIONS, sections, sizeof(sections));
	assert_fails(&m, HWP_ERROR_BAD_DATA, "memmap: no page has a struct page");
	/* All of it offline. */
	put_section(sections, 0, MAP | PRESENT | HAS_MAP | EARLY, 0);
	assert_fails(&m, HWP_ERROR_BAD_DATA, "memmap: no page has a struct page");
	/* The bitmap of its subsections is not there. */
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | ONLINE, USAGE);
	assert_fails(&m, HWP_ERROR_FAULT, "memmap: memory section 1: ");
	m.synth.vmcoreinfo = "SYMBOL(mem_section)=ff11000010000000\nLENGTH(mem_section)=0\n"
			     "NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=29\n";
	assert_fails(&m, HWP_ERROR_BAD_DATA, "memmap: LENGTH(mem_section) is 0");
	m.synth.vmcoreinfo = "SYMBOL(mem_section)=ff11000010000000\nLENGTH(mem_section)=4194305\n"
			     "NUMBER(SECTION_SIZE_BITS)=27\nNUMBER(MAX_PHYSMEM_BITS)=29\n";
	assert_fails(&m, HWP_ERROR_BAD_DATA, "memmap: LENGTH(mem_section) is 4194305");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_of_sections), cmocka_unit_test(roots_of_sections),
		cmocka_unit_test(section_in_array),  cmocka_unit_test(flat),
		cmocka_unit_test(no_memmap),
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
