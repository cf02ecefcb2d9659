// SPDX-License-Identifier: GPL-2.0-or-later
/** HugeTLB folios that the allocator refused because their tails had references. */
#include "machine.h"

#include <cmocka.h>

#include "facts/pages/extent.h"
#include "facts/pages/observe.h"
#include "facts/pages/refused.h"

#define BASE UINT64_C(0x1600)
#define ORDER 9
/** So many struct pages a folio with an optimised vmemmap has of its own. */
#define NR_OWN 64
#define AT_REFCOUNT 52
#define AT_WORD_1 8

/** A folio as it is left, with the log's line about one of its tails. */
static struct machine *refused_folio(void)
{
	struct machine *m = machine_create(kernel_73);
	uint64_t flags;

	machine_clear(m, BASE, ORDER);
	for (uint64_t pfn = BASE + NR_OWN; pfn < BASE + (1 << ORDER); pfn++)
		synth_put(machine_page(m, pfn), AT_REFCOUNT, 1, 4);
	memcpy(&flags, machine_page(m, BASE), sizeof(flags));
	synth_put(machine_page(m, BASE), 0, flags | UINT64_C(1) << m->layout.flag.head, 8);
	return m;
}

static struct hwp_poisoned look(struct machine *m, uint64_t pfn, uint64_t bad_state_pfn)
{
	_cleanup_(hwp_refused_deinit) struct hwp_refused refused = {};
	struct hwp_poisoned p = { .pfn = pfn };
	struct hwp_findings *f;

	machine_poison(m, pfn);
	f = machine_walk(m);
	f->zones.data[0].start_pfn = MACHINE_START;
	f->zones.data[0].end_pfn = MACHINE_START + MACHINE_PAGES;
	f->hugetlb = (struct hwp_extent_orders){ .nr = 1, .orders = { ORDER } };
	assert_true(hwp_vec_push(&f->poisoned, p));
	assert_true(hwp_vec_push(&f->bad_state_pfns, bad_state_pfn));
	assert_null(hwp_refused_find(m->reader, f, &refused, &p));
	return p;
}

static void refused(void **state)
{
	const uint64_t pfns[] = { BASE, BASE + 7, BASE + 100, BASE + 511 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(pfns); i++) {
		struct machine *m = refused_folio();
		struct hwp_poisoned p = look(m, pfns[i], BASE + NR_OWN);

		assert_true(p.is_stranded);
		assert_true(p.stranded_is_refused);
		assert_int_equal(p.stranded_pfn, BASE);
		assert_int_equal(p.stranded_order, ORDER);
		assert_int_equal(p.nr_stranded_healthy, 511);
		machine_destroy(m);
	}
}

/* One word is different, and then the pages may be somebody's. */
static void not_refused(void **state)
{
	const struct {
		uint64_t pfn;
		size_t offset, size;
		uint64_t value;
	} rows[] = {
		/* The first page has no PG_head. */
		{ BASE, 0, 8, MACHINE_FLAGS },
		/* A page that was taken off a list. */
		{ BASE + 300, AT_WORD_1, 8, UINT64_C(0xdead000000000100) },
		/* A page with its owner's word; of an anonymous mapping; of a slab. */
		{ BASE + 300, 40, 8, 0x1234 },
		{ BASE + 300, 24, 8, UINT64_C(0xff11000101110ea1) },
		{ BASE + 300, 48, 4, 0xf5000000 },
		/* The page of the log's line has no reference. */
		{ BASE + NR_OWN, AT_REFCOUNT, 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct machine *m = refused_folio();
		struct hwp_poisoned p;

		synth_put(machine_page(m, rows[i].pfn), rows[i].offset, rows[i].value,
			  rows[i].size);
		p = look(m, BASE + 7, BASE + NR_OWN);
		assert_false(p.is_stranded);
		assert_false(p.stranded_is_refused);
		machine_destroy(m);
	}
}

/* No line is of the folio, or of a page that is in order. */
static void not_in_log(void **state)
{
	const uint64_t lines[] = { BASE - 1, BASE + (1 << ORDER), BASE + 1 };

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(lines); i++) {
		struct machine *m = refused_folio();
		struct hwp_poisoned p = look(m, BASE + 7, lines[i]);

		assert_false(p.is_stranded);
		machine_destroy(m);
	}
}

/* Part of it is free: it was freed. */
static void partly_free(void **state)
{
	struct machine *m = refused_folio();
	struct hwp_poisoned p;

	(void)state;
	machine_free(m, BASE + 256, 8, 1);
	p = look(m, BASE + 7, BASE + NR_OWN);
	assert_false(p.is_stranded);
	machine_destroy(m);
}

/* What the log let suppose gives way to the whole folio, and all of its healthy pages are lost. */
static void counted(void **state)
{
	struct machine *m = refused_folio();
	struct hwp_poisoned p = look(m, BASE + 7, BASE + NR_OWN);
	struct hwp_findings *f = m->findings;
	const struct hwp_folio guess = { .head_pfn = BASE,
					 .order = 8,
					 .max_order = ORDER,
					 .kind = HWP_EXTENT_FREED,
					 .source = HWP_SOURCE_EVENT,
					 .order_is_guess = true };
	uint64_t nr = 0;

	(void)state;
	f->kernel.check_pages = HWP_ON;
	f->poisoned.data[0] = p;
	assert_true(hwp_vec_push(&f->folios, guess));
	assert_null(hwp_extents_add_stranded(f));
	assert_int_equal(f->folios.nr, 1);
	assert_int_equal(f->folios.data[0].head_pfn, BASE);
	assert_int_equal(f->folios.data[0].order, ORDER);
	assert_int_equal(f->folios.data[0].source, HWP_SOURCE_STRANDED);
	assert_null(hwp_observe(m->reader, f));
	for (size_t i = 0; i < f->observed.nr; i++) {
		const struct hwp_observed_run *run = &f->observed.data[i];

		assert_true(run->is_poisoned || run->what == HWP_OBSERVED_LOOSE_HEALTHY);
		nr += run->is_poisoned ? 0 : run->nr_pages;
	}
	assert_int_equal(nr, 511);
	assert_true(hwp_findings_was_refused(f, BASE + 300));
	assert_false(hwp_findings_was_refused(f, BASE + (1 << ORDER)));
	machine_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),    cmocka_unit_test(not_refused),
		cmocka_unit_test(not_in_log), cmocka_unit_test(partly_free),
		cmocka_unit_test(counted),
	};

	return cmocka_run_group_tests_name("refused", tests, NULL, NULL);
}
