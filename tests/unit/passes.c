// SPDX-License-Identifier: GPL-2.0-or-later
/** What several looks at a running kernel make of one page and one check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/classify.h"
#include "verdict/passes.h"

/** One look: the page's state, and whether the lists contradicted themselves. */
static struct hwp_findings *look(struct hwp_passes *passes, enum hwp_state state, bool torn)
{
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_poisoned page = {
		.pfn = 0x100,
		.was_read = true,
		.zone = -1,
		.event = -1,
		.state = state,
	};

	f->live = true;
	f->kernel.has_memory_failure = true;
	f->kernel.fix = HWP_FIX_PRESENT;
	f->counters.has_num_poisoned_pages = true;
	f->counters.num_poisoned_pages = 1;
	assert_true(hwp_vec_push(&f->poisoned, page));
	if (torn)
		assert_true(hwp_findings_trouble(f, HWP_TROUBLE_CONTRADICTION, "torn"));
	hwp_summarise(f);
	assert_null(hwp_check_run(f));
	assert_null(hwp_passes_add(passes, 2, f));
	return f;
}

static void test_leak_is_confirmed(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f = look(&passes, HWP_STATE_BUDDY, false);

	(void)state;
	assert_int_equal(f->poisoned.data[0].state, HWP_STATE_UNKNOWN);
	assert_int_equal(f->verdict, HWP_VERDICT_INCOMPLETE);
	assert_true(hwp_passes_unsettled(f));
	hwp_findings_destroy(f);
	/* From one list to the other, and thrown away: leaked all the same. */
	f = look(&passes, HWP_STATE_DROPPED, false);
	assert_int_equal(f->poisoned.data[0].state, HWP_STATE_DROPPED);
	assert_int_equal(f->verdict, HWP_VERDICT_LEAKED);
	assert_false(hwp_passes_unsettled(f));
	hwp_findings_destroy(f);
}

/* memory_failure() marks a page before it takes it off the list. */
static void test_passing_moment(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f;

	(void)state;
	hwp_findings_destroy(look(&passes, HWP_STATE_BUDDY, false));
	f = look(&passes, HWP_STATE_TAKEN_OFF, false);
	assert_int_equal(f->poisoned.data[0].nr_passes, 1);
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	hwp_findings_destroy(f);
}

static void test_torn_list(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f;

	(void)state;
	hwp_findings_destroy(look(&passes, HWP_STATE_TAKEN_OFF, false));
	f = look(&passes, HWP_STATE_TAKEN_OFF, true);
	assert_int_equal(f->verdict, HWP_VERDICT_CLEAN);
	assert_int_equal(f->nr_transient, 1);
	assert_int_equal(f->troubles.nr, 0);
	hwp_findings_destroy(f);
}

static void test_corrupt_list(void **state)
{
	_cleanup_(hwp_passes_deinit) struct hwp_passes passes = {};
	struct hwp_findings *f;

	(void)state;
	hwp_findings_destroy(look(&passes, HWP_STATE_TAKEN_OFF, true));
	f = look(&passes, HWP_STATE_TAKEN_OFF, true);
	assert_int_equal(f->verdict, HWP_VERDICT_INCONSISTENT);
	assert_int_equal(f->troubles.nr, 1);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leak_is_confirmed),
		cmocka_unit_test(test_passing_moment),
		cmocka_unit_test(test_torn_list),
		cmocka_unit_test(test_corrupt_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
