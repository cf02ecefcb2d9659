// SPDX-License-Identifier: GPL-2.0-or-later
/** What a file is before anything else looks at it: ELF headers and flattened dumps. */
#include "synth.h"

#include <cmocka.h>
#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "target/memory/dumpfile.h"

static int file_of(const void *bytes, size_t size)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	return fd;
}

static size_t put_record(char *at, int64_t offset, int64_t size)
{
	synth_put(at, 0, htobe64((uint64_t)offset), 8);
	synth_put(at, 8, htobe64((uint64_t)size), 8);
	return 16;
}

static size_t put_flat_header(char *at)
{
	memset(at, 0, 4096);
	strcpy(at, "makedumpfile");
	synth_put(at, 16, htobe64(1), 8);
	synth_put(at, 24, htobe64(1), 8);
	return 4096;
}

/** What is wrong with the records is damage: what they hold before that is kept. */
static void assert_damaged(const char *bytes, size_t size)
{
	struct hwp_file_facts facts = {};
	int fd = file_of(bytes, size);

	struct hwp_dumpfile dump;

	hwp_error_destroy(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	assert_non_null(strstr(facts.damage, "flattened"));
	hwp_dumpfile_deinit(&dump);
}

static void hostile_records(void **state)
{
	static const int64_t records[][2] = {
		{ -1, 0 },
		{ -1, 8 },
		{ 0, -1 },
		{ -2, -1 },
		{ INT64_MIN, INT64_MIN },
		{ INT64_MAX, 1 },
		{ 1, INT64_MAX },
		{ 0, INT64_MAX },
		{ INT64_MAX, INT64_MAX },
		{ 0, 1 << 20 },
		{ 0, 5000 },
	};
	char bytes[8192];

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(records); i++) {
		size_t at = put_flat_header(bytes);

		at += put_record(bytes + at, records[i][0], records[i][1]);
		memset(bytes + at, 'x', 8);
		at += 8;
		assert_damaged(bytes, at);
	}
	/* Cut off inside the header, a record, its data. */
	for (size_t size = 16; size < 4096 + 40; size += 37) {
		size_t at = put_flat_header(bytes);

		at += put_record(bytes + at, 0, 100);
		memset(bytes + at, 'x', 100);
		assert_damaged(bytes, size);
	}
}

/** A core dump with @p nr PT_LOADs of a page each, and a note of @p note_size bytes. */
static size_t make_elf(char *bytes, unsigned int nr, const void *note, size_t note_size)
{
	Elf64_Ehdr *e = (Elf64_Ehdr *)bytes;
	Elf64_Phdr *p = (Elf64_Phdr *)(e + 1);
	size_t data = sizeof(*e) + (nr + 1) * sizeof(*p);

	memset(bytes, 0, data);
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_type = ET_CORE;
	e->e_machine = EM_X86_64;
	e->e_phoff = sizeof(*e);
	e->e_phentsize = sizeof(*p);
	e->e_phnum = (Elf64_Half)(nr + 1);
	p[0] = (Elf64_Phdr){ .p_type = PT_NOTE, .p_offset = data, .p_filesz = note_size };
	if (note_size)
		memcpy(bytes + data, note, note_size);
	data += note_size;
	for (unsigned int i = 0; i < nr; i++) {
		p[1 + i] = (Elf64_Phdr){ .p_type = PT_LOAD,
					 .p_offset = data,
					 .p_filesz = 4096,
					 .p_memsz = 4096,
					 .p_paddr = i * 4096 };
		memset(bytes + data, 'x', 4096);
		data += 4096;
	}
	return data;
}

/* Records in any order, overlapping, with a hole: the last write wins. */
static void unflatten(void **state)
{
	static const struct {
		int64_t offset;
		const char *text;
	} records[] = { { 100, "tail" }, { 0, "start" }, { 2, "AR" }, { 50, "" } };
	char elf[65536], bytes[32768], back[104] = {};
	size_t size = make_elf(elf, 1, NULL, 0), at = put_flat_header(bytes);
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;
	struct stat st;
	int fd;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(records); i++) {
		size_t len = strlen(records[i].text);

		at += put_record(bytes + at, (int64_t)size + records[i].offset, (int64_t)len);
		memcpy(bytes + at, records[i].text, len);
		at += len;
	}
	at += put_record(bytes + at, 0, (int64_t)size);
	memcpy(bytes + at, elf, size);
	at += size;
	at += put_record(bytes + at, -1, -1);
	fd = file_of(bytes, at);
	assert_null(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	assert_string_equal(facts.damage, "");
	fd = dump.file.fd;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, size + 104);
	assert_int_equal(pread(fd, back, sizeof(back), (off_t)size), 104);
	assert_memory_equal(back, "stARt", 5);
	assert_memory_equal(back + 5, (char[95]){}, 95);
	assert_memory_equal(back + 100, "tail", 4);
	hwp_dumpfile_deinit(&dump);
}

/* What a flattened file holds goes through the same door. */
static void flattened_other(void **state)
{
	static const struct {
		const char *text, *words;
		size_t len;
	} rows[] = {
		{ "\x28\xb5\x2f\xfd", "compressed by zstd", 4 },
		{ "makedumpfile", "another flattened file", 13 },
		{ "", "an empty file", 0 },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		struct hwp_file_facts facts = {};
		struct hwp_dumpfile dump;
		struct hwp_error *err;
		char bytes[8192];
		size_t at = put_flat_header(bytes);
		int fd;

		at += put_record(bytes + at, 0, (int64_t)rows[i].len);
		memcpy(bytes + at, rows[i].text, rows[i].len);
		at += rows[i].len;
		at += put_record(bytes + at, -1, -1);
		fd = file_of(bytes, at);
		err = hwp_dumpfile_open("vmcore", fd, &dump, &facts);
		assert_non_null(err);
		assert_non_null(strstr(err->message, "vmcore: the flattened file holds: "));
		assert_non_null(strstr(err->message, rows[i].words));
		hwp_error_destroy(err);
		hwp_dumpfile_deinit(&dump);
	}
}

static struct hwp_error *prepare(const char *bytes, size_t size, struct hwp_file_facts *facts)
{
	struct hwp_dumpfile dump;
	struct hwp_error *err;

	memset(facts, 0, sizeof(*facts));
	err = hwp_dumpfile_open("vmcore", file_of(bytes, size), &dump, facts);
	hwp_dumpfile_deinit(&dump);
	return err;
}

static void elf_headers(void **state)
{
	char bytes[65536];
	struct hwp_file_facts facts;
	size_t size = make_elf(bytes, 3, NULL, 0);

	(void)state;
	assert_null(prepare(bytes, size, &facts));
	assert_string_equal(facts.damage, "");
	/* Any byte missing at the end is damage, and is reported. */
	assert_null(prepare(bytes, size - 1, &facts));
	assert_string_not_equal(facts.damage, "");
	assert_null(prepare(bytes, size - 3 * 4096, &facts));
	assert_string_not_equal(facts.damage, "");
}

static void refused(void **state)
{
	char bytes[65536];
	Elf64_Ehdr *e = (Elf64_Ehdr *)bytes;
	Elf64_Phdr *p = (Elf64_Phdr *)(e + 1);
	struct hwp_file_facts facts;

	(void)state;
	for (int i = 0; i < 9; i++) {
		size_t size = make_elf(bytes, 3, NULL, 0);
		struct hwp_error *err;

		switch (i) {
		case 0:
			e->e_ident[EI_CLASS] = ELFCLASS32;
			break;
		case 1:
			e->e_ident[EI_DATA] = ELFDATA2MSB;
			break;
		case 2: /* a vmlinux */
			e->e_type = ET_EXEC;
			break;
		case 3:
			e->e_phentsize = 1;
			break;
		case 4:
			e->e_phoff = UINT64_MAX - 8;
			break;
		case 5:
			e->e_phoff = size;
			break;
		case 6:
			e->e_phnum = PN_XNUM;
			e->e_shoff = UINT64_MAX;
			break;
		case 7:
			p[1].p_offset = UINT64_MAX - 100;
			break;
		case 8:
			size = 40;
			break;
		}
		err = prepare(bytes, size, &facts);
		print_message("# %d: %s\n", i, err ? err->message : "accepted");
		assert_non_null(err);
		assert_non_null(strstr(err->message, "vmcore: "));
		hwp_error_destroy(err);
	}
}

/* More program headers than e_phnum can hold: the number is in the first section header. */
static void many_headers(void **state)
{
	char bytes[65536];
	Elf64_Ehdr *e = (Elf64_Ehdr *)bytes;
	struct hwp_file_facts facts;
	size_t size = make_elf(bytes, 3, NULL, 0);
	Elf64_Shdr section = { .sh_info = 4 };
	struct hwp_error *err;

	(void)state;
	e->e_phnum = PN_XNUM;
	e->e_shoff = size;
	memcpy(bytes + size, &section, sizeof(section));
	assert_null(prepare(bytes, size + sizeof(section), &facts));
	section.sh_info = UINT32_MAX;
	memcpy(bytes + size, &section, sizeof(section));
	err = prepare(bytes, size + sizeof(section), &facts);
	assert_non_null(err);
	hwp_error_destroy(err);
}

static void hostile_notes(void **state)
{
	static const uint32_t sizes[][2] = {
		{ UINT32_MAX, UINT32_MAX }, { UINT32_MAX, 0 }, { 0, UINT32_MAX }, { 0, 0 },
		{ 5, UINT32_MAX },	    { 4, 4 },	       { 5, 0 },
	};
	char bytes[65536], note[40];
	Elf64_Phdr *p = (Elf64_Phdr *)(bytes + sizeof(Elf64_Ehdr));
	struct hwp_file_facts facts;

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(sizes); i++) {
		for (size_t len = 0; len <= sizeof(note); len++) {
			Elf64_Nhdr header = { .n_namesz = sizes[i][0], .n_descsz = sizes[i][1] };
			size_t size;

			memset(note, 0, sizeof(note));
			memcpy(note, &header, sizeof(header));
			size = make_elf(bytes, 1, note, len);
			hwp_error_destroy(prepare(bytes, size, &facts));
			p[0].p_filesz = UINT64_MAX - p[0].p_offset;
			hwp_error_destroy(prepare(bytes, size, &facts));
			p[0].p_offset = UINT64_MAX;
			hwp_error_destroy(prepare(bytes, size, &facts));
		}
	}
}

static size_t add_note(char *notes, size_t at, const char *name, const char *desc)
{
	Elf64_Nhdr header = { .n_namesz = (Elf64_Word)strlen(name),
			      .n_descsz = (Elf64_Word)strlen(desc) };

	/* "QEMU" is counted with its NUL. */
	header.n_namesz += strcmp(name, "QEMU") == 0;
	memcpy(notes + at, &header, sizeof(header));
	at += sizeof(header);
	memcpy(notes + at, name, strlen(name));
	at += (header.n_namesz + 3) / 4 * 4;
	memcpy(notes + at, desc, strlen(desc));
	return at + (header.n_descsz + 3) / 4 * 4;
}

/* VMCOREINFO behind other notes: from its first byte to its last. */
static void notes_of_vmcoreinfo(void **state)
{
	static const struct {
		const char *text;
		bool is_refused;
	} rows[] = {
		{ "PAGESIZE=4096\nOSRELEASE=x\n", false }, { "PAGESIZE=0\nOSRELEASE=x\n", true },
		{ "OSRELEASE=x\nPAGESIZE=4097\n", true },  { "OSRELEASE=x\nPAGESIZE=65536", false },
		{ "OSRELEASE=x\nPAGESIZE=3", true },	   { "OSRELEASE=x\n", false },
	};

	(void)state;
	for (size_t i = 0; i < HWP_ARRAY_SIZE(rows); i++) {
		for (int nr_before = 0; nr_before < 3; nr_before++) {
			char bytes[65536], notes[512] = "";
			struct hwp_file_facts facts;
			struct hwp_error *err;
			size_t at = 0;

			for (int n = 0; n < nr_before; n++)
				at = add_note(notes, at, n ? "QEMU" : "CORE!!", "PAGESIZE=5");
			at = add_note(notes, at, "VMCOREINFO\n", rows[i].text);
			/* Its name with a NUL, as the kernel writes it. */
			((char *)memmem(notes, at, "VMCOREINFO\n", 11))[10] = '\0';
			err = prepare(bytes, make_elf(bytes, 1, notes, at), &facts);
			assert_int_equal(err != NULL, rows[i].is_refused);
			if (err)
				assert_non_null(strstr(err->message, "VMCOREINFO is nonsense: "));
			hwp_error_destroy(err);
		}
	}
}

static void not_files(void **state)
{
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;
	struct hwp_error *err;
	int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)state;
	err = hwp_dumpfile_open("/", fd, &dump, &facts);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "directory"));
	hwp_error_destroy(err);
	hwp_dumpfile_deinit(&dump);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	err = hwp_dumpfile_open("/dev/null", fd, &dump, &facts);
	assert_non_null(err);
	hwp_error_destroy(err);
	hwp_dumpfile_deinit(&dump);
	err = prepare("", 0, &facts);
	assert_non_null(err);
	assert_non_null(strstr(err->message, "empty"));
	hwp_error_destroy(err);
}

/* A flattened file is replaced by what it holds; cut off, it is damaged, not refused. */
static void flattened_elf(void **state)
{
	char elf[65536], bytes[70000];
	size_t size = make_elf(elf, 3, NULL, 0), at = put_flat_header(bytes);
	struct hwp_file_facts facts = {};
	struct hwp_dumpfile dump;
	char magic[4];
	int fd;

	(void)state;
	at += put_record(bytes + at, 0, (int64_t)size);
	memcpy(bytes + at, elf, size);
	at += size;
	at += put_record(bytes + at, -1, -1);
	fd = file_of(bytes, at);
	assert_null(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	assert_int_equal(pread(dump.file.fd, magic, 4, 0), 4);
	assert_memory_equal(magic, ELFMAG, 4);
	assert_string_equal(facts.damage, "");
	assert_non_null(strstr(facts.format, "flattened"));
	hwp_dumpfile_deinit(&dump);

	fd = file_of(bytes, at - 16);
	assert_null(hwp_dumpfile_open("vmcore", fd, &dump, &facts));
	assert_string_not_equal(facts.damage, "");
	hwp_dumpfile_deinit(&dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unflatten),	 cmocka_unit_test(hostile_records),
		cmocka_unit_test(elf_headers),	 cmocka_unit_test(refused),
		cmocka_unit_test(many_headers),	 cmocka_unit_test(hostile_notes),
		cmocka_unit_test(not_files),	 cmocka_unit_test(notes_of_vmcoreinfo),
		cmocka_unit_test(flattened_elf), cmocka_unit_test(flattened_other),
	};

	return cmocka_run_group_tests_name("dumpfile", tests, NULL, NULL);
}
