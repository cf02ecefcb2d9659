// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts/log/klog.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "layout/needs.h"

/* kernel/printk/printk_ringbuffer.h */
#define DESC_STATE_SHIFT 62
#define DESC_ID_MASK (~(UINT64_C(3) << DESC_STATE_SHIFT))
enum { DESC_RESERVED, DESC_COMMITTED, DESC_FINALIZED, DESC_REUSABLE };
/** Begin and end of an empty line's text, NO_LPOS or EMPTY_LINE_LPOS. */
#define NO_LPOS 3

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
	uint32_t info_size, seq, ts_nsec, text_len, facility, caller_id;
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
	HWP_OFFSET(struct ring_layout, facility, "printk_info.facility", IN_INFO(1)),
	HWP_OFFSET(struct ring_layout, caller_id, "printk_info.caller_id", .optional = true,
		   IN_INFO(4)),
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
	uint32_t header_size, ts_nsec, len, text_len, facility, caller_id;
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
	HWP_OFFSET(struct buffer_layout, facility, "printk_log.facility", .optional = true,
		   IN_HEADER(1)),
	/* CONFIG_PRINTK_CALLER: Linux kernel commit 15ff2069cb7f ("printk: Add caller information
	 * to printk() output.") (in v5.1). */
	HWP_OFFSET(struct buffer_layout, caller_id, "printk_log.caller_id", .optional = true,
		   IN_HEADER(4)),
};

static bool decide_buffer(struct hwp_resolver *r, void *own)
{
	struct buffer_layout *at = own;

	(void)r;
	/* VMCOREINFO lacks it. Since v3.5: ts_nsec, then len, text_len, dict_len, facility. */
	if (at->facility == HWP_ABSENT && at->text_len + 5 <= at->header_size)
		at->facility = at->text_len + 4;
	return at->header_size <= MAX_LOG_HEADER;
}

const struct hwp_needs hwp_klog_buffer_needs = {
	.rows = buffer_rows,
	.nr = HWP_ARRAY_SIZE(buffer_rows),
	.sources = (const char *const[]){ "kernel/printk/printk.c", NULL },
	.size = sizeof(struct buffer_layout),
	.decide = decide_buffer,
};

/** What became of a descriptor between the ring's ends. */
enum found {
	/** Nothing was there to read: unused, or a line without text. */
	FOUND_NOTHING,
	/** It has made room, or is of another turn of the ring. */
	FOUND_REUSED,
	/** There was a line, and it cannot be read. */
	FOUND_LOST,
	FOUND_RECORD,
};

/** A part of the log is lost; @p fmt says why, of which the first is kept. */
static void lose(struct hwp_log_facts *log, const char *fmt, ...)
	__attribute__((__format__(__printf__, 2, 3)));

static void lose(struct hwp_log_facts *log, const char *fmt, ...)
{
	va_list args;

	if (log->nr_lost++)
		return;
	va_start(args, fmt);
	vsnprintf(log->why, sizeof(log->why), fmt, args);
	va_end(args);
}

struct ring {
	struct hwp_target *target;
	const struct ring_layout *at;
	struct hwp_log_facts *log;
	uint32_t count_bits, size_bits;
	uint64_t descs, infos, data, head_at, head_id, tail_id;
	/** The id and the sequence number of the record before. */
	uint64_t last_id, last_seq;
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
	r->head_at = desc_ring + at->head_id;
	if (!err)
		err = hwp_target_read_u32(r->target, desc_ring + at->count_bits, &r->count_bits);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + at->descs, &r->descs);
	if (!err)
		err = hwp_target_read_u64(r->target, desc_ring + at->infos, &r->infos);
	if (!err)
		err = hwp_target_read_u64(r->target, r->head_at, &r->head_id);
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

/** The text of a descriptor that was committed; its info is at @p info. */
static enum found read_committed(struct ring *r, uint64_t id, const char *desc, const char *info,
				 struct hwp_klog_record *record)
{
	const struct ring_layout *at = r->at;
	uint64_t begin = hwp_u64(desc + at->text_blk + at->begin);
	uint64_t next = hwp_u64(desc + at->text_blk + at->next);

	record->seq = hwp_u64(info + at->seq);
	record->time_ns = hwp_u64(info + at->ts_nsec);
	record->len = hwp_u16(info + at->text_len);
	record->facility = *(const unsigned char *)(info + at->facility);
	record->has_caller = at->caller_id != HWP_ABSENT;
	record->caller_id = record->has_caller ? hwp_u32(info + at->caller_id) : 0;
	record->text = r->text;
	/* Odd positions mark a record without data: NO_LPOS of an empty line, FAILED_LPOS. */
	if (begin & 1 || next & 1) {
		if (begin == NO_LPOS && next == NO_LPOS)
			return FOUND_NOTHING;
		lose(r->log, "line %" PRIu64 " found no room for its text", record->seq);
		return FOUND_LOST;
	}
	/* printk() stores no NUL. */
	if (!read_text(r, begin, next, id, &record->len) || memchr(r->text, '\0', record->len)) {
		lose(r->log, "the text of line %" PRIu64 " is not there", record->seq);
		return FOUND_LOST;
	}
	return FOUND_RECORD;
}

/** Fill @p record from descriptor @p id. */
static enum found read_record(struct ring *r, uint64_t id, struct hwp_klog_record *record)
{
	uint64_t index = id & ((UINT64_C(1) << r->count_bits) - 1), state;
	_cleanup_error_ struct hwp_error *err = load_batch(r, index);
	const char *desc, *info;

	if (err) {
		lose(r->log, "%s", err->message);
		return FOUND_LOST;
	}
	desc = r->desc_batch + (index % BATCH) * r->at->desc_size;
	info = r->info_batch + (index % BATCH) * r->at->info_size;
	state = hwp_u64(desc + r->at->state_var);
	if ((state & DESC_ID_MASK) != id || state >> DESC_STATE_SHIFT == DESC_REUSABLE)
		return FOUND_REUSED;
	if (state >> DESC_STATE_SHIFT == DESC_RESERVED) {
		lose(r->log, "a line was being written");
		return FOUND_LOST;
	}
	return read_committed(r, id, desc, info, record);
}

/** Each descriptor has the number after the one before it: prb_reserve(). */
static void check_number(struct ring *r, uint64_t id, const struct hwp_klog_record *record,
			 bool is_first)
{
	if (!is_first && record->seq - r->last_seq != ((id - r->last_id) & DESC_ID_MASK))
		lose(r->log, "line %" PRIu64 " is not the one that follows line %" PRIu64,
		     record->seq, r->last_seq);
	r->last_id = id;
	r->last_seq = record->seq;
}

/**
 * A head that stands before the last line hides what follows. The head moves
 * before the descriptor that it moves to is written: desc_reserve().
 */
static void check_head(struct ring *r)
{
	uint64_t id = (r->head_id + 1) & DESC_ID_MASK, head_id, state;
	uint64_t index = id & ((UINT64_C(1) << r->count_bits) - 1);
	_cleanup_error_ struct hwp_error *err = NULL;

	err = hwp_target_read_u64(r->target, r->descs + index * r->at->desc_size + r->at->state_var,
				  &state);
	if (!err)
		err = hwp_target_read_u64(r->target, r->head_at, &head_id);
	if (!err && head_id == r->head_id && (state & DESC_ID_MASK) == id &&
	    (state >> DESC_STATE_SHIFT == DESC_COMMITTED ||
	     state >> DESC_STATE_SHIFT == DESC_FINALIZED))
		lose(r->log, "there are lines after the one that the ring calls its last");
}

static struct hwp_error *walk_ring(struct hwp_target *target, const struct ring_layout *at,
				   hwp_klog_each *each, void *arg, struct hwp_log_facts *log,
				   bool *found_any)
{
	_cleanup_(ring_deinit) struct ring r = { .target = target, .at = at, .log = log };
	struct hwp_error *err = ring_init(&r);
	uint64_t nr = ((r.head_id - r.tail_id) & DESC_ID_MASK) + 1;

	if (!err && nr > UINT64_C(1) << r.count_bits)
		err = hwp_error_create(HWP_ERROR_BAD_DATA, "the ring's ends are nonsense");
	for (uint64_t i = 0; !err && i < nr; i++) {
		uint64_t id = (r.tail_id + i) & DESC_ID_MASK;
		struct hwp_klog_record record = {};
		enum found found = read_record(&r, id, &record);

		if (found == FOUND_REUSED && *found_any)
			lose(log, "a line in the middle has been written over");
		if (found != FOUND_RECORD)
			continue;
		check_number(&r, id, &record, !*found_any);
		if (!*found_any) {
			log->first_seq = record.seq;
			log->first_ns = record.time_ns;
		}
		*found_any = true;
		err = each(arg, &record);
	}
	if (!err)
		check_head(&r);
	return err;
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
	/* log_store() leaves room for a header after the last record. */
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
	record->facility = at->facility == HWP_ABSENT ?
				   0 :
				   *(const unsigned char *)(b->header + at->facility);
	record->has_caller = at->caller_id != HWP_ABSENT;
	record->caller_id = record->has_caller ? hwp_u32(b->header + at->caller_id) : 0;
	record->text = b->text;
	record->len = text_len < MAX_TEXT ? text_len : MAX_TEXT;
	return hwp_target_read(b->target, HWP_KERNEL_VIRTUAL, b->data + index + header, b->text,
			       record->len, NULL);
}

/** From the oldest record to where the next would be put: past the buffer's end at most once. */
static struct hwp_error *walk_buffer(struct hwp_target *target, const struct buffer_layout *at,
				     hwp_klog_each *each, void *arg, struct hwp_log_facts *log,
				     bool *found_any)
{
	struct buffer b = { .target = target, .at = at };
	struct hwp_klog_record record = {};
	struct hwp_error *err = buffer_init(&b);
	uint32_t index = b.first, len = 0;
	bool wraps = b.first > b.next;

	log->first_seq = record.seq = b.first_seq;
	while (!err && (wraps || index != b.next)) {
		err = buffer_record(&b, index, wraps ? b.size : b.next, &record, &len);
		if (!err && len == 0 && !wraps)
			err = hwp_error_create(HWP_ERROR_BAD_DATA, "log_buf wraps twice");
		if (err)
			break;
		wraps = wraps && len > 0;
		index = len > 0 ? index + len : 0;
		if (!len)
			continue;
		if (!*found_any)
			log->first_ns = record.time_ns;
		*found_any = true;
		err = each(arg, &record);
		record.seq++;
	}
	return err;
}

struct hwp_error *hwp_klog_walk(struct hwp_target *target, const struct hwp_layout *layout,
				hwp_klog_each *each, void *arg, struct hwp_log_facts *log)
{
	const struct ring_layout *ring = hwp_layout_of(layout, &hwp_klog_ring_needs);
	const struct buffer_layout *buffer = hwp_layout_of(layout, &hwp_klog_buffer_needs);
	bool found_any = false;
	struct hwp_error *err;

	*log = (struct hwp_log_facts){};
	if (ring)
		err = walk_ring(target, ring, each, arg, log, &found_any);
	else if (buffer)
		err = walk_buffer(target, buffer, each, arg, log, &found_any);
	else
		err = hwp_error_create(HWP_ERROR_LOOKUP, "neither printk_ringbuffer nor log_buf");
	if (err && err->code == HWP_ERROR_NO_MEMORY)
		return err;
	if (err)
		lose(log, "%s", err->message);
	hwp_error_destroy(err);
	/* No kernel is silent: a log without a line is one that was not found. */
	if (!found_any) {
		log->state = HWP_LOG_UNREADABLE;
		if (!*log->why)
			snprintf(log->why, sizeof(log->why), "it has no line");
	} else if (log->nr_lost) {
		log->state = HWP_LOG_LOST;
	} else {
		log->state = log->first_seq ? HWP_LOG_WRAPPED : HWP_LOG_COMPLETE;
	}
	return NULL;
}
