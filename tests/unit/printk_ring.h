// SPDX-License-Identifier: GPL-2.0-or-later
/** A printk ring buffer in memory: kernel/printk/printk_ringbuffer.h, v5.10 on. */
#ifndef TESTS_PRINTK_RING_H
#define TESTS_PRINTK_RING_H

#include <stdio.h>

#include "facts/log/klog.h"
#include "kernels.h"

#define RING_PRB UINT64_C(0xffffffff83e58000)
#define RING_DESCS (RING_PRB + 0x1000)
#define RING_INFOS (RING_PRB + 0x2000)
#define RING_DATA (RING_PRB + 0x8000)
#define RING_COUNT_BITS 4
#define RING_SIZE_BITS 10
#define RING_DATA_SIZE (1u << RING_SIZE_BITS)
#define RING_INFO_SIZE 112
#define RING_ID_MASK (~(UINT64_C(3) << 62))

enum { RING_RESERVED, RING_COMMITTED, RING_FINALIZED, RING_REUSABLE };

struct ring_memory {
	char bytes[0x8000 + RING_DATA_SIZE];
	uint64_t head_lpos;
	uint64_t next_id, nr;
	/** Of the first record that ring_add() makes. */
	uint64_t first_seq;
};

static const struct synth_symbol ring_symbols[] = { { "prb", RING_PRB - 0x100 }, {} };

static const struct synth_member ring_types[] = { MEMBER("printk_ringbuffer", "desc_ring", 0, 48),
						  MEMBER("printk_ringbuffer", "text_data_ring", 48,
							 32),
						  MEMBER("prb_desc_ring", "count_bits", 0, 4),
						  MEMBER("prb_desc_ring", "descs", 8, 8),
						  MEMBER("prb_desc_ring", "infos", 16, 8),
						  MEMBER("prb_desc_ring", "head_id", 24, 8),
						  MEMBER("prb_desc_ring", "tail_id", 32, 8),
						  MEMBER("prb_data_ring", "size_bits", 0, 4),
						  MEMBER("prb_data_ring", "data", 8, 8),
						  SIZE("prb_desc", 24),
						  MEMBER("prb_desc", "state_var", 0, 8),
						  MEMBER("prb_desc", "text_blk_lpos", 8, 16),
						  MEMBER("prb_data_blk_lpos", "begin", 0, 8),
						  MEMBER("prb_data_blk_lpos", "next", 8, 8),
						  SIZE("printk_info", RING_INFO_SIZE),
						  MEMBER("printk_info", "seq", 0, 8),
						  MEMBER("printk_info", "ts_nsec", 8, 8),
						  MEMBER("printk_info", "text_len", 16, 2),
						  MEMBER("printk_info", "facility", 18, 1),
						  MEMBER("printk_info", "caller_id", 20, 4),
						  {} };

/** What the log needs of a kernel that has all of it but @p lost (NULL: all of it). */
static void ring_layout_without(struct hwp_layout *l, const char *lost)
{
	static const struct hwp_needs *const needs[] = { &hwp_klog_ring_needs, NULL };
	const struct synth s = { .symbols = ring_symbols, .members = ring_types, .lost = lost };

	hwp_layout_deinit(l);
	kernel_73(l);
	synth_resolve(&s, l, needs);
}

static void ring_layout(struct hwp_layout *l)
{
	ring_layout_without(l, NULL);
}

static void *ring_at(struct ring_memory *r, uint64_t address)
{
	return r->bytes + (address - RING_PRB);
}

static void ring_ends(struct ring_memory *r, uint64_t tail, uint64_t head)
{
	synth_put(ring_at(r, RING_PRB + 24), 0, head & RING_ID_MASK, 8);
	synth_put(ring_at(r, RING_PRB + 32), 0, tail & RING_ID_MASK, 8);
}

/** An empty ring whose next descriptor has id @p id and whose text starts at @p lpos. */
static void ring_init(struct ring_memory *r, uint64_t id, uint64_t lpos)
{
	memset(r, 0, sizeof(*r));
	r->next_id = id & RING_ID_MASK;
	r->head_lpos = lpos;
	synth_put(r->bytes, 0, RING_COUNT_BITS, 4);
	synth_put(r->bytes, 8, RING_DESCS, 8);
	synth_put(r->bytes, 16, RING_INFOS, 8);
	synth_put(r->bytes, 48, RING_SIZE_BITS, 4);
	synth_put(r->bytes, 56, RING_DATA, 8);
	for (unsigned int i = 0; i < 1u << RING_COUNT_BITS; i++)
		synth_put(ring_at(r, RING_DESCS), i * 24, UINT64_C(3) << 62, 8);
}

static void *ring_desc(struct ring_memory *r, uint64_t id)
{
	return ring_at(r, RING_DESCS + (id & ((1u << RING_COUNT_BITS) - 1)) * 24);
}

static void *ring_info(struct ring_memory *r, uint64_t id)
{
	return ring_at(r, RING_INFOS + (id & ((1u << RING_COUNT_BITS) - 1)) * RING_INFO_SIZE);
}

/** Where a block of @p size bytes begins and ends, as data_alloc() decides. */
static void ring_place(struct ring_memory *r, uint64_t size, bool since_619, uint64_t *begin,
		       uint64_t *next)
{
	uint64_t last;

	*begin = r->head_lpos;
	*next = *begin + size;
	/* v6.19 on: a block that ends exactly at the buffer's end does not wrap. */
	last = since_619 ? *next - 1 : *next;
	if (*begin >> RING_SIZE_BITS != last >> RING_SIZE_BITS)
		*next = (*next >> RING_SIZE_BITS << RING_SIZE_BITS) + size;
	r->head_lpos = *next;
}

/** Append a record; its id is returned. */
static uint64_t ring_add(struct ring_memory *r, const char *text, bool since_619)
{
	uint64_t len = strlen(text), size = (8 + len + 7) & ~UINT64_C(7), begin, next, at;
	uint64_t id = r->next_id;
	char *data = ring_at(r, RING_DATA);

	r->next_id = (r->next_id + 1) & RING_ID_MASK;
	ring_place(r, size, since_619, &begin, &next);
	at = begin & (RING_DATA_SIZE - 1);
	if (at + size > RING_DATA_SIZE || (!since_619 && at + size == RING_DATA_SIZE))
		at = 0;
	synth_put(data, at, id, 8);
	memcpy(data + at + 8, text, len);
	synth_put(ring_desc(r, id), 0, UINT64_C(2) << 62 | id, 8);
	synth_put(ring_desc(r, id), 8, begin, 8);
	synth_put(ring_desc(r, id), 16, next, 8);
	synth_put(ring_info(r, id), 0, r->first_seq + r->nr, 8);
	synth_put(ring_info(r, id), 8, 1000 * r->nr, 8);
	synth_put(ring_info(r, id), 16, len, 2);
	r->nr++;
	ring_ends(r, id - (r->nr < 1u << RING_COUNT_BITS ? r->nr - 1 : (1u << RING_COUNT_BITS) - 1),
		  id);
	return id;
}

static struct hwp_target *ring_target(struct ring_memory *r)
{
	static uint64_t prb = RING_PRB;
	struct synth s = {};

	synth_add(&s, RING_PRB, r->bytes, sizeof(r->bytes));
	synth_add(&s, RING_PRB - 0x100, &prb, sizeof(prb));
	return synth_open(&s);
}

#endif /* TESTS_PRINTK_RING_H */
