// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/diskdump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/notes.h"
#include "target/vmcoreinfo.h"

/* struct disk_dump_header, as 64-bit kernels lay it out: makedumpfile's diskdump_mod.h. */
#define HEADER_SIZE 464
#define HEADER_VERSION 8
#define HEADER_MACHINE (12 + 4 * 65)
#define HEADER_STATUS 424
#define HEADER_BLOCK_SIZE 428
#define HEADER_SUB_BLOCKS 432
#define HEADER_BITMAP_BLOCKS 436
#define HEADER_MAX_MAPNR 440
#define STATUS_INCOMPLETE 0x8u
#define STATUS_EXCLUDED_VMEMMAP 0x10u
#define MAX_VERSION 6
#define MAX_SUB_BLOCKS 65536

/* struct kdump_sub_header; each version adds members at its end. */
#define SUB_SIZE 104
#define SUB_SPLIT 12
#define SUB_START_PFN 16
#define SUB_END_PFN 24
#define SUB_VMCOREINFO 32
#define SUB_NOTES 48
#define SUB_START_PFN_64 80
#define SUB_END_PFN_64 88
#define SUB_MAX_MAPNR_64 96
#define VERSION_SPLIT 2
#define VERSION_VMCOREINFO 3
#define VERSION_NOTES 4
#define VERSION_64 6

/* struct page_desc */
#define DESC_SIZE 24
#define MAX_VMCOREINFO (UINT64_C(1) << 20)
/* 64 times what the largest machines have; their bitmap is counted when the file is opened. */
#define MAX_PFNS (UINT64_C(1) << 37)
#define WINDOW_BYTES (HWP_DISKDUMP_WINDOW / 8)
#define BITS_PER_RANK (HWP_DISKDUMP_WINDOW / HWP_DISKDUMP_RANKS)

struct headers {
	unsigned char main[HEADER_SIZE], sub[SUB_SIZE];
	unsigned int version;
	uint64_t block;
};

void hwp_diskdump_deinit(struct hwp_diskdump *dump)
{
	free(dump->ranks);
	free(dump->vmcoreinfo);
	dump->ranks = NULL;
	dump->vmcoreinfo = NULL;
}

static struct hwp_error *nonsense(const char *what, uint64_t value)
{
	return hwp_error_create(HWP_ERROR_BAD_DATA, "the kdump header is nonsense: %s is %" PRIu64,
				what, value);
}

static struct hwp_error *read_headers(const struct hwp_rawfile *file, struct headers *h)
{
	struct hwp_error *err = hwp_rawfile_read(file, 0, h->main, sizeof(h->main));
	size_t nr;

	if (err)
		return err;
	h->version = hwp_u32(h->main + HEADER_VERSION);
	h->block = hwp_u32(h->main + HEADER_BLOCK_SIZE);
	if (h->version > MAX_VERSION)
		return nonsense("its version", h->version);
	if (!hwp_is_page_size(h->block))
		return nonsense("block_size", h->block);
	if (hwp_u32(h->main + HEADER_SUB_BLOCKS) == 0)
		return NULL;
	return hwp_rawfile_read_some(file, h->block, h->sub, sizeof(h->sub), &nr);
}

static uint64_t max_mapnr(const struct headers *h)
{
	uint64_t wide = h->version >= VERSION_64 ? hwp_u64(h->sub + SUB_MAX_MAPNR_64) : 0;

	return wide ? wide : hwp_u32(h->main + HEADER_MAX_MAPNR);
}

/** Where bitmap and descriptors are, by the header. */
static struct hwp_error *find_parts(const struct hwp_rawfile *file, const struct headers *h,
				    struct hwp_diskdump *d)
{
	uint64_t sub_blocks = hwp_u32(h->main + HEADER_SUB_BLOCKS);
	uint64_t bitmap_blocks = hwp_u32(h->main + HEADER_BITMAP_BLOCKS);
	uint64_t need;

	if (sub_blocks > MAX_SUB_BLOCKS)
		return nonsense("sub_hdr_size", sub_blocks);
	d->end_pfn = max_mapnr(h);
	need = d->end_pfn / 8 / h->block + (d->end_pfn % (8 * h->block) != 0);
	if (bitmap_blocks == 0 || need > bitmap_blocks || d->end_pfn > MAX_PFNS)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the kdump header is nonsense: bitmaps of %" PRIu64
					" blocks for %" PRIu64 " pages",
					bitmap_blocks, d->end_pfn);
	d->bitmap = (1 + sub_blocks) * h->block;
	d->bitmap_size = bitmap_blocks * h->block;
	d->descs = d->bitmap + d->bitmap_size;
	if (d->descs > file->size)
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"the file is cut off: %" PRIu64 " bytes are there, its "
					"headers alone take %" PRIu64,
					file->size, d->descs);
	/* The first bitmap is of the pages that are memory; without it all of them are stored. */
	if (need <= bitmap_blocks / 2) {
		d->bitmap_size = bitmap_blocks / 2 * h->block;
		d->bitmap = d->descs - d->bitmap_size;
	}
	return NULL;
}

static uint64_t count_bits(const unsigned char *bits, size_t size)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t word = hwp_u64(bits + i);

		nr += word == UINT64_MAX ? 64 : word ? (uint64_t)__builtin_popcountll(word) : 0;
	}
	return nr;
}

/** A number for each window, not the bitmap: 0.8 MB for 12 TiB of memory. */
static struct hwp_error *count_stored(struct hwp_diskdump *d)
{
	uint64_t nr_windows = (d->end_pfn + HWP_DISKDUMP_WINDOW - 1) / HWP_DISKDUMP_WINDOW;
	static const size_t step = 16 * WINDOW_BYTES;
	_cleanup_free_ unsigned char *buf = malloc(step);
	struct hwp_error *err = NULL;

	d->ranks = malloc((nr_windows + 1) * sizeof(*d->ranks));
	if (!buf || !d->ranks)
		return hwp_error_no_memory();
	for (uint64_t i = 0; i < nr_windows; i++) {
		uint64_t at = i * WINDOW_BYTES, left = d->bitmap_size - at;

		if (at % step == 0)
			err = hwp_rawfile_read(d->file, d->bitmap + at, buf,
					       left < step ? left : step);
		if (err)
			return err;
		d->ranks[i] = d->nr_descs;
		d->nr_descs += count_bits(buf + at % step,
					  left < WINDOW_BYTES ? left : WINDOW_BYTES);
	}
	return NULL;
}

/*
 * Pages are written in the order of their descriptors, but for pages of zeros, which share
 * one: the last piece of the table with several different offsets ends where the data ends.
 */
static struct hwp_error *end_of_pages(const struct hwp_diskdump *d, uint64_t *ret)
{
	unsigned char descs[HWP_DISKDUMP_DESCS * DESC_SIZE];
	struct hwp_error *err = NULL;
	unsigned int nr_different = 0;
	uint64_t last = 0;

	*ret = 0;
	for (uint64_t end = d->nr_descs; end && nr_different < 3 && !err;) {
		uint64_t nr = end < HWP_DISKDUMP_DESCS ? end : HWP_DISKDUMP_DESCS;

		end -= nr;
		err = hwp_rawfile_read(d->file, d->descs + end * DESC_SIZE, descs, nr * DESC_SIZE);
		for (uint64_t i = 0; i < nr && !err; i++) {
			const unsigned char *desc = descs + i * DESC_SIZE;
			uint64_t offset = hwp_u64(desc), size = hwp_u32(desc + 8);

			nr_different += offset != last;
			last = offset;
			if (offset <= INT64_MAX && offset + size > *ret)
				*ret = offset + size;
		}
	}
	return err;
}

static struct hwp_error *find_vmcoreinfo(const struct hwp_rawfile *file, const struct headers *h,
					 struct hwp_diskdump *d)
{
	uint64_t offset = hwp_u64(h->sub + SUB_VMCOREINFO);
	uint64_t size = hwp_u64(h->sub + SUB_VMCOREINFO + 8);
	struct hwp_notes notes = {};
	struct hwp_error *err;

	if (h->version >= VERSION_NOTES && hwp_u64(h->sub + SUB_NOTES) &&
	    !hwp_rawfile_has(file, hwp_u64(h->sub + SUB_NOTES), hwp_u64(h->sub + SUB_NOTES + 8)))
		d->notes_beyond_end = true;
	if (h->version >= VERSION_VMCOREINFO && size && size <= MAX_VMCOREINFO &&
	    hwp_rawfile_has(file, offset, size)) {
		d->vmcoreinfo = calloc(1, size + 1);
		if (!d->vmcoreinfo)
			return hwp_error_no_memory();
		err = hwp_rawfile_read(file, offset, d->vmcoreinfo, size);
		return err ? err : hwp_vmcoreinfo_check(d->vmcoreinfo, size);
	}
	if (h->version < VERSION_NOTES)
		return NULL;
	err = hwp_notes_read(file, hwp_u64(h->sub + SUB_NOTES), hwp_u64(h->sub + SUB_NOTES + 8),
			     &notes);
	d->vmcoreinfo = notes.vmcoreinfo;
	return err;
}

static void note_damage(const struct headers *h, uint64_t file_size, uint64_t end,
			struct hwp_file_facts *facts)
{
	facts->memmap_excluded = hwp_u32(h->main + HEADER_STATUS) & STATUS_EXCLUDED_VMEMMAP;
	if (facts->damage[0])
		return;
	if (end > file_size)
		snprintf(facts->damage, sizeof(facts->damage),
			 "the file is cut off: %" PRIu64 " of %" PRIu64 " bytes are there",
			 file_size, end);
	else if (hwp_u32(h->main + HEADER_STATUS) & STATUS_INCOMPLETE)
		snprintf(facts->damage, sizeof(facts->damage),
			 "makedumpfile marked the dump as incomplete: it could not write all of "
			 "it");
}

void hwp_diskdump_cursor_init(struct hwp_diskdump_cursor *cursor)
{
	cursor->window = cursor->first_desc = UINT64_MAX;
}

static struct hwp_error *read_window(const struct hwp_diskdump *dump,
				     struct hwp_diskdump_cursor *cursor, uint64_t window)
{
	uint64_t at = window * WINDOW_BYTES, left = dump->bitmap_size - at;
	uint64_t size = left < WINDOW_BYTES ? left : WINDOW_BYTES, nr = 0;
	struct hwp_error *err;

	cursor->window = UINT64_MAX;
	memset(cursor->bits, 0, sizeof(cursor->bits));
	err = hwp_rawfile_read(dump->file, dump->bitmap + at, cursor->bits, size);
	if (err)
		return err;
	for (size_t i = 0; i < HWP_DISKDUMP_RANKS; i++) {
		cursor->ranks[i] = (uint16_t)nr;
		nr += count_bits(cursor->bits + i * BITS_PER_RANK / 8, BITS_PER_RANK / 8);
	}
	cursor->window = window;
	return NULL;
}

/** Stored pages before @p bit of the window. */
static uint64_t rank_of(const struct hwp_diskdump_cursor *cursor, uint64_t bit)
{
	uint64_t piece = bit / BITS_PER_RANK, nr = cursor->ranks[piece];
	uint64_t at = piece * BITS_PER_RANK;

	for (; at + 64 <= bit; at += 64)
		nr += (uint64_t)__builtin_popcountll(hwp_u64(cursor->bits + at / 8));
	return nr + (uint64_t)__builtin_popcountll(hwp_u64(cursor->bits + at / 8) &
						   ((UINT64_C(1) << (bit - at)) - 1));
}

/** How many of the pages that the bitmap has are before @p pfn? */
static struct hwp_error *count_before(const struct hwp_diskdump *d,
				      struct hwp_diskdump_cursor *cursor, uint64_t pfn,
				      uint64_t *ret)
{
	uint64_t window = pfn / HWP_DISKDUMP_WINDOW;
	struct hwp_error *err = NULL;

	*ret = d->nr_descs;
	if (pfn >= d->end_pfn)
		return NULL;
	err = read_window(d, cursor, window);
	if (!err)
		*ret = d->ranks[window] + rank_of(cursor, pfn % HWP_DISKDUMP_WINDOW);
	return err;
}

/** A part has descriptors of its own pages alone, behind a bitmap of all: makedumpfile --split. */
static struct hwp_error *find_own_pages(const struct headers *h, struct hwp_diskdump *d)
{
	_cleanup_free_ struct hwp_diskdump_cursor *cursor = NULL;
	bool is_wide = h->version >= VERSION_64;
	uint64_t nr_until;
	struct hwp_error *err;

	if (h->version < VERSION_SPLIT || hwp_u32(h->sub + SUB_SPLIT) != 1)
		return NULL;
	d->is_part = true;
	d->start_pfn = hwp_u64(h->sub + (is_wide ? SUB_START_PFN_64 : SUB_START_PFN));
	d->part_end_pfn = hwp_u64(h->sub + (is_wide ? SUB_END_PFN_64 : SUB_END_PFN));
	/* makedumpfile leaves parts empty where there are few pages. */
	if (d->start_pfn > d->part_end_pfn)
		return nonsense("the first pfn of this part", d->start_pfn);
	cursor = malloc(sizeof(*cursor));
	if (!cursor)
		return hwp_error_no_memory();
	err = count_before(d, cursor, d->start_pfn, &d->nr_before);
	if (!err)
		err = count_before(d, cursor, d->part_end_pfn, &nr_until);
	if (!err)
		d->nr_descs = nr_until - d->nr_before;
	return err;
}

struct hwp_error *hwp_diskdump_read(const struct hwp_rawfile *file, struct hwp_diskdump *ret,
				    struct hwp_file_facts *facts)
{
	struct headers h = {};
	struct hwp_error *err;
	uint64_t end = 0;

	ret->file = file;
	err = read_headers(file, &h);
	if (!err)
		err = find_parts(file, &h, ret);
	if (!err)
		err = count_stored(ret);
	if (!err)
		err = find_own_pages(&h, ret);
	if (!err && ret->nr_descs > (file->size - ret->descs) / DESC_SIZE)
		err = hwp_error_create(HWP_ERROR_BAD_DATA,
				       "the file is cut off within its table of pages");
	if (!err)
		err = end_of_pages(ret, &end);
	if (!err)
		err = find_vmcoreinfo(file, &h, ret);
	if (err)
		return err;
	ret->page_shift = hwp_ilog2(h.block);
	memcpy(ret->machine, h.main + HEADER_MACHINE, sizeof(ret->machine) - 1);
	/* QEMU's word for what is not x86_64. */
	if (strcmp(ret->machine, "Unknown") == 0)
		ret->machine[0] = '\0';
	note_damage(&h, file->size, end, facts);
	return NULL;
}

static struct hwp_error *read_descs(const struct hwp_diskdump *dump,
				    struct hwp_diskdump_cursor *cursor, uint64_t index)
{
	uint64_t first = index - index % HWP_DISKDUMP_DESCS, left = dump->nr_descs - first;
	struct hwp_error *err;

	cursor->first_desc = UINT64_MAX;
	err = hwp_rawfile_read(dump->file, dump->descs + first * DESC_SIZE, cursor->descs,
			       (left < HWP_DISKDUMP_DESCS ? left : HWP_DISKDUMP_DESCS) * DESC_SIZE);
	if (!err)
		cursor->first_desc = first;
	return err;
}

struct hwp_error *hwp_diskdump_find(const struct hwp_diskdump *dump,
				    struct hwp_diskdump_cursor *cursor, uint64_t pfn,
				    struct hwp_page_desc *ret)
{
	uint64_t window = pfn / HWP_DISKDUMP_WINDOW, bit = pfn % HWP_DISKDUMP_WINDOW, index;
	struct hwp_error *err = NULL;
	const unsigned char *desc;

	if (pfn >= dump->end_pfn)
		return hwp_error_create(HWP_ERROR_EXCLUDED, "the page is not in the dump");
	if (dump->is_part && (pfn < dump->start_pfn || pfn >= dump->part_end_pfn))
		return hwp_error_create(HWP_ERROR_EXCLUDED,
					"the page is in a part of the dump that was not given");
	if (cursor->window != window)
		err = read_window(dump, cursor, window);
	if (!err && !hwp_test_bit(cursor->bits, bit))
		err = hwp_error_create(HWP_ERROR_EXCLUDED, "the page is not in the dump");
	if (err)
		return err;
	index = dump->ranks[window] + rank_of(cursor, bit) - dump->nr_before;
	/* The bitmap has changed since it was counted. */
	if (index >= dump->nr_descs)
		return hwp_error_create(HWP_ERROR_BAD_DATA, "the file changes while it is read");
	if (index - index % HWP_DISKDUMP_DESCS != cursor->first_desc)
		err = read_descs(dump, cursor, index);
	if (err)
		return err;
	desc = cursor->descs + index % HWP_DISKDUMP_DESCS * DESC_SIZE;
	*ret = (struct hwp_page_desc){ .offset = hwp_u64(desc),
				       .size = hwp_u32(desc + 8),
				       .flags = hwp_u32(desc + 12) };
	return NULL;
}

bool hwp_diskdump_is_part(int fd)
{
	unsigned char main[HEADER_SIZE], split[4];
	uint32_t block;

	if (pread(fd, main, sizeof(main), 0) != (ssize_t)sizeof(main) ||
	    memcmp(main, HWP_DISKDUMP_SIGNATURE, sizeof(HWP_DISKDUMP_SIGNATURE) - 1) != 0)
		return false;
	block = hwp_u32(main + HEADER_BLOCK_SIZE);
	return hwp_u32(main + HEADER_VERSION) >= VERSION_SPLIT && hwp_is_page_size(block) &&
	       pread(fd, split, sizeof(split), (off_t)block + SUB_SPLIT) ==
		       (ssize_t)sizeof(split) &&
	       hwp_u32(split) == 1;
}
