// SPDX-License-Identifier: GPL-2.0-or-later
/** What the pages of a freed folio are, and what that comes to. */
#include "machine.h"
#include <cmocka.h>

#include "facts/pages/observe.h"
#include "verdict/runs.h"

#define FOLIO UINT64_C(0x1800)

static void add_poisoned(struct hwp_findings *f, uint64_t pfn, enum hwp_state state)
{
	assert_true(hwp_vec_push(&f->poisoned,
				 ((struct hwp_poisoned){ .pfn = pfn, .zone = 0, .state = state })));
}

/** An order-9 folio that was freed: half of it is free, the rest was handed out again. */
static struct machine *freed_folio(void)
{
	static const uint64_t bad[] = { 0x1804, 0x1980, 0x1981, 0x19c0 };
	struct machine *m = machine_create(kernel_73);
	struct hwp_folio folio = { .head_pfn = FOLIO,
				   .order = 9,
				   .kind = HWP_EXTENT_FREED,
				   .nr_poisoned = HWP_ARRAY_SIZE(bad) };
	struct hwp_findings *f;

	machine_free(m, FOLIO, 8, 1);
	machine_clear(m, 0x19c0, 0);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(bad); i++)
		machine_poison(m, bad[i]);
	f = machine_walk(m);
	add_poisoned(f, 0x1804, HWP_STATE_BUDDY);
	add_poisoned(f, 0x1980, HWP_STATE_ISOLATED);
	add_poisoned(f, 0x1981, HWP_STATE_KERNEL);
	add_poisoned(f, 0x19c0, HWP_STATE_DROPPED);
	assert_true(hwp_vec_push(&f->folios, folio));
	assert_null(hwp_observe(m->reader, f));
	return m;
}

static void observed(void **state)
{
	static const struct hwp_observed_run want[] = {
		{ 0x1800, 4, HWP_OBSERVED_FREE, HWP_FREE_AREA, 8, -1, false },
		{ 0x1804, 1, HWP_OBSERVED_FREE, HWP_FREE_AREA, 8, -1, true },
		{ 0x1805, 251, HWP_OBSERVED_FREE, HWP_FREE_AREA, 8, -1, false },
		{ 0x1900, 128, HWP_OBSERVED_MAY_HOLD, HWP_NOT_FREE, -1, -1, false },
		{ 0x1980, 1, HWP_OBSERVED_MAY_HOLD, HWP_NOT_FREE, -1, -1, true },
		{ 0x1981, 1, HWP_OBSERVED_MAY_HOLD, HWP_NOT_FREE, -1, -1, true },
		{ 0x1982, 62, HWP_OBSERVED_MAY_HOLD, HWP_NOT_FREE, -1, -1, false },
		{ 0x19c0, 1, HWP_OBSERVED_LOOSE_POISONED, HWP_NOT_FREE, -1, -1, true },
		{ 0x19c1, 63, HWP_OBSERVED_MAY_HOLD, HWP_NOT_FREE, -1, -1, false },
	};
	struct machine *m = freed_folio();
	struct hwp_findings *f = m->findings;

	(void)state;
	assert_int_equal(f->observed.nr, HWP_ARRAY_SIZE(want));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(want); i++) {
		const struct hwp_observed_run *run = &f->observed.data[i];

		print_message("# run %zu\n", i);
		assert_int_equal(run->pfn, want[i].pfn);
		assert_int_equal(run->nr_pages, want[i].nr_pages);
		assert_int_equal(run->what, want[i].what);
		assert_int_equal(run->container, want[i].container);
		assert_int_equal(run->order, want[i].order);
		assert_int_equal(run->cpu, want[i].cpu);
		assert_int_equal(run->is_poisoned, want[i].is_poisoned);
	}
	machine_destroy(m);
}

static void check_states(const struct hwp_findings *f, const enum hwp_run_state *want, size_t nr)
{
	uint64_t pfn = FOLIO;

	assert_int_equal(f->folios.data[0].first_run, 0);
	assert_int_equal(f->folios.data[0].nr_runs, nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(f->runs.data[i].pfn, pfn);
		assert_int_equal(f->runs.data[i].state, want[i]);
		pfn += f->runs.data[i].nr_pages;
	}
	assert_int_equal(pfn, FOLIO + 512);
}

static void judged(void **state)
{
	static const enum hwp_run_state want[] = {
		HWP_RUN_BUDDY,	   HWP_RUN_BUDDY,     HWP_RUN_BUDDY,
		HWP_RUN_ALLOCATED, HWP_RUN_CONTAINED, HWP_RUN_ALLOCATED,
		HWP_RUN_ALLOCATED, HWP_RUN_LOST,      HWP_RUN_ALLOCATED,
	};
	struct machine *m = freed_folio();

	(void)state;
	assert_null(hwp_runs_judge(m->findings));
	check_states(m->findings, want, HWP_ARRAY_SIZE(want));
	machine_destroy(m);
}

/* Neither in use nor lost, though a list was cut: their words, or their section, show it. */
static void in_flight_and_offline(void **state)
{
	static const enum hwp_run_state want[] = {
		HWP_RUN_BUDDY,	   HWP_RUN_BUDDY,     HWP_RUN_BUDDY,
		HWP_RUN_OFFLINE,   HWP_RUN_CONTAINED, HWP_RUN_ALLOCATED,
		HWP_RUN_IN_FLIGHT, HWP_RUN_LOST,      HWP_RUN_ALLOCATED,
	};
	struct machine *m = freed_folio();
	struct hwp_observed_run *runs = m->findings->observed.data;

	(void)state;
	runs[3].what = HWP_OBSERVED_OFFLINE;
	runs[6].what = HWP_OBSERVED_IN_FLIGHT;
	assert_null(hwp_runs_judge(m->findings));
	check_states(m->findings, want, HWP_ARRAY_SIZE(want));
	machine_destroy(m);
}

/* Bad pages in a row that came to the same are one run; a cut list may hold what looks lost. */
static void merged(void **state)
{
	static const enum hwp_run_state want[] = {
		HWP_RUN_BUDDY,	   HWP_RUN_BUDDY,     HWP_RUN_BUDDY,	  HWP_RUN_ALLOCATED,
		HWP_RUN_ALLOCATED, HWP_RUN_ALLOCATED, HWP_RUN_UNREADABLE, HWP_RUN_ALLOCATED,
	};
	struct machine *m = freed_folio();

	(void)state;
	m->findings->poisoned.data[1].state = HWP_STATE_REUSED;
	m->findings->zones.data[0].lists_cut = true;
	assert_null(hwp_runs_judge(m->findings));
	check_states(m->findings, want, HWP_ARRAY_SIZE(want));
	assert_int_equal(m->findings->runs.data[4].nr_pages, 2);
	machine_destroy(m);
}

/* Nobody uses the page that was set apart; two pages of one user are one use, within a run. */
static void uses(void **state)
{
	static const struct {
		uint64_t pfn, nr_pages;
	} rows[] = { { 0x1980, 1 }, { 0x1981, 1 }, { 0x1982, 2 }, { 0x1984, 60 }, { 0x19c1, 63 } },
	  want[] = { { 0x1981, 1 }, { 0x1982, 62 }, { 0x19c1, 63 } };
	struct machine *m = freed_folio();
	struct hwp_findings *f = m->findings;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
		assert_true(hwp_vec_push(&f->uses, ((struct hwp_use){ .pfn = rows[i].pfn,
								      .nr_pages = rows[i].nr_pages,
								      .kind = HWP_USE_KERNEL })));
	assert_null(hwp_runs_judge(f));
	assert_int_equal(f->uses.nr, HWP_ARRAY_SIZE(want));
	for (size_t i = 0; i < HWP_ARRAY_SIZE(want); i++) {
		assert_int_equal(f->uses.data[i].pfn, want[i].pfn);
		assert_int_equal(f->uses.data[i].nr_pages, want[i].nr_pages);
	}
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observed),
		cmocka_unit_test(judged),
		cmocka_unit_test(in_flight_and_offline),
		cmocka_unit_test(merged),
		cmocka_unit_test(uses),
	};

	return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
