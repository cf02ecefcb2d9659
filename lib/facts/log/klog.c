// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/klog.h"

#include <inttypes.h>
#include <string.h>

#include "base/bits.h"

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

struct ring {
	struct hwp_target *target;
	const struct hwp_layout *layout;
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

static bool has_ring(const struct hwp_layout *l)
{
	const uint32_t *p = (const uint32_t *)&l->printk;

	if (!l->symbol.prb)
		return false;
	for (size_t i = 0; i < sizeof(l->printk) / sizeof(*p); i++) {
		if (p[i] == HWP_ABSENT && &p[i] != &l->printk.info_caller)
			return false;
	}
	return true;
}

static struct hwp_error *ring_init(struct ring *r)
{
	const struct hwp_layout *l = r->layout;
	uint64_t prb, desc_ring, text_ring;
	struct hwp_error *err;

	err = hwp_target_read_u64(r->target, l->symbol.prb, &prb);
	desc_ring = prb + l->printk.ring;
	text_ring = prb + l->printk.text_ring;
	if (!err)
		err = hwp_target_read_u32(r->target, desc_ring + l->printk.count_bits,
					  &r->count_bits);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + l->printk.descs, &r->descs);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + l->printk.infos, &r->infos);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + l->printk.head_id, &r->head_id);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + l->printk.tail_id, &r->tail_id);
	if (!err)
		err = hwp_target_read_u32(r->target, text_ring + l->printk.size_bits,
					  &r->size_bits);
	if (!err)
		err = hwp_target_read_u64(r->target, text_ring + l->printk.data, &r->data);
	if (err)
		return err;
	if (r->count_bits > MAX_COUNT_BITS || r->size_bits > MAX_SIZE_BITS ||
	    l->printk.desc_size > 256 || l->printk.info_size > 1024)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the ring's sizes are nonsense");
	r->batch_start = -1;
	r->desc_batch = malloc((size_t)BATCH * l->printk.desc_size);
	r->info_batch = malloc((size_t)BATCH * l->printk.info_size);
	return r->desc_batch && r->info_batch ? NULL : hwp_error_no_memory();
}

/** Have descriptor and info @p index in the batches. */
static struct hwp_error *load_batch(struct ring *r, uint64_t index)
{
	const struct hwp_layout *l = r->layout;
	uint64_t start = index / BATCH * BATCH, nr = UINT64_C(1) << r->count_bits;
	struct hwp_error *err;

	if (r->batch_start == (int64_t)start)
		return NULL;
	nr = nr - start < BATCH ? nr - start : BATCH;
	r->batch_start = -1;
	err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL, r->descs + start * l->printk.desc_size,
			      r->desc_batch, nr * l->printk.desc_size, NULL);
	if (!err)
		err = hwp_target_read(r->target, HWP_KERNEL_VIRTUAL,
				      r->infos + start * l->printk.info_size, r->info_batch,
				      nr * l->printk.info_size, NULL);
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
	const struct hwp_layout *l = r->layout;
	uint64_t index = id & ((UINT64_C(1) << r->count_bits) - 1), state, begin, next;
	const char *desc, *info;
	struct hwp_error *err = load_batch(r, index);

	*valid = false;
	if (err)
		return err;
	desc = r->desc_batch + (index % BATCH) * l->printk.desc_size;
	info = r->info_batch + (index % BATCH) * l->printk.info_size;
	state = hwp_u64(desc + l->printk.state_var);
	if ((state & DESC_ID_MASK) != id || (state >> DESC_STATE_SHIFT != DESC_COMMITTED &&
					     state >> DESC_STATE_SHIFT != DESC_FINALIZED))
		return NULL;
	record->seq = hwp_u64(info + l->printk.info_seq);
	record->time_ns = hwp_u64(info + l->printk.info_ts);
	record->len = hwp_u16(info + l->printk.info_text_len);
	begin = hwp_u64(desc + l->printk.text_blk + l->printk.lpos_begin);
	next = hwp_u64(desc + l->printk.text_blk + l->printk.lpos_next);
	/* Odd positions mark a record without data. */
	if (begin & 1 || next & 1)
		return NULL;
	record->text = r->text;
	*valid = read_text(r, begin, next, id, &record->len);
	return NULL;
}

static struct hwp_error *walk_ring(struct hwp_target *target, const struct hwp_layout *layout,
				   hwp_klog_each *each, void *arg, uint64_t *first_seq_ret)
{
	_cleanup_(ring_deinit) struct ring r = { .target = target, .layout = layout };
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
	const struct hwp_layout *layout;
	uint64_t data, first_seq;
	/** Where the oldest record is, and where the next would be put. */
	uint32_t size, first, next;
	char header[MAX_LOG_HEADER], text[MAX_TEXT];
};

static bool has_buffer(const struct hwp_layout *l)
{
	return l->symbol.log_buf && l->symbol.log_buf_len && l->symbol.log_first_idx &&
	       l->symbol.log_next_idx && l->symbol.log_first_seq &&
	       l->printk_log.size <= MAX_LOG_HEADER && l->printk_log.ts_nsec != HWP_ABSENT &&
	       l->printk_log.len != HWP_ABSENT && l->printk_log.text_len != HWP_ABSENT;
}

static struct hwp_error *buffer_init(struct buffer *b)
{
	const struct hwp_layout *l = b->layout;
	struct hwp_error *err = hwp_target_read_u64(b->target, l->symbol.log_buf, &b->data);

	if (!err)
		err = hwp_target_read_u32(b->target, l->symbol.log_buf_len, &b->size);
	if (!err)
		err = hwp_target_read_u32(b->target, l->symbol.log_first_idx, &b->first);
	if (!err)
		err = hwp_target_read_u32(b->target, l->symbol.log_next_idx, &b->next);
	if (!err)
		err = hwp_target_read_u64(b->target, l->symbol.log_first_seq, &b->first_seq);
	if (err)
		return err;
	/* log_store() leaves room for a header behind the last record. */
	if (b->size > UINT32_C(1) << MAX_SIZE_BITS || b->size < l->printk_log.size ||
	    b->first > b->size - l->printk_log.size || b->next > b->size - l->printk_log.size)
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
	const struct hwp_layout *l = b->layout;
	uint32_t header = l->printk_log.size, len, text_len;
	struct hwp_error *err = NULL;

	if (index > end || end - index < header)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the records in log_buf do not meet");
	err = hwp_target_read(b->target, HWP_KERNEL_VIRTUAL, b->data + index, b->header, header,
			      NULL);
	if (err)
		return err;
	len = hwp_u16(b->header + l->printk_log.len);
	text_len = hwp_u16(b->header + l->printk_log.text_len);
	*len_ret = len;
	if (len == 0)
		return NULL;
	if (len < header || len > end - index || text_len > len - header)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the record at %" PRIu32 " in log_buf is nonsense", index);
	record->time_ns = hwp_u64(b->header + l->printk_log.ts_nsec);
	record->text = b->text;
	record->len = text_len < MAX_TEXT ? text_len : MAX_TEXT;
	return hwp_target_read(b->target, HWP_KERNEL_VIRTUAL, b->data + index + header, b->text,
			       record->len, NULL);
}

/** From the oldest record to where the next would be put: past the buffer's end at most once. */
static struct hwp_error *walk_buffer(struct hwp_target *target, const struct hwp_layout *layout,
				     hwp_klog_each *each, void *arg, uint64_t *first_seq_ret)
{
	struct buffer b = { .target = target, .layout = layout };
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
	struct hwp_error *err;

	if (has_ring(layout))
		err = walk_ring(target, layout, each, arg, first_seq_ret);
	else if (has_buffer(layout))
		err = walk_buffer(target, layout, each, arg, first_seq_ret);
	else
		err = hwp_error_create(HWP_ERROR_LOOKUP, "neither printk_ringbuffer nor log_buf");
	return hwp_error_prefix(err, "kernel log");
}
