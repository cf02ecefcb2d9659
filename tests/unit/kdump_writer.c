// SPDX-License-Identifier: GPL-2.0-or-later
/** The kdump file that an excerpt is: its headers by the format, its pages as libkdumpfile reads them. */
#include "synth.h"

#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <libkdumpfile/kdumpfile.h>
#include <sys/stat.h>

#include "excerpt/excerpt.h"

/* include/linux/crash_dump.h of makedumpfile. */
#define BLOCK 4096
#define END_PFN 0x90005
#define VMCOREINFO "OSRELEASE=6.12.0\nPAGESIZE=4096\nNUMBER(phys_base)=0\nCRASHTIME=1\n"

/* More than one block of descriptors (512), and more than one window of the bitmap. */
static uint64_t pfn_of(size_t i)
{
	return i < 600 ? 3 + 2 * i : 0x90000 + (i - 600);
}
#define NR_PAGES 603

static bool is_ram(uint64_t pfn)
{
	return (pfn >= 1 && pfn < 0x700) || (pfn >= 0x8fff0 && pfn < END_PFN);
}

/** Zeros; what does not pack; what does. */
static void fill(size_t i, unsigned char page[BLOCK])
{
	uint32_t noise = (uint32_t)i + 1;

	for (size_t at = 0; at < BLOCK; at++) {
		noise = noise * 1664525 + 1013904223;
		page[at] = i % 3 == 0 ? 0 :
					(unsigned char)(i % 3 == 1 ? noise >> 24 : i + at / 256);
	}
}

static uint64_t get(const void *from, size_t at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, (const char *)from + at, size);
	return value;
}

static void write_file(int fd, uint64_t *size)
{
	static const struct hwp_kdump_head head = {
		.page_shift = 12,
		.end_pfn = END_PFN,
		.nr_pages = NR_PAGES,
		.nr_ram = 0x6ff + 0x15,
		.phys_base = 0x1000000,
		.vmcoreinfo = VMCOREINFO,
		.host = "h0st",
		.release = "6.12.0",
		.version = "#1 SMP",
		.machine = "x86_64",
		.nr_cpus = 3,
	};
	struct hwp_kdump_writer *w;
	unsigned char page[BLOCK];

	assert_null(hwp_kdump_writer_create(fd, &head, &w));
	assert_null(hwp_kdump_writer_ram(w, 1, 0x700));
	assert_null(hwp_kdump_writer_ram(w, 0x8fff0, END_PFN));
	for (size_t i = 0; i < NR_PAGES; i++) {
		fill(i, page);
		assert_null(hwp_kdump_writer_page(w, pfn_of(i), page));
	}
	assert_null(hwp_kdump_writer_finish(w, size));
	hwp_kdump_writer_destroy(w);
}

static void check_headers(const unsigned char *file)
{
	static const struct {
		size_t at, size;
		uint64_t value;
	} fields[] = {
		{ 8, 4, 6 }, /* header_version */
		{ 424, 4, 0x20 }, /* status: zstd */
		{ 428, 4, BLOCK },
		{ 432, 4, 1 }, /* sub_hdr_size */
		{ 436, 4, 38 }, /* bitmap_blocks: 2 of 0x90005 bits */
		{ 440, 4, END_PFN }, /* max_mapnr */
		{ 444, 4, 0x714 }, /* total_ram_blocks */
		{ 452, 4, NR_PAGES },
		{ 460, 4, 3 }, /* nr_cpus */
		{ BLOCK, 8, 0x1000000 }, /* phys_base */
		{ BLOCK + 8, 4, 31 }, /* dump_level */
		{ BLOCK + 12, 4, 0 }, /* split */
		{ BLOCK + 40, 8, strlen(VMCOREINFO) },
		{ BLOCK + 64, 8, 0 }, /* eraseinfo */
		{ BLOCK + 96, 8, END_PFN }, /* max_mapnr_64 */
	};
	const Elf64_Nhdr *note = (const void *)(file + get(file, BLOCK + 48, 8));
	uint64_t note_size = get(file, BLOCK + 56, 8);

	assert_memory_equal(file, "KDUMP   ", 8);
	for (size_t i = 0; i < HWP_ARRAY_SIZE(fields); i++) {
		if (get(file, fields[i].at, fields[i].size) != fields[i].value)
			fail_msg("byte %zu: 0x%llx", fields[i].at,
				 (unsigned long long)get(file, fields[i].at, fields[i].size));
	}
	assert_string_equal((const char *)file + 12, "Linux");
	assert_string_equal((const char *)file + 12 + 65, "h0st");
	assert_string_equal((const char *)file + 12 + 4 * 65, "x86_64");
	assert_memory_equal(file + get(file, BLOCK + 32, 8), VMCOREINFO, strlen(VMCOREINFO));
	/* As the kernel's append_elf_note(): name and text are padded to 4 bytes, the type is 0. */
	assert_int_equal(note->n_namesz, 11);
	assert_int_equal(note->n_descsz, strlen(VMCOREINFO));
	assert_int_equal(note->n_type, 0);
	assert_string_equal((const char *)(note + 1), "VMCOREINFO");
	assert_memory_equal((const char *)(note + 1) + 12, VMCOREINFO, strlen(VMCOREINFO));
	assert_int_equal(note_size, 12 + 12 + (strlen(VMCOREINFO) + 3) / 4 * 4);
}

static void check_bitmaps(const unsigned char *file)
{
	const unsigned char *ram = file + 2 * BLOCK, *stored = ram + 19 * BLOCK;
	size_t nr = 0;

	for (uint64_t pfn = 0; pfn < UINT64_C(19) * BLOCK * 8; pfn++) {
		bool has = nr < NR_PAGES && pfn_of(nr) == pfn;

		if ((ram[pfn / 8] >> pfn % 8 & 1) != is_ram(pfn) ||
		    (stored[pfn / 8] >> pfn % 8 & 1) != has)
			fail_msg("pfn 0x%llx", (unsigned long long)pfn);
		nr += has;
	}
	assert_int_equal(nr, NR_PAGES);
}

static void check_pages(int fd)
{
	kdump_ctx_t *ctx = kdump_new();
	unsigned char want[BLOCK], got[BLOCK];

	assert_non_null(ctx);
	if (kdump_set_number_attr(ctx, KDUMP_ATTR_FILE_FD, (kdump_num_t)fd) != KDUMP_OK)
		fail_msg("%s", kdump_get_err(ctx));
	for (size_t i = 0; i < NR_PAGES; i++) {
		size_t size = BLOCK;

		fill(i, want);
		assert_int_equal(kdump_read(ctx, KDUMP_MACHPHYSADDR, pfn_of(i) << 12, got, &size),
				 KDUMP_OK);
		assert_memory_equal(got, want, BLOCK);
	}
	kdump_free(ctx);
}

static void as_the_format_has_it(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char path[256];
	unsigned char *file;
	struct stat stat;
	uint64_t size;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/vmcoreXXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	write_file(fd, &size);
	assert_int_equal(fstat(fd, &stat), 0);
	/* What was written, without the holes. */
	assert_in_range(size, NR_PAGES / 3 * BLOCK, (uint64_t)stat.st_size);
	file = malloc((size_t)stat.st_size);
	assert_non_null(file);
	assert_int_equal(pread(fd, file, (size_t)stat.st_size, 0), stat.st_size);
	check_headers(file);
	check_bitmaps(file);
	free(file);
	check_pages(fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_format_has_it),
	};

	return cmocka_run_group_tests_name("kdump_writer", tests, NULL, NULL);
}
