// SPDX-License-Identifier: GPL-2.0-or-later
/** Our own reader of ELF and kdump files: small files written here. */
#include "synth.h"

#include <cmocka.h>
#include <elf.h>
#include <inttypes.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "target/memory/codec.h"
#include "target/memory/dumpfile.h"
#include "target/memory/reader.h"

#define PAGE 4096u

struct dump {
	int fd;
	struct hwp_file_facts facts;
	struct hwp_provider provider;
};

static void put_at(int fd, uint64_t offset, const void *bytes, size_t size)
{
	assert_int_equal(pwrite(fd, bytes, size, (off_t)offset), size);
}

/** Byte @p i of a page that is filled by @p seed. */
static unsigned char byte_of(uint64_t seed, uint64_t i)
{
	return (unsigned char)(seed * 37 + i / 64 * 11 + i % 3);
}

static void fill(unsigned char *page, uint64_t seed)
{
	for (size_t i = 0; i < PAGE; i++)
		page[i] = byte_of(seed, i);
}

static struct hwp_error *try_open(struct dump *d, const char *vmcoreinfo)
{
	struct hwp_dumpfile *file = malloc(sizeof(*file));
	struct hwp_error *err;

	assert_non_null(file);
	d->facts = (struct hwp_file_facts){};
	err = hwp_dumpfile_open("vmcore", dup(d->fd), file, &d->facts);
	if (!err)
		err = hwp_reader_open(file, vmcoreinfo, &d->provider);
	if (err) {
		hwp_dumpfile_deinit(file);
		free(file);
	}
	return err;
}

static void open_dump(struct dump *d, const char *vmcoreinfo)
{
	struct hwp_error *err = try_open(d, vmcoreinfo);

	if (err)
		fail_msg("%s", err->message);
}

static void close_dump(struct dump *d)
{
	hwp_provider_deinit(&d->provider);
	close(d->fd);
}

static void assert_refused(struct dump *d, enum hwp_error_code code, const char *words)
{
	struct hwp_error *err = try_open(d, NULL);

	if (!err)
		fail_msg("not refused: %s", words);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
}

static struct hwp_error *read_at(const struct dump *d, enum hwp_space space, uint64_t address,
				 void *buf, size_t size, size_t *nr)
{
	return d->provider.ops->read(d->provider.arg, space, address, buf, size, nr);
}

/** The byte at @p address; -1: not in the dump, -2: not mapped, -3: nonsense. */
static int byte_at(const struct dump *d, enum hwp_space space, uint64_t address)
{
	unsigned char byte = 0;
	size_t nr = 7;
	_cleanup_error_ struct hwp_error *err = read_at(d, space, address, &byte, 1, &nr);

	assert_int_equal(nr, !err);
	if (!err)
		return byte;
	assert_int_equal(err->address, address);
	return err->code == HWP_ERROR_EXCLUDED ? -1 :
	       err->code == HWP_ERROR_FAULT    ? -2 :
	       err->code == HWP_ERROR_BAD_DATA ? -3 :
						 -4;
}

static int physical_byte(const struct dump *d, uint64_t address)
{
	return byte_at(d, HWP_PHYSICAL, address);
}

/* ELF */

struct load {
	uint64_t physical, stored, memory;
	/** Where in the file, from the first byte behind the headers. */
	uint64_t offset;
};

/** Bytes of the file behind the headers count up from 1, modulo 251. */
static int file_byte(uint64_t offset)
{
	return (int)(offset % 251) + 1;
}

static void write_elf(struct dump *d, bool from_qemu, const struct load *loads, size_t nr,
		      uint64_t data_size)
{
	Elf64_Ehdr e = { .e_type = ET_CORE,
			 .e_machine = EM_X86_64,
			 .e_phoff = sizeof(e),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = (Elf64_Half)(nr + 1) };
	char note[28] = "";
	uint64_t notes = sizeof(e) + (nr + 1) * sizeof(Elf64_Phdr), data = notes + sizeof(note);
	Elf64_Phdr p = { .p_type = PT_NOTE, .p_offset = notes, .p_filesz = sizeof(note) };

	*d = (struct dump){ .fd = memfd_create("vmcore", MFD_CLOEXEC) };
	assert_true(d->fd >= 0);
	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = ELFCLASS64;
	e.e_ident[EI_DATA] = ELFDATA2LSB;
	synth_put(note, 0, 5, 4);
	synth_put(note, 4, 8, 4);
	memcpy(note + 12, from_qemu ? "QEMU" : "CORE", 5);
	put_at(d->fd, 0, &e, sizeof(e));
	put_at(d->fd, sizeof(e), &p, sizeof(p));
	put_at(d->fd, notes, note, sizeof(note));
	for (size_t i = 0; i < nr; i++) {
		p = (Elf64_Phdr){ .p_type = PT_LOAD,
				  .p_offset = data + loads[i].offset,
				  .p_paddr = loads[i].physical,
				  .p_filesz = loads[i].stored,
				  .p_memsz = loads[i].memory };
		put_at(d->fd, sizeof(e) + (i + 1) * sizeof(p), &p, sizeof(p));
	}
	for (uint64_t i = 0; i < data_size; i++) {
		unsigned char byte = (unsigned char)file_byte(i);

		put_at(d->fd, data + i, &byte, 1);
	}
}

/** Segments in any order, that overlap, and are no whole pages; a hole is a hole. */
static void elf_runs(void **state)
{
	static const struct load loads[] = {
		{ 0x9000, 0x1000, 0x1000, 0x4000 },
		/* 0x1000 to 0x3000, and a part of it again. */
		{ 0x1000, 0x2000, 0x2000, 0 },
		{ 0x1800, 0x1000, 0x1000, 0x800 },
		/* From within the first to behind it. */
		{ 0x2800, 0x1000, 0x1000, 0x1800 },
		/* What is not stored of it is a hole: nobody wrote zeros. */
		{ 0x20000, 0x1800, 0x4000, 0x5000 },
		{ 0x30000, 0, 0x1000, 0 },
	};
	static const struct {
		uint64_t physical;
		int byte;
	} rows[] = {
		{ 0, -1 },	 { 0xfff, -1 },	     { 0x1000, 1 },   { 0x2fff, 0 },
		{ 0x3000, 0 },	 { 0x37ff, 0 },	     { 0x3800, -1 },  { 0x8fff, -1 },
		{ 0x9000, 0 },	 { 0x9fff, 0 },	     { 0xa000, -1 },  { 0x1ffff, -1 },
		{ 0x20000, 0 },	 { 0x217ff, 0 },     { 0x21800, -1 }, { 0x23fff, -1 },
		{ 0x30000, -1 }, { UINT64_MAX, -1 },
	};
	unsigned char buf[0x4000];
	struct hwp_error *err;
	struct dump d;
	size_t nr;

	(void)state;
	write_elf(&d, false, loads, HWP_ARRAY_SIZE(loads), 0x7000);
	open_dump(&d, NULL);
	assert_string_equal(d.facts.damage, "");
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		uint64_t p = rows[i].physical;
		int want = rows[i].byte;

		if (want >= 0 && p < 0x9000)
			want = file_byte(p - 0x1000);
		else if (want >= 0)
			want = p < 0x20000 ? file_byte(p - 0x5000) : file_byte(p - 0x1b000);
		assert_int_equal(physical_byte(&d, p), want);
	}
	/* More than a page at once, to the end of what is stored, and beyond. */
	assert_null(read_at(&d, HWP_PHYSICAL, 0x1234, buf, 0x2000, &nr));
	for (size_t i = 0; i < 0x2000; i++)
		assert_int_equal(buf[i], file_byte(0x234 + i));
	err = read_at(&d, HWP_PHYSICAL, 0x1000, buf, 0x3000, &nr);
	assert_int_equal(nr, 0x2800);
	assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	assert_int_equal(err->address, 0x3800);
	assert_non_null(strstr(err->message, "physical address 0x3800: "));
	hwp_error_destroy(err);
	assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, UINT64_C(0xffff888000000000)), -2);
	close_dump(&d);
}

/**
 * QEMU's dump-guest-memory -p says less than it stores where a backend ends; makedumpfile -E
 * of QEMU's dump has such segments too, and there what follows is another segment's.
 */
static void cut_segments(void **state)
{
	/* The second is seen through the first, as well. */
	static const struct load paging[] = { { 0x1000, 0x1000, 0x3000, 0 },
					      { 0x2000, 0x1000, 0x1000, 0x1000 } };
	static const struct load filtered[] = { { 0x1000, 0x1000, 0x3000, 0 },
						{ 0x8000, 0x1000, 0x2000, 0x1000 },
						{ 0xb000, 0, 0x1000, 0x2000 } };
	struct hwp_dumpfile file;
	struct dump d;

	(void)state;
	write_elf(&d, true, paging, 2, 0x3000);
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, 0x3fff), file_byte(0x2fff));
	close_dump(&d);
	/* The same file by another program. */
	write_elf(&d, false, paging, 2, 0x3000);
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, 0x2fff), file_byte(0x1fff));
	assert_int_equal(physical_byte(&d, 0x3000), -1);
	close_dump(&d);
	/* Cut off. */
	write_elf(&d, true, paging, 1, 0x2fff);
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, 0x1fff), file_byte(0xfff));
	assert_int_equal(physical_byte(&d, 0x2000), -1);
	close_dump(&d);

	write_elf(&d, true, filtered, 3, 0x2000);
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, 0x1fff), file_byte(0xfff));
	assert_int_equal(physical_byte(&d, 0x2000), -1);
	assert_int_equal(physical_byte(&d, 0x8000), file_byte(0x1000));
	assert_int_equal(physical_byte(&d, 0x9000), -1);
	assert_int_equal(physical_byte(&d, 0xb000), -1);
	close_dump(&d);
	/* libkdumpfile is to know of the first only. */
	for (int i = 0; i < 2; i++) {
		write_elf(&d, true, i ? filtered : paging, 2, 0x3000 - i * 0x1000u);
		assert_null(hwp_dumpfile_open("vmcore", d.fd, &file, &d.facts));
		assert_int_equal(file.elf.is_cut_short, i == 0);
		hwp_dumpfile_deinit(&file);
	}
}

/** The file becomes shorter while it is read. */
static void shrinking_file(void **state)
{
	static const struct load loads[] = { { 0, 0x8000, 0x8000, 0 } };
	unsigned char buf[0x4000];
	struct hwp_error *err;
	struct dump d;
	size_t nr;

	(void)state;
	write_elf(&d, false, loads, 1, 0x8000);
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, 0x7fff), file_byte(0x7fff));
	assert_int_equal(ftruncate(d.fd, 64 + 2 * 56 + 28 + 0x2800), 0);
	err = read_at(&d, HWP_PHYSICAL, 0x1000, buf, sizeof(buf), &nr);
	assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
	assert_non_null(strstr(err->message, "the file is cut off at byte"));
	hwp_error_destroy(err);
	assert_int_equal(physical_byte(&d, 0x1000), file_byte(0x1000));
	assert_int_equal(physical_byte(&d, 0x6000), -1);
	close_dump(&d);
	/* It was so before. */
	write_elf(&d, false, loads, 1, 0x2800);
	open_dump(&d, NULL);
	assert_string_equal(d.facts.damage, "the file is cut off: 10444 of 32972 bytes are there");
	assert_int_equal(physical_byte(&d, 0x27ff), file_byte(0x27ff));
	assert_int_equal(physical_byte(&d, 0x2800), -1);
	close_dump(&d);
}

/* Translation: tables in the first pages of memory. */

static void put_entry(int fd, uint64_t data, uint64_t table, unsigned int index, uint64_t entry)
{
	put_at(fd, data + table + index * 8, &entry, sizeof(entry));
}

#define TABLES "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=ffffffff80000000\n"

static void translation(void **state)
{
	static const struct load loads[] = { { 0, 0x10000, 0x10000, 0 },
					     { 0x400000, 0x1000, 0x1000, 0x10000 },
					     { 0x5ff000, 0x1000, 0x1000, 0x11000 } };
	uint64_t data = 64 + 4 * 56 + 28;
	unsigned char buf[0x2000];
	struct hwp_error *err;
	struct dump d;
	size_t nr;

	(void)state;
	write_elf(&d, false, loads, 3, 0x12000);
	for (uint64_t at = 0; at < 0x8000; at += 8)
		put_entry(d.fd, data, at, 0, 0);
	/* Of 512 GiB, 1 GiB, 2 MiB and 4 KiB; one table is not stored. */
	put_entry(d.fd, data, 0, 273, 0x1000 | 1);
	put_entry(d.fd, data, 0, 511, 0x900000 | 1);
	put_entry(d.fd, data, 0x1000, 0, 0x2000 | 1);
	put_entry(d.fd, data, 0x1000, 1, 0x80 | 1);
	put_entry(d.fd, data, 0x2000, 0, 0x3000 | 1);
	put_entry(d.fd, data, 0x2000, 1, 0x400000 | 0x80 | 1);
	put_entry(d.fd, data, 0x3000, 0, 0xa000 | 1);
	put_entry(d.fd, data, 0x3000, 1, 0x9000 | 1 | UINT64_C(1) << 63);
	put_entry(d.fd, data, 0x3000, 2, 0xb000);
	open_dump(&d, TABLES "NUMBER(pgtable_l5_enabled)=0\n");
	for (int turn = 0; turn < 2; turn++) {
		uint64_t base = UINT64_C(0xffff888000000000);

		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 5), file_byte(0xa005));
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x1005), file_byte(0x9005));
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x2000), -2);
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x200001),
				 file_byte(0x10001));
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x3ff001),
				 file_byte(0x11001));
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x201000), -1);
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x4000c123),
				 file_byte(0xc123));
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + 0x40400002),
				 file_byte(0x10002));
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base + (UINT64_C(1) << 39)), -2);
		/* The same bits of an address that no processor accepts. */
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base & ~(UINT64_C(1) << 63)), -2);
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, base & ~(UINT64_C(1) << 48)), -2);
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, 0), -2);
		assert_int_equal(byte_at(&d, HWP_KERNEL_VIRTUAL, UINT64_MAX), -1);
	}
	/* From one page to the next, which is elsewhere. */
	assert_null(
		read_at(&d, HWP_KERNEL_VIRTUAL, UINT64_C(0xffff888000000800), buf, 0x1000, &nr));
	assert_int_equal(buf[0x7ff], file_byte(0xafff));
	assert_int_equal(buf[0x800], file_byte(0x9000));
	err = read_at(&d, HWP_KERNEL_VIRTUAL, UINT64_C(0xffff888000000800), buf, 0x2000, &nr);
	assert_int_equal(nr, 0x1800);
	assert_int_equal(err->code, HWP_ERROR_FAULT);
	assert_int_equal(err->address, UINT64_C(0xffff888000002000));
	hwp_error_destroy(err);
	close_dump(&d);
}

/** A VMCOREINFO that does not say where the tables are is for libkdumpfile. */
static void no_tables(void **state)
{
	static const struct load loads[] = { { 0, 0x1000, 0x1000, 0 } };
	static const struct {
		const char *text;
		enum hwp_error_code code;
	} rows[] = {
		{ "OSRELEASE=3.10\n", HWP_ERROR_UNSUPPORTED },
		{ "NUMBER(phys_base)=0\n", HWP_ERROR_UNSUPPORTED },
		{ TABLES, HWP_ERROR_UNSUPPORTED },
		{ "NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=1000\n"
		  "NUMBER(pgtable_l5_enabled)=0\n",
		  HWP_ERROR_BAD_DATA },
		{ "NUMBER(phys_base)=x\n", HWP_ERROR_BAD_DATA },
	};
	struct dump d;

	(void)state;
	write_elf(&d, false, loads, 1, 0x1000);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_error *err = try_open(&d, rows[i].text);

		assert_non_null(err);
		assert_int_equal(err->code, rows[i].code);
		hwp_error_destroy(err);
	}
	close(d.fd);
}

/* kdump */

struct packed {
	unsigned int flags;
	size_t size;
	unsigned char bytes[3 * PAGE];
};

static void pack(struct packed *p, unsigned int method, uint64_t seed)
{
	unsigned char page[PAGE];
	size_t size = sizeof(p->bytes);
	lzo_uint lzo_size = size;
	uLongf zlib_size = size;

	fill(page, seed);
	p->flags = method;
	switch (method) {
	case 0:
		memcpy(p->bytes, page, PAGE);
		size = PAGE;
		break;
	case HWP_PACKED_ZLIB:
		assert_int_equal(compress2(p->bytes, &zlib_size, page, PAGE, 1), Z_OK);
		size = zlib_size;
		break;
	case HWP_PACKED_LZO: {
		_cleanup_free_ void *work = malloc(LZO1X_1_MEM_COMPRESS);

		assert_int_equal(lzo1x_1_compress(page, PAGE, p->bytes, &lzo_size, work), LZO_E_OK);
		size = lzo_size;
		break;
	}
	case HWP_PACKED_SNAPPY:
		assert_int_equal(snappy_compress((char *)page, PAGE, (char *)p->bytes, &size),
				 SNAPPY_OK);
		break;
	case HWP_PACKED_ZSTD:
		size = ZSTD_compress(p->bytes, size, page, PAGE, 1);
		assert_false(ZSTD_isError(size));
		break;
	}
	p->size = size;
	assert_true(method == 0 || size < PAGE);
}

static const unsigned int methods[] = { 0, HWP_PACKED_ZLIB, HWP_PACKED_LZO, HWP_PACKED_SNAPPY,
					HWP_PACKED_ZSTD };

#define NR_KDUMP_PAGES 131072u
#define BITMAP_BLOCKS (NR_KDUMP_PAGES / 8 / PAGE)
#define BITMAPS (2 * PAGE)
#define DESCS (BITMAPS + 2 * BITMAP_BLOCKS * PAGE)
#define NR_STORED 200u
#define DATA (DESCS + 2 * PAGE)

/** Pages here and there; the last are one behind the other. */
static uint64_t stored_pfn(unsigned int i)
{
	return i < 100 ? i * 1307 : 130787 + i;
}

/** Page i of the file is packed by method i % 5. */
static void write_kdump(struct dump *d, unsigned int version)
{
	char header[PAGE] = "KDUMP   ", sub[PAGE] = "";
	static unsigned char bitmap[BITMAP_BLOCKS * PAGE];
	static struct packed packed;
	uint64_t at = DATA;

	*d = (struct dump){ .fd = memfd_create("vmcore", MFD_CLOEXEC) };
	synth_put(header, 8, version, 4);
	strcpy(header + 12 + 4 * 65, "x86_64");
	synth_put(header, 428, PAGE, 4);
	synth_put(header, 432, 1, 4);
	synth_put(header, 436, 2 * BITMAP_BLOCKS, 4);
	synth_put(header, 440, version < 6 ? NR_KDUMP_PAGES : 5, 4);
	synth_put(header, 460, 1, 4);
	synth_put(sub, 96, NR_KDUMP_PAGES, 8);
	put_at(d->fd, 0, header, PAGE);
	put_at(d->fd, PAGE, sub, PAGE);
	memset(bitmap, 0xff, sizeof(bitmap));
	put_at(d->fd, BITMAPS, bitmap, sizeof(bitmap));
	memset(bitmap, 0, sizeof(bitmap));
	for (unsigned int i = 0; i < NR_STORED; i++) {
		char desc[24] = "";

		bitmap[stored_pfn(i) / 8] |= (unsigned char)(1 << stored_pfn(i) % 8);
		pack(&packed, methods[i % HWP_ARRAY_SIZE(methods)], i);
		synth_put(desc, 0, at, 8);
		synth_put(desc, 8, packed.size, 4);
		synth_put(desc, 12, packed.flags, 4);
		put_at(d->fd, DESCS + i * sizeof(desc), desc, sizeof(desc));
		put_at(d->fd, at, packed.bytes, packed.size);
		at += packed.size;
	}
	put_at(d->fd, BITMAPS + BITMAP_BLOCKS * PAGE, bitmap, sizeof(bitmap));
}

static void assert_page(const struct dump *d, unsigned int i)
{
	unsigned char page[PAGE], want[PAGE];
	size_t nr;

	fill(want, i);
	assert_int_equal(physical_byte(d, stored_pfn(i) * PAGE + 77), want[77]);
	assert_null(read_at(d, HWP_PHYSICAL, stored_pfn(i) * PAGE, page, PAGE, &nr));
	assert_memory_equal(page, want, PAGE);
	assert_null(read_at(d, HWP_PHYSICAL, stored_pfn(i) * PAGE + 100, page, PAGE - 100, &nr));
	assert_memory_equal(page, want + 100, PAGE - 100);
}

static void assert_pages(const struct dump *d)
{
	unsigned char *pages = malloc(100 * PAGE);
	size_t nr;

	assert_non_null(pages);
	/* Backwards, and then in their order. */
	for (unsigned int i = NR_STORED; i-- > 0;)
		assert_page(d, i);
	for (unsigned int i = 0; i < NR_STORED; i++)
		assert_page(d, i);
	for (unsigned int i = 0; i + 1 < 100; i++)
		assert_int_equal(physical_byte(d, (stored_pfn(i) + 1) * PAGE), -1);
	assert_null(read_at(d, HWP_PHYSICAL, stored_pfn(100) * PAGE, pages, 100 * PAGE, &nr));
	for (unsigned int i = 0; i < 100 * PAGE; i++)
		assert_int_equal(pages[i], byte_of(100 + i / PAGE, i % PAGE));
	assert_int_equal(physical_byte(d, (uint64_t)NR_KDUMP_PAGES * PAGE), -1);
	assert_int_equal(physical_byte(d, UINT64_MAX), -1);
	free(pages);
}

static void kdump_pages(void **state)
{
	(void)state;
	for (unsigned int version = 0; version <= 6; version++) {
		struct dump d, clone;

		write_kdump(&d, version);
		open_dump(&d, NULL);
		assert_string_equal(d.facts.damage, "");
		/* The first of one lot of descriptors, then the middle of the lot before. */
		assert_page(&d, HWP_DISKDUMP_DESCS);
		assert_page(&d, HWP_DISKDUMP_DESCS / 2);
		assert_pages(&d);
		clone = (struct dump){ .provider.ops = d.provider.ops };
		assert_null(d.provider.ops->clone(d.provider.arg, &clone.provider.arg));
		assert_pages(&clone);
		hwp_provider_deinit(&clone.provider);
		assert_pages(&d);
		close_dump(&d);
	}
}

/** Without the bitmap of what is memory all of the other is of what is stored. */
static void one_bitmap(void **state)
{
	unsigned char bitmap[BITMAP_BLOCKS * PAGE] = { 0xff };
	char field[4];
	struct dump d;

	(void)state;
	write_kdump(&d, 1);
	assert_int_equal(pread(d.fd, bitmap, sizeof(bitmap), BITMAPS + BITMAP_BLOCKS * PAGE),
			 sizeof(bitmap));
	put_at(d.fd, BITMAPS, bitmap, sizeof(bitmap));
	memset(bitmap, 0, sizeof(bitmap));
	put_at(d.fd, BITMAPS + BITMAP_BLOCKS * PAGE, bitmap, sizeof(bitmap));
	synth_put(field, 0, NR_KDUMP_PAGES + 1, 4);
	put_at(d.fd, 440, field, 4);
	open_dump(&d, NULL);
	for (unsigned int i = 0; i < NR_STORED; i++)
		assert_page(&d, i);
	close_dump(&d);
}

/** One descriptor is nonsense: that page is, and no other. */
static void bad_pages(void **state)
{
	static const struct {
		/** Page; offset in the descriptor; the value and its size. */
		unsigned int page, at;
		uint64_t value;
		unsigned int size;
		int want;
	} rows[] = {
		{ 0, 8, 4095, 4, -3 },	     { 0, 8, 4097, 4, -3 },	 { 0, 8, 0, 4, -3 },
		{ 0, 12, 1, 4, -3 },	     { 0, 12, 0x40, 4, -4 },	 { 1, 12, 0, 4, -3 },
		{ 1, 12, 2, 4, -3 },	     { 1, 12, 3, 4, -4 },	 { 1, 0, DATA, 8, -3 },
		{ 1, 0, UINT64_MAX, 8, -1 }, { 1, 0, INT64_MAX, 8, -1 }, { 1, 0, 0, 8, -3 },
		{ 1, 8, UINT32_MAX, 4, -1 }, { 1, 8, 1, 4, -3 },	 { 2, 8, 1, 4, -3 },
		{ 3, 8, 1, 4, -3 },	     { 4, 8, 1, 4, -3 },	 { 4, 8, 0, 4, -3 },
		{ 2, 12, 4, 4, -3 },	     { 3, 12, 0x20, 4, -3 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		char field[8];
		struct dump d;

		print_message("# row %zu\n", i);
		write_kdump(&d, 6);
		synth_put(field, 0, rows[i].value, rows[i].size);
		put_at(d.fd, DESCS + rows[i].page * 24 + rows[i].at, field, rows[i].size);
		open_dump(&d, NULL);
		assert_int_equal(physical_byte(&d, stored_pfn(rows[i].page) * PAGE), rows[i].want);
		for (unsigned int page = 0; page < 6; page++) {
			if (page != rows[i].page)
				assert_page(&d, page);
		}
		close_dump(&d);
	}
}

/** Each page cut short and with a byte changed, by each method: never read beyond, never too much. */
static void damaged_data(void **state)
{
	_cleanup_free_ struct packed *packed = malloc(sizeof(*packed));
	struct hwp_codec *codec;
	unsigned char page[PAGE];

	(void)state;
	assert_null(hwp_codec_create(&codec));
	for (size_t m = 1; m < HWP_ARRAY_SIZE(methods); m++) {
		pack(packed, methods[m], 5);
		for (size_t size = 0; size < packed->size; size++) {
			/* Of its own, so that a sanitizer sees what is read behind it. */
			unsigned char *copy = malloc(size ? size : 1);
			struct hwp_error *err;

			assert_non_null(copy);
			memcpy(copy, packed->bytes, size);
			err = hwp_codec_unpack(codec, methods[m], copy, size, page, PAGE);
			assert_non_null(err);
			assert_int_equal(err->code, HWP_ERROR_BAD_DATA);
			hwp_error_destroy(err);
			if (size) {
				copy[size / 2] ^= 0x55;
				hwp_error_destroy(hwp_codec_unpack(codec, methods[m], copy, size,
								   page, PAGE));
			}
			free(copy);
		}
		/* To less room than the page needs. */
		for (size_t room = 1; room < PAGE; room += 97) {
			unsigned char *small = malloc(room);
			struct hwp_error *err;

			assert_non_null(small);
			err = hwp_codec_unpack(codec, methods[m], packed->bytes, packed->size,
					       small, room);
			assert_non_null(err);
			hwp_error_destroy(err);
			free(small);
		}
		assert_null(hwp_codec_unpack(codec, methods[m], packed->bytes, packed->size, page,
					     PAGE));
		assert_int_equal(page[4000], byte_of(5, 4000));
	}
	hwp_codec_destroy(codec);
}

static void set_u32(struct dump *d, uint64_t at, uint32_t value)
{
	put_at(d->fd, at, &value, sizeof(value));
}

static void set_u64(struct dump *d, uint64_t at, uint64_t value)
{
	put_at(d->fd, at, &value, sizeof(value));
}

/** What makedumpfile says of its file. */
static void marked_dumps(void **state)
{
	struct dump d;

	(void)state;
	write_kdump(&d, 6);
	set_u32(&d, 424, 0x8 | HWP_PACKED_ZLIB);
	/* It came so far. */
	set_u64(&d, DESCS + 199 * 24, 0);
	set_u64(&d, DESCS + 199 * 24 + 8, 0);
	open_dump(&d, NULL);
	assert_non_null(strstr(d.facts.damage, "incomplete"));
	assert_false(d.facts.memmap_excluded);
	assert_page(&d, 198);
	assert_int_equal(physical_byte(&d, stored_pfn(199) * PAGE), -1);
	close_dump(&d);

	write_kdump(&d, 6);
	set_u32(&d, 424, 0x10 | HWP_PACKED_ZLIB);
	open_dump(&d, NULL);
	assert_true(d.facts.memmap_excluded);
	assert_string_equal(d.facts.damage, "");
	assert_pages(&d);
	close_dump(&d);

	write_kdump(&d, 6);
	set_u32(&d, PAGE + 12, 1);
	/* The first versions have no such field. */
	set_u32(&d, 8, 1);
	set_u32(&d, 440, NR_KDUMP_PAGES);
	open_dump(&d, NULL);
	assert_pages(&d);
	close_dump(&d);
}

static void set_part(struct dump *d, uint64_t first, uint64_t end)
{
	set_u32(d, PAGE + 12, 1);
	set_u64(d, PAGE + 80, first);
	set_u64(d, PAGE + 88, end);
}

/** What is said of the file after it was opened: @p words, or nothing. */
static void assert_missing(const struct dump *d, const char *words)
{
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile file = {};

	assert_null(hwp_dumpfile_open("vmcore", dup(d->fd), &file, &facts));
	assert_string_equal(facts.damage, "");
	hwp_dumpfile_note_missing(&file, &facts);
	if (words ? !strstr(facts.damage, words) : facts.damage[0] != '\0')
		fail_msg("%s", facts.damage);
	/* What is known already is worse. */
	snprintf(facts.damage, sizeof(facts.damage), "it is cut off");
	hwp_dumpfile_note_missing(&file, &facts);
	assert_string_equal(facts.damage, "it is cut off");
	hwp_dumpfile_deinit(&file);
}

/** A part has the bitmap of all pages, and descriptors of its own. */
static void parts(void **state)
{
	unsigned char page[PAGE];
	struct dump d;

	(void)state;
	write_kdump(&d, 6);
	assert_missing(&d, NULL);
	set_part(&d, 0, stored_pfn(100));
	assert_missing(&d, "and pfns 0x1ff47 to 0x1ffff are in none");
	open_dump(&d, NULL);
	assert_page(&d, 0);
	assert_page(&d, 99);
	assert_int_equal(physical_byte(&d, stored_pfn(100) * PAGE), -1);
	close_dump(&d);

	write_kdump(&d, 6);
	set_part(&d, stored_pfn(7), NR_KDUMP_PAGES);
	assert_missing(&d, "and pfns 0x0 to 0x23bc are in none");
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, stored_pfn(6) * PAGE), -1);
	/* Its first descriptor is of the first page that it has. */
	fill(page, 0);
	assert_int_equal(physical_byte(&d, stored_pfn(7) * PAGE + 77), page[77]);
	fill(page, 101);
	assert_int_equal(physical_byte(&d, stored_pfn(108) * PAGE + 77), page[77]);
	close_dump(&d);

	write_kdump(&d, 6);
	set_part(&d, 9, 9);
	open_dump(&d, NULL);
	assert_int_equal(physical_byte(&d, stored_pfn(0) * PAGE), -1);
	close_dump(&d);
	write_kdump(&d, 6);
	set_part(&d, 9, 8);
	assert_refused(&d, HWP_ERROR_BAD_DATA, "the first pfn of this part is 9");
}

/** Sizes that the file does not have: nothing is allocated or looked for by them. */
static void bad_headers(void **state)
{
	static const struct {
		uint64_t at, value;
		unsigned int size;
		const char *words;
	} rows[] = {
		{ 8, 7, 4, "its version is 7" },
		{ 8, UINT32_MAX, 4, "its version" },
		{ 428, 0, 4, "block_size is 0" },
		{ 428, 4095, 4, "block_size is 4095" },
		{ 428, UINT32_MAX, 4, "block_size" },
		{ 428, 65536, 4, "the kdump header is nonsense" },
		{ 432, UINT32_MAX, 4, "sub_hdr_size" },
		{ 432, 65536, 4, "the file is cut off" },
		{ 436, 0, 4, "bitmaps of 0 blocks" },
		{ 436, 1, 4, "bitmaps of 1 blocks" },
		{ 436, UINT32_MAX, 4, "the file is cut off" },
		{ PAGE + 96, UINT64_MAX, 8, "bitmaps of 8 blocks" },
		{ PAGE + 96, UINT64_C(1) << 40, 8, "bitmaps of 8 blocks" },
		{ PAGE + 96, 8 * PAGE * 8 + 1, 8, "bitmaps of 8 blocks" },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		char field[8];
		struct dump d;

		write_kdump(&d, 6);
		synth_put(field, 0, rows[i].value, rows[i].size);
		put_at(d.fd, rows[i].at, field, rows[i].size);
		assert_refused(&d, HWP_ERROR_BAD_DATA, rows[i].words);
		close(d.fd);
	}
}

/** Cut at any length, when it is opened or while it is read. */
static void cut_kdump(void **state)
{
	static const uint64_t step = 4093;
	off_t size;
	struct dump d;

	(void)state;
	write_kdump(&d, 6);
	size = lseek(d.fd, 0, SEEK_END);
	open_dump(&d, NULL);
	for (uint64_t cut = (uint64_t)size - 1; cut > step; cut -= step) {
		struct dump now = d;
		struct hwp_error *err;

		assert_int_equal(ftruncate(d.fd, (off_t)cut), 0);
		for (unsigned int i = 0; i < NR_STORED; i += 9) {
			int byte = physical_byte(&d, stored_pfn(i) * PAGE + 5);

			assert_true(byte == byte_of(i, 5) || byte == -1 || byte == -3);
		}
		err = try_open(&now, NULL);
		if (err) {
			assert_non_null(strstr(err->message, "cut off"));
			hwp_error_destroy(err);
			continue;
		}
		assert_non_null(strstr(now.facts.damage, "the file is cut off"));
		assert_int_equal(physical_byte(&now, stored_pfn(199) * PAGE), -1);
		hwp_provider_deinit(&now.provider);
	}
	close_dump(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elf_runs),	  cmocka_unit_test(cut_segments),
		cmocka_unit_test(shrinking_file), cmocka_unit_test(translation),
		cmocka_unit_test(no_tables),	  cmocka_unit_test(kdump_pages),
		cmocka_unit_test(one_bitmap),	  cmocka_unit_test(bad_pages),
		cmocka_unit_test(damaged_data),	  cmocka_unit_test(marked_dumps),
		cmocka_unit_test(parts),	  cmocka_unit_test(bad_headers),
		cmocka_unit_test(cut_kdump),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
