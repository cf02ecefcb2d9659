// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/klog.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"

/* kernel/printk/printk_ringbuffer.h */
#define DESC_STATE_SHIFT 62
#define DESC_ID_MASK (~(UINT64_C(3) << DESC_STATE_SHIFT))
enum { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };

#define MAX_COUNT_BITS 22
#define MAX_SIZE_BITS 28
/** Descriptors read at a time. */
#define BATCH 256
#define MAX_TEXT 1024
/** struct printk_log has 16 bytes, or 24 with the caller. */
#define MAX_LOG_HEADER 64
/** struct prb_data_blk_lpos */
#define LPOS_SIZE 16

/** Offsets in the ring, its parts, and in a descriptor, its info and its data block. */
struct ring_layout {
	uint64_t prb;
	uint32_t desc_ring, text_ring, count_bits, descs, infos, head_id, tail_id, size_bits, data;
	uint32_t desc_size, state_var, text_blk, begin, next;
	uint32_t info_size, seq, ts_nsec, text_len, caller_id;
};

#define IN_DESC(bytes) HWP_INSIDE(struct ring_layout, desc_size, bytes)
#define IN_INFO(bytes) HWP_INSIDE(struct ring_layout, info_size, bytes)

/*
 * Linux kernel commit 896fbe20b4e2 ("printk: use the lockless ringbuffer") (in v5.10) put
 * this in the place of one buffer of struct printk_log.
 */
static const struct hwp_need ring_rows[] = {
	HWP_SYMBOL(struct ring_layout, prb, "prb"),
	HWP_OFFSET(struct ring_layout, desc_ring, "printk_ringbuffer.desc_ring"),
	HWP_OFFSET(struct ring_layout, text_ring, "printk_ringbuffer.text_data_ring"),
	HWP_OFFSET(struct ring_layout, count_bits, "prb_desc_ring.count_bits"),
	HWP_OFFSET(struct ring_layout, descs, "prb_desc_ring.descs"),
	HWP_OFFSET(struct ring_layout, infos, "prb_desc_ring.infos"),
	HWP_OFFSET(struct ring_layout, head_id, "prb_desc_ring.head_id"),
	HWP_OFFSET(struct ring_layout, tail_id, "prb_desc_ring.tail_id"),
	HWP_OFFSET(struct ring_layout, size_bits, "prb_data_ring.size_bits"),
	HWP_OFFSET(struct ring_layout, data, "prb_data_ring.data"),
	HWP_SIZE(struct ring_layout, desc_size, "prb_desc"),
	HWP_OFFSET(struct ring_layout, state_var, "prb_desc.state_var", IN_DESC(8)),
	HWP_OFFSET(struct ring_layout, text_blk, "prb_desc.text_blk_lpos", IN_DESC(LPOS_SIZE)),
	HWP_OFFSET(struct ring_layout, begin, "prb_data_blk_lpos.begin"),
	HWP_OFFSET(struct ring_layout, next, "prb_data_blk_lpos.next"),
	HWP_SIZE(struct ring_layout, info_size, "printk_info"),
	HWP_OFFSET(struct ring_layout, seq, "printk_info.seq", IN_INFO(8)),
	HWP_OFFSET(struct ring_layout, ts_nsec, "printk_info.ts_nsec", IN_INFO(8)),
	HWP_OFFSET(struct ring_layout, text_len, "printk_info.text_len", IN_INFO(2)),
	/* For `hwpoison layout` only: the caller's name in a line is text. */
	HWP_OFFSET(struct ring_layout, caller_id, "printk_info.caller_id", .optional = true),
};

static bool decide_ring(struct hwp_resolver *r, void *own)
{
	const struct ring_layout *at = own;

	(void)r;
	return at->begin <= LPOS_SIZE - 8 && at->next <= LPOS_SIZE - 8 && at->desc_size <= 256 &&
	       at->info_size <= 1024;
}

const struct hwp_needs hwp_klog_ring_needs = {
	.rows = ring_rows,
	.nr = HWP_ARRAY_SIZE(ring_rows),
	.sources = (const char *const[]){ "kernel/printk/printk.c", NULL },
	.size = sizeof(struct ring_layout),
	.decide = decide_ring,
};

/** The log of records in one buffer, to v5.9. */
struct buffer_layout {
	uint64_t log_buf, log_buf_len, first_idx, next_idx, first_seq;
	uint32_t header_size, ts_nsec, len, text_len;
};

#define IN_HEADER(bytes) HWP_INSIDE(struct buffer_layout, header_size, bytes)

static const struct hwp_need buffer_rows[] = {
	HWP_SYMBOL(struct buffer_layout, log_buf, "log_buf"),
	HWP_SYMBOL(struct buffer_layout, log_buf_len, "log_buf_len"),
	HWP_SYMBOL(struct buffer_layout, first_idx, "log_first_idx"),
	HWP_SYMBOL(struct buffer_layout, next_idx, "log_next_idx"),
	HWP_SYMBOL(struct buffer_layout, first_seq, "log_first_seq"),
	HWP_SIZE(struct buffer_layout, header_size, "SIZE(printk_log) printk_log"),
	HWP_OFFSET(struct buffer_layout, ts_nsec, "OFFSET(printk_log.ts_nsec) printk_log.ts_nsec",
		   IN_HEADER(8)),
	HWP_OFFSET(struct buffer_layout, len, "OFFSET(printk_log.len) printk_log.len",
		   IN_HEADER(2)),
	HWP_OFFSET(struct buffer_layout, text_len,
		   "OFFSET(printk_log.text_len) printk_log.text_len", IN_HEADER(2)),
};

static bool decide_buffer(struct hwp_resolver *r, void *own)
{
	(void)r;
	return ((const struct buffer_layout *)own)->header_size <= MAX_LOG_HEADER;
}

const struct hwp_needs hwp_klog_buffer_needs = {
	.rows = buffer_rows,
	.nr = HWP_ARRAY_SIZE(buffer_rows),
	.sources = (const char *const[]){ "kernel/printk/printk.c", NULL },
	.size = sizeof(struct buffer_layout),
	.decide = decide_buffer,
};

struct ring {
	struct hwp_target *target;
	const struct ring_layout *at;
	uint32_t count_bits, size_bits;
	uint64_t descs, infos, data, head_id, tail_id;
	char *desc_batch, *info_batch;
	/** Index of the first descriptor of the batches; -1 for none. */
	int64_t batch_start;
	char text[MAX_TEXT];
};

static void ring_deinit(struct ring *r)
{
	free(r->desc_batch);
	free(r->info_batch);
}

static struct hwp_error *ring_init(struct ring *r)
{
	const struct ring_layout *at = r->at;
	uint64_t prb, desc_ring, text_ring;
	struct hwp_error *err;

	err = hwp_target_read_u64(r->target, at->prb, &prb);
	desc_ring = prb + at->desc_ring;
	text_ring = prb + at->text_ring;
	if (!err)
		err = hwp_target_read_u32(r->target, desc_ring + at->count_bits, &r->count_bits);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + at->descs, &r->descs);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + at->infos, &r->infos);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + at->head_id, &r->head_id);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + at->tail_id, &r->tail_id);
	if (!err)
		err = hwp_target_read_u32(r->target, text_ring + at->size_bits, &r->size_bits);
	if (!err)
		err = hwp_target_read_u64(r->target, text_ring + at->data, &r->data);
	if (err)
		return err;
	if (r->count_bits > MAX_COUNT_BITS || r->size_bits > MAX_SIZE_BITS)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the ring's sizes are nonsense");
	r->batch_start = -1;
	r->desc_batch = malloc((size_t)BATCH * at->desc_size);
	r->info_batch = malloc((size_t)BATCH * at->info_size);
	return r->desc_batch && r->info_batch ? NULL : hwp_error_no_memory();
}

/** Have descriptor and info @p index in the batches. */
static struct hwp_error *load_batch(struct ring *r, uint64_t index)
{
	const struct ring_layout *at = r->at;
	uint64_t start = index / BATCH * BATCH, nr = UINT64_C(1) << r->count_bits;
	struct hwp_error *err;

	if (r->batch_start == (int64_t)start)
		return NULL;
	nr = nr - start < BATCH ? nr - start : BATCH;
	r->batch_start = -1;
	err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL, r->descs + start * at->desc_size,
			      r->desc_batch, nr * at->desc_size, NULL);
	if (!err)
		err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL,
				      r->infos + start * at->info_size, r->info_batch,
				      nr * at->info_size, NULL);
	if (!err)
		r->batch_start = (int64_t)start;
	return err;
}

/**
 * The text starts after the descriptor id that heads its block; a block that
 * would wrap starts at offset 0 instead. Which one it is changed in v6.19 for
 * blocks that end exactly at the buffer's end, so the id decides.
 */
static bool read_text(struct ring *r, uint64_t begin, uint64_t next, uint64_t id, size_t *len_ret)
{
	uint64_t size = UINT64_C(1) << r->size_bits;
	const struct {
		uint64_t offset, size;
	} blocks[] = {
		{ begin & (size - 1), next - begin },
		{ 0, next & (size - 1) },
	};

	for (size_t i = 0; i < HWP_ARRAY_SIZE(blocks); i++) {
		_cleanup_error_ struct hwp_error *err = NULL;
		uint64_t found, room = blocks[i].size < size ? blocks[i].size : size;
		size_t len = *len_ret;

		if (room < 8)
			continue;
		/* A record may be cut to what its block holds. */
		len = len < room - 8 ? len : room - 8;
		len = len < MAX_TEXT ? len : MAX_TEXT;
		if (blocks[i].offset + 8 + len > size)
			continue;
		err = hwp_target_read_u64(r->target, r->data + blocks[i].offset, &found);
		if (err || found != id)
			continue;
		err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL, r->data + blocks[i].offset + 8,
				      r->text, len, NULL);
		if (err)
			continue;
		*len_ret = len;
		return true;
	}
	return false;
}

/** Fill @p record from descriptor @p id; false when it holds no text. */
static struct hwp_error *read_record(struct ring *r, uint64_t id, struct hwp_klog_record *record,
				     bool *valid)
{
	const struct ring_layout *at = r->at;
	uint64_t index = id & ((UINT64_C(1) << r->count_bits) - 1), state, begin, next;
	const char *desc, *info;
	struct hwp_error *err = load_batch(r, index);

	*valid = false;
	if (err)
		return err;
	desc = r->desc_batch + (index % BATCH) * at->desc_size;
	info = r->info_batch + (index % BATCH) * at->info_size;
	state = hwp_u64(desc + at->state_var);
	if ((state & DESC_ID_MASK) != id || (state >> DESC_STATE_SHIFT != DESC_COMMITTED &&
					     state >> DESC_STATE_SHIFT != DESC_FINALIZED))
		return NULL;
	record->seq = hwp_u64(info + at->seq);
	record->time_ns = hwp_u64(info + at->ts_nsec);
	record->len = hwp_u16(info + at->text_len);
	begin = hwp_u64(desc + at->text_blk + at->begin);
	next = hwp_u64(desc + at->text_blk + at->next);
	/* Odd positions mark a record without data. */
	if (begin & 1 || next & 1)
		return NULL;
	record->text = r->text;
	*valid = read_text(r, begin, next, id, &record->len);
	return NULL;
}

static struct hwp_error *walk_ring(struct hwp_target *target, const struct ring_layout *at,
				   hwp_klog_each *each, void *arg, uint64_t *first_seq_ret)
{
	_cleanup_(ring_deinit) struct ring r = { .target = target, .at = at };
	struct hwp_error *err;
	bool is_first = true;
	uint64_t nr;

	err = ring_init(&r);
	if (err)
		return err;
	nr = ((r.head_id - r.tail_id) & DESC_ID_MASK) + 1;
	if (nr > UINT64_C(1) << r.count_bits)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the ring's ends are nonsense");
	for (uint64_t i = 0; i < nr; i++) {
		struct hwp_klog_record record;
		bool valid;

		err = read_record(&r, (r.tail_id + i) & DESC_ID_MASK, &record, &valid);
		if (err)
			return err;
		if (!valid)
			continue;
		if (is_first)
			*first_seq_ret = record.seq;
		is_first = false;
		if (!each(arg, &record))
			break;
	}
	return NULL;
}

/** One buffer of struct printk_log, each followed by its text (to v5.9). */
struct buffer {
	struct hwp_target *target;
	const struct buffer_layout *at;
	uint64_t data, first_seq;
	/** Where the oldest record is, and where the next would be put. */
	uint32_t size, first, next;
	char header[MAX_LOG_HEADER], text[MAX_TEXT];
};

static struct hwp_error *buffer_init(struct buffer *b)
{
	const struct buffer_layout *at = b->at;
	struct hwp_error *err = hwp_target_read_u64(b->target, at->log_buf, &b->data);

	if (!err)
		err = hwp_target_read_u32(b->target, at->log_buf_len, &b->size);
	if (!err)
		err = hwp_target_read_u32(b->target, at->first_idx, &b->first);
	if (!err)
		err = hwp_target_read_u32(b->target, at->next_idx, &b->next);
	if (!err)
		err = hwp_target_read_u64(b->target, at->first_seq, &b->first_seq);
	if (err)
		return err;
	/* log_store() leaves room for a header behind the last record. */
	if (b->size > UINT32_C(1) << MAX_SIZE_BITS || b->size < at->header_size ||
	    b->first > b->size - at->header_size || b->next > b->size - at->header_size)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "log_buf's size or ends are nonsense");
	return NULL;
}

/**
 * Fill @p record from the record at @p index, which may not reach past @p end;
 * *@p len_ret is the record's length, 0 for the mark that says: go on at index 0.
 */
static struct hwp_error *buffer_record(struct buffer *b, uint32_t index, uint32_t end,
				       struct hwp_klog_record *record, uint32_t *len_ret)
{
	const struct buffer_layout *at = b->at;
	uint32_t header = at->header_size, len, text_len;
	struct hwp_error *err = NULL;

	if (index > end || end - index < header)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the records in log_buf do not meet");
	err = hwp_target_read(b->target, HWP_KERNEL_VIRTUAL, b->data + index, b->header, header,
			      NULL);
	if (err)
		return err;
	len = hwp_u16(b->header + at->len);
	text_len = hwp_u16(b->header + at->text_len);
	*len_ret = len;
	if (len == 0)
		return NULL;
	if (len < header || len > end - index || text_len > len - header)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the record at %" PRIu32 " in log_buf is nonsense", index);
	record->time_ns = hwp_u64(b->header + at->ts_nsec);
	record->text = b->text;
	record->len = text_len < MAX_TEXT ? text_len : MAX_TEXT;
	return hwp_target_read(b->target, HWP_KERNEL_VIRTUAL, b->data + index + header, b->text,
			       record->len, NULL);
}

/** From the oldest record to where the next would be put: past the buffer's end at most once. */
static struct hwp_error *walk_buffer(struct hwp_target *target, const struct buffer_layout *at,
				     hwp_klog_each *each, void *arg, uint64_t *first_seq_ret)
{
	struct buffer b = { .target = target, .at = at };
	struct hwp_klog_record record = {};
	struct hwp_error *err = buffer_init(&b);
	uint32_t index = b.first, len = 0;
	bool wraps = b.first > b.next;

	if (err)
		return err;
	*first_seq_ret = record.seq = b.first_seq;
	while (wraps || index != b.next) {
		err = buffer_record(&b, index, wraps ? b.size : b.next, &record, &len);
		if (err)
			return err;
		if (len == 0 && !wraps)
			return hwp_error_create(HWP_ERROR_BAD_DATA, "log_buf wraps twice");
		wraps = wraps && len > 0;
		index = len > 0 ? index + len : 0;
		if (len > 0 && !each(arg, &record))
			break;
		record.seq += len > 0;
	}
	return NULL;
}

struct hwp_error *hwp_klog_walk(struct hwp_target *target, const struct hwp_layout *layout,
				hwp_klog_each *each, void *arg, uint64_t *first_seq_ret)
{
	const struct ring_layout *ring = hwp_layout_of(layout, &hwp_klog_ring_needs);
	const struct buffer_layout *buffer = hwp_layout_of(layout, &hwp_klog_buffer_needs);
	struct hwp_error *err;

	if (ring)
		err = walk_ring(target, ring, each, arg, first_seq_ret);
	else if (buffer)
		err = walk_buffer(target, buffer, each, arg, first_seq_ret);
	else
		err = hwp_error_create(HWP_ERROR_LOOKUP, "neither printk_ringbuffer nor log_buf");
	return hwp_error_prefix(err, "kernel log");
}
