// SPDX-License-Identifier: GPL-2.0-or-later
/** What a page is, by the words of its struct page. */
#include "synth.h"
#include <cmocka.h>

#include "layout/page_words.h"

/* Mappings as the kernel writes them: an anon_vma, an address_space, movable_operations, KSM. */
#define ANON UINT64_C(0xff11000101110ea1)
#define FILE_MAPPING UINT64_C(0xff11000101110ea0)
#define MOVABLE UINT64_C(0xffffffff82a11e42)
#define KSM UINT64_C(0xff11000101110ea3)

#define LRU HWP_BIT_LRU
#define SB HWP_BIT_SWAPBACKED
#define SC HWP_BIT_SWAPCACHE
#define UP HWP_BIT_UPTODATE

static const struct {
	enum hwp_page_kind want;
	int type;
	uint32_t bits;
	uint64_t mapping, private;
	int64_t nr_mapped;
} rows[] = {
	{ HWP_PAGE_BUDDY, HWP_TYPE_BUDDY, 0, 0, 9, 0 },
	{ HWP_PAGE_OFFLINE, HWP_TYPE_OFFLINE, HWP_BIT_RESERVED, 0, 0, 0 },
	{ HWP_PAGE_TABLE, HWP_TYPE_TABLE, 0, FILE_MAPPING, 0, 0 },
	{ HWP_PAGE_GUARD, HWP_TYPE_GUARD, 0, 0, 3, 0 },
	{ HWP_PAGE_HUGETLB, HWP_TYPE_HUGETLB, HWP_BIT_HEAD, 0, 0, 0 },
	{ HWP_PAGE_SLAB, HWP_TYPE_SLAB, 0, 0, 0, 0 },
	{ HWP_PAGE_SLAB, HWP_TYPE_NONE, HWP_BIT_SLAB, ANON, 0, 0 },
	{ HWP_PAGE_ZSMALLOC, HWP_TYPE_ZSMALLOC, 0, MOVABLE, 0, 0 },
	{ HWP_PAGE_UNACCEPTED, HWP_TYPE_UNACCEPTED, 0, 0, 0, 0 },
	{ HWP_PAGE_LARGE_KMALLOC, HWP_TYPE_LARGE_KMALLOC, HWP_BIT_HEAD, 0, 0, 0 },
	{ HWP_PAGE_RESERVED, HWP_TYPE_NONE, HWP_BIT_RESERVED, 0, 0, 1 },
	{ HWP_PAGE_TAKEN_OFF, HWP_TYPE_NONE, HWP_BIT_HWPOISON, 0, HWP_MAGIC_HWPOISON, 0 },
	{ HWP_PAGE_ANON, HWP_TYPE_NONE, SB | UP, ANON, 0, 1 },
	{ HWP_PAGE_ANON, HWP_TYPE_NONE, SB | UP | LRU, ANON, 0, 0 },
	{ HWP_PAGE_ANON, HWP_TYPE_NONE, SB | UP | SC, ANON, 7, 0 },
	{ HWP_PAGE_ANON, HWP_TYPE_NONE, UP, KSM, 0, 2 },
	{ HWP_PAGE_ANON_LEFT, HWP_TYPE_NONE, SB | UP, ANON, 0, 0 },
	/* PG_swapcache is the owner's own bit on a page without swap backing. */
	{ HWP_PAGE_ANON_LEFT, HWP_TYPE_NONE, SC, ANON, 0, 0 },
	{ HWP_PAGE_FILE, HWP_TYPE_NONE, LRU | UP, FILE_MAPPING, 0, 0 },
	{ HWP_PAGE_FILE, HWP_TYPE_NONE, SB, FILE_MAPPING, 0, 0 },
	{ HWP_PAGE_FILE_UNMARKED, HWP_TYPE_NONE, UP, FILE_MAPPING, 0, 0 },
	{ HWP_PAGE_FILE_UNMARKED, HWP_TYPE_NONE, 0, FILE_MAPPING, 0, 1 },
	{ HWP_PAGE_USER, HWP_TYPE_NONE, 0, 0, 0, 1 },
	{ HWP_PAGE_USER, HWP_TYPE_NONE, LRU, 0, 0, 0 },
	{ HWP_PAGE_USER, HWP_TYPE_NONE, SB | SC, 0, 0, 0 },
	{ HWP_PAGE_USER, HWP_TYPE_NONE, 0, MOVABLE, 0, 1 },
	{ HWP_PAGE_MOVABLE, HWP_TYPE_NONE, 0, MOVABLE, 0, 0 },
	{ HWP_PAGE_USER_LEFT, HWP_TYPE_NONE, UP, 0, 0, 0 },
	{ HWP_PAGE_USER_LEFT, HWP_TYPE_NONE, SB, 0, 0, 0 },
	{ HWP_PAGE_USER_LEFT, HWP_TYPE_NONE, HWP_BIT_DIRTY, 0, 0, 0 },
	{ HWP_PAGE_UNMARKED, HWP_TYPE_NONE, 0, 0, 0, 0 },
	{ HWP_PAGE_UNMARKED, HWP_TYPE_NONE, SC, 0, 5, 0 },
	{ HWP_PAGE_UNMARKED, HWP_TYPE_NONE, HWP_BIT_HWPOISON | HWP_BIT_HEAD, 0, 0, 0 },
};

static void kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_page_words words = { .type = rows[i].type,
						.mapping = rows[i].mapping,
						.private = rows[i].private,
						.nr_mapped = rows[i].nr_mapped,
						.refcount = 1 };

		print_message("# row %zu\n", i);
		/* A guard page has no references: its bit was that of page tables before v5.11. */
		assert_int_equal(hwp_page_kind(&words, rows[i].bits),
				 rows[i].want == HWP_PAGE_GUARD ? HWP_PAGE_UNMARKED : rows[i].want);
		/* Of all others, whether they are in use as such is another question. */
		words.refcount = 0;
		assert_int_equal(hwp_page_kind(&words, rows[i].bits), rows[i].want);
	}
}

static void every_kind_has_a_row(void **state)
{
	bool seen[HWP_PAGE_UNMARKED + 1] = {};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
		seen[rows[i].want] = true;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(seen); i++)
		assert_true(seen[i]);
}

/* Words that were read from running kernels, and what other architectures would leave. */
static void list_poison(void **state)
{
	static const struct {
		uint64_t word;
		bool is_1, is_2;
	} words[] = {
		{ 0xdead000000000100, true, false },
		{ 0xdead000000000122, false, true },
		{ 0xdead000000000200, false, true },
		{ 0x5deadbeef0000100, true, false },
		{ 0x5deadbeef0000122, false, true },
		{ 0x100, true, false },
		{ 0x122, false, true },
		{ 0x200, false, true },
		{ 0, false, false },
		{ 0xdead000000000000, false, false },
		{ 0xdead000000000400, false, false },
		{ 0xffd4000000810008, false, false },
		{ 0xffffffffffff8001, false, false },
		{ UINT64_MAX, false, false },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(words); i++) {
		assert_int_equal(hwp_is_list_poison1(words[i].word), words[i].is_1);
		assert_int_equal(hwp_is_list_poison2(words[i].word), words[i].is_2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_poison),
		cmocka_unit_test(kinds),
		cmocka_unit_test(every_kind_has_a_row),
	};

	return cmocka_run_group_tests_name("page_kind", tests, NULL, NULL);
}
