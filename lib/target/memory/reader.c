// SPDX-License-Identifier: GPL-2.0-or-later
#include "target/memory/reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "target/memory/codec.h"
#include "target/memory/leaves.h"
#include "target/memory/pagecache.h"
#include "target/seen.h"
#include "target/vmcoreinfo.h"

/* The first reader walks lists and tables; a clone sweeps, and reads each page once. */
#define CACHE_BYTES ((size_t)32 << 20)
#define CLONE_CACHE_BYTES ((size_t)1 << 20)
/* Bytes of the file that are read ahead where pages stand one behind the other. */
#define AHEAD_BYTES ((size_t)128 << 10)
/* A page that does not shrink is stored as it is; none is larger when it is packed. */
#define MAX_PACKED ((size_t)2 << HWP_MAX_PAGE_SHIFT)

/** What threads share. */
struct shared {
	struct hwp_dumpfile *dump;
	char *vmcoreinfo;
	/** All but how to read them. */
	struct hwp_page_tables tables;
	bool can_translate;
	unsigned int page_shift;
	/** What was read; NULL: nobody wants to know. */
	struct hwp_seen *seen;
};

/** One thread's. */
struct reader {
	const struct shared *shared;
	/** The first reader's own, which is freed with it. */
	struct shared *owned;
	struct hwp_pagecache *cache;
	struct hwp_codec *codec;
	struct hwp_leaves leaves;
	/** The file of a dump in several that cursor and ahead are of. */
	const struct hwp_dumpfile *part;
	struct hwp_diskdump_cursor cursor;
	/** Bytes of the file from ahead_offset on. */
	uint64_t ahead_offset;
	size_t ahead_size;
	unsigned char ahead[AHEAD_BYTES];
};

static void shared_destroy(struct shared *s)
{
	if (!s)
		return;
	if (s->dump)
		hwp_dumpfile_deinit(s->dump);
	free(s->dump);
	free(s->vmcoreinfo);
	free(s);
}

static void reader_destroy(void *arg)
{
	struct reader *r = arg;

	if (!r)
		return;
	hwp_pagecache_destroy(r->cache);
	hwp_codec_destroy(r->codec);
	shared_destroy(r->owned);
	free(r);
}

static void reader_destroyp(struct reader **r)
{
	reader_destroy(*r);
}

static struct hwp_error *not_stored(uint64_t physical)
{
	return hwp_error_at(HWP_ERROR_EXCLUDED, physical, "the page is not in the dump");
}

/** What the file once had and has no more is not stored either. */
static struct hwp_error *file_read(const struct reader *r, uint64_t offset, void *buf, size_t size)
{
	struct hwp_error *err = hwp_rawfile_read(&r->shared->dump->file, offset, buf, size);

	if (err && err->code == HWP_ERROR_BAD_DATA)
		err->code = HWP_ERROR_EXCLUDED;
	return err;
}

/** @p size bytes of the file: borrowed until the next call. */
static struct hwp_error *read_packed(struct reader *r, uint64_t offset, size_t size,
				     const unsigned char **ret)
{
	bool follows = offset >= r->ahead_offset && offset <= r->ahead_offset + r->ahead_size;
	size_t wanted = follows && r->ahead_size ? AHEAD_BYTES : size, nr = 0;
	struct hwp_error *err;

	if (!follows || size > r->ahead_size - (offset - r->ahead_offset)) {
		wanted = wanted > size ? wanted : size;
		r->ahead_size = 0;
		err = hwp_rawfile_read_some(&r->part->file, offset, r->ahead, wanted, &nr);
		if (err)
			return err;
		r->ahead_offset = offset;
		r->ahead_size = nr;
		if (nr < size)
			return hwp_error_create(HWP_ERROR_EXCLUDED,
						"the file is cut off at byte %" PRIu64,
						offset + nr);
	}
	*ret = r->ahead + (offset - r->ahead_offset);
	return NULL;
}

/** Turn to the file that has page @p pfn. */
static void choose_part(struct reader *r, uint64_t pfn)
{
	const struct hwp_dumpfile *part = hwp_dumpfile_part(r->shared->dump, pfn);

	if (part == r->part)
		return;
	r->part = part;
	r->ahead_offset = r->ahead_size = 0;
	hwp_diskdump_cursor_init(&r->cursor);
}

/** The whole page @p pfn of a kdump file. */
static struct hwp_error *unpack_page(struct reader *r, uint64_t pfn, void *to)
{
	const struct shared *s = r->shared;
	size_t page_size = (size_t)1 << s->page_shift;
	struct hwp_page_desc desc = {};
	const unsigned char *packed = NULL;
	struct hwp_error *err;

	choose_part(r, pfn);
	err = hwp_diskdump_find(&r->part->kdump, &r->cursor, pfn, &desc);
	if (err)
		return err;
	/* makedumpfile had no space left before it came to this page. */
	if (desc.offset == 0 && desc.size == 0)
		return hwp_error_create(HWP_ERROR_EXCLUDED,
					"the page was never written to the dump");
	if (!hwp_rawfile_has(&r->part->file, desc.offset, desc.size))
		return hwp_error_create(HWP_ERROR_EXCLUDED,
					"the page is in the part of the dump that is cut off");
	if (desc.size > MAX_PACKED || (!desc.flags && desc.size != page_size))
		return hwp_error_create(HWP_ERROR_BAD_DATA,
					"a page of %" PRIu32 " bytes cannot be right", desc.size);
	err = read_packed(r, desc.offset, desc.size, &packed);
	if (err)
		return err;
	if (desc.flags)
		return hwp_codec_unpack(r->codec, desc.flags, packed, desc.size, to, page_size);
	memcpy(to, packed, page_size);
	return NULL;
}

/** Part of one page of a kdump file. */
static struct hwp_error *read_kdump(struct reader *r, uint64_t physical, void *buf, size_t size)
{
	unsigned int shift = r->shared->page_shift;
	uint64_t pfn = physical >> shift, at = physical & ((UINT64_C(1) << shift) - 1);
	const char *page = hwp_pagecache_find(r->cache, pfn);
	struct hwp_error *err;
	char *slot;

	if (!page && size == (size_t)1 << shift)
		return unpack_page(r, pfn, buf);
	if (!page) {
		page = slot = hwp_pagecache_slot(r->cache, pfn);
		err = unpack_page(r, pfn, slot);
		if (err)
			return err;
		hwp_pagecache_keep(r->cache, pfn);
	}
	memcpy(buf, page + at, size);
	return NULL;
}

/** Part of one page of an ELF file, which may be stored in part. */
static struct hwp_error *read_elf(struct reader *r, const struct hwp_elf_run *run,
				  uint64_t physical, void *buf, size_t size)
{
	uint64_t page_size = UINT64_C(1) << r->shared->page_shift;
	uint64_t start = physical & ~(page_size - 1), pfn = physical >> r->shared->page_shift;
	const char *page = hwp_pagecache_find(r->cache, pfn);
	struct hwp_error *err;
	char *slot;

	if (!page && (start < run->start || page_size > run->end - start))
		return file_read(r, run->offset + (physical - run->start), buf, size);
	if (!page) {
		page = slot = hwp_pagecache_slot(r->cache, pfn);
		err = file_read(r, run->offset + (start - run->start), slot, page_size);
		if (err)
			return err;
		hwp_pagecache_keep(r->cache, pfn);
	}
	memcpy(buf, page + (physical - start), size);
	return NULL;
}

/** The first *@p nr of as many bytes from @p physical on that can be read at once. */
static struct hwp_error *read_some(struct reader *r, uint64_t physical, void *buf, size_t *nr)
{
	uint64_t page_size = UINT64_C(1) << r->shared->page_shift;
	uint64_t in_page = page_size - (physical & (page_size - 1));
	const struct hwp_elf_run *run;

	if (r->shared->dump->is_kdump) {
		*nr = *nr < in_page ? *nr : in_page;
		return read_kdump(r, physical, buf, *nr);
	}
	run = hwp_elfcore_find(&r->shared->dump->elf, physical);
	if (!run)
		return not_stored(physical);
	*nr = *nr < run->end - physical ? *nr : run->end - physical;
	if (*nr >= page_size)
		return file_read(r, run->offset + (physical - run->start), buf, *nr);
	*nr = *nr < in_page ? *nr : in_page;
	return read_elf(r, run, physical, buf, *nr);
}

/** *@p done counts what was read, also on failure. */
static struct hwp_error *read_physical(struct reader *r, uint64_t physical, char *buf, size_t size,
				       size_t *done)
{
	struct hwp_error *err = NULL;

	*done = 0;
	while (*done < size && !err) {
		size_t nr = size - *done;

		err = read_some(r, physical + *done, buf + *done, &nr);
		*done += err ? 0 : nr;
	}
	return err;
}

static struct hwp_error *read_table(void *arg, uint64_t physical, void *buf, size_t size)
{
	const struct reader *r = arg;
	size_t done;
	struct hwp_error *err = read_physical(arg, physical, buf, size, &done);

	if (r->shared->seen)
		hwp_seen_bytes(r->shared->seen, physical, done);
	return hwp_error_prefix(err, "page table");
}

/** Kernels have pages of 4 KiB and more: nothing that is laid out by types is read in such pieces. */
static void record(const struct reader *r, enum hwp_space space, uint64_t physical, size_t size)
{
	struct hwp_seen *seen = r->shared->seen;
	uint64_t page_size = UINT64_C(1) << r->shared->page_shift;

	if (!seen)
		return;
	if (space == HWP_PHYSICAL && size >= page_size && !(physical & (page_size - 1)))
		hwp_seen_page(seen, physical, size);
	else
		hwp_seen_bytes(seen, physical, size);
}

static struct hwp_error *translate(struct reader *r, uint64_t address, uint64_t *physical_ret,
				   uint64_t *nr_ret)
{
	if (!r->shared->can_translate)
		return hwp_error_at(HWP_ERROR_FAULT, address, "addresses cannot be translated");
	return hwp_leaves_translate(&r->leaves, address, physical_ret, nr_ret);
}

/** As much of what follows as is contiguous in memory too, though its pages are mapped one by one. */
static void extend(struct reader *r, uint64_t address, uint64_t physical, uint64_t size,
		   uint64_t *nr)
{
	while (*nr < size) {
		uint64_t next, nr_more;
		struct hwp_error *err = translate(r, address + *nr, &next, &nr_more);

		/* It is met again, when that is read. */
		if (err || next != physical + *nr) {
			hwp_error_destroy(err);
			return;
		}
		*nr += nr_more;
	}
}

static struct hwp_error *reader_op_read(void *arg, enum hwp_space space, uint64_t address,
					void *buf, size_t size, size_t *nr_read_ret)
{
	struct reader *r = arg;
	struct hwp_error *err = NULL;
	size_t done = 0;

	while (done < size && !err) {
		uint64_t physical = address + done, nr = size - done;
		size_t nr_read = 0;

		if (space == HWP_KERNEL_VIRTUAL)
			err = translate(r, address + done, &physical, &nr);
		if (!err && space == HWP_KERNEL_VIRTUAL && !r->shared->dump->is_kdump)
			extend(r, address + done, physical, size - done, &nr);
		nr = nr < size - done ? nr : size - done;
		if (!err)
			err = read_physical(r, physical, (char *)buf + done, nr, &nr_read);
		record(r, space, physical, nr_read);
		done += nr_read;
	}
	*nr_read_ret = done;
	if (!err)
		return NULL;
	if (err->code != HWP_ERROR_NO_MEMORY)
		err->address = address + done;
	return hwp_error_prefix(err, "%s address 0x%" PRIx64,
				space == HWP_PHYSICAL ? "physical" : "kernel", address + done);
}

static struct hwp_error *reader_op_vmcoreinfo(void *arg, char **text_ret)
{
	const struct reader *r = arg;
	char *copy;

	if (!r->shared->vmcoreinfo)
		return hwp_error_create(HWP_ERROR_LOOKUP, "the dump carries no VMCOREINFO");
	copy = strdup(r->shared->vmcoreinfo);
	if (!copy)
		return hwp_error_no_memory();
	*text_ret = copy;
	return NULL;
}

static struct hwp_error *reader_create(const struct shared *shared, size_t cache_bytes,
				       struct reader **ret)
{
	_cleanup_(reader_destroyp) struct reader *r = calloc(1, sizeof(*r));
	struct hwp_error *err;

	if (!r)
		return hwp_error_no_memory();
	r->shared = shared;
	r->leaves.tables = shared->tables;
	r->leaves.tables.arg = r;
	r->leaves.tables.read_physical = read_table;
	hwp_diskdump_cursor_init(&r->cursor);
	err = hwp_pagecache_create((size_t)1 << shared->page_shift, cache_bytes, &r->cache);
	if (!err)
		err = hwp_codec_create(&r->codec);
	if (err)
		return err;
	*ret = no_cleanup_ptr(r);
	return NULL;
}

static struct hwp_error *reader_op_clone(void *arg, void **ret)
{
	const struct reader *r = arg;
	struct reader *copy = NULL;
	struct hwp_error *err = reader_create(r->shared, CLONE_CACHE_BYTES, &copy);

	if (!err)
		*ret = copy;
	return err;
}

/* The name of libkdumpfile's provider too: the bytes are the same, and so are the reports. */
static const struct hwp_provider_ops reader_ops = {
	.name = "kdumpfile",
	.read = reader_op_read,
	.vmcoreinfo = reader_op_vmcoreinfo,
	.clone = reader_op_clone,
	.destroy = reader_destroy,
};

/** Kernels before 4.10 do not say where x86_64's are. */
static struct hwp_error *find_tables(struct shared *s)
{
	struct hwp_error *err;

	if (!s->vmcoreinfo)
		return NULL;
	err = hwp_page_tables_learn(&s->tables, s->vmcoreinfo);
	s->can_translate = !err;
	if (err && err->code == HWP_ERROR_LOOKUP)
		err->code = HWP_ERROR_UNSUPPORTED;
	return err;
}

static void shared_destroyp(struct shared **s)
{
	shared_destroy(*s);
}

struct hwp_error *hwp_reader_open(struct hwp_dumpfile *dump, const char *vmcoreinfo,
				  struct hwp_provider *ret)
{
	_cleanup_(shared_destroyp) struct shared *s = calloc(1, sizeof(*s));
	struct reader *r = NULL;
	struct hwp_error *err;

	if (!s)
		return hwp_error_no_memory();
	/* An ELF file knows no pages: what is kept of it is of the smallest size. */
	s->page_shift = dump->is_kdump ? dump->kdump.page_shift : HWP_MIN_PAGE_SHIFT;
	if (vmcoreinfo) {
		s->vmcoreinfo = strdup(vmcoreinfo);
		if (!s->vmcoreinfo)
			return hwp_error_no_memory();
	}
	err = find_tables(s);
	if (!err)
		err = reader_create(s, CACHE_BYTES, &r);
	if (err)
		return err;
	s->dump = dump;
	r->owned = no_cleanup_ptr(s);
	ret->ops = &reader_ops;
	ret->arg = r;
	return NULL;
}

void hwp_reader_record(const struct hwp_provider *reader, struct hwp_seen *seen)
{
	struct reader *r = reader->arg;

	r->owned->seen = seen;
}
