// SPDX-License-Identifier: GPL-2.0-or-later
/**
 * limit DUMP: nanoseconds of processor time, best of several runs, that it takes to look at the
 * flags of every struct page of DUMP. "limit": of pages that are in memory, and unpacked by the
 * library that this build uses. "reader": through the reader, from the file; the environment's
 * HWPOISON_READER says by which.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "layout/layout.h"
#include "memmap/memmap.h"
#include "readers.h"
#include "target/memory/codec.h"
#include "target/memory/dumpfile.h"
#include "target/memory/leaves.h"
#include "target/vmcoreinfo.h"

#define PAGE 4096u
#define NR_RUNS 7
/** As the sweep does: facts/pages/scan.c. */
#define PAGES_PER_READ 4096u

struct packed {
	unsigned int method;
	size_t offset, size;
};

/** The memmap's pages as they stand in the file, copied to memory before it is measured. */
struct memmap {
	HWP_VEC(struct packed) pages;
	unsigned char *bytes;
	size_t nr_bytes, capacity;
};

static void die(const char *what, struct hwp_error *err)
{
	fprintf(stderr, "limit: %s%s%s\n", what, err ? ": " : "", err ? err->message : "");
	exit(2);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct hwp_error *read_table(void *arg, uint64_t physical, void *buf, size_t size)
{
	return hwp_target_read(arg, HWP_PHYSICAL, physical, buf, size, NULL);
}

/** Copy one page as it is stored. */
static void take_page(struct memmap *m, const struct hwp_dumpfile *dump,
		      struct hwp_diskdump_cursor *cursor, uint64_t physical)
{
	struct hwp_page_desc desc = { .size = PAGE };
	struct hwp_error *err = NULL;

	if (dump->is_kdump) {
		err = hwp_diskdump_find(&dump->kdump, cursor, physical / PAGE, &desc);
	} else {
		const struct hwp_elf_run *run = hwp_elfcore_find(&dump->elf, physical);

		desc.offset = run ? run->offset + (physical - run->start) : 0;
		if (!run)
			err = hwp_error_create(HWP_ERROR_EXCLUDED, "not there");
	}
	if (err) {
		hwp_error_destroy(err);
		return;
	}
	while (m->nr_bytes + desc.size > m->capacity) {
		m->capacity = m->capacity ? 2 * m->capacity : 1 << 20;
		m->bytes = realloc(m->bytes, m->capacity);
		if (!m->bytes)
			die("out of memory", NULL);
	}
	err = hwp_rawfile_read(&dump->file, desc.offset, m->bytes + m->nr_bytes, desc.size);
	if (err)
		die("cannot read the file", err);
	if (!hwp_vec_push(&m->pages, ((struct packed){ desc.flags, m->nr_bytes, desc.size })))
		die("out of memory", NULL);
	m->nr_bytes += desc.size;
}

/** Look at every flags word, in pages that are unpacked to one place. */
static uint64_t look(const struct memmap *m, struct hwp_codec *codec, uint32_t struct_page)
{
	static uint64_t page[PAGE / 8];
	uint64_t all = 0;

	for (size_t i = 0; i < m->pages.nr; i++) {
		const struct packed *p = &m->pages.data[i];
		const unsigned char *bytes = m->bytes + p->offset;

		if (p->method) {
			hwp_error_destroy(
				hwp_codec_unpack(codec, p->method, bytes, p->size, page, PAGE));
			bytes = (const unsigned char *)page;
		}
		for (size_t at = 0; at < PAGE; at += struct_page)
			all |= hwp_u64(bytes + at);
	}
	return all;
}

/** What is opened once. */
struct opened {
	struct hwp_target *target;
	struct hwp_layout *layout;
	struct hwp_memmap *memmap;
};

static void open_all(struct opened *o, const char *path)
{
	const struct hwp_target_options options = { .core_path = path };
	struct hwp_error *err = hwp_target_open(&options, &o->target);

	if (!err)
		err = hwp_layout_create(o->target, hwp_readers, &o->layout);
	if (!err)
		err = hwp_memmap_create(o->target, o->layout, &o->memmap);
	if (err)
		die(path, err);
}

/** The same through the reader: a fresh one, whose cache is empty. */
static uint64_t read_through(const struct opened *o, char *buf)
{
	uint32_t size = o->layout->page.size;
	struct hwp_target *clone;
	uint64_t all = 0;

	if (hwp_target_clone(o->target, &clone))
		die("cannot clone the reader", NULL);
	for (size_t i = 0; i < o->memmap->ranges.nr; i++) {
		const struct hwp_pfn_range *r = &o->memmap->ranges.data[i];

		for (uint64_t pfn = r->start_pfn; pfn < r->end_pfn; pfn += PAGES_PER_READ) {
			uint64_t nr = r->end_pfn - pfn;

			nr = nr < PAGES_PER_READ ? nr : PAGES_PER_READ;
			hwp_error_destroy(hwp_target_read(clone, HWP_KERNEL_VIRTUAL,
							  r->base + pfn * size, buf, nr * size,
							  NULL));
			for (uint64_t n = 0; n < nr; n++)
				all |= hwp_u64(buf + n * size);
		}
	}
	hwp_target_destroy(clone);
	return all;
}

static void gather(struct memmap *m, const char *path, const struct opened *o)
{
	static struct hwp_diskdump_cursor cursor;
	static struct hwp_leaves leaves;
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;
	struct hwp_error *err;

	err = hwp_dumpfile_open(path, open(path, O_RDONLY), &dump, &facts);
	if (!err)
		err = hwp_page_tables_learn(&leaves.tables, hwp_target_vmcoreinfo_text(o->target));
	if (err)
		die(path, err);
	leaves.tables.arg = o->target;
	leaves.tables.read_physical = read_table;
	hwp_diskdump_cursor_init(&cursor);
	for (size_t i = 0; i < o->memmap->ranges.nr; i++) {
		const struct hwp_pfn_range *r = &o->memmap->ranges.data[i];
		uint64_t at = r->base + r->start_pfn * o->layout->page.size;
		uint64_t end = r->base + r->end_pfn * o->layout->page.size, physical, nr;

		for (; at < end; at += PAGE) {
			err = hwp_leaves_translate(&leaves, at, &physical, &nr);
			if (!err)
				take_page(m, &dump, &cursor, physical);
			hwp_error_destroy(err);
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t limit = UINT64_MAX, reader = UINT64_MAX, all = 0;
	struct opened o = {};
	struct memmap m = {};
	struct hwp_codec *codec;
	char *buf;

	if (argc != 2)
		die("usage: limit DUMP", NULL);
	open_all(&o, argv[1]);
	gather(&m, argv[1], &o);
	buf = malloc(PAGES_PER_READ * o.layout->page.size);
	if (!buf || hwp_codec_create(&codec))
		die("out of memory", NULL);
	for (int i = 0; i < NR_RUNS; i++) {
		uint64_t start = now(), ns;

		all |= look(&m, codec, o.layout->page.size);
		ns = now() - start;
		limit = ns < limit ? ns : limit;
		start = now();
		all ^= read_through(&o, buf);
		ns = now() - start;
		reader = ns < reader ? ns : reader;
	}
	printf("pages %zu\nflags 0x%" PRIx64 "\nlimit %" PRIu64 "\nreader %" PRIu64 "\n",
	       m.pages.nr, all, limit, reader);
	return 0;
}
