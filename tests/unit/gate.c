// SPDX-License-Identifier: GPL-2.0-or-later
/** The gate over a machine of 4 MiB: what it lets through, and what it touches to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "target/memory/gate.h"

#define NR_PAGES 1024
#define PAGE UINT64_C(4096)
#define IMAGE UINT64_C(0xffffffff81000000)
#define DIRECT_MAP UINT64_C(0xffff888000000000)
#define MEMMAP UINT64_C(0xffffea0000000000)
#define VMALLOC UINT64_C(0xffffc90000000000)
#define PRESENT UINT64_C(0x63)
#define HWPOISON (UINT64_C(1) << 20)

/* pfns */
enum {
	IMAGE_PFN = 256,
	MEMMAP_PFN = 512,
	TABLES_PFN = 600,
	SLAB_PFN = 700,
	USER_PFN = 701,
	KERNEL_PFN = 702,
	BAD_SLAB_PFN = 703,
	TAIL_PFN = 704,
	BAD_IMAGE_PFN = IMAGE_PFN + 3,
};

/* As our rule understands it. */
struct fake_page {
	uint64_t flags, kind, head, rest[5];
};

struct machine {
	unsigned char *memory;
	unsigned int nr_reads[NR_PAGES];
	unsigned int next_table;
	struct hwp_gate *gate;
};

static struct hwp_error *read_physical(void *arg, uint64_t physical, void *buf, size_t size)
{
	struct machine *m = arg;

	if (physical + size > NR_PAGES * PAGE)
		return hwp_error_at(HWP_ERROR_FAULT, physical, "no memory");
	for (uint64_t pfn = physical / PAGE; pfn <= (physical + size - 1) / PAGE; pfn++)
		m->nr_reads[pfn]++;
	memcpy(buf, m->memory + physical, size);
	return NULL;
}

static uint64_t head_of(const void *arg, const void *page, uint64_t address)
{
	(void)arg;
	(void)address;
	return ((const struct fake_page *)page)->head;
}

static enum hwp_live_kind kind_of(const void *arg, const void *page, const void *head)
{
	(void)arg;
	if (((const struct fake_page *)page)->flags & HWPOISON)
		return HWP_LIVE_POISONED;
	return (enum hwp_live_kind)((const struct fake_page *)head)->kind;
}

static struct fake_page *page_of(struct machine *m, uint64_t pfn)
{
	return (struct fake_page *)(m->memory + MEMMAP_PFN * PAGE) + pfn;
}

static void map(struct machine *m, uint64_t address, uint64_t pfn)
{
	uint64_t table = IMAGE_PFN;

	for (int shift = 39; shift > 12; shift -= 9) {
		uint64_t *entry = (uint64_t *)(m->memory + table * PAGE) + (address >> shift & 511);

		if (!*entry)
			*entry = (TABLES_PFN + m->next_table++) * PAGE | PRESENT;
		table = *entry / PAGE;
	}
	((uint64_t *)(m->memory + table * PAGE))[address >> 12 & 511] = pfn * PAGE | PRESENT;
}

static int setup(void **state)
{
	static const char text[] = "SIZE(page)=64\nOFFSET(page.flags)=0\nNUMBER(phys_base)=0\n"
				   "SYMBOL(init_top_pgt)=ffffffff81000000\n"
				   "NUMBER(pgtable_l5_enabled)=0\nNUMBER(PG_hwpoison)=20\n"
				   "NUMBER(MAX_PHYSMEM_BITS)=46\n";
	struct machine *m = calloc(1, sizeof(*m));
	struct hwp_gate_memory memory = {
		.arg = m,
		.read_physical = read_physical,
		.image_start = IMAGE,
		.image_end = IMAGE + 16 * PAGE,
		.image_physical = IMAGE_PFN * PAGE,
		.direct_map = DIRECT_MAP,
		.ram_end = NR_PAGES * PAGE,
		.vmemmap = MEMMAP,
		.vmcoreinfo = text,
	};

	m->memory = calloc(NR_PAGES, PAGE);
	for (uint64_t i = 0; i < NR_PAGES * sizeof(struct fake_page) / PAGE; i++)
		map(m, MEMMAP + i * PAGE, MEMMAP_PFN + i);
	map(m, VMALLOC, KERNEL_PFN);
	map(m, VMALLOC + PAGE, USER_PFN);
	for (uint64_t pfn = 0; pfn < NR_PAGES; pfn++)
		page_of(m, pfn)->kind = HWP_LIVE_OTHER;
	for (uint64_t pfn = IMAGE_PFN; pfn < IMAGE_PFN + 16; pfn++)
		page_of(m, pfn)->kind = HWP_LIVE_METADATA;
	page_of(m, SLAB_PFN)->kind = page_of(m, BAD_SLAB_PFN)->kind = HWP_LIVE_METADATA;
	page_of(m, KERNEL_PFN)->kind = HWP_LIVE_KERNEL;
	page_of(m, TAIL_PFN)->head = MEMMAP + SLAB_PFN * sizeof(struct fake_page);
	page_of(m, BAD_SLAB_PFN)->flags = page_of(m, BAD_IMAGE_PFN)->flags = HWPOISON;
	assert_null(hwp_gate_create(&memory, &m->gate));
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	hwp_gate_destroy(m->gate);
	free(m->memory);
	free(m);
	return 0;
}

static void set_rule(struct machine *m)
{
	const struct hwp_page_rule rule = { .head = head_of, .kind = kind_of };

	hwp_gate_set_rule(m->gate, &rule);
}

/** Read one page; was it let through, and was the page touched at all? */
static bool passes(struct machine *m, enum hwp_space space, uint64_t address, uint64_t pfn)
{
	unsigned int before = m->nr_reads[pfn];
	char buf[PAGE];
	size_t nr;
	struct hwp_error *err;

	err = hwp_gate_read(m->gate, space, address, buf, sizeof(buf), &nr);
	if (err) {
		assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
		assert_int_equal(m->nr_reads[pfn], before);
		assert_int_equal(nr, 0);
		hwp_error_destroy(err);
		return false;
	}
	assert_int_equal(nr, sizeof(buf));
	return true;
}

static void test_before_the_rule(void **state)
{
	struct machine *m = *state;

	assert_true(passes(m, HWP_KERNEL_VIRTUAL, IMAGE + PAGE, IMAGE_PFN + 1));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, IMAGE + 3 * PAGE, BAD_IMAGE_PFN));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + SLAB_PFN * PAGE, SLAB_PFN));
	assert_false(passes(m, HWP_PHYSICAL, SLAB_PFN * PAGE, SLAB_PFN));
}

static void test_by_the_rule(void **state)
{
	struct machine *m = *state;

	set_rule(m);
	assert_true(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + SLAB_PFN * PAGE, SLAB_PFN));
	assert_true(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + TAIL_PFN * PAGE, TAIL_PFN));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + USER_PFN * PAGE, USER_PFN));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + BAD_SLAB_PFN * PAGE, BAD_SLAB_PFN));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, IMAGE + 3 * PAGE, BAD_IMAGE_PFN));
	assert_false(passes(m, HWP_PHYSICAL, USER_PFN * PAGE, USER_PFN));
}

/* A page without a mark: only where the kernel itself maps it, or as a page table. */
static void test_unmarked(void **state)
{
	struct machine *m = *state;

	set_rule(m);
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + KERNEL_PFN * PAGE, KERNEL_PFN));
	assert_true(passes(m, HWP_KERNEL_VIRTUAL, VMALLOC, KERNEL_PFN));
	assert_true(passes(m, HWP_PHYSICAL, KERNEL_PFN * PAGE, KERNEL_PFN));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, VMALLOC + PAGE, USER_PFN));
}

/* A page of the memmap that is poisoned itself is left out, and asked for elsewhere. */
static void test_poisoned_memmap(void **state)
{
	struct machine *m = *state;

	page_of(m, MEMMAP_PFN + 2)->flags = HWPOISON;
	assert_true(passes(m, HWP_KERNEL_VIRTUAL, MEMMAP, MEMMAP_PFN));
	assert_false(passes(m, HWP_KERNEL_VIRTUAL, MEMMAP + 2 * PAGE, MEMMAP_PFN + 2));
	assert_true(passes(m, HWP_KERNEL_VIRTUAL, MEMMAP + 3 * PAGE, MEMMAP_PFN + 3));
}

static void test_not_mapped(void **state)
{
	struct machine *m = *state;
	struct hwp_error *err;
	uint64_t word;
	size_t nr;

	set_rule(m);
	err = hwp_gate_read(m->gate, HWP_KERNEL_VIRTUAL, VMALLOC + 8 * PAGE, &word, sizeof(word),
			    &nr);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	hwp_error_destroy(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_the_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(test_by_the_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unmarked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_poisoned_memmap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_mapped, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
