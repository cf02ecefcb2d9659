// SPDX-License-Identifier: GPL-2.0-or-later
/** Decoders of struct page against words read from running kernels. */
#include "kernels.h"

#include <cmocka.h>

#include "layout/page.h"

#define NONE HWP_TYPE_NONE

struct vector {
	const char *name;
	struct words words;
	/** What the words say. */
	bool hwpoison, head, tail, lru, reserved;
	enum hwp_page_type type;
	int64_t nr_mapped;
	unsigned int nid, zone;
};

/* x86_64 cloud kernel 7.3.4, one node; zone 1 is DMA32, zone 2 Normal. */
static const struct vector words_73[] = {
	{ "buddy head of order 10",
	  { 0x000fffffc0000000, 0xffd4000000810008, 0xffd40000007f0008, 0, 0xa, 0xf0000000, 0 },
	  .type = HWP_TYPE_BUDDY,
	  .zone = 1 },
	{ "buddy interior",
	  { 0x000fffffc0000000, 0xffd4000000800048, 0xffd4000000800048, 0, 0, 0xffffffff, 0 },
	  .type = NONE,
	  .zone = 1 },
	{ "taken off the buddy lists",
	  { 0x000fffffc0200000, 0xffd4000000800348, 0xffd4000000800348, 0, 0x48575053, 0xffffffff,
	    1 },
	  .hwpoison = true,
	  .type = NONE,
	  .zone = 1 },
	{ "on a per-CPU list",
	  { 0x0017ffffc0000000, 0xffd4000001000008, 0xff1100007dc00020, 0, 0, 0xffffffff, 0 },
	  .type = NONE,
	  .zone = 2 },
	{ "follower of a leaked THP",
	  { 0x0017ffffc0200000, 0, 0, 0, 0, 0xffffffff, 0 },
	  .hwpoison = true,
	  .type = NONE,
	  .zone = 2 },
	{ "anonymous, isolated by memory failure",
	  { 0x0017ffffc022081c, 0xdead000000000100, 0xdead000000000122, 0xff11000101110ea1, 0,
	    0xffffffff, 1 },
	  .hwpoison = true,
	  .type = NONE,
	  .zone = 2 },
	{ "live THP head",
	  { 0x0017ffffd802086c, 0xffd4000004000008, 0xffd4000004010008, 0xff11000101110ea1, 0,
	    0xffffffff, 1 },
	  .head = true,
	  .lru = true,
	  .type = NONE,
	  .zone = 2 },
	{ "poisoned THP tail, not split",
	  { 0x0017ffffc0200000, 0xffffffffffff8001, 0, 0xdead000000000400, 0, 0xffffffff, 0 },
	  .hwpoison = true,
	  .tail = true,
	  .type = NONE,
	  .zone = 2 },
	{ "HugeTLB in use",
	  { 0x0017ffffc0000848, 0xffd4000005000008, 0xffd4000005000008, 0xff11000101110ea1, 2,
	    0xf4000000, 1 },
	  .head = true,
	  .type = HWP_TYPE_HUGETLB,
	  .zone = 2 },
	{ "HugeTLB poisoned and back in the pool",
	  { 0x0017ffffc020005c, 0xffd4000005000008, 0xffd4000005000008, 0, 8, 0xf4000000, 0 },
	  .hwpoison = true,
	  .head = true,
	  .type = HWP_TYPE_HUGETLB,
	  .zone = 2 },
	{ "shared tail of HVO",
	  { 0x0010000000000000, 0xffffffffffff8001, 0, 0xdead000000000400, 0, 0xffffffff, 0 },
	  .tail = true,
	  .type = NONE,
	  .zone = 2 },
	{ "raw page taken off after HVO",
	  { 0x0010000000200000, 0, 0, 0, 0x48575053, 0xffffffff, 1 },
	  .hwpoison = true,
	  .type = NONE,
	  .zone = 2 },
	{ "slab head of order 1",
	  { 0x0017ffffc0000040, 0xff11000100042000, 0xff11000100042100, 0, 0x100010, 0xf5000000,
	    0 },
	  .head = true,
	  .type = HWP_TYPE_SLAB,
	  .zone = 2 },
	{ "poisoned slab tail",
	  { 0x0017ffffc0200001, 0xffffffffffffff81, 0, 0, 0, 0xffffffff, 0 },
	  .hwpoison = true,
	  .tail = true,
	  .type = NONE,
	  .zone = 2 },
	{ "reserved and poisoned",
	  { 0x000fffffc0202000, 0xffd4000000040008, 0xffd4000000040008, 0, 0, 0xffffffff, 1 },
	  .hwpoison = true,
	  .reserved = true,
	  .type = NONE,
	  .zone = 1 },
	{ "mapped twice",
	  { 0x0017ffffc002081c, 0, 0, 0xff11000101110ea1, 0, 1, 2 },
	  .type = NONE,
	  .nr_mapped = 2,
	  .zone = 2 },
};

static const struct vector words_612[] = {
	{ "HugeTLB head, poisoned, vmemmap optimised",
	  { 0x0017ffffc010085c, 0xffffea0005000008, 0xffffea0005000008, 0xffff888101110ea1, 0x10,
	    0xf4000000, 1 },
	  .hwpoison = true,
	  .head = true,
	  .type = HWP_TYPE_HUGETLB,
	  .zone = 2 },
	{ "raw HWPoison page while HugeTLB",
	  { 0x0017ffffc0000000, 0xffffea0004000001, 0, 0, 0, 0xffffffff, 0 },
	  .tail = true,
	  .type = NONE,
	  .zone = 2 },
};

/* v4.18 to v6.10: a cleared bit is a set type. */
static const struct vector words_61[] = {
	{ "buddy",
	  { 0x0017ffffc0000000, 8, 8, 0, 9, 0xffffff7f, 0 },
	  .type = HWP_TYPE_BUDDY,
	  .zone = 2 },
	{ "offline",
	  { 0x0017ffffc0000000, 8, 8, 0, 9, 0xfffffeff, 1 },
	  .type = HWP_TYPE_OFFLINE,
	  .zone = 2 },
	{ "page table",
	  { 0x0017ffffc0000000, 8, 8, 0, 9, 0xfffffdff, 1 },
	  .type = HWP_TYPE_TABLE,
	  .zone = 2 },
	{ "guard",
	  { 0x0017ffffc0000000, 8, 8, 0, 9, 0xfffffbff, 0 },
	  .type = HWP_TYPE_GUARD,
	  .zone = 2 },
	{ "unmapped",
	  { 0x0017ffffc0800000, 8, 8, 0, 0, 0xffffffff, 1 },
	  .hwpoison = true,
	  .type = NONE,
	  .zone = 2 },
	{ "mapped once",
	  { 0x0017ffffc0000010, 8, 8, 0, 0, 0, 2 },
	  .lru = true,
	  .type = NONE,
	  .nr_mapped = 1,
	  .zone = 2 },
	{ "compound head",
	  { 0x0017ffffc0010000, 8, 8, 0, 0, 0xffffffff, 1 },
	  .head = true,
	  .type = NONE,
	  .zone = 2 },
	{ "reserved",
	  { 0x0017ffffc0001000, 8, 8, 0, 0, 0xffffffff, 1 },
	  .reserved = true,
	  .type = NONE,
	  .zone = 2 },
};

static void check_vector(const struct hwp_layout *l, const struct vector *v)
{
	char page[KERNEL_PAGE_SIZE];
	struct hwp_page_words words;
	uint64_t flags;
	uint32_t bits;

	print_message("# %s\n", v->name);
	put_words(page, &v->words);
	flags = hwp_page_flags(l, page);
	assert_int_equal(flags, v->words.flags);
	assert_int_equal(hwp_flag_set(flags, l->flag.hwpoison), v->hwpoison);
	assert_int_equal(hwp_flag_set(flags, l->flag.head), v->head);
	assert_int_equal(hwp_flag_set(flags, l->flag.lru), v->lru);
	assert_int_equal(hwp_flag_set(flags, l->flag.reserved), v->reserved);
	assert_int_equal(hwp_page_is_tail(l, page), v->tail);
	assert_int_equal(hwp_page_type(l, page), v->type);
	assert_int_equal(hwp_page_is_buddy(l, page), v->type == HWP_TYPE_BUDDY);
	assert_int_equal(hwp_page_nr_mapped(l, page), v->nr_mapped);
	assert_int_equal(hwp_page_private(l, page), v->words.private);
	assert_int_equal(hwp_page_mapping(l, page), v->words.mapping);
	assert_int_equal(hwp_page_refcount(l, page), v->words.refcount);
	assert_int_equal(hwp_page_lru_next(l, page), v->words.at_8);
	assert_int_equal(hwp_page_lru_prev(l, page), v->words.at_16);
	assert_int_equal(hwp_page_nid(l, flags), v->nid);
	assert_int_equal(hwp_page_zone(l, flags), v->zone);
	assert_false(hwp_page_is_uninitialised(l, page));
	hwp_page_words(l, page, &words, &bits);
	assert_int_equal(words.word_1, v->words.at_8);
	assert_int_equal(words.word_2, v->words.at_16);
	assert_int_equal(words.is_tail, v->tail);
}

static void real_words(void **state)
{
	struct hwp_layout l;

	(void)state;
	kernel_73(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(words_73); i++)
		check_vector(&l, &words_73[i]);
	kernel_612(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(words_612); i++)
		check_vector(&l, &words_612[i]);
	kernel_61(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(words_61); i++)
		check_vector(&l, &words_61[i]);
}

/* v6.11 stands between: base 0x80000000 and bits of its own. */
static void types_of_611(void **state)
{
	static const struct {
		uint32_t word;
		enum hwp_page_type type;
	} words[] = {
		{ 0xbfffffff, HWP_TYPE_BUDDY },
		{ 0xdfffffff, HWP_TYPE_OFFLINE },
		{ 0xefffffff, HWP_TYPE_TABLE },
		{ 0xf7ffffff, HWP_TYPE_GUARD },
		{ 0xfbffffff, HWP_TYPE_HUGETLB },
		{ 0xfdffffff, HWP_TYPE_SLAB },
		{ 0xfeffffff, HWP_TYPE_ZSMALLOC },
		{ 0xfdff0010, HWP_TYPE_SLAB },
		{ 0xffffffff, NONE },
		{ 0, NONE },
		{ 511, NONE },
	};
	struct hwp_layout l;
	char page[KERNEL_PAGE_SIZE] = {};

	(void)state;
	kernel_61(&l);
	l.type_base = 0x80000000;
	for (int i = 0; i < HWP_TYPE_UNACCEPTED; i++)
		l.types[i] = 0x40000000u >> i;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(words); i++) {
		synth_put(page, 48, words[i].word, 4);
		assert_int_equal(hwp_page_type(&l, page), words[i].type);
		assert_int_equal(hwp_page_nr_mapped(&l, page),
				 words[i].type == NONE ? (int64_t)(int32_t)words[i].word + 1 : 0);
	}
}

/* Low 24 bits may be an owner's data; every other top byte is no type. */
static void types_by_top_byte(void **state)
{
	struct hwp_layout l;
	char page[KERNEL_PAGE_SIZE] = {};

	(void)state;
	kernel_73(&l);
	for (uint32_t top = 0; top < 256; top++) {
		enum hwp_page_type want = top >= 0xf0 && top <= 0xf8 ? top - 0xf0 : NONE;

		synth_put(page, 48, top << 24 | 0xabcdef, 4);
		assert_int_equal(hwp_page_type(&l, page), want);
	}
	/* v6.12 has no large_kmalloc: that byte means nothing there. */
	kernel_612(&l);
	synth_put(page, 48, 0xf8000000, 4);
	assert_int_equal(hwp_page_type(&l, page), NONE);
}

static void masks(void **state)
{
	static const struct {
		uint64_t word;
		unsigned int order;
	} good[] = {
		{ 0xffffffffffff8001, 9 },
		{ 0xffffffffff000001, 18 },
		{ 0xffffffffffffff81, 1 },
	};
	static const uint64_t bad[] = {
		/* Heads of both vmemmap bases, x86_64. */
		0xffd4000004000001,
		0xffffea0004000001,
		0xffffea0000000001,
		0xffd4000000000001,
		/* Order 0, not a run of ones, nothing, everything, a terabyte and more. */
		0xffffffffffffffc1,
		0xffffffffffff0181,
		0x1,
		0,
		0xffffffffffffffff,
		0xffffff0000000001,
		0x8000000000000001,
	};
	struct hwp_layout l;
	unsigned int order;

	(void)state;
	kernel_73(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(good); i++) {
		assert_true(hwp_compound_mask(&l, good[i].word, &order));
		assert_int_equal(order, good[i].order);
	}
	for (size_t i = 0; i < HWP_ARRAY_SIZE(bad); i++)
		assert_false(hwp_compound_mask(&l, bad[i], &order));
	/* Where the word is a pointer, no shape makes it a mask. */
	kernel_612(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(good); i++)
		assert_false(hwp_compound_mask(&l, good[i].word, &order));
}

static void heads_of_tails(void **state)
{
	struct hwp_layout l;
	char page[KERNEL_PAGE_SIZE] = {};
	uint64_t head = 0xffd4000004008000;

	(void)state;
	kernel_73(&l);
	synth_put(page, 8, 0xffffffffffff8001, 8);
	for (unsigned int i = 1; i < 512; i++)
		assert_int_equal(hwp_tail_head_address(&l, page, head + i * 64), head);
	/* The pointer form is still there for struct pages of other sizes. */
	synth_put(page, 8, head | 1, 8);
	assert_int_equal(hwp_tail_head_address(&l, page, head + 64), head);
	kernel_612(&l);
	assert_int_equal(hwp_tail_head_address(&l, page, head + 64), head);
}

static void uninitialised(void **state)
{
	struct hwp_layout l;
	char page[KERNEL_PAGE_SIZE];

	(void)state;
	kernel_73(&l);
	memset(page, 0xff, sizeof(page));
	assert_true(hwp_page_is_uninitialised(&l, page));
	memset(page, 0, sizeof(page));
	assert_false(hwp_page_is_uninitialised(&l, page));
}

static void no_such_flag(void **state)
{
	(void)state;
	assert_false(hwp_flag_set(UINT64_MAX, HWP_ABSENT));
	assert_false(hwp_flag_set(UINT64_MAX, 64));
	assert_true(hwp_flag_set(UINT64_MAX, 63));
	assert_false(hwp_flag_set(0, 0));
}

static void fields_of_other_configs(void **state)
{
	struct hwp_layout l;

	(void)state;
	kernel_73(&l);
	assert_int_equal(hwp_page_nid(&l, 0xffd7ffffc0000000), 1023);
	assert_int_equal(hwp_page_nid(&l, 0x0057ffffc0000000), 1);
	assert_int_equal(hwp_page_zone(&l, 0x0057ffffc0000000), 2);
	/* One node and one zone take no bits. */
	l.field.node_width = l.field.zone_width = 0;
	l.field.node_shift = l.field.zone_shift = 64;
	assert_int_equal(hwp_page_nid(&l, UINT64_MAX), 0);
	assert_int_equal(hwp_page_zone(&l, UINT64_MAX), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_words),	     cmocka_unit_test(types_of_611),
		cmocka_unit_test(types_by_top_byte), cmocka_unit_test(masks),
		cmocka_unit_test(heads_of_tails),    cmocka_unit_test(uninitialised),
		cmocka_unit_test(no_such_flag),	     cmocka_unit_test(fields_of_other_configs),
	};

	return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
