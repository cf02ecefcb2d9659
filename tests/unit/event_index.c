// SPDX-License-Identifier: GPL-2.0-or-later
/** The lines of the log by the pfns that they name. */
#include "findings_synth.h"
#include <cmocka.h>

#include "verdict/event_index.h"

static void add_event(struct hwp_findings *f, uint64_t pfn, enum hwp_event_kind kind)
{
	struct hwp_event e = { .seq = f->events.nr, .pfn = pfn, .kind = kind };

	assert_true(hwp_vec_push(&f->events, e));
}

static void expect_lines(const struct hwp_event_index *index, uint64_t pfn, uint64_t end_pfn,
			 const char *seqs)
{
	struct hwp_event_lines lines = hwp_event_lines(index, pfn, end_pfn);
	const struct hwp_event *e;
	char got[32] = "";

	while ((e = hwp_event_next(&lines)))
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%d ", (int)e->seq);
	assert_string_equal(got, seqs);
	assert_null(hwp_event_next(&lines));
}

static void ranges(void **state)
{
	_cleanup_(hwp_event_index_deinit) struct hwp_event_index index = {};
	struct hwp_findings *f = clean_findings();

	(void)state;
	assert_null(hwp_event_index_init(&index, f));
	expect_lines(&index, 0, UINT64_MAX, "");
	add_event(f, 0x300, HWP_EVENT_SIGBUS);
	add_event(f, 0x100, HWP_EVENT_ALREADY_POISONED);
	add_event(f, 0x200, HWP_EVENT_ACTION);
	add_event(f, 0x100, HWP_EVENT_ACTION);
	add_event(f, 0x100, HWP_EVENT_ACTION);
	assert_null(hwp_event_index_init(&index, f));
	expect_lines(&index, 0, UINT64_MAX, "1 3 4 2 0 ");
	expect_lines(&index, 0x100, 0x101, "1 3 4 ");
	expect_lines(&index, 0x101, 0x200, "");
	expect_lines(&index, 0x101, 0x300, "2 ");
	expect_lines(&index, 0x301, UINT64_MAX, "");
	assert_int_equal(hwp_first_action(&index, 0x100)->seq, 3);
	assert_null(hwp_first_action(&index, 0x300));
	assert_null(hwp_first_action(&index, 0x101));
	assert_true(hwp_has_event(&index, 0x300, HWP_EVENT_SIGBUS));
	assert_false(hwp_has_event(&index, 0x200, HWP_EVENT_SIGBUS));
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests_name("event_index", tests, NULL, NULL);
}
