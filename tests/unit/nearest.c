// SPDX-License-Identifier: GPL-2.0-or-later
/** Words that are nearly others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *nearest(const char *word)
{
	static const char *const words[] = { "check", "list", "lists-match-pageblocks", "pcp" };
	struct hwp_nearest n = hwp_nearest_to(word);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		hwp_nearest_try(&n, words[i]);
	return n.found ? n.found : "";
}

static void near(void **state)
{
	(void)state;
	assert_string_equal(nearest("chek"), "check");
	assert_string_equal(nearest("hceck"), "check");
	assert_string_equal(nearest("CHECKS"), "check");
	assert_string_equal(nearest("lst"), "list");
	assert_string_equal(nearest("list-match-pageblock"), "lists-match-pageblocks");
	assert_string_equal(nearest("ppc"), "pcp");
	assert_string_equal(nearest("xxx"), "");
	assert_string_equal(nearest(""), "");
	assert_string_equal(nearest("chchckc"), "");
	assert_string_equal(nearest("check which is much too long for a word of the tables"), "");
}

static void same(void **state)
{
	(void)state;
	assert_true(hwp_is_same_word("Leaked Before", "leaked-before"));
	assert_false(hwp_is_same_word("leaked", "leaked-before"));
	assert_false(hwp_is_same_word("leaked-before", "leaked"));
	assert_true(hwp_is_same_word("", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near),
		cmocka_unit_test(same),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
