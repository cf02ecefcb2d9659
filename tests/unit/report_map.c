// SPDX-License-Identifier: GPL-2.0-or-later
/** Drawn maps: the size of a cell, the worst of its pages, lines alike, legends. */
#include "synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "report/map.h"

static char *drawn;

static const char *draw(const struct hwp_map *map, const struct hwp_report_style *style)
{
	struct hwp_text text;
	size_t size;
	FILE *out;

	free(drawn);
	out = open_memstream(&drawn, &size);
	assert_non_null(out);
	hwp_text_init(&text, out, style);
	hwp_map_draw(&text, map);
	fclose(out);
	return drawn;
}

static void blocks_and_poison(void **state)
{
	static const struct hwp_healthy_block blocks[] = {
		{ 0x200, 3 },
		{ 0x208, 2 },
		{ 0x20c, 0 },
		{ 0x20e, 1 },
	};
	const struct hwp_report_style ascii = {}, utf8 = { .utf8 = true };
	const struct hwp_report_style color = { .color = true };
	struct hwp_map map;

	(void)state;
	assert_null(hwp_map_init(&map, 0x200, 4));
	hwp_map_set_blocks(&map, blocks, HWP_ARRAY_SIZE(blocks));
	hwp_map_set(&map, 0x20d, 1, HWP_MAP_POISONED);
	assert_string_equal(draw(&map, &ascii), "0x200  --------====-X==\n"
						"A cell is 1 page:\n"
						"  X poisoned  -= healthy blocks, alternating\n");
	assert_non_null(strstr(draw(&map, &utf8), "\u2592\u2592\u2591\u2588\u2592\u2592\n"));
	/* Every colour that begins ends. */
	draw(&map, &color);
	assert_non_null(strstr(drawn, "\033[1;31mX\033[0m"));
	hwp_map_deinit(&map);
}

static void worst_of_a_cell(void **state)
{
	const struct hwp_report_style ascii = {};
	struct hwp_map map;

	(void)state;
	assert_null(hwp_map_init(&map, 0, 10));
	assert_int_equal(map.cell_order, 2);
	for (unsigned int s = 0; s < HWP_NR_MAP_STATES; s++) {
		/* Upwards and downwards: the order of calls does not matter. */
		hwp_map_set(&map, 0, 1, s);
		hwp_map_set(&map, 5, 1, HWP_NR_MAP_STATES - 1 - s);
		assert_int_equal(map.cells[0], s);
	}
	assert_int_equal(map.cells[1], HWP_MAP_POISONED);
	/* One page of two cells each. */
	hwp_map_set(&map, 11, 2, HWP_MAP_LOST);
	assert_int_equal(map.cells[2], HWP_MAP_LOST);
	assert_int_equal(map.cells[3], HWP_MAP_LOST);
	assert_non_null(strstr(draw(&map, &ascii), "0x0    XX!!  "));
	/* Outside, or nothing at all. */
	hwp_map_set(&map, 1024, 5, HWP_MAP_POISONED);
	hwp_map_set(&map, 16, 0, HWP_MAP_POISONED);
	assert_int_equal(map.cells[4], HWP_MAP_NOTHING);
	hwp_map_set(&map, 1020, UINT64_MAX, HWP_MAP_BUDDY);
	assert_int_equal(map.cells[255], HWP_MAP_BUDDY);
	hwp_map_deinit(&map);
}

static void cells_of_every_order(void **state)
{
	(void)state;
	for (unsigned int order = 0; order <= 30; order++) {
		struct hwp_map map;

		assert_null(hwp_map_init(&map, UINT64_C(1) << 40, order));
		assert_true(map.cell_order <= 9 && map.cell_order <= order);
		assert_true(order > 17 || order - map.cell_order <= 8);
		hwp_map_set(&map, map.base_pfn + (UINT64_C(1) << order) - 1, 1, HWP_MAP_POISONED);
		assert_int_equal(map.cells[(UINT64_C(1) << (order - map.cell_order)) - 1],
				 HWP_MAP_POISONED);
		hwp_map_deinit(&map);
	}
}

static void lines_alike(void **state)
{
	const struct hwp_report_style ascii = {}, narrow = { .width = 40 };
	unsigned int nr_lines = 0;
	struct hwp_map map;

	(void)state;
	/* 32 lines of 64 cells. */
	assert_null(hwp_map_init(&map, 0x100000, 20));
	hwp_map_set(&map, 0x100000, UINT64_C(1) << 20, HWP_MAP_BUDDY);
	hwp_map_set(&map, 0x120000, 1, HWP_MAP_POISONED);
	draw(&map, &ascii);
	assert_non_null(strstr(drawn, "...  (2 more lines like these)\n"));
	assert_non_null(strstr(drawn, "...  (25 more lines like these)\n"));
	assert_non_null(strstr(drawn, "0x120000  X..."));
	for (const char *line = drawn; *line; line = strchr(line, '\n') + 1) {
		assert_true(strcspn(line, "\n") <= 80);
		nr_lines++;
	}
	assert_int_equal(nr_lines, 9);
	draw(&map, &narrow);
	for (const char *line = drawn; *line; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 44);
	hwp_map_deinit(&map);
}

/** The length of the first item of a line of the legend; two spaces begin each. */
static size_t first_item(const char *line)
{
	const char *next = strstr(line + 2, "  "), *end = strchr(line, '\n');

	return (size_t)((next && next < end ? next : end) - line);
}

/** Each line of the legend takes as many items as fit, at every width, and has them all. */
static void legends(void **state)
{
	static const char *const labels[] = { "X poisoned",   "! lost",
					      "? unreadable", "o contained",
					      ". buddy",      "c per-CPU list",
					      "a allocated",  "-= healthy blocks, alternating" };
	struct hwp_map map;

	(void)state;
	assert_null(hwp_map_init(&map, 0x1000, 4));
	for (unsigned int s = 0; s < HWP_NR_MAP_STATES; s++)
		hwp_map_set(&map, 0x1000 + s, 1, s);
	for (unsigned int width = 40; width <= 100; width++) {
		const struct hwp_report_style style = { .width = width };
		const char *line = strstr(draw(&map, &style), "A cell is 1 page:\n");

		assert_non_null(line);
		for (size_t i = 0; i < HWP_ARRAY_SIZE(labels); i++)
			assert_non_null(strstr(line, labels[i]));
		line = strchr(line, '\n') + 1;
		for (const char *next; *line; line = next) {
			next = strchr(line, '\n') + 1;
			assert_true((size_t)(next - 1 - line) <= width);
			assert_true((size_t)(next - 1 - line) > 2);
			assert_true(!*next || (size_t)(next - 1 - line) + first_item(next) > width);
		}
	}
	hwp_map_deinit(&map);
}

/** As wide as the address of the last page. */
static void address_widths(void **state)
{
	static const struct {
		uint64_t base_pfn;
		unsigned int order;
		const char *begin;
	} rows[] = {
		{ 0, 4, "0x0  X" },	 { 0, 5, "0x0   X" },	     { 0xf0, 4, "0xf0  X" },
		{ 0xe0, 6, "0xe0   X" }, { 0xffe0, 5, "0xffe0  X" },
	};
	const struct hwp_report_style ascii = {};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_map map;

		assert_null(hwp_map_init(&map, rows[i].base_pfn, rows[i].order));
		hwp_map_set(&map, rows[i].base_pfn, 1, HWP_MAP_POISONED);
		assert_int_equal(strncmp(draw(&map, &ascii), rows[i].begin, strlen(rows[i].begin)),
				 0);
		hwp_map_deinit(&map);
	}
}

static int forget(void **state)
{
	(void)state;
	free(drawn);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_and_poison),
		cmocka_unit_test(worst_of_a_cell),
		cmocka_unit_test(cells_of_every_order),
		cmocka_unit_test(lines_alike),
		cmocka_unit_test(legends),
		cmocka_unit_test(address_widths),
	};

	return cmocka_run_group_tests_name("report_map", tests, NULL, forget);
}
