// SPDX-License-Identifier: GPL-2.0-or-later
/** Pages whose error is in the log, and which are not marked. */
#include "machine.h"

#include <cmocka.h>
#include <time.h>

#include "facts/pages/unmarked.h"

static void add_event(struct hwp_findings *f, enum hwp_event_kind kind, uint64_t pfn,
		      const char *result)
{
	struct hwp_event e = { .kind = kind, .pfn = pfn, .pid = -1, .rasdaemon = -1 };

	snprintf(e.result, sizeof(e.result), "%s", result);
	assert_true(hwp_vec_push(&f->events, e));
}

static void each_once(void **state)
{
	struct machine *m = machine_create(kernel_73);
	struct hwp_collector c = { .layout = &m->layout, .zones = &m->zones };
	struct hwp_poisoned marked = { .pfn = 0x1500 };
	struct hwp_findings *f;

	(void)state;
	machine_poison(m, 0x1500);
	machine_free(m, 0x1400, 3, 1);
	f = machine_walk(m);
	c.target = m->target;
	c.reader = m->reader;
	c.findings = f;
	assert_true(hwp_vec_push(&f->poisoned, marked));
	/* The last first; one of them twice. */
	add_event(f, HWP_EVENT_ACTION, 0x1600, "Recovered");
	add_event(f, HWP_EVENT_ACTION, 0x1403, "Failed");
	add_event(f, HWP_EVENT_ACTION, 0x1403, "Failed");
	/* Marked, ignored, no recovery action, of no memory, unpoisoned. */
	add_event(f, HWP_EVENT_ACTION, 0x1500, "Failed");
	add_event(f, HWP_EVENT_ACTION, 0x1601, "Ignored");
	add_event(f, HWP_EVENT_INJECTED, 0x1602, "");
	add_event(f, HWP_EVENT_ACTION, 0x99999, "Failed");
	add_event(f, HWP_EVENT_ACTION, 0x1603, "Recovered");
	add_event(f, HWP_EVENT_UNPOISON, 0x1603, "");
	/* Unpoisoned, and then hit again. */
	add_event(f, HWP_EVENT_UNPOISON, 0x1604, "");
	add_event(f, HWP_EVENT_ACTION, 0x1604, "Delayed");
	assert_null(hwp_unmarked_find(&c));
	assert_int_equal(f->unmarked.nr, 3);
	assert_int_equal(f->unmarked.data[0].pfn, 0x1403);
	assert_int_equal(f->unmarked.data[0].event, 1);
	assert_int_equal(f->unmarked.data[0].by_page.head_pfn, 0x1400);
	assert_int_equal(f->unmarked.data[1].pfn, 0x1600);
	assert_int_equal(f->unmarked.data[1].event, 0);
	assert_int_equal(f->unmarked.data[1].page.refcount, 1);
	assert_int_equal(f->unmarked.data[2].pfn, 0x1604);
	machine_destroy(m);
}

/** A log of errors that were all unpoisoned: no line is compared with every other. */
static void many_events(void **state)
{
	const uint64_t nr = 100000;
	struct machine *m = machine_create(kernel_73);
	struct hwp_collector c = { .layout = &m->layout, .zones = &m->zones };
	struct hwp_findings *f = machine_walk(m);
	clock_t began;

	(void)state;
	c.target = m->target;
	c.reader = m->reader;
	c.findings = f;
	for (uint64_t i = 0; i < nr; i++)
		add_event(f, HWP_EVENT_ACTION, 0x1600 + i, "Recovered");
	for (uint64_t i = 1; i < nr; i++)
		add_event(f, HWP_EVENT_UNPOISON, 0x1600 + i, "");
	began = clock();
	assert_null(hwp_unmarked_find(&c));
	assert_true(clock() - began < 2 * CLOCKS_PER_SEC);
	assert_int_equal(f->unmarked.nr, 1);
	assert_int_equal(f->unmarked.data[0].pfn, 0x1600);
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_once),
		cmocka_unit_test(many_events),
	};

	return cmocka_run_group_tests_name("unmarked", tests, NULL, NULL);
}
