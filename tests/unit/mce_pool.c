// SPDX-License-Identifier: GPL-2.0-or-later
/** Machine checks in x86's pool, as kernels lay it out, and pools that make no sense. */
#include "synth.h"

#include <cmocka.h>

#include "facts/kernel/mce_pool.h"
#include "layout/needs.h"

#define WORDS UINT64_C(0xffffffff84000000)
#define POOL UINT64_C(0xff11000001000000)
#define CHUNK (POOL + 0x100)
#define RECORDS UINT64_C(0xff11000002000000)
#define RECORDS_SIZE 0x2000
#define NOW 1796134200
#define FATAL UINT64_C(0xbe00000000000134)
#define CORRECTED UINT64_C(0x9c00000000000091)

struct world {
	struct synth synth;
	char words[16], pool[0x400], records[RECORDS_SIZE];
	/** Bytes of a record in this kernel, and its order in the pool. */
	unsigned int slot_size, order;
	struct hwp_findings *findings;
};

static const struct synth_symbol symbols[] = { { "mce_evt_pool", WORDS }, {} };

#define COMMON                                                                             \
	MEMBER("gen_pool", "chunks", 8, 16), MEMBER("gen_pool", "min_alloc_order", 24, 4), \
		MEMBER("gen_pool_chunk", "next_chunk", 0, 16),                             \
		MEMBER("gen_pool_chunk", "start_addr", 40, 8),                             \
		MEMBER("gen_pool_chunk", "end_addr", 48, 8),                               \
		MEMBER("gen_pool_chunk", "bits", 56, 0), MEMBER("mce", "status", 0, 8),    \
		MEMBER("mce", "misc", 8, 8), MEMBER("mce", "addr", 16, 8),                 \
		MEMBER("mce", "time", 48, 8), MEMBER("mce", "bank", 65, 1),                \
		MEMBER("mce", "extcpu", 68, 4), MEMBER("mce", "ipid", 96, 8)

/* 7.3.4-cloud-amd64, and 6.1 where a record takes two bits of the map. */
static const struct synth_member members_73[] = {
	COMMON, SIZE("mce_evt_llist", 152), MEMBER("mce_evt_llist", "err.m", 8, 128), {}
};
static const struct synth_member members_61[] = {
	COMMON, SIZE("mce_evt_llist", 136), MEMBER("mce_evt_llist", "mce", 8, 120), {}
};

static void put(struct world *w, uint64_t address, uint64_t value, size_t size)
{
	memcpy(w->pool + (address - POOL), &value, size);
}

static struct world *world_create(const struct synth_member *members, unsigned int slot_size,
				  unsigned int order)
{
	struct world *w = calloc(1, sizeof(*w));
	uint64_t pool = POOL;

	assert_non_null(w);
	w->slot_size = slot_size;
	w->order = order;
	w->synth.symbols = symbols;
	w->synth.members = members;
	memcpy(w->words, &pool, sizeof(pool));
	put(w, POOL + 8, CHUNK, 8);
	put(w, POOL + 24, order, 4);
	put(w, CHUNK, POOL + 8, 8);
	put(w, CHUNK + 40, RECORDS, 8);
	put(w, CHUNK + 48, RECORDS + RECORDS_SIZE - 1, 8);
	synth_add(&w->synth, WORDS, w->words, sizeof(w->words));
	synth_add(&w->synth, POOL, w->pool, sizeof(w->pool));
	synth_add(&w->synth, RECORDS, w->records, sizeof(w->records));
	w->findings = calloc(1, sizeof(*w->findings));
	assert_non_null(w->findings);
	w->findings->machine = (struct hwp_machine_facts){
		.has_clock = true,
		.unix_seconds = NOW,
		.log_start_unix_ns = INT64_C(1796134000000000000),
		.physical_bits = 40,
	};
	return w;
}

static void world_destroy(struct world *w)
{
	hwp_findings_destroy(w->findings);
	free(w);
}

static struct hwp_hardware_facts *look(struct world *w)
{
	static const struct hwp_needs *const needs[] = { &hwp_mce_pool_needs, NULL };
	struct hwp_layout l = { .page_shift = 12 };
	struct hwp_target *target = synth_open(&w->synth);

	assert_null(hwp_layout_resolve(&l, target, needs));
	w->findings->hardware.records.nr = 0;
	assert_null(hwp_mce_pool_read(target, &l, w->findings));
	hwp_layout_deinit(&l);
	hwp_target_destroy(target);
	return &w->findings->hardware;
}

/** The record at place @p slot. */
static void record(struct world *w, unsigned int slot, bool is_allocated, uint64_t status,
		   uint64_t address, int64_t seconds)
{
	unsigned int units = (w->slot_size + (1u << w->order) - 1) >> w->order;
	char *mce = w->records + ((slot * units) << w->order) + 8;
	const uint64_t misc = 0x8c;

	memcpy(mce, &status, 8);
	memcpy(mce + 8, &misc, 8);
	memcpy(mce + 16, &address, 8);
	memcpy(mce + 48, &seconds, 8);
	mce[65] = 9;
	mce[68] = 3;
	for (unsigned int i = slot * units; is_allocated && i < (slot + 1) * units; i++)
		w->pool[CHUNK - POOL + 56 + i / 8] |= (char)(1 << i % 8);
}

static void one_of_each(struct world *w)
{
	const struct hwp_hardware_facts *h;

	record(w, 0, true, FATAL, 0x10123040, NOW - 1);
	record(w, 1, false, CORRECTED, 0x4006000, NOW - 100);
	/* With a key of memory encryption above its address. */
	record(w, 3, true, FATAL, 0x70010123040, NOW - 1);
	h = look(w);
	assert_int_equal(h->mce_pool.state, HWP_STORE_READ);
	assert_int_equal(h->records.nr, 3);
	assert_true(h->records.data[0].is_waiting);
	assert_int_equal(h->records.data[0].kind, HWP_EVENT_HARDWARE);
	assert_true(h->records.data[0].has_pfn);
	assert_int_equal(h->records.data[0].pfn, 0x10123);
	assert_int_equal(h->records.data[0].status, FATAL);
	assert_int_equal(h->records.data[0].misc, 0x8c);
	assert_int_equal(h->records.data[0].bank, 9);
	assert_int_equal(h->records.data[0].cpu, 3);
	assert_int_equal(h->records.data[0].unix_seconds, NOW - 1);
	assert_false(h->records.data[1].is_waiting);
	assert_int_equal(h->records.data[1].kind, HWP_EVENT_CORRECTED);
	assert_int_equal(h->records.data[1].pfn, 0x4006);
	assert_int_equal(h->records.data[2].pfn, 0x10123);
	world_destroy(w);
}

static void each_layout(void **state)
{
	(void)state;
	one_of_each(world_create(members_73, 152, 8));
	one_of_each(world_create(members_61, 136, 7));
}

/* What the memory of the pool held before, and errors that have no page. */
static void no_records(void **state)
{
	struct world *w = world_create(members_73, 152, 8);
	const struct hwp_hardware_facts *h;

	(void)state;
	record(w, 0, false, FATAL & ~(UINT64_C(1) << 63), 0x10123000, NOW);
	record(w, 1, false, FATAL, 0x10123000, NOW + 200000);
	record(w, 2, false, FATAL, 0x10123000, 1000);
	record(w, 3, false, 0xff11000001234567, 0, -1);
	record(w, 4, true, 0, 0, 0);
	assert_int_equal(look(w)->records.nr, 0);
	w->findings->machine.has_clock = false;
	record(w, 0, false, FATAL, 0x10123000, NOW);
	assert_int_equal(look(w)->records.nr, 0);
	/* A bus error; one without an address; a linear address. */
	record(w, 5, true, UINT64_C(0xb600000000000e0f), 0x10123000, NOW);
	record(w, 6, true, FATAL & ~(UINT64_C(1) << 58), 0x10123000, NOW);
	record(w, 7, true, FATAL | UINT64_C(1) << 59, 0x10123000, NOW);
	w->records[(7 << 8) + 8 + 8] = 0x4c;
	h = look(w);
	assert_int_equal(h->records.nr, 3);
	for (size_t i = 0; i < h->records.nr; i++)
		assert_false(h->records.data[i].has_pfn);
	world_destroy(w);
}

static void no_pool(void **state)
{
	struct world *w = world_create(members_73, 152, 8);

	(void)state;
	w->synth.lost = "mce_evt_pool";
	assert_int_equal(look(w)->mce_pool.state, HWP_STORE_ABSENT);
	w->synth.lost = "gen_pool.chunks";
	assert_int_equal(look(w)->mce_pool.state, HWP_STORE_ABSENT);
	w->synth.lost = NULL;
	memset(w->words, 0, sizeof(w->words));
	assert_int_equal(look(w)->mce_pool.state, HWP_STORE_ABSENT);
	memset(w->words, 0x7f, sizeof(w->words));
	assert_int_equal(look(w)->mce_pool.state, HWP_STORE_UNREAD);
	assert_true(w->findings->hardware.mce_pool.why[0]);
	world_destroy(w);
}

static void nonsense(void **state)
{
	const struct {
		uint64_t address, value;
	} rows[] = {
		{ POOL + 24, 0 },
		{ POOL + 24, 63 },
		{ CHUNK, CHUNK },
		{ CHUNK + 40, RECORDS + RECORDS_SIZE },
		{ CHUNK + 48, UINT64_MAX },
		{ CHUNK + 48, RECORDS + (UINT64_C(5) << 20) },
		{ POOL + 8, 8 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct world *w = world_create(members_73, 152, 8);

		put(w, rows[i].address, rows[i].value, 8);
		assert_int_equal(look(w)->mce_pool.state, HWP_STORE_UNREAD);
		world_destroy(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layout),
		cmocka_unit_test(no_records),
		cmocka_unit_test(no_pool),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests_name("mce_pool", tests, NULL, NULL);
}
