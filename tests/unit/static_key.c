// SPDX-License-Identifier: GPL-2.0-or-later
/** struct static_key: on, off, being switched, not built, not readable. */
#include "kernels.h"

#include <cmocka.h>

#include "facts/kernel/static_key.h"

#define KEY UINT64_C(0xffffffff84000000)
/* It is the first member in every kernel; the type tables decide, not the habit. */
#define AT_ENABLED 4

struct world {
	struct synth synth;
	struct hwp_layout layout;
	uint32_t words[4];
};

static void setup(struct world *w, uint32_t enabled, bool has_type)
{
	static const struct hwp_needs *const needs[] = { &hwp_static_key_needs, NULL };
	static const struct synth_member members[] = {
		MEMBER("static_key", "enabled", AT_ENABLED, 4), {}
	};

	memset(w, 0, sizeof(*w));
	w->synth.members = has_type ? members : NULL;
	synth_resolve(&w->synth, &w->layout, needs);
	/* The words beside it say the opposite. */
	w->words[0] = w->words[2] = !enabled;
	w->words[AT_ENABLED / 4] = enabled;
	synth_add(&w->synth, KEY, w->words, sizeof(w->words));
}

static enum hwp_switch read_key(struct world *w, uint64_t address)
{
	struct hwp_target *target = synth_open(&w->synth);
	enum hwp_switch ret = hwp_static_key_read(target, &w->layout, address);

	hwp_target_destroy(target);
	hwp_layout_deinit(&w->layout);
	return ret;
}

static void values(void **state)
{
	static const struct {
		uint32_t enabled;
		enum hwp_switch expected;
	} rows[] = {
		{ 0, HWP_OFF },
		{ 1, HWP_ON },
		/* static_key_slow_inc() counts users. */
		{ 2, HWP_ON },
		/* -1: static_key_slow_inc_cpuslocked() patches the code at this moment. */
		{ UINT32_MAX, HWP_ON },
	};
	struct world w;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		print_message("# enabled %#x\n", rows[i].enabled);
		setup(&w, rows[i].enabled, true);
		assert_int_equal(read_key(&w, KEY), rows[i].expected);
	}
}

/* A kernel without the symbol was not built with what the key switches. */
static void not_built(void **state)
{
	struct world w;

	(void)state;
	setup(&w, 1, true);
	/* Page 0 is readable: the address decides, not the read. */
	synth_add(&w.synth, 0, w.words, sizeof(w.words));
	assert_int_equal(read_key(&w, 0), HWP_NOT_BUILT);
	/* Whether its type is known makes no difference. */
	setup(&w, 1, false);
	assert_int_equal(read_key(&w, 0), HWP_NOT_BUILT);
}

static void unknown(void **state)
{
	struct world w;

	(void)state;
	setup(&w, 1, false);
	assert_int_equal(read_key(&w, KEY), HWP_SWITCH_UNKNOWN);
	setup(&w, 1, true);
	w.synth.segments[0].excluded = true;
	assert_int_equal(read_key(&w, KEY), HWP_SWITCH_UNKNOWN);
	setup(&w, 1, true);
	assert_int_equal(read_key(&w, KEY + sizeof(w.words)), HWP_SWITCH_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(not_built),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests_name("static_key", tests, NULL, NULL);
}
