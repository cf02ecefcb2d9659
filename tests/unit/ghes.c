// SPDX-License-Identifier: GPL-2.0-or-later
/** Error records of ACPI in the kernel's cache of them, laid out by the specifications' tables. */
#include "synth.h"

#include <cmocka.h>

#include "facts/kernel/ghes.h"
#include "layout/needs.h"

#define WORDS UINT64_C(0xffffffff84000000)
#define CACHE UINT64_C(0xff11000001000000)
#define HEAD 40

struct world {
	struct synth synth;
	uint64_t words[4];
	unsigned char cache[1024];
	struct hwp_findings *findings;
};

static const struct synth_symbol symbols[] = { { "ghes_estatus_caches", WORDS }, {} };
static const struct synth_member members[] = { SIZE("ghes_estatus_cache", HEAD),
					       MEMBER("ghes_estatus_cache", "estatus_len", 0, 4),
					       MEMBER("ghes_estatus_cache", "time_in", 16, 8),
					       {} };

static void put(struct world *w, size_t at, uint64_t value, size_t size)
{
	memcpy(w->cache + at, &value, size);
}

/** A section at @p at, of revision @p revision, with @p address; returns where the next begins. */
static size_t section(struct world *w, size_t at, uint16_t revision, uint32_t severity,
		      bool is_memory, uint64_t valid, uint64_t address)
{
	/* UEFI 2.10, table N.5: Platform Memory. */
	static const unsigned char memory[] = "\x14\x11\xbc\xa5\x64\x6f\xde\x4e"
					      "\xb8\x63\x3e\x83\xed\x7c\x83\xb1";
	size_t data = at + (revision >= 0x300 ? 72 : 64);

	memset(w->cache + at, 0, 152);
	if (is_memory)
		memcpy(w->cache + at, memory, 16);
	put(w, at + 16, severity, 4);
	put(w, at + 20, revision, 2);
	put(w, at + 24, 80, 4);
	put(w, data, valid, 8);
	put(w, data + 16, address, 8);
	return data + 80;
}

/** The record ends at @p end of the cache. */
static void finish(struct world *w, size_t end)
{
	put(w, 0, end - HEAD, 4);
	put(w, 16, UINT64_C(100000000000), 8);
	put(w, HEAD + 12, end - HEAD - 20, 4);
}

static struct world *world_create(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->synth.symbols = symbols;
	w->synth.members = members;
	w->words[2] = CACHE;
	synth_add(&w->synth, WORDS, w->words, sizeof(w->words));
	synth_add(&w->synth, CACHE, w->cache, sizeof(w->cache));
	w->findings = calloc(1, sizeof(*w->findings));
	assert_non_null(w->findings);
	w->findings->machine.has_clock = true;
	w->findings->machine.log_start_unix_ns = INT64_C(1796134000000000000);
	return w;
}

static void world_destroy(struct world *w)
{
	hwp_findings_destroy(w->findings);
	free(w);
}

static const struct hwp_hardware_facts *look(struct world *w)
{
	static const struct hwp_needs *const needs[] = { &hwp_ghes_needs, NULL };
	struct hwp_layout l = { .page_shift = 12 };
	struct hwp_target *target = synth_open(&w->synth);

	assert_null(hwp_layout_resolve(&l, target, needs));
	w->findings->hardware.records.nr = 0;
	assert_null(hwp_ghes_read(target, &l, w->findings));
	hwp_layout_deinit(&l);
	hwp_target_destroy(target);
	return &w->findings->hardware;
}

static void sections(void **state)
{
	struct world *w = world_create();
	const struct hwp_hardware_facts *h;
	size_t at = HEAD + 20;

	(void)state;
	at = section(w, at, 0x201, 0, true, 3, 0x10123040);
	at = section(w, at, 0x300, 2, false, 3, 0x999000);
	at = section(w, at, 0x300, 2, true, 2, 0x4006000);
	at = section(w, at, 0x300, 1, true, 1, 0x999000);
	at = section(w, at, 0x300, 3, true, 2, 0x999000);
	finish(w, at);
	h = look(w);
	assert_int_equal(h->ghes.state, HWP_STORE_READ);
	assert_int_equal(h->records.nr, 3);
	assert_int_equal(h->records.data[0].source, HWP_RECORD_GHES);
	assert_int_equal(h->records.data[0].kind, HWP_EVENT_HARDWARE);
	assert_true(h->records.data[0].has_pfn);
	assert_int_equal(h->records.data[0].pfn, 0x10123);
	assert_int_equal(h->records.data[0].unix_seconds, 1796134100);
	assert_int_equal(h->records.data[1].kind, HWP_EVENT_CORRECTED);
	assert_int_equal(h->records.data[1].pfn, 0x4006);
	assert_false(h->records.data[2].has_pfn);
	for (size_t i = 0; i < 3; i++)
		assert_false(h->records.data[i].is_waiting);
	world_destroy(w);
}

static void none(void **state)
{
	struct world *w = world_create();

	(void)state;
	w->words[2] = 0;
	assert_int_equal(look(w)->ghes.state, HWP_STORE_READ);
	assert_int_equal(w->findings->hardware.records.nr, 0);
	w->synth.lost = "ghes_estatus_caches";
	assert_int_equal(look(w)->ghes.state, HWP_STORE_ABSENT);
	world_destroy(w);
}

/* Lengths that lead out of the record; what was right before stays. */
static void nonsense(void **state)
{
	const struct {
		size_t at;
		uint32_t value;
	} rows[] = {
		{ 0, 19 },
		{ 0, 65537 },
		{ HEAD + 12, 2000 },
		{ HEAD + 20 + 24, UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct world *w = world_create();

		finish(w, section(w, HEAD + 20, 0x300, 0, true, 2, 0x10123000));
		put(w, rows[i].at, rows[i].value, 4);
		assert_int_equal(look(w)->ghes.state, HWP_STORE_UNREAD);
		assert_int_equal(w->findings->hardware.records.nr, 0);
		world_destroy(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections),
		cmocka_unit_test(none),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests_name("ghes", tests, NULL, NULL);
}
