// SPDX-License-Identifier: GPL-2.0-or-later
/** The printk ring buffer: both rules of wrapping, ids that wrap, damage. */
#include "printk_ring.h"

#include <cmocka.h>

#include "facts/log/klog.h"

struct heard {
	char text[64][1100];
	uint64_t seq[64];
	size_t nr, stop_at;
};

static bool hear(void *arg, const struct hwp_klog_record *record)
{
	struct heard *h = arg;

	assert_true(record->len < sizeof(h->text[0]));
	if (h->nr < 64) {
		memcpy(h->text[h->nr], record->text, record->len);
		h->text[h->nr][record->len] = '\0';
		h->seq[h->nr] = record->seq;
	}
	h->nr++;
	return h->nr != h->stop_at;
}

static struct hwp_error *walk(struct ring_memory *r, const struct hwp_layout *l, struct heard *h,
			      uint64_t *first)
{
	struct hwp_target *target = ring_target(r);
	struct hwp_error *err;

	h->nr = 0;
	*first = 0;
	err = hwp_klog_walk(target, l, hear, h, first);
	hwp_target_destroy(target);
	return err;
}

/* Lines of every length, so that blocks end everywhere, at the buffer's end too. */
static void wraps(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	uint64_t first;

	(void)state;
	ring_layout(&l);
	for (int since_619 = 0; since_619 < 2; since_619++) {
		for (unsigned int len = 1; len < 38; len++) {
			char text[64];

			ring_init(r, RING_ID_MASK - 5, 8 * (len % 128));
			for (int i = 0; i < 100; i++) {
				snprintf(text, sizeof(text), "%0*d", (int)len + 2, i);
				ring_add(r, text, since_619);
				assert_null(walk(r, &l, h, &first));
				assert_int_equal(h->nr, i < 15 ? i + 1 : 16);
				assert_string_equal(h->text[h->nr - 1], text);
				assert_int_equal(first, i < 15 ? 100 : 85 + i);
				for (size_t n = 0; n < h->nr; n++)
					assert_int_equal(h->seq[n], first + n);
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
	uint64_t first;

	(void)state;
	ring_layout(&l);
	for (int since_619 = 0; since_619 < 2; since_619++) {
		ring_init(r, 7, RING_DATA_SIZE - 32);
		ring_add(r, "exactly twenty-four byte", since_619);
		ring_add(r, "next", since_619);
		assert_null(walk(r, &l, h, &first));
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
	uint64_t first;

	(void)state;
	ring_layout(&l);
	for (int s = RING_RESERVED; s <= RING_REUSABLE; s++) {
		uint64_t id;

		ring_init(r, 0, 0);
		ring_add(r, "one", true);
		id = ring_add(r, "two", true);
		ring_add(r, "three", true);
		synth_put(ring_desc(r, id), 0, (uint64_t)s << 62 | id, 8);
		assert_null(walk(r, &l, h, &first));
		assert_int_equal(h->nr, s == RING_COMMITTED || s == RING_FINALIZED ? 3 : 2);
		/* A descriptor of another turn is not this record. */
		synth_put(ring_desc(r, id), 0, UINT64_C(2) << 62 | (id + 16), 8);
		assert_null(walk(r, &l, h, &first));
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
	uint64_t first;

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
		assert_null(walk(r, &l, h, &first));
		assert_true(h->nr >= 2);
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
	uint64_t first, id;

	(void)state;
	ring_layout(&l);
	ring_init(r, 0, 0);
	id = ring_add(r, "sixteen letters!", true);
	ring_add(r, "the next record", true);
	synth_put(ring_info(r, id), 16, 500, 2);
	assert_null(walk(r, &l, h, &first));
	assert_string_equal(h->text[0], "sixteen letters!");

	/* The same for a block that wrapped, and so begins at offset 0. */
	ring_init(r, 0, RING_DATA_SIZE - 16);
	id = ring_add(r, "sixteen letters!", true);
	ring_add(r, "the next record", true);
	synth_put(ring_info(r, id), 16, 500, 2);
	assert_null(walk(r, &l, h, &first));
	assert_string_equal(h->text[0], "sixteen letters!");
	free(h);
	free(r);
}

static void stops_when_told(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	uint64_t first;

	(void)state;
	ring_layout(&l);
	ring_init(r, 0, 0);
	for (int i = 0; i < 5; i++)
		ring_add(r, "line", true);
	h->stop_at = 2;
	assert_null(walk(r, &l, h, &first));
	assert_int_equal(h->nr, 2);
	free(h);
	free(r);
}

static void not_understood(void **state)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct heard *h = calloc(1, sizeof(*h));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};
	struct hwp_error *err;
	uint64_t first;

	(void)state;
	ring_init(r, 0, 0);
	ring_layout_without(&l, "prb");
	err = walk(r, &l, h, &first);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	ring_layout_without(&l, "prb_desc_ring.descs");
	err = walk(r, &l, h, &first);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	/* caller_id is optional (CONFIG_PRINTK_CALLER). */
	ring_layout_without(&l, "printk_info.caller_id");
	ring_add(r, "line", true);
	assert_null(walk(r, &l, h, &first));
	assert_int_equal(h->nr, 1);
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
	uint64_t first;

	(void)state;
	ring_layout(&l);
	for (size_t at = 0; at < 64; at += 4) {
		for (size_t i = 0; i < HWP_ARRAY_SIZE(extremes); i++) {
			for (size_t size = 4; size <= 8; size += 4) {
				ring_init(r, 3, 16);
				for (int n = 0; n < 20; n++)
					ring_add(r, "some line of text", n & 1);
				synth_put(r->bytes, at, extremes[i], size);
				hwp_error_destroy(walk(r, &l, h, &first));
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
	uint64_t first, id;

	(void)state;
	ring_layout(&l);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(extremes); i++) {
		for (size_t j = 0; j < HWP_ARRAY_SIZE(extremes); j++) {
			ring_init(r, 3, 16);
			id = ring_add(r, "some line of text", true);
			synth_put(ring_desc(r, id), 8, extremes[i], 8);
			synth_put(ring_desc(r, id), 16, extremes[j], 8);
			synth_put(ring_info(r, id), 16, UINT16_MAX, 2);
			hwp_error_destroy(walk(r, &l, h, &first));
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
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(not_understood),
		cmocka_unit_test(hostile_rings),
		cmocka_unit_test(hostile_descriptors),
	};

	return cmocka_run_group_tests_name("klog", tests, NULL, NULL);
}
