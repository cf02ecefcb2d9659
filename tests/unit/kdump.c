// SPDX-License-Identifier: GPL-2.0-or-later
/** A small kdump file, written here, as our own reader and libkdumpfile read it. */
#include "synth.h"

#include <cmocka.h>
#include <elf.h>
#include <fcntl.h>
#include <malloc.h>

/* include/linux/crash_dump.h of makedumpfile: struct disk_dump_header and kdump_sub_header. */
#define BLOCK 4096
/** Two windows of the map of stored pages, and a half. */
#define NR_PAGES 81920
#define BITMAP_BLOCKS (NR_PAGES / 8 / BLOCK + 1)
#define FIRST_BITMAP 2
#define DESCRIPTORS ((FIRST_BITMAP + 2 * BITMAP_BLOCKS) * BLOCK)
#define VMCOREINFO                                                                             \
	"OSRELEASE=6.12.0\nPAGESIZE=4096\nNUMBER(phys_base)=0\nNUMBER(pgtable_l5_enabled)=0\n" \
	"SYMBOL(init_top_pgt)=ffffffff80000000\n"

static const uint64_t stored[] = { 0, 1, 2, 5, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0x10000, 0x13fff };

struct dump {
	char path[256];
	struct hwp_provider provider;
	struct hwp_file_facts facts;
};

static void put_at(int fd, off_t offset, const void *bytes, size_t size)
{
	assert_int_equal(pwrite(fd, bytes, size, offset), size);
}

/** Byte @p i of page @p pfn. */
static unsigned char byte_of(uint64_t pfn, size_t i)
{
	return (unsigned char)(pfn * 31 + i * 7 + i / 256);
}

static void write_dump(struct dump *d, const char *machine, const char *vmcoreinfo)
{
	const char *tmp = getenv("TMPDIR");
	char header[BLOCK] = "KDUMP   ", sub[BLOCK] = "";
	static unsigned char bitmap[BITMAP_BLOCKS * BLOCK];
	off_t data = DESCRIPTORS + BLOCK;
	int fd;

	*d = (struct dump){};
	snprintf(d->path, sizeof(d->path), "%s/vmcoreXXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(d->path);
	assert_true(fd >= 0);
	/* From 4 on VMCOREINFO is among the ELF notes; here there are none. */
	synth_put(header, 8, vmcoreinfo ? 3 : 6, 4);
	strcpy(header + 12, "Linux");
	strcpy(header + 12 + 4 * 65, machine);
	synth_put(header, 428, BLOCK, 4);
	synth_put(header, 432, 1, 4);
	synth_put(header, 436, 2 * BITMAP_BLOCKS, 4);
	synth_put(header, 440, NR_PAGES, 4);
	synth_put(header, 460, 1, 4);
	if (vmcoreinfo) {
		synth_put(sub, 32, BLOCK + 1024, 8);
		synth_put(sub, 40, strlen(vmcoreinfo), 8);
		memcpy(sub + 1024, vmcoreinfo, strlen(vmcoreinfo));
	}
	put_at(fd, 0, header, BLOCK);
	put_at(fd, BLOCK, sub, BLOCK);
	memset(bitmap, 0xff, sizeof(bitmap));
	put_at(fd, FIRST_BITMAP * BLOCK, bitmap, sizeof(bitmap));
	memset(bitmap, 0, sizeof(bitmap));
	for (size_t n = 0; n < HWP_ARRAY_SIZE(stored); n++) {
		char descriptor[24] = "", page[BLOCK];

		bitmap[stored[n] / 8] |= 1 << stored[n] % 8;
		synth_put(descriptor, 0, data + n * BLOCK, 8);
		synth_put(descriptor, 8, BLOCK, 4);
		put_at(fd, DESCRIPTORS + n * sizeof(descriptor), descriptor, sizeof(descriptor));
		for (size_t i = 0; i < BLOCK; i++)
			page[i] = byte_of(stored[n], i);
		put_at(fd, data + n * BLOCK, page, BLOCK);
	}
	put_at(fd, (FIRST_BITMAP + BITMAP_BLOCKS) * BLOCK, bitmap, sizeof(bitmap));
	close(fd);
}

/** A test's state is the reader that it asks for, or NULL. */
static void choose_reader(void **state)
{
	if (*state)
		setenv("HWPOISON_READER", *state, 1);
	else
		unsetenv("HWPOISON_READER");
}

static struct hwp_error *dump_open(struct dump *d, const char *vmcoreinfo_path)
{
	return hwp_dump_open(d->path, vmcoreinfo_path, &d->provider, &d->facts);
}

static void dump_close(struct dump *d)
{
	hwp_provider_deinit(&d->provider);
	assert_int_equal(unlink(d->path), 0);
}

static void assert_refused(struct dump *d, struct hwp_error *err, enum hwp_error_code code,
			   const char *words)
{
	if (!err)
		fail_msg("not refused: %s", words);
	if (err->code != code || !strstr(err->message, words))
		fail_msg("%d: %s", err->code, err->message);
	hwp_error_destroy(err);
	assert_int_equal(unlink(d->path), 0);
}

/** Of @p size bytes from @p address so many are there, and right. */
static void assert_read(const struct hwp_provider *p, uint64_t address, size_t size,
			size_t nr_there)
{
	unsigned char bytes[4 * BLOCK];
	size_t nr_read = 0;
	struct hwp_error *err;

	assert_true(size <= sizeof(bytes));
	memset(bytes, 0xee, sizeof(bytes));
	err = p->ops->read(p->arg, HWP_PHYSICAL, address, bytes, size, &nr_read);
	assert_int_equal(nr_read, nr_there);
	for (size_t i = 0; i < nr_there; i++) {
		if (bytes[i] != byte_of((address + i) / BLOCK, (address + i) % BLOCK))
			fail_msg("byte 0x%zx of 0x%llx", i, (unsigned long long)address);
	}
	assert_int_equal(err != NULL, nr_there < size);
	if (err) {
		char words[64];

		snprintf(words, sizeof(words),
			 "physical address 0x%llx: the page is not in the dump",
			 (unsigned long long)(address + nr_there));
		assert_int_equal(err->code, HWP_ERROR_EXCLUDED);
		assert_string_equal(err->message, words);
	}
	hwp_error_destroy(err);
}

static void assert_memory(const struct hwp_provider *p)
{
	static const struct {
		uint64_t address;
		size_t size, nr_there;
	} rows[] = {
		{ 0, 8, 8 },
		{ 0, BLOCK, BLOCK },
		{ 0xffc, 8, 8 },
		{ 0x801, BLOCK, BLOCK },
		{ 0x801, 2 * BLOCK, 2 * BLOCK },
		{ 0, 3 * BLOCK, 3 * BLOCK },
		/* What is not stored begins here, or on the way. */
		{ 0x3000, 8, 0 },
		{ 0x2ffc, 8, 4 },
		{ 0x1801, 3 * BLOCK, 0x17ff },
		{ 0x2800, 4 * BLOCK, 0x800 },
		{ 0x5000, BLOCK, BLOCK },
		{ 0x4fff, BLOCK, 0 },
		/* From one window of the map to the next. */
		{ 0x7ffe000, 4 * BLOCK, 4 * BLOCK },
		{ 0x7fff800, BLOCK, BLOCK },
		{ 0x8001800, BLOCK, 0x800 },
		{ 0x10000000, 8, 8 },
		{ 0xffff000, 8, 0 },
		/* Its end. */
		{ 0x13fff000, BLOCK, BLOCK },
		{ 0x13fff000, 2 * BLOCK, BLOCK },
	};

	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
			print_message("# row %zu\n", i);
			assert_read(p, rows[i].address, rows[i].size, rows[i].nr_there);
		}
	}
}

static void reads(void **state)
{
	struct hwp_provider clone;
	struct dump d;
	char *text = NULL;

	choose_reader(state);
	write_dump(&d, "x86_64", VMCOREINFO);
	assert_null(dump_open(&d, NULL));
	assert_string_equal(d.facts.format, "diskdump");
	assert_int_equal(d.facts.page_shift, 12);
	assert_string_equal(d.facts.damage, "");
	assert_memory(&d.provider);
	assert_null(d.provider.ops->vmcoreinfo(d.provider.arg, &text));
	assert_string_equal(text, VMCOREINFO);
	free(text);
	clone = (struct hwp_provider){ .ops = d.provider.ops };
	assert_null(d.provider.ops->clone(d.provider.arg, &clone.arg));
	assert_memory(&clone);
	assert_memory(&d.provider);
	hwp_provider_deinit(&clone);
	assert_memory(&d.provider);
	dump_close(&d);
}

/** Without VMCOREINFO, and with that of a file. */
static void vmcoreinfo(void **state)
{
	struct dump d, other;
	struct hwp_error *err;
	char *text = NULL;
	FILE *f;

	choose_reader(state);
	write_dump(&d, "x86_64", NULL);
	assert_null(dump_open(&d, NULL));
	err = d.provider.ops->vmcoreinfo(d.provider.arg, &text);
	assert_non_null(err);
	assert_int_equal(err->code, HWP_ERROR_LOOKUP);
	hwp_error_destroy(err);
	dump_close(&d);

	write_dump(&other, "x86_64", VMCOREINFO);
	f = fopen(other.path, "w");
	assert_non_null(f);
	fputs(VMCOREINFO "CRASHTIME=1\n", f);
	fclose(f);
	write_dump(&d, "x86_64", VMCOREINFO);
	assert_null(dump_open(&d, other.path));
	assert_null(d.provider.ops->vmcoreinfo(d.provider.arg, &text));
	assert_string_equal(text, VMCOREINFO "CRASHTIME=1\n");
	free(text);
	dump_close(&d);
	assert_int_equal(unlink(other.path), 0);
	write_dump(&d, "x86_64", VMCOREINFO);
	assert_refused(&d, dump_open(&d, other.path), HWP_ERROR_OS, other.path);
}

/** A file of VMCOREINFO is read whole, or refused. */
static void large_vmcoreinfo(void **state)
{
	const size_t most = (1 << 20) - 1;
	struct dump d, other;
	char *text = NULL;
	FILE *f;

	choose_reader(state);
	for (size_t size = most; size <= most + 2; size++) {
		write_dump(&other, "x86_64", VMCOREINFO);
		f = fopen(other.path, "w");
		assert_non_null(f);
		fputs(VMCOREINFO, f);
		for (size_t i = strlen(VMCOREINFO); i < size; i++)
			fputc('\n', f);
		fclose(f);
		write_dump(&d, "x86_64", VMCOREINFO);
		if (size > most) {
			assert_refused(&d, dump_open(&d, other.path), HWP_ERROR_BAD_DATA,
				       "too large for a VMCOREINFO");
		} else {
			assert_null(dump_open(&d, other.path));
			assert_null(d.provider.ops->vmcoreinfo(d.provider.arg, &text));
			assert_int_equal(strlen(text), size);
			free(text);
			dump_close(&d);
		}
		assert_int_equal(unlink(other.path), 0);
	}
}

/** An ELF core of four pages, from physical address 0 on. */
static void write_elf(struct dump *d)
{
	static const char memory[4 * BLOCK];
	const char *tmp = getenv("TMPDIR");
	const Elf64_Ehdr header = { .e_ident = ELFMAG "\2\1\1",
				    .e_type = ET_CORE,
				    .e_machine = EM_X86_64,
				    .e_version = EV_CURRENT,
				    .e_phoff = sizeof(header),
				    .e_ehsize = sizeof(header),
				    .e_phentsize = sizeof(Elf64_Phdr),
				    .e_phnum = 1 };
	const Elf64_Phdr load = { .p_type = PT_LOAD,
				  .p_offset = BLOCK,
				  .p_filesz = sizeof(memory),
				  .p_memsz = sizeof(memory) };
	int fd;

	*d = (struct dump){};
	snprintf(d->path, sizeof(d->path), "%s/vmcoreXXXXXX", tmp ? tmp : "/tmp");
	fd = mkstemp(d->path);
	assert_true(fd >= 0);
	put_at(fd, 0, &header, sizeof(header));
	put_at(fd, sizeof(header), &load, sizeof(load));
	put_at(fd, BLOCK, memory, sizeof(memory));
	close(fd);
}

/** A host's session opens many: what was opened is given back, and what was not too. */
static void nothing_is_kept(void **state)
{
	size_t used = 0;

	choose_reader(state);
	for (int i = 0; i < 40; i++) {
		struct dump d;
		struct hwp_error *err;

		write_elf(&d);
		/* Every other one is nonsense. */
		if (i % 2)
			assert_int_equal(truncate(d.path, 40), 0);
		err = dump_open(&d, NULL);
		assert_int_equal(!err, i % 2 == 0);
		hwp_error_destroy(err);
		dump_close(&d);
		if (i == 19)
			used = mallinfo2().uordblks;
	}
	assert_in_range(mallinfo2().uordblks, 0, used + 4096);
}

/** QEMU names no machine: then VMCOREINFO does; where neither names one it is x86_64. */
static void machines(void **state)
{
	struct dump d;

	choose_reader(state);
	write_dump(&d, "", VMCOREINFO);
	assert_null(dump_open(&d, NULL));
	assert_memory(&d.provider);
	dump_close(&d);
	write_dump(&d, "Unknown", VMCOREINFO);
	assert_null(dump_open(&d, NULL));
	assert_memory(&d.provider);
	dump_close(&d);
	write_dump(&d, "", "OSRELEASE=6.12.0\nPAGESIZE=4096\n");
	assert_null(dump_open(&d, NULL));
	dump_close(&d);
	for (int i = 0; i < 2; i++) {
		write_dump(&d, i ? "aarch64" : "",
			   "OSRELEASE=6.12.0\nPAGESIZE=4096\nNUMBER(kimage_voffset)=0\n");
		assert_null(dump_open(&d, NULL));
		assert_memory(&d.provider);
		dump_close(&d);
	}
	/* Blocks of one size, pages of another. */
	write_dump(&d, "aarch64", "OSRELEASE=6.12.0\nPAGESIZE=16384\nNUMBER(kimage_voffset)=0\n");
	assert_null(dump_open(&d, NULL));
	assert_int_equal(d.facts.end_pfn, NR_PAGES / 4);
	dump_close(&d);
	write_dump(&d, "i686", VMCOREINFO);
	assert_null(dump_open(&d, NULL));
	assert_int_equal(d.facts.end_pfn, NR_PAGES);
	assert_memory(&d.provider);
	dump_close(&d);
	write_dump(&d, "aarch64", VMCOREINFO);
	assert_refused(&d, dump_open(&d, NULL), HWP_ERROR_UNSUPPORTED,
		       "VMCOREINFO is of x86_64, the dump's header of aarch64");
	write_dump(&d, "x86_64", "OSRELEASE=6.12.0\nPAGESIZE=4096\nNUMBER(kimage_voffset)=0\n");
	assert_refused(&d, dump_open(&d, NULL), HWP_ERROR_UNSUPPORTED,
		       "VMCOREINFO is of aarch64, the dump's header of x86_64");
	write_dump(&d, "i686", "OSRELEASE=6.12.0\nPAGESIZE=4096\n");
	assert_refused(&d, dump_open(&d, NULL), HWP_ERROR_UNSUPPORTED, "of i686 is not read");
}

static void unknown_reader(void **state)
{
	struct dump d;

	(void)state;
	setenv("HWPOISON_READER", "crash", 1);
	write_dump(&d, "x86_64", VMCOREINFO);
	assert_refused(&d, dump_open(&d, NULL), HWP_ERROR_INVALID_ARGUMENT,
		       "HWPOISON_READER is 'crash'");
	setenv("HWPOISON_READER", "", 1);
	write_dump(&d, "x86_64", VMCOREINFO);
	assert_null(dump_open(&d, NULL));
	dump_close(&d);
}

int main(void)
{
	static char libkdumpfile[] = "libkdumpfile";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test_prestate(reads, libkdumpfile),
		cmocka_unit_test(vmcoreinfo),
		cmocka_unit_test(large_vmcoreinfo),
		cmocka_unit_test(nothing_is_kept),
		cmocka_unit_test_prestate(nothing_is_kept, libkdumpfile),
		cmocka_unit_test_prestate(vmcoreinfo, libkdumpfile),
		cmocka_unit_test(machines),
		cmocka_unit_test_prestate(machines, libkdumpfile),
		cmocka_unit_test(unknown_reader),
	};

	return cmocka_run_group_tests_name("kdump", tests, NULL, NULL);
}
