// SPDX-License-Identifier: GPL-2.0-or-later
/** Which line of the log is a page's: the last that says what became of it. */
#include "findings_synth.h"

#include <cmocka.h>

#include "facts/pages/collect.h"

#define PFN UINT64_C(0x5c11)

static void add_event(struct hwp_findings *f, uint64_t pfn, enum hwp_event_kind kind,
		      const char *page_type)
{
	struct hwp_event e = { .pfn = pfn, .kind = kind, .pid = -1 };

	snprintf(e.page_type, sizeof(e.page_type), "%s", page_type ? page_type : "");
	assert_true(hwp_vec_push(&f->events, e));
}

/** mm/memory-failure.c says that a page was poisoned before by the type "already poisoned". */
static void joined(void **state)
{
	static const struct {
		struct {
			enum hwp_event_kind kind;
			const char *page_type;
		} events[4];
		size_t nr;
		int64_t event;
	} rows[] = {
		{ {}, 0, -1 },
		{ { { HWP_EVENT_INJECTED, NULL } }, 1, 0 },
		{ { { HWP_EVENT_ACTION, "dirty LRU page" } }, 1, 0 },
		{ { { HWP_EVENT_SOFT_OFFLINE, NULL } }, 1, 0 },
		{ { { HWP_EVENT_SIGBUS, NULL } }, 1, 0 },
		/* What was done says more than that it was injected, or whom a signal went to. */
		{ { { HWP_EVENT_INJECTED, NULL }, { HWP_EVENT_ACTION, "huge page" } }, 2, 1 },
		{ { { HWP_EVENT_INJECTED, NULL }, { HWP_EVENT_SIGBUS, NULL } }, 2, 1 },
		{ { { HWP_EVENT_SIGBUS, NULL }, { HWP_EVENT_ACTION, "huge page" } }, 2, 1 },
		{ { { HWP_EVENT_ACTION, "huge page" }, { HWP_EVENT_SIGBUS, NULL } }, 2, 0 },
		{ { { HWP_EVENT_SIGBUS, NULL }, { HWP_EVENT_SIGBUS, NULL } }, 2, 0 },
		/* The last action counts, but not a second report of the same page. */
		{ { { HWP_EVENT_ACTION, "huge page" }, { HWP_EVENT_ACTION, "free buddy page" } },
		  2,
		  1 },
		{ { { HWP_EVENT_ACTION, "huge page" }, { HWP_EVENT_ACTION, "already poisoned" } },
		  2,
		  0 },
		{ { { HWP_EVENT_ACTION, "already poisoned" } }, 1, 0 },
		{ { { HWP_EVENT_INJECTED, NULL }, { HWP_EVENT_ACTION, "already poisoned" } }, 2, 1 },
		{ { { HWP_EVENT_ACTION, "huge page" }, { HWP_EVENT_SOFT_OFFLINE, NULL } }, 2, 1 },
		/* Unpoisoned: what came before is another page's life. */
		{ { { HWP_EVENT_ACTION, "huge page" }, { HWP_EVENT_UNPOISON, NULL } }, 2, -1 },
		{ { { HWP_EVENT_ACTION, "huge page" },
		    { HWP_EVENT_UNPOISON, NULL },
		    { HWP_EVENT_SIGBUS, NULL } },
		  3,
		  2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hwp_findings *f = clean_findings();

		print_message("# row %zu\n", i);
		add_poisoned(f, isolated_page(PFN - 1));
		add_poisoned(f, isolated_page(PFN));
		add_poisoned(f, isolated_page(PFN + 2));
		for (size_t n = 0; n < rows[i].nr; n++)
			add_event(f, PFN, rows[i].events[n].kind, rows[i].events[n].page_type);
		/* A page that is not marked, between and beyond those that are. */
		add_event(f, PFN + 1, HWP_EVENT_ACTION, "huge page");
		add_event(f, PFN + 3, HWP_EVENT_ACTION, "huge page");
		hwp_collect_join_events(f);
		assert_int_equal(f->poisoned.nr, 3);
		assert_int_equal(f->poisoned.data[1].event, rows[i].event);
		assert_int_equal(f->poisoned.data[0].event, -1);
		assert_int_equal(f->poisoned.data[2].event, -1);
		hwp_findings_destroy(f);
	}
}

/** One machine check is remembered, whatever follows it. */
static void machine_check(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_poisoned(f, isolated_page(PFN));
	add_poisoned(f, isolated_page(PFN + 1));
	add_event(f, PFN, HWP_EVENT_MACHINE_CHECK, NULL);
	add_event(f, PFN, HWP_EVENT_ACTION, "huge page");
	add_event(f, PFN + 1, HWP_EVENT_ACTION, "huge page");
	hwp_collect_join_events(f);
	assert_true(f->poisoned.data[0].has_machine_check);
	assert_int_equal(f->poisoned.data[0].event, 1);
	assert_false(f->poisoned.data[1].has_machine_check);
	hwp_findings_destroy(f);
}

/** The mark on what is left of a copy of a head is the head's, unless the log names the page. */
static void stale_copies(void **state)
{
	struct hwp_findings *f = clean_findings();
	struct hwp_poisoned copy = isolated_page(PFN);

	(void)state;
	copy.folio.is_stale_copy = true;
	add_poisoned(f, copy);
	copy.pfn = PFN + 1;
	add_poisoned(f, copy);
	add_poisoned(f, isolated_page(PFN + 2));
	copy.pfn = PFN + 3;
	add_poisoned(f, copy);
	add_event(f, PFN + 1, HWP_EVENT_ACTION, "huge page");
	hwp_collect_join_events(f);
	assert_int_equal(f->poisoned.nr, 2);
	assert_int_equal(f->poisoned.data[0].pfn, PFN + 1);
	assert_int_equal(f->poisoned.data[1].pfn, PFN + 2);
	assert_int_equal(f->nr_aliased, 2);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joined),
		cmocka_unit_test(machine_check),
		cmocka_unit_test(stale_copies),
	};

	return cmocka_run_group_tests_name("join_events", tests, NULL, NULL);
}
