// SPDX-License-Identifier: GPL-2.0-or-later
/** The words of the contract: each has a meaning, and none stands for two values. */
#include "model/words.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ADDRESS(list, ROWS) &list,

static const struct hwp_words *const all[] = { HWP_WORD_LISTS(ADDRESS) };

/** Two without a name would be one in JSON. */
static void one_name_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t j = 0; j < all[i]->nr; j++) {
			const char *name = all[i]->words[j].name;

			for (size_t k = 0; k < j; k++) {
				const char *other = all[i]->words[k].name;

				assert_true(name ? !other || strcmp(name, other) : other != NULL);
			}
		}
}

/** They stand in labels of metrics, in JSON and in a man page as they are. */
static void plain_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (size_t j = 0; j < all[i]->nr; j++) {
			const struct hwp_word *word = &all[i]->words[j];

			for (const char *c = word->name ? word->name : ""; *c; c++)
				assert_true(islower(*c) || strchr("-_ ", *c));
			assert_non_null(word->meaning);
			assert_true(strlen(word->meaning) > 3);
			assert_int_not_equal(word->meaning[strlen(word->meaning) - 1], '.');
		}
}

/** The class that decides the verdict, and the exit status that scripts rely on. */
static void second_columns(void **state)
{
	static const struct {
		enum hwp_state state;
		enum hwp_class class;
	} classes[] = {
		{ HWP_STATE_BUDDY, HWP_CLASS_LEAKED },
		{ HWP_STATE_PCP, HWP_CLASS_LEAKED },
		{ HWP_STATE_REUSED, HWP_CLASS_LEAKED },
		{ HWP_STATE_DROPPED, HWP_CLASS_LOST },
		{ HWP_STATE_HUGETLB, HWP_CLASS_PENDING },
		{ HWP_STATE_IN_USE, HWP_CLASS_PENDING },
		{ HWP_STATE_ISOLATED, HWP_CLASS_CONTAINED },
		{ HWP_STATE_SLAB, HWP_CLASS_KERNEL },
		{ HWP_STATE_DEVICE, HWP_CLASS_OTHER },
		{ HWP_STATE_UNKNOWN, HWP_CLASS_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		assert_int_equal(hwp_state_class(classes[i].state), classes[i].class);
	/* The last step of a page's history says where it is, and in words. */
	for (enum hwp_state i = 0; i < HWP_NR_STATES; i++) {
		bool is_free = i == HWP_STATE_BUDDY || i == HWP_STATE_PCP;

		assert_int_equal(hwp_state_step(i) == HWP_STEP_FREE, is_free);
		assert_int_equal(hwp_state_step(i) == HWP_STEP_CONTAINED,
				 hwp_state_class(i) == HWP_CLASS_CONTAINED);
		assert_int_equal(hwp_state_step(i) == HWP_STEP_UNKNOWN, i == HWP_STATE_UNKNOWN);
		assert_int_not_equal(hwp_state_step(i), HWP_STEP_ERROR);
		assert_true(strlen(hwp_state_now(i)) > 3);
	}
	assert_int_equal(hwp_verdict_exit_status(HWP_VERDICT_LEAKED), 1);
	assert_int_equal(hwp_verdict_exit_status(HWP_VERDICT_INCONSISTENT), 1);
	assert_int_equal(hwp_verdict_exit_status(HWP_VERDICT_INCOMPLETE), 2);
	assert_int_equal(hwp_verdict_exit_status(HWP_VERDICT_AT_RISK), 0);
	assert_int_equal(hwp_verdict_exit_status(HWP_VERDICT_CLEAN), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_name_each),
		cmocka_unit_test(plain_words),
		cmocka_unit_test(second_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
