// SPDX-License-Identifier: GPL-2.0-or-later
/** The kernel's collector of corrected errors, as it is and as it cannot be. */
#include "synth.h"

#include <cmocka.h>

#include "facts/kernel/cec.h"
#include "layout/needs.h"

#define WORDS UINT64_C(0xffffffff84000000)
#define ARRAY_AT UINT64_C(0xff11000001000000)

struct world {
	struct synth synth;
	/** struct ce_array, and the page that it points to. */
	uint64_t words[5], elements[512];
	struct hwp_findings *findings;
};

static const struct synth_symbol symbols[] = { { "ce_arr", WORDS }, {} };
static const struct synth_member members[] = { MEMBER("ce_array", "array", 0, 8),
					       MEMBER("ce_array", "n", 8, 4),
					       MEMBER("ce_array", "pfns_poisoned", 16, 8),
					       MEMBER("ce_array", "ces_entered", 24, 8),
					       {} };

/** Two pages: of one the errors are older, by both bits of its decay. */
static struct world *world_create(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->synth.symbols = symbols;
	w->synth.members = members;
	w->words[0] = ARRAY_AT;
	w->words[1] = 2 | UINT64_C(9) << 32;
	w->words[2] = 1;
	w->words[3] = 1030;
	w->elements[0] = 0x4006c03;
	w->elements[1] = 0x10123003;
	synth_add(&w->synth, WORDS, w->words, sizeof(w->words));
	synth_add(&w->synth, ARRAY_AT, w->elements, sizeof(w->elements));
	w->findings = calloc(1, sizeof(*w->findings));
	assert_non_null(w->findings);
	return w;
}

static void world_destroy(struct world *w)
{
	hwp_findings_destroy(w->findings);
	free(w);
}

static const struct hwp_cec_facts *look(struct world *w)
{
	static const struct hwp_needs *const needs[] = { &hwp_cec_needs, NULL };
	struct hwp_layout l = { .page_shift = 12 };
	struct hwp_target *target = synth_open(&w->synth);

	assert_null(hwp_layout_resolve(&l, target, needs));
	w->findings->hardware.cec.pages.nr = 0;
	assert_null(hwp_cec_read(target, &l, w->findings));
	hwp_layout_deinit(&l);
	hwp_target_destroy(target);
	return &w->findings->hardware.cec;
}

static void counts(void **state)
{
	struct world *w = world_create();
	const struct hwp_cec_facts *cec = look(w);

	(void)state;
	assert_int_equal(cec->store.state, HWP_STORE_READ);
	assert_int_equal(cec->nr_errors, 1030);
	assert_int_equal(cec->nr_offlined, 1);
	assert_int_equal(cec->pages.nr, 2);
	assert_int_equal(cec->pages.data[0].pfn, 0x4006);
	assert_int_equal(cec->pages.data[0].nr_errors, 3);
	assert_int_equal(cec->pages.data[1].pfn, 0x10123);
	assert_int_equal(cec->pages.data[1].nr_errors, 3);
	/* As many as there may be. */
	w->elements[1] = 0x10123fff;
	assert_int_equal(look(w)->pages.data[1].nr_errors, 1023);
	world_destroy(w);
}

static void absent(void **state)
{
	struct world *w = world_create();

	(void)state;
	w->words[0] = 0;
	assert_int_equal(look(w)->store.state, HWP_STORE_ABSENT);
	w->synth.lost = "ce_arr";
	assert_int_equal(look(w)->store.state, HWP_STORE_ABSENT);
	world_destroy(w);
}

static void unread(struct world *w)
{
	const struct hwp_cec_facts *cec = look(w);

	assert_int_equal(cec->store.state, HWP_STORE_UNREAD);
	assert_true(cec->store.why[0]);
	assert_int_equal(cec->pages.nr, 0);
	assert_int_equal(cec->nr_errors, 0);
	world_destroy(w);
}

static void nonsense(void **state)
{
	struct world *w = world_create();

	(void)state;
	w->words[1] = 513;
	unread(w);
	w = world_create();
	w->words[0] = 0x1000;
	unread(w);
	w = world_create();
	w->elements[1] = w->elements[0];
	unread(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(absent),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests_name("cec", tests, NULL, NULL);
}
