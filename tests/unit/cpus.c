// SPDX-License-Identifier: GPL-2.0-or-later
/** Which CPUs have lists: nr_cpu_ids, the masks and __per_cpu_offset against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bits.h"
#include "facts/lists/cpus.h"
#include "layout/layout.h"
#include "model/findings.h"
#include "synth.h"

#define NR_IDS UINT64_C(0xffffffff82000000)
#define POSSIBLE (NR_IDS + 0x1000)
#define ONLINE (NR_IDS + 0x2000)
#define OFFSETS UINT64_C(0xffffffff82010000)
#define NOWHERE UINT64_C(0xffffffff83000000)
#define MAX_CPUS 8192
#define NONE UINT32_MAX

/** Where each symbol is, 0: the kernel has none; what is there; and what follows. */
struct row {
	const char *name;
	uint64_t nr_ids_at, possible_at, online_at, offsets_at;
	uint32_t nr_ids;
	/** sizeof(struct cpumask); 0: the types lack it. */
	uint32_t mask_size;
	/** The CPUs of each mask, up to 4; and two that share an area. */
	uint32_t possible[4], online[4], same[2];
	uint32_t want[4];
	/** What the holes say; NULL: none. */
	const char *holes[2];
};

#define ALL NR_IDS, POSSIBLE, ONLINE, OFFSETS

static const struct row rows[] = {
	{ "as it should be",
	  ALL,
	  66,
	  16,
	  { 0, 1, 65, NONE },
	  { 0, 65, NONE },
	  { NONE },
	  { 0, 1, 65, NONE },
	  {} },
	{ "CONFIG_SMP=n", 0, 0, 0, 0, 0, 8, { NONE }, { NONE }, { NONE }, { 0, NONE }, {} },
	{ "FORCE_NR_CPUS",
	  0,
	  POSSIBLE,
	  ONLINE,
	  OFFSETS,
	  0,
	  16,
	  { 0, 65, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 65, NONE },
	  {} },
	{ "FORCE_NR_CPUS, and no size",
	  0,
	  POSSIBLE,
	  ONLINE,
	  OFFSETS,
	  0,
	  0,
	  { 0, 65, NONE },
	  { 0, NONE },
	  { NONE },
	  { NONE },
	  { "the number of CPUs is not known" } },
	{ "a size that cannot be",
	  ALL,
	  66,
	  1025,
	  { 0, 65, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 65, NONE },
	  {} },
	{ "no mask", NR_IDS, 0, 0, OFFSETS, 3, 8, { NONE }, { NONE }, { 0, 2 }, { 0, 1, NONE }, {} },
	{ "no CPUs",
	  ALL,
	  0,
	  8,
	  { 0, 3, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 3, NONE },
	  { "nr_cpu_ids: it is 0" } },
	{ "more CPUs than there can be",
	  ALL,
	  MAX_CPUS + 1,
	  8,
	  { 0, 3, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 3, NONE },
	  { "nr_cpu_ids: it is 8193" } },
	{ "the most CPUs",
	  ALL,
	  MAX_CPUS,
	  1024,
	  { 0, 3, MAX_CPUS - 1, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 3, MAX_CPUS - 1, NONE },
	  {} },
	{ "fewer in the mask",
	  ALL,
	  5,
	  8,
	  { 0, 3, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 3, NONE },
	  { "cpu_possible_mask: it gives 4 CPUs, nr_cpu_ids 5" } },
	{ "an empty mask",
	  ALL,
	  2,
	  8,
	  { NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 1, NONE },
	  { "cpu_possible_mask: it gives 0 CPUs, nr_cpu_ids 2" } },
	{ "online and impossible",
	  ALL,
	  4,
	  8,
	  { 0, 3, NONE },
	  { 0, 2, NONE },
	  { NONE },
	  { 0, 2, 3, NONE },
	  { "CPU 2 is online, but not in cpu_possible_mask" } },
	{ "two in one area",
	  ALL,
	  4,
	  8,
	  { 0, 1, 3, NONE },
	  { 0, NONE },
	  { 1, 3 },
	  { 0, 1, NONE },
	  { "CPUs 1 and 3 have the same __per_cpu_offset" } },
	{ "an unreadable number",
	  NOWHERE,
	  POSSIBLE,
	  ONLINE,
	  OFFSETS,
	  0,
	  8,
	  { 0, 1, NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 1, NONE },
	  { "per-CPU lists: nr_cpu_ids" } },
	{ "an unreadable mask",
	  NR_IDS,
	  NOWHERE,
	  ONLINE,
	  OFFSETS,
	  2,
	  8,
	  { NONE },
	  { 0, NONE },
	  { NONE },
	  { 0, 1, NONE },
	  { "per-CPU lists: cpu_possible_mask" } },
	{ "an unreadable mask of those online",
	  NR_IDS,
	  POSSIBLE,
	  NOWHERE,
	  OFFSETS,
	  2,
	  8,
	  { 0, 1, NONE },
	  { NONE },
	  { NONE },
	  { 0, 1, NONE },
	  {} },
	{ "no mask of those online",
	  NR_IDS,
	  POSSIBLE,
	  0,
	  OFFSETS,
	  2,
	  8,
	  { 0, 1, NONE },
	  { NONE },
	  { NONE },
	  { 0, 1, NONE },
	  {} },
	{ "unreadable offsets",
	  NR_IDS,
	  POSSIBLE,
	  ONLINE,
	  NOWHERE,
	  2,
	  8,
	  { 0, 1, NONE },
	  { 0, NONE },
	  { NONE },
	  { NONE },
	  { "per-CPU lists: __per_cpu_offset" } },
};

static char number[8], masks[0x800];
static uint64_t offsets[MAX_CPUS];

static uint64_t offset_of(uint32_t cpu)
{
	return 0x1000 + cpu * UINT64_C(0x40000);
}

static void fill_mask(char *mask, const uint32_t *cpus)
{
	for (; *cpus != NONE; cpus++)
		mask[*cpus / 8] |= (char)(1u << *cpus % 8);
}

/** What the symbols of the row point to. */
static void set_up_row(const struct row *row, struct synth *s)
{
	memset(masks, 0, sizeof(masks));
	memcpy(number, &row->nr_ids, sizeof(row->nr_ids));
	fill_mask(masks, row->possible);
	fill_mask(masks + 0x400, row->online);
	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++)
		offsets[cpu] = offset_of(cpu);
	if (row->same[0] != NONE)
		offsets[row->same[1]] = offsets[row->same[0]];
	synth_add(s, NR_IDS, number, sizeof(number));
	synth_add(s, POSSIBLE, masks, 0x400);
	synth_add(s, ONLINE, masks + 0x400, 0x400);
	synth_add(s, OFFSETS, (char *)offsets, sizeof(offsets));
}

static void find(const struct row *row)
{
	static const struct hwp_needs *const needs[] = { &hwp_cpus_needs, NULL };
	const struct synth_symbol symbols[] = { { "nr_cpu_ids", row->nr_ids_at },
						{ "__cpu_possible_mask", row->possible_at },
						{ "__cpu_online_mask", row->online_at },
						{ "__per_cpu_offset", row->offsets_at },
						{} };
	const struct synth_member members[] = { SIZE("cpumask", row->mask_size), {} };
	const struct synth_member none[] = { {} };
	struct synth_symbol there[5] = { { 0 } };
	struct synth s = { .symbols = there, .members = row->mask_size ? members : none };
	struct hwp_findings *f = calloc(1, sizeof(*f));
	struct hwp_layout layout = {};
	struct hwp_target *target;
	struct hwp_cpus found = {};
	size_t nr = 0;

	print_message("# %s\n", row->name);
	for (size_t i = 0; i < 4; i++)
		if (symbols[i].address)
			there[nr++] = symbols[i];
	set_up_row(row, &s);
	synth_resolve(&s, &layout, needs);
	target = synth_open(&s);
	assert_null(hwp_cpus_find(target, &layout, f, &found));
	for (nr = 0; nr < 4 && row->want[nr] != NONE; nr++) {
		assert_true(nr < found.cpus.nr);
		assert_int_equal(found.cpus.data[nr].number, row->want[nr]);
		assert_int_equal(found.cpus.data[nr].offset,
				 row->offsets_at ? offset_of(row->want[nr]) : 0);
	}
	assert_int_equal(found.cpus.nr, nr);
	for (nr = 0; nr < 2 && row->holes[nr]; nr++) {
		assert_true(nr < f->troubles.nr);
		print_message("# %s\n", f->troubles.data[nr].text);
		assert_non_null(strstr(f->troubles.data[nr].text, row->holes[nr]));
		assert_int_equal(f->troubles.data[nr].hole, HWP_HOLE_PCP_LIST);
	}
	assert_int_equal(f->troubles.nr, nr);
	hwp_cpus_deinit(&found);
	hwp_target_destroy(target);
	hwp_layout_deinit(&layout);
	hwp_findings_destroy(f);
}

static void all_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
		find(&rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_rows),
	};

	return cmocka_run_group_tests_name("cpus", tests, NULL, NULL);
}
