// SPDX-License-Identifier: GPL-2.0-or-later
/** Which row goes with which line, and of which boot it is. */
#include "findings_synth.h"

#include <cmocka.h>
#include <stdio.h>

#include "base/clock.h"
#include "verdict/rasdaemon_join.h"

#define BOOT INT64_C(1790000000)

static void add_line(struct hwp_findings *f, uint64_t seconds, uint64_t pfn, const char *result)
{
	struct hwp_event e = { .time_ns = seconds * 1000000000,
			       .pfn = pfn,
			       .kind = HWP_EVENT_ACTION,
			       .pid = -1,
			       .rasdaemon = -1 };

	snprintf(e.result, sizeof(e.result), "%s", result);
	assert_true(hwp_vec_push(&f->events, e));
}

/** @p seconds after the boot; negative: before. */
static void add_row(struct hwp_findings *f, int64_t seconds, uint64_t pfn, const char *result)
{
	struct hwp_rasdaemon_row row = { .id = 1,
					 .pfn = pfn,
					 .has_time = true,
					 .event = -1,
					 .unix_seconds = BOOT + seconds,
					 .page_type = "unsplit thp",
					 .timestamp = "then" };

	snprintf(row.result, sizeof(row.result), "%s", result);
	assert_true(hwp_vec_push(&f->rasdaemon, row));
	f->has_rasdaemon = true;
}

static void join(struct hwp_findings *f, const int64_t *boot)
{
	assert_null(hwp_rasdaemon_join(f, boot));
	for (size_t i = 0; i < f->rasdaemon.nr; i++) {
		int64_t event = f->rasdaemon.data[i].event;

		assert_true(event < 0 || f->events.data[event].rasdaemon == (int64_t)i);
	}
}

static void assert_row(const struct hwp_findings *f, size_t row, int64_t event, enum hwp_boot boot)
{
	assert_int_equal(f->rasdaemon.data[row].event, event);
	assert_string_equal(hwp_boot_name(f->rasdaemon.data[row].boot), hwp_boot_name(boot));
}

static void test_nothing(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	join(f, NULL);
	add_row(f, 1, 0x10, "Failed");
	join(f, NULL);
	assert_row(f, 0, -1, HWP_BOOT_UNKNOWN);
	add_line(f, 1, 0x11, "Failed");
	join(f, NULL);
	assert_row(f, 0, -1, HWP_BOOT_UNKNOWN);
	hwp_findings_destroy(f);
}

/** The same page failed alike in an earlier boot, and twice in this one. */
static void test_repeats(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_line(f, 100, 0x10, "Failed");
	add_line(f, 200, 0x10, "Failed");
	add_row(f, -5000, 0x10, "Failed");
	add_row(f, 101, 0x10, "Failed");
	add_row(f, 201, 0x10, "Failed");
	join(f, NULL);
	assert_row(f, 0, -1, HWP_BOOT_EARLIER);
	assert_row(f, 1, 0, HWP_BOOT_THIS);
	assert_row(f, 2, 1, HWP_BOOT_THIS);
	hwp_findings_destroy(f);
}

/** One page that only an earlier boot's row has does not move the boot. */
static void test_median(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		add_line(f, 10 * i, 0x10 + i, "Recovered");
		add_row(f, i == 2 ? -70000 : (int64_t)(10 * i), 0x10 + i, "Recovered");
	}
	join(f, NULL);
	for (size_t i = 0; i < 5; i++)
		assert_row(f, i, i == 2 ? -1 : (int64_t)i,
			   i == 2 ? HWP_BOOT_EARLIER : HWP_BOOT_THIS);
	hwp_findings_destroy(f);
}

static void test_result_and_distance(void **state)
{
	const int64_t boot = BOOT;
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_line(f, 10, 0x10, "Failed");
	add_line(f, 20, 0x11, "Failed");
	/* A month: the log's clock may be minutes off. */
	add_line(f, 2592000, 0x12, "Failed");
	add_row(f, 10, 0x10, "Delayed");
	add_row(f, 30, 0x11, "Failed");
	add_row(f, 2592300, 0x12, "Failed");
	join(f, &boot);
	assert_row(f, 0, -1, HWP_BOOT_THIS);
	assert_row(f, 1, -1, HWP_BOOT_THIS);
	assert_row(f, 2, 2, HWP_BOOT_THIS);
	hwp_findings_destroy(f);
}

/** The boot of the running kernel is known, with an empty log too. */
static void test_live(void **state)
{
	const int64_t boot = BOOT;
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->live = true;
	add_row(f, -100, 0x10, "Failed");
	add_row(f, 100, 0x11, "Failed");
	join(f, &boot);
	assert_row(f, 0, -1, HWP_BOOT_EARLIER);
	assert_row(f, 1, -1, HWP_BOOT_THIS);
	assert_null(hwp_rasdaemon_alone(f, 0x10));
	assert_ptr_equal(hwp_rasdaemon_alone(f, 0x11), &f->rasdaemon.data[1]);
	hwp_findings_destroy(f);
}

/** What is later than the log of a dump may be of a later boot. */
static void test_later(void **state)
{
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_line(f, 100, 0x10, "Failed");
	add_row(f, 100, 0x10, "Failed");
	add_row(f, 99000, 0x11, "Failed");
	join(f, NULL);
	assert_row(f, 0, 0, HWP_BOOT_THIS);
	assert_row(f, 1, -1, HWP_BOOT_UNKNOWN);
	hwp_findings_destroy(f);
}

/* As near as two roundings and the drift of the log's clock allow, before and after. */
static void test_near(void **state)
{
	static const struct {
		uint64_t line;
		int64_t row;
		bool joined;
	} rows[] = {
		{ 100, 105, true },	 { 100, 95, true },	 { 100, 106, false },
		{ 100, 94, false },	 { 4999, 5004, true },	 { 4999, 5005, false },
		{ 5000, 5006, true },	 { 5000, 5007, false },	 { 50000, 50015, true },
		{ 50000, 50016, false }, { 50000, 49985, true }, { 50000, 49984, false },
	};
	const int64_t boot = BOOT;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_findings *f = clean_findings();

		add_line(f, rows[i].line, 0x10, "Failed");
		add_row(f, rows[i].row, 0x10, "Failed");
		join(f, &boot);
		assert_int_equal(f->rasdaemon.data[0].event, rows[i].joined ? 0 : -1);
		hwp_findings_destroy(f);
	}
}

/* For a dump: five seconds before its boot, and as many, and drift, after its last line. */
static void test_ends_of_the_boot(void **state)
{
	static const struct {
		int64_t row;
		enum hwp_boot boot;
	} rows[] = {
		{ -6, HWP_BOOT_EARLIER }, { -5, HWP_BOOT_THIS },       { 0, HWP_BOOT_THIS },
		{ 10007, HWP_BOOT_THIS }, { 10008, HWP_BOOT_UNKNOWN },
	};
	const int64_t boot = BOOT;

	(void)state;
	for (int live = 0; live < 2; live++)
		for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
			struct hwp_findings *f = clean_findings();
			bool later = rows[i].boot == HWP_BOOT_UNKNOWN;
			struct hwp_event e = { .time_ns = 99999 * HWP_NS_PER_SECOND,
					       .pfn = 0x12,
					       .kind = HWP_EVENT_OTHER,
					       .rasdaemon = -1 };

			f->live = live;
			add_line(f, 10, 0x10, "Failed");
			add_line(f, 10000, 0x11, "Failed");
			/* Only actions of memory_failure() are in rasdaemon's table. */
			assert_true(hwp_vec_push(&f->events, e));
			add_row(f, rows[i].row, 0x20, "Failed");
			join(f, &boot);
			assert_row(f, 0, -1, live && later ? HWP_BOOT_THIS : rows[i].boot);
			hwp_findings_destroy(f);
		}
}

/* Pages in any order, pages that only one of the two has, and events that are no actions. */
static void test_mixed(void **state)
{
	static const uint64_t lines[] = { 0x50, 0x10, 0x30, 0x70, 0x20 };
	static const uint64_t rows[] = { 0x30, 0x60, 0x10, 0x05, 0x50, 0x80, 0x70 };
	static const int64_t events[] = { 3, -1, 2, -1, 1, -1, 4 };
	const int64_t boot = BOOT;

	(void)state;
	for (int known = 0; known < 2; known++) {
		struct hwp_findings *f = clean_findings();
		struct hwp_event other = {
			.pfn = 0x10, .kind = HWP_EVENT_INJECTED, .result = "Failed", .rasdaemon = -1
		};

		f->live = true;
		/* It would be joined, were it an action. */
		assert_true(hwp_vec_push(&f->events, other));
		for (size_t i = 0; i < HWP_ARRAY_SIZE(lines); i++)
			add_line(f, 10 + lines[i], lines[i], "Failed");
		for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
			add_row(f, 10 + (int64_t)rows[i], rows[i], "Failed");
		join(f, known ? &boot : NULL);
		for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++)
			assert_row(f, i, events[i], HWP_BOOT_THIS);
		assert_int_equal(f->events.data[0].rasdaemon, -1);
		hwp_findings_destroy(f);
	}
}

/* Without a time a row is joined to nothing, and of no boot. */
static void test_without_time(void **state)
{
	const int64_t boot = BOOT;
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_line(f, 10, 0x10, "Failed");
	add_row(f, 10, 0x10, "Failed");
	f->rasdaemon.data[0].has_time = false;
	f->live = true;
	join(f, &boot);
	assert_row(f, 0, -1, HWP_BOOT_UNKNOWN);
	hwp_findings_destroy(f);
}

/* A line takes one row, a row one line; the rest is not in the log. */
static void test_alone(void **state)
{
	const int64_t boot = BOOT;
	struct hwp_findings *f = clean_findings();

	(void)state;
	f->live = true;
	add_line(f, 10, 0x10, "Failed");
	add_row(f, 10, 0x10, "Failed");
	add_row(f, 11, 0x10, "Failed");
	add_row(f, 12, 0x10, "Failed");
	add_row(f, -99, 0x10, "Failed");
	add_row(f, 13, 0x11, "Failed");
	join(f, &boot);
	assert_row(f, 0, 0, HWP_BOOT_THIS);
	assert_row(f, 1, -1, HWP_BOOT_THIS);
	assert_ptr_equal(hwp_rasdaemon_alone(f, 0x10), &f->rasdaemon.data[2]);
	assert_ptr_equal(hwp_rasdaemon_alone(f, 0x11), &f->rasdaemon.data[4]);
	assert_null(hwp_rasdaemon_alone(f, 0x12));
	f->rasdaemon.data[2].event = 0;
	f->rasdaemon.data[1].event = 0;
	assert_null(hwp_rasdaemon_alone(f, 0x10));
	/* The first row, too. */
	f->rasdaemon.data[0].event = -1;
	assert_ptr_equal(hwp_rasdaemon_alone(f, 0x10), &f->rasdaemon.data[0]);
	hwp_findings_destroy(f);
}

/* One row, and two lines that it may be: the earlier has it. */
static void test_fewer_rows(void **state)
{
	const int64_t boot = BOOT;
	struct hwp_findings *f = clean_findings();

	(void)state;
	add_line(f, 10, 0x10, "Failed");
	add_line(f, 12, 0x10, "Failed");
	add_line(f, 14, 0x11, "Failed");
	add_row(f, 11, 0x10, "Failed");
	add_row(f, 14, 0x11, "Failed");
	join(f, &boot);
	assert_row(f, 0, 0, HWP_BOOT_THIS);
	assert_row(f, 1, 2, HWP_BOOT_THIS);
	hwp_findings_destroy(f);
}

static void find_word(void *arg, const char *sentence)
{
	*(bool *)arg |= strcmp(sentence, "rasdaemon, then: unsplit thp: Failed") == 0;
}

/** It is evidence for a page that the log does not name. */
static void test_evidence(void **state)
{
	const int64_t boot = BOOT;
	struct hwp_findings *f = clean_findings();
	bool found = false;

	(void)state;
	f->live = true;
	add_poisoned(f, isolated_page(0x20d))->state = HWP_STATE_ISOLATED;
	add_row(f, 5, 0x20d, "Failed");
	join(f, &boot);
	hwp_evidence(f, &f->poisoned.data[0], find_word, &found);
	assert_true(found);
	found = false;
	add_line(f, 5, 0x20d, "Failed");
	f->poisoned.data[0].event = 0;
	hwp_evidence(f, &f->poisoned.data[0], find_word, &found);
	assert_false(found);
	hwp_findings_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),	 cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_median),	 cmocka_unit_test(test_result_and_distance),
		cmocka_unit_test(test_live),	 cmocka_unit_test(test_later),
		cmocka_unit_test(test_near),	 cmocka_unit_test(test_ends_of_the_boot),
		cmocka_unit_test(test_mixed),	 cmocka_unit_test(test_without_time),
		cmocka_unit_test(test_alone),	 cmocka_unit_test(test_fewer_rows),
		cmocka_unit_test(test_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
