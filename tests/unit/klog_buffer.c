// SPDX-License-Identifier: GPL-2.0-or-later
/** The log of kernels before v5.10: one buffer of records, that wraps; and damage to it. */
#include "printk_log.h"

#include <cmocka.h>
#include <stdio.h>

#include "facts/log/klog.h"

struct heard {
	char text[128][128];
	uint64_t seq[128], time_ns[128];
	struct hwp_klog_record last;
	size_t nr, fail_at;
};

static struct hwp_error *hear(void *arg, const struct hwp_klog_record *record)
{
	struct heard *h = arg;

	if (h->nr < 128) {
		snprintf(h->text[h->nr], sizeof(h->text[0]), "%.*s", (int)record->len,
			 record->text);
		h->seq[h->nr] = record->seq;
		h->time_ns[h->nr] = record->time_ns;
	}
	h->last = *record;
	h->nr++;
	return h->nr == h->fail_at ? hwp_error_no_memory() : NULL;
}

static struct hwp_error *walk(struct log_memory *m, const struct hwp_layout *l, struct heard *h,
			      struct hwp_log_facts *log)
{
	struct hwp_target *target = log_target(m);
	struct hwp_error *err;

	h->nr = 0;
	memset(log, 0xff, sizeof(*log));
	err = hwp_klog_walk(target, l, hear, h, log);
	hwp_target_destroy(target);
	return err;
}

static void assert_log(struct log_memory *m, const struct hwp_layout *l, struct heard *h,
		       enum hwp_log_state state)
{
	struct hwp_log_facts log;

	assert_null(walk(m, l, h, &log));
	print_message("# %s\n", log.why);
	assert_int_equal(log.state, state);
	assert_int_equal(*log.why != '\0', state == HWP_LOG_LOST || state == HWP_LOG_UNREADABLE);
}

/* Lines of every length, from every place, through many turns of the buffer. */
static void wraps(void **state)
{
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;

	(void)state;
	for (uint32_t header = 16; header <= 24; header += 8) {
		log_layout_of(&l, header, NULL, header == 24);
		for (int len = 4; len < 60; len++) {
			log_init(&m, header, 4 * ((uint32_t)len % 100), 0);
			for (uint64_t i = 0; i < 100; i++) {
				char text[64];

				snprintf(text, sizeof(text), "%0*d", len, (int)i);
				log_add(&m, text);
				assert_null(walk(&m, &l, &h, &log));
				assert_int_equal(log.first_seq, m.first_seq);
				assert_int_equal(log.first_ns, 1000 * m.first_seq);
				assert_int_equal(log.nr_lost, 0);
				assert_int_equal(log.state,
						 m.first_seq ? HWP_LOG_WRAPPED : HWP_LOG_COMPLETE);
				assert_int_equal(h.nr, m.next_seq - m.first_seq);
				assert_string_equal(h.text[h.nr - 1], text);
				for (size_t n = 0; n < h.nr; n++) {
					assert_int_equal(h.seq[n], m.first_seq + n);
					assert_int_equal(h.time_ns[n], 1000 * (m.first_seq + n));
					assert_int_equal(atoi(h.text[n]), m.first_seq + n);
				}
			}
			assert_true(m.first_seq > 0);
		}
	}
}

static void empty(void **state)
{
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	log_layout(&l, 16);
	log_init(&m, 16, 0, 0);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
	log_init(&m, 16, LOG_SIZE - 16, 77);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
	assert_int_equal(h.nr, 0);
}

static void out_of_memory(void **state)
{
	static struct log_memory m;
	static struct heard h = { .fail_at = 2 };
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;
	struct hwp_error *err;

	(void)state;
	log_layout(&l, 16);
	log_init(&m, 16, 0, 0);
	for (int i = 0; i < 5; i++)
		log_add(&m, "line");
	err = walk(&m, &l, &h, &log);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_NO_MEMORY);
	assert_int_equal(h.nr, 2);
}

/* The facility is there whether types or VMCOREINFO say where, the caller by types alone. */
static void who_wrote_it(void **state)
{
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	uint32_t index;

	(void)state;
	for (int by_types = 0; by_types < 2; by_types++) {
		log_layout_of(&l, 24, NULL, by_types);
		log_init(&m, 24, 0, 0);
		index = log_add(&m, "line");
		assert_log(&m, &l, &h, HWP_LOG_COMPLETE);
		assert_int_equal(h.last.facility, 0);
		synth_put(log_at(&m, index), 14, 1, 1);
		synth_put(log_at(&m, index), 16, 4242, 4);
		assert_log(&m, &l, &h, HWP_LOG_COMPLETE);
		assert_int_equal(h.last.facility, 1);
		assert_int_equal(h.last.has_caller, by_types);
		assert_int_equal(h.last.caller_id, by_types ? 4242 : 0);
	}
}

static void not_understood(void **state)
{
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	log_init(&m, 16, 0, 0);
	log_layout_of(&l, 16, "log_first_seq", false);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
	log_layout_of(&l, 16, "printk_log.text_len", true);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
	log_layout_of(&l, 16, "printk_log", true);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
	/* No kernel had such a header. */
	log_layout(&l, 65);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
}

/* Lengths that lead out of the buffer, or out of the record, or nowhere. */
static void hostile_records(void **state)
{
	static const struct {
		uint32_t len, text_len;
	} rows[] = {
		{ 4, 4 },   { 15, 0 },	  { 16, 1 },
		{ 40, 25 }, { 60000, 4 }, { UINT16_MAX, UINT16_MAX },
		{ 41, 4 },  { 0, 4 },
	};
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	uint32_t index;

	(void)state;
	log_layout(&l, 16);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		log_init(&m, 16, 0, 0);
		log_add(&m, "one");
		index = log_add(&m, "two");
		log_add(&m, "three");
		synth_put(log_at(&m, index), 8, rows[i].len, 2);
		synth_put(log_at(&m, index), 10, rows[i].text_len, 2);
		assert_log(&m, &l, &h, HWP_LOG_LOST);
		/* What came before is there. */
		assert_string_equal(h.text[0], "one");
	}
	/* A mark at the end that leads to another. */
	log_init(&m, 16, 512, 0);
	m.next = 32;
	log_update(&m);
	assert_log(&m, &l, &h, HWP_LOG_UNREADABLE);
}

/* Every word of the head in turn, extreme. */
static void hostile_heads(void **state)
{
	static const uint64_t extremes[] = { 0,	       1,	   15,	       1000,
					     LOG_SIZE, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 31,
					     LOG_AT };
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;

	(void)state;
	log_layout(&l, 16);
	for (size_t at = 0; at < 32; at += 4) {
		for (size_t i = 0; i < HWP_ARRAY_SIZE(extremes); i++) {
			for (size_t size = 4; size <= 8; size += 4) {
				log_init(&m, 16, 900, 5);
				for (int n = 0; n < 40; n++)
					log_add(&m, "some line of text");
				synth_put(m.bytes, at, extremes[i], size);
				assert_null(walk(&m, &l, &h, &log));
				assert_true(h.nr <= LOG_SIZE);
			}
		}
	}
}

/* A line in the buffer that is not in the dump costs what lies behind it. */
static void excluded(void **state)
{
	static struct log_memory m;
	static struct heard h;
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;
	struct hwp_target *target;
	struct synth s = {};
	uint32_t index;

	(void)state;
	log_layout(&l, 16);
	log_init(&m, 16, 0, 0);
	log_add(&m, "one");
	index = log_add(&m, "two");
	synth_add(&s, LOG_AT, m.bytes, 0x40 + index);
	synth_exclude(&s, LOG_DATA + index, LOG_SIZE - index);
	target = synth_open(&s);
	h.nr = 0;
	assert_null(hwp_klog_walk(target, &l, hear, &h, &log));
	hwp_target_destroy(target);
	assert_int_equal(h.nr, 1);
	assert_int_equal(log.state, HWP_LOG_LOST);
	assert_int_equal(log.nr_lost, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps),	  cmocka_unit_test(empty),
		cmocka_unit_test(out_of_memory),  cmocka_unit_test(who_wrote_it),
		cmocka_unit_test(not_understood), cmocka_unit_test(hostile_records),
		cmocka_unit_test(hostile_heads),  cmocka_unit_test(excluded),
	};

	return cmocka_run_group_tests_name("klog_buffer", tests, NULL, NULL);
}
