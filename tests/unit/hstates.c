// SPDX-License-Identifier: GPL-2.0-or-later
/** The orders of hstates[], as x86_64 and arm64 fill it, and with entries that are nonsense. */
#include "kernels.h"

#include <cmocka.h>

#include "facts/kernel/hstates.h"

#define VARIABLES UINT64_C(0xffffffff84000000)
#define HSTATES UINT64_C(0xffffffff84001000)
#define NR_ENTRIES 12
/* Linux 7.3's struct hstate is larger; its order is at 32 too. */
#define SIZE_OF_HSTATE 72
#define AT_ORDER 32
#define AT_FREELISTS 40
/* struct pages: their lru is at 8. */
#define PAGES UINT64_C(0xffffea0000000000)

struct world {
	struct synth synth;
	struct hwp_layout layout;
	/** Before hugetlb_max_hstate stands what must not be read in its place. */
	uint32_t variables[2];
	char hstates[NR_ENTRIES * SIZE_OF_HSTATE];
};

static void setup(struct world *w, const uint32_t *orders, uint32_t nr)
{
	static const struct hwp_needs *const needs[] = { &hwp_hstates_needs, NULL };
	static const struct synth_symbol symbols[] = { { "hstates", HSTATES },
						       { "hugetlb_max_hstate", VARIABLES + 4 },
						       {} };
	static const struct synth_member members[] = { SIZE("hstate", SIZE_OF_HSTATE),
						       MEMBER("hstate", "order", AT_ORDER, 4),
						       ARRAY("hstate", "hugepage_freelists",
							     AT_FREELISTS, 32, 2),
						       {} };

	memset(w, 0, sizeof(*w));
	w->synth.symbols = symbols;
	w->synth.members = members;
	synth_resolve(&w->synth, &w->layout, needs);
	w->variables[0] = 1;
	w->variables[1] = nr;
	/* Every byte outside of the orders would be an order that is believed. */
	memset(w->hstates, 0, sizeof(w->hstates));
	for (size_t i = 0; i < sizeof(w->hstates); i += 4)
		synth_put(w->hstates, i, 7, 4);
	for (uint32_t i = 0; i < nr && i < NR_ENTRIES; i++)
		synth_put(w->hstates, i * SIZE_OF_HSTATE + AT_ORDER, orders[i], 4);
	synth_add(&w->synth, VARIABLES, w->variables, sizeof(w->variables));
	synth_add(&w->synth, HSTATES, w->hstates, sizeof(w->hstates));
}

static struct hwp_error *read_orders(struct world *w, struct hwp_extent_orders *ret)
{
	struct hwp_target *target = synth_open(&w->synth);
	struct hwp_error *err = hwp_hstates_read(target, &w->layout, ret);

	hwp_target_destroy(target);
	return err;
}

/* hugetlb_add_hstate() appends: the order of the command line, not of the sizes. */
static void orders(void **state)
{
	static const struct {
		uint32_t nr, entries[NR_ENTRIES];
		size_t nr_expected;
		unsigned int expected[8];
	} rows[] = {
		{ 0, {}, 0, {} },
		/* x86_64: 2 MiB, then 1 GiB; and the other way round. */
		{ 1, { 9 }, 1, { 9 } },
		{ 2, { 9, 18 }, 2, { 9, 18 } },
		{ 2, { 18, 9 }, 2, { 9, 18 } },
		/* arm64 with pages of 4 KiB: 1 GiB, 32 MiB, 2 MiB, 64 KiB. */
		{ 4, { 18, 13, 9, 4 }, 4, { 4, 9, 13, 18 } },
		/* 24 is the largest that is believed, 1 the smallest. */
		{ 4, { 24, 25, 0, 1 }, 2, { 1, 24 } },
		{ 2, { UINT32_MAX, 9 }, 1, { 9 } },
		/* As many as there is room for, of those that are believed. */
		{ 8, { 8, 7, 6, 5, 4, 3, 2, 1 }, 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
		{ 10, { 0, 9, 8, 7, 6, 5, 4, 3, 2, 1 }, 8, { 2, 3, 4, 5, 6, 7, 8, 9 } },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_extent_orders ret = { .nr = 5 };
		struct world w;

		print_message("# row %zu\n", i);
		setup(&w, rows[i].entries, rows[i].nr);
		assert_null(read_orders(&w, &ret));
		assert_int_equal(ret.nr, rows[i].nr_expected);
		for (size_t j = 0; j < ret.nr; j++)
			assert_int_equal(ret.orders[j], rows[i].expected[j]);
		hwp_layout_deinit(&w.layout);
	}
}

/* CONFIG_HUGETLB_PAGE=n is no error, and nothing is read. */
static void not_built(void **state)
{
	struct hwp_extent_orders ret = { .nr = 5 };
	struct world w = {};

	(void)state;
	assert_null(read_orders(&w, &ret));
	assert_int_equal(ret.nr, 0);
}

static void unreadable(void **state)
{
	static const uint32_t entries[] = { 18, 9 };
	struct hwp_extent_orders ret;
	struct hwp_error *err;
	struct world w;

	(void)state;
	/* The count is not in the dump. */
	setup(&w, entries, 2);
	w.synth.segments[0].excluded = true;
	err = read_orders(&w, &ret);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	assert_int_equal(ret.nr, 0);
	hwp_error_destroy(err);
	hwp_layout_deinit(&w.layout);

	/* The dump ends behind the first entry, which is still reported. */
	setup(&w, entries, 2);
	w.synth.segments[1].size = SIZE_OF_HSTATE;
	err = read_orders(&w, &ret);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	assert_int_equal(ret.nr, 1);
	assert_int_equal(ret.orders[0], 18);
	hwp_error_destroy(err);
	hwp_layout_deinit(&w.layout);
}

/** Chain @p nr pages behind the list's head: of each the node's prev is the one before it. */
static void chain(char *pages, uint64_t head, size_t first, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		synth_put(pages, 64 * (first + i) + 16, i ? PAGES + 64 * (first + i - 1) + 8 : head,
			  8);
}

static int has_free(struct world *w, uint64_t node)
{
	struct hwp_target *target = synth_open(&w->synth);
	bool ret = true;
	struct hwp_error *err = hwp_hstates_has_free(target, &w->layout, node, &ret);
	int code = err ? (int)err->code + 2 : ret;

	hwp_error_destroy(err);
	hwp_target_destroy(target);
	return code;
}

/* Before v5.14 no flag of the head says that it is free. */
static void free_lists(void **state)
{
	static const uint32_t entries[] = { 9, 18 };
	uint64_t second = HSTATES + SIZE_OF_HSTATE;
	char pages[64 * 32] = {};
	struct world w;

	(void)state;
	setup(&w, entries, 2);
	w.layout.max_nodes = 2;
	synth_add(&w.synth, PAGES, pages, sizeof(pages));
	/* Of node 0 and of node 1; the list of those in use; a cycle; one that is cut. */
	chain(pages, HSTATES + AT_FREELISTS, 0, 5);
	chain(pages, second + AT_FREELISTS + 16, 5, 2);
	chain(pages, second + 16, 7, 3);
	chain(pages, PAGES + 64 * 12 + 8, 10, 3);
	chain(pages, 0, 13, 2);
	chain(pages, second + AT_FREELISTS + 32, 15, 1);
	chain(pages, UINT64_C(0xdead000000000122), 16, 1);
	assert_int_equal(has_free(&w, PAGES + 8), true);
	assert_int_equal(has_free(&w, PAGES + 64 * 4 + 8), true);
	assert_int_equal(has_free(&w, PAGES + 64 * 6 + 8), true);
	assert_int_equal(has_free(&w, PAGES + 64 * 9 + 8), false);
	assert_int_equal(has_free(&w, PAGES + 64 * 12 + 8), HWP_ERROR_BAD_DATA + 2);
	assert_int_equal(has_free(&w, PAGES + 64 * 14 + 8), HWP_ERROR_BAD_DATA + 2);
	assert_int_equal(has_free(&w, PAGES + 64 * 15 + 8), false);
	assert_int_equal(has_free(&w, PAGES + 64 * 16 + 8), HWP_ERROR_FAULT + 2);
	hwp_layout_deinit(&w.layout);
	/* A kernel without HugeTLB. */
	w = (struct world){};
	assert_int_equal(has_free(&w, PAGES + 8), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(not_built),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(free_lists),
	};

	return cmocka_run_group_tests_name("hstates", tests, NULL, NULL);
}
