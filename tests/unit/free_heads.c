// SPDX-License-Identifier: GPL-2.0-or-later
/** Free blocks that the sweep keeps: each is found as it was added, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "facts/lists/free_heads.h"

static struct hwp_free_head head_of(uint64_t pfn)
{
	return (struct hwp_free_head){ .pfn = pfn,
				       .next = pfn * 3,
				       .prev = ~pfn,
				       .flags = pfn << 20,
				       .order = (uint8_t)(pfn % 11) };
}

static void assert_found(const struct hwp_free_heads *heads, uint64_t pfn)
{
	struct hwp_free_head found, expected = head_of(pfn);

	assert_true(hwp_free_heads_find(heads, pfn, &found));
	assert_int_equal(found.pfn, expected.pfn);
	assert_int_equal(found.next, expected.next);
	assert_int_equal(found.prev, expected.prev);
	assert_int_equal(found.flags, expected.flags);
	assert_int_equal(found.order, expected.order);
}

static void several_threads(void **state)
{
	struct hwp_free_heads_part parts[3] = {};
	struct hwp_free_heads *heads;
	struct hwp_free_head found;

	(void)state;
	assert_null(hwp_free_heads_create(&heads));
	/* More than one chunk each, and one part that nothing is added to. */
	for (uint64_t pfn = 0; pfn < 200000; pfn += 2) {
		struct hwp_free_head head = head_of(pfn);

		hwp_free_heads_add(heads, &parts[pfn % 4 / 2], &head);
	}
	assert_false(hwp_free_heads_find(heads, 2, &found));
	hwp_free_heads_index(heads);
	for (uint64_t pfn = 0; pfn < 200000; pfn += 2) {
		assert_found(heads, pfn);
		assert_false(hwp_free_heads_find(heads, pfn + 1, &found));
	}
	assert_false(hwp_free_heads_find(heads, UINT64_MAX, &found));
	hwp_free_heads_destroy(heads);
}

/** Large blocks have pfns that differ in high bits alone; a pfn beyond all memory is not kept. */
static void far_apart(void **state)
{
	struct hwp_free_heads_part part = {};
	struct hwp_free_heads *heads;
	struct hwp_free_head found, head = head_of(UINT64_C(1) << 56);

	(void)state;
	assert_null(hwp_free_heads_create(&heads));
	hwp_free_heads_add(heads, &part, &head);
	for (uint64_t i = 1; i < 1000; i++) {
		head = head_of(i << 40);
		hwp_free_heads_add(heads, &part, &head);
	}
	hwp_free_heads_index(heads);
	for (uint64_t i = 1; i < 1000; i++)
		assert_found(heads, i << 40);
	assert_false(hwp_free_heads_find(heads, UINT64_C(1) << 56, &found));
	hwp_free_heads_destroy(heads);
}

static void nothing(void **state)
{
	struct hwp_free_heads *heads;
	struct hwp_free_head found;

	(void)state;
	assert_null(hwp_free_heads_create(&heads));
	hwp_free_heads_index(heads);
	assert_false(hwp_free_heads_find(heads, 0, &found));
	hwp_free_heads_destroy(heads);
	hwp_free_heads_destroy(NULL);
}

/** There is room for 4 million at most: others are not found, and that is no error. */
static void too_many(void **state)
{
	struct hwp_free_heads_part part = {};
	struct hwp_free_heads *heads;
	struct hwp_free_head found;
	uint64_t nr = 0, max = 4500000;

	(void)state;
	assert_null(hwp_free_heads_create(&heads));
	for (uint64_t pfn = 0; pfn < max; pfn++) {
		struct hwp_free_head head = head_of(pfn);

		hwp_free_heads_add(heads, &part, &head);
	}
	hwp_free_heads_index(heads);
	assert_found(heads, 0);
	for (uint64_t pfn = 0; pfn < max; pfn++)
		nr += hwp_free_heads_find(heads, pfn, &found);
	assert_true(nr < UINT64_C(1) << 22);
	/* The first are kept. */
	assert_found(heads, nr - 1);
	assert_false(hwp_free_heads_find(heads, nr, &found));
	hwp_free_heads_destroy(heads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_threads),
		cmocka_unit_test(far_apart),
		cmocka_unit_test(nothing),
		cmocka_unit_test(too_many),
	};

	return cmocka_run_group_tests_name("free_heads", tests, NULL, NULL);
}
