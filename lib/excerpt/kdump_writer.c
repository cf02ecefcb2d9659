// SPDX-License-Identifier: GPL-2.0-or-later
/** A kdump file in makedumpfile's format, header version 6, with pages packed by zstd. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "excerpt/excerpt.h"
#include "target/memory/codec.h"
#include "target/memory/diskdump.h"

#define NOTE_NAME "VMCOREINFO"
/* Descriptors that are written at once. */
#define NR_DESCS 512
#define WINDOW 4096

struct disk_dump_header {
	char signature[8];
	int32_t header_version;
	char utsname[6][65];
	char padding[6];
	uint64_t timestamp[2];
	uint32_t status, block_size, sub_hdr_size, bitmap_blocks, max_mapnr, total_ram_blocks,
		device_blocks, written_blocks, current_cpu, nr_cpus;
};

struct kdump_sub_header {
	uint64_t phys_base;
	int32_t dump_level, split;
	uint64_t start_pfn, end_pfn, offset_vmcoreinfo, size_vmcoreinfo, offset_note, size_note,
		offset_eraseinfo, size_eraseinfo, start_pfn_64, end_pfn_64, max_mapnr_64;
};

struct page_desc {
	uint64_t offset;
	uint32_t size, flags;
	uint64_t page_flags;
};

_Static_assert(sizeof(struct disk_dump_header) == 464, "as makedumpfile writes it");
_Static_assert(sizeof(struct kdump_sub_header) == 104, "as makedumpfile writes it");
_Static_assert(sizeof(struct page_desc) == 24, "as makedumpfile writes it");

/** A bitmap in the file, of which one window is in memory: bits come in ascending order. */
struct bitmap {
	uint64_t offset, window;
	unsigned char bits[WINDOW];
};

struct hwp_kdump_writer {
	int fd;
	const struct hwp_kdump_head *head;
	struct hwp_codec *codec;
	struct bitmap ram, stored;
	/** Where the next descriptors and the next page go. */
	uint64_t descs_at, at, nr_written;
	struct page_desc descs[NR_DESCS];
	size_t nr_descs;
	/** A page of zeros is there once. */
	struct page_desc zero;
	unsigned char *packed;
};

static struct hwp_error *write_at(struct hwp_kdump_writer *w, uint64_t offset, const void *data,
				  size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = pwrite(w->fd, from, size, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return hwp_error_os(n ? errno : EIO, "cannot write the excerpt");
		from += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
		w->nr_written += (uint64_t)n;
	}
	return NULL;
}

static uint64_t blocks_of(const struct hwp_kdump_head *head, uint64_t size)
{
	return (size + (UINT64_C(1) << head->page_shift) - 1) >> head->page_shift;
}

static uint32_t at_most_32_bits(uint64_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/** An ELF note, which is where crash and drgn look for VMCOREINFO too. */
static size_t make_note(const char *text, char *to, size_t *text_at)
{
	const uint32_t head[3] = { sizeof(NOTE_NAME), (uint32_t)strlen(text), 0 };
	size_t name_size = (sizeof(NOTE_NAME) + 3) & ~(size_t)3;

	*text_at = sizeof(head) + name_size;
	if (to) {
		memcpy(to, head, sizeof(head));
		memcpy(to + sizeof(head), NOTE_NAME, sizeof(NOTE_NAME));
		memcpy(to + *text_at, text, strlen(text));
	}
	return *text_at + ((strlen(text) + 3) & ~(size_t)3);
}

static void name(struct disk_dump_header *header, const struct hwp_kdump_head *head)
{
	const char *const names[] = { "Linux", head->host, head->release, head->version,
				      head->machine };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(names); i++)
		snprintf(header->utsname[i], sizeof(header->utsname[i]), "%s", names[i]);
}

static struct hwp_error *write_headers(struct hwp_kdump_writer *w)
{
	const struct hwp_kdump_head *head = w->head;
	uint64_t block = UINT64_C(1) << head->page_shift, bitmap_size = (head->end_pfn + 7) / 8;
	uint64_t note_at = block + sizeof(struct kdump_sub_header);
	size_t text_at, note_size = make_note(head->vmcoreinfo, NULL, &text_at);
	_cleanup_free_ char *note = calloc(1, note_size);
	struct disk_dump_header header = {
		.header_version = 6,
		.status = HWP_PACKED_ZSTD,
		.block_size = (uint32_t)block,
		.sub_hdr_size = (uint32_t)blocks_of(head,
						    sizeof(struct kdump_sub_header) + note_size),
		.bitmap_blocks = at_most_32_bits(2 * blocks_of(head, bitmap_size)),
		.max_mapnr = at_most_32_bits(head->end_pfn),
		.total_ram_blocks = at_most_32_bits(head->nr_ram),
		.written_blocks = at_most_32_bits(head->nr_pages),
		.nr_cpus = head->nr_cpus ? head->nr_cpus : 1,
	};
	struct kdump_sub_header sub = {
		.phys_base = head->phys_base,
		.dump_level = 31,
		.offset_vmcoreinfo = note_at + text_at,
		.size_vmcoreinfo = strlen(head->vmcoreinfo),
		.offset_note = note_at,
		.size_note = note_size,
		.end_pfn = head->end_pfn,
		.end_pfn_64 = head->end_pfn,
		.max_mapnr_64 = head->end_pfn,
	};
	struct hwp_error *err;

	if (!note)
		return hwp_error_no_memory();
	make_note(head->vmcoreinfo, note, &text_at);
	/* It has no NUL. */
	memcpy(header.signature, HWP_DISKDUMP_SIGNATURE, sizeof(header.signature));
	name(&header, head);
	w->ram.offset = (1 + header.sub_hdr_size) * block;
	w->stored.offset = w->ram.offset + header.bitmap_blocks / 2 * block;
	w->descs_at = w->ram.offset + header.bitmap_blocks * block;
	w->at = w->descs_at + head->nr_pages * sizeof(struct page_desc);
	err = write_at(w, 0, &header, sizeof(header));
	if (!err)
		err = write_at(w, block, &sub, sizeof(sub));
	return err ? err : write_at(w, note_at, note, note_size);
}

/** A window without a bit is a hole of the file. */
static struct hwp_error *flush_bitmap(struct hwp_kdump_writer *w, struct bitmap *bitmap)
{
	static const unsigned char none[WINDOW];
	struct hwp_error *err = NULL;

	if (memcmp(bitmap->bits, none, WINDOW) != 0)
		err = write_at(w, bitmap->offset + bitmap->window * WINDOW, bitmap->bits, WINDOW);
	memset(bitmap->bits, 0, WINDOW);
	return err;
}

static struct hwp_error *set_bit(struct hwp_kdump_writer *w, struct bitmap *bitmap, uint64_t pfn)
{
	uint64_t window = pfn / (8 * WINDOW), bit = pfn % (8 * WINDOW);
	struct hwp_error *err = NULL;

	if (window != bitmap->window)
		err = flush_bitmap(w, bitmap);
	bitmap->window = window;
	bitmap->bits[bit / 8] |= (unsigned char)(1u << bit % 8);
	return err;
}

struct hwp_error *hwp_kdump_writer_create(int fd, const struct hwp_kdump_head *head,
					  struct hwp_kdump_writer **ret)
{
	struct hwp_kdump_writer *w = calloc(1, sizeof(*w));
	struct hwp_error *err;

	if (!w)
		return hwp_error_no_memory();
	*ret = w;
	w->fd = fd;
	w->head = head;
	w->packed = malloc((size_t)1 << head->page_shift);
	if (!w->packed)
		return hwp_error_no_memory();
	err = hwp_codec_create(&w->codec);
	return err ? err : write_headers(w);
}

void hwp_kdump_writer_destroy(struct hwp_kdump_writer *w)
{
	if (!w)
		return;
	hwp_codec_destroy(w->codec);
	free(w->packed);
	free(w);
}

struct hwp_error *hwp_kdump_writer_ram(struct hwp_kdump_writer *w, uint64_t start, uint64_t end)
{
	struct hwp_error *err = NULL;

	for (uint64_t pfn = start; pfn < end && !err; pfn++)
		err = set_bit(w, &w->ram, pfn);
	return err;
}

static struct hwp_error *flush_descs(struct hwp_kdump_writer *w)
{
	struct hwp_error *err = write_at(w, w->descs_at, w->descs,
					 w->nr_descs * sizeof(w->descs[0]));

	w->descs_at += w->nr_descs * sizeof(w->descs[0]);
	w->nr_descs = 0;
	return err;
}

struct hwp_error *hwp_kdump_writer_page(struct hwp_kdump_writer *w, uint64_t pfn, const void *page)
{
	size_t page_size = (size_t)1 << w->head->page_shift, size;
	struct page_desc desc = { .offset = w->at, .flags = HWP_PACKED_ZSTD };
	bool zero = hwp_is_zero(page, page_size);
	struct hwp_error *err = set_bit(w, &w->stored, pfn);

	if (!err && zero && w->zero.size) {
		desc = w->zero;
	} else if (!err) {
		size = hwp_codec_pack(w->codec, page, page_size, w->packed, page_size - 1);
		desc.flags = size ? HWP_PACKED_ZSTD : 0;
		desc.size = (uint32_t)(size ? size : page_size);
		err = write_at(w, w->at, size ? w->packed : page, desc.size);
		w->at += desc.size;
		if (zero)
			w->zero = desc;
	}
	w->descs[w->nr_descs++] = desc;
	return err || w->nr_descs < NR_DESCS ? err : flush_descs(w);
}

struct hwp_error *hwp_kdump_writer_finish(struct hwp_kdump_writer *w, uint64_t *size_ret)
{
	struct hwp_error *err = flush_descs(w);

	if (!err)
		err = flush_bitmap(w, &w->ram);
	if (!err)
		err = flush_bitmap(w, &w->stored);
	*size_ret = w->nr_written;
	return err;
}
