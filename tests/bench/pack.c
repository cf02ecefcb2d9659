// SPDX-License-Identifier: GPL-2.0-or-later
/** pack DUMP OUT METHOD: write a dump anew as a kdump file, its pages packed by METHOD. */
#include <fcntl.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "target/memory/codec.h"
#include "target/memory/dumpfile.h"

#define PAGE_SHIFT 12
#define PAGE (1u << PAGE_SHIFT)
#define MAX_PACKED (4 * PAGE)

/** What was written so far. */
struct out {
	FILE *file;
	unsigned int method;
	uint64_t table, data, nr_pfns;
	unsigned char *bitmap, *descs;
	size_t nr, capacity;
	ZSTD_CCtx *zstd;
	void *lzo;
};

static void die(const char *what)
{
	fprintf(stderr, "pack: %s\n", what);
	exit(2);
}

static unsigned int method_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned int method;
	} rows[] = { { "zlib", HWP_PACKED_ZLIB },
		     { "lzo", HWP_PACKED_LZO },
		     { "snappy", HWP_PACKED_SNAPPY },
		     { "zstd", HWP_PACKED_ZSTD } };

	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].method;
	}
	die("METHOD is zlib, lzo, snappy or zstd");
	return 0;
}

/** makedumpfile's levels. */
static size_t pack_page(struct out *o, const void *page, void *to)
{
	lzo_uint lzo_size = MAX_PACKED;
	uLongf zlib_size = MAX_PACKED;
	size_t size = MAX_PACKED;

	switch (o->method) {
	case HWP_PACKED_ZLIB:
		return compress2(to, &zlib_size, page, PAGE, Z_BEST_SPEED) == Z_OK ? zlib_size :
										     PAGE;
	case HWP_PACKED_LZO:
		return lzo1x_1_compress(page, PAGE, to, &lzo_size, o->lzo) == LZO_E_OK ? lzo_size :
											 PAGE;
	case HWP_PACKED_SNAPPY:
		return snappy_compress(page, PAGE, to, &size) == SNAPPY_OK ? size : PAGE;
	default:
		size = ZSTD_compressCCtx(o->zstd, to, MAX_PACKED, page, PAGE, 1);
		return ZSTD_isError(size) ? PAGE : size;
	}
}

static void put(struct out *o, uint64_t offset, const void *bytes, size_t size)
{
	if (fseeko(o->file, (off_t)offset, SEEK_SET) < 0 || fwrite(bytes, size, 1, o->file) != 1)
		die("cannot write");
}

static void add_page(struct out *o, uint64_t pfn, const void *page)
{
	unsigned char packed[MAX_PACKED], *desc;
	uint32_t size = (uint32_t)pack_page(o, page, packed), flags = o->method;

	if (size >= PAGE) {
		size = PAGE;
		flags = 0;
		memcpy(packed, page, PAGE);
	}
	put(o, o->data, packed, size);
	o->bitmap[pfn / 8] |= (unsigned char)(1 << pfn % 8);
	desc = o->descs + o->nr++ * 24;
	memcpy(desc, &o->data, 8);
	memcpy(desc + 8, &size, 4);
	memcpy(desc + 12, &flags, 4);
	o->data += size;
}

static uint64_t count_stored(const struct hwp_dumpfile *dump)
{
	uint64_t nr = 0;

	for (size_t i = 0; i < dump->elf.runs.nr; i++)
		nr += (dump->elf.runs.data[i].end - dump->elf.runs.data[i].start) / PAGE;
	return nr;
}

static void add_run(struct out *o, const struct hwp_dumpfile *dump, const struct hwp_elf_run *run)
{
	unsigned char page[PAGE];

	for (uint64_t at = run->start; at + PAGE <= run->end; at += PAGE) {
		if (hwp_rawfile_read(&dump->file, run->offset + (at - run->start), page, PAGE))
			die("cannot read DUMP");
		add_page(o, at / PAGE, page);
	}
}

static void put_u32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

static void put_headers(struct out *o, uint64_t bitmap_blocks, const char *vmcoreinfo)
{
	unsigned char header[2 * PAGE] = "KDUMP   ";
	uint64_t len = strlen(vmcoreinfo), at = PAGE + 1024;

	/* From 4 on libkdumpfile takes VMCOREINFO from ELF notes; here there are none. */
	put_u32(header + 8, 3);
	memcpy(header + 12 + 4 * 65, "x86_64", 6);
	put_u32(header + 424, o->method);
	put_u32(header + 428, PAGE);
	put_u32(header + 432, 2);
	put_u32(header + 436, (uint32_t)(2 * bitmap_blocks));
	put_u32(header + 440, (uint32_t)o->nr_pfns);
	put_u32(header + 460, 1);
	memcpy(header + PAGE + 32, &at, 8);
	memcpy(header + PAGE + 40, &len, 8);
	memcpy(header + PAGE + 96, &o->nr_pfns, 8);
	put(o, 0, header, sizeof(header));
	put(o, at, vmcoreinfo, len);
	/* Terabytes that are not stored are holes in the file. */
	for (uint64_t i = 0; i < bitmap_blocks; i++) {
		const unsigned char *block = o->bitmap + i * PAGE;

		if (!block[0] && !memcmp(block, block + 1, PAGE - 1))
			continue;
		put(o, (3 + i) * PAGE, block, PAGE);
		put(o, (3 + bitmap_blocks + i) * PAGE, block, PAGE);
	}
	put(o, o->table, o->descs, o->nr * 24);
}

int main(int argc, char **argv)
{
	struct hwp_file_facts facts = {};
	static struct hwp_dumpfile dump;
	struct out o = {};
	uint64_t blocks, nr_stored;

	if (argc != 4)
		die("usage: pack DUMP OUT METHOD");
	o.method = method_of(argv[3]);
	if (hwp_dumpfile_open(argv[1], open(argv[1], O_RDONLY), &dump, &facts) || dump.is_kdump ||
	    !hwp_dumpfile_vmcoreinfo(&dump))
		die("DUMP has to be an ELF file with VMCOREINFO");
	o.nr_pfns = hwp_dumpfile_end_pfn(&dump, PAGE_SHIFT);
	nr_stored = count_stored(&dump);
	blocks = o.nr_pfns / 8 / PAGE + 1;
	o.table = 3 * PAGE + 2 * blocks * PAGE;
	o.data = o.table + nr_stored * 24;
	o.bitmap = calloc(1, blocks * PAGE);
	o.descs = calloc(nr_stored, 24);
	o.lzo = malloc(LZO1X_1_MEM_COMPRESS);
	o.zstd = ZSTD_createCCtx();
	o.file = fopen(argv[2], "w");
	if (!o.bitmap || !o.descs || !o.lzo || !o.zstd || !o.file)
		die("cannot begin");
	for (size_t i = 0; i < dump.elf.runs.nr; i++)
		add_run(&o, &dump, &dump.elf.runs.data[i]);
	put_headers(&o, blocks, hwp_dumpfile_vmcoreinfo(&dump));
	if (fclose(o.file))
		die("cannot write");
	hwp_dumpfile_deinit(&dump);
	return 0;
}
