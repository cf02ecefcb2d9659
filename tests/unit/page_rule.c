// SPDX-License-Identifier: GPL-2.0-or-later
/** Which pages of a running kernel may be read: the kernel's own, and none that is poisoned. */
#include "kernels.h"

#include <cmocka.h>

#include "layout/page.h"
#include "layout/pagekind.h"

#define FLAGS UINT64_C(0x0017ffffc0000000)
#define POISON (UINT64_C(1) << 21)
#define RESERVED (UINT64_C(1) << 13)
#define SWAPBACKED (UINT64_C(1) << 17)
#define SWAPCACHE (UINT64_C(1) << 10)
#define UPTODATE (UINT64_C(1) << 3)
#define LRU (UINT64_C(1) << 5)
#define NONE 0xffffffff

static struct words page_of(uint64_t flags, uint64_t mapping, uint32_t type, int32_t refcount)
{
	return (struct words){
		.flags = FLAGS | flags, .mapping = mapping, .type = type, .refcount = refcount
	};
}

/** What a page of order 0 is: it is its own head. */
static void single_pages(void **state)
{
	static const struct {
		uint64_t flags, mapping;
		uint32_t type;
		int32_t refcount;
		enum hwp_live_kind kind;
	} rows[] = {
		{ 0, 0, 0xf5000000, 1, HWP_LIVE_METADATA }, /* slab */
		{ 0, 0, 0xf2000000, 1, HWP_LIVE_METADATA }, /* page table */
		{ 0, 0, 0xf8000000, 1, HWP_LIVE_METADATA }, /* large kmalloc */
		{ RESERVED, 0, NONE, 1, HWP_LIVE_METADATA },
		{ 0, 0, NONE, 1, HWP_LIVE_KERNEL },
		{ UPTODATE, 0, NONE, 1, HWP_LIVE_KERNEL },
		/* Free, or on its way. */
		{ 0, 0, NONE, 0, HWP_LIVE_OTHER },
		{ 0, 0, 0xf0000000, 0, HWP_LIVE_OTHER },
		/* Users'. */
		{ SWAPBACKED, 0, NONE, 1, HWP_LIVE_OTHER },
		{ SWAPCACHE, 0, NONE, 1, HWP_LIVE_OTHER },
		{ LRU, 0, NONE, 1, HWP_LIVE_OTHER },
		{ 0, 0, 0, 1, HWP_LIVE_OTHER },
		{ UPTODATE, 0, 0, 1, HWP_LIVE_OTHER },
		{ UPTODATE | LRU, 0xff11000101110e80, NONE, 2, HWP_LIVE_OTHER },
		{ 0, 0xff11000101110e81, NONE, 1, HWP_LIVE_OTHER },
		{ 0, 0xff11000101110e82, NONE, 1, HWP_LIVE_OTHER },
		{ 0, 0xff11000101110e80, NONE, 1, HWP_LIVE_OTHER },
		{ 0, 0, 0xf1000000, 1, HWP_LIVE_OTHER },
		{ 0, 0, 0xf4000000, 1, HWP_LIVE_OTHER },
		/* Poisoned comes first, whatever it is. */
		{ POISON, 0, 0xf5000000, 1, HWP_LIVE_POISONED },
		{ POISON, 0, NONE, 1, HWP_LIVE_POISONED },
		{ POISON, 0, 0xf0000000, 0, HWP_LIVE_POISONED },
	};
	struct hwp_layout l;
	struct hwp_page_rule rule;

	(void)state;
	kernel_73(&l);
	rule = hwp_page_rule(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		const struct words words = page_of(rows[i].flags, rows[i].mapping, rows[i].type,
						   rows[i].refcount);
		char page[KERNEL_PAGE_SIZE];

		print_message("# row %zu\n", i);
		put_words(page, &words);
		assert_int_equal(rule.head(rule.arg, page, 0xffd4000000001040), 0);
		assert_int_equal(rule.kind(rule.arg, page, page), rows[i].kind);
	}
}

/** A tail is what its head is, unless one of the two is poisoned or was never set up. */
static void tails(void **state)
{
	const struct words slab = page_of(1 << 6, 0, 0xf5000000, 1);
	const struct words poisoned_slab = page_of(1 << 6 | POISON, 0, 0xf5000000, 1);
	const uint64_t mask = -(UINT64_C(64) << 3) | 1;
	const uint64_t address = 0xffd4000000001240;
	char head[KERNEL_PAGE_SIZE], tail[KERNEL_PAGE_SIZE];
	struct words words = page_of(0, 0xff11000101110e81, NONE, 0);
	struct hwp_layout l;
	struct hwp_page_rule rule;

	(void)state;
	kernel_73(&l);
	rule = hwp_page_rule(&l);
	words.at_8 = mask;
	put_words(tail, &words);
	put_words(head, &slab);
	assert_int_equal(rule.head(rule.arg, tail, address), 0xffd4000000001200);
	assert_int_equal(rule.kind(rule.arg, tail, head), HWP_LIVE_METADATA);
	put_words(head, &poisoned_slab);
	assert_int_equal(rule.kind(rule.arg, tail, head), HWP_LIVE_POISONED);
	put_words(head, &slab);
	words.flags |= POISON;
	put_words(tail, &words);
	assert_int_equal(rule.kind(rule.arg, tail, head), HWP_LIVE_POISONED);
	memset(tail, 0xff, sizeof(tail));
	assert_int_equal(rule.kind(rule.arg, tail, head), HWP_LIVE_OTHER);
	words.flags = FLAGS;
	put_words(tail, &words);
	memset(head, 0xff, sizeof(head));
	assert_int_equal(rule.kind(rule.arg, tail, head), HWP_LIVE_OTHER);
	/* A head that is a tail itself: the two were read while they changed. */
	put_words(head, &slab);
	synth_put(head, 8, mask, 8);
	assert_int_equal(rule.kind(rule.arg, tail, head), HWP_LIVE_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(single_pages),
					    cmocka_unit_test(tails) };

	return cmocka_run_group_tests_name("page_rule", tests, NULL, NULL);
}
