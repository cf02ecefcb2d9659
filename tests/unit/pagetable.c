// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables entry by entry, as Arm's DDI 0487 (D8.3) and Intel's SDM (4.5) have them: which
 * entries a walk reads, and what comes out of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "target/memory/leaves.h"
#include "target/memory/pagetable.h"

#define MAX_ENTRIES 6
/* VA 0xffff800080000000 is at 0x40000000, and swapper_pg_dir at 0x42000000. */
#define ARM64                                                                                  \
	"NUMBER(kimage_voffset)=0xffff800040000000\nSYMBOL(swapper_pg_dir)=ffff800082000000\n" \
	"NUMBER(PHYS_OFFSET)=0x40000000\n"
#define OF_4K "PAGESIZE=4096\n"
#define OF_16K "PAGESIZE=16384\n"
#define OF_64K "PAGESIZE=65536\n"
#define VA_48 "NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
#define VA_52 "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0xc\n"
/* Built for 52 bits, on a processor that translates fewer. */
#define VA_52_48 "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
#define VA_52_47 "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x11\n"
#define X86 "NUMBER(phys_base)=16777216\nSYMBOL(init_top_pgt)=ffffffff82000000\n"

/* A table, a block or page; with all the attributes that Linux sets (AF, SH, AttrIndx, PXN, UXN). */
#define TABLE(address) ((address) | 3)
#define BLOCK(address) ((address) | UINT64_C(0x60000000000705))
#define LEAF(address) ((address) | UINT64_C(0x60000000000707))
#define CONTIGUOUS (UINT64_C(1) << 52)

struct walk {
	const char *text;
	uint64_t address;
	/** The entries that are read, from the top. */
	struct {
		uint64_t table, index, entry;
	} entries[MAX_ENTRIES];
	/** 0: it is not mapped. */
	uint64_t physical;
	unsigned int shift;
};

static const struct walk walks[] = {
	/* 4 KiB, 48 bits: levels of 9 bits from bit 39 on. */
	{ OF_4K VA_48,
	  UINT64_C(0xffff800080201abc),
	  { { 0x42000000, 256, TABLE(0x43000000) },
	    { 0x43000000, 2, TABLE(0x43001000) },
	    { 0x43001000, 1, TABLE(0x43002000) },
	    { 0x43002000, 1, LEAF(UINT64_C(0x812345678000)) } },
	  UINT64_C(0x812345678abc),
	  12 },
	{ OF_4K VA_48,
	  UINT64_C(0xffff0000403fffff),
	  { { 0x42000000, 0, TABLE(0x43000000) },
	    { 0x43000000, 1, TABLE(0x43001000) },
	    { 0x43001000, 1, BLOCK(0x80200000) | CONTIGUOUS } },
	  0x803fffff,
	  21 },
	{ OF_4K VA_48,
	  UINT64_C(0xffff000080000010),
	  { { 0x42000000, 0, TABLE(0x43000000) }, { 0x43000000, 2, BLOCK(UINT64_C(0x100000000)) } },
	  UINT64_C(0x100000010),
	  30 },
	/* At the last level an entry of a block is none. */
	{ OF_4K VA_48,
	  UINT64_C(0xffff800080201abc),
	  { { 0x42000000, 256, TABLE(0x43000000) },
	    { 0x43000000, 2, TABLE(0x43001000) },
	    { 0x43001000, 1, TABLE(0x43002000) },
	    { 0x43002000, 1, BLOCK(0x12345000) } },
	  0,
	  12 },
	/* Not valid, whatever else it says. */
	{ OF_4K VA_48,
	  UINT64_C(0xffff800080201abc),
	  { { 0x42000000, 256, TABLE(0x43000000) }, { 0x43000000, 2, 0x43001002 } },
	  0,
	  30 },
	/* 4 KiB, 52 bits (LPA2): a level of 4 bits more, and bits 50 and 51 where SH was. */
	{ OF_4K VA_52,
	  UINT64_C(0xfff8000080201abc),
	  { { 0x42000000, 8, 0x43000103 },
	    { UINT64_C(0x4000043000000), 0, 0x43001003 },
	    { 0x43001000, 2, 0x43002003 },
	    { 0x43002000, 1, 0x43003003 },
	    { 0x43003000, 1, UINT64_C(0x62712345678607) } },
	  UINT64_C(0xa712345678abc),
	  12 },
	/* The same kernel on a processor without LPA2: four levels, and SH is no address. */
	{ OF_4K VA_52_48,
	  UINT64_C(0xffff800080201abc),
	  { { 0x42000000, 256, TABLE(0x43000000) },
	    { 0x43000000, 2, TABLE(0x43001000) },
	    { 0x43001000, 1, TABLE(0x43002000) },
	    { 0x43002000, 1, LEAF(0x45678000) } },
	  0x45678abc,
	  12 },
	/* 16 KiB: levels of 11 bits. With 47 bits three of them, with 48 one of one bit more. */
	{ OF_16K VA_52_47,
	  UINT64_C(0xffffc00082007abc),
	  { { 0x42000000, 1024, TABLE(0x43000000) },
	    { 0x43000000, 65, TABLE(0x43004000) },
	    { 0x43004000, 1, LEAF(0x45678000) } },
	  0x4567babc,
	  14 },
	{ OF_16K VA_48,
	  UINT64_C(0xffff800082007abc),
	  { { 0x42000000, 1, TABLE(0x43000000) },
	    { 0x43000000, 0, TABLE(0x43004000) },
	    { 0x43004000, 65, BLOCK(UINT64_C(0x102000000)) } },
	  UINT64_C(0x102007abc),
	  25 },
	{ OF_16K VA_52,
	  UINT64_C(0xfff8000002007abc),
	  { { 0x42000000, 16, 0x43000003 },
	    { 0x43000000, 0, 0x43004203 },
	    { UINT64_C(0x8000043004000), 1, 0x43008003 },
	    { 0x43008000, 1, UINT64_C(0x60000045678707) } },
	  UINT64_C(0xc00004567babc),
	  14 },
	/* 64 KiB: levels of 13 bits; bits 48 to 51 of an address are below it. */
	{ OF_64K VA_48,
	  UINT64_C(0xffff800020015678),
	  { { 0x42000000, 32, TABLE(0x43000000) },
	    { 0x43000000, 1, TABLE(0x43010000) },
	    { 0x43010000, 1, LEAF(0x80050000) } },
	  0x80055678,
	  16 },
	{ OF_64K VA_52,
	  UINT64_C(0xfff8000020015678),
	  { { 0x42000000, 512, 0x43003003 },
	    { UINT64_C(0x3000043000000), 1, BLOCK(UINT64_C(0x120000000) | 0xf000) } },
	  UINT64_C(0xf000120015678),
	  29 },
	/* With 48 of 52 bits the kernel's table keeps its 1024 entries, of which the last 64 serve. */
	{ OF_64K VA_52_48,
	  UINT64_C(0xffff800020015678),
	  { { 0x42000000, 992, TABLE(0x43000000) },
	    { 0x43000000, 1, TABLE(0x43010000) },
	    { 0x43010000, 1, LEAF(0x80050000) } },
	  0x80055678,
	  16 },
	/* x86_64: SME's bit is no address. */
	{ X86 "NUMBER(pgtable_l5_enabled)=0\nNUMBER(sme_mask)=0x800000000000\n",
	  UINT64_C(0xffff888040201abc),
	  { { 0x3000000, 273, 0x4000067 },
	    { 0x4000000, 1, UINT64_C(0x800004001067) },
	    { 0x4001000, 1, UINT64_C(0x80008000124001e3) } },
	  0x12401abc,
	  21 },
	{ X86 "NUMBER(pgtable_l5_enabled)=1\n",
	  UINT64_C(0xff11000040201abc),
	  { { 0x3000000, 273, 0x4000067 },
	    { 0x4000000, 0, 0x4001067 },
	    { 0x4001000, 1, UINT64_C(0x80000000800000e3) } },
	  0x80201abc,
	  30 },
};

static struct hwp_error *read_entry(void *arg, uint64_t physical, void *buf, size_t size)
{
	const struct walk *w = arg;

	assert_int_equal(size, 8);
	for (size_t i = 0; i < MAX_ENTRIES; i++) {
		if (!w->entries[i].table ||
		    w->entries[i].table + 8 * w->entries[i].index != physical)
			continue;
		memcpy(buf, &w->entries[i].entry, size);
		return NULL;
	}
	fail_msg("0x%llx is read for 0x%llx", (unsigned long long)physical,
		 (unsigned long long)w->address);
	return NULL;
}

static struct hwp_page_tables learn(const char *machine, const char *text)
{
	_cleanup_free_ char *all = malloc(strlen(machine) + strlen(text) + 1);
	struct hwp_page_tables tables = { .read_physical = read_entry };

	strcpy(stpcpy(all, machine), text);
	assert_null(hwp_page_tables_learn(&tables, all));
	return tables;
}

static void test_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		bool is_x86 = strncmp(walks[i].text, X86, strlen(X86)) == 0;
		struct hwp_page_tables tables = learn(is_x86 ? "" : ARM64, walks[i].text);
		_cleanup_error_ struct hwp_error *err = NULL;
		uint64_t physical = 0;
		unsigned int shift;

		tables.arg = (void *)&walks[i];
		err = hwp_page_tables_walk(&tables, walks[i].address, &shift, &physical);
		if (walks[i].physical)
			assert_null(err);
		else
			assert_int_equal(err->code, HWP_ERROR_FAULT);
		assert_int_equal(physical, walks[i].physical);
		assert_int_equal(shift, walks[i].shift);
	}
}

/* Kept translations are those of the tables; what is not the kernel's is not asked of them. */
static void test_leaves(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		bool is_x86 = strncmp(walks[i].text, X86, strlen(X86)) == 0;
		struct hwp_leaves *leaves = calloc(1, sizeof(*leaves));
		uint64_t nr = 0, physical = 0;
		struct hwp_error *err;

		leaves->tables = learn(is_x86 ? "" : ARM64, walks[i].text);
		leaves->tables.arg = (void *)&walks[i];
		for (int again = 0; again < 2 && walks[i].physical; again++) {
			assert_null(hwp_leaves_translate(leaves, walks[i].address, &physical, &nr));
			assert_int_equal(physical, walks[i].physical);
			assert_in_range(nr, 1, 2 << 20);
		}
		err = hwp_leaves_translate(leaves, 0x1000, &physical, &nr);
		assert_int_equal(err->code, HWP_ERROR_FAULT);
		hwp_error_destroy(err);
		free(leaves);
	}
}

/* arm64's PAGE_OFFSET is of the bits that it was built for. */
static void test_direct_map(void **state)
{
	(void)state;
	assert_int_equal(learn(ARM64, OF_4K VA_48).direct_map,
			 UINT64_C(0xffff000000000000) - 0x40000000);
	assert_int_equal(learn(ARM64, OF_64K VA_52_48).direct_map,
			 UINT64_C(0xfff0000000000000) - 0x40000000);
	assert_true(learn(ARM64, OF_16K VA_52).has_direct_map);
	assert_false(learn(X86, "NUMBER(pgtable_l5_enabled)=0\n").has_direct_map);
}

static void test_machine(void **state)
{
	(void)state;
	assert_string_equal(hwp_page_tables_machine(ARM64), "aarch64");
	assert_string_equal(hwp_page_tables_machine("OSRELEASE=x\n" X86), "x86_64");
	assert_null(hwp_page_tables_machine("OSRELEASE=x\nNUMBER(satp)=0x9\n"));
	assert_null(hwp_page_tables_machine(NULL));
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		enum hwp_error_code code;
	} rows[] = {
		{ "OSRELEASE=x\n", HWP_ERROR_LOOKUP },
		{ ARM64 VA_48, HWP_ERROR_LOOKUP },
		{ ARM64 OF_4K, HWP_ERROR_LOOKUP },
		{ ARM64 OF_4K "NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=x\n", HWP_ERROR_BAD_DATA },
		{ ARM64 OF_4K "NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0xc\n",
		  HWP_ERROR_BAD_DATA },
		{ ARM64 OF_4K "NUMBER(VA_BITS)=48\nNUMBER(TCR_EL1_T1SZ)=0x30\n",
		  HWP_ERROR_BAD_DATA },
		{ ARM64 OF_4K "NUMBER(VA_BITS)=64\n", HWP_ERROR_BAD_DATA },
		{ ARM64 OF_4K "NUMBER(VA_BITS)=12\n", HWP_ERROR_BAD_DATA },
		{ ARM64 "PAGESIZE=5000\n" VA_48, HWP_ERROR_BAD_DATA },
		{ "NUMBER(kimage_voffset)=0xffff800040000000\nSYMBOL(swapper_pg_dir)=1000\n"
		  "NUMBER(PHYS_OFFSET)=0\n" OF_4K VA_48,
		  HWP_ERROR_BAD_DATA },
		{ "NUMBER(kimage_voffset)=0x1000\nSYMBOL(swapper_pg_dir)=ffff800082000000\n"
		  "NUMBER(PHYS_OFFSET)=0\n" OF_4K VA_48,
		  HWP_ERROR_BAD_DATA },
		{ "NUMBER(kimage_voffset)=0x1000\n", HWP_ERROR_LOOKUP },
		{ X86, HWP_ERROR_LOOKUP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hwp_page_tables tables = {};
		_cleanup_error_ struct hwp_error *err = hwp_page_tables_learn(&tables,
									      rows[i].text);

		assert_non_null(err);
		assert_int_equal(err->code, rows[i].code);
	}
	/* Before v5.9 nothing shows how many bits the processor translates. */
	assert_int_equal(learn(ARM64, OF_4K "NUMBER(VA_BITS)=48\n").kernel_bits, 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),	   cmocka_unit_test(test_leaves),
		cmocka_unit_test(test_direct_map), cmocka_unit_test(test_machine),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
