// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * A guest's memory, of which only physical addresses are known: the samples, taken for
 * guests, and page tables that lead nowhere.
 */
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout/layout.h"
#include "layout/pagekind.h"
#include "memmap/memmap.h"
#include "target/memory/guest.h"
#include "target/providers.h"
#include "readers.h"

#include "synth.h"

#define STRUCT_PAGE_SIZE 64
#define NR_TABLES 8
#define PRESENT UINT64_C(3)
#define MAX_READS 100000

/** The dump at @p path; its memory as it is, or as that of a guest. */
static struct hwp_target *open_sample(const char *path, bool as_guest)
{
	struct hwp_host_providers parts = {};
	struct hwp_provider words;
	struct hwp_target *target;

	assert_null(hwp_dump_open(path, NULL, &parts.memory, &parts.facts));
	if (as_guest)
		assert_null(hwp_guest_memory_create(&parts.memory, &parts.memory));
	assert_null(synth_host_open(&parts, &target));
	assert_null(hwp_ksyms_open(target, &words));
	hwp_target_set_symbols(target, &words);
	assert_null(hwp_btf_open(target, &words));
	hwp_target_set_types(target, &words);
	return target;
}

/** Struct pages that both have; a sample has not those of all of the memmap's own pages. */
static unsigned int nr_same(struct hwp_target *dump, struct hwp_target *guest,
			    const struct hwp_memmap *memmap)
{
	char one[STRUCT_PAGE_SIZE], other[STRUCT_PAGE_SIZE];
	unsigned int nr = 0;
	uint64_t address;

	for (uint64_t pfn = 0; hwp_memmap_page_address(memmap, pfn, &address); pfn += 16) {
		struct hwp_error *err, *failed;

		err = hwp_target_read(dump, HWP_KERNEL_VIRTUAL, address, one, sizeof(one), NULL);
		failed = hwp_target_read(guest, HWP_KERNEL_VIRTUAL, address, other, sizeof(other),
					 NULL);
		if (!err && !failed) {
			assert_memory_equal(one, other, sizeof(one));
			nr++;
		}
		hwp_error_destroy(err);
		hwp_error_destroy(failed);
	}
	return nr;
}

static void assert_same_rows(const struct hwp_layout *a, const struct hwp_layout *b)
{
	assert_int_equal(a->nr_rows, b->nr_rows);
	for (size_t i = 0; i < a->nr_rows; i++) {
		assert_string_equal(a->rows[i].name, b->rows[i].name);
		assert_int_equal(a->rows[i].value, b->rows[i].value);
	}
}

static void assert_same(const char *path)
{
	struct hwp_target *dump = open_sample(path, false), *guest = open_sample(path, true);
	struct hwp_layout *layout, *same;
	struct hwp_memmap *memmap;
	struct hwp_page_rule rule;
	struct hwp_error *err;
	unsigned int nr;
	uint64_t mem_section, word, expected;

	assert_null(hwp_layout_create(dump, hwp_readers, &layout));
	assert_null(hwp_layout_create(guest, hwp_readers, &same));
	assert_same_rows(layout, same);
	assert_null(hwp_target_vmcoreinfo_number(dump, "SYMBOL(mem_section)", &mem_section));
	assert_true(hwp_target_is_live(guest));
	assert_null(hwp_memmap_create(dump, layout, &memmap));
	/* The gate stands there, and knows the direct map. */
	err = hwp_target_read_u64(guest, mem_section, &word);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	hwp_error_destroy(err);
	rule = hwp_page_rule(same);
	hwp_target_set_page_rule(guest, &rule);
	assert_null(hwp_target_refresh(guest));
	/* By an address in the direct map, now that the rule knows whose it is. */
	assert_null(hwp_target_read_u64(guest, mem_section, &word));
	assert_null(hwp_target_read_u64(dump, mem_section, &expected));
	assert_int_equal(word, expected);
	nr = nr_same(dump, guest, memmap);
	print_message("# %s: %u struct pages\n", path, nr);
	assert_true(nr > 0);
	hwp_memmap_destroy(memmap);
	hwp_layout_destroy(same);
	hwp_layout_destroy(layout);
	hwp_target_destroy(guest);
	hwp_target_destroy(dump);
}

static void samples(void **state)
{
	glob_t found = {};

	(void)state;
	glob("vmcores/samples/[67]*/vmcore.kdump", 0, NULL, &found);
	if (!found.gl_pathc)
		skip();
	for (size_t i = 0; i < found.gl_pathc; i++)
		assert_same(found.gl_pathv[i]);
	globfree(&found);
}

/** Some tables from physical address 0 on, the kernel's at the top first. */
struct machine {
	uint64_t tables[NR_TABLES][512];
	unsigned int nr_reads;
};

static struct hwp_error *read_tables(void *arg, enum hwp_space space, uint64_t address, void *buf,
				     size_t size, size_t *nr_read_ret)
{
	struct machine *m = arg;

	assert_int_equal(space, HWP_PHYSICAL);
	m->nr_reads++;
	*nr_read_ret = 0;
	if (address + size > sizeof(m->tables))
		return hwp_error_at(HWP_ERROR_FAULT, address, "no memory");
	memcpy(buf, (const char *)m->tables + address, size);
	return NULL;
}

static struct hwp_error *give_vmcoreinfo(void *arg, char **text_ret)
{
	(void)arg;
	*text_ret = strdup("SIZE(page)=64\nOFFSET(page.flags)=0\nNUMBER(phys_base)=0\n"
			   "SYMBOL(_stext)=ffffffff80000000\n"
			   "SYMBOL(init_top_pgt)=ffffffff80000000\n"
			   "NUMBER(pgtable_l5_enabled)=0\nSYMBOL(mem_section)=ffff888000000000\n"
			   "OFFSET(mem_section.section_mem_map)=0\n");
	return NULL;
}

static void keep(void *arg)
{
	(void)arg;
}

static const struct hwp_provider_ops machine_ops = {
	.name = "machine",
	.read = read_tables,
	.vmcoreinfo = give_vmcoreinfo,
	.destroy = keep,
};

static void assert_refused(struct machine *m)
{
	const struct hwp_provider memory = { &machine_ops, m };
	struct hwp_provider guest;
	struct hwp_error *err = hwp_guest_memory_create(&memory, &guest);

	assert_non_null(err);
	print_message("# %u reads: %s\n", m->nr_reads, err->message);
	assert_true(m->nr_reads < MAX_READS);
	hwp_error_destroy(err);
}

/** Each entry of table @p i leads to @p physical. */
static void fill(struct machine *m, unsigned int i, uint64_t physical)
{
	for (unsigned int j = 0; j < 512; j++)
		m->tables[i][j] = physical | PRESENT;
}

static void bad_tables(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	(void)state;
	/* None. */
	assert_refused(m);
	/* One that is its own next. */
	m->nr_reads = 0;
	fill(m, 0, 0);
	assert_refused(m);
	/* They lead to an empty one, at the end. */
	m->nr_reads = 0;
	for (unsigned int i = 0; i < 3; i++)
		fill(m, i, (i + 1) * 4096);
	assert_refused(m);
	/* They lead out of memory. */
	m->nr_reads = 0;
	fill(m, 0, UINT64_C(1) << 40);
	assert_refused(m);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),
		cmocka_unit_test(bad_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
