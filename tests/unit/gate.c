// SPDX-License-Identifier: GPL-2.0-or-later
/** The gate over a machine of 4 MiB: what it lets through, and what it touches to know. */
#include "gate_machine.h"

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

static int setup(void **state)
{
	struct machine *m = machine_create();
	const struct hwp_gate_memory memory = {
		.arg = m,
		.read_physical = read_physical,
		.image_start = IMAGE,
		.image_end = IMAGE + 16 * PAGE,
		.image_physical = IMAGE_PFN * PAGE,
		.direct_map = DIRECT_MAP,
		.ram_end = NR_PAGES * PAGE,
		.vmemmap = MEMMAP,
		.vmcoreinfo = machine_text,
	};

	assert_null(hwp_gate_create(&memory, &m->gate));
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	hwp_gate_destroy(m->gate);
	machine_destroy(m);
	return 0;
}

static void set_rule(struct machine *m)
{
	hwp_gate_set_rule(m->gate, &machine_rule);
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

static enum hwp_live_kind remember(const void *arg, const void *page, const void *head)
{
	struct fake_page *seen = (struct fake_page *)arg;

	seen[0] = *(const struct fake_page *)page;
	seen[1] = *(const struct fake_page *)head;
	return HWP_LIVE_METADATA;
}

/** The rule is asked with all bytes of the page's own struct page, and of its head's. */
static void test_what_the_rule_sees(void **state)
{
	struct machine *m = *state;
	struct fake_page seen[2] = {};
	const struct hwp_page_rule rule = { .arg = seen, .head = head_of, .kind = remember };

	page_of(m, TAIL_PFN)->flags = 0xa5;
	page_of(m, TAIL_PFN)->rest[4] = UINT64_C(0xa600000000000000);
	page_of(m, SLAB_PFN)->flags = 0xa7;
	page_of(m, SLAB_PFN)->rest[4] = UINT64_C(0xa800000000000000);
	hwp_gate_set_rule(m->gate, &rule);
	assert_true(passes(m, HWP_KERNEL_VIRTUAL, DIRECT_MAP + TAIL_PFN * PAGE, TAIL_PFN));
	assert_memory_equal(&seen[0], page_of(m, TAIL_PFN), sizeof(seen[0]));
	assert_memory_equal(&seen[1], page_of(m, SLAB_PFN), sizeof(seen[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_before_the_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(test_by_the_rule, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unmarked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_poisoned_memmap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_mapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_the_rule_sees, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
