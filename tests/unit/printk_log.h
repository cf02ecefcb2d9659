// SPDX-License-Identifier: GPL-2.0-or-later
/** A log of struct printk_log records in one buffer, to v5.9: kernel/printk/printk.c. */
#ifndef TESTS_PRINTK_LOG_H
#define TESTS_PRINTK_LOG_H

#include "facts/log/klog.h"
#include "kernels.h"

#define LOG_AT UINT64_C(0xffffffff82e00000)
#define LOG_DATA (LOG_AT + 0x40)
#define LOG_SIZE 1024u

struct log_memory {
	/** log_buf, log_buf_len, log_first_idx, log_next_idx, log_first_seq; the records. */
	char bytes[0x40 + LOG_SIZE];
	uint32_t header, first, next;
	uint64_t first_seq, next_seq;
};

/**
 * @p header is 24 with CONFIG_PRINTK_CALLER (v5.1 on), else 16; @p lost is not there. Offsets
 * come from VMCOREINFO or, @p by_types, from the types.
 */
static void log_layout_of(struct hwp_layout *l, uint32_t header, const char *lost, bool by_types)
{
	static const struct hwp_needs *const needs[] = { &hwp_klog_buffer_needs, NULL };
	static const struct synth_symbol symbols[] = { { "log_buf", LOG_AT },
						       { "log_buf_len", LOG_AT + 8 },
						       { "log_first_idx", LOG_AT + 16 },
						       { "log_next_idx", LOG_AT + 20 },
						       { "log_first_seq", LOG_AT + 24 },
						       {} };
	const struct synth_member types[] = {
		SIZE("printk_log", header),
		MEMBER("printk_log", "ts_nsec", 0, 8),
		MEMBER("printk_log", "len", 8, 2),
		MEMBER("printk_log", "text_len", 10, 2),
		MEMBER("printk_log", "facility", 14, 1),
		/* The table ends where there is none. */
		{ header == 24 ? "printk_log" : NULL, "caller_id", { 16, 4, 0 } },
		{}
	};
	struct synth s = { .symbols = symbols, .lost = lost };
	char text[256];

	snprintf(text, sizeof(text),
		 "OSRELEASE=5.4.0\nSIZE(printk_log)=%u\nOFFSET(printk_log.ts_nsec)=0\n"
		 "OFFSET(printk_log.len)=8\nOFFSET(printk_log.text_len)=10\n",
		 header);
	s.vmcoreinfo = by_types ? "OSRELEASE=5.4.0\n" : text;
	s.members = by_types ? types : NULL;
	hwp_layout_deinit(l);
	kernel_61(l);
	synth_resolve(&s, l, needs);
}

static void log_layout(struct hwp_layout *l, uint32_t header)
{
	log_layout_of(l, header, NULL, false);
}

static void log_update(struct log_memory *m)
{
	synth_put(m->bytes, 0, LOG_DATA, 8);
	synth_put(m->bytes, 8, LOG_SIZE, 4);
	synth_put(m->bytes, 16, m->first, 4);
	synth_put(m->bytes, 20, m->next, 4);
	synth_put(m->bytes, 24, m->first_seq, 8);
}

/** An empty log whose next record is number @p seq, put at @p index. */
static void log_init(struct log_memory *m, uint32_t header, uint32_t index, uint64_t seq)
{
	memset(m, 0, sizeof(*m));
	m->header = header;
	m->first = m->next = index;
	m->first_seq = m->next_seq = seq;
	log_update(m);
}

static char *log_at(struct log_memory *m, uint32_t index)
{
	return m->bytes + 0x40 + index;
}

static uint32_t log_len(struct log_memory *m, uint32_t index)
{
	return hwp_u16(log_at(m, index) + 8);
}

/** The oldest records make room, as log_make_free_space() does it. */
static void log_make_room(struct log_memory *m, uint32_t size)
{
	while (m->first_seq < m->next_seq) {
		uint32_t room = m->first - m->next;

		if (m->next > m->first)
			room = LOG_SIZE - m->next > m->first ? LOG_SIZE - m->next : m->first;
		if (room >= size + m->header)
			return;
		m->first = log_len(m, m->first) ? m->first + log_len(m, m->first) : log_len(m, 0);
		m->first_seq++;
	}
}

/** Append a record, with a dictionary behind its text as devices have one; where it is. */
static uint32_t log_add(struct log_memory *m, const char *text)
{
	static const char dictionary[] = "SUBSYSTEM=acpi";
	uint32_t len = (uint32_t)strlen(text), end = m->header + len + sizeof(dictionary);
	uint32_t size = (end + 3) & ~3u, index;

	log_make_room(m, size);
	if (m->next + size + m->header > LOG_SIZE) {
		memset(log_at(m, m->next), 0, m->header);
		m->next = 0;
	}
	index = m->next;
	memset(log_at(m, index), 0, size);
	synth_put(log_at(m, index), 0, 1000 * m->next_seq, 8);
	synth_put(log_at(m, index), 8, size, 2);
	synth_put(log_at(m, index), 10, len, 2);
	synth_put(log_at(m, index), 12, sizeof(dictionary), 2);
	memcpy(log_at(m, index) + m->header, text, len);
	memcpy(log_at(m, index) + m->header + len, dictionary, sizeof(dictionary));
	m->next = index + size;
	m->next_seq++;
	log_update(m);
	return index;
}

static struct hwp_target *log_target(struct log_memory *m)
{
	struct synth s = {};

	synth_add(&s, LOG_AT, m->bytes, sizeof(m->bytes));
	return synth_open(&s);
}

#endif /* TESTS_PRINTK_LOG_H */
