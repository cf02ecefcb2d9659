// SPDX-License-Identifier: GPL-2.0-or-later
/** The printk ring buffer: both rules of wrapping, ids that wrap, damage. */
#include "printk_ring.h"

#include <cmocka.h>

#include "facts/log/klog.h"

struct heard {
	char text[64][1100];
	uint64_t seq[64];
	struct hwp_klog_record last;
	size_t nr, fail_at;
};

static struct hwp_error *hear(void *arg, const struct hwp_klog_record *record)
{
	struct heard *h = arg;

	assert_true(record->len < sizeof(h->text[0]));
	if (h->nr < 64) {
		memcpy(h->text[h->nr], record->text, record->len);
		h->text[h->nr][record->len] = '\0';
		h->seq[h->nr] = record->seq;
	}
	h->last = *record;
	h->nr++;
	return h->nr == h->fail_at ? hwp_error_no_memory() : NULL;
}

static struct hwp_error *walk(struct ring_memory *r, const struct hwp_layout *l, struct heard *h,
			      struct hwp_log_facts *log)
{
	struct hwp_target *target = ring_target(r);
	struct hwp_error *err;

	h->nr = 0;
	memset(log, 0xff, sizeof(*log));
	err = hwp_klog_walk(target, l, hear, h, log);
	hwp_target_destroy(target);
	return err;
}

/** Walk it, and expect that state of the log and so many places where lines are missing. */
static void assert_log(struct ring_memory *r, const struct hwp_layout *l, struct heard *h,
		       enum hwp_log_state state, uint64_t nr_lost)
{
	struct hwp_log_facts log;

	assert_null(walk(r, l, h, &log));
	if (*log.why)
		print_message("# %s\n", log.why);
	assert_int_equal(log.state, state);
	assert_int_equal(log.nr_lost, nr_lost);
	assert_int_equal(*log.why != '\0', state == HWP_LOG_LOST || state == HWP_LOG_UNREADABLE);
	assert_int_equal(log.nr_user_lines, 0);
}

/* Lines of every length, so that blocks end everywhere, at the buffer's end too. */
static void wraps(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;

	(void)state;
	ring_layout(&l);
	for (int since_619 = 0; since_619 < 2; since_619++) {
		for (unsigned int len = 1; len < 38; len++) {
			char text[64];

			ring_init(r, RING_ID_MASK - 5, 8 * (len % 128));
			for (int i = 0; i < 100; i++) {
				snprintf(text, sizeof(text), "%0*d", (int)len + 2, i);
				ring_add(r, text, since_619);
				assert_null(walk(r, &l, h, &log));
				assert_int_equal(h->nr, i < 15 ? i + 1 : 16);
				assert_string_equal(h->text[h->nr - 1], text);
				assert_int_equal(log.first_seq, i < 15 ? 0 : i - 15);
				assert_int_equal(log.first_ns, 1000 * log.first_seq);
				assert_int_equal(log.nr_lost, 0);
				assert_int_equal(log.state,
						 i < 16 ? HWP_LOG_COMPLETE : HWP_LOG_WRAPPED);
				for (size_t n = 0; n < h->nr; n++)
					assert_int_equal(h->seq[n], log.first_seq + n);
			}
		}
	}
	free(h);
	free(r);
}

/* The block ends exactly at the end of the buffer: the rule that changed in v6.19. */
static void ends_at_the_end(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;

	(void)state;
	ring_layout(&l);
	for (int since_619 = 0; since_619 < 2; since_619++) {
		ring_init(r, 7, RING_DATA_SIZE - 32);
		ring_add(r, "exactly twenty-four byte", since_619);
		ring_add(r, "next", since_619);
		assert_null(walk(r, &l, h, &log));
		assert_int_equal(h->nr, 2);
		assert_string_equal(h->text[0], "exactly twenty-four byte");
		assert_string_equal(h->text[1], "next");
	}
	free(h);
	free(r);
}

static void states(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	ring_layout(&l);
	for (int s = RING_RESERVED; s <= RING_REUSABLE; s++) {
		uint64_t id;

		ring_init(r, 0, 0);
		ring_add(r, "one", true);
		id = ring_add(r, "two", true);
		ring_add(r, "three", true);
		synth_put(ring_desc(r, id), 0, (uint64_t)s << 62 | id, 8);
		if (s == RING_COMMITTED || s == RING_FINALIZED)
			assert_log(r, &l, h, HWP_LOG_COMPLETE, 0);
		else
			assert_log(r, &l, h, HWP_LOG_LOST, 1);
		assert_int_equal(h->nr, s == RING_COMMITTED || s == RING_FINALIZED ? 3 : 2);
		/* A descriptor of another turn is not this record. */
		synth_put(ring_desc(r, id), 0, UINT64_C(2) << 62 | (id + 16), 8);
		assert_log(r, &l, h, HWP_LOG_LOST, 1);
		assert_int_equal(h->nr, 2);
	}
	free(h);
	free(r);
}

/* Records without data: begin and next are odd (1 failed, 3 empty). */
static void dataless(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	ring_layout(&l);
	for (uint64_t lpos = 1; lpos <= 3; lpos += 2) {
		uint64_t id;

		ring_init(r, 0, 0);
		ring_add(r, "one", true);
		id = ring_add(r, "two", true);
		ring_add(r, "three", true);
		synth_put(ring_desc(r, id), 8, lpos, 8);
		synth_put(ring_desc(r, id), 16, lpos, 8);
		assert_log(r, &l, h, lpos == 1 ? HWP_LOG_LOST : HWP_LOG_COMPLETE, lpos == 1);
		assert_int_equal(h->nr, 2);
		assert_string_equal(h->text[0], "one");
		assert_string_equal(h->text[h->nr - 1], "three");
	}
	free(h);
	free(r);
}

/* text_len may exceed the block of a record that was cut: never into the next one. */
static void text_len_beyond_block(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;
	uint64_t id;

	(void)state;
	ring_layout(&l);
	ring_init(r, 0, 0);
	id = ring_add(r, "sixteen letters!", true);
	ring_add(r, "the next record", true);
	synth_put(ring_info(r, id), 16, 500, 2);
	assert_null(walk(r, &l, h, &log));
	assert_string_equal(h->text[0], "sixteen letters!");

	/* The same for a block that wrapped, and so begins at offset 0. */
	ring_init(r, 0, RING_DATA_SIZE - 16);
	id = ring_add(r, "sixteen letters!", true);
	ring_add(r, "the next record", true);
	synth_put(ring_info(r, id), 16, 500, 2);
	assert_null(walk(r, &l, h, &log));
	assert_string_equal(h->text[0], "sixteen letters!");
	free(h);
	free(r);
}

/* Memory that runs out for an event must not lose it. */
static void out_of_memory(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;
	struct hwp_error *err;

	(void)state;
	ring_layout(&l);
	ring_init(r, 0, 0);
	for (int i = 0; i < 5; i++)
		ring_add(r, "line", true);
	h->fail_at = 2;
	err = walk(r, &l, h, &log);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_NO_MEMORY);
	assert_int_equal(h->nr, 2);
	free(h);
	free(r);
}

/* include/linux/syslog.h: LOG_USER is 1; printk_caller_id() sets the top bit for a CPU. */
static void who_wrote_it(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	uint64_t id;

	(void)state;
	ring_layout(&l);
	ring_init(r, 0, 0);
	id = ring_add(r, "line", true);
	assert_log(r, &l, h, HWP_LOG_COMPLETE, 0);
	assert_int_equal(h->last.facility, 0);
	assert_true(h->last.has_caller);
	assert_int_equal(h->last.caller_id, 0);
	synth_put(ring_info(r, id), 18, 1, 1);
	synth_put(ring_info(r, id), 20, 0x80000003, 4);
	assert_log(r, &l, h, HWP_LOG_COMPLETE, 0);
	assert_int_equal(h->last.facility, 1);
	assert_int_equal(h->last.caller_id, 0x80000003);
	/* caller_id is optional (CONFIG_PRINTK_CALLER), and nobody's then. */
	ring_layout_without(&l, "printk_info.caller_id");
	assert_log(r, &l, h, HWP_LOG_COMPLETE, 0);
	assert_false(h->last.has_caller);
	free(h);
	free(r);
}

/* An index before the first descriptor's is unused at boot: prb_init(). */
static void starts_with_an_unused_one(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	ring_layout(&l);
	ring_init(r, 0, 0);
	ring_add(r, "one", true);
	ring_add(r, "two", true);
	synth_put(ring_desc(r, RING_ID_MASK), 0, UINT64_MAX, 8);
	ring_ends(r, RING_ID_MASK, 1);
	assert_log(r, &l, h, HWP_LOG_COMPLETE, 0);
	assert_int_equal(h->nr, 2);
	free(h);
	free(r);
}

/** What may be done to a log of ten lines, and what then is to be said of it. */
enum damage {
	ZERO_DESCRIPTORS,
	ZERO_INFOS,
	ZERO_ONE_INFO,
	ZERO_TEXTS,
	ZERO_ONE_TEXT,
	NUL_IN_A_TEXT,
	HEAD_IS_BEHIND,
	TAIL_IS_AHEAD,
	ENDS_ARE_ZERO,
	NO_DESCRIPTORS,
};

static void do_damage(struct ring_memory *r, enum damage damage)
{
	switch (damage) {
	case ZERO_DESCRIPTORS:
		memset(ring_at(r, RING_DESCS), 0, 16 * 24);
		break;
	case ZERO_INFOS:
		memset(ring_at(r, RING_INFOS), 0, 16 * RING_INFO_SIZE);
		break;
	case ZERO_ONE_INFO:
		memset(ring_info(r, 5 + 3), 0, RING_INFO_SIZE);
		break;
	case ZERO_TEXTS:
		memset(ring_at(r, RING_DATA), 0, RING_DATA_SIZE);
		break;
	case ZERO_ONE_TEXT:
		memset(ring_at(r, RING_DATA + 3 * 16), 0, 16);
		break;
	case NUL_IN_A_TEXT:
		memset(ring_at(r, RING_DATA + 3 * 16 + 8), 0, 1);
		break;
	case HEAD_IS_BEHIND:
		ring_ends(r, 5, 5 + 7);
		break;
	case TAIL_IS_AHEAD:
		ring_ends(r, 5 + 4, 5 + 9);
		break;
	case ENDS_ARE_ZERO:
		ring_ends(r, 0, 0);
		break;
	case NO_DESCRIPTORS:
		synth_put(r->bytes, 8, 0, 8);
		break;
	}
}

static void damage(void **state)
{
	static const struct {
		enum damage damage;
		enum hwp_log_state want;
		uint64_t nr_lost;
		size_t nr_heard;
	} rows[] = {
		{ ZERO_DESCRIPTORS, HWP_LOG_UNREADABLE, 0, 0 },
		/* Empty lines without a number. */
		{ ZERO_INFOS, HWP_LOG_LOST, 9, 10 },
		/* It is not behind the one before it, nor the next one behind it. */
		{ ZERO_ONE_INFO, HWP_LOG_LOST, 2, 10 },
		{ ZERO_TEXTS, HWP_LOG_UNREADABLE, 10, 0 },
		{ ZERO_ONE_TEXT, HWP_LOG_LOST, 1, 9 },
		{ NUL_IN_A_TEXT, HWP_LOG_LOST, 1, 9 },
		{ HEAD_IS_BEHIND, HWP_LOG_LOST, 1, 8 },
		{ TAIL_IS_AHEAD, HWP_LOG_WRAPPED, 0, 6 },
		{ ENDS_ARE_ZERO, HWP_LOG_UNREADABLE, 0, 0 },
		{ NO_DESCRIPTORS, HWP_LOG_UNREADABLE, 10, 0 },
	};
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	ring_layout(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		print_message("# row %zu\n", i);
		ring_init(r, 5, 0);
		for (int n = 0; n < 10; n++)
			ring_add(r, "line", true);
		do_damage(r, rows[i].damage);
		assert_log(r, &l, h, rows[i].want, rows[i].nr_lost);
		assert_int_equal(h->nr, rows[i].nr_heard);
	}
	free(h);
	free(r);
}

static void not_understood(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	(void)state;
	ring_init(r, 0, 0);
	ring_add(r, "line", true);
	ring_layout_without(&l, "prb");
	assert_log(r, &l, h, HWP_LOG_UNREADABLE, 1);
	ring_layout_without(&l, "prb_desc_ring.descs");
	assert_log(r, &l, h, HWP_LOG_UNREADABLE, 1);
	assert_int_equal(h->nr, 0);
	free(h);
	free(r);
}

/* Every word of the ring's head in turn, extreme. */
static void hostile_rings(void **state)
{
	static const uint64_t extremes[] = { 0,		 1,	     31,	 63,
					     64,	 UINT32_MAX, UINT64_MAX, UINT64_C(1) << 62,
					     RING_DESCS, RING_PRB };
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;

	(void)state;
	ring_layout(&l);
	for (size_t at = 0; at < 64; at += 4) {
		for (size_t i = 0; i < HWP_ARRAY_SIZE(extremes); i++) {
			for (size_t size = 4; size <= 8; size += 4) {
				ring_init(r, 3, 16);
				for (int n = 0; n < 20; n++)
					ring_add(r, "some line of text", n & 1);
				synth_put(r->bytes, at, extremes[i], size);
				assert_null(walk(r, &l, h, &log));
				assert_true(h->nr <= 1u << 22);
			}
		}
	}
	free(h);
	free(r);
}

static void hostile_descriptors(void **state)
{
	static const uint64_t extremes[] = {
		0, 1, 2, 8, 1016, 1020, 1024, UINT64_MAX, UINT64_MAX - 7, UINT64_C(1) << 63
	};
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_log_facts log;
	uint64_t id;

	(void)state;
	ring_layout(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(extremes); i++) {
		for (size_t j = 0; j < HWP_ARRAY_SIZE(extremes); j++) {
			ring_init(r, 3, 16);
			id = ring_add(r, "some line of text", true);
			synth_put(ring_desc(r, id), 8, extremes[i], 8);
			synth_put(ring_desc(r, id), 16, extremes[j], 8);
			synth_put(ring_info(r, id), 16, UINT16_MAX, 2);
			assert_null(walk(r, &l, h, &log));
			assert_true(h->nr <= 1);
		}
	}
	free(h);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wraps),
		cmocka_unit_test(ends_at_the_end),
		cmocka_unit_test(states),
		cmocka_unit_test(dataless),
		cmocka_unit_test(text_len_beyond_block),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(who_wrote_it),
		cmocka_unit_test(starts_with_an_unused_one),
		cmocka_unit_test(damage),
		cmocka_unit_test(not_understood),
		cmocka_unit_test(hostile_rings),
		cmocka_unit_test(hostile_descriptors),
	};

	return cmocka_run_group_tests_name("klog", tests, NULL, NULL);
}
