// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include "../unit/printk_ring.h"
#include "klog.h"
#include "mfevent.h"

static bool fuzz_klog_line(void *arg, const struct hwp_klog_record *record)
{
	uint64_t *left = arg;
	struct hwp_event e;

	hwp_mfevent_parse(record->text, record->len, &e);
	return --*left > 0;
}

/* A sound ring of some lines, then bytes put over it: place (u16), length (u8), bytes. */
static void fuzz_klog(const uint8_t *data, size_t size)
{
	struct ring_memory *r = malloc(sizeof(*r));
	struct hwp_target *target;
	struct hwp_layout l;
	uint64_t first, left = 100000;

	if (!r)
		return;
	ring_layout(&l);
	ring_init(r, 3, 900);
	for (int i = 0; i < 20; i++)
		ring_add(r, "Memory failure: 0x1: already hardware poisoned", i & 1);
	while (size > 3) {
		uint8_t head[3];
		size_t at, nr;

		fuzz_take(&data, &size, head, sizeof(head));
		at = (size_t)(head[0] | head[1] << 8) % sizeof(r->bytes);
		nr = head[2] % 32 + 1u;
		nr = nr < sizeof(r->bytes) - at ? nr : sizeof(r->bytes) - at;
		fuzz_take(&data, &size, r->bytes + at, nr);
	}
	target = ring_target(r);
	hwp_error_destroy(hwp_klog_walk(target, &l, fuzz_klog_line, &left, &first));
	hwp_target_destroy(target);
	free(r);
}
FUZZ_TARGET(fuzz_klog)
