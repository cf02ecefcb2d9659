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

/** Struct pages of two sections at the same addresses: nonsense, and the lower pfn is theirs. */
static void overlapping_maps(void **state)
{
	char sections[4 * SECTION_SIZE] = {};
	struct memory m = { .synth.vmcoreinfo = FOUR_SECTIONS };
	uint64_t half = PER_SECTION / 2, pfn;

	(void)state;
	synth_add(&m.synth, SECTIONS, sections, sizeof(sections));
	put_section(sections, 0, OTHER_MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	put_section(sections, 2, (MAP - half * PAGE_SIZE) | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	/* Its addresses wrap around. */
	put_section(sections, 3,
		    (uint64_t)(-4 * (int64_t)PER_SECTION * PAGE_SIZE + 4096) | PRESENT | HAS_MAP |
			    ONLINE | EARLY,
		    0);
	assert_null(create(&m));
	assert_int_equal(m.memmap->ranges.nr, 4);
	assert_page(m.memmap, 0, OTHER_MAP);
	assert_page(m.memmap, PER_SECTION, MAP + PER_SECTION * PAGE_SIZE);
	assert_page(m.memmap, 2 * PER_SECTION - 1, MAP + (2 * PER_SECTION - 1) * PAGE_SIZE);
	assert_page(m.memmap, 2 * PER_SECTION + half, MAP + 2 * PER_SECTION * PAGE_SIZE);
	assert_true(hwp_memmap_pfn_of(m.memmap, MAP + (PER_SECTION + half) * PAGE_SIZE, &pfn));
	assert_int_equal(pfn, PER_SECTION + half);
	assert_false(hwp_memmap_pfn_of(m.memmap, MAP + (PER_SECTION - 1) * PAGE_SIZE, &pfn));
	assert_false(hwp_memmap_pfn_of(m.memmap, MAP + 3 * PER_SECTION * PAGE_SIZE, &pfn));
	assert_page(m.memmap, 3 * PER_SECTION,
		    (uint64_t)(-(int64_t)PER_SECTION * PAGE_SIZE + 4096));
	destroy(&m);
}

/** In an array each section is at its number, and the last is the last. */
/** A page of the roots, or a root, that a dump left out: its sections are not known, the rest is. */
static void missing_sections(void **state)
{
	static char roots[2][4096], sections[4096];

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct memory m = {
			.synth.vmcoreinfo = "SYMBOL(mem_section)=ff11000010000000\n"
					    "LENGTH(mem_section)=1024\n"
					    "NUMBER(SECTION_SIZE_BITS)=27\n"
					    "NUMBER(MAX_PHYSMEM_BITS)=44\n",
		};

		memset(roots, 0, sizeof(roots));
		synth_add(&m.synth, SECTIONS, roots[0], sizeof(roots[0]));
		synth_add(&m.synth, SECTIONS + 4096, roots[1], sizeof(roots[1]));
		synth_add(&m.synth, ROOT, sections, sizeof(sections));
		synth_add(&m.synth, ROOT + 4096, sections, sizeof(sections));
		synth_put(roots[0], 0, ROOT, 8);
		synth_put(roots[0], 8, ROOT + 4096, 8);
		put_section(sections, 0, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
		m.synth.segments[i == 0 ? 1 : i == 1 ? 3 : 0].excluded = true;
		if (i == 2) {
			assert_fails(&m, HWP_ERROR_EXCLUDED,
				     "mem_section at 0xff11000010000000 is not in the dump");
			continue;
		}
		assert_null(create(&m));
		assert_int_equal(m.memmap->nr_pages, (2 - i) * PER_SECTION);
		assert_int_equal(m.memmap->nr_missing_sections, i == 0 ? 512 * 128 : 128);
		assert_int_equal(m.memmap->missing_address, i == 0 ? SECTIONS + 4096 : ROOT + 4096);
		destroy(&m);
	}
}

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

/** Sections without end: by one root many times, beyond what the dump holds, in shreds. */
static void budgets(void **state)
{
	char roots[16] = {}, sections[4096] = {}, *usage = calloc(1, 16 + (1 << 16));
	struct memory m = { .synth.vmcoreinfo = TWO_ROOTS };

	(void)state;
	assert_non_null(usage);
	synth_add(&m.synth, SECTIONS, roots, sizeof(roots));
	synth_add(&m.synth, ROOT, sections, sizeof(sections));
	synth_add(&m.synth, USAGE, usage, 16 + (1 << 16));
	synth_put(roots, 0, ROOT, 8);
	put_section(sections, 0, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | EARLY, 0);
	synth_put(roots, 8, ROOT, 8);
	assert_fails(&m, HWP_ERROR_BAD_DATA, "mem_section has 0xff11000020000000 twice");
	synth_put(roots, 8, 0, 8);
	/* Two sections, online or not, against what the dump has room for. */
	m.synth.end_pfn = 2 * PER_SECTION / 64;
	assert_null(create(&m));
	destroy(&m);
	m.synth.end_pfn--;
	assert_fails(&m, HWP_ERROR_BAD_DATA, "64 times what the dump has room for");
	m.synth.end_pfn = UINT64_MAX / 64;
	assert_null(create(&m));
	destroy(&m);
	m.synth.end_pfn = 0;
	/* A section of 1 TiB whose subsections are there by turns: so many ranges, and one more. */
	m.synth.vmcoreinfo = "SYMBOL(mem_section)=ff11000010000000\nLENGTH(mem_section)=2\n"
			     "NUMBER(SECTION_SIZE_BITS)=40\nNUMBER(MAX_PHYSMEM_BITS)=48\n";
	memset(usage + 16, 0x55, 1 << 16);
	put_section(sections, 0, MAP | PRESENT | HAS_MAP | ONLINE, USAGE);
	put_section(sections, 1, 0, 0);
	assert_null(create(&m));
	assert_int_equal(m.memmap->ranges.nr, 1 << 18);
	destroy(&m);
	put_section(sections, 1, MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	assert_fails(&m, HWP_ERROR_BAD_DATA, "in more than 262144 separate ranges");
	free(usage);
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

/** Memory that a running kernel says it uses, and a table of sections that cannot be read. */
struct running {
	struct synth synth;
	struct hwp_ram ram[3];
	size_t nr;
};

static struct hwp_error *running_read(void *arg, enum hwp_space space, uint64_t address, void *buf,
				      size_t size, size_t *nr_read_ret)
{
	struct running *r = arg;

	return synth_read(&r->synth, space, address, buf, size, nr_read_ret);
}

static struct hwp_error *running_vmcoreinfo(void *arg, char **text_ret)
{
	struct running *r = arg;

	return synth_vmcoreinfo(&r->synth, text_ret);
}

static bool running_ram(void *arg, size_t index, struct hwp_ram *ret)
{
	const struct running *r = arg;

	if (index >= r->nr)
		return false;
	*ret = r->ram[index];
	return true;
}

static void running_keep(void *arg)
{
	(void)arg;
}

static const struct hwp_live_ops running_live = { .ram = running_ram };

static const struct hwp_provider_ops running_ops = {
	.name = "running",
	.read = running_read,
	.vmcoreinfo = running_vmcoreinfo,
	.live = &running_live,
	.destroy = running_keep,
};

static struct hwp_error *create_running(struct memory *m, struct running *r)
{
	static const struct hwp_needs *const needs[] = { &hwp_memmap_needs, NULL };
	struct hwp_host_providers parts;

	m->synth.members = types;
	m->synth.enumerators = enumerators;
	r->synth = m->synth;
	parts = (struct hwp_host_providers){ .memory = { &running_ops, r },
					     .symbols = synth_provider(&m->synth),
					     .types = synth_provider(&m->synth),
					     .facts = { .page_shift = 12 } };
	m->layout = (struct hwp_layout){ .page_shift = 12, .page.size = PAGE_SIZE };
	synth_resolve(&m->synth, &m->layout, needs);
	assert_null(synth_host_open(&parts, &m->target));
	return hwp_memmap_create(m->target, &m->layout, &m->memmap);
}

/** Then its struct pages are where its memory is, ascending, whatever was found before. */
static void by_ram(void **state)
{
	char sections[2 * SECTION_SIZE] = {};
	struct memory m = { .synth.vmcoreinfo = FOUR_SECTIONS };
	struct running r = { .ram = { { 0x20000000, 0x30000000, MAP },
				      { 0x1000, 0x9f000, MAP },
				      { 0x100000, 0x8000000, MAP } },
			     .nr = 3 };
	struct hwp_error *err;

	(void)state;
	put_section(sections, 0, OTHER_MAP | PRESENT | HAS_MAP | ONLINE | EARLY, 0);
	synth_add(&m.synth, SECTIONS, sections, sizeof(sections));
	synth_exclude(&m.synth, SECTIONS + sizeof(sections), 2 * SECTION_SIZE);
	err = create_running(&m, &r);
	if (err)
		fail_msg("%s", err->message);
	assert_int_equal(m.memmap->ranges.nr, 3);
	assert_range(m.memmap, 0, (struct hwp_pfn_range){ 1, 0x9f, MAP, true });
	assert_range(m.memmap, 1, (struct hwp_pfn_range){ 0x100, 0x8000, MAP, true });
	assert_range(m.memmap, 2, (struct hwp_pfn_range){ 0x20000, 0x30000, MAP, true });
	assert_int_equal(m.memmap->nr_pages, 0x9e + 0x7f00 + 0x10000);
	assert_true(m.memmap->is_contiguous);
	destroy(&m);
	/* It does not say where its memory is. */
	r.nr = 0;
	err = create_running(&m, &r);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	hwp_error_destroy(err);
	destroy(&m);
	/* A table that is wrong is an error all the same. */
	r.nr = 3;
	m.synth.nr_segments = 1;
	err = create_running(&m, &r);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	hwp_error_destroy(err);
	destroy(&m);
}

/** Numbers of the table that cannot be; and the largest that can. */
static void table_of_nonsense(void **state)
{
	static const struct {
		const char *vmcoreinfo, *error;
	} rows[] = {
		{ "SYMBOL(mem_section)=ff11000010000000\nNUMBER(SECTION_SIZE_BITS)=12\n"
		  "NUMBER(MAX_PHYSMEM_BITS)=46\n",
		  "layout: NUMBER(SECTION_SIZE_BITS) is 12" },
		{ "SYMBOL(mem_section)=ff11000010000000\nNUMBER(SECTION_SIZE_BITS)=13\n"
		  "NUMBER(MAX_PHYSMEM_BITS)=13\n",
		  NULL },
		{ "SYMBOL(mem_section)=ff11000010000000\nNUMBER(SECTION_SIZE_BITS)=40\n"
		  "NUMBER(MAX_PHYSMEM_BITS)=52\n",
		  NULL },
		{ "SYMBOL(mem_section)=ff11000010000000\nNUMBER(SECTION_SIZE_BITS)=41\n"
		  "NUMBER(MAX_PHYSMEM_BITS)=52\n",
		  "layout: NUMBER(SECTION_SIZE_BITS) is 41" },
		{ "SYMBOL(mem_section)=ff11000010000000\nNUMBER(SECTION_SIZE_BITS)=27\n"
		  "NUMBER(MAX_PHYSMEM_BITS)=53\n",
		  "layout: NUMBER(MAX_PHYSMEM_BITS) is 53" },
		{ "SYMBOL(mem_section)=ff11000010000000\nNUMBER(SECTION_SIZE_BITS)=27\n"
		  "NUMBER(MAX_PHYSMEM_BITS)=26\n",
		  "layout: NUMBER(MAX_PHYSMEM_BITS) is 26" },
		{ "OSRELEASE=x\n", "missing: SYMBOL(mem_section) or mem_map" },
	};
	static const struct hwp_needs *const needs[] = { &hwp_memmap_needs, NULL };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct synth s = { .vmcoreinfo = rows[i].vmcoreinfo, .members = types };
		struct hwp_target *target = synth_open(&s);
		struct hwp_layout l = { .page_shift = 12 };
		struct hwp_error *err = hwp_layout_resolve(&l, target, needs);

		print_message("# row %zu\n", i);
		assert_int_equal(err != NULL, rows[i].error != NULL);
		if (err && !strstr(err->message, rows[i].error))
			fail_msg("%s", err->message);
		hwp_error_destroy(err);
		hwp_layout_deinit(&l);
		hwp_target_destroy(target);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_of_sections),
		cmocka_unit_test(roots_of_sections),
		cmocka_unit_test(budgets),
		cmocka_unit_test(section_in_array),
		cmocka_unit_test(flat),
		cmocka_unit_test(no_memmap),
		cmocka_unit_test(by_ram),
		cmocka_unit_test(table_of_nonsense),
		cmocka_unit_test(missing_sections),
		cmocka_unit_test(overlapping_maps),
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
