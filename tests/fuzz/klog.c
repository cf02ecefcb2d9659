// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "../unit/printk_log.h"
#include "../unit/printk_ring.h"
#include "facts/log/klog.h"
#include "facts/log/mfevent.h"

static struct hwp_error *fuzz_klog_line(void *arg, const struct hwp_klog_record *record)
{
	uint64_t *left = arg;
	struct hwp_event e;

	hwp_mfevent_parse(record->text, record->len, &hwp_usual_addresses, &e);
	return --*left > 0 ? NULL : hwp_error_no_memory();
}

/** Put bytes over those at @p bytes: place (u16), length (u8), bytes. */
static void fuzz_klog_patch(const uint8_t *data, size_t size, char *bytes, size_t nr_bytes)
{
	while (size > 3) {
		uint8_t head[3];
		size_t at, nr;

		fuzz_take(&data, &size, head, sizeof(head));
		at = (size_t)(head[0] | head[1] << 8) % nr_bytes;
		nr = head[2] % 32 + 1u;
		nr = nr < nr_bytes - at ? nr : nr_bytes - at;
		fuzz_take(&data, &size, bytes + at, nr);
	}
}

static void fuzz_klog_walk(struct hwp_target *target, const struct hwp_layout *l)
{
	struct hwp_log_facts log;
	uint64_t left = 100000;

	hwp_error_destroy(hwp_klog_walk(target, l, fuzz_klog_line, &left, &log));
	hwp_target_destroy(target);
}

/* A sound ring, and a sound buffer of records, of some lines; both damaged alike. */
static void fuzz_klog(const uint8_t *data, size_t size)
{
	static const char line[] = "Memory failure: 0x1: already hardware poisoned";
	struct ring_memory *r = malloc(sizeof(*r));
	struct log_memory *m = malloc(sizeof(*m));
	_cleanup_(hwp_layout_deinit) struct hwp_layout l = {};

	if (r && m) {
		ring_layout(&l);
		ring_init(r, 3, 900);
		for (int i = 0; i < 20; i++)
			ring_add(r, line, i & 1);
		fuzz_klog_patch(data, size, r->bytes, sizeof(r->bytes));
		fuzz_klog_walk(ring_target(r), &l);
		log_layout(&l, 16);
		log_init(m, 16, 900, 3);
		for (int i = 0; i < 20; i++)
			log_add(m, line);
		fuzz_klog_patch(data, size, m->bytes, sizeof(m->bytes));
		fuzz_klog_walk(log_target(m), &l);
	}
	free(r);
	free(m);
}
FUZZ_TARGET(fuzz_klog)
