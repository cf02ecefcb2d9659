// SPDX-License-Identifier: GPL-2.0-or-later
/** Host, clock and panic of a kernel, in each way that kernels keep them. */
#include "kernels.h"

#include <cmocka.h>

#include "facts/kernel/machine.h"

#define UTS UINT64_C(0xffffffff82e00000)
#define CLOCK UINT64_C(0xffffffff83e00000)
#define WORDS UINT64_C(0xffffffff84000000)
#define NAME_AT 4

struct world {
	struct synth synth;
	char uts[NAME_AT + 6 * 65];
	char clock[128];
	char words[64];
};

static const struct synth_symbol symbols[] = {
	{ "init_uts_ns", UTS },		 { "tk_core", CLOCK },
	{ "boot_cpu_data", WORDS },	 { "panic_cpu", WORDS + 16 },
	{ "tainted_mask", WORDS + 24 },	 { "__num_online_cpus", WORDS + 32 },
	{ "sysctl_bootid", WORDS + 40 }, {},
};

#define COMMON                                                                                    \
	MEMBER("uts_namespace", "name", NAME_AT, 390), MEMBER("new_utsname", "nodename", 65, 65), \
		MEMBER("new_utsname", "version", 195, 65),                                        \
		MEMBER("new_utsname", "machine", 260, 65),                                        \
		MEMBER("timekeeper", "xtime_sec", 16, 8),                                         \
		MEMBER("timekeeper", "offs_real", 24, 8),                                         \
		MEMBER("timekeeper", "offs_boot", 32, 8),                                         \
		MEMBER("cpuinfo_x86", "x86_phys_bits", 9, 1)

static const struct synth_member named_clock[] = { COMMON,
						   MEMBER("tk_data", "timekeeper", 8, 64),
						   {} };
/* Debugging of locks makes it larger. */
static const struct synth_member unnamed_clock[] = { COMMON,
						     SIZE("seqcount_raw_spinlock", 20),
						     {} };
static const struct synth_member no_clock[] = { COMMON, {} };

static void put(char *to, uint64_t value, size_t size)
{
	memcpy(to, &value, size);
}

static struct world *new_world(size_t clock_at)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	strcpy(w->uts + NAME_AT + 65, "db7.example");
	strcpy(w->uts + NAME_AT + 195, "#1 SMP Debian");
	strcpy(w->uts + NAME_AT + 260, "x86_64");
	put(w->clock + clock_at + 16, 1700000100, 8);
	put(w->clock + clock_at + 24, UINT64_C(1700000000000000000), 8);
	put(w->clock + clock_at + 32, UINT64_C(50000000000), 8);
	w->words[9] = 46;
	put(w->words + 16, UINT32_MAX, 4);
	put(w->words + 24, 0x210, 8);
	put(w->words + 32, 2, 4);
	memcpy(w->words + 40, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10",
	       16);
	return w;
}

static void look(struct world *w, const struct synth_member *members, struct hwp_findings *f)
{
	static const struct hwp_needs *const needs[] = { &hwp_machine_needs, NULL };
	struct hwp_layout l = {};
	struct hwp_target *target;

	w->synth.symbols = symbols;
	w->synth.members = members;
	synth_add(&w->synth, UTS, w->uts, sizeof(w->uts));
	synth_add(&w->synth, CLOCK, w->clock, sizeof(w->clock));
	synth_add(&w->synth, WORDS, w->words, sizeof(w->words));
	target = synth_open(&w->synth);
	assert_null(hwp_layout_resolve(&l, target, needs));
	memset(f, 0, sizeof(*f));
	hwp_machine_read(target, &l, f);
	hwp_layout_deinit(&l);
	hwp_target_destroy(target);
	free(w);
}

static void all_of_it(void **state)
{
	struct hwp_findings f;

	(void)state;
	look(new_world(8), named_clock, &f);
	assert_string_equal(f.machine.host, "db7.example");
	assert_string_equal(f.machine.version, "#1 SMP Debian");
	assert_string_equal(f.machine.arch, "x86_64");
	assert_string_equal(f.machine.boot_id, "01020304-0506-0708-090a-0b0c0d0e0f10");
	assert_true(f.machine.has_clock);
	assert_int_equal(f.machine.unix_seconds, 1700000100);
	assert_int_equal(f.machine.log_start_unix_ns, INT64_C(1700000000000000000));
	/* With the 50 s that it was suspended. */
	assert_int_equal(f.machine.uptime_seconds, 150);
	assert_int_equal(f.machine.nr_cpus, 2);
	assert_int_equal(f.machine.physical_bits, 46);
	assert_true(f.machine.has_taint);
	assert_int_equal(f.machine.taint, 0x210);
	assert_true(f.machine.has_panic_cpu);
	assert_int_equal(f.machine.panic_cpu, -1);
}

static void older_clock(void **state)
{
	struct hwp_findings f;

	(void)state;
	look(new_world(24), unnamed_clock, &f);
	assert_true(f.machine.has_clock);
	assert_int_equal(f.machine.unix_seconds, 1700000100);
	look(new_world(24), no_clock, &f);
	assert_false(f.machine.has_clock);
	assert_string_equal(f.machine.host, "db7.example");
}

/* What cannot be right is not known. */
static void nonsense(void **state)
{
	struct world *w = new_world(8);
	struct hwp_findings f;

	(void)state;
	put(w->clock + 8 + 16, UINT64_MAX, 8);
	w->words[9] = 64;
	put(w->words + 16, 70000, 4);
	put(w->words + 32, 1000000, 4);
	memset(w->words + 40, 0, 16);
	memset(w->uts, 'x', sizeof(w->uts));
	look(w, named_clock, &f);
	assert_false(f.machine.has_clock);
	assert_int_equal(f.machine.physical_bits, 0);
	assert_false(f.machine.has_panic_cpu);
	assert_int_equal(f.machine.panic_cpu, -1);
	assert_int_equal(f.machine.nr_cpus, 0);
	assert_string_equal(f.machine.boot_id, "");
	assert_int_equal(strlen(f.machine.host), sizeof(f.machine.host) - 1);
	w = new_world(8);
	/* Booted after it was captured. */
	put(w->clock + 8 + 24, UINT64_C(1800000000000000000), 8);
	put(w->words + 16, 3, 4);
	look(w, named_clock, &f);
	assert_false(f.machine.has_clock);
	assert_int_equal(f.machine.panic_cpu, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it),
		cmocka_unit_test(older_clock),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
