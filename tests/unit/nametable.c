// SPDX-License-Identifier: GPL-2.0-or-later
/** A table from names to numbers, from empty to many times grown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/nametable.h"

/** The table borrows names. */
static char names[40000][12];

static void many(void **state)
{
	const uint32_t nr = sizeof(names) / sizeof(names[0]);
	struct hwp_name_table table = {};
	uint32_t value;

	(void)state;
	assert_false(hwp_name_table_find(&table, "name0", &value));
	for (uint32_t i = 0; i < nr; i++) {
		snprintf(names[i], sizeof(names[i]), "name%u", i);
		assert_true(hwp_name_table_put(&table, names[i], i));
		assert_int_equal(table.nr, i + 1);
		/* At most half full: a name that is not there is soon not found. */
		assert_true(table.nr * 2 <= table.nr_slots);
	}
	for (uint32_t i = 0; i < nr; i++) {
		value = nr;
		assert_true(hwp_name_table_find(&table, names[i], &value));
		assert_int_equal(value, i);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		char absent[16];

		snprintf(absent, sizeof(absent), "other%u", i);
		value = 77;
		assert_false(hwp_name_table_find(&table, absent, &value));
		assert_int_equal(value, 77);
	}
	hwp_name_table_deinit(&table);
	assert_int_equal(table.nr, 0);
	assert_false(hwp_name_table_find(&table, "name0", &value));
}

/** The first of a name stays; the empty name is one too. */
static void twice(void **state)
{
	struct hwp_name_table table = {};
	uint32_t value = 0;

	(void)state;
	assert_true(hwp_name_table_put(&table, "a", 1));
	assert_true(hwp_name_table_put(&table, "a", 2));
	assert_true(hwp_name_table_put(&table, "", 3));
	assert_int_equal(table.nr, 2);
	assert_true(hwp_name_table_find(&table, "a", &value));
	assert_int_equal(value, 1);
	assert_true(hwp_name_table_find(&table, "", &value));
	assert_int_equal(value, 3);
	hwp_name_table_deinit(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(many), cmocka_unit_test(twice) };

	return cmocka_run_group_tests_name("nametable", tests, NULL, NULL);
}
