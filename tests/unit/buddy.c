// SPDX-License-Identifier: GPL-2.0-or-later
/** Which struct pages are heads of free blocks, as kernels of some time encode them. */
#include "kernels.h"

#include <cmocka.h>

#include "facts/pages/buddy.h"

/* The words of Debian's 5.10.0-32: type bits are cleared under 0xf0000000. */
static void heads(void **state)
{
	static const struct {
		uint32_t type;
		int32_t refcount;
		uint64_t private;
		enum hwp_container want;
	} pages[] = {
		{ 0xffffff7f, 0, 9, HWP_FREE_AREA },
		{ 0xffffff7f, 0, 99, HWP_NOT_FREE },
		/* A guard page, and one in use, of whatever type it is. */
		{ 0xfffff7ff, 0, 3, HWP_GUARD },
		{ 0xfffff7ff, 1, 3, HWP_NOT_FREE },
		/* A page table; memory charged to a cgroup. */
		{ 0xfffffbff, 1, 0, HWP_NOT_FREE },
		{ 0xfffffbff, 0, 0, HWP_NOT_FREE },
		{ 0xfffffdff, 1, 0, HWP_NOT_FREE },
		{ 0xffffffff, 0, 9, HWP_NOT_FREE },
	};
	char page[KERNEL_PAGE_SIZE];
	struct hwp_layout l;

	(void)state;
	kernel_61(&l);
	l.types[HWP_TYPE_TABLE] = 0x400;
	l.types[HWP_TYPE_GUARD] = 0x800;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(pages); i++) {
		const struct words words = { .type = pages[i].type,
					     .refcount = pages[i].refcount,
					     .private = pages[i].private };
		struct hwp_block block = {};

		put_words(page, &words);
		print_message("# page %zu\n", i);
		assert_int_equal(hwp_buddy_is_head(&l, page, &block),
				 pages[i].want != HWP_NOT_FREE);
		if (pages[i].want != HWP_NOT_FREE) {
			assert_int_equal(block.container, pages[i].want);
			assert_int_equal(block.order, pages[i].private);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests_name("buddy", tests, NULL, NULL);
}
